"""Where laws are not smooth: jumps and kinks are told apart, whatever form they are written in."""

from fractions import Fraction

import pytest
from sympy import Abs, Heaviside, Max, Min, Piecewise, Symbol, floor, sign, symbols

from physsym import dot, law
from physsym.core.verdicts import Order
from physsym.verify.smoothness import where_not_smooth
from physsym.vocabulary import G, dt, x

c, k, p = symbols("c k p", positive=True)
y = Symbol("y", real=True)
JUMPS = [
    sign(y), -3 * sign(c - y), Abs(y) / y, Piecewise((1, y > 0), (0, True)), Piecewise((y, y < c), (0, True)),
    Heaviside(y - c), y + Heaviside(-y), sign(G), floor(y), Abs(y) ** (p - 1) * sign(y),
    Piecewise((1, y > c), (2, y > -c), (3, True)),
]  # fmt: skip
KINKS = [
    Abs(y), y * sign(y), sign(y) * y**2, Abs(y) ** p, Max(0, y), Max(c, y) - Min(c, y), y * Heaviside(y),
    Piecewise((y, y > 0), (-y, True)), Piecewise((-y, y <= 0), (y, True)), G * sign(G), Max(-c, Min(c, G)),
    1 / Max(y, c), Abs(y - c), (y - c) * sign(y - c), (y - c) * sign(c - y), Abs(y**2 - 1), k * Abs(y) / c,
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
