"""Stability regions of rules and laws, as polynomial inequalities (Schur-Cohn and Routh-Hurwitz)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TypeAlias

from sympy import Add, Expr, Mul, Poly, Symbol, cancel, expand, fraction, gcd, together
from sympy.polys.rings import PolyElement

from physsym.analysis.exact_evaluation import AnalysisError, put, sign_of
from physsym.analysis.linear import beyond_time, characteristic_polynomial
from physsym.core.polynomials import expanded, factored, positive_sides, sign_given
from physsym.core.signs import NONNEGATIVE, POSITIVE, signs
from physsym.core.statements import Rule, Statement, symbols
from physsym.core.symbols import Exact
from physsym.core.verdicts import Condition
from physsym.parsing.statements import ExprText, StatementText, as_expression, as_statement
from physsym.verify.budget import check_time, within_time
from physsym.verify.hurwitz import hurwitz_conditions, lienard_chipart, over_one_denominator
from physsym.verify.memory import remembered
from physsym.vocabulary import lam

Conditions: TypeAlias = Callable[[Sequence[Expr]], Sequence[Expr]]
"""What finds, for the coefficients of a polynomial from the leading one downwards, what is to be positive."""

LARGEST_BY_REDUCTION = 3  # the degree up to which conditions are found one degree after the other


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
@remembered(256)
def _region(statement: Statement, curvature: Expr) -> Region:
    polynomial = characteristic_polynomial(statement, curvature)
    region = schur_cohn(polynomial) if isinstance(statement, Rule) else hurwitz(polynomial)
    if not region.is_empty:
        return region
    coefficients = polynomial.all_coeffs()
    if isinstance(statement, Rule):  # the signs of the coefficients are those of the numerators
        coefficients = [p.as_expr() for p in _mapped_to_half_plane(coefficients)[0]]
    return replace(region, instead=_long_time(coefficients))


def _mapped_to_half_plane(a: Sequence[Expr]) -> tuple[list[PolyElement], PolyElement]:
    """Return the coefficients of (1 - s)**n*p((1 + s)/(1 - s)): numerators, and what they are divided by.

    The unit circle of p becomes the imaginary axis, the point -1 infinity.
    """
    n, s = len(a) - 1, Symbol("s")
    above, bottom = over_one_denominator(a)
    powers = [Poly((1 + s) ** (n - k) * (1 - s) ** k, s).all_coeffs() for k in range(n + 1)]
    images, zero = zip(*powers, strict=True), bottom.ring.zero
    return [sum((p * int(c) for p, c in zip(above, row, strict=True)), zero) for row in images], bottom


def _long_time(coefficients: Sequence[Expr]) -> str:
    """Return what motions do whose rates are the roots of a polynomial, as far as signs show it.

    If no root has a positive real part, the polynomial is a product of s + a and s**2 + b*s + c with a, b
    and c not negative: no coefficient is then opposite in sign to the leading one. Roots that are missing
    from the degree are infinite, on the imaginary axis.
    """
    infinite = next(k for k, c in enumerate(coefficients) if c != 0)
    zeros = next(k for k, c in enumerate(reversed(coefficients)) if c != 0)
    rest = coefficients[infinite : len(coefficients) - zeros]
    relative = [signs(expand(c * rest[0])) if c != 0 else frozenset({0}) for c in rest]
    if any(possible == {-1} for possible in relative):
        return "it repels, some disturbances grow exponentially"
    on_axis = len(rest) == 3 and relative[1] == {0} and relative[2] <= NONNEGATIVE
    sides = () if len(rest) == 1 else _found_in_time(hurwitz_conditions, tuple(rest))
    decays = sides is not None and all(signs(side) <= POSITIVE for side in sides)
    neutral = on_axis or (decays and (zeros or infinite))
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
    return _region_in_time(hurwitz_conditions, polynomial)


def _region_in_time(conditions: Conditions, polynomial: Poly) -> Region:
    """Return the region where conditions hold; raise AnalysisError where finding them takes too long."""
    if polynomial.degree() < 1:
        raise AnalysisError(f"{polynomial.as_expr()} has no roots: give a polynomial of degree one or more")
    sides = _found_in_time(conditions, tuple(polynomial.all_coeffs()))
    if sides is None:
        degree = f"the region of a characteristic polynomial of degree {polynomial.degree()}"
        raise AnalysisError(beyond_time(degree, polynomial.free_symbols_in_domain))
    return Region(tuple(Condition(side, "> 0") for side in sides))


@remembered(256)
def _found_in_time(conditions: Conditions, coefficients: tuple[Expr, ...]) -> tuple[Expr, ...] | None:
    """Return the conditions on coefficients, None where the time of a verdict does not suffice."""
    return within_time(lambda: tuple(conditions(coefficients)))


def schur_cohn(polynomial: Poly) -> Region:
    """Return the condition that all roots of a real polynomial lie strictly inside the unit circle.

    Let p have degree n, leading coefficient a > 0 and last coefficient c. If |c| < a, then all roots of p
    are inside exactly if those of (a*p(z) - c*z**n*p(1/z))/z, of degree n - 1, are (Schur 1917; Jury,
    Theory and Application of the z-Transform Method, 1964, gives the same conditions as a table). It
    follows that p(1) and (-1)**n*p(-1) are positive; these come first, where they simplify the rest.
    The degrees of these conditions in the coefficients double with each root: from degree four on the
    circle is mapped to the left half-plane instead, where determinants of lower degree decide.
    Coefficients are assumed to be real. Raises AnalysisError for a polynomial without roots, and for one of
    so many symbols that the conditions are not found within the time of a verdict (`verify.budget`).
    """
    return _region_in_time(_positive_in_circle, polynomial)


def _positive_in_circle(coefficients: Sequence[Expr]) -> Sequence[Expr]:
    known: list[Expr] = []
    a = [c / coefficients[0] for c in coefficients]
    while a[-1] == 0:  # a root at zero
        a.pop()
    if len(a) - 1 > LARGEST_BY_REDUCTION:
        return positive_sides(lienard_chipart(*_mapped_to_half_plane(a)), known)
    return positive_sides(_positive_inside(a, known), known)


def _positive_inside(a: list[Expr], known: list[Expr]) -> Iterator[Expr]:
    """Yield what is positive exactly in the region; `known` grows meanwhile, and holds from then on."""
    yield from (Add(*a), Add(*a[::2]) - Add(*a[1::2]))
    while len(a) > 1:
        check_time()
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
