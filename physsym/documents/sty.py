"""Every numbered formula as a macro of LaTeX, for people who write papers."""

from __future__ import annotations

from collections.abc import Iterator

from physsym.documents.tree import Document, Line, blocks, single_line
from physsym.printing import latex
from physsym.vocabulary import Face, Vocabulary

PREFIXES: dict[Face, str] = {"physics": "Physics", "learning": "Learning"}
_WORDS = dict(
    zip(
        "0123456789",
        ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"],
        strict=True,
    )
) | {".": "Point", "'": "Prime", "-": "Dash"}
_HEAD = r"""% The numbered formulas of "{title}", each as {names}, the number in words.
% They are made for math mode: $\{example}$.
\NeedsTeXFormat{{LaTeX2e}}
\ProvidesPackage{{{name}}}
\RequirePackage{{amsmath}}
"""


def sty(document: Document, name: str = "derivations") -> str:
    """Return a package of LaTeX that defines every numbered formula on the faces of the document."""
    found = list(_numbered(document))
    prefixes = [PREFIXES[face] for face in document.faces]
    example = prefixes[0] + (in_words(found[0][0].number) if found else "One")
    names = " and ".join(rf"\{prefix}..." for prefix in prefixes)
    head = _HEAD.format(title=single_line(document.title), names=names, name=name, example=example)
    return head + "".join(_macros(line, vocabulary) for line, vocabulary in found)


def _numbered(document: Document) -> Iterator[tuple[Line, Vocabulary]]:
    for section, block in blocks(document):
        if isinstance(block, Line) and block.number and not block.recalled:
            yield block, section.vocabulary


def _macros(line: Line, vocabulary: Vocabulary) -> str:
    name = in_words(line.number)
    printed = ((PREFIXES[face], latex(line.statement, face, vocabulary)) for face in line.faces)
    macros = (rf"\newcommand{{\{prefix}{name}}}{{{formula}}}" for prefix, formula in printed)
    return "\n".join([f"% ({single_line(line.number)})", *macros]) + "\n"


def in_words(number: str) -> str:
    """Return a number in letters alone, since the name of a macro holds nothing else.

    >>> in_words("4.2b'")
    'FourPointTwoBPrime'
    """
    letters = (c for c in number if c in _WORDS or (c.isascii() and c.isalpha()))
    return "".join(_WORDS.get(c, c.upper()) for c in letters)
