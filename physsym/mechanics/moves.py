"""The moves: the reasons by which one line of a derivation follows from the line above."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import singledispatch
from math import inf
from operator import index
from typing import TYPE_CHECKING, ClassVar, Literal, SupportsIndex, TypeAlias

from sympy import Expr, S, Symbol

from physsym.core.arguments import NamedArguments
from physsym.core.statements import Equation, Statement
from physsym.core.symbols import dot
from physsym.mechanics.integrators import Method
from physsym.parsing.statements import (
    ExprText,
    StatementText,
    SymbolText,
    as_expression,
    as_state,
    as_statement,
    as_symbol,
)
from physsym.parsing.tokens import ReadError

Side: TypeAlias = Literal["+", "-"]


CLOCKS = ("", "old", "midpoint", "new")


class MoveError(ValueError):
    """A move that cannot be carried out on the line it is given, with the reason."""


@dataclass(frozen=True)
class Move(NamedArguments):
    """The base of all moves: arguments are exact expressions or texts, checked when the move is made.

    `symbols` and `expressions` name the fields that are checked to be such, `states` the fields of symbols
    that move. `introduces` names the fields of symbols that the move brings in, which must be new in the
    whole derivation, and `removes` those that it takes out for good. A move that introduces a symbol says in
    `definitions` what it stands for, so that no other meaning of it passes. A move that is never written as
    a lemma for a proof assistant says why in `NOT_CERTIFIED`.
    """

    symbols: ClassVar[tuple[str, ...]] = ()
    states: ClassVar[tuple[str, ...]] = ()
    expressions: ClassVar[tuple[str, ...]] = ()
    introduces: ClassVar[tuple[str, ...]] = ()
    removes: ClassVar[tuple[str, ...]] = ()
    NOT_CERTIFIED: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in self.expressions:
            object.__setattr__(self, name, as_expression(getattr(self, name)))
        for name in self.symbols:
            given: object = getattr(self, name)
            if isinstance(given, str) and re.search("[=→←]|->|<-", given):  # a sentence, such as "m -> 0"
                parts = f"{type(self).__name__}({', '.join(field.name for field in fields(self))})"
                raise TypeError(
                    f"{type(self).__name__} takes a name as {name}, given {given!r}; write the parts one by "
                    f"one: {parts}"
                )
            as_named = as_state if name in self.states else as_symbol
            object.__setattr__(self, name, as_named(getattr(self, name)))
            if not isinstance(getattr(self, name), Symbol):
                several = "; write one step for each" * isinstance(getattr(self, name), tuple | list)
                raise TypeError(
                    f"{type(self).__name__} needs a symbol as {name}, given {getattr(self, name)!r}{several}"
                )

    @property
    def definitions(self) -> tuple[Equation, ...]:
        """Return what the symbols that the move introduces stand for."""
        return ()

    @property
    def neglected(self) -> Expr | None:
        """Return what the move leaves out, of a size that is not known; None if it leaves nothing."""
        return None


@dataclass(frozen=True)
class Divide(Move):
    """Divide both sides of every equation of a law by something that is not zero."""

    by: Expr
    expressions = ("by",)
    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, by: ExprText) -> None: ...  # noqa: D107


@dataclass(frozen=True)
class Multiply(Move):
    """Multiply both sides of every equation of a law by something that is not zero."""

    by: Expr
    expressions = ("by",)
    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, by: ExprText) -> None: ...  # noqa: D107


@dataclass(frozen=True)
class Define(Move):
    """Define `symbol` as `value`, which eliminates another symbol from the line."""

    symbol: Symbol
    value: Expr
    eliminating: Symbol
    symbols = ("symbol", "eliminating")
    expressions = ("value",)
    introduces = ("symbol",)
    removes = ("eliminating",)

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, symbol: SymbolText, value: ExprText, eliminating: SymbolText) -> None: ...  # noqa: D107

    @property
    def definitions(self) -> tuple[Equation, ...]:
        """Return the definition."""
        return (Equation(self.symbol, self.value),)


@dataclass(frozen=True)
class Limit(Move):
    """Let a symbol tend to a value.

    Parameters
    ----------
    symbol : Symbol
        A constant: no state, rate or time.
    to : Expr
        A number, plus or minus infinity, or an expression of other constants.
    side : {None, "+", "-"}
        From above ("+") or from below ("-"), as in SymPy. Without it, the declared sign of the symbol may
        leave one side only; where it leaves both, the limits from both sides must agree.
    """

    symbol: Symbol
    to: Expr = S.Zero
    side: Side | None = None
    symbols = ("symbol",)
    expressions = ("to",)
    removes = ("symbol",)

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, symbol: SymbolText, to: ExprText = ..., side: Side | None = None) -> None: ...  # noqa: D107

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side not in (None, "+", "-"):
            raise ValueError(f'side is "+" (from above), "-" (from below) or None; given {self.side!r}')
        if self.to.has(self.symbol) or self.to is S.NaN or self.to.is_extended_real is False:
            raise ValueError(f"{self.symbol} tends to a real number or an infinity, given {self.to}")
        if self.to.is_infinite and self.side == ("+" if self.to.is_extended_positive else "-"):
            reached = "below" if self.to.is_extended_positive else "above"
            raise ValueError(f"{self.to} is reached from {reached} only: leave the side out")


@dataclass(frozen=True)
class Neglect(Move):
    """Leave a term out of a law because it is small: an assumption of the model, listed and never proved."""

    term: Expr
    expressions = ("term",)
    NOT_CERTIFIED = "that a term may be left out is a decision of the author and no theorem"

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, term: ExprText) -> None: ...  # noqa: D107

    @property
    def neglected(self) -> Expr:
        """Return the term."""
        return self.term


@dataclass(frozen=True)
class Isolate(Move):
    """Solve a law for one symbol, which is then the left side of an equation."""

    symbol: Symbol
    symbols = ("symbol",)
    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, symbol: SymbolText) -> None: ...  # noqa: D107


@dataclass(frozen=True)
class ReduceOrder(Move):
    """Write a law of second order as two of first order, the velocity becoming a state of its own.

    Of a law of several coordinates each has a step of its own.
    """

    coordinate: Symbol
    velocity: Symbol
    symbols = ("coordinate", "velocity")
    states = ("coordinate", "velocity")
    introduces = ("velocity",)

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, coordinate: SymbolText, velocity: SymbolText) -> None: ...  # noqa: D107

    @property
    def definitions(self) -> tuple[Equation, ...]:
        """Return what the velocity is."""
        return (Equation(dot(self.coordinate), self.velocity),)


@dataclass(frozen=True)
class Integrate(Move):
    """Integrate a law of first order over one time step.

    Parameters
    ----------
    method : Method
        One of `physsym.integrators`, or a method of one's own.
    step : Symbol
        The time step, a fresh symbol.
    first : tuple of Symbol
        The states that a method with two blocks updates first. Without it they are found by what the states
        mean (velocities first), never by the order in which the law lists them; where that is not determined,
        the step is refused.
    clock : {"", "old", "midpoint", "new"}
        Where in the step a one-stage method reads the time, for a law that holds the time `t`: at t, at
        t + step/2 or at t + step. By default at the weight with which a rate reads its own state: the old
        time for explicit friction, the new one for implicit friction. The rule ends with `t <- t + step`.
    """

    method: Method
    step: Symbol
    first: tuple[Symbol, ...] = ()
    clock: str = ""
    symbols = ("step",)
    introduces = ("step",)

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(  # noqa: D107
            self,
            method: Method,
            step: SymbolText,
            first: tuple[SymbolText, ...] | SymbolText = (),
            clock: str = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        if not hasattr(self.method, "name") or not hasattr(self.method, "order"):
            named = f"; write physsym.integrators.{self.method}" * isinstance(self.method, str)
            raise TypeError(
                f"Integrate needs a method of physsym.integrators first, given {self.method!r}{named}"
            )
        order: object = self.method.order
        whole = isinstance(order, SupportsIndex) and not isinstance(order, bool) and index(order) > 0
        if not whole and order != inf:
            raise ValueError(
                f"{self.method.name}: the order must be a whole number of at least 1, or infinite for an "
                f"exact method; given {order!r}"
            )
        states: object = self.first
        parts = tuple(states) if isinstance(states, Iterable) and not isinstance(states, str) else (states,)
        first = tuple(as_state(state) if isinstance(state, str) else state for state in parts)
        for state in first:
            if not isinstance(state, Symbol):
                raise TypeError(f"first holds the symbols of states, as in first=(v,); given {state!r}")
        object.__setattr__(self, "first", first)
        if self.clock not in CLOCKS:
            raise ValueError(f"clock is one of {', '.join(map(repr, CLOCKS))}; given {self.clock!r}")


@dataclass(frozen=True)
class Rescale(Move):
    """Rescale a state to another unit: `old = factor*new`."""

    old: Symbol
    new: Symbol
    factor: Expr
    symbols = ("old", "new")
    states = ("old", "new")
    expressions = ("factor",)
    introduces = ("new",)
    removes = ("old",)

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, old: SymbolText, new: SymbolText, factor: ExprText) -> None: ...  # noqa: D107

    @property
    def definitions(self) -> tuple[Equation, ...]:
        """Return what the new state is."""
        return (Equation(self.old, self.factor * self.new),)


@dataclass(frozen=True)
class Eliminate(Move):
    """Remove a state from a rule of two, which leaves a recurrence over two steps for the other one."""

    symbol: Symbol
    symbols = ("symbol",)
    removes = ("symbol",)
    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, symbol: SymbolText) -> None: ...  # noqa: D107


Words: TypeAlias = tuple[str | Expr | Equation, ...]  # texts and formulas that follow each other


@singledispatch
def describe(move: Move) -> Words:
    """Return a move as a short phrase of texts and formulas; each kind of move registers its own.

    >>> from physsym.vocabulary import gamma
    >>> describe(Divide(gamma))
    ('divide by ', gamma)
    """
    return (type(move).__name__,)


@describe.register(Divide)
def _(move: Divide) -> Words:
    return "divide by ", move.by


@describe.register(Multiply)
def _(move: Multiply) -> Words:
    return "multiply by ", move.by


@describe.register(Define)
def _(move: Define) -> Words:
    return "define ", *move.definitions, ", which eliminates ", move.eliminating


@describe.register(Limit)
def _(move: Limit) -> Words:
    said = {"+": (" from above",), "-": (" from below",)}.get(move.side or "", ())
    return "let ", move.symbol, " tend to ", move.to, *said


@describe.register(Neglect)
def _(move: Neglect) -> Words:
    return "neglect ", move.term


@describe.register(Isolate)
def _(move: Isolate) -> Words:
    return "solve for ", move.symbol


@describe.register(ReduceOrder)
def _(move: ReduceOrder) -> Words:
    return "split into two laws of first order with ", *move.definitions


@describe.register(Integrate)
def _(move: Integrate) -> Words:
    first = [part for state in move.first for part in (", ", state)]
    said = (first[1], *first[2:], " first, of length ") if first else ("of length ",)
    times = f", with the time read at the {move.clock} one".replace("midpoint one", "midpoint")
    read = (times,) if move.clock else ()
    return f"integrate over one step by {move.method.name}, ", *said, move.step, *read


@describe.register(Rescale)
def _(move: Rescale) -> Words:
    return "rescale by ", *move.definitions


@describe.register(Eliminate)
def _(move: Eliminate) -> Words:
    return "eliminate ", move.symbol


def in_words(move: Move) -> str:
    """Return a move as a phrase, with its formulas as text.

    >>> from physsym.vocabulary import gamma
    >>> in_words(Divide(gamma))
    'divide by gamma'
    """
    return "".join(map(str, describe(move)))


@dataclass(frozen=True)
class Step(NamedArguments):
    """A step of a derivation: a sentence, the move, and, where the author states it, the next line.

    Formulas in `says` are written in backticks, in the language of `read`. A text that `gives` the line is
    read again in its derivation, whose symbols have its names: there `g` may be an acceleration.
    """

    says: str
    move: Move
    gives: Statement | None = None
    _text: ClassVar[str] = ""  # of the line, in a step whose line was given so

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(self, says: str, move: Move, gives: StatementText | None = None) -> None: ...  # noqa: D107

    def __post_init__(self) -> None:
        if not isinstance(self.move, Move):
            raise TypeError(f"a step needs a move such as Divide(gamma), given {self.move!r}")
        given: object = self.gives
        if isinstance(given, str):
            object.__setattr__(self, "_text", given)
            try:
                object.__setattr__(self, "gives", as_statement(given))
            except ReadError as error:
                if "declare=" not in error.message:  # else a symbol of the derivation may settle it
                    raise
        elif self.gives is not None:
            object.__setattr__(self, "gives", as_statement(self.gives))

    def in_terms_of(self, symbols: Iterable[Symbol]) -> Step:
        """Return the step whose line, where it is a text, is read with these symbols.

        Raises ReadError for a text that is not read with them.
        """
        return replace(self, gives=as_statement(self._text, symbols)) if self._text else self
