"""The examples in README are run as they stand."""

import doctest
import re
from pathlib import Path

from sympy import Rational

from derivations.book import book
from derivations.book._momentum import too_much
from derivations.book._runs import USUAL, crossings
from physsym.core.verdicts import Outcome
from physsym.documents.content import Finding
from physsym.vocabulary import rho

README = Path(__file__).parents[2] / "README.md"


def test_the_examples_in_readme_are_true():
    result = doctest.testfile(str(README), module_relative=False)
    assert result.failed == 0
    assert result.attempted > 10


def test_readme_opens_with_a_picture_that_is_there_and_three_lines():
    heading, picture, *lines = [line for line in README.read_text().splitlines() if line][:5]
    assert heading == "# physsym"
    name = re.fullmatch(r"!\[.{30,}\]\((.+)\)", picture)[1]
    assert (README.parent / name).read_bytes().startswith(b"\x89PNG")
    assert [line[:4] for line in lines] == ["1. *", "2. *", "3. *"]


def test_the_three_surprises_are_findings_that_hold_good():
    findings = {b.anchor: b for c in book.chapters for b in c.blocks if isinstance(b, Finding)}
    for anchor in ("dropped-factor", "new-velocity", "valley-answers"):
        assert findings[anchor].check().outcome is Outcome.FAILS
    descending, zigzagging, _ = crossings(USUAL)
    assert descending == 0 < zigzagging
    assert too_much().subs(rho, Rational(9, 10)) == 10


def test_a_false_example_is_caught(tmp_path):
    spoiled = tmp_path / "README.md"
    spoiled.write_text(README.read_text().replace("O(tau) + O(dt)", "O(tau) + O(dt**2)"))
    assert doctest.testfile(str(spoiled), module_relative=False, report=False).failed == 1
