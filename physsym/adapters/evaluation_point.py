"""Evaluation points: where a rule takes its gradient, and the same rule in the variable at that point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Real

from sympy import Expr, Symbol

from physsym.codegen import Program, state_name
from physsym.core.motion import clock
from physsym.core.statements import Rule, Update, expressions, parameters
from physsym.core.symbols import FORCES, after, grad, potential
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime import coordinates
from physsym.runtime.backends.base import Value
from physsym.runtime.backends.python import BACKEND as OF_NUMBERS
from physsym.runtime.start import start_values


def with_counters_given(program: Program) -> Program:
    """Return a program whose counters are parameters: the number of steps done, which a library knows.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, t, x
    >>> given = with_counters_given(program(rule({t: t + 1, x: x - G / after(t)})))
    >>> given.states, given.parameters
    ((x,), (t,))
    """
    counted = set(map(after, program.counters))
    results = tuple(r for r in program.results if r not in counted)
    return replace(program, states=program.arrays, parameters=program.numbers, results=results, counters=())


def counter_starts(rule: Rule, counters: Iterable[str], parameters: Mapping[str, Value]) -> dict[str, float]:
    """Return by name the numbers from which counters count: zero where the rule does not say otherwise.

    Libraries count from zero, and what they count is added to this. Raises ValueError where such a number
    depends on a parameter that is not one number.
    """
    wanted = dict.fromkeys(counters, 0.0)
    own = {state_name(s): value for s, value in rule.start if state_name(s) in wanted}
    for name, value in own.items():
        reads = {state_name(s) for s in value.free_symbols}
        if unfit := sorted(n for n in reads if n not in own and not isinstance(parameters.get(n), Real)):
            raise ValueError(
                f"the counter {name} starts at {value}, and {unfit[0]} is not one number; give a number"
            )
    if not own:
        return wanted
    alone = replace(rule, start=tuple((s, value) for s, value in rule.start if state_name(s) in own))
    found = start_values(alone, {}, parameters, None, wanted, OF_NUMBERS)
    return wanted | {name: float(value) for name, value in found if name in wanted}


def refuse_clock(rule: Rule) -> None:
    """Raise ValueError for a rule that advances the time: libraries tell the number of steps alone."""
    time = clock(rule)
    if time is not None:
        raise ValueError(
            f"the rule advances the time {time}, whose start optax and PyTorch do not know; write it by the "
            f"number of steps, with {time}: {time} + 1, and the start plus {time} times the time step in "
            "place of the time"
        )


def weights_state(program: Program) -> Symbol | None:
    """Return the state at which a rule takes its only gradient: it holds the weights of the model.

    None where the rule takes its gradient ahead of its states, or several.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> weights_state(program(rule({x: x - eta * G})))
    x
    """
    points = [point for line in program.evaluations for point in line.values]
    found = points[0] if len(points) == 1 else None
    return found if isinstance(found, Symbol) and found in program.states else None


def describe_evaluation_points(rule: Rule) -> str:
    """Return in words where a rule takes its gradients, when not at its weights, and what to do about it."""
    forces = sorted({str(f) for e in expressions(rule) for f in e.atoms(*FORCES)})
    if not forces:
        return "and the rule takes none"
    if any(len(f.args) > 1 for e in expressions(rule) for f in e.atoms(*FORCES)):
        names = ", ".join(map(str, coordinates(rule)))
        return (
            f"and the rule mixes the weights {names}, of which a model has more: give a "
            "callable gradient to physsym.optimizer, and a dictionary of these to its run"
        )
    if len(forces) > 1:
        return (
            f"and the rule takes {', '.join(forces)}: give a callable gradient to physsym.lambdify or "
            "physsym.optimizer"
        )
    return (
        f"and the rule takes {forces[0]}: physsym.adapters.seen_from_the_gradient(rule) is the same rule in "
        "the variable where its gradient is taken"
    )


def seen_from_the_gradient(rule: RuleText) -> Rule:
    """Return the rule in the variable where its gradient is taken, for libraries that take it at the weights.

    With the gradient at `x + s`, the new variable is `y = x + s`; it is called x again. The weights of the
    model are then y. The parameters in `s` must not change from step to step, or `s` is not the same before
    and after.

    Parameters
    ----------
    rule : Rule
        A rule of one coordinate that takes one gradient, or what has one: a derivation, an optimizer.

    Returns
    -------
    Rule

    Raises
    ------
    TypeError
        For what has no rule.
    ValueError
        Where the rule takes no gradient or several, or where the evaluation point is no position with
        something added.

    References
    ----------
    For Nesterov's method this is the form that PyTorch and optax have: Sutskever, Martens, Dahl and Hinton,
    "On the importance of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import eta, rho, u, x
    >>> print(seen_from_the_gradient(rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})))
    u <- rho*u - eta*grad(x); x <- x + u+ + rho*u+ - rho*u_t
    """
    rule = as_rule(rule)
    point, position = _point_and_position(rule)
    shift = point - position
    change: dict[Expr, Expr] = {
        grad(point): grad(position),
        potential(point): potential(position),
        position: position - shift,
    }
    others = list[Update]()
    start = tuple(
        (s, value + shift if s == position else value.xreplace({position: position - shift}))
        for s, value in rule.start
    )
    for update in rule.updates:
        value = update.value.xreplace(change)
        if update.target == position:
            change[after(position)] = value  # what the old variable now is
        else:
            others.append(Update(update.target, value))
    new = {s: after(s) for s in rule.targets}
    updates = (*others, Update(position, change[after(position)] + shift.xreplace(new)))
    return replace(rule, updates=updates, start=start)


def _point_and_position(rule: Rule) -> tuple[Expr, Symbol]:
    forces = {f for e in expressions(rule) for f in e.atoms(*FORCES)}
    positions = coordinates(rule)
    if len(forces) != 1 or len(positions) != 1 or not all(isinstance(f, grad) for f in forces):
        found = ", ".join(sorted(map(str, forces))) or "none"
        raise ValueError(
            f"a rule can be seen from its gradient if it takes one, of one coordinate; it takes {found}"
        )
    (force,), (position,) = forces, positions
    (point,) = force.args
    shift = point - position
    if not shift.free_symbols <= {*rule.targets, *parameters(rule)} - {position}:
        raise ValueError(
            f"the gradient is taken at {point}, which is not {position} with something added that is known "
            f"before the step and does not depend on {position}"
        )
    return point, position
