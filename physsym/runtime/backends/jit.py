"""JIT runtime: what backends with compiled loops share.

A loop is called with the address of a frame: its length, its numbers and its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name
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
from physsym.runtime.backends.base import Backend, Capabilities, InPlace, Kernel, Rollout, Value, Values
from physsym.runtime.backends.in_place_arguments import check_arguments, in_parallel
from physsym.runtime.backends.numpy import part_of_ufuncs
from physsym.runtime.backends.python import FUNCTIONS
from physsym.runtime.backends.python import rollout as python_rollout

SMALL = 10_000  # elements: below, releasing the interpreter lock takes longer than the work


@dataclass(frozen=True)
class CompiledFunction:
    """A compiled loop; `owner` holds the memory of its code.


    The function at `address` takes the address of a frame of unsigned 64-bit integers: the length, the
    address of the numbers (float64, parameters and then counters), the addresses of the arrays in order.
    """

    address: int
    owner: Any


CompilePart: TypeAlias = Callable[[Program, bool, bool], CompiledFunction]  # a part; in place? single?
BindFrames: TypeAlias = Callable[[CompiledFunction, Sequence[Array], bool], Callable[[], None]]


@dataclass(frozen=True)
class Compiler:
    """How a part is compiled, bound to frames (with or without the interpreter lock), called, printed."""

    name: str
    compile: CompilePart
    bind: BindFrames
    call: Callable[[CompiledFunction, Sequence[Array]], None]
    source: Callable[[Program], str]


def frame(size: int, numbers: Array, arrays: Sequence[Array]) -> Array:
    """Return the frame for a call; all that it points to must be kept alive."""
    return np.array([size, numbers.ctypes.data, *(a.ctypes.data for a in arrays)], np.uint64)


def backend(
    compiler: Callable[..., Compiler],
    rollout: Callable[..., Rollout | None] = python_rollout,
    sweep: Callable[..., Array] | None = None,
) -> Backend:
    """Return the backend of a compiler; the option `fma` of kernels is handed on to it."""
    exact = compiler()

    def compile_step(program: Program, fma: bool = False) -> Kernel:
        return kernel_of_parts(program, lambda part: _part(compiler(fma), part))

    def in_place(
        program: Program, states: Values, gradients: Values, threads: int, fma: bool = False
    ) -> InPlace:
        return _in_place(compiler(fma), program, states, gradients, threads)

    return Backend(
        exact.name,
        exact.source,
        compile_step,
        of.start,
        number,
        of.finite,
        of.unchanged,
        FUNCTIONS,
        Capabilities(of.DTYPES, True, True, True, in_place, rollout, sweep),
        of.shape,
        of.at_rest,
        of.stack,
        of.spread,
    )


def _part(compiler: Compiler, part: Program) -> Part:
    plain, constants = part_of_ufuncs(part), constants_function(part)
    names = [state_name(s) for s in part.parameters]

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        if not share_layout(arrays):
            return plain(arrays, numbers)
        constants(numbers)  # raises where a constant is not defined; a loop would go on with infinities
        first = arrays[0]
        loop = compiler.compile(part, False, first.dtype == np.float32)
        new = tuple(np.empty(first.shape, first.dtype) for _ in part.results)
        given = np.array([numbers[n] for n in names], float)
        compiler.call(loop, [frame(first.size, given, (*arrays, *new))])
        return new

    return run


def _in_place(
    compiler: Compiler, program: Program, states: Values, gradients: Values, threads: int
) -> InPlace:
    given = check_arguments(program, states, gradients)
    last = partition(program)[-1]
    numbers = np.zeros(len(last.parameters))
    names = {state_name(s): k for k, s in enumerate(program.parameters)}
    jobs = [_job(compiler, last, chunk, numbers) for chunk in given.chunks(threads)]
    run = in_parallel(jobs)

    def set_numbers(changed: Mapping[str, Value]) -> None:
        new = numbers.copy()
        for name, value in changed.items():
            new[names[name]] = number(name, value)
        numbers[:] = new  # at once: a step of another thread sees all of them or none

    clocks, count = any(map(is_time, program.counters)), constants_function(last)
    keys = [state_name(s) for s in last.parameters]
    advanced = [last.constants.index(after(s)) for s in program.counters]

    def count_and_run() -> None:
        for k, counter in enumerate(given.counters, len(names)):
            numbers[k] = counter
        # A time grows by a time step, a counter of steps by one.
        new = count(dict(zip(keys, numbers.tolist(), strict=True))) if clocks else ()
        run()
        for counter, index in zip(given.counters, advanced, strict=True):
            counter[...] = new[index] if clocks else counter + 1

    is_one_call = len(jobs) == 1 and len({row[0].dtype for row in given.rows}) == 1
    is_small = sum(row[0].size for row in given.rows) <= SMALL
    if given.counters:
        return InPlace(count_and_run, set_numbers)
    return InPlace(run, set_numbers, is_one_call and is_small, is_one_call)


def _job(
    compiler: Compiler, part: Program, rows: Sequence[tuple[Array, ...]], numbers: Array
) -> Callable[[], None]:
    """Return what updates rows of arrays, one call for all that are of one type."""
    calls = []
    for dtype in sorted({row[0].dtype for row in rows}, key=str):
        own = [row for row in rows if row[0].dtype == dtype]
        loop = compiler.compile(part, True, dtype == np.float32)
        frames = [frame(row[0].size, numbers, row) for row in own]
        call = compiler.bind(loop, frames, sum(row[0].size for row in own) > SMALL)
        calls.append(_keeping_alive(call, (loop, frames, own, numbers)))
    return calls[0] if len(calls) == 1 else lambda: [call() for call in calls].clear()


def _keeping_alive(call: Any, what: Any) -> Callable[[], None]:
    # An attribute of the function, so that a call stays one call.
    call.physsym_keeps = what
    done: Callable[[], None] = call
    return done
