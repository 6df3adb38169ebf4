"""Strict monotonicity of an expression in a symbol, by structural rules."""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Symbol

from physsym.core.signs import signs
from physsym.core.verdicts import Condition
from physsym.verify.conditions import nonzero

Direction = tuple[
    int, tuple[Condition, ...]
]  # 1 increasing, -1 decreasing, 0 constant, 2 unknown, 3 one of 1 and -1; conditions
_UNKNOWN: Direction = (2, ())
_INCREASING = (sympy.exp, sympy.log, sympy.sinh, sympy.tanh, sympy.atan, sympy.asinh, sympy.atanh)


def strictly_monotone(expression: Expr, symbol: Symbol) -> tuple[bool, tuple[Condition, ...]]:
    """Return whether an expression is strictly monotone in a real symbol, and the conditions for it.

    The rules cover sums of terms of one direction, multiples by a factor of constant sign, odd powers
    s**n*|s|**a*sign(s)**k of the symbol with a positive total exponent, and odd powers, roots, logarithms,
    exponentials and the like of what is monotone; a root or a logarithm of it is defined on an interval. A
    multiple by a constant of unknown sign, which must not vanish, is monotone too, alone or beside constants.
    """
    direction, conditions = _direction(expression, symbol)
    return direction in (1, -1, 3), conditions


def _direction(expression: Expr, symbol: Symbol) -> Direction:
    if not expression.has(symbol):
        return 0, ()
    if isinstance(expression, Add):
        return reduce(_both, (_direction(a, symbol) for a in expression.args))
    return _product(expression, symbol)


def _both(a: Direction, b: Direction) -> Direction:
    directions = {a[0], b[0]} - {0}
    if len(directions) > 1 or a[0] == b[0] == 3:
        return _UNKNOWN
    return next(iter(directions), 0), a[1] + b[1]


def _product(expression: Expr, symbol: Symbol) -> Direction:
    factors = Mul.make_args(expression)
    constant = signs(Mul(*(f for f in factors if not f.has(symbol))))
    moving = [f for f in factors if f.has(symbol)]
    total = next((f for f in moving if isinstance(f, Add)), None)
    if total is not None:
        others = [f for f in factors if f is not total]
        return reduce(_both, (_direction(Mul(*others, term), symbol) for term in total.args))
    if len(moving) == 1 and (inner := _composed(moving[0], symbol)) != _UNKNOWN:
        return _multiple(Mul(*(f for f in factors if not f.has(symbol))), inner)
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


def _multiple(factor: Expr, direction: Direction) -> Direction:
    """Return the direction of something times a constant factor."""
    way, conditions = direction
    if signs(factor) in ({1}, {-1}):
        sign = next(iter(signs(factor)))
        return (sign * way if way in (1, -1) else way), conditions
    return (3, (*conditions, *nonzero(factor))) if way in (1, -1, 3) else _UNKNOWN


def _composed(function: Expr, symbol: Symbol) -> Direction:
    """Return the direction of an increasing function, an odd power or a real power of something."""
    if isinstance(function, _INCREASING):
        return _direction(function.args[0], symbol)
    base, exponent = function.as_base_exp()
    if base == symbol or isinstance(base, (Abs, sympy.sign)) or exponent.has(symbol):
        return _UNKNOWN
    if exponent.is_Integer and exponent > 0 and exponent % 2:
        return _direction(base, symbol) if exponent > 1 else _UNKNOWN
    if exponent.is_Rational and not exponent.is_Integer:
        way, conditions = _direction(base, symbol)
        return ((way if exponent > 0 else -way) if way in (1, -1) else way), conditions
    return _UNKNOWN
