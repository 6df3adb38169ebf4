"""What the source claims in section 4.3: the momentum coefficient, from no memory to a long one.

What to look for: which treatment of friction the formula belongs to (C40), where it is a share at all (C41),
and that the way back to descent needs the new velocity (C45, C46).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Integer, Rational, Symbol, exp, oo, sqrt

from .. import friction, momentum, stale
from .momentum import kept_without_force
from .rules import Point, hills, jumps, nine_tenths, other, smoothed, stable
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Define, Limit, Hypothesis, Rule, Verdict
from physsym import identical
from physsym.analysis.damping import critical_values, discriminant
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.analysis.quantified import holds_for_all, holds_for_all_given
from physsym.verify.limit import gap
from physsym.verify.convergence_order import estimate_order
from physsym.claims import approx_equal, conditional, add_evidence, check_limit
from physsym.core.statements import one_step_map, rewritten
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import dt, eta, lam, rho, tau, x

s, n = Symbol("s", positive=True), Symbol("n", positive=True)
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
        return fails("no treatment of friction gives it", *(str(v) for v in told.values()))
    others = [
        f"{title} gives {kept}: the same up to O(dt**{estimate_order(claimed, kept, dt, Integer(0)).order})"
        for title, kept in coefficients().items() if title not in agreeing
    ]  # fmt: skip
    verdict = add_evidence(holds(f"{', '.join(agreeing)} gives it exactly"), *others)
    return conditional(verdict, Hypothesis("friction is taken at the old velocity")) if others else verdict


exactly_one_minus = Claim(
    id="C40",
    where="4.3, Epilogue",
    says="it is exactly 1 - dt/tau, encoding how much velocity persists",
    formal="every treatment of friction keeps the share `1 - dt/tau` of the velocity",
    judge=partial(coefficient, 1 - dt / tau),
    repair="`1 - dt/tau` if friction is taken at the old velocity; without reference to an integrator it "
    "is `exp(-dt/tau)`",
)


def is_share(value: Expr, enough: Sequence[Condition], points: Sequence[Point]) -> Verdict:
    """Judge whether a formula is a share, not below zero and below one, for all steps or under conditions."""
    share = [Condition(value, ">= 0"), Condition(1 - value, "> 0")]
    verdict = holds_for_all_given(enough, share, at=points)
    if verdict:
        return verdict
    limit = gap(Limit(tau, Integer(0)), value, Integer(0), "the coefficient")
    return add_evidence(verdict, *([f"as tau vanishes, {limit.evidence[0]}"] if not limit else []))


valid_range = Claim(
    id="C41",
    where="4.3",
    says='rho = 1 - dt/tau tells us how much "memory" the system has from one step to the next',
    formal="`1 - dt/tau` is a share, not below zero and below one, for every `dt` and `tau`",
    judge=partial(
        is_share,
        1 - dt / tau,
        (Condition(tau - dt, ">= 0"),),
        ({dt: 1, tau: 10}, {dt: 1, tau: Rational(1, 4)}),
    ),
    repair="it is a share for `dt <= tau` only; for `dt > 2*tau` velocities grow, and as `tau` vanishes "
    "there is no limit. `exp(-dt/tau)` is always a share",
)


# --- Case 1: strong momentum


strong_momentum = Claim(
    id="C42",
    where="4.3, case 1",
    says="rho -> 1: this happens when dt/tau -> 0",
    formal="`1 - dt/tau` tends to one as s, which is `dt/tau`, tends to zero",
    judge=partial(check_limit, of_one_step, Limit(s, Integer(0)), Integer(1), "rho"),
)


def both_tend(value: Expr, towards: Sequence[Limit], to: Expr) -> Verdict:
    """Judge whether a quantity tends to a value on each of several ways."""
    return all_of(*(gap(limit, value, to, str(value)) for limit in towards))


two_ways = Claim(
    id="C83",
    where="4.3, case 1",
    says="tau = m/gamma is large OR dt is much smaller than tau",
    formal="`dt/tau` tends to zero as `tau` grows with `dt` fixed, and as `dt` vanishes with `tau` fixed",
    judge=partial(both_tend, dt / tau, (Limit(tau, oo), Limit(dt, Integer(0))), Integer(0)),
)

slow_decay = Claim(
    id="C84",
    where="4.3, case 1",
    says="Velocity decays very slowly",
    formal="the coefficient with which a velocity falls to 1/e in n steps tends to one as n grows",
    judge=partial(check_limit, exp(-1 / n), Limit(n, oo), Integer(1), "exp(-1/n)"),
)

smoothed_descent = Claim(
    id="C44",
    where="4.3, case 1",
    says="Smoothed gradient descent",
    formal="the displacement is minus the sum of all gradients, each weighed by `eta` times a power of `rho`",
    judge=partial(smoothed, source_rule, [eta * rho ** (4 - k) for k in range(5)], rho**5),
)


def swings_between(step: Rule, low: Expr, high: Expr) -> Verdict:
    """Judge between which coefficients a rule swings, by the zeros of its discriminant."""
    found = critical_values(step, rho)
    edges = [identical(a, b, what=f"the edge {a} and {b}") for a, b in zip(found, (low, high), strict=True)]
    near_one = discriminant(step).xreplace({rho: Integer(1)})
    swinging = holds_for_all([Condition(-near_one, "> 0")], [Condition(4 - eta * lam, "> 0")])
    verdict = all_of(*edges, swinging)
    return add_evidence(verdict, "at rho = 1 it swings for every eta*lam below 4") if verdict else verdict


can_oscillate = Claim(
    id="C85",
    where="4.3, case 1",
    says="Can oscillate around minima; can overshoot the loss minimum",
    formal="on `lam*x**2/2` the multipliers are complex exactly between `(1 - sqrt(eta*lam))**2` and "
    "`(1 + sqrt(eta*lam))**2`",
    judge=partial(swings_between, source_rule, (1 - sqrt(eta * lam)) ** 2, (1 + sqrt(eta * lam)) ** 2),
)

tried = [
    {eta: Rational(1, 10), rho: nine_tenths}, {eta: Rational(1, 10), rho: Rational(8, 10)},
    {eta: Rational(1, 10), rho: Rational(1, 2)}, {eta: Rational(1, 100), rho: nine_tenths},
]  # fmt: skip

can_jump = Claim(
    id="C59",
    where="4.3, 5.1",
    says="can jump shallow minima",
    formal="on `x**2/20 + 12/100*(1 - cos(3*x))`, from 6, momentum ends lower than descent, at each of four "
    "settings",
    judge=partial(jumps, source_rule, descent.rule, hills, Integer(6), tried),
    repair="it can, if enough energy is left at the barrier; a coefficient near one is not enough, nor is "
    "any step size",
)


# --- Case 2: weak momentum


weak_momentum = Claim(
    id="C86",
    where="4.3, case 2",
    says="rho -> 0: this happens when dt/tau -> 1",
    formal="`1 - dt/tau` tends to zero as s, which is `dt/tau`, tends to one",
    judge=partial(check_limit, of_one_step, Limit(s, Integer(1)), Integer(0), "rho"),
)


def nearer_zero(value: Expr, enough: Sequence[Condition], points: Sequence[Point]) -> Verdict:
    """Judge whether a smaller tau always brings a coefficient nearer to zero, or does under conditions."""
    nearer = Condition(value**2 - value.xreplace({tau: other(tau)}) ** 2, ">= 0")
    verdict = holds_for_all_given(enough, [nearer], [Condition(tau - other(tau), "> 0")], points)
    zero = put(value, {dt: 1000, tau: 1000})
    return add_evidence(verdict, f"at dt = 1000, tau = 1000 it is {zero}") if not sign_of(zero) else verdict


small_relaxation = Claim(
    id="C87",
    where="4.3, case 2",
    says="rho -> 0, meaning: tau = m/gamma is small (small mass, large friction)",
    formal="at a fixed `dt`, a relaxation time tau_1 smaller than `tau` brings `1 - dt/tau` nearer to zero",
    judge=partial(
        nearer_zero, 1 - dt / tau, (Condition(other(tau) - dt, ">= 0"),),
        ({dt: 1, tau: 10, other(tau): 5}, {dt: 1, tau: 1, other(tau): Rational(1, 4)}),
    ),
    repair="what is small is not `tau` but `tau - dt`: no number in seconds is small by itself, and below "
    "`dt` the coefficient turns negative",
)  # fmt: skip


def becomes(steps: Sequence[Rule], at: Mapping[Symbol, Expr], claimed: Rule) -> Verdict:
    """Judge whether the position moves as another rule says where symbols have given values."""
    moved = [one_step_map(rewritten(step, lambda e: e.xreplace(at)))[x] for step in steps]
    return all_of(*(identical(new, one_step_map(claimed)[x], what="the new positions") for new in moved))


back_to_descent = Claim(
    id="C45",
    where="4.3, case 2",
    says="We return to pure gradient descent!",
    formal="at `rho = 0` the source's rule and the derived one both move to `x - eta*G`",
    judge=partial(becomes, (source_rule, momentum.derivation.rule), {rho: Integer(0)}, descent.rule),
)


def stale_descent(step: Rule, claimed: Rule) -> Verdict:
    """Judge whether a rule is descent, and tell where it is stable if it is not."""
    verdict = becomes([step], {}, claimed)
    if verdict:
        return verdict
    return add_evidence(verdict, f"it is stable where {' and '.join(map(str, stable(step)))}")


old_velocity = Claim(
    id="C46",
    where="4.3, case 2, by forward Euler",
    says="We return to pure gradient descent!",
    formal="forward Euler in both variables, at `rho = 0`, moves to `x - eta*G`",
    judge=partial(stale_descent, stale.derivation.rule, descent.rule),
    repair="with the old velocity it is descent along the gradient of the step before, stable for `eta*lam "
    "< 1` only; the new velocity gives gradient descent",
)

instant_following = Claim(
    id="C88",
    where="4.3, case 2",
    says="Almost instantly follows local gradient",
    formal="the coefficient with which a velocity falls to 1/e in n steps tends to zero as n does",
    judge=partial(check_limit, exp(-1 / n), Limit(n, Integer(0)), Integer(0), "exp(-1/n)"),
)


# --- The typical case


one_tenth = Claim(
    id="C43a",
    where="4.3, typical case",
    says="rho = 0.9 means dt/tau = 0.1",
    formal="`1 - dt/tau` is 9/10 where `dt` is a tenth of `tau`",
    judge=partial(
        identical, (1 - dt / tau).xreplace({dt: tau / 10}), nine_tenths, what="rho and nine tenths"
    ),
)

ten_percent = Claim(
    id="C43b",
    where="4.3, typical case",
    says="Velocity decays by 10% per step",
    formal="without a force, at `rho = 9/10`, the share that is left after a step is `1 - 1/10`",
    judge=partial(kept_without_force, momentum.derivation.rule, {rho: nine_tenths}, 1 - Rational(1, 10)),
)

one_over_e = Claim(
    id="C43c",
    where="4.3, typical case",
    says="After ~10 steps, velocity has decayed to 1/e = 37% of initial value",
    formal="ten steps at `rho = 9/10` leave 1/e of the velocity, within a tenth of that",
    judge=partial(approx_equal, nine_tenths**10, exp(-1), Rational(1, 10)),
    repair="after ten steps 35 % are left; 1/e is reached after `-1/log(9/10)` steps, about nine and a "
    "half, and after `tau` in continuous time",
)

claims = (
    exactly_one_minus, valid_range, strong_momentum, two_ways, slow_decay, smoothed_descent, can_oscillate,
    can_jump, weak_momentum, small_relaxation, back_to_descent, old_velocity, instant_following, one_tenth,
    ten_percent, one_over_e,
)  # fmt: skip
