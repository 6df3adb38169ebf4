"""SIMD sweeps: LLVM text of many steps, the grid points side by side in the lanes of vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sympy import Symbol

from physsym.codegen.emit.llvm import DOUBLE, Emitter, Known, Real, llvm_function
from physsym.codegen.passes.loop_invariants import hoist_grid_invariants
from physsym.codegen.straight_line import Program

HEAD = (
    "define void @physsym_sweep(i64 %points, i64 %steps, ptr %start, ptr %shared, ptr %rows, ptr %states,"
    " i64 %stride)"
)


def llvm_sweep(
    program: Program,
    shared: Sequence[Symbol],
    width: int,
    vectors: int,
    registers: int,
    fma: bool = False,
    resumed: bool = False,
) -> str:
    """Return LLVM text that takes many steps at many grid points, in `vectors` of `width` lanes side by side.

    `physsym_sweep(points, steps, start, shared, rows, states, stride)`: there are at least as many points
    as lanes, and at least one step; `start` holds one number for each state, with which all points begin,
    and `shared` one for each parameter that is the same at all of them; `rows` has, for each other
    parameter, the address of its values at the points; the last states are written to `states`, a row for
    each, `stride` apart. Where the steps are `resumed`, `start` holds the states at each point instead, as
    `states` does; the loop is then scheduled less well. The last block of points overlaps the one before, so
    that all lanes are filled.
    What is grid-invariant is computed once for all vectors, which are interleaved within a step, so that
    the latencies of one overlap with the instructions of the next. Between steps the states that are read
    most fill half of the vector `registers` of the processor; the others are spilled to memory.
    """
    emitter = Emitter(Real("double", width), DOUBLE, fma)
    element, lanes = emitter.element, width * vectors
    common, own = hoist_grid_invariants(program, shared)
    rows = [program.states.index(s) for s in common.states + own.states]
    invariants = _invariants(common, own, emitter, rows, resumed)
    blocks = [_vector(own, emitter, invariants, number, width) for number in range(vectors)]
    # Registers are allotted here, since LLVM would keep all states in them and spill intermediate values.
    in_registers = _most_read(blocks[0].inside, round(registers / (2 * vectors)))
    spilled = [s for v in blocks for s in v.states if s.number not in in_registers]
    phis = [s.phi(element) for v in blocks for s in v.states if s.number in in_registers]
    _store_last(emitter, invariants, blocks, in_registers)
    return llvm_function(HEAD, [
        ("entry", [
            *(f"{s.slot} = alloca {element}" for s in spilled), *invariants.before, "br label %point"]),
        ("point", [
            "%i = phi i64 [ 0, %entry ], [ %i_next, %after ]", *chain(*(v.before for v in blocks)),
            *(s.store(s.initial, element) for s in spilled), "br label %step"]),
        ("step", [
            "%left = phi i64 [ %steps, %point ], [ %fewer, %step ]",
            *(s.phi(DOUBLE) for s in invariants.states), *phis, *invariants.inside,
            *chain(*(v.step(element, in_registers) for v in blocks)),
            "%fewer = add nsw i64 %left, -1", "%done = icmp eq i64 %fewer, 0",
            "br i1 %done, label %after, label %step"]),
        # The next block starts where this one ends, or earlier, so that its last lane is the last grid point.
        ("after", [
            *emitter.lines, f"%i_more = add nsw i64 %i, {lanes}", "%all = icmp sge i64 %i_more, %points",
            f"%i_last = sub nsw i64 %points, {lanes}", "%less = icmp slt i64 %i_more, %i_last",
            "%i_next = select i1 %less, i64 %i_more, i64 %i_last", "br i1 %all, label %end, label %point"]),
        ("end", ["ret void"]),
    ], emitter)  # fmt: skip


@dataclass(frozen=True)
class _State:
    """The registers of one state, the `row` of all: before the first step, within a step, and after it."""

    number: int
    row: int
    initial: str
    now: str
    new: str

    @property
    def slot(self) -> str:
        """Return the stack slot of the state, where it is spilled."""
        return f"%room_{self.now.removeprefix('%')}"

    def phi(self, kind: Real) -> str:
        return f"{self.now} = phi {kind} [ {self.initial}, %point ], [ {self.new}, %step ]"

    def load(self, element: Real) -> str:
        return f"load {element}, ptr {self.slot}"

    def store(self, value: str, element: Real) -> str:
        return f"store {element} {value}, ptr {self.slot}"


@dataclass(frozen=True)
class _Invariants:
    """What is computed once for all grid points: instructions before all steps and within one, and symbols.

    Of the states that differ between points, `initial` holds the registers before the first step, none where
    they are loaded at each point, and `rows` the rows among all; `given` has the address of the values of
    each parameter that differs.
    """

    before: Sequence[str]
    inside: Sequence[str]
    states: Sequence[_State]
    known: Known
    initial: Sequence[str]
    rows: Sequence[int]
    given: Mapping[Symbol, str]


def _invariants(
    common: Program, own: Program, emitter: Emitter, rows: Sequence[int], resumed: bool
) -> _Invariants:
    read = {s for line in (*own.scalars, *own.body) for s in line.reads}
    if resumed:
        first = [_row(emitter, "%start", row) for row in rows[: len(common.states)]]
        start = [emitter.emit(f"load double, ptr {address}, align 8") for address in first]
    else:
        start = [_entry(emitter, DOUBLE, "%start", row) for row in rows]
    shared = [_entry(emitter, DOUBLE, "%shared", k) for k in range(len(common.parameters))]
    emitter.known = {p: (register, DOUBLE) for p, register in zip(common.parameters, shared, strict=True)}
    emitter.run(common.scalars)
    in_lanes = _broadcast(emitter, read)
    count = len(common.states)
    initial = [emitter.broadcast(value) for value in start[count:]]
    given = {p: _entry(emitter, "ptr", "%rows", k) for k, p in enumerate(own.parameters)}
    before = emitter.flush()
    now = [f"%once_{k}" for k in range(count)]
    emitter.known |= {s: (register, DOUBLE) for s, register in zip(common.states, now, strict=True)}
    emitter.run(common.body)
    new = [emitter.value(result)[0] for result in common.results]
    in_lanes |= _broadcast(emitter, read - in_lanes.keys())
    states = list(map(_State, range(count), rows, start, now, new))
    known = emitter.known | in_lanes
    return _Invariants(before, emitter.flush(), states, known, initial, rows[count:], given)


def _entry(emitter: Emitter, kind: Real | str, array: str, k: int) -> str:
    address = emitter.emit(f"getelementptr {kind}, ptr {array}, i64 {k}")
    return emitter.emit(f"load {kind}, ptr {address}, align 8")


def _broadcast(emitter: Emitter, read: Iterable[Symbol]) -> Known:
    """Return what is known as a number and read at the grid points, in all lanes."""
    wanted = frozenset(read)
    known = [(s, register) for s, (register, _) in emitter.known.items() if s in wanted]
    return {s: (emitter.broadcast(register), emitter.element) for s, register in known}


@dataclass(frozen=True)
class _Vector:
    """The instructions of one vector, before the steps and within one, and the states that differ.

    Its lanes are the grid points from `first` on.
    """

    first: int
    before: Sequence[str]
    inside: Sequence[str]
    states: Sequence[_State]

    def step(self, element: Real, in_registers: Iterable[int]) -> Sequence[str]:
        spilled = [s for s in self.states if s.number not in in_registers]
        loads = (f"{s.now} = {s.load(element)}" for s in spilled)
        return [*loads, *self.inside, *(s.store(s.new, element) for s in spilled)]


def _vector(own: Program, emitter: Emitter, invariants: _Invariants, number: int, width: int) -> _Vector:
    element, first = emitter.element, number * width
    emitter.known = dict(invariants.known)
    for parameter, array in invariants.given.items():
        address = _lane(emitter, array, first)
        emitter.known[parameter] = (emitter.emit(f"load {element}, ptr {address}, align 8"), element)
    emitter.run(own.scalars)
    initial = invariants.initial
    if not initial:
        addresses = [_lane(emitter, _row(emitter, "%start", row), first) for row in invariants.rows]
        initial = [emitter.emit(f"load {element}, ptr {address}, align 8") for address in addresses]
    before = emitter.flush()
    now = [f"%s{number}_{k}" for k in range(len(own.states))]
    emitter.known |= {s: (register, element) for s, register in zip(own.states, now, strict=True)}
    emitter.run(own.body)
    new = [emitter.result(result) for result in own.results]
    states = list(map(_State, range(len(now)), invariants.rows, initial, now, new))
    return _Vector(first, before, emitter.flush(), states)


def _row(emitter: Emitter, table: str, row: int) -> str:
    """Return the address of a row of a table of the states at all points."""
    offset = emitter.emit(f"mul i64 %stride, {row}")
    return emitter.emit(f"getelementptr double, ptr {table}, i64 {offset}")


def _lane(emitter: Emitter, array: str, first: int) -> str:
    point = emitter.emit(f"add i64 %i, {first}")
    return emitter.emit(f"getelementptr double, ptr {array}, i64 {point}")


def _store_last(
    emitter: Emitter, invariants: _Invariants, blocks: Iterable[_Vector], in_registers: Iterable[int]
) -> None:
    element = emitter.element
    same = [(s.row, emitter.broadcast(s.new)) for s in invariants.states]
    for vector in blocks:
        for state in vector.states:
            last = state.new if state.number in in_registers else emitter.emit(state.load(element))
            _store(emitter, state.row, vector.first, last)
        for row, last in same:
            _store(emitter, row, vector.first, last)


def _store(emitter: Emitter, row: int, first: int, value: str) -> None:
    address = _lane(emitter, _row(emitter, "%states", row), first)
    emitter.lines.append(f"store {emitter.element} {value}, ptr {address}, align 8")


def _most_read(lines: Iterable[str], count: int) -> set[int]:
    """Return the numbers of the states that the first vector reads most often."""
    reads = Counter(int(k) for k in re.findall(r"%s0_(\d+)\b", "\n".join(lines)))
    return {number for number, _ in reads.most_common(count)}
