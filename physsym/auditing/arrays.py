r"""The letters of a formula that stand for arrays, and whether the formula is linear in vectors.

What holds in one coordinate holds in each, and so for vectors, where all is linear in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from physsym.parsing.latex.names import TRANSPOSES
from physsym.parsing.latex.tree import (
    SCALAR_GRIDS,
    Accented,
    Bracket,
    Fraction,
    Function,
    Grid,
    Name,
    Node,
    Product,
    Relation,
    Root,
    Scripted,
)

TRANSPOSED = frozenset((*TRANSPOSES, "-T", r"-\top"))
_NORMS = ("|", "||")
_MARKS = ("*", r"\ast", r"\star", "+", "-")


class _NonlinearError(Exception):
    """A part that is not linear in vectors."""


def key_of(node: Node) -> str | None:
    """Return what tells a letter from others: its font, accent and index; None for what is no letter."""
    if isinstance(node, Name):
        return f"{node.font} {node.letters}"
    if isinstance(node, Accented) and (inside := key_of(node.inside)) is not None:
        return f"{inside} {node.accent}"
    if isinstance(node, Scripted) and (base := key_of(node.base)) is not None:
        return base + (f"_{node.below.text}" if node.below is not None else "")
    return None


def letters_of(node: Node) -> Iterator[tuple[str, Name, bool]]:
    """Yield the letters in a part, each with whether it is transposed, or inverted and a capital."""
    if (key := key_of(node)) is not None:
        name = next(n for n in node.walk() if isinstance(n, Name))
        above = node.above.text if isinstance(node, Scripted) and node.above is not None else ""
        yield key, name, above in TRANSPOSED or (above == "-1" and name.letters.isupper())
    elif isinstance(node, Scripted):
        yield from letters_of(node.base)
    else:
        for part in node.parts():
            yield from letters_of(part)


def linear_in_vectors(
    own: Sequence[Relation], premises: Sequence[Relation], arrays: Mapping[str, str], derives: bool
) -> bool:
    r"""Return whether relations are linear in vectors, `|v|^2` aside, and have no matrices.

    Parameters
    ----------
    own
        The relations of a formula.
    premises
        Those that it was judged by.
    arrays
        The letters that are arrays, as "matrix" or "vector".
    derives
        Whether the formula has a gradient, of which each coordinate may come from a square `|v|^2`.
    """
    linear, squared = _Linear(arrays), _Linear(arrays)
    try:
        for side in (side for relation in own for side in relation.sides):
            linear.order(side)
        for side in (side for relation in premises for side in relation.sides):
            squared.order(side)
    except _NonlinearError:
        return False
    if linear.squares & linear.vectors:
        return False
    squares, vectors = linear.squares | squared.squares, linear.vectors | squared.vectors
    return not squares & (squared.vectors if derives else vectors)


@dataclass
class _Linear:
    """The order of parts in vectors, with the vectors that were met, and those that were met squared."""

    arrays: Mapping[str, str]
    vectors: set[str] = field(default_factory=set)
    squares: set[str] = field(default_factory=set)

    def order(self, node: Node) -> int:
        """Return 0 for numbers and 1 for what is linear in vectors; raise _NonlinearError else."""
        if isinstance(node, Scripted) and (squared := self._squared(node)):
            self.squares.add(squared)
            return 0
        if (key := key_of(node)) in self.arrays and key is not None:
            if self.arrays[key] == "matrix":
                raise _NonlinearError
            self.vectors.add(key)
            return self._scripted(node, 1) if isinstance(node, Scripted) else 1
        if isinstance(node, Scripted):
            return self._scripted(node, self.order(node.base))
        if isinstance(node, Fraction):
            over, under = self.order(node.over), self.order(node.under)
            if under and not (_derives(node.under) and not over):
                raise _NonlinearError
            return max(over, under)
        if isinstance(node, Grid) and node.kind not in SCALAR_GRIDS:
            raise _NonlinearError
        orders = [self.order(part) for part in node.parts()]
        if isinstance(node, Product):
            divided = any(sign == "/" and o for sign, o in zip(node.signs, orders, strict=True))
            if (
                sum(orders) > 1
                or divided
                or (any(orders) and any(isinstance(f, Function) for f in node.factors))
            ):
                raise _NonlinearError
            return sum(orders)
        found = max(orders, default=0)
        nonlinear = isinstance(node, Root) or (
            isinstance(node, Bracket) and node.opening in (*_NORMS, r"\langle")
        )
        if found and nonlinear:
            raise _NonlinearError
        return found

    def _squared(self, node: Scripted) -> str:
        """Return the vector of which a part is the square of the length, empty for other parts."""
        base, above = node.base, node.above.text if node.above is not None else ""
        if above == "2" and isinstance(base, Bracket) and base.opening in _NORMS and len(base.items) == 1:
            key = key_of(base.items[0])
            return key if key is not None and self.arrays.get(key) == "vector" else ""
        return ""

    def _scripted(self, node: Scripted, order: int) -> int:
        above = node.above.text if node.above is not None else ""
        if above in TRANSPOSED and key_of(node.base) is not None:
            raise _NonlinearError
        if order and above and not (above.startswith("(") or above in _MARKS):
            raise _NonlinearError
        return order


def _derives(under: Node) -> bool:
    r"""Return whether what is divided by is that of a derivative, such as `\partial x`."""
    first = under.factors[0] if isinstance(under, Product) else under
    return isinstance(first, Name) and first.letters in ("d", r"\partial")
