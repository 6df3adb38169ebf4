"""Arrays that a rule updates in place, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from physsym.runtime.backends.base import InPlace, Value

if TYPE_CHECKING:
    from physsym.runtime.optimizer import Optimizer


@dataclass(eq=False)
class Bound:
    """Arrays that a rule updates in place; parameters may change from step to step.

    The gradient array is read at each step: before it, fill it with the gradient at `Optimizer.place(state)`.
    The arrays are kept alive as long as this is.
    """

    optimizer: Optimizer
    _kernel: InPlace = field(repr=False)
    _advance: Callable[[], None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._advance = self._kernel.step
        self._kernel.set(self.optimizer.parameters)

    def step(self, **changes: Value) -> None:
        """Take one step, with parameters changed from now on if any are given; no sizeable array is made."""
        if changes:
            self.set(**changes)
        self._advance()

    def set(self, **changes: Value) -> None:
        """Change parameters from now on; TypeError for an unknown one, ValueError for an unfit value."""
        self.optimizer = self.optimizer.with_parameters(**changes)
        self._kernel.set(self.optimizer.parameters)
