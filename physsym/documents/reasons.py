"""Each move as a short phrase: the reason between two lines."""

from __future__ import annotations

import re

from physsym.core.dimensions import Dimension
from physsym.core.verdicts import Order
from physsym.documents.tree import Formula, Sentence, Span
from physsym.mechanics.moves import Move, describe
from physsym.printing.unicode_printer import RAISED


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


def up_to(order: Order) -> Sentence:
    """Return an error as a phrase: up to what order, or smaller than any."""
    if order.exponent == float("inf"):
        return phrase("up to less than any power of ", order.symbol)
    return phrase("up to ", order)


def reason(move: Move) -> Sentence:
    """Return a move in words, as `physsym.mechanics.moves.describe` has it."""
    return phrase(*describe(move))
