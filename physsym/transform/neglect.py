"""Leaving out a term that is taken to be negligible."""

from __future__ import annotations

from sympy import Add, Expr, expand

from physsym.core.statements import Equation, Law, Statement
from physsym.mechanics.moves import MoveError, Neglect
from physsym.transform.registry import expect, transform_step


@transform_step.register(Neglect)
def _(move: Neglect, line: Statement) -> Statement:
    law = expect(Law, line, move)
    shorter = tuple(
        Equation(_without(e.left, move.term), _without(e.right, move.term)) for e in law.equations
    )
    pairs = list(zip(law.equations, shorter, strict=True))
    changed = sum((old.left != new.left) + (old.right != new.right) for old, new in pairs)
    if changed != 1:
        hint = "" if changed else "; give the line in which its terms occur as the line above"
        raise MoveError(
            f"{move.term} must be a term, or a sum of terms, on one side of one equation; it is on "
            f"{changed}{hint}"
        )
    return Law(shorter, law.assuming)


def _without(side: Expr, term: Expr) -> Expr:
    """Return a side without the term, as it is written or multiplied out; a sum goes with all its terms."""
    wanted = expand(term)
    written = Add.make_args(side)
    whole = [t for t in written if expand(t) in (wanted, -wanted)]
    if whole:
        return Add(*(t for t in written if t not in whole))
    terms = Add.make_args(expand(side))
    for sign in (1, -1):
        parts = [expand(sign * part) for part in Add.make_args(wanted)]
        if all(part in terms for part in parts):
            return Add(*(t for t in terms if t not in parts))
    return side
