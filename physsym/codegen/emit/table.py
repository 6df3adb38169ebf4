"""One step of many rows of arrays as one function of LLVM, and a test whether those of a row are apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from physsym.codegen.emit.llvm import DOUBLE, FLOAT, WORDS, llvm_text
from physsym.codegen.emit.loop import Loop, loop
from physsym.codegen.emit.storage import STORAGES, Storage
from physsym.codegen.straight_line import Program


def llvm_table(part: Program, storages: Sequence[str]) -> str:
    """Return a part of a program as LLVM text that updates in place the arrays of a table of rows, in order.

    A row has one array for each state of the part, stored as `storages` name them; arithmetic is in double
    where one of them is float64, in float elsewhere. `physsym_rows(sizes, pointers, rows, numbers)` takes the
    length of each row, the addresses of all arrays (those of the first state for every row, then those of the
    second), the number of rows and the parameters of the part, float64. `physsym_apart` takes the same but
    for the numbers, and returns the first row in which an array that is written shares memory with another
    or has none, or the number of rows.

    >>> from physsym.codegen import partition, program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> text = llvm_table(partition(program(rule({x: x - eta * G})))[-1], ("bfloat16", "float32"))
    >>> [line for line in text.splitlines() if "physsym_rows" in line]
    ['define void @physsym_rows(ptr %sizes, ptr %pointers, i64 %rows, ptr %numbers) {']
    """
    stored = [STORAGES[name] for name in storages]
    element = FLOAT if all(s.single for s in stored) else DOUBLE
    one = loop("physsym_step", part, True, WORDS)
    step = llvm_text([one], element, False, "internal ", stored)
    return "\n".join([step, *_rows(one), "", *_apart(stored, len(part.results))]) + "\n"


def _rows(one: Loop) -> list[str]:
    before = list[str]()
    for k, _ in enumerate(one.numbers):
        before += [
            f"%number_at{k} = getelementptr double, ptr %numbers, i64 {k}",
            f"%number{k} = load double, ptr %number_at{k}, align 8",
        ]
    given = [f"ptr %array{k}" for k, _ in enumerate(one.arrays)]
    given += [f"double %number{k}" for k, _ in enumerate(one.numbers)]
    call = f"call void @{one.function}(i64 %n, {', '.join(given)})"
    return [
        "define void @physsym_rows(ptr %sizes, ptr %pointers, i64 %rows, ptr %numbers) {",
        "entry:", *(f"  {line}" for line in before),
        "  %some = icmp sgt i64 %rows, 0", "  br i1 %some, label %row, label %end",
        "row:", "  %r = phi i64 [ 0, %entry ], [ %next, %row ]",
        *(f"  {line}" for line in (*_row(len(one.arrays), "ptr", "array"), call)),
        "  %next = add nuw nsw i64 %r, 1", "  %more = icmp slt i64 %next, %rows",
        "  br i1 %more, label %row, label %end",
        "end:", "  ret void", "}",
    ]  # fmt: skip


def _apart(stored: Sequence[Storage], written: int) -> list[str]:
    lines, faults = _row(len(stored), "i64", "begin"), list[str]()
    for k, storage in enumerate(stored):
        lines += [
            f"%bytes{k} = mul i64 %n, {storage.size}",
            f"%end{k} = add i64 %begin{k}, %bytes{k}",
            f"%fault{k} = icmp eq i64 %begin{k}, 0",
        ]
        faults.append(f"%fault{k}")
    for a, b in combinations(range(len(stored)), 2):
        if a < written:  # two arrays that are only read may share memory
            lines += [
                f"%before{a}_{b} = icmp ult i64 %begin{a}, %end{b}",
                f"%after{a}_{b} = icmp ult i64 %begin{b}, %end{a}",
                f"%shared{a}_{b} = and i1 %before{a}_{b}, %after{a}_{b}",
            ]
            faults.append(f"%shared{a}_{b}")
    lines += [f"%any{k} = or i1 {'false' if not k else f'%any{k - 1}'}, {f}" for k, f in enumerate(faults)]
    return [
        "define i64 @physsym_apart(ptr %sizes, ptr %pointers, i64 %rows) {",
        "entry:", "  %some = icmp sgt i64 %rows, 0", "  br i1 %some, label %row, label %end",
        "row:", "  %r = phi i64 [ 0, %entry ], [ %next, %apart ]", *(f"  {line}" for line in lines),
        "  %filled = icmp sgt i64 %n, 0", f"  %found = and i1 %filled, %any{len(faults) - 1}",
        "  br i1 %found, label %end, label %apart",
        "apart:", "  %next = add nuw nsw i64 %r, 1", "  %more = icmp slt i64 %next, %rows",
        "  br i1 %more, label %row, label %end",
        "end:", "  %first = phi i64 [ 0, %entry ], [ %r, %row ], [ %next, %apart ]", "  ret i64 %first", "}",
    ]  # fmt: skip


def _row(arrays: int, kind: str, name: str) -> list[str]:
    """Return what loads the length of row `%r` and the address of each of its arrays."""
    lines = ["%size_at = getelementptr i64, ptr %sizes, i64 %r", "%n = load i64, ptr %size_at, align 8"]
    for k in range(arrays):
        lines += [
            f"%column{k} = mul i64 %rows, {k}",
            f"%cell{k} = add i64 %column{k}, %r",
            f"%at{k} = getelementptr i64, ptr %pointers, i64 %cell{k}",
            f"%{name}{k} = load {kind}, ptr %at{k}, align 8",
        ]
    return lines
