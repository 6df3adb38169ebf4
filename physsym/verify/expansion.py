"""A way to a limit, and expressions in powers of the symbol that vanishes there."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy
from sympy import Expr, Integer, Poly, Pow, Rational, Symbol
from sympy.polys.polyerrors import PolynomialError

from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.substitution import substituted


@dataclass(frozen=True)
class Approach:
    """One way to a limit: from above, from below, or from infinity.

    `of` is the symbol of the limit, `symbol` a positive one that vanishes instead, `value` the first in terms
    of the second, and `distance` the second in terms of the first; `side` is that of a finite limit.
    """

    of: Symbol
    symbol: Symbol
    value: Expr
    distance: Expr
    words: str
    side: Literal["+", "-"] | None = None

    def near(self, expression: Expr) -> Expr:
        """Return an expression near the limit, in the symbol that vanishes."""
        return substituted(expression, {self.of: self.value})

    def power(self, exponent: Fraction) -> Expr:
        """Return a power of the distance to the limit, in the symbol of the limit."""
        return self.distance ** Rational(exponent.numerator, exponent.denominator)


@dataclass(frozen=True)
class Expansion:
    """Coefficients by powers of a small symbol; `whole` where there are no others than the lowest given."""

    terms: dict[Fraction, Expr]
    whole: bool = True

    @property
    def order(self) -> Fraction | None:
        """Return the lowest power, None of zero."""
        return min(self.terms, default=None)


def expanded(expression: Expr, small: Symbol) -> Expansion:
    """Return an expression in powers of a small positive symbol, of which the lowest is always there.

    Raises UndecidedError for what is no rational function of roots of the symbol.
    """
    if not expression.has(small):
        return Expansion({Fraction(0): expression} if expression != 0 else {})
    powers = (p.exp for p in expression.atoms(Pow) if p.base == small and p.exp.is_Rational)
    index = int(sympy.ilcm(1, 1, *(e.q for e in powers)))
    plain = substituted(expression, {small: small**index}) if index > 1 else expression
    above, below = (
        (plain, Integer(1)) if plain.is_polynomial(small) else sympy.fraction(sympy.together(plain))
    )
    try:
        top, bottom = (Poly(part, small).terms()[::-1] for part in (above, below))
    except PolynomialError:
        raise UndecidedError(
            f"{expression} has no expansion in powers of {small}; state the law without it"
        ) from None
    (lowest,), size = bottom[0]
    terms = {Fraction(k - lowest, index): c / size for (k,), c in top if c != 0}
    return Expansion(
        terms if len(bottom) == 1 else dict([min(terms.items())] if terms else []), len(bottom) == 1
    )
