"""Hints for orders: a gap as a power times something bounded, plus what an exponential leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy
from sympy import Dummy, Expr, Integer, Mul, S, Symbol, exp

from physsym.certificates.formula import Map
from physsym.certificates.lemma import Proof, Refusal, denominators
from physsym.core.signs import signs
from physsym.core.symbols import OPAQUE


@dataclass(frozen=True)
class Expansion:
    """gap = h**order*bounded + rest*weight, where the rest is what an exponential has beyond its first terms.

    The rest vanishes where there is no exponential; a flat one is smaller than every power of `h`. `divided`
    must not be zero for that: it is not zero near h = 0 if it is not zero there.
    """

    symbol: Symbol
    order: int
    bounded: Expr
    rest: Expr
    weight: Expr
    reason: Proof
    divided: Expr = S.One

    @property
    def flat(self) -> bool:
        """Tell whether the whole gap is smaller than every power."""
        return self.reason.tactic == "flat" and self.bounded == 0

    @property
    def closes(self) -> bool:
        """Tell whether the factors stay bounded; if not, the hint is of no use and Coq will refuse it."""
        return min(_order(self.bounded, self.symbol), _order(self.weight, self.symbol)) >= 0

    def hints(self) -> tuple[Map | str | Proof, ...]:
        """Return the hints that the tactics of orders take."""
        maps = (Map((self.symbol,), e) for e in (self.divided, self.bounded, self.rest, self.weight))
        return (*maps, *(() if self.flat else (f"{self.order}%nat",)), self.reason)


def expansion(gap: Expr, h: Symbol, least: int, most: int = 64) -> Expansion:
    """Return the expansion of a gap that should close at least like h**least as h tends to 0 from above.

    The order is the best that is found, and at most `most`. Raises Refusal for gaps of another form:
    the tactics know fractions and one exponential, of c*h or of -c/h.
    """
    if any(f.has(h) for f in gap.atoms(*OPAQUE)):
        raise Refusal(
            f"{h} occurs in the argument of an opaque function, of whose smoothness nothing is known"
        )
    powers = {e for e in gap.atoms(exp) if e.has(h)}
    if len(powers) > 1:
        raise Refusal(f"the gap holds several exponentials of {h}; the tactics know one")
    divided = Mul(*(d for d in denominators(gap) if d.has(h) and d != h and 0 in signs(d)))
    span = (least, most)
    if powers:
        found = _of_power(gap, h, span, *powers)
    else:
        found = _with_rest(gap, h, span, Integer(0), Integer(0), Proof("no_rest"))
    return replace(found, divided=divided)


def _of_power(gap: Expr, h: Symbol, span: tuple[int, int], power: Expr) -> Expansion:
    rest = Dummy()
    rate = sympy.cancel(power.args[0] / h)
    if not rate.has(h):
        reason = Proof("near_one", (rate, Map((h,), power.args[0])))
        expanded = gap.xreplace({power: 1 + rate * h + rest})
        return _split(expanded, h, (span[0], min(span[1], 2)), rest, power - 1 - rate * h, reason)
    decay = sympy.cancel(-power.args[0] * h)
    if decay.has(h) or not decay.is_positive:
        raise Refusal(f"{power} is neither flat nor smooth where {h} tends to 0")
    return _split(gap.xreplace({power: rest}), h, span, rest, power, Proof("flat", (decay,)))


def _split(
    expanded: Expr, h: Symbol, span: tuple[int, int], rest: Dummy, value: Expr, reason: Proof
) -> Expansion:
    weight = sympy.cancel(expanded).diff(rest)
    if sympy.cancel(weight).has(rest):
        raise Refusal("the gap is not linear in the exponential")
    return _with_rest(expanded.xreplace({rest: Integer(0)}), h, span, value, sympy.cancel(weight), reason)


def _with_rest(
    plain: Expr, h: Symbol, span: tuple[int, int], rest: Expr, weight: Expr, reason: Proof
) -> Expansion:
    plain = sympy.cancel(plain)
    least, most = span
    order = min(max(_order(plain, h), least), most) if plain != 0 else least
    above, below = sympy.fraction(sympy.cancel(plain / h**order))
    bounded = above / sympy.factor(below)  # that a product is not zero is shown factor by factor
    return Expansion(h, order, bounded, rest, weight, reason)


def _order(expression: Expr, h: Symbol) -> int:
    """Return the lowest power of h in a fraction."""
    above, below = sympy.fraction(sympy.together(sympy.cancel(expression)))
    try:
        return _lowest(above, h) - _lowest(below, h)
    except sympy.PolynomialError as error:
        raise Refusal(f"{expression} is no fraction in {h}, and its order is not found") from error


def _lowest(polynomial: Expr, h: Symbol) -> int:
    poly = sympy.Poly(polynomial, h)
    return 0 if poly.is_zero else int(min(m[0] for m in poly.monoms()))
