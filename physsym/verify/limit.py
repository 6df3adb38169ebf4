"""Verification of limits: their domain and sides, the order of the gap, and the convergence of motions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Pow, Rational, Symbol, log

from physsym.core.counts import counted
from physsym.core.motion import moves
from physsym.core.signs import signs
from physsym.core.statements import Law, Rule, Statement, rewritten, symbols
from physsym.core.verdicts import (
    Condition,
    Hypothesis,
    Order,
    Outcome,
    Verdict,
    all_of,
    fails,
    holds,
    undecided,
)
from physsym.mechanics.moves import Limit
from physsym.verify.attraction import convergence, highest_derivatives
from physsym.verify.conditions import assuming, follows, hypotheses, implied
from physsym.verify.convergence_order import estimate_order
from physsym.verify.engines import identity_test, smt
from physsym.verify.engines.base import Answer
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.equivalence import match_equations
from physsym.verify.expansion import Approach
from physsym.verify.identity import identical
from physsym.verify.motion import require_constants
from physsym.verify.registry import verify_step
from physsym.verify.singularities import regular
from physsym.verify.solution_order import solution_order
from physsym.verify.substitution import Refusal, map_of, require, require_absent, substituted
from physsym.vocabulary import STANDARD


@verify_step.register(Limit)
def _(move: Limit, above: Statement, below: Statement) -> Verdict:
    require_absent(move.symbol, below, "though a limit was taken in it")
    if move.symbol not in symbols(above):
        raise Refusal(f"{move.symbol} does not occur in the line above, so there is no limit to take")
    require_constants(move, above, ())
    ways, conditions = approaches(move)
    verdict = _laws(move, ways, above, below) if isinstance(above, Law) else _rules(move, above, below)
    verdict = where_regular(verdict, ways, _values(above), _values(below))
    verdict = replace(verdict, evidence=(*verdict.evidence, _domain(move, ways)))
    return _outside_range(move, assuming(verdict, conditions))


def _outside_range(move: Limit, verdict: Verdict) -> Verdict:
    """Return the verdict, CONDITIONAL where the limit is outside the natural range of the symbol."""
    natural = STANDARD.ranges((move.symbol,))
    closed = (Condition(c.expression.xreplace({move.symbol: move.to}), ">= 0") for c in natural)
    if not verdict or not move.to.is_finite or not any(signs(c.expression) <= {-1} for c in closed):
        return verdict
    words = f"{move.symbol} may leave its natural range {', '.join(map(str, natural))} and tend to {move.to}"
    return replace(assuming(verdict, (Hypothesis(words),)), outcome=Outcome.CONDITIONAL)


def where_regular(
    verdict: Verdict, ways: tuple[Approach, ...], above: Sequence[Expr], below: Sequence[Expr]
) -> Verdict:
    """Return the verdict on limits with the conditions that exclude their singular points.

    Parameters
    ----------
    verdict
        The verdict that the gaps close; any other is returned as it is.
    ways
        The sides from which the limits are taken.
    above, below
        The expressions and their limits.

    Returns
    -------
    Verdict
        CONDITIONAL where a condition is known in words only.
    """
    if verdict.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return verdict
    order = verdict.error.exponent if verdict.error else math.inf
    found = dict.fromkeys(c for way in ways for c in regular(above, below, way, order))
    if not found:
        return verdict
    known = tuple(c for c in verdict.assumes if isinstance(c, Condition))
    new = [c for c in found if not (known and isinstance(c, Condition) and implied(known, c))]
    in_words = any(isinstance(c, Hypothesis) for c in new)
    outcome = Outcome.CONDITIONAL if in_words else verdict.outcome
    return replace(assuming(verdict, new), outcome=outcome)


def _values(line: Statement) -> list[Expr]:
    """Return what converges: the residuals of a law, the new values of a rule."""
    return [e.residual for e in line.equations] if isinstance(line, Law) else [u.value for u in line.updates]


def approaches(move: Limit) -> tuple[tuple[Approach, ...], tuple[Condition, ...]]:
    """Return the sides from which a limit is taken, and the conditions for that; Refusal outside the domain.

    The declared sign of the symbol is its domain: the value must lie in it or at its end, which then has one
    side only.
    """
    symbol, to = move.symbol, move.to
    if symbol.is_integer and to.is_finite:
        raise Refusal(f"{symbol} is declared an integer, which does not tend to {to} without being it")
    if to.is_infinite:
        outside = symbol.is_nonpositive if to == sympy.oo else symbol.is_nonnegative
        if outside:
            raise Refusal(_outside(move))
        sign, small = (1 if to == sympy.oo else -1), _fresh(move)
        return (Approach(symbol, small, sign / small, sign / symbol, f"{symbol} tends to {to}"),), ()
    inward = 1 if symbol.is_nonnegative else -1 if symbol.is_nonpositive else 0
    inside = Condition(inward * to, ">= 0")
    if signs(inward * to) <= {-1} or (to.free_symbols and inward and follows(Condition(-inward * to, "> 0"))):
        raise Refusal(_outside(move))
    sides = {"+": (1,), "-": (-1,), None: _given_sides(symbol - to)}[move.side]
    if inward and to == 0:
        if move.side and sides != (inward,):
            raise Refusal(_outside(move))
        sides = (inward,)
    ways = tuple(_from_side(move, side) for side in sides)
    conditions = [Condition(sides[0] * (symbol - to), "> 0")] if len(sides) == 1 else []
    return ways, (*conditions, *([inside] if inward and not follows(inside) else []))


def _given_sides(distance: Expr) -> tuple[int, ...]:
    """Return the sides that the hypotheses leave."""
    given = hypotheses()
    known = (side for side in (1, -1) if given and implied(given, Condition(side * distance, "> 0")))
    return tuple(known) or (1, -1)


def _declared(symbol: Symbol) -> str:
    """Return the declared sign of a symbol as an inequality, empty where there is none."""
    facts = (
        (symbol.is_positive, "> 0"),
        (symbol.is_negative, "< 0"),
        (symbol.is_nonnegative, ">= 0"),
        (symbol.is_nonpositive, "<= 0"),
    )
    return next((f"{symbol} {relation}" for true, relation in facts if true), "")


def _outside(move: Limit) -> str:
    side = {"+": " from above", "-": " from below", None: ""}[move.side]
    return f"{move.symbol} tends to {move.to}{side}, which is outside {_declared(move.symbol)}"


def _fresh(move: Limit) -> Symbol:
    # No symbol of the line is named like the one of the limit once that is replaced.
    return Symbol(move.symbol.name, positive=True)


def _from_side(move: Limit, side: int) -> Approach:
    words = f"{move.symbol} tends to {move.to} from {'above' if side == 1 else 'below'}"
    near, distance = move.to + side * _fresh(move), side * (move.symbol - move.to)
    return Approach(move.symbol, _fresh(move), near, distance, words, "+" if side == 1 else "-")


def _domain(move: Limit, ways: tuple[Approach, ...]) -> str:
    words = ways[0].words if len(ways) == 1 else f"{move.symbol} tends to {move.to} from both sides"
    domain = _declared(move.symbol)
    return f"{words}, within {domain}" if domain else words


def _laws(move: Limit, ways: tuple[Approach, ...], above: Law, below: Statement) -> Verdict:
    law = require(Law, below, move, "below a law")
    if len(law.equations) != len(above.equations):
        raise Refusal(f"{counted(len(above.equations), 'equation')} due, {len(law.equations)} given")
    if any(identical(e.residual, Integer(0)) for e in law.equations):
        raise Refusal(f"nothing is left of the law as {move.symbol} tends to {move.to}")
    if unsolvable := next((e for e in law.equations if 0 not in signs(e.residual)), None):
        raise Refusal(f"the limit has no motions: {unsolvable} has no solution")
    expected, found = ([e.residual for e in line.equations] for line in (above, law))
    matched: list[tuple[Expr, Expr, Order]] = []

    def agree(one: Expr, other: Expr) -> Verdict:
        verdict = gap(move, one, other, "the law")
        if verdict and verdict.error:
            matched.append((one, other, verdict.error))
        return verdict

    joined = _least(move, match_equations(expected, found, agree))
    if not joined:
        return joined
    motions = _from_all_sides([(way, convergence(rewritten(above, way.near), law, way)) for way in ways])
    if motions.outcome in (Outcome.FAILS, Outcome.UNDECIDABLE):
        return replace(motions, error=None)
    solved = [_solution(way, above, law, *match) for way in ways for match in matched]
    known = tuple(c for c in motions.assumes if isinstance(c, Condition))
    solved = [_without(known, v) for v in solved]
    lag = [holds(error=Order(_vanishing(move), motions.error.exponent))] if motions.error else []
    return replace(all_of(joined, motions, *solved), error=_least(move, [*(solved or [joined]), *lag]).error)


def _solution(way: Approach, above: Law, below: Law, residual: Expr, limit: Expr, error: Order) -> Verdict:
    """Return the order of what an equation determines, from that of its residual."""
    mentioned = sorted(limit.free_symbols, key=str)
    highest = highest_derivatives(above, below)
    unknowns = [s for s in mentioned if s.name in highest] or [s for s in mentioned if moves(s, below)]
    try:
        found = solution_order(way.near(residual), limit, error.exponent, way.symbol, unknowns)
    except UndecidedError as doubt:
        return undecided(f"the order of the error is not known: {doubt}")
    order, exponent = error, found.exponent
    if isinstance(exponent, Fraction):  # a multiple root
        whole = exponent.denominator == 1
        order = Order(
            error.symbol, int(exponent) if whole else Rational(exponent.numerator, exponent.denominator)
        )
    why = f"{found.symbol} closes like {order}, since the derivative of the law by it vanishes there"
    moving_ones = any(moves(c.expression, below) for c in found.conditions)
    outcome = Outcome.CONDITIONAL if moving_ones else Outcome.HOLDS
    return Verdict(outcome, (why,) if order != error else (), found.conditions, error=order)


def _without(known: tuple[Condition, ...], verdict: Verdict) -> Verdict:
    """Return a verdict without the conditions that follow from known ones; without any it holds."""
    conditions = [c for c in verdict.assumes if isinstance(c, Condition)]
    implied = {c for c in conditions if known and smt.implies(known, c).answer is Answer.PROVED}
    left = tuple(c for c in verdict.assumes if c not in implied)
    outcome = Outcome.HOLDS if verdict.outcome is Outcome.CONDITIONAL and not left else verdict.outcome
    return replace(verdict, assumes=left, outcome=outcome)


def _rules(move: Limit, above: Rule, below: Statement) -> Verdict:
    before, now = map_of(above), map_of(require(Rule, below, move, "below a rule"))
    if set(before) != set(now):
        raise Refusal("a limit keeps the states of a rule")
    return _least(move, [gap(move, before[s], now[s], f"the new value of {s}") for s in before])


def _least(move: Limit, verdicts: list[Verdict]) -> Verdict:
    """Join the verdicts of all parts; the error is that of the part that converges most slowly."""
    joined = all_of(*verdicts)
    closes = joined.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    errors = sorted((v.error for v in verdicts if v.error), key=lambda e: (e.exponent, -e.log_power))
    return replace(joined, error=errors[0] if closes and errors else None)


def _vanishing(move: Limit) -> Symbol:
    return move.symbol - move.to if move.to.is_finite else 1 / move.symbol


def gap(move: Limit, above: Expr, below: Expr, what: str) -> Verdict:
    """Return whether an expression converges to its limit, and at which order in the vanishing symbol.

    Parameters
    ----------
    move
        The limit. Where its symbol may come from two sides, the limits from both must agree.
    above, below
        The expression and its limit.
    what
        A name of the expression for the evidence.

    Returns
    -------
    Verdict
        With the order of the gap where it closes.
    """
    if above == below:
        return holds(f"{what} does not depend on {move.symbol}")
    try:
        ways, _ = approaches(move)
    except Refusal as refusal:
        return fails(str(refusal))
    if above.is_rational_function(move.symbol):  # the order of a rational function is the same from all sides
        ways = ways[:1]
    return _from_all_sides([(way, _gap_from(way, move, above, below, what)) for way in ways])


def _from_all_sides(found: list[tuple[Approach, Verdict]]) -> Verdict:
    """Join what was found from the sides of a limit, each under its name where they do not all hold."""
    joined = all_of(*(verdict for _, verdict in found))
    errors = [v.error for _, v in found if v.error]
    if len(found) == 1 or joined:
        return replace(joined, error=min(errors, key=lambda e: e.exponent, default=None))
    return replace(
        joined,
        evidence=tuple(f"as {way.words}: {e}" for way, v in found for e in v.evidence or ("it holds",)),
    )


def _gap_from(way: Approach, move: Limit, above: Expr, below: Expr, what: str) -> Verdict:
    near = way.near(above)
    if _is_not_real(near) and not _is_not_real(above):
        return undecided(
            f"{what} is not real there: say from which side, as in Limit({move.symbol}, {move.to}, '+')"
        )
    try:
        found = estimate_order(above, below, move.symbol, move.to, way.side)
    except DivergenceError as reason:
        return fails(f"{what} has no limit: {reason}", engines=(identity_test.NAME,))
    except (UndecidedError, ArithmeticError) as doubt:
        return undecided(f"{what}: {doubt}", engines=(identity_test.NAME,))
    order, engines = found.order, found.engines
    if order < 0 or (order == 0 and found.log_power > 0):
        size = _vanishing(move) ** Rational(order) * log(_vanishing(move)) ** found.log_power
        return fails(f"{what} has no limit: it grows like {size}", engines=engines)
    if not found.vanishes:
        return fails(f"{what} tends to {_value(near, way.symbol)}, not to {below}", engines=engines)
    error = Order(_vanishing(move), order, found.log_power)
    closes = f"closes like {error} and no faster" if found.sharp else f"closes at least like {error}"
    size = "is zero or less than any power" if math.isinf(order) else closes
    return holds(f"the gap of {what} {size}, {found.bound}", error=error, engines=engines)


def _is_not_real(expression: Expr) -> bool:
    roots = (p.base for p in expression.atoms(Pow) if p.exp.is_Rational and not p.exp.is_Integer)
    logarithms = (f.args[0] for f in expression.atoms(sympy.log))
    return expression.has(sympy.I) or any(signs(e) <= {-1} for e in (*roots, *logarithms))


def _value(near: Expr, small: Symbol) -> Expr | str:
    """Return the value at the limit where an expression is continuous there."""
    jumps = any(f.has(small) for f in near.atoms(sympy.sign, sympy.Abs, sympy.floor, sympy.Heaviside))
    value = sympy.nan if jumps else substituted(near, {small: Integer(0)})
    bad = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)
    return "something else" if value.has(*bad) else value
