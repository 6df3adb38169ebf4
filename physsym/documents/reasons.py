"""Each move as a short phrase: the reason that stands between two lines."""

from __future__ import annotations

import re
from functools import singledispatch

from physsym.core.dimensions import Dimension
from physsym.core.statements import Equation
from physsym.core.symbols import dot
from physsym.core.verdicts import Order
from physsym.documents.tree import Formula, Sentence, Span
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Move,
    Multiply,
    Neglect,
    ReduceOrder,
    Rescale,
)


def phrase(*parts: str | Formula) -> Sentence:
    """Return a sentence of texts and formulas."""
    return tuple(Span("text", p) if isinstance(p, str) else Span("formula", p) for p in parts)


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def exponents(dimension: Dimension) -> str:
    """Return a dimension with raised exponents where they are whole numbers.

    >>> from physsym.core.dimensions import LENGTH, TIME
    >>> exponents(LENGTH / TIME**2)
    'L T⁻²'
    """
    return re.sub(r"\^(-?\d+)\b(?!/)", lambda power: power[1].translate(_RAISED), str(dimension))


def up_to(order: Order) -> Sentence:
    """Return an error as a phrase: up to what order, or smaller than any."""
    if order.exponent == float("inf"):
        return phrase("up to less than any power of ", order.symbol)
    return phrase("up to ", order)


@singledispatch
def reason(move: Move) -> Sentence:
    """Return a move in words; a move of one's own is told by its name unless it registers here."""
    return phrase(type(move).__name__)


@reason.register(Divide)
def _(move: Divide) -> Sentence:
    return phrase("divide by ", move.by)


@reason.register(Multiply)
def _(move: Multiply) -> Sentence:
    return phrase("multiply by ", move.by)


@reason.register(Define)
def _(move: Define) -> Sentence:
    return phrase("define ", Equation(move.symbol, move.value), ", which eliminates ", move.eliminating)


@reason.register(Neglect)
def _(move: Neglect) -> Sentence:
    return phrase("neglect ", move.term)


@reason.register(Limit)
def _(move: Limit) -> Sentence:
    return phrase("let ", move.symbol, " tend to ", move.to)


@reason.register(Isolate)
def _(move: Isolate) -> Sentence:
    return phrase("solve for ", move.symbol)


@reason.register(ReduceOrder)
def _(move: ReduceOrder) -> Sentence:
    return phrase("split into two laws of first order with ", Equation(dot(move.coordinate), move.velocity))


@reason.register(Integrate)
def _(move: Integrate) -> Sentence:
    return phrase(f"integrate over one step by {move.integrator.name}, of length ", move.step)


@reason.register(Rescale)
def _(move: Rescale) -> Sentence:
    return phrase("rescale by ", Equation(move.old, move.factor * move.new))


@reason.register(Eliminate)
def _(move: Eliminate) -> Sentence:
    return phrase("eliminate ", move.symbol)
