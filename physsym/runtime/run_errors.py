"""Why a run stops: a gradient that is at fault, a step that is not defined, or one that is too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from physsym.runtime.backends import pytree
from physsym.runtime.backends.base import UNDEFINED, Backend, Value, Values


@dataclass
class WatchedGradient:
    """A callable gradient that remembers its evaluations in a step, and what it raised."""

    function: Callable[..., Value]
    calls: list[tuple[Values, Value]] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, *points: Value) -> Value:
        """Return the gradient at an evaluation point."""
        try:
            found = self.function(*points)
        except Exception as error:
            self.error = error
            raise
        self.calls.append((points, found))
        return found

    def is_at_fault(self, backend: Backend) -> bool:
        """Return whether it was not finite at a point far from overflow, not because the run diverged."""
        return self.error is not None or any(
            not all(map(backend.finite, found if len(points) > 1 else (found,)))
            for points, found in self.calls
            if all(map(_is_moderate, points))
        )


def is_sound(value: Value, is_unbounded: bool, backend: Backend) -> bool:
    """Return whether a state is finite, or, where it starts at infinity, a number."""
    if backend.finite(value):
        return True
    leaves = pytree.flatten(value)[0] if is_unbounded else ()
    return bool(leaves) and not any(np.isnan(np.asarray(leaf, float)).any() for leaf in leaves)


def not_finite(
    lost: str, before: Mapping[str, Value], number: int, gradient: WatchedGradient | None, backend: Backend
) -> FloatingPointError:
    """Return the error of a step, of this number, in which the states that are `lost` became not finite."""
    if gradient is not None and gradient.is_at_fault(backend):
        return FloatingPointError(
            f"the gradient is not finite in step {number}, though it is taken at a finite point; "
            "check the gradient there"
        )
    slopes = (found for _, found in gradient.calls) if gradient is not None else ()
    if all(map(_is_moderate, (*before.values(), *slopes))):  # no overflow, so smaller steps do not help
        return FloatingPointError(
            f"{lost} is not finite after step {number}, though the gradient and the last state are: "
            f"{UNDEFINED}"
        )
    return FloatingPointError(f"{lost} is not finite after step {number}; take smaller steps")


def _is_moderate(point: Value) -> bool:
    """Return whether no number is so large that a power of it may overflow."""
    for leaf in pytree.flatten(point)[0]:
        try:
            array = np.asarray(leaf)
        except (TypeError, RuntimeError):  # a type of another library that NumPy lacks
            return True
        largest: Any = np.finfo(array.dtype if array.dtype.kind == "f" else float).max
        if not np.all(np.abs(array) < largest**0.1):
            return False
    return True
