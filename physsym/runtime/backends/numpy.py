"""NumPy: arrays of floats of either size, updated by a plain function or in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.emit import array_source
from physsym.codegen.expression_tree import OPERATIONS
from physsym.codegen.passes.partition import partition
from physsym.core.motion import is_time
from physsym.core.symbols import after
from physsym.runtime.backends import arrays as of
from physsym.runtime.backends.arrays import (
    Array,
    Numbers,
    Part,
    constants_function,
    kernel_of_parts,
    number,
    share_layout,
)
from physsym.runtime.backends.base import (
    Backend,
    Capabilities,
    InPlace,
    Kernel,
    Value,
    Values,
    executed,
    parameter_names,
)
from physsym.runtime.backends.in_place import InPlaceSource, in_place_source
from physsym.runtime.backends.in_place_arguments import check_arguments, in_parallel
from physsym.runtime.backends.python import FUNCTIONS, rollout
from physsym.runtime.progress import unheard

BLOCK, UNBLOCKED = 32_768, 1_000_000  # elements: a block and its scratch stay in the cache
POINTS = 4096  # grid points of a block in a sweep, for the same reason


def _either(name: str, *values: Value) -> Value:
    # NumPy would turn a single number into a float64 of its own, which then widens float32 arrays.
    single = all(type(v) in (int, float) for v in values)
    return (FUNCTIONS[name] if single else getattr(np, name))(*values)


def _where(condition: Value, value: Value, other: Value) -> Value:
    if isinstance(condition, np.ndarray):
        return np.where(condition, value, other)
    return value if condition else other


def _where_into(condition: Value, value: Value, other: Value, out: Array) -> None:
    """Write a choice into an array, which may be that of either branch."""
    if not isinstance(condition, np.ndarray):
        np.copyto(out, value if condition else other)
    elif out is value:
        np.copyto(out, other, where=np.logical_not(condition))
    else:
        np.copyto(out, other)
        np.copyto(out, value, where=condition)


NAMESPACE: Mapping[str, Callable[..., Value]] = {
    **{name: partial(_either, name) for name in OPERATIONS},
    "where": _where,
}
UFUNCS: Mapping[str, Any] = {
    **{name: getattr(np, name) for name in OPERATIONS},
    "copyto": np.copyto,
    "where": _where_into,
}


def undefined_ignored(program: Program) -> AbstractContextManager[object]:
    """Return what silences NumPy's warnings for a program in which a value need not be defined everywhere."""
    return np.errstate(all="ignore") if program.has_choices else nullcontext()


def _compile_step(program: Program) -> Kernel:
    return kernel_of_parts(program, part_of_ufuncs)


def part_of_ufuncs(part: Program) -> Part:
    """Return a part as NumPy calls on one row of arrays, whose shapes may differ."""
    plain = executed(part, array_source(part), NAMESPACE)
    fast = _into_fresh_arrays(part)

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        if share_layout(arrays):
            return fast(arrays, numbers)
        with undefined_ignored(part):
            new = tuple(_own(plain(arrays, None, numbers), arrays))
        # A choice between two numbers is an array of float64.
        return tuple(np.asarray(v, arrays[0].dtype) for v in new) if part.has_choices else new

    return run


def _own(new: Values, arrays: Sequence[Array]) -> Iterator[Value]:
    seen = list(arrays)
    for value in new:
        own = np.array(value) if any(value is other for other in seen) else value
        seen.append(own)
        yield own


def _into_fresh_arrays(part: Program) -> Part:
    source, constants = in_place_source(part, in_place=False), constants_function(part)
    advance = _advance(source)

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        fixed, shape, dtype = constants(numbers), arrays[0].shape, arrays[0].dtype
        new = tuple(np.empty(shape, dtype) for _ in part.results)
        flat = [a.reshape(-1) for a in (*arrays, *new)]
        scratch = [np.empty(min(flat[0].size, BLOCK), dtype) for _ in range(source.scratch)]
        with undefined_ignored(part):
            for block in _blocks(flat, scratch, BLOCK):
                advance(*block, *fixed)
        return new

    return run


def _advance(source: InPlaceSource) -> Callable[..., None]:
    namespace: dict[str, Any] = {"__builtins__": {}, **UFUNCS}
    exec(compile(source.text, "<step in place>", "exec"), namespace)
    function: Callable[..., None] = namespace["step"]
    return function


def _blocks(flat: Sequence[Array], scratch: Sequence[Array], length: int) -> list[list[Array]]:
    size = flat[0].size
    starts = range(0, size, max(length, 1))
    return [[*(a[i : i + length] for a in flat), *(s[: size - i] for s in scratch)] for i in starts]


def _in_place(program: Program, states: Values, gradients: Values, threads: int) -> InPlace:
    given = check_arguments(program, states, gradients)
    last = partition(program)[-1]
    source, constants = in_place_source(last), constants_function(last)
    advance = _advance(source)
    chunks = [
        [b for row in chunk for b in _in_blocks(row, source.scratch)] for chunk in given.chunks(threads)
    ]
    counted = [last.constants.index(after(s)) for s in program.counters]
    # Counters begin at zero; at the time zero a rule need not be defined.
    names = {state_name(s): float(is_time(s)) for s in program.counters}
    numbers: dict[str, float] = {}
    fixed: tuple[float, ...] = ()

    def job(blocks: list[list[Array]]) -> Callable[[], None]:
        def work() -> None:
            for block in blocks:
                advance(*block, *fixed)

        def work_on_choices() -> None:
            with np.errstate(all="ignore"):
                work()

        return work_on_choices if last.has_choices else work

    run = in_parallel([job(blocks) for blocks in chunks])

    def set_numbers(changed: Mapping[str, Value]) -> None:
        nonlocal fixed
        numbers.update({name: number(name, value) for name, value in changed.items()})
        fixed = constants({**numbers, **names})

    def count_and_run() -> None:
        nonlocal fixed
        fixed = constants({**numbers, **{n: float(c) for n, c in zip(names, given.counters, strict=True)}})
        run()
        for counter, index in zip(given.counters, counted, strict=True):
            counter[...] = fixed[index]

    return InPlace(count_and_run if counted else run, set_numbers)


def _in_blocks(row: Sequence[Array], scratch: int) -> list[list[Array]]:
    length = row[0].size if row[0].size <= UNBLOCKED else BLOCK
    return _blocks(row, [np.empty(length, row[0].dtype) for _ in range(scratch)], length)


_STEPS_UNTOLD = 100  # steps of a block of points between two reports of what is done


def _sweep(
    program: Program,
    start: Array,
    given: Sequence[float | Array],
    points: int,
    steps: int,
    threads: int,
    report: Callable[[int], None] = unheard,
) -> Array:
    source, constants = in_place_source(program), _constants_of_points(program)
    advance, states = _advance(source), np.empty((len(start), points))
    for first in range(0, points, POINTS):
        own = [v[first : first + POINTS] if isinstance(v, np.ndarray) else np.float64(v) for v in given]
        block = [np.full(min(POINTS, points - first), value, float) for value in start]
        with undefined_ignored(program):
            fixed = constants(own)
        scratch = [np.empty_like(block[0]) for _ in range(source.scratch)]
        with undefined_ignored(program):
            for done in range(steps):
                advance(*block, *scratch, *fixed)
                if done % _STEPS_UNTOLD == 0:
                    report((first * steps + len(block[0]) * done) // points)
        states[:, first : first + POINTS] = block
    return states


def _constants_of_points(program: Program) -> Callable[[Sequence[float | Array]], Sequence[Value]]:
    # In a sweep they are arrays, a value for each grid point.
    scalars = Program((), program.parameters, (), program.scalars, program.constants)
    run, names = executed(scalars, array_source(scalars), NAMESPACE), parameter_names(scalars)
    return lambda given: tuple(run((), None, dict(zip(names, given, strict=True))))


BACKEND = Backend(
    "numpy",
    array_source,
    _compile_step,
    of.start,
    number,
    of.finite,
    of.unchanged,
    FUNCTIONS,
    Capabilities(
        dtypes=of.DTYPES,
        trees=True,
        scalar_counters=True,
        in_place=_in_place,
        rollout=rollout,
        sweep=_sweep,
    ),
    of.shape,
    of.at_rest,
    of.stack,
    of.spread,
)
