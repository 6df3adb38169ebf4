"""What the optimizer for PyTorch is made of: a compiled rule, and the states that go with a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from physsym.adapters.evaluation_point import trained, with_counters_given
from physsym.adapters.torch_native import NativeUpdate, native_update
from physsym.codegen import Program, program, state_name
from physsym.core.statements import Rule, rewritten
from physsym.core.symbols import BEFORE, FORCES
from physsym.runtime import coordinates
from physsym.runtime.backends.torch import refuse_unfit
from physsym.runtime.backends.torch_in_place import Update, UpdateOfMany, update, update_of_many


@dataclass(frozen=True)
class Made:
    """A rule compiled for tensors.

    `counters` are the names under which the program wants the number of steps done.
    `names` are those of its states, `weights` is that of the weights, `placed` are those that start where the
    weights do. `one` and `many` update tensors in place, where the gradient is taken `at_weights`; `native`
    does so to plain tensors if LLVM is there.
    """

    program: Program
    counters: tuple[str, ...]
    names: tuple[str, ...]
    weights: str
    placed: frozenset[str]
    at_weights: bool
    one: Update
    many: UpdateOfMany
    native: NativeUpdate | None

    def states_of(self, kept: dict[str, torch.Tensor], weights: torch.Tensor) -> list[torch.Tensor]:
        """Return the states in the order of the program; what is not kept yet is made, and kept."""
        for name in self.names:
            if name != self.weights and name not in kept:
                made = torch.zeros_like(weights, memory_format=torch.preserve_format)
                kept[name] = made.copy_(weights) if name in self.placed else made
        return [weights if name == self.weights else kept[name] for name in self.names]


def made(rule: Rule, maximize: bool) -> Made:
    """Return the rule compiled, climbing instead of descending if asked to.

    Raises ValueError where it is not clear which one state holds the weights.
    """
    seen = rewritten(rule, _turned) if maximize else rule
    counting = program(seen)
    compiled = with_counters_given(counting)
    at_weights, positions = trained(compiled), coordinates(rule)
    if at_weights is None and len(positions) != 1:
        found = ", ".join(map(str, positions)) or "none"
        raise ValueError(f"the weights of a model are one position, and the rule has {found}")
    position = at_weights or positions[0]
    others = [s for s in compiled.states if s != position]
    return Made(
        compiled,
        tuple(map(state_name, counting.counters)),
        tuple(map(state_name, compiled.states)),
        state_name(position),
        frozenset(state_name(s) for s in others if s in positions or s.name.rstrip(BEFORE) == position.name),
        at_weights is not None,
        update(compiled),
        update_of_many(compiled),
        native_update(compiled) if at_weights is not None else None,
    )


def refuse_unfit_parameter(weights: torch.Tensor) -> None:
    """Raise TypeError where a parameter or its gradient is complex, sparse or without numbers."""
    refuse_unfit("a parameter", weights)
    if weights.grad is not None:
        refuse_unfit("the gradient of a parameter", weights.grad)


def local(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return the part of a tensor that this process holds, laid out over processes like another.

    A rule acts on each element alone, so that shards of one layout are all it needs.
    """
    if not hasattr(tensor, "to_local"):
        return tensor
    if tensor.placements != like.placements:
        tensor = tensor.redistribute(like.device_mesh, like.placements)
    shard: torch.Tensor = tensor.to_local()
    return shard


def _turned(expression: Any) -> Any:
    return expression.xreplace({force: -force for force in expression.atoms(*FORCES)})
