"""Each part of a partitioned program as one loop over arrays, for the texts in C and LLVM."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from physsym.codegen.emit.text import Names, identifiers, unique_name
from physsym.codegen.passes.partition import evaluates_at_states, partition
from physsym.codegen.straight_line import Line, Program, live_lines


@dataclass(frozen=True)
class Loop:
    """One part of a program as a function of the length, the arrays, and then of all single numbers.

    The results go into the first arrays where `in_place`, else into arrays of their own, which come last.
    `numbers` are the parameters by the names they are given under, then the counters.
    """

    function: str
    program: Program
    names: Names
    in_place: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the arrays that are read, and of those updated in place."""
        return tuple(self.names[s] for s in self.program.states)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the arrays into which the results go, in order."""
        if self.in_place:
            return self.inputs[: len(self.program.results)]
        new = list[str]()
        for result in self.program.results:
            new.append(unique_name(f"{self.names[result]}_out", {*self.names.values(), *new}))
        return tuple(new)

    @property
    def arrays(self) -> tuple[str, ...]:
        """Return the names of all arrays, in the order in which the function takes them."""
        return self.inputs if self.in_place else self.inputs + self.outputs

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """Return which value is stored in which array: all but the values that are there already."""
        values = [self.names[r] for r in self.program.results]
        moved = [
            s not in self.program.states[k : k + 1] or not self.in_place
            for k, s in enumerate(self.program.results)
        ]
        return tuple((a, v) for a, v, is_moved in zip(self.outputs, values, moved, strict=True) if is_moved)

    @property
    def scalars(self) -> tuple[Line, ...]:
        """Return the lines that are computed once, before the loop."""
        return live_lines(self.program.scalars, [s for line in self.program.body for s in line.reads])

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the names of what is one number."""
        return tuple(self.names[s] for s in self.program.parameters)


def loop(function: str, part: Program, in_place: bool, reserved: Collection[str]) -> Loop:
    """Return a part as a loop whose names differ from the reserved ones."""
    return Loop(function, part, identifiers(part, reserved, plain=True), in_place)


def loops(program: Program, reserved: Collection[str]) -> Iterator[Loop]:
    """Yield a loop for each gradient that is wanted elsewhere than at states, then the step in place."""
    *wanted, last = partition(program)
    computed = [part for part in wanted if not evaluates_at_states(part)]
    for number, part in enumerate(computed, 1):
        name = "physsym_place" if number == 1 else f"physsym_place{number}"
        yield loop(name, part, False, reserved)
    yield loop("physsym_step", last, True, reserved)
