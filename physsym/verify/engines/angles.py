"""Sine and cosine of sums and multiples of angles, as polynomials in those of independent angles.

A basis of the angles over the rationals gives each as an integer combination of independent ones. Sine and
cosine of these are generators with s**2 + c**2 = 1, and the addition theorems give those of all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import flint

from physsym.verify.engines.exp_log_relations import common_index, linear_relations
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import Quotient, Ring

MAX_MULTIPLE = 64

Circle = tuple[Quotient, Quotient]  # cosine and sine


@dataclass
class AngleBasis:
    """The independent angles of a ring, with cosine and sine of each."""

    ring: Ring
    basis: list[tuple[Quotient, Circle]] = field(default_factory=list)

    def circles(self, wanted: Sequence[Quotient]) -> list[Circle]:
        """Return cosine and sine of each of the angles."""
        if not wanted:
            return []
        columns = [*(angle for angle, _ in self.basis), *wanted]
        pivots, rows = linear_relations(columns)
        known, indices = len(self.basis), [common_index(row) for row in rows]
        for pivot, index in zip(pivots, indices, strict=True):
            if pivot < known and index != 1:
                raise UndecidedError(
                    f"parts of the angle {self.ring.format(columns[pivot])} of different size"
                )
            if pivot >= known:
                self.basis.append(self._independent(columns[pivot] * self.ring.number(1, index)))
        return [
            self._combined([row[j] * index for row, index in zip(rows, indices, strict=True)])
            for j in range(known, len(columns))
        ]

    def _independent(self, angle: Quotient) -> tuple[Quotient, Circle]:
        name = self.ring.format(angle)
        sine = self.ring.generator(f"sin({name})")
        square = self.ring.number(1) - sine.power(2)
        return angle, (self.ring.root(f"cos({name})", 2, square, positive=False), sine)

    def _combined(self, coefficients: Sequence[flint.fmpq]) -> Circle:
        total = self.ring.number(1), self.ring.number(0)
        for times, (_, circle) in zip(coefficients, self.basis, strict=True):
            total = self._turned(total, self._multiple(circle, int(times)))
        return total

    def _multiple(self, circle: Circle, times: int) -> Circle:
        if abs(times) > MAX_MULTIPLE:
            raise UndecidedError(f"the {abs(times)}-fold of an angle is too high a multiple to be expanded")
        cosine, sine = circle
        turn, total = (cosine, sine if times > 0 else -sine), (self.ring.number(1), self.ring.number(0))
        for _ in range(abs(times)):
            total = self._turned(total, turn)
        return total

    def _turned(self, a: Circle, b: Circle) -> Circle:
        """Return cosine and sine of the sum of two angles, with the squares of cosines eliminated."""
        cosine, sine = a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]
        one = self.ring.context.constant(1)
        return Quotient(self.ring.reduced(cosine.top), one), Quotient(self.ring.reduced(sine.top), one)
