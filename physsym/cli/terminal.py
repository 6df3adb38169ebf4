"""Printing to a terminal: text from scripts as it reads, never as markup, and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from physsym.core.escapes import one_line, visible
from physsym.core.verdicts import Outcome, Verdict

_COLOURS = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}


class PipedConsole(Console):
    """A console that raises BrokenPipeError where its reader has gone, as `print` does."""

    def on_broken_pipe(self) -> None:
        """Raise the error anew: the command line has an exit code for it."""
        raise BrokenPipeError


def echo(*lines: str | Text, error: bool = False) -> None:
    """Print lines, wrapped by nothing but the terminal; Rich markup in a string has no meaning."""
    console = PipedConsole(soft_wrap=True, highlight=False, stderr=error)
    for line in lines:
        console.print(line if isinstance(line, Text) else Text(visible(line)))


def format_verdict(before: str, verdict: Verdict) -> Text:
    """Return a line that ends with a verdict, in the colour of its outcome."""
    colour = _COLOURS.get(verdict.outcome, "yellow")
    return Text.assemble(one_line(before), (one_line(verdict), colour))


@contextmanager
def progress(total: int) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal, and nothing in a pipe; yield the function that moves it by one."""
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
