"""Declared signs are theorems: of names that are defined, of states that are split off or rescaled."""

import pytest
from sympy import Rational, Symbol, sqrt

from physsym import (
    Define,
    Derivation,
    Divide,
    Integrate,
    Isolate,
    Limit,
    ReduceOrder,
    Rescale,
    Step,
    after,
    apply,
    check,
    damped_particle,
    dot,
    law,
    rule,
)
from physsym.core.verdicts import Condition, Outcome
from physsym.integrators import forward_euler, heun, semi_implicit_euler
from physsym.mechanics.moves import MoveError
from physsym.verify.conditions import consistent, follows, truth
from physsym.verify.declared_signs import required_by_name
from physsym.verify.substitution import Refusal
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, v, x

pa, q = (Symbol(name, positive=True) for name in ("pa", "q"))
neg = Symbol("neg", negative=True)
low = Symbol("low", nonpositive=True)
least = Symbol("least", nonnegative=True)
some = Symbol("some", real=True, nonzero=True)
count = Symbol("count", integer=True, positive=True)
a, b = (Symbol(name, real=True) for name in "ab")


def steps(*moves):
    return tuple(Step("", *(move if isinstance(move, tuple) else (move,))) for move in moves)


def texts(conditions):
    return {str(c) for c in conditions}


# ------------------------------------------------------------------ definitions

FOLLOWS = [
    (eta, dt / gamma), (neg, -dt / gamma), (low, -dt), (least, (a - b) ** 2), (some, -dt * gamma),
    (q, dt + gamma), (q, a**2 - a * b + b**2 + 1), (count, count * 1 + 1), (a, -dt),
]  # fmt: skip
CONTRADICTS = [
    (eta, -dt / gamma), (neg, dt / gamma), (low, dt), (least, -dt - gamma), (some, dt - dt),
    (q, neg * dt), (q, -(a**2) - 1), (neg, a**2 - a * b + b**2), (count, -count), (count, Rational(1, 2)),
]  # fmt: skip
DEPENDS = [
    (alpha, (1 - rho) * eta, {"1 - rho > 0"}),
    (eta, (dt - gamma) / gamma, {"dt - gamma > 0"}),
    (eta, rho * dt, {"rho > 0"}),
    (neg, rho * dt, {"-rho > 0"}),
    (low, (rho - 1) * dt, {"1 - rho >= 0"}),
    (some, rho / dt, {"rho != 0"}),
    (q, a**2, {"a**2 > 0"}),
    (count, gamma * dt, {"dt*gamma is integer"}),
]


@pytest.mark.parametrize(("name", "value"), FOLLOWS, ids=str)
def test_a_sign_that_follows_from_the_definition_asks_for_nothing(name, value):
    assert required_by_name(name, value) == ()


@pytest.mark.parametrize(("name", "value"), CONTRADICTS, ids=str)
def test_a_sign_that_contradicts_the_definition_is_refused(name, value):
    with pytest.raises(Refusal, match=r"contradicts that|is declared integer"):
        required_by_name(name, value)


@pytest.mark.parametrize(("name", "value", "expected"), DEPENDS, ids=str)
def test_a_sign_that_depends_is_a_listed_assumption(name, value, expected):
    assert texts(required_by_name(name, value)) == expected


def test_ascent_with_a_positive_rate_fails():
    ascent = rule({x: x + eta * G})
    descent = rule({x: x - dt * G / gamma})
    verdict = check(Define(eta, -dt / gamma, dt), descent, ascent)
    assert verdict.outcome is Outcome.FAILS
    assert "contradicts that eta is declared positive" in verdict.evidence[0]
    assert check(Define(a, -dt / gamma, dt), descent, rule({x: x + a * G}))
    assert check(Define(neg, -dt / gamma, dt), descent, rule({x: x + neg * G}))
    assert not check(Define(neg, dt / gamma, dt), descent, rule({x: x - neg * G}))


def test_a_rate_of_unknown_sign_lists_its_condition():
    above = rule({x: x - (dt - gamma) / gamma * G})
    verdict = check(Define(eta, (dt - gamma) / gamma, dt), above, rule({x: x - eta * G}))
    assert verdict.outcome is Outcome.HOLDS
    assert "dt - gamma > 0" in texts(verdict.assumes)


def test_the_proof_by_z3_is_asked_only_where_the_form_and_points_are_open(monkeypatch):
    from physsym.verify.engines import smt

    asked = []
    monkeypatch.setattr(smt, "implies", lambda *given: asked.append(given))
    assert required_by_name(eta, dt / gamma) == ()
    assert texts(required_by_name(alpha, (1 - rho) * eta)) == {"1 - rho > 0"}
    assert not asked


# ------------------------------------------------------------------ states


@pytest.mark.parametrize("velocity", [pa, neg, least, low, some], ids=str)
def test_a_velocity_has_no_sign(velocity):
    with pytest.raises(MoveError, match=f"declare {velocity} real"):
        apply(ReduceOrder(x, velocity), damped_particle.law())
    below = law({dot(x): velocity, m * dot(velocity): -gamma * velocity - G})
    verdict = check(ReduceOrder(x, velocity), damped_particle.law(), below)
    assert verdict.outcome is Outcome.FAILS
    assert "declare it real" in verdict.evidence[0]
    assert check(ReduceOrder(x, a), damped_particle.law(), law({dot(x): a, m * dot(a): -gamma * a - G}))


def test_a_positive_velocity_is_not_divided_by():
    derivation = Derivation("k", damped_particle.law(), steps(ReduceOrder(x, pa), Divide(pa)))
    assert not any(derivation.verdicts()[-2:])


@pytest.mark.parametrize(("old", "new", "factor"), [(v, pa, dt), (v, neg, -dt), (a, least, 2), (v, some, dt)])
def test_a_rescaled_state_has_no_more_sign_than_the_old_one(old, new, factor):
    above = rule({old: rho * old - G, x: x + dt * after(old)})
    below = rule({a: rho * a - G / factor, x: x + dt * factor * after(a)})
    with pytest.raises(MoveError, match=f"declare {new} real"):
        apply(Rescale(old, new, factor), above)
    assert check(Rescale(v, b, factor), rule({v: rho * v - G}), rule({b: rho * b - G / factor}))
    signed = law({dot(new): -new * dt})
    verdict = check(Rescale(old, new, factor), law({dot(old): -old * dt}), signed)
    assert verdict.outcome is Outcome.FAILS
    assert f"{old} may change its sign" in verdict.evidence[0]
    assert below != above


def test_a_rescaled_state_keeps_the_sign_of_the_old_one():
    decay = law({dot(pa): -tau * pa})
    scaled = {new: law({dot(new): -tau * new}) for new in (q, neg)}
    for new, factor in ((q, 1), (neg, -1), (q, rho)):
        assert check(Rescale(pa, new, factor), decay, apply(Rescale(pa, new, factor), decay))
    assert not check(Rescale(pa, neg, 1), decay, scaled[neg])
    assert not check(Rescale(pa, q, -1), decay, scaled[q])
    in_units_of_rho = law({rho * dot(q): -tau * rho * q})
    assert "rho > 0" in texts(check(Rescale(pa, q, rho), decay, in_units_of_rho).assumes)


def test_what_the_machine_proposes_is_not_refused():
    for velocity in (v, a):
        line = apply(ReduceOrder(x, velocity), damped_particle.law())
        assert check(ReduceOrder(x, velocity), damped_particle.law(), line)
        for method in (forward_euler, semi_implicit_euler, heun):
            assert check(Integrate(method, dt), line, apply(Integrate(method, dt), line))


def test_a_step_to_a_rule_lists_what_keeps_its_signs():
    decay = law({dot(pa): -a * pa})
    verdict = check(Integrate(forward_euler, dt), decay, rule({pa: pa - dt * a * pa}))
    assert "-a*dt + 1 > 0" in texts(verdict.assumes)
    second = law({dot(least): (G**2 - least) / tau, dot(x): -G / sqrt(least)})
    proposed = apply(Integrate(forward_euler, dt), second)
    assert "-dt + tau >= 0" in texts(check(Integrate(forward_euler, dt), second, proposed).assumes)


# ------------------------------------------------------------------ conditions that cannot hold


def test_a_step_whose_assumption_cannot_hold_fails():
    zero = a - a
    assert truth(Condition(-gamma, "> 0")) is False
    assert truth(Condition(zero, "!= 0")) is False
    assert truth(Condition(-(a**2) - 2, ">= 0")) is False
    assert truth(Condition(-(a**2) + a * b - b**2, "> 0")) is False
    assert truth(Condition(a, "> 0")) is None
    assert truth(Condition(a**2 - a * b + b**2, ">= 0")) is True
    backwards = check(Integrate(forward_euler, neg), law({dot(x): -G}), rule({x: x - neg * G}))
    assert backwards.outcome is Outcome.FAILS
    assert "neg > 0" in backwards.evidence[0]


def test_definitions_take_part_in_the_consistency():
    define = Define(eta, dt / gamma, dt).definitions
    assert consistent((Condition(-eta, "> 0"),), define).outcome is Outcome.FAILS
    rate = Define(a, dt / gamma, dt).definitions
    clash = consistent((Condition(-a, "> 0"),), rate)
    assert clash.outcome is Outcome.FAILS
    assert "-a > 0" in clash.evidence[0]
    assert "a = dt/gamma" in clash.evidence[0]
    assert consistent((Condition(-a, "> 0"),))
    assert consistent((Condition(a, "> 0"),), rate)
    chain = (*Define(rho, 1 - dt / tau, tau).definitions, *Define(alpha, (1 - rho) * eta, eta).definitions)
    assert consistent((Condition(1 - rho, "> 0"),), chain)
    far = consistent((Condition(rho - 1, "> 0"),), chain)
    assert far.outcome is Outcome.FAILS
    assert "rho = 1 - dt/tau" in far.evidence[0]


def test_a_condition_may_follow_from_a_definition():
    assert not follows(Condition(1 - rho, "> 0"))
    assert follows(Condition(1 - rho, "> 0"), Define(rho, 1 - dt / tau, tau).definitions)
    assert not follows(Condition(rho, "> 0"), Define(rho, 1 - dt / tau, tau).definitions)


def test_a_derivation_fails_at_the_definition_that_contradicts_its_sign():
    moves = (
        Divide(gamma),
        Define(tau, m / gamma, m),
        Limit(tau),
        Isolate(dot(x)),
        Integrate(forward_euler, dt),
    )
    ascent = (Define(eta, -dt / gamma, dt), rule({x: x + eta * G}))
    derivation = Derivation("j", damped_particle, steps(*moves, ascent))
    assert [bool(v) for v in derivation.verdicts()] == [True] * 6 + [False]
    assert "contradicts that eta is declared positive" in derivation.verdicts()[-1].evidence[0]


def test_definitions_and_declared_signs_are_listed():
    moves = (
        Divide(gamma),
        Define(tau, m / gamma, m),
        Limit(tau),
        Isolate(dot(x)),
        Integrate(forward_euler, dt),
    )
    derivation = Derivation("d", damped_particle, steps(*moves, Define(a, dt / gamma, dt)))
    listed = {str(assumption) for assumption in derivation.assumptions}
    assert {"tau = m/gamma (defined)", "a = dt/gamma (defined)", "gamma > 0 (declared)"} <= listed


def test_ascent_in_two_definitions_is_a_contradiction():
    k = Symbol("k", positive=True)
    first, second = Define(a, dt / gamma, dt), Define(q, -a * k, k)
    start = rule({x: x - dt / gamma * k * G})
    ascent = Derivation("a", start, steps(first, (second, rule({x: x + q * G}))))
    assert check(second, ascent.lines[1], ascent.lines[2])
    clash = ascent.consistency()
    assert clash.outcome is Outcome.FAILS
    assert "a = dt/gamma" in clash.evidence[0]
    assert not any(ascent.verdicts()[1:])
    descent = Derivation("d", start, steps(first, (Define(q, a * k, k), rule({x: x - q * G}))))
    assert all(descent.verdicts())
    assert "a > 0 (follows)" in map(str, descent.assumptions)
