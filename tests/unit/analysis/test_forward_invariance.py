"""Sets that are never left: against orbits that start in them, and sets that are left."""

import random
from fractions import Fraction

import pytest
from sympy import Symbol

from physsym import after, law, rule
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.quantified import is_forward_invariant
from physsym.core.statements import rewritten
from physsym.core.verdicts import Condition, Outcome
from physsym.vocabulary import G, eta, lam, rho, u, x

descent = rule({x: x - eta * G})
heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
p, q, steepness = (Symbol(name, positive=True) for name in ("p", "q", "steepness"))
by_multipliers = rewritten(heavy_ball, lambda e: e.xreplace({rho: p * q, eta: (1 - p) * (1 - q) / steepness}))
ordered = [Condition(1 - p, "> 0"), Condition(p - q, ">= 0")]
cone = [Condition(x, "> 0"), Condition(-u, ">= 0"), Condition(p * u + (1 - p) * x, ">= 0")]


def test_momentum_with_positive_multipliers_never_leaves_its_cone():
    assert is_forward_invariant(by_multipliers, cone, ordered, steepness)


@pytest.mark.parametrize("seed", range(8))
def test_orbits_written_by_hand_stay_in_the_cone(seed):
    chance = random.Random(seed)
    low, high = sorted(Fraction(chance.randint(1, 98), 99) for _ in range(2))
    v, w = Fraction(0), Fraction(1)
    for _ in range(60):
        v = high * low * v - (1 - high) * (1 - low) * w
        w += v
        assert w > 0
        assert v <= 0 <= high * v + (1 - high) * w


def test_a_wider_cone_and_multipliers_above_one_are_left():
    slack = [*cone[:2], Condition(2 * p * u + (1 - p) * x, ">= 0")]
    found = is_forward_invariant(by_multipliers, slack, ordered, steepness)
    assert found.outcome is Outcome.FAILS
    assert found.witness
    below_one = [Condition(1 - p, "> 0")]
    assert is_forward_invariant(by_multipliers, cone, below_one, steepness).outcome is Outcome.FAILS


def test_a_quadratic_that_falls_bounds_all_orbits():
    level = Symbol("level", positive=True)
    inside = [Condition(level - x**2, ">= 0")]
    assert is_forward_invariant(descent, inside, [Condition(2 - eta * lam, "> 0")])
    assert is_forward_invariant(descent, inside, [Condition(3 - eta * lam, "> 0")]).outcome is Outcome.FAILS


def test_contradictory_assumptions_prove_nothing():
    never = [Condition(1 - eta, "> 0"), Condition(eta - 2, "> 0")]
    assert is_forward_invariant(descent, [Condition(x - 1, "> 0")], never).outcome is Outcome.UNDECIDABLE


def test_what_is_no_rule_or_says_nothing_is_refused():
    with pytest.raises(TypeError, match="rule"):
        is_forward_invariant(law({x: lam}), [Condition(x, "> 0")])
    with pytest.raises(AnalysisError, match="no condition"):
        is_forward_invariant(descent, [])
