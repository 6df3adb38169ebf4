"""The browser, and the surroundings of notebooks, that the acceptance tests share."""

import os
from pathlib import Path

import pytest

from tests.support.requirements import BROWSER, FLAGS
from tests.support.site import built

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of the site, built once."""
    out = tmp_path_factory.mktemp("site")
    done = built(ROOT / "docs", out)
    assert (done.returncode, done.stderr) == (0, "")
    return out


@pytest.fixture
def in_kernels(monkeypatch):
    """Let kernels import this checkout."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
