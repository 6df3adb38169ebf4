"""Repairs against motions: plain floats, stepped here by hand, that know nothing of the judges."""

from itertools import pairwise, product
from math import sqrt

import pytest

CURVED = [k / 20 for k in range(1, 40)]  # eta*lam between 0 and 2
KEPT = [0.01, 0.1, 0.25, 0.5, 0.81, 0.9, 0.99]
BOTH = list(product(CURVED, KEPT))


def momentum(h, rho, steps=600):
    """Yield the positions of u <- rho*u - h*x, x <- x + u from rest at one, scaled to stay in range."""
    x, u = 1.0, 0.0
    for _ in range(steps):
        yield x
        u = rho * u - h * x
        x += u
        size = abs(x) + abs(u)
        x, u = x / size, u / size


def shrinks(h, rho, steps=6000):
    """Return whether the position of momentum has become small, or else large."""
    x, u = 1.0, 0.0
    for _ in range(steps):
        u = rho * u - h * x
        x += u
        if abs(x) > 1e6:
            return False
    return abs(x) + abs(u) < 1e-3


def sides(positions):
    return [a * b < 0 for a, b in pairwise(filter(None, positions))]


def near(value, edge):
    return abs(value - edge) < 1e-9


def unlike(agrees, places):
    """Return the places, of many, at which what is seen in motion is not what was said."""
    places = list(places)
    assert len(places) > 100
    return [place for place in places if not agrees(*place)]


def test_momentum_changes_sides_less_often_than_at_each_step_below_the_bound_of_c55():
    def agrees(h, rho):
        late, edge = sides(momentum(h, rho))[300:], (1 + sqrt(rho)) ** 2
        return near(h, edge) or all(late) == (h > edge)

    assert unlike(agrees, ((h, rho) for h, rho in BOTH if h > 1)) == []


def test_the_repair_that_was_false_is_refuted_by_its_counterexample():
    assert all(sides(momentum(1.5, 0.01)))  # as descent does, whose multiplier is -1/2


def test_momentum_dies_out_faster_than_descent_where_c53_says():
    def agrees(h, rho):
        trace, product_ = 1 + rho - h, rho
        inside = trace**2 - 4 * product_
        radius = sqrt(product_) if inside < 0 else (abs(trace) + sqrt(inside)) / 2
        return near(rho, (1 - h) ** 2) or (radius < abs(1 - h)) == (rho < (1 - h) ** 2)

    assert unlike(agrees, ((h, rho) for h, rho in BOTH if h > 1)) == []


def test_momentum_from_rest_changes_sides_exactly_above_the_threshold_of_c62():
    def agrees(h, rho):
        edge = (1 - sqrt(h)) ** 2
        return near(rho, edge) or any(sides(momentum(h, rho, 3000))) == (rho > edge)

    assert unlike(agrees, ((h, rho) for h, rho in BOTH if h < 1)) == []


def test_momentum_and_descent_are_stable_where_c63_says():
    def agrees(h, rho):
        return shrinks(h, rho) == (h < 2 * (1 + rho)) and (abs(1 - h) < 1) == (h < 2)

    places = ((h + 0.01, rho) for h, rho in product([*CURVED, 2.5, 3, 3.5], KEPT))
    assert unlike(agrees, places) == []


@pytest.mark.parametrize("h", [h + 0.01 for h in CURVED])
def test_descent_along_the_gradient_of_the_step_before_is_stable_where_c46_says(h):
    older, x = 1.0, 1.0
    for _ in range(6000):
        older, x = x, x - h * older
        if abs(x) > 1e6:
            break
    assert (abs(x) < 1e-3) == (h < 1)


@pytest.mark.parametrize("h", CURVED)
def test_descent_overshoots_and_lowers_the_loss_where_c60_and_c05_say(h):
    new = 1 - h
    assert (new < 0 and not near(new, 0)) == (h > 1 and not near(h, 1))
    assert (new**2 < 1) == (0 < h < 2)


@pytest.mark.parametrize("rho", KEPT)
def test_sums_of_gradients_are_those_of_c54_and_c58b(rho):
    equal = alternating = 0.0
    ends = []
    for n in range(5000):
        equal = rho * equal + 1
        alternating = rho * alternating + (-1) ** n
        ends.append(equal)
    assert equal == pytest.approx(1 / (1 - rho))
    assert abs(alternating) == pytest.approx(1 / (1 + rho))
    assert all(later >= sooner for sooner, later in pairwise(ends))
