"""Evaluation of expressions at random points of a prime field, as Laurent series in a small symbol.

The field has p = 2q + 1 elements with p and q prime (a safe prime), so its nonzero squares form a group of
prime order q. Squares represent the positive numbers: every positive symbol is a random square, `Abs` selects
the square among a number and its negative (p is chosen so that 2, 3, ..., 43 are squares), and a real power
is taken in the group, with its exponent reduced modulo q. In the same way exp(a) is g**a with a generator g.
Sine and cosine are the coordinates of a power of one point of the unit circle, whose points form a group of
p + 1 elements; exponents are read modulo R, its largest prime factor. Opaque functions are random functions:
one value for each argument and each derivative. So are the constants of the logarithm and the arctangent
(see `UNINTERPRETED`), and what is irrational inside an exponent. An identity that holds for these holds for
the functions themselves; one that does not hold for these may still be true.

In a series, log(h) of the small symbol h is one more random number, `logarithm`: h times any power of log(h)
still tends to zero, so that orders are read off the powers of h.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, singledispatchmethod

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.core.signs import signs
from physsym.core.symbols import grad, hess, higher, partial, potential
from physsym.verify.budget import check_time
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError

Q = 2301721936533923759  # just below 2**61
P = 2 * Q + 1
R = 188049177821399  # the largest prime factor of p + 1, the number of points of the unit circle
GENERATOR = 4  # a square other than 1 generates the group of squares, whose order is prime
CIRCLE = (3698617571713700912, 3036247097296170065)  # (cos, sin) of a point of order R
# For exponentials inside exponents: a generator of a group of prime order modulo a prime, and its order.
INNER = {
    Q: (1532908401712027001, 126620057111), 126620057111: (1024, 12662005711),
    R: (70368744177664, 4088025604813), 4088025604813: (4096, 340668800401),
}  # fmt: skip
UNINTERPRETED = (sympy.log, sympy.atan)  # with constants of random value, without their identities
_ZERO = Integer(0)


class BranchError(UndecidedError):
    """A real root does not exist at the random point; it may exist at another."""


@lru_cache(maxsize=4096)
def _drawn(seed: int, key: str, modulus: int) -> int:
    return random.Random(f"{seed} {(key, modulus)}").randrange(1, modulus)


@dataclass
class Point:
    """A random point: a value for every symbol (modulo p, and modulo q for its occurrences in exponents).

    Values are expanded in powers of `small`, to `terms` terms; None for plain numbers. With a `ramification`
    q they are expanded in powers of its q-th root s, so that small = s**q (Puiseux series). `series` has the
    symbols whose values are series themselves; `cache` holds the values computed with them. `logarithm` tells
    points apart that differ in the value of log(small) alone. An exponential that is smaller than every power
    counts as zero, or is refused where `flat_is_zero` says so.
    """

    seed: int
    small: Symbol | None = None
    to: Expr = _ZERO
    terms: int = 1
    ramification: int = 1
    logarithm: int = 0
    flat_is_zero: bool = True
    series: Mapping[Symbol, Laurent] = field(default_factory=dict)
    cache: dict[tuple[Expr, int], Laurent] = field(default_factory=dict)

    def with_series(self, series: Mapping[Symbol, Laurent]) -> Point:
        """Return the same point with these symbols bound to series, and no others."""
        return replace(self, series=series, cache={})

    def random(self, key: object, modulus: int) -> int:
        """Return the random value of a key at this point, the same in every call."""
        return _drawn(self.seed, repr(key), modulus)

    def number(self, value: int, modulus: int = P) -> Laurent:
        """Return a number as a series."""
        return Laurent.constant(value, self.terms, modulus)

    @singledispatchmethod
    def _value(self, expression: Expr, modulus: int = P) -> Laurent:
        raise UndecidedError(
            f"no series of {expression} is known; write it with powers, exp, log, sin, cos, tan, atan, "
            "Abs or sign"
        )

    @_value.register(Rational)
    def _(self, expression: Rational, modulus: int = P) -> Laurent:
        return self.number(int(expression.p) * pow(int(expression.q), -1, modulus), modulus)

    @_value.register(sympy.core.numbers.Exp1)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        return self.number(GENERATOR) if modulus == P else self._irrational(expression, modulus)

    @_value.register(sympy.core.numbers.Pi)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        # One more unknown, since it is transcendental; a square, since it is positive.
        chosen = self.random(("pi",), modulus)
        return self.number(chosen * chosen if modulus == P else chosen, modulus)

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
        step = Laurent.of(self.ramification, [1] + [0] * (self.terms - 1), modulus)
        if self.to in (sympy.oo, -sympy.oo):
            return step.inverse().scaled(1 if self.to == sympy.oo else -1)
        return step if self.to == 0 else self.value(self.to, modulus) + step

    def value(self, expression: Expr, modulus: int = P) -> Laurent:
        """Return the value of an expression as a series in the small symbol, computed once.

        Raises UndecidedError for what the field cannot evaluate, DivergenceError for what grows faster than
        every power.
        """
        found = self.cache.get((expression, modulus))
        if found is None:
            check_time()
            found = self.cache[expression, modulus] = _evaluate(type(expression))(self, expression, modulus)
        return found

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
        if modulus != P and not (exponent.is_Rational and self._starts_with_one(base, modulus)):
            return self._irrational(expression, modulus)
        inside = self.value(base, modulus)
        if exponent.is_Rational:
            top, bottom = int(exponent.p), int(exponent.q)
            group = top * pow(bottom, -1, Q) % Q
            return self.real_power(inside, group, top * pow(bottom, -1, modulus), (top, bottom), base)
        if self.value(exponent, P).start < 0:
            return self.value(sympy.exp(exponent * sympy.log(base), evaluate=False))
        group, _ = self.value(exponent, Q).split()
        factor, rest = self.value(exponent, P).split()
        power = self.real_power(inside, group, factor, None, base)
        if not rest.terms:
            return power
        # f**(c + r) = f**c * exp(r*log(f)), where r vanishes with the small symbol.
        return power * (rest * self.log_of(inside, base)).composed(_exponential_series(rest, P))

    def _starts_with_one(self, base: Expr, modulus: int) -> bool:
        inside = self.value(base, modulus)
        return inside.terms[:1] == (1,)

    def real_power(
        self,
        base: Laurent,
        exponent: int,
        factor: int,
        ratio: tuple[int, int] | None,
        argument: Expr,
    ) -> Laurent:
        """Return base**exponent by the binomial series.

        `exponent` is the exponent modulo q, for powers in the group of squares; `factor` is the same number
        modulo p, for the binomial coefficients; `ratio` is the same as a fraction, where it is one. `base` is
        the value of `argument`.
        """
        if not base.terms:
            raise UndecidedError("a real power of a quantity that vanishes at the random point")
        top, bottom = ratio or (0, 1)
        if base.start and (ratio is None or base.start * top % bottom or self.small is None):
            raise UndecidedError("a real power of a quantity that vanishes or diverges with the small symbol")
        self._refuse_logarithm(argument)
        first, modulus = base.terms[0], base.modulus
        # Euler's criterion: a**((p - 1)/2) is 1 for squares alone.
        if modulus == P and pow(first, Q, P) != 1:
            raise BranchError("a real power of a quantity that is not positive at the random point")
        rest = Laurent(0, base.terms, modulus).split()[1]
        coefficients = [pow(first, exponent, P) if modulus == P else 1]
        for n in range(1, max(rest.end, 1)):
            coefficients.append(coefficients[-1] * (factor - n + 1) * pow(n * first, -1, modulus) % modulus)
        found = rest.composed(coefficients)
        return Laurent(found.start + base.start * top // bottom, found.terms, modulus)

    @_value.register(sympy.exp)
    def _(self, expression: sympy.exp, modulus: int = P) -> Laurent:
        argument = self.value(expression.args[0], modulus)
        if modulus != P:
            if modulus not in INNER:
                return self._irrational(expression, modulus)
            generator, order = INNER[modulus]
            constant, _ = self.value(expression.args[0], order).split()
            _, rest = argument.split()
            return rest.composed(_exponential_series(rest, modulus)).scaled(pow(generator, constant, modulus))
        if argument.start < 0 and argument.terms:
            return self._exp_of_pole(expression.args[0])
        # exp(c + r) = g**c * exp(r): the constant term is an exponent, read modulo the order q of the group.
        constant, _ = self.value(expression.args[0], Q).split()
        _, rest = argument.split()
        return rest.composed(_exponential_series(rest, P)).scaled(pow(GENERATOR, constant, P))

    @_value.register(sympy.sinh)
    @_value.register(sympy.cosh)
    @_value.register(sympy.tanh)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        exponential = self.value(sympy.exp(expression.args[0]), modulus)
        inverse = exponential.inverse()
        sinh, cosh = ((exponential + inverse.scaled(s)).scaled(pow(2, -1, modulus)) for s in (-1, 1))
        return {sympy.sinh: sinh, sympy.cosh: cosh}.get(expression.func) or sinh * cosh.inverse()

    @_value.register(sympy.log)
    def _(self, expression: sympy.log, modulus: int = P) -> Laurent:
        inside = self.value(expression.args[0], modulus)
        if modulus == P or (inside.terms[:1] == (1,) and not inside.start):
            return self.log_of(inside, expression.args[0])
        if not inside.start:
            return self._irrational(expression, modulus)
        return Laurent(0, (), modulus)  # log(h), of which only h*log(h) -> 0 is used in an exponent

    def log_of(self, inside: Laurent, argument: Expr) -> Laurent:
        """Return log(c*s**k*(1 + r)) = log(c) + k*log(s) + r - r**2/2 + ..."""
        if not inside.terms:
            raise UndecidedError("the logarithm of a quantity that vanishes at the random point")
        self._refuse_logarithm(argument)
        first, modulus = inside.terms[0], inside.modulus
        _, rest = Laurent(0, inside.terms, modulus).scaled(pow(first, -1, modulus)).split()
        constant = 0 if first == 1 else self.random(("log", first), modulus)
        if inside.start:
            if self.small is None or self.to != 0 or not self.small.is_positive:
                raise UndecidedError(f"log({argument}) has a singularity")
            unit = self.random(("logarithm", self.logarithm), modulus) * pow(self.ramification, -1, modulus)
            constant -= inside.start * unit
        coefficients = [0] + [(-1) ** (n + 1) * pow(n, -1, modulus) for n in range(1, max(rest.end, 1))]
        return rest.composed(coefficients) + self.number(constant, modulus)

    @_value.register(sympy.sin)
    @_value.register(sympy.cos)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        argument = self.value(expression.args[0], modulus)
        if argument.start < 0 and argument.terms:
            raise UndecidedError(f"{expression} oscillates without a limit")
        angle, rest = argument.split()
        if modulus != P and angle:
            return self._irrational(expression, modulus)
        if modulus == P:
            angle, _ = self.value(expression.args[0], R).split()
        cos, sin = circle_point(angle, modulus)
        series = _exponential_series(rest, modulus)  # exp(i*r), in its real and imaginary part
        signs_of = (1, 1, -1, -1)
        cosine = rest.composed([c * signs_of[n % 4] * (1 - n % 2) for n, c in enumerate(series)])
        sine = rest.composed([c * signs_of[n % 4] * (n % 2) for n, c in enumerate(series)])
        if expression.func == sympy.sin:
            return cosine.scaled(sin) + sine.scaled(cos)
        return cosine.scaled(cos) + sine.scaled(-sin)

    @_value.register(sympy.tan)
    def _(self, expression: sympy.tan, modulus: int = P) -> Laurent:
        sine, cosine = (self.value(f(expression.args[0]), modulus) for f in (sympy.sin, sympy.cos))
        return sine * cosine.inverse()

    @_value.register(sympy.atan)
    def _(self, expression: sympy.atan, modulus: int = P) -> Laurent:
        if modulus != P:
            return self._irrational(expression, modulus)
        inside = self.value(expression.args[0], P)
        constant, _ = inside.split()
        self._refuse_logarithm(expression.args[0])
        rate = inside.derivative() * (inside * inside + self.number(1)).inverse()
        return rate.integral(self.random(("atan", constant), P) if constant else 0)

    def _irrational(self, expression: Expr, modulus: int) -> Laurent:
        """Return what is irrational inside an exponent: a random number, the same for equal values.

        Only the constant term is known.
        """
        constant, _ = self.value(expression, P).split()
        whole = next((n for n in (constant, constant - P) if abs(n) < 2**16), None)
        known = self.random(("in an exponent", constant), modulus) if whole is None else whole
        return Laurent.constant(known, 1, modulus)

    def _refuse_logarithm(self, argument: Expr) -> None:
        """Raise UndecidedError where the leading term of an argument holds log(small), and is no number."""
        if self.small is None or not (argument.has(self.small) and argument.has(sympy.log)):
            return
        other = replace(self, logarithm=self.logarithm + 1, cache={})
        if self.value(argument).terms[:1] != other.value(argument).terms[:1]:
            raise UndecidedError(f"{argument} changes like a logarithm")

    def _exp_of_pole(self, argument: Expr) -> Laurent:
        """Return exp of a pole: zero to every order where the form shows that the argument is negative."""
        if signs(argument) == {-1} and self.flat_is_zero:
            return self.number(0)
        if signs(argument) == {1}:
            raise DivergenceError(f"exp({argument}) grows beyond every power")
        raise UndecidedError(f"the sign of {argument} decides whether its exponential vanishes or diverges")

    @_value.register(Abs)
    def _(self, expression: Abs, modulus: int = P) -> Laurent:
        self._refuse_logarithm(expression.args[0])
        return self.value(expression.args[0], modulus).scaled(legendre_symbol(self.value(expression.args[0])))

    @_value.register(sympy.sign)
    def _(self, expression: sympy.sign, modulus: int = P) -> Laurent:
        self._refuse_logarithm(expression.args[0])
        return self.number(legendre_symbol(self.value(expression.args[0])), modulus)

    @_value.register(potential)
    @_value.register(grad)
    @_value.register(hess)
    def _(self, expression: Expr, modulus: int = P) -> Laurent:
        if modulus != P:
            return self._irrational(expression, modulus)
        derivative = {potential: 0, grad: 1, hess: 2}[expression.func]
        return self._opaque((derivative,) + (0,) * (len(expression.args) - 1), expression.args)

    @_value.register(higher)
    def _(self, expression: higher, modulus: int = P) -> Laurent:
        if modulus != P:
            return self._irrational(expression, modulus)
        order, argument = expression.args
        return self._opaque((int(order),), (argument,))

    @_value.register(partial)
    def _(self, expression: partial, modulus: int = P) -> Laurent:
        if modulus != P:
            return self._irrational(expression, modulus)
        index, *arguments = expression.args
        derivative = tuple(int(k + 1 == index) for k in range(len(arguments)))
        return self._opaque(derivative, tuple(arguments))

    def _opaque(self, derivative: tuple[int, ...], arguments: tuple[Expr, ...]) -> Laurent:
        """Return a derivative of a random smooth function, by a Taylor series of random coefficients."""
        for argument in arguments:
            self._refuse_logarithm(argument)
        # Each argument is a constant (the evaluation point, a key of the random values) plus what vanishes.
        here, steps = zip(*(self.value(a, P).split() for a in arguments), strict=True)
        # Arguments that do not move as far as the series go add nothing.
        moving = [k for k, step in enumerate(steps) if step.start < self.terms]
        total = self.number(0)

        def add(k: int, order: tuple[int, ...], weight: Laurent) -> None:
            """Add the terms of the Taylor series in the moving arguments from the k-th on."""
            nonlocal total
            if k == len(moving):
                total = total + weight.scaled(self.random((order, here), P))
                return
            place, step = moving[k], steps[moving[k]]
            n = 0
            while weight.start < self.terms or not n:
                add(k + 1, order, weight)
                n += 1
                order = (*order[:place], order[place] + 1, *order[place + 1 :])
                weight = (weight * step).scaled(pow(n, -1, P))

        add(0, derivative, self.number(1))
        return total


# Dispatch without the bound method that `singledispatchmethod` creates at each access.
_evaluate = vars(Point)["_value"].dispatcher.dispatch


def legendre_symbol(series: Laurent) -> int:
    """Return 1 if the leading coefficient is a square, which counts as positive, and -1 otherwise."""
    if not series.terms or series.modulus != P:
        raise UndecidedError("the sign of a quantity that vanishes at the random point")
    return 1 if pow(series.terms[0], Q, P) == 1 else -1


def _exponential_series(rest: Laurent, modulus: int) -> list[int]:
    """Return the coefficients 1/n! as far as powers of the rest are known."""
    return [pow(math.factorial(n), -1, modulus) for n in range(max(rest.end, 1))]


def circle_point(angle: int, modulus: int) -> tuple[int, int]:
    """Return cosine and sine of a number modulo R; of zero for another modulus."""
    if modulus != P:
        return 1, 0
    power, square = (1, 0), CIRCLE
    while angle:
        if angle % 2:
            power = _turned(power, square)
        square, angle = _turned(square, square), angle // 2
    return power


def _turned(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P
