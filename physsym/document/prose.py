"""Prose with formulas: Markdown text in which what stands in backticks is read as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from physsym.document.tree import Paragraph, Sentence, Span
from physsym.reader import read
from physsym.vocabulary import Vocabulary

_MARKDOWN = MarkdownIt("commonmark")
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
    return Span("formula", read(text, vocabulary))
