"""One-step integrators as data: at which mixture of old and new values each rate is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr, Integer, Rational

OLD, MIDDLE, NEW = Integer(0), Rational(1, 2), Integer(1)
Own: TypeAlias = Expr | Literal["exact"]


@dataclass(frozen=True)
class Integrator:
    """A one-step method for a law of first order, (s_new - s)/dt = rate, told by where the rate is read.

    Each weight is the share of the new value in the mixture (1 - weight)*old + weight*new at which the rate
    of a state reads: `own` that state itself, `updated` a state updated earlier in the step, `waiting` one
    updated later. `own = "exact"` follows the state's own linear decay exactly, all else held still.
    `first` says which states are updated first: those whose rate is nothing but another state (positions),
    or the others (velocities). `order` is the order of accuracy that the method has for every law.
    """

    name: str
    order: int
    own: Own = OLD
    updated: Expr = OLD
    waiting: Expr = OLD
    first: Literal["velocities", "positions"] = "velocities"


forward_euler = Integrator("forward Euler", 1)
semi_implicit_euler = Integrator("semi-implicit Euler", 1, updated=NEW)
semi_implicit_euler_positions_first = Integrator(
    "semi-implicit Euler, positions first", 1, updated=NEW, first="positions"
)
backward_euler = Integrator("semi-implicit Euler with backward Euler friction", 1, own=NEW, updated=NEW)
implicit_midpoint = Integrator(
    "semi-implicit Euler with implicit midpoint friction", 1, own=MIDDLE, updated=NEW
)
exponential_euler = Integrator("semi-implicit Euler with exponential friction", 1, own="exact", updated=NEW)
fully_implicit_euler = Integrator("fully implicit Euler", 1, own=NEW, updated=NEW, waiting=NEW)

integrators = (
    forward_euler,
    semi_implicit_euler,
    semi_implicit_euler_positions_first,
    backward_euler,
    implicit_midpoint,
    exponential_euler,
    fully_implicit_euler,
)
