"""Verification of moves: each is undone or measured, never carried out again; independent of `transform`."""

from physsym.verify import algebra, integrate, limit, neglect
from physsym.verify.dimensions import dimensions
from physsym.verify.equivalence import identical
from physsym.verify.registry import check, verify_step

__all__ = [
    "algebra",
    "check",
    "dimensions",
    "identical",
    "integrate",
    "limit",
    "neglect",
    "verify_step",
]


def __dir__() -> list[str]:
    return sorted(__all__)
