r"""Macros that a text defines: `\newcommand`, `\def`, `\let` and `\DeclareMathOperator`."""

from __future__ import annotations

import re

_DEFINITION = re.compile(
    r"\\(?:(?P<new>newcommand|renewcommand|providecommand)\*?\s*(?P<open>\{)?\s*(?P<name>\\(?:[A-Za-z@]+|.))\s*(?(open)\})"
    r"\s*(?:\[(?P<count>\d)\])?\s*(?P<default>\[[^\[\]\n]*\])?\s*(?=\{)"
    r"|(?P<operator>DeclareMathOperator)(?P<star>\*?)\s*\{?\s*(?P<opname>\\[A-Za-z@]+)\s*\}?\s*(?=\{)"
    r"|(?:g|e|x)?def\s*(?P<defname>\\(?:[A-Za-z@]+|.))(?P<pattern>(?:#\d)*)\s*(?=\{)"
    r"|let\s*(?P<letname>\\[A-Za-z@]+)\s*=?\s*(?P<target>\\[A-Za-z@]+))"
)
_TOKEN = re.compile(r"\\.|[{}]", re.DOTALL)
_LONGEST = 10_000  # characters of what a macro stands for
_UNCLOSED = 20  # definitions without an end, behind which none is looked for


def closing_brace(text: str, start: int, limit: int = _LONGEST) -> int:
    """Return the offset of the brace that closes the one at `start`, or -1 within the limit."""
    depth = 0
    for token in _TOKEN.finditer(text, start, start + limit):
        if token[0] in "{}":
            depth += 1 if token[0] == "{" else -1
            if depth == 0:
                return token.start()
    return -1


def macros_of(text: str) -> tuple[list[tuple[str, int, str]], list[tuple[int, int]]]:
    r"""Return the macros of a text, each with the number of its arguments, and the spans of the definitions.

    One with a default for its first argument is left out: what is written with it is not read.

    >>> macros_of(r"\newcommand{\R}{\mathbb{R}} \def\half#1{\frac{#1}{2}} \let\eps\epsilon")[0]
    [('\\R', 0, '\\mathbb{R}'), ('\\half', 1, '\\frac{#1}{2}'), ('\\eps', 0, '\\epsilon')]
    """
    macros, spans, at = list[tuple[str, int, str]](), list[tuple[int, int]](), 0
    unclosed = 0
    while unclosed < _UNCLOSED and (found := _DEFINITION.search(text, at)):
        if found["letname"]:
            macros.append((found["letname"], 0, found["target"]))
            spans.append(found.span())
            at = found.end()
            continue
        end = closing_brace(text, found.end())
        if end < 0:
            at = found.end()
            unclosed += 1
            continue
        body = text[found.end() + 1 : end]
        if found["operator"]:
            macros.append((found["opname"], 0, f"\\operatorname{found['star']}{{{body}}}"))
        elif found["defname"]:
            macros.append((found["defname"], found["pattern"].count("#"), body))
        elif not found["default"]:
            macros.append((found["name"], int(found["count"] or 0), body))
        at = end + 1
        spans.append((found.start(), at))
    return macros, spans
