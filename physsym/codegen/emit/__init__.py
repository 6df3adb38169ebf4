"""The text of a program: Python, C, JavaScript and LLVM, each printed from the same lines."""

from __future__ import annotations

from collections.abc import Callable

from physsym.codegen import Program, program
from physsym.codegen.emit.c import c_source
from physsym.codegen.emit.identifiers import Names, identifiers, unlike
from physsym.codegen.emit.javascript import javascript_source
from physsym.codegen.emit.llvm import llvm_source
from physsym.codegen.emit.python import function_text, python_line, python_source, python_text
from physsym.core.statements import RuleLike

LANGUAGES: dict[str, Callable[[Program], str]] = {
    "python": python_source,
    "c": c_source,
    "javascript": javascript_source,
    "llvm": llvm_source,
}

__all__ = [
    "LANGUAGES",
    "Names",
    "c_source",
    "function_text",
    "identifiers",
    "javascript_source",
    "llvm_source",
    "python_line",
    "python_source",
    "python_text",
    "source",
    "unlike",
]


def source(rule: RuleLike, /, language: str = "python") -> str:
    """Return a rule as program text in a language: "python", "c", "javascript" or "llvm".

    The texts in Python and JavaScript take one step of single numbers, given a callable gradient; those in C
    and LLVM update arrays in place, given arrays of gradients.

    Raises ValueError for an unknown language, and what `physsym.codegen.straight_line` raises.

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(source(rule({x: x - eta * G}), language="javascript"))
    // Take one step of x.
    function step(x, grad, {eta}) {
      const g = grad(x);
      const x_next = x - eta*g;
      return [x_next];
    }
    <BLANKLINE>
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; there are {', '.join(LANGUAGES)}")
    return LANGUAGES[language](program(rule))
