"""Nested lists, tuples and dictionaries of arrays: their leaves and their structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Structure: TypeAlias = (
    Any  # None for a leaf, else a type, the keys where there are any, and the structures below
)


def flatten(tree: Any, is_leaf: Callable[[Any], bool] = lambda tree: False) -> tuple[list[Any], Structure]:
    """Return the leaves of a tree in order, dictionaries by key, and what is needed to put them back.

    >>> flatten({"b": 1.0, "a": (2.0, 3.0)})[0]
    [2.0, 3.0, 1.0]
    """
    if isinstance(tree, Mapping):
        keys = sorted(tree, key=str)
        return _joined((dict, *keys), [flatten(tree[key], is_leaf) for key in keys])
    if isinstance(tree, (list, tuple)) and not is_leaf(tree):
        return _joined((type(tree),), [flatten(branch, is_leaf) for branch in tree])
    return [tree], None


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Return the tree of a structure with these leaves.

    >>> unflatten(flatten({"b": 1.0, "a": (2.0, 3.0)})[1], "xyz")
    {'a': ('x', 'y'), 'b': 'z'}
    """
    return _built(structure, iter(leaves))


def holds_no_array(tree: Any) -> bool:
    """Return whether a list or a tuple is one array, written out or in numbers of any kind.

    >>> holds_no_array([[1.0], [np.float64(2.0)]]), holds_no_array([1.0, np.ones(2)])
    (True, False)
    """
    if isinstance(tree, Mapping):
        return False
    if isinstance(tree, (list, tuple)):
        return all(map(holds_no_array, tree))
    return isinstance(tree, np.generic) or not hasattr(tree, "shape")


def is_written_out(tree: Any) -> bool:
    """Return whether a tree is an array written out in numbers and lists: `[[1.0, 2.0], [3.0, 4.0]]`."""
    return isinstance(tree, list) and all(isinstance(v, (int, float)) or is_written_out(v) for v in tree)


def _joined(
    kind: tuple[Any, ...], branches: Sequence[tuple[list[Any], Structure]]
) -> tuple[list[Any], Structure]:
    return [leaf for leaves, _ in branches for leaf in leaves], (kind, tuple(below for _, below in branches))


def _built(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure is None:
        return next(leaves)
    (kind, *keys), below = structure
    branches = [_built(branch, leaves) for branch in below]
    if kind is dict:
        return dict(zip(keys, branches, strict=True))
    return kind(*branches) if hasattr(kind, "_fields") else kind(branches)
