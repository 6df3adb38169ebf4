"""A program in stages: what is computed element by element between one gradient and the next."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sympy import Symbol

from physsym.codegen import Assignment, Evaluation, Line, Program, needed, state_name
from physsym.core.symbols import after


def stages(program: Program) -> tuple[Program, ...]:
    """Return one program for each gradient, which computes its places, and one for the new values.

    A stage takes no gradient: it reads the states that are arrays, then the gradients known so far, as its
    `states`, and everything that is one number as its `parameters`. What two stages need is computed in each:
    reading it back from memory would take longer.

    >>> from physsym.core.symbols import grad
    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, x
    >>> place, step = stages(program(rule({x: x - eta * grad(x - eta * grad(x))})))[1:]
    >>> place.states, [str(target) for target in step.assigned]
    ((x, g), ['x+'])
    """
    taken = {state_name(s) for s in (*program.states, *program.parameters, *program.assigned)}
    names = ("place" if n == 1 else f"place{n}" for n in count(1))
    places = (Symbol(name, real=True) for name in names if name not in taken)
    known: tuple[Symbol, ...] = ()
    found, lines = list[Program](), list[Line]()
    for line in program.body:
        if not isinstance(line, Evaluation):
            lines.append(line)
            continue
        wanted = tuple(next(places) for _ in line.values)
        found.append(_stage(program, known, [*lines, Assignment(wanted, line.values)], wanted))
        known += line.targets
    counted = set(map(after, program.counters))
    return (*found, _stage(program, known, lines, tuple(r for r in program.results if r not in counted)))


def _stage(
    program: Program, known: tuple[Symbol, ...], lines: list[Line], results: tuple[Symbol, ...]
) -> Program:
    body = needed(lines, results)
    return Program(program.arrays + known, program.numbers, program.scalars, body, results)


def is_at_states(stage: Program) -> bool:
    """Return whether the places of a gradient are states as they are, so that nothing is to be computed."""
    return bool(stage.body) and set(stage.body[-1].values) <= set(stage.states)


def without_counters(program: Program) -> Program:
    """Return the program with its counters as states like any other, which may be arrays.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, t, x
    >>> counting = program(rule({t: t + 1, x: x - eta / t}))
    >>> len(counting.scalars), len(without_counters(counting).scalars)
    (2, 0)
    """
    counted = {*program.counters, *map(after, program.counters)}
    moved = list[Line]()
    for line in program.scalars:
        if counted & {*line.reads, *line.targets}:
            moved.append(line)
            counted |= set(line.targets)
    kept = tuple(line for line in program.scalars if line not in moved)
    return replace(program, scalars=kept, body=(*moved, *program.body), counters=())
