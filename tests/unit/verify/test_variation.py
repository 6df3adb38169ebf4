"""Laws from Lagrangians: equations derived by hand follow, spoiled ones do not; the witness is a motion."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from sympy import (
    Abs,
    And,
    Eq,
    Function,
    Heaviside,
    Max,
    Ne,
    Or,
    Piecewise,
    Rational,
    asin,
    cos,
    exp,
    sign,
    sin,
    sqrt,
    symbols,
)

from physsym import Derivation, Divide, Step, System, damped_particle, dot, grad, law, potential, rule
from physsym.core.statements import Equation, Law
from physsym.core.symbols import hess, partial
from physsym.core.verdicts import Outcome
from physsym.mechanics import system as mechanics
from physsym.testing import strategies
from physsym.verify import follows_from
from physsym.vocabulary import G, U, gamma, m, rho, t, tau, x
from tests.support.tiers import examples

y, theta, phi = symbols("y theta phi", real=True)
c, g, k, length, p = symbols("c g k length p", positive=True)
turning, weight = m * length**2 * dot(dot(theta)), m * g * length
kinetic = m * dot(x) ** 2 / 2
a, speed = dot(dot(x)), dot(x)

particle = damped_particle
pendulum = System(
    (theta,), m * length**2 * dot(theta) ** 2 / 2 + weight * cos(theta), gamma * dot(theta) ** 2 / 2
)
growing = System((x,), m * (1 + x**2) * speed**2 / 2 - U, gamma * speed**2 / 2)
nesterov = System((x,), kinetic - U, 3 * m * speed**2 / (2 * t))
rubbing = System(
    (x, y), m * (speed**2 + dot(y) ** 2) / 2 - potential(x, y), gamma * (speed - dot(y)) ** 2 / 2
)
magnetic = System((x, y), m * (speed**2 + dot(y) ** 2) / 2 + k * (x * dot(y) - y * speed) / 2)
relativistic = System((x,), -m * c**2 * sqrt(1 - speed**2 / c**2) - U)
slow = System((x,), -U, gamma * speed**2 / 2)
ageing = System((x,), kinetic - U, gamma * exp(-t / tau) * speed**2 / 2)
growth = exp(gamma * t / m)
expanding = System((x,), growth * (kinetic - U))
carried = System((x,), m * (speed + dot(y)) ** 2 / 2 - U)
power = System((x,), kinetic - U, gamma * Abs(speed) ** p / p)
dry = System((x,), kinetic - U, gamma * Abs(speed))
wall = System((x,), kinetic - k * Max(x, 0) ** 2 / 2, gamma * speed**2 / 2)
near, far = And(x > -1, x < 2), Or(x < -1, x > 2)
gap = System(
    (x,), kinetic - Piecewise((x**2, Eq(x, 3)), (k * x, True)) - Piecewise((g * x, Ne(x, 4)), (0, True))
)
band = System((x,), kinetic - k * Piecewise((x, near), (0, True)) - g * Piecewise((x**2, far), (0, True)))
inverse = System((x,), kinetic - k / (1 + speed**2) - U)
ramp = System((x,), kinetic - k * Piecewise((x**2, x > 1), (2 * x - 1, True)) / 2)

# Each system, its equation of motion as it is derived by hand, and what is false beside it.
BY_HAND = {
    "a particle with friction": (particle, law({m * a: -gamma * speed - G})),
    "the same, divided": (particle, law({tau * a: -tau * gamma / m * speed - tau * G / m})),
    "a pendulum": (
        pendulum,
        law({turning: -gamma * dot(theta) - weight * sin(theta)}),
    ),
    "a mass that depends on the position": (
        growing,
        law({m * (1 + x**2) * a: -m * x * speed**2 - gamma * speed - G}),
    ),
    "friction 3/t": (nesterov, law({m * a: -3 * m * speed / t - G})),
    "friction between two": (
        rubbing,
        law({
            m * dot(dot(y)): -gamma * (dot(y) - speed) - partial(2, x, y),
            m * a: -gamma * (speed - dot(y)) - partial(1, x, y),
        }),
    ),
    "a magnetic field": (magnetic, law({m * a: k * dot(y), m * dot(dot(y)): -k * speed})),
    "a fast particle": (relativistic, law({m * a / (1 - speed**2 / c**2) ** Rational(3, 2): -G})),
    "no mass": (slow, law({gamma * speed: -G})),
    "friction that fades": (ageing, law({m * a: -gamma * exp(-t / tau) * speed - G})),
    "an expanding universe": (expanding, law({growth * (m * a + gamma * speed): -growth * G})),
    "a moving support": (carried, law({m * a: -m * dot(dot(y)) - G})),
    "a power of the speed": (power, law({m * a: -gamma * Abs(speed) ** (p - 1) * sign(speed) - G})),
    "dry friction": (dry, law({m * a: -gamma * sign(speed) - G})),
    "a soft wall": (wall, law({m * a: -gamma * speed - k * Max(x, 0)})),
    "an inverse of the speed": (
        inverse,
        law({(m + 2 * k * (1 - 3 * speed**2) / (1 + speed**2) ** 3) * a: -G}),
    ),
    "a force with gaps": (gap, law({m * a: -k - g})),
    "a force in a band": (
        band,
        law({m * a: -k * Piecewise((1, near), (0, True)) - 2 * g * x * Piecewise((1, far), (0, True))}),
    ),
    "a force by cases": (ramp, law({m * a: -k * Piecewise((x, x > 1), (1, True))})),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_the_equation_of_motion_by_hand_follows(case):
    system, by_hand = BY_HAND[case]
    verdict = follows_from(system, by_hand)
    assert verdict, str(verdict)
    assert verdict.engines == ("variation",)
    assert follows_from(system, system.law())


SPOILED = {
    "the sign of the force": (particle, law({m * a: -gamma * speed + G})),
    "twice the friction": (particle, law({m * a: -2 * gamma * speed - G})),
    "friction that drives": (particle, law({m * a: gamma * speed - G})),
    "no friction": (particle, law({m * a: -G})),
    "another mass": (particle, law({gamma * a: -gamma * speed - G})),
    "the force elsewhere": (particle, law({m * a: -gamma * speed - grad(2 * x)})),
    "the Hessian for the gradient": (particle, law({m * a: -gamma * speed - hess(x)})),
    "a rate too few": (particle, law({m * speed: -gamma * speed - G})),
    "sin for cos": (pendulum, law({turning: -gamma * dot(theta) - weight * cos(theta)})),
    "a small angle": (pendulum, law({turning: -gamma * dot(theta) - weight * theta})),
    "twice the force of the mass": (
        growing, law({m * (1 + x**2) * a: -2 * m * x * speed**2 - gamma * speed - G}),
    ),
    "a mass that does not move": (growing, law({m * (1 + x**2) * a: -gamma * speed - G})),
    "half of 3/t": (nesterov, law({m * a: -3 * m * speed / (2 * t) - G})),
    "time that stands still": (nesterov, law({m * a: -3 * m * speed - G})),
    "no coupling": (
        rubbing,
        law({m * a: -gamma * speed - partial(1, x, y), m * dot(dot(y)): -gamma * dot(y) - partial(2, x, y)}),
    ),
    "forces exchanged": (
        replace(rubbing, dissipation=0 * gamma),
        law({m * a: -partial(2, x, y), m * dot(dot(y)): -partial(1, x, y)}),
    ),
    "the field turned": (magnetic, law({m * a: -k * dot(y), m * dot(dot(y)): k * speed})),
    "one equation twice": (rubbing, Law((rubbing.law().equations[0],) * 2)),
    "one equation too few": (rubbing, Law(rubbing.law().equations[:1])),
    "one equation too many": (particle, Law((*particle.law().equations, *slow.law().equations))),
    "a slow particle": (relativistic, law({m * a: -G})),
    "uphill without mass": (slow, law({gamma * speed: G})),
    "friction that does not fade": (ageing, law({m * a: -gamma * speed - G})),
    "an expansion forgotten": (expanding, law({m * a: -G})),
    "a support at rest": (carried, law({m * a: -G})),
    "linear friction": (power, law({m * a: -gamma * speed - G})),
    "dry friction one way": (dry, law({m * a: -gamma - G})),
    "an inverse of the speed, one sign": (
        inverse,
        law({(m + 2 * k * (1 + 3 * speed**2) / (1 + speed**2) ** 3) * a: -G}),
    ),
    "a gap for the whole": (gap, law({m * a: -2 * x})),
    "a band too narrow": (
        band,
        law({m * a: -k * Piecewise((1, And(x > 0, x < 1)), (0, True)) - g * Piecewise((x, far), (0, True))}),
    ),
    "a wall on both sides": (wall, law({m * a: -gamma * speed - k * x})),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED, ids=str)
def test_a_spoiled_equation_of_motion_fails(case):
    verdict = follows_from(*SPOILED[case])
    assert verdict.outcome is Outcome.FAILS
    assert verdict.witness or "equation" in verdict.evidence[0]


def together(a, b, c, d):
    """Return a times the first equation of two that rub plus b times the second, and c and d times them."""
    first, second = rubbing.law().equations
    pairs = ((a, b), (c, d))
    return Law(
        tuple(
            Equation(r * first.left + s * second.left, r * first.right + s * second.right) for r, s in pairs
        )
    )


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        ((1, 1, 1, -1), Outcome.HOLDS),
        ((m, -2 * gamma, 0, gamma**2), Outcome.HOLDS),
        ((1, 2, 3, 6), Outcome.FAILS),  # twice the same: the motion is not determined
        ((1, x**2 + 1, 0, 1), Outcome.CONDITIONAL),  # what moves may vanish, as far as the judge sees
        ((1, gamma, m, m * gamma), Outcome.FAILS),
    ],
)
def test_equations_of_motion_may_be_added_up_with_constants(numbers, outcome):
    assert follows_from(rubbing, together(*numbers)).outcome is outcome


def test_the_witness_is_a_motion_of_the_system():
    spring = System((x,), kinetic - k * x**2 / 2, gamma * speed**2 / 2)
    witness = follows_from(spring, law({m * a: -2 * gamma * speed - k * x})).witness
    where, _, values = witness.removeprefix("in a motion with ").partition(": ")
    at = {name: Fraction(value) for name, _, value in (part.partition(" = ") for part in where.split(", "))}
    # Newton's second law by hand: the acceleration that the witness names is that of a damped spring.
    assert at["m"] * at["x''"] == -at["gamma"] * at["x'"] - at["k"] * at["x"]
    left, right = map(Fraction, values.split(" against "))
    assert (left, right) == (at["m"] * at["x''"], -2 * at["gamma"] * at["x'"] - at["k"] * at["x"])
    assert left != right


def test_a_witness_with_sines_is_a_motion_as_far_as_its_digits_go():
    witness = follows_from(*SPOILED["sin for cos"]).witness
    where, _, values = witness.removeprefix("in a motion with ").partition(": ")
    at = {name: float(Fraction(value)) for name, _, value in (p.partition(" = ") for p in where.split(", "))}
    inertia, rubs = at["m"] * at["length"] ** 2, at["gamma"] * at["theta'"]
    falls = at["m"] * at["g"] * at["length"]
    left, right = (float(Fraction(value)) for value in values.split(" against "))
    assert inertia * at["theta''"] == pytest.approx(-rubs - falls * math.sin(at["theta"]), rel=1e-4)
    assert left == pytest.approx(inertia * at["theta''"], rel=1e-4)
    assert right == pytest.approx(-rubs - falls * math.cos(at["theta"]), rel=1e-4)


def test_the_judge_shares_no_code_with_the_law_of_a_system(monkeypatch):
    def refused(*_):
        raise AssertionError("the judge must not call this")

    right = law({m * a: -gamma * speed - G})
    monkeypatch.setattr(System, "law", refused)
    monkeypatch.setattr(System, "_sides", refused)
    monkeypatch.setattr(mechanics, "lagrange_equations", refused)
    monkeypatch.setattr(mechanics, "total_time_derivative", refused)
    monkeypatch.setattr("sympy.core.expr.Expr.diff", refused)
    assert follows_from.__wrapped__(particle, right)


def test_a_law_of_systems_that_is_wrong_is_seen(monkeypatch):
    # As if the law of a system took explicit time for a constant.
    frozen = lambda expression, coordinates: sum(
        expression.diff(s) * dot(s) for q in coordinates for s in (q, dot(q))
    )
    monkeypatch.setattr(mechanics, "total_time_derivative", frozen)
    steps = (Step("", Divide(m)),)
    assert not Derivation("", expanding, steps).verdicts()[0]
    assert Derivation("", particle, steps).verdicts()[0]


def test_what_moves_may_multiply_an_equation_under_a_condition():
    verdict = follows_from(particle, law({speed * m * a: -gamma * speed**2 - speed * G}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "do not vanish" in str(verdict.assumes[0])


@pytest.mark.parametrize("unknown", [asin(x), Function("f")(x)])
def test_what_cannot_be_evaluated_is_undecided_and_named(unknown):
    verdict = follows_from(System((x,), kinetic - unknown), law({m * a: -unknown.diff(x)}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert str(unknown) in verdict.evidence[0]


def test_what_has_no_real_value_is_undecided():
    nowhere = System((x,), kinetic - sqrt(-1 - x**2))
    assert follows_from(nowhere, nowhere.law()).outcome is Outcome.UNDECIDABLE


def test_numbers_that_lose_all_digits_decide_nothing():
    steep = exp(exp(exp(10 + x**2)))
    assert follows_from(System((x,), kinetic - steep), law({m * a: -G})).outcome is not Outcome.HOLDS
    # At 256 bits this sine is known to one digit: too few to tell a force from one that is larger by 1/1000.
    force = k * (2 + sin(Rational(10**75, 3)))
    larger = law({m * a: -force * Rational(1001, 1000)})
    assert follows_from(System((x,), kinetic - force * x), larger).outcome is Outcome.UNDECIDABLE


def test_a_step_has_the_derivative_of_a_ramp():
    ramped = System((x,), kinetic - k * Max(x, 0))
    assert follows_from(ramped, law({m * a: -k * Heaviside(x)}))
    assert not follows_from(ramped, law({m * a: -k}))


@settings(max_examples=examples(15), deadline=None)
@given(strategies.systems())
def test_the_law_of_every_system_drawn_follows_and_that_of_its_mirror_image_does_not(system):
    derived = system.law()
    assert follows_from(system, derived)
    potential_of = replace(system, lagrangian=system.lagrangian + 2 * U)
    assert follows_from(potential_of, derived).outcome is Outcome.FAILS


def test_an_instant_at_which_the_equation_happens_to_hold_is_passed_over():
    system = System("x", "m*x'**2/4 - lam*x**2/2", dissipation="gamma*x'**2/2 + mu*x'**2")
    assert follows_from(system, system.law())


def test_the_start_of_a_derivation_follows_from_its_system():
    steps = (Step("", Divide(gamma)),)
    start = Derivation("", particle, steps).verdicts()[0]
    assert start
    assert "d/dt dL/dq'" in start.evidence[0]
    wrong = Derivation("", law({m * a: -gamma * speed + G}), steps, system=particle)
    assert wrong.verdicts()[0].outcome is Outcome.FAILS
    with pytest.raises(TypeError, match="starts with its law of motion"):
        Derivation("", rule({x: x - rho * x}), steps, system=particle)
