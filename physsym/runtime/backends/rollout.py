"""Many steps in one call: trajectories in plain Python or by LLVM, many cells by NumPy or by LLVM."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit import python_source
from physsym.codegen.emit.rollout import llvm_march, python_march
from physsym.codegen.emit.simd import llvm_lanes
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.base import Value, executed, parameter_names
from physsym.runtime.backends.in_place import in_place_source
from physsym.runtime.backends.in_place_arguments import in_parallel
from physsym.runtime.backends.numpy import NAMESPACE, UFUNCS

# Given how many steps are done, how many records to make, and the steps between two: the number of the first
# step that is not finite, or 0; the states recorded; the state at the end.
March: TypeAlias = Callable[[int, int, int, Any], tuple[int, Any, Any]]

Given: TypeAlias = Sequence[float | Array]
CELLS = 4096  # of a block in NumPy, which stays in the cache with its scratch


@lru_cache(maxsize=64)
def _text(program: Program, fraction: str) -> str:
    return python_march(program, fraction=fraction)


def in_python(
    program: Program,
    functions: Mapping[str, Callable[..., Value]],
    parameters: Sequence[Value],
    fraction: str,
) -> March:
    """Return many steps as a loop of plain Python on numbers of whatever kind the functions compute with."""
    namespace: dict[str, Any] = {"__builtins__": {}, **functions, "counted": range, "Fraction": Fraction}
    exec(compile(_text(program, fraction), "<many steps>", "exec"), namespace)
    take = namespace["march"]

    def march(done: int, records: int, every: int, state: Any) -> tuple[int, Any, Any]:
        rows = list[Any]()
        for record in range(records):
            begun = done + record * every
            try:
                lost, state = take(every, state, parameters)
            except ArithmeticError:
                raise _told(take, begun, every, state, parameters) from None
            if lost:
                return begun + lost, rows, state
            rows.append(state)
        return 0, rows, state

    return march


def _told(
    take: Callable[..., Any], begun: int, every: int, state: Any, parameters: Any
) -> FloatingPointError:
    """Return the error that names the step which cannot be computed, found by going there step by step."""
    for number in range(1, every + 1):
        try:
            _, state = take(1, state, parameters)
        except ArithmeticError as error:
            return FloatingPointError(f"step {begun + number} cannot be computed: {error}")
    return FloatingPointError(f"one of the steps {begun + 1} to {begun + every} cannot be computed")


def by_llvm(program: Program, parameters: Sequence[float], single: bool, fma: bool) -> March:
    """Return many steps as one compiled loop with the state in registers."""
    function, numbers = _compiled_march(program, single, fma), np.array(parameters, float)
    dtype = np.float32 if single else np.float64

    def march(done: int, records: int, every: int, state: Any) -> tuple[int, Any, Any]:
        own, out = np.array(state, dtype), np.empty((records, len(program.states)), dtype)
        lost = function(records, every, own.ctypes.data, numbers.ctypes.data, out.ctypes.data)
        return (done + lost if lost else 0), out, own

    return march


@lru_cache(maxsize=64)
def _compiled_march(program: Program, single: bool, fma: bool) -> Callable[..., int]:
    from physsym.codegen.emit.llvm import DOUBLE, FLOAT
    from physsym.runtime.backends.llvm import compiled

    native = compiled(llvm_march(program, FLOAT if single else DOUBLE, fma), "physsym_march")
    address = ctypes.c_void_p
    function: Any = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, address, address, address
    )(native.address)
    function.physsym_code = native
    made: Callable[..., int] = function
    return made


def cells_by_llvm(
    program: Program, start: Array, given: Given, cells: int, steps: int, threads: int, fma: bool
) -> Array:
    """Return where many steps from one start, (states,), lead each cell: (states, cells).

    `given` has, for each parameter, its value in all cells, or its values in the cells, (cells,).
    """
    different = tuple(isinstance(value, np.ndarray) for value in given)
    function, lanes = _compiled_lanes(program, different, fma)
    if cells < lanes:
        missing = (0, lanes - cells)
        filled = [np.pad(v, missing, mode="edge") if isinstance(v, np.ndarray) else v for v in given]
        return cells_by_llvm(program, start, filled, lanes, steps, 1, fma)[:, :cells]
    rows = [np.ascontiguousarray(value, float) for value in given if isinstance(value, np.ndarray)]
    shared = np.array([value for value in given if not isinstance(value, np.ndarray)], float)
    begun, states = np.array(start, float), np.empty((len(start), cells))

    def job(first: int, end: int) -> Callable[[], None]:
        places = np.array([row[first:].ctypes.data for row in rows], np.int64)
        arrays = begun, shared, places, states[:, first:]
        return lambda: function(end - first, steps, *(a.ctypes.data for a in arrays), cells)

    if steps:
        parts = min(threads, cells // lanes)
        bounds = [cells * part // parts for part in range(parts + 1)]
        in_parallel([job(first, end) for first, end in pairwise(bounds)])()
    else:
        states[...] = begun[:, None]
    return states


@lru_cache(maxsize=64)
def _compiled_lanes(
    program: Program, different: tuple[bool, ...], fma: bool
) -> tuple[Callable[..., None], int]:
    from physsym.runtime.backends.llvm import compiled, vectors_of_doubles

    width, registers, vectors = vectors_of_doubles()
    shared = [p for p, d in zip(program.parameters, different, strict=True) if not d]
    text = llvm_lanes(program, shared, width, vectors, registers, fma)
    # As it is written: passes would move states from memory to registers, of which there are too few.
    native = compiled(text, "physsym_lanes", level=0)
    integer, address = ctypes.c_int64, ctypes.c_void_p
    arguments = integer, integer, address, address, address, address, integer
    function: Any = ctypes.CFUNCTYPE(None, *arguments)(native.address)
    function.physsym_code = native
    return function, width * vectors


def cells_by_numpy(program: Program, start: Array, given: Given, cells: int, steps: int) -> Array:
    """Return what `cells_by_llvm` returns, block by block: the same bits without a compiler."""
    constants = _constants_of_cells(program)
    source = in_place_source(program)
    namespace: dict[str, Any] = {"__builtins__": {}, **UFUNCS}
    exec(compile(source.text, "<cells in place>", "exec"), namespace)
    advance, states = namespace["step"], np.empty((len(start), cells))
    for first in range(0, cells, CELLS):
        own = [v[first : first + CELLS] if isinstance(v, np.ndarray) else np.float64(v) for v in given]
        block = [np.full(min(CELLS, cells - first), value, float) for value in start]
        fixed = constants(own)
        scratch = [np.empty_like(block[0]) for _ in range(source.scratch)]
        for _ in range(steps):
            advance(*block, *scratch, *fixed)
        states[:, first : first + CELLS] = block
    return states


def _constants_of_cells(program: Program) -> Callable[[Given], Sequence[Value]]:
    made = Program((), program.parameters, program.scalars, (), program.constants)
    run, names = executed(made, python_source(made), NAMESPACE), parameter_names(made)
    return lambda given: tuple(run((), None, dict(zip(names, given, strict=True))))
