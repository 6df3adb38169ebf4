"""Carrying out the algebraic moves: divide, multiply, define, isolate, reduce order, rescale, eliminate."""

from __future__ import annotations

from dataclasses import replace

from sympy import Add, Expr, Symbol

from physsym.core.motion import is_time, moves, moving, moving_parts
from physsym.core.signs import declares_sign
from physsym.core.statements import Equation, Law, Rule, Statement, Update, rewritten, symbols
from physsym.core.symbols import after, before, dot
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
from physsym.vocabulary import STANDARD


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
    return rewritten(law, lambda side: tidied(side * by, vectors(law)))


def vectors(line: Statement) -> tuple[Symbol, ...]:
    """Return the symbols of a line that change in time, of which its terms are multiples; time is none."""
    return tuple(sorted((s for s in moving(line) if not is_time(s)), key=str))


@transform_step.register(Define)
def _(move: Define, line: Statement) -> Statement:
    if move.eliminating not in symbols(line):
        raise MoveError(f"{move.eliminating} does not occur in the line, so it cannot be eliminated")
    if move.symbol in symbols(line):
        raise MoveError(f"{move.symbol} occurs in the line already; define a fresh symbol")
    if moved := moving_parts(move.value, line, STANDARD.moving):
        raise MoveError(
            f"{move.symbol} cannot stand for {move.value}: {moved[0]} changes in time, and a name that is "
            "defined is a constant; define it by constants alone"
        )
    inverse = solved(move.value - move.symbol, move.eliminating)
    return rewritten(line, lambda side: tidied(side.xreplace({move.eliminating: inverse}), vectors(line)))


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
    if declares_sign(move.velocity):
        raise MoveError(f"a velocity may change its sign; declare {move.velocity} real and nothing more")
    renamed = rewritten(
        law, lambda side: side.xreplace({dot(first): dot(move.velocity), first: move.velocity})
    )
    return Law((Equation(first, move.velocity), *renamed.equations), law.assuming)


@transform_step.register(Rescale)
def _(move: Rescale, line: Statement) -> Statement:
    if move.old not in symbols(line) or move.new in symbols(line):
        raise MoveError(f"to rescale, {move.old} must occur in the line and {move.new} must not")
    if declares_sign(move.new) and not declares_sign(move.old):
        raise MoveError(f"{move.old} may change its sign; declare {move.new} real and nothing more")
    if is_time(move.old):
        raise MoveError(
            f"{move.old} is the time, by which all rates are taken: it is not rescaled alone; define rates "
            "without dimension instead"
        )
    factor = _nonzero(move.factor, move)
    if isinstance(line, Law):
        rates = _product_rule(factor, move.new, line)
        instants = (move.old, dot(move.old), dot(dot(move.old)))
        return rewritten(line, lambda side: side.xreplace(dict(zip(instants, rates, strict=True))))
    if moved := moving_parts(factor, line, STANDARD.moving):
        raise MoveError(
            f"{factor} is no unit of a rule: {moved[0]} changes in time; rescale the law before it is "
            "integrated, or take a constant unit"
        )
    units = {move.old: factor * move.new, after(move.old): factor * after(move.new)}
    targets = tuple(move.new if s == move.old else s for s in line.targets)
    terms = targets + tuple(map(after, targets))
    values = (u.value.xreplace(units) / (move.factor if u.target == move.old else 1) for u in line.updates)
    updates = tuple(Update(s, tidied(value, terms)) for s, value in zip(targets, values, strict=True))
    starts = ((s, value.xreplace(units)) for s, value in line.start)
    own = ((move.new, value / factor) if s == move.old else (s, value) for s, value in starts)
    return replace(line, updates=updates, start=tuple(own))


def _product_rule(factor: Expr, new: Symbol, line: Law) -> tuple[Expr, Expr, Expr]:
    """Return factor*new and its first two derivatives in time, by the chain rule for what moves."""
    found = [factor * new]
    for _ in range(2):
        held = sorted(found[-1].free_symbols, key=str)
        moved = [s for s in held if s == new or moves(s, line)]
        found.append(Add(*(found[-1].diff(s) * (1 if is_time(s) else dot(s)) for s in moved)))
    return found[0], found[1], found[2]


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
    updates = (Update(kept, tidied(value, (kept, before(kept)))),)
    start = {s: v for s, v in rule.start if s != gone}
    if gone in dict(rule.start):
        begun = dict(rule.start)[gone]
        start[before(kept)] = solved(earlier - begun, before(kept))
        if kept in start and gone in start[kept].free_symbols:
            start[kept] = start[kept].xreplace({gone: begun})
    return replace(rule, updates=updates, start=tuple(start.items()))
