"""What every engine answers: whether two expressions are equal, how sure that is, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, Protocol

from sympy import Expr


class Answer(Enum):
    """What an engine says of a statement. It has no truth value: doubt must never pass for a yes."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no truth value; compare it with Answer.PROVED")


@dataclass(frozen=True)
class Finding:
    """The answer of one engine.

    Engines of one `family` share algebra code and count as one witness. `reason` says why in words, `bound`
    what is left of doubt, `witness` a point that shows a difference, `difference` left minus right in words.
    """

    engine: str
    family: str
    answer: Answer
    reason: str = ""
    bound: str = ""
    witness: str = ""
    difference: str = ""


class Engine(Protocol):
    """A module with a name, a family, and a function that compares two expressions."""

    @property
    def NAME(self) -> str: ...  # noqa: D102
    @property
    def FAMILY(self) -> str: ...  # noqa: D102

    def identity(self, left: Expr, right: Expr) -> Finding:
        """Return whether two expressions are equal wherever both are defined."""
