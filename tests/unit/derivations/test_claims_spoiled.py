"""Judges of the findings, tried on more than one repaired and spoiled claim each."""

import pytest
from sympy import Integer, Rational

from derivations import friction, gradient_descent, momentum, stale
from derivations.claims import claims, comparison, rules
from derivations.claims.coefficient import coefficients
from physsym import Condition, Outcome, after, before, rule
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, u, v, x

JUDGES = {claim.id: claim.judge for claim in claims}
HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS
descent, source_rule, derived = (
    gradient_descent.derivation.rule,
    momentum.source_rule,
    momentum.derivation.rule,
)
(rate, values), of_descent = comparison.best_of_momentum, comparison.best_of_descent
typical = {eta: Rational(1, 100), rho: Rational(9, 10)}
R = Rational

# fmt: off
CASES = [
    # the weight of the gradient: only (1 - rho)*eta is right, in every form
    ("C36", HOLDS, [rules.two_laws, (1 - dt / tau) * v - dt / (gamma * tau) * G]),
    ("C36", FAILS, [rules.two_laws, (1 - dt / tau) * v + dt / (gamma * tau) * G]),
    ("C36", FAILS, [rules.two_laws, (1 + dt / tau) * v - dt / (gamma * tau) * G]),
    ("C37", HOLDS, [rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}), derived]),
    ("C37", FAILS, [rule({u: rho * u - (1 - rho) * eta * G, x: x + u}), derived]),
    ("C37", FAILS, [rule({u: rho * u - (1 + rho) * eta * G, x: x + after(u)}), derived]),
    ("C38", HOLDS, [source_rule, -eta * G / (1 - rho)]),
    ("C38", FAILS, [derived, -eta * G / (1 - rho)]),
    ("C93", FAILS, [rules.with_displacement, dt / m]),
    ("C93", FAILS, [rules.with_displacement, dt**2 / gamma]),
    ("C100", HOLDS, [dt / gamma, {"descent": dt / gamma}]),
    # which velocity moves the position
    ("C45", FAILS, [(source_rule,), {rho: R(1, 2)}, descent]),
    ("C46", FAILS, [source_rule, rule({x: x + eta * G}), rule({x: x + 2 * eta * G})]),
    ("C89", HOLDS, [stale.derivation.lines[-3]]),
    ("C90", FAILS, [source_rule, x + rho * (x - before(x)) - eta * (1 - rho) * G]),
    ("C98", FAILS, [rule({u: rho * u + eta * G, x: x + after(u)}), *JUDGES["C98"].args[1:]]),
    # the coefficient
    *[("C40", CONDITIONAL, [kept]) for kept in (1 - dt / tau, 1 / (1 + dt / tau))],
    ("C40", FAILS, [1 - dt**2 / tau**2]),
    ("C41", FAILS, [-dt / tau, (), ()]),
    # rates: neither other values nor other rates pass for the best
    ("C56", FAILS, [source_rule, descent, (rate, {**values, rho: rate}), of_descent, typical]),
    ("C56", FAILS, [source_rule, descent, (rate**2, values), of_descent, typical]),
    ("C56", FAILS, [source_rule, descent, (rate, values), (of_descent[0], {eta: Integer(1)}), typical]),
    ("C56", HOLDS, [source_rule, descent, (rate, values), of_descent, {**typical, rho: R(1, 2)}]),
    ("C53", CONDITIONAL, [source_rule, descent, Integer(20), (rules.below_one,), [], typical]),
    # overshooting and stability
    ("C60", CONDITIONAL, [descent, lam * x**2 / 2, ()]),
    ("C62", FAILS, [derived, *JUDGES["C62"].args[1:]]),
    ("C68", CONDITIONAL, [descent, R(1, 100), R(11, 100), (Condition(20 - lam, "> 0"),)]),
]
# fmt: on


@pytest.mark.parametrize(("id", "due", "claimed"), CASES)
def test_a_judge_hears_what_is_claimed(id, due, claimed):
    verdict = JUDGES[id].func(*claimed)
    assert verdict.outcome is due, str(verdict)


@pytest.mark.parametrize("derivation", friction.derivations, ids=lambda d: d.title)
def test_every_treatment_of_friction_has_a_coefficient_of_its_own(derivation):
    verdict = JUDGES["C40"].func(coefficients()[derivation.title])
    assert verdict.outcome is CONDITIONAL
    assert derivation.title in verdict.evidence[0]


def test_conditions_that_are_not_enough_are_not_told():
    found = JUDGES["C53"].func(source_rule, descent, Integer(20), (rules.below_one,), [], typical)
    assert rules.below_one not in found.assumes
    assert JUDGES["C53"]().assumes == JUDGES["C53"].args[3]
