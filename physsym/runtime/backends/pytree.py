"""Pytrees: nested lists, tuples and dictionaries of arrays, and kernels on them.

A program is run on each leaf; the gradient is taken of the whole tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from physsym.codegen import Program, state_name
from physsym.core.counts import counted
from physsym.core.symbols import after
from physsym.runtime.backends.base import Kernel, Value, Values, gradient_function

# None for a leaf, else a type, the keys where there are any, and the structures below.
Structure: TypeAlias = Any

GRADIENT = "the gradient"  # the name for messages of what is no state


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


Leaves: TypeAlias = Sequence[Value]
PartKernel: TypeAlias = Callable[[Sequence[Leaves], Any], Sequence[Leaves]]


@dataclass(frozen=True)
class ArrayLibrary:
    """What the kernels need of a library of arrays.

    `flatten` gives the leaves of a tree and its structure, `unflatten` takes structure and leaves. `leaf`
    makes an array of floats (given the name for messages), `cast` gives an array the type of another,
    `filled` holds a new leaf (name, old, new) to shape and type of the old one.
    """

    flatten: Callable[[Value], tuple[list[Value], Any]]
    unflatten: Callable[[Any, Leaves], Value]
    leaf: Callable[[str, Value], Value]
    cast: Callable[[Value, Value], Value]
    filled: Callable[[str, Value, Value], Value]


def kernel(
    program: Program,
    library: ArrayLibrary,
    runs: Sequence[PartKernel],
    constants: Callable[[Mapping[str, Value]], Any],
) -> Kernel:
    """Return the kernel of a program whose states and gradients are trees of one structure.

    Each of `runs` carries out a part of the partitioned program: from the leaves of each of its states, and
    the constants, to the leaves of each of its results.
    """
    names = [state_name(s) for s in program.states]
    is_step = {after(s) for s in program.states}.union(program.states) >= set(program.results)

    def run(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        columns, structure = _columns(names, states, library)

        def gradients(points: Sequence[Leaves]) -> Sequence[Leaves]:
            function = gradient_function(program, gradient)
            given = function(*(library.unflatten(structure, point) for point in points))
            return _gradients(given, points, structure, library)

        new = run_parts(runs, columns, constants(parameters), gradients)
        if is_step:
            new = [_filled(*three, library) for three in zip(names, columns, new, strict=True)]
        return tuple(library.unflatten(structure, leaves) for leaves in new)

    return run


def run_parts(
    runs: Sequence[PartKernel],
    states: Sequence[Leaves],
    constants: Any,
    gradients: Callable[[Sequence[Leaves]], Sequence[Leaves]],
) -> Sequence[Leaves]:
    """Return the new states: all parts but the last find points at which the gradient is then evaluated."""
    *before, last = runs
    known = list(states)
    for run in before:
        known += gradients(run(known, constants))
    return last(known, constants)


def _columns(
    names: Sequence[str], states: Sequence[Value], library: ArrayLibrary
) -> tuple[Sequence[Leaves], Any]:
    """Return the leaves of every state and the one structure of all; TypeError where they differ."""
    flat = [library.flatten(state) for state in states]
    structure = flat[0][1]
    for name, (below, other) in zip(names, flat, strict=True):
        if not below:
            raise TypeError(f"{name} must hold at least one array, given none")
        if other != structure:
            raise TypeError(
                f"{name} must be a tree like {names[0]}: it has the structure {other}, {names[0]} {structure}"
            )
    columns = [[library.leaf(name, v) for v in leaves] for name, (leaves, _) in zip(names, flat, strict=True)]
    for leaves in zip(*columns, strict=True):
        if len({leaf.dtype for leaf in leaves}) > 1:
            types = ", ".join(f"{n} is {leaf.dtype}" for n, leaf in zip(names, leaves, strict=True))
            raise TypeError(f"all states must be of one type; {types}")
    return columns, structure


def _gradients(given: Value, points: Sequence[Leaves], structure: Any, library: ArrayLibrary) -> list[Leaves]:
    gradients = (given,) if len(points) == 1 else tuple(given)
    if len(gradients) != len(points):
        raise ValueError(
            f"the gradient gave {counted(len(gradients), 'value')} for {counted(len(points), 'coordinate')}"
        )
    pairs = zip(gradients, points, strict=True)
    return [gradient_leaves(gradient, point, structure, library) for gradient, point in pairs]


def gradient_leaves(gradient: Value, point: Leaves, structure: Any, library: ArrayLibrary) -> Leaves:
    """Return the leaves of a gradient, of the types at its evaluation point.

    Raises ValueError for another structure or shape, TypeError for what holds no floats.
    """
    leaves, own = library.flatten(gradient)
    if own != structure:
        raise ValueError(
            f"the gradient is a tree of structure {own} at a point of {structure}; they must agree"
        )
    arrays = [library.leaf(GRADIENT, leaf) for leaf in leaves]
    for leaf, at in zip(arrays, point, strict=True):
        if leaf.shape != at.shape:
            raise ValueError(
                f"the gradient has shape {tuple(leaf.shape)} at a point of shape {tuple(at.shape)}; "
                "they must agree"
            )
    return [library.cast(leaf, at) for leaf, at in zip(arrays, point, strict=True)]


def _filled(name: str, old: Leaves, new: Leaves, library: ArrayLibrary) -> list[Value]:
    return [library.filled(name, before, now) for before, now in zip(old, new, strict=True)]
