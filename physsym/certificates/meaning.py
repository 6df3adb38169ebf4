"""What lemmas about real numbers take for granted of a derivation: constants, names, domains and equations.

A lemma knows no time and no earlier line: each symbol in it is one number. So a step has lemmas only where
what it takes for constant does not change, its names are new, a limit lies in the domain of its symbol, and
its laws have one equation a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import singledispatch

from sympy import Expr, Symbol

from physsym.core.motion import is_time, moves, moving, moving_parts
from physsym.core.signs import EXCLUDED, declared_sign_name, declares_sign, signs
from physsym.core.statements import Law, Rule, Statement, symbols
from physsym.core.symbols import DOT, dot, name_and_marks
from physsym.core.verdicts import Condition
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Move,
    Multiply,
    ReduceOrder,
    Rescale,
)


def objections(move: Move, above: Statement, below: Statement, also: Iterable[Symbol]) -> Iterator[str]:
    """Yield the reasons why no lemma about real numbers says what a step means.

    Parameters
    ----------
    move
        The move.
    above
        The line above.
    below
        The line below.
    also
        Symbols that are known to move, from earlier lines or by their kind.

    Yields
    ------
    str
        A reason in words.
    """
    known = tuple(also)
    for value in taken_for_constant(move, above, known):
        for part in moving_parts(value, above, known)[:1]:
            held = value if part == value else f"{value}, which holds {part},"
            yield f"{held} changes in time, and the step takes it for constant"
    yield from unfit(move)
    for line, where in ((above, "above"), (below, "below")):
        if isinstance(line, Law) and not _determined(line, known):
            yield f"the law {where} has more equations with rates than states that they determine"


@singledispatch
def taken_for_constant(move: Move, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    """Return what a move takes for constant in the line above; kinds of moves register here."""
    return ()


@taken_for_constant.register(Define)
def _(move: Define, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    return (move.value,)


@taken_for_constant.register(Limit)
def _(move: Limit, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    return (move.symbol, move.to)


@taken_for_constant.register(Rescale)
def _(move: Rescale, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    return (move.factor,)


@taken_for_constant.register(Integrate)
def _(move: Integrate, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    """Return the time step, and what has no rate in the law; the time is known to advance."""
    held = symbols(above)
    still = (s for s in held if not name_and_marks(s)[1] and not is_time(s) and dot(s) not in held)
    return (move.step, *sorted(still, key=str))


@taken_for_constant.register(Eliminate)
def _(move: Eliminate, above: Statement, also: Iterable[Symbol]) -> tuple[Expr, ...]:
    """Return what is read at two steps in a row as if it were the same."""
    return tuple(sorted(above.parameters, key=str)) if isinstance(above, Rule) else ()


@singledispatch
def unfit(move: Move) -> Iterator[str]:
    """Yield why the symbols of a move cannot stand for what they are to stand for."""
    yield from ()


@unfit.register(ReduceOrder)
def _(move: ReduceOrder) -> Iterator[str]:
    if declares_sign(move.velocity):
        yield _changes_sign(move.velocity, dot(move.coordinate))


@unfit.register(Rescale)
def _(move: Rescale) -> Iterator[str]:
    if is_time(move.old):
        yield f"{move.old} is the time, which keeps its unit"
    if declares_sign(move.new) and not signs(move.old / move.factor) <= signs(move.new):
        yield _changes_sign(move.new, move.old / move.factor)


def _changes_sign(name: Symbol, value: Expr) -> str:
    return f"{name} is declared {declared_sign_name(name)}, and {value} may change its sign"


@unfit.register(Integrate)
def _(move: Integrate) -> Iterator[str]:
    if 1 not in signs(move.step):
        yield f"the time step {move.step} is declared {declared_sign_name(move.step)}"


@unfit.register(Limit)
def _(move: Limit) -> Iterator[str]:
    symbol, to = move.symbol, move.to
    if to == 0:
        near = {"+": {1}, "-": {-1}}.get(move.side or "", {-1, 1})
        outside = not near & signs(symbol)
    elif to.is_infinite:
        outside = (1 if to.is_extended_positive else -1) not in signs(symbol)
    else:
        outside = not signs(to) <= signs(symbol) | {0}
    if outside:
        side = {"+": " from above", "-": " from below"}.get(move.side or "", "")
        yield f"{symbol}, declared {declared_sign_name(symbol)}, is not known to reach {to}{side}"
    if symbol.is_integer and to.is_finite:
        yield f"{symbol} is declared an integer, which has no limit at {to}"


def _determined(law: Law, also: tuple[Symbol, ...]) -> bool:
    """Return whether every equation with rates has a state of its own to determine."""
    rates = {name_and_marks(s)[0] for s in symbols(law) if DOT in s.name}
    free = {s.name for s in moving(law, also) if not is_time(s)} - rates
    held = [[name_and_marks(s) for s in e.residual.free_symbols] for e in law.equations]
    choices = [{n for n, m in own if DOT in m or n in free} for own in held if any(DOT in m for _, m in own)]
    owner: dict[str, int] = {}
    return all(_assigned(k, choices, owner, set()) for k in range(len(choices)))


def _assigned(k: int, choices: Sequence[set[str]], owner: dict[str, int], seen: set[str]) -> bool:
    """Assign one of its names to an equation, if need be by moving others (an augmenting path)."""
    for name in sorted(choices[k] - seen):
        seen.add(name)
        if name not in owner or _assigned(owner[name], choices, owner, seen):
            owner[name] = k
            return True
    return False


# ------------------------------------------------------------------ what may be left by a motion


def divisors(move: Move, above: Statement) -> tuple[Expr, ...]:
    """Return what a move divides or multiplies a law by, which must not vanish."""
    if isinstance(move, (Divide, Multiply)):
        return (move.by,)
    if isinstance(move, Isolate) and isinstance(above, Law):
        return tuple(r.diff(move.symbol) for e in above.equations if (r := e.residual).has(move.symbol))
    return ()


def left_by_motions(move: Move, above: Statement, below: Statement, also: Iterable[Symbol]) -> Iterator[str]:
    """Yield what a lemma supposes of states, which a motion need not keep to.

    Parameters
    ----------
    move, above, below, also
        As for `objections`.

    Yields
    ------
    str
        A reason in words.
    """
    known = tuple(also)
    for by in divisors(move, above):
        if 0 in signs(by) and moves(by, above, known):
            yield f"{by} != 0 is assumed, and it changes in time"
    if isinstance(below, Rule):
        for condition in below.keeping_signs:
            yield f"{condition} is assumed, for the states to keep their declared signs"
    else:
        names = {name_and_marks(s)[0] for s in symbols(below) if DOT in s.name}
        signed = (s for s in symbols(below) if s.name in names and declares_sign(s) and not is_time(s))
        for state in sorted(signed, key=str):
            yield f"{state} is declared {declared_sign_name(state)}, which no lemma says of its motion"


def never_holds(condition: Condition) -> bool:
    """Return whether a condition cannot hold, or an inequality only as an equation."""
    possible = signs(condition.expression) - EXCLUDED[condition.relation]
    return not possible or (condition.relation == ">= 0" and possible == {0})


# ------------------------------------------------------------------ names


def misused_names(moves: Sequence[Move], lines: Sequence[Statement]) -> Iterator[str]:
    """Yield for each step why a name in it has another meaning than before, or an empty text.

    Parameters
    ----------
    moves
        The moves of a derivation.
    lines
        Its lines, one more than moves.

    Yields
    ------
    str
        A reason in words: a name that is introduced was used before, or one that is gone is read again.
    """
    known = {_name(s) for c in getattr(lines[0], "assuming", ()) for s in c.expression.free_symbols}
    gone: dict[str, int] = {}
    for number, (move, above, below) in enumerate(zip(moves, lines, lines[1:], strict=False), 1):
        known |= set(map(_name, symbols(above)))
        new = [getattr(move, field) for field in move.introduces]
        read = {*_arguments(move), *map(_name, symbols(below))}
        taken = [s for s in new if is_time(s) or name_and_marks(s)[1] or _name(s) in known]
        back = sorted(read & set(gone))
        if taken:
            yield f"{taken[0]} is no new name: it has a meaning already"
        elif back:
            yield f"{back[0]} is gone since step {gone[back[0]]}, and cannot come back"
        else:
            yield ""
        known |= read
        gone |= {_name(getattr(move, field)): number for field in move.removes}


def _arguments(move: Move) -> Iterator[str]:
    for field in fields(move):
        value = getattr(move, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expr):
                yield from map(_name, part.free_symbols)


def _name(symbol: Symbol) -> str:
    return name_and_marks(symbol)[0]
