"""Asymptotics of the roots of a characteristic polynomial in a small parameter: leading terms and series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr, Integer, Poly, Rational, Symbol, cancel, fraction, together
from sympy.polys.polyerrors import PolynomialError

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.linear import z
from physsym.analysis.spectral import roots
from physsym.core.polynomials import Point, lower_hull
from physsym.core.symbols import require_symbol
from physsym.parsing.statements import ExprText, SymbolText, as_expression, named_symbol


@dataclass(frozen=True)
class Leading:
    """The leading term coefficient*small**exponent of a root as the small symbol vanishes."""

    coefficient: Expr
    exponent: Fraction

    def of(self, small: Symbol) -> Expr:
        """Return the leading term as an expression in the small symbol."""
        return self.coefficient * small ** Rational(self.exponent)


def leading_roots(polynomial: Poly, small: Symbol) -> tuple[Leading, ...]:
    """Return the leading term of each root of a polynomial in `z` as a symbol vanishes from above.

    The exponents are the slopes of the Newton polygon, the lower hull of the points (power, order of its
    coefficient); the coefficients are the roots of the polynomial of each edge. Roots that are identically
    zero are left out.

    Parameters
    ----------
    polynomial
        A polynomial in `z`, such as a characteristic polynomial.
    small
        The symbol that vanishes from above.

    Returns
    -------
    tuple of Leading
        One leading term for each root.

    Raises
    ------
    AnalysisError
        If a coefficient is not a rational function of the symbol, or the roots of an edge have no closed
        form.

    References
    ----------
    V. Puiseux, Recherches sur les fonctions algebriques, 1850; R. Walker, Algebraic Curves, chapter IV.

    Examples
    --------
    >>> from physsym.analysis.linear import characteristic_polynomial
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import m
    >>> for root in leading_roots(characteristic_polynomial(damped_particle.law()), m):
    ...     print(root.of(m))
    -lam/gamma
    -gamma/m
    """
    _require_polynomial(polynomial)
    require_symbol(small)
    hull = lower_hull(list(_points(polynomial, small)))
    return tuple(root for slope, edge in hull for root in _on_edge(slope, edge))


def leading_term(expression: ExprText, small: SymbolText) -> Leading:
    """Return the leading term of an expression as a symbol vanishes from above.

    Parameters
    ----------
    expression
        A rational function of the symbol that is not zero.
    small
        The symbol that vanishes from above.

    Returns
    -------
    Leading
        Coefficient and exponent.

    Raises
    ------
    AnalysisError
        If the expression is not a rational function of the symbol.

    Examples
    --------
    >>> from physsym.vocabulary import dt, tau
    >>> print(leading_term(1 - dt / tau, tau).of(tau))
    -dt/tau
    """
    expression = as_expression(expression)
    vanishing = named_symbol(small, expression.free_symbols)
    above, below = (_lowest(part, vanishing) for part in fraction(together(expression)))
    return Leading(above[1] / below[1], Fraction(above[0] - below[0]))


def _require_polynomial(given: object) -> None:
    if not isinstance(given, Poly):
        raise TypeError(
            f"expected a polynomial in z, such as characteristic_polynomial(law); given {given!r}"
        )


def _points(polynomial: Poly, small: Symbol) -> Iterator[Point]:
    for (power,), coefficient in sorted(polynomial.terms()):
        if coefficient != 0:
            leading = leading_term(coefficient, small)
            yield power, int(leading.exponent), leading.coefficient


def _lowest(expression: Expr, small: Symbol) -> tuple[int, Expr]:
    if not expression.has(small):
        return 0, expression
    try:
        (order,), coefficient = Poly(expression, small).terms()[-1]
    except PolynomialError:
        raise AnalysisError(f"{expression} is no polynomial in {small}") from None
    return order, coefficient


def _on_edge(slope: Fraction, edge: list[Point]) -> Iterator[Leading]:
    polynomial = Poly(sum(size * z ** (power - edge[0][0]) for power, _, size in edge), z)
    yield from (Leading(root, -slope) for root in roots(polynomial))


def root_series(polynomial: Poly, small: Symbol, start: Expr, order: int) -> Expr:
    """Return the power series in a small symbol of the root that starts at a given value.

    Each coefficient cancels the residual at its order (Newton's method for power series).

    Parameters
    ----------
    polynomial
        A polynomial in `z`.
    small
        The symbol in whose powers the root is expanded.
    start
        A simple root where `small` = 0.
    order
        The highest power of `small` in the result.

    Returns
    -------
    Expr
        The truncated series.

    Raises
    ------
    AnalysisError
        If `start` is not a simple root at `small` = 0, or a coefficient is not a rational function of the
        symbol.

    Examples
    --------
    >>> from physsym.analysis.linear import characteristic_polynomial
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.vocabulary import G, gamma, lam, tau, x
    >>> slow = characteristic_polynomial(law({tau * dot(dot(x)): -G / gamma - dot(x)}))
    >>> print(root_series(slow, tau, -lam / gamma, 1))
    -lam/gamma - lam**2*tau/gamma**2
    """
    _require_polynomial(polynomial)
    cleared = Poly(fraction(together(polynomial.as_expr()))[0], z)
    derivative = cancel(cleared.diff().eval(start).subs(small, 0))
    if derivative == 0 or cancel(cleared.eval(start).subs(small, 0)) != 0:
        raise AnalysisError(f"{start} is no simple root of {polynomial.as_expr()} where {small} = 0")
    found = start
    for power in range(1, order + 1):
        residual = _coefficient(cleared.eval(found), small, power)
        found -= cancel(residual / derivative) * small**power
    return found


def _coefficient(expression: Expr, small: Symbol, power: int) -> Expr:
    above, below = fraction(together(expression))
    if below.has(small) or not above.is_polynomial(small):
        raise AnalysisError(f"{expression} is no polynomial in {small}")
    return Poly(above, small).coeff_monomial(small**power) / below if above != 0 else Integer(0)
