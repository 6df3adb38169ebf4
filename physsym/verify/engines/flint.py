"""Exact identities in a field of fractions: FLINT's polynomials, with functions as further generators.

Every real power is exp(exponent*log(base)), and exponentials are products of as few units as the linear
relations over the rationals between their arguments allow: exp(a)*exp(b) and exp(a + b) are then one
polynomial, and so are sqrt(m*gamma) and sqrt(m)*sqrt(gamma). A root is a unit that obeys s**n = r. Two
applications of a function are one generator where their arguments are proved equal.

A zero found here is exact. What is not found to be zero is different for certain only where nothing but
symbols and unknown functions of them stand: between roots there may be relations that are not used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import singledispatchmethod

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol, preorder_traversal

from physsym.core.symbols import OPAQUE
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.exp_log_relations import Units
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import Polynomial, Quotient, Ring

NAME, FAMILY = "flint", "FLINT"
_MAX_SIZE = 2000
_RATIONAL = (Symbol, Rational, Add, Mul)
_UNKNOWN = (*OPAQUE, sympy.log, sympy.sin)


def identity(left: Expr, right: Expr) -> Finding:
    """Return whether two expressions are equal; where they are not, their difference in factors."""
    try:
        work = _Evaluation.of(left, right)
        gap = work.value(left) - work.value(right)
        equal, difference = work.ring.is_zero(gap), work.ring.written(gap)
    except (UndecidedError, ZeroDivisionError) as doubt:
        return Finding(NAME, FAMILY, Answer.UNKNOWN, str(doubt))
    if equal:
        return Finding(NAME, FAMILY, Answer.PROVED, bound="exact")
    certain = all(_is_rational(p) or isinstance(p, OPAQUE) for p in _parts(left, right))
    answer = Answer.REFUTED if certain else Answer.UNKNOWN
    return Finding(NAME, FAMILY, answer, "not proved equal", difference=difference)


def order_of(left: Expr, right: Expr, small: Symbol) -> int | float:
    """Return the order at which two expressions meet as `small` vanishes; infinity if they are equal.

    Raises UndecidedError unless their difference is a quotient of polynomials in the small symbol.
    """
    if any(part.has(small) and not _is_rational(part) for part in _parts(left, right)):
        raise UndecidedError(f"{small} stands inside a function")
    work = _Evaluation.of(small, left, right)
    work.value(small)  # the small symbol needs not stand in the gap, where its generator is looked up
    gap = work.value(left) - work.value(right)
    if work.ring.is_zero(gap):
        return math.inf
    k = work.ring.names.index(str(small))
    top, bottom = (_lowest(work.ring.reduced(p), k) for p in (gap.top, gap.bottom))
    return top - bottom


def _parts(*expressions: Expr) -> Iterator[Expr]:
    for expression in expressions:
        yield from preorder_traversal(expression)


def _is_rational(part: Expr) -> bool:
    return isinstance(part, _RATIONAL) or (isinstance(part, Pow) and bool(part.exp.is_Integer))


def _is_power(part: Expr) -> bool:
    exponentials = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh)
    return isinstance(part, exponentials) or (isinstance(part, Pow) and not part.exp.is_Integer)


def _lowest(polynomial: Polynomial, k: int) -> int:
    return min(int(exponents[k]) for exponents in polynomial.monoms())


@dataclass
class _Evaluation:
    """The values of expressions in one ring, each part computed once."""

    ring: Ring
    units: Units
    known: dict[Expr, Quotient] = field(default_factory=dict)
    applied: list[tuple[type, tuple[Quotient, ...], Quotient]] = field(default_factory=list)

    @classmethod
    def of(cls, *expressions: Expr) -> _Evaluation:
        """Prepare a ring with room for the expressions, and units for their exponentials and real powers."""
        parts = set(_parts(*expressions))
        if len(parts) > _MAX_SIZE:
            raise UndecidedError("the expressions are too large")
        powers = {p for p in parts if _is_power(p)}
        ring = Ring(size=len(parts) + 8 * len(powers) + 2)
        work = cls(ring, Units(ring))
        work._prepare(powers)
        return work

    def _prepare(self, powers: set[Expr]) -> None:
        """Find the values of exponentials and real powers, the innermost first."""
        while powers:
            level = sorted((p for p in powers if powers.isdisjoint(_parts(*p.args))), key=str)
            found = self.units.found([(str(p), self._exponent(p)) for p in level])
            self.known.update((p, _of_unit(p, unit)) for p, unit in zip(level, found, strict=True))
            powers = powers - set(level)

    def _exponent(self, power: Expr) -> Quotient:
        """Return the quotient a for which a power is made of exp(a)."""
        if not isinstance(power, Pow):
            return self.value(power.args[0])
        return self.value(power.exp) * self.units.logarithm(self.value(power.base), str(power.base))

    def value(self, expression: Expr) -> Quotient:
        """Return the value of an expression; raises UndecidedError for a function that is not known."""
        if expression not in self.known:
            self.known[expression] = _evaluate(type(expression))(self, expression)
        return self.known[expression]

    @singledispatchmethod
    def _value(self, expression: Expr) -> Quotient:
        if not isinstance(expression, _UNKNOWN):
            raise UndecidedError(f"flint knows no {type(expression).__name__}")
        return self._applied(expression, lambda name, _: self.ring.generator(name))

    @_value.register(Rational)
    def _(self, expression: Rational) -> Quotient:
        return self.ring.number(int(expression.p), int(expression.q))

    @_value.register(Symbol)
    def _(self, expression: Symbol) -> Quotient:
        return self.ring.generator(str(expression), positive=bool(expression.is_positive))

    @_value.register(Add)
    def _(self, expression: Add) -> Quotient:
        first, *rest = map(self.value, expression.args)
        return sum(rest, start=first)

    @_value.register(Mul)
    def _(self, expression: Mul) -> Quotient:
        first, *rest = map(self.value, expression.args)
        return math.prod(rest, start=first)

    @_value.register(Pow)
    def _(self, expression: Pow) -> Quotient:
        base = self.value(expression.base)
        if expression.exp.is_negative and self.ring.is_zero(base):
            raise ZeroDivisionError(f"division by {expression.base}, which is zero")
        return base.power(int(expression.exp))

    @_value.register(Abs)
    def _(self, expression: Abs) -> Quotient:
        square = self.value(expression.args[0]).power(2)
        if self.ring.is_zero(square - self.ring.number(1)):
            return self.ring.number(1)
        return self._applied(expression, lambda name, _: self.ring.root(name, 2, square))

    @_value.register(sympy.sign)
    def _(self, expression: sympy.sign) -> Quotient:
        inside = expression.args[0]
        return self.value(inside) * self.value(Abs(inside)).power(-1)

    @_value.register(sympy.cos)
    def _(self, expression: sympy.cos) -> Quotient:
        square = self.ring.number(1) - self.value(sympy.sin(expression.args[0])).power(2)
        return self._applied(expression, lambda name, _: self.ring.root(name, 2, square, positive=False))

    def _applied(self, expression: Expr, new: Callable[[str, tuple[Quotient, ...]], Quotient]) -> Quotient:
        """Return the generator of a function at a place, the same for places that are proved equal."""
        function, places = expression.func, tuple(map(self.value, expression.args))
        for other, elsewhere, found in self.applied:
            if other == function and self._same(places, elsewhere):
                return found
        found = new(str(expression), places)
        self.applied.append((function, places, found))
        return found

    def _same(self, some: tuple[Quotient, ...], others: tuple[Quotient, ...]) -> bool:
        pairs = zip(some, others, strict=False)
        return len(some) == len(others) and all(self.ring.is_zero(a - b) for a, b in pairs)


# Asking the method for its value would make a new function each time.
_evaluate = vars(_Evaluation)["_value"].dispatcher.dispatch


def _of_unit(power: Expr, unit: Quotient) -> Quotient:
    """Return the value of an exponential, a hyperbolic function or a power from the unit exp(a)."""
    if not isinstance(power, sympy.sinh | sympy.cosh | sympy.tanh):
        return unit
    over, two = unit.power(-1), unit.power(0) + unit.power(0)
    sinh, cosh = (unit - over) * two.power(-1), (unit + over) * two.power(-1)
    return {sympy.sinh: sinh, sympy.cosh: cosh}.get(power.func) or sinh * cosh.power(-1)
