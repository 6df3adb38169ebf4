"""A straight-line program in static single assignment: lines that name what they compute, once each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from sympy import Expr, Symbol

from physsym.codegen.expression_tree import Operand, Operation, has_choice, symbols_of
from physsym.core.symbols import AFTER, BEFORE, name_and_marks


@dataclass(frozen=True)
class Line:
    """Names and what they are computed from: operands, or expressions while the program is being made."""

    targets: tuple[Symbol, ...]
    values: tuple[Operand, ...]

    @property
    def reads(self) -> tuple[Symbol, ...]:
        """Return the symbols that are read, each as often as it is read."""
        return tuple(s for value in self.values for s in symbols_of(value))


class Assignment(Line):
    """Each target is the name of one value."""


class Guarded(Assignment):
    """An assignment of what only branches of case distinctions read.

    Where such a branch is not taken, the value need not be defined: it is then not a number, and no error.
    """


class Evaluation(Line):
    """The targets name the gradients at an evaluation point: one value and one gradient a coordinate."""


@dataclass(frozen=True)
class Program:
    """One step of a rule: `scalars` are computed from parameters and counters alone, `body` from all.

    Nothing is assigned twice. `results` names the new value of each state, in the order of `states`;
    `counters` are the states among them that are single numbers. `loss`, where the rule reads the value of
    the potential, is the parameter that holds it, a number that changes from step to step; it is read at
    `loss_point`, which is some states, or None for where the gradient is taken. The states that are
    `unbounded` start at infinity, such as the least loss seen so far.
    """

    states: tuple[Symbol, ...]
    parameters: tuple[Symbol, ...]
    scalars: tuple[Line, ...]
    body: tuple[Line, ...]
    results: tuple[Symbol, ...]
    counters: tuple[Symbol, ...] = ()
    loss: Symbol | None = None
    loss_point: tuple[Symbol, ...] | None = None
    unbounded: tuple[Symbol, ...] = ()

    @property
    def arrays(self) -> tuple[Symbol, ...]:
        """Return the states that may be arrays: all but the counters."""
        return tuple(s for s in self.states if s not in self.counters)

    @property
    def numbers(self) -> tuple[Symbol, ...]:
        """Return what is given as one number: parameters, then counters."""
        return self.parameters + self.counters

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Return the evaluations of the gradient, in order."""
        return tuple(line for line in self.body if isinstance(line, Evaluation))

    @property
    def has_choices(self) -> bool:
        """Return whether the program distinguishes cases."""
        return any(has_choice(value) for line in (*self.scalars, *self.body) for value in line.values)

    @property
    def constants(self) -> tuple[Symbol, ...]:
        """Return everything that is one number however large the arrays are: `numbers`, then scalars."""
        return self.numbers + tuple(t for line in self.scalars for t in line.targets)

    @property
    def assigned(self) -> tuple[Symbol, ...]:
        """Return everything that the program computes, in order."""
        return tuple(t for line in (*self.scalars, *self.body) for t in line.targets)


def state_name(symbol: Symbol) -> str:
    """Return the name of a state or a parameter as a user writes it.

    Parameters
    ----------
    symbol : Symbol
        A state or a parameter of a rule.

    Returns
    -------
    str
        Its name; `before(x)` is called `x_previous`, `after(x)` `x_next`.

    Examples
    --------
    >>> state_name(Symbol("x-"))
    'x_previous'
    """
    name, marks = name_and_marks(symbol)
    return name + "_previous" * marks.count(BEFORE) + "_next" * marks.count(AFTER)


def map_values(line: Line, function: Callable[[Expr], Operand]) -> Line:
    """Return the line with a function applied to each of its values."""
    return replace(line, values=tuple(map(function, line.values)))


def live_lines(body: Iterable[Line], results: Iterable[Symbol]) -> tuple[Line, ...]:
    """Return the lines on which the results depend: dead code elimination."""
    wanted, live = set(results), list[Line]()
    for line in reversed(tuple(body)):
        if wanted & set(line.targets):
            live.insert(0, line)
            wanted |= set(line.reads)
    return tuple(live)


def checked_results(program: Program) -> list[int]:
    """Return the numbers of the results that are finite only where all are.

    A sum is not finite where one of its terms is not, so that the terms need no test of their own.
    """
    results = set(program.results)
    values = (v for line in program.body if results & set(line.targets) for v in line.values)
    added = {term for value in values for term in _terms(value)}
    return [k for k, result in enumerate(program.results) if result not in added]


def _terms(value: Operand) -> Iterator[Symbol]:
    """Yield the symbols that are terms of a sum."""
    match value:
        case Operation("add" | "subtract", arguments):
            for argument in arguments:
                yield from [argument] if isinstance(argument, Symbol) else _terms(argument)


@dataclass(frozen=True)
class FreshSymbols:
    """Symbols whose names are not taken: g, g2, g3, ..."""

    taken: Collection[str]

    def named(self, prefix: str) -> Iterator[Symbol]:
        """Yield symbols that begin like this."""
        names = (prefix if n == 1 else f"{prefix}{n}" for n in count(1))
        return (Symbol(name, real=True) for name in names if name not in self.taken)
