"""Chains that are true by equations that the text states before them, and false ones beside these."""

import pytest

import physsym as ps

HOLDING = ("holds", "conditional")


def last(tmp_path, *lines):
    """Return what is said of the last display of a text."""
    file = tmp_path / "notes.md"
    file.write_text("\n\n".join(lines))
    return [e for e in ps.audit(file).entries if e.formula.display][-1]


STATED = [
    (r"$$\phi^2 = \phi + 1$$ Then", r"y = \phi^3 = \phi^2 + \phi = 2\phi + 1", r"y = \phi^3 = 2\phi + 2"),
    (r"$$\lambda^2 = 3\lambda - 2$$ so", r"z = \lambda^3 = 7\lambda - 6", r"z = \lambda^3 = 7\lambda - 5"),
    (r"$$\rho^2 = 1$$ so", r"w = \rho^3 = \rho", r"w = \rho^3 = 1 + \rho"),
    (r"Let $p^2 = p$.", r"q = (1-p)^2 = 1 - 2p + p^2 = 1 - p", r"q = (1-p)^2 = 1 - 2p + p^2 = 1 + p"),
    (r"$$c^2 + s^2 = 1$$", r"y = (c+s)^2 = 1 + 2cs", r"y = (c+s)^2 = 1 + 3cs"),
    (r"Let $a b = 0$. Then", r"q = (a+b)^2 = a^2 + b^2", r"q = (a+b)^2 = a^2 + 2b^2"),
    (r"Because of $(a-b)(c-d) = 0$:", r"y = ac + bd = ad + bc", r"y = ac + bd = ad - bc"),
    (r"$x^2 = x$ and $y^2 = y$.", r"w = x + y - 2xy = (x-y)^2", r"w = x + y - 2xy = (x+y)^2"),
    (r"Let $k = a - b$ and $k c = 0$.", r"y = a c + a b c = b c + a b c", r"y = a c + a b c = 2 b c + a b c"),
    (
        r"We assume $$\beta^2 = 1 - \alpha^2$$ so",
        r"y = \alpha^4 - \beta^4 = \alpha^2 - \beta^2",
        r"y = \alpha^4 - \beta^4 = \alpha^2 + \beta^2",
    ),
]


@pytest.mark.parametrize(("before", "true", "wrong"), STATED)
def test_what_follows_from_stated_equations_holds_by_them(tmp_path, before, true, wrong):
    entry = last(tmp_path, before, f"$${true}$$")
    assert entry.kind == "conditional"
    assert "line" in entry.says


@pytest.mark.parametrize(("before", "true", "wrong"), STATED)
def test_what_is_false_where_they_hold_fails_at_such_a_point(tmp_path, before, true, wrong):
    assert last(tmp_path, before, f"$${wrong}$$").kind == "fails"


@pytest.mark.parametrize(("before", "true", "wrong"), STATED)
def test_equations_that_are_not_stated_do_not_help(tmp_path, before, true, wrong):
    assert last(tmp_path, f"$${true}$$").kind == "fails"
    assert last(tmp_path, f"# One\n\n{before}\n\n# Another", f"$${true}$$").kind == "fails"


def test_an_index_i_is_no_imaginary_unit(tmp_path):
    before = "$$x_{i+1} = x_i + 1$$\n\n$$s_i^2 = 1$$"
    assert last(tmp_path, before, "$$y = s_i^3 = s_i$$").kind == "conditional"
    assert last(tmp_path, before, "$$y = s_i^3 = s_i + 1$$").kind == "fails"


def test_the_point_satisfies_the_equations(tmp_path):
    entry = last(tmp_path, "Let $a b = 0$.", "$$q = (a+b)^2 = a^2 + 2b^2$$")
    assert entry.details[1] == "at a = 0, b = -1: 1 against 2"
    root = last(tmp_path, "Let $x^2 = 2$.", r"$$y = \frac12 (x + \frac2x) = 2x$$").details[1]
    assert root == "at x = -1.41421: -1.41421 against -2.82843"


def test_a_condition_behind_a_chain_counts_as_one_before_it(tmp_path):
    assert last(tmp_path, "$$y = (1-u)^2 = 1 - u$$", "where $u^2 = u$.").kind == "conditional"
    assert last(tmp_path, "$$y = (1-u)^2 = 1 + u$$", "where $u^2 = u$.").kind == "fails"
    assert last(tmp_path, "$$y = (1-u)^2 = 1 - u$$", "Another letter has $v^2 = v$.").kind == "fails"


@pytest.mark.parametrize("line", ["y = e^{2x} = 4", "y = e^{2x} = 5"])
def test_where_no_point_is_found_it_is_undecided(tmp_path, line):
    entry = last(tmp_path, "Let $e^x = 2$.", f"$${line}$$")
    assert entry.kind == "undecided"
    assert last(tmp_path, f"$${line}$$").kind in ("fails", "undecided")


def test_a_number_without_a_real_value_makes_nothing_fail(tmp_path):
    before = r"$$\omega^2 + \omega + 1 = 0$$"
    assert last(tmp_path, before, r"$$y = \omega^3 + \omega = 1 + \omega$$").kind == "conditional"
    assert last(tmp_path, before, r"$$y = \omega^3 + \omega = 2 + \omega$$").kind == "undecided"


@pytest.mark.parametrize("negated", ["It is not true that", "It is wrong that"])
def test_what_the_text_denies_is_no_premise(tmp_path, negated):
    assert last(tmp_path, f"{negated} $x^2 = x$.", "$$y = x^3 + 1 = x + 1$$").kind == "fails"


def test_definitions_of_other_names_change_nothing(tmp_path):
    before = r"$$T = 2\pi\sqrt{l/g}$$ $$E^2 = l^2 + g^2$$"
    assert last(tmp_path, before, "$$y = (l+g)^2 = l^2 + g^2$$").kind == "fails"
    assert last(tmp_path, before, "$$y = (l+g)^2 = l^2 + 2 l g + g^2$$").kind == "holds"


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (r"Let $A B = 0$.", r"q = (A+B)^2 = A^2 + B^2"),
        (r"$$\hat p^2 = \hat p$$", r"q = \hat p\hat q\hat p + 1 = \hat q\hat p + 1"),
        (
            r"$$\mathbf a\cdot\mathbf b = 0$$",
            r"q = \|\mathbf a+\mathbf b\|^2 = \|\mathbf a\|^2+\|\mathbf b\|^2",
        ),
    ],
)
def test_operators_and_vectors_are_not_judged_as_numbers(tmp_path, before, line):
    assert last(tmp_path, before, f"$${line}$$").kind == "undecided"


def test_equations_of_other_cases_hide_no_error(tmp_path):
    before = r"In series $R = a + b$. In parallel $\frac1R = \frac1a + \frac1b$."
    assert last(tmp_path, before, r"$$y = a^2 + b = a + b$$").kind == "fails"
