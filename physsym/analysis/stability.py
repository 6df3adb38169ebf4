"""Stability regions of rules and laws, as polynomial inequalities (Schur-Cohn and Routh-Hurwitz)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce

from sympy import Add, Expr, Mul, Poly, Symbol, cancel, expand, fraction, gcd, together
from sympy.polys.fields import FracElement, sfield

from physsym.analysis.exact_evaluation import AnalysisError, put, sign_of
from physsym.analysis.linear import characteristic_polynomial
from physsym.core.polynomials import (
    determinant,
    expanded,
    factored,
    hurwitz_conditions,
    positive_sides,
    sign_given,
)
from physsym.core.signs import NONNEGATIVE, POSITIVE, signs
from physsym.core.statements import Rule, Statement, symbols
from physsym.core.symbols import Exact
from physsym.core.verdicts import Condition
from physsym.parsing.statements import ExprText, StatementText, as_expression, as_statement
from physsym.vocabulary import lam

LARGEST_BY_REDUCTION = 3  # the degree up to which conditions are found one degree after the other
LARGEST_IN_SYMBOLS, FEW_SYMBOLS = 5, 4  # beyond this degree, formulas in more symbols take minutes


@dataclass(frozen=True)
class Region:
    """The real parameters at which every condition holds; each says that an expression is above zero."""

    conditions: tuple[Condition, ...]
    instead: str = field(default="", compare=False)
    """What motions do where the region is empty, if the signs of the symbols show it."""

    def holds_at(self, values: Mapping[Symbol, Exact]) -> bool:
        """Return whether exact values lie inside; the boundary does not. Raises what `put` raises."""
        return all(sign_of(put(c.expression, values)) > 0 for c in self.conditions)

    def margin(self, values: Mapping[Symbol, Exact]) -> Expr:
        """Return the least of the left sides: positive inside, zero on the boundary, negative outside.

        Raises what `put` raises, and AnalysisError for a region without conditions.
        """
        sides = [put(c.expression, values) for c in self.conditions]
        if not sides:
            raise AnalysisError("the region has no boundary, so there is no margin to it")
        return reduce(lambda a, b: a if sign_of(b - a) >= 0 else b, sides)

    @property
    def is_empty(self) -> bool:
        """Return whether the signs of the symbols show that no parameters lie inside."""
        sides = [c.expression for c in self.conditions]
        return any(signs(side) <= {-1, 0} or expanded(-side) in sides for side in sides)

    def __str__(self) -> str:
        if self.is_empty:
            return f"never: {self.instead}" if self.instead else "never"
        return " and ".join(map(str, self.conditions)) or "everywhere"


def stability_region(statement: StatementText, curvature: ExprText = lam) -> Region:
    """Return the parameters for which the minimum is asymptotically stable, on curvature*x**2/2.

    All multipliers of a rule then lie inside the unit circle (Schur and Cohn; Jury), all rates of a law
    left of the imaginary axis (Routh and Hurwitz).

    Parameters
    ----------
    statement
        A law or a rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Region
        The stable parameters, as polynomial inequalities; an empty region is printed as "never".

    Raises
    ------
    AnalysisError
        If the statement is not linear on a quadratic.

    Examples
    --------
    >>> from physsym.core.symbols import Exact, after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> print(stability_region(rule({x: x - eta * G})))
    eta*lam > 0 and -eta*lam + 2 > 0
    >>> print(stability_region(rule({u: rho * u - eta * G, x: x + after(u)})))
    eta*lam > 0 and -eta*lam + 2*rho + 2 > 0 and rho + 1 > 0 and 1 - rho > 0

    A constant force moves the fixed point only; without friction nothing settles:

    >>> from sympy import Symbol
    >>> from physsym.core.statements import law
    >>> from physsym.core.symbols import dot
    >>> from physsym.vocabulary import m
    >>> b = Symbol("b", real=True)
    >>> print(stability_region(rule({x: x - eta * (lam * x - b)})))
    eta*lam > 0 and -eta*lam + 2 > 0
    >>> print(stability_region(law({m * dot(dot(x)): -G})))
    never: neutral at best, some disturbances do not decay
    >>> print(stability_region(law({dot(dot(x)): x})))
    never: it repels, some disturbances grow exponentially
    """
    statement = as_statement(statement)
    return _region(statement, as_expression(curvature, symbols(statement)))


# Tables, figures and claims ask for the regions of the same rules.
@lru_cache(maxsize=256)
def _region(statement: Statement, curvature: Expr) -> Region:
    polynomial = characteristic_polynomial(statement, curvature)
    region = schur_cohn(polynomial) if isinstance(statement, Rule) else hurwitz(polynomial)
    if not region.is_empty:
        return region
    rates = _mapped_to_half_plane(polynomial) if isinstance(statement, Rule) else polynomial
    return replace(region, instead=_long_time(rates, polynomial.degree()))


def _mapped_to_half_plane(polynomial: Poly) -> Poly:
    """Return (1 - s)**n*p((1 + s)/(1 - s)): the unit circle of p becomes the imaginary axis, -1 infinity."""
    n, s = polynomial.degree(), Symbol("s")
    terms = (c * (1 + s) ** (n - k) * (1 - s) ** k for k, c in enumerate(polynomial.all_coeffs()))
    return Poly(expand(Add(*terms)), s)


def _long_time(polynomial: Poly, degree: int) -> str:
    """Return what motions do whose rates are the roots of a polynomial, as far as signs show it.

    If no root has a positive real part, the polynomial is a product of s + a and s**2 + b*s + c with a, b
    and c not negative: no coefficient is then opposite in sign to the leading one. Roots that are missing
    from the degree are infinite, on the imaginary axis.
    """
    coefficients = polynomial.all_coeffs()
    zeros = next(k for k, c in enumerate(reversed(coefficients)) if c != 0)
    rest = coefficients[: len(coefficients) - zeros]
    relative = [signs(expand(c * rest[0])) if c != 0 else frozenset({0}) for c in rest]
    if any(possible == {-1} for possible in relative):
        return "it repels, some disturbances grow exponentially"
    on_axis = len(rest) == 3 and relative[1] == {0} and relative[2] <= NONNEGATIVE
    decays = len(rest) == 1 or all(signs(side) <= POSITIVE for side in hurwitz_conditions(rest))
    neutral = on_axis or (decays and (zeros or degree > polynomial.degree()))
    return "neutral at best, some disturbances do not decay" if neutral else ""


def hurwitz(polynomial: Poly) -> Region:
    """Return the condition that all roots of a real polynomial have a negative real part.

    For a positive leading coefficient this means that all leading minors of the Hurwitz matrix are positive
    (Hurwitz 1895; Gantmacher, The Theory of Matrices, chapter XV); a polynomial whose leading coefficient
    has no known sign is multiplied by it first. Raises AnalysisError for a polynomial without roots.

    Examples
    --------
    The coefficients are assumed to be real:

    >>> from physsym.mechanics.system import damped_particle
    >>> print(hurwitz(characteristic_polynomial(damped_particle.law(), Symbol("k", real=True))))
    gamma > 0 and k > 0
    """
    _refuse_rootless(polynomial)
    return Region(tuple(Condition(side, "> 0") for side in hurwitz_conditions(polynomial.all_coeffs())))


def _refuse_rootless(polynomial: Poly) -> None:
    if polynomial.degree() < 1:
        raise AnalysisError(f"{polynomial.as_expr()} has no roots: give a polynomial of degree one or more")


@lru_cache(maxsize=256)
def schur_cohn(polynomial: Poly) -> Region:
    """Return the condition that all roots of a real polynomial lie strictly inside the unit circle.

    Let p have degree n, leading coefficient a > 0 and last coefficient c. If |c| < a, then all roots of p
    are inside exactly if those of (a*p(z) - c*z**n*p(1/z))/z, of degree n - 1, are (Schur 1917; Jury,
    Theory and Application of the z-Transform Method, 1964, gives the same conditions as a table). It
    follows that p(1) and (-1)**n*p(-1) are positive; these come first, where they simplify the rest.
    The degrees of these conditions in the coefficients double with each root: from degree four on the
    circle is mapped to the left half-plane instead, where determinants of lower degree decide.
    Coefficients are assumed to be real. Raises AnalysisError for a polynomial without roots, and for one of
    many symbols whose conditions would be too long.
    """
    _refuse_rootless(polynomial)
    known: list[Expr] = []
    a = [c / polynomial.LC() for c in polynomial.all_coeffs()]
    while a[-1] == 0:  # a root at zero
        a.pop()
    n, symbols = len(a) - 1, polynomial.free_symbols_in_domain
    if n > LARGEST_IN_SYMBOLS and len(symbols) > FEW_SYMBOLS:
        names = ", ".join(sorted(map(str, symbols)))
        raise AnalysisError(
            f"the region of a rule with a characteristic polynomial of degree {n} in {len(symbols)} "
            f"symbols ({names}) is too large a formula; put numbers for some of them, for {FEW_SYMBOLS} to "
            "remain, or compute spectral_radii on a grid of numbers"
        )
    sides = _positive_by_map(a) if n > LARGEST_BY_REDUCTION else _positive_inside(a, known)
    return Region(tuple(Condition(c, "> 0") for c in positive_sides(sides, known)))


def _positive_by_map(a: list[Expr]) -> Iterator[FracElement]:
    """Yield what is positive exactly if all roots of a monic polynomial p are inside the unit circle.

    The roots of (1 - s)**n*p((1 + s)/(1 - s)) must have negative real parts. Every second coefficient from
    the last one, the leading one, and every second Hurwitz determinant from the last but one are positive
    then, and only then (Lienard and Chipart 1914; Gantmacher, The Theory of Matrices, chapter XV).
    """
    n, s = len(a) - 1, Symbol("s")
    quotient_field, quotients = sfield(a)
    ring = quotient_field.ring
    bottom = reduce(lambda p, q: p.lcm(q.denom), quotients, ring.one)
    above = [q.numer * bottom.exquo(q.denom) for q in quotients]
    powers = [Poly((1 + s) ** (n - k) * (1 - s) ** k, s).all_coeffs() for k in range(n + 1)]
    images = zip(*powers, strict=True)
    mapped = [sum((p * int(c) for p, c in zip(above, row, strict=True)), ring.zero) for row in images]
    yield from (quotient_field.raw_new(p, bottom) for p in (*mapped[n::-2], mapped[0]))
    at = dict(enumerate(mapped))
    for k in range(1 + n % 2, n, 2):
        rows = [[at.get(2 * j - i + 1, ring.zero) for j in range(k)] for i in range(k)]
        yield quotient_field.raw_new(determinant(rows), bottom**k)


def _positive_inside(a: list[Expr], known: list[Expr]) -> Iterator[Expr]:
    """Yield what is positive exactly in the region; `known` grows meanwhile, and holds from then on."""
    yield from (Add(*a), Add(*a[::2]) - Add(*a[1::2]))
    while len(a) > 1:
        lead, last = a[0], a[-1]
        yield from (lead + last, lead - last)
        a = _without_known([lead * p - last * q for p, q in zip(a, reversed(a), strict=True)][:-1], known)


def _without_known(coefficients: list[Expr], known: list[Expr]) -> list[Expr]:
    """Return coefficients freed of common factors that are known to have a sign: the roots stay."""
    plain = [together(expand(c)) for c in coefficients]
    divisor = reduce(gcd, (fraction(c)[0] for c in plain))
    common = [] if divisor.is_number else factored(divisor)[0][1]
    factors = [(f * sign_given(f, known)) ** power for f, power in common if sign_given(f, known)]
    return [cancel(c / Mul(*factors)) for c in plain]
