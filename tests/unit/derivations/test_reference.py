"""The rules against the optimizers as a person writes them: as formulas, and bit for bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import expand

from derivations.book import reference
from physsym.core import statements
from physsym.core.statements import one_step_map, rule
from physsym.core.symbols import after, before, grad
from physsym.runtime import optimizer
from physsym.runtime.backends import lambdify
from physsym.runtime.potentials import problem
from physsym.testing import assert_optimizer
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.tiers import examples

RULES = {
    "gradient_descent": rule({x: x - eta * G}),
    "heavy_ball": rule({u: rho * u - eta * G, x: x + after(u)}),
    "heavy_ball_with_dampening": rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}),
    "nesterov": rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}),
}
SPOILED = {
    "gradient_descent": [
        rule({x: x + eta * G}),
        rule({x: x - eta * grad(x - eta * G)}),
        rule({x: x / 2 - eta * G}),
    ],
    "heavy_ball": [
        RULES["heavy_ball_with_dampening"],
        RULES["nesterov"],
        rule({u: rho * u - eta * G, x: x + u}),
        rule({x: x + u, u: rho * u - eta * grad(after(x))}),
        rule({u: (1 + rho) * u - eta * G, x: x + after(u)}),
    ],
    "heavy_ball_with_dampening": [
        RULES["heavy_ball"],
        rule({u: rho * u - rho * eta * G, x: x + after(u)}),
        rule({u: rho * u + (rho + 1) * eta * G, x: x + after(u)}),
    ],
    "nesterov": [
        RULES["heavy_ball"],
        rule({u: rho * u - eta * grad(x - rho * u), x: x + after(u)}),
        rule({u: rho * u - eta * grad(x + u), x: x + after(u)}),
    ],
}
WRONG = [(name, wrong) for name, rules in SPOILED.items() for wrong in rules]
SETTINGS = {  # eta, rho: both converge
    "valley": (0.02, 0.8),
    "rosenbrock": (2e-4, 0.8),
    "logistic": (0.5, 0.8),
}
STEPS = 1_000


def parameters(name, learning_rate, momentum):
    return {"eta": learning_rate} if name == "gradient_descent" else {"eta": learning_rate, "rho": momentum}


def by_hand(name, start, gradient, steps, **parameters):
    step = getattr(reference, name)
    state = (start,) if name == "gradient_descent" else (0 * start, start)
    for _ in range(steps):
        state = step(*state, gradient, **parameters)
    return state


def derived(stated, start, gradient, steps, backend="numpy", **parameters):
    made = optimizer(stated, backend=backend, **parameters)
    state = made.init(start)
    for _ in range(steps):
        state = made.step(state, gradient)
    return tuple(state[str(s)] for s in stated.targets)


def canonical(expression):
    """Multiply out, inside the places of gradients too."""
    return expand(expand(expression).replace(grad, lambda place: grad(expand(place))))


def is_handwritten(stated, name):
    """Whether a rule is the hand-written step as a formula: the hand-written code is called with symbols."""
    symbols = parameters(name, eta, rho)
    states = (x,) if name == "gradient_descent" else (u, x)
    if stated.targets and set(stated.targets) != set(states):
        return False
    written = dict(zip(states, getattr(reference, name)(*states, grad, **symbols), strict=True))
    return all(canonical(written[s] - value) == 0 for s, value in one_step_map(stated).items())


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_the_handwritten_step_as_a_formula(name):
    assert is_handwritten(RULES[name], name)


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_a_spoiled_rule_is_not_the_handwritten_step_as_a_formula(name, wrong):
    assert not is_handwritten(wrong, name)


@pytest.mark.parametrize("name", RULES)
def test_the_handwritten_step_follows_the_rule(name):
    assert_optimizer(getattr(reference, name), RULES[name], names={"w": x})


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_the_handwritten_step_does_not_follow_a_spoiled_rule(name, wrong):
    with pytest.raises(AssertionError, match="the callable"):
        assert_optimizer(getattr(reference, name), wrong, names={"w": x})


@pytest.mark.parametrize("name", RULES)
def test_the_compiled_step_called_with_symbols_is_the_handwritten_step(name):
    stated, symbols = RULES[name], parameters(name, eta, rho)
    made = lambdify(stated, backend="python")(*stated.targets, grad, **symbols)
    written = getattr(reference, name)(*stated.targets, grad, **symbols)
    assert [canonical(a - b) for a, b in zip(made, written, strict=True)] == [0] * len(written)


@pytest.mark.parametrize("where", SETTINGS)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_runs_like_the_handwritten_step_bit_for_bit(name, where):
    tried, chosen = problem(where), parameters(name, *SETTINGS[where])
    start = np.array(tried.start)
    made = derived(RULES[name], start, tried.gradient, STEPS, **chosen)
    written = by_hand(name, start, tried.gradient, STEPS, **chosen)
    for ours, theirs in zip(made, written, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert tried.value(made[-1]) < tried.value(start)  # the run converges: it compares no infinities


@pytest.mark.parametrize("where", SETTINGS)
@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_a_spoiled_rule_runs_otherwise(name, wrong, where):
    tried, chosen = problem(where), parameters(name, *SETTINGS[where])
    start = np.array(tried.start)
    wanted = {str(s): chosen[str(s)] for s in statements.parameters(wrong)}
    made = derived(wrong, start, tried.gradient, 10, **wanted)
    written = by_hand(name, start, tried.gradient, 10, **chosen)
    assert not np.allclose(made[wrong.targets.index(x)], written[-1], rtol=1e-9, atol=0)


@pytest.mark.parametrize("where", ["valley", "logistic"])
def test_momentum_as_a_recurrence_of_two_steps_agrees_to_rounding(where):
    tried, chosen = problem(where), parameters("heavy_ball", *SETTINGS[where])
    start = np.array(tried.start)
    recurrence = rule({x: x - eta * G + rho * (x - before(x))})
    (made,) = derived(recurrence, start, tried.gradient, STEPS, **chosen)
    _, written = by_hand("heavy_ball", start, tried.gradient, STEPS, **chosen)
    scale = np.abs(start).max() or np.abs(written).max()
    np.testing.assert_allclose(made, written, rtol=1e-12, atol=1e-12 * scale)


curvatures = st.lists(
    st.fractions(min_value=Fraction(1, 50), max_value=20, max_denominator=50), min_size=1, max_size=4
)
momenta = st.fractions(min_value=0, max_value=Fraction(9, 10), max_denominator=20)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=examples(10), deadline=None)
@given(stiffness=curvatures, momentum=momenta)
def test_on_random_quadratics_the_runs_are_equal(name, stiffness, momentum):
    lam = np.array(stiffness, dtype=float)
    chosen = parameters(name, float(1 / max(stiffness)), float(momentum))
    start = np.linspace(1, 2, len(stiffness))
    made = derived(RULES[name], start, lambda w: lam * w, STEPS, **chosen)
    written = by_hand(name, start, lambda w: lam * w, STEPS, **chosen)
    for ours, theirs in zip(made, written, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=examples(20), deadline=None)
@given(stiffness=st.fractions(min_value=-20, max_value=20, max_denominator=50), momentum=momenta)
def test_on_random_quadratics_the_runs_in_fractions_are_equal(name, stiffness, momentum):
    chosen = parameters(name, Fraction(1, 7), momentum)
    made = derived(RULES[name], Fraction(3, 5), lambda w: stiffness * w, 12, backend="python", **chosen)
    assert made == by_hand(name, Fraction(3, 5), lambda w: stiffness * w, 12, **chosen)
    assert all(isinstance(value, Fraction) for value in made)
