"""Values at points of functions that a text defines, and equations between numbers."""

import pytest

import physsym as ps

HOLDING = ("holds", "conditional", "recognised")


def kinds(folder, *paragraphs):
    page = folder / "page.md"
    page.write_text("\n\n".join(paragraphs))
    return [entry.kind for entry in ps.audit(page).entries]


@pytest.mark.parametrize(
    ("definition", "right", "wrong"),
    [
        ("f(x) = x^2", "f(3) = 9", "f(3) = 10"),
        ("f(x) = x^2", "f(0) = 0", "f(0) = 1"),
        ("f(x) = x^2", "f(a + 1) = a^2 + 2 a + 1", "f(a + 1) = a^2 + 2 a + 2"),
        ("f(x) = x^2", "f'(3) = 6", "f'(3) = 5"),
        ("f(x) = x^3 + x", "f''(2) = 12", "f''(2) = 6"),
        ("f(x) = e^{-a x}", "f'(0) = -a", "f'(0) = a"),
        (r"U(x) = \frac12 k x^2", r"U(1) = \frac k2", "U(1) = k"),
        (r"U(x) = \frac12 k x^2", r"U(a) = \frac12 k a^2", "U(a) = k a^2"),
        (r"L(x, v) = \frac12 m v^2 - \frac12 k x^2", r"L(x, 0) = -\frac12 k x^2", r"L(x, 0) = \frac12 k x^2"),
        (r"f(x) = \frac{1}{1 + x^2}", r"f(1) = \frac12", "f(1) = 1"),
        ("f(x) = x^2", "f(3) + 1 = 10", "f(3) + 1 = 11"),
    ],
)
def test_a_value_at_a_point_is_compared_with_the_definition(tmp_path, definition, right, wrong):
    found = kinds(tmp_path, f"$${definition}$$", f"Then $${right}$$", f"$${wrong}$$")
    assert found == ["definition", "holds", "fails"]
    assert kinds(tmp_path, f"Let ${definition}$. Then ${right}$, and ${wrong}$.") == found


def test_a_false_value_is_no_premise(tmp_path):
    assert kinds(tmp_path, "$$f(x) = x^2$$", "$$f(3) = 10$$", "$$f(3) + 1 = 11$$")[1:] == ["fails"] * 2


@pytest.mark.parametrize(
    "line",
    [
        "f(a) = 4",
        "f(x_*) = x_*",
        "f(a) = 2 a + 1",
        "f(a) = f_0",
        "f(a) = 0",
        "f(2 x) = x + 3",
        "f'(a) = 1",
    ],
)
def test_an_equation_for_a_letter_neither_holds_nor_fails(tmp_path, line):
    assert kinds(tmp_path, "$$f(x) = x^2$$", f"$${line}$$")[-1] in ("undecided", "definition", "note")


@pytest.mark.parametrize(
    "words", ["It is not true that", "Suppose that", "Is it true that", "It would be wrong to write"]
)
def test_what_the_text_denies_or_supposes_does_not_fail(tmp_path, words):
    assert kinds(tmp_path, "$$f(x) = x^2$$", f"{words} $$f(3) = 10$$")[-1] == "undecided"


def test_a_function_that_is_set_anew_has_other_values(tmp_path):
    assert kinds(tmp_path, "Let $f(x) = x^2$.", "Now let $f(x) = x^3$.", "$$f(2) = 8$$")[-1] == "holds"
    found = kinds(
        tmp_path, "# A", "$$f(x) = x^2$$", "# B", "$$f(x) = x^2 + 6$$", "$$f(2) = 10$$", "$$f(2) = 4$$"
    )
    assert found[2:] == ["holds", "fails"]


def test_values_that_a_motion_begins_with_are_no_law_of_it(tmp_path):
    law = r"$$\ddot x = -\omega^2 x$$", "with $x(0) = 1$ and $\\dot x(0) = 0$."
    *_, right = kinds(tmp_path, *law, r"$$x(t) = \cos(\omega t)$$")
    *_, wrong = kinds(tmp_path, *law, r"$$x(t) = \cos(2 \omega t)$$")
    assert right in HOLDING
    assert wrong not in HOLDING


@pytest.mark.parametrize("line", ["2 + 2 = 5", "2^{10} = 1000", r"3 \cdot 4 = 13", r"\binom52 = 11"])
def test_false_numbers_fail(tmp_path, line):
    assert kinds(tmp_path, f"$${line}$$") == ["fails"]
    assert kinds(tmp_path, f"The line ${line}$ is a contradiction.") == ["undecided"]


@pytest.mark.parametrize("line", [r"\log 100 = 2", r"\sin(30) = \frac12", r"\ln 2 = 0.69", "1/3 = 0.333"])
def test_numbers_of_other_units_and_bases_and_rounded_ones_do_not_fail(tmp_path, line):
    assert kinds(tmp_path, f"$${line}$$") == ["undecided"]
    assert kinds(tmp_path, "In base 2, $$100 = 4$$") == ["undecided"]


def test_a_value_of_another_function_of_the_name_does_not_fail(tmp_path):
    page = tmp_path / "page.md"
    begin = "For example $f(x) = x^2$ is convex."
    page.write_text(f"{begin} A general convex function with $f(0) = 1$ and $f'(0) = 2$ lies above a line.")
    assert "fails" not in [entry.kind for entry in ps.audit(page).entries]
    page.write_text(f"{begin} Its values are $f(0) = 1$ and $f'(0) = 2$.")
    assert [entry.kind for entry in ps.audit(page).entries][1:] == ["fails", "fails"]
