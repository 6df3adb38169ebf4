"""The table of guards is kept true: each guard stands where the table says, and so does its test.

So are the paths of the settings of mutmut, which says nothing of a path that is not there.
"""

import re
import tomllib
from pathlib import Path

import pytest

from tests.guards import GUARDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda g: f"{g.number} {g.risk}")
def test_each_guard_stands_where_the_table_says(guard):
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.text) == 1
    assert guard.text != guard.gone
    for test in guard.tests:
        file, _, name = test.partition("::")
        assert not name or f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_risk_has_a_guard():
    assert {g.number for g in GUARDS} == set(range(1, 44))


def test_what_is_mutated_and_the_tests_for_it_are_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    for path in (*settings["only_mutate"], *settings["pytest_add_cli_args_test_selection"]):
        assert list(ROOT.glob(path)), path


@pytest.mark.parametrize("file", ["Makefile", ".ci/run"])
def test_the_tests_that_are_named_are_there(file):
    named = re.findall(
        r"(?<![\w/])(?:tests|physsym|derivations)/[\w/.]*\w", (ROOT / file).read_text(encoding="utf-8")
    )
    assert named
    for path in named:
        assert (ROOT / path).exists(), path
