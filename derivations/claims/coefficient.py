"""What the source claims in section 4.3: the momentum coefficient, from no memory to a long one.

What to look for: which treatment of friction the formula belongs to (C40), where it is a share at all (C41),
and that the way back to descent needs the new velocity (C45, C46).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sympy import Expr, Integer, Rational, Symbol, exp, oo, sqrt

from .. import friction, momentum, stale
from .momentum import kept_without_force
from .rules import Point, hills, jumps, n, nine_tenths, other, smoothed, stable, written
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Define, Limit, Hypothesis, Rule, Verdict
from physsym import before, grad, identical, rule, same_rule
from physsym.analysis.damping import critical_values, discriminant
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.quantified import holds_for_all, holds_for_all_given
from physsym.verify.convergence_order import estimate_order
from physsym.claims import Quantifier, add_evidence, approx_equal, check_limit, conditional, holds_exactly
from physsym.claims import is_decreasing
from physsym.core.signs import signs
from physsym.core.statements import one_step_map, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, dt, eta, lam, rho, tau, u, x

s = Symbol("s", positive=True)
of_one_step = (1 - dt / tau).xreplace({dt: s * tau})


def coefficients() -> dict[str, Expr]:
    """Return what each treatment of friction calls `rho`, by its title."""
    defined = {d.title: [t.move for t in d.steps if isinstance(t.move, Define)] for d in friction.derivations}
    return {title: next(d.value for d in found if d.symbol == rho) for title, found in defined.items()}


def coefficient(claimed: Expr) -> Verdict:
    """Judge a formula for the share of the velocity that is kept, against every treatment of friction."""
    told = {title: identical(claimed, kept) for title, kept in coefficients().items()}
    agreeing = [title for title, verdict in told.items() if verdict]
    if not agreeing:
        return fails("no treatment of friction gives it", *(e for v in told.values() for e in v.evidence))
    others = [
        f"{title} gives `{kept}`: the same up to order {estimate_order(claimed, kept, dt, Integer(0)).order}"
        for title, kept in coefficients().items() if title not in agreeing
    ]  # fmt: skip
    verdict = add_evidence(holds(f"{', '.join(agreeing)} gives it exactly"), *others)
    return conditional(verdict, at_old_velocity) if others else verdict


at_old_velocity = Hypothesis("friction is taken at the old velocity")


def coefficients_are(claimed: Mapping[str, Expr]) -> Verdict:
    """Judge formulas for the share of the velocity that is kept, each against a treatment of friction."""
    found = coefficients()
    return all_of(
        *(
            identical(found[title], kept, what=f"{title}: the share and the formula")
            for title, kept in claimed.items()
        )
    )


exactly_one_minus = Claim(
    id="C40",
    where="4.3, Epilogue",
    says='"it is exactly `1 - dt/tau`, encoding how much velocity persists from one iteration to the next"',
    formal="every treatment of friction keeps the share `1 - dt/tau` of the velocity",
    judge=partial(coefficient, 1 - dt / tau),
    leaves_open=(at_old_velocity,),
    repair="`1 - dt/tau` if friction is taken at the old velocity, `1/(1 + dt/tau)` if at the new one, and "
    "`exp(-dt/tau)` if it is followed exactly",
    repair_judge=partial(
        coefficients_are,
        {
            friction.forward.title: 1 - dt / tau,
            friction.backward.title: 1 / (1 + dt / tau),
            friction.exponential.title: exp(-dt / tau),
        },
    ),
)


def is_share(value: Expr, enough: Sequence[Condition], points: Sequence[Point]) -> Verdict:
    """Judge whether a formula is a share, not below zero and below one, for all steps or under conditions."""
    share = [Condition(value, ">= 0"), Condition(1 - value, "> 0")]
    verdict = holds_for_all_given(enough, share, at=points)
    if verdict:
        return verdict
    limit = check_limit(value, Limit(tau), Integer(0), "the coefficient")
    return add_evidence(verdict, *([f"as `tau` vanishes, {limit.evidence[0]}"] if not limit else []))


def share_exactly(
    value: Expr, region: Sequence[Condition], growing: Sequence[Condition], exact: Expr
) -> Verdict:
    """Judge where a formula is a share and where velocities grow, and that another one always is a share."""
    share = [Condition(value, ">= 0"), Condition(1 - value, "> 0")]
    falling = is_decreasing(exact, dt)  # from one, so that it is below one
    return all_of(
        holds_exactly(share, region),
        holds_for_all([Condition(-1 - value, "> 0")], growing),
        check_limit(value, Limit(tau), -oo, f"`{value}`"),
        all_of(falling, check_limit(exact, Limit(dt), Integer(1), f"`{exact}`")),
        (holds if signs(exact) == {1} else fails)(f"the sign of `{exact}`"),
    )


valid_range = Claim(
    id="C41",
    where="4.3",
    says="\"`rho = 1 - dt/tau` tells us how much 'memory' the system has from one step to the next\"",
    reading="it is the share of the velocity that is kept",
    formal="`1 - dt/tau` is a share, not below zero and below one, for every `dt` and `tau`",
    judge=partial(
        is_share,
        1 - dt / tau,
        (Condition(tau - dt, ">= 0"),),
        ({dt: 1, tau: 10}, {dt: 1, tau: Rational(1, 4)}),
    ),
    leaves_open=(dt, tau),
    repair="it is a share for `dt <= tau` only; for `dt > 2*tau` velocities grow, and as `tau` vanishes "
    "there is no limit. `exp(-dt/tau)` is always a share",
    repair_judge=partial(
        share_exactly,
        1 - dt / tau,
        (Condition(tau - dt, ">= 0"),),
        (Condition(dt - 2 * tau, "> 0"),),
        exp(-dt / tau),
    ),
)


# --- Case 1: strong momentum


strong_momentum = Claim(
    id="C42",
    where="4.3, case 1",
    says='"`rho -> 1` (strong momentum)" ... "This happens when `dt/tau -> 0`"',
    formal="`1 - dt/tau` tends to one as s, which is `dt/tau`, tends to zero",
    judge=partial(check_limit, of_one_step, Limit(s, Integer(0)), Integer(1), "`rho`"),
    quantifier=Quantifier.LIMIT,
)


def both_tend(value: Expr, towards: Sequence[Limit], to: Expr) -> Verdict:
    """Judge whether a quantity tends to a value on each of several ways."""
    return all_of(*(check_limit(value, limit, to, f"`{value}`") for limit in towards))


two_ways = Claim(
    id="C83",
    where="4.3, case 1",
    says='"`tau = m/gamma` is large (large mass, small friction)" ... "OR `dt` is much smaller than `tau`"',
    formal="`dt/tau` tends to zero as `tau` grows with `dt` fixed, and as `dt` vanishes with `tau` fixed",
    judge=partial(both_tend, dt / tau, (Limit(tau, oo), Limit(dt, Integer(0))), Integer(0)),
    quantifier=Quantifier.LIMIT,
)


def left_after_any(step: Rule, claimed: Expr, limit: Limit, to: Expr) -> Verdict:
    """Judge what n steps without a force leave of a velocity, by induction, and to what that tends."""
    share = one_step_map(step)[u].xreplace({G: Integer(0)}).expand().coeff(u)
    return all_of(
        kept_without_force(step, {}, share),
        identical(claimed.xreplace({n: Integer(0)}), Integer(1), what="what is left at the start, and one,"),
        identical(
            share * claimed, claimed.xreplace({n: n + 1}), what="what is left one step later and a step of it"
        ),
        check_limit(claimed, limit, to, f"`{claimed}`"),
    )


slow_decay = Claim(
    id="C84",
    where="4.3, case 1",
    says='"Case 1: `rho -> 1`" ... "Velocity decays very slowly"',
    formal="without a force any number of steps keeps that power of `rho` of a velocity, which tends to one "
    "as `rho` does",
    judge=partial(left_after_any, source_rule, rho**n, Limit(rho, Integer(1), "-"), Integer(1)),
    quantifier=Quantifier.LIMIT,
)

smoothed_descent = Claim(
    id="C44",
    where="4.3, case 1",
    says='"Smoothed gradient descent"',
    formal="after any number of steps the displacement is minus the sum of all gradients, each weighed by "
    "`eta` and the power of `rho` that is its age; for `rho` between 0 and 1 these weights fall with the age",
    judge=partial(smoothed, source_rule, eta * rho**n, rho**n),
)


def swings_between(step: Rule, low: Expr, high: Expr) -> Verdict:
    """Judge between which coefficients a rule swings, by the zeros of its discriminant."""
    found = critical_values(step, rho)
    edges = [
        identical(a, b, what=f"the edge `{a}` and `{b}`") for a, b in zip(found, (low, high), strict=True)
    ]
    near_one = discriminant(step).xreplace({rho: Integer(1)})
    swinging = holds_for_all([Condition(-near_one, "> 0")], [Condition(4 - eta * lam, "> 0")])
    verdict = all_of(*edges, swinging)
    return add_evidence(verdict, "at `rho = 1` it swings for every `eta*lam` below 4") if verdict else verdict


can_oscillate = Claim(
    id="C85",
    where="4.3, case 1",
    says='"Can oscillate around minima" ... "Can overshoot the loss minimum"',
    formal="on `lam*x**2/2` the multipliers are complex exactly between `(1 - sqrt(eta*lam))**2` and "
    "`(1 + sqrt(eta*lam))**2`",
    judge=partial(swings_between, source_rule, (1 - sqrt(eta * lam)) ** 2, (1 + sqrt(eta * lam)) ** 2),
    quantifier=Quantifier.SOME,
    narrower="the landscape is a quadratic with a minimum",
)

tried = [
    {eta: Rational(1, 10), rho: nine_tenths}, {eta: Rational(1, 10), rho: Rational(8, 10)},
    {eta: Rational(1, 10), rho: Rational(1, 2)}, {eta: Rational(1, 100), rho: nine_tenths},
]  # fmt: skip

can_jump = Claim(
    id="C59",
    where="4.3, 5.1",
    says='"can jump shallow minima"',
    formal="there is a setting with which momentum, on `x**2/20 + 12/100*(1 - cos(3*x))`, from 6, ends lower "
    "than descent does; four are tried",
    judge=partial(jumps, source_rule, descent.rule, hills, Integer(6), tried),
    quantifier=Quantifier.SOME,
    narrower="four settings are tried, on one landscape",
)


# --- Case 2: weak momentum


weak_momentum = Claim(
    id="C86",
    where="4.3, case 2",
    says='"`rho -> 0` (weak momentum)" ... "This happens when `dt/tau -> 1`"',
    formal="`1 - dt/tau` tends to zero as s, which is `dt/tau`, tends to one",
    judge=partial(check_limit, of_one_step, Limit(s, Integer(1)), Integer(0), "`rho`"),
    quantifier=Quantifier.LIMIT,
)


def nearer_zero(value: Expr, enough: Sequence[Condition], points: Sequence[Point]) -> Verdict:
    """Judge whether a smaller tau always brings a coefficient nearer to zero, or does under conditions."""
    nearer = Condition(value**2 - value.xreplace({tau: other(tau)}) ** 2, ">= 0")
    verdict = holds_for_all_given(enough, [nearer], [Condition(tau - other(tau), "> 0")], points)
    zero = put(value, {dt: 1000, tau: 1000})
    told = f"at `dt = 1000`, `tau = 1000` it is {zero}"
    return add_evidence(verdict, told) if not sign_of(zero) else verdict


def beside_the_step(value: Expr, claimed: Expr) -> Verdict:
    """Judge a coefficient as a quotient that vanishes with `tau - dt`, and is negative below `dt`."""
    return all_of(
        identical(value, claimed, what="the coefficient and the quotient"),
        identical(claimed.xreplace({tau: dt}), Integer(0), what="the quotient at `tau = dt` and zero"),
        holds_for_all([Condition(-value, "> 0")], [Condition(dt - tau, "> 0")]),
    )


small_relaxation = Claim(
    id="C87",
    where="4.3, case 2",
    says='"`rho -> 0` (weak momentum)" ... "`tau = m/gamma` is small (small mass, large friction)"',
    reading="the smaller `tau` is, the nearer is `rho` to zero",
    formal="at a fixed `dt`, a relaxation time tau_1 smaller than `tau` brings `1 - dt/tau` nearer to zero",
    judge=partial(
        nearer_zero, 1 - dt / tau, (Condition(other(tau) - dt, ">= 0"),),
        ({dt: 1, tau: 10, other(tau): 5}, {dt: 1, tau: 1, other(tau): Rational(1, 4)}),
    ),
    leaves_open=(dt,),
    repair="what is small is not `tau` but `tau - dt`: `rho = (tau - dt)/tau`, and below `dt` the "
    "coefficient is negative",
    repair_judge=partial(beside_the_step, 1 - dt / tau, (tau - dt) / tau),
)  # fmt: skip


def becomes(steps: Sequence[Rule], at: Mapping[Symbol, Expr], claimed: Rule) -> Verdict:
    """Judge whether the position moves as another rule says where symbols have given values."""
    moved = [one_step_map(rewritten(step, lambda e: e.xreplace(at)))[x] for step in steps]
    return all_of(*(identical(new, one_step_map(claimed)[x], what="the new positions") for new in moved))


back_to_descent = Claim(
    id="C45",
    where="4.3, case 2",
    says='"We return to pure gradient descent!"',
    formal="at `rho = 0` the source's rule and the derived one both move to `x - eta*G`",
    judge=partial(becomes, (source_rule, momentum.derivation.rule), {rho: Integer(0)}, descent.rule),
)


new_velocity = Hypothesis("the position moves with the new velocity")


def whichever_velocity(new: Rule, old: Rule, claimed: Rule) -> Verdict:
    """Judge whether, with no velocity kept, a rule is another one, be it with the new velocity or the old."""
    with_new, with_old = becomes([new], {rho: Integer(0)}, claimed), becomes([old], {}, claimed)
    if bool(with_new) == bool(with_old):
        return all_of(with_new, with_old)
    told = add_evidence(holds(f"with the old velocity it is `{written(old)}`"), *with_old.evidence)
    return replace(conditional(told, new_velocity), witness=with_old.witness)


def stale_descent(new: Rule, old: Rule, claimed: Rule, stale_: Rule, region: Sequence[Condition]) -> Verdict:
    """Judge what is left with the new velocity and with the old one, and where the latter is stable."""
    return all_of(
        becomes([new], {rho: Integer(0)}, claimed), same_rule(old, stale_), holds_exactly(stable(old), region)
    )


old_velocity = Claim(
    id="C46",
    where="4.2, 4.3, case 2",
    says='"Let us discretize this equation carefully, approximating the derivative as"',
    reading="whichever velocity moves the position, at `rho = 0` the result is gradient descent",
    formal="at `rho = 0` the rule moves to `x - eta*G`, with the new velocity and with the old one",
    judge=partial(whichever_velocity, source_rule, stale.derivation.rule, descent.rule),
    leaves_open=(new_velocity,),
    repair="with the new velocity, which the source's rule has, it is gradient descent; with the old one it "
    "is descent along the gradient of the step before, asymptotically stable on `lam*x**2/2` exactly if "
    "`eta*lam < 1`",
    repair_judge=partial(
        stale_descent,
        source_rule,
        stale.derivation.rule,
        descent.rule,
        rule({x: x - eta * grad(before(x))}),
        (Condition(1 - eta * lam, "> 0"),),
    ),
)


def follows_at_once(step: Rule, limit: Limit, claimed: Expr) -> Verdict:
    """Judge to what the new displacement of a rule tends."""
    return check_limit(one_step_map(step)[u], limit, claimed, "the new displacement")


instant_following = Claim(
    id="C88",
    where="4.3, case 2",
    says='"Case 2: `rho -> 0`" ... "Almost instantly follows local gradient"',
    formal="as `rho` vanishes, the displacement of a step tends to `-eta*G`, whatever it was before",
    judge=partial(follows_at_once, source_rule, Limit(rho), -eta * G),
    quantifier=Quantifier.LIMIT,
)


# --- The typical case


one_tenth = Claim(
    id="C43a",
    where="4.3, typical case",
    says='"Typical Case: `rho` = 0.9" ... "`dt/tau` = 0.1 -> time step is 1/10 of relaxation time"',
    formal="`1 - dt/tau` is 9/10 where `dt` is a tenth of `tau`",
    judge=partial(
        identical, (1 - dt / tau).xreplace({dt: tau / 10}), nine_tenths, what="`rho` and nine tenths"
    ),
)

ten_percent = Claim(
    id="C43b",
    where="4.3, typical case",
    says='"Velocity decays by 10% per step"',
    formal="without a force, at `rho = 9/10`, the share that is left after a step is `1 - 1/10`",
    judge=partial(kept_without_force, momentum.derivation.rule, {rho: nine_tenths}, 1 - Rational(1, 10)),
)


def rounded_and_passed(kept_: Expr, steps: int, percents: int, level: Expr) -> Verdict:
    """Judge what some steps leave, rounded to per cents, and that a level is passed in the last one."""
    left = kept_**steps
    told = f"{left.evalf(4)} are left, and {(left / kept_).evalf(4)} one step before"
    rounded = sign_of(Rational(1, 200) ** 2 - (left - Rational(percents, 100)) ** 2) > 0
    passed = sign_of(left / kept_ - level) > 0 > sign_of(left - level)
    return (holds if rounded and passed else fails)(told)


one_over_e = Claim(
    id="C43c",
    where="4.3, typical case",
    says='"After ~10 steps, velocity has decayed to 1/e ~ 37% of initial value"',
    formal="ten steps at `rho = 9/10` leave 1/e of the velocity, within a tenth of that",
    judge=partial(approx_equal, nine_tenths**10, exp(-1), Rational(1, 10)),
    repair="after ten steps 35 % are left, rounded to per cents; 1/e is passed between the ninth and the "
    "tenth",
    repair_judge=partial(rounded_and_passed, nine_tenths, 10, 35, exp(-1)),
)

claims = (
    exactly_one_minus, valid_range, strong_momentum, two_ways, slow_decay, smoothed_descent, can_oscillate,
    can_jump, weak_momentum, small_relaxation, back_to_descent, old_velocity, instant_following, one_tenth,
    ten_percent, one_over_e,
)  # fmt: skip
