"""Derived rules beside the hand-written optimizers: compared as maps on symbols, then run on numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Symbol

from . import reference
from physsym.verify.equivalence import same_rule
from physsym.runtime.backends.base import Value
from physsym.core.symbols import BEFORE, grad
from physsym.runtime import coordinates, optimizer
from physsym.runtime.problems import Array, problem
from physsym.core.statements import Rule, Update, parameters, states
from physsym.core.verdicts import Verdict

WRITTEN = (
    reference.gradient_descent,
    reference.heavy_ball,
    reference.heavy_ball_with_dampening,
    reference.nesterov,
)
STEPS = 1000
PROBLEM = "valley"
SETTINGS = {"rho": 0.9, "step": 0.04}  # convergent on the valley for every method here

Written: TypeAlias = Callable[..., tuple[Any, ...]]
Gradient: TypeAlias = Callable[[Array], Array]


@dataclass(frozen=True)
class Comparison:
    """One derived rule beside one hand-written optimizer.

    `verdict` is on the symbols; where it holds, `deviation` is the largest difference over a run of `steps`
    steps in double precision, relative to the largest number met.
    """

    written: Written
    called: tuple[tuple[str, Symbol], ...]
    verdict: Verdict
    deviation: float | None = None
    steps: int = STEPS


@lru_cache(maxsize=64)
def compared(rule: Rule) -> tuple[Comparison, ...]:
    """Return the comparison of a rule with every hand-written optimizer of as many states and parameters."""
    found = [(written, _calls(written, rule)) for written in WRITTEN if not _looks_back(rule)]
    return tuple(_comparison(written, rule, calls) for written, calls in found if calls is not None)


def _looks_back(rule: Rule) -> bool:
    return any(s.name.endswith(BEFORE) for s in states(rule))


def _calls(written: Written, rule: Rule) -> dict[str, Symbol] | None:
    """Return which symbol of the rule each argument is called with, or None where the numbers do not match.

    The weights are the coordinate of the rule, other states follow in order; parameters go by name, and one
    of another name takes the place that is left.
    """
    names = list(inspect.signature(written).parameters)
    k = names.index("grad")
    places = coordinates(rule)
    carried = [s for s in states(rule) if s not in places] + list(places)
    left = [p for p in parameters(rule) if p.name not in names]
    wanted = [n for n in names[k + 1 :] if n not in [p.name for p in parameters(rule)]]
    if len(carried) != k or len(left) != len(wanted):
        return None
    by_name = {p.name: p for p in parameters(rule)} | dict(zip(wanted, left, strict=True))
    return dict(zip(names[:k], carried, strict=True)) | {n: by_name[n] for n in names[k + 1 :]}


def _comparison(written: Written, rule: Rule, calls: dict[str, Symbol]) -> Comparison:
    verdict = same_rule(rule, traced(written, calls))
    deviation = _deviation(written, rule, calls) if verdict else None
    return Comparison(written, tuple(calls.items()), verdict, deviation)


def traced(written: Written, calls: dict[str, Symbol]) -> Rule:
    """Return the rule that a hand-written optimizer is, by calling it with symbols."""
    values: tuple[Expr, ...] = written(**calls, grad=grad)
    return Rule(tuple(Update(s, value) for s, value in zip(_carried(written, calls), values, strict=True)))


def _carried(written: Written, calls: dict[str, Symbol]) -> list[Symbol]:
    names = list(inspect.signature(written).parameters)
    return [calls[name] for name in names[: names.index("grad")]]


def _deviation(written: Written, rule: Rule, calls: dict[str, Symbol]) -> float:
    """Return the largest difference between both runs, relative to the largest number on the way."""
    gradient, start = problem(PROBLEM).gradient, np.array(problem(PROBLEM).start)
    settings: dict[str, Value] = {s.name: SETTINGS.get(s.name, SETTINGS["step"]) for s in parameters(rule)}
    by_name = {name: settings[s.name] for name, s in calls.items() if s.name in settings}
    pairs = zip(
        _derived_run(rule, start, gradient, settings), _run(written, start, gradient, by_name), strict=True
    )
    largest, gap = 0.0, 0.0
    for derived, by_hand in pairs:
        largest = max(largest, float(np.abs(by_hand).max()))
        gap = max(gap, float(np.abs(derived - by_hand).max()))
    return gap / largest


def _derived_run(rule: Rule, start: Array, gradient: Gradient, settings: dict[str, Value]) -> Iterator[Array]:
    """Yield the weights after every step of the derived rule, taken in place."""
    compiled = optimizer(rule, **settings)
    state, slope, position = compiled.init(start), np.empty_like(start), coordinates(rule)[0].name
    bound = compiled.bind(state, slope)
    for _ in range(STEPS):
        slope[...] = gradient(compiled.place(state))
        bound.step()
        yield state[position]


def _run(written: Written, start: Array, gradient: Gradient, settings: dict[str, Value]) -> Iterator[Array]:
    """Yield the weights after every step of a hand-written optimizer, all other states starting from zero."""
    count = list(inspect.signature(written).parameters).index("grad")
    state: tuple[Array, ...] = (*[np.zeros_like(start)] * (count - 1), start)
    for _ in range(STEPS):
        state = written(*state, gradient, **settings)
        yield state[-1]
