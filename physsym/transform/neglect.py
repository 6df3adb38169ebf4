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
        raise MoveError(f"{move.term} must be a term on one side of one equation; it is on {changed}")
    return Law(shorter, law.assuming)


def _without(side: Expr, term: Expr) -> Expr:
    terms = Add.make_args(expand(side))
    found = [t for t in terms if t in (expand(term), -expand(term))]
    return Add(*(t for t in terms if t not in found)) if found else side
