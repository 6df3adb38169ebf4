"""What an audit finds in a file before it understands any of it: formulas with their positions, and hints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Hint:
    """A line of keywords for the audit in a comment of the text, such as `given m > 0`.

    Parameters
    ----------
    keyword
        Its first word.
    argument
        What follows the keyword.
    line
        The line of the file, counted from 1.
    """

    keyword: str
    argument: str
    line: int


@dataclass(frozen=True)
class Formula:
    """A formula as a file has it.

    Parameters
    ----------
    text
        Its characters, without the signs around it.
    line, column
        Where `text` begins in the file, counted from 1.
    notation
        How it is written.
    display
        Whether it stands on lines of its own.
    headings
        The headings that it stands under, the outermost first.
    before, after
        The sentence of prose before it, and the one behind it, up to the next formula or paragraph.
    label
        Its label or tag, empty where it has none.
    hints
        The hints that stand directly before it.
    cell
        The number of the cell in a notebook, counted from 1, and else 0.
    """

    text: str
    line: int
    column: int = 1
    notation: Literal["latex", "plain", "python"] = "latex"
    display: bool = True
    headings: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    label: str = ""
    hints: tuple[Hint, ...] = ()
    cell: int = 0


@dataclass(frozen=True)
class Text:
    r"""A file with formulas.

    Parameters
    ----------
    path
        Where it lies.
    formulas
        In the order of the file.
    scoped
        The hints `define` and `given` that hold to the next heading of the same level, each with the headings
        that it stands under.
    macros
        What the file defines by `\newcommand` and its kind: the number of arguments and the text.
    """

    path: str
    formulas: tuple[Formula, ...]
    scoped: tuple[tuple[Hint, tuple[str, ...]], ...] = ()
    macros: tuple[tuple[str, int, str], ...] = ()
