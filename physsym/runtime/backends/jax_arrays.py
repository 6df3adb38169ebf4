"""Arrays of JAX: made of what is given, and computed with, leaf by leaf."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit import array_source
from physsym.codegen.expression_tree import OPERATIONS
from physsym.codegen.passes.branches import with_gated_branches
from physsym.runtime.backends import pytree
from physsym.runtime.backends.arrays import refuse_unlike_arrays
from physsym.runtime.backends.base import Value, Values, executed, parameter_names
from physsym.runtime.backends.python import FUNCTIONS as OF_FLOATS
from physsym.runtime.backends.pytree import GRADIENT, Leaves, PartKernel


def _either(name: str, *values: Value) -> Value:
    # Among floats alone all is computed in the precision of Python, whatever that of the arrays.
    single = all(isinstance(v, (int, float)) for v in values)
    return (OF_FLOATS[name] if single else getattr(jnp, name))(*values)


def _where(condition: Value, value: Value, other: Value) -> Value:
    if isinstance(condition, (bool, np.bool_)):
        return value if condition else other
    return jnp.where(condition, value, other)


def _taken(condition: Value, value: Value) -> Value:
    if isinstance(condition, (bool, np.bool_)) or not isinstance(value, jax.Array):
        return value
    return jnp.where(condition, value, jax.lax.stop_gradient(value))


NARROWED = (
    "{} is of double precision, and JAX computes in single precision, float32: switch the other on with "
    'jax.config.update("jax_enable_x64", True) before any array is made, or give float32 arrays'
)

FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    **{name: partial(_either, name) for name in OPERATIONS},
    "where": _where,
    "taken": _taken,
}


def holds_tracers(tree: Value) -> bool:
    """Return whether a tree has numbers that JAX does not know: a caller transforms what reads them."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))


def leaf_function(part: Program) -> Callable[[Sequence[Value], Values], Values]:
    """Return a part of a program as a function of a leaf of each state and of the constants, to be traced.

    Constants that are arrays take the type of the leaf; floats never widen one.
    """
    alone = with_gated_branches(replace(part, parameters=part.constants, scalars=()))
    run = executed(alone, array_source(alone), FUNCTIONS)
    names = parameter_names(alone)

    def on_leaf(leaves: Sequence[Value], fixed: Values) -> Values:
        own = (c if isinstance(c, float) else jnp.asarray(c, leaves[0].dtype) for c in fixed)
        found: Values = run(leaves, None, dict(zip(names, own, strict=True)))
        return found

    return on_leaf


def on_columns(part: Program) -> PartKernel:
    """Return a part of a program as a function of the leaves of all states, to be traced."""
    on_leaf = leaf_function(part)

    def run(columns: Sequence[Leaves], fixed: Values) -> list[Leaves]:
        return list(zip(*(on_leaf(leaves, fixed) for leaves in zip(*columns, strict=True)), strict=True))

    return run


def float_leaf(name: str, value: Value) -> jax.Array:
    """Return an array of floats; TypeError for another type, for states also for arrays of whole numbers.

    Warns where a state of double precision becomes one of single precision because JAX has the other off.
    """
    refuse_unlike_arrays(name, value)
    try:
        array = jnp.asarray(value)
    except TypeError as error:
        raise TypeError(f"{name} must hold floating-point numbers, given {value!r}") from error
    is_state, is_array = name != GRADIENT, hasattr(value, "dtype")
    if jnp.issubdtype(array.dtype, jnp.floating):
        given = value.dtype if is_array else np.asarray(value).dtype
        if is_state and given == np.float64 and array.dtype == np.float32:
            warnings.warn(NARROWED.format(name), stacklevel=2)
        return array.astype(array.dtype)  # no longer what JAX calls weakly typed
    if not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"{name} must hold floating-point numbers, given {array.dtype}")
    if is_state and is_array:
        raise TypeError(
            f"{name} must hold floating-point numbers, given {array.dtype}, which a step would round; "
            f"give floats, such as {name}.astype(float)"
        )
    return array.astype(float)


def _cast(value: jax.Array, like: jax.Array) -> jax.Array:
    return value.astype(like.dtype)


def _filled(name: str, old: jax.Array, new: Value) -> jax.Array:
    array = jnp.asarray(new, old.dtype)
    if array.shape == old.shape:
        return array
    if array.ndim == 0:
        return jnp.full_like(old, array)
    raise ValueError(
        f"{name} has shape {old.shape}, its new value {array.shape}; give added states one shape"
    )


LIBRARY = pytree.ArrayLibrary(jax.tree.flatten, jax.tree.unflatten, float_leaf, _cast, _filled)
