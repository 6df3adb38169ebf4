"""What an audit finds in a file before it understands any of it: formulas with their positions, and hints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


def _place(line: int, cell: int, cell_line: int) -> str:
    return f"cell {cell}, line {cell_line}" if cell else f"line {line}"


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
    cell, cell_line
        In a notebook the number of the cell and the line in it, counted from 1, and else 0.
    """

    keyword: str
    argument: str
    line: int
    cell: int = 0
    cell_line: int = 0

    @property
    def place(self) -> str:
        """Return where it stands, in words."""
        return _place(self.line, self.cell, self.cell_line)

    def __str__(self) -> str:
        return f"{self.keyword} {self.argument}".rstrip()


@dataclass(frozen=True)
class Formula:
    """A formula as a file has it.

    Parameters
    ----------
    text
        Its characters, without the signs around it. Comments, and what stands before each line of a quotation
        or of a comment, are spaces in it, so that positions in it are positions in the file.
    line, column
        Where `text` begins in the file, counted from 1. In a notebook `line` is that of the file, and
        `column` that of the line in its cell.
    notation
        How it is written.
    display
        Whether it stands on lines of its own.
    headings
        The headings that it stands under, the outermost first. In Python source the names of the class and
        the function come first.
    before, after
        The sentence of prose before it, and the one behind it. They end at a paragraph, except that the prose
        before a displayed formula may be the paragraph above it, and at another formula that states a
        relation; a lone `$m$` belongs to the sentence.
    label
        Its label or, where it has none, its tag; empty where it has neither.
    hints
        The hints that stand directly before it, other than `define` and `given`.
    cell
        The number of the cell in a notebook, counted from 1, and else 0.
    cell_line
        The line in the cell, counted from 1, and else 0.
    labels
        All labels and tags, of which aligned rows may have several.
    scoped
        The hints `define` and `given` that hold for it, in their order.
    sections
        The numbers of its headings in the text, counted from 1: two sections may have the same heading.
    sentence
        The prose before it from the beginning of its sentence, with the inline formulas in it. Where that is
        a word or two, such as "Thus", the sentence before it too.
    above, below
        How many lines above its own the signs around it begin, and below its own they end.
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
    cell_line: int = 0
    labels: tuple[str, ...] = ()
    scoped: tuple[Hint, ...] = ()
    sections: tuple[int, ...] = ()
    sentence: str = field(default="", compare=False)
    above: int = field(default=0, compare=False)
    below: int = field(default=0, compare=False)

    @property
    def section(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the headings that it stands under, with their numbers."""
        return self.headings, self.sections

    @property
    def position(self) -> str:
        """Return the line, in a notebook the cell and its line, as a reader would say it."""
        return f"{self.cell}:{self.cell_line}" if self.cell else str(self.line)

    @property
    def place(self) -> str:
        """Return where it stands, in words."""
        return _place(self.line, self.cell, self.cell_line)

    def is_on_line(self, line: int) -> bool:
        """Return whether it stands on a line of the file, in a notebook on one of its cell."""
        own = self.cell_line or self.line
        return own - self.above <= line <= own + max(self.below, self.text.count("\n"))


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
        What the file defines by `\newcommand` and its kind: the name with its backslash, the number of
        arguments and the text.
    remarks
        What of the file was not read, with its line, such as files that it includes.
    """

    path: str
    formulas: tuple[Formula, ...]
    scoped: tuple[tuple[Hint, tuple[str, ...]], ...] = ()
    macros: tuple[tuple[str, int, str], ...] = ()
    remarks: tuple[str, ...] = ()
