"""Dimensions as exponents of mass, length and time, and the dimension of an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce, singledispatch

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Symbol, sign

from physsym.notation import grad, hess, partial, potential


class DimensionError(ValueError):
    """An expression that adds, equates or exponentiates what has no common or no known dimension."""


@dataclass(frozen=True)
class Dimension:
    """A product of powers of mass, length and time.

    >>> print(MASS * LENGTH**2 / TIME**2)
    M L^2 T^-2
    """

    mass: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    time: Fraction = Fraction(0)

    @property
    def exponents(self) -> tuple[Fraction, Fraction, Fraction]:
        """Return the three exponents, of mass, length and time."""
        return self.mass, self.length, self.time

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(*(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: int | Fraction) -> Dimension:
        return Dimension(*(e * Fraction(power) for e in self.exponents))

    def __str__(self) -> str:
        named = zip("MLT", self.exponents, strict=True)
        return " ".join(n if e == 1 else f"{n}^{e}" for n, e in named if e) or "1"


ONE = Dimension()
MASS = Dimension(mass=Fraction(1))
LENGTH = Dimension(length=Fraction(1))
TIME = Dimension(time=Fraction(1))
ENERGY = MASS * LENGTH**2 / TIME**2

Lookup = Callable[[Symbol | type], Dimension]


def dimension_of(expression: Expr, lookup: Lookup) -> Dimension | None:
    """Return the dimension of an expression, or None for zero, which has every dimension.

    `lookup` gives the dimension of a symbol and, asked with the class `potential`, that of the potential.
    Raises DimensionError where terms of a sum differ, an argument of a function such as exp is not a pure
    number, or an exponent is not a rational number.
    """
    return None if expression.is_zero else _dimension(expression, lookup)


@singledispatch
def _dimension(expression: Expr, lookup: Lookup) -> Dimension | None:
    if expression.is_number:
        return ONE
    for argument in expression.args:
        _require_pure(argument, lookup, f"{expression.func.__name__}({argument})")
    return ONE


@_dimension.register
def _(expression: Symbol, lookup: Lookup) -> Dimension | None:
    return lookup(expression)


@_dimension.register
def _(expression: Mul, lookup: Lookup) -> Dimension | None:
    factors = [dimension_of(a, lookup) for a in expression.args]
    return reduce(Dimension.__mul__, (f for f in factors if f is not None), ONE)


@_dimension.register(Add)
@_dimension.register(sympy.Max)
@_dimension.register(sympy.Min)
def _(expression: Expr, lookup: Lookup) -> Dimension | None:
    known = [(a, d) for a in expression.args if (d := dimension_of(a, lookup)) is not None]
    for term, dimension in known[1:]:
        if dimension != known[0][1]:
            raise DimensionError(f"cannot add {known[0][0]} [{known[0][1]}] to {term} [{dimension}]")
    return known[0][1] if known else None


@_dimension.register
def _(expression: Pow, lookup: Lookup) -> Dimension | None:
    base, exponent = expression.args
    dimension = dimension_of(base, lookup)
    _require_pure(exponent, lookup, f"the exponent {exponent}")
    if dimension is None or dimension == ONE:
        return dimension
    if not exponent.is_Rational:
        raise DimensionError(
            f"{base} [{dimension}] is raised to {exponent}, which is not a rational number: "
            "its dimension is not fixed"
        )
    return dimension ** Fraction(int(exponent.p), int(exponent.q))


@_dimension.register
def _(expression: Abs, lookup: Lookup) -> Dimension | None:
    return dimension_of(expression.args[0], lookup)


@_dimension.register
def _(expression: sign, lookup: Lookup) -> Dimension | None:
    dimension_of(expression.args[0], lookup)
    return ONE


@_dimension.register(potential)
@_dimension.register(grad)
@_dimension.register(hess)
def _(expression: Expr, lookup: Lookup) -> Dimension | None:
    places = [dimension_of(a, lookup) for a in expression.args]
    steps = {potential: 0, grad: 1, hess: 2}[expression.func]
    return lookup(potential) / (places[0] or ONE) ** steps


@_dimension.register
def _(expression: partial, lookup: Lookup) -> Dimension | None:
    index, *places = expression.args
    return lookup(potential) / (dimension_of(places[int(index) - 1], lookup) or ONE)


def _require_pure(expression: Expr, lookup: Lookup, what: str) -> None:
    dimension = dimension_of(expression, lookup)
    if dimension not in (None, ONE):
        raise DimensionError(f"{what} must be a pure number; it has dimension {dimension}")
