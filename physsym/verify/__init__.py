"""Verification of moves: each is undone or measured, never carried out again; independent of `transform`."""

from physsym.verify import algebra, integrate, limit, neglect
from physsym.verify.dimensions import dimensions
from physsym.verify.equivalence import identical
from physsym.verify.registry import check, verify_step
from physsym.verify.variation import follows_from

__all__ = [
    "algebra",
    "check",
    "dimensions",
    "follows_from",
    "identical",
    "integrate",
    "limit",
    "neglect",
    "verify_step",
]


def __dir__() -> list[str]:
    return sorted(__all__)
