"""Statements as plain Unicode text, one line for each equation: for terminals and messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Expr, Piecewise, Symbol, default_sort_key
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.printing.str import StrPrinter

from physsym.core.arguments import named_arguments
from physsym.printing.names import unicode_text
from physsym.printing.page import Printable, page
from physsym.printing.textbook import TextPrinter
from physsym.vocabulary import STANDARD, Face, Vocabulary

SPECIALS = {"d": "d", "nabla": "∇", "partial": "∂", "infinity": "∞"}
RELATIONS = {"=": "=", "!=": "≠", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "~": "≈", "->": "→"}
ROOTS = {None: "√", "3": "∛", "4": "∜"}
RAISED = dict(zip("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", strict=True)) | {"n": "ⁿ", "i": "ⁱ"}
LOWERED = dict(zip("0123456789+-=aeijknoprtuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌ₐₑᵢⱼₖₙₒₚᵣₜᵤᵥₓ", strict=True))


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

    def _whole_part(self, piece: str, up: bool) -> str:
        return f"⌈{piece}⌉" if up else f"⌊{piece}⌋"

    def _fraction(self, over: str, under: str) -> str:
        return self._slash(over, under)

    def _power(self, base: str, exponent: str) -> str:
        return base + _script(exponent, RAISED, "^")

    def _subscript(self, base: str, index: str) -> str:
        return base + _script(index, LOWERED, "_")

    def _root(self, piece: str, degree: str | None) -> str:
        return f"{ROOTS[degree]}({piece})" if degree in ROOTS else f"({piece})^(1/{degree})"

    def _print_Piecewise(self, expr: Piecewise) -> str:
        cases = [
            f"{self._print(value)} " + ("otherwise" if condition == True else f"if {self._print(condition)}")  # noqa: E712
            for value, condition in expr.args
        ]
        return f"{{{'; '.join(cases)}}}"

    def _print_Relational(self, expr: Relational) -> str:
        sign = RELATIONS[{"==": "="}.get(expr.rel_op, expr.rel_op)]
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"

    def _joined(self, expr: Boolean, word: str) -> str:
        parts = sorted(expr.args, key=default_sort_key)
        texts = (self._print(p) if isinstance(p, Relational) else f"({self._print(p)})" for p in parts)
        return f" {word} ".join(texts)

    def _print_And(self, expr: Boolean) -> str:
        return self._joined(expr, "and")

    def _print_Or(self, expr: Boolean) -> str:
        return self._joined(expr, "or")

    def _print_Not(self, expr: Boolean) -> str:
        return f"not ({self._print(expr.args[0])})"

    def _print_ITE(self, expr: Boolean) -> str:
        test, then, otherwise = map(self._print, expr.args)
        return f"(({test}) and ({then}) or not ({test}) and ({otherwise}))"

    def _print_Max(self, expr: Expr) -> str:
        name = type(expr).__name__.lower()
        return f"{name}({', '.join(map(self._print, sorted(expr.args, key=default_sort_key)))})"

    _print_Min = _print_Max


def _script(text: str, small: dict[str, str], mark: str) -> str:
    """Return the text in small letters where Unicode has all of them, else behind a mark."""
    if all(c in small for c in text):
        return "".join(small[c] for c in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


@named_arguments
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
    rows = PlainPrinter(page(statement, vocabulary, tuple(states)), face, vocabulary).sides()
    width = max(len(row[0]) for row in rows)
    return "\n".join(" ".join([row[0].rjust(width), *row[1:]]) for row in rows)
