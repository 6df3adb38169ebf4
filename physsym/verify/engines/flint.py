"""Exact identities in a field of rational functions (FLINT), with transcendental functions as generators.

Every real power is exp(exponent*log(base)), and every exponential is a product of powers of independent ones,
found from the linear relations over the rationals between the arguments: so exp(a)*exp(b) and exp(a + b) are
one polynomial, and so are sqrt(m*gamma) and sqrt(m)*sqrt(gamma). A root is a generator s with s**n = r. Two
applications of a function are one generator where their arguments are proved equal.

A zero found here is exact. A nonzero normal form proves a difference only where the expressions are rational
in symbols and opaque functions: roots may satisfy relations that are not used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import singledispatchmethod

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol, preorder_traversal

from physsym.core.symbols import OPAQUE, name_of
from physsym.verify.engines.angles import AngleBasis
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.exp_log_relations import ExponentialBasis
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import MAX_POWER, Polynomial, Quotient, Ring, gcd

NAME, FAMILY = "flint", "FLINT"
_MAX_SIZE = 2000
_RATIONAL = (Symbol, Rational, Add, Mul)
_UNKNOWN = (*OPAQUE, sympy.atan)
_EXPONENTIALS = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh)
_TRIGONOMETRIC = (sympy.sin, sympy.cos, sympy.tan)


def identity(left: Expr, right: Expr) -> Finding:
    """Return whether two expressions are equal; where they are not, with their factored difference."""
    try:
        work = _Evaluation.of(left, right)
        try:
            gap = work.value(left) - work.value(right)
        except UndecidedError:
            if not _vanishes(work, left, right):
                raise
            return Finding(NAME, FAMILY, Answer.PROVED, bound="exact")
        equal, difference = work.ring.is_zero(gap), work.ring.format(gap)
    except (UndecidedError, ZeroDivisionError) as doubt:
        return Finding(NAME, FAMILY, Answer.UNKNOWN, str(doubt))
    if equal:
        return Finding(NAME, FAMILY, Answer.PROVED, bound="exact")
    certain = all(_is_rational(p) or isinstance(p, OPAQUE) for p in _parts(left, right))
    answer = Answer.REFUTED if certain else Answer.UNKNOWN
    return Finding(NAME, FAMILY, answer, "not proved equal", difference=difference)


def _vanishes(work: _Evaluation, left: Expr, right: Expr) -> bool:
    """Return whether the terms of left - right are shown to cancel, without their common denominator.

    Terms whose denominators share a factor are added up, until all denominators are coprime. If a sum of
    fractions over coprime denominators is zero, each is a polynomial: then the sum of these is compared.
    False says nothing.
    """
    ring, sums = work.ring, list[Quotient]()
    for term in (*_terms(work, left, ring.number(1)), *_terms(work, right, ring.number(-1))):
        apart = list[Quotient]()
        for other in sums:
            if _share_factor(term.bottom, other.bottom):
                term += other
            else:
                apart.append(other)
        sums = apart if ring.is_zero(term) else [*apart, term]
    return ring.is_zero(sum((rest.cancelled() for rest in sums), start=ring.number(0)))


def _terms(work: _Evaluation, expression: Expr, factor: Quotient) -> Iterator[Quotient]:
    """Yield the terms of an expression times a factor; of a product with sums, those of the longest sum."""
    sums = [a for a in expression.args if isinstance(a, Add)] if isinstance(expression, Mul) else []
    if isinstance(expression, Add):
        for argument in expression.args:
            yield from _terms(work, argument, factor)
    elif sums:
        longest = max(sums, key=lambda a: len(a.args))
        others = (work.value(a) for a in expression.args if a is not longest)
        yield from _terms(work, longest, math.prod(others, start=factor))
    else:
        yield factor * work.value(expression)


def _share_factor(a: Polynomial, b: Polynomial) -> bool:
    """Return whether two denominators have a factor in common, or are numbers both."""
    return not gcd(a, b).is_constant() or (a.is_constant() and b.is_constant())


def order_of(left: Expr, right: Expr, small: Symbol) -> int | float:
    """Return the order at which two expressions meet as `small` vanishes; infinity if they are equal.

    Raises UndecidedError unless their difference is a quotient of polynomials in the small symbol.
    """
    if not all(is_rational_in(e, small) for e in (left, right)):
        raise UndecidedError(f"{small} occurs inside a function")
    work = _Evaluation.of(small, left, right)
    work.value(small)  # gives the small symbol a generator, even where it does not occur in the gap
    gap = work.value(left) - work.value(right)
    if work.ring.is_zero(gap):
        return math.inf
    k = work.ring.names.index(str(small))
    top, bottom = (
        min(int(exponents[k]) for exponents in work.ring.reduced(p).monoms()) for p in (gap.top, gap.bottom)
    )
    return top - bottom


def is_rational_in(expression: Expr, small: Symbol) -> bool:
    """Return whether an expression is a quotient of polynomials in a symbol."""
    return all(_is_rational(part) or not part.has(small) for part in _parts(expression))


def _parts(*expressions: Expr) -> Iterator[Expr]:
    for expression in expressions:
        yield from preorder_traversal(expression)


def _is_rational(part: Expr) -> bool:
    whole = isinstance(part, Pow) and part.exp.is_Integer and abs(part.exp) <= MAX_POWER
    return isinstance(part, _RATIONAL) or bool(whole)


@dataclass
class _Evaluation:
    """The values of expressions in one ring, each subexpression computed once."""

    ring: Ring
    basis: ExponentialBasis
    angles: AngleBasis
    known: dict[Expr, Quotient] = field(default_factory=dict)
    applied: list[tuple[type, tuple[Quotient, ...], Quotient]] = field(default_factory=list)

    @classmethod
    def of(cls, *expressions: Expr) -> _Evaluation:
        """Prepare a ring with room for the expressions, and find their independent exponentials."""
        parts = set(_parts(*expressions))
        if len(parts) > _MAX_SIZE:
            raise UndecidedError("the expressions are too large")
        kinds = (*_EXPONENTIALS, *_TRIGONOMETRIC, sympy.log, sympy.core.numbers.Exp1)
        functions = {
            p for p in parts if isinstance(p, kinds) or (isinstance(p, Pow) and not p.exp.is_Integer)
        }
        ring = Ring(size=len(parts) + 8 * len(functions) + 2)
        work = cls(ring, ExponentialBasis(ring), AngleBasis(ring))
        work._prepare(functions)
        return work

    def _prepare(self, functions: set[Expr]) -> None:
        """Find the values of exponentials, powers, logarithms and functions of angles, innermost first."""
        while functions:
            level = sorted((p for p in functions if functions.isdisjoint(_parts(*p.args))), key=str)
            turned = [p for p in level if isinstance(p, _TRIGONOMETRIC)]
            circles = self.angles.circles([self.value(p.args[0]) for p in turned])
            self.known.update((p, _from_circle(p, *at)) for p, at in zip(turned, circles, strict=True))
            for p in level:
                if isinstance(p, sympy.log):
                    self.known[p] = self.basis.logarithm(self.value(p.args[0]), str(p.args[0]))
            powers = [p for p in level if not isinstance(p, (*_TRIGONOMETRIC, sympy.log))]
            found = self.basis.exponentials([(str(p), self._exponent(p)) for p in powers])
            self.known.update((p, _from_exponential(p, unit)) for p, unit in zip(powers, found, strict=True))
            functions = functions - set(level)

    def _exponent(self, power: Expr) -> Quotient:
        """Return the quotient a for which a power is made of exp(a)."""
        if power == sympy.E:
            return self.ring.number(1)
        if not isinstance(power, Pow):
            return self.value(power.args[0])
        return self.value(power.exp) * self.basis.logarithm(self.value(power.base), str(power.base))

    def value(self, expression: Expr) -> Quotient:
        """Return the value of an expression; raises UndecidedError for a function that is not known."""
        if expression not in self.known:
            self.known[expression] = _evaluate(type(expression))(self, expression)
        return self.known[expression]

    @singledispatchmethod
    def _value(self, expression: Expr) -> Quotient:
        if not isinstance(expression, _UNKNOWN):
            raise UndecidedError(
                f"{type(expression).__name__} is no sum, product, power or root; give the line without it"
            )
        return self._applied(expression, lambda name, _: self.ring.generator(name))

    @_value.register(Rational)
    def _(self, expression: Rational) -> Quotient:
        return self.ring.number(int(expression.p), int(expression.q))

    @_value.register(Symbol)
    def _(self, expression: Symbol) -> Quotient:
        return self.ring.generator(name_of(expression), positive=bool(expression.is_positive))

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
        if abs(expression.exp) > MAX_POWER:  # too high to be multiplied out: one more unknown
            high = self._applied(
                expression.base ** abs(expression.exp), lambda name, _: self.ring.generator(name)
            )
            return high if expression.exp > 0 else high.power(-1)
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

    @_value.register(sympy.core.numbers.Pi)
    def _(self, expression: Expr) -> Quotient:
        return self._applied(expression, lambda name, _: self.ring.generator(name, positive=True))

    def _applied(self, expression: Expr, new: Callable[[str, tuple[Quotient, ...]], Quotient]) -> Quotient:
        """Return the generator of a function application, the same for arguments that are proved equal."""
        function, arguments = expression.func, tuple(map(self.value, expression.args))
        for other, known, generator in self.applied:
            pairs = zip(arguments, known, strict=False)
            same = other == function and len(arguments) == len(known)
            if same and all(self.ring.is_zero(a - b) for a, b in pairs):
                return generator
        generator = new(str(expression), arguments)
        self.applied.append((function, arguments, generator))
        return generator


# Dispatch without the bound method that `singledispatchmethod` creates at each access.
_evaluate = vars(_Evaluation)["_value"].dispatcher.dispatch


def _from_circle(function: Expr, cosine: Quotient, sine: Quotient) -> Quotient:
    """Return the value of a function of an angle from the point of the circle."""
    if isinstance(function, sympy.tan):
        return sine * cosine.power(-1)
    return sine if isinstance(function, sympy.sin) else cosine


def _from_exponential(power: Expr, exponential: Quotient) -> Quotient:
    """Return the value of an exponential, a hyperbolic function or a power from exp(a)."""
    if not isinstance(power, sympy.sinh | sympy.cosh | sympy.tanh):
        return exponential
    inverse, two = exponential.power(-1), exponential.power(0) + exponential.power(0)
    sinh, cosh = (exponential - inverse) * two.power(-1), (exponential + inverse) * two.power(-1)
    return {sympy.sinh: sinh, sympy.cosh: cosh}.get(power.func) or sinh * cosh.power(-1)
