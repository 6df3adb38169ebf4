"""The examples in README are run as they stand."""

import doctest
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_examples_in_readme_are_true():
    result = doctest.testfile(str(README), module_relative=False)
    assert result.failed == 0
    assert result.attempted > 10


def test_a_false_example_is_caught(tmp_path):
    spoiled = tmp_path / "README.md"
    spoiled.write_text(README.read_text().replace("O(tau) + O(dt)", "O(tau) + O(dt**2)"))
    assert doctest.testfile(str(spoiled), module_relative=False, report=False).failed == 1
