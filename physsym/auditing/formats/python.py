r"""Formulas in the docstrings and comments of Python source, of reStructuredText and of Markdown.

The source text is read, not the value of the string: in a docstring that is not raw `\beta` is a backspace.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import NamedTuple

from physsym.auditing.formats.markdown import markdown_marks
from physsym.auditing.formats.marks import Heading, Lines, Marks, blank, blanked
from physsym.auditing.formats.rst import rst_marks

_STRING = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quotes>\"\"\"|'''|\"|')")
_SINGLE = re.compile(r"(?<!\\)\\[A-Za-z]")
_DOUBLE = re.compile(r"\\\\(?=[A-Za-z{}|,;:! ])")
_INSIDE = 10  # the level above that of headings in a docstring
_SILENT = (tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


class _Part(NamedTuple):
    """A docstring or a block of comments between two offsets, and the names around it."""

    start: int
    end: int
    names: tuple[str, ...]
    escaped: bool = False
    is_comment: bool = False


def python_marks(text: str, path: str = "") -> Marks:
    """Return what the docstrings and comments of Python source hold.

    Raises ValueError, with the line, for what has no tokens of Python.
    """
    marks, views, last = Marks(blank(text)), list[str](), 0
    names: tuple[str, ...] | None = None
    for part in _parts(text, path):
        inside = text[part.start : part.end]
        if part.is_comment:
            inside = re.sub(
                r"^([ \t]*)#+:?",
                lambda m: blank(m[0]) if len(m[0].strip()) < 2 else m[1] + " " + m[0].strip()[1:],
                inside,
                flags=re.MULTILINE,
            )
        if part.names != names or not part.is_comment:
            titles = part.names or (PurePath(path).stem,)
            marks.headings += [Heading(part.start, k, title) for k, title in enumerate(titles, 1)]
        names = part.names
        found = _marks_of(inside)
        if part.escaped:
            found.formulas = [
                replace(f, text=_unescaped(found.view[f.start : f.end] if f.text is None else f.text))
                for f in found.formulas
            ]
        marks.add(found, part.start)
        views += [blank(text[last : part.start]), found.view]
        last = part.end
    marks.view = "".join([*views, blank(text[last:])])
    return marks


def _marks_of(text: str) -> Marks:
    """Return what a docstring holds: first of reStructuredText, of the rest what Markdown has."""
    first = rst_marks(text, _INSIDE)
    rest = markdown_marks(
        blanked(first.view, [(f.outer_start, f.outer_end) for f in first.formulas]), in_source=True
    )
    rest.headings = [h._replace(level=h.level + _INSIDE) for h in rest.headings]
    kept = "".join(
        a if a == b else (b if a == " " else a) for a, b in zip(rest.view, first.view, strict=True)
    )
    rest.add(first, 0)
    rest.view = kept
    return rest


def _unescaped(text: str) -> str:
    r"""Return a formula of a string that is not raw, in which `\\beta` is written for `\beta`."""
    return _DOUBLE.sub(lambda _: "\\", text) if "\\\\" in text and not _SINGLE.search(text) else text


def _parts(text: str, path: str) -> Iterator[_Part]:
    """Yield strings that stand alone or hold `math`, and blocks of comments with formulas."""
    lines = Lines(text)

    def offset(position: tuple[int, int]) -> int:
        return lines.starts[position[0] - 1] + position[1]

    scopes = list[tuple[int, str]]()  # the depth of a class or function, and its name
    depth, pending, first = 0, "", True
    owner = ""  # of `NAME.__doc__ = ...`
    comments: list[int] = []
    for token in _tokens(text, path):
        kind, string = token.type, token.string
        names = tuple(name for _, name in scopes)
        if kind == tokenize.COMMENT and not token.line[: token.start[1]].strip():
            at = offset(token.start) - token.start[1]
            comments = [comments[0] if comments else at, offset(token.end)]
            continue
        if kind == tokenize.NL and comments and token.line.strip():
            continue
        if comments:
            if re.search(r"\$|\\begin\{", text[comments[0] : comments[1]]):
                yield _Part(comments[0], comments[1], names, is_comment=True)
            comments = []
        if kind == tokenize.INDENT:
            depth += 1
            if pending:
                scopes.append((depth, pending))
                pending = ""
        elif kind == tokenize.DEDENT:
            depth -= 1
            while scopes and scopes[-1][0] > depth:
                scopes.pop()
        elif kind == tokenize.NAME and first and string in ("class", "def", "async"):
            pending = string
        elif kind == tokenize.NAME and pending in ("class", "def", "async"):
            pending = "def" if string == "def" else string
        elif kind == tokenize.NAME and first:
            owner = string if re.match(r"\w+\.__doc__\s*=", token.line.lstrip()) else ""
        elif kind == tokenize.STRING:
            opened = _STRING.match(string)
            if opened and "f" not in opened["prefix"].lower() and "b" not in opened["prefix"].lower():
                begin, end = offset(token.start) + opened.end(), offset(token.end) - len(opened["quotes"])
                if first or (len(opened["quotes"]) == 3 and ("math::" in string or ":math:`" in string)):
                    raw = "r" in opened["prefix"].lower()
                    yield _Part(begin, end, (*names, owner) if owner else names, escaped=not raw)
        if kind == tokenize.NEWLINE:
            owner = ""
        if kind not in _SILENT:
            first = False
        elif kind != tokenize.COMMENT and kind != tokenize.NL:
            first = True
            pending = "" if kind == tokenize.NEWLINE and pending in ("class", "def", "async") else pending


def _tokens(text: str, path: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of source; raises ValueError with the line where there are none."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError) as error:
        message, position = error.args[0], error.args[1] if len(error.args) > 1 else ("", 0)
        line = position[0] if isinstance(error, tokenize.TokenError) else error.lineno
        raise ValueError(f"{path}: line {line}: no Python source: {message}") from None
