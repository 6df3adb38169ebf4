"""Splitting of sums and products of very many terms into several lines, in the same order of operations.

Such a sum is a tree as deep as it has terms. Passes and printers walk trees recursively, and compilers of
program text have limits of their own; a chain of bounded length meets neither.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Symbol

from physsym.codegen.expression_tree import LOGIC, Operand, Operation
from physsym.codegen.straight_line import Assignment, Guarded, Line, map_values

LONGEST = 60
"""The number of operations, each the first argument of the next, that one line holds."""


def split_long_chains(line: Line, names: Iterator[Symbol]) -> list[Line]:
    """Return a line as several, if it holds longer chains of operations than `LONGEST`.

    >>> from sympy.abc import s, x
    >>> total: Operand = x
    >>> for number in range(130):
    ...     total = Operation("add", (total, number))
    >>> lines = split_long_chains(Assignment((x,), (total,)), iter([s, Symbol("s2")]))
    >>> [str(part.targets[0]) for part in lines]
    ['s', 's2', 'x']
    """
    parts: list[Line] = []
    last = map_values(line, lambda value: _split(value, parts, names))
    if isinstance(line, Guarded):
        return [*(Guarded(part.targets, part.values) for part in parts), last]
    return [*parts, last]


def _split(value: Operand, parts: list[Line], names: Iterator[Symbol]) -> Operand:
    """Return the operand that remains; what has got a name of its own is added to `parts`."""
    chain: list[Operation] = []
    while isinstance(value, Operation):
        chain.append(value)
        value = value.arguments[0]
    for count, operation in enumerate(reversed(chain)):
        if count and count % LONGEST == 0 and not _is_truth_value(value):
            name = next(names)
            parts.append(Assignment((name,), (value,)))
            value = name
        others = (_split(argument, parts, names) for argument in operation.arguments[1:])
        value = Operation(operation.name, (value, *others))
    return value


def _is_truth_value(value: Operand) -> bool:
    return isinstance(value, Operation) and value.name in LOGIC
