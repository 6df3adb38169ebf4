"""Text in the columns of a terminal: its width, wrapping, labelled rows, and tables of two columns."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

WIDTH = 80  # where there is no terminal
KEPT = "\0"  # a space at which no line is broken
_RELATION = re.compile(r" (?:[=<>]|!=|<=|>=|<-|->) ")
_NARROWEST = 40
_BROADEST_LABEL = 0.44  # of the width, for the left column of a table


class Line(NamedTuple):
    """A line of text with a part in a style, such as the sign of a verdict in its colour."""

    text: str
    end: str = ""
    style: str = ""
    rest: str = ""

    def __str__(self) -> str:
        return f"{self.text}{self.end}{self.rest}"


def terminal_width() -> int:
    """Return the number of columns of the standard output: of a terminal, else `COLUMNS`, else 80."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (AttributeError, OSError, ValueError):  # no standard output, none of the system, no terminal
        columns = 0
    given = os.environ.get("COLUMNS", "")
    return max(int(given) if given.isdecimal() and int(given) else columns or WIDTH, _NARROWEST)


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two, combining ones none.

    >>> text_width("x\\u0304 = 2"), text_width("\\u4e8c")
    (5, 2)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def padded(text: str, width: int) -> str:
    """Return a text with spaces after it, up to a number of columns."""
    return text + " " * (width - text_width(text))


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text in lines of a number of columns; words that are longer stay whole, to be copied.

    Parameters
    ----------
    text
        The text; its lines are wrapped each by itself. A relation such as `rho < 1` is not broken at its
        sign, nor is a text at the character `KEPT`, which becomes a space.
    width
        The number of columns.
    first, rest
        What the first line begins with, and all others.

    Returns
    -------
    list of str
        At least one line.
    """
    lines = list[str]()
    for part in _RELATION.sub(lambda found: found[0].replace(" ", KEPT), text).split("\n"):
        line, begun = first if not lines else rest, False
        for word in part.split(" "):
            if begun and text_width(line) + 1 + text_width(word) > width:
                lines.append(line.rstrip())
                line, begun = rest, False
            line += f" {word}" if begun else word
            begun = True
        lines.append(line.rstrip())
    return [line.replace(KEPT, " ") for line in lines]


def paragraph(text: str, indent: str = "", rest: str | None = None) -> list[str]:
    """Return a text wrapped to the width of the terminal."""
    return wrapped(text, terminal_width(), indent, indent if rest is None else rest)


def reflowed(text: str) -> list[str]:
    """Return a text of paragraphs and items in lines of the width of the terminal.

    A line continues the one above, unless it begins an item, or follows a colon or an item that ends.
    """
    parts = list[str]()
    for line in text.split("\n"):
        item = bool(parts) and parts[-1].lstrip().startswith("- ")
        begins = line.lstrip().startswith("- ") or (item and not line.startswith("    "))
        if not parts or not line or not parts[-1] or begins or parts[-1].endswith(":"):
            parts.append(line)
        else:
            parts[-1] += f" {line.strip()}"
    lines = list[str]()
    for part in parts:
        lead = " " * (len(part) - len(part.lstrip()))
        hanging = lead + "  " * (part.lstrip().startswith("- ") or bool(lead))
        lines += paragraph(part.lstrip(), lead, hanging)
    return lines


def labelled(rows: Iterable[tuple[str, Sequence[str]]], indent: str = "") -> list[str]:
    """Return lines of text with their labels on the left; rows without text are left out.

    >>> rows = [("rule", ["x <- x - eta*grad(x)"]), ("reads", []), ("start", ["k = 0", "v = 0"])]
    >>> print(*labelled(rows), sep="\\n")
    rule   x <- x - eta*grad(x)
    start  k = 0
           v = 0
    """
    shown = [(label, list(texts)) for label, texts in rows if texts]
    margin = max((text_width(label) for label, _ in shown), default=0) + 2
    lines = list[str]()
    for label, texts in shown:
        for k, text in enumerate(texts):
            first = indent + padded(label if k == 0 else "", margin)
            lines += paragraph(text, first, indent + " " * (margin + 2))
    return lines


def table(rows: Sequence[tuple[str, Line]], indent: str = "  ") -> list[list[Line]]:
    """Return the lines of each row of a table of two columns, each column wrapped by itself.

    Parameters
    ----------
    rows
        The label on the left; on the right a line that begins with its styled part, such as a verdict.
    indent
        What each line begins with.

    Returns
    -------
    list of lists of Line
        The lines of each row, of the width of the terminal.
    """
    width = terminal_width()
    longest = max((text_width(label) for label, _ in rows), default=0)
    left = min(longest, int(_BROADEST_LABEL * width))
    found = list[list[Line]]()
    for label, line in rows:
        number = label.partition(" ")[0]
        labels = wrapped(label, left, "", " " * (len(number) + 1) if number.isdecimal() else "  ")
        texts = wrapped(str(line), width - len(indent) - left - 2, "", " " * (text_width(line.end) + 1))
        lines = list[Line]()
        for before, text in zip_longest(labels, texts, fillvalue=""):
            margin = f"{indent}{padded(before, left)}  "
            if not lines:
                lines.append(Line(margin, line.end, line.style, text.removeprefix(line.end)))
            else:
                lines.append(Line((margin + text).rstrip()))
        found.append(lines)
    return found
