"""The packages that physsym runs on: what each is for, its extra, and the version that is there."""

from __future__ import annotations

import platform
import sys
from typing import NamedTuple

from physsym import __version__


class Package(NamedTuple):
    """A package: the name to install it by, its module, what it is for, and the extras that bring it."""

    name: str
    module: str
    serves: str
    extras: tuple[str, ...] = ()

    @property
    def extra(self) -> str:
        """Return the extra to install it by; an empty text for what is always needed."""
        return self.extras[0] if self.extras else ""


# What is needed, then what extras bring.
PACKAGES = (
    Package("sympy", "sympy", "formulas"),
    Package("numpy", "numpy", "arrays, and the backend numpy"),
    Package("python-flint", "flint", "exact numbers and polynomials, which verdicts rest on"),
    Package("z3-solver", "z3", "inequalities, which verdicts rest on"),
    Package("latexify-py", "latexify", "Python functions as formulas"),
    Package("rich", "rich", "colours and progress bars in the terminal"),
    Package("lazy-loader", "lazy_loader", "imports modules when they are used"),
    Package("llvmlite", "llvmlite", "the backend llvm: fast optimizers and sweeps", ("fast",)),
    Package("jax", "jax", "the backend jax", ("jax",)),
    Package("optax", "optax", "rules as optax transformations", ("jax",)),
    Package("torch", "torch", "the backend torch; rules as PyTorch optimizers", ("torch",)),
    Package("matplotlib", "matplotlib", "figures", ("document", "plot")),
    Package("markdown-it-py", "markdown_it", "documents; audits of notes in Markdown", ("document",)),
    Package("nbformat", "nbformat", "notebooks", ("document",)),
    Package("scipy", "scipy", "check --simulate", ("simulate",)),
)


def installed_version(name: str) -> str:
    """Return the version of an installed package, or an empty text."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def show_versions() -> None:
    """Print the versions of Python, of physsym, of its dependencies, and the platform.

    Put the output into a report of an error. `physsym doctor` says what each of them is for.

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
    for package in PACKAGES:
        print(f"{package.name:15} {installed_version(package.name) or 'not installed'}")
