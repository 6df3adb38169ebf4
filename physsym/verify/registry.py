"""Dispatch of the verification of a step by the kind of its move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch
from typing import cast

from sympy import Symbol

from physsym.core.statements import Law, Statement, expressions, symbols
from physsym.core.verdicts import Hypothesis, Outcome, Verdict, fails
from physsym.mechanics.moves import Move
from physsym.parsing.statements import StatementText, as_statement, read_text
from physsym.verify.budget import budgeted
from physsym.verify.conditions import (
    Hypotheses,
    assuming,
    conditions_of,
    consistent,
    implied,
    under,
    vocabulary_of,
    within_ranges,
)
from physsym.verify.domains import defined
from physsym.verify.initial import with_start_values
from physsym.verify.motion import conditional_on_motion, conditional_on_new_domain, require_constants
from physsym.verify.substitution import Refusal
from physsym.verify.well_formed import contradicting_equations
from physsym.vocabulary import STANDARD


@singledispatch
def verify_step(move: Move, above: Statement, below: Statement) -> Verdict:
    """Return the verdict on one kind of move; new moves register here: `@verify_step.register`.

    Parameters
    ----------
    move
        The move, by whose type the function is found.
    above, below
        The line above and the line below.

    Returns
    -------
    Verdict
        UNCHECKED where no function is registered for the kind of move.
    """
    return Verdict(
        Outcome.UNCHECKED,
        (
            f"no check is registered for {type(move).__name__}; "
            "register one with physsym.verify.verify_step.register",
        ),
    )


@budgeted
def check(move: Move, above: StatementText, below: StatementText, given: Hypotheses = ()) -> Verdict:
    """Return whether the line below follows from the line above by the move.

    The line is not derived again: what the move did is undone, or measured.

    Parameters
    ----------
    move
        The reason, such as `Divide(gamma)`.
    above, below
        Laws or rules; a single equation or update counts as one. The text of a line below is read with the
        symbols of the line above.
    given
        What is assumed: conditions, SymPy relations such as `0 < beta`, or texts such as "0 <= rho < 1";
        several, or one.

    Returns
    -------
    Verdict
        True only where the step holds; CONDITIONAL where it needs a condition on something that moves.

    Raises
    ------
    TypeError
        For arguments that are not a move and two statements.

    Examples
    --------
    >>> from physsym.mechanics.moves import Divide
    >>> from physsym.parsing import read
    >>> print(bool(check(Divide(read("gamma")), read("gamma*dot(x) = -G"), read("dot(x) = -G/gamma"))))
    True
    """
    given_first: object = move
    if not isinstance(given_first, Move):
        if any(isinstance(line, Move) for line in (above, below)):
            raise TypeError(
                f"the move comes first: check(move, above, below); given {given_first} as the move"
            )
        raise TypeError(f"check needs a move such as Divide(gamma), given {given_first!r}")
    above = as_statement(above)
    if isinstance(below, str):
        below = cast("Statement", read_text(below, vocabulary_of(symbols(above))))
    below = as_statement(below)
    assumed = conditions_of(given, symbols(above) | symbols(below))
    if assumed and (clash := consistent(assumed)).outcome is Outcome.FAILS:
        return fails(f"{clash.evidence[0]}, so nothing follows from what is given")
    with under(assumed):
        verdict = verify_line(move, above, below, STANDARD.moving)
    beyond = (c for c in verdict.assumes if isinstance(c, Hypothesis) or not implied(assumed, c))
    return replace(verdict, assumes=(*assumed, *beyond)) if assumed else verdict


@budgeted
def verify_line(move: Move, above: Statement, below: Statement, known: Iterable[Symbol]) -> Verdict:
    """Return the verdict on a line below, given what else is known to change in time.

    Parameters
    ----------
    move
        The reason.
    above, below
        The line above and the line below.
    known
        Symbols that change in time though the line above may not show it: those that do in earlier lines, or
        by their kind in a vocabulary. `check` takes the positions, velocities and displacements of the
        standard one.

    Returns
    -------
    Verdict
        What `check` returns.
    """
    known = tuple(known)
    with within_ranges((*getattr(above, "ranges", ()), *getattr(below, "ranges", ()))):
        return _verdict_on_line(move, above, below, known)


def _verdict_on_line(move: Move, above: Statement, below: Statement, known: tuple[Symbol, ...]) -> Verdict:
    if isinstance(above, Law) and (contradiction := contradicting_equations(above)):
        return fails(f"anything would follow from the line above: {contradiction}")
    try:
        returned: object = verify_step(move, above, below)
        require_constants(move, above, known)
    except Refusal as refusal:
        return fails(str(refusal))
    if not isinstance(returned, Verdict):
        judge = verify_step.dispatch(type(move))
        raise TypeError(
            f"the check registered for {type(move).__name__}, {judge.__module__}.{judge.__qualname__}, must "
            f"return a verdict, as of holds(...) or fails(...); it returned {returned!r}"
        )
    verdict = conditional_on_motion(returned, above, known)
    if not verdict and verdict.outcome is not Outcome.CONDITIONAL:
        return verdict
    if above == below:
        return fails("the line below is the line above: nothing was done, which is no evidence")
    verdict = conditional_on_new_domain(verdict, move, above, below, known)
    verdict = assuming(verdict, (*defined(*expressions(below)), *getattr(below, "keeping_signs", ())))
    verdict = with_start_values(verdict, move, above, below)
    clash = consistent(verdict.assumes)
    return clash if clash.outcome is Outcome.FAILS else verdict
