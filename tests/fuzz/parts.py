"""The parts of an expression and of a statement, and putting another part in the place of one."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from physsym.core.statements import Equation, Law, Statement, StatementError, Update, rule
from physsym.core.symbols import partial

Path = tuple[int, ...]
_NO_NUMBERS = (sympy.zoo, sympy.nan, sympy.oo, sympy.I)


def parts(expression: Expr, path: Path = ()) -> Iterator[tuple[Path, Expr]]:
    """Yield every part of an expression and the way to it; the index of a partial derivative is none."""
    yield path, expression
    for k, argument in enumerate(expression.args):
        if not (isinstance(expression, partial) and k == 0):
            yield from parts(argument, (*path, k))


def replaced(expression: Expr, path: Path, new: Expr) -> Expr:
    """Return the expression with the part at the end of a path replaced, and no other occurrence of it."""
    if not path:
        return new
    first, *rest = path
    changed = (replaced(a, tuple(rest), new) if k == first else a for k, a in enumerate(expression.args))
    return expression.func(*changed)


def sides(line: Statement) -> list[Expr]:
    """Return the expressions of a statement in which something can be changed: all sides, or all values."""
    if isinstance(line, Law):
        return [side for e in line.equations for side in (e.left, e.right)]
    return [u.value for u in line.updates]


def with_side(line: Statement, k: int, new: Expr) -> Statement | None:
    """Return the statement with one of its `sides` replaced; None where that is no statement."""
    if new.has(*_NO_NUMBERS):
        return None
    changed = [new if j == k else side for j, side in enumerate(sides(line))]
    if isinstance(line, Law):
        pairs = zip(changed[::2], changed[1::2], strict=True)
        return Law(tuple(Equation(*pair) for pair in pairs))
    return rule_of([Update(u.target, e) for u, e in zip(line.updates, changed, strict=True)])


def rule_of(updates: list[Update]) -> Statement | None:
    """Return the rule with these updates, None where they read a value that is not there."""
    try:
        return rule({u.target: u.value for u in updates})
    except (StatementError, TypeError):
        return None
