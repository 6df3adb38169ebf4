"""One name, one meaning: the table of the names that a derivation has used, introduced and removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from sympy import Expr, Symbol

from physsym.core.motion import is_time
from physsym.core.statements import Statement, symbols
from physsym.core.symbols import name_and_marks
from physsym.mechanics.moves import Limit, Move


def misused_names(moves: Sequence[Move], lines: Sequence[Statement]) -> Iterator[str]:
    """Yield for each step the reason why it misuses a name, or an empty text.

    A name that a move introduces must be new in the whole derivation, also where the earlier one has left the
    line. A name that was eliminated, or of which a limit was taken, cannot come back: in a line that the
    author states, in what one divides or multiplies by, or in another definition.

    Parameters
    ----------
    moves
        The moves of the derivation.
    lines
        The line at the start and the line after each move, as far as there are any.

    Yields
    ------
    str
        A reason in words.

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.mechanics.moves import Multiply
    >>> from physsym.vocabulary import G, gamma, m, x
    >>> lines = (law({m * dot(dot(x)): -gamma * dot(x) - G}), law({0: -gamma * dot(x) - G}))
    >>> print(*misused_names((Limit(m), Multiply(m)), lines), sep="; ")
    ; m tended to 0 in step 1 and cannot come back
    """
    assumed = (c.expression.free_symbols for c in getattr(lines[0], "assuming", ()))
    used, gone = {_name(s) for group in (symbols(lines[0]), *assumed) for s in group}, dict[str, str]()
    for k, move in enumerate(moves):
        above, below = lines[k : k + 1], lines[k + 1 : k + 2]
        introduced = _introduced(move, *above) if above else ()
        read = {*_arguments(move), *(s for line in below for s in symbols(line))}
        read |= {s for equation in move.definitions for s in equation.residual.free_symbols}
        names = set(map(_name, read))
        yield _misused(introduced, used) or next(
            (f"{name} {why} and cannot come back" for name, why in gone.items() if name in names), ""
        )
        used |= names
        what = f"tended to {move.to}" if isinstance(move, Limit) else "was eliminated"
        gone |= {_name(getattr(move, field)): f"{what} in step {k + 1}" for field in move.removes}


def _misused(introduced: Sequence[Symbol], used: set[str]) -> str:
    for symbol in introduced:
        name, marks = name_and_marks(symbol)
        if is_time(symbol):
            return f"{symbol} is the time; take another name"
        if marks:
            return f"{symbol} carries the mark of an instant; take a plain name"
        if name in used:
            return f"{name} had another meaning in an earlier line or step; take a fresh name"
    return ""


def _introduced(move: Move, above: Statement) -> tuple[Symbol, ...]:
    """Return the names that a move introduces: those that it lists, or else what its definitions define."""
    known = symbols(above)
    defined = (d.left if d.left not in known else d.right for d in move.definitions)
    listed = tuple(getattr(move, field) for field in move.introduces)
    return listed or tuple(s for s in defined if isinstance(s, Symbol) and s not in known)


def _arguments(move: Move) -> Iterator[Symbol]:
    for field in fields(move):
        value = getattr(move, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expr):
                yield from part.free_symbols


def _name(symbol: Symbol) -> str:
    return name_and_marks(symbol)[0]
