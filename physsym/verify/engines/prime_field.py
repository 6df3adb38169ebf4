"""Evaluation of expressions at random points of a prime field, as Laurent series in a small symbol.

The field has p = 2q + 1 elements with p and q prime (a safe prime), so its nonzero squares form a group of
prime order q. Squares represent the positive numbers: every positive symbol is a random square, `Abs` selects
the square among a number and its negative (p is chosen so that 2, 3, ..., 43 are squares), and a real power
is taken in the group, with its exponent reduced modulo q. In the same way exp(a) is g**a with a generator g.
Opaque functions are random functions: one value for each argument and each derivative. So is the logarithm;
sine and cosine of an argument are a random point of the unit circle. An identity that holds for these holds
for the functions themselves; one that does not hold for these may still be true (see `UNINTERPRETED`).
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
from physsym.verify.budget import check_time
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError

Q = 2301721936533923759  # just below 2**61
P = 2 * Q + 1
GENERATOR = 4  # a square other than 1 generates the group of squares, whose order is prime
UNINTERPRETED = (sympy.log, sympy.sin, sympy.cos)  # modelled by random values, with few of their identities
_ZERO = Integer(0)


class BranchError(UndecidedError):
    """A real root does not exist at the random point; it may exist at another."""


@dataclass
class Point:
    """A random point: a value for every symbol (modulo p, and modulo q for its occurrences in exponents).

    Values are expanded in powers of `small`, to `terms` terms; None for plain numbers. `series` gives the
    symbols whose values are series themselves; `cache` holds the values computed with them.
    """

    seed: int
    small: Symbol | None = None
    to: Expr = _ZERO
    terms: int = 1
    values: dict[tuple[str, int], int] = field(default_factory=dict)
    series: Mapping[Symbol, Laurent] = field(default_factory=dict)
    cache: dict[tuple[Expr, int], Laurent] = field(default_factory=dict)

    def with_series(self, series: Mapping[Symbol, Laurent]) -> Point:
        """Return the same point with these symbols bound to series, and no others."""
        return replace(self, series=series, cache={})

    def random(self, key: object, modulus: int) -> int:
        """Return the random value of a key at this point, the same in every call."""
        known = (repr(key), modulus)
        if known not in self.values:
            self.values[known] = random.Random(f"{self.seed} {known}").randrange(1, modulus)
        return self.values[known]

    def number(self, value: int, modulus: int = P) -> Laurent:
        """Return a number as a series."""
        return Laurent.constant(value, self.terms, modulus)

    @singledispatchmethod
    def _value(self, expression: Expr, modulus: int = P) -> Laurent:
        raise UndecidedError(f"the finite field knows no {type(expression).__name__}")

    @_value.register(Rational)
    def _(self, expression: Rational, modulus: int = P) -> Laurent:
        return self.number(int(expression.p) * pow(int(expression.q), -1, modulus), modulus)

    @_value.register(Symbol)
    def _(self, expression: Symbol, modulus: int = P) -> Laurent:
        if expression in self.series and modulus == P:
            return self.series[expression]
        if expression == self.small:
            return self._small(modulus)
        chosen = self.random(expression.name, modulus)
        positive = expression.is_nonnegative and modulus == P  # a square represents a positive number
        return self.number(chosen * chosen if positive else chosen, modulus)

    def _small(self, modulus: int) -> Laurent:
        step = Laurent.of(1, [1] + [0] * (self.terms - 1), modulus)
        if self.to in (sympy.oo, -sympy.oo):
            return step.inverse().scaled(1 if self.to == sympy.oo else -1)
        return self.value(self.to, modulus) + step

    def value(self, expression: Expr, modulus: int = P) -> Laurent:
        """Return the value of an expression as a series in the small symbol, computed once.

        Raises UndecidedError for what the field cannot evaluate, DivergenceError for what grows faster than
        every power.
        """
        if (expression, modulus) not in self.cache:
            check_time()
            self.cache[expression, modulus] = _evaluate(type(expression))(self, expression, modulus)
        return self.cache[expression, modulus]

    @_value.register(Add)
    def _(self, expression: Add, modulus: int = P) -> Laurent:
        first, *rest = (self.value(a, modulus) for a in expression.args)
        return sum(rest, start=first)

    @_value.register(Mul)
    def _(self, expression: Mul, modulus: int = P) -> Laurent:
        first, *rest = (self.value(a, modulus) for a in expression.args)
        return math.prod(rest, start=first)

    @_value.register(Pow)
    def _(self, expression: Pow, modulus: int = P) -> Laurent:
        base, exponent = expression.args
        if exponent.is_Integer:
            return self.value(base, modulus).whole_power(int(exponent))
        if modulus != P:
            raise UndecidedError(f"the power {expression} occurs in an exponent")
        return self._real_power(self.value(base, P), self._constant(exponent, Q), self._constant(exponent, P))

    def _constant(self, expression: Expr, modulus: int) -> int:
        constant, rest = self.value(expression, modulus).split()
        if rest.terms:
            raise UndecidedError(f"the exponent {expression} depends on the small symbol")
        return constant

    def _real_power(self, base: Laurent, exponent: int, factor: int) -> Laurent:
        """Return base**exponent by the binomial series.

        `exponent` is the exponent modulo q, for powers in the group of squares; `factor` is the same number
        modulo p, for the binomial coefficients.
        """
        if not base.terms:
            raise UndecidedError("a real power of a quantity that vanishes at the random point")
        if base.start:
            raise UndecidedError("a real power of a quantity that vanishes or diverges with the small symbol")
        first, rest = base.split()
        if pow(first, Q, P) != 1:  # Euler's criterion: a**((p - 1)/2) is 1 for squares alone
            raise BranchError("a real power of a quantity that is not positive at the random point")
        coefficients = [pow(first, exponent, P)]
        for n in range(1, max(rest.end, 1)):
            coefficients.append(coefficients[-1] * (factor - n + 1) * pow(n * first, -1, P) % P)
        return rest.composed(coefficients)

    @_value.register(sympy.exp)
    def _(self, expression: sympy.exp, modulus: int = P) -> Laurent:
        if modulus != P:
            raise UndecidedError("an exponential occurs in an exponent")
        argument = self.value(expression.args[0], P)
        if argument.start < 0 and argument.terms:
            return self._exp_of_pole(expression.args[0])
        # exp(c + r) = g**c * exp(r): the constant term is an exponent, read modulo the order q of the group.
        constant, _ = self.value(expression.args[0], Q).split()
        _, rest = argument.split()
        coefficients = [pow(math.factorial(n), -1, P) for n in range(max(rest.end, 1))]
        return rest.composed(coefficients).scaled(pow(GENERATOR, constant, P))

    @_value.register(sympy.sinh)
    @_value.register(sympy.cosh)
    @_value.register(sympy.tanh)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        exponential = self.value(sympy.exp(expression.args[0]), modulus)
        inverse = exponential.inverse()
        sinh, cosh = ((exponential + inverse.scaled(s)).scaled(pow(2, -1, P)) for s in (-1, 1))
        return {sympy.sinh: sinh, sympy.cosh: cosh}.get(expression.func) or sinh * cosh.inverse()

    @_value.register(sympy.log)
    def _(self, expression: sympy.log, modulus: int = P) -> Laurent:
        return self.number(self._uninterpreted(sympy.log, expression, modulus))

    @_value.register(sympy.sin)
    @_value.register(sympy.cos)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        # The circle in rational parameters: ((1 - t**2)/(1 + t**2), 2*t/(1 + t**2)). The divisor 1 + t**2
        # is never 0, because p = 3 modulo 4 and so -1 is not a square.
        t = self._uninterpreted(sympy.sin, expression, modulus)
        above = 2 * t if expression.func == sympy.sin else 1 - t * t
        return self.number(above * pow(1 + t * t, -1, P))

    def _uninterpreted(self, function: type, expression: Expr, modulus: int) -> int:
        """Return a random number for a function of an argument, the same for arguments of equal value."""
        # No series: a difference that vanishes for the function, and not for the random one, would give an
        # order that is too low.
        if modulus != P or self.small is not None:
            raise UndecidedError(f"the finite field knows too little of {expression.func.__name__} here")
        return self.random((function.__name__, self.value(expression.args[0], P).split()[0]), P)

    def _exp_of_pole(self, argument: Expr) -> Laurent:
        """Return exp of a pole: zero to every order where the form shows that the argument is negative."""
        if signs(argument) == {-1}:
            return self.number(0)
        if signs(argument) == {1}:
            raise DivergenceError(f"exp({argument}) grows beyond every power")
        raise UndecidedError(f"the sign of {argument} decides whether its exponential vanishes or diverges")

    @_value.register(Abs)
    def _(self, expression: Abs, modulus: int = P) -> Laurent:
        inside = self.value(expression.args[0], modulus)
        return inside.scaled(legendre_symbol(inside))

    @_value.register(sympy.sign)
    def _(self, expression: sympy.sign, modulus: int = P) -> Laurent:
        return self.number(legendre_symbol(self.value(expression.args[0], modulus)))

    @_value.register(potential)
    @_value.register(grad)
    @_value.register(hess)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        derivative = {potential: 0, grad: 1, hess: 2}[expression.func]
        return self._opaque((derivative,) + (0,) * (len(expression.args) - 1), expression.args, modulus)

    @_value.register(higher)
    def _(self, expression: higher, modulus: int = P) -> Laurent:
        order, argument = expression.args
        return self._opaque((int(order),), (argument,), modulus)

    @_value.register(partial)
    def _(self, expression: partial, modulus: int = P) -> Laurent:
        index, *arguments = expression.args
        derivative = tuple(int(k + 1 == index) for k in range(len(arguments)))
        return self._opaque(derivative, tuple(arguments), modulus)

    def _opaque(self, derivative: tuple[int, ...], arguments: tuple[Expr, ...], modulus: int) -> Laurent:
        """Return a derivative of a random smooth function, by a Taylor series of random coefficients."""
        if modulus != P:
            raise UndecidedError("an opaque function occurs in an exponent")
        # Each argument is a constant (the evaluation point, a key of the random values) plus what vanishes.
        here, steps = zip(*(self.value(a, P).split() for a in arguments), strict=True)
        total = self.number(0)
        for more in _multi_indices(len(arguments), self.terms):
            order = tuple(d + k for d, k in zip(derivative, more, strict=True))
            term = self.number(
                self.random((order, here), P) * pow(math.prod(map(math.factorial, more)), -1, P)
            )
            for step, k in zip(steps, more, strict=True):
                term = term * step.whole_power(k) if k else term
            total = total + term
        return total


# Dispatch without the bound method that `singledispatchmethod` creates at each access.
_evaluate = vars(Point)["_value"].dispatcher.dispatch


def legendre_symbol(series: Laurent) -> int:
    """Return 1 if the leading coefficient is a square, which counts as positive, and -1 otherwise."""
    if not series.terms or series.modulus != P:
        raise UndecidedError("the sign of a quantity that vanishes at the random point")
    return 1 if pow(series.terms[0], Q, P) == 1 else -1


def _multi_indices(width: int, total: int) -> list[tuple[int, ...]]:
    """Return every multi-index of a width with a sum below the total."""
    if width == 0:
        return [()]
    return [(k, *rest) for k in range(total) for rest in _multi_indices(width - 1, total - k)]
