"""Checking moves: each line is undone or measured, never carried out again. Nothing here imports `apply`.

The package is called as the function that it is about: `physsym.check(move, above, below)`.
"""

import sys
from types import ModuleType

from physsym.check import algebra, eliminate, integrate, limit
from physsym.check.dimensions import dimensions
from physsym.check.identity import identical
from physsym.check.registry import check
from physsym.moves import Move
from physsym.statement import Statement
from physsym.verdict import Verdict

__all__ = ["algebra", "check", "dimensions", "eliminate", "identical", "integrate", "limit"]


class _Check(ModuleType):
    def __call__(self, move: Move, above: Statement, below: Statement) -> Verdict:
        return check(move, above, below)


sys.modules[__name__].__class__ = _Check
