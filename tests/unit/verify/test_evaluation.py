"""Values of expressions at points, and how high the degree of an exponential counts."""

from fractions import Fraction

import flint
import pytest
from sympy import cos, cosh, exp, log, sin, sinh, sqrt, tanh

from physsym.core.symbols import grad, partial, potential
from physsym.verify.engines.error_bound import degrees
from physsym.verify.engines.evaluation import _exact_root, as_ball, value
from physsym.vocabulary import gamma, u, x

AT = {x: Fraction(1), u: Fraction(2), gamma: Fraction(4)}


@pytest.mark.parametrize(
    ("square", "root"), [(0, 0), (Fraction(1, 4), Fraction(1, 2)), (9, 3), (2, None), (-1, None), (-4, None)]
)
def test_a_root_is_a_fraction_where_there_is_one(square, root):
    assert _exact_root(Fraction(square)) == root


# The potential is y + y**3/3 with y = x1 + 2*x2: slopes 1 + y**2 and 2*(1 + y**2).
@pytest.mark.parametrize(
    ("expression", "at_the_point"),
    [
        (potential(x, u), 5 + Fraction(125, 3)),
        (partial(1, x, u), 26),
        (partial(2, x, u), 52),
        (grad(x - u), 2),
        (sqrt(gamma), 2),
        (1 / sqrt(gamma), Fraction(1, 2)),
    ],
    ids=str,
)
def test_values_are_exact_where_they_can_be(expression, at_the_point):
    assert value(expression, AT) == at_the_point


@pytest.mark.parametrize("function", [exp, sin, cos, sinh, cosh, tanh, log], ids=str)
def test_functions_are_balls_around_their_value(function):
    found = value(function(x * u), AT)
    assert float(found.mid()) == pytest.approx(float(function(2).evalf(20)), rel=1e-14)
    assert found.rad() < flint.arb(2) ** -48


def test_a_fraction_is_a_ball_that_holds_it():
    assert as_ball(Fraction(1, 3)).contains(flint.fmpq(1, 3))


@pytest.mark.parametrize(
    ("exponent", "degree"), [(x, 2), (3 * x, 6), (x + u, 4), (3 * x - 2 * u, 10), (x / 2, 2)], ids=str
)
def test_the_degree_of_an_exponential_is_twice_the_sum_of_its_powers(exponent, degree):
    assert degrees(exp(exponent)) == (degree, degree)
