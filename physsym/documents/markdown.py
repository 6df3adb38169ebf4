"""The document as Markdown, in the dialect of GitHub, of MyST, or of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch

from physsym.core.verdicts import Condition, Hypothesis, Verdict
from physsym.documents.chapters import anchor_of_number
from physsym.documents.html_text import SIGNS
from physsym.documents.markdown_dialects import GITHUB, Flavour
from physsym.documents.prose import marked
from physsym.documents.reasons import up_to
from physsym.documents.tree import (
    AUDIT_HEAD,
    FACES,
    Aligned,
    Aside,
    Audit,
    Block,
    Bullets,
    Contrast,
    Document,
    Facts,
    Formula,
    Grid,
    Judged,
    Line,
    Listing,
    Paragraph,
    Picture,
    Section,
    Sentence,
    Span,
    Subheading,
    counted,
)
from physsym.printing import latex
from physsym.vocabulary import STANDARD, Face, Vocabulary

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$])")
_HEADS = {"physics": r"\textsf{physics}", "learning": r"\textsf{machine learning}"}


@dataclass(frozen=True)
class Pen:
    """In which dialect and with which names one writes."""

    flavour: Flavour
    vocabulary: Vocabulary = STANDARD


def markdown(document: Document, flavour: Flavour = GITHUB) -> str:
    """Return the document as Markdown; figures are files beside it, `figures/NAME.svg`."""
    return "\n\n".join(parts(document, flavour)) + "\n"


def parts(document: Document, flavour: Flavour) -> Iterator[str]:
    """Yield the document in pieces: title, opening, then heading and blocks of each section."""
    yield from opening(document, flavour)
    for section in document.sections:
        yield heading(section, flavour)
        yield from (block_markdown(block, Pen(flavour, section.vocabulary)) for block in section.blocks)


def opening(document: Document, flavour: Flavour) -> Iterator[str]:
    """Yield the title, the subtitle and the opening."""
    yield f"# {escaped(document.title)}"
    if document.subtitle:
        yield f"*{escaped(document.subtitle)}*"
    yield from (block_markdown(p, Pen(flavour)) for p in document.opening)


def heading(section: Section, flavour: Flavour) -> str:
    """Return the heading of a section, with a target for links."""
    label = f"{section.label}: " if section.label else ""
    title = sentence(section.title, Pen(flavour, section.vocabulary))
    return f"{flavour.target(section.anchor)}\n\n{'#' * section.level} {label}{title}"


@singledispatch
def block_markdown(block: Block, pen: Pen) -> str:
    """Return a block as Markdown; raises TypeError for what is no block."""
    raise TypeError(f"no Markdown is known for {type(block).__name__}")


@block_markdown.register(Paragraph)
def _(block: Paragraph, pen: Pen) -> str:
    return sentence(block.spans, pen)


@block_markdown.register(Bullets)
def _(block: Bullets, pen: Pen) -> str:
    return "\n".join(f"{'1.' if block.numbered else '-'} {sentence(item, pen)}" for item in block.items)


@block_markdown.register(Subheading)
def _(block: Subheading, pen: Pen) -> str:
    return f"{pen.flavour.target(block.anchor)}\n\n### {sentence(block.title, pen)}"


@block_markdown.register(Line)
def _(block: Line, pen: Pen) -> str:
    says = [sentence(block.says, pen)] if block.says else []
    move = sentence(block.move, pen) or ("continued from there" if block.recalled else "")
    number = f"**({block.number})** " if block.number else ""
    reason = [f"{number}{move}".strip()] if number or move else []
    target = [pen.flavour.target(anchor_of_number(block.number))] if _is_first(block) else []
    shown = [_formula(block.statement, pen, block.faces)]
    mark = [badge(block.verdict, pen, block.dimensions)] if block.verdict is not None else []
    return "\n\n".join(says + target + reason + shown + mark)


def _is_first(line: Line) -> bool:
    return bool(line.number) and not line.recalled


def _formula(formula: Formula, pen: Pen, faces: Iterable[Face] = FACES) -> str:
    return _displayed({face: latex(formula, face, pen.vocabulary) for face in faces}, pen)


def _displayed(faces: dict[Face, str], pen: Pen) -> str:
    heads = " & ".join(_HEADS[face] for face in faces)
    cells = " & ".join(rf"\displaystyle {tex}" for tex in faces.values())
    columns = "|".join("c" * len(faces))
    return pen.flavour.display(f"\\begin{{array}}{{{columns}}}\n{heads} \\\\[4pt]\n{cells}\n\\end{{array}}")


def badge(verdict: Verdict, pen: Pen, dimensions: Verdict | None = None) -> str:
    """Return a verdict with its evidence as a quotation."""
    head = f"**{SIGNS[verdict.outcome]} {verdict.outcome.value}**"
    error = f", {sentence(up_to(verdict.error), pen)}" if verdict.error else ""
    given = f", given {', '.join(_assumed(a, pen) for a in verdict.assumes)}" if verdict.assumes else ""
    seen = (*verdict.evidence, *(dimensions.evidence if dimensions is not None else ()))
    told = "; ".join(sentence(marked(e, STANDARD), pen) for e in seen)
    witness = f"  \n> Witness: {sentence(marked(verdict.witness, STANDARD), pen)}" if verdict.witness else ""
    return f"> {head}{error}{given}  \n> {told}{witness}"


def _assumed(assumed: Condition | Hypothesis, pen: Pen) -> str:
    return escaped(assumed.says) if isinstance(assumed, Hypothesis) else _inline(assumed, pen)


def _inline(formula: Formula, pen: Pen) -> str:
    return pen.flavour.inline(latex(formula, display="inline"))


@block_markdown.register(Contrast)
def _(block: Contrast, pen: Pen) -> str:
    columns = (
        f"**{name}**\n\n" + "\n\n".join(_told(told, pen) for told in column) for name, column in block.columns
    )
    text = [block_markdown(p, pen) for p in block.says]
    framed = "\n\n".join([*text, *columns, badge(block.verdict, pen)])
    title = f"Finding {block.number}: {sentence(block.title, pen)}"
    return f"{pen.flavour.target(block.anchor)}\n\n{pen.flavour.frame(title, framed)}"


def _told(told: Sentence | Line, pen: Pen) -> str:
    return block_markdown(told, pen) if isinstance(told, Line) else sentence(told, pen)


@block_markdown.register(Judged)
def _(block: Judged, pen: Pen) -> str:
    quoted = f"**{escaped(block.id)}** ({escaped(block.where)}): “{sentence(block.says, pen)}”"
    formal = f"Formally: {sentence(block.formal, pen)}"
    formal += f"  \nRepaired: {sentence(block.repair, pen)}" if block.repair else ""
    return f"{pen.flavour.target(block.anchor)}\n\n{quoted}\n\n{formal}\n\n{badge(block.verdict, pen)}"


@block_markdown.register(Audit)
def _(block: Audit, pen: Pen) -> str:
    totals = ", ".join(f"{SIGNS[outcome]} {counted(outcome, count)}" for outcome, count in block.counts)
    rows = [
        (
            f"[{escaped(c.id)}](#{c.anchor})",
            escaped(c.where),
            sentence(c.says, pen),
            f"{SIGNS[c.verdict.outcome]} {c.verdict.outcome.value}",
        )
        for c in block.claims
    ]
    return f"{totals}\n\n{_table(AUDIT_HEAD, rows)}"


@block_markdown.register(Grid)
def _(block: Grid, pen: Pen) -> str:
    head = tuple(sentence(name, pen) for name in block.head)
    rows = [tuple(sentence(cell, pen) for cell in row) for row in block.rows]
    return f"{pen.flavour.target(block.anchor)}\n\n{sentence(block.caption, pen)}\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    # A bar that is part of a formula must not end its cell.
    cells = ([re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


@block_markdown.register(Picture)
def _(block: Picture, pen: Pen) -> str:
    caption = f"**Figure {block.number}.** {sentence(block.caption, pen)}"
    target = f"{pen.flavour.target(f'figure-{block.name}')}\n\n" if pen.flavour.name != "myst" else ""
    return target + pen.flavour.figure(block.name, escaped(" ".join(block.alt.split())), caption)


@block_markdown.register(Listing)
def _(block: Listing, pen: Pen) -> str:
    return f"**{escaped(block.heading)}**\n\n```{block.language}\n{block.text.strip()}\n```"


@block_markdown.register(Aligned)
def _(block: Aligned, pen: Pen) -> str:
    return f"*{escaped(block.heading)}*\n\n{_displayed(dict(block.latex), pen)}"


@block_markdown.register(Facts)
def _(block: Facts, pen: Pen) -> str:
    return "\n".join(f"- **{escaped(label)}**: {sentence(spans, pen)}" for label, spans in block.rows)


@block_markdown.register(Aside)
def _(block: Aside, pen: Pen) -> str:
    text = "\n\n".join(block_markdown(p, pen) for p in block.paragraphs)
    return pen.flavour.frame(escaped(block.title), text)


def sentence(spans: Sentence, pen: Pen) -> str:
    """Return a sentence as Markdown."""
    return "".join(_span(span, pen) for span in spans).strip()


_FORMS = {"text": "{}", "emphasis": "*{}*", "strong": "**{}**", "code": "`{}`"}


def _span(span: Span, pen: Pen) -> str:
    shown = _content(span, pen)
    return f"[{shown}](#{span.target})" if span.target else shown


def _content(span: Span, pen: Pen) -> str:
    if isinstance(span.content, Verdict):
        return f"{SIGNS[span.content.outcome]} {span.content.outcome.value}"
    if isinstance(span.content, str):
        return _FORMS[span.kind].format(span.content if span.kind == "code" else escaped(span.content))
    faces = (span.face,) if span.face else FACES
    shown = dict.fromkeys(latex(span.content, face, pen.vocabulary, display="inline") for face in faces)
    return " | ".join(pen.flavour.inline(tex) for tex in shown)


def escaped(text: str) -> str:
    """Return a text in which nothing is read as Markdown."""
    return _SPECIAL.sub(r"\\\1", text)
