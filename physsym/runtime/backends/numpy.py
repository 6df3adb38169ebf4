"""NumPy: arrays of floats of either size, updated by a plain function or in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.emit import python_source
from physsym.codegen.expression_tree import OPERATIONS
from physsym.codegen.passes.partition import stages
from physsym.core.symbols import after
from physsym.runtime.backends import arrays as of
from physsym.runtime.backends.arrays import Array, Numbers, Stage, alike, host, number, staged
from physsym.runtime.backends.base import Backend, InPlace, Kernel, Value, Values, executed
from physsym.runtime.backends.in_place import InPlaceSource, in_place_source
from physsym.runtime.backends.in_place_arguments import fit, in_parallel
from physsym.runtime.backends.python import FUNCTIONS

BLOCK, UNBLOCKED = 32_768, 1_000_000  # elements: a block and its scratch stay in the cache


def _either(name: str, *values: Value) -> Value:
    # NumPy would turn a single number into a float64 of its own, which then widens float32 arrays.
    single = all(type(v) in (int, float) for v in values)
    return (FUNCTIONS[name] if single else getattr(np, name))(*values)


NAMESPACE: Mapping[str, Callable[..., Value]] = {name: partial(_either, name) for name in OPERATIONS}
UFUNCS: Mapping[str, Any] = {"copyto": np.copyto} | {name: getattr(np, name) for name in OPERATIONS}


def _compiled(program: Program) -> Kernel:
    return staged(program, stage_of_ufuncs)


def stage_of_ufuncs(stage: Program) -> Stage:
    """Return a stage as NumPy calls on one row of arrays, whose shapes may differ."""
    plain = executed(stage, python_source(stage), NAMESPACE)
    fast = _into_fresh_arrays(stage)

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        if alike(arrays):
            return fast(arrays, numbers)
        return tuple(_own(plain(arrays, None, numbers), arrays))

    return run


def _own(new: Values, arrays: Sequence[Array]) -> Iterator[Value]:
    seen = list(arrays)
    for value in new:
        own = np.array(value) if any(value is other for other in seen) else value
        seen.append(own)
        yield own


def _into_fresh_arrays(stage: Program) -> Stage:
    source, constants = in_place_source(stage, in_place=False), host(stage)
    advance = _advance(source)

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        fixed, shape, dtype = constants(numbers), arrays[0].shape, arrays[0].dtype
        new = tuple(np.empty(shape, dtype) for _ in stage.results)
        flat = [a.reshape(-1) for a in (*arrays, *new)]
        scratch = [np.empty(min(flat[0].size, BLOCK), dtype) for _ in range(source.scratch)]
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


def _bound(program: Program, states: Values, gradients: Values, threads: int) -> InPlace:
    given = fit(program, states, gradients)
    stage = stages(program)[-1]
    source, constants = in_place_source(stage), host(stage)
    advance = _advance(source)
    shares = [
        [b for row in share for b in _in_blocks(row, source.scratch)] for share in given.shares(threads)
    ]
    counted = [stage.constants.index(after(s)) for s in program.counters]
    names = [state_name(s) for s in program.counters]
    numbers: dict[str, float] = {}
    fixed: tuple[float, ...] = ()

    def share_of(blocks: list[list[Array]]) -> Callable[[], None]:
        def work() -> None:
            for block in blocks:
                advance(*block, *fixed)

        return work

    run = in_parallel([share_of(blocks) for blocks in shares])

    def set_numbers(changed: Mapping[str, Value]) -> None:
        nonlocal fixed
        numbers.update({name: number(name, value) for name, value in changed.items()})
        fixed = constants({**numbers, **dict.fromkeys(names, 0.0)})

    def count_and_run() -> None:
        nonlocal fixed
        fixed = constants({**numbers, **{n: float(c) for n, c in zip(names, given.counters, strict=True)}})
        run()
        for counter, place in zip(given.counters, counted, strict=True):
            counter[...] = fixed[place]

    return InPlace(count_and_run if counted else run, set_numbers)


def _in_blocks(row: Sequence[Array], scratch: int) -> list[list[Array]]:
    length = row[0].size if row[0].size <= UNBLOCKED else BLOCK
    return _blocks(row, [np.empty(length, row[0].dtype) for _ in range(scratch)], length)


BACKEND = Backend(
    "numpy",
    python_source,
    _compiled,
    of.start,
    number,
    of.finite,
    of.as_it_is,
    FUNCTIONS,
    _bound,
    of.shape,
    of.at_rest,
    counts=True,
)
