"""Tokens of displayed formulas: LaTeX cut into commands, letters, words, numbers and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from physsym.parsing.tokens import ReadError

MAX_CHARACTERS = 12000

_SPACES = r"\, \: \; \! \quad \qquad \left \right \big \Big \bigg \Bigg \bigl \bigr \displaystyle & ~"
_IGNORED = frozenset(_SPACES.split())
_PATTERN = re.compile(
    r"""
      (?P<space>   \s+ | % .* )
    | (?P<row>     \\\\ (?: \[ [^\]\n]* \] )? )
    | (?P<word>    [A-Za-z] (?: [A-Za-z] | \\_ )+ )
    | (?P<letter>  [A-Za-z] )
    | (?P<number>  [0-9]+ (?: \. [0-9]+ )? | \. [0-9]+ )
    | (?P<command> \\ (?: [A-Za-z]+ \*? | . ) )
    | (?P<sign>    := | [-+*/^_{}()\[\]|,.=<>:;&~'!] )
    | (?P<refused> . )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class LatexToken:
    """A command, letter, word, number or sign, as it is in the text."""

    kind: str
    text: str
    position: int


def latex_tokens(text: str) -> list[LatexToken]:
    """Return the tokens of a displayed formula; what only spaces or sizes it is left out.

    Raises ReadError for a text that is too long, and at a character that is not allowed.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are read; split it"
        raise ReadError(message, text, MAX_CHARACTERS)
    found = list[LatexToken]()
    for match in _PATTERN.finditer(text):
        kind, part = str(match.lastgroup), match[0]
        if kind == "refused":
            raise ReadError(f"found {part!a}, which is not part of a displayed formula", text, match.start())
        if kind == "space" or part in _IGNORED or part == "\\ ":
            continue
        found.append(LatexToken(kind, part, match.start()))
    return found
