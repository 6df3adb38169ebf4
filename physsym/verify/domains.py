"""Where expressions are defined: what quotients, roots, real powers, logarithms and tangents need."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Pow, preorder_traversal

from physsym.core.verdicts import Condition


def defined(*expressions: Expr) -> tuple[Condition, ...]:
    """Return what must hold for every quotient, root, real power and logarithm to be defined.

    >>> from sympy import log, sqrt
    >>> from physsym.vocabulary import rho, tau, x
    >>> print(*defined(x / tau + sqrt(1 - rho) + log(rho)), sep=", ")
    1 - rho >= 0, tau != 0, rho > 0
    """
    found = (c for e in expressions for part in preorder_traversal(e) for c in _demanded(part))
    return tuple(dict.fromkeys(c for c in found if not c.expression.is_number))


def _demanded(part: Expr) -> Iterator[Condition]:
    if isinstance(part, sympy.log):
        yield Condition(part.args[0], "> 0")
    if isinstance(part, sympy.tan):
        yield Condition(sympy.cos(part.args[0]), "!= 0")
    if isinstance(part, sympy.atanh):
        yield Condition(1 - part.args[0] ** 2, "> 0")
    if isinstance(part, (sympy.asin, sympy.acos)):
        yield Condition(1 - part.args[0] ** 2, ">= 0")
    if not isinstance(part, Pow):
        return
    if part.exp.is_integer:
        yield from [] if part.exp.is_nonnegative else [Condition(part.base, "!= 0")]
    else:
        yield Condition(part.base, ">= 0" if part.exp.is_positive else "> 0")
