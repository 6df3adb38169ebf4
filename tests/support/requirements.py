"""What tests need that may be missing: tools of the system and packages that come with an extra.

A test is skipped where that is so and says why, unless the environment requires it: then it runs, and fails.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from shutil import which

import pytest

from physsym.runtime.backends import BACKENDS

# .ci/run sets this, so that nothing is skipped there unseen: PHYSSYM_REQUIRE=browser,tex
REQUIRED = os.environ.get("PHYSSYM_REQUIRE", "").split(",")
BROWSER = which("chromium") or which("chromium-browser") or which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
FIREFOX = which("firefox-esr") or which("firefox")


def needed(kind, there, what):
    """Return a mark that skips where a tool is missing and not required."""
    return pytest.mark.skipif(not there and kind not in REQUIRED, reason=f"needs {what}")


def installed(*modules):
    return all(map(find_spec, modules))


def needs(module, extra):
    """Return a mark that skips a test where a module is missing and not required."""
    return needed(module, installed(module), _how_to_get(module, extra))


def library(module, extra):
    """Return a module, or skip what asks for it where it is missing and not required."""
    if module.split(".")[0] in REQUIRED:
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=f"needs {_how_to_get(module, extra)}")


def _how_to_get(module, extra):
    return f"{module}: pip install 'physsym[{extra}]'"


needs_browser = needed("browser", BROWSER and installed("playwright"), "chromium and playwright")
needs_firefox = needed("firefox", FIREFOX and installed("websockets"), "firefox-esr and websockets")
needs_axe = needed("axe", installed("axe_playwright_python"), "axe-playwright-python")
needs_sphinx = needed(
    "myst", installed("sphinx", "myst_parser", "furo", "sphinx_copybutton"), "the group docs"
)
needs_jupyter = needed("jupyter", installed("nbclient", "ipykernel"), "nbclient and ipykernel")


def needs_tex(test):
    """Mark a test that compiles a document with TeX: such tests are slow."""
    return pytest.mark.slow(needed("tex", which("latexmk"), "latexmk and TeX Live")(test))


def needs_coq(test):
    """Mark a test that has Coq prove something: such tests are slow."""
    return pytest.mark.slow(needed("coq", which("coqc"), "the Coq proof assistant")(test))


needs_mypy = needed("mypy", installed("mypy"), "mypy")
needs_compiler = needed("compiler", which("gcc") or which("clang"), "gcc or clang")

EACH_BACKEND = [
    pytest.param(name, marks=[needs(entry.needs, entry.extra), *[needs_compiler] * (name == "c")])
    for name, entry in BACKENDS.items()
]
