"""Printing to a terminal: text from scripts as it reads, never as markup, and a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from physsym.cli.columns import Line
from physsym.core.escapes import one_line, visible
from physsym.core.verdicts import SIGNS, Outcome, Verdict, is_failure

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
def progress(total: int) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal, and nothing in a pipe; yield the function that moves it by one."""
    if sys.stderr is None or not _is_terminal(sys.stderr):
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
