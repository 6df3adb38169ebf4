"""Carrying out a limit."""

from __future__ import annotations

import sympy
from sympy import Dummy, Expr, cos, sin

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
    found = _from_side(plain, expression, move, sides[0])
    if len(sides) > 1 and not plain.is_rational_function(move.symbol):
        other = _from_side(plain, expression, move, sides[1])
        if other != found:
            above, below = (e.xreplace({d: f for f, d in opaque.items()}) for e in (found, other))
            raise MoveError(
                f"as {move.symbol} tends to {move.to}, {expression} tends to {above} from above and to "
                f'{below} from below: say which, as in Limit({move.symbol}, {move.to}, "+")'
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


def _from_side(plain: Expr, expression: Expr, move: Limit, side: str) -> Expr:
    """Return the limit of an expression, given without opaque functions and as it is named in messages."""
    try:
        found = _of_rational(plain, move)
        if found is None:
            found = sympy.limit(plain, move.symbol, move.to, side)
        if not _is_value(found) and (waves := _waves(plain, move, side)):
            found = _of_waves(plain, waves, move, side)
    except (NotImplementedError, RecursionError):
        raise MoveError(
            f"SymPy does not find the limit of {expression} as {move.symbol} tends to {move.to}: state the "
            "line that it gives"
        ) from None
    if not _is_value(found):
        raise MoveError(f"{expression} has no finite limit as {move.symbol} tends to {move.to}")
    return found


def _of_rational(plain: Expr, move: Limit) -> Expr | None:
    """Return the finite limit of a rational function at a finite value, by the lowest powers; else None."""
    if not (move.to.is_finite and plain.is_rational_function(move.symbol)):
        return None
    near = sympy.fraction(sympy.together(plain.xreplace({move.symbol: move.symbol + move.to})))
    above, below = (sympy.Poly(part, move.symbol) for part in near)
    if above.domain.is_EX or below.domain.is_EX or above.is_zero:
        return None
    (over,), (under,) = (min(part.monoms()) for part in (above, below))
    if over < under:
        return None
    return above.nth(over) / below.nth(under) if over == under else sympy.Integer(0)


def _is_value(found: Expr) -> bool:
    return not found.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.AccumBounds, sympy.Limit)


def _waves(plain: Expr, move: Limit, side: str) -> dict[Expr, Dummy]:
    """Return a symbol for each sine and cosine of what has no finite limit."""
    waves = sorted((w for w in plain.atoms(sin, cos) if w.has(move.symbol)), key=str)
    ends = {w: sympy.limit(w.args[0], move.symbol, move.to, side) for w in waves}
    return {w: Dummy(real=True) for w, end in ends.items() if not _is_value(end)}


def _of_waves(plain: Expr, waves: dict[Expr, Dummy], move: Limit, side: str) -> Expr:
    """Return the limit of a polynomial of bounded waves whose coefficients vanish, else nan."""
    bounded = sympy.expand(plain.xreplace(waves))
    if not bounded.is_polynomial(*waves.values()):
        return sympy.nan
    terms = sympy.Poly(bounded, *waves.values()).terms()
    limits = {powers: sympy.limit(c, move.symbol, move.to, side) for powers, c in terms}
    constant = limits.pop((0,) * len(waves), sympy.Integer(0))
    return sympy.nan if any(limits.values()) else constant
