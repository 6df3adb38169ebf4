"""The hints that a text has for its audit, in comments: `given m > 0`, `from 12`, `is nesterov`."""

from __future__ import annotations

import re
from typing import NamedTuple

from physsym.auditing.texts import Hint


class Keyword(NamedTuple):
    """What may follow a keyword, as a regular expression, and how it is written."""

    argument: str
    example: str


_NAMES = r"\\?\w+(?:\s*,\s*\\?\w+)*"
# fmt: off
KEYWORDS = {
    "given":     Keyword(r".+",                      "given m > 0, 0 < beta < 1, n whole"),
    "define":    Keyword(r"[^=]+=.+",                "define eta = dt/gamma"),
    "from":      Keyword(r".+",                      "from eq:law"),
    "is":        Keyword(r"\w[\w-]*\s*(?:\(.*\))?",  "is nesterov (eta, mu)"),
    "step":      Keyword(r"of\s+\S+\s+by\s+.+",      "step of eq:law by semi-implicit euler"),
    "order":     Keyword(r"\d+\s+in\s+\S+",          "order 2 in h"),
    "limit":     Keyword(r".+->.+\s+of\s+\S+",       "limit m -> 0 of eq:law"),
    "same":      Keyword(r"as\s+\S+",                "same as 257"),
    "one":       Keyword(r"coordinate",              "one coordinate"),
    "function":  Keyword(_NAMES,                     "function f, L"),
    "index":     Keyword(_NAMES,                     "index k"),
    "dimension": Keyword(r"[^:]+:.+",                "dimension x: L, t: T"),
    "expect":    Keyword(r"fails",                   "expect fails"),
    "skip":      Keyword(r".+",                      "skip a sketch"),
}
# fmt: on

SCOPED = ("define", "given")  # hold to the next heading of the same level


class HintError(ValueError):
    """A hint that says nothing known, with its line."""

    def __init__(self, line: int, reason: str) -> None:
        """Say what is wrong with the hint on a line."""
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


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
            if not re.fullmatch(KEYWORDS[keyword].argument, argument):
                example = KEYWORDS[keyword].example
                raise HintError(number, f"the hint {part!r} is not of the form `{example}`")
            hints.append(Hint(keyword, argument, number))
    if not hints:
        raise HintError(line, "the hint is empty; write a keyword such as `given m > 0`")
    return tuple(hints)
