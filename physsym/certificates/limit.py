"""Lemmas for limits: the formulas above tend to those below, how fast, and whether a fast motion decays."""

from __future__ import annotations

from itertools import product

import sympy
from sympy import Dummy, Expr, Integer, Symbol, oo

from physsym.certificates.algebra import require, require_absent
from physsym.certificates.expansion import expansion
from physsym.certificates.formula import All, Map, Relation, Said, equation
from physsym.certificates.lemma import Lemma, Proof, Refusal, lemma
from physsym.core.signs import signs
from physsym.core.statements import Law, Rule, Statement, one_step_map, symbols
from physsym.core.symbols import DOT, name_and_marks
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


def attraction(move: Limit, above: Statement, below: Statement) -> list[Lemma]:
    """Return lemmas that the fast motion of a law decays; none where the limit keeps the highest derivatives.

    Near the limit one equation is h*a*y' + b*y + ..., with a and b of one sign: the rate mu/h of its fast
    motion solves a*mu + b = 0, and is negative. Raises Refusal where the law has another form, or the signs
    do not show it.
    """
    if not isinstance(above, Law) or not isinstance(below, Law):
        return []
    if len(above.equations) != len(below.equations):
        raise Refusal("a limit keeps the number of equations")
    top = _highest(above)
    lost = [
        (a, b, own)
        for a, b in zip(above.equations, below.equations, strict=True)
        if a.residual.has(move.symbol) and (own := _lost(a.residual, b.residual, top)) is not None
    ]
    if not lost:
        return []
    (a, b, rate), *more = lost
    read = [e for e in above.equations if e is not a]
    if more or any(e.residual.has(move.symbol) or e.residual.has(rate) for e in read):
        raise Refusal("the fast motions of several equations are not shown to settle")
    lower = _lower(rate, symbols(below))
    if lower is None:
        raise Refusal(f"the limit removes {rate} and what it is the rate of: no fast motion settles then")
    inner = b.residual.diff(lower)
    return [_decaying(move, a.residual.xreplace({move.symbol: way}), rate, inner) for way in _ways(move)]


def _highest(law: Law) -> set[Symbol]:
    """Return the highest derivative of each state of a law."""
    rates = [s for s in symbols(law) if DOT in name_and_marks(s)[1]]
    names = {s.name for s in rates}
    return {s for s in rates if not names & {s.name + DOT, s.name + DOT * 2}}


def _lost(above: Expr, below: Expr, top: set[Symbol]) -> Symbol | None:
    """Return the derivative that an equation has no more in the limit; None where it still has it."""
    own = above.free_symbols & top
    if not top:
        return None
    if len(own) != 1:
        raise Refusal(f"an equation that changes in the limit holds {len(own)} highest derivatives, not one")
    (rate,) = own
    coefficient = below.diff(rate)
    if coefficient != 0 and 0 in signs(coefficient):
        raise Refusal(
            f"the coefficient {coefficient} of {rate} is not known to differ from zero in the limit"
        )
    return rate if coefficient == 0 else None


def _lower(rate: Symbol, held: frozenset[Symbol]) -> Symbol | None:
    return next((s for s in held if s.name + DOT == rate.name), None)


def _decaying(move: Limit, near: Expr, rate: Symbol, inner: Expr) -> Lemma:
    outer, mu = sympy.cancel(sympy.expand(near).diff(rate) / move.symbol), Dummy("mu", real=True)
    if outer.has(move.symbol, rate):
        raise Refusal(f"the coefficient of {rate} does not vanish in proportion to {move.symbol}")
    fast = f"the fast motion exp(mu*t/{move.symbol}) with {outer * Symbol('mu') + inner} = 0"
    if not (signs(outer) == signs(inner) and signs(outer) in ({1}, {-1})):
        raise Refusal(f"{fast} is not shown to decay; that formulas tend to a limit says nothing of motions")
    given = (equation(outer * mu + inner, Integer(0)),)
    proof = Proof("negative_root", (outer, inner))
    return lemma("attraction", f"{fast} decays", Relation(mu, "<", Integer(0)), proof, given)
