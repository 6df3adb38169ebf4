"""The checks of each move, one fact a test; and the engines behind them, each caught when it is wrong."""

import pytest
from sympy import Abs, Integer, Rational, Symbol, exp, oo, sign, sin, sqrt
from sympy import gamma as gamma_function

from physsym import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    ReduceOrder,
    Rescale,
    after,
    before,
    check,
    damped_particle,
    dot,
    grad,
    identical,
    law,
    rule,
    same_law,
    same_rule,
)
from physsym.core.verdicts import Outcome
from physsym.integrators import (
    forward_euler,
    semi_implicit_euler,
)
from physsym.mechanics import particle_with_friction
from physsym.mechanics.moves import Move
from physsym.verify.engines import identity_test, prime_field, sampling
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError
from physsym.verify.monotone import strictly_monotone
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, u, v, x

motion = damped_particle.law()
in_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
two_laws = law({dot(x): v, tau * dot(v): -G / gamma - v})
step = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})


def test_terms_may_change_sides():
    assert check(Divide(gamma), motion, law({0: -m / gamma * dot(dot(x)) - dot(x) - G / gamma}))


def test_dividing_by_what_is_zero_fails():
    assert check(Divide(gamma - gamma), motion, motion).outcome is Outcome.FAILS
    assert not check(Divide(sqrt(gamma**2) - gamma), motion, motion)


def test_dividing_lists_what_must_not_vanish():
    by = gamma * dot(x)
    verdict = check(Divide(by), motion, law({m * dot(dot(x)) / by: -G / by - 1}))
    assert verdict.outcome is Outcome.CONDITIONAL  # a velocity may come to rest
    assert {str(c) for c in verdict.assumes} == {"gamma != 0", "x' != 0"}


def test_multiplying_lists_what_must_not_vanish():
    # No quotient shows it: where x' vanishes the line below says nothing of the line above.
    verdict = check(Multiply(dot(x)), law({dot(x): v}), law({dot(x) ** 2: v * dot(x)}))
    assert [str(c) for c in verdict.assumes] == ["x' != 0"]


def test_multiplying_back_undoes_dividing():
    assert check(Multiply(gamma), law({m / gamma * dot(dot(x)): -dot(x) - G / gamma}), motion)
    assert not check(Multiply(gamma), law({m / gamma * dot(dot(x)): dot(x) - G / gamma}), motion)


def test_one_equation_too_few_fails():
    assert "2 equations due" in check(Multiply(gamma), two_laws, motion).evidence[0]


@pytest.mark.parametrize(
    ("move", "above", "below", "reason"),
    [
        (Define(tau, m / gamma, m), in_tau, in_tau, "no fresh name"),
        (Define(tau, m / gamma, m), motion, motion, "eliminate"),
        (Define(eta, dt / gamma, tau), motion, motion, "no definition"),
        (Define(eta, eta / gamma, gamma), law({dot(x): gamma}), law({dot(x): eta}), "no definition"),
        (Limit(tau, 0), motion, motion, "there is no limit"),
        (Limit(tau, 0), in_tau, in_tau, "a limit was taken"),
        (Limit(tau, 0), law({tau * dot(x): tau}), law({0: 0}), "nothing is left"),
        (Limit(tau, 0), in_tau, step, "needs a law"),
        (Isolate(dot(x)), motion, law({dot(x): dot(x)}), "left side"),
        (ReduceOrder(x, v), in_tau, law({dot(x): v}), "due, "),
        (ReduceOrder(x, v), in_tau, law({tau * dot(dot(x)): -G / gamma - v}), "not below"),
        (Integrate(forward_euler, dt), two_laws, rule({x: x + dt * v}), "must update"),
        (Integrate(forward_euler, dt), law({dot(v) + dot(x): 1, dot(x): v}), rule({x: x}), "derivative"),
        (Integrate(forward_euler, dt), law({dot(x): dt}), rule({x: x + dt**2}), "no fresh name"),
        (Rescale(v, u, 0), two_laws, two_laws, "leave"),
        (Eliminate(u), step, rule({x: x + u}), "eliminated"),
    ],
)  # fmt: skip
def test_what_cannot_follow_is_refused_with_the_reason(move, above, below, reason):
    verdict = check(move, above, below)
    assert verdict.outcome is Outcome.FAILS
    assert reason in verdict.evidence[0]


def test_a_limit_that_does_not_exist_fails_with_the_rate_of_growth():
    forward = rule({u: (1 - dt / tau) * u - dt**2 / (gamma * tau) * G, x: x + after(u)})
    verdict = check(Limit(tau, 0), forward, rule({u: -dt / gamma * G, x: x + after(u)}))
    assert verdict.outcome is Outcome.FAILS
    assert "grows like 1/tau" in verdict.evidence[0]


def test_a_limit_in_a_law_that_does_not_exist_fails():
    verdict = check(Limit(tau, 0), law({dot(dot(x)): -dot(x) / tau}), law({dot(dot(x)): 0}))
    assert "no limit" in verdict.evidence[0]


def test_an_essential_singularity_is_reported_by_the_sign_of_its_argument():
    decaying, growing = (rule({u: exp(s * dt / tau) * u}) for s in (-1, 1))
    gone = rule({u: Integer(0)})
    assert check(Limit(tau, 0), decaying, gone)
    assert check(Limit(tau, 0), growing, gone).outcome is Outcome.FAILS
    unsigned = rule({u: exp(rho / tau) * u})
    assert check(Limit(tau, 0), unsigned, gone).outcome is Outcome.UNDECIDABLE


def test_the_order_of_a_limit_is_that_of_its_slowest_part():
    quick = rule({u: (1 - tau**2) * u, x: (1 - tau**3) * x})
    verdict = check(Limit(tau, 0), quick, rule({u: u, x: x}))
    assert verdict.error.exponent == 2


def test_a_limit_may_go_to_infinity():
    verdict = check(Limit(gamma, oo), law({v: -G / gamma + rho}), law({v: rho}))
    assert verdict
    assert str(verdict.error) == "O(1/gamma)"


def test_a_singular_limit_says_how_the_motions_converge():
    verdict = check(Limit(tau, 0), in_tau, law({0: -G / gamma - dot(x)}))
    assert str(verdict).startswith("holds pointwise after a layer, up to O(tau)")


def test_a_root_that_is_not_the_only_one_is_not_accepted():
    square = law({dot(x) ** 2: gamma})
    assert not check(Isolate(dot(x)), square, law({dot(x): sqrt(gamma)}))


def test_what_drops_out_cannot_be_isolated():
    assert not check(Isolate(dot(x)), law({dot(x) - dot(x) + G: 0}), law({dot(x): 1}))
    # 0*v = 0 is solved by everything, and so says nothing of v.
    nothing = (x + u) ** 2 - x**2 - 2 * x * u - u**2
    verdict = check(Isolate(v), law({nothing * v: 0}), law({v: x}))
    assert verdict.outcome is Outcome.FAILS
    assert "v drops out of the equation" in verdict.evidence


@pytest.mark.parametrize("power", [Rational(3, 2), Integer(3), Symbol("p", positive=True)])
def test_power_law_friction_can_be_solved_for_the_velocity(power):
    massless = law({0: particle_with_friction(power).law().equations[0].right})
    speed = (Abs(G) / gamma) ** (1 / (power - 1))
    assert check(Isolate(dot(x)), massless, law({dot(x): -speed * sign(G)}))
    assert not check(Isolate(dot(x)), massless, law({dot(x): speed * sign(G)}))
    assert not check(Isolate(dot(x)), massless, law({dot(x): -speed}))


def test_order_alone_does_not_pass_one_integrator_for_another():
    posing = rule({v: (1 - dt / tau) * v - dt / (gamma * tau) * G, x: x + dt * v})
    assert check(Integrate(forward_euler, dt), two_laws, posing)
    assert not check(Integrate(semi_implicit_euler, dt), two_laws, posing)


def test_the_order_of_updates_is_part_of_the_integrator():
    positions_first = rule({x: x + dt * v, v: (1 - dt / tau) * v - dt / (gamma * tau) * grad(after(x))})
    assert check(Integrate(semi_implicit_euler, dt, first=(x,)), two_laws, positions_first)
    assert not check(Integrate(semi_implicit_euler, dt), two_laws, positions_first)


def test_the_order_measured_is_sharp():
    linear = law({dot(x): -rho * x})
    verdict = check(Integrate(forward_euler, dt), linear, rule({x: x - dt * rho * x}))
    assert verdict.error.exponent == 1
    exact = check(
        Integrate(semi_implicit_euler.with_friction("exponential"), dt), linear, rule({x: exp(-rho * dt) * x})
    )
    assert exact
    assert exact.error.exponent == float("inf")


def test_an_elimination_is_checked_on_the_second_step():
    right = rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * G})
    stale = rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * grad(before(x))})
    assert check(Eliminate(u), step, right)
    assert not check(Eliminate(u), step, stale)


def test_a_change_of_units_must_be_constant():
    assert not check(Rescale(u, v, x), step, rule({v: rho * v, x: x + after(v) * x}))


def test_a_move_of_ones_own_is_unchecked_until_it_registers():
    class Wish(Move):
        pass

    assert check(Wish(), motion, motion).outcome is Outcome.UNCHECKED


@pytest.mark.parametrize("nonsense", [None, "m*x''", 3, G, object()])
def test_nonsense_is_refused(nonsense):
    with pytest.raises(TypeError):
        check(nonsense, motion, motion)
    with pytest.raises(TypeError):
        check(Divide(gamma), nonsense, motion)
    with pytest.raises(TypeError):
        check(Divide(gamma), motion, nonsense)
    with pytest.raises(TypeError):
        same_rule(step, nonsense)
    with pytest.raises(TypeError):
        same_law(nonsense, motion)


# ------------------------------------------------------------------ identities and the engines

SAME = [
    ((x + u) ** 3, x**3 + 3 * x**2 * u + 3 * x * u**2 + u**3),
    (exp(-dt / tau) * exp(dt / tau), Integer(1)),
    (exp(x) ** 2, exp(2 * x)),
    (sqrt(x**2), Abs(x)),
    (sqrt(m * gamma), sqrt(m) * sqrt(gamma)),
    (sign(x) * Abs(x), x),
    (grad((x + u) ** 2), grad(x**2 + 2 * x * u + u**2)),
    (Abs(G) ** (1 / (rho - 1)) * Abs(G), Abs(G) ** (rho / (rho - 1))),
    (1 / (1 + dt / tau), tau / (tau + dt)),
]
DIFFERENT = [
    (x**3, x**3 + Rational(1, 10**9)),
    (sqrt(x**2), x),
    (Abs(x), x),
    (grad(x), grad(u)),
    (grad(2 * x), 2 * grad(x)),
    (exp(x + u), exp(x) + exp(u)),
    (exp(-2000 * m), 2 * exp(-2000 * m)),
    (x**5 - x, Integer(0)),
    (rho**2, rho),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_equal_expressions_are_found_equal(left, right):
    assert identical(left, right), str(identical(left, right))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_expressions_fail_with_a_witness(left, right):
    verdict = identical(left, right)
    assert verdict.outcome is Outcome.FAILS
    assert verdict.witness


def test_an_unknown_function_is_no_pass():
    assert identical(gamma_function(x) * x, gamma_function(x + 1)).outcome is Outcome.UNDECIDABLE
    assert identical(gamma_function(x), gamma_function(x))  # written alike
    assert not identical(sin(x) ** 2, 1 - sin(x) ** 2)


def test_the_witness_can_be_checked_by_hand():
    witness = sampling.identity(rho * u, rho * u**2).witness
    where, values = witness.removeprefix("at ").split(": ")
    at = {name: Rational(value) for name, value in (pair.split(" = ") for pair in where.split(", "))}
    assert values == f"{at['rho'] * at['u']} against {at['rho'] * at['u'] ** 2}"


def test_orders_agree_with_sympy_series():
    from sympy import limit

    for expression, exponent in [
        (exp(tau) - 1 - tau, 2),
        (1 / tau - 1 / (tau + tau**2), 0),
        (tau / (1 + tau), 1),
    ]:
        assert identity_test.order_of(expression, Integer(0), tau) == exponent
        assert limit(expression / tau**exponent, tau, 0) not in (0, oo)


def test_a_pole_does_not_turn_unknown_terms_into_zeros():
    series = Laurent.of(0, [1, 2, 3], prime_field.P) * Laurent.of(-2, [1, 0, 0], prime_field.P)
    assert series.coefficient(0) == 3
    with pytest.raises(UndecidedError):
        series.coefficient(1)
    with pytest.raises(UndecidedError):
        (series + series.scaled(-1)).inverse()


def test_growth_beyond_every_power_is_distinguished():
    with pytest.raises(DivergenceError):
        identity_test.order_of(exp(1 / tau), Integer(0), tau)


@pytest.mark.parametrize(
    ("expression", "monotone"),
    [
        (gamma * v + 3 * v**3, True),
        (gamma * v - 3 * v**3, False),
        (v**2, False),
        (v * Abs(v), True),
        (rho * v, False),
        (-gamma * v * (v**2 + Abs(v)), True),
        (sign(v), False),
        (1 / v, False),
    ],
)
def test_monotone_expressions_are_reported_by_their_form(expression, monotone):
    assert strictly_monotone(expression, v)[0] is monotone
