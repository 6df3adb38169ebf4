"""Newton's law with friction, and what is left of it when inertia vanishes.

A particle of mass `m` feels the slope of a potential `U` and a friction against its velocity. Its law of
motion comes out of two functions, the Lagrangian and the dissipation function; written for the velocity
alone, it can be followed into the limit in which nothing of the velocity is remembered.

What it assumes: friction in proportion to velocity, and a potential smooth enough to have a slope.

What is easy to get wrong: mass and friction enter the limit only through `tau = m/gamma`. Whether `tau` is
*small* is another question, which only a second time can answer, such as that of the landscape.
"""

from physsym import Define, Derivation, Divide, Isolate, Limit, ReduceOrder, Step, System
from physsym import damped_particle, dot, law
from physsym.vocabulary import G, U, gamma, m, tau, v, x

without_friction = Derivation(
    title="A particle without friction",
    start=System(coordinates=(x,), lagrangian=m * dot(x) ** 2 / 2 - U),
    steps=(
        Step("Call the rate of the position the velocity.",
             ReduceOrder(x, velocity=v),
             gives=law({dot(x): v, m * dot(v): -G})),
    ),
)  # fmt: skip

with_friction = Derivation(
    title="A particle with friction",
    start=damped_particle,
    steps=(
        Step("Call the rate of the position the velocity.",
             ReduceOrder(x, velocity=v),
             gives=law({dot(x): v, m * dot(v): -G - gamma * v})),
    ),
)  # fmt: skip

derivation = Derivation(
    title="The velocity when inertia vanishes",
    start=law({m * dot(v): -G - gamma * v}),
    steps=(
        Step("Divide by the friction coefficient.",
             Divide(gamma)),

        Step("The mass appears only together with the friction, in the relaxation time `tau = m/gamma`.",
             Define(tau, m / gamma, eliminating=m),
             gives=law({tau * dot(v): -G / gamma - v})),

        Step("Let the relaxation time vanish. The rate of the velocity leaves the page, and with it the "
             "memory of the first velocity.",
             Limit(tau, 0),
             gives=law({0: -G / gamma - v})),

        Step("What is left is no law of motion for the velocity: it says what the velocity is.",
             Isolate(v),
             gives=law({v: -G / gamma})),
    ),
)  # fmt: skip
