"""Refutation by interval arithmetic (balls of reals, Arb): rigorous with roots, exponentials and real powers.

A ball encloses the true value. Disjoint balls prove a difference; overlapping balls prove nothing, but bound
the difference.
"""

from __future__ import annotations

import math
from fractions import Fraction

import flint
from sympy import Expr, Symbol

from physsym.core.counts import counted
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import (
    Number,
    Values,
    as_ball,
    format_witness,
    is_clear,
    sample_points,
    sampled_values,
    value,
)
from physsym.verify.engines.laurent import UndecidedError

NAME, FAMILY = "balls", "FLINT"
POINTS, BITS = 8, 200
_ATTEMPTS = 24
_SMALL_BITS = (24, 48)  # minus the logarithms of the small numbers at which orders are measured
_ORDER_BITS = 2000


def identity(left: Expr, right: Expr, attempts: int = _ATTEMPTS) -> Finding:
    """Return REFUTED with a point where the enclosures are disjoint, or how closely they agree."""
    close, apart = 0, None
    for at, a, b in sampled_values(left, right, attempts):
        gap = as_ball(a) - as_ball(b)
        if gap > 0 or gap < 0:
            apart = apart or (at, a, b)
            if is_clear(a, b):
                return _refuted(left, right, at, a, b)
            continue
        close += _is_close(gap, a)
        if close == POINTS and apart is None:
            return Finding(NAME, FAMILY, Answer.UNKNOWN, bound=f"agree at {POINTS} points to {BITS} bits")
    if apart is not None:
        return _refuted(left, right, *apart)
    return Finding(NAME, FAMILY, Answer.UNKNOWN, f"agree at {counted(close, 'point')} only")


def _refuted(left: Expr, right: Expr, at: Values, a: Number, b: Number) -> Finding:
    return Finding(NAME, FAMILY, Answer.REFUTED, witness=format_witness(left, right, at, a, b))


def measured_orders(gap: Expr, small: Symbol) -> list[float]:
    """Return the powers with which a gap vanishes, measured between two small numbers at several points.

    Infinite where it is zero, or far smaller than any power would be.
    """
    found = []
    near, far = (Fraction(1, 2**k) for k in _SMALL_BITS)
    names = gap.free_symbols - {small}
    with flint.ctx.workprec(_ORDER_BITS):
        for at in sample_points(names, POINTS):
            try:
                sizes = [abs(as_ball(value(gap, {**at, small: h}))) for h in (near, far)]
            except (UndecidedError, ZeroDivisionError, KeyError):
                continue
            if all(size.is_finite() for size in sizes) and sizes[0] > 0:
                found.append(order_between(*sizes))
    return found


def order_between(near: flint.arb, far: flint.arb) -> float:
    """Return the power with which a size falls from one small number to the next."""
    if not far > 0:
        tiny = flint.arb(2) ** -(_ORDER_BITS // 4)
        return math.inf if far < near * tiny else 0.0
    steps = (_SMALL_BITS[1] - _SMALL_BITS[0]) * flint.arb(2).log()
    return float(((near / far).log() / steps).mid())


def _is_close(gap: flint.arb, size: Number) -> bool:
    with flint.ctx.workprec(64):
        scale = max(1, as_ball(size).abs_upper())
        return bool(gap.abs_upper() < scale * flint.arb(2) ** -BITS)
