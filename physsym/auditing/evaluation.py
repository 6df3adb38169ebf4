"""Expressions at a point, in floating-point numbers: quick proposals, which others prove."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import attrgetter

from sympy import Abs, Add, Expr, Mul, Pow, Symbol, cos, exp, log, sign, sin, tan

from physsym.core.symbols import grad

_TOLERANCE = 1e-9
_CLEAR = 1e-7


def _gradient(place: float) -> float:
    """Return a gradient that has no symmetry."""
    return 0.37 + 1.3 * place - 0.71 * place * place + 0.2 * math.sin(3 * place)


_FUNCTIONS: dict[type, Callable[[float], float]] = {
    Abs: abs,
    cos: math.cos,
    exp: math.exp,
    grad: _gradient,
    log: math.log,
    sign: lambda number: math.copysign(1.0, number) if number else 0.0,
    sin: math.sin,
    tan: math.tan,
}


def value_at(expression: Expr, at: Mapping[Symbol, float]) -> float:
    """Return the value of an expression at a point, "not a number" where it has none or is not known here.

    >>> x = Symbol("x")
    >>> value_at(1 + x**2, {x: 2.0})
    5.0
    """
    try:
        return _value(expression, at)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return math.nan


def _value(node: Expr, at: Mapping[Symbol, float]) -> float:
    if node.is_Symbol:
        return at[node]
    if node.is_Number:
        return float(node)
    kind = type(node)
    if kind in _FUNCTIONS:
        return _FUNCTIONS[kind](_value(node.args[0], at))
    parts = [_value(a, at) for a in node.args]
    if isinstance(node, Add):
        return sum(parts)
    if isinstance(node, Mul):
        return math.prod(parts)
    if isinstance(node, Pow):
        return float(parts[0] ** parts[1])
    raise ValueError(f"{node} is not evaluated here")


def close(one: float, other: float) -> bool:
    """Return whether two values are the same up to rounding; no value is the same as none.

    >>> close(0.1 + 0.2, 0.3), close(math.nan, math.nan)
    (True, False)
    """
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def differ_at_a_point(one: Expr, other: Expr) -> bool:
    """Return whether two expressions clearly have different values at a point."""
    gap = _relative_gap(one, other)
    return gap is not None and gap > _CLEAR


def agree_at_a_point(one: Expr, other: Expr) -> bool:
    """Return whether two expressions have about the same value at a point at which both have one."""
    gap = _relative_gap(one, other)
    return gap is not None and gap <= _CLEAR


def _relative_gap(one: Expr, other: Expr) -> float | None:
    """Return how far two expressions are apart at a point, None where they have no values at those tried."""
    symbols = sorted(one.free_symbols | other.free_symbols, key=attrgetter("name"))
    for shift in (0.0, 0.41):
        at = {s: 0.37 + shift + (0.618034 * (i + 1)) % 1 for i, s in enumerate(symbols)}
        at.update({s: 5.0 + i for i, s in enumerate(symbols) if s.is_integer})
        first, second = value_at(one, at), value_at(other, at)
        if not (math.isnan(first) or math.isnan(second)):
            return abs(first - second) / (1 + abs(first) + abs(second))
    return None
