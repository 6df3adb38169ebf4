"""C through gcc or clang, where one is on the PATH, and the store of compiled kernels on disk."""

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
from physsym.runtime.backends.jit import CompiledFunction, Compiler, backend

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
    """Return what identifies this processor: code compiled for one may be illegal on another."""
    listed = Path("/proc/cpuinfo")
    named = ("model name", "flags", "Features", "CPU part")
    lines = listed.read_text().splitlines() if listed.exists() else []
    return "\n".join(sorted({line for line in lines if line.startswith(named)}) or platform.uname())


def flags(fma: bool) -> tuple[str, ...]:
    """Return the flags; without `fma` every product and every sum is rounded on its own."""
    return (*FLAGS, f"-ffp-contract={'fast' if fma else 'off'}")


def key(text: str, chosen: Sequence[str], command: str) -> str:
    """Return the name under which a compiled text is stored: of text, flags, compiler and processor."""
    # A new compiler is a new file; asking it for its version would take longer than to load the library.
    binary = Path(command).resolve().stat()
    parts = (text, *chosen, command, str(binary.st_size), str(binary.st_mtime_ns), processor())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def store_folder() -> Path | None:
    """Return where compiled kernels are stored, or None where `PHYSSYM_CACHE=0` switches that off.

    That is `physsym` in the folder that `XDG_CACHE_HOME` names, or in `.cache` at home.
    """
    if os.environ.get("PHYSSYM_CACHE") == "0":
        return None
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "physsym"
    except RuntimeError:
        return None


def library(text: str, fma: bool) -> ctypes.CDLL:
    """Return a text compiled and loaded, from the disk where it was compiled before.

    Raises ImportError where there is no compiler, RuntimeError with what the compiler says where it fails.
    """
    command, home = compiler(), store_folder()
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
def _compile_part(part: Program, in_place: bool, single: bool, fma: bool) -> CompiledFunction:
    one = loop("physsym_step", part, in_place, WORDS)
    text = c_text([one], single=single, linkage="static ") + frame_entry(one, single=single)
    loaded = library(text, fma)
    address = ctypes.cast(loaded.physsym_frame, ctypes.c_void_p).value
    assert address is not None
    return CompiledFunction(address, loaded)


def _bind(compiled: CompiledFunction, frames: Sequence[Array], release: bool) -> Callable[[], None]:
    kind = ctypes.CFUNCTYPE if release else ctypes.PYFUNCTYPE
    function: Any = kind(None, ctypes.c_void_p)(compiled.address)
    calls = [partial(function, ctypes.c_void_p(f.ctypes.data)) for f in frames]
    if len(calls) == 1:
        return calls[0]

    def run() -> None:
        for call in calls:
            call()

    return run


def _call_once(compiled: CompiledFunction, frames: Sequence[Array]) -> None:
    _bind(compiled, frames, True)()


def jit_compiler(fma: bool = False) -> Compiler:
    """Return the compiler; with `fma` it may contract a product and a sum, with another rounding."""
    return Compiler(
        "c",
        lambda part, in_place, single: _compile_part(part, in_place, single, fma),
        _bind,
        _call_once,
        c_source,
    )


BACKEND = backend(jit_compiler)
