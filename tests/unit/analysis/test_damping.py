"""Damping: by the discriminant, against the roots of NumPy and against closed forms."""

import numpy as np
import pytest
from sympy import Integer, Rational, expand, sqrt

from physsym import after, before, damped_particle, identical, law, rule
from physsym.analysis.damping import (
    Damping,
    critical_values,
    damping_at,
    damping_ratio,
    discriminant,
    underdamped_region,
)
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.core.symbols import dot, grad
from physsym.vocabulary import G, eta, gamma, lam, m, rho, u, v, x

heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
nesterov = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
descent = rule({x: x - eta * G})
three_back = rule({x: x + rho * (x - before(before(x))) - eta * G})
particle = damped_particle.law()


@pytest.mark.parametrize("r", [Rational(n, 20) for n in range(0, 20, 3)])
@pytest.mark.parametrize("a", [Rational(n, 7) for n in (1, 3, 6, 9, 13, 20)])
def test_momentum_swings_where_the_multipliers_of_its_matrix_are_complex(r, a):
    rho_, a_ = float(r), float(a)
    roots = np.linalg.eigvals(np.array([[rho_, -a_], [rho_, 1 - a_]]))
    at = {rho: r, eta: a, lam: 1}
    assert underdamped_region(heavy_ball).holds_at(at) == bool(np.abs(roots.imag).max() > 1e-12)
    assert (damping_at(heavy_ball, at) is Damping.UNDERDAMPED) == bool(np.abs(roots.imag).max() > 1e-12)


@pytest.mark.parametrize("a", [Rational(1, 9), Rational(1, 4), Rational(1), Rational(16, 9)])
def test_momentum_is_critical_exactly_at_the_two_published_values(a):
    root = sqrt(a)
    for edge in ((1 - root) ** 2, (1 + root) ** 2):
        assert damping_at(heavy_ball, {rho: edge, eta: a, lam: 1}) is Damping.CRITICAL
        inside = edge + (Rational(1, 1000) if edge < 1 else -Rational(1, 1000))
        assert damping_at(heavy_ball, {rho: inside, eta: a, lam: 1}) is Damping.UNDERDAMPED


def test_the_critical_coefficients_are_the_published_squares():
    low, high = critical_values(heavy_ball, rho)
    assert identical(low, (1 - sqrt(eta * lam)) ** 2)
    assert identical(high, (1 + sqrt(eta * lam)) ** 2)
    assert not identical(low, (1 - eta * lam) ** 2)


def test_the_particle_has_the_textbook_damping():
    assert identical(discriminant(particle), gamma**2 - 4 * m * lam)
    (critical,) = critical_values(particle, gamma)
    assert identical(critical, 2 * sqrt(m * lam))
    assert identical(damping_ratio(particle), gamma / (2 * sqrt(m * lam)))


@pytest.mark.parametrize(
    ("friction", "found"), [(3, Damping.OVERDAMPED), (2, Damping.CRITICAL), (1, Damping.UNDERDAMPED)]
)
def test_the_three_classes_of_the_oscillator(friction, found):
    assert damping_at(particle, {m: 1, gamma: friction, lam: 1}) is found


def test_one_relaxation_time_has_both_classes():
    slow, fast = ({m: 1, gamma: 1, lam: k} for k in (Rational(1, 10), 10))
    assert damping_at(particle, slow) is Damping.OVERDAMPED
    assert damping_at(particle, fast) is Damping.UNDERDAMPED


def test_without_mass_one_root_is_left_and_nothing_swings():
    assert damping_at(particle, {m: 0, gamma: 1, lam: 5}) is Damping.OVERDAMPED
    assert damping_at(descent, {eta: Rational(3, 2), lam: 1}) is Damping.OVERDAMPED
    assert not underdamped_region(descent).holds_at({eta: 1, lam: 1})


@pytest.mark.parametrize(("r", "e"), [(Rational(1, 2), Rational(1, 10)), (0, Rational(1, 2)), (1, 0)])
def test_a_cubic_is_judged_as_its_roots_are(r, e):
    roots = np.roots([1, float(e) - 1 - float(r), 0, float(r)])
    at = {rho: r, eta: e, lam: 1}
    complex_pair = bool(np.abs(roots.imag).max() > 1e-6)
    assert (damping_at(three_back, at) is Damping.UNDERDAMPED) == complex_pair


def test_beyond_the_discriminant_roots_are_counted():
    chain = law({m * dot(dot(x)): -gamma * dot(x) - 2 * x + v, m * dot(dot(v)): -gamma * dot(v) - 2 * v + x})
    assert damping_at(chain, {m: 1, gamma: 10}) is Damping.OVERDAMPED
    assert damping_at(chain, {m: 1, gamma: 3}) is Damping.UNDERDAMPED
    with pytest.raises(AnalysisError, match="rational values"):
        damping_at(chain, {m: 1, gamma: sqrt(5)})
    alike = law({m * dot(dot(x)): -gamma * dot(x) - x, m * dot(dot(v)): -gamma * dot(v) - v})
    assert damping_at(alike, {m: 1, gamma: 10}) is Damping.CRITICAL
    with pytest.raises(AnalysisError, match="damping_at"):
        underdamped_region(chain)


def test_the_discriminant_is_that_of_the_matrix():
    trace, determinant = 1 + rho - eta * lam, rho
    assert expand(discriminant(heavy_ball) - (trace**2 - 4 * determinant)) == 0
    assert (
        expand(discriminant(nesterov) - ((1 + rho) ** 2 * (1 - eta * lam) ** 2 - 4 * rho * (1 - eta * lam)))
        == 0
    )


def test_what_has_no_damping_is_refused():
    with pytest.raises(AnalysisError, match="second order"):
        damping_ratio(law({gamma * dot(x): -lam * x}))
    with pytest.raises(TypeError, match="law"):
        damping_ratio(heavy_ball)
    with pytest.raises(AnalysisError, match="degree 0 in rho"):
        critical_values(descent, rho)
    with pytest.raises(AnalysisError, match="no value"):
        damping_at(heavy_ball, {rho: Integer(0)})
    with pytest.raises(TypeError, match="exact"):
        damping_at(heavy_ball, {rho: 0.9, eta: 1, lam: 1})
    with pytest.raises(AnalysisError, match="not linear"):
        discriminant(rule({x: x - eta * x**2}))
