"""What tests need that comes with an extra: a test is skipped, and says why, where that is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from shutil import which

import pytest

from physsym.kernels import BACKENDS


def needs(module, extra):
    """Return a mark that skips a test where a module is missing."""
    missing = find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed: pip install 'physsym[{extra}]'")


needs_compiler = pytest.mark.skipif(not (which("gcc") or which("clang")), reason="needs gcc or clang")

EACH_BACKEND = [
    pytest.param(name, marks=[needs(entry.needs, entry.extra), *[needs_compiler] * (name == "c")])
    for name, entry in BACKENDS.items()
]
