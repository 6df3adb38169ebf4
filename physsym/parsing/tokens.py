"""Tokens: text cut into names, numbers and signs, all else refused; and the error that says so.

Everything is checked on the raw characters, before any parser sees them: Python's own would take fullwidth
letters and ligatures for the names they resemble, and Cyrillic look-alikes for names of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

MAX_CHARACTERS = 4000
MAX_TOKENS = 2000
MAX_NAME = 40
MAX_DERIVATIVES = 9
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
        return f"{_printable(self.message)}\n  {line}\n  {' ' * column}^"


def _printable(text: str) -> str:
    """Return a text fit for a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _excerpt(text: str, position: int) -> tuple[str, int]:
    """Return the line around the position, fit for a terminal, and the column of the position in it."""
    start = max(text.rfind("\n", 0, position) + 1, position - _EXCERPT // 2)
    line = text[start : start + _EXCERPT].partition("\n")[0]
    return _printable(line), position - start


@dataclass(frozen=True)
class Token:
    """A name, number or sign, as written in the text.

    Parameters
    ----------
    kind, text, position
        What it is, as the text writes it, and where.
    marks
        Of a name, the marks of its derivatives and of its instant: `'` for a rate, `+` and `-` for the next
        and the last step.
    index
        Of a name, what is written below it, part by part: `("t+1",)` of `u_{t+1}`.
    meant
        What the token stands for, where the text writes it in another way: the name `theta` of `θ`.
    spaced
        Whether white space comes before it.
    length
        How many characters of the text it takes, where these are not its text.
    told
        Whether the text says which step the value of a name is of.
    """

    kind: str
    text: str
    position: int
    marks: str = ""
    index: tuple[str, ...] = ()
    meant: str = ""
    spaced: bool = False
    length: int = 0
    told: bool = False

    @property
    def name(self) -> str:
        """Return the name that a vocabulary has for it, Greek letters spelled out."""
        return self.meant or GREEK.get(self.text, self.text)

    @property
    def end(self) -> int:
        """Return the position behind it."""
        return self.position + (self.length or len(self.text))


GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "ϵ": "eps", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ϑ": "theta", "ι": "iota", "κ": "kappa", "λ": "lam", "μ": "mu", "µ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "Δt": "dt",
}  # fmt: skip
"""The names of Greek letters, as a vocabulary has them."""

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵏᵗ", "0123456789+-()nikt", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=aehijklmnoprstuvx", strict=True))
_DOTS = {"\N{COMBINING DOT ABOVE}": "'", "\N{COMBINING DIAERESIS}": "''"}
_PRIMES = {"'": "'", "′": "'", "’": "'", "″": "''", "‴": "'''"}


def _dotted() -> dict[str, tuple[str, str]]:
    """Return the letters that Unicode has with dots, with the letter and the marks that they stand for.

    Vowels with two dots are letters of several languages, and no second derivatives.
    """
    found = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        letter, *dots = list(unicodedata.normalize("NFD", chr(code)))
        plain = letter.isascii() and len(dots) == 1 and dots[0] in _DOTS
        if plain and not (letter in "AEIOUaeiou" and _DOTS[dots[0]] == "''"):
            found[chr(code)] = letter, _DOTS[dots[0]]
    return found


DOTTED = _dotted()
_ACCENTS = {"\u0302": "_hat", "\u0304": "_bar", "\u0305": "_bar", "\u0303": "_tilde"}
_ACCENTED = {
    chr(code): (parts[0], _ACCENTS[parts[1]])
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if len(parts := unicodedata.normalize("NFD", chr(code))) == 2
    and parts[0].isascii()
    and parts[1] in _ACCENTS
}
"""Letters with an accent, with the letter and what is put behind its name."""
_MARKS = "".join((*_DOTS, *_ACCENTS))
_LATIN = "[A-Za-z][A-Za-z0-9_]*"
_MATHEMATICAL = "\U0001d400-\U0001d7cb"
"""Letters in bold, italic and other faces, which stand for the letter itself."""
FRACTIONS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_LETTER = f"Δ[^\\W\\d_]|[{''.join(c for c in GREEK if len(c) == 1)}{_MATHEMATICAL}]"
_LOW = f"[{''.join(LOWERED)}]"
_TAIL = "[0-9]* (?: _[A-Za-z0-9]+ )* _?"
_PATTERN = re.compile(
    rf"""
      (?P<space>     [ \t\r\u00a0\u2009\u202f\u205f]+ )
    | (?P<newline>   \n )
    | (?P<semicolon> ; )
    | (?P<number>    (?: [0-9]+ (?:\.[0-9]+)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? | [{FRACTIONS}] )
    | (?P<name>      [A-Za-z] [{_MARKS}]+ {_TAIL} | {_LATIN}
                      | (?: [{"".join((*DOTTED, *_ACCENTED))}] | {_LETTER} ) [{_MARKS}]* {_TAIL} )
    | (?P<relation>  <- | := | -> | [←≔→↦⟵⟶] | =(?!=) )
    | (?P<comparison> == | <= | >= | != | < | > | ≤ | ≥ | ≠ )
    | (?P<logic>     & | \| )
    | (?P<negation>  ~ )
    | (?P<power>     \^ )
    | (?P<raised>    [{"".join(RAISED)}]+ )
    | (?P<operator>  \*\* | [*·×⋅∙∗⊙] | [/÷∕⁄](?!/) | (?<!\d)% | %(?!\s|\Z) )
    | (?P<sign>      [+−-] )
    | (?P<root>      [√∛∜] )
    | (?P<nabla>     ∇ [{"".join(RAISED)}]* )
    | (?P<partial>   ∂ {_LOW}* )
    | (?P<open>      \( )
    | (?P<close>     \) )
    | (?P<brace>     [{{}}⌊⌋⌈⌉] )
    | (?P<comma>     , )
    | (?P<refused>   // | . )
    """,
    re.VERBOSE | re.DOTALL,
)

NORM = "a norm joins coordinates; write |g| for the absolute value of one coordinate"
GRAVITY = "found G beside a mass, and G is the gradient at x here; declare Symbol('G') for a constant"
COMPLEX = "formulas are about real numbers: write its real part, or declare i where it is one"
ORDER = "found a number in brackets above; write f'''' for a derivative, or f_4 for an index"
NAMES_OF_LETTERS = frozenset(GREEK.values()) | {"lambda", "epsilon"}
"""What Greek letters are called."""
TYPEFACES = "found {}, which stands here in two typefaces; give one of them another name"
INVERSE = "found {}, the inverse of a matrix or a quotient; write {} for the quotient"
CROSS = "found {}, a cross product or a product of numbers; write {} for the latter"
OF_VECTORS = frozenset(("r", "F", "p", "v", "B", "E", "J", "L", "a", "omega", "tau", "S"))
"""Letters of which a cross product may be taken."""
TWO_VALUES = "found {0} beside {1}, two values or one; use {1} for one, and a name of its own for another"
SETTLED = "found sign({0}), and {0} is positive; write 1, or declare {0} where it is another quantity"
BASE_TEN = "write log(x)/log(10) for the logarithm to base 10"
TRANSPOSE = "a transpose is left out in a formula for one coordinate"
_ADVICE = {
    "==": "write = between the two sides of an equation",
    "//": "write / for a division",
    "@": "write * for a product",
    ".": "a decimal point stands between digits, and a formula has no attributes",
    "[": "write round brackets, or u_{t+1} for an index",
    "]": "write round brackets, or u_{t+1} for an index",
    "{": "write round brackets",
    "}": "write round brackets",
    "'": "a prime is a derivative and stands directly behind a name, as in x'",
    "′": "a prime is a derivative and stands directly behind a name, as in x'",
    "%": "write 5/100 for a percentage, or 5 % x for a remainder",
    "!": "factorials are not read",
    "\\": "commands of LaTeX, such as \\alpha, begin with it",
    ":": "write / for a ratio, = for a definition",
    "°": "write the number of degrees times pi/180",
    "≈": "approximations are not read; write = where both sides are equal",
    "∝": "proportions are not read; write = with a factor",
    "±": "two signs are not read; write two formulas",
    "∑": "sums are not read",
    "Δ": "write Δx for a difference, or Delta*x for the product",
    "∫": "integrals are not read",
    "‖": NORM,
    "∘": "write * for a product element by element; compositions are not read",
    "ᵀ": TRANSPOSE,
    "⊤": TRANSPOSE,
    "–": "write the hyphen - for minus",
    "—": "write the hyphen - for minus",
    "_": "a name starts with a letter",
    **dict.fromkeys(
        ("<", ">", "<=", ">=", "!=", "≤", "≥", "≠"),
        "comparisons are not part of a formula",
    ),
}
_PARTS = "a formula is made of names, numbers, + - * / % **, round brackets and commas"


def is_name(text: str) -> bool:
    """Return whether the text, Greek spelled out, is a name that formulas can use."""
    return re.fullmatch(_LATIN, text) is not None and "__" not in text and len(text) <= MAX_NAME


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, spaces left out.

    Raises ReadError for a text that is too long, and at the first character, name or number that is not
    allowed.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are read; split it"
        raise ReadError(message, text, MAX_CHARACTERS)
    position, spaced, count = 0, False, 0
    ends = len(text.rstrip())
    if ends > 1 and text[ends - 1] == "." and not text[ends - 2].isspace():
        ends -= 1  # the full stop of a sentence
    while position < ends:
        match = _PATTERN.match(text, position)
        assert match is not None  # every character is at least refused
        kind, found = str(match.lastgroup), match[0]
        if kind in _CHECKS:
            _CHECKS[kind](found, text, position)
        if kind == "name":
            token = _name(match, text)
        else:
            token = Token(kind, _WRITTEN.get(found, found), position, length=len(found))
        if kind != "space":
            yield replace(token, spaced=spaced)
            count += 1
        if count > MAX_TOKENS:
            raise ReadError(
                f"found more than {MAX_TOKENS} names, numbers and signs; split it", text, position
            )
        position, spaced = token.end, kind == "space"


_WRITTEN = {
    **dict.fromkeys("·×⋅∙∗⊙", "*"), **dict.fromkeys("÷∕⁄", "/"), "−": "-",
    **dict.fromkeys(("←", "≔", "⟵", ":="), "<-"), **dict.fromkeys("→↦⟶", "->"),
    **{c: unicodedata.normalize("NFKC", c).replace("⁄", "/") for c in FRACTIONS},
}  # fmt: skip
_DELTA = "Delta "
"""How the name of a difference begins: Delta x."""
_DIFFERENCE = re.compile(r"Δ[^\W\d_]")
_INDEX = re.compile(r"[A-Za-z0-9]+(?:[+-][0-9]+)?|-[0-9]+|[A-Za-z]=-?[0-9]+")


def _name(match: re.Match[str], text: str) -> Token:
    """Return a name with its dots, its primes, and the index below it."""
    found, position, end = match[0], match.start(), match.end()
    matched = _DIFFERENCE.match(found)
    size = len(matched[0]) if matched else 1
    letter, marks = DOTTED.get(found[0], (unicodedata.normalize("NFKC", found[:size]), ""))
    letter, accent = _ACCENTED.get(found[0], (letter, ""))
    marks += "".join(_DOTS.get(c, "") for c in found[size:])
    accent += "".join(_ACCENTS.get(c, "") for c in found[size:])
    rest = "".join(c for c in found[size:] if c not in _MARKS)
    if accent:  # m_1_hat, as in LaTeX, and m_hat_t of a step
        rest = re.sub("^[0-9]*(?:_[0-9]+)*", lambda numbers: numbers[0] + accent, rest)
    index: tuple[str, ...] = ()
    if rest.endswith("_") and text[end : end + 1] in tuple("{("):
        inner, end = _group(text, end)
        rest, index = rest[:-1], inner
    elif text[end : end + 1] == "[":
        index, end = _group(text, end)
        index = ("[", *index)
    while end < len(text) and text[end] in LOWERED:
        run = end
        while end < len(text) and text[end] in LOWERED:
            end += 1
        index += _parts("".join(LOWERED[c] for c in text[run:end]), text, run)
    while end < len(text) and text[end] in _PRIMES:
        marks += _PRIMES[text[end]]
        end += 1
    if len(marks) > MAX_DERIVATIVES:
        raise ReadError(f"found more than {MAX_DERIVATIVES} primes; name the rates", text, position)
    name = (difference(letter[1:]) if letter[0] == "Δ" else GREEK.get(letter, letter)) + rest
    _check_name(name, text, position)
    return Token("name", text[position:end], position, marks, index, name)


def difference(name: str) -> str:
    """Return the name of a difference: that of the time is the step dt."""
    return "dt" if name == "t" else f"{_DELTA}{GREEK.get(name, name)}"


def _group(text: str, start: int) -> tuple[tuple[str, ...], int]:
    """Return the parts of an index in brackets, and the position behind it."""
    close = {"{": "}", "(": ")", "[": "]"}[text[start]]
    end = text.find(close, start)
    if end < 0:
        raise ReadError(f"this bracket is never closed; add {close!r}", text, start)
    return _parts(text[start + 1 : end], text, start + 1), end + 1


def _parts(index: str, text: str, position: int) -> tuple[str, ...]:
    parts = tuple(p.replace(" ", "").replace("−", "-") for p in index.split(","))
    parts = tuple("".join(GREEK.get(c, c) for c in p) for p in parts)
    for part in parts:
        if not _INDEX.fullmatch(part):
            message = f"found the index {index!r}; an index is a step such as t+1, a number or a word"
            raise ReadError(message, text, position)
    return parts


def refuse_sign(found: str, text: str, position: int) -> None:
    """Raise ReadError for a sign that is not allowed where it stands, with advice."""
    shown = repr(found)
    if not found.isascii():
        shown = f"{found!a}, {unicodedata.name(found, 'a character without a name')}"
    raise ReadError(f"found {shown}; {_ADVICE.get(found, _PARTS)}", text, position)


def _check_name(found: str, text: str, position: int) -> None:
    if not is_name(found.removeprefix(_DELTA)):
        message = f"found the name {found[:MAX_NAME]!r}; a name has at most {MAX_NAME} characters and no '__'"
        raise ReadError(f"{message}; rename it", text, position)


def check_number(found: str, text: str, position: int) -> None:
    """Raise ReadError for a number of too many digits, or too large or small a power of ten."""
    mantissa, _, exponent = found.lower().partition("e")
    if sum(map(str.isdigit, mantissa)) > MAX_DIGITS:
        raise ReadError(f"found a number of more than {MAX_DIGITS} digits; shorten it", text, position)
    # The length comes first: turning a long exponent into a number may itself take for ever.
    if len(exponent) > MAX_DIGITS or abs(int(exponent or "0")) > MAX_DECIMAL_EXPONENT:
        message = f"found a decimal exponent beyond {MAX_DECIMAL_EXPONENT}; choose other units"
        raise ReadError(message, text, position)


_CHECKS = {"refused": refuse_sign, "number": check_number}


def number(token: Token) -> Fraction:
    """Return the exact value of a number: decimals are the fractions that they print.

    >>> number(Token("number", "0.1", 0))
    Fraction(1, 10)
    """
    return Fraction(token.text)


def sign_at(kind: str, written: str, at: Token) -> Token:
    """Return a token that stands for a part of another one."""
    return Token(kind, written, at.position, length=at.length or len(at.text), spaced=at.spaced)


def closing_of(tokens: Sequence[Token], start: int, text: str) -> int:
    """Return where the bracket that opens at `start` is closed."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[i].kind, 0)
        if depth == 0:
            return i
    raise ReadError("this bracket is never closed; add ')'", text, tokens[start].position)


def depths_of(tokens: Sequence[Token]) -> list[int]:
    """Return how many brackets are open behind each token."""
    return list(accumulate({"open": 1, "close": -1}.get(t.kind, 0) for t in tokens))
