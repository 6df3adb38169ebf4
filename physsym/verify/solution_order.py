"""The order at which the solution of an equation converges, from that of its residual."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr, Integer, Poly, Symbol, cancel, expand, fraction, together
from sympy.polys.polyerrors import PolynomialError

from physsym.core.polynomials import factored, lower_hull
from physsym.core.signs import signs
from physsym.core.verdicts import Condition
from physsym.verify.attraction import vanishing_with
from physsym.verify.derivative import derivative
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.expansion import expanded

Exponent = int | float | Fraction


@dataclass(frozen=True)
class SolutionOrder:
    """The order of the error of a solution, and the conditions under which it has that order.

    `symbol` is what the equation was solved for, None where there is nothing to solve for.
    """

    exponent: Exponent
    conditions: tuple[Condition, ...] = ()
    symbol: Symbol | None = None


def solution_order(
    above: Expr, below: Expr, exponent: Exponent, small: Symbol, unknowns: Iterable[Symbol]
) -> SolutionOrder:
    """Return the order at which the solution of above = 0 tends to that of below = 0.

    To first order the error is the gap of the residuals over their derivative by the unknown. Where that
    vanishes at the solution, which is then a multiple root, the Newton polygon there decides.

    Parameters
    ----------
    above, below
        The residual and its limit.
    exponent
        The order at which the gap of the residuals closes.
    small
        The positive symbol that vanishes.
    unknowns
        For which the equation may be solved.

    Returns
    -------
    SolutionOrder
        The exponent is that of the residual where the derivative does not vanish.

    Raises
    ------
    UndecidedError
        Where the order at a multiple root is not found.

    Examples
    --------
    >>> from sympy import symbols
    >>> eps, x = symbols("eps", positive=True), symbols("x", real=True)
    >>> print(solution_order(x**2 - eps, x**2, 1, eps, [x]).exponent)
    1/2
    """
    slopes = {s: slope for s in unknowns if (slope := derivative(below, s)) != 0}
    if not slopes or any(0 not in signs(slope) for slope in slopes.values()):
        return SolutionOrder(exponent)
    found = []
    for symbol, slope in slopes.items():
        roots = _multiple_roots(below, symbol)
        if roots:
            orders = [_order_at(above, symbol, root, exponent, small) for root in roots]
            found.append(SolutionOrder(min(orders), (), symbol))
        else:
            factors = dict.fromkeys(vanishing_with(f) for f, _ in factored(slope)[0][1])
            nonzero = tuple(Condition(f, "!= 0") for f in factors if 0 in signs(f))
            found.append(SolutionOrder(exponent, nonzero, symbol))
    return min(found, key=lambda f: (len(f.conditions), -f.exponent))


def _multiple_roots(below: Expr, symbol: Symbol) -> list[Expr | None]:
    """Return the multiple roots of a polynomial; None for one without a formula."""
    if not below.is_rational_function(symbol):
        return []
    top = fraction(together(below))[0]
    try:
        factors = Poly(top, symbol).sqf_list()[1]
    except PolynomialError:
        return []
    multiple = (f for f, multiplicity in factors if multiplicity > 1)
    return [cancel(-f.nth(0) / f.nth(1)) if f.degree() == 1 else None for f in multiple]


def _order_at(above: Expr, symbol: Symbol, root: Expr | None, exponent: Exponent, small: Symbol) -> Exponent:
    """Return the slowest order at which roots tend to a multiple root of the limit."""
    if root is None:
        raise UndecidedError(
            f"the limit has a multiple root in {symbol} that has no formula; use Isolate({symbol}) first"
        )
    top = fraction(together(above.xreplace({symbol: root + symbol})))[0]
    try:
        coefficients = Poly(expand(top), symbol).terms()
    except PolynomialError:
        raise UndecidedError(
            f"the law is no polynomial in {symbol} near a multiple root of its limit"
        ) from None
    orders = {k: order for (k,), c in coefficients if (order := expanded(c, small).order) is not None}
    points = [(k, order, Integer(1)) for k, order in sorted(orders.items())]
    slopes = [-slope for slope, _ in lower_hull(points) if slope < 0]
    return min(slopes, default=exponent)
