"""C through gcc or clang, where one is on the PATH: compiled libraries are kept on disk and loaded again."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from physsym.codegen import Program
from physsym.codegen.emit.c import WORDS, c_source, c_text, frame_entry
from physsym.codegen.emit.loop import loop
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.jit import Compiler, Native, backend
from physsym.runtime.backends.kernel_store import folder

COMPILERS = ("gcc", "clang")
# Never -ffast-math or -Ofast: a library linked with them flushes small numbers to zero in the whole process.
FLAGS = (
    "-std=c11",
    "-O3",
    "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-shared",
    "-fPIC",
)


def compiler() -> str:
    """Return the path of a C compiler; ImportError, naming those that would do, where there is none."""
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    if found is None:
        raise ImportError(f"the backend 'c' needs {' or '.join(COMPILERS)} on the PATH; or use 'llvm'")
    return found


@lru_cache(maxsize=1)
def processor() -> str:
    """Return what tells this processor from others: code compiled for one may stop on another."""
    listed = Path("/proc/cpuinfo")
    told = ("model name", "flags", "Features", "CPU part")
    lines = listed.read_text().splitlines() if listed.exists() else []
    return "\n".join(sorted({line for line in lines if line.startswith(told)}) or platform.uname())


def flags(fma: bool) -> tuple[str, ...]:
    """Return the flags; without `fma` every product and every sum is rounded on its own."""
    return (*FLAGS, f"-ffp-contract={'fast' if fma else 'off'}")


def key(text: str, chosen: Sequence[str], command: str) -> str:
    """Return the name under which a compiled text is kept: of text, flags, compiler and processor."""
    # A new compiler is a new file; asking it for its version would take longer than to load the library.
    made = Path(command).resolve().stat()
    parts = (text, *chosen, command, str(made.st_size), str(made.st_mtime_ns), processor())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def library(text: str, fma: bool) -> ctypes.CDLL:
    """Return a text compiled and loaded, from the disk where it was compiled before.

    Raises ImportError where there is no compiler, RuntimeError with what the compiler says where it fails.
    """
    command, home = compiler(), folder()
    if home is None:
        with tempfile.TemporaryDirectory() as own:
            return ctypes.CDLL(str(_built(text, fma, command, Path(own) / "kernel.so")))
    path = home / f"{key(text, flags(fma), command)}.so"
    return ctypes.CDLL(str(path if path.exists() else _built(text, fma, command, path)))


def _built(text: str, fma: bool, command: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(suffix=".so", dir=path.parent)
    os.close(handle)
    call = [command, *flags(fma), "-x", "c", "-", "-o", unfinished, "-lm"]
    done = subprocess.run(call, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        Path(unfinished).unlink()
        raise RuntimeError(f"{command} could not compile a kernel: {done.stderr.strip().splitlines()[0]}")
    return Path(unfinished).replace(path)


@lru_cache(maxsize=256)
def _make(stage: Program, in_place: bool, single: bool, fma: bool) -> Native:
    part = loop("physsym_step", stage, in_place, WORDS)
    made = library(c_text([part], single=single, linkage="static ") + frame_entry(part, single=single), fma)
    address = ctypes.cast(made.physsym_frame, ctypes.c_void_p).value
    assert address is not None
    return Native(address, made)


def _bake(native: Native, frames: Sequence[Array], release: bool) -> Callable[[], None]:
    kind = ctypes.CFUNCTYPE if release else ctypes.PYFUNCTYPE
    function: Any = kind(None, ctypes.c_void_p)(native.address)
    calls = [partial(function, ctypes.c_void_p(f.ctypes.data)) for f in frames]
    if len(calls) == 1:
        return calls[0]

    def run() -> None:
        for call in calls:
            call()

    return run


def _call_once(native: Native, frames: Sequence[Array]) -> None:
    _bake(native, frames, True)()


def engine(fma: bool = False) -> Compiler:
    """Return the compiler; with `fma` it may contract a product and a sum, which changes last bits."""
    return Compiler(
        "c",
        lambda stage, in_place, single: _make(stage, in_place, single, fma),
        _bake,
        _call_once,
        c_source,
    )


BACKEND = backend(engine)
