r"""Statements from LaTeX without a document around it: strict, what can be read in two ways is refused.

It reads everything that `latex` writes, on both faces, back to the same value.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import grad
from physsym.parsing.latex.coefficients import coefficients_in
from physsym.parsing.latex.conventions import USUAL_WORDS, Conventions, conventions_of
from physsym.parsing.latex.decisions import Decisions, alternatives
from physsym.parsing.latex.instants import Names
from physsym.parsing.latex.interpretation import Interpretation
from physsym.parsing.latex.names import spelled_letter
from physsym.parsing.latex.rows import row_of, with_steps
from physsym.parsing.latex.rules import Rules
from physsym.parsing.latex.statements import trees
from physsym.parsing.latex.tree import Relation
from physsym.parsing.latex.unclear import is_gravity, refuse_unclear
from physsym.parsing.tokens import SETTLED, TWO_VALUES, ReadError

Stated: TypeAlias = Expr | Equation | Update | Law | Rule


def read_latex(text: str, names: Names) -> Stated:
    r"""Return the expression, equation, update, law or rule that a text in LaTeX states.

    Parameters
    ----------
    text
        Rows of an environment, or statements with commas or gaps between.
    names
        The names that it may use.

    Returns
    -------
    Expr, Equation, Update, Law or Rule

    Raises
    ------
    ReadError
        Where the text is not understood, exceeds the limits, or can be read in two ways.

    Examples
    --------
    >>> print(read_latex(r"x_{t+1} = x_t - \eta \nabla U(x_t)", Names({})))
    x <- x - eta*grad(x)
    """
    conventions = _strict(text, names)
    found = trees(text, conventions.macros, conventions.words)
    if not found:
        raise ReadError("found nothing to read; give a formula", text, 0)
    if not conventions.indices and isinstance(names.known.get("G"), grad) and is_gravity(found):
        known = {**names.known, "G": Symbol("G", real=True)}
        names = replace(names, known=known, declared=names.declared | {"G"})
    refuse_unclear(found, text, conventions, names.known, names.declared)
    coefficients = coefficients_in(found)
    found = tuple(link for tree in found for link in _links(tree))

    def stated(decisions: Decisions) -> Stated:
        rows = [row_of(tree, Interpretation(text, conventions, decisions, coefficients)) for tree in found]
        rows = with_steps(rows)
        return _Text(text, names, rows).stated()

    read = alternatives(stated, text)
    ways = dict.fromkeys(value for value, _ in read)
    if len(ways) > 1:
        positions = [p for _, decisions in read for p in decisions.positions.values()]
        shown = "; or ".join(str(way) for way in ways)
        asked = {question for _, decisions in read for question in decisions.asked}
        advice = r"write \exp(1) for Euler's number, or declare e" if "e" in asked else "write brackets"
        either = [q for _, decisions in read for q, o in decisions.asked.items() if "a differential" in o]
        if either:
            of = either[0][1:]
            advice = rf"write d \cdot {of} for the product, or \mathrm{{d}}{of} for the differential"
        raise ReadError(f"this can be read in {len(ways)} ways: {shown}; {advice}", text, min(positions))
    return next(iter(ways))


def _strict(text: str, names: Names) -> Conventions:
    """Return the conventions of a text without a document: known names are no functions."""
    found = conventions_of([text])
    usual = [k for k in found.perhaps_functions if spelled_letter(k) not in names.known]
    functions = {k: v for k, v in found.functions.items() if spelled_letter(k) not in names.declared}
    functions |= {k: frozenset() for k in (*usual, *names.potentials)}
    words = frozenset(
        n for n in names.known if len(n) > 1 and n.isalpha() and not (n[0] == "d" and len(n) == 2)
    )
    return replace(
        found,
        indices=found.indices | ({"t"} if _T_BELOW.search(text) else set()),
        functions=functions,
        perhaps_functions=frozenset(),
        set_alone=found.set_alone | {"I"} | ({"O", "o"} & set(names.known)),
        words=found.words | words,
        euler="e" not in names.known,
        imaginary=False,
        strict=True,
        fonts=found.in_two_fonts,
        declared=names.declared | USUAL_WORDS,
    )


_T_BELOW = re.compile(r"_\s*(?:t(?![A-Za-z])|\{[^{}]*(?<![A-Za-z\\])t(?![A-Za-z])[^{}]*\})")


def _links(tree: Relation) -> list[Relation]:
    """Return the equations of a chain, a = b and b = c for a = b = c, or the one statement."""
    if len(tree.signs) < 2 or {*tree.signs} != {"="}:
        return [tree]
    return [
        Relation(one.start, other.end, (one, other), ("=",), tree.words)
        for one, other in pairwise(tree.sides)
    ]


class _Text(Rules):
    """The statements of one text."""

    def stated(self) -> Stated:
        """Return what the text states."""
        self._refuse_settled_signs()
        if not self.rows[0].sign:
            if len(self.rows) > 1:
                raise self.error(
                    "found several expressions; write one, or equations, or updates", self.rows[1]
                )
            return self._value(self.rows[0].sides[0], self.rows[0])
        if any(not row.sign for row in self.rows):
            row = next(row for row in self.rows if not row.sign)
            raise self.error("found an expression among equations; write = or \\gets", row)
        if any(self._updates(row) for row in self.rows):
            return self._rule()
        self._refuse_with_and_without_index()
        equations = tuple(Equation(*(self._value(side, row) for side in row.sides)) for row in self.rows)
        return equations[0] if len(equations) == 1 else Law(equations)

    def _refuse_settled_signs(self) -> None:
        """Refuse sign(m) of a name that the vocabulary declares positive: it may be another quantity."""
        lefts = {target.key for row in self.rows if (target := self._target(row)) is not None}
        for row in self.rows:
            for value in (f for side in row.sides for f in side.atoms(sympy.sign)):
                name = str(value.args[0])
                known = self.names.known.get(name)
                if known is not None and known.is_positive and name not in {*self.names.declared, *lefts}:
                    raise self.error(SETTLED.format(name), row, value.args[0])

    def _refuse_with_and_without_index(self) -> None:
        """Refuse u_t + u c = 0: without steps nothing says that u_t, which may be a derivative, is u."""
        plain = {str(s) for row in self.rows for side in row.sides for s in side.free_symbols}
        for row in self.rows:
            for value in (f for side in row.sides for f in sorted(side.atoms(AppliedUndef), key=str)):
                name = str(value.func)
                if name in plain and value.args == (Symbol(self.time, integer=True),):
                    raise self.error(TWO_VALUES.format(f"{name}_{self.time}", name), row, value)
