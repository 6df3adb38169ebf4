"""The text of many steps of many cells: LLVM with the cells side by side in the lanes of vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from physsym.program import Program
from physsym.source.llvm import Emitter, Real, llvm_function

HEAD = (
    "define void @physsym_lanes(i64 %cells, i64 %steps, ptr %start, ptr %numbers, ptr %states, i64 %stride)"
)


def llvm_lanes(program: Program, width: int, vectors: int, registers: int, fma: bool = False) -> str:
    """Return LLVM text that takes many steps of many cells, side by side in `vectors` of so many lanes.

    `physsym_lanes(cells, steps, start, numbers, states, stride)`: there are at least as many cells as lanes,
    and at least one step; `start` holds one number for each state, with which all cells begin; `numbers` has,
    for each parameter, its value in each cell; the last states are written to `states` likewise; rows are
    `stride` apart. The last cells fill all lanes: some of them are computed twice. The vectors follow one
    another within a step: while one waits for its results, the processor works at the next. Between the steps
    the states that are read most fill half of the `registers` that the processor has for vectors; the others
    wait in memory.
    """
    element, lanes = Real("double", width), width * vectors
    emitter = Emitter(element, element, fma)
    begun = [_everywhere(emitter, "%start", k) for k in range(len(program.states))]
    entry, emitter.lines = emitter.lines, []
    made = [_vector(program, emitter, number, width, begun) for number in range(vectors)]
    held = _most_read(made[0].inside, round(registers / (2 * vectors)))
    waiting = [s for vector in made for s in vector.states if s.number not in held]
    phis = [s.phi(element) for vector in made for s in vector.states if s.number in held]
    for state, place in ((s, place) for v in made for s, place in zip(v.states, v.places, strict=True)):
        last = state.new if state.number in held else emitter.emit(state.load(element))
        emitter.lines.append(f"store {element} {last}, ptr {place}, align 8")
    return llvm_function(HEAD, [
        ("entry", [*(f"{s.room} = alloca {element}" for s in waiting), *entry, "br label %cell"]),
        ("cell", [
            "%i = phi i64 [ 0, %entry ], [ %i_next, %after ]", *chain(*(v.before for v in made)),
            *(s.store(s.begun, element) for s in waiting), "br label %step"]),
        ("step", [
            "%left = phi i64 [ %steps, %cell ], [ %fewer, %step ]", *phis,
            *chain(*(v.step(element, held) for v in made)),
            "%fewer = add nsw i64 %left, -1", "%done = icmp eq i64 %fewer, 0",
            "br i1 %done, label %after, label %step"]),
        ("after", [
            *emitter.lines, f"%i_more = add nsw i64 %i, {lanes}", "%all = icmp sge i64 %i_more, %cells",
            f"%i_last = sub nsw i64 %cells, {lanes}", "%less = icmp slt i64 %i_more, %i_last",
            "%i_next = select i1 %less, i64 %i_more, i64 %i_last", "br i1 %all, label %end, label %cell"]),
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


def _vector(program: Program, emitter: Emitter, number: int, width: int, begun: Sequence[str]) -> _Vector:
    element, first = emitter.element, number * width
    numbers = [_lane(emitter, "%numbers", k, first) for k in range(len(program.parameters))]
    places = [_lane(emitter, "%states", k, first) for k in range(len(program.states))]
    given = [emitter.emit(f"load {element}, ptr {place}, align 8") for place in numbers]
    emitter.known = {p: (register, element) for p, register in zip(program.parameters, given, strict=True)}
    emitter.run(program.scalars)
    before, emitter.lines = emitter.lines, []
    now = [f"%s{number}_{k}" for k in range(len(places))]
    emitter.known |= {s: (register, element) for s, register in zip(program.states, now, strict=True)}
    emitter.run(program.body)
    new = [emitter.result(r) for r in program.results]
    inside, emitter.lines = emitter.lines, []
    return _Vector(before, inside, list(map(_State, range(len(now)), begun, now, new)), places)


def _everywhere(emitter: Emitter, array: str, k: int) -> str:
    """Return the register that holds an entry of an array in all lanes."""
    kind = emitter.element
    place = emitter.emit(f"getelementptr {kind.base}, ptr {array}, i64 {k}")
    value = emitter.emit(f"load {kind.base}, ptr {place}, align 8")
    first = emitter.emit(f"insertelement {kind} poison, {kind.base} {value}, i64 0")
    return emitter.emit(f"shufflevector {kind} {first}, {kind} poison, <{kind.lanes} x i32> zeroinitializer")


def _lane(emitter: Emitter, array: str, k: int, first: int) -> str:
    row = emitter.emit(f"mul i64 %stride, {k}")
    own = emitter.emit(f"add i64 {row}, {first}")
    place = emitter.emit(f"add i64 {own}, %i")
    return emitter.emit(f"getelementptr double, ptr {array}, i64 {place}")


def _most_read(lines: Iterable[str], count: int) -> set[int]:
    """Return the numbers of the states that the first vector reads most often."""
    reads = Counter(int(k) for k in re.findall(r"%s0_(\d+)\b", "\n".join(lines)))
    return {number for number, _ in reads.most_common(count)}
