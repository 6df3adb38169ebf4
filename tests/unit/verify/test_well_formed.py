"""Statements are well-formed: one equation a state, friction that takes power, signs that are kept."""

import pytest
import sympy
from scipy.integrate import solve_ivp
from sympy import Abs, Rational, Symbol, sqrt

from physsym import (
    Derivation,
    Divide,
    Integrate,
    ReduceOrder,
    Step,
    System,
    apply,
    check,
    damped_particle,
    dot,
    grad,
    law,
    rule,
)
from physsym.core.statements import Law
from physsym.core.verdicts import Condition, Outcome
from physsym.integrators import forward_euler
from physsym.mechanics import particle_with_friction
from physsym.mechanics.moves import MoveError
from physsym.verify.well_formed import contradicting_equations, well_formed
from physsym.vocabulary import G, U, dt, eta, gamma, m, rho, t, tau, v, x

y, a, b, c = (Symbol(name, real=True) for name in "yabc")
p, k = (Symbol(name, positive=True) for name in "pk")
n = Symbol("n", negative=True)
s = Symbol("s", nonnegative=True)
KINETIC = m * (dot(x) ** 2 + dot(y) ** 2) / 2


def texts(verdict):
    return {str(condition) for condition in verdict.assumes}


CONTRADICTING = [
    ({dot(x): -G, 2 * dot(x): -G}, "contradict each other: x' would be -grad(x) and -grad(x)/2"),
    ({dot(x): -G, 2 * dot(x): -2 * G}, "one equation twice"),
    ({dot(x): -G, -gamma * dot(x): gamma * G}, "one equation twice"),
    ({m * dot(dot(x)): -G, 3 * dot(dot(x)): y}, "contradict each other: x'' would be"),
    ({dot(x) ** 2: 1, dot(x): 1}, "2 equations for the motion of x: x'**2 = 1"),
    ({dot(x) + dot(y): -G, dot(x) - dot(y): a, dot(y): b}, "3 equations for the motion of x, y"),
    ({dot(x): v, dot(v): -G, dot(v) + dot(x): 0}, "3 equations for the motion of v, x"),
    ({m * dot(dot(x)): -G, dot(x): -G / gamma}, "2 equations for the motion of x"),
    ({dot(dot(x)): -x, dot(x): y, dot(y): -x, y * dot(y): 1}, "equations for the motion of"),
    ({x: 0, 2 * x: 1}, "x = 0 and 2*x = 1 contradict each other: x would be 0 and 1/2"),
    ({m * dot(x) ** 2: -gamma}, "never holds with the declared signs"),
    ({dot(x): dot(x)}, "says nothing"),
    ({gamma: 0}, "never holds"),
]  # fmt: skip
WELL = [
    {dot(x): -G}, {m * dot(dot(x)): -gamma * dot(x) - G}, {dot(x): v, m * dot(v): -G},
    {dot(x) + dot(y): -G, dot(x) - dot(y): a}, {dot(x) + dot(y): -G, dot(y): a, 0: x - v},
    {dot(dot(x)): -x, dot(y): dot(x)}, {dot(dot(x)): -x, dot(x): v}, {dot(x): v, m * dot(x): k},
    {0: -gamma * dot(x) - G}, {x: 1, y: 2}, {x: 0},
    {(m + p) * dot(dot(x)) + p * dot(dot(y)): -G, dot(dot(x)) + dot(dot(y)): -y},
]  # fmt: skip


@pytest.mark.parametrize(("equations", "reason"), CONTRADICTING)
def test_equations_that_contradict_or_repeat_each_other_are_no_law(equations, reason):
    verdict = well_formed(law(equations))
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


@pytest.mark.parametrize("equations", WELL)
def test_one_equation_a_state_is_well_formed(equations):
    assert contradicting_equations(law(equations)) == ""
    assert well_formed(law(equations))


def test_the_same_equation_in_another_order_changes_nothing():
    first, second = law({dot(x): -G}).equations[0], law({2 * dot(x): -G}).equations[0]
    for equations in ((first, second), (second, first), (first, first)):
        assert contradicting_equations(Law(equations))


def test_nothing_follows_from_two_laws_for_one_coordinate():
    twice = law({dot(x): -G / gamma, 2 * dot(x): -G / gamma})
    for below in (rule({x: x - dt * G / gamma}), rule({x: x - dt * G / gamma / 2})):
        verdict = check(Integrate(forward_euler, dt), twice, below)
        assert verdict.outcome is Outcome.FAILS
        assert "contradict each other" in verdict.evidence[0]
    with pytest.raises(MoveError, match="two equations of the law"):
        apply(Integrate(forward_euler, dt), twice)
    derivation = Derivation("o", twice, (Step("", Divide(gamma)),))
    assert not any(derivation.verdicts())


def test_a_singular_mass_matrix_is_undecided():
    verdict = well_formed(law({dot(x) + dot(y): -G, 2 * dot(x) + 2 * dot(y): a}))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "singular" in verdict.evidence[0]
    turning = {
        sympy.cos(a) * dot(x) - sympy.sin(a) * dot(y): 0,
        sympy.sin(a) * dot(x) + sympy.cos(a) * dot(y): 1,
    }
    assert well_formed(law(turning))


# ------------------------------------------------------------------ friction

PUSHING = [
    -gamma * dot(x) ** 2 / 2, -k * Abs(dot(x)) ** 3, -k * Abs(dot(y)), n * dot(x) ** 2,
    -gamma * dot(x) ** 2 - k * dot(y) ** 4, -((dot(x) - dot(y)) ** 2) * gamma,
]  # fmt: skip


@pytest.mark.parametrize("dissipation", PUSHING, ids=str)
def test_friction_that_pushes_is_refused(dissipation):
    with pytest.raises(ValueError, match="never positive: such friction drives the motion"):
        System((x, y), KINETIC - U, dissipation)
    assert System((x, y), KINETIC - U, -dissipation).law()


def test_friction_that_pushes_is_found_by_z3_where_the_form_does_not_show_it():
    driving = System((x, y), KINETIC - U, -(dot(x) ** 2) + dot(x) * dot(y) - dot(y) ** 2)
    assert well_formed(driving.law()).outcome is Outcome.FAILS
    braking = System((x, y), KINETIC - U, dot(x) ** 2 - dot(x) * dot(y) + dot(y) ** 2)
    assert well_formed(braking.law())


ASSUMED = [
    (gamma * (dot(x) - c) ** 2 / 2, Outcome.CONDITIONAL, {"-c*gamma*x' + gamma*x'**2 >= 0"}),
    (rho * dot(x) ** 2 / 2, Outcome.HOLDS, {"rho >= 0"}),
    (a * Abs(dot(x)) ** 3, Outcome.HOLDS, {"a >= 0"}),
    (a * dot(x) ** 2 + b * dot(y) ** 2, Outcome.HOLDS, {"a >= 0", "b >= 0"}),
    (gamma * dot(x) ** 2 - gamma * dot(y) ** 2, Outcome.CONDITIONAL, {"2*gamma*x'**2 - 2*gamma*y'**2 >= 0"}),
    (gamma * dot(x) * dot(y), Outcome.CONDITIONAL, {"2*gamma*x'*y' >= 0"}),
    (3 * m * dot(x) ** 2 / (2 * t), Outcome.HOLDS, {"t >= 0"}),
    ((1 - t) * dot(x) ** 2, Outcome.CONDITIONAL, {"1 - t >= 0"}),
    (gamma * dot(x) ** 2, Outcome.HOLDS, {"2*gamma*x'**2 >= 0"}),
    (-gamma * a * dot(x), Outcome.CONDITIONAL, {"-a*gamma*x' >= 0"}),
]


@pytest.mark.parametrize(("dissipation", "outcome", "assumed"), ASSUMED, ids=[str(d) for d, *_ in ASSUMED])
def test_power_that_is_assumed_not_to_be_negative_is_listed(dissipation, outcome, assumed):
    verdict = well_formed(System((x, y), KINETIC - U, dissipation).law())
    assert verdict.outcome is outcome
    assert texts(verdict) == assumed


def test_a_moving_belt_gives_power_and_the_derivation_says_so():
    belt = System((x,), m * dot(x) ** 2 / 2 - U, gamma * (dot(x) - c) ** 2 / 2)
    derivation = Derivation("belt", belt.law(), (Step("", Divide(gamma)),))
    assert derivation.verdicts()[0].outcome is Outcome.CONDITIONAL
    assert "-c*gamma*x' + gamma*x'**2 >= 0 (assumed)" in map(str, derivation.assumptions)


@pytest.mark.parametrize("power", [1, 2, 3, Rational(3, 2), p])
def test_friction_of_any_power_takes_energy(power):
    assert well_formed(particle_with_friction(power).law())


def test_an_assumption_that_never_holds_is_no_start():
    start = Law(law({dot(x): -G}).equations, (Condition(-gamma, "> 0"),))
    assert well_formed(start).outcome is Outcome.FAILS
    assert well_formed(Law(start.equations, (Condition(a - a, "!= 0"),))).outcome is Outcome.FAILS
    pair = (Condition(a, "> 0"), Condition(-a, "> 0"))
    assert well_formed(Law(start.equations, pair)).outcome is Outcome.FAILS
    assert well_formed(Law(start.equations, pair[:1]))


# ------------------------------------------------------------------ signs of states along the motion

KEPT = [
    ({dot(p): -a * p}, p, lambda z: -z),
    ({dot(p): k - p}, p, lambda z: 1 - z),
    ({dot(p): p * (1 - p)}, p, lambda z: z * (1 - z)),
    ({dot(n): -k * n - gamma}, n, lambda z: -z - 1),
    ({tau * dot(s): G**2 - s, dot(x): -G / sqrt(s)}, s, lambda z: 1 - z),
]
LOST = [
    ({dot(p): -k * p - k}, p, lambda z: -z - 1),
    ({dot(p): -sqrt(p)}, p, lambda z: -sympy.sqrt(max(z, 0)) if z > 0 else 0),
    ({dot(n): k - n}, n, lambda z: 1 - z),
    ({dot(s): s - k}, s, lambda z: z - 1),
    ({dot(x): p, dot(p): -grad(x)}, p, None),
    ({m * dot(dot(p)): -p}, p, None),
]


@pytest.mark.parametrize(("equations", "state", "rate"), KEPT)
def test_a_sign_that_the_motion_keeps_is_no_hypothesis(equations, state, rate):
    assert well_formed(law(equations))
    start = -0.5 if state.is_negative else 0.5
    reached = solve_ivp(lambda _, z: [float(rate(z[0]))], (0, 5), [start], rtol=1e-9, atol=1e-12).y[0]
    assert all(z * start > 0 for z in reached)


@pytest.mark.parametrize(("equations", "state", "rate"), LOST)
def test_a_sign_that_the_motion_may_lose_is_a_hypothesis(equations, state, rate):
    verdict = well_formed(law(equations))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert any(text.startswith(f"{state} stays ") for text in texts(verdict))
    if rate is not None:
        start = -0.5 if state.is_negative else 0.5
        reached = solve_ivp(lambda _, z: [float(rate(z[0]))], (0, 5), [start], rtol=1e-9, atol=1e-12).y[0]
        assert any(z * start <= 1e-9 for z in reached)


def test_a_rule_lists_what_keeps_its_signs():
    assert texts(well_formed(rule({s: rho * s + (1 - rho) * G**2}))) == {"rho >= 0", "1 - rho >= 0"}
    assert well_formed(rule({x: x - eta * G})).assumes == ()


def test_a_positive_velocity_that_is_given_is_a_hypothesis():
    start = law({dot(x): p, m * dot(p): -gamma * p - G})
    derivation = Derivation("k", start, (Step("", Divide(p)),))
    assert derivation.verdicts()[0].outcome is Outcome.CONDITIONAL
    assert all(Derivation("k", damped_particle, (Step("", ReduceOrder(x, v)),)).verdicts())
