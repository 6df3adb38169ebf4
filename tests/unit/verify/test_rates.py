"""Integration of laws whose rates are sines, exponentials, logarithms and roots: each method at its order."""

import math
from fractions import Fraction

import pytest
from scipy.integrate import solve_ivp
from sympy import Rational, Symbol, atan, cos, exp, lambdify, log, sin, sqrt, tan, tanh

from physsym import Integrate, System, apply, check, dot, law, rule
from physsym.core.statements import Update, one_step_map, rewritten
from physsym.core.verdicts import Outcome
from physsym.integrators import (
    explicit_midpoint,
    forward_euler,
    heun,
    runge_kutta_4,
    semi_implicit_euler,
    ssp33,
    velocity_verlet,
)
from physsym.mechanics.moves import Isolate, ReduceOrder
from physsym.vocabulary import dt, gamma, m, v, x
from tests.support.tiers import in_turn

ONE_STEP = (forward_euler, explicit_midpoint, heun, ssp33, runge_kutta_4)
ALL = (*ONE_STEP, semi_implicit_euler, velocity_verlet)
g, f = (Symbol(name, positive=True) for name in "gf")
pendulum = law({dot(x): v, dot(v): -g * sin(x)})
RATES = {
    "sin": sin(x),
    "cos of a multiple": cos(2 * x + g) / 3,
    "tan": tan(x / 3),
    "exp": exp(-x / f),
    "tanh": tanh(x),
    "log": log(2 + x**2),
    "atan": atan(x) * sin(x),
    "product": g * sin(x) * exp(-(x**2)),
}


@pytest.mark.parametrize("method", ALL, ids=lambda m: m.name)
def test_the_pendulum_is_integrated_at_the_declared_order(method):
    move = Integrate(method, dt)
    verdict = check(move, pendulum, apply(move, pendulum))
    assert verdict, verdict
    assert verdict.error.exponent == method.order


def test_the_pendulum_from_its_lagrangian():
    swinging = System((x,), m * dot(x) ** 2 / 2 + m * g * cos(x), m * gamma * dot(x) ** 2 / 2).law()
    line = apply(Isolate(dot(v)), apply(ReduceOrder(x, v), swinging))
    move = Integrate(semi_implicit_euler, dt)
    assert check(move, line, apply(move, line))


@pytest.mark.parametrize("method", ALL, ids=lambda m: m.name)
@pytest.mark.parametrize("spoil", [sin(x), dt * cos(x), dt**2 * x, v * dt / 7], ids=str)
def test_a_spoiled_pendulum_fails(method, spoil):
    move = Integrate(method, dt)
    below = apply(move, pendulum)
    last = below.updates[-1]
    spoiled = type(below)((*below.updates[:-1], Update(last.target, last.value + spoil)))
    assert check(move, pendulum, spoiled).outcome is Outcome.FAILS


@pytest.mark.parametrize(("name", "method"), in_turn(RATES, ONE_STEP), ids=lambda s: getattr(s, "name", s))
def test_each_method_has_its_order_with_any_smooth_rate(method, name):
    move, above = Integrate(method, dt), law({dot(x): RATES[name]})
    verdict = check(move, above, apply(move, above))
    if verdict.outcome is Outcome.UNDECIDABLE:  # stages inside stages inside stages
        assert method is runge_kutta_4
        assert name == "tanh"
        return
    assert verdict, verdict
    assert verdict.error.exponent == method.order


@pytest.mark.parametrize(("name", "method"), in_turn(RATES, ONE_STEP), ids=lambda s: getattr(s, "name", s))
def test_a_spoiled_step_fails(method, name):
    move, above = Integrate(method, dt), law({dot(x): RATES[name]})
    below = rewritten(apply(move, above), lambda e: e + dt**2 * sin(x) / 5)
    assert check(move, above, below).outcome is Outcome.FAILS


def test_a_root_in_the_rate():
    above = law({dot(x): v / sqrt(1 + v**2), dot(v): -x})
    move = Integrate(heun, dt)
    assert check(move, above, apply(move, above))


@pytest.mark.parametrize("method", ALL, ids=lambda m: m.name)
def test_the_order_is_seen_against_scipy(method):
    step = one_step_map(apply(Integrate(method, dt), pendulum.__class__(pendulum.equations)))
    advance = lambdify((x, v, dt), [step[s].subs(g, Rational(6, 5)) for s in (x, v)], "math")
    exact = solve_ivp(
        lambda t, y: (y[1], -1.2 * math.sin(y[0])), (0, 1), (0.7, -0.3), "DOP853", rtol=1e-13, atol=1e-13
    )
    gaps = []
    for steps in (16, 32):
        state = (0.7, -0.3)
        for _ in range(steps):
            state = advance(*state, float(Fraction(1, steps)))
        gaps.append(math.dist(state, exact.y[:, -1]))
    assert abs(math.log2(gaps[0] / gaps[1]) - method.order) < 0.35


def test_a_function_without_a_series_is_named():
    from sympy import erf

    above = law({dot(x): erf(x)})
    verdict = check(Integrate(forward_euler, dt), above, rule({x: x + dt * erf(x)}))
    assert not verdict
    assert "erf(x)" in str(verdict)
    assert "write it with" in str(verdict)
