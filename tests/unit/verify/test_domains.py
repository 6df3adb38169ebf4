"""Where lines are defined and by what they were multiplied: what a step adds, and factors of laws."""

import pytest
from mpmath import mp, mpf
from sympy import (
    Abs,
    Rational,
    Symbol,
    asinh,
    atan,
    atanh,
    cosh,
    exp,
    log,
    sin,
    sinh,
    sqrt,
    tanh,
)

from physsym import (
    Define,
    Derivation,
    Divide,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    Neglect,
    Rescale,
    Step,
    System,
    apply,
    check,
    damped_particle,
    dot,
    law,
    rule,
)
from physsym.core.verdicts import Order, Outcome, Verdict, all_of, fails, holds
from physsym.integrators import forward_euler, heun, runge_kutta_4
from physsym.mechanics import MoveError
from physsym.verify.monotone import strictly_monotone
from physsym.verify.variation import follows_from
from physsym.verify.well_formed import well_formed
from physsym.vocabulary import G, U, dt, gamma, m, rho, u, x

a, b, y, z, w, v, t = (Symbol(name, real=True) for name in "abyzwvt")
k, tau = (Symbol(name, positive=True) for name in ("k", "tau"))
HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS


def assumed(verdict):
    return [str(c) for c in verdict.assumes]


# ------------------------------------------------------------------ conditions that a line adds


def test_a_pole_that_the_line_below_adds_makes_a_step_conditional():
    stated = check(Multiply(2), law({dot(x): x + 1}), law({2 * dot(x): 2 * (x**2 - 1) / (x - 1)}))
    assert stated.outcome is CONDITIONAL
    assert assumed(stated) == ["x - 1 != 0"]
    # The line above has the pole, or it is one of constants.
    kept = check(
        Multiply(2), law({dot(x): (x**2 - 1) / (x - 1)}), law({2 * dot(x): 2 * (x**2 - 1) / (x - 1)})
    )
    assert kept.outcome is HOLDS
    assert assumed(kept) == ["x - 1 != 0"]
    constant = check(Multiply(2), law({dot(x): a + 1}), law({2 * dot(x): 2 * (a**2 - 1) / (a - 1)}))
    assert constant.outcome is HOLDS
    assert assumed(constant) == ["a - 1 != 0"]


def test_what_the_stages_of_a_method_need_follows_for_short_steps():
    above = law({dot(x): -3 / x})
    assert (
        check(Integrate(runge_kutta_4, dt), above, apply(Integrate(runge_kutta_4, dt), above)).outcome
        is HOLDS
    )


def test_a_pole_keeps_its_place_in_other_units():
    above, move = law({dot(x): -3 / x}), Rescale(x, w, k)
    assert check(move, above, apply(move, above)).outcome is HOLDS


# ------------------------------------------------------------------ factors that may vanish


@pytest.mark.parametrize("factor", [a, a - b, 1 / a, a**2], ids=str)
def test_a_start_that_was_multiplied_lists_that_the_factor_does_not_vanish(factor):
    start = law({factor * m * dot(dot(x)): factor * (-gamma * dot(x) - G)})
    verdict = Derivation("", start, (Step("", Multiply(2)),), system=damped_particle).verdicts()[0]
    shown = "a - b != 0" if factor == a - b else "a != 0"
    assert verdict.outcome is HOLDS
    assert shown in assumed(verdict)


def test_a_start_that_is_the_law_itself_assumes_no_factor():
    verdict = Derivation("", damped_particle, (Step("", Divide(gamma)),)).verdicts()[0]
    assert verdict.outcome is HOLDS
    assert not [c for c in assumed(verdict) if "!=" in c]


@pytest.mark.parametrize(
    ("equation", "outcome", "condition"),
    [
        ({a * dot(x): -a * x}, HOLDS, "a != 0"),
        ({(a - b) * dot(x): -(a**2 - b**2) * x}, HOLDS, "a - b != 0"),
        ({x * dot(x): -(x**2)}, CONDITIONAL, "x != 0"),
    ],
    ids=str,
)
def test_a_coefficient_that_cancels_is_listed(equation, outcome, condition):
    above, move = law(equation), Integrate(forward_euler, dt)
    verdict = check(move, above, apply(move, above))
    assert verdict.outcome is outcome
    assert condition in assumed(verdict)


def test_a_solution_lies_where_its_equation_is_defined():
    above = law({(dot(x) ** 2 - 1) / (dot(x) - 1): a})
    verdict = check(Isolate(dot(x)), above, law({dot(x): a - 1}))
    assert verdict.outcome is HOLDS
    assert "a - 2 != 0" in assumed(verdict)
    outside = law({(dot(x) ** 2 - 1) / (dot(x) - 1): 2})
    assert check(Isolate(dot(x)), outside, law({dot(x): 1})).outcome is FAILS


# ------------------------------------------------------------------ equations without rates


@pytest.mark.parametrize(
    "equations",
    [
        {tau * dot(z): -y, y: z, 2 * y: z},
        {tau * dot(z): -y, w: 2 * y, y: z, 3 * w: z},
        {tau * dot(z): -y, y: z, y + z: 0},
        {tau * dot(z): -y, y: z, 2 * y: 2 * z},
    ],
    ids=str,
)
def test_two_equations_for_one_state_without_a_rate_are_no_law(equations):
    assert well_formed(law(equations)).outcome is FAILS
    steps = (Step("", Multiply(2)),)
    assert [v.outcome for v in Derivation("", law(equations), steps).verdicts()] == [FAILS, FAILS]


def test_coupled_equations_without_rates_determine_their_states():
    proper = {tau * dot(z): -y, y: w + z, w: 2 * y}
    assert well_formed(law(proper)).outcome is HOLDS
    assert well_formed(law({tau * dot(z): -y, y: w + z, w: y - 3 * z})).outcome is Outcome.UNDECIDABLE
    circle = {dot(y): -z, dot(z): y, y**2 + z**2: 1}  # a first integral beside its law
    assert well_formed(law(circle)).outcome is HOLDS


# ------------------------------------------------------------------ monotone functions

SOLVED = [
    (exp(dot(x)), k, log(k), "k > 0"), (tanh(dot(x)), a, atanh(a), "1 - a**2 > 0"),
    (exp(dot(z)), a, log(a), "a > 0"),
    (gamma * sinh(dot(x)), -G, -asinh(G / gamma), ""), (log(dot(x)), a, exp(a), ""),
    (dot(z) + exp(dot(z)), a + exp(a), a, ""), (exp(-dot(z)) - dot(z) ** 3, exp(a) + a**3, -a, ""),
    (a * exp(dot(z)), a * b, log(b), "a != 0"), ((exp(dot(z)) + 1) ** Rational(1, 3), 2, log(7), ""),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "value", "condition"), SOLVED, ids=str)
def test_a_strictly_monotone_equation_has_one_solution(left, right, value, condition):
    rate = dot(z) if left.has(dot(z)) else dot(x)
    verdict = check(Isolate(rate), law({left: right}), law({rate: value}))
    assert verdict.outcome is HOLDS
    assert not condition or condition in assumed(verdict)
    assert check(Isolate(rate), law({left: right}), law({rate: value + 1})).outcome is not HOLDS


@pytest.mark.parametrize(
    "function", [exp(v) - v, v * exp(v), a * exp(v) + b * atan(v), sinh(v) ** 2], ids=str
)
def test_functions_that_may_turn_are_not_taken_for_monotone(function):
    assert not strictly_monotone(function, v)[0]


@pytest.mark.parametrize("function", [exp(2 * v) + v, -atan(v**3), log(1 + exp(v)), sqrt(v + 3)], ids=str)
def test_functions_taken_for_monotone_have_a_derivative_of_one_sign(function):
    assert strictly_monotone(function, v)[0]
    with mp.workdps(30):
        slopes = {mp.sign(function.diff(v).subs(v, mpf(n) / 3).evalf(20)) for n in range(-8, 20) if n}
    assert len(slopes) == 1


# ------------------------------------------------------------------ equations of rescaled laws


@pytest.mark.parametrize("unit", [exp(-k * t), exp(k * t), 3 * k, a], ids=str)
def test_a_rescaled_law_may_be_divided_by_its_unit(unit):
    # v = unit*w: w' = v'/unit - (unit'/unit)*w.
    rate = unit.diff(t) / unit
    below = law({dot(w): -(b + rate) * w})
    verdict = check(Rescale(v, w, unit), law({dot(v): -b * v}), below)
    assert verdict.outcome is HOLDS
    assert ("a != 0" in assumed(verdict)) == (unit == a)
    assert "which is not zero" in str(verdict)
    spoiled = law({dot(w): -(b - rate + 1) * w})
    assert check(Rescale(v, w, unit), law({dot(v): -b * v}), spoiled).outcome is FAILS


# ------------------------------------------------------------------ systems, names, terms and texts


@pytest.mark.parametrize("value", [-2 - dt / gamma, 1 + dt / tau, 2], ids=str)
def test_a_name_does_not_leave_its_natural_range(value):
    above = rule({u: (value if value != 2 else 1 + dt / dt) * u})
    verdict = check(Define(rho, value, eliminating=dt), above, rule({u: rho * u}))
    assert verdict.outcome is FAILS
    within = 1 - dt / tau
    assert (
        check(Define(rho, within, eliminating=dt), rule({u: within * u}), rule({u: rho * u})).outcome is HOLDS
    )


def test_the_lagrangian_of_a_power_of_a_speed_has_no_impulses():
    # d/dt (3 v**2 sign(v)) = 6 |v| a, by hand.
    acceleration, speed = dot(dot(x)), dot(x)
    (equation,) = System((x,), Abs(speed) ** 3 - U).law().equations
    for number in (-2, 1, 5):
        at = {acceleration: 7, speed: number}
        assert equation.left.subs(at) == 6 * abs(number) * 7
    assert (
        follows_from(System((x,), Abs(speed) ** 3 - U), law({6 * Abs(speed) * acceleration: -G})).outcome
        is HOLDS
    )
    with pytest.raises(ValueError, match="momentum jumps"):
        System((x,), Abs(speed) - U).law()


@pytest.mark.parametrize(
    "friction", [-gamma * cosh(dot(x)), -gamma * dot(x) * atan(dot(x)), -gamma * log(cosh(dot(x)))], ids=str
)
def test_friction_that_never_takes_power_is_refused_whatever_its_form(friction):
    with pytest.raises(ValueError, match="never positive"):
        System((x,), m * dot(x) ** 2 / 2 - U, friction)
    assert System((x,), m * dot(x) ** 2 / 2 - U, -friction)


def test_what_is_no_coordinate_and_what_is_no_lagrangian_is_said():
    with pytest.raises(ValueError, match="t is the time"):
        System((t,), dot(t) ** 2 / 2)
    for nothing in (z * dot(z), z**2 * dot(z) + a, Rational(3)):
        with pytest.raises(ValueError, match="0 = 0"):
            System((z,), nothing).law()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_of_terms_is_neglected_as_written_or_by_its_terms(sign):
    term = sign * k * (sin(y) - y)
    for rate in (-k * y - k * (sin(y) - y), -k * y - k * (sin(y) - y) - y**3, k * y - k * sin(y) + y**2):
        above = law({dot(dot(y)): rate})
        below = apply(Neglect(term), above)
        verdict = check(Neglect(term), above, below)
        assert verdict.outcome is CONDITIONAL
        assert (below.equations[0].right - rate - k * (sin(y) - y)).expand() == 0
        spoiled = law({dot(dot(y)): rate - k * (sin(y) - y)})
        assert check(Neglect(term), above, spoiled).outcome is FAILS
    with pytest.raises(MoveError, match="sum of terms"):
        apply(Neglect(term), law({dot(dot(y)): -k * sin(y)}))
    assert check(Neglect(term), law({dot(dot(y)): -k * sin(y)}), law({dot(dot(y)): -k * y})).outcome is FAILS


def test_a_verdict_that_does_not_hold_has_no_order_of_error():
    wrong = all_of(holds("seen", error=Order(dt, 1)), fails("no"))
    assert wrong.error is None
    assert "up to" not in str(wrong)
    assert "up to" not in str(Verdict(Outcome.FAILS, error=Order(dt, 1)))
    assert "up to O(dt)" in str(holds(error=Order(dt, 1)))


def test_a_condition_that_the_others_imply_follows():
    move = Integrate(heun, dt)
    derivation = Derivation("", law({dot(x): sqrt(t + k)}), (Step("", move),))
    sources = {str(one.condition): one.source for one in derivation.assumptions}
    assert sources["k + t >= 0"] == "assumed"
    assert sources["dt + k + t >= 0"] == "follows"


def test_the_limit_of_the_time_step_is_not_taken_at_a_fixed_one():
    steps = (Step("", Integrate(forward_euler, dt)), Step("", Limit(dt, 0)))
    budget = Derivation("", law({dot(x): -x}), steps).error
    assert "at fixed dt" not in str(budget)
    assert not budget.is_known
