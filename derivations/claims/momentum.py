"""What the source claims in sections 4.1, 4.2 and 4.4: the mass is kept, and momentum is the result.

What to look for: the weight of the gradient (C36, C37, C38, C93), and that the position moves with the new
velocity (C89), which the source calls by no name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sympy import Expr, Integer, Rational, Symbol, oo

from .rules import nine_tenths, stable, two_laws, weight
from .rules import with_displacement, with_velocity, written
from .. import momentum
from ..momentum import source_claim, source_rule
from physsym import Claim, Law, Limit, Hypothesis, Rule, Verdict
from physsym import after, before, dimensions, dot, identical, rule
from physsym.analysis.exact_evaluation import put
from physsym.claims import add_evidence, conditional, eventually, undecidable
from physsym.core.statements import one_step_map
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, u, v, x

derived = momentum.derivation.rule

# --- 4.1 Restoring the mass


def needed(step: Rule, limit: Limit) -> Verdict:
    """Judge whether the stability of a rule needs a bound on a symbol, which otherwise is only assumed."""
    without = eventually(stable(step), limit)
    if without:
        told = (
            "an assumption is made, and nothing is said to follow; stability on a quadratic does not need it"
        )
        return add_evidence(undecidable(told), *without.evidence)
    return replace(holds(f"the rule is not stable for every `{limit.symbol}`"), engines=without.engines)


damped_regime = Claim(
    id="C82",
    where="4.1",
    says='"still assuming we\'re in a reasonably damped regime (`tau` not too large)"',
    formal="no formal content: an assumption is no statement; stability on `lam*x**2/2` asks for no bound on "
    "`tau` from above",
    judge=partial(needed, with_displacement, Limit(tau, oo)),
)


# --- 4.2 Discretization with memory


def follows_from(law: Law, claimed: Expr) -> Verdict:
    """Judge a new velocity by putting its difference quotient back into the law, and by its dimensions."""
    of_velocity = next(e for e in law.equations if e.residual.has(dot(v)))
    left = of_velocity.left.xreplace({dot(v): (claimed - v) / dt})
    put_back = identical(
        left, of_velocity.right, what="the two sides of the law with the new velocity put in"
    )
    verdict = all_of(put_back, dimensions(rule({v: claimed})))
    if verdict:
        return verdict
    return add_evidence(verdict, f"what follows is `{with_velocity.updates[0]}`, where `gamma*tau = m`")


def follows_with_mass(law: Law, claimed: Expr, by_mass: Expr) -> Verdict:
    """Judge a new velocity by the law, and the weight of its gradient in terms of the mass."""
    same = identical(
        -claimed.expand().coeff(G).xreplace({tau: m / gamma}),
        by_mass,
        what="the weight of the gradient and that claimed",
    )
    return all_of(follows_from(law, claimed), same)


substituted = Claim(
    id="C36",
    where="4.2",
    says='"Substituting into our equation and multiplying both sides by `dt`"',
    reading="what is displayed there leads to the final rule of the chapter",
    formal="the new velocity is `v - dt/tau*v - dt/gamma*G`, as the final rule of the chapter needs it",
    judge=partial(follows_from, two_laws, v - dt / tau * v - dt / gamma * G),
    repair="the new velocity is `(1 - dt/tau)*v - dt/(gamma*tau)*G`: the gradient weighs `dt/m`",
    repair_judge=partial(follows_with_mass, two_laws, (1 - dt / tau) * v - dt / (gamma * tau) * G, dt / m),
)

factored = Claim(
    id="C39",
    where="4.2",
    says='"Factoring out v from the first two terms"',
    formal="`v - dt/tau*v` is `(1 - dt/tau)*v`",
    judge=partial(identical, v - dt / tau * v, (1 - dt / tau) * v),
)


# --- 4.4 The final equation with momentum


def terminal(step: Rule, claimed: Expr) -> Verdict:
    """Judge at which displacement per step a rule no longer changes under a constant gradient."""
    update = one_step_map(step)[u]
    verdict = identical(
        update.xreplace({u: claimed}), claimed, "0 <= rho < 1", what="the displacement and the one after it"
    )
    if verdict:
        return verdict
    slope, kept = -update.expand().coeff(G), update.expand().coeff(u)
    ends_at = -slope / (1 - kept) * G
    times = (ends_at / claimed).xreplace({rho: nine_tenths})
    return add_evidence(verdict, f"it ends at `{ends_at}`: at `rho = 9/10` that is {times} times as much")


def terminals(claimed: Mapping[Rule, Expr]) -> Verdict:
    """Judge at which displacement per step each of several rules ends."""
    return all_of(*(terminal(step, end) for step, end in claimed.items()))


terminal_step = Claim(
    id="C38",
    where="4.4",
    says='"vₜ₊₁ = ρvₜ − η∇U(xₜ)"',
    reading="under a constant gradient the new velocity ends where that of the particle does",
    formal="with `eta = dt/gamma`, under a constant gradient, the rule ends at the particle's displacement "
    "per step, `-eta*G`",
    judge=partial(terminal, source_rule, -eta * G),
    repair="the source's rule ends at `-eta*G/(1 - rho)`; weighed by `(1 - rho)*eta` the gradient leads to "
    "the particle's `-eta*G`",
    repair_judge=partial(terminals, {source_rule: -eta * G / (1 - rho), derived: -eta * G}),
)


def coupled(step: Rule) -> Verdict:
    """Judge whether a rule has two equations, each of which reads what the other one sets."""
    if len(step.updates) != 2:
        return fails(f"{len(step.updates)} equation(s): `{written(step)}`")
    first, second = step.updates
    if not (first.value.has(second.target) and second.value.has(first.target, after(first.target))):
        return fails(f"one of the equations does not read the other's symbol: `{written(step)}`")
    new = second.value.has(after(first.target))
    read = "the new value (semi-implicit Euler)" if new else "the old value (forward Euler)"
    return holds(f"`{second.target}` moves with {read} of `{first.target}`")


two_equations = Claim(
    id="C89",
    where="4.4",
    says='"Two coupled equations: one for velocity, one for position"',
    formal="the rule updates two states, and each equation reads the other's",
    judge=partial(coupled, source_rule),
)


def recurrence(step: Rule, claimed: Expr) -> Verdict:
    """Judge a rule as a recurrence of its positions: the displacement is the difference of two of them."""
    new = one_step_map(step)
    return all_of(
        identical(new[u], new[x] - x, what="the displacement and the difference of positions"),
        identical(new[x].xreplace({u: x - before(x)}), claimed, what="the new positions"),
    )


classical = Claim(
    id="C90",
    where="4.4",
    says='"the classical momentum method"',
    formal="the rule moves to `x + rho*(x - before(x)) - eta*G`, as Polyak (1964) printed it",
    judge=partial(recurrence, source_rule, x + rho * (x - before(x)) - eta * G),
)


def kept_without_force(step: Rule, values: Mapping[Symbol, Expr], claimed: Expr) -> Verdict:
    """Judge which share of the displacement is left after a step without any force."""
    found = one_step_map(step)[u].xreplace({G: Integer(0), **values})
    return identical(found, claimed * u, what="the displacement without force and the share of it")


fraction_retained = Claim(
    id="C91",
    where="4.4, table",
    says='"Fraction of velocity retained"',
    formal="without a force the displacement after a step is `rho*u`",
    judge=partial(kept_without_force, source_rule, {}, rho),
)


def velocity_of(step: Rule) -> Verdict:
    """Judge whether a rule that is said of a velocity has the dimensions of one."""
    verdict = dimensions(step)
    if verdict:
        return verdict
    read_anew = dimensions(rewritten_for_displacement(step))
    return (
        add_evidence(verdict, "read of a displacement per step, `dt*v`, it agrees") if read_anew else verdict
    )


def rewritten_for_displacement(step: Rule) -> Rule:
    """Return a rule of `v` as a rule of `u`."""
    change = {v: u, after(v): after(u)}
    return rule({change.get(t.target, t.target): t.value.xreplace(change) for t in step.updates})


particle_velocity = Claim(
    id="C92",
    where="4.4, table",
    says='"State variable" ... "Particle velocity"',
    formal="`v <- rho*v - eta*G` and `x <- x + after(v)` have the dimensions that a velocity gives them",
    judge=partial(velocity_of, rule({v: rho * v - eta * G, x: x + after(v)})),
    repair="it is the displacement of one step, `u = dt*v`: with `u <- rho*u - eta*G` and `x <- x + "
    "after(u)` the dimensions agree",
    repair_judge=partial(velocity_of, rule({u: rho * u - eta * G, x: x + after(u)})),
)


def step_size(step: Rule, claimed: Expr) -> Verdict:
    """Judge how strongly a rule weighs the gradient."""
    verdict = identical(weight(step), claimed, what="the weight of the gradient and the step size")
    if verdict:
        return verdict
    by_mass = weight(step).xreplace({tau: m / gamma})
    return add_evidence(verdict, f"the weight is `{weight(step)}`, with `tau = m/gamma` that is `{by_mass}`")


def step_sizes(step: Rule, by_mass: Expr, by_rate: Expr, effective: Expr) -> Verdict:
    """Judge the weight of the gradient in terms of the mass and of `rho`, and that over `1 - rho`."""
    defined = {rho: 1 - dt / tau}
    return all_of(
        identical(
            weight(step).xreplace({tau: m / gamma}),
            by_mass,
            what="the weight and the one in terms of the mass",
        ),
        identical(weight(step), by_rate.xreplace(defined), what="the weight and the one in terms of `rho`"),
        identical(by_rate / (1 - rho), effective, what="the weight over `1 - rho` and the effective one"),
    )


learning_rate = Claim(
    id="C93",
    where="4.4, table",
    says='"`eta = dt/gamma`" ... "Learning rate" ... "Step size"',
    formal="the momentum method derived from (4.1) weighs the gradient by `dt/gamma`",
    judge=partial(step_size, with_displacement, dt / gamma),
    repair="the step size is `dt**2/m`, which is `(1 - rho)*dt/gamma`; over `1 - rho`, the effective one is "
    "`dt/gamma`",
    repair_judge=partial(step_sizes, with_displacement, dt**2 / m, (1 - rho) * dt / gamma, dt / gamma),
)


def one_system(mass: Expr, friction_: Expr, kept: Expr, rate: Expr) -> Verdict:
    """Judge whether typical values of `rho` and `eta` belong to a particle of given mass and friction."""
    particle = {m: mass, gamma: friction_, rho: kept}
    span = put((1 - rho) * m / gamma, particle)
    found = {"dt/gamma": span / friction_, "dt**2/m": span**2 / mass}
    told = ", ".join(f"`{name} = {value}`" for name, value in found.items())
    verdict = holds(f"`rho = {kept}` asks for `dt = {span}`; then {told}")
    if rate in found.values():
        return verdict
    return conditional(add_evidence(verdict, f"neither is `eta = {rate}`"), different_particles)


different_particles = Hypothesis("the two examples speak of different particles")


def systems(particles: Sequence[tuple[Expr, Expr, Expr, Expr]], kept: Expr) -> Verdict:
    """Judge mass, friction, time step and `dt/gamma` of particles that are followed with one `rho`."""
    verdicts = []
    for mass, friction_, span, rate in particles:
        steps = identical(1 - span * friction_ / mass, kept, what="what is kept in a step, and `rho`")
        verdicts.append(
            all_of(steps, identical(span / friction_, rate, what="`dt/gamma` and the number given"))
        )
    return all_of(*verdicts)


typical_values = Claim(
    id="C67",
    where="4.4, table; 2.1",
    says='"Typically 0.9" ... "Small (e.g. 0.01)" ... "Example: `m = 1` kg, `gamma = 10` kg/s"',
    reading="all of them are of one particle",
    formal="a particle of mass 1 and friction 10 followed with `rho = 9/10` has a step size of 1/100",
    judge=partial(one_system, Integer(1), Integer(10), nine_tenths, Rational(1, 100)),
    leaves_open=(different_particles,),
    repair="a particle of mass 1 and friction 10 has `rho = 9/10` at `dt = 1/100`, and then `dt/gamma = "
    "1/1000`; for `dt/gamma = 1/100` at `rho = 9/10` the mass is ten times that and `dt` too",
    repair_judge=partial(
        systems,
        (
            (Integer(1), Integer(10), Rational(1, 100), Rational(1, 1000)),
            (Integer(10), Integer(10), Rational(1, 10), Rational(1, 100)),
        ),
        nine_tenths,
    ),
)

before_the_coefficient = (damped_regime, substituted, factored)
final_rule = (
    source_claim, terminal_step, two_equations, classical, fraction_retained, particle_velocity,
    learning_rate, typical_values,
)  # fmt: skip
