"""NumPy: arrays of floats of either size, updated by a plain function or in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from numbers import Real
from typing import Any

import numpy as np

from physsym.kernels.backend import Backend, InPlace, Kernel, Value, Values, executed, gradient_at
from physsym.kernels.in_place import in_place_source
from physsym.kernels.python_backend import FUNCTIONS
from physsym.operation import OPERATIONS, Operation
from physsym.program import Assignment, Program, state_name
from physsym.source import python_source

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
BLOCK, UNBLOCKED = 32_768, 1_000_000  # elements: a block and its scratch stay in the cache


def _either(name: str, *values: Value) -> Value:
    # NumPy would turn a single number into a float64 of its own, which then widens float32 arrays.
    single = all(type(v) in (int, float) for v in values)
    return (FUNCTIONS[name] if single else getattr(np, name))(*values)


NAMESPACE: Mapping[str, Callable[..., Value]] = {name: partial(_either, name) for name in OPERATIONS}


def _compiled(program: Program) -> Kernel:
    run = executed(program, python_source(program), NAMESPACE)
    made = {t for line in program.body if isinstance(line, Assignment)
            for t, v in zip(line.targets, line.values, strict=True) if isinstance(v, Operation)}  # fmt: skip
    is_new = [result in made for result in program.results]
    names = [state_name(s) for s in program.states]
    several = len(program.evaluations) > 1

    def kernel(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        old = [_array(name, value) for name, value in zip(names, states, strict=True)]
        _refuse_mixed(names, old)
        force = _checked(gradient_at(program, gradient), several) if program.evaluations else None
        new = run(old, force, {name: _number(name, value) for name, value in parameters.items()})
        return tuple(value if own else np.array(value) for value, own in zip(new, is_new, strict=True))

    return kernel


def _array(name: str, value: Value) -> np.ndarray[Any, Any]:
    array = np.asarray(value)
    if array.dtype in FLOATS:
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must hold float32 or float64 numbers, given {array.dtype}; use numpy.asarray(..., float)"
        )
    return array.astype(np.float64)


def _start(name: str, value: Value) -> np.ndarray[Any, Any]:
    array = np.array(_array(name, value), order="C")
    if not _finite(array):
        raise ValueError(f"{name} must be finite, given {array}")
    return array


def _number(name: str, value: Value) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be one real number, given {value!r}")
    if not np.isfinite(float(value)):
        raise ValueError(f"{name} must be finite, given {value}")
    return float(value)


def _finite(value: Value) -> bool:
    return bool(np.isfinite(value).all())


def _refuse_mixed(names: Sequence[str], arrays: Sequence[np.ndarray[Any, Any]]) -> None:
    if len({a.dtype for a in arrays}) > 1:
        told = ", ".join(f"{n} is {a.dtype}" for n, a in zip(names, arrays, strict=True))
        raise TypeError(f"all states must be of one type; {told}")


def _fitted(name: str, old: Value, new: Value) -> Value:
    if np.shape(new) == np.shape(old):
        return new
    if np.ndim(new) == 0:
        return np.full_like(_array(name, old), new)
    raise ValueError(
        f"{name} has shape {np.shape(old)}, its new value {np.shape(new)}; give added states one shape"
    )


def _checked(force: Callable[..., Value], several: bool) -> Callable[..., Value]:
    """Return the gradient, shown read-only places and held to their shapes and type."""

    def checked(*places: Value) -> Value:
        arrays = [np.asarray(p) for p in places]
        given = force(*map(_read_only, arrays))
        slopes = (given,) if len(places) == 1 else tuple(given)
        if len(slopes) != len(places):
            raise ValueError(f"the gradient gave {len(slopes)} slopes for {len(places)} coordinates")
        fitted = tuple(_slope(s, a, several) for s, a in zip(slopes, arrays, strict=True))
        return fitted[0] if len(places) == 1 else fitted

    return checked


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def _slope(given: Value, place: np.ndarray[Any, Any], several: bool) -> np.ndarray[Any, Any]:
    slope = _array("the gradient", given)
    if slope.shape != place.shape:
        raise ValueError(
            f"the gradient has shape {slope.shape} at a place of shape {place.shape}; they must agree"
        )
    # A callable may fill one array again and again: what it gave before must not change.
    return slope.astype(place.dtype, copy=several)


def _bound(program: Program, states: Values, gradients: Values) -> InPlace:
    source = in_place_source(program)
    names = [*map(state_name, program.states), *["the gradient"] * len(gradients)]
    _refuse_unfit(names, (*states, *gradients), len(states))
    namespace: dict[str, Any] = {"__builtins__": {}, "copyto": np.copyto} | {
        name: getattr(np, name) for name in OPERATIONS
    }
    exec(compile(source.text, "<step in place>", "exec"), namespace)
    advance: Callable[..., None] = namespace["step"]
    flat = [a.reshape(-1) for a in (*states, *gradients)]
    size = flat[0].size
    length = size if size <= UNBLOCKED else BLOCK
    scratch = [np.empty(length, flat[0].dtype) for _ in range(source.scratch)]
    starts = range(0, size, max(length, 1))
    blocks = [[*(a[i : i + length] for a in flat), *(s[: size - i] for s in scratch)] for i in starts]

    def step(constants: Values) -> None:
        for block in blocks:
            advance(*block, *constants)

    return step


def _refuse_unfit(names: Sequence[str], arrays: Values, states: int) -> None:
    """Raise TypeError or ValueError for arrays that cannot be updated in place, before any is."""
    for number, (name, array) in enumerate(zip(names, arrays, strict=True)):
        if not isinstance(array, np.ndarray) or array.dtype not in FLOATS:
            given = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name} must be a float32 or float64 array, given {given}")
        first = arrays[0]
        if (array.dtype, array.shape) != (first.dtype, first.shape):
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}, {names[0]} is {first.dtype} "
                f"of shape {first.shape}; all arrays must agree"
            )
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} is not contiguous; bind a copy made with numpy.ascontiguousarray")
        if number < states and not array.flags.writeable:
            raise ValueError(f"{name} is read-only; bind a copy")
    for (one, a), (other, b) in combinations(zip(names, arrays, strict=True), 2):
        if np.shares_memory(a, b):
            raise ValueError(f"{one} and {other} share memory; bind arrays of their own")


BACKEND = Backend("numpy", python_source, _compiled, _start, _number, _finite, _fitted, FUNCTIONS, _bound)
