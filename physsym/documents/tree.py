"""The document as a tree of values, which every format writes in its own way (see `writer`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias

from sympy import Expr

from physsym.core.statements import Equation, Law, Relation, Rule, Update
from physsym.core.verdicts import SIGNS as OUTCOME_SIGNS
from physsym.core.verdicts import Condition, Order, Outcome, Verdict
from physsym.vocabulary import STANDARD, Face, Vocabulary

Formula: TypeAlias = Expr | Equation | Update | Law | Rule | Relation | Condition | Order
FACES: tuple[Face, ...] = ("physics", "learning")
Evidence: TypeAlias = Literal["folded", "line", "none"]
SIGNS = OUTCOME_SIGNS
AUDIT_HEAD = ("Claim", "Place", "The source says", "Verdict")
FACE_NAMES: dict[Face, str] = {"physics": "Physics", "learning": "Machine learning"}


@dataclass(frozen=True)
class Span:
    """A piece of a sentence: text, emphasised text, code, a formula on both faces or on one, or a verdict.

    The kind `tex` is LaTeX between the dollars of an author that was not read as a formula; it is shown as it
    is written, as mathematics where `is_mathematics` takes it.

    Where there is a `target`, it is a link to the anchor of that name; where there is an `address`, such as
    https://..., a link to that, its special characters percent-encoded. A formula for `display` is one that
    its author has put on a line of its own.
    """

    kind: Literal["text", "emphasis", "strong", "code", "tex", "formula", "verdict"]
    content: str | Formula | Verdict
    face: Face | None = None
    target: str = ""
    address: str = ""
    display: bool = False


Sentence: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of prose."""

    spans: Sentence


@dataclass(frozen=True)
class Bullets:
    """A list of sentences, with what else each item holds, such as a list of its own, in `inner`.

    A numbered list begins with `first`.
    """

    items: tuple[Sentence, ...]
    numbered: bool = False
    inner: tuple[tuple[Prose, ...], ...] = ()
    first: int = 1

    @property
    def parts(self) -> tuple[tuple[Sentence, tuple[Prose, ...]], ...]:
        """Return each item: its sentence, and what else it holds."""
        return tuple(zip(self.items, self.inner or ((),) * len(self.items), strict=True))


@dataclass(frozen=True)
class Quotation:
    """What somebody else has said."""

    parts: tuple[Prose, ...]


@dataclass(frozen=True)
class Subheading:
    """The title of a part of a section."""

    title: Sentence
    anchor: str


@dataclass(frozen=True)
class Line:
    """A numbered formula, most often the line of a derivation; the first line has no reason.

    A line that was shown before, under the same number, is `recalled`. One that fails, and is shown for
    that reason, is `refuted`. The `anchor` is that of its number where it is shown first; `checked`
    says what its check did before it compared the line with the one above.
    """

    number: str
    statement: Formula
    says: Sentence = ()
    move: Sentence = ()
    verdict: Verdict | None = None
    dimensions: Verdict | None = None
    recalled: bool = False
    faces: tuple[Face, ...] = FACES
    refuted: bool = False
    anchor: str = ""
    checked: str = ""


@dataclass(frozen=True)
class Contrast:
    """A finding: what follows, what the source says, the difference: columns of sentences and lines."""

    number: int
    title: Sentence
    anchor: str
    says: tuple[Prose, ...]
    columns: tuple[tuple[str, tuple[Sentence | Line, ...]], ...]
    verdict: Verdict

    @property
    def refuted(self) -> bool:
        """Return whether the sentence of the source fails, which the finding is about."""
        return self.verdict.outcome is Outcome.FAILS


@dataclass(frozen=True)
class Grid:
    """A table; `faces` says which columns belong to one face."""

    caption: Sentence
    anchor: str
    head: tuple[Sentence, ...]
    rows: tuple[tuple[Sentence, ...], ...]
    faces: tuple[Face | None, ...] = ()


Prose: TypeAlias = Paragraph | Bullets | Quotation | Grid


@dataclass(frozen=True)
class Photo:
    """A picture that is given as a file: its name, what it holds, and what can be seen in words."""

    name: str
    content: bytes
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure, its functions for panels side by side, which each format draws as the file it needs."""

    name: str
    draw: tuple[Callable[[Any], object], ...]
    size: tuple[float, float]
    number: int
    caption: Sentence
    alt: str


@dataclass(frozen=True)
class Embedded:
    """A page of its own, computed where a format shows it, and what the other formats say instead."""

    title: Sentence
    anchor: str
    page: Callable[[], str]
    instead: Sentence


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
class Aside:
    """A frame beside the course of the text."""

    title: str
    paragraphs: tuple[Prose, ...]


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict, computed when the document was built, what is true instead, and its code."""

    id: str
    anchor: str
    where: str
    says: Sentence
    formal: Sentence
    verdict: Verdict
    repair: Sentence = ()
    code: str = ""

    @property
    def refuted(self) -> bool:
        """Return whether the claim fails and the author says what is true instead, so that it is meant to."""
        return self.verdict.outcome is Outcome.FAILS and bool(self.repair)


@dataclass(frozen=True)
class Audit:
    """All claims in a table, with links to where they are judged, and how many came out in which way.

    `listed` are the ids of those that scripts export or list in chapters; others are in cells of tables.
    """

    claims: tuple[Judged, ...]
    listed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Total:
    """How many steps, say, came out in one way; what is refuted on purpose stands apart.

    A number is a statement about numbers in words, such as `exp(-1) ~ 0.37`.
    """

    of: Literal["step", "equation", "number", "claim of the source"]
    outcome: Outcome
    count: int
    refuted: bool = False


def plain_text(spans: Sentence) -> str:
    """Return a sentence as plain text, without the verdicts in it."""
    return "".join(str(span.content) for span in spans if span.kind != "verdict")


def single_line(text: str) -> str:
    """Return a text in one line, with one space where there was white space.

    >>> single_line("A title\\n# and no heading")
    'A title # and no heading'
    """
    return " ".join(text.split())


def anchor(text: str) -> str:
    """Return a text as an anchor: its letters and digits, hyphens between them."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def anchor_of_number(number: str) -> str:
    """Return the anchor of an equation.

    >>> anchor_of_number("4.2b'")
    'eq-4.2b-prime'
    """
    return f"eq-{number.replace(chr(39), '-prime')}"


def outcome_word(outcome: Outcome, refuted: bool = False) -> str:
    """Return the word of an outcome on a badge; what a page refutes on purpose does not fail there."""
    return "refuted, as stated" if refuted else outcome.value


Block: TypeAlias = (
    Paragraph
    | Bullets
    | Quotation
    | Subheading
    | Line
    | Contrast
    | Grid
    | Picture
    | Photo
    | Embedded
    | Listing
    | Aligned
    | Facts
    | Aside
    | Judged
    | Audit
)


@dataclass(frozen=True)
class Section:
    """A heading and its blocks; level 2 for a chapter or a script, 3 for a derivation.

    The anchor is unique; `label` is printed before the title, such as "Chapter III". `source` is the Python
    expression for what it shows, where that comes from scripts in `found`, in their order; `outcomes` are
    those of the start and of all steps of a derivation, those shown elsewhere included. `faces` are those of
    its formulas, where the document has more. `totals` say how what it shows came out, with the derivations
    below it. A section without a title continues what stands before it; headings are `raised` by one level
    in a chapter whose title is that of the document.
    """

    title: Sentence
    anchor: str
    level: int
    blocks: tuple[Block, ...]
    vocabulary: Vocabulary = STANDARD
    label: str = ""
    source: str = ""
    outcomes: tuple[Outcome, ...] = ()
    totals: tuple[Total, ...] = ()
    faces: tuple[Face, ...] = ()
    raised: int = 0


@dataclass(frozen=True)
class Document:
    """A title, an opening, and the sections in reading order.

    `paths` are those of scripts that are not shipped, seen from where a notebook is run. `faces` are those on
    which formulas are shown, in this order, where a formula does not say so itself. `evidence` is how much of
    a verdict is shown: all of it, folded away where a format can do that, one line, or the outcome only.
    `failing` names what does not hold, or is unchecked, beside the steps of derivations. `totals` say how
    everything came out, and `provenance`, which every format puts last, where it comes from. `css` is a style
    sheet for the page, after its own.
    """

    title: str
    subtitle: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]
    paths: tuple[str, ...] = ()
    faces: tuple[Face, ...] = FACES
    evidence: Evidence = "folded"
    failing: tuple[str, ...] = ()
    totals: tuple[Total, ...] = ()
    provenance: Facts = Facts(())
    css: str = ""

    @property
    def parts(self) -> tuple[tuple[Section, tuple[Section, ...]], ...]:
        """Return each section of level 2 with those below it."""
        first = [k for k, section in enumerate(self.sections) if section.level == 2]
        ends = (*first[1:], len(self.sections))
        return tuple(
            (self.sections[k], self.sections[k + 1 : end]) for k, end in zip(first, ends, strict=True)
        )


def blocks(document: Document) -> Iterator[tuple[Section, Block]]:
    """Yield every block with its section; the lines within findings come after their finding."""
    for section in document.sections:
        for block in section.blocks:
            yield section, block
            yield from ((section, line) for line in inner_lines(block))


def values_of(value: object) -> Iterator[Any]:
    """Yield a value of a tree and those within it, the verdicts among them."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from values_of(part)
    elif isinstance(value, Verdict):
        yield value
    elif is_dataclass(value) and type(value).__module__ == __name__:
        yield value
        for field in fields(value):
            yield from values_of(getattr(value, field.name))


def inner_lines(block: Block) -> tuple[Line, ...]:
    """Return the formulas in the columns of a finding."""
    columns = block.columns if isinstance(block, Contrast) else ()
    return tuple(part for _, column in columns for part in column if isinstance(part, Line))
