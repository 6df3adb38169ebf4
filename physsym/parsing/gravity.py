"""G beside a mass: the constant of gravity over a distance, and else a question, as G is the gradient."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from sympy import Expr, Symbol

from physsym.core.symbols import grad
from physsym.parsing.grammar import Sentence, Tree
from physsym.parsing.tokens import GRAVITY, ReadError

MASS = re.compile(r"M(_?\w+)?|m_?[0-9]+|m_(?!(hat|bar|tilde|new|old|prev|next|max|[tkn])\b)\w+")
DISTANCE = re.compile(r"[rR](_?\w+)?")
CONSTANT = Symbol("G", real=True)


def with_gravity(found: Iterable[Sentence], names: dict[str, Expr]) -> dict[str, Expr]:
    """Return the names with the constant of gravity as G where all G stand beside a mass, over a distance.

    Raises ReadError for another G beside a mass, and for every one in an update: a mass may scale a gradient.
    """
    found = list(found)
    trees = [(tree, s.relation != "<-") for s in found for tree in s.sides]
    if not isinstance(names.get("G"), grad):
        return names
    nodes = [(t, n) for t, _ in trees for n in t.nodes() if isinstance(n, ast.Name)]
    letters = {id(n) for t, n in nodes if t.token(n).name == "G"}
    over = {id(n) for t, states in trees if states for n in _beside_masses(t, over_distance=True)}
    if over and over == letters:
        return {**names, "G": CONSTANT}
    for tree, node in ((t, n) for t, _ in trees for n in _beside_masses(t)):
        raise ReadError(GRAVITY, tree.text, tree.token(node).position)
    return names


def _beside_masses(tree: Tree, over_distance: bool = False) -> Iterator[ast.Name]:
    """Yield the G in products with a mass, or in those alone that are divided by what has a distance."""
    for node in tree.nodes():
        factors = [f for f in tree.factors(node) if isinstance(f, ast.Name)]
        read_as = [tree.token(f).name for f in factors]
        masses = any(map(MASS.fullmatch, read_as)) or (over_distance and "m" in read_as)
        if masses and (not over_distance or any(map(DISTANCE.fullmatch, _below(tree, node)))):
            yield from (f for f in factors if tree.token(f).name == "G")


def _below(tree: Tree, node: ast.expr) -> Iterator[str]:
    """Yield the names that a product is divided by."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        if isinstance(node.op, ast.Div):
            yield from (tree.token(n).name for n in ast.walk(node.right) if isinstance(n, ast.Name))
        node = node.left
