"""Forward Euler in both variables: gradient descent with the gradient of the step before.

If position and velocity are both advanced from old values, the position moves with a velocity that has not
yet felt the force at the present place. With all inertia gone within one step (`rho = 0`) what remains is a
descent along the gradient of one step ago.

What it assumes: as for momentum, with the position moved by the old velocity.

What is easy to get wrong: this scheme has the order of accuracy of the semi-implicit one and looks almost
like it. It is another method all the same, and a less stable one.
"""

from .momentum import fraction, two_laws
from physsym import Define, Derivation, Eliminate, Integrate, Limit, Rescale, Step
from physsym import before, damped_particle, grad, rule
from physsym.integrators import forward_euler
from physsym.vocabulary import G, dt, eta, gamma, rho, tau, u, v, x

derivation = Derivation(
    title="A stale gradient",
    start=damped_particle,
    steps=(*two_laws,
        Step("One step of forward Euler: both new values come from old ones.",
             Integrate(forward_euler, dt),
             gives=rule({v: (1 - dt / tau) * v - dt / (gamma * tau) * G, x: x + dt * v})),

        Step("Count the velocity in displacements per step.",
             Rescale(v, u, 1 / dt)),

        Step("Name the share of the displacement that survives a step.",
             Define(rho, 1 - dt / tau, eliminating=tau)),

        Step("Name the learning rate.",
             Define(eta, dt / gamma, eliminating=gamma),
             gives=rule({u: rho * u - (1 - rho) * eta * G, x: x + u}, ranges=fraction)),

        Step("Eliminate the displacement: the gradient is that of one step before.",
             Eliminate(u),
             gives=rule({x: x + rho * (x - before(x)) - (1 - rho) * eta * grad(before(x))}, ranges=fraction)),

        Step("Let the whole velocity be lost in each step: a time step as long as the relaxation time.",
             Limit(rho, 0),
             gives=rule({x: x - eta * grad(before(x))})),
    ),
)  # fmt: skip
