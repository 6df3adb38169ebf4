"""Curvatures, values by name and potentials as texts: the same as their symbols, or refused with advice."""

import numpy as np
import pytest
from sympy import Integer, Rational

import physsym as ps
from physsym.analysis.spectral import multipliers, spectral_radius
from physsym.core.dimensions import DimensionError
from physsym.vocabulary import STANDARD, eta, lam, m, rho

A = ps.analysis
DESCENT = "x <- x - eta*grad(x)"
MOMENTUM = "u <- rho*u - eta*grad(x); x <- x + u+"


@pytest.mark.parametrize(
    "function",
    [
        A.stability_region, A.characteristic_polynomial, A.discriminant, A.step_matrix, multipliers,
        lambda rule, curvature: A.rate_region(rule, "9/10", curvature=curvature),
        lambda rule, curvature: A.on_quadratic(ps.grad(ps.vocabulary.x), curvature=curvature),
    ],
)  # fmt: skip
def test_a_curvature_as_a_text_is_the_same_as_the_expression(function):
    for text, expression in (("m*lam", m * lam), ("2", Integer(2)), ("lam/2", lam / 2)):
        assert function(MOMENTUM, curvature=text) == function(MOMENTUM, curvature=expression)


def test_values_are_given_by_name_too():
    by_name, by_symbol = {"eta": "1/10", "rho": 0, "lam": 1}, {eta: Rational(1, 10), rho: 0, lam: 1}
    assert spectral_radius(MOMENTUM, by_name) == spectral_radius(MOMENTUM, by_symbol) == Rational(9, 10)
    assert A.damping_at(MOMENTUM, by_name) == A.damping_at(MOMENTUM, by_symbol)
    with pytest.raises(TypeError, match="a symbol has one value; two were given"):
        spectral_radius(MOMENTUM, {"eta": 1, eta: 2, lam: 1, rho: 0})
    with pytest.raises(TypeError, match="expected the name of a symbol, given 'eta\\*lam'"):
        spectral_radius(MOMENTUM, {"eta*lam": 1})
    with pytest.raises(TypeError, match="exact"):
        spectral_radius(MOMENTUM, {"eta": 0.1, "lam": 1, "rho": 0})


def test_a_potential_may_be_a_text():
    grid = {"eta": np.array([0.5, 3.0])}
    text, expression = (ps.sweep(DESCENT, p, grid, 3) for p in ("x**2/2", ps.vocabulary.x**2 / 2))
    assert (text.loss == expression.loss).all()
    # On x**2/2 a step multiplies by 1 - eta.
    assert text.radius.tolist() == [0.5, 2.0]
    with pytest.raises(ValueError, match=r"unknown test function 'vally'; .*valley.* an expression"):
        ps.sweep(DESCENT, "vally", grid, 3)
    assert (ps.sweep(DESCENT, "valley", grid, 3).loss > 0).all()


@pytest.mark.parametrize("instant", [ps.dot, ps.after, ps.before])
def test_an_instant_of_a_text_is_refused_with_what_to_write(instant):
    with pytest.raises(TypeError, match=r"given the text 'x'; ps\.read\('x'\) reads it"):
        instant("x")
    assert instant(ps.read("x")).name.startswith("x")


def test_quantities_of_texts_say_what_to_write():
    with pytest.raises(TypeError, match=r"write sympy\.Symbol\('theta', real=True\)"):
        ps.Quantity("theta")
    assert STANDARD.dimension("m") == STANDARD.dimension(m)
    with pytest.raises(
        DimensionError, match=r"there is no quantity 'mass' in the vocabulary; there are .*eta"
    ):
        STANDARD.dimension("mass")
