"""Common subexpression elimination: on expressions, and on the operations that they become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sympy import Expr, Symbol
from sympy.simplify.cse_main import tree_cse

from physsym.codegen.expression_tree import (
    LOGIC,
    TESTS,
    Operand,
    Operation,
    certain_parts,
    is_total,
    multiplied_bases,
    where,
)
from physsym.codegen.straight_line import Assignment, Guarded, Line, map_values

PARTIAL = ("divide", "sqrt", "log", "exp", "power")
"""The operations that have no value for some finite numbers."""


def eliminate_common_subexpressions(lines: list[Line], names: Iterator[Symbol]) -> list[Line]:
    """Name the expressions that are computed more than once, each just before its first use."""
    values: list[Expr] = [v for line in lines for v in line.values]
    shared, reduced = tree_cse(values + [b for v in values for b in multiplied_bases(v)], names)
    if any(v.has(where) for v in values):
        shared, reduced = _without_named_tests(shared, reduced)
    pending, new = dict(shared), iter(reduced)
    named = [map_values(line, lambda _: next(new)) for line in lines]
    guarded = _guarded(named, pending)
    result: list[Line] = []
    for own in named:
        result += [*_definitions(own.values, pending, guarded), own]
    return result


def _without_named_tests(
    shared: Sequence[tuple[Symbol, Expr]], reduced: Sequence[Expr]
) -> tuple[list[tuple[Symbol, Expr]], list[Expr]]:
    """Return shared definitions without truth values, and the expressions with these put in again."""
    tests: dict[Expr, Expr] = {}
    kept = []
    for name, value in shared:
        if isinstance(value, TESTS):
            tests[name] = value.xreplace(tests)
        else:
            kept.append((name, value.xreplace(tests)))
    return kept, [v.xreplace(tests) for v in reduced]


def _guarded(lines: Iterable[Line], shared: dict[Symbol, Expr]) -> set[Symbol]:
    """Return the shared names that branches alone read, and whose values are not always defined."""
    open_names = [
        s for line in lines if not isinstance(line, Guarded) for v in line.values for s in _certain(v)
    ]
    certain: set[Symbol] = set()
    while open_names:
        name = open_names.pop()
        if name in shared and name not in certain:
            certain.add(name)
            open_names += _certain(shared[name])
    return {name for name, value in shared.items() if name not in certain and not is_total(value)}


def _certain(value: Expr) -> list[Symbol]:
    if not value.has(where):
        return list(value.free_symbols)
    return [part for part in certain_parts(value) if isinstance(part, Symbol)]


def _definitions(values: Iterable[Expr], pending: dict[Symbol, Expr], guarded: set[Symbol]) -> Iterator[Line]:
    """Take out of the pending definitions those that the values read, and first those that these read."""
    read = frozenset[Symbol]().union(*(v.free_symbols for v in values))
    for name in sorted(read & pending.keys(), key=list(pending).index):
        if name in pending:
            value = pending.pop(name)
            yield from _definitions([value], pending, guarded)
            yield (Guarded if name in guarded else Assignment)((name,), (value,))


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
    certain = any(
        repeated in _walk(value, into_branches=False)
        for line in lines
        if not isinstance(line, Guarded)
        for value in line.values
    )
    is_partial = any(part.name in PARTIAL for part in _walk(repeated))
    kind = Guarded if is_partial and not certain else Assignment
    return eliminate_common_operations([*lines[:first], kind((name,), (repeated,)), *named], names)


def _largest_repeated(lines: Sequence[Line]) -> Operation | None:
    counts = Counter(operation for line in lines for operation in _operations(line))
    # The value of a whole line has a name already: naming it again would only copy it.
    whole = {value for line in lines for value in line.values}
    found = [
        operation
        for operation, count in counts.items()
        if count > 1 and operation not in whole and operation.name not in LOGIC
    ]
    return max(found, key=lambda operation: sum(1 for _ in _walk(operation)), default=None)


def _operations(line: Line) -> list[Operation]:
    return [operation for value in line.values for operation in _walk(value)]


def _walk(value: Operand, into_branches: bool = True) -> Iterator[Operation]:
    if isinstance(value, Operation):
        yield value
        entered = into_branches or value.name != "where"
        for argument in value.arguments if entered else value.arguments[:1]:
            yield from _walk(argument, into_branches)


def _with_name(value: Operand, repeated: Operation, name: Symbol) -> Operand:
    if value == repeated:
        return name
    if isinstance(value, Operation):
        return Operation(value.name, tuple(_with_name(a, repeated, name) for a in value.arguments))
    return value
