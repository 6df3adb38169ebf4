"""Sentences, formulas and verdicts as LaTeX: what all blocks of the printed document are made of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict
from physsym.documents.prose import marked
from physsym.documents.reasons import up_to
from physsym.documents.tree import FACES, Formula, Sentence, Span
from physsym.printing import latex
from physsym.printing.names import GREEK, TEX_GREEK
from physsym.vocabulary import STANDARD, Face, Vocabulary

COLOURS = {
    Outcome.HOLDS: "holds", Outcome.FAILS: "fails", Outcome.CONDITIONAL: "doubt",
    Outcome.APPROXIMATE: "doubt", Outcome.UNDECIDABLE: "open", Outcome.UNCHECKED: "open",
}  # fmt: skip
SIGNS = {
    Outcome.HOLDS: r"$\checkmark$", Outcome.FAILS: r"$\times$", Outcome.CONDITIONAL: r"$\circ$",
    Outcome.APPROXIMATE: r"$\approx$", Outcome.UNDECIDABLE: "?", Outcome.UNCHECKED: "?",
}  # fmt: skip

_PLAIN = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "`": r"\textasciigrave{}",
    **{c: f"\\{c}" for c in "{}$&#_%"},
}  # fmt: skip
_SIGNS_OF_MATHEMATICS = {
    "−": "-", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "→": r"\to", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "∞": r"\infty", "√": r"\surd", "∇": r"\nabla",
    "∂": r"\partial", "∈": r"\in", "∼": r"\sim", "≪": r"\ll", "≫": r"\gg", "⟂": r"\perp",
    "∥": r"\parallel", "∫": r"\int", "∑": r"\sum", "φ": r"\phi", "′": "'",
    **{GREEK[name]: tex for name, tex in TEX_GREEK.items()},
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₜ", "0123456789+-t", strict=True))
# Characters that inputenc knows beside Latin-1.
_KNOWN = set("“”‘’–—…€‚„†‡•‰‹›ŒœŸŠšŽž")
# Behind these a line of code or of a bare formula may be broken.
_BREAK = re.compile(r"(?<=[-*+/=,;)_.:\]])(?=[\w(])")


def escaped(text: str) -> str:
    r"""Return a text in which TeX acts upon nothing; what no font has is told by its Unicode name.

    >>> print(escaped("50% of γ² — ok"))
    50\% of $\gamma$\textsuperscript{2} — ok
    """
    return "".join(map(_character, unicodedata.normalize("NFC", text)))


def _character(c: str) -> str:
    if c in _PLAIN or (c.isascii() and c.isprintable()) or c in "\n\t":
        return _PLAIN.get(c, c)
    if c in _SIGNS_OF_MATHEMATICS:
        return f"${_SIGNS_OF_MATHEMATICS[c]}$"
    if c in _RAISED or c in _LOWERED:
        return rf"\textsuperscript{{{_RAISED[c]}}}" if c in _RAISED else rf"\textsubscript{{{_LOWERED[c]}}}"
    if c in _KNOWN or (0xA0 <= ord(c) < 0x180 and c not in "\xad"):
        return c
    return f"[{unicodedata.name(c, 'unknown character').lower()}]"


def breakable(text: str) -> str:
    """Return a text in which a line may be broken within long words, behind signs."""
    return r"\allowbreak{}".join(map(escaped, _BREAK.split(text)))


def sentence(spans: Sentence, vocabulary: Vocabulary) -> str:
    """Return a sentence as LaTeX."""
    return "".join(_span(span, vocabulary) for span in spans)


def title(spans: Sentence, vocabulary: Vocabulary, label: str = "") -> str:
    """Return a sentence for a heading: as it is printed, and as the outline of the file shows it."""
    before = f"{escaped(label)}: " if label else ""
    outline = "".join(escaped(str(span.content)) for span in spans)
    plain = outline.replace("$", "").replace("\\textsuperscript", "")
    return rf"\texorpdfstring{{{before}{sentence(spans, vocabulary)}}}{{{before}{plain}}}"


_FORMS = {"text": "{}", "emphasis": r"\emph{{{}}}", "strong": r"\textbf{{{}}}", "code": r"\texttt{{{}}}"}


def _span(span: Span, vocabulary: Vocabulary) -> str:
    shown = _content(span, vocabulary)
    return rf"\hyperlink{{{span.target}}}{{{shown}}}" if span.target else shown


def _content(span: Span, vocabulary: Vocabulary) -> str:
    if isinstance(span.content, Verdict):
        return outcome(span.content)
    if isinstance(span.content, str):
        quoted = breakable(span.content) if span.kind == "code" else escaped(span.content)
        return _FORMS[span.kind].format(quoted)
    return formula(span.content, vocabulary, (span.face,) if span.face else FACES)


def formula(shown: Formula, vocabulary: Vocabulary, faces: Iterable[Face] = FACES) -> str:
    """Return a formula within a sentence; where the faces differ, both, each in its colour."""
    by_face = {face: f"${latex(shown, face, vocabulary, display='inline')}$" for face in faces}
    if len(by_face) == len(FACES) and len(set(by_face.values())) == 1:
        return next(iter(by_face.values()))
    return r" \textbar{} ".join(rf"{{\color{{{face}}}{tex}}}" for face, tex in by_face.items())


def inline(shown: Formula) -> str:
    """Return a formula of a verdict."""
    return f"${latex(shown, display='inline')}$"


def outcome(verdict: Verdict) -> str:
    """Return the outcome of a verdict as a coloured word, with the order of its error."""
    error = f", {sentence(up_to(verdict.error), STANDARD)}" if verdict.error else ""
    word = f"{SIGNS[verdict.outcome]}~{verdict.outcome.value}{error}"
    return rf"\verdict{{{COLOURS[verdict.outcome]}}}{{{word}}}"


def evidence(verdict: Verdict, *more: str) -> str:
    """Return what a verdict rests on, as small print."""
    facts = (*more, *_facts(verdict))
    return rf"\told{{{'; '.join(facts)}.}}" if facts else ""


def _facts(verdict: Verdict) -> Iterator[str]:
    yield from map(told, verdict.evidence)
    if verdict.assumes:
        yield f"given {', '.join(map(_assumed, verdict.assumes))}"
    if verdict.witness:
        yield f"witness: {told(verdict.witness)}"


def told(text: str) -> str:
    """Return a plain text, formulas in backticks typeset, in which lines may break anywhere sensible."""
    spans = marked(text, STANDARD)
    return "".join(
        breakable(s.content) if s.kind == "text" and isinstance(s.content, str) else sentence((s,), STANDARD)
        for s in spans
    )


def _assumed(assumed: Condition | Hypothesis) -> str:
    return escaped(assumed.says) if isinstance(assumed, Hypothesis) else inline(assumed)
