"""Nested lists, tuples and dictionaries of arrays: their leaves and their structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Structure: TypeAlias = (
    Any  # None for a leaf, else a type, the keys where there are any, and the structures below
)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """Return the leaves of a tree in order, dictionaries by key, and what is needed to put them back.

    >>> flatten({"b": 1.0, "a": (2.0, 3.0)})[0]
    [2.0, 3.0, 1.0]
    """
    if isinstance(tree, Mapping):
        keys = sorted(tree, key=str)
        return _joined((dict, *keys), [tree[key] for key in keys])
    if type(tree) in (list, tuple):
        return _joined((type(tree),), tree)
    return [tree], None


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Return the tree of a structure with these leaves.

    >>> unflatten(flatten({"b": 1.0, "a": (2.0, 3.0)})[1], "xyz")
    {'a': ('x', 'y'), 'b': 'z'}
    """
    return _built(structure, iter(leaves))


def is_written_out(tree: Any) -> bool:
    """Return whether a tree is an array written out in numbers and lists: `[[1.0, 2.0], [3.0, 4.0]]`."""
    return isinstance(tree, list) and all(isinstance(v, (int, float)) or is_written_out(v) for v in tree)


def _joined(kind: tuple[Any, ...], branches: Sequence[Any]) -> tuple[list[Any], Structure]:
    flat = [flatten(branch) for branch in branches]
    return [leaf for leaves, _ in flat for leaf in leaves], (kind, tuple(below for _, below in flat))


def _built(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure is None:
        return next(leaves)
    (kind, *keys), below = structure
    branches = [_built(branch, leaves) for branch in below]
    return dict(zip(keys, branches, strict=True)) if kind is dict else kind(branches)
