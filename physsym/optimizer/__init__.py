"""An optimizer made from a rule: start, take one step, run, or update arrays in place."""

from physsym.calling import called_as
from physsym.optimizer.bound import Bound
from physsym.optimizer.coordinates import coordinates
from physsym.optimizer.core import Callback, Optimizer, State, optimizer
from physsym.optimizer.trajectory import Trajectory

__all__ = ["Bound", "Callback", "Optimizer", "State", "Trajectory", "coordinates", "optimizer"]

called_as(__name__, optimizer)
