"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from physsym.runtime.bound import Bound
from physsym.runtime.coordinates import coordinates
from physsym.runtime.optimizer import Callback, Optimizer, State, optimizer
from physsym.runtime.problems import PROBLEMS, Problem, problem
from physsym.runtime.sweep import Sweep, sweep
from physsym.runtime.trajectory import Trajectory

__all__ = [
    "PROBLEMS",
    "Bound",
    "Callback",
    "Optimizer",
    "Problem",
    "State",
    "Sweep",
    "Trajectory",
    "coordinates",
    "optimizer",
    "problem",
    "sweep",
]
