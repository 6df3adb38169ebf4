"""What the source claims in section 3.1, where inertia vanishes.

What to look for: infinite friction stops the particle (C24), and a vanishing `tau` is not yet the limit
(C25): it matters what vanishes beside it.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Integer, Poly, Symbol, exp, oo

from .. import friction, gradient_descent
from .fundamental import free, relaxation_rate
from .time_scale import in_terms_of_tau, kept_share, particle
from physsym import Claim, Derivation, Isolate, Law, Limit, Verdict
from physsym import check, dot, identical, law
from physsym.analysis.slow_manifold import slow_velocity
from physsym.analysis.asymptotics import Leading, leading_roots, leading_term, root_series
from physsym.analysis.linear import characteristic_polynomial, z
from physsym.claims import all_named, conditional, add_evidence, check_limit
from physsym.core.symbols import DOT, name_and_marks
from physsym.core.verdicts import Outcome, Hypothesis, all_of, fails, holds
from physsym.vocabulary import G, gamma, lam, m, tau, x

s = Symbol("s", positive=True)
T = Symbol("T", positive=True)  # a time after the start
limit_law, velocity_law = gradient_descent.derivation.lines[3:5]
in_time = Hypothesis("time is counted in units of gamma/lam: in a fixed time nothing moves any more")
after_layer = Hypothesis("the initial layer, a few tau wide, has passed")


# --- 3.1 The overdamped regime


def along_path(where: Law, path: Mapping[Symbol, Expr]) -> Poly:
    """Return the characteristic polynomial of a law where its parameters go along a path, as `s` vanishes."""
    return Poly(characteristic_polynomial(where).as_expr().xreplace(path), z)


def settles(where: Law, slow: Expr, path: Mapping[Symbol, Expr]) -> Verdict:
    """Judge whether along a path one rate is the slow one claimed, and the others decay fast beside it."""
    found = leading_roots(along_path(where, path), s)
    claimed = leading_term(slow.xreplace(path), s)
    mine = [r for r in found if r.exponent == claimed.exponent]
    fast = [r for r in found if r.exponent < claimed.exponent and _decays(r)]
    told = f"with {_named(path)} the rates are {', '.join(map(_told, found))}"
    if len(mine) != 1 or len(mine) + len(fast) != len(found):
        return fails(told, f"no rate alone behaves like {slow.xreplace(path)}")
    return add_evidence(
        identical(mine[0].coefficient, claimed.coefficient, what="the slow rate and that claimed"), told
    )


def _decays(root: Leading) -> bool:
    return bool(root.coefficient.is_negative)


def _told(root: Leading) -> str:
    return str(root.of(s))


def _named(path: Mapping[Symbol, object]) -> str:
    return ", ".join(f"{symbol} = {value}" for symbol, value in path.items())


def in_the_limit(where: Law, slow: Expr, path: Mapping[Symbol, Expr]) -> Verdict:
    """Judge whether along a path the motion becomes the one with the slow rate, which must not vanish."""
    verdict = settles(where, slow, path)
    still = vanishes(slow, path)
    return conditional(verdict, in_time) if still else verdict


no_mass = Claim(
    id="C23",
    where="3.1",
    says="This occurs when m -> 0 (negligible mass)",
    formal="as `m` vanishes, on `lam*x**2/2`, one rate tends to `-lam/gamma`, the other to minus infinity",
    judge=partial(in_the_limit, particle, -lam / gamma, {m: s}),
)

strong_friction = Claim(
    id="C24",
    where="3.1",
    says="or gamma -> infinity (infinitely strong friction)",
    formal="as `gamma` grows, on `lam*x**2/2`, one rate behaves like `-lam/gamma`, the other is fast "
    "beside it",
    judge=partial(in_the_limit, particle, -lam / gamma, {gamma: 1 / s}),
    repair="the slow rate vanishes too: the limit is that of a particle at rest. It is the flow of "
    "`-G/gamma` only with time counted in units of `gamma/lam`",
)


def criterion(where: Law, slow: Expr, vanishing: Expr, paths: Sequence[Mapping[Symbol, Expr]]) -> Verdict:
    """Judge whether along every path on which a quantity vanishes the motion becomes the slow one."""
    chosen = [path for path in paths if vanishes(vanishing, path)]
    found = {_named(path): settles(where, slow, path) for path in chosen}
    against = {name: verdict for name, verdict in found.items() if not verdict}
    if not against or len(against) == len(found):
        return all_named(found.items())
    told = all_named(against.items())
    if [vanishes(group, path) for path in chosen] != [bool(verdict) for verdict in found.values()]:
        return fails(*told.evidence, witness=next(iter(against)))
    within = Hypothesis(f"{group} vanishes too")
    return Verdict(Outcome.CONDITIONAL, told.evidence, (within,), told.engines, witness=next(iter(against)))


def vanishes(quantity: Expr, path: Mapping[Symbol, Expr]) -> bool:
    """Return whether a quantity vanishes along a path, as `s` does."""
    return leading_term(quantity.xreplace(path), s).exponent > 0


group = m * lam / gamma**2  # what is left of the law in units of gamma/lam and of the position

as_long_as = Claim(
    id="C25",
    where="3.1",
    says="or both, as long as m/gamma -> 0",
    formal="on `lam*x**2/2` the rate `-lam/gamma` is left whichever way `m/gamma` vanishes: by `m`, by "
    "`gamma`, by both, or with `m` falling faster than `gamma` does",
    judge=partial(
        criterion, particle, -lam / gamma, m / gamma,
        ({m: s}, {gamma: 1 / s}, {m: s, gamma: 1 / s}, {m: s**2, gamma: s}),
    ),
    repair="the criterion is `m*lam/gamma**2 -> 0`: where mass falls like the square of friction, `tau` "
    "vanishes and the particle swings all the same",
)  # fmt: skip


def velocity_in_the_limit(where: Law, claimed: Law) -> Verdict:
    """Judge the law that is left as `tau` vanishes, and tell by how much the velocity is off."""
    steps = all_of(check(Limit(tau), where, limit_law), check(Isolate(dot(x)), limit_law, claimed))
    correction = slow_velocity(where, x, tau) - claimed.equations[0].right
    slow = root_series(characteristic_polynomial(where), tau, -lam / gamma, 2)
    return add_evidence(steps, f"what follows adds {correction} to it; on lam*x**2/2 the rate is {slow}")


velocity_of_force = Claim(
    id="C26",
    where="3.1",
    says="In this limit, mathematically: v = -grad U/gamma",
    formal="as `tau` vanishes, the law becomes `dot(x) = -G/gamma`",
    judge=partial(velocity_in_the_limit, in_terms_of_tau, law({dot(x): -G / gamma})),
    repair="up to `tau`; to the next order the flow is that of `U + tau/(2*gamma)*G**2`",
)


def negligible(where: Law, power: int) -> Verdict:
    """Judge for each rate whether a term of a law, given by its power, vanishes beside another."""
    polynomial = characteristic_polynomial(where)
    found = leading_roots(Poly(polynomial.as_expr().xreplace({tau: s}), z), s)
    orders = {k: leading_term(size.xreplace({tau: s}), s).exponent for (k,), size in polynomial.terms()}
    small = [orders[power] + power * r.exponent > min(_others(orders, power, r)) for r in found]
    words = ["vanishes" if ok else "does not" for ok in small]
    told = [f"for the rate {_told(r)} it {word}" for r, word in zip(found, words, strict=True)]
    if not any(small):
        return fails(*told)
    return holds(*told) if all(small) else conditional(holds(*told), after_layer)


def _others(orders: Mapping[int, Expr], power: int, root: Leading) -> list[Expr]:
    return [order + k * root.exponent for k, order in orders.items() if k != power]


inertia_negligible = Claim(
    id="C35",
    where="3.1",
    says="the term tau dv/dt becomes negligible compared to the other terms",
    formal="as `tau` vanishes, on `lam*x**2/2`, `tau*dot(dot(x))` vanishes beside the largest other term",
    judge=partial(negligible, in_terms_of_tau, 2),
    repair="true after an initial layer a few `tau` wide; in it the term is as large as the velocity itself",
)


def memoryless(claimed: Law) -> Verdict:
    """Judge whether a velocity is a number times the force here and now, and what the limit leaves."""
    derived = check(Isolate(dot(x)), limit_law, claimed)
    right = claimed.equations[0].right
    factor = right.coeff(G)
    moving = {q for q in factor.free_symbols if q == x or DOT in name_and_marks(q)[1]}
    proportional = identical(right, factor * G, what="the velocity and a multiple of the force")
    told = fails(f"the multiple depends on {moving}") if moving else holds(f"the multiple is {-factor}")
    return all_of(derived, proportional, told)


no_memory = Claim(
    id="C72",
    where="3.1",
    says="Velocity is instantaneously proportional to force. No inertia, no memory.",
    formal="in the limit `dot(x)` is a constant times `G` at the present place, `-G/gamma`",
    judge=partial(memoryless, law({dot(x): -G / gamma})),
)


def relaxes(where: Law, limit: Limit, to: Expr) -> Verdict:
    """Judge whether the rate at which a velocity relaxes without a force tends to a value."""
    rate = relaxation_rate(where)
    return check_limit(rate, limit, to, f"the rate {rate}")


instant_change = Claim(
    id="C73",
    where="3.1, table",
    says="m -> 0: Velocity changes instantly at each step",
    formal="the rate `-gamma/m` at which a velocity relaxes tends to minus infinity as `m` vanishes",
    judge=partial(relaxes, free, Limit(m), -oo),
)


def resists(where: Law, limit: Limit) -> Verdict:
    """Judge whether the velocity per force in a law tends to zero."""
    mobility = -where.equations[0].right.coeff(G)
    return check_limit(mobility, limit, Integer(0), f"the velocity per force, {mobility},")


infinite_resistance = Claim(
    id="C74",
    where="3.1, table",
    says="gamma -> infinity: Infinite resistance to movement",
    formal="the velocity per force, in the limit `1/gamma`, vanishes as `gamma` grows",
    judge=partial(resists, velocity_law, Limit(gamma, oo)),
)


def is_lost(where: Law, limit: Limit) -> Verdict:
    """Judge whether the share of a velocity that is left after any time, without a force, tends to zero."""
    left = exp(relaxation_rate(where) * T)
    return check_limit(left, limit, Integer(0), f"the share {left}")


instant_decay = Claim(
    id="C75",
    where="3.1, table",
    says="gamma -> infinity: Velocity decays instantly if not reinforced by gradient",
    formal="without a force the share `exp(-gamma*t/m)` of a velocity, which is left, vanishes with large "
    "`gamma`",
    judge=partial(is_lost, free, Limit(gamma, oo)),
)


def fraction_vanishes(treatments: Sequence[Derivation]) -> Verdict:
    """Judge whether the fraction of velocity kept in a step vanishes with `tau`, for each treatment."""
    kept = {d.title: kept_share(d) for d in treatments}
    found = [(title, check_limit(share, Limit(tau), Integer(0), str(share))) for title, share in kept.items()]
    good = [title for title, verdict in found if verdict]
    if len(good) in (0, len(found)):
        return all_named(found)
    told = tuple(e for title, verdict in found for e in all_named([(title, verdict)]).evidence)
    return Verdict(Outcome.CONDITIONAL, told, (Hypothesis(f"friction is treated as in: {', '.join(good)}"),))


nothing_remembered = Claim(
    id="C76",
    where="3.1, table",
    says='tau -> 0: No "memory" between iterations',
    formal="at a fixed `dt`, the share of the velocity that is kept in one step vanishes with `tau`, however "
    "friction is treated",
    judge=partial(fraction_vanishes, friction.derivations),
    repair="true of the flow, and of rules with backward Euler or exponential friction. With the source's "
    "`rho = 1 - dt/tau` the share has no limit; gradient descent is at `tau = dt`",
)

claims = (
    no_mass, strong_friction, as_long_as, velocity_of_force, inertia_negligible, no_memory, instant_change,
    infinite_resistance, instant_decay, nothing_remembered,
)  # fmt: skip
