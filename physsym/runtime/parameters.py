"""Parameters that are more than one number: schedules over the steps, and a value for each weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from physsym.codegen import state_name
from physsym.core.counts import counted
from physsym.core.statements import Rule, Update
from physsym.runtime.backends import pytree
from physsym.runtime.backends.arrays import number, refuse_unlike_arrays
from physsym.runtime.backends.base import Backend, Value
from physsym.runtime.start import refuse_out_of_range


@dataclass(frozen=True)
class Schedule:
    """A parameter with a value for each step, made by `schedule`; a callable of the number of steps done."""

    values: tuple[float, ...]

    def __call__(self, done: Value) -> Value:
        """Return the value after so many steps; ValueError beyond the end, NaN where the number is traced."""
        if not isinstance(done, (int, np.integer)):  # of a library that traces: not a number beyond the end
            listed = done.__array_namespace__().asarray((*self.values, np.nan))
            return listed[done.clip(max=len(self.values))]
        if not 0 <= done < len(self.values):
            raise ValueError(
                f"the schedule has {counted(len(self.values), 'value')}, none for step {done + 1}; "
                "give as many as there are steps"
            )
        return self.values[done]


def schedule(values: Any) -> Schedule:
    """Return a parameter that changes from step to step, by its values.

    Parameters
    ----------
    values : array, (steps,)
        The value in each step, the first one first.

    Returns
    -------
    Schedule
        A callable of the number of steps done, as `optimizer` and the adapters take it.

    Raises
    ------
    TypeError, ValueError
        For what is no row of finite numbers.

    Examples
    --------
    >>> rates = schedule([0.5, 0.25])
    >>> rates(0), rates(1)
    (0.5, 0.25)
    """
    if np.ndim(values) != 1 or not len(values):
        raise ValueError(f"a schedule is a row of numbers, one a step, given the shape {np.shape(values)}")
    return Schedule(tuple(number(f"step {k + 1} of the schedule", v) for k, v in enumerate(values)))


def is_schedule(value: Value) -> bool:
    """Return whether a parameter is a function of the number of steps done."""
    return callable(value)


def is_spread(value: Value) -> bool:
    """Return whether a parameter has more than one value: an array with axes, or a tree."""
    return isinstance(value, (Mapping, list, tuple)) or (
        not is_schedule(value) and getattr(value, "ndim", 0) > 0
    )


def numbers_at(parameters: Mapping[str, Value], done: Value) -> dict[str, Value]:
    """Return the parameters that are one number, after so many steps."""
    return {
        name: value(done) if is_schedule(value) else value
        for name, value in parameters.items()
        if not is_spread(value)
    }


def refuse_short(parameters: Mapping[str, Value], steps: int) -> None:
    """Raise ValueError for a schedule that ends before the last step."""
    for name, value in parameters.items():
        if isinstance(value, Schedule) and len(value.values) < steps:
            raise ValueError(
                f"{name} has values for {counted(len(value.values), 'step')}, and "
                f"{counted(steps, 'step')} shall be taken; "
                "give as many as there are steps"
            )


def with_spread_as_states(rule: Rule, parameters: Mapping[str, Value]) -> Rule:
    """Return the rule with each parameter that has many values as a state that stays as it is."""
    kept = [Update(p, p) for p in rule.parameters if is_spread(parameters.get(state_name(p)))]
    return replace(rule, updates=(*rule.updates, *kept)) if kept else rule


def refuse_spread_out_of_range(rule: Rule, parameters: Mapping[str, Value]) -> None:
    """Raise ValueError where a value of a parameter with many is not finite, or outside of its range."""
    looked = {name: _leaf_values(name, v) for name, v in parameters.items() if is_spread(v)}
    many = {name: values for name, values in looked.items() if values is not None}
    if not many:
        return
    is_paired = len({v.size for v in many.values()}) == 1
    refuse_out_of_range(rule, {**numbers_at(parameters, 0), **many}, is_paired=is_paired)


def _leaf_values(name: str, value: Value) -> np.ndarray[Any, Any] | None:
    """Return all values of a parameter in a row; None for those that a caller traces, which are not known."""
    leaves = pytree.flatten(value, pytree.holds_no_array)[0]
    for leaf in leaves:
        refuse_unlike_arrays(name, leaf)
        try:
            kind = np.asarray(leaf).dtype.kind
        except TypeError:
            return None
        if kind not in "fiu":
            raise TypeError(f"{name} must hold real numbers, given {leaf!r}")
    found = np.concatenate([np.ravel(np.asarray(leaf, float)) for leaf in leaves] or [np.array([])])
    if not found.size:
        raise ValueError(f"{name} holds no value; give one number, or one for each weight")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite, given {value}")
    return found


def spread(name: str, value: Value, like: Value, backend: Backend) -> Value:
    """Return the values of a parameter in the form of a state: its tree, and its shapes and types.

    A number or an array is given to all leaves of a tree, to which it must broadcast.
    """
    if isinstance(like, Mapping):
        if not isinstance(value, Mapping):
            return {key: spread(name, value, own, backend) for key, own in like.items()}
        if value.keys() != like.keys():
            raise ValueError(f"{name} has values for {_listed(value)}, and the states are {_listed(like)}")
        return {key: spread(f"{name}[{key!r}]", value[key], own, backend) for key, own in like.items()}
    if isinstance(like, (list, tuple)) and not pytree.holds_no_array(like):
        parts = list(_parts(name, value, like, backend))
        return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)
    if isinstance(value, Mapping):
        raise TypeError(f"{name} is a tree, and the states are arrays; give an array, or one number")
    if backend.spread is None:
        raise TypeError(f"{name} must be one real number with the backend {backend.name!r}, given {value!r}")
    try:
        return backend.spread(value, like)
    except (ValueError, RuntimeError) as error:
        raise ValueError(
            f"{name} has the shape {np.shape(value)}, and the states {np.shape(like)}: "
            "give one number, or one for each weight"
        ) from error


def _parts(name: str, value: Value, like: Any, backend: Backend) -> Iterator[Value]:
    values = list(value) if isinstance(value, (list, tuple)) else [value] * len(like)
    if len(values) != len(like):
        raise ValueError(f"{name} has {counted(len(values), 'value')} for {counted(len(like), 'array')}")
    return (
        spread(f"{name}[{k}]", v, own, backend) for k, (v, own) in enumerate(zip(values, like, strict=True))
    )


def _listed(tree: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, tree)) or "nothing"


def equal_values(one: Value, other: Value) -> bool:
    """Return whether two values of a parameter are the same: numbers, arrays, trees or functions."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal_values(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(equal_values, one, other))
    if is_spread(one) or is_spread(other):
        trees = (Mapping, list, tuple)
        return not isinstance(one, trees) and not isinstance(other, trees) and np.array_equal(one, other)
    return bool(one == other)
