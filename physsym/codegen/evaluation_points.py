"""Where a program takes its gradient."""

from __future__ import annotations

from dataclasses import replace

from physsym.codegen.straight_line import Assignment, Fresh, Program, needed, state_name
from physsym.core.symbols import after


def places(program: Program) -> Program | None:
    """Return the program that computes where the gradient is wanted, one result for each coordinate.

    None where the rule takes no gradient or more than one, or takes it at a place that reads a new value: it
    cannot then be known before the step.

    >>> from physsym.codegen import program
    >>> from physsym.core.symbols import grad
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, rho, x
    >>> places(program(rule({x: x - eta * grad(rho * x)}))).body
    (Assignment(targets=(place,), values=(Operation(name='multiply', arguments=(rho, x)),)),)
    """
    if len(program.evaluations) != 1:
        return None
    (wanted,) = program.evaluations
    fresh = Fresh({state_name(s) for s in (*program.states, *program.parameters, *program.assigned)})
    targets = tuple(name for name, _ in zip(fresh.named("place"), wanted.values, strict=False))
    earlier = program.body[: program.body.index(wanted)]
    body = needed((*earlier, Assignment(targets, wanted.values)), targets)
    new = set(map(after, program.arrays))
    return (
        None if any(new & set(line.reads) for line in body) else replace(program, body=body, results=targets)
    )


def takes_gradient_at_states(program: Program) -> bool:
    """Return whether the rule takes exactly one gradient, at present values of states and nowhere else."""
    return len(program.evaluations) == 1 and set(program.evaluations[0].values) <= set(program.states)
