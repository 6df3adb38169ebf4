"""Stability, damping and rate of a linear rule on a quadratic of given curvature, as functions of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Abs, Expr, Integer, Mul, Poly, Pow, Rational, Symbol, cancel, factor, oo, sqrt
from sympy import real_roots as roots_of

from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.stability import Region, stability_region
from physsym.core.verdicts import Condition
from physsym.optimizers.report.assumptions import follows, with_positive_factors
from physsym.optimizers.report.linearization import Linearized, NotLinearError


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
    sides = [c.expression.xreplace(dict(values)) for c in region.conditions]
    missing = {s for side in sides for s in side.free_symbols} - {curvature}
    if missing:
        raise NotLinearError(f"no value was given for {', '.join(sorted(map(str, missing)))}")
    edges: set[Expr] = {Integer(0)}
    for side in sides:
        top = cancel(side).as_numer_denom()[0]
        polynomial = Poly(top, curvature)
        if polynomial.degree() > 0:
            edges |= (
                {r for r in polynomial.nroots(n=30) if r.is_real and r > 0}
                if not (polynomial.domain.is_QQ or polynomial.domain.is_ZZ)
                else {r for r in roots_of(polynomial) if r > 0}
            )
    ordered = sorted(edges, key=lambda e: e.evalf(30))
    found: list[Interval] = []
    for low, high in zip(ordered, [*ordered[1:], oo], strict=True):
        middle = low + 1 if high == oo else _between(low, high)
        if all(side.xreplace({curvature: middle}).evalf(30) > 0 for side in sides):
            if found and found[-1].high == low and _holds_on(sides, curvature, low):
                found[-1] = Interval(found[-1].low, high)
            else:
                found.append(Interval(low, high))
    return tuple(found)


def _holds_on(sides: list[Expr], curvature: Symbol, point: Expr) -> bool:
    return all(side.xreplace({curvature: point}).evalf(30) > 0 for side in sides)


def _between(low: Expr, high: Expr) -> Expr:
    return Rational(str(((low + high) / 2).evalf(30)))


# ------------------------------------------------------------------ damping


@dataclass(frozen=True)
class Oscillation:
    """The curvatures at which two modes are complex, so that the rule oscillates: above low, below high."""

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
