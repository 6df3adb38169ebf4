"""Statements and expressions on the page, on either face: as LaTeX, MathML and plain Unicode text."""

from physsym.typeset.handwritten import equations_of_function, latex_of_function
from physsym.typeset.markup import mathml
from physsym.typeset.notebook import load_ipython_extension, unload_ipython_extension
from physsym.typeset.plain import unicode
from physsym.typeset.tex import latex

__all__ = [
    "equations_of_function",
    "latex",
    "latex_of_function",
    "load_ipython_extension",
    "mathml",
    "unicode",
    "unload_ipython_extension",
]
