"""Derived rules where models are trained: as a transformation for optax, as an optimizer for PyTorch."""

from __future__ import annotations

import importlib.util

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_EXTRAS = {"optax": "jax", "torch": "torch"}  # what an adapter needs, and the extra that installs it


def __getattr__(name: str) -> object:
    if name in _EXTRAS and importlib.util.find_spec(name) is None:
        raise ImportError(
            f"physsym.adapters.{name} needs {name}: install it with pip install 'physsym[{_EXTRAS[name]}]'"
        )
    if name not in __all__:
        raise AttributeError(
            f"module 'physsym.adapters' has no attribute {name!r}; there are {', '.join(__all__)}"
        )
    return _load(name)
