"""What judges are made of: each helper says yes, says no, and owns up to what it does not know."""

import pytest
from sympy import Integer, Rational, Symbol, exp, log, oo, pi, sqrt

from physsym import Condition, Hypothesis, Limit, Outcome
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.claims import (
    add_evidence,
    all_named,
    approx_equal,
    check_limit,
    conditional,
    eventually,
    holds_exactly,
    is_decreasing,
    is_increasing,
    positive,
    undecidable,
)
from physsym.core.verdicts import fails, holds
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, x

a = Symbol("a", positive=True)


def test_conditions_go_with_what_holds_only():
    premise = Hypothesis("friction is viscous")
    assert conditional(holds("seen"), premise).outcome is Outcome.CONDITIONAL
    assert conditional(holds("seen"), premise).assumes == (premise,)
    assert conditional(fails("not so"), premise) == fails("not so")
    assert add_evidence(fails("not so"), "more").evidence == ("not so", "more")
    assert undecidable("no formula").outcome is Outcome.UNDECIDABLE


@pytest.mark.parametrize(
    ("expression", "conditions"),
    [
        (eta * lam**2 * x**2 * (2 - eta * lam) / 2, [(2 - eta * lam, "> 0"), (x, "!= 0")]),
        (a / (1 - rho), [(1 - rho, "> 0")]),
        (1 / (1 - rho) ** 2, [(rho - 1, "!= 0")]),
        (a + eta, []),
        (-a, [(Integer(-1), "> 0")]),
        (Integer(0), [(Integer(0), "> 0")]),
    ],
)
def test_an_expression_is_positive_under_conditions(expression, conditions):
    found = {
        (c.expression.expand() ** (2 if c.relation == "!= 0" else 1), c.relation)
        for c in positive(expression)
    }
    assert found == {(e.expand() ** (2 if r == "!= 0" else 1), r) for e, r in conditions}
    assert all(isinstance(c, Condition) for c in positive(expression))


def _up_to_sign(condition):
    power = 2 if condition.relation == "!= 0" else 1
    return (condition.expression**power).expand(), condition.relation


@pytest.mark.parametrize(
    ("expression", "limit", "to", "outcome"),
    [
        (1 - dt / tau, Limit(tau), -oo, Outcome.HOLDS),
        (1 - dt / tau, Limit(tau), oo, Outcome.FAILS),
        (1 - dt / tau, Limit(tau, oo), Integer(1), Outcome.HOLDS),
        (1 - dt / tau, Limit(tau, oo), Integer(0), Outcome.FAILS),
        (1 - dt / tau, Limit(tau, oo), oo, Outcome.FAILS),
        (gamma**2 / m, Limit(gamma, oo), oo, Outcome.HOLDS),
        (exp(-dt / tau), Limit(tau), Integer(0), Outcome.HOLDS),
        (rho / m, Limit(m), oo, Outcome.UNDECIDABLE),
    ],
)
def test_a_quantity_tends_where_it_is_said_to_or_not(expression, limit, to, outcome):
    assert check_limit(expression, limit, to).outcome is outcome


@pytest.mark.parametrize("given", [(1, Limit(m), 0.5), (1.5, Limit(m), 1), (m, m, 0), (m, None, 0)])
def test_a_limit_is_asked_of_exact_expressions(given):
    with pytest.raises(TypeError, match=r"expected (an exact expression|a limit such as Limit\(tau, 0\))"):
        check_limit(*given)


def test_whole_numbers_are_expressions():
    assert check_limit(1 - dt / tau, Limit(tau, oo), 1)


def test_a_region_is_exact_or_too_small_or_too_large():
    claimed = [Condition(eta * lam * (2 - eta * lam), "> 0")]
    for bound, outcome in ((2, Outcome.HOLDS), (1, Outcome.FAILS), (3, Outcome.FAILS)):
        verdict = holds_exactly(claimed, [Condition(bound - eta * lam, "> 0")])
        assert verdict.outcome is outcome
        assert bool(verdict.witness) is (outcome is Outcome.FAILS)
    only = holds_exactly([Condition(1 - rho, "> 0")], [Condition(1 - rho**2, "> 0")], [Condition(rho, "> 0")])
    assert only
    assert not holds_exactly([Condition(1 - rho, "> 0")], [Condition(1 - rho**2, "> 0")])


@pytest.mark.parametrize(
    ("condition", "limit", "outcome"),
    [
        (2 - eta * lam, Limit(eta), Outcome.HOLDS),
        (2 - eta * lam, Limit(eta, oo), Outcome.FAILS),
        (4 * m * lam - gamma**2, Limit(m, oo), Outcome.HOLDS),
        (4 * m * lam - gamma**2, Limit(gamma), Outcome.HOLDS),
        (4 * m * lam - gamma**2, Limit(m), Outcome.FAILS),
        (1 / tau - 1 / tau**2, Limit(tau, oo), Outcome.HOLDS),
        (1 / tau - 1 / tau**2, Limit(tau), Outcome.FAILS),
        (dt - rho * dt**2, Limit(dt), Outcome.HOLDS),
        (1 - rho - dt, Limit(dt), Outcome.CONDITIONAL),
    ],
)
def test_a_tendency_is_decided_by_the_leading_coefficient(condition, limit, outcome):
    assert eventually([Condition(condition, "> 0")], limit).outcome is outcome


def test_a_tendency_may_be_one_in_a_domain_only():
    condition = [Condition(1 - rho - dt, "> 0")]
    assert eventually(condition, Limit(dt), [Condition(1 - rho, "> 0")])
    with pytest.raises(AnalysisError, match="expected a limit to 0 or to oo, given dt -> 1"):
        eventually(condition, Limit(dt, Integer(1)))
    with pytest.raises(AnalysisError, match="expected conditions of the form expression > 0"):
        eventually([Condition(dt, ">= 0")], Limit(dt))


def test_monotone_quantities():
    assert is_decreasing(G / m, m)
    assert is_increasing(eta * G, eta)
    for wrong in (is_decreasing(G * m, m), is_increasing(G / m, m), is_increasing(G, m), is_decreasing(G, m)):
        assert wrong.outcome is Outcome.FAILS
    assert is_increasing(m - rho, m).outcome is Outcome.UNDECIDABLE


def test_numbers_that_are_equal_near_or_neither():
    third = Rational(1, 3)
    assert approx_equal(sqrt(2) ** 2 * third, 2 * third, Integer(0))
    assert approx_equal(Rational(9, 10) ** 10, exp(-1), Rational(1, 10)).outcome is Outcome.APPROXIMATE
    assert approx_equal(Rational(22, 7), pi, Rational(1, 10**4)).outcome is Outcome.FAILS
    assert approx_equal(Rational(22, 7), pi, Rational(1, 10**3)).outcome is Outcome.APPROXIMATE
    assert approx_equal(-log(2), log(2), Rational(1, 2)).outcome is Outcome.FAILS
    assert approx_equal(Rational(1, 10**9), Integer(0), Rational(1, 2)).outcome is Outcome.FAILS
    assert approx_equal(sqrt(2) ** 2 - 2, Integer(0), Rational(1, 2))


def test_joined_verdicts_keep_their_names_and_the_worst_counts():
    joined = all_named([("first", holds("seen")), ("second", fails("not so"))])
    assert joined.outcome is Outcome.FAILS
    assert joined.evidence == ("second: not so",)
