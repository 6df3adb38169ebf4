"""Where laws are not smooth: jumps and kinks are told apart, whatever form they are written in."""

from fractions import Fraction

import pytest
from sympy import Abs, Heaviside, Max, Min, Piecewise, Rational, Symbol, exp, floor, log, sign, sqrt, symbols

from physsym import Integrate, apply, check, dot, law, rule
from physsym.core.verdicts import Condition, Order, Outcome
from physsym.integrators import heun, runge_kutta_4
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.smoothness import smooth_pieces, where_not_smooth
from physsym.vocabulary import G, dt, x
from tests.support.tiers import in_turn

c, k, p = symbols("c k p", positive=True)
y = Symbol("y", real=True)
JUMPS = [
    sign(y), -3 * sign(c - y), Abs(y) / y, Piecewise((1, y > 0), (0, True)), Piecewise((y, y < c), (0, True)),
    Heaviside(y - c), y + Heaviside(-y), sign(G), floor(y), Abs(y) ** (p - 1) * sign(y),
    Piecewise((1, y > c), (2, y > -c), (3, True)),
]  # fmt: skip
KINKS = [
    Abs(y), y * sign(y), sign(y) * y**2, Abs(y) ** (p + 1), Max(0, y), Max(c, y) - Min(c, y),
    y * Heaviside(y), Piecewise((y, y > 0), (-y, True)), Piecewise((-y, y <= 0), (y, True)), G * sign(G),
    Max(-c, Min(c, G)), 1 / Max(y, c),
    Abs(y - c), (y - c) * sign(y - c), (y - c) * sign(c - y), Abs(y**2 - 1), k * Abs(y) / c,
]  # fmt: skip
SMOOTH = [
    y, sign(y) * Abs(y), Abs(y) ** 2, Max(0, y) + Min(0, y), Max(y, c) * Min(y, c), y * sign(k - c),
    Max(y, c) - (y - c) * Heaviside(y - c), Min(c, y) + (y - c) * Heaviside(y - c),
    Abs(k - c), Heaviside(y) + Heaviside(-y), sign(G) * Abs(G), Max(k, c) * y,
]  # fmt: skip


def lost(rate, order):
    return where_not_smooth(law({dot(y): -rate, dot(x): -G}), Order(dt, order))


@pytest.mark.parametrize("rate", JUMPS, ids=str)
def test_jumps_cost_every_order(rate):
    assert lost(rate, 1).startswith("away from the jumps of ")
    assert lost(rate, 4).startswith("away from the jumps of ")


@pytest.mark.parametrize("rate", KINKS, ids=str)
def test_kinks_cost_the_orders_above_one(rate):
    assert lost(rate, 1) == ""
    assert lost(rate, 2).startswith("away from the kinks of ")


@pytest.mark.parametrize("rate", SMOOTH, ids=str)
def test_what_is_smooth_in_another_form_costs_nothing(rate):
    assert lost(rate, 1) == lost(rate, 4) == ""


def test_where_no_order_is_claimed_none_is_lost():
    assert where_not_smooth(law({dot(y): -sign(y)}), None) == ""


def test_a_run_through_a_jump_loses_the_second_order():
    # y' = 1 below zero and 1/2 above it: from -1 it comes to 1/4 in a time of 3/2.
    rate = lambda place: Fraction(1) if place < 0 else Fraction(1, 2)
    errors = {}
    for steps in (100, 101, 400, 401):
        place, step = Fraction(-1), Fraction(3, 2) / steps
        for _ in range(steps):  # Heun's method
            place += step * (rate(place) + rate(place + step * rate(place))) / 2
        errors[steps] = abs(place - Fraction(1, 4))
    assert max(errors[400], errors[401]) > max(errors[100], errors[101]) / 8  # of order two: a sixteenth


# ------------------------------------------------------------------ powers and logarithms that end

t = Symbol("t", real=True)
ENDS = [
    (sqrt(t), 2, "t"), (sqrt(t), 1, ""), (t ** Rational(1, 3), 4, "t"), (t ** Rational(3, 2), 2, ""),
    (t ** Rational(3, 2), 4, "t"), (1 / sqrt(t), 1, "t"), (log(t), 1, "t"), (sqrt(1 - t), 2, "1 - t"),
    (sqrt(y), 1, "y"), (y ** Rational(1, 3), 2, "y"), (y ** Rational(5, 2), 2, ""), (log(y - c), 1, "-c + y"),
    (Abs(y) ** p, 1, "y"), (y**p, 2, "y"), (sqrt(k), 4, ""), (sqrt(y**2 + c), 4, ""),
    (sqrt(y**2 + x**2), 1, ""),
    (sqrt(y**2 + x**2), 4, "x**2 + y**2"), (exp(y), 4, ""), (t * sqrt(t + c), 1, ""),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "order", "border"), ENDS, ids=str)
def test_a_root_that_ends_costs_the_orders_that_its_derivatives_lack(rate, order, border):
    found = lost(rate, order)
    assert found.startswith(f"away from {border} = 0, where") if border else found == ""


def test_what_is_given_keeps_a_motion_away_from_the_end_of_a_root():
    assert where_not_smooth(law({dot(y): sqrt(t)}), Order(dt, 2), (Condition(t, "> 0"),)) == ""


@pytest.mark.parametrize(("method", "high"), [(heun, 2), (runge_kutta_4, 4)], ids=str)
def test_a_root_from_its_end_is_summed_up_with_half_an_order_more_than_one(method, high):
    # y' = sqrt(t): from t = 0 the error falls by 2**(3/2) as the step is halved, from t = 1 by 2**order.
    def error(start, steps):
        h, total = 1 / steps, 0.0
        for k in range(steps):
            for weight, node in zip(method.weights, map(sum, method.matrix), strict=True):
                total += h * float(weight) * (start + h * (k + float(node))) ** 0.5
        return abs(total - 2 / 3 * ((start + 1) ** 1.5 - start**1.5))

    assert error(0, 64) / error(0, 128) == pytest.approx(2**1.5, rel=0.05)
    assert error(1, 8) / error(1, 16) == pytest.approx(2**high, rel=0.05)
    above = law({dot(y): sqrt(t)})
    verdict = check(Integrate(method, dt), above, apply(Integrate(method, dt), above))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "the motion keeps away from t = 0" in str(verdict)


NONSMOOTH = [
    (1 + Max(y, 0), "kinks of Max(0, y)"), (-1 - Abs(y), "kinks of Abs(y)"),
    (y * floor(y), "jumps of floor(y)"),
    (Max(0, k * y) - k * y**2, "kinks"),
    (-sign(y), "jumps of sign(y)"), (Min(y, 1 - y), "kinks of Min(y, 1 - y)"),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "place", "method"), in_turn(NONSMOOTH, [runge_kutta_4, heun]), ids=str)
def test_a_law_by_cases_has_its_order_within_each_case(rate, place, method):
    above = law({dot(y): rate})
    below = apply(Integrate(method, dt), above)
    verdict = check(Integrate(method, dt), above, below)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert place in str(verdict)
    assert verdict.error.exponent >= method.order
    spoiled = rule({y: below.updates[0].value + dt**2 * Max(0, y)})
    assert check(Integrate(method, dt), above, spoiled).outcome is Outcome.FAILS


def test_cases_are_told_apart_by_what_decides_them_for_short_steps():
    with pytest.raises(UndecidedError, match="more than 16 cases"):
        list(smooth_pieces([Max(y, *(y**n - n for n in range(2, 12)))], dt))
    assert len(list(smooth_pieces([Abs(y + dt), Max(y, 0)], dt))) == 2
    assert [piece for piece, _ in smooth_pieces([Abs(c + y**2 + dt)], dt)] == [(c + y**2 + dt,)]
