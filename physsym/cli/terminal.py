"""Printing to a terminal: text from scripts as it reads, never as markup, and a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from physsym.core.escapes import one_line, visible
from physsym.core.verdicts import Outcome, Verdict

_COLOURS = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}
_FORCING = ("FORCE_COLOR", "TTY_COMPATIBLE")  # what Rich reads to write colours to what is no terminal


class Line(NamedTuple):
    """A line of text with an end in a style, such as a verdict in its colour."""

    text: str
    end: str = ""
    style: str = ""

    def __str__(self) -> str:
        return f"{self.text}{self.end}"


def echo(*lines: str | Line, error: bool = False) -> None:
    """Print lines, wrapped by nothing but the terminal; Rich markup in a string has no meaning.

    Raises BrokenPipeError where the reader has gone, as `print` does.
    """
    shown = [line if isinstance(line, Line) else Line(visible(line)) for line in lines]
    stream: TextIO | None = sys.stderr if error else sys.stdout
    if stream is not None and _has_colours(stream):
        from rich.text import Text

        from physsym.cli.console import PipedConsole

        console = PipedConsole(soft_wrap=True, highlight=False, stderr=error)
        for line in shown:
            console.print(Text.assemble(line.text, (line.end, line.style)))
    elif stream is not None:
        print(*shown, sep="\n", file=stream, flush=True)


def _has_colours(stream: TextIO) -> bool:
    """Return whether Rich may write colours; to import it takes a tenth of the time of SymPy."""
    return stream.isatty() or any(os.environ.get(name) for name in _FORCING)


def format_verdict(before: str, verdict: Verdict) -> Line:
    """Return a line that ends with a verdict, in the colour of its outcome."""
    return Line(one_line(before), one_line(verdict), _COLOURS.get(verdict.outcome, "yellow"))


@contextmanager
def progress(total: int) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal, and nothing in a pipe; yield the function that moves it by one."""
    if sys.stderr is None or not _has_colours(sys.stderr):
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

    console = Console(stderr=True)
    with Progress(
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),  # else lines for a file would be printed above the bar
    ) as bar:
        task = bar.add_task("", total=total)

        def done(what: str, advance: int = 1) -> None:
            bar.update(task, advance=advance, description=Text(one_line(what)).markup)

        yield done
