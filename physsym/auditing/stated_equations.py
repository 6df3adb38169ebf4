"""What a text states as equations before a formula: what follows from them, and points at which they hold.

A link that differs at a point is an error only if what the text states may hold there: after `p**2 = p` no
point but 0 and 1 counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeAlias

from sympy import (
    QQ,
    ZZ,
    Add,
    Expr,
    Integer,
    Poly,
    Rational,
    Symbol,
    expand,
    fraction,
    groebner,
    reduced,
    rem,
    together,
)

from physsym.auditing.comparisons import Comparison
from physsym.auditing.consequences import Consequence, is_generic
from physsym.auditing.evaluation import agree_at_a_point
from physsym.auditing.expansions import is_exact
from physsym.auditing.sheet import Fact, in_scope
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns
from physsym.core.verdicts import Condition, Outcome
from physsym.verify.budget import BudgetError, check_time, joint
from physsym.verify.conditions import consistent
from physsym.verify.domains import defined
from physsym.verify.engines.evaluation import Values as Point
from physsym.verify.engines.evaluation import evaluate_both, format_witness, sample_points
from physsym.verify.equivalence import identical
from physsym.verify.implication import counterexamples

_SECONDS = 0.5  # of processor time, for one link
_ADJOINT = re.compile(r"\\dagger|†")
_OF_ARRAYS = re.compile(
    r"\\(?:(?:wide)?hat|vec|mathbf|boldsymbol|bm|cdot|langle|o?times|top|[lr]?[Vv]ert)(?![A-Za-z])|[·×⊗‖]|\\\|"
)
_LONG = 300  # operations, above which an equation is not used
_EQUATIONS = 4  # which are not solved for a symbol
_DRAWN = 12  # points at which one is solved
_SYMBOLS, _DEGREES, _DEGREE, _TERMS = 8, 6, 12, 200  # of polynomials


@dataclass(frozen=True)
class Stated:
    """An expression that is zero by an equation of the text, or by several."""

    facts: tuple[Fact, ...]
    gap: Expr

    @property
    def is_of_other_cases(self) -> bool:
        """Return whether several equations contradict each other, or say that a name is zero as none does."""
        if len(self.facts) < 2:
            return False
        forced = not expand(fraction(together(self.gap))[0]).is_Add
        if forced and all(expand(f.left - f.right).is_Add for f in self.facts):
            return True
        domain = defined(*(side for f in self.facts for side in (f.left, f.right)), self.gap)
        return consistent((Condition(self.gap, "= 0"), *domain)).outcome is Outcome.FAILS


def equations_on(
    symbols: AbstractSet[Symbol], facts: Sequence[Fact], formula: Formula, functions: bool = False
) -> list[Stated]:
    """Return the equations before a formula on symbols, and on those that these equations have.

    The nearest ones come first, and what is said of values of functions only if `functions` are asked for.
    """
    pool: list[Stated] = []
    for fact in reversed(facts):
        if (
            fact.kind in ("fails", "note")
            or not in_scope(fact, formula)
            or not is_exact(fact.left, fact.right)
        ):
            continue
        sides = in_unknowns(fact.left, fact.right)
        if functions or not sides.applications:
            pool.append(Stated((fact,), sides.expressions[0] - sides.expressions[1]))
    found: list[Stated] = []
    known, before = frozenset(symbols), -1
    while len(found) > before:
        before = len(found)
        for stated in (s for s in pool if s not in found):
            if stated.gap.free_symbols & known:
                found.append(stated)
                known |= stated.gap.free_symbols
    return found


def with_equations(
    found: Comparison, stated: Sequence[Stated], given: Sequence[Condition] = ()
) -> Comparison | Consequence | None:
    """Return what is known of two sides that differ, where equations hold that the text states.

    Parameters
    ----------
    found
        The comparison of the sides.
    stated
        The equations.
    given
        The conditions that are assumed besides.

    Returns
    -------
    Comparison, Consequence or None
        The comparison, with a point at which the equations hold; or that the sides are equal by them; None
        where neither is found.
    """
    one, other = found.sides.expressions[:2]
    try:
        with joint(_SECONDS):
            usable = [s for s in stated if s.gap.count_ops() < _LONG and not _is_zero(s.gap)]
            solved, left, open_ones = _solved(usable, one - other)
            if not open_ones and left.gap == one - other:
                return found
            if (follows := _following(open_ones, left)) is not None:
                return follows
            if len(open_ones) > _EQUATIONS:
                return None
            return _elsewhere(found, solved, open_ones, given)
    except BudgetError:
        return None


def may_not_commute(formulas: Iterable[Formula], symbols: AbstractSet[Symbol]) -> bool:
    """Return whether letters may be operators or vectors: what follows for numbers need not hold."""
    texts = [f.text for f in formulas]
    if any(map(_ADJOINT.search, texts)):
        return True
    capitals = [s for s in symbols if s.name[0].isupper()]
    return len(symbols) > 1 and (len(capitals) > 1 or any(map(_OF_ARRAYS.search, texts)))


Values: TypeAlias = Sequence[tuple[Symbol, Expr]]


def _put(expression: Expr, solved: Values) -> Expr:
    """Return an expression with the values of symbols, which may contain those solved for later."""
    for symbol, value in solved:
        expression = expression.xreplace({symbol: value})
    return expression


def _solved(stated: Sequence[Stated], claim: Expr) -> tuple[Values, Stated, list[Stated]]:
    """Return values of symbols by equations in which they have numbers as factors, and what is left.

    That is the claim with these values, and the other equations on what is in it.
    """
    pending, solved = list(stated), list[tuple[Symbol, Expr]]()
    left = Stated((), claim)
    while (step := next(_steps(pending, left.gap), None)) is not None:
        check_time()
        by, symbol, value = step
        solved.append((symbol, value))
        pending.remove(by)
        left, *pending = (_with_value(s, symbol, value, by) for s in (left, *pending))
        pending = [s for s in pending if s.gap.free_symbols and not s.is_of_other_cases]
    return solved, left, pending


def _with_value(stated: Stated, symbol: Symbol, value: Expr, by: Stated) -> Stated:
    if symbol not in stated.gap.free_symbols:
        return stated
    gap = stated.gap.xreplace({symbol: value})
    facts = tuple(dict.fromkeys((*stated.facts, *by.facts)))
    return Stated(facts, Integer(0) if _is_zero(gap) else gap)


def _is_zero(gap: Expr) -> bool:
    """Return whether an expression is zero wherever it is defined."""
    return agree_at_a_point(gap, Integer(0)) and is_generic(identical(gap, Integer(0)))


def _steps(stated: Sequence[Stated], claim: Expr) -> Iterator[tuple[Stated, Symbol, Expr]]:
    """Yield equations with a symbol that they are solved for; names that the claim has not come first."""
    for wanted in (False, True):
        for one in stated:
            names = {s: None for f in one.facts for s in (f.left,) if s.is_Symbol}
            for symbol in dict.fromkeys((*names, *sorted(one.gap.free_symbols, key=str))):
                if (symbol in claim.free_symbols) is not wanted or symbol not in one.gap.free_symbols:
                    continue
                rate = one.gap.diff(symbol)
                if rate.is_number and rate != 0:
                    yield one, symbol, -one.gap.xreplace({symbol: Integer(0)}) / rate


def _elsewhere(
    found: Comparison, solved: Values, stated: Sequence[Stated], given: Sequence[Condition]
) -> Comparison | None:
    """Return a comparison at a point at which equations hold, None where no such point is found."""
    one, other = (_put(side, solved) for side in found.sides.expressions[:2])
    assumed = [replace(c, expression=_put(c.expression, solved)) for c in given]
    claimed = Condition(one - other, "= 0")
    free, tied = _with_own_symbols(stated, claimed)
    for at in counterexamples((*assumed, *(Condition(s.gap, "= 0") for s in tied)), [[claimed]]):
        whole = all(n.denominator == 1 for s, n in at.items() if s.is_integer)
        if whole and all(_has_root(s.gap, symbol, at) for s, symbol in free):
            for _, first, second in evaluate_both(one, other, [at]):
                return _at(found, format_witness(one, other, at, first, second))
    if len(stated) == 1 and not assumed:
        (open_one,) = stated
        witness = next(_at_roots(one, other, open_one.gap), None)
        return None if witness is None else _at(found, witness)
    return None


def _at(found: Comparison, witness: str) -> Comparison:
    return replace(found, verdict=replace(found.verdict, witness=witness))


def _with_own_symbols(
    stated: Sequence[Stated], claimed: Condition
) -> tuple[list[tuple[Stated, Symbol]], list[Stated]]:
    """Return the equations with a symbol that neither the claim nor another one has, and the other ones."""
    free, tied = list[tuple[Stated, Symbol]](), list[Stated]()
    for one in stated:
        elsewhere = claimed.expression.free_symbols.union(
            *(s.gap.free_symbols for s in stated if s is not one)
        )
        own = sorted(one.gap.free_symbols - elsewhere, key=str)
        known = one.gap.free_symbols - {*own} <= claimed.expression.free_symbols
        if len(own) == 1 and known:
            free.append((one, own[0]))
        else:
            tied.append(one)
    return free, tied


def _has_root(gap: Expr, symbol: Symbol, at: Point) -> bool:
    """Return whether an expression is zero at a point for a real value of one more symbol."""
    there = _polynomial(gap.xreplace({s: Rational(n) for s, n in at.items()}), symbol)
    return there is not None and (there.is_zero or there.count_roots() > 0)


def _polynomial(expression: Expr, symbol: Symbol) -> Poly | None:
    """Return the numerator of an expression as a polynomial with rational numbers, None where it is none."""
    above = fraction(together(expression))[0]
    if above.free_symbols <= {symbol} and above.is_polynomial(symbol):
        found = Poly(above, symbol)
        if found.degree() <= _DEGREE and found.domain in (ZZ, QQ):
            return found.set_domain(QQ)
    return None


def _at_roots(one: Expr, other: Expr, gap: Expr) -> Iterator[str]:
    """Yield points, with roots of polynomials, at which an expression vanishes and two sides differ.

    Of a polynomial without the factors that it shares with the difference no root makes the sides equal.
    """
    below = fraction(together(one))[1] * fraction(together(other))[1]
    symbols = sorted(gap.free_symbols, key=str)
    for at in sample_points(gap.free_symbols | one.free_symbols | other.free_symbols, _DRAWN):
        for symbol in (s for s in symbols if not s.is_integer):
            check_time()
            put = {s: Rational(n) for s, n in at.items() if s != symbol}
            parts = [_polynomial(e.xreplace(put), symbol) for e in (gap, (one - other), below)]
            if any(p is None or p.is_zero for p in parts):
                continue
            vanishing, difference, divisor = (p for p in parts if p is not None)
            apart = vanishing.sqf_part()
            for shared in (difference, divisor):
                apart = apart.quo(apart.gcd(shared))
            for root in apart.real_roots() if apart.degree() > 0 else ():
                where = ", ".join(f"{s} = {root.evalf(6) if s == symbol else n}" for s, n in at.items())
                first, second = (e.xreplace(put).subs(symbol, root).evalf(6) for e in (one, other))
                yield f"at {where}: {first} against {second}"


# ------------------------------------------------------------------ what follows


def _following(stated: Sequence[Stated], claim: Stated) -> Consequence | None:
    """Return that a claim is a sum of multiples of what is zero: of one equation, or of all of them."""
    above, below = fraction(together(claim.gap))
    usable = [s for s in stated if s.gap.free_symbols & above.free_symbols]
    for some in (*([s] for s in usable), *([usable] if 1 < len(usable) <= _EQUATIONS else ())):
        gaps = [fraction(together(s.gap))[0] for s in some]
        if (total := _total(above, gaps)) is not None and is_generic(verdict := identical(above, total)):
            used = tuple(dict.fromkeys((*claim.facts, *(f for s in some for f in s.facts))))
            divisor = below.as_coeff_Mul()[1]
            return Consequence(verdict, used, () if divisor.is_number else (divisor,))
    return None


def _total(claim: Expr, gaps: Sequence[Expr]) -> Expr | None:
    """Return a sum of multiples of polynomials that is what is claimed to be zero, None where there is none.

    Polynomials that vanish together only where a name is zero contradict each other, or hold at special
    values, and other equations follow from the zero alone.
    """
    symbols = sorted(claim.free_symbols.union(*(g.free_symbols for g in gaps)), key=str)
    if len(symbols) > _SYMBOLS or not all(e.is_polynomial(*symbols) for e in (claim, *gaps)):
        return None
    polys = [Poly(e, *symbols) for e in (claim, *gaps)]
    if any(len(p.terms()) > _TERMS or p.total_degree() > _DEGREE for p in polys):
        return None
    basis = list(gaps)
    if len(gaps) > 1:
        if sum(p.total_degree() for p in polys[1:]) > _DEGREES:
            return None
        basis = groebner(gaps, *symbols, order="grevlex").exprs
        products = [b for b in basis if not b.is_Add]
        if any(not any(rem(b, g, *symbols) == 0 for g in gaps if not g.expand().is_Add) for b in products):
            return None
    multiples, rest = reduced(claim, basis, *symbols, order="grevlex")
    return Add(*(m * b for m, b in zip(multiples, basis, strict=True))) if rest == 0 else None
