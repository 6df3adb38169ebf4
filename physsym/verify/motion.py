"""Verification that what a move takes for constant does not change in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch

from sympy import Expr, Integer, Symbol

from physsym.core.motion import is_time, moves, moving_parts
from physsym.core.statements import Law, Statement, expressions, symbols
from physsym.core.symbols import OPAQUE, after, before, dot, name_and_marks
from physsym.core.verdicts import Condition, Outcome, Verdict
from physsym.mechanics.moves import Define, Integrate, Isolate, Limit, Move, ReduceOrder, Rescale
from physsym.verify.conditions import hypotheses, implied, nonzero, simplified
from physsym.verify.domains import defined
from physsym.verify.substitution import Refusal


@singledispatch
def constants(move: Move, above: Statement) -> dict[Expr, str]:
    """Return what a move takes for constant in the line above, each with the reason; moves register here."""
    return {}


@constants.register(Define)
def _(move: Define, above: Statement) -> dict[Expr, str]:
    return {move.value: f"and {move.symbol} would stand for it as if it were constant"}


@constants.register(Limit)
def _(move: Limit, above: Statement) -> dict[Expr, str]:
    reason = "and a limit is taken of a constant, to a constant"
    return {move.symbol: reason, move.to: reason}


@constants.register(Rescale)
def _(move: Rescale, above: Statement) -> dict[Expr, str]:
    """Return the unit; in a law without what moves there, which the product rule differentiates."""
    if not isinstance(above, Law):
        return {move.factor: "and a rule has no constant unit then"}
    reason = "and the product rule needs its rate"
    still = (s for s in move.factor.free_symbols if not moves(s, above))
    return dict.fromkeys((*move.factor.atoms(*OPAQUE), *still), reason)


@constants.register(Integrate)
def _(move: Integrate, above: Statement) -> dict[Expr, str]:
    """Return the time step and every symbol of which no equation says how it changes."""
    held = symbols(above) if isinstance(above, Law) else frozenset()
    alone = (s for s in held if not name_and_marks(s)[1] and not is_time(s) and dot(s) not in held)
    reasons = dict.fromkeys(alone, "and no equation of the law says how")
    return {**reasons, move.step: "and it is to be the time step"}


def require_constants(move: Move, above: Statement, also: Iterable[Symbol]) -> None:
    """Raise Refusal where something that a move takes for constant changes in time."""
    for value, reason in constants(move, above).items():
        parts = moving_parts(value, above, also)
        if parts:
            held = f"{value}, which holds {parts[0]}," if parts[0] != value else value
            raise Refusal(f"{held} changes in time, {reason}")


def conditional_on_motion(verdict: Verdict, above: Statement, also: Iterable[Symbol]) -> Verdict:
    """Return the verdict, CONDITIONAL where a condition that it lists speaks of something that moves.

    A constant satisfies such a condition once and for all; a state may leave the region where it holds.
    """
    moved = any(
        isinstance(c, Condition) and moves(c.expression, above, also) and not implied(hypotheses(), c)
        for c in verdict.assumes
    )
    return replace(verdict, outcome=Outcome.CONDITIONAL) if verdict and moved else verdict


@singledispatch
def in_upper_terms(move: Move) -> dict[Expr, Expr]:
    """Return what new symbols of the lower line are in those of the upper one; moves register here."""
    return {}


@in_upper_terms.register(Define)
def _(move: Define) -> dict[Expr, Expr]:
    return {move.symbol: move.value}


@in_upper_terms.register(Rescale)
def _(move: Rescale) -> dict[Expr, Expr]:
    return {move.new: move.old / move.factor}


@in_upper_terms.register(ReduceOrder)
def _(move: ReduceOrder) -> dict[Expr, Expr]:
    return {move.velocity: dot(move.coordinate)}


@in_upper_terms.register(Integrate)
def _(move: Integrate) -> dict[Expr, Expr]:
    """Return the step as zero: what the stages need, short steps have where the law has it."""
    return {move.step: Integer(0)}


def conditional_on_new_domain(
    verdict: Verdict, move: Move, above: Statement, below: Statement, also: Iterable[Symbol]
) -> Verdict:
    """Return the verdict, CONDITIONAL where only the line below needs a condition on states to be defined.

    The conditions of the line above are given with it. Those of the stages of a method of integration follow
    from them for short steps, of which its order speaks.
    """
    if not verdict:
        return verdict
    known = (
        *hypotheses(),
        *(c for c in (*verdict.assumes, *getattr(above, "assuming", ())) if isinstance(c, Condition)),
        *defined(*expressions(above)),
    )
    earlier = {before(s): s for s in symbols(above) if before(s) not in symbols(above)}
    if isinstance(move, Integrate):  # a step of no length leaves a state as it is
        earlier |= {after(s): s for s in symbols(below)}
    back = {**earlier, **in_upper_terms(move)}  # what a rule needs, it needs at each step
    if isinstance(move, Isolate) and isinstance(below, Law):
        solution = {e.left: e.right for e in below.equations if e.left == move.symbol}
        there = [c for c in known if c.relation == "!= 0" and c.expression.has(move.symbol)]
        values = [simplified(Condition(c.expression.xreplace(solution), "!= 0")).expression for c in there]
        bases = [c.expression for c in nonzero(*values)]
        known = (*known, *nonzero(*bases))
    for condition in set(defined(*expressions(below))) - set(known):
        moving = moves(condition.expression, above, also) or moves(condition.expression, below, also)
        upper = Condition(condition.expression.xreplace(back), condition.relation)
        if moving and not implied(known, upper):
            return replace(verdict, outcome=Outcome.CONDITIONAL)
    return verdict
