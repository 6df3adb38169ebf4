"""Hurwitz determinants: when all roots of a real polynomial have a negative real part.

Determinants in many symbols grow quickly, so that each product checks what is left of the time of a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain

from sympy import Add, Expr, Integer, Matrix, Mul, expand
from sympy.polys.fields import FracElement, sfield
from sympy.polys.rings import PolyElement

from physsym.core.polynomials import positive_sides
from physsym.core.signs import POSITIVE, signs
from physsym.verify.budget import check_time

_LARGEST_BY_MINORS = 3  # the degree up to which all minors are taken
_SECONDS_A_PRODUCT = 1e-6  # of two terms
SECONDS_A_TERM = 3e-4  # of a long condition, to factor and to write it: nothing interrupts that


def hurwitz_determinants(coefficients: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return the leading minors of the Hurwitz matrix of a real polynomial.

    If its leading coefficient is positive, all roots have a negative real part exactly if all minors are
    positive.

    Parameters
    ----------
    coefficients
        From the leading one downwards.

    Returns
    -------
    tuple of Expr
        As many as the degree.

    References
    ----------
    A. Hurwitz, 1895; F. Gantmacher, The Theory of Matrices, chapter XV.

    Examples
    --------
    >>> from sympy import symbols
    >>> hurwitz_determinants(symbols("a b c"))
    (b, b*c)
    """
    known, degree = dict(enumerate(coefficients)), len(coefficients) - 1
    rows = [[known.get(2 * j - i + 1, Integer(0)) for j in range(degree)] for i in range(degree)]
    return tuple(Matrix(rows)[:n, :n].det(method="berkowitz") for n in range(1, degree + 1))


def hurwitz_conditions(coefficients: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return what is positive exactly if all roots of a real polynomial have a negative real part.

    A polynomial whose leading coefficient has no known sign is multiplied by it first. Up to degree three all
    Hurwitz determinants are taken, beyond it the conditions of Lienard and Chipart, which are shorter.

    Parameters
    ----------
    coefficients
        From the leading one downwards.

    Returns
    -------
    tuple of Expr
        Simplified, each given the earlier ones. One that is never positive shows that there are other roots,
        whatever the symbols are.

    Raises
    ------
    BudgetError
        Where the time of a verdict is used up.

    Examples
    --------
    >>> from physsym.vocabulary import gamma, m
    >>> from sympy import Symbol
    >>> k = Symbol("k", real=True)
    >>> hurwitz_conditions((m, gamma, k)), hurwitz_conditions((k, gamma)), hurwitz_conditions((m, 0, k))
    ((gamma, k), (gamma, k), (0,))
    """
    lead = coefficients[0]
    a = [Integer(0) + c if signs(lead) <= POSITIVE else expand(c * lead) for c in coefficients]
    given = [expand(lead)] if signs(lead) <= POSITIVE else []
    by_minors = len(a) - 1 <= _LARGEST_BY_MINORS
    found = hurwitz_determinants(a) if by_minors else lienard_chipart(*over_one_denominator(a))
    sides = positive_sides(chain((a[0],), found), list(given))[len(given) :]
    return tuple(side for side in sides if not _says_not_zero_twice(side, sides))


def _says_not_zero_twice(side: Expr, sides: Sequence[Expr]) -> bool:
    """Return whether a side is an even power of a factor of another one, which says that it is not zero."""
    base, power = side.as_base_exp()
    factors = {f for other in sides if other != side for f in Mul.make_args(other)}
    return bool(power.is_even and (base in factors or -base in factors))


def over_one_denominator(quotients: Sequence[Expr]) -> tuple[list[PolyElement], PolyElement]:
    """Return numerators in one ring of polynomials, and the denominator that they have in common.

    Parameters
    ----------
    quotients
        Rational expressions; functions and powers that are not whole count as symbols.

    Returns
    -------
    tuple of list of PolyElement and PolyElement
        The numerators and the denominator.

    Raises
    ------
    BudgetError
        Where the time of a verdict is used up.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> over_one_denominator([a / b, a / 2])
    ([2*a, a*b], 2*b)
    """
    check_time(sum(len(Add.make_args(q)) for q in quotients) * SECONDS_A_TERM)
    field, found = sfield(quotients)
    bottom = reduce(lambda p, q: p.lcm(q.denom), found, field.ring.one)
    return [q.numer * bottom.exquo(q.denom) for q in found], bottom


def lienard_chipart(above: Sequence[PolyElement], bottom: PolyElement) -> Iterator[FracElement]:
    """Yield what is positive exactly if all roots of a real polynomial have a negative real part.

    Every second coefficient from the last one, the leading one, and every second Hurwitz determinant from
    the last but one are positive then, and only then.

    Parameters
    ----------
    above
        The numerators of the coefficients, from the leading one downwards.
    bottom
        The denominator of all of them.

    Yields
    ------
    FracElement
        The determinants last, which are long.

    Raises
    ------
    BudgetError
        Where the time of a verdict is used up.

    References
    ----------
    Lienard and Chipart 1914; Gantmacher, The Theory of Matrices, chapter XV.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> [side.as_expr() for side in lienard_chipart(*over_one_denominator([1, a, b, c]))]
    [c, a, 1, a*b - c]
    """
    ring, n = bottom.ring, len(above) - 1
    quotient = ring.to_field().raw_new
    yield from (quotient(p, bottom) for p in (*above[n::-2], above[0]))
    at = dict(enumerate(above))
    rows = [[at.get(2 * j - i + 1, ring.zero) for j in range(n - 1)] for i in range(n - 1)]
    for k, minor in enumerate(leading_minors(rows), 1):
        if (n - 1 - k) % 2 == 0:
            check_time(len(minor) * SECONDS_A_TERM)
            yield quotient(minor, bottom**k)


def leading_minors(rows: Sequence[Sequence[PolyElement]]) -> Iterator[PolyElement]:
    """Yield the determinants of the first row and column, of the first two of each, and so on, over a ring.

    Of the first rows all minors are found, one row after the other: nothing is divided, and each product has
    an entry of the matrix as a factor, which is short.

    Parameters
    ----------
    rows
        The entries, at least one.

    Yields
    ------
    PolyElement

    Raises
    ------
    BudgetError
        Where the time of a verdict is used up.

    Examples
    --------
    >>> from sympy import QQ, ring
    >>> R, a, b = ring("a b", QQ)
    >>> list(leading_minors([[a, b, R(0)], [R(1), a, b], [R(0), R(1), a]]))
    [a, a**2 - b, a**3 - 2*a*b]
    """
    ring = rows[0][0].ring
    minors: dict[tuple[int, ...], PolyElement] = {(): ring.one}  # by their columns
    for k, row in enumerate(rows, 1):
        longer = dict[tuple[int, ...], PolyElement]()
        for columns, minor in minors.items():
            for column, entry in enumerate(row):
                if entry and column not in columns:
                    check_time(len(minor) * len(entry) * _SECONDS_A_PRODUCT)
                    behind = sum(other > column for other in columns)
                    wider = tuple(sorted((*columns, column)))
                    longer[wider] = longer.get(wider, ring.zero) + minor * (-entry if behind % 2 else entry)
        minors = {columns: minor for columns, minor in longer.items() if minor}
        yield minors.get(tuple(range(k)), ring.zero)
