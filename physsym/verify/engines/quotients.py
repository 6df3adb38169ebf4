"""Rational functions over the rationals (FLINT's polynomials), in generators that may satisfy s**n = r."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from typing import Any, TypeAlias

import flint

from physsym.verify.budget import check_time
from physsym.verify.engines.laurent import UndecidedError

MAX_PRODUCT = 100_000  # terms multiplied with each other in one product
MAX_GCD = 400  # terms of polynomials that are still factored, or of which a common divisor is taken
MAX_POWER = 256

Polynomial: TypeAlias = Any  # flint.fmpq_mpoly


@dataclass(frozen=True)
class Quotient:
    """A fraction of polynomials; the denominator is not zero."""

    top: Polynomial
    bottom: Polynomial

    def __add__(self, other: Quotient) -> Quotient:
        common = gcd(self.bottom, other.bottom)
        mine, theirs = self.bottom / common, other.bottom / common
        return Quotient(product(self.top, theirs) + product(other.top, mine), product(self.bottom, theirs))

    def __mul__(self, other: Quotient) -> Quotient:
        return Quotient(product(self.top, other.top), product(self.bottom, other.bottom))

    def __neg__(self) -> Quotient:
        return Quotient(-self.top, self.bottom)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + -other

    def power(self, exponent: int) -> Quotient:
        """Return the quotient to an integer power; raises ZeroDivisionError for one over zero."""
        if exponent < 0:
            if self.top.is_zero():
                raise ZeroDivisionError("division by zero")
            return Quotient(self.bottom, self.top).power(-exponent)
        return Quotient(power(self.top, exponent), power(self.bottom, exponent))

    def cancelled(self) -> Quotient:
        """Return the quotient in lowest terms."""
        common = gcd(self.top, self.bottom)
        return Quotient(self.top / common, self.bottom / common)


def product(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return the product of two polynomials; raises UndecidedError where it would be too large."""
    check_time()
    if len(a) * len(b) > MAX_PRODUCT:
        raise UndecidedError("the polynomials grow too large")
    return a * b


def power(base: Polynomial, exponent: int) -> Polynomial:
    """Return a polynomial to a power; raises UndecidedError where it would be too large."""
    if exponent > MAX_POWER:
        raise UndecidedError(f"the power {exponent} is too high")
    return reduce(product, [base] * exponent, base**0)


def gcd(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return the greatest common divisor, or 1 for polynomials that are too large for it."""
    check_time()
    return a.gcd(b) if max(len(a), len(b)) <= MAX_GCD else a**0


@dataclass(frozen=True)
class Relation:
    """An algebraic relation: the generator of an index, raised to `power`, equals `value`."""

    index: int
    power: int
    value: Quotient


@dataclass
class Ring:
    """A polynomial ring with a fixed number of generators, which are given names one by one."""

    size: int
    names: list[str] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    positive: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.context = flint.fmpq_mpoly_ctx.get([f"g{k}" for k in range(self.size)], "lex")

    def number(self, top: int, bottom: int = 1) -> Quotient:
        """Return a rational number."""
        one = self.context.constant(1)
        return Quotient(one * flint.fmpq(top, bottom), one)

    def generator(self, name: str, positive: bool = False) -> Quotient:
        """Return a new generator under a name."""
        if len(self.names) == self.size:
            raise UndecidedError("too many independent functions")
        if positive:
            self.positive.add(len(self.names))
        self.names.append(name)
        return Quotient(self.context.gen(len(self.names) - 1), self.context.constant(1))

    def root(self, name: str, power: int, value: Quotient, positive: bool = True) -> Quotient:
        """Return a new generator s with s**power = value."""
        self.relations.append(Relation(len(self.names), power, value))
        return self.generator(name, positive)

    def positive_factors(self, value: Quotient) -> Iterator[tuple[Quotient, int]]:
        """Yield the prime factors of a quotient that are certainly positive, with their multiplicities."""
        one = self.context.constant(1)
        for polynomial, sign in ((value.top, 1), (value.bottom, -1)):
            if len(polynomial) > MAX_GCD:
                continue
            number, factors = polynomial.factor()
            primes = [(one * p, e * s) for n, s in ((number.p, 1), (number.q, -1)) for p, e in _primes(n)]
            certain = [(f, int(e)) for f, e in factors if self._is_positive(f)]
            yield from ((Quotient(f, one), e * sign) for f, e in primes + certain)

    def _is_positive(self, polynomial: Polynomial) -> bool:
        return all(
            c > 0 and all(int(e) % 2 == 0 or k in self.positive for k, e in enumerate(exponents))
            for exponents, c in polynomial.to_dict().items()
        ) and any(
            all(k in self.positive for k, e in enumerate(exponents) if int(e))
            for exponents in polynomial.monoms()
        )

    def is_zero(self, value: Quotient) -> bool:
        """Return whether a quotient is zero modulo the relations; UndecidedError if its denominator is."""
        if self.reduced(value.bottom).is_zero():
            raise UndecidedError("division by a quantity that vanishes")
        return bool(self.reduced(value.top).is_zero())

    def reduced(self, polynomial: Polynomial) -> Polynomial:
        """Return a multiple of a polynomial in which every root has a degree below its index."""
        for relation in reversed(self.relations):
            polynomial = self._without_high_powers(polynomial, relation)
        return polynomial

    def _without_high_powers(self, polynomial: Polynomial, relation: Relation) -> Polynomial:
        k, n, root = relation.index, relation.power, relation.value
        highest = int(polynomial.degrees()[k]) // n
        if polynomial.is_zero() or not highest:
            return polynomial
        terms = sorted(polynomial.to_dict().items(), key=lambda term: int(term[0][k]) // n)
        total = self.context.constant(0)
        for turns, group in groupby(terms, key=lambda term: int(term[0][k]) // n):
            lowered = {(*e[:k], int(e[k]) % n, *e[k + 1 :]): c for e, c in group}
            weight = product(power(root.top, turns), power(root.bottom, highest - turns))
            total += product(self.context.from_dict(lowered), weight)
        return total

    def format(self, value: Quotient) -> str:
        """Return a quotient in factored form, in the names of the generators."""
        reduced = value.cancelled()
        sign = -1 if len(reduced.bottom) <= MAX_GCD and reduced.bottom.factor()[0] < 0 else 1
        top, bottom = (self._factors(p * sign) for p in (reduced.top, reduced.bottom))
        return top if bottom == "1" else f"({top})/({bottom})"

    def _factors(self, polynomial: Polynomial) -> str:
        if polynomial.is_zero() or len(polynomial) > MAX_GCD:
            return "0" if polynomial.is_zero() else f"a sum of {len(polynomial)} terms"
        number, factors = polynomial.factor()
        shown = [self._sum(f) if e == 1 else f"{self._sum(f)}**{e}" for f, e in factors]
        text = _signed(number, sorted(shown, key=_symbols_first))
        return text[1:-1] if len(shown) == 1 and text.startswith("(") and text.endswith(")") else text

    def _sum(self, polynomial: Polynomial) -> str:
        terms = sorted(_signed(c, self._monomial(e)) for e, c in polynomial.to_dict().items())
        text = " + ".join(sorted(terms, key=lambda t: t.startswith("-"))).replace("+ -", "- ")
        return text if len(terms) == 1 else f"({text})"

    def _monomial(self, exponents: Iterable[Any]) -> list[str]:
        powers = [(n, int(e)) for n, e in zip(self.names, exponents, strict=False) if int(e)]
        return sorted((n if e == 1 else f"{n}**{e}" for n, e in powers), key=_symbols_first)


def _primes(number: flint.fmpz) -> list[tuple[flint.fmpz, int]]:
    """Return the prime factors of the absolute value of a number; none for a number of 64 bits or more."""
    return [(p, int(e)) for p, e in abs(number).factor()] if 1 < abs(number) < 2**64 else []


def _symbols_first(factor: str) -> tuple[bool, str]:
    return "(" in factor, factor


def _signed(number: flint.fmpq, factors: list[str]) -> str:
    text = "*".join(factors)
    if not text:
        return str(number)
    return text if number == 1 else f"-{text}" if number == -1 else f"{number}*{text}"
