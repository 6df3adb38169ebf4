"""Tokens: text cut into names, numbers and signs, all else refused; and the error that says so.

Everything is checked on the raw characters, before any parser sees them: Python's own would take fullwidth
letters and ligatures for the names they resemble, and Cyrillic look-alikes for names of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

MAX_CHARACTERS = 4000
MAX_NAME = 40
MAX_DIGITS = 40
MAX_DECIMAL_EXPONENT = 40
_EXCERPT = 72


class ReadError(ValueError):
    """Text that is not a formula, with the reason, the text and the position of what was found in it.

    >>> print(ReadError("found '^'; write ** for a power", "x^2", 1))
    found '^'; write ** for a power
      x^2
       ^
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        """Keep what is wrong, the whole text, and where in it, counted in characters from zero."""
        super().__init__(message, text, position)
        self.message, self.text, self.position = message, text, position

    def __str__(self) -> str:
        line, column = _excerpt(self.text, self.position)
        return f"{self.message}\n  {line}\n  {' ' * column}^"


def _excerpt(text: str, position: int) -> tuple[str, int]:
    """Return the line around the position, fit for a terminal, and the column of the position in it."""
    start = max(text.rfind("\n", 0, position) + 1, position - _EXCERPT // 2)
    line = text[start : start + _EXCERPT].partition("\n")[0]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line), position - start


@dataclass(frozen=True)
class Token:
    """A name, number or sign, as written in the text; `marks` of a name are those of its instant."""

    kind: str
    text: str
    position: int
    marks: str = ""

    @property
    def name(self) -> str:
        """Return the text with a Greek letter spelled out, as vocabularies name it."""
        return GREEK.get(self.text, self.text)


GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lam", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Δt": "dt",
}  # fmt: skip

_NAME = "[A-Za-z][A-Za-z0-9_]*"
_PATTERN = re.compile(
    rf"""
      (?P<space>     [ \t\r]+ )
    | (?P<newline>   \n )
    | (?P<semicolon> ; )
    | (?P<number>    (?: [0-9]+ (?:\.[0-9]+)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<name>      {"|".join(GREEK)} | {_NAME} )
    | (?P<relation>  <- | =(?!=) )
    | (?P<comparison> == | <= | >= | != | < | > | ≤ | ≥ | ≠ )
    | (?P<logic>     & | \| )
    | (?P<negation>  ~ )
    | (?P<operator>  \*\* | \* | /(?!/) | % )
    | (?P<sign>      [+-](?!>) )
    | (?P<open>      \( )
    | (?P<close>     \) )
    | (?P<comma>     , )
    | (?P<refused>   := | -> | // | . )
    """,
    re.VERBOSE | re.DOTALL,
)

_ADVICE = {
    "^": "write ** for a power",
    "==": "write = between the two sides of an equation",
    ":=": "write u <- ... for an update",
    "->": "write u <- ... for an update, the updated symbol on the left",
    "//": "write / for a division",
    "@": "write * for a product",
    ".": "a decimal point stands between digits, and a formula has no attributes",
    "[": "write round brackets",
    "{": "write round brackets",
    "'": "write dot(x) for a derivative and after(u) for a new value",
    "′": "write dot(x) for a derivative and after(u) for a new value",
    "!": "factorials are not read",
    "\\": "LaTeX is not read; write rho, not \\rho",
    "−": "write the hyphen - for minus",
    "·": "write * for a product",
    "×": "write * for a product",
    "÷": "write / for a division",
    "²": "write **2",
    "³": "write **3",
    "√": "write sqrt(...)",
    "∇": "write grad(x)",
    "∂": "write partial(1, x, y)",
    "µ": "write mu",
    "_": "a name starts with a letter",
    **dict.fromkeys(
        ("<", ">", "<=", ">=", "!=", "≤", "≥", "≠"),
        "comparisons are not part of a formula",
    ),
}
_PARTS = "a formula is made of names, numbers, + - * / % **, round brackets and commas"


def is_name(text: str) -> bool:
    """Return whether the text, Greek spelled out, is a name that formulas can use."""
    return re.fullmatch(_NAME, text) is not None and "__" not in text and len(text) <= MAX_NAME


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, spaces left out.

    Raises ReadError for a text that is too long, and at the first character, name or number that is not
    allowed.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are read; split it"
        raise ReadError(message, text, MAX_CHARACTERS)
    for match in _PATTERN.finditer(text):
        kind = str(match.lastgroup)
        if kind in _CHECKS:
            _CHECKS[kind](match[0], text, match.start())
        if kind != "space":
            yield Token(kind, match[0], match.start())


def refuse_sign(found: str, text: str, position: int) -> None:
    """Raise ReadError for a sign that is not allowed where it stands, with advice."""
    shown = repr(found)
    if not found.isascii():
        shown = f"{found!a}, {unicodedata.name(found, 'a character without a name')}"
    raise ReadError(f"found {shown}; {_ADVICE.get(found, _PARTS)}", text, position)


def _check_name(found: str, text: str, position: int) -> None:
    if found not in GREEK and not is_name(found):
        message = f"found the name {found[:MAX_NAME]!r}; a name has at most {MAX_NAME} characters and no '__'"
        raise ReadError(f"{message}; rename it", text, position)


def _check_number(found: str, text: str, position: int) -> None:
    mantissa, _, exponent = found.lower().partition("e")
    if sum(map(str.isdigit, mantissa)) > MAX_DIGITS:
        raise ReadError(f"found a number of more than {MAX_DIGITS} digits; shorten it", text, position)
    # The length comes first: turning a long exponent into a number may itself take for ever.
    if len(exponent) > MAX_DIGITS or abs(int(exponent or "0")) > MAX_DECIMAL_EXPONENT:
        message = f"found a decimal exponent beyond {MAX_DECIMAL_EXPONENT}; choose other units"
        raise ReadError(message, text, position)


_CHECKS = {"refused": refuse_sign, "name": _check_name, "number": _check_number}


def number(token: Token) -> Fraction:
    """Return the exact value of a number: decimals are the fractions that they print.

    >>> number(Token("number", "0.1", 0))
    Fraction(1, 10)
    """
    return Fraction(token.text)
