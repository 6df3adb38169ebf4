"""Refutation by sampling: evaluation in exact fractions at small rational points.

Different values prove that two expressions are not equal, at a point that can be checked by hand; equal
values prove nothing.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import format_witness, sampled_values

NAME, FAMILY = "exact points", "Python fractions"
_ATTEMPTS = 12


def identity(left: Expr, right: Expr, attempts: int = _ATTEMPTS) -> Finding:
    """Return REFUTED with a point at which two expressions have different rational values, or UNKNOWN."""
    for at, a, b in sampled_values(left, right, attempts):
        if isinstance(a, Fraction) and isinstance(b, Fraction) and a != b:
            return Finding(NAME, FAMILY, Answer.REFUTED, witness=format_witness(left, right, at, a, b))
    return Finding(NAME, FAMILY, Answer.UNKNOWN, "no difference was found")
