"""Whether an expression is strictly monotone in a symbol, read off its form."""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Symbol

from physsym.core.signs import signs
from physsym.core.verdicts import Condition

Found = tuple[int, tuple[Condition, ...]]  # +1 rising, -1 falling, 0 constant, 2 unknown; under conditions
_UNKNOWN: Found = (2, ())


def strictly_monotone(expression: Expr, symbol: Symbol) -> tuple[bool, tuple[Condition, ...]]:
    """Return whether an expression rises or falls strictly in a real symbol, and the conditions for it.

    Sums of terms that all rise are known, multiples by what has a sign, and odd powers
    s**n*|s|**a*sign(s)**k of the symbol with a positive exponent in all.
    """
    direction, conditions = _direction(expression, symbol)
    return direction in (1, -1), conditions


def _direction(expression: Expr, symbol: Symbol) -> Found:
    if not expression.has(symbol):
        return 0, ()
    if isinstance(expression, Add):
        return reduce(_both, (_direction(a, symbol) for a in expression.args))
    return _product(expression, symbol)


def _both(a: Found, b: Found) -> Found:
    directions = {a[0], b[0]} - {0}
    return (next(iter(directions), 0), a[1] + b[1]) if len(directions) < 2 else _UNKNOWN


def _product(expression: Expr, symbol: Symbol) -> Found:
    factors = Mul.make_args(expression)
    constant = signs(Mul(*(f for f in factors if not f.has(symbol))))
    moving = [f for f in factors if f.has(symbol)]
    total = next((f for f in moving if isinstance(f, Add)), None)
    if total is not None:
        others = [f for f in factors if f is not total]
        return reduce(_both, (_direction(Mul(*others, term), symbol) for term in total.args))
    powers = [_power(f, symbol) for f in moving]
    if None in powers or constant not in ({1}, {-1}):
        return _UNKNOWN
    exponent = Add(*(p for p, _ in filter(None, powers)))
    odd = sum(k for _, k in filter(None, powers)) % 2
    if not odd or 1 not in signs(exponent):
        return _UNKNOWN
    return next(iter(constant)), () if signs(exponent) == {1} else (Condition(exponent, "> 0"),)


def _power(factor: Expr, symbol: Symbol) -> tuple[Expr, int] | None:
    """Return the exponent that a factor adds to |s|, and the parity that it adds."""
    base, exponent = factor.as_base_exp()
    if base == symbol and exponent.is_Integer:
        return exponent, int(exponent)
    if base == Abs(symbol) and not exponent.has(symbol):
        return exponent, 0
    if base == sympy.sign(symbol) and exponent.is_Integer:
        return Integer(0), int(exponent)
    return None
