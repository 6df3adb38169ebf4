"""The languages that programs are printed in, and the text of a rule in one of them."""

from __future__ import annotations

from collections.abc import Callable

from physsym.codegen.emit.c import c_source
from physsym.codegen.emit.javascript import javascript_source
from physsym.codegen.emit.llvm import llvm_source
from physsym.codegen.emit.python import python_source
from physsym.codegen.lowering import program
from physsym.codegen.straight_line import Program
from physsym.core.arguments import named_arguments
from physsym.parsing.statements import RuleText

LANGUAGES: dict[str, Callable[[Program], str]] = {
    "python": python_source,
    "c": c_source,
    "javascript": javascript_source,
    "llvm": llvm_source,
}


@named_arguments
def source(rule: RuleText, /, language: str = "python") -> str:
    """Return the program text of one step of a rule.

    Parameters
    ----------
    rule : Rule
        The update rule.
    language : {"python", "c", "javascript", "llvm"}
        Python and JavaScript: one step of single numbers, given a callable gradient. C and LLVM: arrays
        updated in place, given arrays of gradients.

    Returns
    -------
    str
        The text; its operations, and their order, are the same in every language.

    Raises
    ------
    TypeError
        Where `rule` is no Rule.
    ValueError
        For an unknown language, and for a formula outside the elementary functions.

    Examples
    --------
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
