"""Runs of a compiled rule: many steps in one scan or one compiled loop, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from sympy import Expr

from physsym.codegen import state_name
from physsym.runtime.backends.base import Rollout, Value, step_error, whole_number
from physsym.runtime.compiled_rule import CompiledRule
from physsym.runtime.parameters import is_schedule, is_spread, refuse_short
from physsym.runtime.potentials import (
    dense_gradient,
    is_pair,
    is_potential,
    loss_and_gradient,
    named_or_read,
    of_each_weight,
    potential_formula,
)
from physsym.runtime.progress import progress as progress_bar
from physsym.runtime.rollout import (
    Array,
    Callback,
    Plan,
    Trajectory,
    compile_rollout,
    gradient_of,
    refuse_shadowed,
    roll_out,
    scan_out,
)
from physsym.runtime.run_errors import WatchedGradient, is_sound, not_finite
from physsym.runtime.states import State, StateLayout


def run(
    made: CompiledRule,
    w0: Value,
    grad: Value,
    steps: int,
    every: int,
    callback: Callback | None,
    progress: bool | None,
) -> Trajectory:
    """Return the trajectory of many steps; see `Optimizer.run`."""
    steps, every = whole_number("steps", steps, 0), whole_number("every", every, 1)
    refuse_short(made.parameters, steps)
    refuse_shadowed(list(map(state_name, made.states)))
    with progress_bar(steps, progress) as report:
        numbers, states = _follow(made, grad, made.init(w0), Plan(steps, every, callback, report))
    return Trajectory(numbers, made.alone(states), tuple(map(state_name, made.coordinates)))


def rollout(made: CompiledRule, state: Mapping[str, Value], grad: Value, steps: int, done: int) -> State:
    """Return the state many steps later; see `Optimizer.rollout`."""
    steps, done = whole_number("steps", steps, 0), whole_number("done", done, 0)
    refuse_short(made.parameters, done + steps)
    made.refuse_misnamed(state, wanted=made.states)
    free = made.unbounded
    own = {n: v if n in free else made.engine.start(n, v) for n, v in made.alone(state).items()}
    plan = Plan(steps, max(steps, 1), None, lambda number: None, done, keeps=False)
    return made.alone(_follow(made, grad, own, plan)[1])


def _follow(made: CompiledRule, given: Value, state: State, plan: Plan) -> tuple[Array, State]:
    """Return the numbers of the recorded steps and the states at them; or the state at the end."""
    given = named_or_read(given)
    _refuse_no_force(made, given)
    state = made.whole(state)
    plan.refuse_oversized(state)
    error = partial(_lost_on, made, given)
    if (scan := made.engine.capabilities.scan) is not None:
        names = list(map(state_name, made.coordinates)) if made.mixes else []
        own = {n: v for n, v in made.parameters.items() if not is_spread(v)}
        values = tuple(state.values())
        with np.errstate(all="ignore"):
            found = scan(made.program, given, names, own, made.constants, values)
        if found is not None:
            return scan_out(found, state, plan, error)
    if (compiled := _compiled(made, given, state)) is not None:
        return roll_out(*compiled, state, plan, error)
    return _one_by_one(made, *_functions(made, given), state, plan)


def _refuse_no_force(made: CompiledRule, given: Value) -> None:
    """Raise TypeError for what is no gradient, potential or pair of functions that the rule can use."""
    if is_pair(given) and made.program.loss is not None:
        return
    if made.program.loss is not None and not is_potential(given):
        raise TypeError(
            "the rule reads the loss, which a gradient does not tell: give a pair of functions, "
            "(loss, gradient), or a potential such as 'valley' or a formula"
        )
    varied = {n for n, v in made.parameters.items() if is_schedule(v) or is_spread(v)}
    if isinstance(given, Expr) and (read := sorted({*map(str, given.free_symbols)} & varied)):
        raise TypeError(
            f"the potential reads {read[0]}, which is not one number in this optimizer; put a number "
            "into the potential instead"
        )
    if given is not None and not callable(given) and not is_potential(given):
        raise TypeError(
            f"a run needs a callable gradient, or a potential such as 'valley', given {type(given).__name__}"
        )
    if not (is_potential(given) and made.program.loss is not None):
        made.refuse_needless(given)


def _functions(made: CompiledRule, given: Value) -> tuple[Callable[..., Value] | None, Value]:
    """Return the loss, where the rule reads it, and the gradient as functions of a point."""
    if is_pair(given):
        return given
    if not is_potential(given):
        return None, given
    if made.mixes:
        names = list(map(state_name, made.coordinates))
        loss, gradient = of_each_weight(given, made.parameters, names)
    elif made.program.loss is not None:
        loss, gradient = loss_and_gradient(given, made.parameters)
    elif (dense := dense_gradient(given)) is not None:
        return None, dense
    elif (known := potential_formula(given, made.parameters)) is not None:
        return None, gradient_of(known, made.parameters)
    else:
        return None, given.gradient
    return (loss if made.program.loss is not None else None), gradient


def _loss_at(made: CompiledRule, loss: Callable[..., Value] | None, state: State, done: int) -> Value:
    if loss is None:
        return None
    point = made.program.loss_point
    if point is not None:
        return loss(*(state[state_name(s)] for s in point))
    at = made.evaluation_point(state, done)
    return loss(*at) if isinstance(at, tuple) else loss(at)


def _compiled(made: CompiledRule, given: Value, state: State) -> tuple[Rollout, StateLayout] | None:
    """Return the compiled run on a potential of few weights, if there is one."""
    if not is_potential(given) or made.mixes or made.program.loss is not None:
        return None
    if dense_gradient(given) is not None or (known := potential_formula(given, made.parameters)) is None:
        return None
    if made.engine.capabilities.rollout is None:
        raise TypeError(f"with the backend {made.engine.name!r} give a callable gradient, not a potential")
    if any(map(is_schedule, made.parameters.values())):
        return None
    return compile_rollout(made.program, known, made.engine, made.parameters, state)


def _one_by_one(
    made: CompiledRule, loss: Callable[..., Value] | None, grad: Value, state: State, plan: Plan
) -> tuple[Array, State]:
    records = [(plan.done, state)]
    gradient = WatchedGradient(grad) if callable(grad) and made.program.evaluations else None
    ended = plan.is_ended(plan.done, partial(made.alone, state))
    for number in range(plan.done + 1, plan.done + plan.steps + 1):
        if ended:
            break
        state = _finite_step(made, state, gradient, number, loss)
        plan.report(number - plan.done)
        if (number - plan.done) % plan.every == 0 or number == plan.done + plan.steps:
            if plan.keeps:
                records.append((number, state))
            ended = plan.is_ended(number, partial(made.alone, state))
    if not plan.keeps:
        return np.array([plan.done + plan.steps]), state
    stacked = {name: made.engine.stack([s[name] for _, s in records]) for name in state}
    return np.array([n for n, _ in records]), stacked


def _finite_step(
    made: CompiledRule,
    state: State,
    gradient: WatchedGradient | None,
    number: int,
    loss: Callable[..., Value] | None,
) -> State:
    try:
        with np.errstate(all="ignore"):
            new = made.advanced(state, gradient, _loss_at(made, loss, state, number - 1), number - 1)
    except Exception as error:
        if gradient is not None and gradient.error is error:
            error.add_note(f"raised by the gradient in step {number}")
            raise
        if not isinstance(error, ArithmeticError):
            raise
        raise step_error(number, error) from error
    if lost := _lost(made, new):
        raise not_finite(lost, state, number, gradient, made.engine)
    if gradient is not None:
        gradient.calls.clear()
    return new


def _lost(made: CompiledRule, state: State) -> str:
    """Return the names of the states that are not finite; one that starts at infinity need not be."""
    free = made.unbounded
    return ", ".join(n for n, v in state.items() if not is_sound(v, n in free, made.engine))


def _lost_on(
    made: CompiledRule, given: Value, before: State, after: State, number: int
) -> FloatingPointError:
    """Return the error of a step of a compiled run: its gradients are evaluated anew."""
    loss, function = _functions(made, given)
    gradient = WatchedGradient(function) if callable(function) and made.program.evaluations else None
    try:
        with np.errstate(all="ignore"):
            made.advanced(before, gradient, _loss_at(made, loss, before, number - 1), number - 1)
    except (ArithmeticError, TypeError, ValueError):
        pass  # what was evaluated before tells enough
    return not_finite(_lost(made, after), before, number, gradient, made.engine)
