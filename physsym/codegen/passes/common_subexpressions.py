"""Operations that a program would carry out more than once, which only their final form shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from sympy import Symbol

from physsym.codegen.expression_tree import Operand, Operation
from physsym.codegen.straight_line import Assignment, Line, changed


def repeated_named(lines: Sequence[Line], names: Iterator[Symbol]) -> list[Line]:
    """Return the lines with a name for each operation that stands in them more than once, the largest first.

    A whole number that comes to stand before a sum can make two sums the same: 200*x*(y - s) and 200*(y - s),
    where the second was 200*y - 200*s.
    """
    repeated = _largest_repeated(lines)
    if repeated is None:
        return list(lines)
    first = next(k for k, line in enumerate(lines) if repeated in _all_operations(line))
    name = next(names)
    named = [changed(line, partial(_with_name, repeated=repeated, name=name)) for line in lines[first:]]
    return repeated_named([*lines[:first], Assignment((name,), (repeated,)), *named], names)


def _largest_repeated(lines: Sequence[Line]) -> Operation | None:
    counts = Counter(operation for line in lines for operation in _all_operations(line))
    # What is all of a line has a name, and would be copied to it.
    whole = {value for line in lines for value in line.values}
    found = [operation for operation, count in counts.items() if count > 1 and operation not in whole]
    return max(found, key=lambda operation: sum(1 for _ in _operations(operation)), default=None)


def _all_operations(line: Line) -> list[Operation]:
    return [operation for value in line.values for operation in _operations(value)]


def _operations(value: Operand) -> Iterator[Operation]:
    if isinstance(value, Operation):
        yield value
        for argument in value.arguments:
            yield from _operations(argument)


def _with_name(value: Operand, repeated: Operation, name: Symbol) -> Operand:
    if value == repeated:
        return name
    if isinstance(value, Operation):
        return Operation(value.name, tuple(_with_name(a, repeated, name) for a in value.arguments))
    return value
