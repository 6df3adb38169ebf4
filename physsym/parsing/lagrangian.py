"""The letter L, the loss or a Lagrangian: of a Lagrangian no derivative is the gradient of a potential."""

from __future__ import annotations

from collections.abc import Sequence

from physsym.parsing.tokens import ReadError, Token

_COORDINATES = frozenset(("q", "r", "s", "R", "phi", "varphi", "psi"))
"""What generalized coordinates are called, and weights are not."""
LAGRANGIAN = (
    "found a derivative of L, a loss or a Lagrangian; write {} for the gradient of the loss; "
    "of a Lagrangian, give the equation of motion"
)


def is_coordinate(name: str, marks: str = "") -> bool:
    """Return whether a Lagrangian rather than a loss is derived by a name: a coordinate or a rate.

    >>> is_coordinate("q_1"), is_coordinate("x", "'"), is_coordinate("x"), is_coordinate("w")
    (True, True, False, False)
    """
    return bool(marks) or name.split("_")[0] in _COORDINATES


def refuse_lagrangian(tokens: Sequence[Token], text: str, function: Token, point: Token) -> None:
    """Raise ReadError for a derivative by `point` of a function L that may be no loss.

    It may be none where the point is a coordinate or a rate, where the text sets L, and where it is the rate
    of a momentum, p' = dL/dx. In an update it is the loss.
    """
    relations = [i for i, t in enumerate(tokens) if t.kind == "relation"]
    if function.name != "L" or any(tokens[i].text != "=" for i in relations):
        return
    lefts = [tokens[i - 1] for i in relations if i]
    is_set = any(t.name == "L" and t.kind == "name" for t in lefts)
    momentum = any(t.name.split("_")[0] == "p" and t.marks == "'" for t in lefts)
    if is_set or momentum or is_coordinate(point.name, point.marks):
        message = LAGRANGIAN.format(f"grad({point.name})")
        raise ReadError(message, text, function.position)
