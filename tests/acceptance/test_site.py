"""The site as `make docs` builds it: no dead link, no request, every public name, MathML."""

import importlib
import re
import shutil
from pathlib import Path

import pytest

from tests.support import accessibility
from tests.support.requirements import needs_axe, needs_browser, needs_sphinx
from tests.support.site import built, faults, pages

ROOT = Path(__file__).parents[2]
pytestmark = needs_sphinx


def test_no_link_is_dead_and_nothing_is_asked_for_from_elsewhere(site):
    assert len(pages(site)) > 90
    assert faults(site) == []
    icon = '<link rel="icon" href="data:,">'  # else Firefox asks for one, where the site is served
    assert [p for p in pages(site) if icon not in p.read_text(encoding="utf-8")] == []


def test_the_explorer_is_a_page_of_the_site(site):
    assert read_frame(site) == "explorer-page.html"
    assert "const RULES = " in (site / "explorer-page.html").read_text()


def read_frame(site):
    """Return what the frame of the page on the explorer shows."""
    return re.search(r'<iframe class="explorer" src="([^"]*)"', (site / "explorer.html").read_text())[1]


@needs_browser
@needs_axe
@pytest.mark.parametrize(
    "name",
    [
        "index",
        "explorer",
        "gallery",
        "tutorials/run-it-fast",
        "how-to/explore-a-rule",
        "reference/analysis",
        "findings",
    ],
)
def test_no_fault_of_a_page_is_serious(site, browser, name):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto((site / f"{name}.html").as_uri())
    assert accessibility.faults(tab) == []
    tab.close()


def test_every_public_name_is_in_the_reference(site):
    packages = [p.stem for p in (ROOT / "docs" / "reference").glob("*.md") if p.stem != "commands"]
    modules = ["physsym" if name == "physsym" else f"physsym.{name}" for name in packages]
    offered = {
        f"physsym.{p.parent.name}" for p in (ROOT / "physsym").glob("*/__init__.pyi")
    } | {"physsym", "physsym.vocabulary", "physsym.integrators", "physsym.claims"}  # fmt: skip
    assert offered <= {*modules, "physsym.methods"}
    for module in modules:
        page = (site / "reference" / f"{module.rpartition('.')[2]}.html").read_text()
        names = importlib.import_module(module).__all__
        assert names
        assert [n for n in names if f'id="{module}.{n}"' not in page and f">{module}.{n}<" not in page] == []


def test_the_reference_shows_how_to_call_what_is_offered(site):
    shown = ""
    for page in (site / "reference").glob("*.html"):
        signatures = re.findall(r'<dt class="sig.*?</dt>', page.read_text(), re.DOTALL)
        shown += "\n".join(re.sub("<[^>]+>", "", one) for one in signatures)
    assert "class physsym.Step(says: " in shown
    assert "*args: " not in shown
    physsym = (site / "reference" / "physsym.html").read_text()
    assert "Return what is carried from step to step: the targets" in physsym  # a property's, with a colon


def test_formulas_are_mathml_and_search_knows_the_words(site):
    read = pages(site)
    lecture = site / "lectures" / "from-mechanics-to-optimizers.html"
    assert read[lecture.resolve()].math > 20
    first, *others = (site / "formulas.txt").read_text().splitlines()
    total, printed = (int(re.search(rf"(\d+) {word}", first)[1]) for word in ("formulas", "by"))
    assert total - printed == len(others)
    assert printed > 20
    index = (site / "searchindex.js").read_text()
    assert all(word in index for word in ("pendulum", "verdict", "identifi"))


def test_a_dead_link_and_an_unknown_formula_stop_the_build(tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", source)
    shutil.copytree(ROOT / "docs" / "_static", source / "_static")
    for text in ("# A page\n\n[gone](gone.md)\n", "# A page\n\n$\\notacommand{x}$\n"):
        (source / "index.md").write_text(text)
        assert built(source, tmp_path / "out").returncode == 1
    (source / "index.md").write_text("# A page\n\n$x \\label{eq:a}$\n")
    assert built(source, tmp_path / "out").returncode == 0
