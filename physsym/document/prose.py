"""Prose with formulas: Markdown text in which what stands in backticks is read as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from sympy import Expr, S

from physsym.document.tree import Formula, Paragraph, Sentence, Span
from physsym.reader import ReadError, read
from physsym.statement import Relation
from physsym.vocabulary import Vocabulary

_MARKDOWN = MarkdownIt("commonmark")
# The relations that `read` does not know; the arrow of an update is none of them.
_RELATION = re.compile(r"(<=|>=|!=|->|<(?!-)|>|~)")
_WORD = re.compile(r"[A-Za-z_.]+")


def sentence(text: str, vocabulary: Vocabulary) -> Sentence:
    """Return a sentence as spans. A single word in backticks that the vocabulary does not know stays code.

    Raises ReadError for a formula in backticks that cannot be read.
    """
    return tuple(s for p in paragraphs(text, vocabulary) for s in p.spans)


def paragraphs(text: str, vocabulary: Vocabulary) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a text; errors as from `sentence`."""
    inline = (token for token in _MARKDOWN.parse(text) if token.type == "inline")
    return tuple(Paragraph(tuple(_spans(token, vocabulary))) for token in inline)


def _spans(token: Token, vocabulary: Vocabulary) -> Iterator[Span]:
    emphasised = False
    for child in token.children or ():
        if child.type in ("em_open", "em_close", "strong_open", "strong_close"):
            emphasised = child.nesting == 1
        elif child.type == "code_inline":
            yield _formula(child.content, vocabulary)
        elif child.type in ("softbreak", "hardbreak"):
            yield Span("text", " ")
        elif child.content:
            yield Span("emphasis" if emphasised else "text", child.content)


def _formula(text: str, vocabulary: Vocabulary) -> Span:
    if _WORD.fullmatch(text) and not vocabulary.get(text):
        return Span("code", text)
    return Span("formula", formula(text, vocabulary))


def formula(text: str, vocabulary: Vocabulary) -> Formula:
    """Return the formula of a text: what `read` reads, or sides with relations such as < or -> between them.

    Raises ReadError where a side cannot be read. `oo` is infinity, on a side by itself.

    >>> from physsym.vocabulary import STANDARD
    >>> print(formula("0 < eta*lam < 2", STANDARD))
    0 < eta*lam < 2
    >>> print(formula("tau -> oo", STANDARD))
    tau -> oo
    """
    first, *others = _RELATION.split(text)
    if not others:
        return read(text, vocabulary)
    sides = tuple(_side(side, vocabulary) for side in (first, *others[1::2]))
    return Relation(sides, tuple(others[::2]))


def _side(text: str, vocabulary: Vocabulary) -> Expr:
    """Return one side of a relation; an equation there would make a second relation of its own."""
    infinite = {"oo": S.Infinity, "-oo": S.NegativeInfinity}
    side = infinite[text.strip()] if text.strip() in infinite else read(text, vocabulary)
    if not isinstance(side, Expr):
        raise ReadError(
            "found = beside another relation; write the equation by itself", text, text.index("=")
        )
    return side
