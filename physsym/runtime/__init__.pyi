from .backends import lambdify, load_backend, register_backend
from .bound import Bound
from .optimizers import Optimizer, optimizer
from .parameters import Schedule, schedule
from .potentials import PROBLEMS, Problem, problem
from .rollout import Callback, Trajectory
from .states import State, coordinates
from .sweeps import Sweep, sweep

__all__ = [
    "PROBLEMS",
    "Bound",
    "Callback",
    "Optimizer",
    "Problem",
    "Schedule",
    "State",
    "Sweep",
    "Trajectory",
    "coordinates",
    "lambdify",
    "load_backend",
    "optimizer",
    "problem",
    "register_backend",
    "schedule",
    "sweep",
]
