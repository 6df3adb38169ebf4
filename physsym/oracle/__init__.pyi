from .observation import Observation, StateConvergence, contradicts, observe, simulate

__all__ = ["Observation", "StateConvergence", "contradicts", "observe", "simulate"]
