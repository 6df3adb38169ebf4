"""Partition of a program at its gradient evaluations, and the points at which they are taken."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sympy import Symbol

from physsym.codegen.straight_line import (
    Assignment,
    Evaluation,
    FreshSymbols,
    Line,
    Program,
    live_lines,
    state_name,
)
from physsym.core.symbols import after


def partition(program: Program) -> tuple[Program, ...]:
    """Partition a program at its gradient evaluations.

    What two parts need is computed in each: reading it back from memory would take longer.

    Parameters
    ----------
    program : Program
        One step of a rule.

    Returns
    -------
    tuple of Program
        One program for each gradient, which computes its evaluation point, and one for the new values. None
        of them evaluates a gradient: the `states` of each are the arrays of the rule and then the gradients
        known so far, its `parameters` everything that is one number.

    Examples
    --------
    >>> from physsym.core.symbols import grad
    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, x
    >>> point, step = partition(program(rule({x: x - eta * grad(x - eta * grad(x))})))[1:]
    >>> point.states, [str(target) for target in step.assigned]
    ((x, g), ['x+'])
    """
    taken = {state_name(s) for s in (*program.states, *program.parameters, *program.assigned)}
    names = ("place" if n == 1 else f"place{n}" for n in count(1))
    points = (Symbol(name, real=True) for name in names if name not in taken)
    known: tuple[Symbol, ...] = ()
    found, lines = list[Program](), list[Line]()
    for line in program.body:
        if not isinstance(line, Evaluation):
            lines.append(line)
            continue
        wanted = tuple(next(points) for _ in line.values)
        found.append(_part(program, known, [*lines, Assignment(wanted, line.values)], wanted))
        known += line.targets
    counted = set(map(after, program.counters))
    return (*found, _part(program, known, lines, tuple(r for r in program.results if r not in counted)))


def _part(
    program: Program, known: tuple[Symbol, ...], lines: list[Line], results: tuple[Symbol, ...]
) -> Program:
    body = live_lines(lines, results)
    return Program(program.arrays + known, program.numbers, program.scalars, body, results)


def evaluates_at_states(part: Program) -> bool:
    """Return whether the evaluation points are states as they are, so that nothing is to be computed."""
    return bool(part.body) and set(part.body[-1].values) <= set(part.states)


def evaluation_points(program: Program) -> Program | None:
    """Return the program that computes where the gradient is evaluated.

    Parameters
    ----------
    program : Program
        One step of a rule.

    Returns
    -------
    Program or None
        It has one result for each coordinate. None where the rule takes no gradient or more than one, or
        takes it at a point that reads a new value: it cannot then be known before the step.

    Examples
    --------
    >>> from physsym.codegen import program
    >>> from physsym.core.symbols import grad
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, rho, x
    >>> evaluation_points(program(rule({x: x - eta * grad(rho * x)}))).body
    (Assignment(targets=(place,), values=(Operation(name='multiply', arguments=(rho, x)),)),)
    """
    if len(program.evaluations) != 1:
        return None
    (wanted,) = program.evaluations
    fresh = FreshSymbols({state_name(s) for s in (*program.states, *program.parameters, *program.assigned)})
    targets = tuple(name for name, _ in zip(fresh.named("place"), wanted.values, strict=False))
    earlier = program.body[: program.body.index(wanted)]
    body = live_lines((*earlier, Assignment(targets, wanted.values)), targets)
    new = set(map(after, program.arrays))
    if any(new & set(line.reads) for line in body):
        return None
    if program.loss is not None and any(program.loss in line.reads for line in body):
        return None
    known = tuple(p for p in program.parameters if p != program.loss)
    return replace(program, parameters=known, body=body, results=targets, loss=None, loss_point=None)


def takes_gradient_at_states(program: Program) -> bool:
    """Return whether the rule takes exactly one gradient, at present values of states and nowhere else."""
    return len(program.evaluations) == 1 and set(program.evaluations[0].values) <= set(program.states)


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
    scalars = tuple(line for line in program.scalars if line not in moved)
    return replace(program, scalars=scalars, body=(*moved, *program.body), counters=())
