"""From the chapters of an author to sections of the document's tree."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, singledispatch
from typing import Any

from sympy import Expr

from physsym.core.dimensions import Dimension
from physsym.core.statements import Equation, Law, Relation, Rule, Statement, Update
from physsym.core.verdicts import Verdict
from physsym.derivation import Derivation
from physsym.documents import content as written
from physsym.documents import tree
from physsym.documents.content import (
    Chapter,
    Claims,
    Code,
    EquationRange,
    Figure,
    Finding,
    Heading,
    Note,
    NumberedEquation,
    OneFace,
    Table,
)
from physsym.documents.prose import marked, paragraphs, sentence
from physsym.documents.reasons import exponents, phrase, reason
from physsym.documents.tree import Block, Section, Sentence, Span
from physsym.mechanics.claim import Claim
from physsym.mechanics.moves import Step
from physsym.vocabulary import STANDARD, Vocabulary

Reached = tuple[Statement, tuple[Step, ...]]  # where one starts, and the steps to the line
FORMULAS = (Expr, Equation, Update, Law, Rule, Relation)


@dataclass
class BuildContext:
    """What grows while a document is built: the numbers of lines reached, verdicts on claims, counters.

    `done` is called with what was finished each time, so that a long build can show how far it is.
    """

    claims: tuple[Claim, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    done: Callable[[str], None] = lambda what: None
    numbers: dict[Reached, str] = field(default_factory=dict)
    judged: dict[str, tree.Judged] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    findings: int = 0
    pictures: int = 0

    @cached_property
    def anchors(self) -> Mapping[str, str]:
        """Return the anchor of everything that prose may refer to: numbers of equations and ids of claims."""
        shown = (s.number for c in self.chapters for s in written.shown_in(c) if s.number)
        numbers = {f"({n})": anchor_of_number(n) for n in shown}
        return numbers | {c.id: anchor_of_claim(c) for c in self.claims}

    def sentence(self, text: str, vocabulary: Vocabulary) -> Sentence:
        """Return a sentence with links."""
        return sentence(text, vocabulary, self.anchors)

    def paragraphs(self, text: str, vocabulary: Vocabulary) -> tuple[tree.Paragraph | tree.Bullets, ...]:
        """Return paragraphs with links."""
        return paragraphs(text, vocabulary, self.anchors)

    def judge(self, claim: Claim) -> tree.Judged:
        """Return a claim with its verdict, asked for once in a document."""
        if claim.id not in self.judged:
            self.judged[claim.id] = tree.Judged(
                claim.id,
                anchor_of_claim(claim),
                claim.where,
                marked(_as_printed(claim.says), STANDARD),
                marked(claim.formal, STANDARD),
                claim.judge(),
                marked(claim.repair, STANDARD),
                claim.code,
            )
            self.done(f"claim {claim.id}")
        return self.judged[claim.id]


def _as_printed(text: str) -> str:
    """Return the words of a claim with the arrows and the quotation marks of print."""
    arrows = text.replace("<->", "↔").replace("->", "→")
    return re.sub(r'"([^"]*)"', r"‘\1’", arrows)


def anchor(text: str) -> str:
    """Return a text as an anchor: its letters and digits, hyphens between them."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def anchor_of_number(number: str) -> str:
    """Return the anchor of an equation.

    >>> anchor_of_number("4.2b'")
    'eq-4.2b-prime'
    """
    return f"eq-{number.replace(chr(39), '-prime')}"


def anchor_of_claim(claim: Claim) -> str:
    """Return the anchor of a claim."""
    return f"claim-{anchor(claim.id)}"


def sections_of(chapter: Chapter, desk: BuildContext) -> Section:
    """Return a chapter as a section of level 2."""
    blocks = tuple(b for block in chapter.blocks for b in _blocks(block, chapter, desk))
    title = sentence(chapter.title, chapter.vocabulary)
    name = anchor(f"{chapter.number} {chapter.title}")
    desk.done(f"chapter {chapter.number}".strip())
    roman = set(chapter.number) <= set("IVXLC") and chapter.number
    label = f"Chapter {chapter.number}" if roman else chapter.number
    return Section(title, name, 2, blocks, chapter.vocabulary, label)


@singledispatch
def _blocks(block: written.Block, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    raise TypeError(f"no block of a document is known for {type(block).__name__}")


@_blocks.register(str)
def _(block: str, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    yield from desk.paragraphs(textwrap.dedent(block), chapter.vocabulary)


@_blocks.register(Heading)
def _(block: Heading, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    title = sentence(block.title, chapter.vocabulary)
    yield tree.Subheading(title, f"{anchor(f'{chapter.number} {chapter.title}')}-{anchor(block.title)}")


@_blocks.register(NumberedEquation)
def _(block: NumberedEquation, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    yield _line(block, chapter, desk)


@_blocks.register(EquationRange)
def _(block: EquationRange, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    yield from (_line(shown, chapter, desk) for shown in block.lines())


def _line(shown: NumberedEquation, chapter: Chapter, desk: BuildContext) -> tree.Line:
    says, dimensions = desk.sentence(shown.says, chapter.vocabulary), None
    move: Sentence = ()
    if shown.line is not None:
        derivation, index = shown.line
        dimensions = derivation.dimensions()[index]
        if index:
            step = derivation.steps[index - 1]
            says = says or desk.sentence(step.says, derivation.vocabulary)
            move = reason(step.move)
        _register(shown, derivation, index, desk)
    recalled = shown.number in desk.shown
    desk.shown |= {shown.number} - {""}
    verdict = shown.verdict()
    return tree.Line(shown.number, shown.formula, says, move, verdict, dimensions, recalled, shown.faces)


def _register(shown: NumberedEquation, derivation: Derivation, index: int, desk: BuildContext) -> None:
    """Keep the number of a line that is shown as it stands, so that its derivation need not repeat it."""
    if shown.number and shown.statement is None:
        desk.numbers.setdefault((derivation.start, derivation.steps[:index]), shown.number)


@_blocks.register(Finding)
def _(block: Finding, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    desk.findings += 1
    columns = (
        ("What follows", _side(block.follows, chapter, desk)),
        ("What the source says", _side(block.source, chapter, desk)),
        ("The difference", _side(block.difference, chapter, desk)),
    )
    yield tree.Contrast(
        desk.findings,
        sentence(block.title, chapter.vocabulary),
        block.anchor or f"finding-{desk.findings}",
        desk.paragraphs(textwrap.dedent(block.says), chapter.vocabulary),
        columns,
        block.check(),
    )


def _side(told: Any, chapter: Chapter, desk: BuildContext) -> tuple[Sentence | tree.Line, ...]:
    return tuple(p for t in (told if isinstance(told, tuple) else (told,)) for p in _told(t, chapter, desk))


def _told(told: Any, chapter: Chapter, desk: BuildContext) -> Iterator[Sentence | tree.Line]:
    """Yield the sentences and formulas of one side of a finding."""
    if isinstance(told, NumberedEquation):
        yield _line(told, chapter, desk)
    elif isinstance(told, FORMULAS):
        yield tree.Line("", told)
    elif isinstance(told, str):
        yield desk.sentence(told, chapter.vocabulary)
    else:
        yield from _side(told(), chapter, desk)


@_blocks.register(Table)
def _(block: Table, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    rows = block.rows() if callable(block.rows) else block.rows
    caption = desk.sentence(block.caption, chapter.vocabulary)
    if block.number:
        caption = (*phrase(f"Table {block.number}. "), *caption)
    yield tree.Grid(
        caption,
        f"table-{anchor(block.number or ' '.join(block.caption.split()[:4]))}",
        tuple(desk.sentence(name, chapter.vocabulary) for name in block.head),
        tuple(tuple(_cell(cell, chapter, desk) for cell in row) for row in rows),
        block.faces or (None,) * len(block.head),
    )
    desk.done("table")


def _cell(cell: Any, chapter: Chapter, desk: BuildContext) -> Sentence:
    if isinstance(cell, OneFace):
        return tuple(Span(s.kind, s.content, cell.face, s.target) for s in _cell(cell.told, chapter, desk))
    if isinstance(cell, FORMULAS):
        return (Span("formula", cell),)
    if isinstance(cell, NumberedEquation):
        return (Span("formula", cell.formula), Span("text", " "), Span("verdict", cell.verdict()))
    if isinstance(cell, Claim):
        judged = desk.judge(cell)
        name = Span("text", cell.id, target=judged.anchor)
        return (name, Span("text", " "), Span("verdict", judged.verdict))
    return _plain_cell(cell, chapter, desk)


def _plain_cell(cell: Any, chapter: Chapter, desk: BuildContext) -> Sentence:
    if isinstance(cell, Verdict):
        return (Span("verdict", cell),)
    if isinstance(cell, (int, float)):
        return phrase(f"{cell:.4g}" if isinstance(cell, float) else str(cell))
    if isinstance(cell, Dimension):
        return phrase(exponents(cell))
    return desk.sentence(cell, chapter.vocabulary) if isinstance(cell, str) else _cell(cell(), chapter, desk)


@_blocks.register(Figure)
def _(block: Figure, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    desk.pictures += 1
    draw = block.draw if isinstance(block.draw, tuple) else (block.draw,)
    caption = desk.sentence(_text(block.caption), chapter.vocabulary)
    yield tree.Picture(block.name, draw, block.size, desk.pictures, caption, _text(block.alt))
    desk.done(f"figure {block.name}")


def _text(told: Callable[[], str] | str) -> str:
    return told if isinstance(told, str) else told()


@_blocks.register(Claims)
def _(block: Claims, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    if block.title:
        yield tree.Paragraph((Span("strong", block.title),))
    for claim in block.claims:
        yield desk.judge(claim)
        desk.placed.add(claim.id)


@_blocks.register(Code)
def _(block: Code, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    code = block.code if isinstance(block.code, str) else inspect.getsource(block.code)
    yield tree.Listing(block.title, block.language, textwrap.dedent(code))


@_blocks.register(Note)
def _(block: Note, chapter: Chapter, desk: BuildContext) -> Iterator[Block]:
    yield tree.Aside(block.title, desk.paragraphs(textwrap.dedent(block.text), chapter.vocabulary))
