"""Links that hold at the numbers that the prose beside them states: a note, where others still fail."""

import json

import pytest

import physsym as ps

TRUE_AT_1_2 = "y = n^2 + a = n^3 + a^2 - 2"


def last(tmp_path, text, name="notes.md"):
    """Return what is said of the formula with the letter y on the left."""
    file = tmp_path / name
    file.write_text(text)
    return next(e for e in ps.audit(file).entries if e.formula.text.startswith("y"))


BEHIND = [
    "With $n = 1$ and $a = 2$:\n\n$$LINE$$\n",
    "With $n = 1$ and $a = 2$:\n$$LINE$$\n",
    "With n = 1 and a = 2:\n\n$$LINE$$\n",
    "For $n = 1$ and $a = 2$ it is $LINE$.\n",
    "It is $LINE$ for $n = 1$ and $a = 2$.\n",
    "$$LINE$$\n\nwhere $n = 1$ and $a = 2$.\n",
    "$$LINE \\quad\\text{for } n = 1,\\ a = 2$$\n",
]


@pytest.mark.parametrize("text", BEHIND)
def test_a_link_that_holds_at_the_stated_values_is_a_note(tmp_path, text):
    entry = last(tmp_path, text.replace("LINE", TRUE_AT_1_2))
    assert entry.kind == "note"
    assert "a = 2 and n = 1" in entry.says


@pytest.mark.parametrize("text", BEHIND)
@pytest.mark.parametrize("wrong", ["y = n^2 + a = n^3 + a^2 - 3", "y = n^2 + a = n^3 - a^2 + 2"])
def test_a_link_that_is_wrong_there_too_fails(tmp_path, text, wrong):
    assert last(tmp_path, text.replace("LINE", wrong)).kind == "fails"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "With $n = 2$ and $a = 2$:",
        "With n = 1 and a = 2.5:",
        "# One\n\nWith $n = 1$ and $a = 2$.\n\n# Another",
        "With $n = 1$ and $a = 2$:\n\n$$z = n + a$$\n\nIn general",
        "With $n = 1$ and $a = 2$.\n\nAnother paragraph.\n\nAnd one more:",
    ],
)
def test_other_values_and_those_stated_elsewhere_do_not_help(tmp_path, before):
    assert last(tmp_path, f"{before}\n\n$${TRUE_AT_1_2}$$\n").kind == "fails"


PARTLY = [
    "With $n = 1$:",
    "With n = 1:",
    "With $n = 1$ and $b = 2$:",
    "With $n = 1$ and $a > 0$:",
    "With n = 1 and a = 2 n:",
    "With n = 1 and a = 2/n:",
    "With n = 1 and a two,",
]


@pytest.mark.parametrize("before", PARTLY)
@pytest.mark.parametrize(
    ("formula", "kind"),
    [(TRUE_AT_1_2, "note"), ("y = n^2 + a = n^3 + a - 2", "fails"), ("y = n a = 2 n a", "fails")],
)
def test_with_some_letters_stated_it_is_an_equation_for_the_others(tmp_path, before, formula, kind):
    assert last(tmp_path, f"{before}\n\n$${formula}$$\n").kind == kind


@pytest.mark.parametrize("before", ["With n = 1 and a = 2:", "With $n = 1$ and $a = 2$:", "With n = 1:"])
@pytest.mark.parametrize(("value", "kind"), [("n^3 + a^2 - 2", "note"), ("n^3 + a + 2", "fails")])
@pytest.mark.parametrize("hint", ["from one", "same as one", "identity; define y = n^2 + a"])
def test_so_do_lines_with_a_hint(tmp_path, before, value, kind, hint):
    text = (
        f"$$y = n^2 + a \\label{{one}}$$\n\n# Next\n\n{before}\n\n<!-- physsym: {hint} -->\n$$y = {value}$$\n"
    )
    file = tmp_path / "notes.md"
    file.write_text(text)
    assert [e.kind for e in ps.audit(file).entries if e.formula.display][-1] == kind


@pytest.mark.parametrize("layout", [{}, {"indent": 1}])
@pytest.mark.parametrize(("cells", "kind"), [(1, "note"), (2, "fails")])
def test_values_are_those_of_the_cell_in_a_notebook(tmp_path, cells, kind, layout):
    parts = ["With $n = 1$ and $a = 2$:\n\n", f"$${TRUE_AT_1_2}$$"]
    sources = parts if cells > 1 else ["".join(parts)]
    found = [{"cell_type": "markdown", "metadata": {}, "source": s.splitlines(True)} for s in sources]
    content = json.dumps({"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, **layout)
    assert last(tmp_path, content, "notes.ipynb").kind == kind


@pytest.mark.parametrize(
    ("before", "formula", "kind"),
    [
        ("With $v_0 = 0$:", "y = x_0 + h v_0 = x_0 + 2 h v_0", "note"),
        ("With $v_0 = 0$:", "y = x_0 + h v_0 = x_0 + 2 h v_0 + h", "fails"),
        ("For $n = 3$ and $n = 2$:", "y = n^2 - 2 n + a = n + a - 2", "note"),
        ("For $n = 3$ and $n = 4$:", "y = n^2 - 2 n + a = n + a - 2", "fails"),
        ("With $a = n = 1$:", "y = n^2 + a = n + a^2", "note"),
        ("With $a = n = 2$:", "y = n^2 + a = n + a^3", "fails"),
        # Where a side has no value nothing is equal to it.
        ("With $n = 0$:", "y = 1/n + a = 2/n + a", "fails"),
        ("With $m = 0$:", "y = n^2 + a = n^3 + a", "fails"),
    ],
)
def test_values_of_one_letter_in_several_ways(tmp_path, before, formula, kind):
    assert last(tmp_path, f"{before}\n\n$${formula}$$\n").kind == kind


CHOSEN = r"If we choose $\gamma = 2$, then $x = 2\gamma = 4$. If we choose $\gamma = 3$, then"


@pytest.mark.parametrize(
    ("before", "right", "wrong"),
    [
        (CHOSEN, r"y = 2\gamma = 6", r"y = 2\gamma = 4"),
        (CHOSEN.replace(". If", ".\n\nIf"), r"y = 2\gamma = 6", r"y = 2\gamma = 4"),
        ("With a = 2 we get $z = a^2 = 4$. With a = 3 we get", "y = a^2 = 9", "y = a^2 = 4"),
    ],
)
def test_a_value_in_the_sentence_comes_before_older_ones(tmp_path, before, right, wrong):
    entry = last(tmp_path, f"{before} ${right}$.")
    assert entry.kind == "conditional"
    assert "= 3" in entry.says
    assert last(tmp_path, f"{before} ${wrong}$.").kind not in ("holds", "conditional")


def test_of_two_values_in_the_sentence_neither_is_meant(tmp_path):
    assert last(tmp_path, "For $a = 1$ or $a = 2$ it is $y = a^2 = 4$.").kind == "undecided"
