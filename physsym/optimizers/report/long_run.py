"""Limits of coefficients after many steps: counters grow, powers of decay factors vanish."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Abs, Dummy, Expr, Integer, Max, Min, Piecewise, Poly, Pow, Symbol, exp, fraction, together
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Not, Or
from sympy.polys.polyerrors import PolynomialError

from physsym.core.symbols import grad
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import decided, follows

CONTINUOUS = (Abs, Max, Min, exp, grad)


class LongRunError(ValueError):
    """A coefficient whose limit after many steps is not found."""


@dataclass(frozen=True)
class Counters:
    """Limits of expressions in counters, which grow by a positive constant at each step."""

    counters: tuple[Symbol, ...]
    given: tuple[Condition, ...]

    def limit(self, expression: Expr) -> Expr:
        """Return the limit as the counters tend to infinity; raise LongRunError where none is found.

        Powers of decay factors vanish faster than every power of a counter grows. Other functions are
        replaced by their limits, and what they differ by may only be multiplied by what stays bounded.
        """
        if not expression.has(*self.counters):
            return expression
        if isinstance(expression, Piecewise):
            return self._case(expression)
        high, low = self._leading_terms(expression)
        if high is None or high[0] < low[0]:
            return Integer(0)
        if high[0] > low[0]:
            raise LongRunError(f"{expression} grows without bound, so that the rule has no long run")
        return high[1] / low[1]

    def _leading_terms(self, expression: Expr) -> tuple[tuple[int, Expr] | None, tuple[int, Expr]]:
        """Return degree and coefficient of the leading power above and below the fraction line."""
        vanishing: dict[Expr, Symbol] = {}
        bounded: dict[Expr, tuple[Expr, Symbol]] = {}
        skeleton = self._skeleton(expression, vanishing, bounded)
        above, below = fraction(together(skeleton))
        small, slack = set(vanishing.values()), {d for _, d in bounded.values()}
        one = Symbol("number of steps", positive=True)
        clock = dict.fromkeys(self.counters, one)
        try:
            top, bottom = (Poly(part.xreplace(clock), one, *small, *slack) for part in (above, below))
        except PolynomialError:
            raise LongRunError(f"the limit of {expression} after many steps is not found") from None
        low = self._leading(bottom, small, slack, None)
        if low is None:
            raise LongRunError(f"the limit of {expression} after many steps is not found")
        return self._leading(top, small, slack, low[0]), low

    def _extremum(self, e: Max | Min) -> Expr:
        """Return the limit of a minimum or a maximum, without what grows away from it."""
        kept: list[Expr] = []
        for a in e.args:
            try:
                kept.append(self.limit(a))
            except LongRunError:
                high, low = self._leading_terms(a)
                if high is None or not follows(
                    self.given, high[1] / low[1] * (1 if isinstance(e, Min) else -1)
                ):
                    raise
        if not kept:
            raise LongRunError(f"{e} grows without bound, so that the rule has no long run")
        return e.func(*kept)

    def _skeleton(
        self, e: Expr, vanishing: dict[Expr, Symbol], bounded: dict[Expr, tuple[Expr, Symbol]]
    ) -> Expr:
        if not e.has(*self.counters) or e.is_Symbol:
            return e
        if e.is_Add or e.is_Mul or (isinstance(e, Pow) and e.exp.is_Integer):
            return e.func(*(self._skeleton(a, vanishing, bounded) for a in e.args))
        if isinstance(e, Pow) and self._decays(e):
            return vanishing.setdefault(e, Dummy("decay"))
        if isinstance(e, Pow) and e.exp.has(*self.counters):
            raise LongRunError(f"it is not known that {e} vanishes after many steps")
        if e not in bounded:
            bounded[e] = (self._function(e), Dummy("gap"))
        value, gap = bounded[e]
        return value + gap

    def _function(self, e: Expr) -> Expr:
        if isinstance(e, Piecewise):
            return self._case(e)
        if isinstance(e, Pow):
            if follows(self.given, -e.exp):
                try:
                    base = self.limit(e.base)
                except LongRunError:
                    if self.limit(1 / e.base) == 0:
                        return Integer(0)
                    raise
                if base == 0:
                    raise LongRunError(f"{e} grows without bound, so that the rule has no long run")
                return base**e.exp
            return self.limit(e.base) ** e.exp
        if isinstance(e, Max | Min):
            return self._extremum(e)
        if not isinstance(e, CONTINUOUS):
            raise LongRunError(f"the limit of {e} after many steps is not found")
        return e.func(*(self.limit(a) for a in e.args))

    def _decays(self, power: Pow) -> bool:
        exponent = power.exp.expand()
        try:
            if Poly(exponent, *self.counters).total_degree() != 1:
                return False
        except PolynomialError:
            return False
        rates = [exponent.coeff(k) for k in self.counters if exponent.has(k)]
        inside = follows(self.given, 1 - power.base) and follows(self.given, 1 + power.base)
        return inside and all(follows(self.given, rate) for rate in rates)

    def _case(self, cases: Piecewise) -> Expr:
        for value, condition in cases.args:
            applies = self._eventually(condition)
            if applies is None:
                raise LongRunError(f"it is not known whether {condition} after many steps")
            if applies:
                return self.limit(value)
        raise LongRunError(f"no case of {cases} applies after many steps")

    def _eventually(self, condition: Boolean) -> bool | None:
        if isinstance(condition, Relational) and condition.has(*self.counters):
            try:
                difference = self.limit(condition.lhs - condition.rhs)
            except LongRunError:
                # What grows without bound has the sign of its leading term: one over it tends to zero.
                return self._of_growing(condition)
            strict = {">=": ">", "<=": "<"}.get(condition.rel_op, condition.rel_op)
            if difference == 0 or strict in ("==", "!="):
                return None
            return decided(Relational(difference, 0, strict), self.given)
        if isinstance(condition, And | Or | Not):
            parts = [self._eventually(part) for part in condition.args]
            if None in parts:
                return None
            if isinstance(condition, Not):
                return not parts[0]
            return all(parts) if isinstance(condition, And) else any(parts)
        return decided(condition, self.given)

    def _of_growing(self, condition: Relational) -> bool | None:
        difference = (condition.lhs - condition.rhs).expand()
        linear = [difference.coeff(k) for k in self.counters if difference.has(k)]
        rest = difference - sum(
            c * k for c, k in zip(linear, [k for k in self.counters if difference.has(k)], strict=True)
        )
        if rest.has(*self.counters) or len(linear) != 1:
            return None
        rate = linear[0]
        if condition.rel_op in ("==", "!="):
            return (
                condition.rel_op == "!=" if follows(self.given, rate) or follows(self.given, -rate) else None
            )
        upward = condition.rel_op in (">", ">=")
        if follows(self.given, rate):
            return upward
        return not upward if follows(self.given, -rate) else None

    def _leading(
        self, poly: Poly, small: set[Symbol], slack: set[Symbol], within: int | None
    ) -> tuple[int, Expr] | None:
        """Return degree and coefficient of the leading power of the counter; raise where a gap may matter."""
        plain: dict[int, Expr] = {}
        most = -1
        generators = poly.gens
        for powers, coefficient in poly.terms():
            names = {g for g, p in zip(generators, powers, strict=True) if p}
            if names & small:
                continue
            if names & slack:
                most = max(most, powers[0])
            else:
                plain[powers[0]] = coefficient
        plain = {p: c for p, c in plain.items() if c != 0}
        lead = max(plain) if plain else -1
        limit = lead if within is None else max(lead, within)
        if most > limit:
            raise LongRunError("the limit of a coefficient after many steps is not found")
        return (lead, plain[lead]) if plain else None
