"""Polynomials of rings: their factors, against products of known ones and against SymPy's."""

import random

import pytest
from sympy import QQ, ZZ, Mul, Rational, cos, exp, expand, factor_list, ring, sqrt, symbols

from physsym.core.polynomials import expanded, factored

R, A, B, C = ring("a b c", ZZ)
a, b, c = symbols("a b c", real=True)


def drawn(chance, terms):
    """Return a polynomial with so many random terms."""
    monomials = [A ** chance.randint(0, 2) * B ** chance.randint(0, 2) * C ** chance.randint(0, 1)
                 for _ in range(terms)]  # fmt: skip
    return sum((chance.choice((-3, -2, -1, 1, 2, 5)) * m for m in monomials), R.zero)


def factors_of(polynomial):
    number, found = factored(polynomial.ring.to_field()(polynomial))[0]
    return number, dict(found)


@pytest.mark.parametrize("seed", range(40))
def test_factors_are_those_of_sympy_and_multiply_to_the_polynomial(seed):
    chance = random.Random(seed)
    parts = [drawn(chance, chance.randint(1, 4)) for _ in range(chance.randint(1, 3))]
    product = R.one
    for part in parts:
        product *= part
    number, found = factors_of(product)
    expected = product.as_expr()
    assert expand(number * Mul(*(f**n for f, n in found.items())) - expected) == 0
    wanted = factor_list(expected)
    assert sorted(found.values()) == sorted(n for _, n in wanted[1])


@pytest.mark.parametrize(
    ("polynomial", "count"),
    [
        (A * B * C, 3),
        (A**2 + B, 1),
        ((A + 1) * (B + 2), 2),
        ((B**2 + 1) * (A**2 + A + B), 2),  # in a, every image of the second factor may be irreducible
        ((B - 7) * (A**2 + C), 2),
        (A**4 + 4 * B**4, 2),  # by Sophie Germain's identity
        (-6 * (A**2 + B * C + 1), 1),
        ((A + B) ** 3, 1),
    ],
)
def test_no_factor_is_missed(polynomial, count):
    number, found = factors_of(polynomial)
    assert len(found) == count
    assert expand(number * Mul(*(f**n for f, n in found.items())) - polynomial.as_expr()) == 0


def test_a_polynomial_that_is_too_long_is_left_whole():
    square = (sum((A**k * B**n for k in range(41) for n in range(31)), R.zero) + C) ** 2
    number, found = factors_of(7 * square)
    assert (number, [*found.values()]) == (7, [1])
    assert R.from_expr(next(iter(found))) == square


def test_coefficients_that_are_not_whole_are_factored_too():
    S, p, q = ring("p q", QQ)
    above, below = factored(S.to_field()((p**2 - q**2) * S(QQ(1, 2))))
    assert (above[0] / below[0], len(above[1]), below[1]) == (Rational(1, 2), 2, [])


@pytest.mark.parametrize(
    "given",
    [a * (b + c), (a + b) ** 2, a**2 * b - 3 * c, a / b + 1, sqrt(a * (b + c)), exp(a + b), cos(a) * (a + 1),
     (a + b) ** -2, a * (b + c) + 1],
)  # fmt: skip
def test_expanded_is_what_expand_returns(given):
    assert expanded(given) == expand(given)
