"""What all backends on NumPy arrays share: their checks, and how the parts of a step follow one another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.emit import python_source
from physsym.codegen.passes.partition import evaluates_at_states, partition
from physsym.core.symbols import after
from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import Kernel, Value, Values, executed
from physsym.runtime.backends.python import FUNCTIONS
from physsym.runtime.backends.pytree import Leaves, PartKernel

Array: TypeAlias = np.ndarray[Any, Any]
Numbers: TypeAlias = Mapping[str, float]
Part: TypeAlias = Callable[[Sequence[Array], Numbers], Values]

DTYPES = ("float32", "float64")
FLOATS = tuple(map(np.dtype, DTYPES))

flatten = partial(pytree.flatten, is_leaf=pytree.holds_no_array)


def array(name: str, value: Value) -> Array:
    """Return a value as an array of floats, whole numbers as float64; TypeError for anything else."""
    found = np.asarray(value)
    if found is not value:
        refuse_unlike_arrays(name, value)
    if found.dtype in FLOATS:
        return found
    if found.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must hold float32 or float64 numbers, given {found.dtype}; use numpy.asarray(..., float)"
        )
    return found.astype(np.float64)


def refuse_unlike_arrays(name: str, value: Value) -> None:
    """Raise TypeError for a matrix, whose products are no products of elements, and for a masked array."""
    # Where NumPy's module of masked arrays was not loaded, there is none.
    if "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, whose mask a step does not heed; give numpy.ma.filled(..., 0.0) of "
            "it, or the elements that are not masked"
        )
    if isinstance(value, np.matrix):
        raise TypeError(f"{name} is a numpy.matrix, which is no array; give numpy.asarray(...) of it")


def start(name: str, value: Value) -> Value:
    """Return a state of one's own, an array or a tree of arrays; ValueError unless it is finite."""
    leaves, structure = flatten(value)
    own = [np.array(array(name, leaf), order="C") for leaf in leaves]
    if not all(np.isfinite(leaf).all() for leaf in own):
        raise ValueError(f"{name} must be finite, given {value}")
    return pytree.unflatten(structure, own)


def number(name: str, value: Value) -> float:
    """Return a parameter as a float; TypeError unless it is one real number, ValueError unless finite."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # of any library
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be one real number, given {value!r}")
    found = as_float(name, value)
    if not np.isfinite(found):
        raise ValueError(f"{name} must be finite, given {value}")
    return found


def as_float(name: str, value: Any) -> float:
    """Return a number as a float; ValueError where it is larger than all floats."""
    try:
        return float(value)
    except OverflowError:
        # The number itself may be too long to be shown.
        raise ValueError(f"{name} must be a number that floats hold, at most about 1.8e308") from None


def finite(value: Value) -> bool:
    """Return whether all numbers of an array or a tree of arrays are finite."""
    return all(bool(np.isfinite(leaf).all()) for leaf in flatten(value)[0])


def unchanged(name: str, old: Value, new: Value) -> Value:
    """Return the new state, whose shape was held to that of the old one when it was computed."""
    return new


def shape(value: Value) -> object:
    """Return structure and shapes of a tree."""
    leaves, structure = flatten(value)
    return structure, tuple(np.shape(leaf) for leaf in leaves)


def at_rest(value: Value) -> Value:
    """Return zeros like the arrays of a tree."""
    leaves, structure = flatten(value)
    return pytree.unflatten(structure, [leaf - leaf for leaf in leaves])


def stack(values: Sequence[Value]) -> Value:
    """Return the records of a state as an array, or as a tree of arrays, (records, *shape)."""
    flat, structure = [pytree.flatten(v)[0] for v in values], pytree.flatten(values[0])[1]
    return pytree.unflatten(structure, [np.array(leaves) for leaves in zip(*flat, strict=True)])


def spread(value: Value, like: Array) -> Array:
    """Return a value in the shape and the type of an array."""
    return np.array(np.broadcast_to(np.asarray(value, np.asarray(like).dtype), np.shape(like)))


def share_layout(arrays: Sequence[Array]) -> bool:
    """Return whether one loop can run over all arrays: contiguous, of one shape and one type."""
    first = arrays[0]
    return first.ndim > 0 and all(
        a.flags.c_contiguous and a.shape == first.shape and a.dtype == first.dtype for a in arrays
    )


def constants_function(program: Program) -> Callable[[Numbers], tuple[float, ...]]:
    """Return the function that computes `program.constants`, in double precision, from numbers by name."""
    scalars = replace(program, states=(), body=(), results=program.constants, counters=())
    run = executed(scalars, python_source(scalars), FUNCTIONS)
    return lambda numbers: tuple(run((), None, numbers))


def kernel_of_parts(program: Program, compile_part: Callable[[Program], Part]) -> Kernel:
    """Return the kernel of a program whose parts are compiled one by one; states may be trees of arrays.

    A compiled part gives arrays of its own.
    """
    *wanted, last = partition(program)
    counted = set(map(after, program.counters))
    results = tuple(r for r in program.results if r not in counted)
    alone = replace(program, states=program.arrays, results=results, counters=())
    library = replace(LIBRARY, cast=_copied) if len(program.evaluations) > 1 else LIBRARY
    parts = [_states_as_they_are(p) if evaluates_at_states(p) else compile_part(p) for p in wanted]
    runs = [_by_rows(_read_only_results(part)) for part in parts]
    kernel = pytree.kernel(alone, library, [*runs, _by_rows(compile_part(last))], _numbers)
    return _counting(program, kernel) if counted else kernel


def _numbers(given: Mapping[str, Value]) -> Numbers:
    return {name: number(name, value) for name, value in given.items()}


def _counting(program: Program, kernel: Kernel) -> Kernel:
    """Return the kernel with counters, which it takes as numbers, counted on."""
    (*_, last) = partition(program)
    count = constants_function(last)
    index = {after(s): last.constants.index(after(s)) for s in program.counters}

    def counting(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        given = dict(zip(program.states, states, strict=True))
        numbers = _numbers({**parameters, **{state_name(s): given[s] for s in program.counters}})
        new = iter(kernel([given[s] for s in program.arrays], gradient, numbers))
        fixed = count(numbers)
        return tuple(np.asarray(fixed[index[r]]) if r in index else next(new) for r in program.results)

    return counting


def _by_rows(part: Part) -> PartKernel:
    def run(columns: Sequence[Leaves], numbers: Numbers) -> Sequence[Leaves]:
        return list(zip(*(part(row, numbers) for row in zip(*columns, strict=True)), strict=True))

    return run


def _states_as_they_are(part: Program) -> Part:
    wanted = [part.states.index(s) for s in part.body[-1].values]
    return lambda row, numbers: tuple(row[k] for k in wanted)


def _read_only_results(part: Part) -> Part:
    """Return what computes evaluation points, which the gradient is given read-only."""
    return lambda row, numbers: tuple(map(_read_only, part(row, numbers)))


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


LIBRARY = pytree.ArrayLibrary(flatten, pytree.unflatten, array, _cast, _filled)
