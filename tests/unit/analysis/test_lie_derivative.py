"""Leading terms, series, energies and slow velocities, against roots by NumPy and motions followed."""

from fractions import Fraction

import numpy as np
import pytest
from sympy import Poly, Rational, Symbol, cos, lambdify, sin

from physsym import System, damped_particle, dot, hess, law, rule
from physsym.analysis import (
    AnalysisError,
    characteristic_polynomial,
    energy,
    leading_roots,
    rate_along,
    root_series,
    slow_velocity,
)
from physsym.analysis.linear import z
from physsym.analysis.slow_manifold import invariance
from physsym.core.symbols import higher
from physsym.mechanics import particle_with_friction
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, t, tau, u, v, x

s = Symbol("s", positive=True)
particle = damped_particle.law()
in_terms_of_tau = law({tau * dot(dot(x)): -G / gamma - dot(x)})
PATHS = {
    "no mass": {m: s},
    "strong friction": {gamma: 1 / s},
    "both": {m: s, gamma: 1 / s},
    "mass like friction squared": {m: s**2, gamma: s},
    "no curvature": {lam: s},
}
at = {m: 2, gamma: 3, lam: 5}


def along(path):
    found = characteristic_polynomial(particle).as_expr().xreplace(path)
    return Poly(found.xreplace({k: Rational(n) for k, n in at.items()}), z)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_leading_terms_are_those_of_the_roots_that_numpy_finds(path):
    small = Rational(1, 10**6)
    leading = [complex(r.of(s).xreplace({s: small})) for r in leading_roots(along(path), s)]
    coefficients = [float(c.xreplace({s: small})) for c in along(path).all_coeffs()]
    roots = list(np.roots(coefficients))
    for one in leading:
        nearest = min(roots, key=lambda root: abs(root - one))
        assert abs(nearest / one - 1) < 1e-4
        roots.remove(nearest)
    assert not roots


def test_a_root_of_a_fractional_power_is_found():
    found = leading_roots(Poly(z**2 - s, z), s)
    assert {(r.coefficient, r.exponent) for r in found} == {(1, Fraction(1, 2)), (-1, Fraction(1, 2))}


def test_roots_that_are_zero_are_left_out():
    assert [str(r.of(s)) for r in leading_roots(Poly(z**2 * (z - s), z), s)] == ["s"]


def test_a_series_comes_as_close_to_the_root_as_its_order_says():
    polynomial = characteristic_polynomial(in_terms_of_tau)
    numbers = {gamma: 3, lam: 2}
    for order in range(4):
        series = root_series(polynomial, tau, -lam / gamma, order).xreplace(numbers)
        gaps = []
        for small in (1e-2, 5e-3):
            exact = max(np.roots([small, 1, 2 / 3]).real)
            gaps.append(abs(float(series.xreplace({tau: Rational(small)})) - exact))
        assert np.log2(gaps[0] / gaps[1]) == pytest.approx(order + 1, abs=0.1)


def test_the_slow_multiplier_of_momentum_is_the_published_one():
    # Yuan, Ying, Sayed, JMLR 17 (2016): 1 - eta*lam/(1 - rho) - eta^2 lam^2 rho/(1 - rho)^3.
    from physsym import after

    momentum = rule({u: rho * u - eta * G, x: x + after(u)})
    found = root_series(characteristic_polynomial(momentum), eta, Rational(1), 2)
    published = 1 - eta * lam / (1 - rho) - eta**2 * lam**2 * rho / (1 - rho) ** 3
    assert (found - published).subs({eta: 3, lam: 7, rho: Rational(2, 5)}) == 0


@pytest.mark.parametrize("start", [lam / gamma, -2 * lam / gamma])
def test_a_series_starts_at_a_root(start):
    with pytest.raises(AnalysisError, match="no simple root"):
        root_series(characteristic_polynomial(in_terms_of_tau), tau, start, 1)


def test_a_series_does_not_start_at_a_double_root():
    with pytest.raises(AnalysisError, match="no simple root"):
        root_series(Poly(z**2 - s, z), s, Rational(0), 1)


def test_what_is_no_polynomial_in_the_small_symbol_is_refused():
    with pytest.raises(AnalysisError, match="no polynomial"):
        leading_roots(Poly(z - sin(s), z), s)


def test_the_energy_of_a_pendulum():
    theta = Symbol("theta", real=True)
    pendulum = System((theta,), m * dot(theta) ** 2 / 2 + cos(theta))
    assert energy(pendulum) == m * dot(theta) ** 2 / 2 - cos(theta)
    assert rate_along(pendulum.law(), energy(pendulum)) == 0


def test_the_rate_of_an_energy_is_that_of_a_motion_followed_by_small_steps():
    cubic = particle_with_friction(4)
    rate = rate_along(cubic.law(), energy(cubic))
    on_quartic = {G: x**3, m: Rational(2), gamma: Rational(1, 2)}
    told = lambdify((x, dot(x)), rate.xreplace(on_quartic))
    heights = lambdify((x, dot(x)), dot(x) ** 2 + x**4 / 4)
    place, speed, h = 1.0, 0.7, 1e-5
    before = heights(place, speed)
    for _ in range(2):
        push = (-(place**3) - 0.5 * abs(speed) ** 3 * np.sign(speed)) / 2
        place, speed = place + h * speed + h * h * push / 2, speed + h * push
    assert (heights(place, speed) - before) / (2 * h) == pytest.approx(told(1.0, 0.7), rel=1e-4)


def test_the_rate_along_a_law_of_first_order():
    two = law({dot(x): v, tau * dot(v): -G / gamma - v})
    assert (rate_along(two, v**2 / 2) - v * (-G / gamma - v) / tau).expand() == 0
    assert rate_along(two, t * x) == x + t * v


@pytest.mark.parametrize(
    "given",
    [
        law({dot(x) + dot(v): 0}),
        law({dot(x) + dot(v): x, 2 * dot(x) + 2 * dot(v): v}),
        law({dot(x) ** 2: -x}),
    ],
)
def test_a_law_that_does_not_fix_its_rates_is_refused(given):
    with pytest.raises(AnalysisError, match="does not fix"):
        rate_along(given, x)


def test_rates_that_a_law_ties_together_are_distinguished():
    tied = law({dot(x) + dot(v): x, dot(x) - dot(v): v})
    assert rate_along(tied, x) == x / 2 + v / 2
    assert rate_along(tied, v) == x / 2 - v / 2


def test_the_slow_velocity_is_the_published_expansion():
    found = slow_velocity(in_terms_of_tau, x, tau, 2)
    g, h, k = G, hess(x), higher(3, x)
    hand = -g / gamma - tau * h * g / gamma**2 - tau**2 * (2 * g * h**2 + g**2 * k) / gamma**3
    assert (found - hand).expand() == 0


def test_the_slow_velocity_leaves_less_and_less():
    numbers = {gamma: Rational(3)}
    for order in range(3):
        left = invariance(
            in_terms_of_tau.equations[0].residual, x, slow_velocity(in_terms_of_tau, x, tau, order)
        )
        on_quadratic = (
            left.xreplace({higher(3, x): 0, hess(x): 2, G: 2 * x}).xreplace(numbers).doit().expand()
        )
        assert Poly(on_quadratic, tau).monoms()[-1] == (order + 1,)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (law({dot(x): v, tau * dot(v): -G - v}), "one equation"),
        (law({tau * dot(dot(x)): -G}), "does not say"),
        (law({tau * dot(dot(x)): -G - dot(x) ** 2}), "does not say"),
    ],
)
def test_laws_without_a_slow_velocity_are_refused(given, says):
    with pytest.raises(AnalysisError, match=says):
        slow_velocity(given, x, tau)


def test_the_time_step_is_no_state():
    assert rate_along(particle, dt * x) == dt * dot(x)
