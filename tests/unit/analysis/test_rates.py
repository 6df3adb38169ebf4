"""Rates: against brute force over grids and published optima, and wrong optima that must be refused."""

import numpy as np
import pytest
from sympy import Integer, Rational, Symbol, sqrt

from physsym import after, before, damped_particle, dot, identical, law, rule
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.rates import is_minimax_rate, rate_lower_bound, rate_region, worst_case_rate
from physsym.core.symbols import grad
from physsym.core.verdicts import Condition, Outcome
from physsym.vocabulary import G, eta, gamma, lam, m, rho, u, v, x

heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
average = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
nesterov = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
descent = rule({x: x - eta * G})
r = Symbol("r", positive=True)
below_one = (Condition(1 - r, "> 0"),)
R = Rational


def radius(matrix):
    return np.abs(np.linalg.eigvals(np.array(matrix, dtype=float))).max()


def of_heavy_ball(e, p, curvature):
    return radius([[p, -e * curvature], [p, 1 - e * curvature]])


@pytest.mark.parametrize("rate", [R(11, 20), R(7, 8), Integer(1)])
@pytest.mark.parametrize("p", [R(-1, 2), R(1, 10), R(1, 4), R(4, 5)])
@pytest.mark.parametrize("e", [R(1, 10), R(1), R(5, 2)])
def test_a_rate_is_kept_where_the_radius_of_the_matrix_is_smaller(rate, p, e):
    found = of_heavy_ball(float(e), float(p), 1.0)
    assert rate_region(heavy_ball, rate).holds_at({eta: e, rho: p, lam: 1}) == bool(found < float(rate))


def test_no_rate_below_zero_is_kept():
    assert not rate_region(heavy_ball, -2).holds_at({eta: 1, rho: R(1, 4), lam: 1})
    fast = rate_region(heavy_ball, eta - 1)
    assert fast.holds_at({eta: 2, rho: R(1, 4), lam: 1})
    assert not fast.holds_at({eta: 0, rho: R(1, 4), lam: 0})


def test_a_rate_of_three_multipliers_is_that_of_numpy():
    three = rule({x: x + rho * (x - before(before(x))) - eta * G})
    for e, p in ((R(1, 2), R(1, 10)), (R(1), R(1, 3)), (R(3, 2), R(-1, 2))):
        found = np.abs(np.roots([1, float(e - 1 - p), 0, float(p)])).max()
        for rate in (R(7, 10), R(9, 10), R(11, 10)):
            assert rate_region(three, rate).holds_at({eta: e, rho: p, lam: 1}) == bool(found < float(rate))


@pytest.mark.parametrize(("e", "p"), [(R(1, 100), R(9, 10)), (R(9, 100), R(9, 10)), (R(1, 20), R(1, 10))])
def test_the_worst_curvature_is_that_of_a_fine_grid(e, p):
    brute = max(of_heavy_ball(float(e), float(p), c) for c in np.linspace(1, 20, 401))
    assert float(worst_case_rate(heavy_ball, {eta: e, rho: p}, (1, 20))) == pytest.approx(brute, abs=1e-6)


def test_the_best_rate_of_descent_is_the_published_one_for_every_condition_number():
    ends = (1 - r, 1 + r)  # kappa = (1 + r)/(1 - r), so r = (kappa - 1)/(kappa + 1)
    assert is_minimax_rate(descent, r, ends, {eta: 1}, below_one)
    assert is_minimax_rate(descent, r, ends, {eta: R(9, 10)}, below_one).outcome is Outcome.FAILS
    assert is_minimax_rate(descent, r**2, ends, {eta: 1}, below_one).outcome is Outcome.FAILS
    assert is_minimax_rate(descent, (1 + r) / 2, ends, {eta: 1}, below_one).outcome is Outcome.FAILS


def test_the_best_rate_of_momentum_is_polyaks_for_every_condition_number():
    ends = ((1 - r) ** 2, (1 + r) ** 2)
    assert is_minimax_rate(heavy_ball, r, ends, {eta: 1, rho: r**2}, below_one)
    assert is_minimax_rate(heavy_ball, r, ends, {eta: 1, rho: r}, below_one).outcome is Outcome.FAILS
    assert is_minimax_rate(heavy_ball, r**2, ends, {eta: 1, rho: r**2}, below_one).outcome is Outcome.FAILS


def test_the_best_rate_of_nesterovs_method_is_the_published_one_for_every_condition_number():
    # Lessard, Recht, Packard 2016, proposition 1: 1 - 2/sqrt(3*kappa + 1), at 4/(3*L + mu), with the ends
    # mu = (1 - r)**2 and 3*L + mu = 4.
    ends, beta = ((1 - r) ** 2, (4 - (1 - r) ** 2) / 3), r / (2 - r)
    assert is_minimax_rate(nesterov, r, ends, {eta: 1, rho: beta}, below_one)
    standard = {eta: 1 / ends[1], rho: r}  # the textbook's step size 1/L
    assert is_minimax_rate(nesterov, r, ends, standard, below_one).outcome is Outcome.FAILS


def test_the_best_of_momentum_is_that_of_a_published_table():
    # Goh, Why Momentum Really Works, Distill 2017: (sqrt(kappa) - 1)/(sqrt(kappa) + 1), .8181818 for 100.
    assert worst_case_rate(heavy_ball, {eta: R(4, 121), rho: R(81, 121)}, (1, 100)) == R(9, 11)


def test_weighing_the_gradient_changes_the_values_and_not_the_best_rate():
    ends = ((1 - r) ** 2, (1 + r) ** 2)
    assert is_minimax_rate(average, r, ends, {eta: 1 / (1 - r**2), rho: r**2}, below_one)


@pytest.mark.parametrize("kappa", [4, 9, 20])
def test_no_point_of_a_grid_beats_the_best_of_momentum(kappa):
    best = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    centre = (4 / (np.sqrt(kappa) + 1) ** 2, best**2)
    grid = [
        (centre[0] * s, centre[1] + d) for s in np.linspace(0.8, 1.2, 9) for d in np.linspace(-0.1, 0.1, 9)
    ]
    found = [max(of_heavy_ball(e, p, 1), of_heavy_ball(e, p, kappa)) for e, p in grid]
    assert min(found) > best - 1e-7
    root = sqrt(kappa)
    exactly = worst_case_rate(
        heavy_ball, {eta: 4 / (root + 1) ** 2, rho: ((root - 1) / (root + 1)) ** 2}, (1, kappa)
    )
    assert float(exactly) == pytest.approx(best, abs=1e-12)


def test_fixed_momentum_is_no_faster_than_the_root_of_its_coefficient():
    assert identical(rate_lower_bound(heavy_ball).xreplace({rho: r}), sqrt(r))
    for e in np.linspace(0.001, 0.18, 60):
        assert max(of_heavy_ball(e, 0.9, 1), of_heavy_ball(e, 0.9, 20)) >= np.sqrt(0.9) - 1e-12
    assert identical(rate_lower_bound(descent) ** 2, (1 - eta * lam) ** 2)


def test_descent_has_the_rate_of_a_published_table():
    # AutoLyap's table gamma_rho.csv of the gradient method, mu = 1, L = 4: its first row.
    assert worst_case_rate(descent, {eta: R(5, 1000)}, (1, 4)) ** 2 == R(990025, 1000000)


def test_what_has_no_rate_is_refused():
    with pytest.raises(AnalysisError, match="affine in the curvature"):
        worst_case_rate(rule({x: x - eta * grad(x - eta * G)}), {eta: 1}, (1, 2))
    with pytest.raises(AnalysisError, match="no value to rho"):
        is_minimax_rate(heavy_ball, r, (1, 2), {eta: 1})
    with pytest.raises(AnalysisError, match="0 <= mu <= L"):
        worst_case_rate(descent, {eta: 1}, (2, 1))
    with pytest.raises(TypeError, match="exact"):
        rate_region(descent, 0.5)
    contradictory = (Condition(r - 1, "> 0"), Condition(1 - r, "> 0"))
    assert not is_minimax_rate(descent, r, (1 - r, 1 + r), {eta: 1}, contradictory)


@pytest.mark.parametrize("seed", range(30))
def test_the_rate_region_of_a_law_agrees_with_its_roots(seed):
    random = np.random.default_rng(seed)
    inertia, friction, stiffness, rate = (Rational(int(n), 4) for n in random.integers(1, 24, size=4))
    region = rate_region(damped_particle.law(), rate / 4)
    roots = np.roots([float(inertia), float(friction), float(stiffness)])
    inside = max(r.real for r in roots) < -float(rate) / 4 - 1e-12
    assert region.holds_at({m: inertia, gamma: friction, lam: stiffness}) is bool(inside)


def test_the_rate_region_of_a_law_of_order_three_agrees_with_its_roots():
    flow = law({dot(x): u - x, dot(u): v - x, dot(v): -lam * x - gamma * v})
    region = rate_region(flow, Rational(1, 5))
    answers = set()
    for stiffness, friction in (
        (1, 1),
        (1, 3),
        (5, 1),
        (Rational(1, 10), Rational(1, 10)),
        (1, Rational(1, 2)),
    ):
        matrix = [[-1, 1, 0], [-1, 0, 1], [-float(stiffness), 0, -float(friction)]]
        inside = max(r.real for r in np.linalg.eigvals(matrix)) < -0.2
        answers.add(bool(inside))
        assert region.holds_at({lam: stiffness, gamma: friction}) is bool(inside)
    assert answers == {True, False}
