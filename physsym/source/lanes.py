"""The text of many steps of many cells: LLVM with the cells side by side in the lanes of vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from physsym.program import Program
from physsym.source.llvm import Emitter, Real, llvm_function

HEAD = "define void @physsym_lanes(i64 %cells, i64 %steps, ptr %states, ptr %numbers, i64 %stride)"


def llvm_lanes(program: Program, width: int, vectors: int, registers: int, fma: bool = False) -> str:
    """Return LLVM text that takes many steps of many cells, side by side in `vectors` of so many lanes.

    `physsym_lanes(cells, steps, states, numbers, stride)`: the number of cells is a multiple of the lanes,
    that of steps is not zero; `states` holds, for each state, its value in each cell, and is updated;
    `numbers` likewise for each parameter; rows are `stride` apart. The vectors follow one another within a
    step: while one waits for its results, the processor works at the next. Between the steps the states that
    are read most fill half of the `registers` that the processor has for vectors; the others wait in memory.
    """
    element = Real("double", width)
    emitter = Emitter(element, element, fma)
    made = [_vector(program, emitter, number, width) for number in range(vectors)]
    held = _most_read(made[0].inside, registers // (2 * vectors))
    waiting = [s for vector in made for s in vector.states if s.number not in held]
    phis = [s.phi(element) for vector in made for s in vector.states if s.number in held]
    last = [s.new if s.number in held else emitter.emit(s.load(element)) for v in made for s in v.states]
    for place, value in zip([place for v in made for place in v.places], last, strict=True):
        emitter.lines.append(f"store {element} {value}, ptr {place}, align 8")
    return llvm_function(HEAD, [
        ("entry", [*(f"{s.room} = alloca {element}" for s in waiting), "br label %cell"]),
        ("cell", [
            "%i = phi i64 [ 0, %entry ], [ %i_next, %after ]", *chain(*(v.before for v in made)),
            *(s.store(s.begun, element) for s in waiting), "br label %step"]),
        ("step", [
            "%left = phi i64 [ %steps, %cell ], [ %fewer, %step ]", *phis,
            *chain(*(v.step(element, held) for v in made)),
            "%fewer = add nsw i64 %left, -1", "%done = icmp eq i64 %fewer, 0",
            "br i1 %done, label %after, label %step"]),
        ("after", [
            *emitter.lines, f"%i_next = add nsw i64 %i, {width * vectors}",
            "%all = icmp sge i64 %i_next, %cells", "br i1 %all, label %end, label %cell"]),
        ("end", ["ret void"]),
    ], emitter)  # fmt: skip


@dataclass(frozen=True)
class _State:
    """The registers of one state in one vector: before the first step, within a step, and after it."""

    number: int
    begun: str
    now: str
    new: str

    @property
    def room(self) -> str:
        return f"%room_{self.now.removeprefix('%')}"

    def phi(self, element: Real) -> str:
        return f"{self.now} = phi {element} [ {self.begun}, %cell ], [ {self.new}, %step ]"

    def load(self, element: Real) -> str:
        return f"load {element}, ptr {self.room}"

    def store(self, value: str, element: Real) -> str:
        return f"store {element} {value}, ptr {self.room}"


@dataclass(frozen=True)
class _Vector:
    """The instructions of one vector: before the steps and within one; where its states lie in the arrays."""

    before: Sequence[str]
    inside: Sequence[str]
    states: Sequence[_State]
    places: Sequence[str]

    def step(self, element: Real, held: Iterable[int]) -> Sequence[str]:
        waiting = [s for s in self.states if s.number not in held]
        loads = (f"{s.now} = {s.load(element)}" for s in waiting)
        return [*loads, *self.inside, *(s.store(s.new, element) for s in waiting)]


def _vector(program: Program, emitter: Emitter, number: int, width: int) -> _Vector:
    element, first = emitter.element, number * width
    numbers = [_lane(emitter, "%numbers", k, first) for k in range(len(program.parameters))]
    places = [_lane(emitter, "%states", k, first) for k in range(len(program.states))]
    given, begun = ([emitter.emit(f"load {element}, ptr {p}, align 8") for p in a] for a in (numbers, places))
    emitter.known = {p: (register, element) for p, register in zip(program.parameters, given, strict=True)}
    emitter.run(program.scalars)
    before, emitter.lines = emitter.lines, []
    now = [f"%s{number}_{k}" for k in range(len(places))]
    emitter.known |= {s: (register, element) for s, register in zip(program.states, now, strict=True)}
    emitter.run(program.body)
    new = [emitter.result(r) for r in program.results]
    inside, emitter.lines = emitter.lines, []
    return _Vector(before, inside, list(map(_State, range(len(now)), begun, now, new)), places)


def _lane(emitter: Emitter, array: str, k: int, first: int) -> str:
    row = emitter.emit(f"mul i64 %stride, {k}")
    own = emitter.emit(f"add i64 {row}, {first}")
    place = emitter.emit(f"add i64 {own}, %i")
    return emitter.emit(f"getelementptr double, ptr {array}, i64 {place}")


def _most_read(lines: Iterable[str], count: int) -> set[int]:
    """Return the numbers of the states that the first vector reads most often."""
    reads = Counter(int(k) for k in re.findall(r"%s0_(\d+)\b", "\n".join(lines)))
    return {number for number, _ in reads.most_common(count)}
