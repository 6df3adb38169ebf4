"""Conditions from what people write: SymPy relations, or conditions as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from sympy import And, Eq, Expr, Integer, Ne
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from physsym.core.verdicts import Condition

Given: TypeAlias = Condition | Boolean | Iterable[Condition | Boolean]
"""What `as_conditions` takes: a condition, a SymPy relation such as `0 < beta`, or several of them."""

Sign = Literal["= 0", "!= 0", "> 0", ">= 0"]
NEVER = Condition(Integer(-1), "> 0")
"""A condition that no values satisfy."""


def as_conditions(given: Given) -> tuple[Condition, ...]:
    """Return conditions, each once, from conditions and SymPy relations, or from a single one.

    Parameters
    ----------
    given
        What SymPy finds true already (`0 < m` for a positive m) adds nothing; what it finds false is the
        condition `NEVER`.

    Returns
    -------
    tuple of Condition

    Raises
    ------
    TypeError
        For anything else, such as the truth value of `a == b`.

    Examples
    --------
    >>> from sympy import Symbol
    >>> beta = Symbol("beta", real=True)
    >>> print(*as_conditions((0 < beta, beta < 1)), sep=", ")
    beta > 0, 1 - beta > 0
    """
    single = isinstance(given, (Condition, Boolean)) or not isinstance(given, Iterable)
    items = (given,) if single else tuple(given)  # type: ignore[arg-type]
    return tuple(dict.fromkeys(c for item in items for c in _conditions(item)))


def _conditions(item: object) -> tuple[Condition, ...]:
    if isinstance(item, Condition):
        return (item,)
    if isinstance(item, BooleanTrue):
        return ()
    if isinstance(item, BooleanFalse):
        return (NEVER,)
    if isinstance(item, And):
        return tuple(c for part in sorted(item.args, key=str) for c in _conditions(part))
    if isinstance(item, Relational) and all(isinstance(side, Expr) for side in item.args):
        for kind, sign in ((Eq, "= 0"), (Ne, "!= 0")):
            if isinstance(item, kind):
                return (Condition(item.lhs - item.rhs, sign),)  # type: ignore[arg-type]
        sign = ">= 0" if item.rel_op in (">=", "<=") else "> 0"
        return (Condition(item.gts - item.lts, sign),)  # type: ignore[arg-type]
    hint = "; == compares how two expressions are written, write Eq(a, b)" if isinstance(item, bool) else ""
    raise TypeError(
        f"a condition is written as a relation such as 0 < beta, Ne(x, 1) or Eq(a, b); "
        f"given {item!r} of type {type(item).__name__}{hint}"
    )
