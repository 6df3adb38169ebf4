"""Leaves of the formulas on which Python code is run, by names of their own, and what nodes read of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Symbol

from physsym.optimizers.lifting.containers import (
    Hidden,
    Path,
    flat,
    like,
    text,
)
from physsym.optimizers.lifting.nodes import Node, evaluate, leaf, leaves, make, ordered
from physsym.optimizers.lifting.symbolic_arrays import (
    Number,
    node_of,
)
from physsym.optimizers.lifting.sympy_forms import to_expression

Key = tuple[Path, int]
"""A number that code keeps: the path of its array, and its index there; weights have the path ()."""


def named_leaf(kind: str, *what: object) -> Node:
    """Return the leaf of a kind (weight, gradient, state, hyper, loss), with what tells it from others."""
    return leaf(Symbol("|".join((kind, *map(str, what))), real=True))


def is_kind(node: Node, kind: str) -> bool:
    """Return whether a node is a leaf of a kind."""
    return node.op == "leaf" and str(node.value).startswith(f"{kind}|")


def readable(message: str) -> str:
    """Return a message in which leaves of a trace have the names that they have in the code."""
    message = re.sub(r"\bhyper\|(\w+)", r"\1", message)
    message = re.sub(
        r"\b(?:gradient\|\d+|weight)\|(\d+)", lambda m: f"{m[0].partition('|')[0]}_{m[1]}", message
    )
    return re.sub(r"\bstate\|([^|]*)\|\d+", r"\1", message)


def hyperparameter_of(node: Node) -> str:
    """Return the name of the hyperparameter that a node is, empty if it is none."""
    return str(node.value).partition("|")[2] if is_kind(node, "hyper") else ""


class PointwiseGradient(Hidden):
    """The gradient as code sees it: its values at the weights, or a function of a point."""

    def __init__(self) -> None:
        """Begin with no points."""
        super().__init__()
        self.points: list[tuple[Node, ...]] = []

    def at(self, point: Sequence[Any]) -> list[Number]:
        """Return the numbers of the gradient at a point, the same ones where the point is the same."""
        nodes = tuple(map(node_of, point))
        if nodes not in self.points:
            self.points.append(nodes)
        call = self.points.index(nodes)
        return [Number(named_leaf("gradient", call, i)) for i in range(len(nodes))]

    def __call__(self, point: Any, *_: Any) -> Any:
        """Return the gradient at a point, in the layout of the point."""
        return like(point, self.at(flat(point)))


def _existing(table: Mapping[Key, Node], key: Key) -> tuple[Node, ...]:
    return (table[key],) if key in table else ()


def state_leaf(key: Key) -> Node:
    """Return the leaf of a number that code keeps."""
    path, index = key
    if not path:
        return named_leaf("weight", index)
    return named_leaf("state", text(path) if len(path) > 1 else path[0][1], index)


def key_order(key: Key) -> tuple[str, int]:
    """Return by what keys are sorted."""
    return text(key[0]), key[1]


def shown_condition(condition: Node, truth: bool) -> str:
    """Return a condition, or its opposite, in the names that the code has."""

    def plain(name: str) -> str:
        kind, *rest = name.split("|")
        if kind in ("gradient", "weight") and rest:
            return f"{kind}_{int(rest[-1]) + 1}"
        return rest[0] if rest else name

    found = to_expression(condition if truth else make("not", condition))
    return str(found.xreplace({s: Symbol(plain(s.name)) for s in found.free_symbols}))


def reachable(new: Mapping[Key, Node], keys: Sequence[Key]) -> set[Key]:
    """Return the keys on which some depend, over any number of steps, themselves included."""
    by_leaf = {state_leaf(k): k for k in new}
    found, waiting = set[Key](), list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += [by_leaf[n] for n in leaves(new[key]) if n in by_leaf]
    return found


def same_values(first: Mapping[Key, Node], second: Mapping[Key, Node]) -> bool:
    """Return whether nodes are equal: as they are written, or at many values of their leaves.

    The values are random ones, and those at which case distinctions turn: zeros, the constants in the nodes,
    equal values, large ones.
    """
    if first.keys() != second.keys():
        return False
    for key, a in first.items():
        b = second[key]
        if a is b:
            continue
        below = ordered([a, b])
        names = sorted({n for n in below if n.op == "leaf"}, key=lambda n: str(n.value))
        constants = [float(n.value) for n in below if n.op == "constant" and not isinstance(n.value, bool)]  # type: ignore[arg-type]
        special = np.array([0, 0, 1, -1, 0.5, 2, 1e4, -1e4, *constants[:20]])
        random, size = np.random.default_rng(7), 48
        values = {
            n: np.concatenate(
                [random.normal(size=size), random.uniform(0.1, 0.9, size), random.choice(special, 4 * size)]
            )
            for n in names
        }
        x, y = (np.broadcast_to(np.asarray(evaluate(n, values), dtype=float), 6 * size) for n in (a, b))
        if np.isfinite(x).sum() < size // 4 or not np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True):
            return False
    return True
