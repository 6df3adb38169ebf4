"""Tiers of tests, the documents that several tests read, and settings of Hypothesis.

`pytest` alone runs the fast tier. What stands in `acceptance` and `fuzz` is slow, and so is what is marked;
`pytest -m slow` runs it.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

collect_ignore = ["fuzz/fuzz_parsing.py", "benchmarks"]
if find_spec("torch") is None:  # classes that tests of the lift read
    collect_ignore.append("unit/optimizers/torch_optimizers.py")
SLOW_FOLDERS = {Path(__file__).parent / folder for folder in ("acceptance", "fuzz")}

# No test asserts times: on a busy machine drawing numbers may be slow.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", _PATIENT, max_examples=100)
settings.register_profile("fast", _PATIENT, max_examples=30)

# Values are compared to the last digits on every backend; JAX and PyTorch otherwise read floats as float32.
os.environ["JAX_ENABLE_X64"] = "1"


def pytest_configure(config):
    """Draw fewer examples in the fast tier, before modules of tests are read that say how many."""
    settings.load_profile("fast" if _fast_alone(config) else "thorough")


def _fast_alone(config):
    return config.option.markexpr == "not slow"


def pytest_ignore_collect(collection_path, config):
    """Leave the slow folders unread where the fast tier alone is asked for: all in them is slow."""
    if _fast_alone(config) and collection_path in SLOW_FOLDERS:
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Mark the tests of a slow folder by its name and as slow, before those not asked for are left out.

    What draws examples is in both tiers: the slow one draws three times as many.
    """
    for item in items:
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            item.add_marker("drawn")
            if not _fast_alone(config):
                item.add_marker("slow")
        for folder in SLOW_FOLDERS.intersection(item.path.parents):
            item.add_marker(folder.name)
            item.add_marker("slow")


@pytest.fixture(scope="session")
def shipped_document():
    """Return the document of all that is shipped, built once a worker."""
    from physsym.documents import document_of
    from physsym.loading import scripts

    return document_of(scripts())


@pytest.fixture(scope="session")
def shipped_pages(shipped_document, tmp_path_factory):
    """Return the texts of its files by their names, as they are written where no format is chosen."""
    from physsym.documents.formats import formats_of, write_tree

    out = tmp_path_factory.mktemp("shipped")
    return {p.name: p.read_text(encoding="utf-8") for p in write_tree(shipped_document, out, formats_of(out))}


@pytest.fixture(scope="session")
def sample_document():
    """Return the document of a short book with every kind of block, built once a worker."""
    from physsym.documents import document_of
    from tests.support.sample_book import SOURCES

    return document_of(SOURCES)
