"""Common subexpression elimination: on expressions, and on the operations that they become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sympy import Expr, Symbol
from sympy.simplify.cse_main import tree_cse

from physsym.codegen.expression_tree import Operand, Operation, multiplied_bases
from physsym.codegen.straight_line import Assignment, Line, map_values


def eliminate_common_subexpressions(lines: list[Line], names: Iterator[Symbol]) -> list[Line]:
    """Name the expressions that are computed more than once, each just before its first use."""
    values = [v for line in lines for v in line.values]
    shared, reduced = tree_cse(values + [b for v in values for b in multiplied_bases(v)], names)
    pending, new = dict(shared), iter(reduced)
    result: list[Line] = []
    for line in lines:
        own = map_values(line, lambda _: next(new))
        result += [*_definitions(own.values, pending), own]
    return result


def _definitions(values: Iterable[Expr], pending: dict[Symbol, Expr]) -> Iterator[Line]:
    """Take out of the pending definitions those that the values read, and first those that these read."""
    read = frozenset[Symbol]().union(*(v.free_symbols for v in values))
    for name in sorted(read & pending.keys(), key=list(pending).index):
        if name in pending:
            value = pending.pop(name)
            yield from _definitions([value], pending)
            yield Assignment((name,), (value,))


def eliminate_common_operations(lines: Sequence[Line], names: Iterator[Symbol]) -> list[Line]:
    """Name each operation that occurs in the lines more than once, the largest first.

    A whole number factored out of a sum can make two sums the same: 200*x*(y - s) and 200*(y - s), where the
    second was 200*y - 200*s. Only the final form of a program shows this.
    """
    repeated = _largest_repeated(lines)
    if repeated is None:
        return list(lines)
    first = next(k for k, line in enumerate(lines) if repeated in _operations(line))
    name = next(names)
    named = [map_values(line, partial(_with_name, repeated=repeated, name=name)) for line in lines[first:]]
    return eliminate_common_operations([*lines[:first], Assignment((name,), (repeated,)), *named], names)


def _largest_repeated(lines: Sequence[Line]) -> Operation | None:
    counts = Counter(operation for line in lines for operation in _operations(line))
    # The value of a whole line has a name already: naming it again would only copy it.
    whole = {value for line in lines for value in line.values}
    found = [operation for operation, count in counts.items() if count > 1 and operation not in whole]
    return max(found, key=lambda operation: sum(1 for _ in _walk(operation)), default=None)


def _operations(line: Line) -> list[Operation]:
    return [operation for value in line.values for operation in _walk(value)]


def _walk(value: Operand) -> Iterator[Operation]:
    if isinstance(value, Operation):
        yield value
        for argument in value.arguments:
            yield from _walk(argument)


def _with_name(value: Operand, repeated: Operation, name: Symbol) -> Operand:
    if value == repeated:
        return name
    if isinstance(value, Operation):
        return Operation(value.name, tuple(_with_name(a, repeated, name) for a in value.arguments))
    return value
