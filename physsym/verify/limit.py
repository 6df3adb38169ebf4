"""Verification of limits by convergence order: that of the difference of the line above and the one below."""

from __future__ import annotations

import math
from dataclasses import replace

from sympy import Expr, Integer, Symbol, log

from physsym.core.statements import Law, Rule, Statement, symbols
from physsym.core.symbols import DOT
from physsym.core.verdicts import Condition, Hypothesis, Order, Verdict, all_of, fails, holds, undecided
from physsym.mechanics.moves import Limit
from physsym.verify.conditions import assuming
from physsym.verify.convergence_order import estimate_order
from physsym.verify.engines import identity_test
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.equivalence import match_equations
from physsym.verify.identity import identical
from physsym.verify.registry import verify_step
from physsym.verify.substitution import Refusal, map_of, require, require_absent


@verify_step.register(Limit)
def _(move: Limit, above: Statement, below: Statement) -> Verdict:
    require_absent(move.symbol, below, "though a limit was taken in it")
    if move.symbol not in symbols(above):
        raise Refusal(f"{move.symbol} does not occur in the line above, so there is no limit to take")
    verdict = _laws(move, above, below) if isinstance(above, Law) else _rules(move, above, below)
    return assuming(verdict, (*_direction(move), *_bounded(move, above, below)))


def _direction(move: Limit) -> tuple[Condition, ...]:
    # A symbol of no declared sign comes from either side: only plain power series in it are accepted anyway.
    one_sided = move.to.is_finite and move.symbol.is_nonnegative
    return (Condition(move.symbol - move.to, "> 0"),) if one_sided else ()


def _gone(above: Statement, below: Statement) -> list[Symbol]:
    """Return the derivatives, and so the initial values, that are lost in a singular limit."""
    return sorted((s for s in symbols(above) - symbols(below) if DOT in s.name), key=str)


def _bounded(move: Limit, above: Statement, below: Statement) -> tuple[Hypothesis, ...]:
    # Such a derivative grows in the initial layer, where the limit is not uniform.
    names = ", ".join(s.name for s in _gone(above, below))
    return (Hypothesis(f"{names} stays bounded as {move.symbol} tends to {move.to}"),) if names else ()


def _laws(move: Limit, above: Law, below: Statement) -> Verdict:
    law = require(Law, below, move, "below a law")
    if len(law.equations) != len(above.equations):
        raise Refusal(f"{len(above.equations)} equations are due, {len(law.equations)} are given")
    if any(identical(e.residual, Integer(0)) for e in law.equations):
        raise Refusal(f"nothing is left of the law as {move.symbol} tends to {move.to}")
    expected, found = ([e.residual for e in line.equations] for line in (above, law))
    verdict = _least(move, match_equations(expected, found, lambda a, b: gap(move, a, b, "the law")))
    return all_of(verdict, holds(*_forgotten(above, law)))


def _forgotten(above: Law, below: Law) -> tuple[str, ...]:
    """Return the evidence of a singular limit: derivatives, and so initial values, that are lost."""
    names = ", ".join(s.name for s in _gone(above, below))
    text = f"a singular limit: {names} is gone, so the initial velocity is forgotten"
    layer = "it holds at each instant after the initial layer, not uniformly from the start"
    return (text, layer) if names else ()


def _rules(move: Limit, above: Rule, below: Statement) -> Verdict:
    before, now = map_of(above), map_of(require(Rule, below, move, "below a rule"))
    if set(before) != set(now):
        raise Refusal("a limit keeps the states of a rule")
    return _least(move, [gap(move, before[s], now[s], f"the new value of {s}") for s in before])


def _least(move: Limit, verdicts: list[Verdict]) -> Verdict:
    """Join the verdicts of all parts; the error is that of the part that converges most slowly."""
    joined = all_of(*verdicts)
    errors = sorted((v.error for v in verdicts if v.error), key=lambda e: (e.exponent, -e.log_power))
    return replace(joined, error=errors[0] if joined and errors else None)


def _vanishing(move: Limit) -> Symbol:
    return move.symbol - move.to if move.to.is_finite else 1 / move.symbol


def gap(move: Limit, above: Expr, below: Expr, what: str) -> Verdict:
    """Return whether an expression converges to its limit, and at which order in the vanishing symbol."""
    if above == below:
        return holds(f"{what} does not hold {move.symbol}")
    try:
        found = estimate_order(above, below, move.symbol, move.to)
    except DivergenceError as reason:
        return fails(f"{what} has no limit: {reason}", engines=(identity_test.NAME,))
    except (UndecidedError, ArithmeticError) as doubt:
        return undecided(f"{what}: {doubt}", engines=(identity_test.NAME,))
    order, engines = found.order, found.engines
    if order < 0 or (order == 0 and found.log_power > 0):
        size = _vanishing(move) ** order * log(_vanishing(move)) ** found.log_power
        return fails(f"{what} has no limit: it grows like {size}", engines=engines)
    if not found.vanishes:
        return fails(f"{what} tends to something else than {below}", engines=engines)
    error = Order(_vanishing(move), order, found.log_power)
    closes = f"closes like {error} and no faster" if found.sharp else f"closes at least like {error}"
    size = "is zero or less than any power" if math.isinf(order) else closes
    return holds(f"the gap of {what} {size}, {found.bound}", error=error, engines=engines)
