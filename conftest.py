"""What pytest leaves out: modules that import an extra that is not installed, and searches that find nothing.

A worker holds half a million objects that live as long as it does: modules, items, cached formulas. The
garbage collector is off while they are made and then leaves them out. A file without an example is not
searched for one. SymPy remembers more than for one user's work: a worker does that of many.
"""

import gc
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

os.environ.setdefault("SYMPY_CACHE_SIZE", "20000")  # read when SymPy is imported
_EXTRA = re.compile(r"^(?:import|from) (jax|llvmlite|optax|torch)\b", re.MULTILINE)
# Examples that take seconds: what they call is tested without them in the fast tier.
_SLOW_EXAMPLES = ("physsym.optimizers.relatives.identify", "physsym.optimizers.report.subjects.report")
_FOLDERS = {"physsym/optimizers/lifting/torch_": "torch"}  # its modules import each other
_HERE = Path(__file__).parent

collect_ignore = [folder for folder, extra in _FOLDERS.items() if find_spec(extra) is None] + [
    str(path.relative_to(_HERE))
    for path in sorted((_HERE / "physsym").rglob("*.py"))
    if any(find_spec(extra) is None for extra in _EXTRA.findall(path.read_text(encoding="utf-8")))
]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Let the garbage collector leave out what is made while tests are collected, and look less often."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(100_000, 10, 10)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the examples that take seconds as slow, before those not asked for are left out."""
    for item in items:
        if item.name in _SLOW_EXAMPLES:
            item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path):
    """Search for examples where there is a prompt; otherwise a module need not be imported to find none."""
    found = yield
    if file_path.suffix != ".py" or ">>>" in file_path.read_text(encoding="utf-8"):
        return found
    return [collector for collector in found if not isinstance(collector, DoctestModule)]
