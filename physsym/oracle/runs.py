"""Rules run in numbers, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from physsym.core.statements import Rule, symbols
from physsym.core.symbols import AFTER, BEFORE
from physsym.oracle.formulas import CASES, Values, compiled

if TYPE_CHECKING:  # it needs SciPy, which runs without signals do not
    from physsym.oracle.motions import Signals


def depth(rule: Rule) -> int:
    """Return how many steps back a rule reads."""
    return max(len(s.name) - len(s.name.rstrip(BEFORE)) for s in symbols(rule))


def reads(rule: Rule) -> frozenset[str]:
    """Return the names of all symbols in a rule."""
    return frozenset(str(s.name) for s in symbols(rule))


def run(
    rule: Rule,
    start: Values,
    constants: Values,
    steps: int,
    times: Any = None,
    signals: Signals | None = None,
) -> dict[str, Any]:
    """Return the states of a rule before each step and at the end, of shape (steps + 1, cases).

    `start` holds its states, also those of earlier instants that it reads. A rule that reads the time and
    does not update it reads the time of the start throughout. `times` are those at which functions of
    time that it reads are taken.
    """
    updates = [(str(u.target.name), compiled((u.value,))) for u in rule.updates]
    back = {name: depth_of for name, _ in updates if (depth_of := depth_of_name(name, rule))}
    values: dict[str, Any] = {**constants, **start}
    tracks: dict[str, list[Any]] = {name: [values[name]] for name, _ in updates}
    for k in range(steps):
        for name, function in (signals or {}).items():
            values[name] = function(times[k])
        new: dict[str, Any] = {}
        for name, formula in updates:
            new[name] = values[name + AFTER] = formula(values)[0]
        for name, far in back.items():
            for j in range(far, 0, -1):
                values[name + BEFORE * j] = values[name + BEFORE * (j - 1)]
        for name, value in new.items():
            values[name] = value
            tracks[name].append(value)
    return {name: np.array([np.broadcast_to(v, (CASES,)) for v in track]) for name, track in tracks.items()}


def depth_of_name(name: str, rule: Rule) -> int:
    """Return how many steps back a rule reads one state."""
    read = reads(rule)
    return max((j for j in range(1, depth(rule) + 1) if name + BEFORE * j in read), default=0)


def one_step(rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the new value of every target from the values before the step."""
    held = dict(values)
    found: dict[str, Any] = {}
    for update in rule.updates:
        name = str(update.target.name)
        found[name] = held[name + AFTER] = compiled((update.value,))(held)[0]
    return found
