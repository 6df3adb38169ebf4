"""The function that carries a move out; each kind of move registers how."""

from __future__ import annotations

from functools import singledispatch
from typing import TypeVar

from physsym.core.statements import Law, Rule, Statement
from physsym.mechanics.moves import Move, MoveError

S = TypeVar("S", Law, Rule)


@singledispatch
def apply(move: Move, line: Statement) -> Statement:
    """Return the line that the move proposes after the given one.

    Raises MoveError with the reason where the move cannot be carried out. New moves register here:
    `@apply.register`.
    """
    raise MoveError(f"no way is registered to carry out {type(move).__name__}; use apply.register")


def expect(kind: type[S], line: Statement, move: Move) -> S:
    """Return the line if it is of the kind that the move works on; raise MoveError otherwise."""
    if not isinstance(line, kind):
        raise MoveError(
            f"{type(move).__name__} works on a {kind.__name__.lower()}, given a {type(line).__name__.lower()}"
        )
    return line
