"""The document as a tree of values, which every format prints in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr

from physsym.statement import Equation, Law, Relation, Rule, Statement, Update
from physsym.verdict import Condition, Order, Verdict
from physsym.vocabulary import Face, Vocabulary

Formula: TypeAlias = Expr | Equation | Update | Law | Rule | Relation | Condition | Order


@dataclass(frozen=True)
class Span:
    """A piece of a sentence: plain text, emphasised text, code, or a formula."""

    kind: Literal["text", "emphasis", "code", "formula"]
    content: str | Formula


Sentence: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of prose."""

    spans: Sentence


@dataclass(frozen=True)
class Line:
    """A numbered line of a derivation on both faces; the first one has neither reason nor verdict.

    A line that stands elsewhere already, under the same number, is `recalled`.
    """

    number: str
    statement: Statement
    says: Sentence = ()
    move: Sentence = ()
    verdict: Verdict | None = None
    dimensions: Verdict | None = None
    recalled: bool = False


@dataclass(frozen=True)
class Listing:
    """A piece of source code under a heading."""

    heading: str
    language: str
    text: str


@dataclass(frozen=True)
class Aligned:
    """A hand-written function as formulas: its equations, and their LaTeX in the author's order, by face."""

    heading: str
    equations: Law
    latex: tuple[tuple[Face, str], ...]


@dataclass(frozen=True)
class Facts:
    """Short facts, each a label and a sentence."""

    rows: tuple[tuple[str, Sentence], ...]


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict, computed when the document was built."""

    id: str
    where: str
    says: str
    formal: Sentence
    verdict: Verdict


Block: TypeAlias = Paragraph | Line | Listing | Aligned | Facts | Judged


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; level 2 for a script, 3 for a derivation. The anchor is unique."""

    title: str
    anchor: str
    level: int
    blocks: tuple[Block, ...]
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Document:
    """A title, an opening, and the sections in reading order."""

    title: str
    opening: tuple[Paragraph, ...]
    sections: tuple[Section, ...]
