"""Derive optimizers from mechanics, check every step, typeset it, and run the result.

The names of `__init__.pyi` are loaded when first used, so that `import physsym` imports neither SymPy nor
NumPy.
"""

from __future__ import annotations

import sys as _sys

import lazy_loader as _lazy_loader

from physsym import _renamed
from physsym.documents import ipython as _ipython

__version__ = "0.2.0"

_load, _, _names = _lazy_loader.attach_stub(__name__, __file__)

# Subpackages that can be reached as attributes and are not among the names at the top.
_INNER = (
    "certificates", "core", "derivation", "documents", "exercises", "loading", "mechanics", "optimizers",
    "parsing", "printing",
    "runtime", "transform", "verify",
)  # fmt: skip
__all__ = [name for name in _names if name not in _INNER]


def __getattr__(name: str) -> object:
    if name in _names:
        return _load(name)
    importing = _sys._getframe(1).f_globals.get("__name__") == "importlib._bootstrap"
    return _renamed.old_name(name, importing)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


load_ipython_extension = _ipython.load
unload_ipython_extension = _ipython.unload

_ipython.announce()
