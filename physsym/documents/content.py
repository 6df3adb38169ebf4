"""Chapters: the values that an author writes a document with. Nothing here renders; every format reads them.

A chapter is a title and blocks. A block that is a plain string is prose: Markdown in which what is in
backticks is a formula in the language of `read`, typeset on both faces wherever they differ. Relations
other than equality are allowed there too: `0 < eta*lam < 2`, `tau -> 0`, `rho ~ exp(-dt/tau)`. A number in
parentheses that an equation carries, such as (1.4), and the id of a claim become links to it.

A script exports `chapter`, or a package a tuple of them or a `Book`; see `physsym.loading`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from sympy import Expr, Symbol

from physsym.core.dimensions import Dimension
from physsym.core.statements import Equation, Law, Relation, Rule, Statement, Update, symbols
from physsym.core.symbols import name_and_marks
from physsym.core.verdicts import Verdict, all_of
from physsym.derivation import Derivation
from physsym.documents.comparisons import Comparisons
from physsym.documents.tree import Photo
from physsym.loading import DocumentPart, Notes, Script
from physsym.mechanics.claim import Claim
from physsym.verify.equivalence import same_law, same_rule
from physsym.vocabulary import STANDARD, Face, Quantity, Vocabulary, scalar

Formula: TypeAlias = Expr | Equation | Update | Law | Rule | Relation
FACES: tuple[Face, ...] = ("physics", "learning")


_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.'-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_SIGNS_OF_NUMBERS = "letters and digits, with dots, hyphens and primes between or behind them"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]*")


def _refuse_name(what: str, given: object, pattern: re.Pattern[str], signs: str) -> None:
    """Raise ValueError where a name would be more than that in some format; TypeError for what is no text."""
    if not isinstance(given, str):
        raise TypeError(f"{what} is text, given {given!r}")
    if not pattern.fullmatch(given):
        raise ValueError(f"{what} is made of {signs}, given {given!r}")


@dataclass(frozen=True)
class Heading:
    """The title of a section within a chapter; formulas are written in backticks."""

    title: str


@dataclass(frozen=True)
class Passage:
    """Prose of a Markdown file, from a line on, in which formulas may also stand between dollars, as LaTeX.

    What is between dollars and cannot be read as a formula is shown as it is written.
    """

    text: str
    line: int = 1

    @property
    def name(self) -> str:
        """Return where it stands, for messages."""
        return f"line {self.line}"


@dataclass(frozen=True)
class NumberedEquation:
    """A display equation under a number that the author gives: the numbers are those of the source.

    `line` is the line of a derivation that it is, as (derivation, index), index 0 being the start; where no
    `statement` is given that line is shown, with the verdict on the step to it, and else the two are
    compared. `check` computes a verdict on anything that is no line. One of the two is needed: every
    equation of a document is checked. `says` is printed above the equation, by default the words of the step.
    An equation with an empty number is shown without one. `refuted` says that the equation is shown because
    it is false: `physsym check` then requires that it fails.

    Raises TypeError where there is neither `line` nor `check`, or nothing to show, and ValueError for a line
    that the derivation does not have, and for a number that is not made of letters, digits, dots, hyphens and
    primes.

    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> print(NumberedEquation("2.2", line=(derivation, 2)).formula)
    tau*x'' = -grad(x)/gamma - x'
    >>> print(NumberedEquation("2.2", line=(derivation, 2)).verdict().outcome.value)
    holds
    """

    number: str
    statement: Formula | None = None
    line: tuple[Derivation, int] | None = None
    check: Callable[[], Verdict] | None = None
    says: str = ""
    faces: tuple[Face, ...] = FACES
    refuted: bool = False

    def __post_init__(self) -> None:
        if self.number != "":
            _refuse_name("the number of an equation", self.number, _NUMBER, _SIGNS_OF_NUMBERS)
        if self.line is None and (self.check is None or self.statement is None):
            raise TypeError(
                f"equation {self.number!r} is tied to nothing: give line=(derivation, index), "
                "or a statement and check=, a function without arguments that returns a Verdict"
            )
        if self.line is not None:
            _refuse_index(self.line[1], self.line[0], f"equation {self.number!r}")

    @property
    def formula(self) -> Formula:
        """Return what is shown: the statement, or else the line."""
        if self.statement is not None or self.line is None:
            assert self.statement is not None
            return self.statement
        derivation, index = self.line
        return derivation.lines[index]

    def verdict(self) -> Verdict:
        """Return what is known of the equation: the step to its line, its likeness to it, and the check."""
        found: list[Verdict] = []
        if self.line is not None:
            derivation, index = self.line
            found.append(derivation.verdicts()[index])
            if self.statement is not None:
                found.append(_compare(self.statement, derivation.lines[index]))
        checked = [verdict_of(self.check, f"check= of equation {self.number!r}")] if self.check else []
        return all_of(*found, *checked)


def verdict_of(check: Callable[[], Verdict], name: str) -> Verdict:
    """Return what a check returns; raises TypeError where that is no verdict."""
    found = check()
    if not isinstance(found, Verdict):
        raise TypeError(
            f"{name} returned {found!r}; a Verdict was expected, such as holds(...) or fails(...)"
        )
    return found


def _refuse_index(index: int, derivation: Derivation, name: str) -> None:
    """Raise ValueError for what is no index of a line."""
    last = len(derivation.steps)
    if index not in range(last + 1):
        raise ValueError(f"{name} shows line {index} of {derivation.title!r}, whose lines are 0 to {last}")


def _compare(statement: Formula, line: Statement) -> Verdict:
    law = Law((statement,)) if isinstance(statement, Equation) else statement
    if isinstance(law, Rule) and isinstance(line, Rule):
        return same_rule(law, line)
    if isinstance(law, Law) and isinstance(line, Law):
        return same_law(law, line)
    raise TypeError(
        f"{statement} cannot be compared with the line {line}: one is a law, the other a rule; give check="
    )


@dataclass(frozen=True)
class EquationRange:
    """Lines of a derivation in a row, from index `start` to `stop` (both shown; None is the last line).

    `numbers` gives the number of each line by its index; a line without one is shown unnumbered. Raises
    ValueError for an index that the derivation does not have, and for a range or numbers beyond the range.

    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> [shown.number for shown in EquationRange(derivation, {2: "2.2", 3: "3.1a"}, start=1, stop=3).lines()]
    ['', '2.2', '3.1a']
    """

    derivation: Derivation
    numbers: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        for index in (self.start, self._last):
            _refuse_index(index, self.derivation, "an EquationRange")
        if self.start > self._last:
            raise ValueError(f"an EquationRange from line {self.start} to {self._last} shows nothing")
        for number in filter(None, self.numbers.values()):
            _refuse_name("the number of an equation", number, _NUMBER, _SIGNS_OF_NUMBERS)
        beyond = sorted(set(self.numbers) - set(range(self.start, self._last + 1)))
        if beyond:
            raise ValueError(
                f"an EquationRange from line {self.start} to {self._last} has numbers for lines {beyond}"
            )

    @property
    def _last(self) -> int:
        return len(self.derivation.steps) if self.stop is None else self.stop

    def lines(self) -> tuple[NumberedEquation, ...]:
        """Return the lines as equations to be shown."""
        return tuple(
            NumberedEquation(self.numbers.get(k, ""), line=(self.derivation, k))
            for k in range(self.start, self._last + 1)
        )


# The content of a cell or of one side of a finding: words, a formula, or what computes them when read.
Content: TypeAlias = "str | Formula | NumberedEquation | Callable[[], Content]"


@dataclass(frozen=True)
class Finding:
    """A statement of the source that is wrong or inexact: what follows, what it says, and the difference.

    The three are printed side by side. Each is words (Markdown), a formula, a `NumberedEquation`,
    a tuple of these, or a function without arguments that computes one of them. `check` returns the verdict
    on what the source says: it is what makes the finding true, so it is computed each time. Raises ValueError
    for an `anchor` that is not made of letters, digits and hyphens.
    """

    title: str
    follows: Content | tuple[Content, ...]
    source: Content | tuple[Content, ...]
    difference: Content | tuple[Content, ...]
    check: Callable[[], Verdict]
    says: str = ""
    anchor: str = ""

    def __post_init__(self) -> None:
        if self.anchor != "":
            _refuse_name("the anchor of a finding", self.anchor, _NAME, "letters, digits and hyphens")


@dataclass(frozen=True)
class OneFace:
    """A cell that is printed on one face only, for tables whose columns are physics and learning.

    >>> from physsym.vocabulary import x
    >>> OneFace("learning", x).face
    'learning'
    """

    face: Face
    content: Content


Cell: TypeAlias = "Content | OneFace | Verdict | Claim | Dimension | int | float"
Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of generated cells: `rows` is a function that computes them, or a tuple of rows.

    A cell is words (Markdown), a formula, a number (floats print in four digits), a verdict (its badge), a
    claim (its id and badge), a dimension, a formula on `OneFace`, or a function that computes one of
    these. `head` names the columns; `faces` colours columns by face, one entry a column, None for neither.

    Equations and claims in cells are judged and counted as they are elsewhere. A verdict as a cell is data of
    the table, which may show on purpose what fails: `physsym check` does not count it.

    Raises ValueError where a row, or `faces`, has not one entry for each column.
    """

    caption: str
    head: tuple[str, ...]
    rows: Callable[[], Iterable[Row]] | tuple[Row, ...]
    number: str = ""
    faces: tuple[Face | None, ...] = ()

    def __post_init__(self) -> None:
        if self.faces and len(self.faces) != len(self.head):
            raise ValueError(f"a table has {len(self.head)} columns and {len(self.faces)} faces")
        if not callable(self.rows):
            self.computed_rows()

    def computed_rows(self) -> tuple[Row, ...]:
        """Return the rows; raises ValueError for one that has not one cell for each column."""
        rows: tuple[Any, ...] = tuple(self.rows() if callable(self.rows) else self.rows)
        for row in rows:
            if not isinstance(row, tuple | list) or len(row) != len(self.head):
                raise ValueError(f"a row of {len(self.head)} cells was expected, given {row!r}")
        return rows


@dataclass(frozen=True)
class Figure:
    """A figure: `draw` is called with an Axes, or one function for each panel, side by side.

    `caption` computes the sentence below (Markdown), in which the numbers are computed as well; `alt` says
    in plain words what can be seen. `name` is the anchor and the name of the file where a format needs
    one: letters, digits and hyphens, else ValueError is raised. `size` is the width and height in inches; 6.3
    fills the text.
    """

    name: str
    draw: Callable[[Any], object] | tuple[Callable[[Any], object], ...]
    caption: Callable[[], str] | str
    alt: Callable[[], str] | str
    size: tuple[float, float] = (6.3, 3.4)

    def __post_init__(self) -> None:
        _refuse_name("the name of a figure", self.name, _NAME, "letters, digits and hyphens")

    @property
    def draws(self) -> tuple[Callable[[Any], object], ...]:
        """The functions that draw, one for each panel.

        >>> Figure("line", len, "A line.", "a line").draws == (len,)
        True
        """
        return self.draw if isinstance(self.draw, tuple) else (self.draw,)


@dataclass(frozen=True)
class Claims:
    """Claims that are judged where this block stands, each with a badge that unfolds to its evidence."""

    claims: tuple[Claim, ...]
    title: str = ""


@dataclass(frozen=True)
class Code:
    """A piece of source code: text, or a function or class whose source is shown; nothing of it is run.

    Raises ValueError for a language that is no name.
    """

    title: str
    code: str | Callable[..., object]
    language: str = "python"

    def __post_init__(self) -> None:
        _refuse_name("the language of code", self.language, _LANGUAGE, "letters, digits, +, #, . and hyphens")


@dataclass(frozen=True)
class Embedded:
    """A page of its own that a reader unfolds, in formats that can show one; the others print a sentence.

    `page` is a function without arguments that returns a self-contained page of HTML, with its scripts in
    plain `<script>` elements: they are all that runs. It is called where a format needs it. `instead` is what
    the other formats say, in Markdown.
    """

    title: str
    page: Callable[[], str]
    instead: str


@dataclass(frozen=True)
class Note:
    """An aside in a frame, which may be skipped."""

    title: str
    text: str


Block: TypeAlias = (
    str
    | Passage
    | Photo
    | Derivation
    | Heading
    | NumberedEquation
    | EquationRange
    | Finding
    | Table
    | Figure
    | Claims
    | Code
    | Embedded
    | Note
)


@dataclass(frozen=True)
class Chapter(DocumentPart):
    """A chapter: its title, its blocks in reading order, and a label before the title, such as "III".

    A derivation as a block is shown whole, under its title, each line with its verdict. Its prose may use the
    symbols of the derivations and statements that it shows, beside those of its vocabulary.

    Raises TypeError for what is no block.

    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> divided = NumberedEquation("2.2", line=(derivation, 2))
    >>> chapter = Chapter("The time scale", ("Divide by `gamma`.", divided), "II")
    >>> len(chapter.blocks)
    2
    """

    title: str
    blocks: tuple[Block, ...]
    number: str = ""
    vocabulary: Vocabulary = STANDARD

    def __repr__(self) -> str:
        return f"Chapter({self.title!r}, {len(self.blocks)} blocks)"

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """Return the derivations that it shows whole."""
        return derivations_in(self)

    def __post_init__(self) -> None:
        for block in self.blocks:
            if not isinstance(block, Block):
                raise TypeError(
                    f"a chapter is made of prose and blocks such as NumberedEquation, given {block!r}"
                )


@dataclass(frozen=True)
class Book(DocumentPart):
    """Chapters in reading order under one title, with an opening in Markdown."""

    title: str
    chapters: tuple[Chapter, ...]
    opening: str = ""
    subtitle: str = ""

    def __repr__(self) -> str:
        return f"Book({self.title!r}, {len(self.chapters)} chapters)"

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """Return the derivations that its chapters show whole."""
        return tuple(d for chapter in self.chapters for d in chapter.derivations)


def book_of(script: Script) -> Book | None:
    """Return the book that a script exports, the first if there are several."""
    return next((part for part in script.parts if isinstance(part, Book)), None)


def chapters_of(script: Script) -> tuple[Chapter, ...]:
    """Return the chapters of a script: those of its book, or those that it exports one by one.

    >>> from physsym import script
    >>> [chapter.number for chapter in chapters_of(script("book"))]
    ['Prologue', 'I', 'II', 'III', 'IV', 'V', 'Epilogue']
    """
    book = book_of(script)
    if book:
        return book.chapters
    return tuple(map(_as_chapter, (part for part in script.parts if isinstance(part, Chapter | Notes))))


def _as_chapter(part: Chapter | Notes) -> Chapter:
    if isinstance(part, Chapter):
        return part
    from physsym.documents.notes import chapter_of

    return chapter_of(part)


def comparisons_of(script: Script) -> tuple[Comparisons, ...]:
    """Return what a script compares its rules with."""
    return tuple(part for part in script.parts if isinstance(part, Comparisons))


def vocabulary_of(vocabulary: Vocabulary, derivations: Iterable[Derivation]) -> Vocabulary:
    """Return a vocabulary with the names and symbols of derivations, for the prose around them.

    >>> from sympy import Symbol
    >>> from physsym.core.symbols import dot
    >>> theta, omega = Symbol("theta", real=True), Symbol("omega", real=True)
    >>> pendulum = Derivation("A pendulum", Law((Equation(dot(theta), omega),)), ())
    >>> vocabulary_of(STANDARD, [pendulum]).get("theta").symbol
    theta
    """
    new: dict[str, Quantity] = {}
    for derivation in dict.fromkeys(derivations):
        for quantity in derivation.vocabulary_of_sentences.quantities:
            if vocabulary.get(quantity.name) is None:
                new.setdefault(quantity.name, quantity)
    return vocabulary.extended(*new.values()) if new else vocabulary


def derivations_in(chapter: Chapter) -> tuple[Derivation, ...]:
    """Return the derivations that a chapter shows whole.

    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> [d.title for d in derivations_in(Chapter("", ("Text.", derivation)))]
    ['Gradient descent']
    """
    return tuple(block for block in chapter.blocks if isinstance(block, Derivation))


def derivations_shown(chapter: Chapter) -> tuple[Derivation, ...]:
    """Return the derivations that a chapter shows whole or lines of, each once."""
    whole = derivations_in(chapter)
    lines = (equation.line[0] for equation in equations_in(chapter) if equation.line is not None)
    return tuple(dict.fromkeys((*whole, *lines)))


def with_symbols(chapter: Chapter) -> Chapter:
    """Return a chapter whose vocabulary has the symbols of all that it shows."""
    vocabulary = vocabulary_of(chapter.vocabulary, derivations_shown(chapter))
    stated = (e.statement for e in equations_in(chapter) if e.statement is not None)
    held = sorted({s for statement in stated for s in _symbols(statement)}, key=str)
    new = {name: s for s in held for name, marks in [name_and_marks(s)] if not marks}
    unknown = [scalar(s) for name, s in new.items() if vocabulary.get(name) is None]
    if not unknown and vocabulary is chapter.vocabulary:
        return chapter
    return replace(chapter, vocabulary=vocabulary.extended(*unknown))


def _symbols(formula: Formula) -> set[Symbol]:
    if isinstance(formula, Expr | Relation):
        sides = formula.sides if isinstance(formula, Relation) else (formula,)
        return {s for side in sides for s in side.free_symbols if isinstance(s, Symbol)}
    if isinstance(formula, Equation | Update):
        return set(symbols(Law((formula,)) if isinstance(formula, Equation) else Rule((formula,))))
    return set(symbols(formula))


def equations_in(chapter: Chapter) -> tuple[NumberedEquation, ...]:
    """Return every display equation of a chapter in order, those within ranges and findings included.

    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> chapter = Chapter("", (EquationRange(derivation, {0: "1.4"}, stop=0),))
    >>> [equation.number for equation in equations_in(chapter)]
    ['1.4']
    """
    found: list[object] = []
    for block in chapter.blocks:
        if isinstance(block, EquationRange):
            found += block.lines()
        elif isinstance(block, Finding):
            for side in (block.follows, block.source, block.difference):
                found += side if isinstance(side, tuple) else (side,)
        else:
            found.append(block)
    return tuple(equation for equation in found if isinstance(equation, NumberedEquation))
