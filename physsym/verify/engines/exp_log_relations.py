"""Exponentials as products of a few independent ones, found from the linear relations of their arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import flint

from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import Quotient, Ring, gcd, product


@dataclass(frozen=True)
class _Unit:
    """The exponential of an argument, its value None until it is known which root of it is needed.

    Until then `base` is what it is the exponential of the logarithm of, if it is of one.
    """

    name: str
    argument: Quotient
    value: Quotient | None = None
    base: Quotient | None = None


@dataclass
class Units:
    """The independent exponentials of a ring; those of logarithms get the base, or a root of it, as value."""

    ring: Ring
    units: list[_Unit] = field(default_factory=list)

    def logarithm(self, base: Quotient, name: str) -> Quotient:
        """Return the logarithm of a base, as a sum over those of its factors that are certainly positive."""
        total, rest = self.ring.number(0), base
        for factor, times in self.ring.positive_factors(base):
            total = total + self.ring.number(times) * self._logarithm(factor, self.ring.written(factor))
            rest = rest * factor.power(-times)
        rest = rest.cancelled()
        return total if rest.top == rest.bottom else total + self._logarithm(rest, name)

    def _logarithm(self, base: Quotient, name: str) -> Quotient:
        for unit in self.units:
            known = unit.value if unit.base is None else unit.base
            if known is not None and self.ring.is_zero(known - base):
                return unit.argument
        argument = self.ring.generator(f"log({name})")
        self.units.append(_Unit(f"({name})", argument, base=base))
        return argument

    def found(self, wanted: Sequence[tuple[str, Quotient]]) -> list[Quotient]:
        """Return exp(a) for each of the named arguments a, as products of powers of units."""
        columns = self.units + [_Unit(name, argument) for name, argument in wanted]
        pivots, rows = _relations([u.argument for u in columns])
        shares = [[row[j] for row in rows] for j in range(len(columns))]
        self.units = [self._settled(columns[p], row) for p, row in zip(pivots, rows, strict=True)]
        return [self._product(share, rows) for share in shares[len(columns) - len(wanted) :]]

    def _settled(self, unit: _Unit, row: list[flint.fmpq]) -> _Unit:
        """Return a unit together with its value: that root of the exponential of which all are powers."""
        index = _index(row)
        if unit.value is not None:
            if index != 1:
                raise UndecidedError(f"roots of {unit.name} of different depth")
            return unit
        name = unit.name if index == 1 else f"{unit.name}**(1/{index})"
        argument = unit.argument * self.ring.number(1, index)
        if unit.base is None:
            return _Unit(name, argument, self.ring.generator(name, positive=True))
        value = unit.base if index == 1 else self.ring.root(name, index, unit.base)
        # A root hides its base: whoever needs a finer root of the same base later is refused above.
        return _Unit(name, argument, value)

    def _product(self, share: list[flint.fmpq], rows: list[list[flint.fmpq]]) -> Quotient:
        total = self.ring.number(1)
        for unit, part, row in zip(self.units, share, rows, strict=True):
            assert unit.value is not None  # every unit was settled just before
            total = total * unit.value.power(int(part * _index(row)))
        return total


def _index(row: list[flint.fmpq]) -> int:
    return math.lcm(*(int(c.q) for c in row))


def _relations(arguments: list[Quotient]) -> tuple[list[int], list[list[flint.fmpq]]]:
    """Return which arguments are independent over the rationals, and all in terms of those, in columns."""
    bottom = reduce(lambda a, b: product(a, b / gcd(a, b)), (a.bottom for a in arguments))
    tops = [product(a.top, bottom / a.bottom).to_dict() for a in arguments]
    monomials = sorted({m for top in tops for m in top})
    matrix = flint.fmpq_mat([[top.get(m, flint.fmpq(0)) for top in tops] for m in monomials])
    reduced, rank = matrix.rref()
    rows = [[reduced[i, j] for j in range(len(tops))] for i in range(rank)]
    return [next(j for j, c in enumerate(row) if c != 0) for row in rows], rows
