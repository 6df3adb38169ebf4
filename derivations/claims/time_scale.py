"""What the source claims in chapter II: that one number, the relaxation time, tells everything.

What to look for: `tau` alone does not decide whether a particle swings (C17, C19): `m*lam/gamma**2` does, for
which a second time is needed, that of the landscape.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import product

from sympy import Expr, Integer, Poly, Rational, Symbol, exp, oo, sqrt

from .fundamental import free, has_unit, relaxation_rate
from .rules import written
from .. import momentum
from ..gradient_descent import derivation as descent
from ..momentum import source_rule
from physsym import Claim, Condition, Define, Derivation, Divide, Law, Limit, Order, Rule, Step, Verdict
from physsym import damped_particle, dot, identical, law
from physsym.transform.forms import solved
from physsym.analysis.slow_manifold import invariance, slow_velocity
from physsym.analysis.damping import discriminant
from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.exact_evaluation import put, sign_of
from physsym.verify.convergence_order import estimate_order
from physsym.core.dimensions import TIME
from physsym.claims import Quantifier, conditional, eventually, holds_exactly, positive
from physsym.core.signs import signs
from physsym.core.verdicts import Hypothesis, all_of, fails, holds
from physsym.core.symbols import hess
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, x

particle = damped_particle.law()
in_terms_of_tau = descent.lines[2]
relaxation = law({tau: m / gamma})
after_layer = Hypothesis("the initial layer, a few relaxation times wide, has passed")


# --- 2.1 The fundamental time scale


time_scale = Claim(
    id="C14",
    where="2.1",
    says='"the characteristic time scale `tau = m/gamma`"',
    formal="from `tau = m/gamma` the dimension of `tau` is a time",
    judge=partial(has_unit, tau, relaxation, TIME),
)


def example(values: Mapping[Symbol, object], claimed: Expr) -> Verdict:
    """Judge the relaxation time of a particle whose mass and friction are given."""
    number = identical(put(m / gamma, values), claimed, what="the relaxation time and the number claimed")
    return all_of(number, has_unit(tau, relaxation, TIME))


one_kilogram = Claim(
    id="C15",
    where="2.1",
    says='"Example: `m = 1` kg, `gamma = 10` kg/s -> `tau` = 0.1 s"',
    formal="where `m` is 1 and `gamma` is 10, in units that agree, `m/gamma` is 1/10",
    judge=partial(example, {m: 1, gamma: 10}, Rational(1, 10)),
)


def mostly_lost(time: Expr, most: Expr) -> Verdict:
    """Judge whether, without a force, a time leaves less than a share of every velocity of every particle."""
    left = exp(relaxation_rate(free) * time)
    shares = left.free_symbols
    told = f"after `{time}` the share `{left}` of a velocity is left"
    if shares:
        return fails(told, f"it depends on {_listed(shares)}")
    return holds(told) if sign_of(most - left) > 0 else fails(told, f"that is not below {most}")


friction_reduces = Claim(
    id="C16",
    where="2.1",
    says='"Time in which friction significantly reduces velocity"',
    reading="significantly means to less than half",
    formal="without a force less than half of any velocity is left after `m/gamma`",
    judge=partial(mostly_lost, m / gamma, Rational(1, 2)),
)


def decides(where: Law, number: Expr, values: Sequence[object]) -> Verdict:
    """Judge whether a number decides if a law swings, which the sign of the discriminant tells.

    If the number is put for the mass and the sign then depends on it alone, it does; if two systems of one
    number are found, among those of the values given, it does not.
    """
    same = Symbol("s", positive=True)
    mass, inside = solved(number - same, m), discriminant(where)
    swings = positive(-inside.subs(m, mass))
    if all(c.expression.free_symbols <= {same} for c in swings):
        region = " and ".join(f"`{c}`" for c in swings)
        return holds(f"with `s = {number}` it swings exactly if {region}")
    others = sorted(inside.free_symbols - {m}, key=str)
    points = [dict(zip(others, chosen, strict=True)) for chosen in product(values, repeat=len(others))]
    return _told_apart(inside, number, [at | {m: put(mass, at | {same: 1})} for at in points])


def decided_by(where: Law, number: Expr, step: Rule, groups: Set[Expr]) -> Verdict:
    """Judge whether a number decides if a law swings, and groups what a rule does on a quadratic."""
    names = {group: Symbol(f"s{k}", positive=True) for k, group in enumerate(sorted(groups, key=str))}
    polynomial = characteristic_polynomial(step)
    told = polynomial.as_expr().expand()
    for group, name in names.items():
        variable = max(group.free_symbols, key=str)
        told = told.xreplace({variable: solved(group - name, variable)}).expand()
    left = told.free_symbols - {*names.values(), polynomial.gen}
    on_groups = fails(f"it depends on {_listed(left)} too") if left else holds("no other symbol is left")
    return all_of(decides(where, number, ()), on_groups)


def _listed(names: Iterable[Symbol]) -> str:
    return ", ".join(sorted(f"`{name}`" for name in names))


def _told_apart(inside: Expr, number: Expr, systems: Sequence[Mapping[Symbol, object]]) -> Verdict:
    found = {sign_of(put(inside, at)): at for at in systems}
    told = [
        f"{_named(at)}: the discriminant is {put(inside, at)}, so it {_motion(sign)}"
        for sign, at in sorted(found.items())
    ]
    verdict = fails if {-1, 1} <= set(found) else holds
    return verdict(f"two systems with `{number} = {put(number, systems[0])}`", *told)


def _motion(sign: int) -> str:
    return "swings" if sign < 0 else "does not swing"


def _named(point: Mapping[Symbol, object]) -> str:
    return ", ".join(f"`{symbol} = {value}`" for symbol, value in point.items())


entire_behaviour = Claim(
    id="C17",
    where="2.1",
    says='"This single number determines the entire behavior of our system"',
    reading="the number is `tau`, and part of the behavior is whether the system swings",
    formal="of two particles with the same `m/gamma`, on `lam*x**2/2`, either both swing or neither does",
    judge=partial(decides, particle, m / gamma, (Rational(1, 10), Integer(1), Integer(10))),
    repair="what decides whether it swings is `m*lam/gamma**2`, in which the curvature of the landscape "
    "stands; for the rule it is the pair of `rho` and `eta*lam`",
    repair_judge=partial(decided_by, particle, m * lam / gamma**2, source_rule, {rho, eta * lam}),
)


def kept_share(derivation: Derivation) -> Expr:
    """Return what a derivation of a rule calls `rho`: the share of a velocity that is kept in one step."""
    return next(s.move.value for s in derivation.steps if isinstance(s.move, Define) and s.move.symbol == rho)


def after_iterations(iterations: int, most: Expr) -> Verdict:
    """Judge whether a relaxation time, counted in iterations, leaves less than a share when it has passed.

    With `dt` as one iteration, each keeps `1 - 1/tau`.
    """
    kept = put(kept_share(momentum.derivation), {dt: 1, tau: iterations})
    left = kept**iterations
    told = f"each of {iterations} iterations keeps {kept}, all of them {left.evalf(3)}"
    return (holds if sign_of(most - left) > 0 else fails)(told)


counted = Claim(
    id="C18",
    where="2.1",
    says='"\'Time\' in which velocity decays significantly (measured in iterations)" ... "Example: `tau = '
    '10` iterations"',
    reading="significantly means to less than half",
    formal="with `dt` as one iteration and `tau` as ten, less than half of a velocity is left after ten",
    judge=partial(after_iterations, 10, Rational(1, 2)),
)


def swings_eventually(where: Law, limits: Sequence[Limit]) -> Verdict:
    """Judge whether a law swings on a quadratic with a minimum, far enough along each of several limits."""
    return all_of(*(eventually(positive(-discriminant(where)), limit) for limit in limits))


def swings_exactly(where: Law, region: Sequence[Condition], angle: Expr) -> Verdict:
    """Judge where a law swings on a quadratic, and by which angle in two relaxation times, squared.

    The angle is 2*tau times the imaginary part of a rate, so the square is -disc/(2*a)**2*(2*tau)**2.
    """
    shape = characteristic_polynomial(where)
    square = -discriminant(where) / (2 * shape.LC()) ** 2 * (2 * tau) ** 2
    flat = discriminant(where, Integer(0))
    never = (holds if signs(flat) == {1} else fails)(f"without curvature the discriminant is `{flat}`")
    return all_of(
        holds_exactly(positive(-discriminant(where)), region),
        identical(square, angle**2, what="the squares of two angles"),
        never,
    )


oscillates = Claim(
    id="C19",
    where="2.1",
    says='"If `tau` is LARGE (large `m`, small `gamma`)" ... "oscillates a lot"',
    formal="on `lam*x**2/2` the particle swings once `m` is large enough, and once `gamma` is small enough",
    judge=partial(swings_eventually, particle, (Limit(m, oo), Limit(gamma))),
    quantifier=Quantifier.LIMIT,
    narrower="near a minimum that has a curvature",
    repair="on `lam*x**2/2` it swings exactly if `4*tau*lam/gamma > 1`, by `sqrt(4*tau*lam/gamma - 1)` "
    "radians in two relaxation times; where there is no curvature it does not swing",
    repair_judge=partial(
        swings_exactly, in_terms_of_tau, (Condition(4 * tau * lam - gamma, "> 0"),),
        sqrt(4 * tau * lam / gamma - 1),
    ),
)  # fmt: skip


def swings_at_last(where: Law, symbol: Symbol) -> Verdict:
    """Judge whether a law swings on a quadratic once a symbol is large enough, whatever the other symbols.

    What swings passes the minimum. Decided by the leading coefficient of the discriminant in the symbol.
    """
    found = discriminant(where)
    leading = Poly(found, symbol).LC()
    if found.has(symbol) and signs(leading) == {-1}:
        least = solved(found, symbol)
        return holds(f"it swings, and so passes the minimum, once `{symbol}` is above `{least}`")
    return fails(f"for a large `{symbol}` the discriminant `{found}` is not below zero")


overshoots = Claim(
    id="C20",
    where="2.1",
    says='"If `tau` is LARGE" ... "accumulates velocity, can overshoot"',
    formal="on `lam*x**2/2`, for every `lam` and `gamma`, the particle passes the minimum once `tau` is "
    "large enough",
    judge=partial(swings_at_last, in_terms_of_tau, tau),
    quantifier=Quantifier.SOME,
    narrower="the landscape is a quadratic with a minimum",
)


def follows(where: Law, velocity: Expr, small: Symbol) -> Verdict:
    """Judge whether a velocity given by the position alone solves a law of second order, or nearly so."""
    residual = invariance(where.equations[0].residual, x, velocity)
    if identical(residual, Integer(0)):
        return holds(f"`dot(x) = {velocity}` solves `{written(where)}`")
    found = estimate_order(residual, Integer(0), small, Integer(0))
    if found.order < 1:
        return fails(f"`dot(x) = {velocity}` leaves `{residual}`", engines=found.engines)
    next_term = slow_velocity(where, x, small, int(found.order)) - velocity
    verdict = conditional(holds(f"it leaves `{residual}`; what follows adds `{next_term}`"), after_layer)
    return replace(verdict, error=Order(small, found.order), engines=found.engines)


def leaves_orders(where: Law, velocities: Mapping[Expr, int], small: Symbol) -> Verdict:
    """Judge to which order in a small symbol velocities given by the position alone solve a law."""
    verdicts = []
    for velocity, order in velocities.items():
        residual = invariance(where.equations[0].residual, x, velocity)
        found = estimate_order(residual, Integer(0), small, Integer(0)).order
        told = f"`dot(x) = {velocity}` leaves a residual of order {found} in `{small}`"
        verdicts.append((holds if found == order else fails)(told))
    return all_of(*verdicts)


responds_to_current = Claim(
    id="C21",
    where="2.1",
    says='"If `tau` is SMALL" ... "follows instantaneous force" ... "responds only to current gradient"',
    formal="the velocity `-G/gamma` solves `tau*dot(dot(x)) = -G/gamma - dot(x)`",
    judge=partial(follows, in_terms_of_tau, -G / gamma, tau),
    quantifier=Quantifier.LIMIT,
    leaves_open=(after_layer,),
    repair="true after the layer to leading order in `tau`; with the next term, `-tau*hess(x)*G/gamma**2`, "
    "it is so to one order more",
    repair_judge=partial(
        leaves_orders,
        in_terms_of_tau,
        {-G / gamma: 1, -G / gamma - tau * hess(x) * G / gamma**2: 2},
        tau,
    ),
)


# --- 2.2 Rewriting the equation in terms of tau


def divided(start: Law, by: Expr, claimed: Law) -> Verdict:
    """Judge whether dividing a law, and naming the relaxation time, gives the law claimed."""
    steps = (Step("Divide.", Divide(by)), Step("Name it.", Define(tau, m / gamma, m), claimed))
    return all_of(*Derivation("", start, steps).verdicts())


rewritten_law = Claim(
    id="C22",
    where="2.2",
    says='"Let us divide our equation of motion by `gamma` to make the role of `tau` explicit"',
    formal="with `tau = m/gamma` the result is `tau*dot(dot(x)) = -G/gamma - dot(x)`",
    judge=partial(divided, particle, gamma, law({tau * dot(dot(x)): -G / gamma - dot(x)})),
)

claims = (
    time_scale, one_kilogram, friction_reduces, entire_behaviour, counted, oscillates, overshoots,
    responds_to_current, rewritten_law,
)  # fmt: skip
