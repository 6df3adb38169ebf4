"""Each move as a short phrase: the reason between two lines."""

from __future__ import annotations

import re

from physsym.core.dimensions import Dimension
from physsym.core.verdicts import Outcome, Verdict
from physsym.documents.tree import Formula, Sentence, Span
from physsym.mechanics.moves import Define, Divide, Move, Multiply, ReduceOrder, Rescale, describe
from physsym.printing.unicode_printer import RAISED

# What the check of a move does with the line below it, or above it, before it compares the two.
_CHECKED: dict[type[Move], str] = {
    Divide: "multiplied back",
    Multiply: "multiplied again",
    Define: "with the definition put back",
    ReduceOrder: "with the velocity put back",
    Rescale: "with the new unit put in",
}


def phrase(*parts: str | Formula) -> Sentence:
    """Return a sentence of texts and formulas."""
    return tuple(Span("text", p) if isinstance(p, str) else Span("formula", p) for p in parts)


def exponents(dimension: Dimension) -> str:
    """Return a dimension with raised exponents where they are whole numbers.

    >>> from physsym.core.dimensions import LENGTH, TIME
    >>> exponents(LENGTH / TIME**2)
    'L T⁻²'
    """
    return re.sub(r"\^(-?\d+)\b(?!/)", lambda power: "".join(RAISED[c] for c in power[1]), str(dimension))


def extent(verdict: Verdict) -> Sentence:
    """Return how far a verdict goes as a phrase: how motions converge, and up to what order."""
    how = "uniformly" if verdict.convergence == "uniform" else verdict.convergence
    if verdict.error is None or verdict.outcome is Outcome.FAILS:
        return phrase(how)
    start = f"{how}, up to " if how else "up to "
    if verdict.error.exponent == float("inf"):
        return phrase(f"{start}less than any power of ", verdict.error.symbol)
    return phrase(start, verdict.error)


def reason(move: Move) -> Sentence:
    """Return a move in words, as `physsym.mechanics.moves.describe` has it."""
    return phrase(*describe(move))


def checked(move: Move) -> str:
    """Return what the check of a move does before it compares two lines; nothing where its evidence says so.

    >>> from physsym.vocabulary import gamma
    >>> checked(Divide(gamma))
    'multiplied back'
    """
    return _CHECKED.get(type(move), "")
