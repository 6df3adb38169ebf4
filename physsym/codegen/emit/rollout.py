"""The text of a loop of many steps of one state in LLVM."""

from __future__ import annotations

from collections.abc import Sequence

from physsym.codegen.emit.llvm import Emitter, Real, llvm_function
from physsym.codegen.straight_line import Program, checked_results


def llvm_rollout(program: Program, element: Real, fma: bool = False) -> str:
    """Return LLVM text that takes many steps of one state, kept in registers, and records some.

    `physsym_rollout(records, every, state, numbers, out)` takes `records` times `every` steps, writes the
    state into a row of `out` after each `every`, and leaves the last one in `state`. It returns the number
    of the step after which a number was no longer finite, 0 where all are; the state is then that one.
    """
    count = len(program.states)
    emitter = Emitter(element, fma=fma, latency_bound=True)
    for k, symbol in enumerate(program.parameters):
        address = emitter.emit(f"getelementptr double, ptr %numbers, i64 {k}")
        emitter.known[symbol] = (emitter.emit(f"load double, ptr {address}, align 8"), emitter.number)
    initial = list[str]()
    for k in range(count):
        address = emitter.emit(f"getelementptr {element}, ptr %state, i64 {k}")
        initial.append(emitter.emit(f"load {element}, ptr {address}, align {element.size}"))
    emitter.run(program.scalars)
    before = emitter.flush()
    emitter.known |= {s: (f"%s{k}", element) for k, s in enumerate(program.states)}
    emitter.run(program.body)
    new = [emitter.result(r) for r in program.results]
    not_finite = _not_finite(emitter, [new[k] for k in checked_results(program)], element)
    inside = emitter.flush()
    for k, value in enumerate(new):
        address = emitter.emit(f"getelementptr {element}, ptr %row, i64 {k}")
        emitter.lines.append(f"store {element} {value}, ptr {address}, align {element.size}")
    recorded = emitter.flush()
    for k, value in enumerate(new):
        address = emitter.emit(f"getelementptr {element}, ptr %state, i64 {k}")
        emitter.lines.append(f"store {element} {value}, ptr {address}, align {element.size}")
    phis = [f"%s{k} = phi {element} [ {b}, %entry ], [ {v}, %kept ], [ {v}, %record ]"
            for k, (b, v) in enumerate(zip(initial, new, strict=True))]  # fmt: skip
    blocks = [
        ("entry", [*before, "br label %step"]),
        ("step", [
            "%number = phi i64 [ 1, %entry ], [ %next, %kept ], [ %next, %record ]",
            "%left = phi i64 [ %every, %entry ], [ %fewer, %kept ], [ %every, %record ]",
            "%row = phi ptr [ %out, %entry ], [ %row, %kept ], [ %row_next, %record ]",
            "%todo = phi i64 [ %records, %entry ], [ %todo, %kept ], [ %todo_next, %record ]",
            *phis, *inside, "%next = add nuw nsw i64 %number, 1", "%fewer = add nsw i64 %left, -1",
            f"br i1 {not_finite}, label %end, label %whole"]),
        ("whole", ["%full = icmp eq i64 %fewer, 0", "br i1 %full, label %record, label %kept"]),
        ("kept", ["br label %step"]),
        ("record", [
            *recorded, f"%row_next = getelementptr {element}, ptr %row, i64 {count}",
            "%todo_next = add nsw i64 %todo, -1", "%done = icmp eq i64 %todo_next, 0",
            "br i1 %done, label %end, label %step"]),
        ("end", [
            "%result = phi i64 [ %number, %step ], [ 0, %record ]", *emitter.lines, "ret i64 %result"]),
    ]  # fmt: skip
    head = "define i64 @physsym_rollout(i64 %records, i64 %every, ptr %state, ptr %numbers, ptr %out)"
    return llvm_function(head, blocks, emitter)


def _not_finite(emitter: Emitter, values: Sequence[str], element: Real) -> str:
    differences = [emitter.emit(f"fsub {element} {v}, {v}") for v in values]
    total = differences[0]
    for difference in differences[1:]:
        total = emitter.emit(f"fadd {element} {total}, {difference}")
    return emitter.emit(f"fcmp uno {element} {total}, {element.constant(0.0)}")
