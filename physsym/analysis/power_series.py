"""Power series in a small step, whose coefficients are differential polynomials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce, singledispatchmethod
from itertools import chain
from typing import TypeAlias

import flint
from sympy import Add, Expr, Mul, Pow, Symbol, preorder_traversal

from physsym.analysis.jets import Jets, Polynomial, argument_of, derivatives

Series: TypeAlias = list[Polynomial]  # the coefficients of the powers of the step, the constant one first


def ring_for(expressions: Iterable[Expr], step: Symbol, start: Mapping[Symbol, Expr], order: int) -> Jets:
    """Return a ring in which the step is a generator and the expressions have power series up to an order.

    `start` says what the step, and symbols for new values, are where the step vanishes. Raises
    ExpansionError for a function that has no power series.
    """
    here = (part.xreplace(start) for e in expressions for part in preorder_traversal(e))
    return Jets.of(chain((step,), here), order)


@dataclass(frozen=True)
class Expansion:
    """The power series of expressions up to an order, given those of the symbols in `bound`.

    `start` says what each bound symbol is where the step vanishes.
    """

    jets: Jets
    order: int
    start: Mapping[Symbol, Expr]
    bound: dict[Symbol, Series] = field(default_factory=dict)

    @singledispatchmethod
    def of(self, expression: Expr) -> Series:
        """Return the series of an expression. Raises ExpansionError where there is none."""
        if not expression.args:
            return self._constant(self.jets.polynomial(expression))
        return self._function(expression)

    @of.register(Symbol)
    def _(self, expression: Symbol) -> Series:
        known = self.bound.get(expression)
        return self._constant(self.jets.polynomial(expression)) if known is None else known

    @of.register(Add)
    def _(self, expression: Add) -> Series:
        return reduce(self.plus, map(self.of, expression.args))

    @of.register(Mul)
    def _(self, expression: Mul) -> Series:
        return reduce(self._times, map(self.of, expression.args))

    @of.register(Pow)
    def _(self, expression: Pow) -> Series:
        if expression.exp.is_Integer and expression.exp > 0:
            return reduce(self._times, [self.of(expression.base)] * int(expression.exp))
        return self._function(expression)

    def _function(self, expression: Expr) -> Series:
        here = argument_of(expression).xreplace(self.start)
        rows = derivatives(expression, self.order, here) or []
        return self.taylor([self.jets.polynomial(row) for row in rows], self.of(argument_of(expression)))

    def _constant(self, polynomial: Polynomial) -> Series:
        return [polynomial] + [self.jets.zero] * self.order

    def plus(self, left: Series, right: Series) -> Series:
        """Return the sum of two series."""
        return [a + b for a, b in zip(left, right, strict=True)]

    def _times(self, left: Series, right: Series) -> Series:
        total = self._constant(self.jets.zero)
        for j, a in enumerate(left):
            for k, b in enumerate(right[: self.order + 1 - j] if a != 0 else []):
                total[j + k] += a * b
        return total

    def taylor(self, rows: list[Polynomial], argument: Series) -> Series:
        """Return the sum of rows[k]/k! * (argument - its constant term)**k, by Horner's rule."""
        shifted = [self.jets.zero, *argument[1:]]
        total = self._constant(rows[-1])
        for k in reversed(range(len(rows) - 1)):
            scaled = [c / flint.fmpq(k + 1) for c in self._times(total, shifted)]
            total = self.plus(self._constant(rows[k]), scaled)
        return total
