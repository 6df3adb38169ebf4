"""The assertions of physsym.testing: what passes, what fails, and what a failure shows."""

import re
import unittest
from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import Max, Symbol, exp, log, sqrt
from sympy import gamma as gamma_function

from derivations import gradient_descent, momentum
from physsym import (
    Derivation,
    Equation,
    Isolate,
    Update,
    after,
    before,
    damped_particle,
    dot,
    grad,
    law,
    rule,
)
from physsym.core.statements import one_step_map
from physsym.core.verdicts import Outcome, fails, undecided
from physsym.testing import (
    assert_derivation,
    assert_same_expression,
    assert_same_law,
    assert_same_rule,
    assertions,
    failures,
)
from physsym.testing.records import CONCLUDED
from physsym.vocabulary import G, U, eta, gamma, lam, m, rho, tau, u, v, x

TEXTBOOK = rule({u: rho * u - eta * G, x: x + after(u)})
DERIVED = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})


def failure(assertion, *given, **options):
    with pytest.raises(AssertionError) as found:
        assertion(*given, **options)
    return str(found.value)


def point_in(text):
    """The point that a message shows, as a mapping from names to fractions."""
    lines = re.search(r"^  at +(.*?)^ {13,}(?: *)actual  ", text, re.M | re.S)[1]
    pairs = " ".join(lines.split()).partition(" with ")[0].split(", ")
    return {name: Fraction(n) for name, n in (pair.split(" = ") for pair in pairs)}


@pytest.mark.parametrize(
    "same",
    [
        rule({x: x - eta * G + rho * u, u: after(x) - x}),
        rule({u: -eta * G + u * rho, x: rho * u - eta * G + x}),
        "u <- rho*u - eta*grad(x); x <- x + after(u)",
    ],
)
def test_the_same_rule_in_another_form_passes(same):
    assert_same_rule(same, TEXTBOOK)
    assert_same_rule(TEXTBOOK, same)


def test_an_update_a_derivation_and_a_text_stand_for_rules():
    assert_same_rule(Update(x, x - eta * G), "x <- x - eta*grad(x)")
    assert_same_rule(gradient_descent.derivation, Update(x, x - eta * G))
    assert "the rules are not the same" in failure(assert_same_rule, momentum.derivation, TEXTBOOK)


def test_a_failure_shows_both_rules_the_factored_difference_and_a_point():
    text = failure(assert_same_rule, DERIVED, TEXTBOOK)
    assert text.splitlines()[0] == "the rules are not the same"
    assert "actual      u <- rho*u - (1 - rho)*eta*grad(x)" in text
    assert "desired     u <- rho*u - eta*grad(x)" in text
    assert "difference  u: eta*rho*grad(x)\n              x: eta*rho*grad(x)" in text
    at = point_in(text)
    assert set(at) == {"eta", "rho", "u", "x"}
    slope = 1 + at["x"] ** 2  # of U(y) = y + y**3/3, as the message says
    new = at["rho"] * at["u"] - (1 - at["rho"]) * at["eta"] * slope, at["rho"] * at["u"] - at["eta"] * slope
    values = re.search(r"^ +u +(\S+) +(\S+)$", text, re.M)
    assert (Fraction(values[1]), Fraction(values[2])) == new
    assert new[0] != new[1]


@pytest.mark.parametrize(
    "facts", [{"positive": True}, {"negative": True}, {"integer": True, "positive": True}]
)
def test_the_point_has_the_declared_signs(facts):
    a, y = Symbol("a", **facts), Symbol("y", real=True)
    at = point_in(failure(assert_same_rule, rule({y: y / a}), rule({y: y / a**3})))
    assert (at["a"] > 0) is ("positive" in facts)
    assert at["a"].denominator == 1 or "integer" not in facts


def test_the_values_differ_at_the_point():
    for power in range(3, 8):
        text = failure(assert_same_expression, x**power, x ** (power % 3))
        assert point_in(text)["x"] not in (0, 1)
        values = re.search(r"actual +desired\n +(\S+) +(\S+)$", text)
        assert values[1] != values[2]


def test_whole_numbers_beyond_the_small_ones_are_tried():
    n = Symbol("n", integer=True, positive=True)
    text = failure(assert_same_expression, (n - 1) * (n - 2) * (n - 3) * (n - 5) * (n - 7), 0)
    assert point_in(text)["n"] > 3
    assert point_in(text)["n"].denominator == 1


def test_a_point_is_found_where_both_sides_are_defined():
    a = Symbol("a", positive=True)
    text = failure(assert_same_expression, log(a - 2), log(a) - 2)
    assert point_in(text)["a"] > 2
    assert re.search(r"\d+\.\d{6,}\.\.\.", text)


def test_a_failure_without_a_point_shows_what_the_engines_said():
    text = failure(assert_same_expression, gamma_function(x + 1), x * gamma_function(x))
    assert "actual      gamma(x + 1)" in text
    assert "evidence" in text


def test_a_function_by_cases_parts_at_a_point():
    text = failure(assert_same_expression, Max(x, 0), x - 1)
    assert "actual      Max(0, x)" in text
    assert point_in(text)["x"] is not None


def test_form_is_compared_only_where_it_is_asked_for():
    other = rule({u: rho * u - eta * G, x: x + rho * u - eta * G})
    assert_same_rule(TEXTBOOK, other)
    assert_same_rule(TEXTBOOK, TEXTBOOK, form=True)
    text = failure(assert_same_rule, TEXTBOOK, other, form=True)
    assert text.startswith("the rules are equal, but not of the same form")
    assert "x <- x + u+" in text
    assert "the rules are not the same" in failure(assert_same_rule, TEXTBOOK, DERIVED, form=True)


def test_other_states_are_shown_as_such():
    text = failure(assert_same_rule, rule({x: x - eta * G}), rule({v: v - eta * G}))
    assert "the states differ: x against v" in text


def test_two_symbols_of_one_name_are_noted():
    text = failure(assert_same_rule, rule({x: x - Symbol("eta") * G}), rule({x: x - eta * G}))
    assert "eta is two symbols: without assumptions in actual, positive in desired" in text


def test_a_text_is_read_with_the_symbols_of_the_other_side():
    own = Symbol("eta"), Symbol("kappa", positive=True)
    assert_same_rule(rule({x: x - own[0] * own[1] * G}), "x <- x - kappa*eta*grad(x)")
    assert_same_expression("kappa*eta", own[0] * own[1])
    assert_same_law("dot(x) = -kappa*eta*grad(x)", law({dot(x): -own[1] * own[0] * G}))


def test_laws_are_compared_up_to_order_and_sign():
    split = law({m * dot(v): -G - gamma * v, dot(x): v})
    assert_same_law(split, law({v: dot(x), G + gamma * v: -m * dot(v)}))
    assert_same_law(damped_particle, Equation(m * dot(dot(x)) + gamma * dot(x), -G))
    text = failure(assert_same_law, split, law({dot(x): v, m * dot(v): -G + gamma * v}))
    assert "difference  equation 1: 2*gamma*v" in text
    assert "equation 2" not in text
    assert "the numbers of equations are 1 and 2" in failure(assert_same_law, damped_particle.law(), split)
    assert "not of the same form" in failure(
        assert_same_law, damped_particle, law({-G: m * dot(dot(x)) + gamma * dot(x)}), form=True
    )


def test_expressions_are_compared_by_value():
    assert_same_expression((1 - eta * lam) ** 2, "1 - 2*eta*lam + eta**2*lam**2")
    assert_same_expression(sqrt(2) * sqrt(3), sqrt(6))
    assert_same_expression(Fraction(1, 2), "0.5")
    text = failure(assert_same_expression, exp(-x), exp(-2 * x))
    assert "the expressions are not the same" in text


@pytest.mark.parametrize(
    ("assertion", "given", "says"),
    [
        (assert_same_rule, (damped_particle.law(), TEXTBOOK), "expected a rule"),
        (assert_same_rule, ({x: x}, TEXTBOOK), "expected a rule"),
        (assert_same_rule, (TEXTBOOK, None), "expected a rule"),
        (assert_same_law, (TEXTBOOK, damped_particle), "expected a law"),
        (assert_same_expression, (0.5, x), "exact"),
        (assert_same_expression, ("x <- x", x), "expected an expression"),
        (assert_derivation, (TEXTBOOK,), "expected a Derivation"),
    ],
)
def test_what_cannot_be_compared_is_a_type_error(assertion, given, says):
    with pytest.raises(TypeError, match=says):
        assertion(*given)


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.HOLDS])
def test_nothing_but_a_verdict_that_holds_passes(monkeypatch, outcome):
    monkeypatch.setattr(assertions, "same_rule", lambda *_: replace(undecided("why"), outcome=outcome))
    monkeypatch.setattr(assertions, "same_law", lambda *_: replace(undecided("why"), outcome=outcome))
    monkeypatch.setattr(assertions, "identical", lambda *_: replace(undecided("why"), outcome=outcome))
    failure(assert_same_rule, TEXTBOOK, TEXTBOOK)
    failure(assert_same_law, damped_particle, damped_particle)
    failure(assert_same_expression, x, x)


def test_doubt_is_told_from_refutation(monkeypatch):
    monkeypatch.setattr(assertions, "identical", lambda *_: undecided("nobody knows"))
    text = failure(assert_same_expression, x, x + 0)
    assert text.splitlines()[0] == "it could not be decided whether the expressions are the same"
    assert "nobody knows" in text


@pytest.mark.parametrize("derivation", [gradient_descent.derivation, momentum.derivation, momentum.two_steps])
def test_a_derivation_that_holds_passes(derivation):
    assert_derivation(derivation)


def spoiled(k, **changes):
    steps = list(momentum.derivation.steps)
    steps[k] = replace(steps[k], **changes)
    return replace(momentum.derivation, steps=tuple(steps))


def test_a_wrong_line_of_a_derivation_is_shown():
    text = failure(assert_derivation, spoiled(-1, gives=TEXTBOOK))
    assert "the derivation 'Momentum' does not hold: 1 of 17 checks fail" in text
    assert "step 7" in text
    assert "Define(eta, dt/gamma, gamma)" in text
    assert "above       u <- rho*u - (1 - rho)*dt*grad(x)/gamma" in text
    assert "below       u <- rho*u - eta*grad(x)" in text
    assert "witness" in text


def test_a_step_that_gives_no_line_fails_and_those_after_it_are_unchecked():
    text = failure(assert_derivation, spoiled(2, move=Isolate(u), gives=None))
    assert "step 3" in text
    assert "u does not occur" in text
    assert text.count("unchecked") == 1


def test_a_derivation_without_steps_verifies_nothing():
    assert "no step was checked" in failure(assert_derivation, Derivation("", damped_particle.law(), ()))


def test_dimensions_and_assumptions_of_a_derivation_are_verified(monkeypatch):
    wrong = replace(momentum.derivation, start=law({m * dot(dot(x)): -G - gamma * x}), steps=())
    steps = gradient_descent.derivation.steps[:1]
    text = failure(assert_derivation, replace(wrong, steps=steps))
    assert "dimensions of line 0" in text
    monkeypatch.setattr(Derivation, "consistency", lambda self: fails("they contradict each other"))
    assert "assumptions" in failure(assert_derivation, gradient_descent.derivation)


def test_lines_are_not_too_wide_and_keep_their_columns():
    long = rule({x: sum(rho**k * grad(k * x + u) for k in range(12))})
    text = failure(assert_same_rule, long, rule({x: one_step_map(long)[x] + U}))
    assert max(map(len, text.splitlines())) <= failures.WIDTH + 2
    assert all(line.startswith("  ") for line in text.splitlines()[1:])


def test_it_reads_well_in_unittest():
    class Case(unittest.TestCase):
        def test(self):
            assert_same_rule(DERIVED, TEXTBOOK)

    result = unittest.TestResult()
    Case("test").run(result)
    ((_, text),) = result.failures
    assert "AssertionError: the rules are not the same\n  actual      u <- " in text


def test_what_was_concluded_is_counted():
    before_it = CONCLUDED.copy()
    assert_same_rule(TEXTBOOK, TEXTBOOK)
    failure(assert_same_rule, TEXTBOOK, DERIVED)
    new = {(kind, outcome): n for (kind, outcome, _), n in (CONCLUDED - before_it).items()}
    assert new == {("rule", "holds"): 1, ("rule", "fails"): 1}


def test_a_recurrence_is_compared_with_its_memory():
    by_hand = rule({x: (1 + rho) * x - rho * before(x) - (1 - rho) * eta * G})
    assert_same_rule(momentum.two_steps, by_hand)
    assert "difference  x: " in failure(
        assert_same_rule, momentum.two_steps, rule({x: x - eta * grad(before(x))})
    )
    assert tau not in one_step_map(by_hand)


def test_an_equation_times_a_constant_is_noted():
    divided, whole = law({dot(x): -G / gamma}), law({gamma * dot(x): -G})
    says = "note        equation 1 of actual multiplied by {} is equation 1 of desired"
    assert says.format("gamma") in failure(assert_same_law, divided, whole)
    assert says.format("1/gamma") in failure(assert_same_law, whole, divided)
    assert says.format("-2*gamma/m") in failure(
        assert_same_law, law({m * dot(x): x}), law({-2 * gamma * dot(x): -2 * gamma * x / m})
    )
    pair = law({dot(v): -G / m, dot(x): v})
    assert "equation 1 of actual multiplied by m is equation 2 of desired" in failure(
        assert_same_law, pair, law({dot(x): v, m * dot(v): -G})
    )


@pytest.mark.parametrize(
    "other",
    [law({x * dot(x): -G * x / gamma}), law({dot(x): -G}), law({lam * dot(x): -G * x}), law({dot(x): 0})],
)
def test_what_is_no_constant_multiple_is_not_noted(other):
    assert "multiplied by" not in failure(assert_same_law, law({dot(x): -G / gamma}), other)


def test_titles_cannot_colour_a_message():
    step = replace(momentum.derivation.steps[0], says="red\x1b[31m", gives=law({dot(x): v}))
    spoiled = replace(
        momentum.derivation, title="one\ntwo\x1b[2J", steps=(step, *momentum.derivation.steps[1:])
    )
    text = failure(assert_derivation, spoiled)
    assert "\x1b" not in text
    assert "red\\x1b[31m" in text
    assert "one\\ntwo\\x1b[2J" in text
