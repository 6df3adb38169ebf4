"""Work shared by this process and a copy of it, which has imported and loaded all that this one has.

Only a process that the system copies safely has a copy: on Linux, with one thread, and where there is a
second processor to run on. Elsewhere, and where anything goes wrong in the copy, this process does all of
the work.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

from physsym.verify.engines.solver_process import die_with_parent
from physsym.verify.engines.solver_process import end as end_solvers

Result = TypeVar("Result")

# The number of a part, and where its results are: the first byte, and how many.
_MESSAGE = struct.Struct("3q")


@dataclass
class Shared(Generic[Result]):
    """Parts of some work, each of which is done once, by this process or by its copy.

    `locks` is a file: whoever locks its byte of that number does a part, and keeps the lock. `results` is
    what the copy has written, and `messages` says where: both are in memory alone.
    """

    parts: Sequence[Callable[[], Iterable[Result]]]
    copy: int = 0
    locks: int = -1
    results: int = -1
    messages: int = -1
    found: dict[int, tuple[int, int]] = field(default_factory=dict)

    def take(self, number: int) -> Iterable[Result]:
        """Return the results of a part: those of the copy, if it has begun with it, else they are found now.

        A part that fails in the copy is done here, so that its error is raised as without a copy.
        """
        while self.copy and number not in self.found:
            # A copy that has ended holds no lock, and may have sent results that were not read yet.
            if _locked(self.locks, number) and not select.select([self.messages], [], [], 0)[0]:
                break
            message = os.read(self.messages, _MESSAGE.size)
            if not message:  # the copy has ended
                break
            done, start, size = _MESSAGE.unpack(message)
            self.found[done] = (start, size)
        start, size = self.found.get(number, (0, 0))
        return pickle.loads(os.pread(self.results, size, start)) if size else self.parts[number]()

    def end(self) -> None:
        """End the copy, whatever it does, and leave nothing of it."""
        with suppress(ProcessLookupError, ChildProcessError):  # a script has waited for it
            os.kill(self.copy, signal.SIGKILL)
            os.waitpid(self.copy, 0)
        for file in (self.locks, self.results, self.messages):
            os.close(file)


def stay_single() -> None:
    """Let NumPy start no threads when it is imported: a process that has some is not copied."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def can_copy() -> bool:
    """Return whether this process can be copied, and whether that is of use.

    Locks that another thread holds would stay locked in the copy. A thread of a library counts too: Linux
    lists all of them. Debuggers and profilers follow one process.
    """
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and len([*Path("/proc/self/task").iterdir()]) == 1
        and sys.gettrace() is None
        and sys.getprofile() is None
    )


@contextmanager
def halved(
    parts: Sequence[Callable[[], Iterable[Result]]], order: Iterable[int], copying: bool
) -> Iterator[Shared[Result]]:
    """Share parts with a copy of this process, if there is one: it does them in an order, while it is asked.

    Parts must not depend on each other. What is not the same after it was sent is found anew by this process,
    and so is a part that prints or asks for something.
    """
    shared = Shared(parts)
    try:
        if copying and len(parts) > 1 and can_copy():
            _copy(shared, order)
        yield shared
    finally:
        if shared.copy:
            shared.end()


def _locked(locks: int, number: int) -> bool:
    """Lock the byte of a part, unless the other process has; its end unlocks all that it has locked."""
    import fcntl  # which is for Unix

    with suppress(OSError):
        fcntl.lockf(locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        return True
    return False


def _copy(shared: Shared[Result], order: Iterable[int]) -> None:
    """Copy this process, which then does parts, unless the system has no room for another one."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()  # else both processes would write what waits
    gc.freeze()  # a search for garbage would write to memory that both have in common
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        shared.locks, shared.results = os.memfd_create("locks"), os.memfd_create("results")
        shared.messages, send = os.pipe()
        with suppress(OSError):
            shared.copy = os.fork()
            if not shared.copy:
                _work(shared, order, send)
        os.close(send)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _work(shared: Shared[Result], order: Iterable[int], send: int) -> NoReturn:
    """Do the parts that the other process has not begun with, send their results, and end."""
    try:
        die_with_parent()
        # A terminal sends Ctrl-C to both: the other process ends this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        printed = _silenced()
        for number in order:
            if _locked(shared.locks, number):
                text = _sendable(shared.parts[number], printed)
                start = os.lseek(shared.results, 0, os.SEEK_END)
                with open(shared.results, "ab", closefd=False) as results:
                    results.write(text)
                os.write(send, _MESSAGE.pack(number, start, len(text)))
        end_solvers()
    finally:
        os._exit(0)


def _sendable(part: Callable[[], Iterable[Result]], printed: int) -> bytes:
    """Return the results of a part as bytes; none where it failed, printed, or would not arrive the same."""
    before = os.fstat(printed).st_size
    with suppress(BaseException):
        found = list(part())
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        text = pickle.dumps(found)
        if os.fstat(printed).st_size == before and pickle.loads(text) == found:
            return text
    return b""


def _silenced() -> int:
    """Let this process read nothing, and print to memory, which is returned as a file."""
    printed, nothing = os.memfd_create("printed"), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for stream in (1, 2):
        os.dup2(printed, stream)
    return printed
