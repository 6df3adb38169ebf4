r"""Trees to values, with every decision that the text leaves open made by a table of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Integer, Rational

from physsym.parsing.latex.conventions import (
    bound_letter,
    free_letters,
    is_capital,
    kind_of_norm,
)
from physsym.parsing.latex.formula import OPAQUE, is_small
from physsym.parsing.latex.names import letters_of, named
from physsym.parsing.latex.operators import Operators
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Dots,
    Factorial,
    Fraction,
    Function,
    Grid,
    Name,
    Node,
    Number,
    Operator,
    Product,
    Relation,
    Root,
    Scripted,
    Sum,
    Words,
)
from physsym.parsing.tokens import MAX_DIGITS


class Interpretation(Operators):
    """The values of the trees of one formula, under one set of decisions."""

    def value(self, node: Node) -> Expr:
        """Return the value of a tree."""
        name = named(node)
        if name is not None:
            return self.name_value(name)
        match node:
            case Number():
                return self.number(node)
            case Sum():
                return self.total(node)
            case Product():
                return self.product(node.signs, node.factors)
            case Fraction():
                return self.fraction(node)
            case Root():
                return self.root(node)
            case Bracket():
                return self.bracket(node)
            case Scripted():
                return self.scripted(node)
            case Accented():
                return self.accented(node)
            case Factorial():
                return self._counted(sympy.factorial, node, self.value(node.inside))
            case Dots():
                return self.symbol(f"{OPAQUE}dots {node.start}")
            case Operator():
                return self.operator(node, ())
            case Grid():
                return self.grid(node)
            case Function() | Words():
                return self.product(("",), (node,))
            case Relation():
                raise self.error("found a relation, where an expression is expected", node)
        raise self.error("this is not understood", node)

    def number(self, node: Number) -> Expr:
        """Return an exact number."""
        digits, _, exponent = node.text.lower().partition("e")
        if len(digits) > MAX_DIGITS or len(exponent) > 3:
            raise self.error(f"found a number of more than {MAX_DIGITS} digits", node)
        return Rational(digits) * Rational(10) ** int(exponent or 0)

    def total(self, node: Sum) -> Expr:
        """Return a sum; one with an ellipsis is opaque."""
        terms = list(node.terms)
        signs = list(node.signs)
        values: list[Expr] = []
        i = 0
        while i < len(terms):
            operator = _last_operator(terms[i])
            rest = i + 1
            if operator is not None and (letter := bound_letter(operator)) is not None:
                while rest < len(terms) and letter in free_letters(terms[rest]):
                    rest += 1
            if rest > i + 1:
                inside = self._with_body(terms[i], signs[i + 1 : rest], terms[i + 1 : rest])
                value = self.value(inside)
            else:
                value = self.value(terms[i])
            values.append(self._signed(signs[i], value, terms[i]))
            i = rest
        if any(isinstance(t, Dots) for t in terms):
            return self.opaque("dots", *values)
        return sympy.Add(*values)

    def _signed(self, sign: str, value: Expr, node: Node) -> Expr:
        if sign in ("±", "∓"):
            upper = self.decisions.take(node, "±", "the upper signs", "the lower signs")
            return value if (sign == "±") == (upper == 0) else -value
        return -value if sign == "-" else value

    def _with_body(self, term: Node, signs: Sequence[str], more: Sequence[Node]) -> Node:
        """Return a sum over an index whose terms go on behind a sign, as they hold the index too."""
        if isinstance(term, Product):
            last = self._with_body(term.factors[-1], signs, more)
            return replace(term, factors=(*term.factors[:-1], last), end=more[-1].end)
        assert isinstance(term, Operator)
        body = Sum(term.body.start, more[-1].end, ("", *signs), (term.body, *more))
        return replace(term, body=body, end=more[-1].end)

    def root(self, node: Root) -> Expr:
        """Return a root."""
        inside = self.value(node.inside)
        degree = self.value(node.degree) if node.degree is not None else Integer(2)
        if inside.is_number and not is_small(inside):
            raise self.error("this may take the root of a large number", node)
        if degree.is_number and not (degree.is_Integer and 2 <= degree <= 9):
            raise self.error("expected the order of a root, from 2 to 9", node)
        if degree.is_even:
            self._needs(inside, ">= 0")
        return inside ** (1 / degree)

    def bracket(self, node: Bracket) -> Expr:
        """Return what is written in brackets: a value, an absolute value, or an opaque pair."""
        shape = node.opening
        if shape == ".":
            raise self.error("found the value at a point, which is not read; write f(a)", node)
        if len(node.items) == 1 and shape in ("(", "[", "{", r"\{", ""):
            return self.value(node.items[0])
        if any(isinstance(item, Relation) for item in node.items):
            return self.opaque("set", self.symbol(self.source(node)))
        values = [self.value(item) for item in node.items]
        if shape == "|" and len(values) == 1:
            if self._is_matrix(node.items[0]):
                return self.opaque("det", *values)
            if not self.conventions.transposed.isdisjoint(letters_of(node)):
                self.one_coordinate, self.joined = True, node  # of a vector, such as x beside `x^T`
            return self.applied("abs", values, node)
        if shape == "||" and len(values) == 1:
            self.one_coordinate, self.joined = True, node
            return self.applied("abs", values, node)
        if shape in (r"\lfloor", r"\lceil") and len(values) == 1:
            if shape == r"\lfloor" and node.closing == r"\rceil":
                return self.opaque("round", *values)
            return self.applied("floor" if shape == r"\lfloor" else "ceil", values, node)
        if shape == r"\langle":
            if len(values) == 2 and node.separators == (",",):
                self.one_coordinate, self.joined = True, node
                return values[0] * values[1]
            return self.opaque("mean", *values)
        names = {"(": "tuple", "[": "interval", r"\{": "set", "": "list", "{": "list"}
        return self.opaque(names.get(shape, "tuple"), *values)

    def _is_matrix(self, node: Node) -> bool:
        """Return whether a part is a matrix by all of its names: a capital that the text transposes."""
        if isinstance(node, Sum):  # `A - \lambda I`, and `A^2 - 4 b` is one of numbers
            letters = [set(letters_of(term)) for term in node.terms]
            numbers = any(all(len(n) == 1 and not is_capital(n) for n in found) for found in letters)
            return any(map(self._is_matrix, node.terms)) and not numbers
        if isinstance(node, Product):
            names = [f for f in node.factors if not isinstance(f, Number) and not _is_greek(f)]
            return bool(names) and not any(node.signs) and all(map(self._is_matrix, names))
        name = named(node)
        return name is not None and name.letters in self.conventions.transposed and is_capital(name.letters)

    def scripted(self, node: Scripted) -> Expr:
        """Return a power of what is no name, or a norm with an index."""
        base = node.base
        if isinstance(base, (Function, Operator)):
            return self.product(("",), (node,))
        if isinstance(base, Scripted):
            inner = self.value(base)
        elif isinstance(base, Bracket) and base.opening == "||" and node.below is not None:
            kind = kind_of_norm(node.below)
            usual = kind in ("", "1", "p", r"\infty", "F", "op", "*")
            if usual and (not kind or self.conventions.norms <= {kind}):  # of several kinds, one is |x|
                inner = self.value(base)
            else:
                inner = self.opaque(f"norm_{kind}", *(self.value(i) for i in base.items))
        elif node.below is not None:
            key = f"part_{node.below.text}"
            inner = self.opaque(key, self.value(base))
        else:
            inner = self.value(base)
        if node.primes:
            raise self.error("found a prime behind what is no name", node)
        if node.above is None:
            return inner
        return self.raised(inner, node.above, node)

    def accented(self, node: Accented) -> Expr:
        """Return an accent over what is no name, which is opaque."""
        return self.opaque(node.accent, self.value(node.inside))


def _is_greek(node: Node) -> bool:
    return isinstance(node, Name) and node.letters.startswith("\\") and not is_capital(node.letters)


def _last_operator(node: Node) -> Operator | None:
    last = node.factors[-1] if isinstance(node, Product) else node
    return last if isinstance(last, Operator) else None
