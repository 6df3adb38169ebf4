"""Laws of logarithms, angles and constants: textbook identities hold by two families, spoiled ones fail."""

import math
import random

import pytest
from sympy import Abs, E, Rational, Symbol, cos, exp, lambdify, log, pi, sin, sqrt, tan

from physsym import (
    Define,
    Derivation,
    Divide,
    Integrate,
    Isolate,
    Outcome,
    Step,
    dot,
    identical,
    integrators,
    law,
)
from physsym.verify.engines import flint, identity_test
from physsym.verify.engines.base import Answer
from physsym.vocabulary import G, dt, gamma, m, tau, v, x

a, b, c = (Symbol(name, real=True) for name in "abc")
p, q = (Symbol(name, positive=True) for name in "pq")

HOLD = {
    "logarithm of a product": (log(p * q, evaluate=False), log(p) + log(q)),
    "of a quotient": (log(p / (q + 1)), log(p) - log(q + 1)),
    "of a power": (log(sqrt(p) / q**a), log(p) / 2 - a * log(q)),
    "of a square": (log(a**2), 2 * log(Abs(a))),
    "of a size": (log(Abs(a * b)), log(Abs(a)) + log(Abs(b))),
    "of a number": (log(12 * p) - log(4 * p), log(3)),
    "of an exponential": (log(p * exp(a)), a + log(p)),
    "a power as an exponential": (exp(b * log(p + 1)), (p + 1) ** b),
    "with a factor": (exp(b * log(p) + c) * q, q * p**b * exp(c)),
    "double angle": (cos(2 * a), 2 * cos(a) ** 2 - 1),
    "sum of angles": (sin(a + b), sin(a) * cos(b) + cos(a) * sin(b)),
    "triple angle": (sin(3 * a), 3 * sin(a) - 4 * sin(a) ** 3),
    "products of sines": (cos(a - b) - cos(a + b), 2 * sin(a) * sin(b)),
    "half angle": (2 * sin(a / 2) ** 2, 1 - cos(a)),
    "angles with factors": (sin((p + q) * a) + sin((p - q) * a), 2 * sin(p * a) * cos(q * a)),
    "pi is a number": (pi * a + a, a * (1 + pi)),
    "exponentials of pi": (exp(pi * a) * exp(a), exp(a * (1 + pi))),
    "powers of e": (E * a / exp(3), a * exp(-1) / exp(1)),
}


@pytest.mark.parametrize(("left", "right"), HOLD.values(), ids=HOLD)
def test_a_textbook_identity_holds(left, right):
    verdict = identical(left, right)
    assert verdict, verdict
    assert not verdict.assumes


@pytest.mark.parametrize(("left", "right"), HOLD.values(), ids=HOLD)
@pytest.mark.parametrize(
    "spoil", [lambda e: e + Rational(1, 100), lambda e: 2 * e, lambda e: e + a / 7], ids="+*a"
)
def test_a_spoiled_one_fails_with_a_point(left, right, spoil):
    verdict = identical(left, spoil(right))
    assert verdict.outcome is Outcome.FAILS
    assert " against " in verdict.witness


CONDITIONAL = {
    "logarithm of a product": (log(a * b), log(a) + log(b), ["a > 0", "b > 0"]),
    "a power as an exponential": (exp(b * log(a)), a**b, ["a > 0"]),
    "tangent of a sum": (
        tan(a + b),
        (tan(a) + tan(b)) / (1 - tan(a) * tan(b)),
        ["cos(a) != 0", "cos(b) != 0"],
    ),
}


@pytest.mark.parametrize(("left", "right", "needed"), CONDITIONAL.values(), ids=CONDITIONAL)
def test_where_one_side_is_defined_alone_it_is_conditional(left, right, needed):
    verdict = identical(left, right)
    assert verdict.outcome is Outcome.CONDITIONAL, verdict
    assert set(needed) <= set(map(str, verdict.assumes))


def test_hypotheses_make_it_hold():
    assert identical(log(a * b), log(a) + log(b), given=("a > 0", "b > 0"))
    assert identical(log(a * b), log(-a) + log(-b), given=(a < 0, b < 0))
    assert identical(exp(b * log(a)), a**b, given=a > 0)


def test_random_sums_of_angles_beside_numbers():
    chance = random.Random(3)
    numbers = {a: 0.731, b: -1.217, c: 2.093}
    for _ in range(40):
        angles = [
            sum(chance.randint(-2, 2) * s for s in (a, b, c)) + chance.choice((0, p * a)) for _ in range(2)
        ]
        one, other = angles
        left = chance.choice((sin, cos))(one) * chance.choice((sin, cos))(other)
        plus, minus = one + other, one - other
        right = (
            chance.choice((1, -1)) * chance.choice((sin, cos))(plus) / 2
            + chance.choice((1, -1)) * chance.choice((sin, cos))(minus) / 2
        )
        gap = lambdify((a, b, c, p), left - right)(*numbers.values(), 1.377)
        equal = math.isclose(gap, 0, abs_tol=1e-12)
        assert identical(left, right).outcome is (Outcome.HOLDS if equal else Outcome.FAILS), (
            left,
            right,
            gap,
        )


def test_the_two_families_prove_it_alone():
    for left, right in HOLD.values():
        if not left.has(Abs):
            assert flint.identity(left, right).answer is not Answer.REFUTED
    for name in ("logarithm of a product", "triple angle", "pi is a number"):
        for engine in (flint, identity_test):
            assert engine.identity(*HOLD[name]).answer is Answer.PROVED
            assert engine.identity(HOLD[name][0], HOLD[name][1] * 2).answer is not Answer.PROVED


def test_the_friction_of_a_sphere():
    """Stokes: 6*pi*mu*r*v; pi is a number, and nothing about it is assumed."""
    friction = 6 * pi * p * q
    steps = (Divide(friction), Define(tau, m / friction, eliminating=m))
    derivation = Derivation(
        "A sphere", law({m * dot(v): -friction * v - G, dot(x): v}), tuple(Step("", s) for s in steps)
    )
    assert all(derivation.verdicts()), derivation.verdicts()
    assert not any("pi" in str(c) for verdict in derivation.verdicts() for c in verdict.assumes)
    rule = Derivation(
        "A drop",
        law({friction * dot(x): -G}),
        (Step("", Isolate(dot(x))), Step("", Integrate(integrators.forward_euler, dt))),
    )
    assert all(rule.verdicts()), rule.verdicts()


def test_pi_is_neither_three_nor_algebraic():
    assert identical(pi * a, 3 * a).outcome is Outcome.FAILS
    assert identical(pi, Rational(355, 113)).outcome is Outcome.FAILS
    assert identical(sin(pi * a), 0 * a).outcome is Outcome.FAILS
    assert identical(pi**2 * gamma, 10 * gamma).outcome is Outcome.FAILS
