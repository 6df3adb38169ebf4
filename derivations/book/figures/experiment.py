"""Runs of derived rules on a function of two weights: what figures draw, and say in their captions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Symbol, lambdify

from physsym.analysis.exact_trajectory import sign_changes
from physsym.derivation import Derivation
from .words import given
from physsym.runtime import Optimizer, Trajectory, optimizer
from physsym.runtime.potentials import PROBLEMS, Problem
from physsym.core.statements import Rule

Array: TypeAlias = np.ndarray[Any, Any]


def rule_of(derived: Rule | Derivation) -> Rule:
    """Return the rule that a derivation ends with, or the rule given.

    Raises DerivationError for a derivation that ends with a law, TypeError for anything else.
    """
    if isinstance(derived, Derivation):
        return derived.rule
    if not isinstance(derived, Rule):
        raise TypeError(f"expected a rule or a derivation, given {type(derived).__name__}")
    return derived


# Given one by one, since `from numpy import *`, as SymPy does otherwise, imports a compiler of Fortran.
_FUNCTIONS = {name: getattr(np, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "pi")}


def function_of(arguments: Symbol | Sequence[Symbol], expression: Expr) -> Callable[..., Any]:
    """Return an expression as a function of numbers or arrays in place of its symbols."""
    found: Callable[..., Any] = lambdify(arguments, expression, modules=[_FUNCTIONS])
    return found


@dataclass(frozen=True, eq=False)
class Experiment:
    """A rule with its parameters, tried for a number of steps on a test function from its usual start.

    The parameters are numbers by name, as `physsym.optimizer` takes them. The run is made when asked for.
    """

    name: str
    derived: Rule | Derivation
    parameters: Mapping[str, float]
    steps: int
    problem: Problem = PROBLEMS["valley"]
    start: tuple[float, ...] = field(default=())

    @cached_property
    def optimizer(self) -> Optimizer:
        """Return the rule as an optimizer; errors as from `physsym.optimizer`."""
        values: dict[str, Any] = dict(self.parameters)
        return optimizer(rule_of(self.derived), **values)

    @cached_property
    def trajectory(self) -> Trajectory:
        """Return the run; FloatingPointError, naming the step, where it leaves the numbers."""
        start = np.array(self.start or self.problem.start, dtype=float)
        return self.optimizer.run(start, self.problem, self.steps)

    @property
    def places(self) -> Array:
        """Return the positions, of shape (steps + 1, number of weights)."""
        return self.trajectory.x

    @cached_property
    def losses(self) -> Array:
        """Return the loss at each position above the smallest there is, of shape (steps + 1,)."""
        return np.array([self.problem.value(w) for w in self.places]) - self.problem.lowest

    @property
    def turns(self) -> tuple[int, ...]:
        """Return for each weight how often its sign changes from one step to the next."""
        return tuple(map(sign_changes, self.places.T))

    def steps_to(self, fraction: float) -> int | None:
        """Return the first step from which on the loss is below a fraction of that at the start, or None."""
        above = np.flatnonzero(self.losses > fraction * self.losses[0])
        first = int(above[-1]) + 1 if above.size else 0
        return first if first <= self.steps else None

    @property
    def description(self) -> str:
        """Return name and parameters, the formulas in backticks as prose has them."""
        return f"{self.name} ({given(self.parameters)})"
