"""Exercises and answers in a notebook, as Markdown with LaTeX and as HTML with MathML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape

from sympy import Expr

from physsym.core.statements import Statement
from physsym.documents.markdown import escaped
from physsym.exercises.hints import BLANK
from physsym.exercises.tasks import Answer, Exercise
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


def exercise_blocks(exercise: Exercise) -> Iterator[Block]:
    """Yield the title and the lines of a derivation, with blanks."""
    derivation = exercise.derivation
    yield Block(text=derivation.title)
    says = ("", *(step.says for step in derivation.steps))
    for k, (text, line) in enumerate(zip(says, derivation.lines, strict=True)):
        blank = k in exercise.left_out
        yield Block(f"({k})", text, None if blank else line, blank, derivation.vocabulary)


def answer_blocks(answer: Answer) -> Iterator[Block]:
    """Yield the outcome; for a wrong line, both lines, the difference and a point."""
    words = answer.exercise.derivation.vocabulary
    yield Block(text=answer.says)
    if answer.kind == "wrong" and answer.given is not None:
        yield Block("your line", formula=answer.given, vocabulary=words)
        yield Block("the move gives", formula=answer.due, vocabulary=words)
        for apart in answer.differences:
            yield Block("difference", str(apart), vocabulary=words)
            if apart.difference is not None:
                yield Block(formula=apart.difference, vocabulary=words)
            if apart.witness:
                yield Block("point", apart.witness.removeprefix("at "))


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
