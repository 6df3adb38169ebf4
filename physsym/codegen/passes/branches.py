"""Case distinctions whose derivative is that of the branch that is taken."""

from __future__ import annotations

from dataclasses import replace

from sympy import Symbol

from physsym.codegen.expression_tree import Operand, Operation, substitute, symbols_of
from physsym.codegen.straight_line import Guarded, Line, Program


def with_gated_branches(program: Program) -> Program:
    """Return the program with `taken(condition, value)` for each value that a branch reads.

    `taken` is the value, and has no derivative where the condition does not hold. Reverse differentiation of
    g/Abs(g) in a branch that is not taken, at g = 0, would else multiply 0 by infinity. Values that branches
    alone read are computed in each of them.
    """
    if not program.has_choices:
        return program
    of_branches, body = dict[Symbol, Operand](), list[Line]()
    for line in program.body:
        own = replace(line, values=tuple(substitute(v, of_branches) for v in line.values))
        if isinstance(line, Guarded):
            of_branches |= dict(zip(own.targets, own.values, strict=True))
        else:
            body.append(replace(own, values=tuple(map(_gated, own.values))))
    return replace(program, body=tuple(body))


def _gated(value: Operand) -> Operand:
    if not isinstance(value, Operation):
        return value
    parts = tuple(map(_gated, value.arguments))
    if value.name == "where":
        test, chosen, other = parts
        parts = test, _read_where(test, chosen), _read_where(Operation("logical_not", (test,)), other)
    return Operation(value.name, parts)


def _read_where(test: Operand, branch: Operand) -> Operand:
    if not isinstance(branch, Operation):
        return branch
    return substitute(branch, {s: Operation("taken", (test, s)) for s in symbols_of(branch)})
