"""JAX: trees of arrays, compiled from one gradient to the next; a caller may trace all of it as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit import array_source
from physsym.codegen.expression_tree import OPERATIONS
from physsym.codegen.passes.partition import partition
from physsym.runtime.backends import numpy as numpy_backend
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import (
    Backend,
    Capabilities,
    Kernel,
    Value,
    Values,
    constants,
    executed,
    parameter_names,
)
from physsym.runtime.backends.python import FUNCTIONS as OF_FLOATS
from physsym.runtime.backends.pytree import Leaves, PartKernel, is_written_out


def _either(name: str, *values: Value) -> Value:
    # Among floats alone all is computed in the precision of Python, whatever that of the arrays.
    single = all(isinstance(v, (int, float)) for v in values)
    return (OF_FLOATS[name] if single else getattr(jnp, name))(*values)


def _where(condition: Value, value: Value, other: Value) -> Value:
    if isinstance(condition, (bool, np.bool_)):
        return value if condition else other
    return jnp.where(condition, value, other)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    **{name: partial(_either, name) for name in OPERATIONS},
    "where": _where,
}


def leaf_function(part: Program) -> Callable[[Sequence[Value], Values], Values]:
    """Return a part of a program as a function of a leaf of each state and of the constants, to be traced.

    Constants that are arrays take the type of the leaf; floats never widen one.
    """
    alone = replace(part, parameters=part.constants, scalars=())
    run = executed(alone, array_source(alone), FUNCTIONS)
    names = parameter_names(alone)

    def on_leaf(leaves: Sequence[Value], fixed: Values) -> Values:
        own = (c if isinstance(c, float) else jnp.asarray(c, leaves[0].dtype) for c in fixed)
        found: Values = run(leaves, None, dict(zip(names, own, strict=True)))
        return found

    return on_leaf


def _run(part: Program, donated: int) -> PartKernel:
    """Return a compiled part; the memory of its first states, as many as are `donated`, is used up."""
    on_leaf = leaf_function(part)

    def run(given: Sequence[Leaves], others: Sequence[Leaves], fixed: Values) -> list[Leaves]:
        found = [on_leaf(leaves, fixed) for leaves in zip(*given, *others, strict=True)]
        return list(zip(*found, strict=True))

    compiled = jax.jit(run, donate_argnums=0)
    return lambda columns, fixed: compiled(columns[:donated], columns[donated:], fixed)


def _compile_step(program: Program, donate: bool = False) -> Kernel:
    *before, last = partition(program)
    runs = [*(_run(part, 0) for part in before), _run(last, len(program.states) if donate else 0)]
    return pytree.kernel(program, LIBRARY, runs, partial(constants, program, BACKEND))


def _leaf(name: str, value: Value) -> jax.Array:
    try:
        array = jnp.asarray(value)
    except TypeError as error:
        raise TypeError(f"{name} must hold floating-point numbers, given {value!r}") from error
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array.astype(array.dtype)  # no longer what JAX calls weakly typed
    if not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"{name} must hold floating-point numbers, given {array.dtype}")
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


def _start(name: str, value: Value) -> Value:
    leaves, structure = jax.tree.flatten(value, is_leaf=is_written_out)
    if not leaves:
        raise TypeError(f"{name} must hold at least one array, given {value!r}")
    arrays = [jnp.array(_leaf(name, leaf)) for leaf in leaves]
    if not _finite(arrays):
        raise ValueError(f"{name} must be finite, given {value}")
    return jax.tree.unflatten(structure, arrays)


def _number(name: str, value: Value) -> Value:
    """Return a parameter: a float, or an array without axes where a schedule has computed it."""
    if not isinstance(value, jax.Array):
        return numpy_backend.BACKEND.number(name, value)
    if value.ndim or not jnp.issubdtype(value.dtype, jnp.number):
        raise TypeError(f"{name} must be one real number, given {value}")
    return value


def _finite(value: Value) -> bool:
    """Return whether all is finite; what is being traced has no value yet and passes."""
    known = (v for v in jax.tree.leaves(value) if not isinstance(v, jax.core.Tracer))
    return all(bool(np.isfinite(np.asarray(v, float)).all()) for v in known)


def _at_rest(value: Value) -> Value:
    return jax.tree.map(jnp.zeros_like, value)


def _shape(value: Value) -> Any:
    return jax.tree.structure(value), tuple(jnp.shape(leaf) for leaf in jax.tree.leaves(value))


def _unchanged(name: str, old: Value, new: Value) -> Value:
    return new


LIBRARY = pytree.ArrayLibrary(jax.tree.flatten, jax.tree.unflatten, _leaf, _cast, _filled)
BACKEND = Backend(
    "jax",
    array_source,
    _compile_step,
    _start,
    _number,
    _finite,
    _unchanged,
    FUNCTIONS,
    Capabilities(dtypes=("float16", "bfloat16", "float32", "float64"), trees=True),
    _shape,
    _at_rest,
)
