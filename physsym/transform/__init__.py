"""Carrying moves out: each gives a proposal for the next line. Nothing here decides whether it is right."""

from physsym.transform import algebra, eliminate, integrate, limit, neglect
from physsym.transform.registry import apply, transform_step

__all__ = ["algebra", "apply", "eliminate", "integrate", "limit", "neglect", "transform_step"]
