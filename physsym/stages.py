"""A program in stages: what is computed element by element between one gradient and the next."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sympy import Symbol

from physsym.program import Assignment, Evaluation, Line, Program, needed, state_name


def stages(program: Program) -> tuple[Program, ...]:
    """Return one program for each gradient, which computes its places, and one for the new values.

    A stage takes no gradient: it reads the states, then the gradients known so far, as its `states`.

    >>> from physsym.notation import grad
    >>> from physsym.program import program
    >>> from physsym.statement import rule
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
    return (*found, _stage(program, known, lines, program.results))


def _stage(
    program: Program, known: tuple[Symbol, ...], lines: list[Line], results: tuple[Symbol, ...]
) -> Program:
    return replace(program, states=program.states + known, body=needed(lines, results), results=results)
