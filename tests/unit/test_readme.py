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


def test_readme_says_what_the_package_is_and_for_whom_before_anything_else():
    heading, opening, after = README.read_text().split("\n\n")[:3]
    assert heading == "# physsym"
    assert len(re.findall(r"[.:](?=\s|$)", opening)) <= 4
    assert all(word in opening for word in ("derives optimizers", "It is\nfor", "verifies"))
    assert after.startswith("## Install")


def test_the_sections_of_readme_are_in_order():
    sections = re.findall(r"^## (.+)$", README.read_text(), re.MULTILINE)
    assert sections[:3] == ["Install", "Ten lines", "What it found"]


def test_the_first_screen_says_how_to_install_and_shows_explorer_and_page_side_by_side():
    opening, _, rest = README.read_text().partition("## Ten lines")
    assert re.search(r"^pip install physsym +# .*: pip install \.$", opening, re.MULTILINE)
    assert len(opening.splitlines()) < 30
    (row,) = re.findall(r"^\| .*\.png\) \|$", opening, re.MULTILINE)
    pictures = re.findall(r"!\[.{30,}?\]\((.+?)\)", row)
    assert pictures == ["docs/explorer.png", "docs/page.png"]
    assert all((README.parent / name).read_bytes().startswith(b"\x89PNG") for name in pictures)
    code, _, _ = rest.partition("Every step is verified")
    assert 10 <= code.count("\n>>> ") + code.count("\n... ") <= 12


def test_three_findings_are_told():
    found = README.read_text().partition("## What it found")[2]
    assert re.findall(r"^(\d)\. \*\*", found.partition("\n## ")[0], re.MULTILINE) == ["1", "2", "3"]


def test_the_three_findings_are_findings_that_hold_good():
    findings = {b.anchor: b for c in book.chapters for b in c.blocks if isinstance(b, Finding)}
    for anchor in ("dropped-factor", "new-velocity", "valley-answers"):
        assert findings[anchor].check().outcome is Outcome.FAILS
    descending, zigzagging, _ = crossings(USUAL)
    assert descending == 0 < zigzagging
    assert too_much().subs(rho, Rational(9, 10)) == 10


def test_a_false_example_is_caught(tmp_path):
    spoiled = tmp_path / "README.md"
    spoiled.write_text(README.read_text().replace("O(m) + O(dt)", "O(m) + O(dt**2)"))
    assert doctest.testfile(str(spoiled), module_relative=False, report=False).failed == 1
