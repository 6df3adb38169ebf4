"""Derived rules where models are trained: as a transformation for optax, as an optimizer for PyTorch."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from physsym.adapters.evaluation_point import seen_from_the_gradient

if TYPE_CHECKING:
    from physsym.adapters.optax_transformation import optax as optax
    from physsym.adapters.torch_optimizer import torch as torch

_HOME = {  # name: module, what that needs, the extra that installs it
    "optax": ("physsym.adapters.optax_transformation", "optax", "jax"),
    "torch": ("physsym.adapters.torch_optimizer", "torch", "torch"),
}

__all__ = ["optax", "seen_from_the_gradient", "torch"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(
            f"module 'physsym.adapters' has no attribute {name!r}; there are {', '.join(__all__)}"
        )
    module, needs, extra = _HOME[name]
    if importlib.util.find_spec(needs) is None:
        raise ImportError(
            f"physsym.adapters.{name} needs {needs}: install it with pip install 'physsym[{extra}]'"
        )
    return getattr(importlib.import_module(module), name)
