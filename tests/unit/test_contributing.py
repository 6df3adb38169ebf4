"""What CONTRIBUTING tells is done here literally: its blocks are run, in order, as one file."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from physsym.mechanics.moves import Move
from physsym.runtime.backends import BACKENDS
from physsym.testing.random_models import METHODS, PROPOSALS

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
RECIPES = ("a derivation", "a move", "an integrator", "a backend", "a system", "a claim", "a format")


def blocks(text):
    """Return the Python of a page, each block with its line number."""
    return [
        (text[: found.start(1)].count("\n") + 1, found[1])
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]


@pytest.fixture
def module(monkeypatch):
    """Return a module to run the blocks in; what they register in tables is taken out again."""
    made = ModuleType("contributed")
    monkeypatch.setitem(sys.modules, "contributed", made)
    methods, kinds, backends = list(METHODS), set(PROPOSALS), set(BACKENDS)
    yield made
    METHODS[:] = methods
    for table, known in ((PROPOSALS, kinds), (BACKENDS, backends)):
        for name in set(table) - known:
            del table[name]


def test_there_is_a_recipe_for_each_thing_that_is_added():
    assert tuple(re.findall(r"^## Adding (.*)$", TEXT, re.MULTILINE)) == RECIPES
    for recipe in RECIPES[1:]:
        section = TEXT.partition(f"## Adding {recipe}\n")[2].partition("\n## ")[0]
        assert re.search(r"^assert not |^assert lacking|^assert ps", section, re.MULTILINE), recipe


def run(text, module):
    for line, block in blocks(text):
        code = compile("\n" * (line - 1) + block, "CONTRIBUTING.md", "exec")
        exec(code, module.__dict__)


def test_the_recipes_work_as_they_are_written(module):
    run(TEXT, module)
    assert issubclass(module.AddToBothSides, Move)


def test_recipes_that_do_not_work_are_seen(module):
    with pytest.raises(AssertionError):
        run(TEXT.replace("e.left + move.term", "e.left - move.term"), module)
