from .claim import Claim
from .integrators import PartitionedEuler, RungeKutta
from .moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Move,
    MoveError,
    Multiply,
    Neglect,
    ReduceOrder,
    Rescale,
    Step,
)
from .system import System, damped_particle, particle_with_friction, total_time_derivative

__all__ = [
    "Claim",
    "Define",
    "Divide",
    "Eliminate",
    "Integrate",
    "Isolate",
    "Limit",
    "Move",
    "MoveError",
    "Multiply",
    "Neglect",
    "PartitionedEuler",
    "ReduceOrder",
    "Rescale",
    "RungeKutta",
    "Step",
    "System",
    "damped_particle",
    "particle_with_friction",
    "total_time_derivative",
]
