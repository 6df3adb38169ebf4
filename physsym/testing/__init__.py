"""Support for tests: `strategies` draws random systems, laws, rules and steps with Hypothesis.

Importing this costs nothing: Hypothesis and SymPy are imported when `strategies` is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["strategies"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'physsym.testing' has no attribute {name!r}")
    return importlib.import_module(f"physsym.testing.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
