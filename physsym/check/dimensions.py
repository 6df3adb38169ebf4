"""Checking the dimensions of a statement: both sides of every equation, old and new value of every update."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from physsym.dimension import DimensionError, dimension_of
from physsym.statement import Law, Rule, Statement
from physsym.verdict import Verdict, fails, holds
from physsym.vocabulary import STANDARD, Vocabulary


def dimensions(statement: Statement, vocabulary: Vocabulary = STANDARD) -> Verdict:
    """Return whether every sum adds, and every equation equates, quantities of one dimension.

    A symbol that the vocabulary does not know fails: its dimension is not guessed. Raises TypeError for
    what is no statement.

    >>> from physsym.statement import law
    >>> from physsym.vocabulary import G, eta, v
    >>> print(dimensions(law({v: -eta * G})))
    fails: v has dimension L T^-1, -eta*grad(x) has dimension L
    """
    if not isinstance(statement, (Law, Rule)):
        raise TypeError(f"dimensions are checked of a law or a rule, given {statement!r}")
    try:
        clashes = [c for left, right in _sides(statement) if (c := _clash(left, right, vocabulary))]
    except DimensionError as error:
        return fails(str(error))
    return fails(*clashes) if clashes else holds("the dimensions agree")


def _sides(statement: Statement) -> Iterator[tuple[Expr, Expr]]:
    if isinstance(statement, Law):
        yield from ((e.left, e.right) for e in statement.equations)
    else:
        yield from ((u.target, u.value) for u in statement.updates)


def _clash(left: Expr, right: Expr, vocabulary: Vocabulary) -> str:
    a, b = (dimension_of(side, vocabulary.dimension) for side in (left, right))
    return "" if None in (a, b) or a == b else f"{left} has dimension {a}, {right} has dimension {b}"
