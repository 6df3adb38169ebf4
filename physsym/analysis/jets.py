"""Differential polynomials (jets), and power series in a small step whose coefficients they are.

States, parameters and function values are the generators of one ring. Every derivative of an opaque
function is a generator of its own, so that a statement about an unknown potential is polynomial algebra.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, reduce, singledispatchmethod
from itertools import chain
from typing import Any, TypeAlias

import flint
import sympy
from sympy import (
    Add,
    Dummy,
    Expr,
    Function,
    Integer,
    Mul,
    NumberSymbol,
    Pow,
    Rational,
    Symbol,
    preorder_traversal,
)

from physsym.core.symbols import grad, hess, higher, potential

Polynomial: TypeAlias = Any  # flint.fmpq_mpoly, which has no types
Series: TypeAlias = list[Polynomial]  # the coefficients of the powers of the step, the constant one first

SMOOTH = (potential, grad, hess, higher, sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tanh)
_ATOMS = (Symbol, NumberSymbol)


class ExpansionError(ValueError):
    """A formula for which no power series is known."""


def derivatives(part: Expr, order: int, point: Expr | None = None) -> list[Expr] | None:
    """Return a function and its derivatives at its own evaluation point or at another.

    None for what the ring itself carries out: symbols, numbers, sums, products and positive integer powers.
    Raises ExpansionError for a function that is not smooth or not known.

    Examples
    --------
    >>> derivatives(grad(Symbol("x")), 2)
    [grad(x), hess(x), higher(3, x)]
    """
    if isinstance(part, (*_ATOMS, Rational, Add, Mul)) or (
        isinstance(part, Pow) and part.exp.is_Integer and part.exp > 0
    ):
        return None
    _refuse_unknown(part)
    there = {_Z: argument_of(part) if point is None else point}
    at_z = Pow(_Z, part.exp) if isinstance(part, Pow) else part.func(*part.args[:-1], _Z)
    return [row.xreplace(there) for row in _in_the_abstract(at_z, order)]


_Z = Dummy("z", positive=True)


@cache
def _in_the_abstract(function: Expr, order: int) -> tuple[Expr, ...]:
    if order == 0:
        return (function,)
    rows = _in_the_abstract(function, order - 1)
    return (*rows, rows[-1].diff(_Z))


def _refuse_unknown(part: Expr) -> None:
    smooth = isinstance(part, SMOOTH) and len(part.args) == (2 if isinstance(part, higher) else 1)
    if not smooth and not (isinstance(part, Pow) and part.exp.is_Rational):
        raise ExpansionError(
            f"no power series is known for {part}; known are sums, products, rational powers and "
            f"{', '.join(f.__name__ for f in SMOOTH)} of one coordinate"
        )


def argument_of(function: Expr) -> Expr:
    """Return the argument of a function, or the base of a power."""
    return function.base if isinstance(function, Pow) else function.args[-1]


def generators(expression: Expr) -> Iterator[Expr]:
    """Yield the generators of which an expression is a polynomial: symbols, reciprocals, roots, functions."""
    if isinstance(expression, (*_ATOMS, Function)):
        yield expression
    elif isinstance(expression, Pow):
        _refuse_unknown(expression)
        whole, root = _whole_and_root(expression)
        yield from [1 / expression.base] if whole < 0 else generators(expression.base)
        yield from [root] if root != 1 else []
    else:
        for argument in expression.args:
            yield from generators(argument)


def _whole_and_root(power: Expr) -> tuple[int, Expr]:
    """Return n and r with power = base**n * r, r a root whose exponent is at least zero and below one."""
    whole = int(power.exp // 1)
    return whole, Pow(power.base, power.exp - whole)


@dataclass(frozen=True)
class Jets:
    """A ring in which some expressions, and their derivatives up to some order, are polynomials."""

    generator: dict[Expr, Polynomial]
    zero: Polynomial
    known: dict[Expr, Polynomial] = field(default_factory=dict)

    @classmethod
    def of(cls, expressions: Iterable[Expr], order: int) -> Jets:
        """Return the ring of some expressions, and of the derivatives of their functions up to an order."""
        reached = list(dict.fromkeys(_all_generators(expressions)))
        basis = dict.fromkeys(reached)
        for _ in range(order):
            reached = [g for g in _all_generators(map(derivative, reached)) if g not in basis]
            basis |= dict.fromkeys(reached)
        context = flint.fmpq_mpoly_ctx.get([f"g{k}" for k in range(len(basis))], "degrevlex")
        return cls(dict(zip(basis, context.gens(), strict=True)), context.from_dict({}))

    def polynomial(self, expression: Expr) -> Polynomial:
        """Return an expression as a polynomial. Raises ExpansionError where it is infinite."""
        if expression not in self.known:
            self.known[expression] = self._polynomial(expression)
        return self.known[expression]

    @singledispatchmethod
    def _polynomial(self, expression: Expr) -> Polynomial:
        if expression.is_number and not expression.is_finite:
            raise ExpansionError("a function is singular at its evaluation point")
        return self.generator[expression]

    @_polynomial.register(Rational)
    def _(self, expression: Rational) -> Polynomial:
        return self.zero + flint.fmpq(int(expression.p), int(expression.q))

    @_polynomial.register(Add)
    def _(self, expression: Add) -> Polynomial:
        return sum(map(self.polynomial, expression.args), start=self.zero)

    @_polynomial.register(Mul)
    def _(self, expression: Mul) -> Polynomial:
        return math.prod(map(self.polynomial, expression.args), start=self.zero + 1)

    @_polynomial.register(Pow)
    def _(self, expression: Pow) -> Polynomial:
        whole, root = _whole_and_root(expression)
        base = self.polynomial(expression.base) if whole >= 0 else self.generator[1 / expression.base]
        return base ** abs(whole) * (1 if root == 1 else self.generator[root])

    @cached_property
    def relations(self) -> tuple[Polynomial, ...]:
        """Return the polynomials that vanish: w*b - 1 for a reciprocal w of b, s**q - b**p for a root."""
        powers = [(g, self.polynomial(g.base), g.exp) for g in self.generator if isinstance(g, Pow)]
        return tuple(
            self.generator[g] * b - 1 if e == -1 else self.generator[g] ** int(e.q) - b ** int(e.p)
            for g, b, e in powers
        )

    def reduced(self, polynomial: Polynomial) -> Polynomial:
        """Return a polynomial reduced by the relations: m/m becomes one."""
        for relation in self.relations:
            polynomial %= relation
        return polynomial

    def expression(self, polynomial: Polynomial) -> Expr:
        """Return a polynomial as an expression, a sum of products."""
        terms = polynomial.to_dict().items()
        return Add(*(Rational(int(c.p), int(c.q)) * self._monomial(powers) for powers, c in terms))

    def _monomial(self, powers: tuple[int, ...]) -> Expr:
        return Mul(*(g ** int(n) for g, n in zip(self.generator, powers, strict=True) if n))


def _all_generators(expressions: Iterable[Expr]) -> Iterator[Expr]:
    for expression in expressions:
        yield from generators(expression)


@cache
def derivative(generator: Expr) -> Expr:
    """Return the derivative of a generator with respect to its argument; zero for a symbol."""
    rows = derivatives(generator, 1)
    return Integer(0) if rows is None else rows[1]


@dataclass(frozen=True)
class VectorField:
    """The rates of the states, and by the chain rule the rate of every polynomial of a ring."""

    jets: Jets
    rates: dict[Expr, Polynomial]

    @classmethod
    def of(cls, jets: Jets, rates: Mapping[Symbol, Polynomial]) -> VectorField:
        """Return the field with the given rates; symbols without a rate are constant."""
        return cls(jets, dict(rates))

    def __call__(self, polynomial: Polynomial) -> Polynomial:
        """Return the rate of a polynomial along the field."""
        degrees = zip(self.jets.generator, polynomial.degrees(), strict=True)
        present = [(k, g) for k, (g, degree) in enumerate(degrees) if degree > 0]
        return sum((polynomial.derivative(k) * self._rate(g) for k, g in present), start=self.jets.zero)

    def _rate(self, generator: Expr) -> Polynomial:
        if generator not in self.rates:
            self.rates[generator] = self._by_the_chain_rule(generator)
        return self.rates[generator]

    def _by_the_chain_rule(self, generator: Expr) -> Polynomial:
        if isinstance(generator, _ATOMS):
            return self.jets.zero
        inside = self(self.jets.polynomial(argument_of(generator)))
        return inside * self.jets.polynomial(derivative(generator)) if inside != 0 else inside


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
