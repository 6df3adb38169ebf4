"""What the source claims in the table of section 5.1 of how both methods behave.

What to look for: descent does overshoot (C60) and is not stable as such (C63); which of the two is faster
depends on who tuned them (C56).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TypeAlias

from sympy import Expr, Integer, Rational, Symbol, cancel, exp, roots, sqrt, symbols

from .descent import velocity_law
from .rules import CLOSE, Point, ends, hills, hundredth, kept, multiplier, named
from .rules import nine_tenths, settled, shown, sides_changed, stable
from .valley import across, along
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Hypothesis, Law, Rule, Verdict
from physsym import identical
from physsym.analysis.damping import discriminant
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.quantified import holds_for_all, is_forward_invariant
from physsym.analysis.rates import is_minimax_rate, rate_lower_bound, rate_region, worst_case_rate
from physsym.analysis.exact_trajectory import simulate, value_of
from physsym.claims import Quantifier, add_evidence, all_named, conditional, holds_exactly
from physsym.core.signs import signs
from physsym.core.statements import parameters, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import eta, lam, rho, u, x


def smoother(step: Rule, plain: Rule, curvature: Expr, points: Sequence[Point]) -> Verdict:
    """Judge whether a rule changes sides less often than plain steps, wherever both converge.

    Plain steps with a negative multiplier change sides at every step. A rule with complex multipliers changes
    them at the share of steps which their angle is of half a turn, so less often.
    """
    jumping = Condition(-multiplier(plain, curvature), "> 0")
    swinging = Condition(-discriminant(step, curvature), "> 0")
    verdict = holds_for_all(
        [jumping, swinging], (*stable(step, curvature), *stable(plain, curvature), *kept), points
    )
    counts = (
        f"at {named(at)} descent changes sides {sides_changed(plain, curvature, {eta: at[eta]})} times in "
        f"100 steps, momentum {sides_changed(step, curvature, at)} times" for at in points
    )  # fmt: skip
    return add_evidence(verdict, *counts)


def smoother_exactly(step: Rule, plain: Rule, above: Expr) -> Verdict:
    """Judge that momentum changes sides less often than descent does at each step exactly below a bound.

    Told in `h`, which is `eta*lam`, and in the root of `rho`. Above the bound both multipliers of momentum
    are real and negative, so that in the end it changes sides at every step, too.
    """
    told = {rho: root**2, eta: h / lam}
    inside = -discriminant(step).xreplace(told).expand()
    once = characteristic_polynomial(step).as_expr().xreplace(told).expand()
    total, product = -once.coeff(z, 1), once.coeff(z, 0)
    descending = multiplier(plain, lam).xreplace(told)
    jumping, kept_root = Condition(h - 1, "> 0"), Condition(1 - root, "> 0")
    both = (jumping, Condition(2 - h, "> 0"), kept_root)
    below = Condition(above.xreplace({rho: root**2}) - h, "> 0")
    beyond = Condition(h - above.xreplace({rho: root**2}), "> 0")
    return all_named((
        ("descent changes sides at each step", holds_exactly([Condition(-descending, "> 0")], [jumping])),
        # Whether descent converges does not matter here, and z3 answers faster where it is not given.
        ("momentum has complex multipliers",
         holds_exactly([Condition(inside, "> 0")], [below], [jumping, kept_root])),
        ("above, it has two negative ones", holds_for_all(
            [Condition(-total, "> 0"), Condition(product, "> 0"), Condition(-inside, "> 0")], (beyond, *both)
        )),
    ))  # fmt: skip


h, root = Symbol("h", positive=True), Symbol("r", positive=True)

zig_zag = Claim(
    id="C55",
    where="5.1",
    says='"In narrow valleys" ... "Can oscillate (zig-zag)" ... "Smoother trajectory"',
    reading="in the valley of the example momentum changes sides less often than descent",
    formal="with curvature 20, where both converge, descent changes sides at every step, and momentum, which "
    "has complex multipliers, does so less often, for every `eta`, and every `rho` between 0 and 1",
    judge=partial(
        smoother, source_rule, descent.rule, across,
        (
            {eta: Rational(3, 50), rho: nine_tenths}, {eta: Rational(3, 40), rho: hundredth},
            {eta: hundredth, rho: nine_tenths},
        ),
    ),
    leaves_open=(eta, rho),
    repair="descent changes sides at every step exactly if `eta*lam > 1`; there, as long as descent "
    "converges, momentum changes them less often exactly if `eta*lam < (1 + sqrt(rho))**2`",
    repair_judge=partial(smoother_exactly, source_rule, descent.rule, (1 + sqrt(rho)) ** 2),
)  # fmt: skip

Best: TypeAlias = tuple[Expr, Mapping[Symbol, Expr]]  # a rate, and the values that reach it

k = Symbol("k", positive=True)  # the root of the condition number, which is the ratio of both curvatures
r = Symbol("r", positive=True)  # (k - 1)/(k + 1), so that all condition numbers lie between 0 and 1
share = (Condition(1 - r, "> 0"),)
curvatures = ((1 - r) ** 2, (1 + r) ** 2)


@cache
def told_in_r(value: Expr) -> Expr:
    """Return an expression in k as one in r."""
    return cancel(value.xreplace({k: (1 + r) / (1 - r)}))


def is_best(step: Rule, rate: Expr, values: Mapping[Symbol, Expr]) -> Verdict:
    """Judge a rate and values for curvatures between 1 and k**2, whatever k; the proof takes other units."""
    units = {eta: (1 - r) ** 2}
    told = {symbol: cancel(told_in_r(value) / units.get(symbol, 1)) for symbol, value in values.items()}
    return is_minimax_rate(step, told_in_r(rate), curvatures, told, share)


def tuned_rates(step: Rule, plain: Rule, best: Best, best_plain: Best) -> Verdict:
    """Judge the best worst-case rates of two rules, and which is smaller for every condition number."""
    (rate, values), (plain_rate, plain_values) = best, best_plain
    gap = told_in_r(plain_rate) - told_in_r(rate)
    return all_named((
        (f"momentum, `{rate}` with `k = sqrt(kappa)`", is_best(step, rate, values)),
        (f"descent, `{plain_rate}`", is_best(plain, plain_rate, plain_values)),
        ("the rate of descent is the larger one", holds_for_all([Condition(gap, "> 0")], share)),
    ))  # fmt: skip


def tuned_and_fixed(step: Rule, plain: Rule, best: Best, best_plain: Best, least: Expr) -> Verdict:
    """Judge the best rates, and below which rate a rule cannot come with a fixed coefficient."""
    bound = rate_lower_bound(step, along)
    natural = Condition(rho, ">= 0")
    at_least = identical(bound, least, given=natural, what="the bound of the rate and the one claimed")
    return all_of(tuned_rates(step, plain, best, best_plain), at_least)


tuned_to_both = Hypothesis("both are tuned to the least and the largest curvature")


def faster(step: Rule, plain: Rule, best: Best, best_plain: Best, typical: Point) -> Verdict:
    """Judge which rule has the better worst rate over an interval, at their best and as they are used."""
    tuned = tuned_rates(step, plain, best, best_plain)
    in_valley = {symbol: value.xreplace({k: sqrt(across / along)}) for symbol, value in best_plain[1].items()}
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
        add_evidence(conditional(tuned, tuned_to_both), f"in the valley at {named(typical)}, {rates}"),
        witness=f"not with rho = {typical[rho]} fixed: no eta gives momentum a rate under {floor.evalf(4)}"
        f", and descent reaches {reached} in the valley; only beyond kappa = {crossing} does that change",
    )


best_of_momentum = ((k - 1) / (k + 1), {eta: 4 / (k + 1) ** 2, rho: ((k - 1) / (k + 1)) ** 2})
best_of_descent = ((k**2 - 1) / (k**2 + 1), {eta: 2 / (k**2 + 1)})

convergence = Claim(
    id="C56",
    where="5.1",
    says='"Slower" ... "Faster"',
    reading="momentum converges faster than descent",
    formal="the best worst-case rate of momentum is smaller than that of descent for every condition number, "
    "and so is that of momentum with `rho = 9/10` in the valley",
    judge=partial(
        faster, source_rule, descent.rule, best_of_momentum, best_of_descent,
        {eta: hundredth, rho: nine_tenths},
    ),
    leaves_open=(tuned_to_both,),
    narrower="the landscape is quadratic",
    repair="with the best `eta` and `rho` for the curvatures of a quadratic, momentum is faster for every "
    "condition number; with a fixed `rho` its rate is at least `sqrt(rho)`",
    repair_judge=partial(
        tuned_and_fixed, source_rule, descent.rule, best_of_momentum, best_of_descent, sqrt(rho)
    ),
)  # fmt: skip


def slower_but_stable(plain: Rule, step: Rule, points: Sequence[Point]) -> Verdict:
    """Judge whether a rule is stable whatever its step size, and whether another one is where it is not."""
    verdict = holds_for_all(stable(plain), at=[{eta: p[eta], lam: p[lam]} for p in points])
    outlived = [p for p in points if not _is_stable(plain, p) and _is_stable(step, p)]
    told = (f"at {named(p)} momentum converges and descent diverges" for p in outlived)
    return add_evidence(verdict, *told)


def both_stable_exactly(plain: Rule, step: Rule, below: Expr, step_below: Expr) -> Verdict:
    """Judge below which `eta*lam` each of two rules is asymptotically stable on a quadratic."""
    return all_of(
        holds_exactly(stable(plain), [Condition(below - eta * lam, "> 0")]),
        holds_exactly(stable(step), [Condition(step_below - eta * lam, "> 0")], kept),
    )


def _is_stable(step: Rule, values: Point) -> bool:
    return rate_region(step, 1, values[lam]).holds_at({p: values[p] for p in parameters(step)})


stability = Claim(
    id="C63",
    where="5.1",
    says='"but stable" ... "but can oscillate"',
    reading="descent converges; for slower and faster see C56, for oscillating C85",
    formal="on `lam*x**2/2` descent is stable for every `eta`",
    judge=partial(
        slower_but_stable, descent.rule, source_rule,
        [{eta: e, rho: nine_tenths, lam: across} for e in (hundredth, Rational(11, 100))],
    ),
    leaves_open=(eta,),
    narrower="near a minimum that has a curvature",
    repair="on `lam*x**2/2` descent is stable exactly for `eta*lam < 2`, momentum with `rho` between 0 and 1 "
    "for `eta*lam < 2*(1 + rho)`: it is momentum that stands the larger step",
    repair_judge=partial(both_stable_exactly, descent.rule, source_rule, Integer(2), 2 * (1 + rho)),
)  # fmt: skip


def never_overshoots(step: Rule, on: Expr, points: Sequence[Expr]) -> Verdict:
    """Judge whether a converging rule stays on its side of the minimum, for every step size."""
    curvature = on.diff(x, 2)
    staying = Condition(multiplier(step, curvature), ">= 0")
    verdict = holds_for_all([staying], stable(step, curvature), [{eta: value} for value in points])
    orbits = {e: simulate(step, on, {eta: e}, {x: 1}, 1).of(x) for e in points}
    told = (
        f"`eta = {e}`: {start} -> {end}, loss {value_of(on, {x: start})} -> {value_of(on, {x: end})}"
        for e, (start, end) in orbits.items() if end < 0
    )  # fmt: skip
    return add_evidence(verdict, *told)


def overshoots_exactly(step: Rule, flow: Law, most: Expr) -> Verdict:
    """Judge up to which `eta*lam` a rule stays on its side, and that the flow always does."""
    inside, curve = multiplier(step, lam), eta * lam
    (rate,) = roots(characteristic_polynomial(flow))
    solution = exp(rate * Symbol("T", positive=True))
    return all_of(
        holds_exactly([Condition(inside, ">= 0")], [Condition(most - curve, ">= 0")]),
        holds_for_all(
            [Condition(-inside, "> 0"), *stable(step)],
            [Condition(curve - most, "> 0"), Condition(2 - curve, "> 0")],
        ),
        (holds if signs(solution) == {1} else fails)(f"the flow multiplies the position by `{solution}`"),
    )


overshooting = Claim(
    id="C60",
    where="5.1",
    says='"Overshooting" ... "Impossible (no inertia)"',
    formal="on `10*x**2` descent never changes sides where it converges",
    judge=partial(never_overshoots, descent.rule, 10 * x**2, (Rational(3, 50),)),
    repair="on `lam*x**2/2` impossible exactly for `eta*lam <= 1`, and always for the continuous flow; "
    "between 1 and 2 descent overshoots at every step and converges",
    repair_judge=partial(overshoots_exactly, descent.rule, velocity_law, Integer(1)),
)


def never_below(step: Rule, threshold: Expr) -> Verdict:
    """Judge whether a rule that starts at rest below a coefficient never changes sides, by a cone it keeps.

    Below it both multipliers, p and q, are real and positive; told in them the cone holds for all steps.
    `eta*lam` is the square of `r`.
    """
    told = rewritten(step, lambda e: e.xreplace({rho: p * q, eta: (1 - p) * (1 - q) / steepness}))
    shape = _in_root(characteristic_polynomial(step).as_expr())
    below = [Condition(rho, "> 0"), Condition(threshold - rho, "> 0"), Condition(1 - root, "> 0")]
    real = Condition(_in_root(discriminant(step)), "> 0")
    total, product = -shape.coeff(z, 1), shape.coeff(z, 0)
    between = [Condition(side, "> 0") for side in (1 - total + product, product, total, 2 - total)]
    cone = [Condition(x, "> 0"), Condition(-u, ">= 0"), Condition(p * u + (1 - p) * x, ">= 0")]
    multipliers = characteristic_polynomial(told, steepness).as_expr()
    return all_named((
        ("the multipliers", identical(multipliers, (z - p) * (z - q), what="two polynomials")),
        ("below, the multipliers are positive and below one", holds_for_all([real, *between], below)),
        (
            "from rest",
            is_forward_invariant(told, cone, [Condition(1 - p, "> 0"), Condition(p - q, ">= 0")], steepness),
        ),
    ))  # fmt: skip


def _in_root(expression: Expr) -> Expr:
    """Return an expression in `eta*lam` as one in its root."""
    return expression.xreplace({eta: root**2 / lam}).expand()


p, q, steepness = symbols("p q c", positive=True)


def overshoots_above(step: Rule, threshold: Expr) -> Verdict:
    """Judge whether a rule from rest changes sides above a coefficient, and never below it.

    Above it the multipliers are complex, so that every motion changes sides again and again.
    """
    swinging = [Condition(-_in_root(discriminant(step)), "> 0")]
    short = (Condition(1 - rho, "> 0"), Condition(rho, "> 0"), Condition(1 - root, "> 0"))
    above = holds_exactly(swinging, [Condition(rho - threshold, "> 0")], short)
    return all_of(above, never_below(step, threshold))


if_too_high = Claim(
    id="C62",
    where="5.1",
    says='"Overshooting" ... "Possible if `rho` too high"',
    formal="on `lam*x**2/2` with `eta*lam < 1`, from rest, momentum never changes sides for `rho` between 0 "
    "and `(1 - sqrt(eta*lam))**2`, and does so for every `rho` from there to 1",
    judge=partial(overshoots_above, source_rule, (1 - root) ** 2),
    quantifier=Quantifier.SOME,
    narrower="the landscape is a quadratic with a minimum, and the steps are short",
)


def gets_stuck(step: Rule, on: Expr, lower: Expr, start: Expr, sizes: tuple[Expr, Expr]) -> Verdict:
    """Judge whether a rule stays at every minimum with a curvature, which needs not be the lowest.

    The example is a minimum above the lowest: with a small step size the rule ends there, with a large one
    it may not stay.
    """
    small, large = sizes
    end = ends(step, on, {eta: small}, start, 600).end(x)
    above = value_of(on - on.xreplace({x: lower}), {x: end}, bits=128)
    curvature = value_of(on.diff(x, 2), {x: end}, bits=128)
    near = ends(step, on, {eta: large}, Rational(round(float(end) * 1000) + 1, 1000), 100)
    told = (
        f"with `eta = {small}` descent from {start} ends at {shown(end)}, {shown(above)} above the lowest",
        f"the curvature there is {shown(curvature)}",
        f"with `eta = {large}` it {'stays' if settled(near) else 'does not stay'} there",
    )
    return add_evidence(holds_for_all(stable(step)), *told) if above > CLOSE else fails(*told)


def stays_exactly(step: Rule, below: Expr) -> Verdict:
    """Judge below which `eta*lam` a minimum of curvature `lam` is asymptotically stable, above it repels."""
    grows = Condition(multiplier(step, lam) ** 2 - 1, "> 0")
    return all_of(
        holds_exactly(stable(step), [Condition(below - eta * lam, "> 0")]),
        holds_exactly([grows], [Condition(eta * lam - below, "> 0")]),
    )


stuck = Claim(
    id="C61",
    where="5.1",
    says='"Shallow minima" ... "Gets stuck easily"',
    reading="descent stays at a minimum, be it the lowest or not",
    formal="a minimum of curvature `lam` is asymptotically stable under descent, whatever the step size; the "
    "example is `x**2/20 + 12/100*(1 - cos(3*x))`",
    judge=partial(
        gets_stuck, descent.rule, hills, Integer(0), Integer(6), (Rational(1, 10), Rational(21, 10))
    ),
    leaves_open=(eta,),
    narrower="near a minimum that has a curvature",
    repair="it stays at a minimum of curvature `lam` if `eta*lam < 2`, and is driven away if it is larger",
    repair_judge=partial(stays_exactly, descent.rule, Integer(2)),
)

claims = (zig_zag, convergence, stability, overshooting, if_too_high)
