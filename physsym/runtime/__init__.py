"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from physsym.runtime.bound import Bound
from physsym.runtime.coordinates import coordinates
from physsym.runtime.optimizer import Callback, Optimizer, State, optimizer
from physsym.runtime.trajectory import Trajectory

__all__ = ["Bound", "Callback", "Optimizer", "State", "Trajectory", "coordinates", "optimizer"]
