"""What backends with compiled loops share: a frame tells a loop its length, its numbers and its arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name
from physsym.codegen.passes.partition import stages
from physsym.runtime.backends import arrays as of
from physsym.runtime.backends.arrays import Array, Numbers, Stage, alike, host, number, staged
from physsym.runtime.backends.base import Backend, InPlace, Kernel, Value, Values
from physsym.runtime.backends.in_place_arguments import fit, in_parallel
from physsym.runtime.backends.numpy import stage_of_ufuncs
from physsym.runtime.backends.python import FUNCTIONS

SMALL = 10_000  # elements: below, giving up the interpreter lock takes longer than the work


@dataclass(frozen=True)
class Native:
    """A compiled loop; `keep` holds what its code lives in.

    The function at `address` takes the address of a frame of unsigned 64-bit integers: the length, the
    address of the numbers (float64, parameters and then counters), the addresses of the arrays in order.
    """

    address: int
    keep: Any


Make: TypeAlias = Callable[[Program, bool, bool], Native]  # of a stage, in place or not, single or double
Bake: TypeAlias = Callable[[Native, Sequence[Array], bool], Callable[[], None]]


@dataclass(frozen=True)
class Compiler:
    """How a stage is compiled, bound to frames (releasing the lock or not), called but once, and printed."""

    name: str
    make: Make
    bake: Bake
    call: Callable[[Native, Sequence[Array]], None]
    source: Callable[[Program], str]


def frame(size: int, numbers: Array, arrays: Sequence[Array]) -> Array:
    """Return the frame for a call; all that it points to must be kept alive."""
    return np.array([size, numbers.ctypes.data, *(a.ctypes.data for a in arrays)], np.uint64)


def backend(engine: Callable[..., Compiler]) -> Backend:
    """Return the backend that a compiler makes; the option `fma` of kernels is handed on to it."""
    exact = engine()

    def compiled(program: Program, fma: bool = False) -> Kernel:
        return staged(program, lambda stage: _stage(engine(fma), stage))

    def bound(
        program: Program, states: Values, gradients: Values, threads: int, fma: bool = False
    ) -> InPlace:
        return _bound(engine(fma), program, states, gradients, threads)

    return Backend(
        exact.name,
        exact.source,
        compiled,
        of.start,
        number,
        of.finite,
        of.as_it_is,
        FUNCTIONS,
        bound,
        of.shape,
        of.at_rest,
        counts=True,
    )


def _stage(compiler: Compiler, stage: Program) -> Stage:
    plain, defined = stage_of_ufuncs(stage), host(stage)
    names = [state_name(s) for s in stage.parameters]

    def run(arrays: Sequence[Array], numbers: Numbers) -> Values:
        if not alike(arrays):
            return plain(arrays, numbers)
        defined(numbers)  # raises where a constant is not defined; a loop would go on with infinities
        first = arrays[0]
        native = compiler.make(stage, False, first.dtype == np.float32)
        new = tuple(np.empty(first.shape, first.dtype) for _ in stage.results)
        given = np.array([numbers[n] for n in names], float)
        compiler.call(native, [frame(first.size, given, (*arrays, *new))])
        return new

    return run


def _bound(compiler: Compiler, program: Program, states: Values, gradients: Values, threads: int) -> InPlace:
    given = fit(program, states, gradients)
    stage = stages(program)[-1]
    numbers = np.zeros(len(stage.parameters))
    names = {state_name(s): k for k, s in enumerate(program.parameters)}
    jobs = [_job(compiler, stage, share, numbers) for share in given.shares(threads)]
    run = in_parallel(jobs)

    def set_numbers(changed: Mapping[str, Value]) -> None:
        for name, value in changed.items():
            numbers[names[name]] = number(name, value)

    def count_and_run() -> None:
        for k, counter in enumerate(given.counters, len(names)):
            numbers[k] = counter
        run()
        for counter in given.counters:
            np.add(counter, 1, out=counter)

    return InPlace(count_and_run if given.counters else run, set_numbers)


def _job(
    compiler: Compiler, stage: Program, rows: Sequence[tuple[Array, ...]], numbers: Array
) -> Callable[[], None]:
    """Return what updates rows of arrays, one call for all that are of one type."""
    calls = []
    for dtype in sorted({row[0].dtype for row in rows}, key=str):
        own = [row for row in rows if row[0].dtype == dtype]
        native = compiler.make(stage, True, dtype == np.float32)
        frames = [frame(row[0].size, numbers, row) for row in own]
        call = compiler.bake(native, frames, sum(row[0].size for row in own) > SMALL)
        calls.append(_kept_alive(call, (native, frames, own, numbers)))
    return calls[0] if len(calls) == 1 else lambda: [call() for call in calls].clear()


def _kept_alive(call: Any, what: Any) -> Callable[[], None]:
    # An attribute of the function, so that a call stays one call.
    call.physsym_keeps = what
    done: Callable[[], None] = call
    return done
