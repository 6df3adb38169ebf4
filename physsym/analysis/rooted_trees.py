"""Rooted trees with their order, symmetry and density, and the ways to cut one edge.

A tree represents one elementary differential of a vector field (Butcher, Numerical Methods for Ordinary
Differential Equations, chapter 3; Hairer, Lubich and Wanner, Geometric Numerical Integration, section III.1).
Equal trees are the same object.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, eq=False)
class Tree:
    """A root and its subtrees, in the order of their numbers.

    `order` counts the vertices; `symmetry` the permutations of equal branches; `density` is
    the product of the orders of all subtrees, one at every vertex.
    """

    children: tuple[Tree, ...]
    number: int
    order: int
    symmetry: int
    density: int

    @property
    def levels(self) -> tuple[int, ...]:
        """Return the level of each vertex, the root first, each branch from its root on.

        >>> [tree.levels for tree in trees(3)]
        [(1, 2, 2), (1, 2, 3)]
        """
        return (1, *(1 + level for child in reversed(self.children) for level in child.levels))

    def __repr__(self) -> str:
        return f"Tree{self.levels}"


_KNOWN: dict[tuple[Tree, ...], Tree] = {}
_NUMBER = operator.attrgetter("number")


def tree(children: Iterable[Tree] = ()) -> Tree:
    """Return the tree with the given branches at its root; without any, the single vertex.

    >>> tree([tree(), tree()])
    Tree(1, 2, 2)
    """
    ordered = tuple(sorted(children, key=_NUMBER))
    known = _KNOWN.get(ordered)
    if known is None:
        order = 1 + sum([child.order for child in ordered])
        symmetry = math.prod([c.symmetry**n * math.factorial(n) for c, n in _counted(ordered)])
        density = order * math.prod([child.density for child in ordered])
        known = _KNOWN[ordered] = Tree(ordered, len(_KNOWN), order, symmetry, density)
    return known


def _counted(ordered: tuple[Tree, ...]) -> list[tuple[Tree, int]]:
    return [(branch, ordered.count(branch)) for branch in dict.fromkeys(ordered)]


@cache
def trees(order: int) -> tuple[Tree, ...]:
    """Return every rooted tree with that many vertices: 1, 1, 2, 4, 9, 20, ... of them (OEIS A000081).

    Raises ValueError for an order below one.
    """
    if order < 1:
        raise ValueError(f"a tree has at least one vertex, its root; given {order}")
    if order == 1:
        return (tree(),)
    # Each tree arises once: the branch of the highest number is the one that was added last.
    return tuple(
        tree((*trunk.children, branch))
        for size in range(1, order)
        for trunk in trees(order - size)
        for branch in trees(size)
        if not trunk.children or branch.number >= trunk.children[-1].number
    )


@cache
def cuts(whole: Tree) -> tuple[tuple[Tree, Tree, int], ...]:
    """Return the ways to cut one edge: the part with the root, the other part, and the number of such edges.

    >>> cuts(tree([tree(), tree()]))
    ((Tree(1, 2), Tree(1,), 2),)
    """
    found: dict[tuple[Tree, Tree], int] = {}
    for branch, times in _counted(whole.children):
        others = list(whole.children)
        others.remove(branch)
        for trunk, cut_off, ways in ((None, branch, 1), *cuts(branch)):
            parts = tree(others if trunk is None else [*others, trunk]), cut_off
            found[parts] = found.get(parts, 0) + times * ways
    return tuple([(trunk, cut_off, ways) for (trunk, cut_off), ways in found.items()])
