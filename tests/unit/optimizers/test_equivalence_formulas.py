"""Rules that are the same with formulas for their parameters, which are read off fitted values and proved."""

from __future__ import annotations

import pytest
from sympy import Float, Rational, Symbol, exp, sqrt, symbols

import physsym as ps
from physsym.core.verdicts import Outcome
from tests.unit.optimizers.exact_runs import points

eta, b, c, a, eps, wd, tau = symbols("eta b c a eps wd tau", real=True)


def read(text):
    return ps.read(text.replace("G", "grad(x)"), unknown="real")


def named(expression):
    """Return an expression with plain real symbols in place of the vocabulary's."""
    return expression.xreplace({s: Symbol(s.name, real=True) for s in expression.free_symbols})


SQUARES = "v <- b*v + (1 - b)*G**2; v(0) = 0"
PAIRS = {
    "accumulator": (
        "v <- v + G**2; x <- x - eta*G/sqrt(v+ + eps); v(0) = a",
        "v <- v + G**2; x <- x - eta*G/(sqrt(v+) + eps); v(0) = a",
        ("eps > 0", "a > 0"),
        {"eps": 0, "a": a + eps, "eta": eta},
    ),
    "averaged": (
        f"{SQUARES}; x <- x - eta*G/sqrt(v+)",
        "v <- b*v + G**2; x <- x - eta*G/sqrt(v+); v(0) = 0",
        (),
        {"eta": eta / sqrt(1 - b), "b": b},
    ),
    "clip-in": ("x <- x - eta*clip(G, -c, c)", "x <- x - clip(eta*G, -c, c)", (), {"c": c * eta}),
    "clip-out": ("x <- x - clip(eta*G, -c, c)", "x <- x - eta*clip(G, -c, c)", (), {"c": c / eta}),
    "factor": (
        "v <- v + c*G**2; x <- x - eta*G/sqrt(v+); v(0) = 0",
        "v <- v + G**2; x <- x - eta*G/sqrt(v+); v(0) = 0",
        "c > 0",
        {"eta": eta / sqrt(c)},
    ),
    "time-constant": (
        "m <- b*m + (1 - b)*G; x <- x - eta*sign(m+); m(0) = 0",
        "m <- (1 - 1/tau)*m + G/tau; x <- x - eta*sign(m+); m(0) = 0",
        (),
        {"tau": 1 / (1 - b), "eta": eta},
    ),
    "squared": (
        f"{SQUARES}; x <- x - eta*G/sqrt(v+ + eps**2)",
        f"{SQUARES}; x <- x - eta*G/sqrt(v+ + eps)",
        (),
        {"eps": eps**2},
    ),
    "counter": (
        "k <- k + 1; x <- x - eta*G/(k+ + a); k(0) = 0",
        "k <- k + 1; x <- x - eta*G/(b*k+ + 1); k(0) = 0",
        "a > 0",
        {"b": 1 / a, "eta": eta / a},
    ),
    "exponential": (
        "x <- exp(-eta*wd)*x - eta*G",
        "x <- a*x - eta*G",
        (),
        {"a": exp(-eta * wd), "eta": eta},
    ),
    "large": (
        f"{SQUARES}; x <- x - eta*G/sqrt(v+)",
        f"{SQUARES}; x <- x - a*G/(1000000*sqrt(v+))",
        (),
        {"a": 10**6 * eta},
    ),
    "large-sign": ("x <- x - eta*sign(G)", "x <- x - a*sign(G)/1000000", (), {"a": 10**6 * eta}),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_a_formula_serves_for_all_values(pair):
    first, second, given, wanted = PAIRS[pair]
    found = ps.equivalent(read(first), read(second), given=given)
    assert found.generic
    told = {s.name: named(e) for s, e in found.parameters.items()}
    assert all((told[name] - formula).equals(0) for name, formula in wanted.items())
    values = {p: Rational(k + 2, 7) for k, p in enumerate(found.first.parameters)}
    theirs = {s: e.xreplace(values) for s, e in found.parameters.items()}
    gradients = [Rational(n, 10) for n in (31, -17, 4, 230, -1, 6)]
    runs = []
    for rule, put in ((found.first, values), (found.second, theirs)):
        start = {s: dict(rule.start).get(s, Rational(1, 3) if s.name == "x" else 0) for s in rule.states}
        runs.append([p.evalf(40) for p in points(rule, put, start, gradients)])
    assert all(abs(p - q) < Float(10) ** -20 for p, q in zip(*runs, strict=True))


def test_the_root_asks_for_a_condition():
    first, second, _, _ = PAIRS["averaged"]
    assert [str(c) for c in ps.equivalent(read(first), read(second)).conditions] == ["1 - b > 0"]


def test_a_rate_that_no_value_replaces_is_refuted():
    found = ps.equivalent(
        read("v <- b*v + G**2; x <- x - eta*G/sqrt(v+); v(0) = 0"), read("x <- x - a*G/1000000")
    )
    assert not found
    assert not found.generic
    assert found.verdict.outcome is not Outcome.HOLDS


def test_averages_are_sums_without_dampening():
    found = ps.equivalent(ps.known.heavy_ball_average, ps.known.heavy_ball_torch)
    rho, rate = found.first.parameters[1], found.first.parameters[0]
    told = {s.name: e for s, e in found.parameters.items()}
    assert found.generic
    assert told["d"] == 0
    assert any((e - rate * (1 - rho)).equals(0) or (e - rho * (1 - rate)).equals(0) for e in told.values())


COUPLED = "u <- rho*u + G + wd*x; x <- x - eta*u+; u(0) = 0"
DECOUPLED = "u <- rho*u + G; x <- (1 - eta*wd)*x - eta*u+; u(0) = 0"


@pytest.mark.slow
def test_coupled_decay_with_momentum_is_decoupled_without_one_of_them():
    found = ps.equivalent(read(COUPLED), read(DECOUPLED))
    cases = (found, *found.otherwise)
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert not any(case.generic for case in cases)
    as_stated = {str(s) for case in cases for s in case.conditions if len(case.conditions) == 1}
    assert as_stated == {"rho = 0", "wd = 0"}


@pytest.mark.slow
def test_decoupled_decay_with_momentum_is_coupled_from_another_start():
    found = ps.equivalent(read(DECOUPLED), read(COUPLED))
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert found.schedule == "constant"
    assert any("starts at" in str(condition) for condition in found.conditions)
