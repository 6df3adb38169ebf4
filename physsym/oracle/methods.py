"""One step of a named integrator in floats, from the fields of the method alone, against a rule.

Another method of the same order cannot be told apart by convergence; one step can. The residual of a right
rule is rounding, that of a wrong one is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.linalg import expm

from physsym.core.statements import Rule
from physsym.core.symbols import DOT
from physsym.oracle.formulas import CASES, NotSimulatedError
from physsym.oracle.motions import TIME
from physsym.oracle.runs import one_step

RIGHT = 1e-9
CLOCK = " clock"  # among the numbers of a step, the name of the time that the method is told to read
CLOCKS = {"old": 0.0, "midpoint": 0.5, "new": 1.0}
Numbers = dict[str, Any]
Rates = Callable[[Mapping[str, Any]], Numbers]


def method_defect(
    method: Any,
    rates: Rates,
    rule: Rule,
    step: str,
    values: Numbers,
    first: Sequence[frozenset[str]],
) -> float:
    """Return by how much a rule misses one step of a method, relative to the size of the change.

    Parameters
    ----------
    method
        A method with a tableau (`matrix`, `weights`), with weights (`own`, `updated`, `pending`), or one
        known by the name of its class.
    rates
        The rate of each state of the law, by name, at values of states and constants.
    rule
        The rule that is said to be one step of the method.
    step
        The name of the time step.
    values
        Numbers before the step, for all states and constants; under `CLOCK` the time that is read, if one is
        chosen.
    first
        The sets of states that may move first; the smallest defect counts.

    Returns
    -------
    float

    Raises
    ------
    NotSimulatedError
        For a method of an unknown kind.
    """
    new = one_step(rule, values)
    states = [s for s in rates(values) if s in new]
    if set(states) - {TIME} != set(rates(values)) - {TIME}:
        return float("inf")
    h = np.asarray(values[step], float)
    residuals = defects_of(method)
    defects = []
    for block in first or [frozenset(states)]:
        for rows in residuals(method, rates, values, new, h, block):
            gaps = [np.abs(row) / (1e-6 + np.abs(new[s] - values[s]) + np.abs(h)) for s, row in rows.items()]
            defects.append(max(float(np.max(np.broadcast_to(g, (CASES,)))) for g in gaps))
    finite = [d for d in defects if np.isfinite(d)]
    clock = float(np.max(np.abs(new[TIME] - values[TIME] - h))) if TIME in new else 0.0
    return max(min(finite, default=float("inf")), clock)


def blocks(states: Sequence[str], coordinates: frozenset[str], named: Sequence[str]) -> list[frozenset[str]]:
    """Return the sets of states that may move first: those named, else velocities, else any."""
    own = [s for s in states if s != TIME]
    if named:
        return [frozenset(named)]
    positions = coordinates & set(own)
    if positions and positions != set(own):
        return [frozenset(own) - positions]
    return [frozenset(c) for n in range(1, len(own) + 1) for c in combinations(own, n)]


def is_partitioned(method: Any) -> bool:
    """Return whether a method moves some states before others."""
    if hasattr(method, "own"):
        return not method.own == method.updated == method.pending
    return type(method).__name__ == "VelocityVerlet"


def defects_of(method: Any) -> Callable[..., Iterator[Numbers]]:
    """Return the function that compares a step with a method of this kind."""
    if hasattr(method, "matrix") and hasattr(method, "weights"):
        return tableau_defect
    if hasattr(method, "own") and hasattr(method, "updated") and hasattr(method, "pending"):
        return mixture_defects
    known = {"VelocityVerlet": verlet_defect, "ExponentialEuler": exponential_defect}
    if type(method).__name__ not in known:
        raise NotSimulatedError(f"no step of {getattr(method, 'name', method)} in numbers is known")
    return known[type(method).__name__]


def _at(values: Numbers, changed: Mapping[str, Any], time: Any) -> Numbers:
    return {**values, **changed, TIME: time}


def tableau_defect(
    method: Any, rates: Rates, values: Numbers, new: Numbers, h: Any, first: frozenset[str]
) -> Iterator[Numbers]:
    """Yield the gap to a Runge-Kutta step, whose stages read the time at the sums of their rows."""
    states, stages = list(rates(values)), list[Numbers]()
    for i, row in enumerate(method.matrix):
        if any(row[i:]):
            raise NotSimulatedError(f"{method.name} is implicit; its stages are not solved for")
        moved = {
            s: values[s] + h * sum(float(a) * k[s] for a, k in zip(row, stages, strict=False)) for s in states
        }
        stages.append(rates(_at(values, moved, values[TIME] + h * float(sum(row)))))
    ends = {
        s: values[s] + h * sum(float(b) * k[s] for b, k in zip(method.weights, stages, strict=True))
        for s in states
    }
    yield {s: new[s] - ends[s] for s in states}


def mixture_defects(
    method: Any, rates: Rates, values: Numbers, new: Numbers, h: Any, first: frozenset[str]
) -> Iterator[Numbers]:
    """Yield the gap to a step that reads mixtures of old and new values, and the time at one weight."""
    states = [s for s in rates(values) if s != TIME]
    second = frozenset(states) - first
    exact = isinstance(method.own, str)
    inner = 0.0 if exact else float(method.own)
    time = values[TIME] + h * CLOCKS.get(values.get(CLOCK, ""), inner)
    rows: Numbers = {}
    for state in states:
        own, other = (first, second) if state in first else (second, first)
        between = float(method.pending if state in first else method.updated)
        weights = dict.fromkeys(own, inner) | dict.fromkeys(other, between)
        point = _at(values, {s: (1 - w) * values[s] + w * new[s] for s, w in weights.items()}, time)
        if exact:
            rows[state] = new[state] - exact_decay(state, rates, point, values[state], h)
        else:
            rows[state] = new[state] - values[state] - h * rates(point)[state]
    yield rows


def exact_decay(state: str, rates: Rates, point: Numbers, old: Any, h: Any) -> Any:
    """Return the exact solution of s' = a*s + b after a step, a and b held still and read off in numbers."""
    rest, one, two = (rates({**point, state: old * 0 + k})[state] for k in (0.0, 1.0, 2.0))
    slope = one - rest
    if not np.allclose(two, rest + 2 * slope, rtol=1e-9, atol=1e-9):
        return old + np.nan
    safe = np.where(np.abs(slope) < 1e-14, 1.0, slope)
    factor = np.where(np.abs(slope) < 1e-14, h, np.expm1(safe * h) / safe)
    return old + factor * (slope * old + rest)


def verlet_defect(
    method: Any, rates: Rates, values: Numbers, new: Numbers, h: Any, first: frozenset[str]
) -> Iterator[Numbers]:
    """Yield the gap to half a kick, a drift, and half a kick with the new force."""
    time = values[TIME]
    states = [s for s in rates(values) if s != TIME]
    half = {s: values[s] + h / 2 * rates(values)[s] for s in first}
    for share in (0.0, 0.5, 1.0) if TIME in new else (0.0,):
        drift = rates(_at(values, half, time + share * h))
        moved = {s: values[s] + h * drift[s] for s in states if s not in first}
        kick = rates(_at(values, {**half, **moved}, time + h))
        ends = {**moved, **{s: half[s] + h / 2 * kick[s] for s in first}}
        yield {s: new[s] - ends[s] for s in states}


def exponential_defect(
    method: Any, rates: Rates, values: Numbers, new: Numbers, h: Any, first: frozenset[str]
) -> Iterator[Numbers]:
    """Yield the gap to the exact flow of a linear law with constant coefficients."""
    states = list(rates(values))
    nowhere = {s: np.zeros(CASES) for s in states}

    def rows(point: Mapping[str, Any]) -> Any:
        rate = rates({**values, **nowhere, **point})
        return np.stack([np.broadcast_to(rate[s], (CASES,)) for s in states])

    rest = rows({})
    columns = np.stack([rows({s: np.ones(CASES)}) - rest for s in states], axis=1)
    ends = np.empty((len(states), CASES))
    for case in range(CASES):
        size = float(np.broadcast_to(h, (CASES,))[case])
        matrix = np.zeros((len(states) + 1, len(states) + 1))
        matrix[:-1, :-1], matrix[:-1, -1] = size * columns[..., case], size * rest[:, case]
        old = [float(np.broadcast_to(values[s], (CASES,))[case]) for s in states]
        ends[:, case] = (expm(matrix) @ [*old, 1.0])[:-1]
    yield {s: new[s] - end for s, end in zip(states, ends, strict=True)}


def rates_of(equations: Any) -> Rates:
    """Return the function that gives the rate of each state of a law of first order."""

    def rates(values: Mapping[str, Any]) -> Numbers:
        found = equations.solve({k: v for k, v in values.items() if k not in equations.unknowns})
        return {name: found[name + DOT] for name, order in equations.orders.items() if order == 1}

    return rates
