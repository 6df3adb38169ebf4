"""Implications at points: what holds has no counterexample among many; what fails has the one it names."""

import itertools
import math

import pytest
from sympy import Symbol, exp, lambdify, log, sin, sqrt

from physsym.core.verdicts import Condition, Outcome
from physsym.verify.domains import defined
from physsym.verify.implication import follows_where_defined, repaired

x, y, a = (Symbol(name, real=True) for name in "xya")
GRID = [-3, -2, -1.5, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5, 2, 3, math.e, 10]
RELATIONS = {"> 0": lambda n: n > 1e-12, ">= 0": lambda n: n > -1e-12, "= 0": lambda n: abs(n) < 1e-12}


def positive(e):
    return Condition(e, "> 0")


def zero(e):
    return Condition(e, "= 0")


def at_points(premise, conclusion, more=()):
    """Return whether no point of a grid satisfies a premise and not a conclusion, both defined there."""
    symbols = sorted({s for c in (*premise, *conclusion, *more) for s in c.expression.free_symbols}, key=str)

    def holds(c, at):
        return RELATIONS[c.relation](lambdify(symbols, c.expression, "math")(*at))

    for at in itertools.product(GRID, repeat=len(symbols)):
        try:
            if all(holds(c, at) for c in (*premise, *more)) and not all(holds(c, at) for c in conclusion):
                return False
        except (ValueError, ZeroDivisionError):
            continue
    return True


CASES = [
    ([positive(2 - x)], [positive(log(2) - log(x))]),
    ([positive(y - x)], [positive(exp(y) - exp(x))]),
    ([positive(y - x)], [positive(y + exp(y) - x - exp(x))]),
    ([positive(log(y) - log(x))], [positive(y - x)]),
    ([positive(log(y) - x)], [positive(y - exp(x))]),
    ([positive(y - exp(x))], [positive(log(y) - x)]),
    ([positive(y - x)], [positive(sqrt(y) - sqrt(x))]),
    ([positive(x), positive(y - x)], [positive(1 / x - 1 / y)]),
    ([], [Condition(exp(x) - 1 - x, ">= 0")]),
    ([], [Condition(1 - sin(x), ">= 0")]),
    ([zero(x - 2)], [zero(x**2 - 4)]),
    ([positive(log(x) - 1)], [positive(x - 2)]),
]


@pytest.mark.parametrize(("premise", "conclusion"), CASES)
def test_what_follows_has_no_counterexample_on_a_grid(premise, conclusion):
    verdict = follows_where_defined([premise], [conclusion])
    assert verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    assert at_points(premise, conclusion)


@pytest.mark.parametrize(("premise", "conclusion"), CASES)
def test_what_is_turned_around_does_not_follow(premise, conclusion):
    turned = [
        Condition(-c.expression, "> 0") if c.relation != "= 0" else Condition(c.expression, "!= 0")
        for c in conclusion
    ]
    verdict = follows_where_defined([premise], [turned])
    assert verdict.outcome in (Outcome.FAILS, Outcome.UNDECIDABLE)


def test_what_defines_a_conclusion_is_named_but_not_what_follows():
    verdict = follows_where_defined([[positive(y - x)]], [[positive(log(y) - log(x))]])
    assert verdict.assumes == (positive(x),)
    assert positive(y) in defined(log(y))


def test_a_premise_with_two_cases_needs_both():
    either = [[zero(x - 2)], [zero(x + 2)]]
    assert follows_where_defined(either, [[zero(x**2 - 4)]])
    assert follows_where_defined(either, [[zero(x - 2)]]).outcome is Outcome.FAILS
    assert follows_where_defined([[zero(x**2 - 4)]], either)


def test_a_premise_that_cannot_hold_proves_nothing():
    verdict = follows_where_defined([[positive(x), positive(-x)]], [[zero(x - 5)]])
    assert verdict.outcome is Outcome.UNDECIDABLE


def test_a_repair_is_one_under_which_it_follows():
    premise, conclusion = [[positive(x**2 - 4)]], [[positive(x - 2)]]
    candidates = [(positive(-x),), (positive(x),)]
    assert repaired(premise, conclusion, (), (), candidates) == (positive(x),)
    assert at_points(premise[0], conclusion[0], (positive(x),))
    assert repaired(premise, conclusion, (), (), candidates[:1]) == ()
