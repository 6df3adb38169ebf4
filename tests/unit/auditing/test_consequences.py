r"""What follows from several lines: nothing from a contradiction; what it takes is named."""

import pytest
import sympy

from physsym.auditing import audit

HOLDING = ("holds", "conditional")
ENERGIES = r"$T = \frac12 m \dot x^2$, $V = \frac12 k x^2$, $L = T - V$."
SLOPE = r"$$\frac{\partial L}{\partial x} = -k x$$"
OSCILLATOR = (
    ENERGIES,
    SLOPE,
    r"With $p = m\dot x$",
    r"$$H = p\dot x - L = \frac{p^2}{2m} + \frac12 k x^2$$",
    r"$$\dot p = -\frac{\partial H}{\partial x} = -k x$$",
)


def last(folder, *paragraphs):
    page = folder / "page.md"
    page.write_text("\n\n".join(paragraphs))
    return audit(page).entries[-1]


@pytest.mark.parametrize(("force", "kind"), [("-1", "holds"), ("", "fails"), ("7", "fails")])
def test_another_force_does_not_follow_from_an_oscillator(force, kind, tmp_path):
    assert last(tmp_path, *OSCILLATOR, "so", rf"$$\dot p = {force} k x$$").kind == kind


def test_a_derivative_is_that_of_what_the_terms_of_a_name_are(tmp_path):
    x, k, m, speed = sympy.symbols("x k m v")
    slope = sympy.diff(m * speed**2 / 2 - k * x**2 / 2, x)
    assert slope == -k * x
    assert last(tmp_path, ENERGIES, SLOPE).kind == "holds"
    assert last(tmp_path, ENERGIES, SLOPE.replace("-k x", "k x")).kind not in HOLDING
    assert last(tmp_path, ENERGIES, r"$$\frac{\partial L}{\partial \dot x} = m\dot x$$").kind == "holds"
    assert last(tmp_path, ENERGIES, r"$$\frac{\partial L}{\partial \dot x} = 2 m\dot x$$").kind not in HOLDING


@pytest.mark.parametrize("line", [r"\frac{\partial z}{\partial x} = 2 x", r"\frac{dz}{dx} = 10 x"])
def test_a_partial_derivative_and_a_total_one_do_not_fail_by_each_other(line, tmp_path):
    assert last(tmp_path, "Let $z = x^2 + y^2$ with $y = 2 x$. Then", f"$${line}$$").kind != "fails"


@pytest.mark.parametrize(("multiple", "follows"), [(2, False), (3, True)])
def test_from_lines_that_contradict_each_other_nothing_follows(multiple, follows, tmp_path):
    # With y = z the first line is k x = 0.
    lines = (f"$y = 2 a$, $z = {multiple} a$.", "$$y - z = k x$$", "$$F + q = y - z$$")
    assert (last(tmp_path, *lines, "so", "$$F + q = k x$$").kind in HOLDING) == follows


@pytest.mark.parametrize(
    ("lines", "claim", "condition"),
    [
        (("$$A x = b$$",), r"x = \frac{b}{A}", "A != 0"),
        (("$$2 a x + b = 0$$",), r"x = -\frac{b}{2a}", "a != 0"),
        (("$$a x + b y = c$$", "$$a x - b y = d$$"), r"x = \frac{c + d}{2a}", "a != 0"),
    ],
)
def test_what_a_solution_divides_by_is_its_only_condition(lines, claim, condition, tmp_path):
    entry = last(tmp_path, *lines, "so", f"$${claim}$$")
    assert entry.kind == "conditional"
    assert entry.says.count("!=") == 1
    assert entry.says.endswith(condition)
    assert (
        last(tmp_path, *lines, "so", f"$${claim.replace('2a', '3a').replace('{A}', '{2A}')}$$").kind
        not in HOLDING
    )
