"""Exact spectra: the multipliers of a rule, the rates of a law, and the spectral radius."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Dummy, Expr, Integer, Poly, Symbol, resultant, rootof, sqrt

from physsym.analysis.exact_evaluation import DIGITS, AnalysisError, put, sign_of
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.core.symbols import Exact
from physsym.parsing.statements import ExprText, RuleText, StatementText, as_rule, as_statement
from physsym.vocabulary import lam


def multipliers(
    statement: StatementText, values: Mapping[Symbol, Exact] | None = None, curvature: ExprText = lam
) -> tuple[Expr, ...]:
    """Return the roots of the characteristic polynomial, with multiplicity.

    The roots for a rule are its multipliers on curvature*x**2/2, which are dimensionless; those for a law
    are its rates, of dimension 1/time. With values they are algebraic numbers: radicals up to degree two,
    else roots of a polynomial by index. Without values they are formulas, for factors up to degree two.

    Parameters
    ----------
    statement
        A law or a rule.
    values
        Exact values of all symbols, or None.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    tuple of Expr
        The roots.

    Raises
    ------
    AnalysisError
        As `characteristic_polynomial`; for a missing value, and for a factor of higher degree with
        irrational coefficients.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import G, eta, gamma, m, x
    >>> multipliers(rule({x: x - eta * G}))
    (-eta*lam + 1,)
    >>> multipliers(damped_particle.law(), {m: 1, gamma: 3, lam: 2})
    (-1, -2)
    """
    statement = as_statement(statement)
    polynomial = characteristic_polynomial(statement, curvature)
    return tuple(roots(polynomial if values is None else valued(polynomial, values)))


def valued(polynomial: Poly, values: Mapping[Symbol, Exact]) -> Poly:
    """Return a polynomial with exact values for the symbols of its coefficients; raises what `put` raises."""
    return Poly([put(c, values) for c in polynomial.all_coeffs()], z, extension=True)


def roots(polynomial: Poly) -> Iterator[Expr]:
    """Yield the roots of a polynomial in `z`, with multiplicity; raises as `multipliers` does."""
    zeros, rest = _without_zeros(polynomial)
    for factor, power in _factors(rest):
        yield from [root for root in _roots_of_factor(factor) for _ in range(power)]
    yield from [Integer(0)] * zeros


def _without_zeros(polynomial: Poly) -> tuple[int, Poly]:
    (power,), rest = polynomial.terms_gcd()
    return power, rest


def _factors(polynomial: Poly) -> list[tuple[Poly, int]]:
    # Coefficients with roots of numbers in them are left in one piece up to degree two, which formulas solve.
    if polynomial.degree() <= 2 and not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ:
        return [(polynomial, 1)]
    return [(f.set_domain(polynomial.domain.get_field()), n) for f, n in polynomial.factor_list()[1]]


def _roots_of_factor(factor: Poly) -> tuple[Expr, ...]:
    a, *rest = factor.all_coeffs()
    if factor.degree() == 1:
        return (-rest[0] / a,)
    if factor.degree() == 2:
        b, c = rest
        root = sqrt(b**2 - 4 * a * c)
        return (-b + root) / (2 * a), (-b - root) / (2 * a)
    _rational(factor)
    return tuple(rootof(factor.as_expr(), z, k) for k in range(factor.degree()))


def _rational(factor: Poly) -> None:
    if not all(c.is_Rational for c in factor.all_coeffs()):
        raise AnalysisError(
            f"the roots of {factor.as_expr()} have no closed form; give rational values for its symbols"
        )


def spectral_radius(rule: RuleText, values: Mapping[Symbol, Exact], curvature: ExprText = lam) -> Expr:
    """Return the largest modulus of the multipliers of a rule on curvature*x**2/2.

    Errors decrease in the long run like its powers. The modulus of a complex pair is the root of its
    product. Two moduli that agree to 50 digits are taken to be equal.

    Parameters
    ----------
    rule
        A rule.
    values
        Exact values of all symbols.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Expr
        An exact real number.

    Raises
    ------
    AnalysisError
        As `multipliers` does.
    TypeError
        If the argument is not a rule.

    Examples
    --------
    >>> from sympy import Rational
    >>> from physsym.core.symbols import Exact, after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> spectral_radius(heavy_ball, {eta: Rational(1, 10), rho: Rational(1, 4), lam: 1})
    sqrt(129)/40 + 23/40
    """
    rule = as_rule(rule)
    _, rest = _without_zeros(valued(characteristic_polynomial(rule, curvature), values))
    moduli = [modulus for factor, _ in _factors(rest) for modulus in _moduli(factor)] if rest.degree() else []
    return max(moduli, key=lambda modulus: modulus.evalf(DIGITS), default=Integer(0))


def _moduli(factor: Poly) -> list[Expr]:
    if factor.degree() == 2:
        a, b, c = (coefficient / factor.LC() for coefficient in factor.all_coeffs())
        inside = b**2 - 4 * a * c
        # A double root: the square root of the zero discriminant is left out, since in digits it is noise.
        spread = sign_of(inside)
        return [sqrt(c) if spread < 0 else (abs(b) + (sqrt(inside) if spread else 0)) / 2]
    if factor.degree() == 1:
        return [abs(root) for root in _roots_of_factor(factor)]
    return [sqrt(_largest_product(factor))]


def _largest_product(factor: Poly) -> Expr:
    """Return the square of the largest modulus of the roots: the largest real product of two of them.

    The products of two roots of p(z) are the roots in w of the resultant of p(z) and z**n*p(w/z). None is
    larger in modulus than the square wanted, which is the product of a root and its conjugate.
    """
    _rational(factor)
    w = Dummy("w")
    mirrored = sum(c * w**k * z ** (factor.degree() - k) for (k,), c in factor.terms())
    products = Poly(resultant(factor.as_expr(), mirrored, z), w)
    factors = (f for f, _ in products.factor_list()[1] if f.count_roots())
    return max((f.real_roots()[-1] for f in factors), key=lambda r: r.evalf(DIGITS))
