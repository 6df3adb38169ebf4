"""Rules whose first step has a law of its own: as one rule that counts, and taken apart again."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Eq, Ne, Piecewise, Symbol

import physsym as ps
from physsym import after, rule
from physsym.core.statements import as_rule, with_first_step
from physsym.optimizers import Lifted
from physsym.optimizers.first_steps import split_first_step
from physsym.vocabulary import G, eta, rho, u, x

k = Symbol("k", real=True)
LATER = rule({u: rho * u + (1 - rho) * G, x: x - eta * after(u)}, start={u: 0})
FIRST = rule({u: G, x: x - eta * after(u)})


def by_hand(weights, gradient, steps, lr, mu):
    buffer = None
    for _ in range(steps):
        g = gradient(weights)
        buffer = g if buffer is None else mu * buffer + (1 - mu) * g
        weights = weights - lr * buffer
    return weights


def test_the_first_step_is_run_as_it_is():
    descent = ps.optimizer(Lifted(LATER, first=FIRST), eta=0.1, rho=0.8)
    state = descent.init(np.array([1.0, -2.0]))
    for _ in range(6):
        state = descent.step(state, lambda w: w**3 + 1)
    want = by_hand(np.array([1.0, -2.0]), lambda w: w**3 + 1, 6, 0.1, 0.8)
    np.testing.assert_allclose(state["x"], want, rtol=1e-14)


def test_without_a_law_of_the_first_step_nothing_is_added():
    assert as_rule(Lifted(LATER)) == LATER


def test_a_first_step_that_updates_in_another_order_and_leaves_a_state():
    later = rule({u: u + G, x: x - eta * after(u)}, start={u: 0})
    whole = as_rule(Lifted(later, first=rule({x: x - G})))
    assert str(whole.updates[0]) == "u <- Piecewise((u, Eq(k, 0)), (u + grad(x), True))"
    assert str(whole.updates[1]) == "x <- Piecewise((x - grad(x), Eq(k, 0)), (x - eta*u+, True))"


def test_joined_and_taken_apart():
    rest, first = split_first_step(with_first_step(LATER, FIRST))
    assert [u for u in rest.updates if u.target != k] == list(LATER.updates)
    assert [u for u in first.updates if u.target != k] == list(FIRST.updates)


@pytest.mark.parametrize("condition", [Eq(after(k), 1), Ne(after(k), 1), k < 1, after(k) <= 1, k > 0])
def test_the_first_step_told_apart_in_other_words(condition):
    early = condition.subs({k: 0, after(k): 1}) == True  # noqa: E712  (a value of SymPy)
    values = (G, rho * u + (1 - rho) * G)
    one, other = values if early else values[::-1]
    counted = rule(
        {k: k + 1, u: Piecewise((one, condition), (other, True)), x: x - eta * after(u)}, start={k: 0, u: 0}
    )
    rest, first = split_first_step(counted)
    assert {w.target: w.value for w in first.updates}[u] == G
    assert {w.target: w.value for w in rest.updates}[u] == rho * u + (1 - rho) * G
    assert ps.equivalent(counted, Lifted(LATER, first=FIRST))
    assert not ps.equivalent(counted, LATER)


@pytest.mark.parametrize("condition", [Eq(k, 1), k < 2, G > 0])
def test_what_tells_more_than_the_first_step_apart_is_left(condition):
    counted = rule(
        {k: k + 1, u: Piecewise((G, condition), (rho * u + G, True)), x: x - eta * after(u)}, start={k: 0}
    )
    assert split_first_step(counted) == (counted, None)


def test_a_counter_that_starts_elsewhere_is_no_first_step():
    counted = rule({k: k + 1, x: Piecewise((x - G, Eq(k, 0)), (x - eta * G, True))}, start={k: 3})
    assert split_first_step(counted) == (counted, None)
