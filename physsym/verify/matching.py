"""Whether laws or rules are one: equation by equation up to sign and order, and as maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from sympy import Expr, Symbol

from physsym.core.verdicts import Verdict, all_of, fails
from physsym.verify.identity import identical

Agree = Callable[[Expr, Expr], Verdict]


def same_equations(expected: Sequence[Expr], found: Sequence[Expr]) -> Verdict:
    """Return whether two lists of residuals say the same, each up to its sign, in any order."""
    if len(expected) != len(found):
        return fails(f"{len(expected)} equations are due, {len(found)} are given")
    return all_of(*matched(expected, found, lambda a, b: identical(a, b, "the two lines")))


def matched(expected: Sequence[Expr], found: Sequence[Expr], agree: Agree) -> list[Verdict]:
    """Return a verdict for each residual expected: that of the one found, up to sign, that agrees with it.

    Each of those found is taken once; there must be as many.
    """
    left, verdicts = list(found), []
    for residual in expected:
        verdict, match = _best(residual, left, agree)
        verdicts.append(verdict)
        left.remove(match)
    return verdicts


def _best(residual: Expr, candidates: Sequence[Expr], agree: Agree) -> tuple[Verdict, Expr]:
    """Return the candidate that agrees with the residual up to sign, or else the first and its failure."""
    tried = ((agree(residual, side), found) for found in candidates for side in (found, -found))
    first = next(tried)  # there is one: as many candidates as residuals were counted
    return next((trial for trial in chain([first], tried) if trial[0]), first)


def same_maps(expected: dict[Symbol, Expr], found: dict[Symbol, Expr]) -> Verdict:
    """Return whether two maps of states to new values are one."""
    if set(expected) != set(found):
        names = (", ".join(sorted(map(str, states))) for states in (expected, found))
        return fails("the states differ: {} against {}".format(*names))
    return all_of(*(identical(expected[s], found[s], f"the new values of {s}") for s in expected))
