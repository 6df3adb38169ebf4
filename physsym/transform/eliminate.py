"""Carrying out an elimination: from two updates of one step to one recurrence over two steps."""

from __future__ import annotations

from sympy import Expr, Symbol

from physsym.core.statements import Rule, Statement, Update
from physsym.core.symbols import after, before
from physsym.mechanics.moves import Eliminate, MoveError
from physsym.transform.forms import solved, tidied
from physsym.transform.registry import expect, transform_step


@transform_step.register(Eliminate)
def _(move: Eliminate, line: Statement) -> Rule:
    rule = expect(Rule, line, move)
    values = {u.target: u.value for u in rule.updates}
    if len(values) != 2 or move.symbol not in values:
        raise MoveError(f"Eliminate needs a rule of two updates, one of them of {move.symbol}; given {rule}")
    (kept,) = (s for s in values if s != move.symbol)
    value = _recurrence(move.symbol, kept, values)
    return Rule((Update(kept, tidied(value, (kept, before(kept)))),))


def _recurrence(gone: Symbol, kept: Symbol, values: dict[Symbol, Expr]) -> Expr:
    """Return the next value of `kept` in terms of its values now and one step before.

    Its update is solved for the eliminated state, which becomes a difference of two successive values.
    """
    read = after(gone) if values[kept].has(after(gone)) else gone
    if (values[kept].has(gone) and read != gone) or not values[kept].has(read):
        raise MoveError(f"the update of {kept} must read {gone} at one instant, old or new: {values[kept]}")
    difference = solved(values[kept] - after(kept), read)
    earlier = difference.xreplace({after(kept): kept, kept: before(kept)})
    # The old value of `gone` was computed one step ago, from the values at that time.
    back = {} if read == after(gone) else {kept: before(kept), after(kept): kept}
    new = values[gone].xreplace(back | {gone: earlier})
    return values[kept].xreplace({read: new})
