"""Carrying moves out: each gives a proposal for the next line. Nothing here decides whether it is right."""

from physsym.apply import algebra, eliminate, integrate, limit
from physsym.apply.registry import apply

__all__ = ["algebra", "apply", "eliminate", "integrate", "limit"]
