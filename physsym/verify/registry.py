"""The function that checks a move; each kind of move registers how."""

from __future__ import annotations

from functools import singledispatch

from physsym.core.statements import Law, Rule, Statement, expressions
from physsym.core.verdicts import Outcome, Verdict, fails
from physsym.mechanics.moves import Move
from physsym.verify.conditions import defined, given
from physsym.verify.substitution import Refusal


@singledispatch
def judge(move: Move, above: Statement, below: Statement) -> Verdict:
    """Return the verdict on one kind of move; new moves register here: `@judge.register`."""
    return Verdict(
        Outcome.UNCHECKED, (f"no check is registered for {type(move).__name__}; use judge.register",)
    )


def check(move: Move, above: Statement, below: Statement) -> Verdict:
    """Return whether the line below follows from the line above by the move.

    The line is not derived again: what the move did is undone, or measured. Raises TypeError for arguments
    that are not a move and two statements.
    """
    if not isinstance(move, Move):
        raise TypeError(f"check needs a move such as Divide(gamma), given {move!r}")
    for line in (above, below):
        if not isinstance(line, (Law, Rule)):
            raise TypeError(
                f"check needs laws or rules as lines, given {line!r}; write law({{...}}) or rule({{...}})"
            )
    try:
        verdict = judge(move, above, below)
    except Refusal as refusal:
        return fails(str(refusal))
    if verdict and above == below:
        return fails("the line below is the line above: nothing was done, which is no evidence")
    return given(verdict, defined(*expressions(below))) if verdict else verdict
