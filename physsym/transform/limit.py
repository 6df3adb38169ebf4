"""Carrying out a limit."""

from __future__ import annotations

import sympy
from sympy import Dummy, Expr

from physsym.core.motion import moving_parts
from physsym.core.statements import Law, Rule, Statement, rewritten, states, symbols
from physsym.core.symbols import OPAQUE, after
from physsym.mechanics.moves import Limit, MoveError
from physsym.transform.forms import tidied
from physsym.transform.registry import transform_step
from physsym.vocabulary import STANDARD


@transform_step.register(Limit)
def _(move: Limit, line: Statement) -> Statement:
    if move.symbol not in symbols(line):
        raise MoveError(f"{move.symbol} does not occur in the line, so there is no limit to take")
    for value in (move.symbol, move.to):
        if moved := moving_parts(value, line, STANDARD.moving):
            raise MoveError(f"{moved[0]} changes in time; a limit is taken of a constant, and to a constant")
    moving = states(line) + tuple(map(after, line.targets)) if isinstance(line, Rule) else ()
    limited = rewritten(line, lambda side: tidied(_limit(side, move), moving))
    if isinstance(limited, Law) and any(e.residual == 0 for e in limited.equations):
        raise MoveError(f"nothing is left of the law as {move.symbol} tends to {move.to}")
    return limited


def _limit(expression: Expr, move: Limit) -> Expr:
    if move.to.is_finite and expression.is_polynomial(move.symbol):
        return expression.xreplace({move.symbol: move.to})
    opaque = {f: Dummy(real=True) for f in expression.atoms(*OPAQUE)}
    if any(f.has(move.symbol) for f in opaque):
        raise MoveError(
            f"{move.symbol} occurs inside an opaque function: state the line that the limit gives"
        )
    plain = expression.xreplace(opaque)
    sides = _sides(move)
    found = _from_side(plain, move, sides[0])
    if len(sides) > 1 and not plain.is_rational_function(move.symbol):
        other = _from_side(plain, move, sides[1])
        if other != found:
            raise MoveError(
                f"as {move.symbol} tends to {move.to}, {expression} tends to {found} from above and to "
                f'{other} from below: say which, as in Limit({move.symbol}, {move.to}, "+")'
            )
    return found.xreplace({d: f for f, d in opaque.items()})


def _sides(move: Limit) -> tuple[str, ...]:
    """Return the sides from which a symbol tends to a value within its declared sign."""
    symbol = move.symbol
    if move.side or move.to.is_infinite:
        return (move.side or "+",)
    if move.to == 0 and (symbol.is_nonnegative or symbol.is_nonpositive):
        return ("+" if symbol.is_nonnegative else "-",)
    return "+", "-"


def _from_side(expression: Expr, move: Limit, side: str) -> Expr:
    try:
        found = sympy.limit(expression, move.symbol, move.to, side)
    except NotImplementedError as reason:
        raise MoveError(
            f"SymPy does not find the limit of {expression} as {move.symbol} tends to {move.to} ({reason}): "
            "state the line that it gives"
        ) from None
    if found.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.AccumBounds, sympy.Limit):
        raise MoveError(f"{expression} has no finite limit as {move.symbol} tends to {move.to}")
    return found
