"""Derived rules beside the hand-written optimizers: compared as maps on symbols, then run on numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from physsym import handwritten
from physsym.equivalence import same_rule
from physsym.kernels.backend import Value
from physsym.notation import BEFORE, grad
from physsym.optimizer import coordinates, optimizer
from physsym.problems import problem
from physsym.statement import Rule, Update, parameters, states
from physsym.verdict import Verdict

WRITTEN = (
    handwritten.gradient_descent,
    handwritten.heavy_ball,
    handwritten.heavy_ball_with_dampening,
    handwritten.nesterov,
)
STEPS = 1000
PROBLEM = "valley"
SETTINGS = {"rho": Fraction(9, 10), "step": Fraction(1, 25)}  # convergent on the valley for every method here

Written = Callable[..., tuple[Any, ...]]


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
    task = problem(PROBLEM)
    settings: dict[str, Value] = {
        s.name: float(SETTINGS.get(s.name, SETTINGS["step"])) for s in parameters(rule)
    }
    start = np.array(task.start, dtype=float)
    path = optimizer(rule, **settings).run(start, task.gradient, STEPS)
    by_hand = _run_by_hand(
        written, start, task.gradient, {n: settings[s.name] for n, s in calls.items() if s.name in settings}
    )
    return float(np.max(np.abs(path.x - by_hand)) / np.max(np.abs(by_hand)))


def _run_by_hand(written: Written, start: Any, gradient: Any, settings: dict[str, float]) -> Any:
    """Return the weights at every step of a hand-written optimizer, all other states starting from zero."""
    count = list(inspect.signature(written).parameters).index("grad")
    state: tuple[Any, ...] = (*[np.zeros_like(start)] * (count - 1), start)
    path = [start]
    for _ in range(STEPS):
        state = written(*state, gradient, **settings)
        path.append(state[-1])
    return np.stack(path)
