"""What judges of claims are made of: verdicts with conditions, exact numbers, limits and signs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr, Integer, Mul, Symbol, factor_list, fraction, oo, together

from physsym.analysis.exact_evaluation import sign_of
from physsym.core.signs import POSITIVE, signs
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, holds, undecided
from physsym.mechanics.moves import Limit
from physsym.verify.identity import identical
from physsym.verify.limit import gap


def undecidable(reason: str) -> Verdict:
    """Return the verdict on a claim without formal content, with the reason; it is never silently true."""
    return undecided(reason)


def add_evidence(verdict: Verdict, *evidence: str) -> Verdict:
    """Return the verdict with more evidence."""
    return replace(verdict, evidence=(*verdict.evidence, *evidence))


def conditional(verdict: Verdict, *assumes: Condition | Hypothesis) -> Verdict:
    """Return a verdict that holds as one that holds under conditions; any other as it is.

    >>> print(conditional(holds("seen"), Hypothesis("friction is viscous")))
    conditional, given friction is viscous: seen
    """
    if not verdict:
        return verdict
    return replace(verdict, outcome=Outcome.CONDITIONAL, assumes=(*verdict.assumes, *assumes))


def positive(expression: Expr) -> tuple[Condition, ...]:
    """Return the conditions under which an expression is above zero, freed of factors that always are.

    Factors of even powers stay as what must not be zero. Together the conditions are enough, and needed.

    >>> from physsym.vocabulary import eta, lam, x
    >>> print(*positive(eta * lam**2 * x**2 * (2 - eta * lam) / 2), sep=", ")
    -eta*lam + 2 > 0, x != 0
    """
    (above, over), (below, under) = map(factor_list, fraction(together(expression)))
    moving = [(f, n) for f, n in (*over, *under) if not signs(f) <= POSITIVE]
    odd = Mul(Integer(sign_of(above * below)), *(f for f, n in moving if n % 2))
    even = tuple(Condition(f, "!= 0") for f, n in moving if not n % 2)
    return (*((Condition(odd.expand(), "> 0"),) if odd != 1 else ()), *even)


def check_limit(expression: Expr, limit: Limit, to: Expr, what: str = "the expression") -> Verdict:
    """Return whether an expression tends to a value, and at which order; it may be plus or minus infinity.

    The verdict is undecided where the order cannot be measured.

    >>> from physsym.vocabulary import dt, rho, tau
    >>> print(check_limit(1 - dt / tau, Limit(tau, Integer(0)), -oo).outcome.value)
    holds
    """
    if to.is_finite:
        return gap(limit, expression, to, what)
    verdict = gap(limit, 1 / expression, Integer(0), f"one over {what}")
    if not verdict or not verdict.error or verdict.error.exponent == oo:
        return verdict
    leading = expression * verdict.error.symbol**verdict.error.exponent
    size = leading.limit(limit.symbol, limit.to)  # proposed here, measured below
    return all_of(gap(limit, leading, size, f"{what} over its size"), _grows(verdict, size, to, what))


def _grows(verdict: Verdict, size: Expr, to: Expr, what: str) -> Verdict:
    direction = signs(size)
    if direction == {1 if to == oo else -1}:
        return add_evidence(verdict, f"{what} tends to {to}")
    return fails(f"{what} does not tend to {to}") if len(direction) == 1 else undecided(f"sign of {size}?")


def is_decreasing(quantity: Expr, symbol: Symbol) -> Verdict:
    """Return whether the size of a real quantity falls as a symbol grows, and never rises.

    Decided by the sign of the slope of its square, read off its form. `grows` is the reverse.

    >>> from physsym.vocabulary import G, gamma, m
    >>> print(is_decreasing(G / m, m).outcome.value, is_decreasing(G / m, gamma).outcome.value)
    holds fails
    """
    return _monotone(quantity, symbol, -1)


def is_increasing(quantity: Expr, symbol: Symbol) -> Verdict:
    """Return whether the size of a real quantity rises as a symbol grows, and never falls."""
    return _monotone(quantity, symbol, 1)


def _monotone(quantity: Expr, symbol: Symbol, direction: int) -> Verdict:
    slope = (quantity**2).diff(symbol)
    found = signs(slope)
    told = f"the square of {quantity} changes with {symbol} by {slope}"
    if found <= {0, direction} and found != {0}:
        return holds(told)
    return fails(told) if direction not in found or found == {0} else undecided(f"{told}, of unknown sign")


def approx_equal(found: Expr, claimed: Expr, tolerance: Expr) -> Verdict:
    """Return whether an exact number is another one, or within a relative tolerance of it: APPROXIMATE then.

    >>> from sympy import Rational
    >>> print(approx_equal(Rational(333, 1000), Rational(1, 3), Rational(1, 100)))
    approximate: 0.333000 against 0.333333, off by -0.10 %
    """
    if identical(found, claimed):
        return holds(f"both are {found}")
    off = found / claimed - 1
    told = f"{found.evalf(6)} against {claimed.evalf(6)}, off by {(100 * off).evalf(2)} %"
    within = sign_of(tolerance**2 - off**2) >= 0
    return Verdict(Outcome.APPROXIMATE, (told,)) if within else fails(told)


def each(verdicts: Iterable[tuple[str, Verdict]]) -> Verdict:
    """Return verdicts joined, each piece of evidence under the name of what it is about."""
    return all_of(*(replace(v, evidence=tuple(f"{name}: {e}" for e in v.evidence)) for name, v in verdicts))
