"""Carrying moves out: each gives a proposal for the next line. Nothing here decides whether it is right."""

from physsym.apply import algebra, eliminate, integrate, limit, neglect
from physsym.apply.registry import apply
from physsym.calling import called_as

__all__ = ["algebra", "apply", "eliminate", "integrate", "limit", "neglect"]

called_as(__name__, apply)
