"""Checking moves: each line is undone or measured, never carried out again. Nothing here imports `apply`."""

from physsym.calling import called_as
from physsym.check import algebra, eliminate, integrate, limit, neglect
from physsym.check.dimensions import dimensions
from physsym.check.identity import identical
from physsym.check.registry import check

__all__ = ["algebra", "check", "dimensions", "eliminate", "identical", "integrate", "limit", "neglect"]

called_as(__name__, check)
