"""Refutation by exact fractions, at a point that a reader can check by hand.

A difference found here is a proof that two expressions are not equal; agreement proves nothing.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import looks, told

NAME, FAMILY = "exact points", "Python fractions"
_ATTEMPTS = 12


def identity(left: Expr, right: Expr, attempts: int = _ATTEMPTS) -> Finding:
    """Return a point at which two expressions have different fractions as values, or that none was found."""
    for at, a, b in looks(left, right, attempts):
        if isinstance(a, Fraction) and isinstance(b, Fraction) and a != b:
            return Finding(NAME, FAMILY, Answer.REFUTED, witness=told(left, right, at, a, b))
    return Finding(NAME, FAMILY, Answer.UNKNOWN, "no difference was found")
