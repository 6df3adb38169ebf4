"""The functions that carry a move out; each kind of move registers how."""

from __future__ import annotations

from functools import singledispatch
from typing import TypeVar

from physsym.core.arguments import named_arguments
from physsym.core.statements import Law, Rule, Statement, StatementError
from physsym.mechanics.moves import Move, MoveError
from physsym.parsing.statements import StatementText, as_statement

S = TypeVar("S", Law, Rule)


@named_arguments
def apply(move: Move, line: StatementText) -> Statement:
    """Return the line that a move proposes after the given one.

    Parameters
    ----------
    move : Move
        The reason, such as `Divide(gamma)`.
    line : Law or Rule
        The line above; a single equation or update counts as one.

    Returns
    -------
    Law or Rule
        The line below.

    Raises
    ------
    MoveError
        Where the move cannot be carried out on the line, with the reason.
    TypeError
        For arguments that are not a move and a statement.

    Examples
    --------
    >>> from physsym.mechanics.moves import Divide
    >>> from physsym.parsing import read
    >>> print(apply(Divide(read("gamma")), read("gamma*dot(x) = -G")))
    x' = -grad(x)/gamma
    """
    given_first: object = move
    if not isinstance(given_first, Move):
        if isinstance(line, Move):
            raise TypeError(
                f"the move comes first: apply(move, line); given the line {given_first} as the move"
            )
        raise TypeError(f"apply needs a move such as Divide(gamma), given {given_first!r}")
    above = as_statement(line)
    try:
        return transform_step(move, above)
    except StatementError as error:  # the line that the move gives is not well-defined
        raise MoveError(f"{type(move).__name__} gives no rule: {error}") from error


@singledispatch
def transform_step(move: Move, line: Statement) -> Statement:
    """Return the line that one kind of move proposes; new moves register here: `@transform_step.register`.

    Parameters
    ----------
    move
        The move, by whose type the function is found.
    line
        The line above.

    Returns
    -------
    Law or Rule
        The line below.

    Raises
    ------
    MoveError
        Where the move cannot be carried out, or no function is registered for its kind.
    """
    raise MoveError(
        f"no function is registered that carries out {type(move).__name__}; "
        "register one with physsym.transform.transform_step.register"
    )


def expect(kind: type[S], line: Statement, move: Move) -> S:
    """Return the line if it is of the kind that the move works on; raise MoveError otherwise."""
    if not isinstance(line, kind):
        raise MoveError(
            f"{type(move).__name__} works on a {kind.__name__.lower()}, given a {type(line).__name__.lower()}"
        )
    return line
