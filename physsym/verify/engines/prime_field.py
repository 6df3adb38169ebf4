"""Random points of a prime field, and the values of expressions there as series in a small symbol.

The field has p = 2q + 1 elements with p and q prime, so that its squares form a group of prime order q.
Squares play the positive numbers: every positive symbol is a random square, `Abs` picks the square of a
number and its opposite (p is chosen so that 2, 3, ..., 43 are squares), and a power with any exponent is
taken in the group, its exponent being read modulo q. For the same reason exp(a) is g**a. Opaque functions
are random functions: one value for each place, and each derivative. So is the logarithm; sine and cosine of
a place are a random point of the unit circle. What agrees for these agrees for the functions themselves,
while what differs may still be equal (see `UNTIED`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.core.signs import signs
from physsym.core.symbols import grad, hess, higher, partial, potential
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError

Q = 2301721936533923759  # just below 2**61
P = 2 * Q + 1
GENERATOR = 4
UNTIED = (sympy.log, sympy.sin, sympy.cos)  # of which the field knows less than there is to know
_ZERO = Integer(0)


class BranchError(UndecidedError):
    """The random point lies where a real root does not exist; another point may do."""


@dataclass
class Point:
    """A random point: a value for every symbol (modulo p, and modulo q where it stands in an exponent).

    `small` is the symbol in whose powers everything is expanded, to `terms` terms; None where nothing is
    small. `bound` gives symbols that are series themselves; `seen` holds what was computed with them.
    """

    seed: int
    small: Symbol | None = None
    to: Expr = _ZERO
    terms: int = 1
    values: dict[tuple[str, int], int] = field(default_factory=dict)
    bound: Mapping[Symbol, Laurent] = field(default_factory=dict)
    seen: dict[tuple[Expr, int], Laurent] = field(default_factory=dict)

    def given(self, bound: Mapping[Symbol, Laurent]) -> Point:
        """Return the same point with these symbols for series, and no others."""
        return replace(self, bound=bound, seen={})

    def random(self, key: object, modulus: int) -> int:
        """Return the value of a key at this point, the same at every asking."""
        known = (repr(key), modulus)
        if known not in self.values:
            self.values[known] = random.Random(f"{self.seed} {known}").randrange(1, modulus)
        return self.values[known]

    def number(self, value: int, modulus: int = P) -> Laurent:
        """Return a number as a series."""
        return Laurent.constant(value, self.terms, modulus)

    @singledispatchmethod
    def value(self, expression: Expr, modulus: int = P) -> Laurent:
        """Return the value of an expression as a series in the small symbol.

        Raises UndecidedError for what the field cannot evaluate, DivergenceError for what outgrows every
        power.
        """
        raise UndecidedError(f"the finite field knows no {type(expression).__name__}")

    @value.register(Rational)
    def _(self, expression: Rational, modulus: int = P) -> Laurent:
        return self.number(int(expression.p) * pow(int(expression.q), -1, modulus), modulus)

    @value.register(Symbol)
    def _(self, expression: Symbol, modulus: int = P) -> Laurent:
        if expression in self.bound and modulus == P:
            return self.bound[expression]
        if expression == self.small:
            return self._small(modulus)
        chosen = self.random(expression.name, modulus)
        positive = expression.is_nonnegative and modulus == P
        return self.number(chosen * chosen if positive else chosen, modulus)

    def _small(self, modulus: int) -> Laurent:
        step = Laurent.of(1, [1] + [0] * (self.terms - 1), modulus)
        if self.to in (sympy.oo, -sympy.oo):
            return step.inverse().scaled(1 if self.to == sympy.oo else -1)
        return self.of(self.to, modulus) + step

    def of(self, expression: Expr, modulus: int = P) -> Laurent:
        """Return the value of an expression, as `value` does, with its type known."""
        if (expression, modulus) not in self.seen:
            self.seen[expression, modulus] = _evaluate(type(expression))(self, expression, modulus)
        return self.seen[expression, modulus]

    @value.register(Add)
    def _(self, expression: Add, modulus: int = P) -> Laurent:
        first, *rest = (self.of(a, modulus) for a in expression.args)
        return sum(rest, start=first)

    @value.register(Mul)
    def _(self, expression: Mul, modulus: int = P) -> Laurent:
        first, *rest = (self.of(a, modulus) for a in expression.args)
        return math.prod(rest, start=first)

    @value.register(Pow)
    def _(self, expression: Pow, modulus: int = P) -> Laurent:
        base, exponent = expression.args
        if exponent.is_Integer:
            return self.of(base, modulus).whole_power(int(exponent))
        if modulus != P:
            raise UndecidedError(f"the power {expression} stands in an exponent")
        return self._real_power(self.of(base, P), self._constant(exponent, Q), self._constant(exponent, P))

    def _constant(self, expression: Expr, modulus: int) -> int:
        constant, rest = self.of(expression, modulus).split()
        if rest.terms:
            raise UndecidedError(f"the exponent {expression} depends on the small symbol")
        return constant

    def _real_power(self, base: Laurent, exponent: int, factor: int) -> Laurent:
        """Return base**exponent by the binomial series; `factor` is the exponent as a number of the field."""
        if not base.terms:
            raise UndecidedError("a real power of a quantity that vanishes at the random point")
        if base.start:
            raise UndecidedError("a real power of a quantity that vanishes or diverges with the small symbol")
        first, rest = base.split()
        if pow(first, Q, P) != 1:
            raise BranchError("a real power of a quantity that is not positive at the random point")
        coefficients = [pow(first, exponent, P)]
        for n in range(1, max(rest.end, 1)):
            coefficients.append(coefficients[-1] * (factor - n + 1) * pow(n * first, -1, P) % P)
        return rest.composed(coefficients)

    @value.register(sympy.exp)
    def _(self, expression: sympy.exp, modulus: int = P) -> Laurent:
        if modulus != P:
            raise UndecidedError("an exponential stands in an exponent")
        argument = self.of(expression.args[0], P)
        if argument.start < 0 and argument.terms:
            return self._essential(expression.args[0])
        constant, _ = self.of(expression.args[0], Q).split()
        _, rest = argument.split()
        coefficients = [pow(math.factorial(n), -1, P) for n in range(max(rest.end, 1))]
        return rest.composed(coefficients).scaled(pow(GENERATOR, constant, P))

    @value.register(sympy.sinh)
    @value.register(sympy.cosh)
    @value.register(sympy.tanh)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        unit = self.of(sympy.exp(expression.args[0]), modulus)
        over = unit.inverse()
        sinh, cosh = ((unit + over.scaled(s)).scaled(pow(2, -1, P)) for s in (-1, 1))
        return {sympy.sinh: sinh, sympy.cosh: cosh}.get(expression.func) or sinh * cosh.inverse()

    @value.register(sympy.log)
    def _(self, expression: sympy.log, modulus: int = P) -> Laurent:
        return self.number(self._untied(sympy.log, expression, modulus))

    @value.register(sympy.sin)
    @value.register(sympy.cos)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        # ((1 - t**2)/(1 + t**2), 2*t/(1 + t**2)) lies on the circle; 1 + t**2 is not 0, as -1 is no square.
        t = self._untied(sympy.sin, expression, modulus)
        above = 2 * t if expression.func == sympy.sin else 1 - t * t
        return self.number(above * pow(1 + t * t, -1, P))

    def _untied(self, function: type, expression: Expr, modulus: int) -> int:
        """Return a random number for a function at a place, the same for places of the same value."""
        # An order would come out too low where a gap vanishes for the function, but not for the random one.
        if modulus != P or self.small is not None:
            raise UndecidedError(f"the finite field knows too little of {expression.func.__name__} here")
        return self.random((function.__name__, self.of(expression.args[0], P).split()[0]), P)

    def _essential(self, argument: Expr) -> Laurent:
        """Return exp of a pole: smaller than every power where the form shows the argument negative."""
        if signs(argument) == {-1}:
            return self.number(0)
        if signs(argument) == {1}:
            raise DivergenceError(f"exp({argument}) grows beyond every power")
        raise UndecidedError(f"the sign of {argument} decides whether its exponential vanishes or diverges")

    @value.register(Abs)
    def _(self, expression: Abs, modulus: int = P) -> Laurent:
        inside = self.of(expression.args[0], modulus)
        return inside.scaled(square_sign(inside))

    @value.register(sympy.sign)
    def _(self, expression: sympy.sign, modulus: int = P) -> Laurent:
        return self.number(square_sign(self.of(expression.args[0], modulus)))

    @value.register(potential)
    @value.register(grad)
    @value.register(hess)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        derivative = {potential: 0, grad: 1, hess: 2}[expression.func]
        return self._opaque((derivative,) + (0,) * (len(expression.args) - 1), expression.args, modulus)

    @value.register(higher)
    def _(self, expression: higher, modulus: int = P) -> Laurent:
        order, place = expression.args
        return self._opaque((int(order),), (place,), modulus)

    @value.register(partial)
    def _(self, expression: partial, modulus: int = P) -> Laurent:
        index, *places = expression.args
        derivative = tuple(int(k + 1 == index) for k in range(len(places)))
        return self._opaque(derivative, tuple(places), modulus)

    def _opaque(self, derivative: tuple[int, ...], places: tuple[Expr, ...], modulus: int) -> Laurent:
        """Return a random smooth function by its Taylor series, every derivative being random."""
        if modulus != P:
            raise UndecidedError("an opaque function stands in an exponent")
        here, steps = zip(*(self.of(place, P).split() for place in places), strict=True)
        total = self.number(0)
        for more in _multi_indices(len(places), self.terms):
            order = tuple(d + k for d, k in zip(derivative, more, strict=True))
            term = self.number(
                self.random((order, here), P) * pow(math.prod(map(math.factorial, more)), -1, P)
            )
            for step, k in zip(steps, more, strict=True):
                term = term * step.whole_power(k) if k else term
            total = total + term
        return total


# Asking the method for its value would make a new function each time.
_evaluate = vars(Point)["value"].dispatcher.dispatch


def square_sign(series: Laurent) -> int:
    """Return 1 for a series that begins with a square, which counts as positive, and -1 for another."""
    if not series.terms or series.modulus != P:
        raise UndecidedError("the sign of a quantity that vanishes at the random point")
    return 1 if pow(series.terms[0], Q, P) == 1 else -1


def _multi_indices(width: int, total: int) -> list[tuple[int, ...]]:
    """Return every tuple of that many numbers with a sum below the total."""
    if width == 0:
        return [()]
    return [(k, *rest) for k in range(total) for rest in _multi_indices(width - 1, total - k)]
