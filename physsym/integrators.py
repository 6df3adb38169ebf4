"""The one-step methods, by name, and the types they are made of."""

from physsym.mechanics.integrators import (
    ExplicitRungeKutta,
    Integrator,
    backward_euler,
    explicit_midpoint,
    exponential_euler,
    forward_euler,
    fully_implicit_euler,
    heun,
    implicit_midpoint,
    integrators,
    runge_kutta_4,
    semi_implicit_euler,
    semi_implicit_euler_positions_first,
    ssp33,
)

__all__ = [
    "ExplicitRungeKutta",
    "Integrator",
    "backward_euler",
    "explicit_midpoint",
    "exponential_euler",
    "forward_euler",
    "fully_implicit_euler",
    "heun",
    "implicit_midpoint",
    "integrators",
    "runge_kutta_4",
    "semi_implicit_euler",
    "semi_implicit_euler_positions_first",
    "ssp33",
]
