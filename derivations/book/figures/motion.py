"""A particle in a parabola, followed as exactly as numbers allow: position, velocity, energies and heat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr, Float, Symbol

from .experiment import Array, function_of
from physsym.analysis.exact_trajectory import sign_changes
from physsym.core.symbols import dot, grad, potential
from physsym.mechanics.system import System
from physsym.vocabulary import lam, x

_HEIGHT = lam * x**2 / 2
_IN_PARABOLA = {grad(x): lam * x, potential(x): _HEIGHT}


@dataclass(frozen=True, eq=False)
class Motion:
    """A system of the coordinate `x` in the potential `lam*x**2/2`, let go at rest at `start`.

    `parameters` are numbers by name, `lam` among them; the motion is sampled at `intervals` + 1 instants from
    0 to `until`. Asking for the motion raises ValueError where the law is not linear in that potential or a
    parameter is missing.
    """

    name: str
    system: System
    parameters: Mapping[str, float]
    until: float
    start: float = 1.0
    intervals: int = 400

    @property
    def times(self) -> Array:
        """Return the instants, of shape (intervals + 1,)."""
        return np.linspace(0, self.until, self.intervals + 1)

    @cached_property
    def states(self) -> Array:
        """Return position and velocity at each instant, of shape (intervals + 1, 2)."""
        return self._sampled(self.intervals)

    @property
    def kinetic(self) -> Array:
        """Return the kinetic energy at each instant."""
        return self.energy - self.potential

    @property
    def potential(self) -> Array:
        """Return the potential energy at each instant."""
        return self._along(_HEIGHT, self.states)

    @property
    def energy(self) -> Array:
        """Return the energy v dL/dv - L at each instant, L the Lagrangian of the system."""
        lagrangian = self.system.lagrangian
        energy = dot(x) * lagrangian.diff(dot(x)) - lagrangian
        return self._along(energy.xreplace(_IN_PARABOLA), self.states)

    @property
    def heat(self) -> Array:
        """Return what friction has taken up to each instant: its power, summed by the rule of Simpson.

        It is computed from the velocity alone, and so is a witness for the energy.
        """
        power = self._along(self.system.power, self._sampled(2 * self.intervals))
        sums = power[:-2:2] + 4 * power[1::2] + power[2::2]
        return np.concatenate([[0.0], np.cumsum(sums) * self.until / self.intervals / 6])

    @property
    def turns(self) -> int:
        """Return how often the particle passes the lowest point in the time shown."""
        return sign_changes(self.states[:, 0])

    @property
    def relaxation(self) -> float:
        """Return the time `tau` in which friction alone takes a velocity down to 1/e, by the law."""
        return -1 / float(self._matrix[1, 1])

    @property
    def stiffness(self) -> float:
        """Return `tau*lam/gamma`, a pure number; the motion oscillates where it exceeds 1/4."""
        return -float(self._matrix[1, 0]) * self.relaxation**2

    def _sampled(self, intervals: int) -> Array:
        step = _flow(self._matrix, self.until / intervals)
        states = [np.array([self.start, 0.0])]
        for _ in range(intervals):
            states.append(step @ states[-1])
        return np.array(states)

    @cached_property
    def _matrix(self) -> Array:
        """Return the matrix of the law, written as (x, v)' = matrix (x, v)."""
        (equation,) = self.system.law().equations
        residual = equation.residual.xreplace(_IN_PARABOLA)
        inertia = residual.diff(dot(dot(x)))
        entries = [-residual.diff(s) / inertia for s in (x, dot(x))]
        if any(e.free_symbols & {x, dot(x), dot(dot(x))} for e in entries):
            raise ValueError(
                f"the law of {self.name} is not linear in a parabola; give one with viscous friction"
            )
        return np.array([[0.0, 1.0], [float(e.xreplace(self._numbers(e))) for e in entries]])

    def _along(self, expression: Expr, states: Array) -> Array:
        found: Array = self._at(expression, x, dot(x))(*states.T)
        return found

    def _at(self, expression: Expr, *of: Symbol) -> Callable[..., Any]:
        """Return an expression at these parameters as a function of the symbols named."""
        numbers = self._numbers(expression, *of)
        return function_of(of, expression.xreplace(numbers))

    def _numbers(self, expression: Expr, *of: Symbol) -> dict[Symbol, Float]:
        """Return the parameters in an expression, other symbols than those named, with their values."""
        others = sorted(expression.free_symbols - set(of), key=str)
        if lost := [s.name for s in others if s.name not in self.parameters]:
            raise ValueError(f"the motion of {self.name} needs {', '.join(lost)}; give them as parameters")
        return {s: Float(self.parameters[s.name], 17) for s in others}


def _flow(matrix: Array, time: float) -> Array:
    """Return exp(matrix*time) by Taylor's series at a small time, squared back up."""
    halvings = max(0, int(np.ceil(np.log2(np.linalg.norm(matrix) * time + 1e-300))) + 4)
    small = matrix * time / 2**halvings
    term = total = np.eye(len(matrix))
    for k in range(1, 15):
        term = term @ small / k
        total = total + term
    return np.linalg.matrix_power(total, 2**halvings)
