r"""Sums over an index, integrals, limits and extrema in LaTeX, and grids: cases, matrices, binomials."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy import Expr

from physsym.parsing.latex.conventions import bound_letter
from physsym.parsing.latex.formula import OPAQUE
from physsym.parsing.latex.names import named
from physsym.parsing.latex.products import Products
from physsym.parsing.latex.tree import (
    CASES,
    Grid,
    Name,
    Node,
    Number,
    Operator,
    Product,
    Relation,
    Scripted,
    Sum,
    Words,
)


class Operators(Products):
    """Operators with what they act on, and grids."""

    def operator(self, node: Operator, _more: tuple[Node, ...]) -> Expr:
        """Return a sum, product, integral, limit or extremum, which is opaque."""
        if node.sign.endswith("int"):
            return self._integral(node)
        letter = bound_letter(node)
        pushed = node.sign in ("sum", "prod") and letter is not None
        if pushed:
            assert letter is not None
            self.bound.append(letter)
        try:
            limits = self._limits(node)
            body = self.value(node.body)
        finally:
            if pushed:
                self.bound.pop()
        return self._placed(self.opaque(node.sign, body, *limits), node)

    def _limits(self, node: Operator) -> list[Expr]:
        found: list[Expr] = []
        below = node.below
        if below is not None:
            inside = below.inside
            simple = isinstance(inside, Relation) and inside.signs == ("=",) and node.sign in ("sum", "prod")
            if simple:
                assert isinstance(inside, Relation)
                found += [self.value(side) for side in inside.sides]
            elif isinstance(inside, Name):
                found.append(self.value(inside))
            else:
                found.append(self.symbol(f"{OPAQUE}{below.text}"))
        if node.above is not None:
            inside = node.above.inside
            found.append(
                self.value(inside) if inside is not None else self.symbol(f"{OPAQUE}{node.above.text}")
            )
        return found

    def _integral(self, node: Operator) -> Expr:
        """Return an integral, with its variable where the differential is found."""
        body: Node = node.body
        variable: Expr | None = None
        last = body.terms[-1] if isinstance(body, Sum) else body
        if isinstance(last, Product):
            for k in range(len(last.factors) - 1):
                first, second = named(last.factors[k]), named(last.factors[k + 1])
                if first is not None and first.letters == "d" and first.bare and second is not None:
                    kept = (*last.factors[:k], *last.factors[k + 2 :])
                    signs = (*last.signs[:k], *last.signs[k + 2 :])
                    variable = self.value(replace_power(last.factors[k + 1]))
                    one = Number(last.start, last.end, "1")
                    whole: Node = Product(last.start, last.end, ("", *signs[1:]), kept) if kept else one
                    body = replace(body, terms=(*body.terms[:-1], whole)) if isinstance(body, Sum) else whole
                    break
        limits = self._limits(node)
        value = self.value(body)
        found = self.opaque(node.sign, value, *([variable] if variable is not None else []), *limits)
        return self._placed(found, node)

    def grid(self, node: Grid) -> Expr:
        """Return cases as a case distinction; a matrix is opaque."""
        if node.kind == "binomial":
            return self._counted(
                sympy.binomial, node, self.value(node.rows[0][0]), self.value(node.rows[1][0])
            )
        if node.kind not in CASES:
            shape = f"matrix {len(node.rows)}x{max((len(r) for r in node.rows), default=0)}"
            values = [self.cell(c) for row in node.rows for c in row]
            return self.opaque(shape, *values)
        values = []
        conditions = []
        for row in node.rows:
            values.append(self.value(row[0]))
            conditions.append(self.condition(row[1]) if len(row) > 1 else sympy.true)
        if any(c is None for c in conditions):
            texts = [self.symbol(f"{OPAQUE}{self.source(r[1])}") for r in node.rows if len(r) > 1]
            return self.opaque("cases", *values, *texts)
        return sympy.Piecewise(*zip(values, conditions, strict=True), evaluate=False)

    def cell(self, node: Node) -> Expr:
        """Return a cell of a matrix; words and relations are opaque."""
        if isinstance(node, (Words, Relation)):
            return self.symbol(f"{OPAQUE}{self.source(node)}")
        return self.value(node)

    def condition(self, node: Node) -> sympy.logic.boolalg.Boolean | None:
        """Return a condition of cases, or None for one in words."""
        if isinstance(node, (Words, Name)):
            said = node.text if isinstance(node, Words) else node.letters
            return sympy.true if said.strip(" .,").lower() in ("otherwise", "else", "") else None
        build = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "=": sympy.Eq, "!=": sympy.Ne}
        if isinstance(node, Relation) and all(sign in build for sign in node.signs):
            sides = [self.value(side) for side in node.sides]
            parts = [
                build[sign](a, b, evaluate=a.is_number and b.is_number)
                for sign, a, b in zip(node.signs, sides, sides[1:], strict=False)
            ]
            return sympy.And(*parts, evaluate=False) if len(parts) > 1 else parts[0]
        return None


def replace_power(node: Node) -> Node:
    """Return a name without the power above it, as in d^3x."""
    if isinstance(node, Scripted) and node.above is not None:
        return replace(node, above=None) if node.below is not None else node.base
    return node
