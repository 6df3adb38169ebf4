"""Derived rules beside the hand-written optimizers: compared as maps on symbols, then run on numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Symbol

from . import reference
from physsym.core.statements import Rule, Update, parameters, states
from physsym.core.symbols import BEFORE, grad
from physsym.documents.comparisons import Comparison
from physsym.runtime import coordinates, optimizer
from physsym.runtime.backends.base import Value
from physsym.runtime.potentials import Array, problem
from physsym.verify.equivalence import same_rule

IMPLEMENTATIONS = (
    reference.gradient_descent,
    reference.heavy_ball,
    reference.heavy_ball_with_dampening,
    reference.nesterov,
)
STEPS = 1000
PROBLEM = "valley"
SETTINGS = {"rho": 0.9}
RATE = 0.04  # of every other parameter: with it each method here converges on the valley

Implementation: TypeAlias = Callable[..., tuple[Any, ...]]
Gradient: TypeAlias = Callable[[Array], Array]


@lru_cache(maxsize=64)
def compare(rule: Rule) -> tuple[Comparison, ...]:
    """Return the comparison of a rule with every hand-written optimizer of as many states and parameters.

    A rule that refers to an earlier state is compared with none.
    """
    if any(s.name.endswith(BEFORE) for s in states(rule)):
        return ()
    matched = ((function, match_arguments(function, rule)) for function in IMPLEMENTATIONS)
    return tuple(_compare(function, rule, symbols) for function, symbols in matched if symbols is not None)


def _compare(function: Implementation, rule: Rule, symbols: Mapping[str, Symbol]) -> Comparison:
    verdict = same_rule(rule, trace(function, symbols))
    deviation = relative_deviation(function, rule, symbols) if verdict else None
    return Comparison(function, tuple(symbols.items()), verdict, deviation, STEPS)


def match_arguments(function: Implementation, rule: Rule) -> dict[str, Symbol] | None:
    """Return the symbol of the rule for each argument but the gradient, or None where their numbers differ.

    The weights are the coordinate of the rule, other states follow in order; parameters are matched by name,
    and one without a namesake takes the place that is left.
    """
    names = list(inspect.signature(function).parameters)
    count = names.index("grad")
    positions = coordinates(rule)
    carried = [s for s in states(rule) if s not in positions] + list(positions)
    by_name = {p.name: p for p in parameters(rule)}
    unmatched = [p for name, p in by_name.items() if name not in names]
    wanted = [name for name in names[count + 1 :] if name not in by_name]
    if len(carried) != count or len(unmatched) != len(wanted):
        return None
    by_name |= dict(zip(wanted, unmatched, strict=True))
    return dict(zip(names[:count], carried, strict=True)) | {n: by_name[n] for n in names[count + 1 :]}


def trace(function: Implementation, symbols: Mapping[str, Symbol]) -> Rule:
    """Return the rule that a hand-written optimizer is, by calling it with symbols."""
    values: tuple[Expr, ...] = function(**symbols, grad=grad)
    names = list(inspect.signature(function).parameters)
    carried = [symbols[name] for name in names[: names.index("grad")]]
    return Rule(tuple(Update(s, value) for s, value in zip(carried, values, strict=True)))


def relative_deviation(function: Implementation, rule: Rule, symbols: Mapping[str, Symbol]) -> float:
    """Return the largest difference between both runs, relative to the largest number on the way."""
    gradient, start = problem(PROBLEM).gradient, np.array(problem(PROBLEM).start)
    settings: dict[str, Value] = {s.name: SETTINGS.get(s.name, RATE) for s in parameters(rule)}
    by_name = {name: settings[s.name] for name, s in symbols.items() if s.name in settings}
    derived = optimizer(rule, **settings).run(start, PROBLEM, STEPS).x[1:]
    by_hand = run_by_hand(function, start, gradient, by_name)
    largest, gap = 0.0, 0.0
    for ours, theirs in zip(derived, by_hand, strict=True):
        largest = max(largest, float(np.abs(theirs).max()))
        gap = max(gap, float(np.abs(ours - theirs).max()))
    return gap / largest


def run_by_hand(
    function: Implementation, start: Array, gradient: Gradient, settings: Mapping[str, Value]
) -> Iterator[Array]:
    """Yield the weights after every step of a hand-written optimizer, all other states starting from zero."""
    count = list(inspect.signature(function).parameters).index("grad")
    state: tuple[Array, ...] = (*[np.zeros_like(start)] * (count - 1), start)
    for _ in range(STEPS):
        state = function(*state, gradient, **settings)
        yield state[-1]
