"""Update rules from Python and NumPy functions and classes."""

from __future__ import annotations

from collections.abc import Mapping

from physsym.optimizers.lifted import Lifted, LiftError


def recognises(thing: object) -> bool:
    """Return whether a thing is a function, a class or an object with a step."""
    return callable(thing)


def lift_python(thing: object, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return the rule of a function or a class."""
    raise LiftError(f"{thing} cannot be lifted")
