"""Whether functions of the time solve a law: textbook solutions hold, spoiled ones fail."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sympy import Abs, Rational, Symbol, cos, cosh, exp, lambdify, log, pi, sin, sinh, sqrt, tanh

from physsym import System, dot, grad, law, potential, solves
from physsym.core.verdicts import Condition, Outcome
from physsym.vocabulary import G, gamma, lam, m, t, tau, v, x
from tests.support.tiers import in_turn

a, b = (Symbol(s, real=True) for s in "ab")
w, k = (Symbol(s, positive=True) for s in "wk")
oscillator = law({m * dot(dot(x)): -gamma * dot(x) - lam * x})
spring = law({dot(x): v, dot(v): -(w**2) * x})
root = sqrt(gamma**2 - 4 * m * lam)
turning = sqrt(lam / m - gamma**2 / (4 * m**2))
rates = (-gamma + root) / (2 * m), (-gamma - root) / (2 * m)
decay = exp(-gamma * t / (2 * m))
growth = law({dot(x): k * x * (1 - x)})

TRUE = {
    "overdamped": (oscillator, {x: a * exp(rates[0] * t) + b * exp(rates[1] * t)}),
    "overdamped, hyperbolic": (
        oscillator,
        {x: decay * (a * cosh(root * t / (2 * m)) + b * sinh(root * t / (2 * m)))},
    ),
    "underdamped": (oscillator, {x: decay * (a * cos(turning * t) + b * sin(turning * t))}),
    "critically damped": (
        law({dot(dot(x)): -2 * w * dot(x) - w**2 * x}),
        {x: (a + b * t) * exp(-w * t)},
    ),
    "a spring as two equations": (
        spring,
        {x: a * cos(w * t) + b * sin(w * t), v: w * (b * cos(w * t) - a * sin(w * t))},
    ),
    "forced": (law({dot(x): -x + sin(t)}), {x: (sin(t) - cos(t)) / 2 + a * exp(-t)}),
    "logistic": (growth, {x: 1 / (1 + a * exp(-k * t))}),
    "logistic as tanh": (growth, {x: (1 + tanh(k * t / 2 + a)) / 2}),
    "a power of time": (law({t * dot(x): 3 * x}), {x: a * t**3}),
    "a real power of time": (law({t * dot(x): w * x}), {x: a * t**w}),
    "waves in log time": (law({t**2 * dot(dot(x)) + t * dot(x): -(w**2) * x}), {x: cos(w * log(t))}),
    "a power with the time above": (law({dot(x): -x / tau}), {x: a * 2 ** (-t / (tau * log(2)))}),
    "rest": (law({m * dot(dot(x)): -gamma * dot(x)}), {x: a}),
    "from a system": (System((x,), m * dot(x) ** 2 / 2 - lam * x**2 / 2), {x: sin(sqrt(lam / m) * t)}),
    "an unknown potential that drops out": (law({dot(x): 1 + grad(x) - grad(x)}), {x: t}),
}


@pytest.mark.parametrize(("line", "motion"), TRUE.values(), ids=TRUE)
def test_a_solution_holds(line, motion):
    verdict = solves(line, motion)
    assert verdict, verdict
    assert "initial values are not judged" in verdict.evidence


SPOILS = {
    "+": lambda e: e + t**2 * w / 5,
    "*": lambda e: e.subs(t, Rational(3, 2) * t) + t,
    "e": lambda e: e + exp(t) / 7,
}


@pytest.mark.parametrize(("name", "spoil"), in_turn(TRUE, SPOILS))
def test_a_spoiled_solution_fails_with_a_witness(name, spoil):
    line, motion = TRUE[name]
    verdict = solves(line, {s: SPOILS[spoil](f) for s, f in motion.items()})
    assert verdict.outcome is Outcome.FAILS, verdict
    assert verdict.witness


@pytest.mark.parametrize(
    "motion",
    [
        {x: a * exp(rates[0] * t) + b * exp(-rates[1] * t)},
        {x: decay * cos(2 * turning * t)},
        {x: decay * a * cos(root * t / (2 * m))},
        {x: exp(-gamma * t / m) * (a + b * t)},
    ],
    ids=str,
)
def test_near_misses_of_the_oscillator_fail(motion):
    assert solves(oscillator, motion).outcome is Outcome.FAILS


def test_the_solution_is_that_of_scipy():
    numbers = {m: 1.3, gamma: 2.9, lam: 0.7, a: 0.6, b: -0.4}
    _, motion = TRUE["overdamped"]
    f = lambdify(t, motion[x].subs(numbers))
    rate = lambdify(t, motion[x].diff(t).subs(numbers))
    times = np.linspace(0, 3, 7)
    exact = solve_ivp(
        lambda _, y: (y[1], (-2.9 * y[1] - 0.7 * y[0]) / 1.3),
        (0, 3),
        (f(0.0), rate(0.0)),
        "DOP853",
        times,
        rtol=1e-11,
        atol=1e-12,
    )
    assert np.allclose(exact.y[0], [f(s) for s in times], rtol=1e-8)


def test_what_the_solution_takes_is_listed():
    verdict = solves(*TRUE["overdamped"])
    assert Condition(gamma**2 - 4 * m * lam, ">= 0") in verdict.assumes
    assert Condition(1 + a * exp(-k * t), "!= 0") in solves(*TRUE["logistic"]).assumes


def test_an_unknown_potential_is_not_solved():
    verdict = solves(law({m * dot(dot(x)): -G}), {x: a + b * t})
    assert verdict.outcome is Outcome.FAILS
    assert "U(y)" in verdict.witness


def test_a_positive_time_is_the_time_of_the_law():
    later = Symbol("t", positive=True)
    assert solves(law({dot(x): 3 * x / t}), {x: a * later**3})


@pytest.mark.parametrize(
    ("line", "motion", "error", "words"),
    [
        (spring, {x: cos(w * t)}, ValueError, "the motion of v is missing"),
        (growth, {x: x + t}, ValueError, "x must be a function of t"),
        (growth, {x: dot(v) * t}, ValueError, "v' is none"),
        (growth, {x: potential(t)}, ValueError, "potential\\(t\\) is none"),
        (growth, {x + 1: t}, TypeError, "states as functions of t"),
        (growth, {t: t}, TypeError, "states as functions of t"),
        (growth, {x: 0.5}, TypeError, "exact"),
        ("x <- 1", {x: t}, TypeError, "law"),
        ("x' = 1", {"2*x": t}, TypeError, "the name of a symbol"),
    ],
    ids=str,
)
def test_what_is_no_motion_is_refused(line, motion, error, words):
    with pytest.raises(error, match=words):
        solves(line, motion)


def test_a_function_without_a_known_derivative_is_undecided():
    from sympy import erf

    verdict = solves(law({dot(x): 2 * exp(-(t**2)) / sqrt(pi)}), {x: erf(t)})
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "erf(t)" in verdict.evidence[0]


def test_a_hypothesis_on_the_constants_may_be_needed():
    line, motion = law({dot(x): -Abs(a) * x}), {x: exp(-a * t)}
    assert not solves(line, motion)
    assert solves(line, motion, given=a > 0)


IN_A_REGION = {
    "a root of a square": (law({dot(x): sqrt(x)}), {x: t**2 / 4}, "t >= 0", t, 3),
    "a size": (law({dot(x): -w * Abs(x)}), {x: b * exp(-w * t)}, "b >= 0", b, 2),
    "the other sign": (law({dot(v): Abs(v)}), {v: a * exp(-t)}, "-a >= 0", -a, 2),
    "where the law is defined": (law({dot(v): 3 * Abs(v) / t}), {v: t**3}, "t > 0", t, 1),
}


@pytest.mark.parametrize(("line", "motion", "where", "sign", "at"), IN_A_REGION.values(), ids=IN_A_REGION)
def test_what_solves_in_a_region_is_conditional(line, motion, where, sign, at):
    verdict = solves(line, motion)
    assert verdict.outcome is Outcome.CONDITIONAL, verdict
    assert where in map(str, verdict.assumes)
    assert "elsewhere they differ" in str(verdict)
    assert solves(line, motion, given=sign > 0)
    assert solves(line, motion, given=sign < 0).outcome is Outcome.FAILS
    # The residual vanishes at numbers inside the region, and does not outside.
    (state,) = motion
    gap = line.equations[0].residual.subs(dot(state), motion[state].diff(t)).subs(state, motion[state])
    inside = dict.fromkeys(gap.free_symbols, at) | {
        sign.free_symbols.copy().pop(): at if sign.is_Symbol else -at
    }
    outside = {**inside, sign.free_symbols.copy().pop(): -inside[sign.free_symbols.copy().pop()]}
    assert abs(gap.subs(inside).evalf()) < 1e-12
    assert abs(gap.subs(outside).evalf()) > 1e-3


@pytest.mark.parametrize(
    ("line", "motion", "listed"),
    [
        (law({dot(x): x / t}), {x: a * t}, "t != 0"),
        (law({dot(v): 1 / (2 * v)}), {v: sqrt(t)}, "t > 0"),
        (law({v * dot(v): -Rational(1, 2)}), {v: sqrt(k - t)}, "k - t > 0"),
        (law({dot(x): x * log(t)}), {x: t**t * exp(-t)}, "t > 0"),
    ],
    ids=str,
)
def test_what_the_law_and_the_rates_need_is_listed_though_it_cancels(line, motion, listed):
    verdict = solves(line, motion)
    assert verdict, verdict
    assert [str(c) for c in verdict.assumes] == [listed]


def test_a_motion_that_is_not_defined_where_it_is_asked_for_fails():
    verdict = solves(law({v * dot(v): -Rational(1, 2)}), {v: sqrt(k - t)}, given=t > k)
    assert verdict.outcome is Outcome.FAILS
    assert "contradict" in str(verdict)


def test_the_witness_is_clear_and_a_long_difference_is_shortened():
    verdict = solves(oscillator, {x: a * exp(rates[0] * t) + b * exp(rates[1] * Rational(101, 100) * t)})
    assert verdict.outcome is Outcome.FAILS
    found = verdict.witness.rpartition(": ")[2].split(" against ")
    assert abs(float(found[0]) - float(found[1])) > 1e-6
    assert all(len(text) < 300 for text in verdict.evidence)
    assert "terms)" in str(verdict)
