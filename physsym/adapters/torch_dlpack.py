"""Whether tensors lie as they did, by one call for all of them through the C interface of DLPack.

Reading device, type, shape, strides and address of a tensor by its methods takes longer than updating a
thousand weights. Newer versions of PyTorch tell all of it to compiled code at once; for older ones there is
no reader.
"""

from __future__ import annotations

import ctypes
import importlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from physsym.codegen.emit.dlpack import AXES, WORDS, llvm_unchanged
from physsym.runtime.backends import is_installed

NAME, MAJOR = b"dlpack_exchange_api", 1  # of the capsule
DESCRIBE = 5  # the index in its table of the function that describes a tensor without owning it
CODES = {torch.bfloat16: (4, 16), torch.float16: (2, 16), torch.float32: (2, 32), torch.float64: (2, 64)}


@dataclass(frozen=True)
class Reader:
    """What is known of tensors in main memory, and the compiled function that holds others against it."""

    known: array[int]
    count: int
    unchanged: Callable[[int, int, int, int], int]

    def addresses(self, tensors: Sequence[torch.Tensor]) -> array[int] | None:
        """Return the addresses of plain tensors that lie as is known; None where one does not."""
        if len(tensors) != self.count:
            return None
        objects, found = array("Q", map(id, tensors)), array("Q", bytes(8 * self.count))
        at = (numbers.buffer_info()[0] for numbers in (self.known, found))
        try:
            same = self.unchanged(objects.buffer_info()[0], self.count, *at)
        except (RuntimeError, BufferError, TypeError, ValueError):  # a tensor that DLPack has no words for
            return None
        return found if same == self.count else None


def reader(tensors: Sequence[torch.Tensor]) -> Reader | None:
    """Return what holds tensors against these plain ones in main memory; None where it cannot."""
    unchanged = _unchanged()
    if unchanged is None or any(t.dtype not in CODES or t.ndim > AXES or not t.is_cpu for t in tensors):
        return None
    known = array("q", bytes(8 * WORDS * len(tensors)))
    for number, tensor in enumerate(tensors):
        code, bits = CODES[tensor.dtype]
        own = number * WORDS
        known[own] = 1  # main memory, number 0
        known[own + 1] = tensor.ndim | code << 32 | bits << 40 | 1 << 48
        for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
            known[own + 2 + axis], known[own + 2 + AXES + axis] = size, stride
    return Reader(known, len(tensors), unchanged)


@lru_cache(maxsize=1)
def _unchanged() -> Callable[[int, int, int, int], int] | None:
    capsule = getattr(torch.Tensor, "__dlpack_c_exchange_api__", None)
    if capsule is None or not is_installed("llvm"):
        return None
    of_capsule: Any = ctypes.pythonapi.PyCapsule_GetPointer
    of_capsule.restype, of_capsule.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    try:
        table = (ctypes.c_uint64 * (DESCRIBE + 1)).from_address(of_capsule(capsule, NAME))
    except ValueError:  # a capsule of another name
        return None
    if table[0] & 0xFFFFFFFF != MAJOR or not table[DESCRIBE]:
        return None
    llvm = importlib.import_module("physsym.runtime.backends.llvm")
    code = llvm.compiled(llvm_unchanged(table[DESCRIBE]), "physsym_unchanged")
    address, size = ctypes.c_void_p, ctypes.c_int64
    # With the interpreter lock: PyTorch is called, and may raise.
    call: Any = ctypes.PYFUNCTYPE(size, address, size, address, address)(code.address)
    call.physsym_code = code
    function: Callable[[int, int, int, int], int] = call
    return function
