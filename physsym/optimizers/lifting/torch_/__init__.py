"""Optimizers of PyTorch: classes of `torch.optim`, subclasses of `torch.optim.Optimizer`, and optimizers.

The code runs on real numbers that carry expressions (`trace`, `modes`, `functions`): first a step from a
fresh start, then one in which all states are symbols (`runs`), along each branch on data (`exploring`).
`coordinates` tells whether each weight is updated by itself, `reading` puts the laws together, `assumptions`
tries the other side of each branch on hyperparameters, and `lift` makes the rule of it, which `self_check`
compares with the running class.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping

from physsym.optimizers.lifted import Lifted

__all__ = ["lift_torch", "recognises"]


def recognises(thing: object) -> bool:
    """Return whether a thing is an optimizer of PyTorch or a class of them; PyTorch is not imported."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if isinstance(thing, functools.partial):
        thing = thing.func
    optimizer = torch.optim.Optimizer
    return isinstance(thing, optimizer) or (
        isinstance(thing, type) and issubclass(thing, optimizer) and thing is not optimizer
    )


def lift_torch(thing: object, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return the rule of a class of optimizers of PyTorch, or of an optimizer.

    Raises LiftError, with the line, where no rule can be read, and TypeError for an unknown hyperparameter.
    """
    from physsym.optimizers.lifting.torch_.lift import lift_optimizer

    return lift_optimizer(thing, hyperparameters)
