"""Quotations and the text they are from, compared by digests of word sequences.

The text itself is not part of the project. `windows` gives the digests of all its sequences of 1, 2, 4 and 8
words; a quotation is a part of it if each of its sequences of the longest of these lengths is among them.
"""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

LENGTHS = (8, 4, 2, 1)
DIGESTS = Path(__file__).with_name("quotation_digests.txt")
DIGITS = 8  # of a digest, hexadecimal

_SIGNS = {
    "→": " -> ", "↔": " <-> ", "–": "-", "—": "-", "−": "-", "≈": "~", "∞": " infinity ", "∇": " grad ",
    "≠": " != ", "⁄": "/", "’": "", "'": "",
}  # fmt: skip
_GREEK = {c: f" {unicodedata.name(c).split()[-1].lower()} " for c in "γδεηθκλμνρστω"}
_TEX = [
    (r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1/\2"),
    (r"\\(?:mathbf|mathrm|text)\b", ""),
    (r"_\{?t\}?(?![\w+])", ""),  # the number of the step, where it is the present one
    (r"[{}]", " "),
    (r"\\Delta\s*t\b|Δ\s*t\b", " dt "),
    (r"\\to\b", " -> "),
    (r"\\infty\b|\boo\b", " infinity "),
    (r"\\nabla\b", " grad "),
    (r"\\approx\b", "~"),
    (r"\\neq\b", " != "),
    (r"\bgrad\([xw]\)|\bgrad\s*[UL]\b(?:\(\s*[xw]\s*\))?", " grad loss "),
]
_TOKEN = re.compile(r"[a-z]+|\d+(?:\.\d+)?|->|<->|!=|[-+=/<>~%]")


def words(text: str) -> list[str]:
    """Return the words, numbers and signs of a text, with LaTeX, dashes, arrows and quotes normalised.

    >>> words(r"$\\tau = m/\\gamma$ — “the time”")
    ['tau', '=', 'm', '/', 'gamma', '-', 'the', 'time']
    """
    text = "".join(_compatible(c) for c in text)
    for sign, plain in {**_SIGNS, **_GREEK}.items():
        text = text.replace(sign, plain)
    for pattern, plain in _TEX:
        text = re.sub(pattern, plain, text)
    return _TOKEN.findall(text.replace("*", " ").lower())


def _compatible(character: str) -> str:
    """Return a character, or what it is a variant of: an index behind a low line, other variants apart."""
    plain = unicodedata.normalize("NFKC", character)
    index = unicodedata.decomposition(character).startswith("<sub>")
    return character if plain == character else f"_{plain}" if index else f" {plain}"


def windows(tokens: list[str], length: int) -> Iterable[str]:
    """Return the digests of all sequences of a length, in their order."""
    joined = (" ".join(tokens[k : k + length]) for k in range(len(tokens) - length + 1))
    return (sha256(text.encode()).hexdigest()[:DIGITS] for text in joined)


def is_quoted(fragment: str, known: frozenset[str]) -> bool:
    """Return whether a fragment is part of the text with these digests."""
    tokens = words(fragment)
    length = next((n for n in LENGTHS if n <= len(tokens)), 0)
    return bool(length) and set(windows(tokens, length)) <= known


def digests() -> frozenset[str]:
    """Return the digests that are kept in the project."""
    text = "".join(DIGESTS.read_text("ascii").split())
    return frozenset(text[k : k + DIGITS] for k in range(0, len(text), DIGITS))
