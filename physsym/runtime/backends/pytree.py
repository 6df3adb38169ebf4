"""States that are trees of arrays: a program is run on each leaf, the gradient is taken of the whole tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from physsym.codegen import Program, state_name
from physsym.core.symbols import after
from physsym.runtime.backends.base import Kernel, Value, Values, gradient_at

Leaves: TypeAlias = Sequence[Value]
StageKernel: TypeAlias = Callable[[Sequence[Leaves], Any], Sequence[Leaves]]


@dataclass(frozen=True)
class Library:
    """What the kernels need of a library of arrays.

    `flatten` gives the leaves of a tree and its structure, `unflatten` takes structure and leaves. `leaf`
    makes an array of floats (it is told the name), `cast` gives an array the type of another, `filled` holds
    a new leaf (name, old, new) to shape and type of the old one.
    """

    flatten: Callable[[Value], tuple[list[Value], Any]]
    unflatten: Callable[[Any, Leaves], Value]
    leaf: Callable[[str, Value], Value]
    cast: Callable[[Value, Value], Value]
    filled: Callable[[str, Value, Value], Value]


def kernel(
    program: Program,
    library: Library,
    runs: Sequence[StageKernel],
    constants: Callable[[Mapping[str, Value]], Any],
) -> Kernel:
    """Return the kernel of a program whose states and gradients are trees of one structure.

    Each of `runs` carries out a stage: from the leaves of each of its states, and the constants, to the
    leaves of each of its results.
    """
    names = [state_name(s) for s in program.states]
    is_step = {after(s) for s in program.states}.union(program.states) >= set(program.results)

    def run(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        columns, structure = _columns(names, states, library)

        def slopes(places: Sequence[Leaves]) -> Sequence[Leaves]:
            given = gradient_at(program, gradient)(*(library.unflatten(structure, place) for place in places))
            return _slopes(given, places, structure, library)

        new = carried_out(runs, columns, constants(parameters), slopes)
        if is_step:
            new = [_filled(*three, library) for three in zip(names, columns, new, strict=True)]
        return tuple(library.unflatten(structure, leaves) for leaves in new)

    return run


def carried_out(
    runs: Sequence[StageKernel],
    states: Sequence[Leaves],
    constants: Any,
    slopes: Callable[[Sequence[Leaves]], Sequence[Leaves]],
) -> Sequence[Leaves]:
    """Return the new states: every stage but the last finds places, at which the gradient is then taken."""
    *before, last = runs
    known = list(states)
    for run in before:
        known += slopes(run(known, constants))
    return last(known, constants)


def _columns(names: Sequence[str], states: Sequence[Value], library: Library) -> tuple[Sequence[Leaves], Any]:
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
            told = ", ".join(f"{n} is {leaf.dtype}" for n, leaf in zip(names, leaves, strict=True))
            raise TypeError(f"all states must be of one type; {told}")
    return columns, structure


def _slopes(given: Value, places: Sequence[Leaves], structure: Any, library: Library) -> list[Leaves]:
    slopes = (given,) if len(places) == 1 else tuple(given)
    if len(slopes) != len(places):
        raise ValueError(f"the gradient gave {len(slopes)} slopes for {len(places)} coordinates")
    return [
        slope_leaves(slope, place, structure, library) for slope, place in zip(slopes, places, strict=True)
    ]


def slope_leaves(slope: Value, place: Leaves, structure: Any, library: Library) -> Leaves:
    """Return the leaves of a gradient, of the types at the place.

    Raises ValueError for another structure or shape, TypeError for what holds no floats.
    """
    leaves, own = library.flatten(slope)
    if own != structure:
        raise ValueError(
            f"the gradient is a tree of structure {own} at a place of {structure}; they must agree"
        )
    arrays = [library.leaf("the gradient", leaf) for leaf in leaves]
    for leaf, at in zip(arrays, place, strict=True):
        if leaf.shape != at.shape:
            raise ValueError(
                f"the gradient has shape {tuple(leaf.shape)} at a place of shape {tuple(at.shape)}; "
                "they must agree"
            )
    return [library.cast(leaf, at) for leaf, at in zip(arrays, place, strict=True)]


def _filled(name: str, old: Leaves, new: Leaves, library: Library) -> list[Value]:
    return [library.filled(name, before, now) for before, now in zip(old, new, strict=True)]
