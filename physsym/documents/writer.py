"""What all formats have in common: one walk over the tree of a document, one method a block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar, assert_never

from physsym.core.verdicts import Condition, Hypothesis, Verdict
from physsym.documents.evidence import in_words, marked_formulas
from physsym.documents.prose import plain_sentence
from physsym.documents.tree import (
    FACES,
    Aligned,
    Aside,
    Audit,
    Block,
    Bullets,
    Contrast,
    Document,
    Embedded,
    Evidence,
    Facts,
    Formula,
    Grid,
    Judged,
    Line,
    Listing,
    Paragraph,
    Photo,
    Picture,
    Quotation,
    Section,
    Sentence,
    Span,
    Subheading,
)
from physsym.vocabulary import STANDARD, Face, Vocabulary

Part = TypeVar("Part")


@dataclass(frozen=True)
class Writer(ABC, Generic[Part]):
    """A format: `write` walks over a document and calls one method for each block it meets.

    A format is a subclass that says how a block, and each piece of a sentence, is written. `faces`,
    `evidence` and `vocabulary` are those of the document and of the section that is being written; its
    headings are `raised` by so many levels.
    """

    faces: tuple[Face, ...] = FACES
    evidence: Evidence = "folded"
    vocabulary: Vocabulary = STANDARD
    raised: int = 0

    def write(self, document: Document) -> str:
        """Return the document: the front matter, then each section with its blocks in order."""
        writer = replace(self, faces=document.faces, evidence=document.evidence)
        sections = [writer._within(section) for section in document.sections]
        return writer.whole(document, writer.front(document), sections)

    def _within(self, section: Section) -> Part:
        inside = self._inside(section)
        return inside.section(section, [inside.block(block) for block in section.blocks])

    def block(self, block: Block) -> str:
        """Return a block; raises TypeError for what is none."""
        match block:
            case Paragraph():
                return self.paragraph(block)
            case Bullets():
                return self.bullets(block)
            case Quotation():
                return self.quotation(block)
            case Subheading():
                return self.subheading(block)
            case Line():
                return self.line(block)
            case Contrast():
                return self.finding(block)
            case Grid():
                return self.table(block)
            case Picture():
                return self.figure(block)
            case Photo():
                return self.photo(block)
            case Embedded():
                return self.embedded(block)
            case Listing():
                return self.listing(block)
            case Aligned():
                return self.aligned(block)
            case Facts():
                return self.facts(block)
            case Aside():
                return self.aside(block)
            case Judged():
                return self.claim(block)
            case Audit():
                return self.audit(block)
            case _:
                assert_never(block)

    def sentence(self, spans: Sentence) -> str:
        """Return a sentence."""
        return "".join(map(self.span, spans))

    def span(self, span: Span) -> str:
        """Return a piece of a sentence, as a link where it has a target."""
        if isinstance(span.content, Verdict):
            shown = self.outcome(span.content)
        elif isinstance(span.content, str):
            shown = self.text(span.kind, span.content)
        else:
            shown = self.formula(span.content, (span.face,) if span.face else self.faces)
        if span.address:
            return self.external_link(shown, span.address)
        return self.link(shown, span.target) if span.target else shown

    @property
    def sublevel(self) -> int:
        """Return the level of the headings within a chapter."""
        return 3 - self.raised

    def level_of(self, section: Section) -> int:
        """Return the level of the heading of a section."""
        return max(section.level - self.raised, 2)

    def titled(self, title: Sentence, section: Section) -> str:
        """Return a title of a section, in the names of its vocabulary."""
        return self._inside(section).sentence(title)

    def _inside(self, section: Section) -> Self:
        """Return the writer of a section, with its names and its faces."""
        return replace(
            self,
            vocabulary=section.vocabulary,
            faces=section.faces or self.faces,
            raised=section.raised,
        )

    @property
    def standard(self) -> Self:
        """Return the writer of evidence, which is in the names of the standard vocabulary."""
        return self if self.vocabulary is STANDARD else replace(self, vocabulary=STANDARD)

    def evidence_text(self, text: str) -> str:
        """Return a piece of evidence: a plain text in which backticks hold formulas."""
        return self.standard.sentence(plain_sentence(marked_formulas(text), STANDARD))

    def assumptions(self, verdict: Verdict) -> str:
        """Return what a verdict assumes, after the word given; empty where it assumes nothing."""
        assumed = (
            self.evidence_text(a.says) if isinstance(a, Hypothesis) else self.standard.condition(a)
            for a in verdict.assumes
        )
        return f"given {', '.join(assumed)}" if verdict.assumes else ""

    def evidence_line(self, verdict: Verdict, checked: str = "") -> str:
        """Return the evidence of a verdict in one line: what it assumes, and its first piece of evidence."""
        words, _ = in_words(verdict, checked)
        return ": ".join(filter(None, (self.assumptions(verdict), *map(self.evidence_text, words[:1]))))

    # What a format says.

    @abstractmethod
    def front(self, document: Document) -> Part:
        """Return the front matter."""

    @abstractmethod
    def section(self, section: Section, blocks: Sequence[str]) -> Part:
        """Return a section with its heading; `blocks` are those of the section, written."""

    @abstractmethod
    def whole(self, document: Document, front: Part, sections: Sequence[Part]) -> str:
        """Return the text of the file."""

    @abstractmethod
    def text(self, kind: str, text: str) -> str:
        """Return plain, emphasised or strong text, or code."""

    @abstractmethod
    def formula(self, formula: Formula, faces: Sequence[Face]) -> str:
        """Return a formula within a sentence, on each of the faces where they differ."""

    @abstractmethod
    def condition(self, condition: Condition) -> str:
        """Return a condition that a verdict assumes."""

    @abstractmethod
    def outcome(self, verdict: Verdict, refuted: bool = False) -> str:
        """Return the outcome of a verdict as a small mark; `refuted` says that it fails on purpose."""

    @abstractmethod
    def link(self, shown: str, target: str) -> str:
        """Return a link within the document."""

    @abstractmethod
    def external_link(self, shown: str, address: str) -> str:
        """Return a link to an address."""

    @abstractmethod
    def paragraph(self, block: Paragraph) -> str:
        """Return a paragraph of prose."""

    @abstractmethod
    def bullets(self, block: Bullets) -> str:
        """Return a list."""

    @abstractmethod
    def quotation(self, block: Quotation) -> str:
        """Return a quotation."""

    @abstractmethod
    def subheading(self, block: Subheading) -> str:
        """Return the title of a part of a section."""

    @abstractmethod
    def line(self, block: Line) -> str:
        """Return a numbered formula with its reason and verdict."""

    @abstractmethod
    def finding(self, block: Contrast) -> str:
        """Return a finding with its columns."""

    @abstractmethod
    def table(self, block: Grid) -> str:
        """Return a table."""

    @abstractmethod
    def figure(self, block: Picture) -> str:
        """Return a figure with its caption."""

    @abstractmethod
    def photo(self, block: Photo) -> str:
        """Return a picture that is given as a file, with its caption."""

    @abstractmethod
    def embedded(self, block: Embedded) -> str:
        """Return a page of its own, or what is said instead."""

    @abstractmethod
    def listing(self, block: Listing) -> str:
        """Return a piece of source code."""

    @abstractmethod
    def aligned(self, block: Aligned) -> str:
        """Return a function written by hand as formulas."""

    @abstractmethod
    def facts(self, block: Facts) -> str:
        """Return short facts, each with its label."""

    @abstractmethod
    def aside(self, block: Aside) -> str:
        """Return a frame beside the course of the text."""

    @abstractmethod
    def claim(self, block: Judged) -> str:
        """Return a claim with its verdict."""

    @abstractmethod
    def audit(self, block: Audit) -> str:
        """Return the table of all claims."""
