"""The versions of what physsym runs on, for reports of errors."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from physsym import __version__

# What is needed, then what extras bring, by the names under which they are installed.
PACKAGES = (
    "sympy", "numpy", "python-flint", "z3-solver", "latexify-py", "rich", "lazy-loader",
    "llvmlite", "jax", "optax", "torch", "matplotlib", "markdown-it-py", "nbformat", "scipy",
)  # fmt: skip


def show_versions() -> None:
    """Print the versions of Python, of physsym, of its dependencies, and the platform.

    Put the output into a report of an error.

    Examples
    --------
    >>> show_versions()  # doctest: +ELLIPSIS
    physsym         ...
    python          3...
    platform        ...
    <BLANKLINE>
    sympy           1...
    """
    found = {"physsym": __version__, "python": sys.version.split()[0], "platform": platform.platform()}
    for name, value in found.items():
        print(f"{name:15} {value}")
    print()
    for name in PACKAGES:
        try:
            print(f"{name:15} {version(name)}")
        except PackageNotFoundError:
            print(f"{name:15} not installed")
