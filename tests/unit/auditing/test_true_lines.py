r"""Lines as lectures write them, which hold, beside the same lines with a sign, factor or exponent changed.

Each formula is read in the context of a small text of its own, as an audit reads it.
"""

import pytest

from physsym.auditing.judges import judged
from physsym.auditing.texts import Formula, Text

GOOD = {"holds", "conditional", "recognised"}


def audit(*formulas):
    """Return the entries of a text: formulas in LaTeX, or pairs of a heading and one."""
    found = []
    for line, item in enumerate(formulas, 1):
        heading, latex = item if isinstance(item, tuple) else ("", item)
        found.append(Formula(latex, line, headings=(heading,) if heading else ()))
    return list(judged(Text("notes.md", tuple(found))))


def last(*formulas):
    return audit(*formulas)[-1]


# ------------------------------------------------------------------ readings that the text decides

MENTION = ("f", r"f(x) = \frac{1}{2} x^2")


def test_a_function_that_is_mentioned_alone_is_no_factor():
    entry = last(*MENTION, r"f(x+\delta) = \frac{1}{2} x^2 + \delta x + \frac{1}{2} \delta^2")
    assert (entry.kind, entry.uses) == ("holds", (2,))


@pytest.mark.parametrize(
    "wrong", [r"\frac{1}{2} x^2 - \delta x + \frac{1}{2} \delta^2", r"\frac{1}{2} x^2 + \delta x + \delta^2"]
)
def test_a_wrong_value_at_a_shifted_argument_does_not_hold(wrong):
    assert last(*MENTION, rf"f(x+\delta) = {wrong}").kind not in GOOD


def test_a_letter_that_is_a_factor_elsewhere_is_read_both_ways():
    entry = last(r"f(x) = x^2", r"F = 3 f x", r"f(x+\delta) = x^2 + 2 \delta x + \delta^2")
    assert len(entry.readings) == 2


FLOW = (r"\dot\theta(t) = -\nabla L(\theta(t))", r"L(\theta)", r"\theta^\top\theta", r"b < L")


@pytest.mark.parametrize(
    "rate",
    [
        r"-\Vert\nabla L(\theta(t))\Vert^2",
        r"+\Vert\nabla L(\theta(t))\Vert^2",
        r"-2\Vert\nabla L(\theta(t))\Vert^2",
    ],
)
def test_a_name_with_a_dot_is_a_function_of_the_time_though_it_is_transposed(rate):
    entry = last(*FLOW, rf"\frac{{d}}{{dt}}L(\theta(t)) = \nabla L(\theta(t))^\top \dot\theta(t) = {rate}")
    assert len(entry.readings) == 1
    assert (entry.kind in GOOD) == rate.startswith(r"-\V")


# ------------------------------------------------------------------ the same in other words


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("s_{t-1} + (1-b)(g_t^2 - s_{t-1})", "holds"),
        ("s_{t-1} - (1-b)(g_t^2 - s_{t-1})", "definition"),
        ("s_{t-1} + (1-b)(g_t - s_{t-1})", "definition"),
    ],
)
def test_a_line_of_a_rule_in_other_words_under_another_heading(value, kind):
    entry = last(
        ("Average", r"s_t \leftarrow b s_{t-1} + (1-b) g_t^2"), ("Rewritten", rf"s_t \leftarrow {value}")
    )
    assert entry.kind == kind


def test_a_function_has_the_value_of_the_last_example():
    first, second = ("One", "f(x) = x^2"), ("Two", "f(x) = x^3")
    assert last(first, second, ("Two", "f(2 x) = 8 x^3")).kind in GOOD
    assert last(first, second, ("Two", "f(2 x) = 4 x^2")).kind not in GOOD


def test_a_root_of_a_function_is_not_its_value():
    assert last("f(x) = 0", "f(x + 1) = 0").kind not in GOOD


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (r"\frac{n}{n-1} \left(1-\frac1n\right)^n", True),
        (r"\frac{n}{n+1} \left(1-\frac1n\right)^n", False),
        (r"\frac{n}{n-1} \left(1-\frac1n\right)^{n+1}", False),
    ],
)
def test_a_binomial_coefficient_is_a_number(value, holds):
    entry = last(rf"{{n \choose 1}} \frac1n \left(1-\frac1n\right)^{{n-1}} = {value} \approx e^{{-1}}")
    assert (entry.kind in GOOD) == holds
