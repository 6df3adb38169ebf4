"""Carrying out the algebraic moves: divide, multiply, define, isolate, reduce order, rescale, eliminate."""

from __future__ import annotations

from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law, Rule, Statement, Update, rewritten, states, symbols
from physsym.core.symbols import DOT, after, before, dot
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Isolate,
    Move,
    MoveError,
    Multiply,
    ReduceOrder,
    Rescale,
)
from physsym.transform.forms import solved, tidied
from physsym.transform.registry import expect, transform_step


@transform_step.register(Divide)
def _(move: Divide, line: Statement) -> Law:
    return _scaled(expect(Law, line, move), 1 / _nonzero(move.by, move))


@transform_step.register(Multiply)
def _(move: Multiply, line: Statement) -> Law:
    return _scaled(expect(Law, line, move), _nonzero(move.by, move))


def _nonzero(by: Expr, move: Move) -> Expr:
    if by == 0:
        raise MoveError(f"{type(move).__name__} by zero is not defined; give something that is not zero")
    return by


def _scaled(law: Law, by: Expr) -> Law:
    moving = moving_symbols(law)
    return rewritten(law, lambda side: tidied(side * by, moving))


def moving_symbols(law: Law) -> tuple[Symbol, ...]:
    """Return the symbols of a law that change in time: the derivatives and what they are derivatives of."""
    marked = [s for s in symbols(law) if DOT in s.name]
    names = {s.name[:k] for s in marked for k in range(1, len(s.name) + 1)}
    return tuple(sorted((s for s in symbols(law) if s.name in names), key=str))


@transform_step.register(Define)
def _(move: Define, line: Statement) -> Statement:
    if move.eliminating not in symbols(line):
        raise MoveError(f"{move.eliminating} does not occur in the line, so it cannot be eliminated")
    if move.symbol in symbols(line):
        raise MoveError(f"{move.symbol} occurs in the line already; define a fresh symbol")
    inverse = solved(move.value - move.symbol, move.eliminating)
    moving = (
        states(line) + tuple(map(after, line.targets)) if isinstance(line, Rule) else moving_symbols(line)
    )
    return rewritten(line, lambda side: tidied(side.xreplace({move.eliminating: inverse}), moving))


@transform_step.register(Isolate)
def _(move: Isolate, line: Statement) -> Law:
    law = expect(Law, line, move)
    holding = [e for e in law.equations if e.residual.has(move.symbol)]
    if not holding:
        raise MoveError(f"{move.symbol} does not occur in the law {law}")
    found = Equation(move.symbol, solved(holding[0].residual, move.symbol))
    return Law(tuple(found if e is holding[0] else e for e in law.equations), law.assuming)


@transform_step.register(ReduceOrder)
def _(move: ReduceOrder, line: Statement) -> Law:
    law = expect(Law, line, move)
    first = dot(move.coordinate)
    if dot(first) not in symbols(law):
        raise MoveError(f"the law has no acceleration {dot(first)} to split")
    if move.velocity in symbols(law):
        raise MoveError(f"{move.velocity} occurs in the law already; name the velocity by a fresh symbol")
    renamed = rewritten(
        law, lambda side: side.xreplace({dot(first): dot(move.velocity), first: move.velocity})
    )
    return Law((Equation(first, move.velocity), *renamed.equations), law.assuming)


@transform_step.register(Rescale)
def _(move: Rescale, line: Statement) -> Statement:
    if move.old not in symbols(line) or move.new in symbols(line):
        raise MoveError(f"to rescale, {move.old} must occur in the line and {move.new} must not")
    pairs = zip(_instants(move.old), _instants(move.new), strict=True)
    units = {old: _nonzero(move.factor, move) * new for old, new in pairs}
    if isinstance(line, Law):
        return rewritten(line, lambda side: side.xreplace(units))
    targets = tuple(move.new if s == move.old else s for s in line.targets)
    moving = targets + tuple(map(after, targets))
    values = (u.value.xreplace(units) / (move.factor if u.target == move.old else 1) for u in line.updates)
    return Rule(tuple(Update(s, tidied(value, moving)) for s, value in zip(targets, values, strict=True)))


def _instants(symbol: Symbol) -> tuple[Symbol, ...]:
    return symbol, after(symbol), dot(symbol), dot(dot(symbol))


@transform_step.register(Eliminate)
def _(move: Eliminate, line: Statement) -> Rule:
    rule, gone = expect(Rule, line, move), move.symbol
    values = {u.target: u.value for u in rule.updates}
    if len(values) != 2 or gone not in values:
        raise MoveError(f"Eliminate needs a rule of two updates, one of them of {gone}; given {rule}")
    (kept,) = (s for s in values if s != gone)
    read = after(gone) if values[kept].has(after(gone)) else gone
    if (values[kept].has(gone) and read != gone) or not values[kept].has(read):
        raise MoveError(f"the update of {kept} must read {gone} at one instant, old or new: {values[kept]}")
    # Solved for the eliminated state, the update makes it a difference of two successive values.
    difference = solved(values[kept] - after(kept), read)
    earlier = difference.xreplace({after(kept): kept, kept: before(kept)})
    # The old value of the eliminated state was computed one step ago, from the values at that time.
    back = {} if read == after(gone) else {kept: before(kept), after(kept): kept}
    value = values[kept].xreplace({read: values[gone].xreplace(back | {gone: earlier})})
    return Rule((Update(kept, tidied(value, (kept, before(kept)))),))
