"""What the source claims of the elongated valley at the head of chapter V, (20 w1^2 + w2^2)/2.

What to look for: at the source's own values descent does not oscillate (C52), and momentum does (C53).
"""

from collections.abc import Sequence
from functools import partial

from sympy import Expr, Integer, Rational, Symbol

from .rules import Point, gains, hundredth, kept, multiplier, named, nine_tenths
from .rules import sides_changed, stable
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Rule, Verdict
from physsym import identical
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.quantified import holds_for_all, holds_for_all_given
from physsym.analysis.rates import rate_region
from physsym.claims import add_evidence, holds_exactly
from physsym.core.statements import parameters
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import eta, lam, rho

w1, w2 = Symbol("w1", real=True), Symbol("w2", real=True)
valley = (20 * w1**2 + w2**2) / 2
across, along = Integer(20), Integer(1)  # its curvatures in the directions of w1 and w2


def steepest(on: Expr, steep: Symbol, flat: Symbol) -> Verdict:
    """Judge whether a quadratic curves more in one direction than in another, and in no mixed one."""
    mixed = identical(on.diff(steep, flat), Integer(0), what="the mixed curvature and zero")
    high, low = (on.diff(w, 2) for w in (steep, flat))
    if not mixed or sign_of(high - low) <= 0:
        return all_of(mixed, fails(f"the curvature along `{steep}` is {high}, along `{flat}` {low}"))
    return holds(
        f"the curvatures are {high} along `{steep}` and {low} along `{flat}`, their ratio is {high / low}"
    )


elongated = Claim(
    id="C51",
    where="5",
    says='"an elongated valley with high curvature in `w1` direction"',
    formal="the Hessian of (20 w1^2 + w2^2)/2 is diagonal, and larger along w1 than along w2",
    judge=partial(steepest, valley, w1, w2),
)


def oscillates(step: Rule, curvature: Expr, points: Sequence[Expr]) -> Verdict:
    """Judge whether a rule changes sides at every step and converges, for all step sizes."""
    jumping = Condition(-multiplier(step, curvature), "> 0")
    stays = stable(step, curvature)
    verdict = holds_for_all([jumping, *stays], at=[{eta: value} for value in points])
    counts = (
        f"`eta = {e}`: {sides_changed(step, curvature, {eta: e})} changes of side in 100 steps"
        for e in points
    )
    return add_evidence(verdict, *counts)


def oscillates_exactly(step: Rule, curvature: Expr, region: Sequence[Condition], not_at: Expr) -> Verdict:
    """Judge where a rule changes sides at every step and converges, and a step size where it does not."""
    jumping = Condition(-multiplier(step, curvature), "> 0")
    never = holds_for_all([Condition(multiplier(step, curvature).xreplace({eta: not_at}), "> 0")])
    return all_of(holds_exactly([jumping, *stable(step, curvature)], region), never)


oscillates_wildly = Claim(
    id="C52",
    where="5",
    says='"pure gradient descent oscillates wildly in the narrow dimension (high curvature)"',
    reading="in the valley of the example it changes sides at every step, and converges",
    formal="with curvature 20 the multiplier of descent is negative, and descent converges, for every `eta`",
    judge=partial(oscillates, descent.rule, across, (hundredth, Rational(3, 50))),
    leaves_open=(eta,),
    repair="with curvature 20 it changes sides and converges exactly for `eta` between 1/20 and 1/10; at "
    "the source's 1/100 it never changes sides",
    repair_judge=partial(
        oscillates_exactly,
        descent.rule,
        across,
        (Condition(eta - Rational(1, 20), "> 0"), Condition(Rational(1, 10) - eta, "> 0")),
        hundredth,
    ),
)


kappa = Symbol("kappa", positive=True)  # the ratio of the curvatures across and along a valley


def lingers(step: Rule, ratio: Expr, least: Expr) -> Verdict:
    """Judge whether a share is left along the floor of each long valley if a rule is stable across."""
    left = multiplier(step, lam / kappa) - least
    verdict = holds_for_all([Condition(left, ">= 0")], [*stable(step), Condition(kappa - ratio, ">= 0")])
    return (
        add_evidence(verdict, f"at least {least} of the way is left after each step") if verdict else verdict
    )


slow_floor = Claim(
    id="C94",
    where="5",
    says='"while making slow progress along the valley floor (low curvature)"',
    reading="a valley is a quadratic landscape, elongated as that of the example or more; slow means that "
    "nine tenths of the way are left after each step, or more",
    formal="wherever descent is stable with curvature `lam`, its multiplier is at least 9/10 for a curvature "
    "that is `lam/20`, or less",
    judge=partial(lingers, descent.rule, across / along, nine_tenths),
)


def dampens(
    step: Rule,
    plain: Rule,
    curvature: Expr,
    enough: Sequence[Condition],
    points: Sequence[Point],
    still: Point,
) -> Verdict:
    """Judge whether, where plain steps oscillate and converge, those of a rule die out faster."""
    jumping = Condition(-multiplier(plain, curvature), "> 0")
    faster = rate_region(step, -multiplier(plain, curvature), curvature).conditions
    verdict = holds_for_all_given(enough, faster, (jumping, *stable(plain, curvature), *kept), points)
    counts = [sides_changed(r, curvature, {p: still[p] for p in parameters(r)}) for r in (plain, step)]
    return add_evidence(
        verdict, f"at {named(still)} descent changes sides {counts[0]} times, momentum {counts[1]}"
    )


def dampens_exactly(
    step: Rule, plain: Rule, curvature: Expr, region: Sequence[Condition], swinging: Point
) -> Verdict:
    """Judge where a rule dies out faster than plain steps that oscillate, and where only it swings."""
    jumping = Condition(-multiplier(plain, curvature), "> 0")
    faster = rate_region(step, -multiplier(plain, curvature), curvature).conditions
    counts = [sides_changed(r, curvature, {p: swinging[p] for p in parameters(r)}) for r in (plain, step)]
    told = f"at {named(swinging)} descent changes sides {counts[0]} times in 100 steps, momentum {counts[1]}"
    return all_of(
        holds_exactly(faster, region, (jumping, *stable(plain, curvature), *kept)),
        (holds if not counts[0] and counts[1] else fails)(told),
    )


dampened = Claim(
    id="C53",
    where="5",
    says='"Momentum dampens these oscillations by accumulating velocity"',
    reading="where descent oscillates in the valley of the example, those of momentum die out faster",
    formal="wherever descent changes sides and converges with curvature 20, momentum has a smaller rate, for "
    "every `rho` between 0 and 1",
    judge=partial(
        dampens, source_rule, descent.rule, across,
        (Condition(multiplier(descent.rule, across) ** 2 - rho, "> 0"),),
        ({eta: Rational(9, 100), rho: Rational(1, 2)}, {eta: Rational(9, 100), rho: nine_tenths}),
        {eta: hundredth, rho: nine_tenths},
    ),
    leaves_open=(eta, rho),
    repair="where descent changes sides, momentum dies out faster for `rho < (1 - 20*eta)**2` only; at the "
    "source's values it is momentum that changes sides, not descent",
    repair_judge=partial(
        dampens_exactly, source_rule, descent.rule, across,
        (Condition(multiplier(descent.rule, across) ** 2 - rho, "> 0"),), {eta: hundredth, rho: nine_tenths},
    ),
)  # fmt: skip


def cancels(step: Rule, left: Expr, domain: Sequence[Condition]) -> Verdict:
    """Judge whether equal gradients add up to more than one, and what alternating ones leave of one."""
    together, against = gains(step)
    stronger = holds_for_all([Condition(together - 1, "> 0")], domain)
    gone = identical(
        against, left, "0 <= rho < 1", what="what alternating gradients leave and what is claimed"
    )
    at = {rho: nine_tenths}
    told = (
        f"equal gradients add up to `{together}` of one, at `rho = 9/10` to {put(together, at)}",
        f"alternating ones leave `{against}` of one, at `rho = 9/10` {put(against, at)}",
    )
    return add_evidence(all_of(stronger, gone), *told)


def weakens(step: Rule, sums: tuple[Expr, Expr], least: Expr, domain: Sequence[Condition]) -> Verdict:
    """Judge what equal and what alternating gradients lead to, and that the latter is more than a share."""
    found = gains(step)
    bounds = [
        Condition(found[0] - 1, "> 0"),
        Condition(1 - found[1], "> 0"),
        Condition(found[1] - least, "> 0"),
    ]
    return all_of(
        *(
            identical(f, claimed, what="what is left and the formula")
            for f, claimed in zip(found, sums, strict=True)
        ),
        holds_for_all(bounds, domain),
    )


opposite_cancel = Claim(
    id="C54",
    where="5",
    says='"successive gradients pointing in opposite directions cancel out, while gradients consistently '
    'pointing down the valley amplify each other"',
    reading="the lasting displacement under gradients of alternating sign is zero",
    formal="for `rho` between 0 and 1 the lasting displacement under equal gradients is larger than from one "
    "of them, and under alternating ones it is zero",
    judge=partial(cancels, source_rule, Integer(0), kept),
    repair="for `rho` between 0 and 1 equal gradients add up to `1/(1 - rho)` of one, which is more; "
    "opposite ones are weakened to `1/(1 + rho)`, which is more than a half, and do not cancel",
    repair_judge=partial(weakens, source_rule, (1 / (1 - rho), 1 / (1 + rho)), Rational(1, 2), kept),
)

claims = (elongated, oscillates_wildly, slow_floor, dampened, opposite_cancel)
