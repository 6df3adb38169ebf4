"""What all backends on NumPy arrays share: their checks, and how the stages of a step follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.emit import python_source
from physsym.codegen.passes.partition import is_at_states, stages
from physsym.core.symbols import after
from physsym.runtime.backends import optree, pytree
from physsym.runtime.backends.base import Kernel, Value, Values, executed
from physsym.runtime.backends.python import FUNCTIONS
from physsym.runtime.backends.pytree import Leaves, StageKernel

Array: TypeAlias = np.ndarray[Any, Any]
Numbers: TypeAlias = Mapping[str, float]
Stage: TypeAlias = Callable[[Sequence[Array], Numbers], Values]

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

flatten = partial(optree.flatten, is_leaf=optree.holds_no_array)


def array(name: str, value: Value) -> Array:
    """Return a value as an array of floats, whole numbers as float64; TypeError for anything else."""
    found = np.asarray(value)
    if found.dtype in FLOATS:
        return found
    if found.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must hold float32 or float64 numbers, given {found.dtype}; use numpy.asarray(..., float)"
        )
    return found.astype(np.float64)


def start(name: str, value: Value) -> Value:
    """Return a state of one's own, an array or a tree of arrays; ValueError unless it is finite."""
    leaves, structure = flatten(value)
    own = [np.array(array(name, leaf), order="C") for leaf in leaves]
    if not all(np.isfinite(leaf).all() for leaf in own):
        raise ValueError(f"{name} must be finite, given {value}")
    return optree.unflatten(structure, own)


def number(name: str, value: Value) -> float:
    """Return a parameter as a float; TypeError unless it is one real number, ValueError unless finite."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be one real number, given {value!r}")
    if not np.isfinite(float(value)):
        raise ValueError(f"{name} must be finite, given {value}")
    return float(value)


def finite(value: Value) -> bool:
    """Return whether all numbers of an array or a tree of arrays are finite."""
    return all(bool(np.isfinite(leaf).all()) for leaf in flatten(value)[0])


def as_it_is(name: str, old: Value, new: Value) -> Value:
    """Return the new state, whose shape was held to that of the old one when it was computed."""
    return new


def shape(value: Value) -> object:
    """Return structure and shapes of a tree."""
    leaves, structure = flatten(value)
    return structure, tuple(np.shape(leaf) for leaf in leaves)


def at_rest(value: Value) -> Value:
    """Return zeros like the arrays of a tree."""
    leaves, structure = flatten(value)
    return optree.unflatten(structure, [leaf - leaf for leaf in leaves])


def alike(arrays: Sequence[Array]) -> bool:
    """Return whether arrays can be walked through together: contiguous, of one shape and one type."""
    first = arrays[0]
    return first.ndim > 0 and all(
        a.flags.c_contiguous and a.shape == first.shape and a.dtype == first.dtype for a in arrays
    )


def host(program: Program) -> Callable[[Numbers], tuple[float, ...]]:
    """Return the function that computes `program.constants`, in double precision, from numbers by name."""
    made = replace(program, states=(), body=(), results=program.constants, counters=())
    run = executed(made, python_source(made), FUNCTIONS)
    return lambda numbers: tuple(run((), None, numbers))


def staged(program: Program, compiled: Callable[[Program], Stage]) -> Kernel:
    """Return the kernel of a program whose stages are compiled one by one; states may be trees of arrays.

    A compiled stage gives arrays of its own.
    """
    *wanted, last = stages(program)
    counted = set(map(after, program.counters))
    results = tuple(r for r in program.results if r not in counted)
    alone = replace(program, states=program.arrays, results=results, counters=())
    library = replace(LIBRARY, cast=_copied) if len(program.evaluations) > 1 else LIBRARY
    runs = [_shown(_states_as_they_are(p) if is_at_states(p) else compiled(p)) for p in wanted]
    kernel = pytree.kernel(alone, library, [*runs, _by_rows(compiled(last))], _numbers)
    return _counting(program, kernel) if counted else kernel


def _numbers(given: Mapping[str, Value]) -> Numbers:
    return {name: number(name, value) for name, value in given.items()}


def _counting(program: Program, kernel: Kernel) -> Kernel:
    """Return the kernel with counters, which it takes as numbers, counted on."""
    (*_, last) = stages(program)
    count = host(last)
    at = {after(s): last.constants.index(after(s)) for s in program.counters}

    def counting(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        given = dict(zip(program.states, states, strict=True))
        numbers = _numbers({**parameters, **{state_name(s): given[s] for s in program.counters}})
        new = iter(kernel([given[s] for s in program.arrays], gradient, numbers))
        fixed = count(numbers)
        return tuple(np.asarray(fixed[at[r]]) if r in at else next(new) for r in program.results)

    return counting


def _by_rows(stage: Stage) -> StageKernel:
    def run(columns: Sequence[Leaves], numbers: Numbers) -> Sequence[Leaves]:
        return list(zip(*(stage(row, numbers) for row in zip(*columns, strict=True)), strict=True))

    return run


def _shown(stage: Stage) -> StageKernel:
    """Return what computes places, which are shown read-only to the gradient."""
    return _by_rows(lambda row, numbers: tuple(map(_read_only, stage(row, numbers))))


def _states_as_they_are(stage: Program) -> Stage:
    wanted = [stage.states.index(s) for s in stage.body[-1].values]
    return lambda row, numbers: tuple(row[k] for k in wanted)


def _read_only(value: Value) -> Array:
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


def _cast(value: Array, like: Array) -> Array:
    return value.astype(like.dtype, copy=False)


def _copied(value: Array, like: Array) -> Array:
    # A callable may fill one array again and again: what it gave before must not change.
    return value.astype(like.dtype, copy=True)


def _filled(name: str, old: Array, new: Value) -> Array:
    if np.shape(new) == old.shape:
        return new  # type: ignore[no-any-return]
    if np.ndim(new) == 0:
        return np.full_like(old, new)
    raise ValueError(
        f"{name} has shape {old.shape}, its new value {np.shape(new)}; give added states one shape"
    )


LIBRARY = pytree.Library(flatten, optree.unflatten, array, _cast, _filled)
