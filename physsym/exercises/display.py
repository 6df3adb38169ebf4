"""Exercises and answers in a notebook, as Markdown with LaTeX and as HTML with MathML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from sympy import Expr

from physsym.core.statements import Statement
from physsym.documents.markdown import escaped
from physsym.exercises.hinting import BLANK
from physsym.printing import latex, mathml
from physsym.vocabulary import STANDARD, Vocabulary


@dataclass(frozen=True)
class Block:
    """A part of what is shown: a label, a sentence, and a formula; `is_blank` where a line is left out."""

    label: str = ""
    text: str = ""
    formula: Statement | Expr | None = None
    is_blank: bool = False
    vocabulary: Vocabulary = STANDARD


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown, with formulas in LaTeX."""
    parts = list[str]()
    for block in blocks:
        words = " ".join(filter(None, [escaped(block.label), _with_code(block.text, escaped, "`", "`")]))
        parts += [words] if words else []
        if block.is_blank:
            parts.append(f"$$\n\\square \\qquad \\text{{{_unbracketed(block.label)} is left out}}\n$$")
        elif block.formula is not None:
            parts.append(f"$$\n{latex(block.formula, 'physics', block.vocabulary)}\n$$")
    return "\n\n".join(parts)


def html(blocks: Iterable[Block]) -> str:
    """Return blocks as a table of HTML, with formulas in MathML; it needs no style sheet."""
    rows = list[str]()
    for block in blocks:
        formula = f"{BLANK} {_unbracketed(block.label)} is left out" if block.is_blank else ""
        if block.formula is not None:
            formula = mathml(block.formula, "physics", block.vocabulary)
        text = _with_code(block.text, escape, "<code>", "</code>", escape)
        cell = "<br>".join(filter(None, [text, formula]))
        rows.append(
            f'<tr><td style="text-align:left">{escape(block.label)}</td>'
            f'<td style="text-align:left">{cell}</td></tr>\n'
        )
    return f"<table>\n{''.join(rows)}</table>"


def _with_code(
    text: str, plain: Callable[[str], str], before: str, after: str, code: Callable[[str], str] = str
) -> str:
    """Return a sentence with what is between its backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(f"{before}{code(p)}{after}" if k % 2 else plain(p) for k, p in enumerate(parts))


def _unbracketed(label: str) -> str:
    return f"line {label.strip('()')}"
