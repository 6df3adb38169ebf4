"""Refutation by balls of real numbers (Arb): rigorous wherever roots, exponentials and real powers stand.

A ball holds the true value. Two balls that do not meet prove a difference; balls that meet prove nothing,
but say how closely two expressions agree.
"""

from __future__ import annotations

import flint
from sympy import Expr

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import Number, ball, looks, told

NAME, FAMILY = "balls", "FLINT"
POINTS, BITS = 8, 200
_ATTEMPTS = 24


def identity(left: Expr, right: Expr, attempts: int = _ATTEMPTS) -> Finding:
    """Return a point at which two expressions differ beyond doubt, or how closely they agree."""
    close = 0
    for at, a, b in looks(left, right, attempts):
        gap = ball(a) - ball(b)
        if gap > 0 or gap < 0:
            return Finding(NAME, FAMILY, Answer.REFUTED, witness=told(left, right, at, a, b))
        close += _is_close(gap, a)
        if close == POINTS:
            return Finding(NAME, FAMILY, Answer.UNKNOWN, bound=f"agree at {POINTS} points to {BITS} bits")
    return Finding(NAME, FAMILY, Answer.UNKNOWN, f"agree at {close} points only")


def _is_close(gap: flint.arb, size: Number) -> bool:
    with flint.ctx.workprec(64):
        scale = max(1, ball(size).abs_upper())
        return bool(gap.abs_upper() < scale * flint.arb(2) ** -BITS)
