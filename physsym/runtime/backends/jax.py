"""JAX: trees of arrays, compiled from one gradient to the next; a caller may trace all of it as well."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit import array_source
from physsym.codegen.passes.partition import partition
from physsym.runtime.backends import numpy as numpy_backend
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import Backend, Capabilities, Kernel, Value, Values, constants
from physsym.runtime.backends.jax_arrays import FUNCTIONS, LIBRARY, float_leaf, on_columns
from physsym.runtime.backends.jax_scan import scan
from physsym.runtime.backends.jax_sweep import sweep, traced_sweep
from physsym.runtime.backends.pytree import Leaves, PartKernel, is_written_out


def _run(part: Program, donated: int) -> PartKernel:
    """Return a compiled part; the memory of its first states, as many as are `donated`, is used up."""
    of_all = on_columns(part)

    def run(given: Sequence[Leaves], others: Sequence[Leaves], fixed: Values) -> Sequence[Leaves]:
        return of_all([*given, *others], fixed)

    compiled = jax.jit(run, donate_argnums=0)
    return lambda columns, fixed: compiled(columns[:donated], columns[donated:], fixed)


def _compile_step(program: Program, donate: bool = False) -> Kernel:
    *before, last = partition(program)
    runs = [*(_run(part, 0) for part in before), _run(last, len(program.states) if donate else 0)]
    return pytree.kernel(program, LIBRARY, runs, partial(constants, program, BACKEND))


def _start(name: str, value: Value) -> Value:
    leaves, structure = jax.tree.flatten(value, is_leaf=is_written_out)
    if not leaves:
        raise TypeError(f"{name} must hold at least one array, given {value!r}")
    arrays = [jnp.array(float_leaf(name, leaf)) for leaf in leaves]
    if not _finite(arrays):
        raise ValueError(f"{name} must be finite, given {value}")
    return jax.tree.unflatten(structure, arrays)


def _number(name: str, value: Value) -> Value:
    """Return a parameter: a float, or an array without axes where it was computed, and may be traced."""
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


def _stack(values: Sequence[Value]) -> Value:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *values)


def _unchanged(name: str, old: Value, new: Value) -> Value:
    return new


BACKEND = Backend(
    "jax",
    array_source,
    _compile_step,
    _start,
    _number,
    _finite,
    _unchanged,
    FUNCTIONS,
    Capabilities(
        dtypes=("float16", "bfloat16", "float32", "float64"),
        trees=True,
        sweep=sweep,
        traced_sweep=traced_sweep,
        scan=scan,
    ),
    _shape,
    _at_rest,
    _stack,
    lambda value, like: jnp.broadcast_to(jnp.asarray(value, like.dtype), like.shape),
)
