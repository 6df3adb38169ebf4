"""Carrying moves out: each gives a proposal for the next line. Nothing here decides whether it is right.

The package is called as the function that it is about: `physsym.apply(move, line)`.
"""

import sys
from types import ModuleType

from physsym.apply import algebra, eliminate, integrate, limit
from physsym.apply.registry import apply
from physsym.moves import Move
from physsym.statement import Statement

__all__ = ["algebra", "apply", "eliminate", "integrate", "limit"]


class _Apply(ModuleType):
    def __call__(self, move: Move, line: Statement) -> Statement:
        return apply(move, line)


sys.modules[__name__].__class__ = _Apply
