"""Potentials and gradients as functions that JAX can trace."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sympy import Expr, Symbol, lambdify

from physsym.codegen import Formula, state_name
from physsym.codegen.emit import array_source
from physsym.core.counts import counted
from physsym.runtime.backends.arrays import refuse_unlike_arrays
from physsym.runtime.backends.base import Value, executed, parameter_names
from physsym.runtime.backends.jax_arrays import FUNCTIONS
from physsym.runtime.potentials import Problem, is_pair, is_potential, potential_formula, refuse_no_quadratic


@dataclass(frozen=True)
class Force:
    """The gradient, a function of its evaluation point, and the loss, where it is known.

    Two of one `key` are the same function; where it is a value, such as that of a formula, what the function
    reads cannot have changed since.
    """

    gradient: Callable[..., Value] | None
    loss: Callable[..., Value] | None
    key: Hashable
    is_value: bool


def force(given: Value, names: Sequence[str], parameters: Mapping[str, Value]) -> Force:
    """Return what a user gives as gradient or potential, for a rule that mixes coordinates of these names."""
    if is_pair(given):
        return Force(given[1], given[0], given, is_value=False)
    if not is_potential(given):
        return Force(given, None, given, is_value=given is None)
    found = _potential(given, parameters)
    return _of_each_weight(found, names) if names else found


def _potential(given: Value, parameters: Mapping[str, Value]) -> Force:
    if not isinstance(given, (Problem, Expr)):
        return _quadratic(given)
    formula = potential_formula(given, parameters)
    if formula is not None:
        return _formula(formula, parameters)
    return Force(given.gradient, given.value, given, is_value=True)


def _quadratic(given: Value) -> Force:
    """Return a quadratic by its curvatures or its matrix, which a caller may trace."""
    is_known = not isinstance(given, jax.core.Tracer)
    numbers = np.asarray(given, float) if is_known else given
    if is_known:
        refuse_unlike_arrays("the potential", given)
        refuse_no_quadratic(np.diag(numbers) if numbers.ndim == 1 else numbers)
    count = len(numbers)

    def gradient(point: Value) -> Value:
        _refuse_tree(point)
        if jnp.ndim(point) == 0 or (count == 1 and numbers.ndim == 1):
            _refuse_count(count, 1)
            return jnp.asarray(numbers, jnp.result_type(point)).reshape(()) * point
        own = jnp.asarray(numbers, jnp.result_type(point))
        flat = _flat(point, count)
        return jnp.reshape(own * flat if own.ndim == 1 else own @ flat, jnp.shape(point))

    key: Any = (numbers.shape, numbers.tobytes()) if is_known else numbers
    return Force(gradient, lambda point: jnp.sum(point * gradient(point)) / 2, key, is_known)


def _formula(formula: Formula, parameters: Mapping[str, Value]) -> Force:
    weights, others = formula.weights, _others(formula)
    numbers = [parameters[state_name(s)] for s in others]
    own = {state_name(s): parameters[state_name(s)] for s in others}

    def gradient(point: Value) -> Value:
        _refuse_tree(point)
        kind = jnp.result_type(point)
        fixed = {n: v if isinstance(v, float) else jnp.asarray(v, kind) for n, v in own.items()}
        run = _gradient(formula)
        if len(weights) == 1:
            return jnp.broadcast_to(jnp.asarray(run((point,), None, fixed)[0], kind), jnp.shape(point))
        found = run([*_flat(point, len(weights))], None, fixed)
        return jnp.reshape(jnp.stack([jnp.asarray(v, kind) for v in found]), jnp.shape(point))

    def loss(point: Value) -> Value:
        value = _value(formula)
        if len(weights) == 1:
            return jnp.sum(jnp.broadcast_to(value(point, *numbers), jnp.shape(point)))
        return value(*_flat(point, len(weights)), *numbers)

    return Force(gradient, loss, (formula, tuple(numbers)), is_value=True)


def _others(formula: Formula) -> list[Symbol]:
    return sorted(formula.value.free_symbols - {*formula.weights}, key=str)


@lru_cache(maxsize=32)
def _gradient(formula: Formula) -> Callable[..., Value]:
    """Return the gradient as a function of the components, and of the other symbols that it reads."""
    program = formula.gradient
    run, read = executed(program, array_source(program), FUNCTIONS), parameter_names(program)
    return lambda values, gradient, given: run(values, gradient, {n: given[n] for n in read})


@lru_cache(maxsize=32)
def _value(formula: Formula) -> Callable[..., Value]:
    found: Callable[..., Value] = lambdify(
        [*formula.weights, *_others(formula)], formula.value, modules="jax"
    )
    return found


def _of_each_weight(on: Force, names: Sequence[str]) -> Force:
    """Return a potential as functions of one argument a weight, for a rule that mixes its weights."""
    gradient, loss = on.gradient, on.loss
    assert gradient is not None
    assert loss is not None

    def together(points: tuple[Value, ...]) -> Value:
        return jnp.stack([jnp.reshape(point, ()) for point in points])

    def gradients(*points: Value) -> tuple[Value, ...]:
        found = gradient(together(points))
        return tuple(jnp.reshape(slope, jnp.shape(p)) for slope, p in zip(found, points, strict=True))

    return Force(gradients, lambda *points: loss(together(points)), (on.key, *names), on.is_value)


def _refuse_tree(point: Value) -> None:
    if not jax.tree_util.treedef_is_leaf(jax.tree.structure(point)):
        raise TypeError(
            "a potential is a function of one array of weights, and the state is a tree of "
            f"{len(jax.tree.leaves(point))}; give a callable gradient"
        )


def _flat(point: Value, count: int) -> Any:
    _refuse_count(count, jnp.size(point))
    return jnp.ravel(point)


def _refuse_count(count: int, given: int) -> None:
    if count != given:
        raise ValueError(
            f"the potential has {counted(count, 'weight')}, the state {counted(given, 'component')}"
        )
