"""Progress on long runs: a bar on the terminal, which appears only after a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2.0  # seconds before a bar is shown


def unheard(done: int) -> None:
    """Take what is done where nobody wants to know."""


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress(steps: int, show: bool | None) -> Iterator[Callable[[int], None]]:
    """Give a function that reports the number of steps done; it draws a bar where `show` says so.

    Where `show` is None a bar is drawn on a terminal, once the run has lasted two seconds.
    """
    if show is False or (show is None and not _is_terminal()):
        yield unheard
        return
    # Imported here, since most runs draw no bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("steps"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=show is None)
    task, start, shown = bar.add_task("steps", total=steps), time.monotonic(), False

    def report(done: int) -> None:
        nonlocal shown
        if not shown and (show or time.monotonic() - start > PATIENCE):
            shown = True
            bar.start()
        if shown:
            bar.update(task, completed=done)

    try:
        yield report
    finally:
        if shown:
            bar.stop()
