"""Orbits: against optimizers written by hand in fractions and doubles, and closed forms."""

import math
from fractions import Fraction

import flint
import pytest
from sympy import Integer, Rational, cos, exp, gamma, sqrt

from derivations.book import reference
from physsym import after, before, law, rule
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.exact_trajectory import sign_changes, simulate, value_of
from physsym.core.symbols import grad, partial, potential
from physsym.vocabulary import G, eta, lam, rho, u, x

heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
nesterov = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
descent = rule({x: x - eta * G})
two_steps = rule({x: x + rho * (x - before(x)) - eta * G})
R = Rational
well = (x**2 - 1) ** 2 / 4 + x / 10


@pytest.mark.parametrize(("derived", "by_hand"), [(heavy_ball, "heavy_ball"), (nesterov, "nesterov")])
def test_an_orbit_is_that_of_the_optimizer_written_by_hand(derived, by_hand):
    e, p, state = Fraction(1, 10), Fraction(9, 10), (Fraction(1, 3), Fraction(2))
    found = simulate(derived, well, {eta: R(1, 10), rho: R(9, 10)}, {u: R(1, 3), x: 2}, steps=6)
    for point in found.points:
        assert point == state
        state = getattr(reference, by_hand)(*state, lambda w: w**3 - w + Fraction(1, 10), e, p)


def test_descent_on_a_quadratic_is_a_power():
    found = simulate(descent, lam * x**2 / 2, {eta: R(1, 7), lam: 3}, {x: 5}, steps=40).of(x)
    assert list(found) == [5 * Fraction(4, 7) ** n for n in range(41)]


def test_a_recurrence_over_two_steps_goes_as_its_pair():
    pair = simulate(heavy_ball, well, {eta: R(1, 10), rho: R(1, 2)}, {u: 0, x: 1}, steps=5)
    alone = simulate(two_steps, well, {eta: R(1, 10), rho: R(1, 2)}, {x: 1, before(x): 1}, steps=5)
    assert pair.of(x) == alone.of(x)
    assert alone.of(before(x))[1:] == alone.of(x)[:-1]


def test_balls_hold_the_exact_numbers():
    values, start = {eta: R(1, 10), rho: R(9, 10)}, {u: 0, x: R(3, 2)}
    exactly = simulate(heavy_ball, well, values, start, steps=8)
    balls = simulate(heavy_ball, well, values, start, steps=8, bits=128)
    for fraction, ball in zip(exactly.of(x), balls.of(x), strict=True):
        assert ball.overlaps(flint.arb(flint.fmpq(*fraction.as_integer_ratio())))
        assert abs(float(ball) - float(fraction)) < 1e-12


def test_balls_follow_functions_as_doubles_do():
    hills = x**2 / 20 + R(12, 100) * (1 - cos(3 * x)) + exp(-(x**2)) / 100
    found = simulate(heavy_ball, hills, {eta: R(1, 10), rho: R(9, 10)}, {u: 0, x: 6}, steps=60, bits=256)
    v, w = 0.0, 6.0
    for _ in range(60):
        v = 0.9 * v - 0.1 * (w / 10 + 0.36 * math.sin(3 * w) - w * math.exp(-(w**2)) / 50)
        w += v
    assert float(found.end(x)) == pytest.approx(w, abs=1e-9)
    assert float(found.end(x).rad()) < 1e-30


def test_values_and_signs_along_an_orbit():
    found = simulate(descent, 10 * x**2, {eta: R(6, 100)}, {x: 1}, steps=5)
    assert sign_changes(found.of(x)) == 5
    assert [value_of(10 * x**2, {x: n}) for n in found.of(x)[:2]] == [10, Fraction(2, 5)]
    assert float(value_of(sqrt(x), {x: 2}, bits=64)) == pytest.approx(2**0.5)


def test_irrational_constants_need_balls():
    by_root = rule({x: x - sqrt(2) * eta * G})
    with pytest.raises(AnalysisError, match="bits="):
        simulate(by_root, x**2 / 2, {eta: R(1, 10)}, {x: 1}, steps=1)
    found = simulate(by_root, x**2 / 2, {eta: R(1, 10)}, {x: 1}, steps=1, bits=64)
    assert float(found.end(x)) == pytest.approx(1 - math.sqrt(2) / 10)


def test_what_has_no_orbit_is_refused():
    start = {x: 1}
    with pytest.raises(TypeError, match="rule"):
        simulate(law({x: x}), x**2, {}, start, steps=1)
    with pytest.raises(TypeError, match="exact"):
        simulate(descent, x**2, {eta: 0.1}, start, steps=1)
    with pytest.raises(AnalysisError, match="no value was given for eta"):
        simulate(descent, x**2, {}, start, steps=1)
    with pytest.raises(AnalysisError, match="no value was given for lam"):
        simulate(descent, lam * x**2, {eta: 1}, start, steps=1)
    with pytest.raises(AnalysisError, match="starts from u, x; given x"):
        simulate(heavy_ball, x**2, {eta: 1, rho: 0}, start, steps=1)
    with pytest.raises(AnalysisError, match="whole number"):
        simulate(descent, x**2, {eta: 1}, start, steps=-1)
    with pytest.raises(AnalysisError, match="several coordinates"):
        simulate(rule({x: x - eta * partial(1, x, u)}), x**2, {eta: 1, u: 0}, start, steps=1)
    with pytest.raises(AnalysisError, match="several coordinates"):
        simulate(rule({x: potential(x, u)}), x**2, {u: 0}, start, steps=1)
    with pytest.raises(AnalysisError, match="sin does not stay within the fractions"):
        simulate(descent, -cos(x), {eta: 1}, start, steps=1)
    with pytest.raises(AnalysisError, match="cannot compute"):
        simulate(descent, gamma(x), {eta: 1}, start, steps=1, bits=64)
    with pytest.raises(AnalysisError, match="no state"):
        simulate(descent, x**2, {eta: 1}, start, steps=1).of(u)
    with pytest.raises(AnalysisError, match="no value was given for x"):
        value_of(x**2, {})


def test_numbers_that_get_out_of_hand_are_refused():
    with pytest.raises(AnalysisError, match="too long"):
        simulate(descent, x**4, {eta: R(1, 3)}, {x: R(1, 3)}, steps=30)
    with pytest.raises(AnalysisError, match="bits"):
        simulate(descent, cos(3 * x), {eta: 5}, {x: 1}, steps=500, bits=64)
    blurred = simulate(descent, cos(x), {eta: Integer(1)}, {x: R(1, 1000)}, steps=0, bits=53).of(x)
    with pytest.raises(AnalysisError, match="not certain"):
        sign_changes([blurred[0] - blurred[0]])


def test_signs_of_floats_are_counted_and_what_is_no_number_is_refused():
    assert sign_changes([1.0, -1.0, 0.0, 1.0, 2.0]) == 2
    assert sign_changes([]) == sign_changes([0.0, 3.0, 0.0]) == 0
    with pytest.raises(AnalysisError, match="not certain"):
        sign_changes([1.0, float("nan")])
