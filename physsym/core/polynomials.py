"""Polynomials with symbolic coefficients: Newton polygons, factors, and what is positive."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from operator import add
from typing import Any, TypeAlias

from sympy import (
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Poly,
    Symbol,
    expand,
    factor_list,
    fraction,
    together,
)
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement, PolyRing

from physsym.core.signs import NONNEGATIVE, POSITIVE, signs

Order: TypeAlias = int | Fraction
Point: TypeAlias = tuple[int, Order, Expr]
"""A power of the unknown, the order of its coefficient in the small symbol, the coefficient of that order."""


def lower_hull(points: Sequence[Point]) -> Iterator[tuple[Fraction, list[Point]]]:
    """Yield the edges of a Newton polygon from left to right: the rise of each a power, and the points on it.

    Roots of the polynomial scale like small**(-rise); their coefficients are the roots of the polynomial
    that the points on the edge form.

    Parameters
    ----------
    points
        One a power, in ascending order of the powers.

    Yields
    ------
    tuple of Fraction and list of Point
        The rises increase.

    References
    ----------
    R. Walker, Algebraic Curves, 1950, chapter IV.

    Examples
    --------
    The roots of eps*z**2 + z + 1 are near -1 and near -1/eps:

    >>> [(str(rise), [p[0] for p in edge]) for rise, edge in lower_hull([(0, 0, 1), (1, 0, 1), (2, 1, 1)])]
    [('0', [0, 1]), ('1', [1, 2])]
    """
    start = points[0]
    while start is not points[-1]:
        after = [p for p in points if p[0] > start[0]]
        rise = min(_rise(start, p) for p in after)
        edge = [start, *(p for p in after if _rise(start, p) == rise)]
        yield rise, edge
        start = edge[-1]


def _rise(a: Point, b: Point) -> Fraction:
    return Fraction(b[1] - a[1]) / (b[0] - a[0])


def positive_sides(expressions: Iterable[Expr | FracElement], known: list[Expr]) -> list[Expr]:
    """Return what is positive once all the expressions are; each takes the earlier ones for granted.

    Parameters
    ----------
    expressions
        Rational expressions that shall be positive.
    known
        What is known to be positive already; the list grows.

    Returns
    -------
    list of Expr
        The same list.
    """
    for expression in expressions:
        known += [side for side in _sides(expression, known) if side != 1 and side not in known]
    return known


Factors: TypeAlias = tuple[Expr, list[tuple[Expr, int]]]
"""A number, and factors with their powers."""


def factored(expression: Expr | FracElement) -> tuple[Factors, Factors]:
    """Return the factors of the numerator and of the denominator of an expression.

    Functions and powers that are not whole count as symbols.

    Parameters
    ----------
    expression
        An expression, or a quotient of polynomials of a ring.

    Returns
    -------
    tuple of Factors
        Each a number and factors with their powers.

    Examples
    --------
    >>> from sympy import Abs, symbols
    >>> p, x = symbols("p x", real=True)
    >>> factored((p - 1) ** 2 * Abs(x) ** (p - 2) / x)[0][1]
    [(Abs(x)**(p - 2), 1), (p - 1, 2)]
    """
    if isinstance(expression, FracElement):
        return _factored_in_ring(expression.numer), _factored_in_ring(expression.denom)
    names: dict[Expr, Symbol] = {}
    rational = _rational(expression, names)
    back = {symbol: part for part, symbol in names.items()}
    whole = expand(rational)
    # A polynomial has no denominator; `together` would still take its content out, which is slow.
    parts = (whole, Integer(1)) if whole.is_polynomial() else fraction(together(whole))
    above, below = map(factor_list, parts)
    top, bottom = ((n, [(f.xreplace(back), power) for f, power in found]) for n, found in (above, below))
    return top, bottom


def _factored_in_ring(polynomial: PolyElement) -> Factors:
    if polynomial.is_ground:
        return polynomial.as_expr(), []
    split = _factors if polynomial.ring.domain.is_ZZ else PolyElement.factor_list
    number, factors = split(polynomial)
    return polynomial.ring.domain.to_sympy(number), [(f.as_expr(), power) for f, power in factors]


def _factors(polynomial: PolyElement) -> tuple[Any, list[tuple[PolyElement, int]]]:
    """Return the factors of a polynomial with integer coefficients, a long one without contents in one piece.

    Let the image be the polynomial with numbers for all generators but one, z. If it has the same degree in
    z and no factors, then of two factors one is free of z, and divides the coefficient of every power of z.
    Otherwise what divides the coefficients of all powers of some generator is split off first: a general
    algorithm takes most of its time to find such factors of large polynomials.
    """
    ring = polynomial.ring
    number, plain = polynomial.primitive()
    if plain.LC < 0:
        number, plain = -number, -plain
    if len(plain) * ring.ngens > _LONGEST:
        return number, [(plain, 1)]
    by_power = [_coefficients(plain, k) for k in range(ring.ngens)]
    several = sorted((k for k, c in enumerate(by_power) if len(c) > 1), key=lambda k: len(by_power[k]))
    for k in several:
        common = ring.zero
        for coefficient in sorted(by_power[k].values(), key=len):
            common = common.gcd(coefficient)
            if common == 1:
                break
        else:
            parts = (dict(_factors(part)[1]) for part in (common, plain.exquo(common)))
            return number, [*reduce(add, map(Counter, parts)).items()]
        if k == several[0] and _image_is_irreducible(by_power[k], ring):
            return number, [(plain, 1)]
    return (number, [(plain, 1)]) if len(plain) * ring.ngens > _LONGEST_ALONE else polynomial.factor_list()


def _image_is_irreducible(by_power: dict[int, PolyElement], ring: PolyRing) -> bool:
    if ring.ngens > len(_AT):
        return False
    image = [
        sum(c * prod(map(pow, _AT, powers)) for powers, c in by_power.get(n, ring.zero).terms())
        for n in range(max(by_power), -1, -1)
    ]
    return bool(image[0] and Poly(image, Dummy()).is_irreducible)


_LONGEST, _LONGEST_ALONE = 25_000, 2_000
"""Terms times generators beyond which a polynomial is left whole; the second where neither shows factors."""

_AT = (7, -5, 11, 13, -3, 17, 19, -23, 29, 31, 37, 41)
"""Numbers at which an image is taken; beyond these many generators none is."""


def _coefficients(polynomial: PolyElement, generator: int) -> dict[int, PolyElement]:
    """Return the coefficients of a polynomial in one generator of its ring, by the powers of it."""
    found = defaultdict[int, dict[tuple[int, ...], Any]](dict)
    for powers, c in polynomial.terms():
        found[powers[generator]][(*powers[:generator], 0, *powers[generator + 1 :])] = c
    return {power: polynomial.ring.from_dict(terms) for power, terms in found.items()}


def _rational(expression: Expr, names: dict[Expr, Symbol]) -> Expr:
    """Return an expression with a symbol in place of each function and each power that is not whole."""
    if expression.is_Symbol or expression.is_Rational:
        return expression
    if expression.is_Add or expression.is_Mul or (expression.is_Pow and expression.exp.is_Integer):
        return expression.func(*(_rational(a, names) for a in expression.args))
    return names.setdefault(expression, Dummy(str(expression)))


def _sides(expression: Expr | FracElement, known: list[Expr]) -> tuple[Expr, Expr]:
    """Return what is positive, both together, exactly where the expression is, given that the known are.

    The first collects the factors that the signs of their symbols keep from being negative.
    """
    above, below = factored(expression)
    sign = Integer(1 if above[0] * below[0] > 0 else -1) if above[0] else Integer(0)
    parts = [_part(f, power, known) for f, power in above[1]]
    parts += [_part(f, power, known, below=True) for f, power in below[1]]
    plain = [p for p in parts if signs(p) <= POSITIVE]
    return expanded(Mul(*plain)), expanded(sign * Mul(*(p for p in parts if not signs(p) <= POSITIVE)))


def _part(factor: Expr, power: int, known: list[Expr], below: bool = False) -> Expr:
    given = sign_given(factor, known) or int(below and signs(factor) <= POSITIVE)
    if given:
        return Integer(given**power)
    # The square of a factor of either sign is kept: it says that the factor is not zero.
    return factor if power % 2 or signs(factor) <= NONNEGATIVE else factor**2


def sign_given(factor: Expr, known: Sequence[Expr]) -> int:
    """Return the sign of a factor by what is known to be positive; 0 where that does not tell.

    Parameters
    ----------
    factor
        An expression.
    known
        What is positive.

    Returns
    -------
    int
        1, -1 or 0.
    """
    if signs(factor) <= NONNEGATIVE and any(factor in Mul.make_args(k) for k in known):
        return 1
    plain = expanded(factor)
    return (plain in known) - (-plain in known)


def expanded(expression: Expr) -> Expr:
    """Return what `expand` does; a sum of monomials is returned as it is, without a walk through it.

    Parameters
    ----------
    expression
        An expression.

    Returns
    -------
    Expr

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> expanded(x * (x + 2 * y)), expanded(x**2 / y + 2 * x * y)
    (x**2 + 2*x*y, x**2/y + 2*x*y)
    """
    factors = (f for term in Add.make_args(expression) for f in Mul.make_args(term))
    is_plain = all(
        f.is_Symbol or f.is_Rational or (f.is_Pow and f.base.is_Symbol and f.exp.is_Integer) for f in factors
    )
    return expression if is_plain else expand(expression)
