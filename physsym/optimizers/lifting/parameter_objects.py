"""Optimizers that are made with objects of parameters, each with its value and its gradient as attributes.

A class with `for p in self.params: p.data -= self.lr * p.grad` becomes one whose step takes a list of arrays
and one of gradients, puts them into such objects, and returns what the objects hold then.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np

from physsym.optimizers.lifting.signatures import role_of_name

_VALUES = ("data", "value", "weight")


def _names(code: CodeType) -> Iterator[str]:
    """Yield the attributes and globals that code names, in its comprehensions too."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def with_parameter_objects(cls: type, method: str) -> type | None:
    """Return a class of arrays and gradients for one of parameter objects, None for any other class."""
    try:
        signature = inspect.signature(cls)
        step = inspect.signature(getattr(cls, method))
    except (TypeError, ValueError):
        return None
    argument = next((a for a in signature.parameters if role_of_name(a) == "weights"), None)
    methods = [f for c in cls.__mro__ for f in vars(c).values() if inspect.isfunction(f)]
    read = {name for f in methods for name in _names(f.__code__)}
    value = next((v for v in _VALUES if v in read), None)
    if argument is None or value is None or "grad" not in read or len(step.parameters) > 1:
        return None
    weights, name = argument, value

    class OfArrays:
        def __init__(self, **options: Any) -> None:
            arrays = options.pop(weights)
            if not isinstance(arrays, list) or not all(isinstance(a, np.ndarray) for a in arrays):
                raise TypeError(f"{cls.__name__} takes a list of parameters")
            self.held = [SimpleNamespace(**{name: a, "grad": a * 0}) for a in arrays]
            self.optimizer = cls(**{weights: self.held, **options})

        def step(self, params: list[Any], grads: list[Any]) -> list[Any]:
            for held, array, gradient in zip(self.held, params, grads, strict=True):
                setattr(held, name, array)
                held.grad = gradient
            getattr(self.optimizer, method)()
            return [getattr(held, name) for held in self.held]

    OfArrays.__qualname__ = OfArrays.__name__ = cls.__qualname__
    OfArrays.__module__ = cls.__module__
    OfArrays.__signature__ = signature  # type: ignore[attr-defined]
    return OfArrays
