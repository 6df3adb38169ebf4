"""Where expressions are defined: what quotients, roots, real powers, logarithms and tangents need."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import And, Expr, Piecewise, Pow, preorder_traversal
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from physsym.core.conditions import as_conditions
from physsym.core.verdicts import Condition


def defined(*expressions: Expr) -> tuple[Condition, ...]:
    """Return what must hold for every quotient, root, real power and logarithm to be defined.

    What a branch of a case distinction needs is left out where the condition of the branch implies it.

    >>> from sympy import log, sqrt
    >>> from physsym.vocabulary import rho, tau, x
    >>> print(*defined(x / tau + sqrt(1 - rho) + log(rho)), sep=", ")
    1 - rho >= 0, tau != 0, rho > 0
    """
    found = (c for e in expressions for c in _all_demanded(e))
    return tuple(dict.fromkeys(c for c in found if not c.expression.is_number))


def _all_demanded(expression: Expr) -> Iterator[Condition]:
    if not expression.has(Piecewise):
        for part in preorder_traversal(expression):
            yield from _demanded(part)
        return
    yield from _demanded(expression)
    if not isinstance(expression, Piecewise):
        for argument in expression.args:
            yield from _all_demanded(argument)
        return
    from physsym.verify.conditions import implied  # which asks the engines, and these ask for domains

    before: list[Condition] = []  # the conditions of earlier branches do not hold
    for value, condition in expression.args:
        yield from (c for side in condition.atoms(Relational) for s in side.args for c in _all_demanded(s))
        path = (*before, *_stated(condition))
        yield from (c for c in _all_demanded(value) if not (path and implied(path, c)))
        before += _stated(condition.negated) if isinstance(condition, Relational) else ()


def _stated(condition: Boolean) -> tuple[Condition, ...]:
    """Return what a condition states as a conjunction of relations; nothing where it is none."""
    relations = condition.args if isinstance(condition, And) else (condition,)
    return as_conditions(relations) if all(isinstance(r, Relational) for r in relations) else ()


def _demanded(part: Expr) -> Iterator[Condition]:
    if isinstance(part, sympy.log):
        yield Condition(part.args[0], "> 0")
    if isinstance(part, sympy.tan):
        yield Condition(sympy.cos(part.args[0]), "!= 0")
    if isinstance(part, sympy.atanh):
        yield Condition(1 - part.args[0] ** 2, "> 0")
    if isinstance(part, sympy.acosh):
        yield Condition(part.args[0] - 1, ">= 0")
    if isinstance(part, (sympy.asin, sympy.acos)):
        yield Condition(1 - part.args[0] ** 2, ">= 0")
    if not isinstance(part, Pow):
        return
    if part.exp.is_integer:
        yield from [] if part.exp.is_nonnegative else [Condition(part.base, "!= 0")]
    else:
        yield Condition(part.base, ">= 0" if part.exp.is_positive else "> 0")
