"""How an optimizer updates coordinates: each by itself, or mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

from sympy import Symbol

from physsym.optimizers.lifting.nodes import Node, leaf, leaves, substitute
from physsym.optimizers.lifting.torch_.exploring import Reading, Step, agree
from physsym.optimizers.lifting.torch_.runs import LOSS, Key, Shape, gradient_leaf, state_leaf, weight_leaf

WEIGHT, GRADIENT = leaf(Symbol("weight", real=True)), leaf(Symbol("gradient", real=True))
Name: TypeAlias = tuple[Any, ...]
"""A state without the number of its weight tensor; with the number of the coordinate where they mix."""


@dataclass(frozen=True)
class Place:
    """Where a state lies: its name, its weight tensor, and whether it has the same shape."""

    name: Name
    tensor: int | None
    is_coordinatewise: bool


@dataclass(frozen=True)
class Laws:
    """The new value of each state and of the weights, start values, and the values after the first step.

    Weights are named `("x",)`, or `("x", 1)` and `("x", 2)` where coordinates mix.
    """

    usual: Mapping[Name, Node]
    first: Mapping[Name, Node]
    start: Mapping[Name, Node]
    mixed: bool = False
    renamed: Mapping[Node, Node] = field(default_factory=dict)


class CoordinatesMix(Exception):
    """A weight depends on more than its own gradient and states, or differs from the others."""


def place_of(key: Key, size: int, shapes: Sequence[Shape]) -> Place:
    """Return where a state lies, by its key and its size."""
    sizes = [prod(shape) for shape in shapes]
    if "weights" in key[:-1]:
        at = key.index("weights")
        tensor: int | None = key[at + 1]
        name = (*key[:at], *key[at + 2 :])
    elif isinstance(key[-1], int) and len(key) > 1 and key[-1] < len(sizes):
        # Lists that run along with the weight tensors.
        tensor, name = key[-1], key[:-1]
    else:
        tensor, name = (0 if len(sizes) == 1 and size == sizes[0] else None), key
    return Place(name, tensor, tensor is not None and size == sizes[tensor] and size > 1)


def name_leaf(name: Name) -> Node:
    """Return the leaf of a state of one coordinate."""
    return leaf(Symbol(f"state {name!r}", real=True))


def single(reading: Reading, shapes: Sequence[Shape], hyperparameters: frozenset[Node]) -> Laws:
    """Return the laws of one coordinate, which are those of all.

    Raises CoordinatesMix where they are not.
    """
    placed = {key: place_of(key, len(nodes), shapes) for key, nodes in reading.usual.states.items()}
    for key, place in placed.items():
        if not place.is_coordinatewise and len(reading.usual.states[key]) != 1:
            raise CoordinatesMix(f"the state {key[-1]} has a shape of its own")
    renamed = _renamed(placed, shapes)
    common = {name_leaf(p.name) for p in placed.values() if not p.is_coordinatewise} | hyperparameters
    common |= {LOSS}
    own = common | {name_leaf(p.name) for p in placed.values()} | {WEIGHT, GRADIENT}

    def of(step: Step | None, values: Mapping[Key, Any], weights: Sequence[Any] | None) -> dict[Name, Node]:
        found: dict[Name, Node] = {}
        for name, tensor, index, node, coordinatewise in _elements(placed, values, weights, shapes):
            renamed_node = substitute(node, renamed[tensor, index])
            if not {*leaves(renamed_node)} <= (own if coordinatewise else common) and weights is not None:
                raise CoordinatesMix(f"{name[-1]} depends on other coordinates")
            known = found.setdefault(name, renamed_node)
            if known is not renamed_node and not agree(known, renamed_node):
                raise CoordinatesMix(f"{name[-1]} differs from coordinate to coordinate")
        return found

    return Laws(
        of(reading.usual, reading.usual.states, reading.usual.weights),
        of(reading.first, reading.first.states, reading.first.weights),
        of(None, {k: v for k, v in reading.start.items() if k in placed}, None),
        renamed=renamed[0, 0],
    )


def _renamed(
    placed: Mapping[Key, Place], shapes: Sequence[Shape]
) -> dict[tuple[int | None, int], dict[Node, Node]]:
    """Return, for each coordinate, the names that its leaves and the common states have."""
    found: dict[tuple[int | None, int], dict[Node, Node]] = {}
    for tensor, shape in enumerate(shapes):
        for index in range(prod(shape)):
            names = {weight_leaf(tensor, index): WEIGHT, gradient_leaf(tensor, index): GRADIENT}
            for key, place in placed.items():
                if place.tensor in (None, tensor):
                    at = index if place.is_coordinatewise else 0
                    names[state_leaf(key, at)] = name_leaf(place.name)
            found[tensor, index] = names
    found[None, 0] = {
        state_leaf(key, 0): name_leaf(place.name) for key, place in placed.items() if place.tensor is None
    }
    return found


def _elements(
    placed: Mapping[Key, Place],
    values: Mapping[Key, Any],
    weights: Sequence[Any] | None,
    shapes: Sequence[Shape],
) -> Iterator[tuple[Name, int | None, int, Node, bool]]:
    for tensor, nodes in enumerate(weights or ()):
        for index, node in enumerate(nodes):
            yield ("x",), tensor, index, node, True
    for key, nodes in values.items():
        place = placed[key]
        for index, node in enumerate(nodes):
            yield (
                place.name,
                place.tensor,
                index if place.is_coordinatewise else 0,
                node,
                place.is_coordinatewise,
            )


def mixed(reading: Reading, like: Laws | None = None) -> Laws:
    """Return the laws of all coordinates, each by itself, numbered through all weight tensors.

    `like` says of a state of one element whether it belongs to a coordinate, by the name that it has there.
    """
    sizes = [len(nodes) for nodes in reading.usual.weights]
    offsets = [sum(sizes[:k]) for k in range(len(sizes))]

    def name_of(key: Key, index: int, size: int) -> Name:
        name = numbered(key, index, size)
        if like is not None and size == 1 and len(sizes) > 1 and "weights" in key[:-1]:
            single_name = (*name, key[key.index("weights") + 1] + 1)
            return single_name if single_name in like.usual else name
        return name

    def of(values: Mapping[Key, Any], weights: Sequence[Any]) -> dict[Name, Node]:
        found = {
            ("x", offset + i + 1): node
            for offset, nodes in zip(offsets, weights, strict=False)
            for i, node in enumerate(nodes)
        }
        for key, nodes in values.items():
            for index, node in enumerate(nodes):
                name = name_of(key, index, len(nodes))
                # Where tensors have a state of one name each, one stands for all if they are alike.
                known = substitute(found.setdefault(name, node), renamed)
                if known is not substitute(node, renamed):
                    raise CoordinatesMix(f"{name[-1]} differs from tensor to tensor")
        return {name: substitute(node, renamed) for name, node in found.items()}

    states = reading.usual.states
    renamed = {
        state_leaf(key, i): name_leaf(name_of(key, i, len(nodes)))
        for key, nodes in states.items()
        for i in range(len(nodes))
    }
    for tensor, size in enumerate(sizes[1:], 1):
        for i in range(size):
            renamed[weight_leaf(tensor, i)] = weight_leaf(0, offsets[tensor] + i)
            renamed[gradient_leaf(tensor, i)] = gradient_leaf(0, offsets[tensor] + i)
    return Laws(
        of(states, reading.usual.weights),
        of(reading.first.states, reading.first.weights),
        of({k: v for k, v in reading.start.items() if k in states}, ()),
        mixed=True,
        renamed=renamed,
    )


def numbered(key: Key, index: int, size: int) -> Name:
    """Return the name of an element of a state, where coordinates mix."""
    at = key.index("weights") if "weights" in key[:-1] else len(key)
    name = (*key[:at], *key[at + 2 :])
    return name if size == 1 else (*name, index + 1)
