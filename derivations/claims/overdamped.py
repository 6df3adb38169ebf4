"""What the source claims in section 3.1, where inertia vanishes.

What to look for: infinite friction stops the particle (C24), and a vanishing `tau` is not yet the limit
(C25): it matters what vanishes beside it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from sympy import Expr, Integer, Poly, Symbol, exp, oo

from .. import friction, gradient_descent
from .fundamental import free, relaxation_rate
from .time_scale import after_layer, in_terms_of_tau, kept_share, particle
from physsym import Claim, Condition, Derivation, Isolate, Law, Limit, Verdict
from physsym import check, dot, identical, law, same_law
from physsym.analysis.slow_manifold import slow_velocity
from physsym.analysis.asymptotics import Leading, leading_roots, leading_term, root_series
from physsym.analysis.damping import discriminant
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.analysis.quantified import holds_for_all
from physsym.claims import Quantifier, all_named, conditional, add_evidence, check_limit, positive
from physsym.core.statements import Equation
from physsym.core.symbols import DOT, name_and_marks
from physsym.core.verdicts import Outcome, Hypothesis, all_of, fails, holds
from physsym.verify.engines.evaluation import satisfied
from physsym.vocabulary import G, dt, gamma, lam, m, tau, x

s = Symbol("s", positive=True)
T = Symbol("T", positive=True)  # a time after the start
limit_law, velocity_law = gradient_descent.derivation.lines[3:5]
in_time = Hypothesis("time is counted in units of the friction: in a fixed time nothing moves any more")
Path: TypeAlias = Mapping[Symbol, Expr]  # parameters as functions of `s`, which vanishes


# --- 3.1 The overdamped regime


def in_units(where: Law) -> Law:
    """Return a law with time counted in units of the friction, `t = gamma*s`: rates get a factor 1/gamma."""
    scaled = {dot(x): dot(x) / gamma, dot(dot(x)): dot(dot(x)) / gamma**2}
    return Law(tuple(Equation(e.left.xreplace(scaled), e.right.xreplace(scaled)) for e in where.equations))


def overdamped(where: Law, number: Expr) -> Verdict:
    """Judge whether a law loses its inertia where a number vanishes, for every smooth potential.

    With time in units of the friction the number must be all that is left of mass and friction.
    """
    return add_evidence(
        all_of(
            same_law(in_units(where), law({number * dot(dot(x)): -G - dot(x)})),
            check(Limit(s), law({s * dot(dot(x)): -G - dot(x)}), law({Integer(0): -G - dot(x)})),
        ),
        f"as `{number}` vanishes, what is left is `dot(x) = -grad(x)`, time counted in units of the friction",
    )


def in_the_limit(where: Law, number: Expr, limit: Limit) -> Verdict:
    """Judge whether in a limit the law loses its inertia; where it slows down, so does the unit of time."""
    vanishing = check_limit(number, limit, Integer(0), f"`{number}`")
    verdict = all_of(overdamped(where, number), vanishing)
    still = (
        check_limit(1 / gamma, limit, Integer(0), "the velocity per force") if limit.symbol == gamma else None
    )
    return conditional(verdict, in_time) if still else verdict


mass_over_square = m / gamma**2

no_mass = Claim(
    id="C23",
    where="3.1",
    says='"This occurs when" ... "`m -> 0` (negligible mass)"',
    reading="this is the overdamped regime, in which the law without inertia is left",
    formal="as `m` vanishes, the law becomes `gamma*dot(x) = -G`, on every smooth potential",
    judge=partial(in_the_limit, particle, mass_over_square, Limit(m)),
    quantifier=Quantifier.LIMIT,
)


def friction_takes_over(where: Law, number: Expr) -> Verdict:
    """Judge that with a growing friction the velocity per force vanishes, and what is left in units of it."""
    return all_of(
        overdamped(where, number),
        check_limit(1 / gamma, Limit(gamma, oo), Integer(0), "the velocity per force"),
    )


strong_friction = Claim(
    id="C24",
    where="3.1",
    says='"This occurs when" ... "or `gamma -> oo` (infinitely strong friction)"',
    reading="this is the overdamped regime, in which the law without inertia is left",
    formal="as `gamma` grows, the law becomes `gamma*dot(x) = -G`, on every smooth potential",
    judge=partial(in_the_limit, particle, mass_over_square, Limit(gamma, oo)),
    quantifier=Quantifier.LIMIT,
    leaves_open=(in_time,),
    repair="the velocity `-G/gamma` vanishes too: the limit is a particle at rest. It is the flow of "
    "`-G/gamma` with time counted in units of `gamma`",
    repair_judge=partial(friction_takes_over, particle, mass_over_square),
)


def criterion(where: Law, number: Expr, vanishing: Expr, path: Path) -> Verdict:
    """Judge whether the motion becomes the one without inertia whenever a quantity vanishes.

    The friction is not below some bound: it is fixed, or it grows. On the path, it vanishes as well.
    """
    bounded = holds_for_all(
        [Condition(vanishing / bound - number, ">= 0")], [Condition(gamma - bound, ">= 0")]
    )
    verdict = conditional(all_of(overdamped(where, number), bounded), in_time)
    return add_evidence(verdict, *swinging_on(where, path).evidence)


def swinging_on(where: Law, path: Path) -> Verdict:
    """Judge whether the relaxation time vanishes on a path on which the particle goes on swinging."""
    swings = positive(-discriminant(where).xreplace(path))
    at_one = all(satisfied([c], {lam: Fraction(1)}) for c in swings if c.expression.free_symbols <= {lam})
    region = " and ".join(f"`{c}`" for c in swings)
    told = f"with {_named(path)} the relaxation time vanishes too, and the particle swings where {region}"
    stays = all(c.expression.free_symbols <= {lam} for c in swings) and at_one
    vanishing = check_limit((m / gamma).xreplace(path), Limit(s), Integer(0), "the relaxation time")
    return all_of(vanishing, (holds if stays else fails)(told))


def _named(path: Mapping[Symbol, object]) -> str:
    return ", ".join(f"`{symbol} = {value}`" for symbol, value in path.items())


bound = Symbol("b", positive=True)  # below which the friction does not fall
both_vanish = {m: s**2, gamma: s}


def criterion_of(where: Law, number: Expr, path: Path) -> Verdict:
    """Judge whether a number is the criterion, and the relaxation time is not."""
    return all_of(overdamped(where, number), swinging_on(where, path))


as_long_as = Claim(
    id="C25",
    where="3.1",
    says='"This occurs when" ... "or both, as long as `m/gamma -> 0`"',
    reading="this is the overdamped regime, and the friction does not vanish",
    formal="whenever `m/gamma` vanishes and `gamma` is fixed or grows, the law becomes `gamma*dot(x) = -G`, "
    "on every smooth potential",
    judge=partial(criterion, particle, mass_over_square, m / gamma, both_vanish),
    quantifier=Quantifier.LIMIT,
    leaves_open=(in_time,),
    repair="the criterion is `m/gamma**2 -> 0`, with time counted in units of `gamma`: where mass falls like "
    "the square of the friction, `tau` vanishes and the particle swings all the same",
    repair_judge=partial(criterion_of, particle, mass_over_square, both_vanish),
)


def velocity_in_the_limit(where: Law, claimed: Law) -> Verdict:
    """Judge the law that is left as `tau` vanishes, and tell by how much the velocity is off."""
    steps = all_of(check(Limit(tau), where, limit_law), check(Isolate(dot(x)), limit_law, claimed))
    correction = slow_velocity(where, x, tau) - claimed.equations[0].right
    slow = root_series(characteristic_polynomial(where), tau, -lam / gamma, 2)
    return add_evidence(
        steps, f"what follows adds `{correction}` to it; on `lam*x**2/2` the rate is `{slow}`"
    )


velocity_of_force = Claim(
    id="C26",
    where="3.1",
    says='"In this limit" ... "Mathematically" ... "Limit `tau -> 0`"',
    reading="what is displayed there is `v = -G/gamma`",
    formal="as `tau` vanishes, the law becomes `dot(x) = -G/gamma`",
    judge=partial(velocity_in_the_limit, in_terms_of_tau, law({dot(x): -G / gamma})),
    quantifier=Quantifier.LIMIT,
)


def negligible(where: Law, power: int) -> Verdict:
    """Judge for each rate whether a term of a law, given by its power, vanishes beside another."""
    found = beside_others(where, power)
    told = [f"for the rate `{r}` it {'vanishes' if small else 'does not'}" for r, (small, _) in found.items()]
    if not any(small for small, _ in found.values()):
        return fails(*told)
    everywhere = all(small for small, _ in found.values())
    return holds(*told) if everywhere else conditional(holds(*told), after_layer)


def slow_and_fast(where: Law, power: int) -> Verdict:
    """Judge whether a term vanishes for one rate, and for the other is as large as the largest other term."""
    found = beside_others(where, power)
    told = [f"for the rate `{r}` it {'vanishes' if small else 'does not'}" for r, (small, _) in found.items()]
    return (
        holds
        if [*found.values()].count((True, False)) == len(found) - 1
        and [*found.values()].count((False, True)) == 1
        else fails
    )(*told)


def beside_others(where: Law, power: int) -> dict[Expr, tuple[bool, bool]]:
    """Return for each rate whether a term vanishes beside the largest other one, or is as large."""
    polynomial = characteristic_polynomial(where)
    found = leading_roots(Poly(polynomial.as_expr().xreplace({tau: s}), z), s)
    orders = {k: leading_term(size.xreplace({tau: s}), s).exponent for (k,), size in polynomial.terms()}
    sizes = [(r, orders[power] + power * r.exponent, min(_others(orders, power, r))) for r in found]
    return {r.of(s).xreplace({s: tau}): (mine > largest, mine == largest) for r, mine, largest in sizes}


def _others(orders: Mapping[int, Expr], power: int, root: Leading) -> list[Expr]:
    return [order + k * root.exponent for k, order in orders.items() if k != power]


inertia_negligible = Claim(
    id="C35",
    where="3.1",
    says='"becomes negligible compared to the other terms"',
    reading="it is the term `tau*dot(v)`",
    formal="as `tau` vanishes, on `lam*x**2/2`, `tau*dot(dot(x))` vanishes beside the largest other term",
    judge=partial(negligible, in_terms_of_tau, 2),
    quantifier=Quantifier.LIMIT,
    leaves_open=(after_layer,),
    narrower="the landscape is a quadratic with a minimum",
    repair="on `lam*x**2/2` it vanishes for the slow rate, which is left after an initial layer; for the "
    "fast one, in the layer, it is as large as the largest other term",
    repair_judge=partial(slow_and_fast, in_terms_of_tau, 2),
)


def memoryless(claimed: Law) -> Verdict:
    """Judge whether a velocity is a number times the force here and now, and what the limit leaves."""
    derived = check(Isolate(dot(x)), limit_law, claimed)
    right = claimed.equations[0].right
    factor = right.coeff(G)
    moving = {q for q in factor.free_symbols if q == x or DOT in name_and_marks(q)[1]}
    proportional = identical(right, factor * G, what="the velocity and a multiple of the force")
    told = (
        fails(f"the multiple depends on {', '.join(f'`{q}`' for q in moving)}")
        if moving
        else holds(f"the multiple is `{-factor}`")
    )
    return all_of(derived, proportional, told)


no_memory = Claim(
    id="C72",
    where="3.1",
    says='"Velocity is instantaneously proportional to force. No inertia, no memory."',
    formal="in the limit `dot(x)` is a constant times `G` at the present place, `-G/gamma`",
    judge=partial(memoryless, law({dot(x): -G / gamma})),
)


def relaxes(where: Law, limit: Limit, to: Expr) -> Verdict:
    """Judge whether the rate at which a velocity relaxes without a force tends to a value."""
    rate = relaxation_rate(where)
    return check_limit(rate, limit, to, f"the rate `{rate}`")


instant_change = Claim(
    id="C73",
    where="3.1, table",
    says='"Velocity changes instantly at each step"',
    reading="where `m -> 0`",
    formal="the rate `-gamma/m` at which a velocity relaxes tends to minus infinity as `m` vanishes",
    judge=partial(relaxes, free, Limit(m), -oo),
    quantifier=Quantifier.LIMIT,
)


def resists(where: Law, limit: Limit) -> Verdict:
    """Judge whether the velocity per force in a law tends to zero."""
    mobility = -where.equations[0].right.coeff(G)
    return check_limit(mobility, limit, Integer(0), f"the velocity per force, `{mobility}`,")


infinite_resistance = Claim(
    id="C74",
    where="3.1, table",
    says='"Infinite resistance to movement"',
    reading="where `gamma -> oo`",
    formal="the velocity per force, in the limit `1/gamma`, vanishes as `gamma` grows",
    judge=partial(resists, velocity_law, Limit(gamma, oo)),
    quantifier=Quantifier.LIMIT,
)


def is_lost(where: Law, limit: Limit) -> Verdict:
    """Judge whether the share of a velocity that is left after any time, without a force, tends to zero."""
    left = exp(relaxation_rate(where) * T)
    return check_limit(left, limit, Integer(0), f"the share `{left}`")


instant_decay = Claim(
    id="C75",
    where="3.1, table",
    says='"Velocity decays instantly if not reinforced by gradient"',
    reading="where `gamma -> oo`",
    formal="without a force the share `exp(-gamma*t/m)` of a velocity, which is left, vanishes with large "
    "`gamma`",
    judge=partial(is_lost, free, Limit(gamma, oo)),
    quantifier=Quantifier.LIMIT,
)


with_a_limit = Hypothesis("friction is treated implicitly or exactly, not at the old velocity or at the mean")


def fraction_vanishes(treatments: Sequence[Derivation]) -> Verdict:
    """Judge whether the fraction of velocity kept in a step vanishes with `tau`, for each treatment."""
    kept = {d.title: kept_share(d) for d in treatments}
    found = [
        (title, check_limit(share, Limit(tau), Integer(0), f"`{share}`")) for title, share in kept.items()
    ]
    good = [title for title, verdict in found if verdict]
    if len(good) in (0, len(found)):
        return all_named(found)
    told = tuple(e for title, verdict in found for e in all_named([(title, verdict)]).evidence)
    return Verdict(Outcome.CONDITIONAL, told, (with_a_limit,))


def with_and_without(vanishing: Sequence[Derivation], growing: Derivation, at_once: Expr) -> Verdict:
    """Judge where the fraction kept vanishes, where it has no limit, and when it is zero there."""
    no_limit = check_limit(kept_share(growing), Limit(tau), -oo, f"`{kept_share(growing)}`")
    zero = identical(kept_share(growing).xreplace({tau: at_once}), Integer(0), what="the fraction and zero")
    return all_of(fraction_vanishes(vanishing), no_limit, zero)


nothing_remembered = Claim(
    id="C76",
    where="3.1, table",
    says="\"No 'memory' between iterations\"",
    reading="where `tau -> 0` at a fixed `dt`, an iteration keeps nothing of the velocity",
    formal="at a fixed `dt`, the share of the velocity that is kept in one step vanishes with `tau`, however "
    "friction is treated",
    judge=partial(fraction_vanishes, friction.derivations),
    quantifier=Quantifier.LIMIT,
    leaves_open=(with_a_limit,),
    repair="true of rules with backward Euler or exponential friction. With the source's `rho = 1 - dt/tau` "
    "the share has no limit, and is zero at `tau = dt`",
    repair_judge=partial(with_and_without, (friction.backward, friction.exponential), friction.forward, dt),
)

claims = (
    no_mass, strong_friction, as_long_as, velocity_of_force, inertia_negligible, no_memory, instant_change,
    infinite_resistance, instant_decay, nothing_remembered,
)  # fmt: skip
