"""Gradient descent: a particle in thick honey, watched at regular instants.

A particle of mass `m` slides over a potential `U` against a friction `gamma*v`. When friction wins over
inertia the velocity is at every instant the force divided by the friction, and following that velocity in
steps of length `dt` is gradient descent.

What it assumes: friction in proportion to velocity, a smooth potential, and a gradient taken afresh at each
step.

What is easy to get wrong: friction need not be infinite. The limit asks for `tau = m/gamma` to vanish,
which a vanishing mass does with any friction; and with infinite friction the learning rate `dt/gamma` would
vanish too. Also, `eta*grad(x)` is a displacement, not a velocity: the velocity is `grad(x)/gamma`, and only
its product with `dt` is what a step adds.
"""

from ._by_hand import optimizers_by_hand
from physsym import Define, Derivation, Divide, Integrate, Isolate, Limit, Step
from physsym import damped_particle, dot, law, rule
from physsym.integrators import forward_euler
from physsym.vocabulary import G, dt, eta, gamma, m, tau, x

in_terms_of_tau = (
    Step("Divide by the friction coefficient.",
         Divide(gamma)),

    Step("The mass now appears only in the relaxation time `tau = m/gamma`.",
         Define(tau, m / gamma, eliminating=m),
         gives=law({tau * dot(dot(x)): -G / gamma - dot(x)})),
)  # fmt: skip

derivation = Derivation(
    title="Gradient descent",
    start=damped_particle,
    steps=(*in_terms_of_tau,
        Step("Let inertia vanish. The limit is singular: the initial velocity is lost.",
             Limit(tau, 0)),

        Step("What is left says that the velocity is the force over the friction, at every instant.",
             Isolate(dot(x)),
             gives=law({dot(x): -G / gamma})),

        Step("Follow that velocity for a time `dt`, the gradient frozen at the start.",
             Integrate(forward_euler, dt)),

        Step("Time step and friction appear only together: call them the learning rate.",
             Define(eta, dt / gamma, eliminating=dt),
             gives=rule({x: x - eta * G})),
    ),
)  # fmt: skip

comparisons = optimizers_by_hand
