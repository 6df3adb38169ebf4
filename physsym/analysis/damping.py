"""Damping: whether a law or a rule oscillates, from the discriminant of its characteristic polynomial."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

from sympy import Expr, Poly, Symbol, expand, factor, sqrt

from physsym.analysis.exact_evaluation import AnalysisError, put, sign_of
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.stability import Region
from physsym.core.signs import signs
from physsym.core.statements import Statement, symbols
from physsym.core.symbols import Exact
from physsym.core.verdicts import Condition
from physsym.parsing.statements import ExprText, LawText, StatementText, as_expression, as_law, as_statement
from physsym.vocabulary import lam

_DECIDED_BY_DISCRIMINANT = 3  # the degree up to which its sign decides whether all roots are real


class Damping(Enum):
    """The class of damping: all roots real and distinct, all real and some equal, or some complex."""

    OVERDAMPED = "overdamped"
    CRITICAL = "critically damped"
    UNDERDAMPED = "underdamped"


def discriminant(statement: StatementText, curvature: ExprText = lam) -> Expr:
    """Return the discriminant of the characteristic polynomial on curvature*x**2/2.

    Up to degree three it is negative exactly where two roots are complex, and zero where two are equal.

    Parameters
    ----------
    statement
        A law or a rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Expr
        The discriminant.

    Raises
    ------
    AnalysisError
        If the statement is not linear on a quadratic.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> print(discriminant(damped_particle.law()))
    gamma**2 - 4*lam*m
    """
    statement = as_statement(statement)
    return _discriminant(statement, as_expression(curvature, symbols(statement)))


@lru_cache(maxsize=256)
def _discriminant(statement: Statement, curvature: Expr) -> Expr:
    return expand(characteristic_polynomial(statement, curvature).discriminant())


def underdamped_region(statement: StatementText, curvature: ExprText = lam) -> Region:
    """Return the parameters for which two roots are complex, so that a law or a rule oscillates.

    For the damped oscillator this is gamma**2 < 4*m*lam; for momentum it is (1 - sqrt(eta*lam))**2 < rho <
    (1 + sqrt(eta*lam))**2. A rule with a real negative multiplier alternates in sign too, which is not
    counted here.

    Parameters
    ----------
    statement
        A law or a rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Region
        The underdamped parameters.

    Raises
    ------
    AnalysisError
        Beyond degree three, where the discriminant does not decide, and if the statement is not linear.

    References
    ----------
    H. Goldstein, Classical Mechanics, section 6.6; G. Goh, Why Momentum Really Works, Distill, 2017.

    Examples
    --------
    >>> from sympy import Rational
    >>> from physsym.core.symbols import Exact, after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> region = underdamped_region(rule({u: rho * u - eta * G, x: x + after(u)}))
    >>> region.holds_at({rho: Rational(9, 10), eta: Rational(1, 100), lam: 20})
    True
    """
    statement = as_statement(statement)
    polynomial = characteristic_polynomial(statement, curvature)
    if polynomial.degree() > _DECIDED_BY_DISCRIMINANT:
        raise AnalysisError(
            f"the discriminant of a polynomial of degree {polynomial.degree()} does not tell whether its "
            "roots are real; ask damping_at for the class at given values"
        )
    return Region((Condition(-discriminant(statement, curvature), "> 0"),))


def damping_at(
    statement: StatementText, values: Mapping[Symbol, Exact], curvature: ExprText = lam
) -> Damping:
    """Return the class of damping for exact values of all symbols.

    Parameters
    ----------
    statement
        A law or a rule.
    values
        Exact values of the symbols.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Damping
        Overdamped, critically damped or underdamped.

    Raises
    ------
    AnalysisError
        If the statement is not linear, a value is missing, or the degree is above three and a coefficient
        irrational.
    TypeError
        For floats.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import gamma, m
    >>> damping_at(damped_particle.law(), {m: 1, gamma: 2, lam: 1})
    <Damping.CRITICAL: 'critically damped'>
    """
    statement = as_statement(statement)
    polynomial = characteristic_polynomial(statement, curvature)
    found = Poly([put(c, values) for c in polynomial.all_coeffs()], polynomial.gen)
    if found.is_zero:
        raise AnalysisError("nothing is left of the characteristic polynomial at these values")
    if found.degree() <= _DECIDED_BY_DISCRIMINANT:
        return _BY_SIGN[sign_of(found.discriminant())] if found.degree() > 1 else Damping.OVERDAMPED
    return _by_counting(found)


_BY_SIGN = {-1: Damping.UNDERDAMPED, 0: Damping.CRITICAL, 1: Damping.OVERDAMPED}


def _by_counting(polynomial: Poly) -> Damping:
    """Return the class by Sturm's count of the real roots."""
    if not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ:
        raise AnalysisError(
            f"the real roots of {polynomial.as_expr()} cannot be counted; give rational values"
        )
    apart = polynomial.sqf_part()
    if apart.count_roots() < apart.degree():
        return Damping.UNDERDAMPED
    return Damping.OVERDAMPED if apart.degree() == polynomial.degree() else Damping.CRITICAL


def critical_values(
    statement: StatementText, parameter: Symbol, curvature: ExprText = lam
) -> tuple[Expr, ...]:
    """Return the values of a parameter at which the discriminant vanishes.

    Values that contradict the declared sign of the parameter are left out.

    Parameters
    ----------
    statement
        A law or a rule.
    parameter
        The symbol to solve for.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    tuple of Expr
        The values, by the quadratic formula.

    Raises
    ------
    AnalysisError
        If the discriminant is not of degree one or two in the parameter.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import gamma
    >>> critical_values(damped_particle.law(), gamma)
    (2*sqrt(lam)*sqrt(m),)
    """
    statement = as_statement(statement)
    if not isinstance(parameter, Symbol):
        raise TypeError(f"expected the symbol to solve for, given {parameter!r}")
    zero = Poly(discriminant(statement, curvature), parameter)
    if zero.degree() not in (1, 2):
        raise AnalysisError(
            f"the discriminant is of degree {zero.degree()} in {parameter}: no plain formula for its zeros"
        )
    if zero.degree() == 1:
        a, b = zero.all_coeffs()
        roots = [factor(-b / a)]
    else:
        a, b, c = zero.all_coeffs()
        spread = sqrt(factor(b**2 - 4 * a * c))
        roots = [expand((-b + sign * spread) / (2 * a)) for sign in (-1, 1)]
    return tuple(r for r in roots if signs(r) & signs(parameter))


def damping_ratio(law: LawText, curvature: ExprText = lam) -> Expr:
    """Return the damping ratio b/(2*sqrt(a*c)) of a law with characteristic polynomial a*z**2 + b*z + c.

    Below one the law is underdamped. For the damped particle it is gamma/(2*sqrt(m*lam)), which is
    dimensionless.

    Parameters
    ----------
    law
        A law of second order.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Expr
        The damping ratio.

    Raises
    ------
    AnalysisError
        If the law is not of second order.
    TypeError
        If the argument is not a law.

    References
    ----------
    H. Goldstein, Classical Mechanics, chapter 6.

    Examples
    --------
    >>> from physsym.mechanics.system import damped_particle
    >>> damping_ratio(damped_particle.law())
    gamma/(2*sqrt(lam)*sqrt(m))
    """
    law = as_law(law)
    polynomial = characteristic_polynomial(law, curvature)
    if polynomial.degree() != 2:
        raise AnalysisError(f"a damping ratio belongs to a law of second order, given {law}")
    a, b, c = polynomial.all_coeffs()
    return b / (2 * sqrt(a * c))
