"""What the texts in C and LLVM share: each stage of a program as one loop over arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from physsym.codegen import Line, Program, needed
from physsym.codegen.emit.identifiers import Names, identifiers, unlike
from physsym.codegen.passes.partition import is_at_states, stages
from physsym.core.symbols import after


@dataclass(frozen=True)
class Loop:
    """One stage as a function of the length, the arrays, and then of everything that is one number.

    The results go into the first arrays where `in_place`, else into arrays of their own, which come last.
    `numbers` are the parameters by the names they are given under, then the counters.
    """

    function: str
    stage: Program
    names: Names
    in_place: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the arrays that are read, and of those updated in place."""
        return tuple(self.names[s] for s in self.stage.states)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the arrays into which the results go, in order."""
        if self.in_place:
            return self.inputs[: len(self.stage.results)]
        new = list[str]()
        for result in self.stage.results:
            new.append(unlike(f"{self.names[result]}_out", {*self.names.values(), *new}))
        return tuple(new)

    @property
    def arrays(self) -> tuple[str, ...]:
        """Return the names of all arrays, in the order in which the function takes them."""
        return self.inputs if self.in_place else self.inputs + self.outputs

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """Return which array is given which value: all but the values that lie there already."""
        values = [self.names[r] for r in self.stage.results]
        moved = [
            s not in self.stage.states[k : k + 1] or not self.in_place
            for k, s in enumerate(self.stage.results)
        ]
        return tuple((a, v) for a, v, is_moved in zip(self.outputs, values, moved, strict=True) if is_moved)

    @property
    def scalars(self) -> tuple[Line, ...]:
        """Return the lines that are computed once, before the loop."""
        return needed(self.stage.scalars, [s for line in self.stage.body for s in line.reads])

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the names of what is one number."""
        return tuple(self.names[s] for s in self.stage.parameters)


def loop(function: str, stage: Program, in_place: bool, reserved: Collection[str]) -> Loop:
    """Return a stage as a loop, its names unlike the reserved ones."""
    return Loop(function, stage, identifiers(stage, reserved, plain=True), in_place)


def loops(program: Program, reserved: Collection[str]) -> Iterator[Loop]:
    """Yield a loop for each gradient that is wanted elsewhere than at states, then the step in place."""
    *wanted, last = stages(program)
    moved = [stage for stage in wanted if not is_at_states(stage)]
    for number, stage in enumerate(moved, 1):
        name = "physsym_place" if number == 1 else f"physsym_place{number}"
        yield loop(name, stage, False, reserved)
    yield loop("physsym_step", last, True, reserved)


def counts(stage: Program, counters: int) -> tuple[Line, ...]:
    """Return the lines that compute the new values of the counters, the last of the numbers of a stage."""
    first = len(stage.parameters) - counters
    return needed(stage.scalars, map(after, stage.parameters[first:]))
