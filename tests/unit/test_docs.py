"""The examples in the how-to pages are run as they stand."""

import doctest
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "how-to").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_are_true(page):
    result = doctest.testfile(str(page), module_relative=False)
    assert result.failed == 0


def test_there_are_examples_and_a_false_one_is_caught(tmp_path):
    text = (PAGES[0].parent / "modified-equations.md").read_text()
    assert text.count(">>>") > 20
    spoiled = tmp_path / "page.md"
    spoiled.write_text(text.replace("3*eta*grad(x)**2/4", "2*eta*grad(x)**2/4"))
    assert doctest.testfile(str(spoiled), module_relative=False, report=False).failed == 1
