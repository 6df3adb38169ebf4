"""Statements as plain Unicode text, one line for each equation: for terminals and messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Symbol
from sympy.printing.str import StrPrinter

from physsym.printing.names import unicode_text
from physsym.printing.page import Printable, page
from physsym.printing.textbook import TextPrinter
from physsym.vocabulary import STANDARD, Face, Vocabulary

SPECIALS = {"d": "d", "nabla": "∇", "partial": "∂", "infinity": "∞"}
RELATIONS = {"=": "=", "!=": "≠", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "~": "≈", "->": "→"}
ROOTS = {None: "√", "3": "∛", "4": "∜"}
RAISED = dict(zip("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", strict=True)) | {"n": "ⁿ", "i": "ⁱ"}
LOWERED = dict(zip("0123456789+-aeijnoprtuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₙₒₚᵣₜᵤᵥₓ", strict=True))


class PlainPrinter(TextPrinter, StrPrinter):
    """The pieces of a formula as text on one line."""

    only_slashes = True
    multiplication_dot = "·"

    def _letters(self, atoms: Sequence[str], bold: bool = False) -> str:
        return "".join(unicode_text(a, bold) for a in atoms)

    def _word(self, name: str) -> str:
        return unicode_text(name)

    def _special(self, name: str) -> str:
        return SPECIALS[name]

    def _relation(self, sign: str) -> str:
        return RELATIONS[sign]

    def _row(self, *pieces: str) -> str:
        return "".join(pieces)

    def _fence(self, piece: str, bars: bool = False) -> str:
        return f"|{piece}|" if bars else f"({piece})"

    def _fraction(self, over: str, under: str) -> str:
        return self._slash(over, under)

    def _power(self, base: str, exponent: str) -> str:
        return base + _script(exponent, RAISED, "^")

    def _subscript(self, base: str, index: str) -> str:
        return base + _script(index, LOWERED, "_")

    def _root(self, piece: str, degree: str | None) -> str:
        return f"{ROOTS[degree]}({piece})" if degree in ROOTS else f"({piece})^(1/{degree})"


def _script(text: str, small: dict[str, str], mark: str) -> str:
    """Return the text in small letters where Unicode has all of them, else behind a mark."""
    if all(c in small for c in text):
        return "".join(small[c] for c in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def unicode(
    statement: Printable,
    face: Face = "physics",
    vocabulary: Vocabulary = STANDARD,
    *,
    states: Iterable[Symbol] = (),
) -> str:
    """Return a statement as plain text, a line for each equation, aligned at the relation.

    Parameters
    ----------
    statement, face, vocabulary, states
        As for `latex`.

    Returns
    -------
    str
        Letters and signs of Unicode; fractions are written with a slash.

    Raises
    ------
    TypeError, ValueError
        As `latex` does.

    Examples
    --------
    >>> from physsym.vocabulary import G, eta, x
    >>> from physsym.core.statements import rule
    >>> print(unicode(rule({x: x - eta * G}), face="learning"))
    𝐰ₜ₊₁ = 𝐰ₜ - η ∇L(𝐰ₜ)
    """
    rows = PlainPrinter(page(statement, vocabulary, states), face, vocabulary).sides()
    width = max(len(row[0]) for row in rows)
    return "\n".join(" ".join([row[0].rjust(width), *row[1:]]) for row in rows)
