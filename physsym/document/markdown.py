"""The document as Markdown, in the dialect that GitHub renders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatch

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
from physsym.typeset import latex
from physsym.verdict import Condition, Outcome, Premise, Verdict
from physsym.vocabulary import Vocabulary

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
SIGNS = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.APPROXIMATE: "≈",
    Outcome.CONDITIONAL: "!",
    Outcome.UNDECIDABLE: "?",
    Outcome.UNCHECKED: "?",
}


def markdown(document: Document) -> str:
    """Return the document as Markdown, formulas in GitHub's mathematics blocks."""
    parts = [f"# {document.title}", *(_sentence(p.spans, _vocabulary(document)) for p in document.opening)]
    parts += [part for section in document.sections for part in _section(section)]
    return "\n\n".join(parts) + "\n"


def _vocabulary(document: Document) -> Vocabulary:
    return document.sections[0].vocabulary


def _section(section: Section) -> Iterator[str]:
    yield f"{'#' * section.level} {section.title}"
    yield from (_block(block, section.vocabulary) for block in section.blocks)


@singledispatch
def _block(block: Block, vocabulary: Vocabulary) -> str:
    raise TypeError(f"no Markdown is known for {type(block).__name__}")


@_block.register
def _(block: Paragraph, vocabulary: Vocabulary) -> str:
    return _sentence(block.spans, vocabulary)


@_block.register
def _(block: Line, vocabulary: Vocabulary) -> str:
    says = [_sentence(block.says, vocabulary)] if block.says else []
    move = "continued from there" if block.recalled else _sentence(block.move, vocabulary)
    reason = [f"({block.number}) {move}".rstrip()]
    shown = [_side_by_side(block.statement, vocabulary)]
    badge = [_badge(block.verdict, block.dimensions)] if block.verdict is not None else []
    return "\n\n".join(says + reason + shown + badge)


def _side_by_side(formula: Formula, vocabulary: Vocabulary) -> str:
    faces = (latex(formula, "physics", vocabulary), latex(formula, "learning", vocabulary))
    return _displayed(faces)


def _displayed(faces: tuple[str, str]) -> str:
    heads = r"\textsf{physics} & \textsf{machine learning}"
    cells = " & ".join(rf"\displaystyle {face}" for face in faces)
    return f"```math\n\\begin{{array}}{{c|c}}\n{heads} \\\\[4pt]\n{cells}\n\\end{{array}}\n```"


def _badge(verdict: Verdict, dimensions: Verdict | None = None) -> str:
    head = f"**{SIGNS[verdict.outcome]} {verdict.outcome.value}**"
    error = f", up to {_inline(verdict.error)}" if verdict.error else ""
    given = f", given {', '.join(map(_assumed, verdict.assumes))}" if verdict.assumes else ""
    seen = (*verdict.evidence, *(dimensions.evidence if dimensions is not None else ()))
    return f"> {head}{error}{given}  \n> {_escaped('; '.join(seen))}{_witness(verdict)}"


def _assumed(assumed: Condition | Premise) -> str:
    return _escaped(assumed.says) if isinstance(assumed, Premise) else _inline(assumed)


def _inline(formula: Formula) -> str:
    return f"$`{latex(formula)}`$"


def _witness(verdict: Verdict) -> str:
    return f"  \n> Witness: `{verdict.witness}`" if verdict.witness else ""


@_block.register
def _(block: Listing, vocabulary: Vocabulary) -> str:
    return f"**{_escaped(block.heading)}**\n\n```{block.language}\n{block.text.strip()}\n```"


@_block.register
def _(block: Aligned, vocabulary: Vocabulary) -> str:
    faces = dict(block.latex)
    return f"*{_escaped(block.heading)}*\n\n{_displayed((faces['physics'], faces['learning']))}"


@_block.register
def _(block: Facts, vocabulary: Vocabulary) -> str:
    return "\n".join(
        f"- **{_escaped(label)}**: {_sentence(spans, vocabulary)}" for label, spans in block.rows
    )


@_block.register
def _(block: Judged, vocabulary: Vocabulary) -> str:
    quoted = f"**{block.id}** ({block.where}): “{_escaped(block.says)}”"
    return f"{quoted}\n\nFormally: {_sentence(block.formal, vocabulary)}.\n\n{_badge(block.verdict)}"


def _sentence(spans: Sentence, vocabulary: Vocabulary) -> str:
    return "".join(_span(span, vocabulary) for span in spans).strip()


def _span(span: Span, vocabulary: Vocabulary) -> str:
    if isinstance(span.content, str):
        return {"text": "{}", "emphasis": "*{}*", "code": "`{}`"}[span.kind].format(
            span.content if span.kind == "code" else _escaped(span.content)
        )
    faces = dict.fromkeys(latex(span.content, face, vocabulary) for face in ("physics", "learning"))
    return " | ".join(f"$`{face}`$" for face in faces)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
