"""Work shared among processes: the results in the order of the items, as they come."""

from __future__ import annotations

import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

Item = TypeVar("Item")
Result = TypeVar("Result")

REFUSALS = (ValueError, OSError, FloatingPointError)  # what a command reports in one line


class WorkerError(OSError):
    """A process that ended before its work was done: it was killed, or it crashed within a library."""


def in_processes(
    function: Callable[[Item], Iterable[Result]], items: Sequence[Item], jobs: int
) -> Iterator[Result]:
    """Yield what a function yields for each item, in the order of the items, computed in several processes.

    The function must be importable by name. With one job it is called in this process. No process is left
    behind, whatever ends the iteration.

    Raises ValueError, with its message, where the function refuses an item, WorkerError where a process ends
    before its work is done, RuntimeError with the traceback for any other exception.
    """
    if min(jobs, len(items)) < 2:
        for item in items:
            yield from function(item)
        return
    with _workers(function, min(jobs, len(items))) as workers:
        messages: list[deque[tuple[str, Any]]] = [deque() for _ in items]
        left = deque(range(len(items)))
        at_work: dict[Any, int] = {}
        idle: list[Any] = list(workers)
        for queue in messages:
            kind = ""
            while kind != "end":
                while idle and left:
                    connection = idle.pop()
                    at_work[connection] = left.popleft()
                    with suppress(BrokenPipeError):  # the process has ended, which is seen when it is read
                        connection.send(items[at_work[connection]])
                for ready in [] if queue else _ready(at_work):
                    number = at_work[ready]
                    message = _received(ready, workers[ready], items[number])
                    messages[number].append(message)
                    if message[0] != "result":
                        del at_work[ready]
                        idle += [ready] if workers[ready].is_alive() else []
                if queue:
                    kind, value = queue.popleft()
                    if kind == "error":
                        raise value
                    if kind == "result":
                        yield value


@contextmanager
def _workers(function: Callable[..., Any], count: int) -> Iterator[dict[Connection, SpawnProcess]]:
    """Start processes, each with a connection to it, and end them."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    workers = {}
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = workers[ours] = context.Process(target=_work, args=(function, theirs), daemon=True)
            with _interruptions_ignored():
                process.start()
            theirs.close()
        yield workers
    finally:
        started = [process for process in workers.values() if process.pid]
        for process in started:
            process.terminate()
        for process in started:
            process.join(timeout=5)
            process.kill()


@contextmanager
def _interruptions_ignored() -> Iterator[None]:
    """Start a process that ignores Ctrl-C, which a terminal sends to all of them: this process ends it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ready(at_work: Iterable[Any]) -> list[Any]:
    """Wait until some processes have something to say, and return the connections to them."""
    from multiprocessing.connection import wait

    return list(wait(list(at_work)))


def _received(connection: Connection, process: SpawnProcess, item: object) -> tuple[str, Any]:
    """Return the next message of a process: a result, an error to be raised, or the end of its item."""
    try:
        kind, value = connection.recv()
    except (EOFError, OSError):
        process.join(timeout=5)
        code = process.exitcode
        return "error", WorkerError(f"the process that worked on {item} ended unexpectedly, with code {code}")
    if kind == "refusal":
        return "error", ValueError(value)
    return (kind, RuntimeError(value)) if kind == "error" else (kind, value)


def _work(function: Callable[[Any], Iterable[Any]], connection: Connection) -> None:
    """Answer items until this process is ended, by an exception, so that its own children end too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        while True:
            item = connection.recv()
            try:
                for result in function(item):
                    connection.send(("result", result))
                connection.send(("end", None))
            except REFUSALS as error:
                connection.send(("refusal", str(error)))
            except Exception:
                connection.send(("error", traceback.format_exc()))
