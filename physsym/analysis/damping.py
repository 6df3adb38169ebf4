"""Damping: whether a law or a rule settles without swinging, from the discriminant of its polynomial."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

from sympy import Expr, Poly, Symbol, expand, factor, sqrt

from physsym.analysis.exact_evaluation import AnalysisError, put, sign_of
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.stability import Region
from physsym.core.signs import signs
from physsym.core.statements import Law, Statement
from physsym.core.verdicts import Condition
from physsym.vocabulary import lam

_TOLD_BY_DISCRIMINANT = 3  # the degree up to which its sign tells whether all roots are real


class Damping(Enum):
    """How something comes to rest: all roots real and apart, all real and some equal, or some complex."""

    OVERDAMPED = "overdamped"
    CRITICAL = "critically damped"
    UNDERDAMPED = "underdamped"


@lru_cache(maxsize=256)
def discriminant(statement: Statement, curvature: Expr = lam) -> Expr:
    """Return the discriminant of the characteristic polynomial on curvature*x**2/2.

    Up to degree three it is negative exactly where two roots are complex, and zero where two are equal.
    Raises AnalysisError where the statement is not linear there.

    >>> from physsym.mechanics.system import damped_particle
    >>> print(discriminant(damped_particle.law()))
    gamma**2 - 4*lam*m
    """
    polynomial = characteristic_polynomial(statement, curvature)
    return expand(polynomial.discriminant())


def underdamped_region(statement: Statement, curvature: Expr = lam) -> Region:
    """Return the parameters at which two roots are complex: there a law swings, and so does a rule.

    For the damped oscillator this is gamma**2 < 4*m*lam (Goldstein, Classical Mechanics, section 6.6); for
    momentum (1 - sqrt(eta*lam))**2 < rho < (1 + sqrt(eta*lam))**2 (Goh, Why Momentum Really Works, Distill
    2017). A rule may also jump from side to side with a real multiplier below zero, which is not counted
    here. Raises AnalysisError beyond degree three, where the discriminant does not tell, and where the
    statement is not linear.

    >>> from sympy import Rational
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> region = underdamped_region(rule({u: rho * u - eta * G, x: x + after(u)}))
    >>> region.holds_at({rho: Rational(9, 10), eta: Rational(1, 100), lam: 20})
    True
    """
    polynomial = characteristic_polynomial(statement, curvature)
    if polynomial.degree() > _TOLD_BY_DISCRIMINANT:
        raise AnalysisError(
            f"the discriminant of a polynomial of degree {polynomial.degree()} does not tell whether its "
            "roots are real; ask damping_at for the class at given values"
        )
    return Region((Condition(-discriminant(statement, curvature), "> 0"),))


def damping_at(statement: Statement, values: Mapping[Symbol, object], curvature: Expr = lam) -> Damping:
    """Return the class of damping where the symbols have the given exact values.

    Raises AnalysisError where the statement is not linear, a value is missing or irrational coefficients
    meet a degree above three, and TypeError for floats.

    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import gamma, m
    >>> damping_at(damped_particle.law(), {m: 1, gamma: 2, lam: 1})
    <Damping.CRITICAL: 'critically damped'>
    """
    polynomial = characteristic_polynomial(statement, curvature)
    found = Poly([put(c, values) for c in polynomial.all_coeffs()], polynomial.gen)
    if found.is_zero:
        raise AnalysisError("nothing is left of the characteristic polynomial at these values")
    if found.degree() <= _TOLD_BY_DISCRIMINANT:
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


def critical_values(statement: Statement, parameter: Symbol, curvature: Expr = lam) -> tuple[Expr, ...]:
    """Return the values of a parameter at which the discriminant vanishes, by the quadratic formula.

    Values against the declared sign of the parameter are left out. Raises AnalysisError where the
    discriminant is not of degree one or two in the parameter.

    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import gamma
    >>> critical_values(damped_particle.law(), gamma)
    (2*sqrt(lam)*sqrt(m),)
    """
    zero = Poly(discriminant(statement, curvature), parameter)
    if zero.degree() not in (1, 2):
        raise AnalysisError(
            f"the discriminant is of degree {zero.degree()} in {parameter}: no plain formula for its zeros"
        )
    allowed = signs(parameter)
    return tuple(r for r in _roots(zero) if signs(r) & allowed)


def _roots(polynomial: Poly) -> tuple[Expr, ...]:
    if polynomial.degree() == 1:
        a, b = polynomial.all_coeffs()
        return (factor(-b / a),)
    a, b, c = polynomial.all_coeffs()
    spread = sqrt(factor(b**2 - 4 * a * c))
    return tuple(expand((-b + sign * spread) / (2 * a)) for sign in (-1, 1))


def damping_ratio(law: Law, curvature: Expr = lam) -> Expr:
    """Return b/(2*sqrt(a*c)) of a law whose polynomial is a*z**2 + b*z + c: below one it swings.

    For the damped particle this is gamma/(2*sqrt(m*lam)), a pure number. Raises AnalysisError where the law
    is not of second order, TypeError for what is no law.

    >>> from physsym.mechanics.system import damped_particle
    >>> damping_ratio(damped_particle.law())
    gamma/(2*sqrt(lam)*sqrt(m))
    """
    if not isinstance(law, Law):
        raise TypeError(f"a damping ratio belongs to a law, given {law!r}")
    polynomial = characteristic_polynomial(law, curvature)
    if polynomial.degree() != 2:
        raise AnalysisError(f"a damping ratio belongs to a law of second order, given {law}")
    a, b, c = polynomial.all_coeffs()
    return b / (2 * sqrt(a * c))
