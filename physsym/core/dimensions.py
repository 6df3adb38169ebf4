"""Dimensions as exponents of mass, length and time, and the dimension of an expression."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce, singledispatch
from typing import Any, Protocol, TypeAlias, TypeVar

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, S, Symbol, sign
from sympy.core.relational import Relational

from physsym.core.symbols import grad, hess, higher, partial, potential


class DimensionError(ValueError):
    """An expression that adds, equates or exponentiates what has no common or no known dimension."""


Exponent: TypeAlias = Fraction | Expr


@dataclass(frozen=True)
class Dimension:
    """A product of powers of mass, length and time.

    The exponents are rational numbers, or expressions in pure numbers: a friction force in proportion to
    |x'|**(p - 1) has a coefficient whose dimension depends on p.

    Examples
    --------
    >>> print(MASS * LENGTH**2 / TIME**2)
    M L^2 T^-2
    >>> print(LENGTH ** (2 - Symbol("p")))
    L^(2 - p)
    """

    mass: Exponent = Fraction(0)
    length: Exponent = Fraction(0)
    time: Exponent = Fraction(0)

    @property
    def exponents(self) -> tuple[Exponent, Exponent, Exponent]:
        """Return the three exponents, of mass, length and time."""
        return self.mass, self.length, self.time

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(*(exponent(a + b) for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: int | Exponent) -> Dimension:
        return Dimension(*(exponent(e * exponent(power)) for e in self.exponents))

    def __str__(self) -> str:
        return product_text(zip("MLT", self.exponents, strict=True))


def exponent(value: int | Exponent) -> Exponent:
    """Return an exponent in canonical form: a fraction where it is a rational number.

    >>> exponent(Rational(1, 2)), exponent(3)
    (Fraction(1, 2), Fraction(3, 1))
    """
    if isinstance(value, Expr) and not isinstance(value, Rational):
        value = sympy.cancel(value)
    if not isinstance(value, Rational):
        return value if isinstance(value, Expr) else Fraction(value)
    return Fraction(int(value.p), int(value.q))


def product_text(powers: Iterable[tuple[str, Exponent]]) -> str:
    """Return a product of powers as text, such as `M L^2 T^-2`; `1` for the empty one."""
    factors = list[str]()
    for name, power in powers:
        if isinstance(power, Add | Mul):
            factors.append(f"{name}^({power})")
        elif power:
            factors.append(name if power == 1 else f"{name}^{power}")
    return " ".join(factors) or "1"


ONE = Dimension()
MASS = Dimension(mass=Fraction(1))
LENGTH = Dimension(length=Fraction(1))
TIME = Dimension(time=Fraction(1))
ENERGY = MASS * LENGTH**2 / TIME**2

Lookup = Callable[[Symbol | type], Dimension]
D = TypeVar("D")


class Reading(Protocol[D]):
    """The environment of a dimensional analysis: dimensions of symbols, and what to do with a constraint.

    Known dimensions are compared at once (`dimension_of`); unknown ones make linear equations
    (`physsym.core.inference`). The traversal of expressions is the same.
    """

    @property
    def one(self) -> D:
        """Return the dimension of a pure number."""

    def of(self, what: Symbol | type) -> D:
        """Return the dimension of a symbol, or of the potential when given its class."""

    def power(self, exponent: Expr) -> Any:
        """Return an exponent as a number to raise dimensions to, or None where it is not fixed enough."""

    def agree(self, says: str, left: object, a: D, right: object, b: D) -> None:
        """Require that the dimensions a of left and b of right agree; `says` is the message otherwise."""


EQUAL = "{left} has dimension {a}, {right} has dimension {b}"
CASES = "{left} [{a}] and {right} [{b}] are cases of one expression"
COMPARED = "cannot compare {left} [{a}] with {right} [{b}]"
ADDED = "cannot add {left} [{a}] to {right} [{b}]"
PURE = "{left} must be {right}; it has dimension {a}"
NOT_FIXED = "{left} [{a}] is raised to {right}, which is not a rational number: its dimension is not fixed"


@dataclass(frozen=True)
class _Known:
    """An environment in which every dimension is known: a violated constraint raises at once."""

    of: Lookup
    one: Dimension = ONE

    def power(self, exponent: Expr) -> Fraction | None:
        return Fraction(int(exponent.p), int(exponent.q)) if exponent.is_Rational else None

    def agree(self, says: str, left: object, a: Dimension, right: object, b: Dimension) -> None:
        if a != b:
            raise DimensionError(says.format(left=left, a=a, right=right, b=b))


def dimension_of(expression: Expr, lookup: Lookup) -> Dimension | None:
    """Return the dimension of an expression, or None for zero, which has every dimension.

    Parameters
    ----------
    expression
        A formula in symbols that `lookup` knows.
    lookup
        Gives the dimension of a symbol and, called with the class `potential`, that of the potential.

    Raises
    ------
    DimensionError
        Where terms of a sum differ, an argument of a function such as exp is not a pure number, or an
        exponent is not a rational number.
    """
    return read_dimension(expression, _Known(lookup))


def read_dimension(expression: Expr, reading: Reading[D]) -> D | None:
    """Return the dimension of an expression in an environment, or None for zero."""
    # `expression == 0` would make SymPy simplify sums, which takes longer than all the rest.
    return None if expression is S.Zero else _dimension(expression, reading)


@singledispatch
def _dimension(expression: Expr, reading: Reading[Any]) -> Any:
    if not expression.is_number:
        for argument in expression.args:
            _require_pure(argument, reading, f"{expression.func.__name__}({argument})")
    return reading.one


@_dimension.register(Symbol)
def _(expression: Symbol, reading: Reading[Any]) -> Any:
    return reading.of(expression)


@_dimension.register(Mul)
def _(expression: Mul, reading: Reading[Any]) -> Any:
    factors = [read_dimension(a, reading) for a in expression.args]
    return reduce(operator.mul, (f for f in factors if f is not None), reading.one)


@_dimension.register(Add)
@_dimension.register(sympy.Max)
@_dimension.register(sympy.Min)
def _(expression: Expr, reading: Reading[Any]) -> Any:
    known = [(a, d) for a in expression.args if (d := read_dimension(a, reading)) is not None]
    for term, dimension in known[1:]:
        reading.agree(ADDED, *known[0], term, dimension)
    return known[0][1] if known else None


@_dimension.register(sympy.Piecewise)
def _(expression: sympy.Piecewise, reading: Reading[Any]) -> Any:
    for _, condition in expression.args:
        for relation in sorted(condition.atoms(Relational), key=str):
            left, right = (read_dimension(side, reading) for side in relation.args)
            if left is not None and right is not None:
                reading.agree(COMPARED, relation.lhs, left, relation.rhs, right)
    known = [(v, d) for v, _ in expression.args if (d := read_dimension(v, reading)) is not None]
    for value, dimension in known[1:]:
        reading.agree(CASES, *known[0], value, dimension)
    return known[0][1] if known else None


@_dimension.register(Pow)
def _(expression: Pow, reading: Reading[Any]) -> Any:
    base, exponent = expression.args
    dimension = read_dimension(base, reading)
    _require_pure(exponent, reading, f"the exponent {exponent}")
    if dimension is None or dimension == reading.one:
        return dimension
    power = reading.power(exponent)
    if power is None:
        reading.agree(NOT_FIXED, base, dimension, exponent, reading.one)
        return reading.one
    return dimension**power


@_dimension.register(Abs)
def _(expression: Abs, reading: Reading[Any]) -> Any:
    return read_dimension(expression.args[0], reading)


@_dimension.register(sign)
def _(expression: sign, reading: Reading[Any]) -> Any:
    read_dimension(expression.args[0], reading)
    return reading.one


@_dimension.register(potential)
@_dimension.register(grad)
@_dimension.register(hess)
def _(expression: Expr, reading: Reading[Any]) -> Any:
    points = [read_dimension(a, reading) for a in expression.args]
    order = {potential: 0, grad: 1, hess: 2}[expression.func]
    return reading.of(potential) / (reading.one if points[0] is None else points[0]) ** order


@_dimension.register(higher)
def _(expression: higher, reading: Reading[Any]) -> Any:
    order, point = expression.args
    length = read_dimension(point, reading)
    return reading.of(potential) / (reading.one if length is None else length) ** int(order)


@_dimension.register(partial)
def _(expression: partial, reading: Reading[Any]) -> Any:
    index, *coordinates = expression.args
    length = read_dimension(coordinates[int(index) - 1], reading)
    return reading.of(potential) / (reading.one if length is None else length)


def _require_pure(expression: Expr, reading: Reading[Any], what: str) -> None:
    dimension = read_dimension(expression, reading)
    if dimension is not None:
        reading.agree(PURE, what, dimension, "a pure number", reading.one)
