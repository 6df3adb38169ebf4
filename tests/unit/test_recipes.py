"""What the pages on extension points tell is done here: the blocks of a page are run as one file."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from physsym.mechanics.moves import Move
from physsym.runtime.backends import BACKENDS
from physsym.testing.random_models import METHODS, PROPOSALS
from tests.support.pages import recipes

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"
PAGES = sorted([*HOW_TO.glob("add-*.md"), HOW_TO / "judge-a-claim.md"])


@pytest.fixture
def module(monkeypatch):
    """Return a module to run the blocks in; what they register in tables is taken out again."""
    made = ModuleType("recipe")
    monkeypatch.setitem(sys.modules, "recipe", made)
    methods, kinds, backends = list(METHODS), set(PROPOSALS), set(BACKENDS)
    yield made
    METHODS[:] = methods
    for table, known in ((PROPOSALS, kinds), (BACKENDS, backends)):
        for name in set(table) - known:
            del table[name]


def test_contributing_names_the_page_of_every_extension_point():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("## Extension points\n")[2]
    assert set(re.findall(r"\(docs/how-to/([\w-]+\.md)\)", table)) == {page.name for page in PAGES}
    assert len(PAGES) >= 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_recipe_shows_what_is_refused(page):
    code = "\n".join(block for _, block in recipes(page.read_text()))
    assert re.search(r"assert not |refused|Outcome\.FAILS|lacking_of", code)


def run(text, module, name):
    for line, block in recipes(text):
        exec(compile("\n" * (line - 1) + block, name, "exec"), module.__dict__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_recipes_work_as_they_are_written(page, module):
    run(page.read_text(), module, str(page))


def test_recipes_that_do_not_work_are_seen(module):
    text = (HOW_TO / "add-a-move.md").read_text()
    with pytest.raises(AssertionError):
        run(text.replace("e.left + move.term", "e.left - move.term"), module, "spoiled")
    assert issubclass(module.AddToBothSides, Move)
