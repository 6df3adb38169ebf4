"""A law that holds the time is integrated with a clock: orders against SciPy, closed forms, wrong ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sympy import Symbol, exp, lambdify, sqrt
from sympy.stats import Normal

from physsym import (
    Define,
    Derivation,
    Divide,
    Integrate,
    Limit,
    Outcome,
    ReduceOrder,
    Step,
    System,
    after,
    apply,
    before,
    check,
    dot,
    grad,
    law,
    rule,
)
from physsym.analysis import modified_equation, rate_along, stability_region
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.core.statements import Rule, one_step_map
from physsym.integrators import (
    backward_euler,
    explicit_midpoint,
    exponential_euler,
    forward_euler,
    heun,
    implicit_midpoint,
    runge_kutta_4,
    semi_implicit_euler,
    ssp33,
    velocity_verlet,
)
from physsym.mechanics import MoveError
from physsym.mechanics.system import total_time_derivative
from physsym.vocabulary import G, U, dt, gamma, m, t, v, x

a, b, c, q, w = (Symbol(name, real=True) for name in "abcqw")
k = Symbol("k", positive=True)

nesterov = System((x,), m * dot(x) ** 2 / 2 - U, 3 * m * dot(x) ** 2 / (2 * t))
in_two = apply(ReduceOrder(x, v), nesterov.law())

WITH_FRICTION = [semi_implicit_euler.with_friction(how) for how in ("implicit", "midpoint", "exponential")]
EXPLICIT = [forward_euler, semi_implicit_euler, *WITH_FRICTION, heun, explicit_midpoint, ssp33, runge_kutta_4]


# ------------------------------------------------------------------ against SciPy


def slope(z):
    """Return the gradient of a potential without symmetry, z**2/2 + z**3/6 + z**4/8."""
    return z + z**2 / 2 + z**3 / 2


def distance(stated: Rule, exact: np.ndarray, start: dict[Symbol, float], span: float, steps: int) -> float:
    """Return how far a rule is from a point after a number of steps over a span of time."""
    states = list(stated.states)
    new = one_step_map(stated)
    numbers = {dt: span / steps, m: 1}
    values = [new[s].replace(grad, slope).subs(numbers) for s in states]
    step = lambdify(states, values, "math")
    point = [start[s] for s in states]
    for _ in range(steps):
        point = step(*point)
    return max(abs(point[states.index(s)] - exact[i]) for i, s in enumerate((x, v)))


@pytest.fixture(scope="module")
def followed() -> np.ndarray:
    """Return the solution of x'' + 3/t x' + slope(x) = 0 at t = 5/2, begun at t = 1."""
    solved = solve_ivp(
        lambda s, y: [y[1], -3 * y[1] / s - slope(y[0])],
        (1, 2.5),
        [1, -0.5],
        method="DOP853",
        rtol=1e-12,
        atol=1e-13,
    )
    return solved.y[:, -1]


@pytest.mark.parametrize("method", EXPLICIT, ids=lambda method: method.name)
def test_the_rule_of_nesterovs_equation_follows_it_at_the_order_of_the_method(method, followed):
    derivation = Derivation(
        "n", nesterov.law(), (Step("", ReduceOrder(x, v)), Step("", Integrate(method, dt)))
    )
    assert derivation.rule.targets[-1] == t
    assert derivation.rule.updates[-1].value == t + dt
    assert check(Integrate(method, dt), in_two, derivation.rule)
    start = {x: 1.0, v: -0.5, t: 1.0}
    gaps = [distance(derivation.rule, followed, start, 1.5, n) for n in (40, 80, 160)]
    orders = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert orders[-1] == pytest.approx(method.order, abs=0.3)


def test_a_frozen_time_would_have_order_zero(followed):
    frozen = rule({v: v - dt * (3 * v / t + G / m), x: x + dt * after(v), t: t})
    start = {x: 1.0, v: -0.5, t: 1.0}
    gaps = [distance(frozen, followed, start, 1.5, n) for n in (40, 160)]
    assert gaps[1] > gaps[0] / 2
    assert check(Integrate(semi_implicit_euler, dt), in_two, frozen).outcome is Outcome.FAILS


# ------------------------------------------------------------------ coefficients, by hand

COEFFICIENTS = [
    (semi_implicit_euler, "", (k - 3) / k),
    (semi_implicit_euler, "old", (k - 3) / k),
    (semi_implicit_euler, "new", (k - 2) / (k + 1)),
    (semi_implicit_euler.with_friction("implicit"), "", (k + 1) / (k + 4)),
    (semi_implicit_euler.with_friction("implicit"), "old", k / (k + 3)),
    (semi_implicit_euler.with_friction("midpoint"), "", (k - 1) / (k + 2)),
    (semi_implicit_euler.with_friction("exponential"), "", exp(-3 / k)),
]


@pytest.mark.parametrize(("method", "clock", "kept"), COEFFICIENTS)
def test_the_fraction_of_the_velocity_kept_at_step_k(method, clock, kept):
    move = Integrate(method, dt, clock=clock)
    found = apply(move, in_two)
    value = next(u.value for u in found.updates if u.target == v)
    assert (value.expand().coeff(v).subs(t, k * dt) - kept).simplify() == 0
    assert check(move, in_two, found)


@pytest.mark.parametrize("clock", ["old", "midpoint"])
def test_another_reading_of_the_time_is_another_rule(clock):
    implicit = semi_implicit_euler.with_friction("implicit")
    found = apply(Integrate(implicit, dt, clock=clock), in_two)
    assert check(Integrate(implicit, dt), in_two, found).outcome is Outcome.FAILS
    assert check(Integrate(implicit, dt, clock=clock), in_two, found)


# ------------------------------------------------------------------ closed forms

EXACT = [
    (heun, law({dot(q): t}), q + t * dt + dt**2 / 2, None),
    (explicit_midpoint, law({dot(q): c * t}), q + c * (t * dt + dt**2 / 2), None),
    (implicit_midpoint, law({dot(q): -c * t}), q - c * (t * dt + dt**2 / 2), None),
    (runge_kutta_4, law({dot(q): t**3}), q + ((t + dt) ** 4 - t**4) / 4, None),
    (heun, law({dot(q): t**3}), None, 2),
    (ssp33, law({dot(q): t**3}), q + ((t + dt) ** 4 - t**4) / 4, None),  # its weights are those of Simpson
    (ssp33, law({dot(q): t**4}), None, 4),
    (forward_euler, law({dot(q): t}), q + t * dt, 1),
    (backward_euler, law({dot(q): t}), q + t * dt + dt**2, 1),
]


@pytest.mark.parametrize(("method", "line", "value", "order"), EXACT)
def test_closed_forms(method, line, value, order):
    found = apply(Integrate(method, dt), line)
    if value is not None:
        assert (found.updates[0].value - value).expand() == 0
    verdict = check(Integrate(method, dt), line, found)
    assert verdict
    assert verdict.error.exponent == (order or float("inf"))


WRONG = [
    (heun, law({dot(q): a * t}), rule({q: q + dt * a * t})),  # the time stands still
    (heun, law({dot(q): a * t}), rule({q: q + dt * a * t, t: t + dt})),  # and is not read at the second stage
    (heun, law({dot(q): a * t}), rule({q: q + dt * a * (t - dt / 2), t: t + dt})),
    (heun, law({dot(q): a * t}), rule({q: q + dt * a * (t + dt / 2), t: t + 2 * dt})),
    (heun, law({dot(q): a * t}), rule({q: q + dt * a * (t + dt / 2), t: t})),
    (forward_euler, law({dot(q): -b * q + a * t}), rule({q: q + dt * (a * t - b * q)})),
    (forward_euler, law({dot(q): -b * q + a * t}), rule({q: q + dt * (a * (t + dt) - b * q), t: t + dt})),
    (forward_euler, law({dot(q): -c / t**2 * q}), rule({q: q - dt * c / t**2 * q})),
    (forward_euler, law({dot(w): -grad(w - a * t)}), rule({w: w - dt * grad(w - a * t)})),
    (runge_kutta_4, law({dot(q): a * t}), rule({q: q + dt * a * t, t: t + dt})),
    (forward_euler, law({dot(q): a * t, dot(t): 2}), rule({q: q + dt * a * t, t: t + 2 * dt})),
]


@pytest.mark.parametrize(("method", "line", "stated"), WRONG)
def test_a_time_that_stands_still_or_is_read_elsewhere_is_refused(method, line, stated):
    assert check(Integrate(method, dt), line, stated).outcome is Outcome.FAILS


@pytest.mark.parametrize("shift", [0, dt / 2, dt, -dt])
@pytest.mark.parametrize(
    "method",
    [
        forward_euler,
        semi_implicit_euler,
        backward_euler,
        implicit_midpoint,
        heun,
        runge_kutta_4,
        velocity_verlet,
    ],
    ids=lambda method: method.name,
)
def test_every_method_reads_the_time_at_its_own_nodes_and_nowhere_else(method, shift):
    if method.partitioned:
        line, move = law({dot(q): w, dot(w): -a * q * t}), Integrate(method, dt, first=(w,))
    else:
        line, move = law({dot(q): -a * q * t}), Integrate(method, dt)
    right = apply(move, line)
    late = rule({u.target: u.value if u.target == t else u.value.subs(t, t + shift) for u in right.updates})
    assert bool(check(move, line, late)) is (shift == 0)
    frozen = rule({u.target: t if u.target == t else u.value for u in right.updates})
    assert check(move, line, frozen).outcome is Outcome.FAILS


def test_the_missing_update_is_named():
    verdict = check(Integrate(heun, dt), law({dot(q): a * t}), rule({q: q + dt * a * t}))
    assert verdict.evidence == ("the law holds the time t, and the rule lacks its update t <- t + dt",)


def test_a_clock_that_is_there_is_not_given_a_second_one():
    line = law({dot(q): -b * q + a * t, dot(t): 1})
    found = apply(Integrate(runge_kutta_4, dt), line)
    assert found.targets == (q, t)
    assert check(Integrate(runge_kutta_4, dt), line, found)
    alone = law({2 * dot(t): 2})
    assert apply(Integrate(heun, dt), alone) == rule({t: t + dt})
    assert check(Integrate(heun, dt), alone, rule({t: t + dt}))


def test_a_time_of_another_declared_sign_is_the_time():
    later = Symbol("t", positive=True)
    line = law({dot(q): -c * q / later})
    found = apply(Integrate(forward_euler, dt), line)
    assert found == rule({q: q * (1 - c * dt / later), later: later + dt})
    assert check(Integrate(forward_euler, dt), line, found)


@pytest.mark.parametrize(
    "line",
    [
        law({dot(x): v, dot(v): a * t - G}),
        law({dot(x): v + c * t**2, dot(v): -grad(x - a * t)}),
        law({dot(x): w / m, dot(w): -t * G}),
    ],
)
def test_velocity_verlet_reads_forces_at_both_ends_and_the_drift_in_the_middle(line):
    found = apply(Integrate(velocity_verlet, dt), line)
    verdict = check(Integrate(velocity_verlet, dt), line, found)
    assert verdict, str(verdict)
    assert verdict.error.exponent == 2
    still = Rule(tuple(u for u in found.updates if u.target != t))
    assert not check(Integrate(velocity_verlet, dt), line, still)


def test_velocity_verlet_with_the_force_at_one_time_is_refused():
    line = law({dot(x): v, dot(v): a * t - G})
    early = rule(
        {x: x + dt * (v + dt / 2 * (a * t - G)), v: v + dt * (a * t - (G + grad(after(x))) / 2), t: t + dt}
    )
    assert check(Integrate(velocity_verlet, dt), line, early).outcome is Outcome.FAILS


# ------------------------------------------------------------------ refused, in words


@pytest.mark.parametrize(
    ("move", "line", "reason"),
    [
        (Integrate(exponential_euler, dt), law({dot(x): -b * x + a * t}), "reads the time"),
        (Integrate(heun, dt, clock="new"), law({dot(x): a * t}), "Heun's method reads its own times"),
        (Integrate(forward_euler, dt, clock="new"), law({dot(x): -x}), "the law does not hold the time"),
        (Integrate(forward_euler, dt), law({dot(x): a, dot(t): 2}), "whose rate is 1 and not 2"),
        (Integrate(forward_euler, t), law({dot(x): a}), "t is the time; name the time step"),
        (Integrate(forward_euler, dt), law({dot(x): v}), "v changes in time, and no equation"),
        (Integrate(forward_euler, dt), law({dot(q): -grad(w)}), "w changes in time, and no equation"),
        (Integrate(forward_euler, dt), law({dot(x): -G, 2 * dot(x): -G}), "two equations of the law"),
        (Limit(t, 0), law({dot(x): -b * x + a * t}), "t changes in time; a limit"),
        (Limit(q, 0), law({dot(q): -b * q}), "q changes in time; a limit"),
        (Limit(b, t), law({dot(q): -b * q}), "t changes in time; a limit"),
        (Define(q, b * t, b), law({dot(x): -b * t * x}), "t changes in time, and a name"),
        (Define(q, b * after(w), b), rule({w: b * w, x: x + b * after(w)}), "changes in time"),
        (Define(q, b * before(x), b), rule({x: x - b * before(x)}), "changes in time"),
    ],
)
def test_what_takes_the_moving_for_constant_is_refused_in_words(move, line, reason):
    with pytest.raises(MoveError, match=reason):
        apply(move, line)
    stated = line if isinstance(line, Rule) else rule({s: s for s in (x, t)})
    assert check(move, line, stated).outcome is Outcome.FAILS


def test_clock_has_three_readings():
    with pytest.raises(ValueError, match="clock is one of"):
        Integrate(forward_euler, dt, clock="later")


def test_stability_of_a_rule_with_a_clock_is_refused_by_name():
    found = apply(Integrate(semi_implicit_euler, dt), in_two)
    for ask in (stability_region, lambda r: modified_equation(r, dt)):
        with pytest.raises((AnalysisError, ValueError), match="the time t"):
            ask(found)
    with pytest.raises(AnalysisError, match="the law holds the time t"):
        stability_region(in_two)


def test_random_variables_are_refused_by_type():
    noise = Normal("W", 0, 1)
    for make in (law, lambda terms: rule({x: next(iter(terms.values()))})):
        with pytest.raises(TypeError, match="W is a random variable, and noise is not known yet"):
            make({dot(x): -G + sqrt(2 * gamma) * noise})
    with pytest.raises(TypeError, match="noise is not known yet"):
        Divide(noise)


# ------------------------------------------------------------------ the law of a system that holds the time


def test_the_explicit_time_of_a_lagrangian_is_differentiated():
    later = Symbol("t", positive=True)
    for time in (t, later):
        # L = t**3*(m*x'**2/2 - U) has d/dt(t**3*m*x') = -t**3*U', Nesterov's equation times t**3.
        line = System((x,), time**3 * (m * dot(x) ** 2 / 2 - U)).law()
        residual = line.equations[0].residual
        assert (residual - (time**3 * m * dot(dot(x)) + 3 * time**2 * m * dot(x) + time**3 * G)).expand() == 0
        assert total_time_derivative(time**2 * x, (x,)) == 2 * time * x + time**2 * dot(x)
        assert rate_along(law({dot(x): -x, dot(time): 1}), time * x) == x - time * x
