"""The text of many steps of many cells: LLVM with the cells side by side in the lanes of vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sympy import Symbol

from physsym.codegen import Program
from physsym.codegen.emit.llvm import DOUBLE, Emitter, Known, Real, llvm_function
from physsym.codegen.passes.loop_invariants import split

HEAD = (
    "define void @physsym_lanes(i64 %cells, i64 %steps, ptr %start, ptr %shared, ptr %rows, ptr %states,"
    " i64 %stride)"
)


def llvm_lanes(
    program: Program, shared: Sequence[Symbol], width: int, vectors: int, registers: int, fma: bool = False
) -> str:
    """Return LLVM text that takes many steps of many cells, side by side in `vectors` of so many lanes.

    `physsym_lanes(cells, steps, start, shared, rows, states, stride)`: there are at least as many cells as
    lanes, and at least one step; `start` holds one number for each state, with which all cells begin, and
    `shared` one for each parameter that is the same in all cells; `rows` has, for each other parameter, the
    address of its values in the cells; the last states are written to `states`, a row for each, `stride`
    apart. The last cells fill all lanes: some of them are computed twice. What is the same in all cells is
    computed once for all vectors, which follow one another within a step: while one waits for its results,
    the processor works at the next. Between the steps the states that are read most fill half of the
    `registers` that the processor has for vectors; the others wait in memory.
    """
    emitter = Emitter(Real("double", width), DOUBLE, fma)
    element, lanes = emitter.element, width * vectors
    common, own = split(program, shared)
    once = _once(common, own, emitter, [program.states.index(s) for s in common.states + own.states])
    made = [_vector(own, emitter, once, number, width) for number in range(vectors)]
    held = _most_read(made[0].inside, round(registers / (2 * vectors)))
    waiting = [s for v in made for s in v.states if s.number not in held]
    phis = [s.phi(element) for v in made for s in v.states if s.number in held]
    _store_last(emitter, once, made, held)
    return llvm_function(HEAD, [
        ("entry", [*(f"{s.room} = alloca {element}" for s in waiting), *once.before, "br label %cell"]),
        ("cell", [
            "%i = phi i64 [ 0, %entry ], [ %i_next, %after ]", *chain(*(v.before for v in made)),
            *(s.store(s.begun, element) for s in waiting), "br label %step"]),
        ("step", [
            "%left = phi i64 [ %steps, %cell ], [ %fewer, %step ]", *(s.phi(DOUBLE) for s in once.states),
            *phis, *once.inside, *chain(*(v.step(element, held) for v in made)),
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
    """The registers of one state, the `row` of all: before the first step, within a step, and after it."""

    number: int
    row: int
    begun: str
    now: str
    new: str

    @property
    def room(self) -> str:
        return f"%room_{self.now.removeprefix('%')}"

    def phi(self, kind: Real) -> str:
        return f"{self.now} = phi {kind} [ {self.begun}, %cell ], [ {self.new}, %step ]"

    def load(self, element: Real) -> str:
        return f"load {element}, ptr {self.room}"

    def store(self, value: str, element: Real) -> str:
        return f"store {element} {value}, ptr {self.room}"


@dataclass(frozen=True)
class _Once:
    """What is done once for all cells: instructions before all steps and within one, and what is known then.

    Of the states that differ between cells, `begun` holds the registers before the first step and `rows` the
    rows among all; `given` has the address of the values of each parameter that differs.
    """

    before: Sequence[str]
    inside: Sequence[str]
    states: Sequence[_State]
    known: Known
    begun: Sequence[str]
    rows: Sequence[int]
    given: Mapping[Symbol, str]


def _once(common: Program, own: Program, emitter: Emitter, rows: Sequence[int]) -> _Once:
    read = {s for line in (*own.scalars, *own.body) for s in line.reads}
    start = [_entry(emitter, DOUBLE, "%start", row) for row in rows]
    shared = [_entry(emitter, DOUBLE, "%shared", k) for k in range(len(common.parameters))]
    emitter.known = {p: (register, DOUBLE) for p, register in zip(common.parameters, shared, strict=True)}
    emitter.run(common.scalars)
    in_lanes = _in_lanes(emitter, read)
    count = len(common.states)
    begun = [emitter.everywhere(value) for value in start[count:]]
    given = {p: _entry(emitter, "ptr", "%rows", k) for k, p in enumerate(own.parameters)}
    before = emitter.taken()
    now = [f"%once_{k}" for k in range(count)]
    emitter.known |= {s: (register, DOUBLE) for s, register in zip(common.states, now, strict=True)}
    emitter.run(common.body)
    new = [emitter.value(result)[0] for result in common.results]
    in_lanes |= _in_lanes(emitter, read - in_lanes.keys())
    states = list(map(_State, range(count), rows, start, now, new))
    return _Once(before, emitter.taken(), states, emitter.known | in_lanes, begun, rows[count:], given)


def _entry(emitter: Emitter, kind: Real | str, array: str, k: int) -> str:
    place = emitter.emit(f"getelementptr {kind}, ptr {array}, i64 {k}")
    return emitter.emit(f"load {kind}, ptr {place}, align 8")


def _in_lanes(emitter: Emitter, read: Iterable[Symbol]) -> Known:
    """Return what is known as a number and read by the cells, in all lanes."""
    wanted = frozenset(read)
    known = [(s, register) for s, (register, _) in emitter.known.items() if s in wanted]
    return {s: (emitter.everywhere(register), emitter.element) for s, register in known}


@dataclass(frozen=True)
class _Vector:
    """The instructions of one vector, before the steps and within one, and the states that differ.

    Its lanes are the cells from `first` on.
    """

    first: int
    before: Sequence[str]
    inside: Sequence[str]
    states: Sequence[_State]

    def step(self, element: Real, held: Iterable[int]) -> Sequence[str]:
        waiting = [s for s in self.states if s.number not in held]
        loads = (f"{s.now} = {s.load(element)}" for s in waiting)
        return [*loads, *self.inside, *(s.store(s.new, element) for s in waiting)]


def _vector(own: Program, emitter: Emitter, once: _Once, number: int, width: int) -> _Vector:
    element, first = emitter.element, number * width
    emitter.known = dict(once.known)
    for parameter, array in once.given.items():
        place = _lane(emitter, array, first)
        emitter.known[parameter] = (emitter.emit(f"load {element}, ptr {place}, align 8"), element)
    emitter.run(own.scalars)
    before = emitter.taken()
    now = [f"%s{number}_{k}" for k in range(len(own.states))]
    emitter.known |= {s: (register, element) for s, register in zip(own.states, now, strict=True)}
    emitter.run(own.body)
    new = [emitter.result(result) for result in own.results]
    states = list(map(_State, range(len(now)), once.rows, once.begun, now, new))
    return _Vector(first, before, emitter.taken(), states)


def _lane(emitter: Emitter, array: str, first: int) -> str:
    cell = emitter.emit(f"add i64 %i, {first}")
    return emitter.emit(f"getelementptr double, ptr {array}, i64 {cell}")


def _store_last(emitter: Emitter, once: _Once, made: Iterable[_Vector], held: Iterable[int]) -> None:
    element = emitter.element
    same = [(s.row, emitter.everywhere(s.new)) for s in once.states]
    for vector in made:
        for state in vector.states:
            last = state.new if state.number in held else emitter.emit(state.load(element))
            _store(emitter, state.row, vector.first, last)
        for row, last in same:
            _store(emitter, row, vector.first, last)


def _store(emitter: Emitter, row: int, first: int, value: str) -> None:
    begun = emitter.emit(f"mul i64 %stride, {row}")
    array = emitter.emit(f"getelementptr double, ptr %states, i64 {begun}")
    place = _lane(emitter, array, first)
    emitter.lines.append(f"store {emitter.element} {value}, ptr {place}, align 8")


def _most_read(lines: Iterable[str], count: int) -> set[int]:
    """Return the numbers of the states that the first vector reads most often."""
    reads = Counter(int(k) for k in re.findall(r"%s0_(\d+)\b", "\n".join(lines)))
    return {number for number, _ in reads.most_common(count)}
