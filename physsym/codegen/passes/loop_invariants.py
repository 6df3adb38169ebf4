"""What is the same in all cells of a grid and is computed once: step counters, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Symbol

from physsym.codegen.straight_line import Line, Program


def split(program: Program, shared: Iterable[Symbol]) -> tuple[Program, Program]:
    """Return what a program computes alike in all cells, and the rest, which each cell computes for itself.

    The cells share some of the parameters and begin with the same states. Each state and each line goes into
    one of the two programs, in order; the second reads what the first computes.
    """
    alike, given = set(program.states), frozenset(shared)
    while True:
        known = _known(program, given | alike)
        pairs = zip(program.states, program.results, strict=True)
        still = {state for state, result in pairs if state in alike and result in known}
        if still == alike:
            return _part(program, known, True), _part(program, known, False)
        alike = still


def _known(program: Program, given: Iterable[Symbol]) -> frozenset[Symbol]:
    known = set(given)
    for line in (*program.scalars, *program.body):
        if known.issuperset(line.reads):
            known |= set(line.targets)
    return frozenset(known)


def _part(program: Program, known: frozenset[Symbol], wanted: bool) -> Program:
    def chosen(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(line for line in lines if known.issuperset(line.reads) is wanted)

    pairs = zip(program.states, program.results, strict=True)
    own = [(state, result) for state, result in pairs if (state in known) is wanted]
    return replace(
        program,
        states=tuple(state for state, _ in own),
        parameters=tuple(p for p in program.parameters if (p in known) is wanted),
        scalars=chosen(program.scalars),
        body=chosen(program.body),
        results=tuple(result for _, result in own),
    )
