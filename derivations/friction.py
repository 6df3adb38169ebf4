"""Four ways to discretise friction, and the one rule they give.

Momentum came from the simplest treatment of friction, forward Euler. Treating it implicitly, half implicitly
or exactly changes only how the coefficient `rho` depends on `dt/tau`: in every case the rule is
`u <- rho*u - (1 - rho)*eta*grad(x)`, with `eta = dt/gamma`.

What it assumes: friction in proportion to velocity. For other laws of friction the four are four methods.

What is easy to get wrong: the four agree for a small time step only. As `tau` vanishes at a fixed `dt`,
backward Euler and exponential friction lead to gradient descent; the midpoint rule tends to `rho = -1`, and
forward Euler has no limit at all.
"""

from functools import cache

from sympy import exp

from ._by_hand import optimizers_by_hand
from .momentum import fraction, two_laws
from physsym import Define, Derivation, Integrate, Limit, Rescale, Step
from physsym import after, damped_particle, rule
from physsym.integrators import semi_implicit_euler
from physsym.vocabulary import G, dt, eta, gamma, rho, tau, u, v, x

one_form = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}, ranges=fraction)
s = dt / tau


def with_friction(title, treatment, kept, lost, says):
    """Return the derivation of the momentum rule with one treatment of friction.

    `kept` is the share of the velocity that survives a step, `lost` the rest, which weighs the gradient.
    """
    return Derivation(
        title=title,
        start=damped_particle,
        steps=(*two_laws,
            Step(says,
                 Integrate(semi_implicit_euler.with_friction(treatment), dt),
                 gives=rule({v: kept * v - lost / gamma * G, x: x + dt * after(v)})),

            Step("Measure the velocity in displacements per step, `u = dt*v`.",
                 Rescale(v, u, 1 / dt),
                 gives=rule({u: kept * u - lost * dt / gamma * G, x: x + after(u)})),

            Step("Name the share of the displacement that survives a step `rho`.",
                 Define(rho, kept, eliminating=tau),
                 gives=rule({u: rho * u - (1 - rho) * dt / gamma * G, x: x + after(u)})),

            Step("The rest of the weight of the gradient is `eta = dt/gamma`, however friction is treated.",
                 Define(eta, dt / gamma, eliminating=gamma),
                 gives=one_form),
        ),
    )  # fmt: skip


forward = with_friction(
    "Momentum with forward Euler friction", "explicit", 1 - s, s,
    "Friction at the old velocity: the coefficient will be `rho = 1 - dt/tau`.",
)  # fmt: skip

backward = with_friction(
    "Momentum with backward Euler friction", "implicit", 1 / (1 + s), s / (1 + s),
    "Friction at the new velocity (Qian 1999): the coefficient will be `rho = 1/(1 + dt/tau)`.",
)  # fmt: skip

midpoint = with_friction(
    "Momentum with implicit midpoint friction", "midpoint", (1 - s / 2) / (1 + s / 2), s / (1 + s / 2),
    "Friction at the mean of both: the coefficient will be `rho = (1 - dt/(2*tau))/(1 + dt/(2*tau))`.",
)  # fmt: skip

exponential = with_friction(
    "Momentum with exponential friction", "exponential", exp(-s), 1 - exp(-s),
    "Friction followed exactly, the gradient frozen: the coefficient will be `rho = exp(-dt/tau)`.",
)  # fmt: skip

derivations = (forward, backward, midpoint, exponential)
derivation = exponential
comparisons = optimizers_by_hand


@cache
def without_inertia(friction):
    """Return the derivation with inertia let go after the discretisation: does it end in gradient descent?"""
    return Derivation(
        title=f"{friction.title}, inertia let go afterwards",
        start=damped_particle,
        steps=(*friction.steps[:5],
            Step("Let inertia vanish while the time step stays as it is.",
                 Limit(tau, 0)),
        ),
    )  # fmt: skip
