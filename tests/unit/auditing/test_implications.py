"""Steps from statements to others: the way each goes, where it is defined, and what decides its truth."""

import pytest
import sympy

from physsym.auditing import audit, implications


def entry_of(line, tmp_path, prose="", *hints):
    """Return what is said of a formula that stands under its prose and its hints."""
    notes = tmp_path / "notes.md"
    said = "".join(f"<!-- physsym: {hint} -->\n" for hint in hints)
    notes.write_text(f"# Notes\n\n{prose}\n\n{said}$$\n{line}\n$$\n")
    return next(e for e in reversed(audit(notes).entries) if e.formula.display)


RIGHT = [
    r"x > 2 \implies x^2 > 4",
    r"x^2 < 4 \iff -2 < x < 2",
    r"x^2 > 4 \iff |x| > 2",
    r"0 < a < b \implies \frac1a > \frac1b",
    r"0 < x < y \implies x^2 < y^2",
    r"0 < x < 2 \implies 2\ln x < 2\ln 2",
    r"a < b \implies e^a < e^b",
    r"\ln a < \ln b \implies a < b",
    r"\sqrt a < \sqrt b \implies a < b",
    r"0 < x < 1 \implies \ln x < 0",
    r"x = 2 \implies x^2 = 4",
    r"x = 0 \implies \sin x = 0",
    r"x^2 = 4 \iff x = \pm 2",
    r"x^2 = 4 \iff x = 2 \text{ or } x = -2",
    r"x > 0, x^2 = 4 \implies x = 2",
    r"x^2 = 4 \implies x = 2 \text{ for } x > 0",
    r"\sqrt{x} = y \implies x = y^2",
    r"e^x = 1 \iff x = 0",
    r"x + y = 1, x - y = 1 \implies x = 1",
    r"x > 1 \impliedby x > 2",
    r"x > 1 \Leftarrow x > 2",
    r"x > 0 \because x > 1",
    r"x > 1 \text{ so } x > 0",
    r"x > 2 \implies x^2 > 4 \implies x^4 > 16",
    r"\begin{aligned} & x > 1 \\ \Rightarrow\ & x > 0 \end{aligned}",
]


@pytest.mark.parametrize("line", RIGHT)
def test_a_step_that_goes_everywhere_holds(line, tmp_path):
    assert entry_of(line, tmp_path).kind == "holds"


WRONG = [
    (r"x^2 > 4 \implies x > 2", lambda x: x**2 > 4 and not x > 2),
    (r"x^2 > 4 \iff x > 2", lambda x: x**2 > 4 and not x > 2),
    (r"x^2 < 4 \iff x < 2", lambda x: x < 2 and not x**2 < 4),
    (r"x^2 = 4 \implies x = 2", lambda x: x**2 == 4 and x != 2),
    (r"x = 2 \iff x^2 = 4", lambda x: x**2 == 4 and x != 2),
    (r"x^2 = 9 \iff x = 2 \text{ or } x = -2", lambda x: x**2 == 9 and x not in (2, -2)),
    (r"x^2 = x \implies x = 1", lambda x: x**2 == x and x != 1),
    (r"x^2 = y^2 \implies x = y", lambda x, y: x**2 == y**2 and x != y),
    (r"x < y \implies x^2 < y^2", lambda x, y: x < y and not x**2 < y**2),
    (r"a < b \implies \frac1a > \frac1b", lambda a, b: a < b and not 1 / a > 1 / b),
    (r"\sqrt{x} = y \iff x = y^2", lambda x, y: x == y**2 and x**0.5 != y),
    (r"\sqrt{x+2} = x \iff x^2 - x - 2 = 0", lambda x: x**2 - x - 2 == 0 and (x + 2) ** 0.5 != x),
    (r"x > 1 \impliedby x > 0", lambda x: x > 0 and not x > 1),
    (r"x > 1 \Leftarrow x > 0", lambda x: x > 0 and not x > 1),
    (r"-x < 1 \iff x < -1", lambda x: -x < 1 and not x < -1),
    (r"2x \le 6 \iff x \ge 3", lambda x: 2 * x <= 6 and not x >= 3),
    (r"|x| < 1 \implies x^2 < x", lambda x: abs(x) < 1 and not x**2 < x),
    (r"\frac{1}{x} < 1 \iff x > 1", lambda x: 1 / x < 1 and not x > 1),
    (r"x + y = 1, x - y = 1 \implies x = 2", lambda x, y: x + y == 1 and x - y == 1 and x != 2),
]


@pytest.mark.parametrize(("line", "is_counterexample"), WRONG)
def test_a_step_with_a_counterexample_fails_there(line, is_counterexample, tmp_path):
    entry = entry_of(line, tmp_path)
    assert entry.kind == "fails"
    point = entry.details[0].removeprefix("at ").split(" the first")[0]
    values = {name: eval(number) for name, number in (part.split(" = ") for part in point.split(", "))}
    assert is_counterexample(**values)


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        (r"x < 2 \implies 2\ln x < 2\ln 2", "x > 0"),
        (r"a < b \implies \ln a < \ln b", "a > 0"),
        (r"a < b \implies \sqrt a < \sqrt b", "a >= 0"),
        (r"F = m a \implies a = F/m", "m != 0"),
        (r"m \ddot x = -k x \implies \ddot x = -\frac{k}{m} x", "m != 0"),
    ],
)
def test_what_defines_a_conclusion_is_named(line, condition, tmp_path):
    entry = entry_of(line, tmp_path)
    assert entry.kind == "conditional"
    assert entry.says.endswith(f"if {condition}")
    given = entry_of(line, tmp_path, "", f"given {condition}")
    assert given.kind == "holds"


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        (r"a < b \implies a c < b c", "c > 0"),
        (r"a b = a c \implies b = c", "a != 0"),
        (r"\eta < \frac{2}{L} \implies \eta L < 2", "L > 0"),
        (r"v^2 = 2 g h \implies v = \sqrt{2 g h}", "v >= 0"),
    ],
)
def test_the_sign_of_a_constant_that_is_left_open_is_named(line, condition, tmp_path):
    entry = entry_of(line, tmp_path)
    assert entry.kind == "conditional"
    assert f"if {condition}" in entry.says


@pytest.mark.parametrize("prose", ["Let $x > 0$.", "Let $x$ be positive.", "We look at $x \\ge 1$ only."])
def test_a_condition_that_the_text_states_excludes_a_counterexample(prose, tmp_path):
    line = r"x^2 > 4 \implies x > 2"
    assert entry_of(line, tmp_path, prose).kind == "conditional"
    assert entry_of(line, tmp_path, "Let $y > 0$.").kind == "fails"
    assert entry_of(line, tmp_path, "", "given x > 0").kind == "holds"


def test_a_condition_under_which_a_step_fails_all_the_same_does_not_help(tmp_path):
    assert entry_of(r"x^2 > 4 \implies x > 3", tmp_path, "Let $x > 0$.").kind == "fails"


@pytest.mark.parametrize(
    "line",
    [
        r"F = 0 \implies v = c",  # of v nothing is said before
        r"f(x)^2 = 4 \implies f(x) = 2",  # the text may say that f is positive
        r"m \ddot x = -k x \implies \ddot x = \frac{k}{m} x",
        r"x^2 = 4 \implies x = 2, \quad x > 0",  # the last one may be a condition
        r"x < 0 \lor x > 1 \implies x^2 > x",
        r"\sin x = 0 \iff x = 0",
        r"x^2 = 2 \implies x = y",
        r"\frac12 m v^2 = m g h \implies v = \sqrt{2 g h}",  # if m and v are positive
        r"x \to 0 \implies x = 0",
        r"\theta \ll 1 \implies \sin\theta = \theta",
    ],
)
def test_what_may_be_meant_otherwise_neither_holds_nor_fails(line, tmp_path):
    assert entry_of(line, tmp_path).kind in ("undecided", "definition")


def test_from_a_contradiction_nothing_follows(tmp_path):
    assert entry_of(r"x > 1, x < 0 \implies x = 5", tmp_path).kind == "undecided"


def test_an_earlier_equation_may_exclude_a_counterexample(tmp_path):
    assert entry_of(r"x^2 = 4 \implies x = 2", tmp_path, "With $$x = |y| + 1$$ this is so.").kind != "fails"


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        (r"\sin(\arcsin x) = x", "1 - x**2 >= 0"),
        (r"\cos(\arccos x) = x", "1 - x**2 >= 0"),
        (r"e^{\ln x} = x", "x > 0"),
        (r"(\sqrt{x})^2 = x", "x >= 0"),
        (r"(x^{1/2})^2 = x", "x >= 0"),
        (r"x^{-1} x = 1", "x != 0"),
        (r"\frac{x}{x} + \frac{1}{x+1} = 1 + \frac{1}{x+1}", "x != 0"),
        (r"\ln(x^2) = 2\ln x", "x > 0"),
    ],
)
@pytest.mark.parametrize("hints", [(), ("identity",)])
def test_where_a_side_is_defined_as_it_is_written_is_named(line, condition, hints, tmp_path):
    entry = entry_of(line, tmp_path, "", *hints)
    assert (entry.kind, entry.says) == ("conditional", f"holds if {condition}")


@pytest.mark.parametrize(
    "line",
    [
        r"\frac{1}{x} = \frac{2}{2x}",
        r"\tan x = \frac{\sin x}{\cos x}",
        r"\sin(\arccos x) = \sqrt{1 - x^2}",
        r"\ln(e^x) = x",
        r"\ln(x^2) = 2\ln|x|",
        r"\sin(\arcsin x) = x \text{ for } -1 \le x \le 1",
    ],
)
def test_sides_that_are_defined_alike_take_no_condition(line, tmp_path):
    assert entry_of(line, tmp_path).kind == "holds"


@pytest.mark.parametrize("line", [r"\sqrt{x^2} = x", r"\arcsin(\sin x) = x"])
def test_what_holds_in_a_region_only_is_not_said_to_hold(line, tmp_path):
    assert entry_of(line, tmp_path, "", "identity").kind in ("undecided", "note", "fails")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"x^2 + 1 > 0", "holds"),
        (r"x^2 + 1 \ge 2x", "holds"),
        (r"1 + x \le e^x", "holds"),
        (r"\ln x \le x - 1", "conditional"),
        (r"x^2 > 0", "fails"),
        (r"x^2 + 1 \ge 3x", "fails"),
        (r"f(x) > 0", "undecided"),
        (r"x^2 = 4 \implies x = 2", "fails"),
        (r"\sin\theta \approx \theta", "undecided"),
        (r"m \ll M", "undecided"),
        (r"F \propto 2F", "undecided"),
        (r"\lim_{x\to 0} x = x", "undecided"),
        (r"\sum_{i=1}^n i = \frac{n(n-1)}{2}", "undecided"),
        (r"\int_0^1 x\,dx = \frac13", "undecided"),
    ],
)
def test_an_identity_may_be_an_inequality_but_no_approximation(line, kind, tmp_path):
    assert entry_of(line, tmp_path, "", "identity").kind == kind


@pytest.mark.parametrize(
    "line",
    [
        r"y = \sin\theta \approx \theta",
        r"y = x \ll z",
        r"y = 2x \propto x",
        r"a = \lim_{x\to 0} x = x",
        r"A = \int_0^1 x\,dx = \frac13",
        r"S = \sum_{i=1}^3 i = 5",
        r"S = \sum_i a_i b_i = \sum_i a_i \sum_i b_i",
        r"y = \max_x (1 - x^2) = 1 - x^2",
        r"x_n \to x \implies x_n = x",
    ],
)
def test_other_relations_and_operators_are_no_equalities(line, tmp_path):
    assert entry_of(line, tmp_path).kind == "undecided"


@pytest.mark.parametrize(
    ("hint", "prose"),
    [("given g > 0", ""), ("", "The acceleration of gravity $g$ is constant.")],
)
def test_a_quantity_before_a_bracket_is_a_factor(hint, prose, tmp_path):
    notes = tmp_path / "notes.md"
    said = f"<!-- physsym: {hint} -->\n" if hint else ""
    notes.write_text(
        f"# A\n\n{prose}\n\n{said}$$\\dot v = g - k v$$\n\n$$k = g/w$$\n\nHence\n\n$$\\dot v = g(1 - v/w)$$\n"
    )
    assert audit(notes).entries[-1].kind == "holds"
    notes.write_text(notes.read_text().replace("g(1 - v/w)", "g(1 + v/w)"))
    assert audit(notes).entries[-1].kind != "holds"


def test_a_letter_that_is_a_function_elsewhere_stays_one(tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(
        "# A\n\nThe acceleration $a$ gives\n\n$$v(t+h) = v(t) + h a(t) + O(h^2)$$\n\n$$a(x) = x^2$$\n"
    )
    assert "a(t)" in audit(notes).entries[1].readings[0]


def test_only_what_is_needed_is_named_where_lines_are_combined(tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(
        "# A\n\n$$m \\ddot x = -k x$$\n\n$$\\omega^2 = k/m$$\n\nHence\n\n$$\\ddot x = -\\omega^2 x$$\n\n"
        "# B\n\n$$m \\dot v = m g - c v$$\n\n$$\\tau = m/c$$\n\nHence\n\n$$\\dot v = g - v/\\tau$$\n"
    )
    says = [e.says for e in audit(notes).entries]
    assert says[2] == "holds if line 5 and line 3 hold"
    assert says[5] == "holds if line 13 holds and tau != 0"


@pytest.mark.parametrize(
    ("name", "letter"), [("epsilon", r"\epsilon"), ("epsilon", r"\varepsilon"), ("lambda", r"\lambda")]
)
def test_a_hint_may_spell_a_letter_as_its_command_is_spelled(name, letter, tmp_path):
    line = rf"a b \le \frac{{{letter} a^2}}{{2}} + \frac{{b^2}}{{2 {letter}}}"
    assert entry_of(line, tmp_path, "", f"given {name} > 0", "identity").kind == "holds"
    assert entry_of(line, tmp_path, "", "identity").kind == "fails"


@pytest.mark.parametrize("before", ["$$a^2 = b^2 \\implies a = \\pm b$$", "$$a = b \\implies a^2 = b^2$$"])
def test_a_statement_of_a_step_is_no_fact(before, tmp_path):
    # With a = -b the first step is right too.
    entry = entry_of(r"|a| = |b| \implies a = b", tmp_path, before)
    assert entry.kind == "fails"
    assert entry_of(r"|a| = |b| \implies a^2 = b^2", tmp_path, before).kind == "holds"


@pytest.mark.parametrize(
    "said", ["$$a = \\pm b$$", "Either $a = b$ or $a = -b$.", "$$a = b \\text{ or } a = -b$$"]
)
def test_one_of_several_cases_is_no_premise(said, tmp_path):
    assert entry_of("a + 1 = b + 1", tmp_path, f"{said}\n\nSo").kind not in ("holds", "conditional")
    assert entry_of("a + 1 = b + 1", tmp_path, "$$a = b$$\n\nSo").kind in ("holds", "conditional")


SEVERAL_ROOTS = [
    (r"\sin x = 0 \implies x = 0", lambda x: sympy.sin(x), sympy.pi),
    (r"\tan x = 1 \implies x = \frac{\pi}{4}", lambda x: sympy.tan(x) - 1, 5 * sympy.pi / 4),
    (r"\sin x = \frac12 \implies x = \frac{\pi}{6}", lambda x: 2 * sympy.sin(x) - 1, 5 * sympy.pi / 6),
    (r"x^2 = 2 \implies x = \sqrt2", lambda x: x**2 - 2, -sympy.sqrt(2)),
    (r"\ln x^2 = 2\ln 3 \implies x = 3", lambda x: sympy.log(x**2) - 2 * sympy.log(3), -3),
    (r"x^2 = 9 \implies x + 1 = 4", lambda x: x**2 - 9, -3),
]


@pytest.mark.parametrize(("line", "residual", "other"), SEVERAL_ROOTS)
def test_one_of_several_roots_does_not_follow(line, residual, other, tmp_path):
    assert sympy.simplify(residual(sympy.sympify(other))) == 0
    assert entry_of(line, tmp_path).kind in ("fails", "undecided")


@pytest.mark.parametrize(
    "line",
    [
        r"x^3 = 8 \implies x = 2",
        r"e^{x} = 2 \implies x = \ln 2",
        r"3 e^{2x} = 12 \implies x = \ln 2",
        r"\sqrt{x} = 3 \implies x = 9",
        r"x^3 + x = 10 \implies x = 2",
    ],
)
def test_the_only_root_follows(line, tmp_path):
    assert entry_of(line, tmp_path).kind in ("holds", "conditional")


def test_what_a_step_leads_to_is_no_premise_of_its_start(tmp_path):
    line = r"\frac12 m v^2 = m g h \implies v = \sqrt{2 g h}"
    entry = entry_of(line, tmp_path, "The speed is $v \\ge 0$.")
    assert entry.kind != "holds"
    assert entry.formula.line not in entry.uses


def test_a_step_takes_a_bounded_time_and_is_undecided_then(tmp_path, monkeypatch):
    line = r"x^2 = 4 \implies x = 2"
    assert entry_of(line, tmp_path).kind == "fails"
    monkeypatch.setattr(implications, "STEP_SECONDS", 1e-9)
    entry = entry_of(line, tmp_path)
    assert entry.kind == "undecided"
    assert "it was not found within" in entry.says


def test_a_hint_may_name_a_step(tmp_path):
    step = r"$$F = m a \implies a = \frac{F}{m}$$"
    assert entry_of(r"2 a m = 2 F", tmp_path, step, "from 3").kind == "conditional"
    assert entry_of(r"2 a m = 3 F", tmp_path, step, "from 3").kind == "fails"


@pytest.mark.parametrize(
    "prose",
    [
        "It is not true that $x > 0$.",
        "Assume that $x > 0$ fails.",
        r"For all $n$ we have $(1 + x)^n \ge 1 + nx$.",  # true at x = -3, n = 2, where the step fails
        "Let $x$ not be positive, that is $x < 0$.",
    ],
)
def test_what_a_text_does_not_state_of_a_letter_excludes_nothing(prose, tmp_path):
    assert (1 - 3) ** 2 >= 1 - 3 * 2
    assert entry_of(r"x^2 > 4 \implies x > 2", tmp_path, prose).kind in ("fails", "undecided")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"a = b \implies ac = bc, \qquad a = 2b \implies ac = 2bc", "holds"),
        (r"x > 2 \implies x > 1, \quad x > 3 \implies x^2 > 9", "holds"),
        (r"a = b \implies ac = bc, \qquad ac = bc \implies a = b", "conditional"),
        (r"x = 1 \implies x^2 = 1, \qquad x^2 = 1 \implies x = 1", "undecided"),
        (r"x = 1 \implies x^2 = 2, \qquad x > 3 \implies x > 2", "fails"),
    ],
)
def test_a_step_beside_another_one_has_its_own_premise(line, kind, tmp_path):
    entry = entry_of(line, tmp_path)
    assert entry.kind == kind
    assert kind != "conditional" or "c != 0" in entry.says


@pytest.mark.parametrize(
    ("one", "other"), [("m", "M"), ("m_1", "m_2"), ("r", "R"), (r"\omega_1", r"\omega_2")]
)
def test_letters_of_what_is_positive_by_custom_refute_nothing_by_a_negative_value(one, other, tmp_path):
    entry = entry_of(rf"{one} < {other} \implies {one}^2 < {other}^2", tmp_path)
    assert entry.kind in ("undecided", "conditional")
    assert ">= 0" in entry.says
    assert entry_of(rf"{one} < {other} \implies {one}^2 > {other}^2", tmp_path).kind == "fails"
    assert entry_of(r"x < y \implies x^2 < y^2", tmp_path).kind == "fails"
