"""Printing to a terminal: text from scripts as it reads, never as markup, and a progress bar."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from physsym.core.verdicts import Outcome, Verdict

_COLOURS = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}
# Controls (but for the end of a line), halves of surrogate pairs, and what reverses the direction of text.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: object) -> str:
    """Return text in which control characters, such as those that colour a terminal, are written as escapes.

    >>> visible("a\\x1b[31mred")
    'a\\\\x1b[31mred'
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], str(text))


def one_line(text: object) -> str:
    """Return text as `visible` does, with the ends of lines escaped: a title cannot pose as another line."""
    return visible(text).replace("\n", "\\n")


def echo(*lines: str | Text) -> None:
    """Print lines, wrapped by nothing but the terminal; Rich markup in a string has no meaning."""
    console = Console(soft_wrap=True, highlight=False)
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
