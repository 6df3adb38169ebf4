"""Statements and expressions on the page, on either face: as LaTeX, MathML and plain Unicode text.

The names are loaded when first used: who wants LaTeX waits neither for the tools of MathML nor for latexify.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from physsym.typeset.handwritten import equations_of_function as equations_of_function
    from physsym.typeset.handwritten import latex_of_function as latex_of_function
    from physsym.typeset.markup import mathml as mathml
    from physsym.typeset.notebook import load_ipython_extension as load_ipython_extension
    from physsym.typeset.notebook import unload_ipython_extension as unload_ipython_extension
    from physsym.typeset.plain import unicode as unicode
    from physsym.typeset.tex import latex as latex

_HOME = {
    "equations_of_function": "handwritten",
    "latex": "tex",
    "latex_of_function": "handwritten",
    "load_ipython_extension": "notebook",
    "mathml": "markup",
    "unicode": "plain",
    "unload_ipython_extension": "notebook",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'physsym.typeset' has no attribute {name!r}")
    return getattr(importlib.import_module(f"physsym.typeset.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
