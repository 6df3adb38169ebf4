"""Products of powers with exact exponents, and the equations among them solved by elimination."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

from sympy import QQ, Expr, Rational, Symbol
from sympy.polys.polyerrors import CoercionFailed

from physsym.core.dimensions import Dimension, exponent, product_text

Unknown: TypeAlias = Symbol | type
"""What has a dimension: a symbol at no instant, or the class `potential`."""

Number: TypeAlias = Callable[[Any], Any]
"""Turns an exponent into a number to reckon with; raises CoercionFailed where it is none."""

BASES = ("M", "L", "T")


def name_of(what: Unknown) -> str:
    """Return the name under which a symbol, or the potential, is told: that of the class is `U`."""
    return "U" if isinstance(what, type) else str(what)


@dataclass(frozen=True)
class Product:
    """A product of powers: of the base dimensions `M`, `L`, `T` and of the dimensions of symbols."""

    powers: Mapping[Any, Any]

    @classmethod
    def of(cls, dimension: Dimension, number: Number) -> Product:
        """Return a dimension as a product of powers of the base dimensions."""
        powers = zip(BASES, dimension.exponents, strict=True)
        return cls({base: number(power) for base, power in powers if power})

    def __mul__(self, other: Product) -> Product:
        joined = {key: self.powers.get(key, 0) + power for key, power in other.powers.items()}
        return Product({key: power for key, power in {**self.powers, **joined}.items() if power})

    def __pow__(self, power: Any) -> Product:
        return Product({key: own * power for key, own in self.powers.items() if power})

    def __truediv__(self, other: Product) -> Product:
        return self * other**-1

    def put(self, values: Mapping[Any, Product]) -> Product:
        """Return the product with what stands for some of its keys in their place."""
        out = Product({key: power for key, power in self.powers.items() if key not in values})
        for key in [k for k in self.powers if k in values]:
            out *= values[key] ** self.powers[key]
        return out

    @property
    def dimension(self) -> Dimension:
        """Return the part of the product in base dimensions."""
        return Dimension(*(_plain(self.powers.get(base, Fraction(0))) for base in BASES))

    def __str__(self) -> str:
        """Return the product as text, dimensions of symbols in brackets: `[m] L^2 T^-2`."""
        symbolic = [(f"[{name_of(k)}]", _plain(p)) for k, p in self.powers.items() if k not in BASES]
        return product_text([*symbolic, *zip(BASES, self.dimension.exponents, strict=True)])


ONE = Product({})


def number_field(powers: Iterable[Expr]) -> Number:
    """Return what turns an exponent into a number to reckon with: a fraction, or an element of Q(p, ...)."""
    symbolic = sorted({s for power in powers for s in power.free_symbols}, key=str)
    if not symbolic:
        return _fraction
    field_of_powers = QQ.frac_field(*symbolic)
    return lambda power: field_of_powers.from_sympy(_expression(power))


def _fraction(power: Any) -> Fraction:
    plain = exponent(power)
    if not isinstance(plain, Fraction):
        raise CoercionFailed(f"{power} is not rational")
    return plain


def _expression(power: Any) -> Expr:
    return Rational(power.numerator, power.denominator) if isinstance(power, Fraction) else power


def _plain(power: Any) -> Any:
    return power if isinstance(power, Fraction) else exponent(power.as_expr())


@dataclass(frozen=True)
class Row:
    """A product that equals one, and the equations it was made of, each to the power it went in with."""

    product: Product
    made_of: Product

    def without(self, key: Unknown, other: Row) -> Row:
        """Return the row freed of a key by another row, in which that key has power one."""
        power = self.product.powers.get(key, 0)
        return Row(self.product / other.product**power, self.made_of / other.made_of**power)

    def __pow__(self, power: Any) -> Row:
        return Row(self.product**power, self.made_of**power)


@dataclass(frozen=True)
class Solution:
    """What equations among products settle: a row for each unknown settled, and contradictions."""

    known: Mapping[Unknown, Product]
    unknown: tuple[Unknown, ...]
    rows: Mapping[Unknown, Row] = field(default_factory=dict)
    contradictions: tuple[Row, ...] = ()

    def told(self, product: Product) -> Product:
        """Return a product in base dimensions and, where they are free, dimensions of symbols."""
        freed = Row(product, ONE)
        for key, row in self.rows.items():
            freed = freed.without(key, row)
        return freed.product.put(self.known)


def solved(
    equations: Iterable[Row], unknown: tuple[Unknown, ...], known: Mapping[Unknown, Product]
) -> Solution:
    """Return the equations solved one after the other, each freed of what those before it have settled.

    An unknown early in the list is told by later ones, if it must be. Only rows that settle something new are
    kept. They are independent, so a contradiction is made of them in one way only: none of the equations that
    it was made of can be left out.
    """
    solution = Solution(known, unknown)
    for row in equations:
        for key, settled in solution.rows.items():
            row = row.without(key, settled)
        solution = _with(solution, row)
    return solution


def _with(solution: Solution, row: Row) -> Solution:
    pivot = next((u for u in solution.unknown if u in row.product.powers), None)
    if pivot is not None:
        unit = row ** (1 / row.product.powers[pivot])
        rows = {key: other.without(pivot, unit) for key, other in solution.rows.items()}
        return replace(solution, rows={**rows, pivot: unit})
    if row.product.put(solution.known).powers:
        return replace(solution, contradictions=(*solution.contradictions, row))
    return solution
