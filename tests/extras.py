"""What tests need that comes with an extra: a test is skipped, and says why, where that is not installed."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from shutil import which

import pytest

from physsym.runtime.backends import BACKENDS
from tests.needed import REQUIRED


def needs(module, extra):
    """Return a mark that skips a test where a module is missing, unless it is required."""
    missing = find_spec(module) is None
    return pytest.mark.skipif(missing and module not in REQUIRED, reason=_how_to_get(module, extra))


def library(module, extra):
    """Return a module, or skip what asks for it where it is missing, unless it is required."""
    if module.split(".")[0] in REQUIRED:
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=_how_to_get(module, extra))


def _how_to_get(module, extra):
    return f"{module} is not installed: pip install 'physsym[{extra}]'"


needs_compiler = pytest.mark.skipif(not (which("gcc") or which("clang")), reason="needs gcc or clang")

EACH_BACKEND = [
    pytest.param(name, marks=[needs(entry.needs, entry.extra), *[needs_compiler] * (name == "c")])
    for name, entry in BACKENDS.items()
]
