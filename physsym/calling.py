"""Modules that can be called as the function they are about: `physsym.check`, `physsym.optimizer`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def called_as(name: str, function: Callable[..., Any]) -> None:
    """Let the module of that name be called as the function.

    Python binds a submodule to its package under its own name, over any function that the package offers
    under the same one; a module that can be called leaves nothing to choose.
    """
    kind = type(f"Called{ModuleType.__name__}", (ModuleType,), {"__call__": staticmethod(function)})
    sys.modules[name].__class__ = kind
