"""Rows of tensors: the states and the gradient of each parameter of a group, and which loop takes which rows.

Rows whose tensors lie alike in main memory are updated by one call of a compiled loop, in order, however many
they are; others by PyTorch's own operations. What a loop relies on is read from every tensor at every step:
weights and gradients are replaced, shortened, transposed and moved in place by their owners.
"""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from math import prod
from typing import Any, TypeAlias

import numpy as np
import torch

from physsym.adapters.torch_dlpack import Reader, reader
from physsym.codegen import Program
from physsym.runtime.backends import is_installed
from physsym.runtime.backends.base import Values
from physsym.runtime.backends.jit import SMALL
from physsym.runtime.backends.torch import refuse_unfit
from physsym.runtime.backends.torch_in_place import Update, UpdateOfMany

Tensors: TypeAlias = Sequence[torch.Tensor]

PLAIN = {torch.Tensor, torch.nn.Parameter}
MANY_AT_ONCE = ("cuda", "xpu")  # where many small calls cost more than the memory that lists take
BATCH = 2**26  # elements that lists hold at once, and so the scratch memory that they take
ONE, MANY = ("one at a time",), ("as lists",)  # rows for PyTorch's operations, beside tuples of storage types


@dataclass(frozen=True)
class Segment:
    """Rows from `first` to `last` that are updated alike: by a compiled `table`, as lists, or one by one."""

    first: int
    last: int
    kind: tuple[str, ...]
    table: Any
    sizes: array[int]
    extents: np.ndarray[Any, Any]

    def __post_init__(self) -> None:
        """Count rows and elements, which is read at every step."""
        object.__setattr__(self, "rows", self.last - self.first)
        object.__setattr__(self, "elements", sum(self.sizes))

    rows: int = field(init=False)
    elements: int = field(init=False)


@dataclass(frozen=True)
class Ready:
    """A segment with its tensors at this step, all states and then the gradients, and their addresses.

    Of the rows in `overlapping` the gradient shares memory with what the step writes.
    """

    segment: Segment
    tensors: Tensors
    addresses: array[int]
    overlapping: frozenset[int] = frozenset()


@dataclass
class Rows:
    """How the tensors of one group are updated; what was found out about them holds while they lie the same.

    `names` are those of the states and of the gradient. With `foreach`, all rows are lists; without, each
    is updated alone; where it is None, as suits the device.
    """

    names: Sequence[str]
    part: Program
    one: Update
    many: UpdateOfMany
    foreach: bool | None
    _facts: Any = None
    _reader: Reader | None = None
    _segments: list[Segment] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Count the states, all of which are written."""
        self._written = len(self.part.results)

    def ready(self, columns: Sequence[Tensors]) -> list[Ready]:
        """Return what `advance` takes: the tensors of each segment, checked, those of a row apart in memory.

        For each state and then the gradient, `columns` has the tensors of all rows. Raises TypeError or
        ValueError for tensors that do not fit; nothing has been written then.
        """
        tensors, rows = [*chain.from_iterable(columns)], len(columns[0])
        addresses = self._addresses(tensors, rows)
        if addresses is None:
            facts = _facts(tensors, rows)
            if facts is None or facts != self._facts:
                self._facts = self._reader = None
                self._segments = self._planned(columns)
                self._facts = facts
                if all(segment.table is not None for segment in self._segments):
                    self._reader = reader(tensors)
        if len(self._segments) == 1:
            return [self._apart(self._segments[0], tensors, addresses)]
        return [
            self._apart(s, _of(s, rows, tensors), addresses and array("Q", _of(s, rows, addresses)))
            for s in self._segments
        ]

    def _addresses(self, tensors: Tensors, rows: int) -> array[int] | None:
        """Return the addresses of tensors if all lie as they did, where one compiled call can tell."""
        # What is read with a minus lies as all else.
        if self._reader is None or not {*map(type, tensors)} <= PLAIN:
            return None
        if any(map(torch.Tensor.is_neg, tensors[-rows:])):
            return None
        return self._reader.addresses(tensors)

    def advance(self, ready: Ready, fixed: Values) -> None:
        """Take one step of the rows of a segment, given all constants of the program in order."""
        segment, tensors, count = ready.segment, ready.tensors, ready.segment.rows
        if segment.table is not None and not ready.overlapping:
            numbers = array("d", fixed)
            call = segment.table.step if segment.elements < SMALL else segment.table.step_unlocked
            call(_address(segment.sizes), _address(ready.addresses), count, _address(numbers))
            # PyTorch does not see these writes: graphs that saved the tensors must be invalidated by hand.
            torch.autograd.graph.increment_version(tensors[: self._written * count])
            return
        columns = [tensors[k : k + count] for k in range(0, len(tensors), count)]
        if segment.kind == MANY and not ready.overlapping:
            for first, last in self._batches(ready):
                self._in_wide_type(self.many, [column[first:last] for column in columns], fixed)
            return
        for number, row in enumerate(zip(*columns, strict=True)):
            # Copied only now, since rows before may have written to it.
            read = [t.clone() if number in ready.overlapping else t for t in row[self._written :]]
            self._in_wide_type(self._one, [[t] for t in (*row[: self._written], *read)], fixed)

    def _batches(self, ready: Ready) -> list[tuple[int, int]]:
        """Return ranges of rows of at most `BATCH` elements in all; single rows where some share memory."""
        rows, sizes = ready.segment.rows, ready.segment.sizes
        if ready.addresses:
            # What one row writes and another reads or writes is right only in order, and lists have none.
            begin = np.array(ready.addresses).reshape(-1, 1)
            if _overlapping(begin, ready.segment.extents.reshape(-1, 1)).size:
                return [(row, row + 1) for row in range(rows)]
        found, first, held = list[tuple[int, int]](), 0, 0
        for row, size in enumerate(sizes):
            if row > first and held + size > BATCH:
                found.append((first, row))
                first, held = row, 0
            held += size
        return [*found, (first, rows)]

    def _one(self, columns: Sequence[Tensors], fixed: Values) -> None:
        self.one([tensor for (tensor,) in columns], fixed)

    def _in_wide_type(
        self, update: Callable[[Sequence[Tensors], Values], None], columns: Sequence[Tensors], fixed: Values
    ) -> None:
        """Update tensors; those of half precision in float32, so that each number is rounded once a step."""
        types = {t.dtype for column in columns for t in column}
        if types <= {torch.float32} or types <= {torch.float64}:
            update(columns, fixed)
            return
        wide = compute_type(types)
        work = [[t.to(wide) for t in column] for column in columns]
        update(work, fixed)
        with torch.no_grad():
            for column, new in zip(columns[: self._written], work, strict=False):
                for target, value in zip(column, new, strict=True):
                    if value is not target:
                        target.copy_(value)

    def _planned(self, columns: Sequence[Tensors]) -> list[Segment]:
        kinds = [self._kind(row) for row in zip(*columns, strict=True)]
        segments, first = list[Segment](), 0
        for kind, alike in groupby(kinds):
            last = first + len([*alike])
            table = None if kind in (ONE, MANY) else _compiler().compile_table(self.part, kind)
            own = [column[first:last] for column in columns]
            extents = np.array([[_extent(t) for t in column] for column in own], np.uint64)
            sizes = array("Q", [t.numel() for t in own[0]])
            segments.append(Segment(first, last, kind, table, sizes, extents))
            first = last
        return segments

    def _kind(self, row: Tensors) -> tuple[str, ...]:
        """Return how a row is updated; raise TypeError or ValueError where it cannot be."""
        refuse_unfit_row(self.names, row, self._written)
        if self.foreach is not None:
            return MANY if self.foreach else ONE
        if row[0].device.type in MANY_AT_ONCE:
            return MANY
        stored = tuple(str(t.dtype).removeprefix("torch.") for t in row)
        fits = is_installed("llvm") and {*stored} <= {*_compiler().storages()}
        return stored if fits and _lie_alike(row) else ONE

    def _apart(self, segment: Segment, tensors: list[torch.Tensor], addresses: array[int] | None) -> Ready:
        if addresses is None:
            if not _have_memory(segment, tensors):
                return Ready(segment, tensors, array("Q"))
            addresses = array("Q", map(torch.Tensor.data_ptr, tensors))
        ready = Ready(segment, tensors, addresses)
        if segment.table is not None:
            found = segment.table.apart(_address(segment.sizes), _address(ready.addresses), segment.rows)
            if found == segment.rows:
                return ready
        begin = np.array(ready.addresses).reshape(-1, segment.rows)
        rows = _overlapping(begin, segment.extents)
        if not rows.size:
            return ready
        for number in rows:
            self._refuse_overlapping(tensors[number :: segment.rows])
        return replace(ready, overlapping=frozenset(map(int, rows)))

    def _refuse_overlapping(self, row: list[torch.Tensor]) -> None:
        """Raise ValueError where the tensors that a step writes share memory, or one has none."""
        for name, tensor in zip(self.names, row, strict=True):
            if tensor.numel() and not tensor.data_ptr():
                raise ValueError(
                    f"{name} has no memory: its storage was freed; give it memory before the step"
                )
        written = row[: self._written]
        begin = np.array([[t.data_ptr()] for t in written], np.uint64)
        if _overlapping(begin, np.array([[_extent(t)] for t in written], np.uint64)).size:
            listed = ", ".join(self.names[: self._written])
            raise ValueError(f"of {listed}, two share memory, and a step writes all; give each its own")


def compute_type(types: Iterable[torch.dtype]) -> torch.dtype:
    """Return the type in which numbers of these types are computed with: half precision in float32.

    >>> compute_type([torch.bfloat16, torch.float32]), compute_type([torch.float64])
    (torch.float32, torch.float64)
    """
    return torch.float64 if torch.float64 in types else torch.float32


def refuse_unfit_row(names: Sequence[str], row: Tensors, written: int) -> None:
    """Raise TypeError or ValueError for tensors of a parameter with which a step cannot be taken.

    The first of them, as many as are `written`, are what the step overwrites.
    """
    weights = row[names.index("a parameter")]
    for name, tensor in zip(names, row, strict=True):
        given: object = tensor
        if not isinstance(given, torch.Tensor):
            raise TypeError(f"{name} must be a tensor, given {given!r}")
        refuse_unfit(name, tensor)
        if tensor.shape != weights.shape:
            raise ValueError(
                f"{name} has the shape {tuple(tensor.shape)}, the parameter itself "
                f"{tuple(weights.shape)}; after a parameter was replaced, clear its gradient and its "
                "entry of optimizer.state"
            )
        if tensor.device != weights.device:
            raise ValueError(
                f"{name} is on {tensor.device}, the parameter itself on {weights.device}; "
                "move it to the same device"
            )
    for name, tensor in zip(names[:written], row, strict=False):
        if tensor.numel() and any(
            s == 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True) if n > 1
        ):
            raise ValueError(
                f"{name} is expanded: several of its elements are one number in memory; give a copy made "
                "with tensor.clone()"
            )


def _facts(tensors: Tensors, rows: int) -> Any:
    """Return what a loop relies on; None where a tensor has no such properties.

    Together, the number of elements and the strides determine the memory that a dense tensor takes.
    """
    own = torch.Tensor
    try:
        return (
            rows,
            [*map(type, tensors)],
            [*map(own.dtype.__get__, tensors)],
            [*map(own.stride, tensors)],
            [*map(own.numel, tensors)],
            [*map(own.is_cpu.__get__, tensors)],
            [*map(own.is_neg, tensors[-rows:])],
        )
    except (TypeError, RuntimeError):  # no tensor; or a sparse one, which has no strides
        return None


def _lie_alike(row: Tensors) -> bool:
    """Return whether plain tensors take the same dense memory in the same order of their elements."""
    orders = {_order(t) for t in row}
    return (
        all(type(t) in PLAIN and t.is_cpu and not t.is_neg() for t in row)
        and len(orders) == 1
        and _is_dense(*orders)
    )


Order: TypeAlias = tuple[tuple[int, int], ...]


def _order(tensor: torch.Tensor) -> Order:
    """Return stride and size of each axis that has more than one element."""
    pairs = zip(tensor.stride(), tensor.shape, strict=True)
    return tuple((stride, size) for stride, size in pairs if size != 1) if tensor.numel() else ()


def _is_dense(order: Order) -> bool:
    return all(
        stride == prod(size for other, size in order if other < stride) for stride, _ in order
    ) and len({stride for stride, _ in order}) == len(order)


def _extent(tensor: torch.Tensor) -> int:
    """Return how many bytes there are from the first element to the end of the last."""
    if not tensor.numel() or type(tensor) not in PLAIN:
        return 0
    axes = zip(tensor.shape, tensor.stride(), strict=True)
    steps: int = sum((size - 1) * stride for size, stride in axes)
    return (steps + 1) * int(tensor.element_size())


def _overlapping(begin: np.ndarray[Any, Any], extents: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the columns in which two ranges of memory overlap, or one that is not empty begins at zero."""
    order = begin.argsort(0)
    begin, extents = np.take_along_axis(begin, order, 0), np.take_along_axis(extents, order, 0)
    before = np.maximum.accumulate(begin + extents, 0)[:-1]
    shared = (begin[1:] < before) & (extents[1:] > 0)
    found: np.ndarray[Any, Any] = np.flatnonzero(shared.any(0) | ((begin == 0) & (extents > 0)).any(0))
    return found


def _have_memory(segment: Segment, tensors: Tensors) -> bool:
    """Return whether addresses mean something: those of subclasses of tensors need not."""
    return segment.table is not None or all(type(t) in PLAIN for t in tensors)


def _of(segment: Segment, rows: int, values: Sequence[Any]) -> list[Any]:
    """Return the values that belong to a segment, of values for all rows of each column in turn."""
    firsts = range(segment.first, len(values), rows)
    return [value for first in firsts for value in values[first : first + segment.rows]]


def _address(numbers: array[Any]) -> int:
    return int(numbers.buffer_info()[0])


def _compiler() -> Any:
    return importlib.import_module("physsym.runtime.backends.llvm")
