"""A step of a rule whose gradient is not taken at the weights: a closure is called at each place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from physsym.adapters.torch_states import Made, refuse_unfit_parameter
from physsym.codegen.passes.partition import stages
from physsym.runtime.backends.base import Value, Values
from physsym.runtime.backends.pytree import Leaves, carried_out
from physsym.runtime.backends.torch import run_of
from physsym.runtime.backends.torch_in_place import put


@dataclass
class _Slopes:
    """The gradient as a function of the place: move the weights there, call the closure, read the slopes."""

    weights: Sequence[torch.Tensor]
    signs: Sequence[int]
    closure: Callable[[], Value]
    losses: list[Value] = field(default_factory=list)

    def __call__(self, places: Sequence[Leaves]) -> list[Leaves]:
        for weight, place in zip(self.weights, places[0], strict=True):
            weight.copy_(place)
        with torch.enable_grad():
            self.losses.append(self.closure())
        for weight in self.weights:
            refuse_unfit_parameter(weight)
        slopes = [torch.zeros_like(w) if w.grad is None else w.grad for w in self.weights]
        return [[sign * slope for sign, slope in zip(self.signs, slopes, strict=True)]]


def step_ahead(
    made: Made,
    weights: Sequence[torch.Tensor],
    kept: Sequence[dict[str, torch.Tensor]],
    fixed: Sequence[Values],
    signs: Sequence[int],
    closure: Callable[[], Value],
) -> Value:
    """Take one step of all weights, and return what the closure returned when it was first called.

    To each of the weights belong its other states, the constants of the program and the sign of its gradient.
    Where the closure raises, weights and states are left as they were.
    """
    slopes = _Slopes(weights, signs, closure)
    with torch.no_grad():
        states = [made.states_of(own, weight) for own, weight in zip(kept, weights, strict=True)]
        columns = list(zip(*states, strict=True))
        new: Sequence[Leaves] = [[tensor.clone() for tensor in column] for column in columns]
        try:
            new = carried_out([run_of(stage) for stage in stages(made.program)], new, fixed, slopes)
        finally:
            for tensors, values in zip(columns, new, strict=True):
                for tensor, value in zip(tensors, values, strict=True):
                    put(tensor, value)
    return slopes.losses[0]
