"""LLVM through llvmlite: loops compiled in the process, from the text that `source/llvm.py` prints."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from physsym.codegen import Program
from physsym.codegen.emit.llvm import DOUBLE, FLOAT, WORDS, frame_entry, llvm_source, llvm_text
from physsym.codegen.emit.loop import loop
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.jit import Compiler, Native, backend


@lru_cache(maxsize=1)
def _features() -> str:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features: str = llvm.get_host_cpu_features().flatten()
    return features


def vectors_of_doubles() -> tuple[int, int, int]:
    """Return how many doubles a vector of this processor holds, its vector registers, and how many to run.

    With fewer vectors side by side a sweep waits for results, with more their states do not fit.
    """
    return (8, 32, 4) if "+avx512f" in _features().split(",") else (4, 16, 9)


def _machine() -> Any:
    # An engine owns the machine that it is given, and takes it along when it is closed: each has its own.
    features = _features()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(opt=3, cpu=llvm.get_host_cpu_name(), features=features, jit=True)


def compiled(text: str, function: str, *, level: int = 3) -> Native:
    """Return a function of LLVM text, compiled for this processor."""
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    if level:
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        passes = llvm.create_pass_builder(machine, options)
        passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return Native(engine.get_function_address(function), engine)


@lru_cache(maxsize=256)
def _make(stage: Program, in_place: bool, single: bool, fma: bool) -> Native:
    part = loop("physsym_step", stage, in_place, WORDS)
    text = llvm_text([part], FLOAT if single else DOUBLE, fma, "internal ")
    return compiled(text + frame_entry(part), "physsym_frame")


def _bake(native: Native, frames: Sequence[Array], release: bool) -> Callable[[], None]:
    """Return a call without arguments: a function of its own that holds all addresses."""
    calls = (
        f"  call void inttoptr (i64 {native.address} to ptr)(ptr inttoptr (i64 {f.ctypes.data} to ptr))"
        for f in frames
    )
    text = "\n".join(["define void @physsym_bound() {", *calls, "  ret void", "}"])
    made = compiled(text, "physsym_bound", level=0)
    call: Any = (ctypes.CFUNCTYPE if release else ctypes.PYFUNCTYPE)(None)(made.address)
    call.physsym_code = made
    done: Callable[[], None] = call
    return done


def _call_once(native: Native, frames: Sequence[Array]) -> None:
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(native.address)
    for f in frames:
        function(f.ctypes.data)


def engine(fma: bool = False) -> Compiler:
    """Return the compiler; with `fma` it may contract a product and a sum, which changes last bits."""
    return Compiler(
        "llvm",
        lambda stage, in_place, single: _make(stage, in_place, single, fma),
        _bake,
        _call_once,
        lambda program: llvm_source(program, fma=fma),
    )


BACKEND = backend(engine)
