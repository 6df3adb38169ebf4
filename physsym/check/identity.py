"""Whether two expressions are one: what the engines say, and the policy that makes a verdict of it."""

from __future__ import annotations

from sympy import Expr, factor

from physsym.check.engines import field, points
from physsym.check.engines.laurent import UndecidedError
from physsym.verdict import Verdict, fails, holds, undecided

_BOTH = (field.NAME, points.NAME)
_FEW, _MANY = 4, 24  # points tried: to contradict what the field accepts, to find what it has rejected


def identical(left: Expr, right: Expr, what: str = "both sides") -> Verdict:
    """Return whether two expressions are equal wherever both are defined.

    One engine evaluates at random points of a finite field and accepts; the other looks for an exact point
    at which they differ and rejects. It holds where the first accepts and the second finds nothing; it
    fails on a point found. Disagreement is no pass, nor is doubt.
    """
    try:
        same = field.equal(left, right)
    except (UndecidedError, ArithmeticError) as doubt:
        return _refuted(left, right, what, f"{what}: {doubt}")
    if not same:
        return _refuted(left, right, what, f"{what} differ in the finite field, but no point shows it")
    witness = points.difference(left, right, _FEW)
    if witness:
        return fails(f"{what}: the engines disagree", witness=witness, engines=_BOTH)
    return holds(f"{what} agree", engines=_BOTH)


def _refuted(left: Expr, right: Expr, what: str, doubt: str) -> Verdict:
    """Return a failure with a point at which the sides differ; without one, the doubt that is left."""
    witness = points.difference(left, right, _MANY)
    if not witness:
        return undecided(doubt, engines=_BOTH)
    return fails(f"{what} differ by {factor(left - right)}", witness=witness, engines=(points.NAME,))
