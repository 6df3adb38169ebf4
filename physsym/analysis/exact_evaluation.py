"""Evaluation at exact values, and the signs of exact numbers and of expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sympy import Dummy, Expr, Float, Symbol, factor, minimal_polynomial
from sympy.polys.polyerrors import NotAlgebraic

from physsym.core.signs import Signs, signs
from physsym.core.symbols import Exact
from physsym.parsing.statements import as_expression, as_symbol

DIGITS = 60
TINY = Float(10) ** -30


class AnalysisError(ValueError):
    """The analysis does not apply to the statement or value."""


def put(expression: Expr, values: Mapping[Symbol, Exact]) -> Expr:
    """Return an expression at exact values of its symbols, a real number.

    Raises TypeError for a float, AnalysisError for a symbol without a value, a value that contradicts the
    sign of its symbol, or a result that is not a real number (such as a division by zero).

    Examples
    --------
    >>> from fractions import Fraction
    >>> from physsym.vocabulary import eta, lam
    >>> put(1 - eta * lam, {eta: Fraction(1, 10), lam: 20})
    -1
    """
    given = exact_values(values)
    for symbol, value in given.items():
        # Zero is allowed: it is the boundary of the positive numbers, where a region must be evaluated.
        if symbol.is_nonnegative and value.is_negative:
            raise AnalysisError(f"{symbol} is a positive number, given {value}")
    missing = sorted(map(str, expression.free_symbols - set(given)))
    if missing:
        raise AnalysisError(f"no value was given for {', '.join(missing)} in {expression}")
    number = expression.xreplace(given)
    if not (number.is_real and number.is_finite):
        point = ", ".join(f"{symbol} = {value}" for symbol, value in values.items())
        raise AnalysisError(f"{expression} is no real number at {point}")
    return number


def exact_values(values: Mapping[Symbol, Exact]) -> dict[Symbol, Expr]:
    """Return exact values by symbol; names and values may be texts. TypeError for what is no such mapping."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"expected values by symbol, such as {{eta: Rational(1, 10), lam: 1}}; given {values!r}"
        )
    by_symbol = {as_symbol(symbol): as_expression(value) for symbol, value in values.items()}
    if wrong := [s for s in by_symbol if not isinstance(s, Symbol)]:
        raise TypeError(f"values are given by symbol, such as {{eta: 1}}; {wrong[0]!r} is no symbol")
    if len(by_symbol) < len(values):
        raise TypeError(f"a symbol has one value; two were given in {values!r}")
    return cast("dict[Symbol, Expr]", by_symbol)


def sign_of(number: Expr) -> int:
    """Return the sign of an exact real number: -1, 0 or 1. Zero is decided exactly, not by rounding.

    Raises AnalysisError if the number is close to zero and not algebraic.

    Examples
    --------
    >>> from sympy import sqrt
    >>> sign_of(sqrt(2) * sqrt(3) - sqrt(6)), sign_of(sqrt(2) - 1)
    (0, 1)
    """
    if number.is_Rational:
        return int(number.p > 0) - int(number.p < 0)
    value, digits = number.evalf(DIGITS), DIGITS
    if abs(value) < TINY and _is_zero(number):
        return 0
    while abs(value) < Float(10) ** (-digits // 2):
        digits *= 2
        value = number.evalf(digits)
    return 1 if value > 0 else -1


def _is_zero(number: Expr) -> bool:
    z = Dummy("z")
    try:
        return bool(minimal_polynomial(number, z) == z)
    except NotAlgebraic:
        raise AnalysisError(f"it cannot be decided whether {number} is zero; give rational values") from None


def known_signs(expression: Expr) -> Signs:
    """Return a set of signs that an expression never leaves; one sign for a number.

    Examples
    --------
    >>> a, b = Symbol("a", positive=True), Symbol("b", positive=True)
    >>> sorted(known_signs((a + b)**2 - a**2))
    [1]
    """
    if not expression.free_symbols:
        return frozenset({sign_of(expression)})
    return signs(cast(Expr, factor(expression)))
