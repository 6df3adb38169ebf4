"""Functions to write judges of claims with: regions, limits, monotonicity, tolerances.

A judge computes a `Verdict` on what is true: that it holds throughout its domain, in a part of it, or
nowhere. `classify` makes the class of the sentence of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr, Integer, Mul, Poly, Symbol, factor_list, fraction, oo, together

from physsym.analysis.exact_evaluation import AnalysisError, sign_of
from physsym.analysis.quantified import holds_for_all
from physsym.core.signs import POSITIVE, signs
from physsym.core.symbols import Exact, exact, require_symbol
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, holds, undecided
from physsym.mechanics.claim import Claim, Quantifier, classify
from physsym.mechanics.moves import Limit
from physsym.parsing.statements import as_expression, as_symbol
from physsym.verify.identity import identical
from physsym.verify.limit import approaches, gap, where_regular

__all__ = [
    "Claim", "Quantifier", "add_evidence", "all_named", "all_of", "approx_equal", "check_limit", "classify",
    "conditional", "eventually", "fails", "holds", "holds_exactly", "is_decreasing", "is_increasing",
    "positive", "undecidable",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)


def undecidable(reason: str) -> Verdict:
    """Return the verdict on a claim without formal content; it is never silently true.

    Parameters
    ----------
    reason
        Why the claim cannot be decided.

    Returns
    -------
    Verdict
        Undecidable.
    """
    return undecided(reason)


def add_evidence(verdict: Verdict, *evidence: str) -> Verdict:
    """Return the verdict with more evidence.

    Parameters
    ----------
    verdict
        A verdict.
    *evidence
        Sentences that are appended.

    Returns
    -------
    Verdict
        The same outcome.
    """
    return replace(verdict, evidence=(*verdict.evidence, *evidence))


def conditional(verdict: Verdict, *assumes: Condition | Hypothesis) -> Verdict:
    """Return a verdict that holds as one that holds under conditions; any other as it is.

    Parameters
    ----------
    verdict
        A verdict.
    *assumes
        What it depends on.

    Returns
    -------
    Verdict
        Conditional if `verdict` holds.

    Examples
    --------
    >>> print(conditional(holds("seen"), Hypothesis("friction is viscous")))
    conditional, given friction is viscous: seen
    """
    if not verdict:
        return verdict
    return replace(verdict, outcome=Outcome.CONDITIONAL, assumes=(*verdict.assumes, *assumes))


def positive(expression: Expr) -> tuple[Condition, ...]:
    """Return the conditions under which an expression is positive, without factors that always are.

    Factors of even powers remain as what must not be zero. The conditions are necessary and sufficient.

    Parameters
    ----------
    expression
        A rational function.

    Returns
    -------
    tuple of Condition
        The conditions.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam, x
    >>> print(*positive(eta * lam**2 * x**2 * (2 - eta * lam) / 2), sep=", ")
    -eta*lam + 2 > 0, x != 0
    """
    (above, over), (below, under) = map(factor_list, fraction(together(as_expression(expression))))
    moving = [(f, n) for f, n in (*over, *under) if not signs(f) <= POSITIVE]
    odd = Mul(Integer(sign_of(above * below)), *(f for f, n in moving if n % 2))
    even = tuple(Condition(f, "!= 0") for f, n in moving if not n % 2)
    return (*((Condition(odd.expand(), "> 0"),) if odd != 1 else ()), *even)


def holds_exactly(
    claimed: Iterable[Condition], region: Iterable[Condition], domain: Iterable[Condition] = ()
) -> Verdict:
    """Return whether conditions hold in a region of a domain and nowhere else in it.

    Parameters
    ----------
    claimed
        The conditions.
    region
        The conditions that define the region.
    domain
        Conditions that restrict the values.

    Returns
    -------
    Verdict
        Fails with a point that is in the region and should not be, or the other way round.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam
    >>> falls, short = Condition(eta * lam * (2 - eta * lam), "> 0"), Condition(2 - eta * lam, "> 0")
    >>> print(holds_exactly([falls], [short]))
    holds: it holds where `-eta*lam + 2 > 0`, and nowhere else
    >>> holds_exactly([falls], [Condition(1 - eta * lam, "> 0")]).outcome.value
    'fails'
    """
    claimed, region, domain = tuple(claimed), tuple(region), tuple(domain)
    named = " and ".join(f"`{c}`" for c in region)
    directions = (
        (f"not everywhere where {named}", holds_for_all(claimed, (*domain, *region))),
        (f"not only where {named}", holds_for_all(region, (*domain, *claimed))),
    )
    for says, verdict in directions:
        if verdict.outcome not in (Outcome.HOLDS, Outcome.UNDECIDABLE):
            return fails(says, witness=verdict.witness, engines=verdict.engines)
    joined = all_of(*(verdict for _, verdict in directions))
    return replace(joined, evidence=(f"it holds where {named}, and nowhere else",)) if joined else joined


def eventually(claimed: Iterable[Condition], limit: Limit, domain: Iterable[Condition] = ()) -> Verdict:
    """Return whether conditions hold once a symbol is close enough to zero from above, or large enough.

    Decided by the leading coefficients: how close is close enough may depend on the other symbols.

    Parameters
    ----------
    claimed
        Conditions that an expression is positive, of rational functions of the symbol.
    limit
        Which symbol tends to zero or to infinity.
    domain
        Conditions that restrict the other symbols.

    Returns
    -------
    Verdict
        As of `holds_for_all`, on the leading coefficients.

    Raises
    ------
    AnalysisError
        For limits other than zero and infinity, and for other relations than > 0.

    Examples
    --------
    >>> from physsym.vocabulary import eta, lam
    >>> print(eventually([Condition(2 - eta * lam, "> 0")], Limit(eta)))
    holds: once `eta` is small enough, `-eta*lam + 2 > 0`
    >>> eventually([Condition(2 - eta * lam, "> 0")], Limit(eta, oo)).outcome.value
    'fails'
    """
    if limit.to not in (0, oo):
        raise AnalysisError(f"expected a limit to 0 or to oo, given {limit.symbol} -> {limit.to}")
    enough = f"once `{limit.symbol}` is {'small' if limit.to == 0 else 'large'} enough"
    verdicts = []
    for condition in claimed:
        if condition.relation != "> 0":
            raise AnalysisError(f"expected conditions of the form expression > 0, given {condition}")
        above, below = fraction(together(condition.expression))
        terms = Poly((above * below).expand(), limit.symbol).terms()  # of the sign of the quotient
        leading = terms[0 if limit.to == oo else -1][1]
        verdict = holds_for_all([Condition(leading, "> 0")], domain)
        told = f"{enough}, `{condition}`" if verdict else f"{enough}, `{condition}` asks for `{leading} > 0`"
        verdicts.append(replace(verdict, evidence=(told,)))
    return all_of(*verdicts)


def check_limit(expression: Expr, limit: Limit, to: Exact, what: str = "the expression") -> Verdict:
    """Return whether an expression tends to a value, and at which order.

    Parameters
    ----------
    expression
        The expression.
    limit
        Which symbol tends to what.
    to
        The value, which may be plus or minus infinity.
    what
        A name of the expression for the evidence.

    Returns
    -------
    Verdict
        Undecidable where the order cannot be measured.

    Raises
    ------
    TypeError
        For what is no expression, a float included, and where `limit` is no `Limit`.

    Examples
    --------
    >>> from physsym.vocabulary import dt, rho, tau
    >>> print(check_limit(1 - dt / tau, Limit(tau, Integer(0)), -oo).outcome.value)
    holds
    """
    if not isinstance(limit, Limit):
        raise TypeError(f"expected a limit such as Limit(tau, 0), given {limit!r}")
    expression, to = exact(expression), exact(to)
    if to.is_finite is not False:
        verdict = gap(limit, expression, to, what)
        return where_regular(verdict, approaches(limit)[0], [expression], [to]) if verdict else verdict
    verdict = gap(limit, 1 / expression, Integer(0), f"one over {what}")
    if not verdict or not verdict.error or verdict.error.exponent == oo:
        return verdict
    leading = expression * verdict.error.symbol**verdict.error.exponent
    size = leading.limit(limit.symbol, limit.to)  # proposed here, measured below
    direction = signs(size)
    if direction == {1 if to == oo else -1}:
        diverges = add_evidence(verdict, f"{what} tends to {to}")
    elif len(direction) == 1:
        diverges = fails(f"{what} does not tend to {to}")
    else:
        diverges = undecided(f"sign of {size}?")
    return all_of(gap(limit, leading, size, f"{what} over its size"), diverges)


def is_decreasing(quantity: Expr, symbol: Symbol) -> Verdict:
    """Return whether the absolute value of a real quantity decreases with a symbol.

    Decided by the sign of the derivative of its square, from its form.

    Parameters
    ----------
    quantity
        A real expression.
    symbol
        The symbol that increases.

    Returns
    -------
    Verdict
        Undecidable where the sign is not known.

    Examples
    --------
    >>> from physsym.vocabulary import G, gamma, m
    >>> print(is_decreasing(G / m, m).outcome.value, is_decreasing(G / m, gamma).outcome.value)
    holds fails
    """
    return _monotone(quantity, symbol, -1)


def is_increasing(quantity: Expr, symbol: Symbol) -> Verdict:
    """Return whether the absolute value of a real quantity increases with a symbol.

    Parameters
    ----------
    quantity
        A real expression.
    symbol
        The symbol that increases.

    Returns
    -------
    Verdict
        Undecidable where the sign is not known.
    """
    return _monotone(quantity, symbol, 1)


def _monotone(quantity: Expr, symbol: Symbol, direction: int) -> Verdict:
    quantity, by = as_expression(quantity), as_symbol(symbol)
    require_symbol(by)
    derivative = (quantity**2).diff(by)
    found = signs(derivative)
    text = f"the square of `{quantity}` changes with `{symbol}` by `{derivative}`"
    if found <= {0, direction} and found != {0}:
        return holds(text)
    return fails(text) if direction not in found or found == {0} else undecided(f"{text}, of unknown sign")


def approx_equal(found: Expr, claimed: Expr, tolerance: Expr) -> Verdict:
    """Return whether an exact number equals another, or is within a relative tolerance of it.

    Parameters
    ----------
    found
        An exact number.
    claimed
        The number that it is compared with.
    tolerance
        The relative tolerance.

    Returns
    -------
    Verdict
        Holds if equal, approximate if within the tolerance, fails otherwise.

    Examples
    --------
    >>> from sympy import Rational
    >>> print(approx_equal(Rational(333, 1000), Rational(1, 3), Rational(1, 100)))
    approximate: 0.333000 against 0.333333, off by -0.10 %
    """
    if identical(found, claimed):
        return holds(f"both are {found}")
    if claimed == 0:  # nothing but zero is within a relative tolerance of zero
        return fails(f"{found.evalf(6)} against 0")
    off = found / claimed - 1
    text = f"{found.evalf(6)} against {claimed.evalf(6)}, off by {(100 * off).evalf(2)} %"
    within = sign_of(tolerance**2 - off**2) >= 0
    return Verdict(Outcome.APPROXIMATE, (text,)) if within else fails(text)


def all_named(verdicts: Iterable[tuple[str, Verdict]]) -> Verdict:
    """Join named verdicts with `all_of`, each piece of evidence under the name of its verdict.

    Parameters
    ----------
    verdicts
        Pairs of a name and a verdict.

    Returns
    -------
    Verdict
        The worst outcome counts.
    """
    return all_of(*(replace(v, evidence=tuple(f"{name}: {e}" for e in v.evidence)) for name, v in verdicts))
