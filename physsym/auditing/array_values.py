r"""The values of formulas at arrays of random numbers, of which all ways to give them shapes are tried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, reduce
from typing import Any, Literal, TypeAlias

import numpy as np

from physsym.auditing.arrays import TRANSPOSED, key_of
from physsym.auditing.hints import ArrayKind
from physsym.parsing.latex.tree import (
    Accented,
    Bracket,
    Fraction,
    Function,
    Name,
    Node,
    Number,
    Product,
    Root,
    Scripted,
    Sum,
)

Kind: TypeAlias = ArrayKind | Literal["number"]
_ROWS = 3  # as a cross product needs; polynomials below the sixth degree in these vanish for no other reason
SHAPES: Mapping[Kind, tuple[tuple[int, ...], ...]] = {
    "matrix": ((_ROWS, _ROWS), (_ROWS + 1, _ROWS), (_ROWS, _ROWS + 1)),
    "vector": ((_ROWS, 1), (_ROWS + 1, 1)),
    "number": ((),),
}
_TRIALS = 3
_TOLERANCE = 1e-8
_SINGULAR = 1e9
_IDENTITY = np.ones((1, 1))


class UnknownError(Exception):
    """A part that is not evaluated here."""


class ShapeError(Exception):
    """Parts whose shapes do not fit."""


def difference(
    left: Node,
    right: Node,
    shapes: Mapping[str, tuple[int, ...]],
    values: Mapping[str, Node],
    symmetric: set[str],
) -> str:
    """Return where two sides differ, empty where they agree at all arrays that are tried."""
    compared = 0
    for trial in range(_TRIALS):
        at: dict[str, Any] = {}
        for place, (key, shape) in enumerate(shapes.items()):
            given = drawn(trial, place, shape)
            at[key] = given + given.T if key in symmetric and shape == (_ROWS, _ROWS) else given
        drawn_ones = dict(at)
        at |= values
        try:
            one, other = _of_one_shape(value_of(left, at), value_of(right, at), zero=True)
        except np.linalg.LinAlgError:
            continue
        size = 1 + np.abs(one).max() + np.abs(other).max()
        if not np.isfinite(size):
            continue
        compared += 1
        if np.abs(one - other).max() > _TOLERANCE * size:
            shown = (f"{key.strip()} = {np.asarray(v, int).tolist()}" for key, v in drawn_ones.items())
            return f"at {', '.join(shown)}"
    if not compared:
        raise ShapeError
    return ""


@lru_cache(maxsize=1024)
def drawn(trial: int, place: int, shape: tuple[int, ...]) -> Any:
    """Return random whole numbers in a shape."""
    chance = np.random.default_rng((trial, place))
    return chance.integers(1, 9, size=shape) * np.where(chance.random(shape) < 0.3, -1.0, 1.0)


def value_of(node: Node, at: dict[str, Any]) -> Any:
    """Return the value of a part: a number, a column, a row or a matrix."""
    if isinstance(node, Number):
        return float(node.text)
    if isinstance(node, Name):
        return _IDENTITY if node.letters == "I" else _known(node, at)
    if isinstance(node, Accented):
        return _known(node, at)
    if isinstance(node, Sum):
        signs = {"": 1, "+": 1, "-": -1}
        if not signs.keys() >= {*node.signs}:
            raise UnknownError
        return reduce(
            _added, (signs[s] * value_of(t, at) for s, t in zip(node.signs, node.terms, strict=True))
        )
    if isinstance(node, Product):
        return _product(node, at)
    if isinstance(node, Fraction):
        return _divided(value_of(node.over, at), value_of(node.under, at))
    if isinstance(node, Root) and node.degree is None and np.shape(inside := value_of(node.inside, at)) == ():
        return np.sqrt(inside)
    if isinstance(node, Bracket):
        return _bracket(node, at)
    if isinstance(node, Scripted):
        return _scripted(node, at)
    raise UnknownError


def _known(node: Node, at: dict[str, Any]) -> Any:
    """Return the value of a letter, by its definition where it has one."""
    key = key_of(node)
    if key is None or key not in at:
        raise UnknownError
    if isinstance(at[key], Node):
        at[key] = value_of(at.pop(key), at)
    return at[key]


def _of_one_shape(one: Any, other: Any, zero: bool = False) -> tuple[Any, Any]:
    """Return two values of one shape; a multiple of the identity has any, and so has zero if it may."""
    if np.shape(one) == np.shape(other):
        return one, other
    for value, beside in ((one, other), (other, one)):
        shape = np.shape(beside)
        if np.shape(value) == (1, 1) and len(shape) == 2 and shape[0] == shape[1]:
            put = value[0, 0] * np.eye(shape[0])
        elif zero and np.shape(value) == () and value == 0:
            put = np.zeros(shape)
        else:
            continue
        return (put, other) if value is one else (one, put)
    raise ShapeError


def _added(one: Any, other: Any) -> Any:
    one, other = _of_one_shape(one, other)
    return one + other


def _is_square(value: Any) -> bool:
    return len(np.shape(value)) == 2 and np.shape(value)[0] == np.shape(value)[1]


def _divided(over: Any, under: Any) -> Any:
    if np.shape(under) != ():
        raise ShapeError
    return over / under


def _product(node: Product, at: dict[str, Any]) -> Any:
    value: Any = None
    pending = list(zip(node.signs, node.factors, strict=True))
    while pending:
        sign, factor = pending.pop(0)
        if isinstance(factor, Function):
            if factor.name not in ("det", "tr") or not pending:
                raise UnknownError
            inside = value_of(pending.pop(0)[1], at)
            if np.shape(inside) == (1, 1):
                raise UnknownError
            if not _is_square(inside):
                raise ShapeError
            number = np.linalg.det(inside) if factor.name == "det" else np.trace(inside)
        else:
            number = value_of(factor, at)
        value = number if value is None else _multiplied(value, sign, number)
    return value


def _multiplied(one: Any, sign: str, other: Any) -> Any:
    if sign == "/":
        return _divided(one, other)
    if {np.shape(one), np.shape(other)} & {(), (1, 1)}:  # a number, or the identity
        return one * other
    if sign == "⊙":
        if np.shape(one) != np.shape(other):
            raise ShapeError
        return one * other
    columns = np.shape(one) == np.shape(other) and np.shape(one)[1] == 1
    if sign == "×" and columns:
        if len(one) != _ROWS:
            raise ShapeError
        return np.cross(one[:, 0], other[:, 0])[:, None]
    one = one.T if sign == "*" and columns else one
    if np.shape(one)[1] != np.shape(other)[0]:
        raise ShapeError
    found = one @ other
    return found[0, 0] if found.shape == (1, 1) else found


def _bracket(node: Bracket, at: dict[str, Any]) -> Any:
    if node.opening == r"\langle" and len(node.items) == 2:
        return _multiplied(value_of(node.items[0], at), "*", value_of(node.items[1], at))
    if len(node.items) != 1:
        raise UnknownError
    inside = value_of(node.items[0], at)
    if node.opening in ("(", "[", "", "{", r"\{"):
        return inside
    if node.opening == "||":
        return abs(inside) if np.shape(inside) == () else np.linalg.norm(inside, 2)
    if node.opening == "|" and np.shape(inside) == ():
        return abs(inside)
    if node.opening == "|" and np.shape(inside)[1] == 1 < len(inside):
        return np.linalg.norm(inside, 2)
    if node.opening == "|" and _is_square(inside) and len(inside) > 1:
        return np.linalg.det(inside)
    raise UnknownError


def _scripted(node: Scripted, at: dict[str, Any]) -> Any:
    below = node.below.text if node.below is not None else ""
    if node.primes:
        raise UnknownError
    if isinstance(node.base, Name) and node.base.letters == "I":
        value: Any = _IDENTITY
    elif key_of(node) is not None:
        value = _known(node, at)
    elif below in ("", "2"):
        value = value_of(node.base, at)
    else:
        raise UnknownError
    above = node.above.text if node.above is not None else "1"
    if above in TRANSPOSED:
        value = value if np.shape(value) == () else value.T
        above = "-1" if above.startswith("-") else "1"
    if not re.fullmatch(r"-?\d", above):
        raise UnknownError
    if np.shape(value) == ():
        return value ** float(above)
    if above == "1":
        return value
    if not _is_square(value):
        raise UnknownError if above == "2" else ShapeError
    if above.startswith("-") and np.linalg.cond(value) > _SINGULAR:
        raise np.linalg.LinAlgError
    return np.linalg.matrix_power(value, int(above))
