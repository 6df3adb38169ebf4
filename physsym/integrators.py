"""The one-step methods, by name, and the types they are made of."""

from physsym.mechanics.integrators import (
    Method,
    PartitionedEuler,
    RungeKutta,
    backward_euler,
    explicit_midpoint,
    forward_euler,
    heun,
    implicit_midpoint,
    runge_kutta_4,
    semi_implicit_euler,
    ssp33,
)
from physsym.methods.exponential_euler import exponential_euler
from physsym.methods.velocity_verlet import velocity_verlet

ALL: tuple[Method, ...] = (
    forward_euler,
    backward_euler,
    implicit_midpoint,
    exponential_euler,
    semi_implicit_euler,
    semi_implicit_euler.with_friction("implicit"),
    semi_implicit_euler.with_friction("midpoint"),
    semi_implicit_euler.with_friction("exponential"),
    velocity_verlet,
    explicit_midpoint,
    heun,
    ssp33,
    runge_kutta_4,
)
"""All of them, semi-implicit Euler with each treatment of friction."""

__all__ = [
    "ALL",
    "Method",
    "PartitionedEuler",
    "RungeKutta",
    "backward_euler",
    "explicit_midpoint",
    "exponential_euler",
    "forward_euler",
    "heun",
    "implicit_midpoint",
    "runge_kutta_4",
    "semi_implicit_euler",
    "ssp33",
    "velocity_verlet",
]


def __dir__() -> list[str]:
    return sorted(__all__)
