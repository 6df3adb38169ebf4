"""Which states of a rule are positions, and how the numbers of a state are laid out in a row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sympy import Dummy, Symbol

from physsym.codegen import Program, state_name
from physsym.core.statements import Rule, expressions
from physsym.core.symbols import FORCES, after
from physsym.runtime.backends.base import Value
from physsym.vocabulary import STANDARD

Array: TypeAlias = np.ndarray[Any, Any]
State: TypeAlias = dict[str, Value]

LARGEST = 64  # numbers of a state that are worth a name each


def coordinates(rule: Rule) -> tuple[Symbol, ...]:
    """Return the states of a rule that are positions.

    Parameters
    ----------
    rule : Rule
        The update rule.

    Returns
    -------
    tuple of Symbol
        The states that occur with coefficient one in the evaluation point of a gradient, and those that the
        standard vocabulary calls a position; failing both, the only state of a rule that has but one.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.core.symbols import grad
    >>> from physsym.vocabulary import eta, rho, u, x
    >>> coordinates(rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}))
    (x,)
    """
    forces = [f for e in expressions(rule) for f in e.atoms(*FORCES)]
    opaque = {f: Dummy() for f in forces}
    now = {after(s): s for s in rule.targets}
    points = {p.xreplace(now).xreplace(opaque) for f in forces for p in f.args}

    def is_position(state: Symbol) -> bool:
        quantity = STANDARD.quantity(state)
        if quantity is not None and quantity.kind == "position":
            return True
        return any(point.diff(state) == 1 for point in points)

    found = tuple(s for s in rule.targets if is_position(s))
    return found or (rule.targets if len(rule.targets) == 1 else ())


@dataclass(frozen=True)
class StateLayout:
    """The layout of a state as a row of numbers: one number a counter, one shape for all other states."""

    names: tuple[str, ...]
    counters: frozenset[str]
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Return how many components a state has."""
        return math.prod(self.shape)

    def row(self, state: Mapping[str, Value]) -> list[Value]:
        """Return the numbers of a state in a row; plain numbers stay what they are."""
        parts = (
            state[n].ravel().tolist() if isinstance(state[n], np.ndarray) else [state[n]] for n in self.names
        )
        return [number for part in parts for number in part]

    def states(self, rows: Sequence[Any], dtype: Any) -> dict[str, Array]:
        """Return rows by the names of the states, each an array of shape (rows, *shape)."""
        table = np.array(rows, dtype=dtype).reshape(len(rows), -1)
        return {name: table[:, part].reshape(len(rows), *shape) for name, part, shape in self._parts()}

    def states_on_grid(self, table: Array, grid: tuple[int, ...]) -> dict[str, Array]:
        """Return a table with a row for each number, (numbers, points), by the names of the states.

        Each is an array of shape (*grid, *shape).
        """
        return {
            name: np.moveaxis(table[part].reshape(-1, *grid), 0, -1).reshape(*grid, *shape)
            for name, part, shape in self._parts()
        }

    def _parts(self) -> Iterator[tuple[str, slice, tuple[int, ...]]]:
        start = 0
        for name in self.names:
            shape = () if name in self.counters else self.shape
            end = start + math.prod(shape)
            yield name, slice(start, end), shape
            start = end


def layout(program: Program, state: Mapping[str, Value]) -> StateLayout | None:
    """Return the layout of a state, None where its arrays differ in shape or are too large for that."""
    counters = frozenset(map(state_name, program.counters))
    shapes = {
        np.shape(v) for n, v in state.items() if n not in counters and not isinstance(v, (dict, list, tuple))
    }
    arrays = len(program.arrays)
    if len(shapes) != 1 or arrays * math.prod(shape := shapes.pop()) > LARGEST:
        return None
    return StateLayout(tuple(map(state_name, program.states)), counters, shape)
