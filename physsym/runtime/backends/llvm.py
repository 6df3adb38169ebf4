"""LLVM through llvmlite: loops compiled in the process, from the text that `codegen/emit/llvm.py` prints."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from threading import Event
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from physsym.codegen import Program
from physsym.codegen.emit.llvm import ARITHMETIC, DOUBLE, FLOAT, WORDS, frame_entry, llvm_source, llvm_text
from physsym.codegen.emit.loop import loop
from physsym.codegen.emit.rollout import llvm_rollout
from physsym.codegen.emit.simd import llvm_sweep
from physsym.codegen.emit.storage import STORAGES
from physsym.codegen.emit.table import llvm_table
from physsym.codegen.expression_tree import Operand, Operation
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.base import Rollout
from physsym.runtime.backends.in_place_arguments import in_parallel
from physsym.runtime.backends.jit import CompiledFunction, Compiler, backend
from physsym.runtime.progress import unheard


@lru_cache(maxsize=1)
def _features() -> str:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features: str = llvm.get_host_cpu_features().flatten()
    return features


def vectors_of_doubles() -> tuple[int, int, int]:
    """Return how many doubles a vector of this processor holds, its vector registers, and how many to run.

    With fewer interleaved vectors a sweep is bound by latency, with more by the number of registers.
    """
    return (8, 32, 4) if "+avx512f" in _features().split(",") else (4, 16, 9)


def _machine() -> Any:
    # An engine owns the machine that it is given, and takes it along when it is closed: each has its own.
    features = _features()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(opt=3, cpu=llvm.get_host_cpu_name(), features=features, jit=True)


def compiled(text: str, function: str, *, level: int = 3) -> CompiledFunction:
    """Return a function of LLVM text, compiled for this processor."""
    engine = _engine(text, level)
    return CompiledFunction(engine.get_function_address(function), engine)


def _engine(text: str, level: int) -> Any:
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    if level:
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


@dataclass(frozen=True)
class Table:
    """One step of all rows of a table of arrays, in place and in order: functions of `llvm_table`.

    `apart` says which row is the first whose arrays are not apart. `step` keeps the interpreter lock, which
    `step_unlocked` releases; both take addresses, and all that they point to must be kept alive.
    """

    apart: Callable[[int, int, int], int]
    step: Callable[[int, int, int, int], None]
    step_unlocked: Callable[[int, int, int, int], None]
    owner: Any


def storages() -> tuple[str, ...]:
    """Return the storage types of arrays that this processor converts by itself."""
    # Elsewhere float16 is converted by functions of a library that is not linked.
    converts = "+f16c" in _features().split(",") or "aarch64" in llvm.get_process_triple()
    return tuple(name for name in STORAGES if name != "float16" or converts)


@lru_cache(maxsize=64)
def compile_table(part: Program, stored: tuple[str, ...]) -> Table:
    """Return a part of a program compiled for rows of arrays that are stored like this."""
    engine = _engine(llvm_table(part, stored), 3)
    apart, step = map(engine.get_function_address, ("physsym_apart", "physsym_rows"))
    address, size = ctypes.c_void_p, ctypes.c_int64
    return Table(
        ctypes.PYFUNCTYPE(size, address, address, size)(apart),
        ctypes.PYFUNCTYPE(None, address, address, size, address)(step),
        ctypes.CFUNCTYPE(None, address, address, size, address)(step),
        engine,
    )


@lru_cache(maxsize=256)
def _compile_part(part: Program, in_place: bool, single: bool, fma: bool) -> CompiledFunction:
    one = loop("physsym_step", part, in_place, WORDS)
    text = llvm_text([one], FLOAT if single else DOUBLE, fma, "internal ")
    return compiled(text + frame_entry(one), "physsym_frame")


def _bind(function: CompiledFunction, frames: Sequence[Array], release: bool) -> Callable[[], None]:
    """Return a call without arguments: a compiled function of its own, with all addresses as constants."""
    calls = (
        f"  call void inttoptr (i64 {function.address} to ptr)(ptr inttoptr (i64 {f.ctypes.data} to ptr))"
        for f in frames
    )
    text = "\n".join(["define void @physsym_bound() {", *calls, "  ret void", "}"])
    code = compiled(text, "physsym_bound", level=0)
    # PYFUNCTYPE keeps the interpreter lock: on small arrays, releasing it takes longer than the work.
    call: Any = (ctypes.CFUNCTYPE if release else ctypes.PYFUNCTYPE)(None)(code.address)
    call.physsym_code = code
    done: Callable[[], None] = call
    return done


def _call_once(function: CompiledFunction, frames: Sequence[Array]) -> None:
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function.address)
    for f in frames:
        call(f.ctypes.data)


def jit_compiler(fma: bool = False) -> Compiler:
    """Return the compiler; with `fma` it may contract a product and a sum, with another rounding."""
    return Compiler(
        "llvm",
        lambda part, in_place, single: _compile_part(part, in_place, single, fma),
        _bind,
        _call_once,
        lambda program: llvm_source(program, fma=fma),
    )


def rollout(
    program: Program, numbers: Sequence[float], single: bool = False, *, fma: bool = False
) -> Rollout:
    """Return many steps as one compiled loop with the state in registers."""
    function, given = _compiled_rollout(program, single, fma), np.array(numbers, float)
    dtype = np.float32 if single else np.float64

    def run(done: int, records: int, every: int, state: Any) -> tuple[int, Any, Any]:
        own, out = np.array(state, dtype), np.empty((records, len(program.states)), dtype)
        failed = function(records, every, own.ctypes.data, given.ctypes.data, out.ctypes.data)
        return (done + failed if failed else 0), out, own

    return run


@lru_cache(maxsize=64)
def _compiled_rollout(program: Program, single: bool, fma: bool) -> Callable[..., int]:
    code = compiled(llvm_rollout(program, FLOAT if single else DOUBLE, fma), "physsym_rollout")
    integer, address = ctypes.c_int64, ctypes.c_void_p
    function: Any = ctypes.CFUNCTYPE(integer, integer, integer, address, address, address)(code.address)
    function.physsym_code = code
    call: Callable[..., int] = function
    return call


def sweep(
    program: Program,
    start: Array,
    given: Sequence[float | Array],
    points: int,
    steps: int,
    threads: int,
    report: Callable[[int], None] = unheard,
    *,
    fma: bool = False,
) -> Array:
    """Return where many steps lead each grid point, the points side by side in vectors."""
    different = tuple(isinstance(value, np.ndarray) for value in given)
    function, lanes = _compiled_sweep(program, different, fma)
    if points < lanes:
        missing = (0, lanes - points)
        filled = [np.pad(v, missing, mode="edge") if isinstance(v, np.ndarray) else v for v in given]
        return sweep(program, start, filled, lanes, steps, 1, report, fma=fma)[:, :points]
    rows = [np.ascontiguousarray(value, float) for value in given if isinstance(value, np.ndarray)]
    shared = np.array([value for value in given if not isinstance(value, np.ndarray)], float)
    initial = np.array(start, float)
    if not steps:
        return np.tile(initial[:, None], points)
    size, at_once = _slices(program, lanes, steps)
    tables = np.empty((2, len(initial), points))  # the steps go from one into the other
    interrupted, taken = Event(), list[int]()

    def advance(k: int, width: int) -> None:
        addresses = np.array([row[k:].ctypes.data for row in rows], np.int64)
        old, take = initial, function
        for number, done in enumerate(range(0, steps, at_once)):
            if interrupted.is_set():
                return
            if number:
                take, _ = _compiled_sweep(program, different, fma, resumed=True)
            new = tables[number % 2][:, k:]
            arrays = old, shared, addresses, new
            take(width, min(at_once, steps - done), *(a.ctypes.data for a in arrays), points)
            old = new
            taken.append(width * min(at_once, steps - done))
            report(min(sum(taken) // points, steps))

    def job(first: int, end: int) -> None:
        # Slices of one width: the last overlaps the one before by a few points.
        width = max(-(-(end - first) // -(-(end - first) // size)), lanes)
        try:
            for k in range(first, end, width):
                advance(min(k, end - width), width)
        except BaseException:  # Ctrl-C reaches one thread, and the others are waited for
            interrupted.set()
            raise

    parts = min(threads, points // lanes)
    bounds = [points * part // parts for part in range(parts + 1)]
    try:
        in_parallel([partial(job, first, end) for first, end in pairwise(bounds)])()
    except BaseException:  # it may come while others are waited for
        interrupted.set()
        raise
    return np.asarray(tables[(steps - 1) // at_once % 2])


OPERATIONS_AT_ONCE = 10**9
"""Operations of numbers in one call of a compiled sweep: Python hears of Ctrl-C between calls."""
_SLOW = 30  # how many additions an operation takes that is none of arithmetic


def _slices(program: Program, lanes: int, steps: int) -> tuple[int, int]:
    """Return how many points, a multiple of the lanes, take how many steps in one call."""
    values = [value for line in program.body for value in line.values]
    cost = max(sum(map(_cost, values)), 1)
    size = lanes * max(OPERATIONS_AT_ONCE // (cost * lanes * max(steps, 1)), 1)
    return size, max(OPERATIONS_AT_ONCE // (cost * size), 1)


def _cost(operand: Operand) -> int:
    if not isinstance(operand, Operation):
        return 0
    return (1 if operand.name in ARITHMETIC else _SLOW) + sum(map(_cost, operand.arguments))


@lru_cache(maxsize=64)
def _compiled_sweep(
    program: Program, different: tuple[bool, ...], fma: bool, resumed: bool = False
) -> tuple[Callable[..., None], int]:
    width, registers, vectors = vectors_of_doubles()
    shared = [p for p, d in zip(program.parameters, different, strict=True) if not d]
    text = llvm_sweep(program, shared, width, vectors, registers, fma, resumed)
    # Not optimised: passes would move spilled states back to registers, of which there are too few.
    code = compiled(text, "physsym_sweep", level=0)
    integer, address = ctypes.c_int64, ctypes.c_void_p
    arguments = integer, integer, address, address, address, address, integer
    function: Any = ctypes.CFUNCTYPE(None, *arguments)(code.address)
    function.physsym_code = code
    return function, width * vectors


BACKEND = backend(jit_compiler, rollout, sweep)
