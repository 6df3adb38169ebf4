r"""The letters d and e as coefficients: in `c x^2 + d x + e`, d x is a product and e is a letter.

A d before a name is a differential in an integral, in a quotient of differentials, and in a form such as
`dU = T dS - p dV`, each of whose terms has one. Elsewhere a space between the two leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from physsym.parsing.latex.conventions import derivative_letters
from physsym.parsing.latex.names import named
from physsym.parsing.latex.tree import Fraction, Name, Node, Number, Operator, Product, Relation, Sum


def coefficients_in(trees: Sequence[Relation]) -> Mapping[int, bool]:
    r"""Return where a d before a name, or an e, may be a coefficient: whether it is one for sure.

    Parameters
    ----------
    trees
        The statements of a text.

    Returns
    -------
    Mapping
        By the position of the letter: True for a coefficient, and False where it is open. Letters that are
        read as elsewhere, such as the d of `dx`, have no entry.

    Examples
    --------
    >>> from physsym.parsing.latex.statements import trees
    >>> coefficients_in(trees("y = c x^2 + d x + e"))
    {18: True, 12: True}
    >>> coefficients_in(trees("dU = T dS - p dV")), coefficients_in(trees("y = k d x"))
    ({}, {6: False})
    """
    found: dict[int, bool] = {}
    for tree in trees:
        if any(isinstance(node, Name) and node.letters in ("d", "e") for node in tree.walk()):
            group = tuple(term for side in tree.sides for term in _terms(side))
            for term, beside in _with_groups(group):
                found |= _of_term(term, [other for other in beside if other is not term])
    return found


def _terms(node: Node) -> tuple[Node, ...]:
    return node.terms if isinstance(node, Sum) else (node,)


def _with_groups(group: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield the terms of a tree and the parts of these, each with the terms that it stands beside."""
    pending = [(term, group) for term in group]
    while pending:
        node, beside = pending.pop()
        yield node, beside
        if isinstance(node, Operator) and node.sign.endswith("int"):
            pending += [(term, ()) for term in _terms(node.body)]
        elif not (isinstance(node, Fraction) and derivative_letters(node) is not None):
            for part in node.parts():
                terms = _terms(part)
                pending += [(term, terms if len(terms) > 1 else beside) for term in terms]


def _of_term(term: Node, others: Sequence[Node]) -> dict[int, bool]:
    """Return where d and e are in a term, or in a part of one, that stands beside others."""
    factors = term.factors if isinstance(term, Product) else (term,)
    leading = {_leading_letter(other) for other in others if not _has_differential(other)}
    first = next((f for f in factors if not isinstance(f, Number)), None)
    if isinstance(first, Name) and first.letters == "e" and first.font == "":
        return {first.start: True} if leading & {"c"} else {}
    if (
        not others
        or not isinstance(term, Product)
        or all(_has_differential(o) for o in others if not _is_zero(o))
    ):
        return {}
    found: dict[int, bool] = {}
    for one, other in _pairs(term):
        if isinstance(one, Name) and (one.letters, one.font) == ("d", "") and named(other) is not None:
            coefficient = one is first and bool(leading & {"a", "b", "c"})
            if coefficient or one.end < other.start:
                found[one.start] = coefficient and "c" in leading
    return found


def _pairs(node: Product) -> Iterator[tuple[Node, Node]]:
    """Yield each d of a product with the factor behind it."""
    for sign, (one, other) in zip(node.signs[1:], pairwise(node.factors), strict=True):
        name = named(one)
        if not sign and name is not None and name.letters in ("d", r"\delta") and name.bare:
            yield one, other


def _has_differential(node: Node) -> bool:
    return any(isinstance(part, Product) and any(_pairs(part)) for part in node.walk())


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.text == "0"


def _leading_letter(term: Node) -> str:
    """Return the letter that other factors stand behind in a term, numbers left out."""
    if not isinstance(term, Product):
        return ""
    factors = [f for f in term.factors if not isinstance(f, Number)]
    first = factors[0] if len(factors) > 1 else None
    return first.letters if isinstance(first, Name) and first.font == "" else ""
