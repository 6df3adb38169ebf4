"""Statements as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from sympy import And, Expr, Not, Or, Piecewise, Symbol, default_sort_key
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.printing.latex import LatexPrinter

from physsym.core.arguments import named_arguments
from physsym.printing.names import tex_text
from physsym.printing.page import Page, Printable, page
from physsym.printing.textbook import TextPrinter
from physsym.vocabulary import STANDARD, Face, Vocabulary

SPECIALS = {"d": "d", "nabla": r"\nabla", "partial": r"\partial", "infinity": r"\infty"}
RELATIONS = {
    "=": "=", "!=": r"\neq", "<": "<", ">": ">", "<=": r"\leq", ">=": r"\geq", "~": r"\approx", "->": r"\to",
}  # fmt: skip
OPERATORS = frozenset(
    ("cos", "cosh", "cot", "coth", "exp", "log", "max", "min", "sec", "sin", "sinh", "tan", "tanh")
)

TALL = ("\\frac", "\\sqrt", "\\begin")
_DIFFERENTIALS = ("d", r"\delta", r"\Delta", r"\Sigma")
"""Factors that are no differentials, differences and sums of what follows."""
_POWER_OF_A_VALUE = re.compile(r"(?:\\left)?\([A-Za-z]+\(.*\)\^")
"""A factor such as (U(x))^2, before which a letter looks like a function of it."""
_FUNCTIONS = frozenset((*"fgFJLUVpPHOE", r"\ell", r"\psi", r"\Phi", r"\Psi", r"\Pi"))
"""Letters that look like functions of a bracket behind them."""
_WORD = re.compile(r"\\mathrm\{(?!(?:lr|wd|eps|tol)\})\w+\}\Z")
_UPRIGHT = re.compile(r"\\mathrm\{\w+\}")
_BRACKET = ("(", r"\left(")
_WORD_BEHIND = re.compile(r"\\mathrm\{\w+\}\Z")


class TexPrinter(TextPrinter, LatexPrinter):
    """The pieces of a formula as LaTeX of amsmath, which MathJax and KaTeX know as well."""

    multiplication_dot = r" \cdot "

    def _letters(self, atoms: Sequence[str], bold: bool = False) -> str:
        return " ".join(tex_text(a, bold) for a in atoms)

    def _word(self, name: str) -> str:
        if name in OPERATORS:
            return f"\\{name}"
        # A name of several letters stands upright; as that of a function it also keeps its distance.
        return tex_text(name).replace(r"\mathrm", r"\operatorname")

    def _special(self, name: str) -> str:
        return SPECIALS[name]

    def _relation(self, sign: str) -> str:
        return RELATIONS[sign]

    def _row(self, *pieces: str) -> str:
        joined = pieces[0]
        for piece in pieces[1:]:
            # A letter behind a command would become part of its name.
            command = re.search(r"(\\[A-Za-z]+|\})\Z", joined) and piece[0].isalpha()
            joined += f" {piece}" if command else piece
        return joined

    def _times(self, pieces: Sequence[str]) -> str:
        # A name of several letters would read as one with what is beside it, and d x as a differential.
        apart = (
            rf"{piece} \cdot"
            if piece in _DIFFERENTIALS
            or _POWER_OF_A_VALUE.match(following)
            or (following.startswith(_BRACKET) and (piece.split("_")[0] in _FUNCTIONS or _WORD.search(piece)))
            else rf"{piece} \,"
            if _WORD_BEHIND.search(piece) or following.startswith(r"\mathrm")
            else piece
            for piece, following in pairwise(pieces)
        )
        return super()._times([*apart, pieces[-1]])

    def _fence(self, piece: str, bars: bool = False) -> str:
        opening, closing = "||" if bars else "()"
        tall = any(sign in piece for sign in TALL)
        return rf"\left{opening}{piece}\right{closing}" if tall or bars else f"{opening}{piece}{closing}"

    def _whole_part(self, piece: str, up: bool) -> str:
        name = "ceil" if up else "floor"
        return rf"\left\l{name} {piece} \right\r{name}"

    def _fraction(self, over: str, under: str) -> str:
        return rf"\frac{{{over}}}{{{under}}}"

    def _power(self, base: str, exponent: str) -> str:
        if _UPRIGHT.fullmatch(exponent) and not base.endswith(")"):
            # A word above a letter is an index of it, as in x^{\mathrm{new}}.
            return (
                self._row(self._word("exp"), self._fence(exponent))
                if base == "e"
                else (f"{self._fence(base)}^{{{exponent}}}")
            )
        return f"{base}^{{{exponent}}}"

    def _subscript(self, base: str, index: str) -> str:
        return f"{base}_{{{index}}}"

    def _root(self, piece: str, degree: str | None) -> str:
        return rf"\sqrt{'' if degree is None else f'[{degree}]'}{{{piece}}}"

    def _print_Piecewise(self, expr: Piecewise) -> str:
        told = (
            r"\text{otherwise}" if condition == True else rf"\text{{if }} {self._print(condition)}"  # noqa: E712
            for _, condition in expr.args
        )
        cases = (rf"{self._print(value)} & {when}" for (value, _), when in zip(expr.args, told, strict=True))
        rows = r" \\ ".join(cases)
        return rf"\begin{{cases}} {rows} \end{{cases}}"

    def _print_Relational(self, expr: Relational) -> str:
        sign = RELATIONS[{"==": "="}.get(expr.rel_op, expr.rel_op)]
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"

    def _joined(self, expr: Boolean, word: str) -> str:
        parts = sorted(expr.args, key=default_sort_key)
        texts = (self._print(p) if isinstance(p, Relational) else self._fence(self._print(p)) for p in parts)
        return rf" \text{{ {word} }} ".join(texts)

    def _print_And(self, expr: Boolean) -> str:
        return self._joined(expr, "and")

    def _print_Or(self, expr: Boolean) -> str:
        return self._joined(expr, "or")

    def _print_Not(self, expr: Boolean) -> str:
        return rf"\text{{not }} {self._fence(self._print(expr.args[0]))}"

    def _print_ITE(self, expr: Boolean) -> str:
        test, then, otherwise = expr.args
        return self._print_Or(Or(And(test, then), And(Not(test), otherwise), evaluate=False))

    def _print_Max(self, expr: Expr) -> str:
        name = self._word(type(expr).__name__.lower())
        return f"{self._applied(name, sorted(expr.args, key=default_sort_key))}"

    _print_Min = _print_Max


@named_arguments
def latex(
    statement: Printable,
    face: Face = "physics",
    vocabulary: Vocabulary = STANDARD,
    *,
    states: Iterable[Symbol] = (),
    display: Literal["block", "inline"] = "block",
) -> str:
    r"""Return a statement as LaTeX for math mode, without dollar signs; several lines are an `aligned` block.

    Parameters
    ----------
    statement
        An expression, an equation, a relation, a law, an update or a rule, or a condition or an order of a
        verdict.
    face
        "physics" or "learning".
    vocabulary
        The names of quantities on either face, and what they are in mechanics, which decides the order of
        terms.
    states
        Symbols that show their instant, besides the states of a rule.
    display
        With "inline", fractions are written with a slash, which keeps the lines of a paragraph together.

    Returns
    -------
    str
        Commands of amsmath, which MathJax and KaTeX know as well.

    Raises
    ------
    TypeError
        For what is no statement.
    ValueError
        For an unknown face, and where two symbols would be written with the same letters.

    Examples
    --------
    >>> from physsym.vocabulary import G, eta, x
    >>> from physsym.core.statements import rule
    >>> print(latex(rule({x: x - eta * G}), face="learning"))
    \mathbf{w}_{t+1} = \mathbf{w}_{t} - \eta \nabla L(\mathbf{w}_{t})
    """
    return latex_of_page(page(statement, vocabulary, tuple(states)), face, vocabulary, display)


@lru_cache(maxsize=8192)
def latex_of_page(page: Page, face: Face, vocabulary: Vocabulary, display: str = "block") -> str:
    """Return a page as LaTeX, as `latex` returns a statement."""
    printer = TexPrinter(page, face, vocabulary)
    printer.only_slashes = display == "inline"
    return aligned(printer.sides())


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return the pieces of one line behind each other, or several lines aligned behind their left sides."""
    if len(rows) == 1:
        return " ".join(rows[0])
    lines = r" \\ ".join(f"{row[0]} &{' '.join(row[1:])}" for row in rows)
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"
