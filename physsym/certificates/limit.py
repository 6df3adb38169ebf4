"""Lemmas for limits: the formulas above tend to those below, and how fast."""

from __future__ import annotations

from itertools import product

from sympy import Expr, Symbol, oo

from physsym.certificates.algebra import require, require_absent
from physsym.certificates.expansion import expansion
from physsym.certificates.formula import All, Map, Said
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.core.statements import Law, Rule, Statement, one_step_map, symbols
from physsym.mechanics.moves import Limit


def limit(move: Limit, above: Statement, below: Statement) -> Lemma:
    """Return the lemma that every formula of a line tends to that below, from every side of the limit.

    A law tends as the difference of its sides, a rule as the map of old values to new ones. All other
    symbols are held fixed. Raises Refusal where the lines do not match or a gap has no form that is known.
    """
    require_absent(move.symbol, below, "below")
    if move.symbol not in symbols(above):
        raise Refusal(f"{move.symbol} does not occur in the line above")
    pairs = [pair for pair in _pairs(move, above, below) if pair[0] != pair[1]]
    # The sides of a law may be exchanged; the new values of a rule have no sides.
    signs = (1, -1) if isinstance(above, Law) else (1,)
    statements = [
        _tending(move.symbol, one, other, way, signs) for (one, other), way in product(pairs, _ways(move))
    ]
    proof = Proof("each", tuple(reason for _, reason in statements))
    return lemma("limit", _says(move, above), All(tuple(formula for formula, _ in statements)), proof)


def _says(move: Limit, above: Statement) -> str:
    what = "the difference of the sides" if isinstance(above, Law) else "every new value"
    sides = " from either side" if len(_ways(move)) > 1 else ""
    return f"{what} tends to that below as {move.symbol} tends to {move.to}{sides}"


def _pairs(move: Limit, above: Statement, below: Statement) -> list[tuple[Expr, Expr]]:
    if isinstance(above, Law):
        law = require(Law, below, move, "below a law")
        if len(law.equations) != len(above.equations):
            raise Refusal("a limit keeps the number of equations")
        sides = zip(above.equations, law.equations, strict=True)
        return [(a.residual, b.residual) for a, b in sides]
    new, limits = one_step_map(above), one_step_map(require(Rule, below, move, "below a rule"))
    if set(new) != set(limits):
        raise Refusal("a limit keeps the states of a rule")
    return [(new[s], limits[s]) for s in new]


def _ways(move: Limit) -> list[Expr]:
    """Return the symbol statements by a small positive one of the same name, for every side of the limit."""
    small = move.symbol
    if not move.to.is_finite:
        return [1 / small if move.to == oo else -1 / small]
    above, below = move.to + small, move.to - small
    if move.side:
        return [above if move.side == "+" else below]
    at_end = move.to == 0 and (small.is_nonnegative or small.is_nonpositive)
    return [above if small.is_nonnegative else below] if at_end else [above, below]


def _tending(
    small: Symbol, above: Expr, below: Expr, way: Expr, signs: tuple[int, ...]
) -> tuple[Said, Proof]:
    """Return what is said of one formula, and its proof: it tends to that below, up to one of the signs."""
    formula = above.xreplace({small: way})
    tried = [(expansion(formula - sign * below, small, 1), sign * below) for sign in signs]
    found, target = next((one for one in tried if one[0].closes), tried[0])
    if found.flat:
        return Said("tends_beyond_powers", (Map((small,), formula), target)), Proof(
            "limit_flat", found.hints()
        )
    said = Said("tends_with_order", (Map((small,), formula), target, str(found.order)))
    return said, Proof("limit_by", found.hints())
