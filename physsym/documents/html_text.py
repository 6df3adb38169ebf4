"""Sentences, formulas and verdicts as HTML: what all blocks of the page are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict
from physsym.documents.prose import marked
from physsym.documents.reasons import up_to
from physsym.documents.tree import FACES, Formula, Sentence, Span
from physsym.printing import mathml
from physsym.printing.mathml_printer import width
from physsym.vocabulary import STANDARD, Face, Vocabulary

SIGNS = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.APPROXIMATE: "≈",
    Outcome.CONDITIONAL: "◐",
    Outcome.UNDECIDABLE: "?",
    Outcome.UNCHECKED: "?",
}
# In em: a longer formula in a sentence is set smaller where the column is narrow.
LONG = 12.0

_TAGS = {"text": "{}", "emphasis": "<em>{}</em>", "strong": "<strong>{}</strong>", "code": "<code>{}</code>"}


def sentence(spans: Sentence, vocabulary: Vocabulary) -> str:
    """Return a sentence as HTML."""
    return "".join(_span(span, vocabulary) for span in spans)


def plain(spans: Sentence) -> str:
    """Return a sentence as text that can stand in an attribute."""
    return escape("".join(str(span.content) for span in spans))


def _span(span: Span, vocabulary: Vocabulary) -> str:
    shown = _content(span, vocabulary)
    return f'<a href="#{escape(span.target)}">{shown}</a>' if span.target else shown


def _content(span: Span, vocabulary: Vocabulary) -> str:
    if isinstance(span.content, Verdict):
        return chip(span.content)
    if isinstance(span.content, str):
        return _TAGS[span.kind].format(escape(span.content))
    return formula(span.content, vocabulary, (span.face,) if span.face else FACES)


def formula(shown: Formula, vocabulary: Vocabulary, faces: Iterable[Face] = FACES) -> str:
    """Return a formula within a sentence; where the faces differ, both, each in its colour."""
    by_face = {face: inline(shown, vocabulary, face) for face in faces}
    if len(set(by_face.values())) == 1 and len(by_face) == len(FACES):
        return next(iter(by_face.values()))
    twins = (f'<span class="in-{face}">{math}</span>' for face, math in by_face.items())
    return '<span class="or"> | </span>'.join(twins)


def inline(shown: Formula, vocabulary: Vocabulary = STANDARD, face: Face = "physics") -> str:
    """Return a formula as MathML within a line of text."""
    math = mathml(shown, face, vocabulary, display="inline")
    return math.replace("<math ", f'<math style="--w:{width(math):.1f}" ', 1) if width(math) > LONG else math


def chip(verdict: Verdict) -> str:
    """Return the outcome of a verdict as a small mark without evidence."""
    return f'<span class="chip {verdict.outcome.value}">{_named(verdict)}</span>'


def _named(verdict: Verdict) -> str:
    return f"{SIGNS[verdict.outcome]}&nbsp;{verdict.outcome.value}"


def badge(verdict: Verdict, *more: str, short: bool = False, last: str = "") -> str:
    """Return a verdict as a badge that unfolds to its evidence, between what else there is to tell.

    A short badge leaves the order of the error to what it unfolds to.
    """
    error = sentence(up_to(verdict.error), STANDARD) if verdict.error else ""
    told = (*more, f"true {error}", *_facts(verdict)) if short and error else (*more, *_facts(verdict))
    items = "".join(f"<li>{fact}</li>" for fact in (*told, last) if fact)
    named = _named(verdict) + (f", {error}" if error and not short else "")
    kind = verdict.outcome.value
    return f'<details class="badge {kind}"><summary>{named}</summary><ul>{items}</ul></details>\n'


def _facts(verdict: Verdict) -> Iterator[str]:
    yield from map(_told, verdict.evidence)
    if verdict.assumes:
        yield f"given {', '.join(map(_assumed, verdict.assumes))}"
    if verdict.witness:
        yield f"witness: {_told(verdict.witness)}"
    if verdict.engines:
        yield f"looked at by: {escape(', '.join(verdict.engines))}"


def _told(text: str) -> str:
    return sentence(marked(text, STANDARD), STANDARD)


def _assumed(assumed: Condition | Hypothesis) -> str:
    return escape(assumed.says) if isinstance(assumed, Hypothesis) else inline(assumed)
