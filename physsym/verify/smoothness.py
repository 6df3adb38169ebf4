"""Where a law is not smooth, so that a method of integration loses its order there.

An order p of accuracy needs rates with p - 1 derivatives that are Lipschitz continuous along the motion. A
rate that is smooth but for a power b**e that ends at b = 0 leaves the order min(p, e + 1) to a motion that
comes from there or arrives there (the error of quadrature at an algebraic singularity: Davis and Rabinowitz,
Methods of Numerical Integration, section 2.9); where b holds a state, e < 1 is not Lipschitz and leaves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from sympy import (
    ITE,
    Abs,
    And,
    Dummy,
    Eq,
    Expr,
    Ge,
    Gt,
    Heaviside,
    Integer,
    Le,
    Lt,
    Max,
    Min,
    Ne,
    Or,
    Piecewise,
    Pow,
    Symbol,
    ceiling,
    expand,
    floor,
    log,
    nan,
    sign,
    zoo,
)

from physsym.core.motion import is_time, moving
from physsym.core.signs import NONNEGATIVE, signs
from physsym.core.statements import Law, expressions
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition, Order
from physsym.verify.conditions import implied
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.identity import identical

_NOT_SMOOTH = (sign, Heaviside, Piecewise, floor, ceiling, Abs, Max, Min)
_Cases = tuple[
    Expr, Expr, Expr
]  # what is zero on the border, and the values where it is positive and negative


@lru_cache(maxsize=256)
def where_not_smooth(law: Law, error: Order | None, given: tuple[Condition, ...] = ()) -> str:
    """Return from what a motion must keep away so that a method has its order; an empty text for nothing.

    What is written by cases and is smooth nevertheless, such as `sign(x)*Abs(x)`, counts as smooth.

    Parameters
    ----------
    law
        A law of first order.
    error
        The order of the method: a rate with kinks, which has no jumps, leaves the first order as it is.
    given
        What is assumed: a power or logarithm of what is not zero is smooth.

    Returns
    -------
    str
        Such as "away from the jumps of sign(x)", or "away from x = 0, where sqrt(x) is not smooth".

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
    lost = {place for places in found.values() for place in places}
    for border, powers in _ends(law, error, given).items():
        if not any(power.has(*lost) for power in powers if lost):
            verb = "is" if len(powers) == 1 else "are"
            named.append(f"{border} = 0, where {', '.join(map(str, powers))} {verb} not smooth")
    return f"away from {' and '.join(named)}" if named else ""


def _ends(law: Law, error: Order, given: tuple[Condition, ...]) -> dict[Expr, list[Expr]]:
    """Return what vanishes where powers and logarithms end, and those of them that cost the order there."""
    moves = moving(law)
    found: dict[Expr, list[Expr]] = {}
    parts = {part for e in expressions(law) for part in e.atoms(Pow, log) if part.free_symbols & moves}
    for part in sorted(parts, key=str):
        base, exponent = part.args if isinstance(part, Pow) else (part.args[0], Integer(0))
        if (exponent.is_integer and isinstance(part, Pow)) or not base.free_symbols & moves:
            continue
        if _vanishes_quadratically(base):
            exponent *= 2
        # A rate that depends on time alone is only summed up; a state must be Lipschitz continuous, too.
        alone = all(is_time(s) for s in base.free_symbols & moves) and not base.has(*OPAQUE)
        least = error.exponent - 1 if alone else max(error.exponent - 1, 1)
        enough = (
            isinstance(part, Pow) and error.exponent != float("inf") and (exponent - least).is_nonnegative
        )
        if not enough and 0 in signs(base) and not implied(given, Condition(base, "!= 0")):
            found.setdefault(base.args[0] if isinstance(base, Abs) else base, []).append(part)
    return found


def _vanishes_quadratically(base: Expr) -> bool:
    """Return whether a base vanishes at least to second order, as a smooth one that is never negative."""
    if (
        isinstance(base, Abs)
        or base.has(*_NOT_SMOOTH, log)
        or any(not p.exp.is_integer for p in base.atoms(Pow))
    ):
        return False
    plain = base.xreplace({s: Dummy(real=True) for s in base.free_symbols})
    return signs(plain) <= NONNEGATIVE


MAX_PIECES = 16


def smooth_pieces(
    expressions: Iterable[Expr], small: Symbol
) -> Iterator[tuple[tuple[Expr, ...], tuple[Condition, ...]]]:
    """Yield expressions without the functions of cases, in each case, with the conditions of the case.

    Parameters
    ----------
    expressions
        Expressions that hold a small symbol, such as rates and the new values of a step of that length.
    small
        The symbol: what decides a case is read where it is zero, as for all steps that are short enough.

    Yields
    ------
    tuple of tuples
        The smooth expressions, and the signs of what decides the case.

    Raises
    ------
    UndecidedError
        Where the case is open for short steps, or there are more than 16 cases.

    Examples
    --------
    >>> from physsym.vocabulary import dt, x
    >>> for (piece,), (condition,) in smooth_pieces([abs(x + dt)], dt):
    ...     print(piece, "where", condition)
    dt + x where x > 0
    -dt - x where -x > 0
    """
    pending: list[tuple[tuple[Expr, ...], dict[Expr, int]]] = [(tuple(expressions), {})]
    steps: dict[Expr, Dummy] = {}
    number = 0
    while pending:
        piece, known = pending.pop()
        nodes = {
            n for e in piece for n in e.atoms(*_NOT_SMOOTH) if not any(a.has(*_NOT_SMOOTH) for a in n.args)
        }
        if not nodes:
            number += 1
            if number > MAX_PIECES:
                raise UndecidedError(f"there are more than {MAX_PIECES} cases")
            if not any(e.has(nan) for e in piece):
                yield piece, tuple(Condition(side * border, "> 0") for border, side in known.items())
            continue
        node = min(nodes, key=lambda n: (n.count_ops(), str(n)))
        if isinstance(node, (floor, ceiling)):  # constant between its jumps
            at_start = node.xreplace({small: Integer(0)})
            level = steps.setdefault(at_start, Dummy(str(at_start), real=True))
            pending.append((tuple(e.xreplace({node: level}) for e in piece), known))
            continue
        border, above, below = _first_case(node)
        at_start = expand(border.xreplace({small: Integer(0)})) or expand(border)
        turned = -1 if at_start.could_extract_minus_sign() else 1
        at_start = turned * at_start
        possible = [side for side in (-1, 1) if side in signs(at_start) and known.get(at_start, side) == side]
        if not possible:
            raise UndecidedError(f"which case of {node} holds is open for small {small}")
        for side in possible:
            value = above if side == turned else below
            pending.append(
                (
                    tuple(e.xreplace({node: value}) for e in piece),
                    known | ({at_start: side} if len(signs(at_start)) > 1 else {}),
                )
            )


def _cases(part: Expr) -> _Cases | None:
    """Return the border and both values of a function of two cases; None for another one."""
    if isinstance(part, (floor, ceiling)) or len(part.args) > 2:
        return None
    if isinstance(part, Piecewise) and (len(part.args) != 2 or part.args[1][1] != True):  # noqa: E712
        return None
    return _first_case(part) if not _compound(part) else None


def _compound(part: Expr) -> bool:
    """Return whether the first condition of a function of cases is no inequality."""
    return isinstance(part, Piecewise) and not isinstance(part.args[0][1], (Gt, Ge, Lt, Le))


def _first_case(part: Expr) -> _Cases:
    """Return what decides the first case of a function, and its values where that is positive and negative.

    Raises UndecidedError for a case that is no comparison.
    """
    if isinstance(part, (Abs, sign, Heaviside)):
        inside = part.args[0]
        above, below = {Abs: (inside, -inside), sign: (1, -1), Heaviside: (1, 0)}[part.func]
        return inside, Integer(0) + above, Integer(0) + below
    if isinstance(part, (Max, Min)):
        first, second, *rest = sorted(part.args, key=str)
        larger, smaller = (first, second) if isinstance(part, Max) else (second, first)
        return expand(first - second), part.func(larger, *rest), part.func(smaller, *rest)
    (value, condition), *others = part.args
    other = Piecewise(*others) if others else nan
    if condition in (True, False):
        chosen = value if condition else other
        return Integer(1), chosen, chosen
    if isinstance(condition, ITE):  # SymPy makes these of cases within a condition
        condition, first, second = condition.args
        value, other = (Piecewise((value, then), *others) for then in (first, second))
    elif isinstance(condition, (And, Or)):
        condition, *more = sorted(condition.args, key=str)
        remaining = Piecewise((value, part.args[0][1].func(*more)), *others)
        value, other = (remaining, other) if isinstance(part.args[0][1], And) else (value, remaining)
    if isinstance(condition, (Eq, Ne)):  # away from its border
        chosen = value if isinstance(condition, Ne) else other
        return expand(condition.lhs - condition.rhs), chosen, chosen
    if isinstance(condition, (Gt, Ge)):
        return expand(condition.lhs - condition.rhs), value, other
    if isinstance(condition, (Lt, Le)):
        return expand(condition.lhs - condition.rhs), other, value
    raise UndecidedError(f"the case {condition} is no comparison")


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
