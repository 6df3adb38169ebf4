"""Truncated Laurent series in one small symbol, with coefficients in a prime field."""

from __future__ import annotations

from dataclasses import dataclass
from operator import add, mul


class UndecidedError(ArithmeticError):
    """The engine cannot decide: a zero divisor, a branch, or a function that it does not know."""


class DivergenceError(ArithmeticError):
    """The expression grows faster than every power as the small symbol vanishes."""


@dataclass(frozen=True)
class Laurent:
    """The sum of terms[i] * h**(start + i) modulo a prime, with an unknown remainder O(h**end).

    The first term is not zero unless all known terms are. Products and quotients keep count of the precision,
    so that a pole never turns unknown terms into zeros.
    """

    start: int
    terms: tuple[int, ...]
    modulus: int

    @classmethod
    def of(cls, start: int, terms: list[int], modulus: int) -> Laurent:
        """Return the series with the given terms, leading zeros taken off."""
        reduced = tuple([t % modulus for t in terms])
        if reduced and reduced[0]:
            return cls(start, reduced, modulus)
        zeros = next((k for k, t in enumerate(reduced) if t), len(reduced))
        return cls(start + zeros, reduced[zeros:], modulus)

    @classmethod
    def constant(cls, value: int, known: int, modulus: int) -> Laurent:
        """Return the series of a number, known to so many terms."""
        reduced = value % modulus
        return cls(0, (reduced,) + (0,) * (known - 1), modulus) if reduced else cls(known, (), modulus)

    @property
    def end(self) -> int:
        """Return the exponent of the first unknown term."""
        return self.start + len(self.terms)

    def coefficient(self, exponent: int) -> int:
        """Return the coefficient of h**exponent; raises UndecidedError where it is not known."""
        if exponent >= self.end:
            raise UndecidedError("the series is not known that far")
        return self.terms[exponent - self.start] if exponent >= self.start else 0

    def __add__(self, other: Laurent) -> Laurent:
        low, high = (self, other) if self.start <= other.start else (other, self)
        ahead = high.start - low.start
        terms = [*low.terms[:ahead], *map(add, low.terms[ahead:], high.terms)]
        return Laurent.of(low.start, terms, self.modulus)

    def __mul__(self, other: Laurent) -> Laurent:
        known = min(len(self.terms), len(other.terms))
        if known == 1:  # most often a plain number
            terms = [self.terms[0] * other.terms[0]]
        else:
            terms = [sum(map(mul, self.terms[: k + 1], other.terms[k::-1])) for k in range(known)]
        # A factor with no known nonzero term leaves a product with none.
        start = self.start + other.start
        return Laurent.of(start, terms, self.modulus)

    def scaled(self, factor: int) -> Laurent:
        """Return the series times a number."""
        return Laurent.of(self.start, [factor * t for t in self.terms], self.modulus)

    def inverse(self) -> Laurent:
        """Return one over the series; raises UndecidedError where nothing but zeros is known."""
        if not self.terms:
            raise UndecidedError("division by a quantity that vanishes at the random point")
        first = pow(self.terms[0], -1, self.modulus)
        terms = [first]
        for k in range(1, len(self.terms)):
            terms.append(-first * sum(self.terms[i] * terms[k - i] for i in range(1, k + 1)) % self.modulus)
        return Laurent.of(-self.start, terms, self.modulus)

    def whole_power(self, exponent: int) -> Laurent:
        """Return the series to an integer power."""
        if exponent < 0:
            return self.inverse().whole_power(-exponent)
        if exponent <= 1:
            return self if exponent else Laurent.constant(1, max(len(self.terms), 1), self.modulus)
        root = self.whole_power(exponent // 2)
        return root * root * self if exponent % 2 else root * root

    def split(self) -> tuple[int, Laurent]:
        """Return the constant term and the rest, which vanishes with h; a pole raises DivergenceError."""
        if self.start < 0 and self.terms:
            raise DivergenceError("a pole where a finite value is needed")
        first = self.coefficient(0)
        return first, self + Laurent.constant(-first, max(self.end, 1), self.modulus)

    def derivative(self) -> Laurent:
        """Return the derivative with respect to h."""
        terms = [t * (self.start + k) for k, t in enumerate(self.terms)]
        return Laurent.of(self.start - 1, terms, self.modulus)

    def integral(self, first: int) -> Laurent:
        """Return the antiderivative that starts with the given constant; for a series without pole."""
        terms = [self.coefficient(k) * pow(k + 1, -1, self.modulus) for k in range(self.end)]
        return Laurent.of(0, [first, *terms], self.modulus)

    def composed(self, coefficients: list[int]) -> Laurent:
        """Return sum(coefficients[n] * self**n), for a series without constant term (Horner's scheme)."""
        known = max(self.end, 1)
        total = Laurent.constant(0, known, self.modulus)
        for c in reversed(coefficients):
            total = total * self + Laurent.constant(c, known, self.modulus)
        return total
