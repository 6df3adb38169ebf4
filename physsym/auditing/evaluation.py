"""Expressions at a point, in floating-point numbers: quick proposals, which others prove."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from sympy import (
    Abs,
    Add,
    Expr,
    Max,
    Min,
    Mul,
    NumberSymbol,
    Pow,
    Symbol,
    acos,
    asin,
    atan,
    cos,
    cosh,
    exp,
    log,
    sign,
    sin,
    sinh,
    tan,
    tanh,
)

from physsym.core.symbols import grad

_TOLERANCE = 1e-9
_CLEAR = 1e-7
_ROUGH = 1e-4  # far above what rounding leaves of zero
_STEP = 0.31


def _gradient(place: float) -> float:
    """Return a gradient that has no symmetry."""
    return 0.37 + 1.3 * place - 0.71 * place * place + 0.2 * math.sin(3 * place)


_FUNCTIONS: dict[type, Callable[[float], float]] = {
    Abs: abs,
    acos: math.acos,
    asin: math.asin,
    atan: math.atan,
    cos: math.cos,
    cosh: math.cosh,
    exp: math.exp,
    grad: _gradient,
    log: math.log,
    sign: lambda number: math.copysign(1.0, number) if number else 0.0,
    sin: math.sin,
    sinh: math.sinh,
    tan: math.tan,
    tanh: math.tanh,
}
_OF_SEVERAL: dict[type, Callable[[Iterable[float]], float]] = {Add: sum, Mul: math.prod, Max: max, Min: min}
_SHIFTS = (0.0, 0.41, 1.7, -1.2)


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
    if node.is_Number or isinstance(node, NumberSymbol):
        return float(node)
    kind = type(node)
    if kind in _FUNCTIONS:
        return _FUNCTIONS[kind](_value(node.args[0], at))
    parts = [_value(a, at) for a in node.args]
    if kind in _OF_SEVERAL:
        return _OF_SEVERAL[kind](parts)
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


def is_curved_at_a_point(expression: Expr, symbol: Symbol) -> bool:
    """Return whether an expression clearly is not linear in a symbol, by three of its values.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> is_curved_at_a_point(x**2 * y, x), is_curved_at_a_point(x**2 * y, y)
    (True, False)
    """
    for at in _points(expression.free_symbols | {symbol}):
        one, two, three = (value_at(expression, {**at, symbol: at[symbol] + k * _STEP}) for k in range(3))
        if not math.isnan(one + two + three):
            return abs(one - 2 * two + three) > _CLEAR * (1 + abs(one) + abs(two) + abs(three))
    return False


def vanishes_at_a_point(expression: Expr, solved: Sequence[tuple[Symbol, Expr]]) -> bool:
    """Return whether an expression is about zero at a point where symbols have values that others give.

    A value may contain the symbols behind it.
    """
    symbols = expression.free_symbols.union(*(value.free_symbols for _, value in solved))
    for at in _points(symbols):
        for symbol, value in reversed(solved):
            at[symbol] = value_at(value, at)
        number = value_at(expression, at)
        if not math.isnan(number):
            return abs(number) <= _CLEAR * (1 + abs(number))
    return False


def may_vanish_by(
    expression: Expr, residual: Expr, symbols: Sequence[Symbol], solved: Sequence[tuple[Symbol, Expr]] = ()
) -> list[Symbol]:
    """Return those of symbols for which a residual, linear in each, may be solved to make an expression zero.

    By values at one point, where other symbols have values that others give: what remains is little, and
    contains what does not have values there.
    """
    at = next(
        _points(expression.free_symbols.union(residual.free_symbols, *(v.free_symbols for _, v in solved)))
    )
    here = value_at(residual, at)
    found: list[Symbol] = []
    for symbol in symbols:
        step = value_at(residual, {**at, symbol: at[symbol] + _STEP}) - here
        there = {**at, symbol: at[symbol] - _STEP * here / step if step else math.nan}
        for other, value in reversed(solved):
            there[other] = value_at(value, there)
        number = value_at(expression, there)
        if not abs(number) > _ROUGH * (1 + abs(number)):
            found.append(symbol)
    return found


def _relative_gap(one: Expr, other: Expr) -> float | None:
    """Return how far two expressions are apart at a point, None where they have no values at those tried."""
    for at in _points(one.free_symbols | other.free_symbols):
        first, second = value_at(one, at), value_at(other, at)
        if not (math.isnan(first) or math.isnan(second)):
            return abs(first - second) / (1 + abs(first) + abs(second))
    return None


def _points(symbols: Iterable[Symbol]) -> Iterator[dict[Symbol, float]]:
    """Yield the points that are tried: one after another, until there are values."""
    ordered = sorted(symbols, key=attrgetter("name"))
    for shift in _SHIFTS:
        at = {s: 0.37 + shift + (0.618034 * (i + 1)) % 1 for i, s in enumerate(ordered)}
        at.update({s: 5.0 + i for i, s in enumerate(ordered) if s.is_integer})
        yield at
