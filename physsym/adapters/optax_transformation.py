"""A rule as a gradient transformation for optax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax as library
from sympy import Symbol

from physsym.adapters.evaluation_point import (
    counter_starts,
    describe_evaluation_points,
    refuse_clock,
    weights_state,
    with_counters_given,
)
from physsym.codegen import Program, partition, program, state_name
from physsym.codegen.straight_line import live_lines
from physsym.core.statements import Rule, Update
from physsym.core.symbols import BEFORE, after
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime import coordinates
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import Kernel, Value, Values, constants, refuse_misnamed
from physsym.runtime.backends.jax import BACKEND
from physsym.runtime.backends.jax_arrays import LIBRARY, float_leaf, leaf_function, on_columns
from physsym.runtime.start import refuse_out_of_range, start_values, with_typical

ADDED = Symbol("added to the weights", real=True)


class RuleState(NamedTuple):
    """The state of a rule between updates: how many there were, and by name all states but the weights."""

    count: jax.Array
    states: dict[str, Value]


class RuleTransformation(library.GradientTransformation):
    """An `optax.GradientTransformation` with the types of its two functions, made by `optax`."""

    __slots__ = ()
    init: Callable[[Value], RuleState]
    update: Callable[..., tuple[Value, RuleState]]


def optax(rule: RuleText, **parameters: Value) -> RuleTransformation:
    """Return a rule as an `optax.GradientTransformation`: its updates are what the rule adds to the weights.

    The weights are the state at which the rule takes its gradient. States with a start value in the rule
    start there, other positions where the weights do, all else at zero. Weights may be any pytree; where the
    rule reads their values, `update` must be given them. Where it reads the loss, the transformation takes
    extra arguments, and `update` must be given `value=`, as for optax's own Polyak step; where it takes
    several gradients, `update` must be given `gradient=`, a function of the weights.

    Parameters
    ----------
    rule : Rule
        The update rule, or what has one: an update, a derivation, an optimizer.
    **parameters
        The parameters of the rule, each a number or a schedule: a callable of the number of steps done. One
        that is not given has its typical value, if the rule has one.

    Returns
    -------
    RuleTransformation
        An `optax.GradientTransformation`.

    Raises
    ------
    ValueError
        For a rule that takes its gradient elsewhere than at a state, and where the rule is not defined for
        its parameters.
    TypeError
        For missing, unknown or unfit parameters, for what has no rule, and in `init` for weights that are
        no floats.

    Warns
    -----
    UserWarning
        In `init` for weights of double precision where JAX has it switched off.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> momentum = optax(rule({u: rho * u - eta * G, x: x + after(u)}), eta=lambda count: 0.5, rho=0.9)
    >>> weights = jnp.ones(2)
    >>> updates, state = momentum.update(2 * weights, momentum.init(weights))
    >>> library.apply_updates(weights, updates).tolist()
    [0.0, 0.0]
    """
    if isinstance(parameters.get("parameters"), Mapping):  # as optax.inject_hyperparams hands them on
        raise TypeError(
            "optax.inject_hyperparams sees the parameters that a function names: give it "
            "lambda eta: physsym.adapters.optax(rule, eta=eta), with the parameters of the rule"
        )
    rule = as_rule(rule)
    parameters = with_typical(rule, parameters)
    increment = _increment(rule, parameters)
    refuse_misnamed(program(rule), parameters)
    refuse_out_of_range(rule, parameters)
    increment.constants(parameters, 0)

    def init(params: Value) -> RuleState:
        params = jax.tree.map(partial(float_leaf, increment.weights), params)
        rest = jax.tree.map(jnp.zeros_like, params)
        states = {n: params if n in increment.placed else rest for n in increment.others}
        begun = {n: states[n] for n in states if n not in increment.started} | {increment.weights: params}
        given = increment.given(parameters, 0)
        found = dict(start_values(rule, {**begun, **given}, given, rest, increment.counters, BACKEND))
        return RuleState(jnp.zeros((), jnp.int32), states | {n: v for n, v in found.items() if n in states})

    loss = increment.program.loss

    def update(
        updates: Value, state: RuleState, params: Value = None, **extra: Value
    ) -> tuple[Value, RuleState]:
        if params is None and increment.weights in increment.reads:
            raise ValueError(
                f"the rule reads the weights ({increment.weights}): give update(updates, state, params)"
            )
        given = increment.given(parameters, state.count)
        if loss is not None:
            if extra.get("value") is None:
                raise ValueError("the rule reads the loss: give update(updates, state, params, value=loss)")
            given[state_name(loss)] = jnp.asarray(extra["value"])
        fixed, known = increment.fixed(given), {**state.states, increment.weights: params}
        if increment.kernel is None:
            new, states = increment(updates, known, fixed)
        else:
            new, states = increment.evaluating(extra.get("gradient"), known, fixed)
        return new, RuleState(library.safe_increment(state.count), states)

    if loss is not None or increment.kernel is not None:
        with_value: RuleTransformation = library.GradientTransformationExtraArgs(init, update)
        return with_value
    return RuleTransformation(init, update)


@dataclass(frozen=True)
class _Increment:
    """A rule as what it adds to the weights: a function of one leaf of each of `reads`, gradient included."""

    program: Program
    weights: str
    gradient: str
    counters: Mapping[str, float]
    reads: tuple[str, ...]
    others: tuple[str, ...]
    placed: tuple[str, ...]
    started: frozenset[str]
    run: Callable[[Values, Values], Values]
    kernel: Kernel | None = None  # of a rule that takes several gradients: a step on whole trees

    def constants(self, parameters: Mapping[str, Value], count: Value) -> Values:
        """Return the constants after some steps, from which schedules and counters follow."""
        return self.fixed(self.given(parameters, count))

    def fixed(self, given: Mapping[str, Value]) -> Values:
        """Return the constants of a step; parameters that start values alone read are none of its."""
        names = {*map(state_name, self.program.parameters), *map(state_name, self.program.counters)}
        names |= {state_name(self.program.loss)} if self.program.loss is not None else set()
        return constants(self.program, BACKEND, {n: v for n, v in given.items() if n in names})

    def given(self, parameters: Mapping[str, Value], count: Value) -> dict[str, Value]:
        """Return parameters and counters after some steps; counters count from their start values."""
        given = {name: value(count) if callable(value) else value for name, value in parameters.items()}
        return given | {name: count + start if start else count for name, start in self.counters.items()}

    def evaluating(
        self, gradient: Value, states: Mapping[str, Value], fixed: Values
    ) -> tuple[Value, dict[str, Value]]:
        """Return the increment and the new states of a rule that evaluates the gradient itself."""
        if not jax.tree.leaves(states[self.weights]):
            return states[self.weights], {n: states[n] for n in self.others}
        if not callable(gradient):
            raise TypeError(
                "the rule takes several gradients: give update(updates, state, params, gradient=f), "
                "with a function of the weights, such as f = jax.grad(loss)"
            )
        assert self.kernel is not None
        added = jax.tree.map(jnp.zeros_like, states[self.weights])
        known = {**states, state_name(ADDED): added}
        names = list(map(state_name, self.program.states))
        new = dict(zip(names, self.kernel([known[n] for n in names], gradient, fixed), strict=True))  # type: ignore[arg-type]
        return new[state_name(ADDED)], {n: new[n] for n in self.others}

    def __call__(
        self, gradients: Value, states: Mapping[str, Value], fixed: Values
    ) -> tuple[Value, dict[str, Value]]:
        leaves, structure = jax.tree.flatten(gradients, is_leaf=lambda gradient: gradient is None)
        if not leaves:  # as where optax.masked leaves nothing
            return gradients, {n: states[n] for n in self.others}
        split = {
            n: _columns(structure, tree) for n, tree in states.items() if n in (*self.reads, *self.others)
        }
        split[self.gradient] = leaves
        rows = [dict(zip(split, row, strict=True)) for row in zip(*split.values(), strict=True)]
        found = [self._on_leaf(row, fixed) for row in rows]
        new, *rest = (structure.unflatten(column) for column in zip(*found, strict=True))
        return new, dict(zip(self.others, rest, strict=True))

    def _on_leaf(self, row: Mapping[str, Value], fixed: Values) -> Values:
        """Return the increment, then the new states; a weight without gradient is left alone."""
        names = (self.gradient, *self.others)
        if row[self.gradient] is None:
            return tuple(row[name] for name in names)
        row = {n: value if hasattr(value, "dtype") else jnp.asarray(value) for n, value in row.items()}
        old = [row[name] for name in names]
        if not jnp.issubdtype(jnp.result_type(old[0]), jnp.floating):
            raise TypeError(
                f"the gradient must hold floating-point numbers, given {jnp.result_type(old[0])}; "
                "a weight without gradient has None"
            )
        for name, value in row.items():
            if jnp.shape(value) != jnp.shape(old[0]):
                raise ValueError(
                    f"the gradient has shape {jnp.shape(old[0])}, and {name} has {jnp.shape(value)}; "
                    "they must agree"
                )
        new = self.run(tuple(row[name] for name in self.reads), fixed)
        named = (self.weights, *self.others)
        return tuple(LIBRARY.filled(*three) for three in zip(named, old, new, strict=True))


def _columns(structure: Value, tree: Value) -> list[Value]:
    """Return the leaves of a state in the order of those of the gradients; ValueError for another tree."""
    try:
        found: list[Value] | None = structure.flatten_up_to(tree)
    except ValueError:
        found = None
    if found is None or not jax.tree_util.all_leaves(found, lambda leaf: leaf is None):
        raise ValueError(
            f"the gradients are another tree than the weights with which init was called: {structure}"
        )
    return found


def _increment(rule: Rule, parameters: Mapping[str, Value]) -> _Increment:
    refuse_clock(rule)
    weights = weights_state(program(rule))
    is_several = weights is None and len(program(rule).evaluations) > 1 and len(coordinates(rule)) == 1
    if is_several:
        (weights,) = coordinates(rule)
    if weights is None:
        raise ValueError(f"optax takes the gradient at the weights, {describe_evaluation_points(rule)}")
    counting = program(_adding(rule, weights))
    whole = with_counters_given(counting)
    last = partition(whole)[-1]
    new = dict(zip(whole.states, last.results, strict=True))
    others = tuple(s for s in whole.states if s not in (weights, ADDED))
    results = (new[ADDED], *(new[s] for s in others))
    body = live_lines(last.body, results)
    read = {s for line in body for s in line.reads} | {*results}
    alone = replace(last, states=tuple(s for s in last.states if s in read), body=body, results=results)
    placed = {*coordinates(rule), *(s for s in others if s.name == weights.name + BEFORE)}
    return _Increment(
        whole,
        state_name(weights),
        state_name(whole.evaluations[0].targets[0]),
        counter_starts(rule, map(state_name, counting.counters), parameters),
        tuple(map(state_name, alone.states)),
        tuple(map(state_name, others)),
        tuple(state_name(s) for s in others if s in placed),
        frozenset(state_name(s) for s, _ in rule.start),
        leaf_function(alone),
        pytree.kernel(whole, LIBRARY, [on_columns(p) for p in partition(whole)], lambda fixed: fixed)
        if is_several
        else None,
    )


def _adding(rule: Rule, weights: Symbol) -> Rule:
    """Return the rule with what it adds to the weights as a state of its own."""
    now = {after(weights): weights + after(ADDED)}
    updates = [Update(u.target, u.value.xreplace(now)) for u in rule.updates]
    split = [Update(ADDED, u.value - weights) if u.target == weights else u for u in updates]
    return Rule((*split, Update(weights, weights + after(ADDED))))
