"""A rule on plain tensors in main memory, by the loop that LLVM compiles: one pass, and no tensor is made."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from physsym.codegen import Program
from physsym.codegen.passes.partition import stages
from physsym.runtime.backends.base import Values

PLAIN = (torch.Tensor, torch.nn.Parameter)
TYPES = (torch.float32, torch.float64)


@dataclass
class NativeUpdate:
    """One step of a program on the states and the gradient of a parameter, all plain tensors of one type."""

    stage: Program
    engine: Any
    _calls: dict[torch.dtype, Callable[[Any], None]] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)

    def takes(self, tensors: Sequence[torch.Tensor]) -> bool:
        """Return whether the loop can read and write the memory of these tensors itself."""
        dtype, shape = tensors[0].dtype, tensors[0].shape
        for t in tensors:
            if not (
                type(t) in PLAIN and t.is_cpu and t.dtype is dtype and t.shape == shape and t.is_contiguous()
            ):
                return False
        return dtype in TYPES

    def __call__(self, tensors: Sequence[torch.Tensor], fixed: Values) -> None:
        """Take one step, given all constants of the program in order."""
        numbers = (ctypes.c_double * len(self.stage.parameters))(*fixed[: len(self.stage.parameters)])
        addresses = [tensor.data_ptr() for tensor in tensors]
        frame = (ctypes.c_uint64 * (2 + len(addresses)))(
            tensors[0].numel(), ctypes.addressof(numbers), *addresses
        )
        self._call(tensors[0].dtype)(ctypes.addressof(frame))
        # What is written behind the back of PyTorch must still invalidate graphs that remember it.
        torch.autograd.graph.increment_version(list(tensors[: len(self.stage.results)]))

    def _call(self, dtype: torch.dtype) -> Callable[[Any], None]:
        if dtype not in self._calls:
            made = self.engine.make(self.stage, True, dtype == torch.float32)
            self._kept.append(made)
            self._calls[dtype] = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(made.address)
        return self._calls[dtype]


def native_update(program: Program) -> NativeUpdate | None:
    """Return the compiled update of a program; None where llvmlite is not installed."""
    if importlib.util.find_spec("llvmlite") is None:
        return None
    engine = importlib.import_module("physsym.runtime.backends.llvm").engine()
    return NativeUpdate(stages(program)[-1], engine)
