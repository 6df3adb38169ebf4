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
settings.register_profile("physsym", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("physsym")

# Values are compared to the last digits on every backend; JAX and PyTorch otherwise read floats as float32.
os.environ["JAX_ENABLE_X64"] = "1"


def pytest_ignore_collect(collection_path, config):
    """Leave the slow folders unread where the fast tier alone is asked for: all in them is slow."""
    if config.option.markexpr == "not slow" and collection_path in SLOW_FOLDERS:
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests of a slow folder by its name and as slow, before those not asked for are left out."""
    for item in items:
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
