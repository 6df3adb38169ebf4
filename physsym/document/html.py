"""The document as one self-contained HTML page: native MathML, no script, no request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch
from html import escape
from importlib.resources import files

from physsym.document.markdown import SIGNS
from physsym.document.tree import (
    Aligned,
    Block,
    Document,
    Facts,
    Formula,
    Judged,
    Line,
    Listing,
    Paragraph,
    Section,
    Sentence,
    Span,
)
from physsym.typeset import mathml
from physsym.verdict import Condition, Premise, Verdict
from physsym.vocabulary import STANDARD, Face, Vocabulary

_NAMES: dict[Face, str] = {"physics": "Physics", "learning": "Machine learning"}


def html(document: Document) -> str:
    """Return the document as a page that needs nothing beside itself."""
    style = (files("physsym.document") / "page.css").read_text(encoding="utf-8")
    opening = "".join(f"<p>{_sentence(p.spans, STANDARD)}</p>\n" for p in document.opening)
    body = "".join(_section(section) for section in document.sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(document.title)}</h1>\n{opening}{_contents(document.sections)}{body}</main>\n</body>\n</html>\n"
    )


def _contents(sections: Iterable[Section]) -> str:
    items = "".join(_entry(section) for section in sections if section.level == 2)
    return f'<nav aria-label="Contents">\n<ol>\n{items}</ol>\n</nav>\n'


def _entry(section: Section) -> str:
    return f'<li><a href="#{section.anchor}">{escape(section.title)}</a></li>\n'


def _section(section: Section) -> str:
    heading = f'<h{section.level} id="{section.anchor}">{escape(section.title)}</h{section.level}>\n'
    return heading + "".join(_block(block, section.vocabulary) for block in section.blocks)


@singledispatch
def _block(block: Block, vocabulary: Vocabulary) -> str:
    raise TypeError(f"no HTML is known for {type(block).__name__}")


@_block.register
def _(block: Paragraph, vocabulary: Vocabulary) -> str:
    return f"<p>{_sentence(block.spans, vocabulary)}</p>\n"


@_block.register
def _(block: Line, vocabulary: Vocabulary) -> str:
    says = f'<p class="says">{_sentence(block.says, vocabulary)}</p>\n' if block.says else ""
    move = "continued from there" if block.recalled else _sentence(block.move, vocabulary)
    reason = f'<div class="reason">{_number(block)}<span>{move}</span></div>\n'
    badge = _badge(block.verdict, block.dimensions) if block.verdict is not None else ""
    return f'{says}<div class="step">{reason}{_faces(block.statement, vocabulary)}{badge}</div>\n'


def _number(line: Line) -> str:
    anchor = f"line-{line.number}"
    identity = "" if line.recalled else f' id="{anchor}"'
    return f'<a class="number"{identity} href="#{anchor}">({line.number})</a>'


def _faces(formula: Formula, vocabulary: Vocabulary) -> str:
    return _panels((face, mathml(formula, face, vocabulary)) for face in _NAMES)


def _panels(faces: Iterable[tuple[Face, str]]) -> str:
    panels = "".join(
        f'<figure class="{face} face"><figcaption>{_NAMES[face]}</figcaption>{content}</figure>\n'
        for face, content in faces
    )
    return f'<div class="faces">\n{panels}</div>\n'


def _badge(verdict: Verdict, dimensions: Verdict | None = None) -> str:
    error = f", up to {_inline(verdict.error)}" if verdict.error else ""
    summary = f"{SIGNS[verdict.outcome]} {verdict.outcome.value}{error}"
    items = "".join(f"<li>{fact}</li>" for fact in (*_facts(verdict), *_agreement(dimensions)))
    kind = verdict.outcome.value
    return f'<details class="{kind}"><summary>{summary}</summary><ul>{items}</ul></details>\n'


def _facts(verdict: Verdict) -> Iterator[str]:
    yield from map(escape, verdict.evidence)
    if verdict.assumes:
        yield f"given {', '.join(map(_assumed, verdict.assumes))}"
    if verdict.witness:
        yield f"witness: {escape(verdict.witness)}"
    if verdict.engines:
        yield f"looked at by: {escape(', '.join(verdict.engines))}"


def _assumed(assumed: Condition | Premise) -> str:
    return escape(assumed.says) if isinstance(assumed, Premise) else _inline(assumed)


def _inline(formula: Formula) -> str:
    return mathml(formula, display="inline")


def _agreement(dimensions: Verdict | None) -> tuple[str, ...]:
    return dimensions.evidence if dimensions is not None else ()


@_block.register
def _(block: Listing, vocabulary: Vocabulary) -> str:
    return f"<h4>{escape(block.heading)}</h4>\n<pre><code>{escape(block.text.strip())}</code></pre>\n"


@_block.register
def _(block: Aligned, vocabulary: Vocabulary) -> str:
    return f"<h4>{escape(block.heading)}</h4>\n{_faces(block.equations, vocabulary)}"


@_block.register
def _(block: Facts, vocabulary: Vocabulary) -> str:
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{_sentence(v, vocabulary)}</dd>\n" for k, v in block.rows)
    return f"<dl>\n{rows}</dl>\n"


@_block.register
def _(block: Judged, vocabulary: Vocabulary) -> str:
    said = f"<blockquote>“{escape(block.says)}”</blockquote>\n"
    formal = f"<p><strong>{escape(block.id)}</strong>, at {escape(block.where)}. Formally: "
    return f"{said}{formal}{_sentence(block.formal, vocabulary)}.</p>\n{_badge(block.verdict)}"


def _sentence(spans: Sentence, vocabulary: Vocabulary) -> str:
    return "".join(_span(span, vocabulary) for span in spans)


_TAGS = {"text": "{}", "emphasis": "<em>{}</em>", "code": "<code>{}</code>"}


def _span(span: Span, vocabulary: Vocabulary) -> str:
    if isinstance(span.content, str):
        return _TAGS[span.kind].format(escape(span.content))
    physics, learning = (mathml(span.content, face, vocabulary, display="inline") for face in _NAMES)
    if physics == learning:
        return physics
    return f'<span class="physics-inline">{physics}</span> | <span class="learning-inline">{learning}</span>'
