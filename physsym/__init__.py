"""Derive optimizers from mechanics, check every step, typeset it, and run the result.

The names of `__init__.pyi` are loaded when first used, so that `import physsym` imports neither SymPy nor
NumPy.
"""

from __future__ import annotations

from typing import Any

import lazy_loader

from physsym._renamed import old_name
from physsym.printing import ipython as _ipython

__version__ = "0.2.0"

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        return old_name(name)
    value = globals()[name] = _public(name)
    return value


load_ipython_extension = _ipython.load
unload_ipython_extension = _ipython.unload

_ipython.announce()
