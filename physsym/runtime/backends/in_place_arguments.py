"""Arguments of in-place steps: the requirements on the arrays, and their division among threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from physsym.codegen import Program, state_name
from physsym.runtime.backends.arrays import FLOATS, Array, flatten, refuse_unlike_arrays
from physsym.runtime.backends.base import Value, Values

SERIAL = 1_000_000  # elements: arrays up to this size are not worth the waking of a thread


@dataclass(frozen=True)
class InPlaceArguments:
    """Arrays fit to be updated: for each leaf the states and then the gradients, flat; and the counters."""

    rows: tuple[tuple[Array, ...], ...]
    counters: tuple[Array, ...]

    def chunks(self, threads: int) -> list[list[tuple[Array, ...]]]:
        """Return the rows that each thread updates: slices of large arrays, small ones as a whole."""
        chunks: list[list[tuple[Array, ...]]] = [[] for _ in range(threads)]
        for row in self.rows:
            parts = 1 if row[0].size <= SERIAL else threads
            for number, part in enumerate(_slices(row[0].size, parts)):
                chunks[number].append(tuple(a[part] for a in row))
        return [chunk for chunk in chunks if chunk]


def _slices(size: int, parts: int) -> Iterator[slice]:
    step = max(-(-size // parts), 1)
    whole = -(-step // 1024) * 1024 if parts > 1 else step
    return (slice(i, i + whole) for i in range(0, size, whole))


def check_arguments(program: Program, states: Values, gradients: Values) -> InPlaceArguments:
    """Return arrays as they can be updated in place.

    Raises TypeError or ValueError for arrays of the wrong type, shape or layout, for read-only ones, and for
    those that share memory, before anything is written.
    """
    named = dict(zip(program.states, states, strict=True))
    columns = [(state_name(s), named[s]) for s in program.arrays] + [("the gradient", g) for g in gradients]
    names, rows = [name for name, _ in columns], _rows(columns)
    for row in rows:
        _refuse_unfit(names, row, len(program.arrays))
    counters = tuple(_counter(state_name(s), named[s]) for s in program.counters)
    all_arrays = [(name, leaf) for row in rows for name, leaf in zip(names, row, strict=True)]
    all_arrays += [(state_name(s), c) for s, c in zip(program.counters, counters, strict=True)]
    _refuse_shared(all_arrays)
    return InPlaceArguments(tuple(tuple(a.reshape(-1) for a in row) for row in rows), counters)


def _rows(columns: Sequence[tuple[str, Value]]) -> list[Values]:
    flat = [(name, *(flatten(value) if isinstance(value, (Mapping, list, tuple)) else ([value], None)))
            for name, value in columns]  # fmt: skip
    for name, _, structure in flat:
        if structure != flat[0][2]:
            raise ValueError(
                f"{name} must be a tree like {flat[0][0]}: it has the structure {structure}, "
                f"{flat[0][0]} {flat[0][2]}"
            )
    return list(zip(*(leaves for _, leaves, _ in flat), strict=True))


def _refuse_unfit(names: Sequence[str], row: Values, states: int) -> None:
    first = row[0]
    for number, (name, leaf) in enumerate(zip(names, row, strict=True)):
        if not isinstance(leaf, np.ndarray) or leaf.dtype not in FLOATS:
            given = leaf.dtype if isinstance(leaf, np.ndarray) else type(leaf).__name__
            raise TypeError(f"{name} must be a float32 or float64 array, given {given}")
        refuse_unlike_arrays(name, leaf)
        if (leaf.dtype, leaf.shape) != (first.dtype, first.shape):
            raise ValueError(
                f"{name} is {leaf.dtype} of shape {leaf.shape}, {names[0]} is {first.dtype} "
                f"of shape {first.shape}; all arrays must agree"
            )
        if not leaf.flags.c_contiguous:
            raise ValueError(f"{name} is not contiguous; bind a copy made with numpy.ascontiguousarray")
        if not leaf.flags.aligned:
            raise ValueError(f"{name} is not aligned to its item size; bind a copy")
        if number < states and not leaf.flags.writeable:
            raise ValueError(f"{name} is read-only; bind a copy")


def _counter(name: str, value: Value) -> Array:
    if not isinstance(value, np.ndarray) or value.dtype != np.float64 or value.shape != ():
        raise TypeError(
            f"{name} counts the steps or the time: it must be an array of one float64 and shape (), "
            f"given {value!r}"
        )
    if not value.flags.writeable:
        raise ValueError(f"{name} is read-only; bind a copy")
    return value


def _refuse_shared(arrays: Sequence[tuple[str, Array]]) -> None:
    # Contiguous arrays: in the order of their addresses, only neighbours can overlap first.
    spans = sorted((a.ctypes.data, k) for k, (_, a) in enumerate(arrays) if a.nbytes)
    for (start, one), (next_start, other) in pairwise(spans):
        if start + arrays[one][1].nbytes > next_start:
            first, second = sorted((one, other))
            raise ValueError(
                f"{arrays[first][0]} and {arrays[second][0]} share memory; bind arrays of their own"
            )


def in_parallel(jobs: Sequence[Callable[[], Any]]) -> Callable[[], None]:
    """Return what carries out all jobs, the first in the calling thread; idle threads sleep."""
    if len(jobs) < 2:
        return jobs[0] if jobs else lambda: None
    from concurrent.futures import ThreadPoolExecutor, wait  # slow to import, and seldom needed

    pool = ThreadPoolExecutor(len(jobs) - 1, thread_name_prefix="physsym")

    def run() -> None:
        futures = [pool.submit(job) for job in jobs[1:]]
        try:
            jobs[0]()
        finally:
            wait(futures)  # nothing is written once this has returned or raised
        for future in futures:
            future.result()

    return run
