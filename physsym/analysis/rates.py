"""Worst-case rates of convergence of a rule over an interval of curvatures, and minimax rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sympy import Abs, Expr, Poly, Rational, Symbol, expand

from physsym.analysis.exact_evaluation import AnalysisError, exact_values, sign_of
from physsym.analysis.linear import characteristic_polynomial, step_matrix, z
from physsym.analysis.quantified import as_conditions
from physsym.analysis.spectral import spectral_radius
from physsym.analysis.stability import Region, hurwitz, schur_cohn
from physsym.core.signs import POSITIVE, signs
from physsym.core.statements import Law, Rule, parameters, rewritten, symbols
from physsym.core.symbols import Exact, exact, fresh
from physsym.core.verdicts import Condition, Verdict, fails, holds, undecided
from physsym.parsing.statements import ExprText, RuleText, StatementText, as_expression, as_rule, as_statement
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.vocabulary import lam

Between = tuple[object, object]  # the least and the largest curvature
_MAX_DEGREE = 2  # up to which the curvatures with all multipliers within a circle are an interval


def rate_region(statement: StatementText, rate: ExprText, curvature: ExprText = lam) -> Region:
    """Return the parameters for which errors decrease faster than at a rate.

    For a rule all multipliers are then smaller in modulus than the rate, which is dimensionless and positive:
    errors decrease like powers of the largest modulus, and with the rate one this is the region of stability.
    For a law the real parts of all roots of the characteristic polynomial are below minus the rate, which has
    the dimension 1/time: errors decrease faster than exp(-rate*t), and with the rate zero this is the region
    of stability.

    Parameters
    ----------
    statement
        A rule or a law.
    rate
        The rate, an exact number or an expression.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Region
        The parameters.

    Raises
    ------
    AnalysisError
        If the statement is not linear on a quadratic.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(rate_region(rule({x: x - eta * G}), Rational(1, 2)))
    eta*lam - 1/2 > 0 and -eta*lam + 3/2 > 0

    No friction makes a particle of mass m settle faster than exp(-t) if its curvature is below m:

    >>> from physsym.mechanics.system import damped_particle
    >>> print(rate_region(damped_particle.law(), 1))
    gamma - 2*m > 0 and -gamma + lam + m > 0
    """
    statement, r = as_statement(statement), as_expression(rate)
    if isinstance(statement, Law):
        polynomial = characteristic_polynomial(statement, curvature)
        return hurwitz(polynomial.compose(Poly(z - r, z)))
    rule = as_rule(statement)
    known = _coefficients(rule)
    coefficients = [c.xreplace({lam: as_expression(curvature, symbols(statement))}) for c in known]
    above = () if signs(r) <= POSITIVE else (Condition(r, "> 0"),)
    if len(coefficients) > _MAX_DEGREE:
        scaled = [1, *(c / r**k for k, c in enumerate(coefficients, 1))]
        return Region((*above, *schur_cohn(Poly(scaled, z)).conditions))
    sides = (Condition(expand(side), "> 0") for side in _within(coefficients, r))
    return Region((*above, *sides))


def _ends(between: object) -> tuple[Expr, Expr]:
    if not isinstance(between, Sequence) or len(between) != 2:
        raise TypeError(
            f"expected the smallest and the largest curvature, such as (1, 20); given {between!r}"
        )
    return exact(between[0]), exact(between[1])


def _coefficients(rule: Rule) -> tuple[Expr, ...]:
    """Return the coefficients of the characteristic polynomial below the leading one, which is one."""
    return tuple(characteristic_polynomial(rule).all_coeffs()[1:])


def _within(rest: Sequence[Expr], r: Expr) -> tuple[Expr, ...]:
    """Return expressions that are positive exactly if all roots are smaller than r in modulus (Jury)."""
    if len(rest) == 1:
        return r + rest[0], r - rest[0]
    b, c = rest
    return r**2 + b * r + c, r**2 - b * r + c, r**2 - c


def worst_case_rate(rule: RuleText, values: Mapping[Symbol, Exact], between: Between) -> Expr:
    """Return the largest spectral radius of a rule over all curvatures in an interval.

    It is attained at an end: for a polynomial of degree one or two whose coefficients are affine in the
    curvature, Jury's conditions for a radius are affine in the curvature too, so the curvatures that
    satisfy them are an interval.

    Parameters
    ----------
    rule
        A rule.
    values
        Exact values of the parameters.
    between
        The smallest and the largest curvature.

    Returns
    -------
    Expr
        The rate, an exact number.

    Raises
    ------
    AnalysisError
        For other rules, for ends that are no interval, and as `spectral_radius` does.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> worst_case_rate(rule({x: x - eta * G}), {eta: Rational(1, 20)}, between=(1, 20))
    19/20
    """
    rule = as_rule(rule)
    least, largest = _ends(between)
    if least.is_number and largest.is_number and (sign_of(least) < 0 or sign_of(largest - least) < 0):
        raise AnalysisError(f"curvatures lie between 0 <= mu <= L, given {least} and {largest}")
    _require_affine(rule)
    at_ends = [spectral_radius(rule, values, end) for end in (least, largest)]
    return at_ends[0] if sign_of(at_ends[0] - at_ends[1]) >= 0 else at_ends[1]


def _require_affine(rule: Rule) -> None:
    affine = all(Poly(c, lam).degree() <= 1 for c in _coefficients(rule))
    if len(_coefficients(rule)) > _MAX_DEGREE or not affine:
        raise AnalysisError(
            f"the worst curvature of {rule} need not be an end of the interval: it is known to be for two "
            "multipliers at most and coefficients affine in the curvature"
        )


def rate_lower_bound(rule: RuleText, curvature: ExprText = lam) -> Expr:
    """Return a lower bound of the spectral radius: |det|**(1/n) for a step of n states.

    The determinant is the product of the n multipliers, so the largest modulus is at least their geometric
    mean. For momentum it is sqrt(|rho|), whatever the step size and the curvature.

    Parameters
    ----------
    rule
        A rule.
    curvature
        The second derivative of the quadratic potential.

    Returns
    -------
    Expr
        The bound.

    Raises
    ------
    AnalysisError
        If the rule is not linear on a quadratic.

    Examples
    --------
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> print(rate_lower_bound(rule({u: rho * u - eta * G, x: x + after(u)})))
    sqrt(Abs(rho))
    """
    rule = as_rule(rule)
    matrix = step_matrix(rule, curvature)
    return Abs(expand(matrix.det(method="berkowitz"))) ** Rational(1, matrix.rows)


def is_minimax_rate(
    rule: RuleText,
    rate: Exact,
    between: Between,
    proposed: Mapping[Symbol, Exact],
    given: Iterable[Condition] = (),
) -> Verdict:
    """Return whether a rate is the best possible of a rule over an interval of curvatures, and is attained.

    Two statements are proved, for all real values of the declared signs of all symbols. With the proposed
    parameters, every larger rate is a bound over the whole interval; it suffices to prove that at the ends
    (see `worst_case_rate`). And no parameters give a smaller rate at both ends. Rate, ends and parameters
    may have symbols, of which `given` is assumed: with the ends (1 - r)**2 and (1 + r)**2 and the rate r,
    all condition numbers are treated at once. The best rate of gradient descent is (kappa - 1)/(kappa + 1),
    of momentum (sqrt(kappa) - 1)/(sqrt(kappa) + 1), of Nesterov's method 1 - 2/sqrt(3*kappa + 1).

    Parameters
    ----------
    rule
        A rule.
    rate
        The rate that is claimed to be the best.
    between
        The smallest and the largest curvature.
    proposed
        Values of all parameters that attain the rate.
    given
        Conditions that are assumed.

    Returns
    -------
    Verdict
        Decided by z3; it fails where one of the two statements is refuted.

    Raises
    ------
    AnalysisError
        As `worst_case_rate`, and if a parameter has no proposed value.

    References
    ----------
    Polyak 1964; Lessard, Recht and Packard 2016, proposition 1.

    Examples
    --------
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> polyak = {eta: Rational(1, 4), rho: Rational(1, 4)}
    >>> is_minimax_rate(heavy_ball, Rational(1, 2), between=(1, 9), proposed=polyak).outcome
    <Outcome.HOLDS: 'holds'>
    >>> is_minimax_rate(heavy_ball, Rational(2, 3), between=(1, 9), proposed=polyak).outcome
    <Outcome.FAILS: 'fails'>
    """
    rule = as_rule(rule)
    ends, assumed, values = _ends(between), as_conditions(given), exact_values(proposed)
    if missing := sorted(str(p) for p in parameters(rule) if p not in values):
        raise AnalysisError(f"the proposal gives no value to {', '.join(missing)}")
    _require_affine(rule)
    attained = _attained(rewritten(rule, lambda e: e.xreplace(values)), exact(rate), ends, assumed)
    return attained and _none_better(rule, exact(rate), ends, assumed)


def _attained(rule: Rule, rate: Expr, ends: Sequence[Expr], given: tuple[Condition, ...]) -> Verdict:
    """Return whether every larger rate is attained at both ends."""
    taken = symbols(rule).union(*(e.free_symbols for e in (rate, *ends)))
    above = fresh("larger_rate", taken, positive=True)
    larger = (*given, Condition(rate, "> 0"), Condition(above - rate, "> 0"))
    goals = tuple(c for end in ends for c in rate_region(rule, above, end).conditions)
    found = smt.implies_all(larger, goals)
    if found.answer is Answer.REFUTED:
        witness = found.witness.replace(str(above), "a larger rate")
        return fails("the proposed values do not keep the rate", witness=witness, engines=(smt.NAME,))
    if found.answer is not Answer.PROVED:
        return undecided("whether the proposed values keep the rate", engines=(smt.NAME,))
    return holds("the proposed values keep the rate", engines=(smt.NAME,))


def _none_better(rule: Rule, rate: Expr, ends: Sequence[Expr], given: tuple[Condition, ...]) -> Verdict:
    """Return whether no values of the parameters give a smaller rate at both ends."""
    better = tuple(c for end in ends for c in rate_region(rule, rate, end).conditions)
    possible, _ = smt.consistent((*given, *better))
    if possible is None:
        return undecided("whether other values are better", engines=(smt.NAME,))
    if possible:
        return fails(f"other values give a smaller rate than {rate} at both ends", engines=(smt.NAME,))
    found = f"{rate} is kept by the proposed values, and no others give a smaller rate at both ends"
    return holds(found, engines=(smt.NAME,))
