"""Every block of a document as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import singledispatch
from html import escape

from physsym.documents.chapters import anchor_of_number
from physsym.documents.drawing import drawn
from physsym.documents.html_text import SIGNS, badge, chip, plain, sentence
from physsym.documents.tree import (
    AUDIT_HEAD,
    FACE_NAMES,
    FACES,
    Aligned,
    Aside,
    Audit,
    Block,
    Bullets,
    Contrast,
    Facts,
    Formula,
    Grid,
    Judged,
    Line,
    Listing,
    Paragraph,
    Picture,
    Sentence,
    Subheading,
    counted,
)
from physsym.printing import mathml
from physsym.printing.mathml_printer import width
from physsym.vocabulary import Face, Vocabulary

# In em: two panels side by side hold formulas up to this width in full size.
WIDE = 15.6


@singledispatch
def block_html(block: Block, vocabulary: Vocabulary) -> str:
    """Return a block as HTML; raises TypeError for what is no block."""
    raise TypeError(f"no HTML is known for {type(block).__name__}")


@block_html.register(Paragraph)
def _(block: Paragraph, vocabulary: Vocabulary) -> str:
    return f"<p>{sentence(block.spans, vocabulary)}</p>\n"


@block_html.register(Bullets)
def _(block: Bullets, vocabulary: Vocabulary) -> str:
    tag = "ol" if block.numbered else "ul"
    items = "".join(f"<li>{sentence(item, vocabulary)}</li>\n" for item in block.items)
    return f"<{tag}>\n{items}</{tag}>\n"


@block_html.register(Subheading)
def _(block: Subheading, vocabulary: Vocabulary) -> str:
    return f'<h3 id="{block.anchor}">{sentence(block.title, vocabulary)}</h3>\n'


# Equations.


@block_html.register(Line)
def _(block: Line, vocabulary: Vocabulary) -> str:
    says = f'<p class="says">{sentence(block.says, vocabulary)}</p>\n' if block.says else ""
    return says + _equation(block, vocabulary)


def _equation(line: Line, vocabulary: Vocabulary) -> str:
    move = sentence(line.move, vocabulary) or ("continued from there" if line.recalled else "")
    head = f'<div class="head">{_number(line)}<span class="reason">{move}</span></div>\n'
    seen = line.dimensions.evidence if line.dimensions is not None else ()
    mark = badge(line.verdict, *map(escape, seen)) if line.verdict is not None else ""
    panels = _faces(line.statement, vocabulary, line.faces)
    return f'<div class="equation"{_identity(line)}>{head}{panels}{mark}</div>\n'


def _identity(line: Line) -> str:
    return f' id="{anchor_of_number(line.number)}"' if line.number and not line.recalled else ""


def _number(line: Line) -> str:
    if not line.number:
        return ""
    return f'<a class="number" href="#{anchor_of_number(line.number)}">({line.number})</a>'


def _faces(formula: Formula, vocabulary: Vocabulary, faces: Iterable[Face] = FACES) -> str:
    return _panels([(face, mathml(formula, face, vocabulary)) for face in faces])


def _panels(maths: list[tuple[Face, str]]) -> str:
    stacked = " stacked" if len(maths) > 1 and max(width(math) for _, math in maths) > WIDE else ""
    panels = "".join(
        f'<figure class="face {face}" style="--w:{width(math):.1f}">'
        f"<figcaption>{FACE_NAMES[face]}</figcaption>{math}</figure>\n"
        for face, math in maths
    )
    return f'<div class="faces{stacked}">\n{panels}</div>\n'


@block_html.register(Aligned)
def _(block: Aligned, vocabulary: Vocabulary) -> str:
    return f"<h4>{escape(block.heading)}</h4>\n{_faces(block.equations, vocabulary)}"


@block_html.register(Contrast)
def _(block: Contrast, vocabulary: Vocabulary) -> str:
    count = f'<span class="count">Finding {block.number}</span>'
    title = f"<h4>{count} {sentence(block.title, vocabulary)}</h4>\n"
    says = "".join(block_html(p, vocabulary) for p in block.says)
    columns = "".join(
        f'<div class="column"><h5>{name}</h5>\n{"".join(_told(t, vocabulary) for t in told)}</div>\n'
        for name, told in block.columns
    )
    return (
        f'<section class="finding" id="{block.anchor}">\n{title}{says}'
        f'<div class="columns">\n{columns}</div>\n{badge(block.verdict)}</section>\n'
    )


def _told(told: Sentence | Line, vocabulary: Vocabulary) -> str:
    if isinstance(told, Line):
        return _equation(told, vocabulary) if told.number else _bare(told, vocabulary)
    return f"<p>{sentence(told, vocabulary)}</p>\n"


def _bare(line: Line, vocabulary: Vocabulary) -> str:
    """Return a formula without a number; one that is the same on both faces stands once."""
    maths = {face: mathml(line.statement, face, vocabulary) for face in line.faces}
    if len(maths) > 1 and len(set(maths.values())) == 1:
        math = maths["physics"]
        panel = f'<figure class="face both" style="--w:{width(math):.1f}">{math}</figure>'
        return f'<div class="faces">{panel}</div>\n'
    return f'<div class="equation">{_panels(list(maths.items()))}</div>\n'


# Claims.


@block_html.register(Judged)
def _(block: Judged, vocabulary: Vocabulary) -> str:
    formal = f"Formally: {sentence(block.formal, vocabulary)}"
    repair = [f"Repaired: {sentence(block.repair, vocabulary)}"] if block.repair else []
    code = f"<details><summary>As code</summary><pre><code>{escape(block.code)}</code></pre></details>"
    return (
        f'<article class="claim" id="{block.anchor}">\n<p><a class="id" href="#{block.anchor}">'
        f"{escape(block.id)}</a> <q>{sentence(block.says, vocabulary)}</q> "
        f'<span class="where">{escape(block.where)}</span></p>\n'
        f"{badge(block.verdict, formal, *repair, short=True, last=code)}</article>\n"
    )


@block_html.register(Audit)
def _(block: Audit, vocabulary: Vocabulary) -> str:
    rows = "".join(_audit_row(claim, vocabulary) for claim in block.claims)
    head = "".join(f'<th scope="col">{name}</th>' for name in AUDIT_HEAD)
    table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n"
    return f'{counts(block)}<table class="audit">\n{table}</table>\n'


def counts(audit: Audit) -> str:
    """Return how many claims came out in which way, as a row of marks."""
    marks = "".join(
        f'<li class="chip {outcome.value}" data-outcome="{outcome.value}" data-count="{count}">'
        f"{SIGNS[outcome]}&nbsp;{counted(outcome, count, '&nbsp;')}</li>\n"
        for outcome, count in audit.counts
    )
    return f'<ul class="counts" aria-label="Claims by verdict">\n{marks}</ul>\n'


def _audit_row(claim: Judged, vocabulary: Vocabulary) -> str:
    return (
        f'<tr><td><a href="#{claim.anchor}">{escape(claim.id)}</a></td><td>{escape(claim.where)}</td>'
        f"<td>{sentence(claim.says, vocabulary)}</td><td>{chip(claim.verdict)}</td></tr>\n"
    )


# Tables, figures and the rest.


@block_html.register(Grid)
def _(block: Grid, vocabulary: Vocabulary) -> str:
    colours = [f' class="in-{face}"' if face else "" for face in block.faces]
    head = "".join(
        f'<th scope="col"{colour}>{sentence(name, vocabulary)}</th>'
        for colour, name in zip(colours, block.head, strict=True)
    )
    rows = "".join(f"<tr>{''.join(_cells(row, block, colours, vocabulary))}</tr>\n" for row in block.rows)
    return (
        f'<figure class="table" id="{block.anchor}">\n<figcaption>{sentence(block.caption, vocabulary)}'
        f"</figcaption>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</figure>\n"
    )


def _cells(
    row: tuple[Sentence, ...], grid: Grid, colours: list[str], vocabulary: Vocabulary
) -> Iterator[str]:
    for cell, name, colour in zip(row, grid.head, colours, strict=True):
        yield f'<td{colour} data-label="{plain(name)}"><div>{sentence(cell, vocabulary)}</div></td>'


# What stands before the element, and the data on who made it when.
_AROUND = re.compile(r"\A.*?(?=<svg)|\s*<metadata>.*?</metadata>", re.DOTALL)
_IDENTITY = re.compile(r'\b(id="|href="#|url\(#)')
_NAMED = re.compile(r' id="([^"]*)"')
_PATH = re.compile(r'(?<= d=")[^"]*')
_DIGITS = re.compile(r"(\.\d)\d+|\s*\n\s*")


@block_html.register(Picture)
def _(block: Picture, vocabulary: Vocabulary) -> str:
    # Several drawings share one page: each keeps its identifiers to itself.
    drawing = _IDENTITY.sub(rf"\g<1>{block.name}-", _slender(drawn(block, "svg").decode()))
    labelled = drawing.replace("<svg", f'<svg role="img" aria-label="{escape(block.alt)}"', 1)
    caption = f"<b>Figure {block.number}.</b> {sentence(block.caption, vocabulary)}"
    return (
        f'<figure class="picture" id="figure-{block.name}">\n{labelled}\n'
        f"<figcaption>{caption}</figcaption>\n</figure>\n"
    )


def _slender(drawing: str) -> str:
    """Return a drawing without what nobody sees: its author, names of parts, hundredths of a point."""
    inside = _AROUND.sub("", drawing)
    used = set(re.findall(r"#([\w-]+)", inside))
    named = _NAMED.sub(lambda name: name[0] if name[1] in used else "", inside)
    return _PATH.sub(lambda path: _DIGITS.sub(r"\1", path[0]), named)


@block_html.register(Listing)
def _(block: Listing, vocabulary: Vocabulary) -> str:
    return f"<h4>{escape(block.heading)}</h4>\n<pre><code>{escape(block.text.strip())}</code></pre>\n"


@block_html.register(Facts)
def _(block: Facts, vocabulary: Vocabulary) -> str:
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{sentence(v, vocabulary)}</dd>\n" for k, v in block.rows)
    return f"<dl>\n{rows}</dl>\n"


@block_html.register(Aside)
def _(block: Aside, vocabulary: Vocabulary) -> str:
    text = "".join(block_html(p, vocabulary) for p in block.paragraphs)
    return f"<aside>\n<h4>{escape(block.title)}</h4>\n{text}</aside>\n"
