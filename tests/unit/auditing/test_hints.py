"""Hints in texts: wrong ones are refused where they are wrong, right ones decide what they ask for."""

import json
from inspect import cleandoc

import pytest

import physsym as ps


def entries(tmp_path, text, name="notes.md"):
    file = tmp_path / name
    file.write_text(text)
    return ps.audit(file).entries


def written(tmp_path, text):
    file = tmp_path / "notes.md"
    file.write_text(text)
    return file


def hinted(tmp_path, hint, formula, before=""):
    """Return what an audit says of a formula with a hint, behind other formulas."""
    return entries(tmp_path, f"{before}\n\n<!-- physsym: {hint} -->\n$${formula}$$\n")[-1]


# ------------------------------------------------------------------ wrong hints


@pytest.mark.parametrize(
    ("hint", "caret", "reason"),
    [
        ("define 2 = 3", "2 = 3", "2 is no name that can be defined"),
        ("function f, 3", "3", "3 is no name"),
        ("index k,,l", ",l", "nothing is no name"),
        ("dimension x: L, 3: T", "3: T", "states no dimension of a name"),
        ("dimension x: L^^2", "^^2", "no product of powers of M, L and T"),
        ("dimension x: L T^^2, t: T", "^^2, t: T", "no product of powers of M, L and T"),
        ("dimension x: Q", "Q", "no product of powers of M, L and T"),
        ("dimension x: L/", "/", "ends with a sign"),
        ("given 0 < beta < 1, beta > 2", "beta > 2", "contradict each other"),
        ("given m > 0, m < 0", "m < 0", "m > 0 and -m > 0"),
        ("given x >", "x >", "a side is missing"),
        ("given x > 0 and", "and", "no condition behind `and`"),
        ("given x > 0 and and y > 0", "and and y > 0", "no condition behind `and`"),
        ("given y < 2, x > 0 and", "and", "no condition behind `and`"),
        ("define q = (", "(", "never closed"),
    ],
)
def test_a_wrong_hint_is_refused_with_a_caret(tmp_path, hint, caret, reason):
    with pytest.raises(ValueError, match=r"notes\.md: line 3: ") as error:
        hinted(tmp_path, hint, "x = x + 0")
    *_, shown, below = str(error.value).split("\n")
    assert shown[below.index("^") :] == caret
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("hint", "reason"),
    [
        ("define x + 1 = 3", "is no name that can be defined"),
        ("given a > 0; given b < 0, a < b", "a > 0 and -b > 0"),
        ("is nestrov", "no published rule is called nestrov; write nesterov or"),
        ("identity 3", "not of the form `identity`"),
        ("order 2 in q", "the formula has no q"),
        ("limit q -> 0 of 1", "has no q"),
    ],
)
def test_hints_that_cannot_be_carried_out_are_refused(tmp_path, hint, reason):
    with pytest.raises(ValueError, match=r"notes\.md: line 3: ") as error:
        hinted(tmp_path, hint, "x = a b", "$$a = b + 1$$")
    assert reason in str(error.value)


@pytest.mark.parametrize(("value", "kind"), [("9", "holds"), ("10", "fails")])
@pytest.mark.parametrize("hint", ["define f(x) = x^2", r"define f(x) = \frac{2 x^2}{2}", "define f(t)=t^2"])
def test_a_hint_defines_a_function(tmp_path, hint, value, kind):
    entry = hinted(tmp_path, hint, f"y = f(3) = {value}")
    assert entry.kind == kind


def test_a_published_rule_is_called_by_its_words(tmp_path):
    heavy_ball = r"v_{t+1} = \beta v_t - \eta g_t, \quad x_{t+1} = x_t + v_{t+1}"
    assert hinted(tmp_path, "is heavy ball", heavy_ball).kind == "recognised"
    assert hinted(tmp_path, "is heavy ball (eta, beta)", heavy_ball).kind == "recognised"
    wrong = r"v_{t+1} = \beta v_t - \eta g_t, \quad x_{t+1} = x_t + v_t"
    assert hinted(tmp_path, "is heavy ball", wrong).kind != "recognised"


def test_conditions_that_contradict_each_other_in_one_scope_are_refused(tmp_path):
    text = "<!-- physsym: given m > 0 -->\n$$a = m$$\n\n<!-- physsym: given m < 0 -->\n$$b = m$$\n"
    with pytest.raises(ValueError, match=r"line 4: .*contradict"):
        entries(tmp_path, text)


def notebook(*cells, **layout):
    found = [{"cell_type": "markdown", "metadata": {}, "source": c.splitlines(True)} for c in cells]
    return json.dumps({"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, **layout)


@pytest.mark.parametrize("layout", [{}, {"indent": 1}])
def test_places_in_a_notebook_are_cells_and_lines(tmp_path, layout):
    first, second = "$$f(x) = x^2$$\n\n$$f'(x) = 3 x$$", "<!-- physsym: same as 1:1 -->\n$$f(x) = x^3$$"
    file = tmp_path / "notes.ipynb"
    file.write_text(notebook(first, second, **layout))
    found = ps.audit(file)
    assert [e.says for e in found.failing] == [
        "is not the derivative of cell 1, line 1",
        "differs from cell 1, line 1",
    ]
    assert "uses" not in str(found)
    file.write_text(notebook(first, "text\n<!-- physsym: from 99 -->\n$$a = b$$", **layout))
    with pytest.raises(ValueError, match="cell 2, line 2: the hint `from 99`"):
        ps.audit(file)


@pytest.mark.parametrize("layout", [{}, {"indent": 1}])
@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (r"$$f(x) = \frac12 (x - c)^2$$", "$$x_* = c$$", "where the derivative of cell 1, line 3 vanishes"),
        (
            r"$$f(x) = \frac12 (x - c)^2$$",
            r"$$x_{t+1} = x_t - \eta (x_t - c)$$",
            "Gradient descent on cell 1, line 3, with eta = eta",
        ),
        (
            r"$$v_{t+1} = \mu v_t - \eta \nabla L(x_t)$$",
            "$$x_{t+1} = x_t + v_{t+1}$$",
            "(cell 1, line 3 and cell 2, line 1)",
        ),
        ("$$x^2 + b = a^2$$", r"$$x = \sqrt{a^2 - b}$$", "a root of cell 1, line 3"),
    ],
)
def test_what_a_line_uses_is_a_cell_and_a_line_in_a_notebook(tmp_path, first, second, says, layout):
    file = tmp_path / "notes.ipynb"
    file.write_text(notebook(f"Text\n\n{first}", second, **layout))
    assert says in ps.audit(file).entries[-1].says


# ------------------------------------------------------------------ dimension, limit, identity


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("x = v t", "holds"),
        ("x = v t + a t^2 / 2", "holds"),
        ("x = v t^2", "fails"),
        ("x = v t + a t", "fails"),
        (r"m \ddot x = - k x", "holds"),
        (r"m \dot x = - k x", "fails"),
        ("x = v t + q", "conditional"),
        (r"x = q p", "undecided"),
        (r"\frac{d^2 x}{d r^2} = a", "holds"),
        (r"\frac{d^2 x}{d r^2} = v", "fails"),
        (r"\frac{d^2 x}{d x^2} = a", "fails"),
        (r"v = f(x)", "conditional"),
        (r"x = f(x) + r f(v)", "fails"),
        (r"F = -\nabla U(x)", "holds"),
        (r"F = -\nabla U(x) x", "fails"),
        (r"m \ddot x = -k x + F(t)", "holds"),
        (r"m \dot x = -k x + F(t)", "fails"),
        (r"x = q t, \quad v = q t", "fails"),
    ],
)
def test_dimensions(tmp_path, formula, kind):
    hint = "dimension x: L, t: T, v: L/T, a: L T^-2, m: M, k: M/T^2, r: T, U: M L^2/T^2, F: M L/T^2"
    assert hinted(tmp_path, hint, formula).kind == kind


LAW = r"$$m \ddot x + \gamma \dot x = -k x \label{law}$$"


@pytest.mark.parametrize(
    ("hint", "formula", "kinds"),
    [
        ("limit m -> 0 of law", r"\gamma \dot x = -k x", ("holds", "conditional")),
        ("limit m -> 0 of law", r"\gamma \dot x = k x", ("fails",)),
        ("limit \\gamma -> 0 of law", r"m \ddot x = -k x", ("holds", "conditional")),
        ("limit \\gamma -> 0 of law", r"m \ddot x = -2 k x", ("fails",)),
    ],
)
def test_limits(tmp_path, hint, formula, kinds):
    assert hinted(tmp_path, hint, formula, LAW).kind in kinds


@pytest.mark.parametrize(
    ("hint", "formula", "kind"),
    [
        ("identity", "(a + b)^2 = a^2 + 2 a b + b^2", "holds"),
        ("identity", "(a + b)^2 = a^2 + a b + b^2", "fails"),
        ("identity", r"\frac{a^2 - b^2}{a - b} = a + b", "conditional"),
        ("identity", "x = x + c", "fails"),
        ("identity", "x = a + c", "undecided"),
        ("identity", "C(b) = (a - b)^2 = a^2 - 2 a b + b^2", "holds"),
        ("identity", "C(b) = (a - b)^2 = a^2 - a b + b^2", "fails"),
        ("identity", r"\sqrt{a^2} = a", "undecided"),
        ("identity; given a > 0", r"\sqrt{a^2} = a", "conditional"),
        ("define s = a + b; identity", "s^2 = a^2 + 2 a b + b^2", "holds"),
        ("define s = a + b; identity", "s^2 = a^2 + b^2", "fails"),
        ("identity", r"\sum_i a_i b_i = \sum_i a_i", "undecided"),
        ("identity", r"\tan^2 + 1 = \sec^2", "holds"),
        ("identity", r"\tan^2 + 1 = \csc^2", "fails"),
        ("identity", r"\sin^2 + \cos^2 = 1", "holds"),
        ("identity", r"\sin^2 + 2 \cos^2 = 1", "fails"),
        ("identity", r"\sin^2 + \cos^2 x = 1", "unread"),
        ("identity", r"\sin\cos = 1", "unread"),
        ("one coordinate", r"\sin^2 + \cos^2 = 1", "unread"),
        ("identity", r"\cot x = 1 / \tan x", "holds"),
        ("identity", r"\cot x = -1 / \tan x", "fails"),
        ("identity", r"\frac{d^2 x}{d x^2} = a", "unread"),
    ],
)
def test_identities(tmp_path, hint, formula, kind):
    assert hinted(tmp_path, hint, formula).kind == kind


def test_without_the_hint_a_single_equation_never_fails(tmp_path):
    assert entries(tmp_path, "$$(a + b)^2 = a^2 + a b + b^2$$")[0].kind == "undecided"


def test_an_identity_under_a_condition_that_does_not_suffice_names_it(tmp_path):
    found = hinted(tmp_path, "given a < 0; identity", r"\sqrt{a^2} = a")
    assert (found.kind, found.says) == (
        "undecided",
        "it holds in a region only, and was not shown under `given -a > 0`",
    )
    assert hinted(tmp_path, "given a > 0; identity", r"\sqrt{a^2} = a").kind in ("holds", "conditional")


# ------------------------------------------------------------------ other formulas


COST = r"$$C(b) = \frac{1}{n} (X b - y)^2 + \lambda b^2 \label{cost}$$"


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        (
            r"\nabla C(b) = \frac{2}{n} X (X b - y) + 2 \lambda b = 2 (X (X b - y)/n + \lambda b)",
            "conditional",
        ),
        (r"\nabla C(b) = S + 2 \lambda b = 2 (X (X b - y) + \lambda b)", "fails"),
        (r"\nabla C(b) = S + 2 \lambda b = 2 (X (X b - y) + \lambda b + K)", "undecided"),
    ],
)
def test_the_ends_of_a_chain_are_compared_with_the_line_that_it_follows_from(tmp_path, formula, kind):
    assert hinted(tmp_path, "from cost", formula, COST).kind == kind


@pytest.mark.parametrize(("factor", "kind"), [(r"\sqrt{s}", "conditional"), ("s", "fails")])
def test_definitions_in_the_notation_of_the_text(tmp_path, factor, kind):
    rule = r"$$\theta_t = \theta_{t-1} - \alpha \frac{m}{\sqrt{s} + \epsilon} \label{rule}$$"
    hint = r"define \Delta = \theta_{t-1} - \theta_t; define \epsilon = 0; from rule"
    assert hinted(tmp_path, hint, rf"\Delta = \alpha \frac{{m}}{{{factor}}}", rule).kind == kind


@pytest.mark.parametrize(("formula", "kind"), [("a = 2 b", "conditional"), ("a = 3 b", "fails")])
def test_a_hint_may_name_a_later_formula(tmp_path, formula, kind):
    text = f"<!-- physsym: from later -->\n$${formula}$$\n\n$$a = 2 b \\label{{later}}$$\n"
    assert entries(tmp_path, text)[0].kind == kind


def test_a_formula_does_not_follow_from_a_line_because_another_line_says_the_same(tmp_path):
    before = "$$f(x) = a x^2 - x^2$$\n\n$$g(x) = a x \\label{other}$$"
    assert hinted(tmp_path, "from other", "f(x) = a x^2 - x^2", before).kind == "undecided"


def test_lines_that_are_used_beside_the_one_that_a_hint_names_are_named(tmp_path):
    before = "$$s = a + b$$\n\n$$E = 2 s \\label{energy}$$"
    entry = hinted(tmp_path, "from energy", "E = 2 a + 2 b", before)
    assert entry.kind == "conditional"
    assert "lines 3, 1" in entry.says


def test_no_formula_follows_from_itself(tmp_path):
    with pytest.raises(ValueError, match="here is the formula itself"):
        entries(tmp_path, "<!-- physsym: from here -->\n$$a = 2 b \\label{here}$$\n")


def resting(*named, hint="from"):
    """Return a text of lines with labels 0, 1, ..., each with a hint that names a line, or without one."""
    lines = []
    for place, other in enumerate(named):
        comment = "" if other is None else f"<!-- physsym: {hint} eq:{other} -->\n"
        lines.append(f"{comment}$${place + 2} a = {2 * place + 4} b \\label{{eq:{place}}}$$\n")
    return "\n".join(lines)


@pytest.mark.parametrize("hint", ["from", "same as"])
@pytest.mark.parametrize(
    ("named", "rests_on_itself"),
    [
        ((1, 0), 1),
        ((1, 2, 0), 2),
        ((2, 0, 1), 2),
        ((3, 0, 1, 2), 3),
        # The last is no member of the ring.
        ((1, 0, 1), 1),
    ],
)
def test_in_a_ring_of_hints_one_line_is_undecided(tmp_path, named, rests_on_itself, hint):
    found = ps.audit(written(tmp_path, resting(*named, hint=hint))).entries
    assert [e.kind == "undecided" for e in found] == [p == rests_on_itself for p in range(len(named))]
    assert "rests on this line" in found[rests_on_itself].says
    assert [e.kind for e in found if e.kind != "undecided"] == ["conditional"] * (len(named) - 1)
    assert any(e.counts(strict=True) for e in found)


@pytest.mark.parametrize("named", [(1, None), (1, 2, None), (None, 0, 1), (2, 2, None)])
def test_hints_that_end_at_a_line_without_one_are_no_ring(tmp_path, named):
    found = ps.audit(written(tmp_path, resting(*named))).entries
    assert [e.kind for e, other in zip(found, named, strict=True) if other is not None] == ["conditional"] * (
        len(named) - 1
    )
    assert not any(e.counts(strict=True) for e in found)


def test_a_line_without_a_hint_does_not_rest_on_one_that_rests_on_it(tmp_path):
    text = "<!-- physsym: from later -->\n$$2 y = 4 z$$\n\n$$LINE \\label{later}$$\n"
    kinds = lambda line: [e.kind for e in ps.audit(written(tmp_path, text.replace("LINE", line))).entries]
    assert kinds("y = 2 z") == ["conditional", "definition"]
    assert kinds("3 y = 6 z") == ["conditional", "undecided"]
    assert kinds("3 y - 3 y = 6 z - 6 z") == ["undecided", "holds"]


def test_two_formulas_of_one_line_are_told_apart(tmp_path):
    """In a notebook on one line of the file all formulas stand on that line."""
    cell = "$$b = 2 a$$\n\n$$c = 2 b$$\n\n<!-- physsym: from 1:3 -->\n$$c = 4 a$$\n\n$$c = a + 3 a = 4 a$$"
    assert [e.kind for e in entries(tmp_path, notebook(cell), "notes.ipynb")][-2:] == ["conditional", "holds"]


@pytest.mark.parametrize(
    ("value", "formula", "kind"),
    [
        ("x = 2", "2 x = 4", "conditional"),
        ("x = 2", "2 x = 5", "fails"),
        ("x = a", "2 x = 2 a", "conditional"),
        ("f(1) = 2", "f(1)^2 = 4", "conditional"),
        ("x = 2,\\quad y = x + 1", "y = 3", "conditional"),
        ("x = 2,\\quad y = x + 1", "y = 4", "fails"),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("name", ["value", "line"])
def test_a_hint_may_name_a_special_value(tmp_path, value, formula, kind, behind, name):
    named = {"value": "value", "line": "4" if behind else "1"}[name]
    stated = f"$${value} \\label{{value}}$$\n"
    hint = f"<!-- physsym: from {named} -->\n$${formula}$$\n"
    found = entries(tmp_path, f"{hint}\n{stated}" if behind else f"{stated}\n{hint}")
    assert len(found) == 2
    assert found[0 if behind else 1].kind == kind


@pytest.mark.parametrize(
    ("formula", "says"),
    [(r"\frac{a", "was not read"), ("a > 2", "states no equation"), ("a + 2", "states no equation")],
)
def test_of_a_formula_without_an_equation_nothing_follows(tmp_path, formula, says):
    found = hinted(tmp_path, "from 1", "a = 3", f"$${formula}$$")
    assert found.kind == "undecided"
    assert f"line 1, which the hint names, {says}" in found.says


def test_of_a_formula_that_is_left_out_nothing_follows(tmp_path):
    found = hinted(tmp_path, "from it", "2 a = 6", "<!-- physsym: skip a sketch -->\n$$a = 3 \\label{it}$$")
    assert (found.kind, found.says) == ("undecided", "line 2, which the hint names, is left out")


SPREAD = "$$a = b$$\n\n$$\nc = d\n$$\n\n\\begin{align}\ne &= f \\\\\ng &= h\n\\end{align}\n\n"


@pytest.mark.parametrize("line", [1, 3, 4, 5, 7, 8, 9, 10])
def test_a_line_of_a_formula_is_one_with_the_signs_around_it(tmp_path, line):
    found = entries(tmp_path, f"{SPREAD}<!-- physsym: from {line} -->\n$$p = q$$\n")
    assert found[-1].says.startswith("it was not found how it follows from")


@pytest.mark.parametrize("line", [2, 6, 11, 12, 13, 99])
def test_a_line_without_a_formula_is_refused_with_the_lines_that_there_are(tmp_path, line):
    text = f"{SPREAD}<!-- physsym: from {line} -->\n$$p = q$$\n"
    with pytest.raises(ValueError, match=f"no other formula is at {line}; there are formulas at 1, 4, 7"):
        entries(tmp_path, text)


def test_an_unknown_label_is_refused_with_those_that_there_are(tmp_path):
    text = "$$a = b \\label{one}$$\n\n$$c = d \\label{two}$$\n\n<!-- physsym: from tow -->\n$$p = q$$\n"
    with pytest.raises(ValueError, match="label or the tag tow; there are one, two"):
        entries(tmp_path, text)


ROOTS = r"$$r = \frac12 (u + \sqrt{u^2 - 4 b}), \quad s = \frac12 (u - \sqrt{u^2 - 4 b}) \label{roots}$$"


@pytest.mark.parametrize(
    ("given", "formula", "kind"),
    [
        ("; given u^2 < 4 b", r"|r| = |s| = \frac12 \sqrt{u^2 + |u^2 - 4 b|} = \sqrt{b}", "conditional"),
        ("; given u^2 < 4 b", r"|r| = |s| = \sqrt{u^2 + |u^2 - 4 b|} = 2 \sqrt{b}", "fails"),
        ("; given u^2 < 4 b", r"|r| = \sqrt{b}", "conditional"),
        ("; given u^2 < 4 b", r"|s| = b", "fails"),
        ("; given u^2 > 4 b", r"|r| = \sqrt{b}", "undecided"),
        ("", r"|r| = \sqrt{b}", "undecided"),
    ],
)
def test_the_modulus_of_a_complex_root(tmp_path, given, formula, kind):
    assert hinted(tmp_path, f"from roots{given}", formula, ROOTS).kind == kind


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("f(x) = a x^2 / 2 - b x", "conditional"),
        ("f(x) = a x^2 / 2 - b x + c", "conditional"),
        ("f(x) = a x^2 - b x", "fails"),
        ("f(x) = a x^2 / 2 + b x", "fails"),
        ("f(x) = a x^2 / 2 - x^2", "fails"),
        ("f(x) = g(x)", "undecided"),
        ("h(x) = a x^2", "undecided"),
    ],
)
def test_a_function_beside_its_gradient(tmp_path, formula, kind):
    entry = hinted(tmp_path, r"define \nabla f(x) = a x - b; from nearest", formula)
    assert entry.kind == kind
    assert ("up to a constant" in entry.says) == (kind == "conditional")


@pytest.mark.parametrize("hint", ["same as 1", "from 1", "dimension a: L, b: L, f: L^2"])
@pytest.mark.parametrize(
    ("last", "fails"), [("a^2 + 2 a b + b^2", False), ("a^2 + a b + b^2", True), ("a^2 - 2 a b + b^2", True)]
)
def test_all_links_of_a_chain_count_whatever_a_hint_asks(tmp_path, hint, last, fails):
    entry = hinted(tmp_path, hint, f"f = (a + b)^2 = {last}", "$$f = (a + b)^2$$")
    assert (entry.kind == "fails") == fails
    assert fails or entry.kind in ("holds", "conditional")


OSCILLATOR = (
    r"$$m \frac{d^2 x}{dt^2} + b \frac{dx}{dt} + k x = 0 \label{law}$$"
    "\n\n"
    r"$$\tau = w t \label{time}$$"
)


@pytest.mark.parametrize(
    "hint",
    [
        r"define w = \sqrt{k/m}; define t = \tau/w; from law",
        r"define w = \sqrt{k/m}; from law, time",
    ],
)
@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        (r"\frac{d^2 x}{d\tau^2} + \frac{b}{m w} \frac{dx}{d\tau} + x(\tau) = 0", "conditional"),
        (r"\frac{d^2 x}{d\tau^2} + \frac{b}{m w} \frac{dx}{d\tau} - x(\tau) = 0", "fails"),
        (r"\frac{d^2 x}{d\tau^2} + \frac{b}{m} \frac{dx}{d\tau} + x(\tau) = 0", "fails"),
        (r"w \frac{d^2 x}{d\tau^2} + \frac{b}{m w} \frac{dx}{d\tau} + x(\tau) = 0", "fails"),
    ],
)
def test_a_law_in_scaled_time(tmp_path, hint, formula, kind):
    assert hinted(tmp_path, hint, formula, OSCILLATOR).kind == kind


# ------------------------------------------------------------------ what texts leave unsaid


def test_a_special_value_in_prose_defines_nothing(tmp_path):
    text = r"""
    The wave function vanishes at the ends, $\psi(r) = 0$.

    $$2 \psi(r) + b = b$$
    """
    assert entries(tmp_path, cleandoc(text))[-1].kind == "undecided"
    said = cleandoc(text).replace(r"$\psi(r) = 0$", r"$$\psi(r) = a - a + c$$").replace("+ b = b", "= 2 c")
    assert entries(tmp_path, said)[-1].kind in ("holds", "conditional")


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        (r"\sin(n\pi) = 0", "conditional"),
        (r"\cos(n\pi) = (-1)^n", "conditional"),
        (r"y = \sin(n\pi + x) = \cos(n\pi) \sin(x)", "conditional"),
        (r"y = \sin(n\pi + x) = -\cos(n\pi) \sin(x)", "fails"),
        (r"\sin(q\pi) = 0", "undecided"),
    ],
)
def test_letters_that_count(tmp_path, formula, kind):
    (entry,) = entries(tmp_path, f"$${formula}$$")
    assert entry.kind == kind
    assert ("n is a whole number" in entry.says) == (kind == "conditional")


def test_what_is_said_of_counting_letters_is_not_said_again(tmp_path):
    assert hinted(tmp_path, "given n whole", r"\sin(n\pi) = 0").kind == "holds"


@pytest.mark.parametrize(("value", "kind"), [("3", "conditional"), ("4", "fails")])
def test_a_value_at_a_number_follows_from_the_function(tmp_path, value, kind):
    entry = hinted(tmp_path, "from 5", f"h(1) = {value}", before=r"$$h(x) = x^2 + 2 x \tag{5}$$")
    assert entry.kind == kind


def test_a_letter_may_count_steps_and_be_differentiated_by(tmp_path):
    lines = (r"x(t+h) = x(t) + h x'(t) + O(h^2)", r"m_t = \beta m_{t-1} + g_t", r"m_t - g_t = \beta m_{t-1}")
    text = "\n\n".join(f"$${line}$$" for line in lines)
    assert not any("could not be judged" in entry.says for entry in entries(tmp_path, text))


OPAQUE = r"""# Signs

$$A^T A = |A|^2 = |A|$$

$$\frac{f(x+h) - f(x)}{h} = f'(x) + \mathcal{O}(h^2)$$

$$s = \sum_{i=1}^n \mathbf{r}_i = \sum_{i=1}^n \mathbf{r}_i + 1$$

$$\mathbb{E}[x] = \int_0^1 x \, dx = \lim_{x \to 0} \frac{x}{2} = 2 \lim_{x \to 0} \frac{x}{2}$$

$$\sin(x)^2 = 1 - \cos(x)^2 = \sin(x)^2 + \mathrm{Var}(x)$$

<!-- physsym: identity -->
$$\max_{x \in \mathbb{R}^n} f(x) + 1 = \max_{x \in \mathbb{R}^n} f(x)$$

$$\left\langle v \right\rangle = \begin{pmatrix} a & b \\ c & d \end{pmatrix} 
= \begin{cases} a & \text{if } b \\ c \end{cases}$$
"""


def test_no_reading_and_no_message_has_a_command_of_latex(tmp_path):
    found = entries(tmp_path, OPAQUE)
    assert {e.kind for e in found} >= {"fails", "undecided"}
    assert all(e.readings for e in found)
    said = [text for e in found for text in (e.says, *e.readings, *e.details)]
    assert not [text for text in said if "\\" in text]
    assert any("O(h**2)" in text for text in said)
