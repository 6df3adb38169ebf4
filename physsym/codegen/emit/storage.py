"""Storage types: how numbers lie in memory, where arithmetic is in another type (LLVM)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Emit = Callable[[str], str]  # writes an instruction, returns the register that holds its value


@dataclass(frozen=True)
class Storage:
    """A type of numbers in memory: the LLVM type that is loaded and stored, and its size in bytes.

    Half precision is loaded into `float`; each number is rounded once, to nearest, ties to even, when it is
    stored.
    """

    name: str
    memory: str
    size: int

    def load(self, emit: Emit, address: str, element: str) -> str:
        """Write a load and return the register that holds the number as an `element`, float or double."""
        value = emit(f"load {self.memory}, ptr {address}, align {self.size}")
        if self.name == "bfloat16":
            wide = emit(f"zext i16 {value} to i32")
            value = emit(f"bitcast i32 {emit(f'shl i32 {wide}, 16')} to float")
        elif self.name == "float16":
            value = emit(f"fpext half {value} to float")
        return emit(f"fpext float {value} to double") if self.single and element == "double" else value

    def store(self, emit: Emit, value: str, address: str, element: str) -> str:
        """Write what rounds an `element`, and return the instruction that stores it."""
        if self.single and element == "double":
            value = emit(f"fptrunc double {value} to float")
        if self.name == "bfloat16":
            value = _bfloat16(emit, value)
        elif self.name == "float16":
            value = emit(f"fptrunc float {value} to half")
        return f"store {self.memory} {value}, ptr {address}, align {self.size}"

    @property
    def single(self) -> bool:
        """Return whether numbers are at most of single precision."""
        return self.size < 8


def _bfloat16(emit: Emit, value: str) -> str:
    """Round a float to its upper sixteen bits, by integers: processors without bfloat16 have no instruction.

    Adding just under half of the last bit kept, and that bit itself, rounds ties to even; a carry into the
    exponent is right, up to infinity. NaN, whose bits this could change to infinity's, is 0x7fc0.
    """
    bits = emit(f"bitcast float {value} to i32")
    last = emit(f"and i32 {emit(f'lshr i32 {bits}, 16')}, 1")
    rounded = emit(f"add i32 {bits}, {emit(f'add i32 {last}, 32767')}")
    upper = emit(f"trunc i32 {emit(f'lshr i32 {rounded}, 16')} to i16")
    unordered = emit(f"fcmp uno float {value}, {value}")
    return emit(f"select i1 {unordered}, i16 32704, i16 {upper}")


STORAGES: Mapping[str, Storage] = MappingProxyType({
    s.name: s
    for s in (
        Storage("float64", "double", 8),
        Storage("float32", "float", 4),
        Storage("float16", "half", 2),
        Storage("bfloat16", "i16", 2),
    )
})  # fmt: skip
