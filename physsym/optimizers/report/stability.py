"""Stability, damping and rate of a linear rule on a quadratic of given curvature, as functions of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import (
    Abs,
    Expr,
    Integer,
    Mul,
    Poly,
    Pow,
    Rational,
    Symbol,
    cancel,
    factor,
    fraction,
    oo,
    real_roots,
    sqrt,
)

from physsym.analysis.exact_evaluation import sign_of
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.stability import Region, schur_cohn, stability_region
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import follows, with_positive_factors
from physsym.optimizers.report.linearization import Linearized, NotLinearError

DIGITS, TINY = 40, Rational(1, 10**25)


@dataclass(frozen=True)
class CurvatureRange:
    """The curvatures at which a rule is stable, and what else must hold.

    Parameters
    ----------
    region
        All conditions, as the analysis gives them.
    lower, upper
        Bounds of the curvature, each of them necessary.
    others
        Conditions that are no bounds of the curvature and do not follow from the natural ranges.
    scale
        What the curvature is divided by in the bounds: the preconditioner where scales are held fixed.
    never
        Whether there is no positive curvature at which the rule is stable.
    """

    region: Region
    lower: tuple[Expr, ...]
    upper: tuple[Expr, ...]
    others: tuple[Condition, ...]
    scale: Expr
    never: bool = False


def preconditioner(linear: Linearized, curvature: Symbol) -> Expr:
    """Return what the curvature is divided by wherever it occurs: a function of the states held fixed."""
    if not linear.held:
        return Integer(1)
    polynomial = characteristic_polynomial(linear.rule, curvature)
    terms = Poly(polynomial.as_expr().expand(), curvature, z).terms()
    scales = {_held_factor(c, linear.held) for (power, _), c in terms if power == 1}
    if any(power > 1 for (power, _), _ in terms) or len(scales) != 1:
        return Integer(1)
    (scale,) = scales
    return 1 / scale


def _held_factor(coefficient: Expr, held: tuple[Symbol, ...]) -> Expr:
    return Mul(*(f for f in Mul.make_args(factor(coefficient)) if f.has(*held)))


@lru_cache(maxsize=64)  # reports at other values ask again
def curvature_range(linear: Linearized, curvature: Symbol) -> CurvatureRange:
    """Return the stable curvatures of a linear rule.

    Each condition of the region that is linear in the curvature is a bound, by the sign of its factor.
    """
    scale = preconditioner(linear, curvature)
    region = stability_region(linear.rule, curvature * scale)
    given = linear.assuming
    within = (*given, Condition(curvature, "> 0"))
    lower: list[Expr] = []
    upper: list[Expr] = []
    others: list[Condition] = []
    never = region.is_empty
    for condition in region.conditions:
        side = condition.expression
        if follows(within, side):
            continue
        if follows(within, -side):
            never = True
        bound = _bound(side, curvature, given)
        if bound is None:
            others.append(condition)
        elif bound[0] > 0:
            lower.append(bound[1])
        else:
            upper.append(bound[1])
    return CurvatureRange(
        region, _tightest(lower, given, -1), _tightest(upper, given, 1), tuple(others), scale, never
    )


def _tightest(bounds: list[Expr], given: tuple[Condition, ...], sign: int) -> tuple[Expr, ...]:
    """Return bounds without those that follow from another one."""
    found = list(dict.fromkeys(bounds))
    for bound in tuple(found):
        rest = [other for other in found if other != bound]
        if any(follows(given, factor(cancel(sign * (bound - other)))) for other in rest):
            found = rest
    return tuple(found)


def _bound(side: Expr, curvature: Symbol, given: tuple[Condition, ...]) -> tuple[int, Expr] | None:
    """Return 1 and a lower bound, or -1 and an upper one, if a side is linear in the curvature."""
    if not side.is_polynomial(curvature) or Poly(side, curvature).degree() != 1:
        return None
    rate, rest = Poly(side, curvature).all_coeffs()
    for sign in (1, -1):
        if follows(given, sign * rate):
            return sign, with_positive_factors(-rest / rate, given)
    return None


def fades(memory: Poly, given: tuple[Condition, ...], values: Mapping[Symbol, Expr]) -> bool | None:
    """Return whether all roots of a polynomial in z lie inside the unit circle, so that memory fades.

    Values decide where all parameters have one, else conditions do; None where these leave it open.
    """
    if memory.degree() < 1:
        return True
    coefficients = [cancel(c) for c in memory.all_coeffs()]
    at = [c.xreplace(dict(values)) for c in coefficients]
    if all(c.is_number and c.is_finite for c in at):
        sides = [c.expression for c in schur_cohn(Poly(at, z)).conditions]
        return all(sign_of(side) > 0 for side in sides)
    sides = [factor(c.expression) for c in schur_cohn(Poly(coefficients, z)).conditions]
    if all(follows(given, side) for side in sides):
        return True
    return False if any(follows(given, -side) for side in sides) else None


# ------------------------------------------------------------------ at given values


@dataclass(frozen=True)
class Interval:
    """An open interval of curvatures; the upper end may be infinite."""

    low: Expr
    high: Expr


def stable_intervals(
    linear: Linearized, values: Mapping[Symbol, Expr], curvature: Symbol, scale: Expr
) -> tuple[Interval, ...]:
    """Return the positive curvatures at which a rule with numbers for its parameters is stable.

    The conditions of the region are polynomials in the curvature then: between two neighbouring roots none
    changes its sign, and one point decides. Raises NotLinearError where a parameter has no value.
    """
    region = stability_region(linear.rule, curvature * scale)
    return _intervals([c.expression.xreplace(dict(values)) for c in region.conditions], curvature)


def _intervals(sides: list[Expr], curvature: Symbol) -> tuple[Interval, ...]:
    """Return the positive curvatures at which rational functions of it are positive, all of them."""
    sides = [cancel(side) for side in sides]
    missing = {s for side in sides for s in side.free_symbols} - {curvature}
    if missing:
        raise NotLinearError(f"no value was given for {', '.join(sorted(map(str, missing)))}")
    edges = {Integer(0)}.union(*(_positive_roots(p, curvature) for e in sides for p in fraction(e)))
    ordered = sorted(edges, key=lambda e: e.evalf(DIGITS))
    found: list[Interval] = []
    for low, high in zip(ordered, [*ordered[1:], oo], strict=True):
        middle = _rational(low + 1 if high == oo else (low + high) / 2)
        if _all_positive(sides, curvature, middle):
            if found and found[-1].high == low and _all_positive(sides, curvature, low):
                low = found.pop().low
            found.append(Interval(low, high))
    return tuple(found)


def _positive_roots(expression: Expr, unknown: Symbol) -> set[Expr]:
    polynomial = Poly(expression, unknown)
    if polynomial.degree() < 1:
        return set()
    rational = polynomial.domain.is_QQ or polynomial.domain.is_ZZ
    roots = real_roots(polynomial) if rational else [r for r in polynomial.nroots(n=DIGITS) if r.is_real]
    return {root for root in roots if root > 0}


def _all_positive(sides: list[Expr], curvature: Symbol, value: Expr) -> bool:
    found = (side.xreplace({curvature: value}) for side in sides)
    return all(e > 0 if e.is_Rational else e.evalf(DIGITS) > TINY for e in found)


# ------------------------------------------------------------------ damping


@dataclass(frozen=True)
class Oscillation:
    """The curvatures at which two modes are complex, so that the rule oscillates: above low, below high.

    Without either it does not oscillate at any curvature.
    """

    low: Expr | None
    high: Expr | None


def oscillation(linear: Linearized, curvature: Symbol, scale: Expr) -> Oscillation:
    """Return the curvatures at which a rule of two modes oscillates, by the discriminant.

    Raises NotLinearError for more modes, where the discriminant does not decide in symbols, and where the
    natural ranges do not decide its sign.
    """
    polynomial = _without_zeros(characteristic_polynomial(linear.rule, curvature * scale))
    if polynomial.degree() != 2:
        raise NotLinearError(
            f"the rule has {polynomial.degree()} modes; for two the discriminant decides in symbols"
        )
    a, b, c = polynomial.all_coeffs()
    zero = Poly(cancel(b**2 - 4 * a * c), curvature)
    given = linear.assuming
    undecided = NotLinearError("the natural ranges do not decide the sign of the discriminant")
    if zero.degree() == 2:
        p, q, r = zero.all_coeffs()
        spread = factor(cancel(q**2 - 4 * p * r))
        if follows(given, factor(p)) and follows(given, -spread):
            return Oscillation(None, None)
        if not (follows(given, factor(p)) and follows(given, spread)):
            raise undecided
        # Either sign of the root is taken, so that an absolute value in it may be left out.
        root = sqrt(spread).replace(Abs, lambda e: -e if follows(given, -e) else e)
        if not (root.is_nonnegative or follows(given, factor(root))):
            raise undecided
        low, high = (_square((-q + sign * root) / (2 * p), linear) for sign in (-1, 1))
        return Oscillation(low, high)
    if zero.degree() == 1:
        p, r = zero.all_coeffs()
        threshold = with_positive_factors(-r / p, given)
        if follows(given, -p):
            return Oscillation(threshold, None)
        if follows(given, p):
            return Oscillation(None, threshold)
        raise undecided
    raise NotLinearError("whether the rule oscillates does not depend on the curvature")


def sign_changes(
    linear: Linearized, curvature: Symbol, scale: Expr, found: Oscillation
) -> tuple[tuple[Expr | None, Expr | None], ...]:
    """Return the ranges of curvature, with None for an end that is open, in which a multiplier is negative.

    Such a mode changes sign at each step. For two modes whose product is negative that is one of them at
    every curvature; for a positive product both have the sign of their sum, where they are real. Raises
    NotLinearError where the natural ranges do not decide.
    """
    polynomial = _without_zeros(characteristic_polynomial(linear.rule, curvature * scale)).monic()
    _, opposite, product = (cancel(c) for c in polynomial.all_coeffs())
    within = (*linear.assuming, Condition(curvature, "> 0"))
    if follows(within, factor(-product)):
        return ((None, None),)
    if not follows(within, factor(product)):
        raise NotLinearError("the natural ranges do not decide the sign of the multipliers")
    if found.low is None and found.high is None:
        return ((None, None),) if _is_positive(opposite, within) else ()
    rate, start = opposite.expand().coeff(curvature, 1), opposite.xreplace({curvature: Integer(0)})
    if cancel(opposite - rate * curvature - start) != 0:
        raise NotLinearError("the sum of the multipliers is not linear in the curvature")
    below = ((None, found.low),) if found.low is not None and _is_positive(start, linear.assuming) else ()
    above = ((found.high, None),) if found.high is not None and _is_positive(rate, linear.assuming) else ()
    return (*below, *above)


def _is_positive(expression: Expr, given: tuple[Condition, ...]) -> bool:
    """Return whether an expression is positive and not negative; raise NotLinearError if not decided."""
    for sign in (1, -1):
        if follows(given, factor(sign * expression)):
            return sign > 0
    raise NotLinearError("the natural ranges do not decide the sign of the multipliers")


def changing_intervals(
    linear: Linearized, values: Mapping[Symbol, Expr], curvature: Symbol, scale: Expr
) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Return the positive curvatures at which two modes are complex, and at which one changes sign each step.

    With numbers for the parameters both are constant between the zeros of the discriminant and of the product
    of the multipliers, where one point decides. Raises NotLinearError where a parameter has no value.
    """
    polynomial = _without_zeros(characteristic_polynomial(linear.rule, curvature * scale))
    coefficients = [cancel(c.xreplace(dict(values))) for c in polynomial.all_coeffs()]
    missing = {s for c in coefficients for s in c.free_symbols} - {curvature}
    if missing:
        raise NotLinearError(f"no value was given for {', '.join(sorted(map(str, missing)))}")
    sides = (cancel(Poly(coefficients, z).discriminant()), coefficients[-1])
    edges = {Integer(0)}.union(*(_positive_roots(p, curvature) for e in sides for p in fraction(e)))
    ordered = sorted(edges, key=lambda e: e.evalf(DIGITS))
    complex_ones: list[Interval] = []
    negative: list[Interval] = []
    for low, high in zip(ordered, [*ordered[1:], oo], strict=True):
        middle = _rational(low + 1 if high == oo else (low + high) / 2)
        modes = mode_counts(Poly([c.xreplace({curvature: middle}) for c in coefficients], z))
        if modes.real < modes.all:
            complex_ones.append(Interval(low, high))
        if modes.negative:
            joined = negative.pop().low if negative and negative[-1].high == low else low
            negative.append(Interval(joined, high))
    return tuple(complex_ones), tuple(negative)


@dataclass(frozen=True)
class ModeCounts:
    """How many different multipliers other than zero there are, how many real and negative ones."""

    all: int
    real: int
    negative: int
    repeated: bool


def mode_counts(polynomial: Poly) -> ModeCounts:
    """Return the counts for a polynomial in z with numbers as coefficients, by Sturm's theorem."""
    rational = Poly([_rational(c) for c in _without_zeros(polynomial).all_coeffs()], z)
    apart = rational.sqf_part()
    real = int(apart.count_roots()) if apart.degree() > 0 else 0
    negative = int(apart.count_roots(None, 0)) if apart.degree() > 0 else 0
    return ModeCounts(int(apart.degree()), real, negative, apart.degree() < rational.degree())


def _rational(value: Expr) -> Expr:
    return value if value.is_Rational else Rational(str(value.evalf(DIGITS)))


def _square(value: Expr, linear: Linearized) -> Expr:
    """Return a value such as (1 - 2*sqrt(rho) + rho)/eta in factors of roots of parameters."""
    bases = sorted(
        {a.base for a in value.atoms(Pow) if a.exp == Rational(1, 2) and a.base.is_Symbol}, key=str
    )
    named = {base: Symbol(f"root {k}", positive=True) for k, base in enumerate(bases)}
    squared = {base: root**2 for base, root in named.items()}
    # The root of what is below one is below one.
    below = [Condition(1 - r, "> 0") for b, r in named.items() if follows(linear.assuming, 1 - b)]
    given = (*(Condition(c.expression.subs(squared), c.relation) for c in linear.assuming), *below)
    shown = with_positive_factors(factor(cancel(value.subs(squared))), given)
    return shown.xreplace({root: sqrt(base) for base, root in named.items()})


def _without_zeros(polynomial: Poly) -> Poly:
    return polynomial.terms_gcd()[1]
