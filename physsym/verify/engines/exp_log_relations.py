"""Exponentials as products of powers of independent ones, from the linear relations between their arguments.

A basis of the arguments over the rationals gives every exponential as a product of powers of the exponentials
of the basis, which are taken as independent generators (Risch 1979); so equal products have one normal form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import flint

from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import Quotient, Ring, gcd, product


@dataclass(frozen=True)
class _Exponential:
    """The exponential of an argument; its value is None until it is known which root of it is needed.

    `base` is b where the argument is log(b).
    """

    name: str
    argument: Quotient
    value: Quotient | None = None
    base: Quotient | None = None


@dataclass
class ExponentialBasis:
    """The independent exponentials of a ring; the exponential of a logarithm is the base, or a root of it."""

    ring: Ring
    basis: list[_Exponential] = field(default_factory=list)

    def logarithm(self, base: Quotient, name: str) -> Quotient:
        """Return the logarithm of a base, split into those of its factors that are certainly positive."""
        total, rest = self.ring.number(0), base
        for factor, times in self.ring.positive_factors(base):
            total = total + self.ring.number(times) * self._logarithm(factor, self.ring.format(factor))
            rest = rest * factor.power(-times)
        rest = rest.cancelled()
        return total if rest.top == rest.bottom else total + self._logarithm(rest, name)

    def _logarithm(self, base: Quotient, name: str) -> Quotient:
        for element in self.basis:
            known = element.value if element.base is None else element.base
            if known is not None and self.ring.is_zero(known - base):
                return element.argument
        argument = self.ring.generator(f"log({name})")
        self.basis.append(_Exponential(f"({name})", argument, base=base))
        return argument

    def exponentials(self, wanted: Sequence[tuple[str, Quotient]]) -> list[Quotient]:
        """Return exp(a) for each of the named arguments a, as products of powers of the basis."""
        if not wanted:
            return []
        columns = self.basis + [_Exponential(name, argument) for name, argument in wanted]
        pivots, rows = linear_relations([u.argument for u in columns])
        coordinates = [[row[j] for row in rows] for j in range(len(columns))]
        self.basis = [self._normalised(columns[p], row) for p, row in zip(pivots, rows, strict=True)]
        return [self._product(c, rows) for c in coordinates[len(columns) - len(wanted) :]]

    def _normalised(self, element: _Exponential, row: list[flint.fmpq]) -> _Exponential:
        """Return a basis element with its value, the root of the exponential that all others need."""
        index = common_index(row)
        if element.value is not None:
            if index != 1:
                raise UndecidedError(f"roots of {element.name} of different depth")
            return element
        name = element.name if index == 1 else f"{element.name}**(1/{index})"
        argument = element.argument * self.ring.number(1, index)
        if element.base is None:
            return _Exponential(name, argument, self.ring.generator(name, positive=True))
        value = element.base if index == 1 else self.ring.root(name, index, element.base)
        # The base is dropped: a finer root of it that is needed later is refused above.
        return _Exponential(name, argument, value)

    def _product(self, coefficients: list[flint.fmpq], rows: list[list[flint.fmpq]]) -> Quotient:
        total = self.ring.number(1)
        for element, part, row in zip(self.basis, coefficients, rows, strict=True):
            assert element.value is not None  # every element was normalised just before
            total = total * element.value.power(int(part * common_index(row)))
        return total


def common_index(row: list[flint.fmpq]) -> int:
    """Return the least common denominator of coefficients."""
    return math.lcm(*(int(c.q) for c in row))


def linear_relations(arguments: list[Quotient]) -> tuple[list[int], list[list[flint.fmpq]]]:
    """Return which arguments are a basis over the rationals, and the coordinates of all, in columns."""
    bottom = reduce(lambda a, b: product(a, b / gcd(a, b)), (a.bottom for a in arguments))
    tops = [product(a.top, bottom / a.bottom).to_dict() for a in arguments]
    monomials = sorted({m for top in tops for m in top})
    matrix = flint.fmpq_mat([[top.get(m, flint.fmpq(0)) for top in tops] for m in monomials])
    reduced, rank = matrix.rref()
    rows = [[reduced[i, j] for j in range(len(tops))] for i in range(rank)]
    return [next(j for j, c in enumerate(row) if c != 0) for row in rows], rows
