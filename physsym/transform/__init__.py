"""Carrying moves out: each proposes the next line, which `verify` decides on independently."""

from physsym.transform import algebra, integrate, limit, neglect
from physsym.transform.registry import apply, transform_step

__all__ = ["algebra", "apply", "integrate", "limit", "neglect", "transform_step"]


def __dir__() -> list[str]:
    return sorted(__all__)
