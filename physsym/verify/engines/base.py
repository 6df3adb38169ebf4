"""The interface of an engine: three-valued answers, findings with their error bound, and the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import NoReturn, Protocol

from sympy import Expr, Symbol


class Answer(Enum):
    """An engine's answer to a statement. It has no truth value: UNKNOWN must not be read as a yes."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no truth value; compare it with Answer.PROVED")


@dataclass(frozen=True)
class Finding:
    """The answer of one engine.

    Engines of one `family` share algebra code and count as one witness. `reason` explains the answer, `bound`
    states the probability of error, `witness` a point at which the two sides differ, and `difference` is left
    minus right as text. `at` is the witness as numbers, where these are fractions.
    """

    engine: str
    family: str
    answer: Answer
    reason: str = ""
    bound: str = ""
    witness: str = ""
    difference: str = ""
    at: Mapping[Symbol, Fraction] | None = field(default=None, compare=False)


class Engine(Protocol):
    """A module with a name, a family, and a function that compares two expressions."""

    @property
    def NAME(self) -> str: ...  # noqa: D102
    @property
    def FAMILY(self) -> str: ...  # noqa: D102

    def identity(self, left: Expr, right: Expr) -> Finding:
        """Return whether two expressions are equal wherever both are defined."""
