"""Momentum: the same particle, its mass kept.

With `tau = m/gamma` finite the velocity is a state of its own. Semi-implicit Euler updates it first and then
moves the particle with the new velocity; measured as the displacement `u = dt*v`, that is the momentum
method.

What it assumes: as for gradient descent, but for the limit; and `dt` below `tau`, if the coefficient
`rho = 1 - dt/tau` is not to be negative.

What is easy to get wrong, twice. The gradient enters with the weight `1 - rho`: with `eta = dt/gamma` the
step of the textbook rule is `alpha = (1 - rho)*eta`, which is `dt**2/m`. And the position must move with the
*new* velocity: that is semi-implicit Euler. Forward Euler in both variables is another method (see `stale`).
"""

from functools import partial

from ._by_hand import optimizers_by_hand
from .gradient_descent import in_terms_of_tau
from physsym import Claim, Define, Derivation, Eliminate, Integrate, Rescale, ReduceOrder, Step
from physsym import after, before, damped_particle, dot, law, rule, same_rule
from physsym.core.verdicts import all_of
from physsym.integrators import semi_implicit_euler
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, u, v, x

two_laws = (
    *in_terms_of_tau,

    Step("Write velocity and position apart: the velocity is now a state with a law of its own.",
         ReduceOrder(x, velocity=v),
         gives=law({dot(x): v, tau * dot(v): -G / gamma - v})),
)  # fmt: skip

# The part of a displacement that is left: below one as dt and tau are positive, not negative as dt <= tau.
fraction = (rho >= 0, rho < 1)

derivation = Derivation(
    title="Momentum",
    start=damped_particle,
    steps=(*two_laws,
        Step("One step of semi-implicit Euler: first the velocity, then the position with the new velocity.",
             Integrate(semi_implicit_euler, dt),
             gives=rule({v: (1 - dt / tau) * v - dt / (gamma * tau) * G, x: x + dt * after(v)})),

        Step("Count the velocity in displacements per step, `u = dt*v`: the position adds it as it is.",
             Rescale(v, u, 1 / dt),
             gives=rule({u: (1 - dt / tau) * u - dt**2 / (gamma * tau) * G, x: x + after(u)})),

        Step("The share of the displacement that survives a step is the coefficient `rho = 1 - dt/tau`.",
             Define(rho, 1 - dt / tau, eliminating=tau),
             gives=rule({u: rho * u - (1 - rho) * dt / gamma * G, x: x + after(u)}, ranges=fraction)),

        Step("The gradient is not weighed by `eta = dt/gamma` alone: a factor `1 - rho` stays.",
             Define(eta, dt / gamma, eliminating=gamma),
             gives=rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}, ranges=fraction)),
    ),
)  # fmt: skip

textbook = derivation.then(
    Step("Give the whole factor one name, `alpha = (1 - rho)*eta`, and the textbook's rule appears.",
         Define(alpha, (1 - rho) * eta, eliminating=eta),
         gives=rule({u: rho * u - alpha * G, x: x + after(u)}, ranges=fraction)),
    title="Momentum as the textbooks print it",
)  # fmt: skip

two_steps = derivation.then(
    Step("Eliminate `u`, the difference of two neighbouring positions: a rule that looks two steps back.",
         Eliminate(u),
         gives=rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * G}, ranges=fraction)),
    title="Momentum as a recurrence",
)  # fmt: skip

by_constants = Derivation(
    title="Momentum in the constants of mechanics",
    start=damped_particle,
    steps=(
        Step("Write velocity and position apart.",
             ReduceOrder(x, velocity=v),
             gives=law({dot(x): v, m * dot(v): -G - gamma * v})),

        Step("One step of semi-implicit Euler: first the velocity, then the position with the new velocity.",
             Integrate(semi_implicit_euler, dt),
             gives=rule({v: (1 - gamma * dt / m) * v - dt / m * G, x: x + dt * after(v)})),

        Step("Count the velocity in displacements per step. Mass, friction and time step are left in two "
             "combinations, `gamma*dt/m` and `dt**2/m`.",
             Rescale(v, u, 1 / dt),
             gives=rule({u: (1 - gamma * dt / m) * u - dt**2 / m * G, x: x + after(u)})),
    ),
)  # fmt: skip

comparisons = optimizers_by_hand

source_rule = rule({u: rho * u - eta * G, x: x + after(u)})

corrected = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})


def are_the_same(pairs):
    """Judge whether the rules of each pair are the same."""
    return all_of(*(same_rule(first, second) for first, second in pairs))


source_claim = Claim(
    id="C37",
    where="4.4",
    says='"Defining `rho = 1 - dt/tau` and `eta = dt/gamma`, we obtain" ... "Momentum Method"',
    reading="what is displayed there is the rule `u <- rho*u - eta*grad(x); x <- x + after(u)`, with `u` for "
    "the source's `v`",
    formal="the rule `u <- rho*u - eta*grad(x); x <- x + after(u)` is the one derived with `eta = dt/gamma`",
    judge=partial(same_rule, source_rule, derivation.rule),
    repair="the gradient weighs `(1 - rho)*eta`; call that `alpha`, and the rule stands",
    repair_judge=partial(
        are_the_same,
        ((corrected, derivation.rule),
         (rule({u: rho * u - alpha * G, x: x + after(u)}), textbook.rule)),
    ),
)  # fmt: skip
