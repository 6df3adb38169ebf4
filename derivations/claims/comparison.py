"""What the source claims in the table of section 5.1 of how both methods behave.

What to look for: descent does overshoot (C60) and is not stable as such (C63); which of the two is faster
depends on who tuned them (C56).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from sympy import Expr, Integer, Rational, Symbol, cancel, sqrt

from .rules import CLOSE, Point, ends, hills, hundredth, multiplier, named
from .rules import nine_tenths, settled, shown, sides_changed, stable
from .valley import across, along
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Hypothesis, Rule, Verdict
from physsym import identical
from physsym.analysis.damping import critical_values, discriminant
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.quantified import holds_for_all, is_forward_invariant
from physsym.analysis.rates import is_minimax_rate, rate_lower_bound, rate_region, worst_case_rate
from physsym.analysis.exact_trajectory import simulate, value_of
from physsym.claims import all_named, conditional, add_evidence
from physsym.core.statements import parameters, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import eta, rho, u, x


def smoother(step: Rule, plain: Rule, curvature: Expr, coefficient: Expr, points: Sequence[Expr]) -> Verdict:
    """Judge whether plain steps change sides at every step wherever those of a rule swing at all."""
    at = {rho: coefficient}
    swinging = Condition(-discriminant(step, curvature).xreplace(at), "> 0")
    bounds = [Condition(c.expression.xreplace(at), c.relation) for c in stable(step, curvature)]
    jumping = Condition(-multiplier(plain, curvature), "> 0")
    verdict = holds_for_all([jumping], [swinging, *bounds], [{eta: value} for value in points])
    counts = (
        f"eta = {e}: descent changes sides {sides_changed(plain, curvature, {eta: e})} times in 100 steps, "
        f"momentum {sides_changed(step, curvature, {eta: e, rho: coefficient})} times"
        for e in points
    )
    return add_evidence(verdict, *counts)


zig_zag = Claim(
    id="C55",
    where="5.1",
    says="In narrow valleys: can oscillate (zig-zag); smoother trajectory",
    formal="with curvature 20 and `rho = 9/10`, wherever momentum swings descent changes sides at every step",
    judge=partial(smoother, source_rule, descent.rule, across, nine_tenths, (hundredth, Rational(3, 50))),
    repair="momentum changes sides less often than descent where `eta*lam > 1`; below, descent does not "
    "change sides at all, and momentum does",
)

Best: TypeAlias = tuple[Expr, Mapping[Symbol, Expr]]  # a rate, and the values that reach it

k = Symbol("k", positive=True)  # the root of the condition number, which is the ratio of both curvatures
r = Symbol("r", positive=True)  # (k - 1)/(k + 1), so that all condition numbers lie between 0 and 1
share = (Condition(1 - r, "> 0"),)
curvatures = ((1 - r) ** 2, (1 + r) ** 2)


def told_in_r(value: Expr) -> Expr:
    """Return an expression in k as one in r."""
    return cancel(value.xreplace({k: (1 + r) / (1 - r)}))


def is_best(step: Rule, rate: Expr, values: Mapping[Symbol, Expr]) -> Verdict:
    """Judge a rate and values for curvatures between 1 and k**2, whatever k; the proof takes other units."""
    units = {eta: (1 - r) ** 2}
    told = {symbol: cancel(told_in_r(value) / units.get(symbol, 1)) for symbol, value in values.items()}
    return is_minimax_rate(step, told_in_r(rate), curvatures, told, share)


def faster(step: Rule, plain: Rule, best: Best, best_plain: Best, typical: Point) -> Verdict:
    """Judge which rule has the better worst rate over an interval, at their best and as they are used."""
    (rate, values), (plain_rate, plain_values) = best, best_plain
    gap = told_in_r(plain_rate) - told_in_r(rate)
    tuned = all_named((
        (f"momentum, {rate} with k = sqrt(kappa)", is_best(step, rate, values)),
        (f"descent, {plain_rate}", is_best(plain, plain_rate, plain_values)),
        ("the rate of descent is the larger one", holds_for_all([Condition(gap, "> 0")], share)),
    ))  # fmt: skip
    in_valley = {symbol: value.xreplace({k: sqrt(across / along)}) for symbol, value in plain_values.items()}
    floor, reached = (
        put(rate_lower_bound(step, along), typical),
        worst_case_rate(plain, in_valley, (along, across)),
    )
    if not tuned or sign_of(reached - floor) >= 0:
        return tuned
    used = (
        worst_case_rate(a, {p: typical[p] for p in parameters(a)}, (along, across)) for a in (step, plain)
    )
    rates = "momentum has the rate {}, descent {}".format(*(rate.evalf(4) for rate in used))
    crossing = ((1 + floor) / (1 - floor)).evalf(4)
    return replace(
        add_evidence(
            conditional(tuned, Hypothesis("both are tuned to the least and the largest curvature")),
            f"in the valley at {named(typical)}, {rates}",
        ),
        witness=f"not with rho = {typical[rho]} fixed: no eta gives momentum a rate under {floor.evalf(4)}"
        f", and descent reaches {reached} in the valley; only beyond kappa = {crossing} does that change",
    )


best_of_momentum = ((k - 1) / (k + 1), {eta: 4 / (k + 1) ** 2, rho: ((k - 1) / (k + 1)) ** 2})
best_of_descent = ((k**2 - 1) / (k**2 + 1), {eta: 2 / (k**2 + 1)})

convergence = Claim(
    id="C56",
    where="5.1",
    says="Convergence: slower; faster",
    formal="the best worst-case rate of momentum is smaller than that of descent for every condition number, "
    "and so is that of momentum with `rho = 9/10` in the valley",
    judge=partial(
        faster, source_rule, descent.rule, best_of_momentum, best_of_descent,
        {eta: hundredth, rho: nine_tenths},
    ),
    repair="with the best `eta` and `rho` for the valley momentum is faster for every condition number; "
    "with a fixed `rho` its rate is at least `sqrt(rho)`",
)  # fmt: skip


def slower_but_stable(plain: Rule, step: Rule, curvature: Expr, points: Sequence[Point]) -> Verdict:
    """Judge whether a rule is stable whatever its step size, and whether another one is where it is not."""
    verdict = holds_for_all(stable(plain, curvature), at=[{eta: p[eta]} for p in points])
    outlived = [p for p in points if not _is_stable(plain, curvature, p) and _is_stable(step, curvature, p)]
    told = (f"at eta = {p[eta]}, rho = {p[rho]} momentum converges and descent diverges" for p in outlived)
    return add_evidence(verdict, *told)


def _is_stable(step: Rule, curvature: Expr, values: Point) -> bool:
    return rate_region(step, 1, curvature).holds_at({p: values[p] for p in parameters(step)})


stability = Claim(
    id="C63",
    where="5.1",
    says="Slower but stable; faster but can oscillate",
    formal="with curvature 20 descent is stable for every `eta` (for faster see C56, for oscillating C85)",
    judge=partial(
        slower_but_stable, descent.rule, source_rule, across,
        [{eta: hundredth, rho: nine_tenths}, {eta: Rational(11, 100), rho: nine_tenths}],
    ),
    repair="descent is stable for `eta*lam < 2`, momentum for `eta*lam < 2*(1 + rho)`: it is momentum that "
    "stands the larger step",
)  # fmt: skip


def never_overshoots(step: Rule, on: Expr, points: Sequence[Expr]) -> Verdict:
    """Judge whether a converging rule stays on its side of the minimum, for each of several step sizes."""
    curvature = on.diff(x, 2)
    staying = Condition(multiplier(step, curvature), ">= 0")
    verdict = holds_for_all([staying], stable(step, curvature), [{eta: value} for value in points])
    if verdict:
        return verdict
    orbits = {e: simulate(step, on, {eta: e}, {x: 1}, 1).of(x) for e in points}
    told = (
        f"eta = {e}: {start} -> {end}, loss {value_of(on, {x: start})} -> {value_of(on, {x: end})}"
        for e, (start, end) in orbits.items() if end < 0
    )  # fmt: skip
    return fails(*told, f"it stays on its side only where {staying}", witness=verdict.witness)


overshooting = Claim(
    id="C60",
    where="5.1",
    says="Overshooting: impossible (no inertia)",
    formal="on `10*x**2` descent never changes sides where it converges",
    judge=partial(never_overshoots, descent.rule, 10 * x**2, (Rational(3, 50),)),
    repair="impossible for `eta*lam <= 1`, and always for the continuous flow; between 1 and 2 descent "
    "overshoots at every step and converges",
)  # fmt: skip


def never_below(step: Rule, threshold: Expr, curvature: Expr) -> Verdict:
    """Judge whether a rule that starts at rest below a coefficient never changes sides, by a cone it keeps.

    Below it both multipliers, p and q, are real and positive; told in them the cone holds for all steps.
    """
    told = rewritten(step, lambda e: e.xreplace({rho: p * q, eta: (1 - p) * (1 - q) / curvature}))
    shape = characteristic_polynomial(step, curvature)
    below = [Condition(rho, "> 0"), Condition(threshold - rho, "> 0"), Condition(1 - curvature * eta, "> 0")]
    real = Condition(discriminant(step, curvature), "> 0")
    between = [
        Condition(side, "> 0") for side in (shape.eval(1), shape.nth(0), -shape.nth(1), 2 + shape.nth(1))
    ]
    cone = [Condition(x, "> 0"), Condition(-u, ">= 0"), Condition(p * u + (1 - p) * x, ">= 0")]
    return all_named((
        ("the multipliers", identical(_at_z(told, curvature), (z - p) * (z - q), what="two polynomials")),
        ("below, the multipliers are positive and below one", holds_for_all([real, *between], below)),
        (
            "from rest",
            is_forward_invariant(told, cone, [Condition(1 - p, "> 0"), Condition(p - q, ">= 0")], curvature),
        ),
    ))  # fmt: skip


def _at_z(step: Rule, curvature: Expr) -> Expr:
    return characteristic_polynomial(step, curvature).as_expr()


p, q = Symbol("p", positive=True), Symbol("q", positive=True)


def overshoots_above(
    step: Rule, threshold: Expr, curvature: Expr, off: Expr, values: Sequence[Expr]
) -> Verdict:
    """Judge whether a rule from rest changes sides above a coefficient, by orbits, and never below it."""
    lower = critical_values(step, rho, curvature)[0]
    verdicts = [identical(lower, threshold, what="the critical coefficient and the threshold")]
    if not verdicts[0]:
        return verdicts[0]
    for value in values:
        edge = put(threshold, {eta: value})
        changes = sides_changed(step, curvature, {eta: value, rho: edge + off})
        told = f"eta = {value}, rho = {edge + off}: {changes} changes of side in 100 steps"
        verdicts.append((holds if changes else fails)(told))
    return all_of(*verdicts, never_below(step, threshold, curvature))


if_too_high = Claim(
    id="C62",
    where="5.1",
    says="Overshooting: possible if rho too high",
    formal="from rest, with curvature 1 and `eta < 1`, momentum never changes sides for `rho` between 0 and "
    "`(1 - sqrt(eta))**2`, and does so a little above, at three step sizes",
    judge=partial(
        overshoots_above, source_rule, (1 - sqrt(eta)) ** 2, along, Rational(1, 20),
        (Rational(1, 4), Rational(1, 9), hundredth),
    ),
)  # fmt: skip


def gets_stuck(step: Rule, on: Expr, lower: Expr, start: Expr, sizes: tuple[Expr, Expr]) -> Verdict:
    """Judge whether a rule ends at a minimum above the lowest, for a small and for a large step size."""
    small, large = sizes
    end = ends(step, on, {eta: small}, start, 600).end(x)
    above = value_of(on - on.xreplace({x: lower}), {x: end}, bits=128)
    curvature = value_of(on.diff(x, 2), {x: end}, bits=128)
    near = ends(step, on, {eta: large}, Rational(round(float(end) * 1000) + 1, 1000), 100)
    told = (
        f"with eta = {small} descent from {start} ends at {shown(end)}, {shown(above)} above the lowest",
        f"the curvature there is {shown(curvature)}",
        f"with eta = {large} it {'stays' if settled(near) else 'does not stay'} there",
    )
    if not above > CLOSE:
        return fails(*told)
    return holds(*told) if settled(near) else conditional(holds(*told), *stable(step))


stuck = Claim(
    id="C61",
    where="5.1",
    says="Shallow minima: gets stuck easily",
    formal="on `x**2/20 + 12/100*(1 - cos(3*x))` descent stays at a minimum that is not the lowest, whatever "
    "the step size",
    judge=partial(
        gets_stuck, descent.rule, hills, Integer(0), Integer(6), (Rational(1, 10), Rational(21, 10))
    ),
    repair="it stays at a minimum of curvature `lam` if `eta*lam < 2`, and cannot stay there if it is larger",
)

claims = (zig_zag, convergence, stability, overshooting, if_too_high)
