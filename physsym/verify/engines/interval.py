"""Refutation by interval arithmetic (balls of reals, Arb): rigorous with roots, exponentials and real powers.

A ball encloses the true value. Disjoint balls prove a difference; overlapping balls prove nothing, but bound
the difference.
"""

from __future__ import annotations

import flint
from sympy import Expr

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import Number, as_ball, format_witness, sampled_values

NAME, FAMILY = "balls", "FLINT"
POINTS, BITS = 8, 200
_ATTEMPTS = 24


def identity(left: Expr, right: Expr, attempts: int = _ATTEMPTS) -> Finding:
    """Return REFUTED with a point where the enclosures are disjoint, or how closely they agree."""
    close = 0
    for at, a, b in sampled_values(left, right, attempts):
        gap = as_ball(a) - as_ball(b)
        if gap > 0 or gap < 0:
            return Finding(NAME, FAMILY, Answer.REFUTED, witness=format_witness(left, right, at, a, b))
        close += _is_close(gap, a)
        if close == POINTS:
            return Finding(NAME, FAMILY, Answer.UNKNOWN, bound=f"agree at {POINTS} points to {BITS} bits")
    return Finding(NAME, FAMILY, Answer.UNKNOWN, f"agree at {close} points only")


def _is_close(gap: flint.arb, size: Number) -> bool:
    with flint.ctx.workprec(64):
        scale = max(1, as_ball(size).abs_upper())
        return bool(gap.abs_upper() < scale * flint.arb(2) ** -BITS)
