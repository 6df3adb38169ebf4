"""The hints that a text has for its audit, in comments: `given m > 0`, `from 12`, `is nesterov`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from sympy import Rational

from physsym.auditing.texts import Hint
from physsym.core.dimensions import LENGTH, MASS, TIME, Dimension
from physsym.parsing.tokens import ReadError


class Keyword(NamedTuple):
    """What may follow a keyword, as a regular expression, and how it is written."""

    argument: str
    example: str


ArrayKind: TypeAlias = Literal["matrix", "vector"]
_NAME = re.compile(r"\\?[^\W\d]\w*")
# fmt: off
KEYWORDS = {
    "given":     Keyword(r".+",                      "given m > 0, 0 < beta < 1, n whole"),
    "define":    Keyword(r"[^=]+=.+",                "define eta = dt/gamma"),
    "from":      Keyword(r".+",                      "from eq:law"),
    "is":        Keyword(r"\w[\w\s-]*(?:\(.*\))?",  "is nesterov (eta, mu)"),
    "step":      Keyword(r"of\s+\S+\s+by\s+.+",      "step of eq:law by semi-implicit euler"),
    "order":     Keyword(r"\d+\s+in\s+\S+",          "order 2 in h"),
    "limit":     Keyword(r".+->.+\s+of\s+\S+",       "limit m -> 0 of eq:law"),
    "same":      Keyword(r"as\s+\S+",                "same as 257"),
    "identity":  Keyword(r"",                        "identity"),
    "one":       Keyword(r"coordinate",              "one coordinate"),
    "function":  Keyword(r".+",                      "function f, L"),
    "index":     Keyword(r".+",                      "index k"),
    "dimension": Keyword(r"[^:]+:.+",                "dimension x: L, t: T"),
    "expect":    Keyword(r"fails",                   "expect fails"),
    "skip":      Keyword(r".+",                      "skip a sketch"),
}
# fmt: on

FUNCTION_DEFINED = re.compile(r"\\?([^\W\d]\w*)\s*\([^()=]*\)\s*=")
"""How a hint that defines a function begins: `f(x) =`."""
SCOPED = ("define", "given")  # hold to the next heading of the same level
_UNITS = {"M": MASS, "L": LENGTH, "T": TIME}
_POWER = re.compile(r"\s*([MLT]|1)\s*(?:(?:\^|\*\*)\s*(\(\s*-?\d+(?:/\d+)?\s*\)|-?\d+))?\s*")


class HintError(ValueError):
    """A hint that says nothing known, with its line."""

    def __init__(self, line: int, reason: str, place: str = "") -> None:
        """Say what is wrong with the hint on a line, which in a notebook has another name."""
        super().__init__(f"{place or f'line {line}'}: {reason}")
        self.line = line
        self.reason = reason


def refusal(hint: Hint, reason: str) -> HintError:
    """Return the error that a hint cannot be carried out: what it names is not there, or was not read."""
    return HintError(hint.line, f"the hint `{hint.keyword} {hint.argument}`: {reason}", hint.place)


def hints_of(text: str, line: int) -> tuple[Hint, ...]:
    """Return the hints of a comment that begins on a line; lines and semicolons part them.

    Raises HintError for a keyword that is not known or an argument of another form.

    >>> [str(hint) for hint in hints_of("from eq:law; given m > 0", 12)]
    ['from eq:law', 'given m > 0']
    """
    hints = list[Hint]()
    for number, row in enumerate(text.split("\n"), line):
        for part in filter(None, map(str.strip, row.split(";"))):
            keyword, _, rest = part.partition(" ")
            argument = rest.strip()
            if keyword not in KEYWORDS:
                known = ", ".join(KEYWORDS)
                raise HintError(number, f"{keyword!r} is no keyword of a hint; these are: {known}")
            form, example = KEYWORDS[keyword]
            if not re.fullmatch(form, argument):
                raise HintError(number, f"the hint {part!r} is not of the form `{example}`")
            try:
                _check(keyword, argument)
            except ReadError as error:
                at = len(part) - len(argument) + error.position
                reason = ReadError(f"{error.message}; write it as in `{example}`", part, at)
                raise HintError(number, str(reason)) from None
            hints.append(Hint(keyword, argument, number))
    if not hints:
        raise HintError(line, "the hint is empty; write a keyword such as `given m > 0`")
    return tuple(hints)


def _check(keyword: str, argument: str) -> None:
    """Raise ReadError for an argument that names or defines nothing, or states no dimensions."""
    if keyword in ("function", "index"):
        for at, name in parts_of(argument):
            if not _NAME.fullmatch(name):
                raise ReadError(f"{name or 'nothing'} is no name", argument, at)
    elif keyword == "define" and not re.match(r"\\|[^\W\d]|∇", argument):
        raise ReadError(f"{argument.split('=')[0].strip()} is no name that can be defined", argument, 0)
    elif keyword == "dimension":
        dimensions_of(argument)


def parts_of(argument: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a list between commas, each with its position."""
    at = 0
    for part in argument.split(","):
        yield at + len(part) - len(part.lstrip()), part.strip()
        at += len(part) + 1


def declared_arrays(argument: str) -> dict[str, ArrayKind]:
    """Return what a hint such as `given A, B matrices` declares: all names before the word, up to a relation.

    >>> declared_arrays("m > 0, A, B matrices, x vector")
    {'A': 'matrix', 'B': 'matrix', 'x': 'vector'}
    """
    found: dict[str, ArrayKind] = {}
    names: list[str] = []
    for part in argument.split(","):
        word = re.fullmatch(r"\s*(\w+)(?:\s+(matri(?:x|ces)|vectors?))?\s*", part)
        names = [*names, word[1]] if word else []
        if word and word[2]:
            found |= dict.fromkeys(names, "matrix" if word[2].startswith("m") else "vector")
            names = []
    return found


def dimensions_of(argument: str) -> dict[str, Dimension]:
    """Return the dimensions that a list such as `x: L, v: L/T, k: M T^-2` states; raise ReadError.

    >>> print(dimensions_of("v: L/T")["v"])
    L T^-1
    """
    found: dict[str, Dimension] = {}
    for at, part in parts_of(argument):
        name, colon, _ = part.partition(":")
        if not colon or not _NAME.fullmatch(name.strip()):
            raise ReadError(f"{part or 'nothing'} states no dimension of a name", argument, at)
        found[name.strip().lstrip("\\")] = _dimension(argument, at + len(name) + 1, at + len(part))
    return found


def _dimension(argument: str, at: int, end: int) -> Dimension:
    """Return the dimension in a part of a text, such as `M L^2/T`."""
    found, sign = Dimension(), 1
    while at < end:
        power = _POWER.match(argument, at, end)
        if power is None:
            at += len(argument[at:end]) - len(argument[at:end].lstrip())
            raise ReadError("found what is no product of powers of M, L and T", argument, min(at, end - 1))
        exponent = Rational((power[2] or "1").strip("() "))
        found = found * _UNITS[power[1]] ** (sign * exponent) if power[1] in _UNITS else found
        at = power.end()
        if at < end and argument[at] in "*/":
            sign, at = (-1 if argument[at] == "/" else 1), at + 1
            if not argument[at:end].strip():
                raise ReadError("a dimension ends with a sign", argument, at - 1)
    return found
