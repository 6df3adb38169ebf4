"""Where a law is not smooth, so that a method of integration loses its order there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from sympy import (
    Abs,
    Expr,
    Ge,
    Gt,
    Heaviside,
    Integer,
    Le,
    Lt,
    Max,
    Min,
    Piecewise,
    Pow,
    ceiling,
    expand,
    floor,
    nan,
    sign,
    zoo,
)

from physsym.core.motion import moving
from physsym.core.statements import Law, expressions
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Order
from physsym.verify.identity import identical

_NOT_SMOOTH = (sign, Heaviside, Piecewise, floor, ceiling, Abs, Max, Min)
_Cases = tuple[
    Expr, Expr, Expr
]  # what is zero on the border, and the values where it is positive and negative


@lru_cache(maxsize=256)
def where_not_smooth(law: Law, error: Order | None) -> str:
    """Return from what a motion must keep away so that a method has its order; an empty text for nothing.

    What is written by cases and is smooth nevertheless, such as `sign(x)*Abs(x)`, counts as smooth.

    Parameters
    ----------
    law
        A law of first order.
    error
        The order of the method: a rate with kinks, which has no jumps, leaves the first order as it is.

    Returns
    -------
    str
        Such as "away from the jumps of sign(x)".

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.vocabulary import dt, x
    >>> where_not_smooth(law({dot(x): -sign(x)}), Order(dt, 1))
    'away from the jumps of sign(x)'
    >>> where_not_smooth(law({dot(x): -sign(x) * x}), Order(dt, 1))
    ''
    """
    if error is None:
        return ""
    moves = moving(law)
    parts = {f for e in expressions(law) for f in e.atoms(*_NOT_SMOOTH) if f.free_symbols & moves}
    borders: dict[Expr | None, dict[Expr, tuple[Expr, Expr]]] = {}
    for part in sorted(parts, key=str):
        border, above, below = _cases(part) or (None, part, part)
        if border is not None and border.could_extract_minus_sign():  # one border, written with either sign
            border, above, below = -border, below, above
        borders.setdefault(border, {})[part] = (above, below)
    found: dict[str, list[Expr]] = {"jumps": [], "kinks": []}
    for border, values in borders.items():
        kind = "jumps" if border is None else _kind(law, border, values)
        if kind == "jumps" or (kind and error.exponent > 1):
            found[kind] += values
    named = [f"the {kind} of {', '.join(map(str, places))}" for kind, places in found.items() if places]
    return f"away from {' and '.join(named)}" if named else ""


def _cases(part: Expr) -> _Cases | None:
    """Return the border and both values of a function of two cases; None for another one."""
    if isinstance(part, Abs):
        return part.args[0], part.args[0], -part.args[0]
    if isinstance(part, sign):
        return part.args[0], Integer(1), Integer(-1)
    if isinstance(part, Heaviside):
        return part.args[0], Integer(1), Integer(0)
    if isinstance(part, (Max, Min)) and len(part.args) == 2:
        first, second = sorted(part.args, key=str)
        larger, smaller = (first, second) if isinstance(part, Max) else (second, first)
        return expand(first - second), larger, smaller
    if isinstance(part, Piecewise) and len(part.args) == 2 and part.args[1][1] == True:  # noqa: E712
        (value, condition), (other, _) = part.args
        if isinstance(condition, (Gt, Ge)):
            return expand(condition.lhs - condition.rhs), value, other
        if isinstance(condition, (Lt, Le)):
            return expand(condition.lhs - condition.rhs), other, value
    return None


def _kind(law: Law, border: Expr, values: dict[Expr, tuple[Expr, Expr]]) -> str:
    """Return whether a law has jumps or kinks where an expression is zero; an empty text for neither."""
    above, below = ({part: cases[k] for part, cases in values.items()} for k in (0, 1))
    pairs = [(e.residual.xreplace(above), e.residual.xreplace(below)) for e in law.equations]
    if all(first == second or identical(first, second) for first, second in pairs):
        return ""
    powers = {power for e in expressions(law) for power in e.atoms(Pow)}
    divided = any(not p.exp.is_nonnegative and p.base.free_symbols & moving(law) for p in powers)
    if all(isinstance(part, (Abs, Max, Min)) for part in values) and not divided:
        return "kinks"  # a sum of products of continuous functions
    for zero in _zeros(border):
        with suppress(ValueError):  # SymPy raises it for the maximum of what has no value
            joined = [(first.xreplace(zero), second.xreplace(zero)) for first, second in pairs]
            if all(not a.has(nan, zoo) and identical(a, b) for a, b in joined):
                return "kinks"
    return "jumps"


def _zeros(border: Expr) -> Iterator[dict[Expr, Expr]]:
    """Yield replacements under which an expression is zero: for a part in which it is linear."""
    spread = expand(border)
    for part in sorted((*spread.atoms(*OPAQUE), *spread.free_symbols), key=str):
        slope = spread.coeff(part)
        rest = expand(spread - slope * part)
        if slope.is_number and slope != 0 and not rest.has(part):
            yield {part: -rest / slope}
