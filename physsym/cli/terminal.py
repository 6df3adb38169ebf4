"""Printing to a terminal: text from scripts as it reads, never as markup, and a progress bar."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from physsym.cli.columns import Line
from physsym.core.escapes import one_line, visible
from physsym.core.verdicts import SIGNS, Outcome, Verdict, is_failure

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0  # seconds before a bar is shown
STYLES = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}
_ASCII = {
    Outcome.HOLDS: "ok",
    Outcome.FAILS: "NO",
    Outcome.APPROXIMATE: "~",
    Outcome.CONDITIONAL: "if",
    Outcome.UNDECIDABLE: "?",
    Outcome.UNCHECKED: "?",
}
_FORCING = ("FORCE_COLOR", "TTY_COMPATIBLE")  # what Rich reads to write colours to what is no terminal


def echo(*lines: str | Line, error: bool = False) -> None:
    """Print lines as they are; Rich markup in a string has no meaning.

    Raises BrokenPipeError where the reader has gone, as `print` does.
    """
    shown = [line if isinstance(line, Line) else Line(visible(line)) for line in lines]
    if not shown:
        return
    stream: TextIO | None = sys.stderr if error else sys.stdout
    if stream is not None and _has_colours(stream):
        from rich.text import Text

        from physsym.cli.console import PipedConsole

        console = PipedConsole(soft_wrap=True, highlight=False, stderr=error)
        for line in shown:
            console.print(Text.assemble(line.text, (line.end, line.style), line.rest))
    elif stream is not None:
        print(*shown, sep="\n", file=stream, flush=True)


def _has_colours(stream: TextIO) -> bool:
    """Return whether Rich may write colours; to import it takes a tenth of the time of SymPy."""
    return not os.environ.get("NO_COLOR") and _is_terminal(stream)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() or any(os.environ.get(name) for name in _FORCING)


def can_show(text: str) -> bool:
    """Return whether the standard output has all the characters of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def sign(outcome: Outcome) -> str:
    """Return the sign of an outcome, as documents have it, or a word where the output lacks the sign."""
    return SIGNS[outcome] if can_show(SIGNS[outcome]) else _ASCII[outcome]


def verdict_line(verdict: Verdict, verbose: bool = False) -> Line:
    """Return a verdict after its sign; the evidence of one that holds is shown if `verbose`.

    The word for the outcome is left out where the sign is a tick.
    """
    held = not is_failure(verdict) and (verdict.assumes or verdict.outcome is Outcome.HOLDS)
    shown = replace(verdict, evidence=()) if held and not verbose else verdict
    text = one_line(shown)
    if verdict.outcome is Outcome.HOLDS:
        text = text.removeprefix(Outcome.HOLDS.value).lstrip(",: ")
    return Line("", sign(verdict.outcome), STYLES.get(verdict.outcome, "yellow"), f" {text}" if text else "")


@contextmanager
def progress(total: int | None = None, what: str = "") -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal once work has taken two seconds, and nothing anywhere else.

    It is on the standard error. It moves by one with each call of what is yielded,
    `done(what, advance=1, more=0)`, where `more` adds to the total; without a total it shows the time alone.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda *_, **__: None
        return
    bar = _Bar(total, what)
    timer = threading.Timer(PATIENCE, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.done
    finally:
        timer.cancel()
        bar.close()


class _Bar:
    """A bar that another thread begins to show, as the work itself may have nothing to say for long."""

    def __init__(self, total: int | None, what: str) -> None:
        self.total, self.what, self.count = total, what, 0
        self.begun = time.monotonic()
        self.bar: Progress | None = None
        self.closed, self.lock = False, threading.Lock()

    def show(self) -> None:
        """Draw the bar as it is now, unless the work has ended."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        counted = () if self.total is None else (MofNCompleteColumn(),)
        console = Console(stderr=True)
        with self.lock:
            if self.closed:
                return
            self.bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                *counted,
                TimeElapsedColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
                # Else lines for a file would be printed above it.
                redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
            )
            task = self.bar.add_task(self.what, total=self.total, completed=self.count)
            self.bar.tasks[task].start_time = self.begun
            self.bar.start()

    def done(self, what: str, advance: int = 1, more: int = 0) -> None:
        """Move the bar, and say what is done."""
        with self.lock:
            self.what, self.count = one_line(what), self.count + advance
            self.total = None if self.total is None else self.total + more
            if self.bar is not None:
                self.bar.update(
                    self.bar.task_ids[0], description=self.what, completed=self.count, total=self.total
                )

    def close(self) -> None:
        """Take the bar away."""
        with self.lock:
            self.closed = True
            if self.bar is not None:
                self.bar.stop()
