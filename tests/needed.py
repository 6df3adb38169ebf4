"""Tools that some tests need: without one they skip, unless the environment says that it must be there."""

import importlib.util
import os
import shutil

import pytest

# .ci/run sets this, so that nothing is skipped there unseen: PHYSSYM_REQUIRE=browser,tex
REQUIRED = os.environ.get("PHYSSYM_REQUIRE", "").split(",")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def needed(kind, there, what):
    """Return a mark that skips where a tool is missing; where it is required the test runs, and fails."""
    return pytest.mark.skipif(not there and kind not in REQUIRED, reason=f"needs {what}")


def installed(*modules):
    return all(importlib.util.find_spec(name) for name in modules)


needs_tex = needed("tex", shutil.which("latexmk"), "latexmk and TeX Live")
needs_browser = needed("browser", BROWSER and installed("playwright"), "chromium and playwright")
needs_jupyter = needed("jupyter", installed("nbclient", "ipykernel"), "nbclient and ipykernel")
