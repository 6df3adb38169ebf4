"""What the source claims in sections 4.1, 4.2 and 4.4: the mass is kept, and momentum is the result.

What to look for: the weight of the gradient (C36, C37, C38, C93), and that the position moves with the new
velocity (C89), which the source calls by no name.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, Integer, Rational, Symbol

from .rules import Point, nine_tenths, other, stable, two_laws, weight
from .rules import with_displacement, with_velocity
from ..momentum import source_claim, source_rule
from physsym import Claim, Condition, Law, Hypothesis, Rule, Verdict
from physsym import after, before, dimensions, dot, identical, rule
from physsym.analysis.exact_evaluation import put
from physsym.analysis.quantified import holds_for_all
from physsym.claims import conditional, add_evidence
from physsym.core.statements import one_step_map
from physsym.core.verdicts import all_of, fails, holds
from physsym.vocabulary import G, dt, eta, gamma, lam, m, rho, tau, u, v, x

# --- 4.1 Restoring the mass


def no_larger(step: Rule, symbol: Symbol, points: Sequence[Point]) -> Verdict:
    """Judge whether a rule that is stable stays so when a symbol is made smaller: whether large ones harm."""
    now = stable(step)
    moved = [Condition(c.expression.xreplace({symbol: other(symbol)}), c.relation) for c in now]
    smaller = holds_for_all(moved, [*now, Condition(symbol - other(symbol), "> 0")], points)
    if smaller:
        return smaller
    larger = holds_for_all(moved, [*now, Condition(other(symbol) - symbol, "> 0")])
    told = f"a larger {symbol} never makes it unstable" if larger else "neither do larger ones"
    return fails(
        f"a smaller {symbol} can make a stable rule unstable, {told}",
        witness=smaller.witness, engines=smaller.engines,
    )  # fmt: skip


damped_regime = Claim(
    id="C82",
    where="4.1",
    says="still assuming we're in a reasonably damped regime (tau not too large)",
    formal="whenever the rule with `1 - dt/tau` is stable on `lam*x**2/2`, it is so for every smaller `tau`",
    judge=partial(
        no_larger, with_displacement, tau,
        [{dt: 1, gamma: 1, lam: 1, tau: 1, other(tau): Rational(1, 4)}],
    ),
    repair="no bound from above is needed; what must not be small is `tau`: `dt/tau` must stay below `4/(2 "
    "+ dt*lam/gamma)`, and at most 1 if no velocity is to be turned round",
)  # fmt: skip


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
    return add_evidence(verdict, f"what follows is {with_velocity.updates[0]}, where gamma*tau = m")


substituted = Claim(
    id="C36",
    where="4.2",
    says="Substituting into our equation and multiplying both sides by dt",
    formal="the new velocity is `v - dt/tau*v - dt/gamma*G`, as the final rule of the chapter needs it",
    judge=partial(follows_from, two_laws, v - dt / tau * v - dt / gamma * G),
    repair="`(1 - dt/tau)*v - dt/m*G`: the gradient weighs `dt/m`, which is `dt/(gamma*tau)`",
)

factored = Claim(
    id="C39",
    where="4.2",
    says="Factoring out v_t from the first two terms",
    formal="`v - dt/tau*v` is `(1 - dt/tau)*v`",
    judge=partial(identical, v - dt / tau * v, (1 - dt / tau) * v),
)


# --- 4.4 The final equation with momentum


def terminal(step: Rule, claimed: Expr) -> Verdict:
    """Judge at which displacement per step a rule no longer changes under a constant gradient."""
    update = one_step_map(step)[u]
    verdict = identical(update.xreplace({u: claimed}), claimed, what="the displacement and the one after it")
    if verdict:
        return verdict
    slope, kept = -update.expand().coeff(G), update.expand().coeff(u)
    ends_at = -slope / (1 - kept) * G
    times = (ends_at / claimed).xreplace({rho: nine_tenths})
    return add_evidence(verdict, f"it ends at {ends_at}: at rho = 9/10 that is {times} times as much")


terminal_step = Claim(
    id="C38",
    where="4.4",
    says="v_{t+1} = rho v_t - eta grad U(x_t)",
    formal="with `eta = dt/gamma`, under a constant gradient, the rule ends at the particle's displacement "
    "per step, `-eta*G`",
    judge=partial(terminal, source_rule, -eta * G),
    repair="the source's rule ends at `-eta*G/(1 - rho)`, too far by `1/(1 - rho)`; weighed by `(1 - "
    "rho)*eta` the gradient leads to the particle's `-dt/gamma*G`",
)


def coupled(step: Rule) -> Verdict:
    """Judge whether a rule has two equations, each of which reads what the other one sets."""
    if len(step.updates) != 2:
        return fails(f"{len(step.updates)} equation(s): {step}")
    first, second = step.updates
    if not (first.value.has(second.target) and second.value.has(first.target, after(first.target))):
        return fails(f"one of the equations does not read the other's symbol: {step}")
    new = second.value.has(after(first.target))
    read = "the new value (semi-implicit Euler)" if new else "the old value (forward Euler)"
    return holds(f"{second.target} moves with {read} of {first.target}")


two_equations = Claim(
    id="C89",
    where="4.4",
    says="Two coupled equations: one for velocity, one for position",
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
    says="we obtain the classical momentum method",
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
    says="rho: fraction of velocity retained",
    formal="without a force the displacement after a step is `rho*u`",
    judge=partial(kept_without_force, source_rule, {}, rho),
)


def velocity_of(step: Rule) -> Verdict:
    """Judge whether a rule that is said of a velocity has the dimensions of one."""
    verdict = dimensions(step)
    if verdict:
        return verdict
    read_anew = dimensions(rewritten_for_displacement(step))
    return add_evidence(verdict, "read of a displacement per step, dt*v, it agrees") if read_anew else verdict


def rewritten_for_displacement(step: Rule) -> Rule:
    """Return a rule of `v` as a rule of `u`."""
    change = {v: u, after(v): after(u)}
    return rule({change.get(t.target, t.target): t.value.xreplace(change) for t in step.updates})


particle_velocity = Claim(
    id="C92",
    where="4.4, table",
    says="v: particle velocity",
    formal="`v <- rho*v - eta*G` and `x <- x + after(v)` have the dimensions that a velocity gives them",
    judge=partial(velocity_of, rule({v: rho * v - eta * G, x: x + after(v)})),
    repair="it is the displacement of one step, `u = dt*v`",
)


def step_size(step: Rule, claimed: Expr) -> Verdict:
    """Judge how strongly a rule weighs the gradient."""
    verdict = identical(weight(step), claimed, what="the weight of the gradient and the step size")
    if verdict:
        return verdict
    by_mass = weight(step).xreplace({tau: m / gamma})
    return add_evidence(verdict, f"the weight is {weight(step)}, with tau = m/gamma that is {by_mass}")


learning_rate = Claim(
    id="C93",
    where="4.4, table",
    says="eta = dt/gamma: learning rate, step size",
    formal="the momentum method derived from (4.1) weighs the gradient by `dt/gamma`",
    judge=partial(step_size, with_displacement, dt / gamma),
    repair="the step size is `dt**2/m`, which is `(1 - rho)*dt/gamma`; `dt/gamma` is the effective one, "
    "`alpha/(1 - rho)`",
)


def one_system(mass: Expr, friction_: Expr, kept: Expr, rate: Expr) -> Verdict:
    """Judge whether typical values of `rho` and `eta` belong to a particle of given mass and friction."""
    particle = {m: mass, gamma: friction_, rho: kept}
    span = put((1 - rho) * m / gamma, particle)
    found = {"dt/gamma": span / friction_, "dt**2/m": span**2 / mass}
    told = ", ".join(f"{name} = {value}" for name, value in found.items())
    verdict = holds(f"rho = {kept} asks for dt = {span}; then {told}")
    if rate in found.values():
        return verdict
    verdict = add_evidence(verdict, f"neither is eta = {rate}")
    return conditional(verdict, Hypothesis("the two examples speak of different particles"))


typical_values = Claim(
    id="C67",
    where="4.4, table; 2.1",
    says="typically 0.9; small (e.g. 0.01); m = 1 kg, gamma = 10 kg/s",
    formal="a particle of mass 1 and friction 10 followed with `rho = 9/10` has a step size of 1/100",
    judge=partial(one_system, Integer(1), Integer(10), nine_tenths, Rational(1, 100)),
    repair="a particle of mass 1 and friction 10 has `rho = 9/10` at `dt = 1/100`, and then `dt/gamma = "
    "1/1000`; for `dt/gamma = 1/100` at `rho = 9/10` the mass is ten times that and `dt` too",
)

before_the_coefficient = (damped_regime, substituted, factored)
final_rule = (
    source_claim, terminal_step, two_equations, classical, fraction_retained, particle_velocity,
    learning_rate, typical_values,
)  # fmt: skip
