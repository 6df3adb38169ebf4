"""A program that answers questions in SMT-LIB: one process for many questions, killed at a time limit.

Every question begins with a reset, so that its answer does not depend on what was asked before. Options
outlive a reset: questions that set different ones are for different commands, each of which has a process.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Timer

from physsym.verify import budget

RESET = "(reset)\n"
END = "end of the answer\n"
ASK_FOR_END = f'(echo "{END.strip()}")\n'

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass
class _Solver:
    """The process of a program, if it runs, how many questions it has answered, and whether all was read."""

    process: subprocess.Popen[str] | None = None
    answered: int = 0
    is_read: bool = True
    lock: Lock = field(default_factory=Lock)


# By the command and the process that asks: one that was forked holds the pipes of the other one too.
_solvers: dict[tuple[int, tuple[str, ...]], _Solver] = {}


def ask(command: Sequence[str], question: str, seconds: float) -> str | None:
    """Return what a program prints for a question; None where it was killed or could not start.

    Its processor time is charged to the budget. A program that ends before it has answered has printed all
    that it will; if it had answered other questions before, it is started anew and asked once more.
    """
    solver = _solvers.setdefault((os.getpid(), tuple(command)), _Solver())
    with solver.lock:
        until = time.monotonic() + seconds
        while True:
            # After an interrupt it is so marked: an answer that was not read is for no other question.
            was_read, solver.is_read = solver.is_read, False
            if solver.process is None or not was_read or solver.process.poll() is not None:
                _end(solver.process)
                solver.process, solver.answered = _started(command), 0
            if solver.process is None:
                return None
            again, left = solver.answered > 0, until - time.monotonic()
            printed, complete = _exchange(solver.process, question, left)
            if complete:
                solver.is_read, solver.answered = True, solver.answered + 1
            if complete or not again or time.monotonic() >= until:
                return printed


def _started(command: Sequence[str]) -> subprocess.Popen[str] | None:
    """Start a program in a process group of its own, so that all of it can be killed; None where it cannot.

    It dies with this process unless JAX is loaded, and else ends with its input.
    """
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            # With JAX loaded there are threads, and nothing may run between fork and exec, as JAX warns.
            preexec_fn=die_with_parent if _LIBC and "jax" not in sys.modules else None,
        )
    except OSError:
        return None


def die_with_parent() -> None:
    """Let the system end this process where the one that started it ends, on Linux."""
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _exchange(process: subprocess.Popen[str], question: str, seconds: float) -> tuple[str | None, bool]:
    """Return what a process prints for a question, None where it was killed, and whether that is all.

    Where it is not all, whatever the reason, the process has ended.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    killed = Event()
    watch = Timer(max(seconds, 0.0), _kill, (process, killed))
    watch.daemon = True
    used, begun, lines, complete = _processor_time(process), time.perf_counter(), list[str](), False
    watch.start()
    try:
        with suppress(OSError):  # it has ended, and what it printed is read
            process.stdin.write(f"{RESET}{question}\n{ASK_FOR_END}")
            process.stdin.flush()
        for line in process.stdout:
            if line == END:
                complete = True
                break
            lines.append(line)
    finally:
        watch.cancel()
        watch.join()
        budget.charge(_processor_time(process, since=used) or time.perf_counter() - begun)
        if killed.is_set() or not complete:
            _end(process)
    return (None if killed.is_set() and not complete else "".join(lines)), complete and not killed.is_set()


def _processor_time(process: subprocess.Popen[str], since: float | None = 0.0) -> float | None:
    """Return the processor time of a process beyond some of it; None where the system does not tell."""
    if sys.platform == "linux" and since is not None:
        with suppress(OSError):
            # The number that clock_getcpuclockid(3) gives the clock of a process.
            return time.clock_gettime(~process.pid << 3 | 2) - since
    return None


def _kill(process: subprocess.Popen[str], killed: Event) -> None:
    killed.set()
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()


def _end(process: subprocess.Popen[str] | None) -> None:
    """End a process: kill it, close its input and output and wait for it, so that nothing is left."""
    if process is not None:
        if process.poll() is None:
            _kill(process, Event())
        with suppress(OSError), process:  # what was not written is lost with it
            pass
        process.wait()


@atexit.register
def end() -> None:
    """End the processes that answer questions; the next question starts one anew."""
    for asking, command in list(_solvers):
        if asking == os.getpid():
            _end(_solvers.pop((asking, command)).process)
