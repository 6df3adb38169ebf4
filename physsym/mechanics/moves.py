"""The moves: the reasons by which one line of a derivation follows from the line above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sympy import Expr, S, Symbol

from physsym.core.statements import Statement, as_statement
from physsym.core.symbols import exact
from physsym.mechanics.integrators import Method


class MoveError(ValueError):
    """A move that cannot be carried out on the line it is given, with the reason."""


@dataclass(frozen=True)
class Move:
    """What all moves share: arguments are exact expressions, checked when the move is made."""

    symbols: ClassVar[tuple[str, ...]] = ()
    expressions: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.expressions:
            object.__setattr__(self, name, exact(getattr(self, name)))
        for name in self.symbols:
            if not isinstance(getattr(self, name), Symbol):
                raise TypeError(
                    f"{type(self).__name__} needs a symbol as {name}, given {getattr(self, name)!r}"
                )


@dataclass(frozen=True)
class Divide(Move):
    """Divide both sides of every equation of a law by something that is not zero."""

    by: Expr
    expressions = ("by",)


@dataclass(frozen=True)
class Multiply(Move):
    """Multiply both sides of every equation of a law by something that is not zero."""

    by: Expr
    expressions = ("by",)


@dataclass(frozen=True)
class Define(Move):
    """Give a combination a name: `symbol` stands for `value`, and `eliminating` leaves the page."""

    symbol: Symbol
    value: Expr
    eliminating: Symbol
    symbols = ("symbol", "eliminating")
    expressions = ("value",)


@dataclass(frozen=True)
class Limit(Move):
    """Let a symbol tend to a value, from above (from below for minus infinity)."""

    symbol: Symbol
    to: Expr = S.Zero
    symbols = ("symbol",)
    expressions = ("to",)


@dataclass(frozen=True)
class Neglect(Move):
    """Leave a term out of a law because it is small: an assumption of the model, listed and never proved."""

    term: Expr
    expressions = ("term",)


@dataclass(frozen=True)
class Isolate(Move):
    """Solve a law for one symbol, which then stands alone on the left."""

    symbol: Symbol
    symbols = ("symbol",)


@dataclass(frozen=True)
class ReduceOrder(Move):
    """Write a law of second order as two of first order, the velocity becoming a state of its own."""

    coordinate: Symbol
    velocity: Symbol
    symbols = ("coordinate", "velocity")


@dataclass(frozen=True)
class Integrate(Move):
    """Follow a law of first order for one time step."""

    integrator: Method
    step: Symbol
    symbols = ("step",)


@dataclass(frozen=True)
class Rescale(Move):
    """Measure a state in other units: `old = factor*new`, and `new` takes its place."""

    old: Symbol
    new: Symbol
    factor: Expr
    symbols = ("old", "new")
    expressions = ("factor",)


@dataclass(frozen=True)
class Eliminate(Move):
    """Remove a state from a rule of two, which leaves a recurrence over two steps for the other one."""

    symbol: Symbol
    symbols = ("symbol",)


@dataclass(frozen=True)
class Step:
    """What is said of a step, the move, and, where the author states it, the line that it gives.

    Formulas in `says` stand in backticks, in the language of `read`.
    """

    says: str
    move: Move
    gives: Statement | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.move, Move):
            raise TypeError(f"a step needs a move such as Divide(gamma), given {self.move!r}")
        if self.gives is not None:
            object.__setattr__(self, "gives", as_statement(self.gives))
