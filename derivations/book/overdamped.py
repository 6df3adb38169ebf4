"""Chapter III: inertia vanishes, and gradient descent appears."""

from sympy import Symbol

from ._audit import judged
from ._ties import definition_of, is_defined, satisfied_by, with_difference_quotient
from ._tables import dimension, goes_to, largest_stable, meanings
from ..gradient_descent import derivation as descent
from ..momentum import derivation as momentum
from ..newton import derivation as inertia_vanishes
from physsym import Verdict, dimensions, dot, law
from physsym.documents.content import Cell, Chapter, Finding, Heading, Note, Row, NumberedEquation, Table
from physsym.core.statements import Equation, Relation, states
from physsym.vocabulary import G, dt, eta, gamma, m, rho, tau, v, x

QUANTITIES = {
    m: m,
    gamma: gamma,
    tau: tau,
    v: inertia_vanishes.lines[-1].equations[0].right,
    eta: definition_of(eta, descent).right,
    rho: definition_of(rho, momentum).right,
}
# tau = m/gamma vanishes with the mass, the friction being what it is, or with growing friction.
LIGHT, STICKY = {m: tau * gamma}, {gamma: m / tau}

difference_quotient = with_difference_quotient(Equation(dot(x), -G / gamma), x)
as_a_displacement = law({v: -eta * G})


def ways_to_vanish() -> list[Row]:
    """Return where everything goes as the relaxation time vanishes, in either of two ways."""
    return [
        (symbol, *meanings(symbol), goes_to(symbol, value, tau, LIGHT), goes_to(symbol, value, tau, STICKY))
        for symbol, value in QUANTITIES.items()
    ]


def in_gradient_descent() -> list[Row]:
    """Return what each quantity is in gradient descent."""
    values: dict[Symbol, Cell] = {
        m: goes_to(m, m, tau, LIGHT),
        gamma: Relation((gamma, 0 * gamma), (">",)),
        tau: goes_to(tau, tau, tau, LIGHT),
        eta: Relation((0 * eta, eta, largest_stable(descent.rule, eta)), ("<", "<")),
        v: Equation(v, QUANTITIES[v]),
    }
    kept = states(descent.rule)
    return [
        (s, *meanings(s), dimension(s), value, "yes" if s in kept else "no") for s, value in values.items()
    ]


def is_a_velocity() -> Verdict:
    """Judge whether a step of gradient descent has the dimension of a velocity."""
    return dimensions(as_a_displacement)


chapter = Chapter(
    number="III",
    title="Inertia vanishes: gradient descent",
    blocks=(
        Heading("3.1 The limit `tau -> 0`"),
        """
        Let the relaxation time go to zero in (2.2). The term with the rate of the velocity carries the factor
        `tau`, and as long as that rate stays bounded the term dies.
        """,
        NumberedEquation(
            "3.1a", line=(inertia_vanishes, 3), says="What is left is a balance, of pull and friction:"
        ),
        NumberedEquation("3.1b", line=(inertia_vanishes, 4)),
        """
        A velocity that is dictated at every instant has no will of its own: it does not matter any more how
        the particle was pushed at the start. Such a limit is called *singular*. It takes away the highest
        derivative, and with it one of the two things that could be chosen freely. Right after the start,
        for a time of about `tau`, the true particle still remembers its push, and there the limit is wrong,
        however small `tau` may be; afterwards the error shrinks in proportion to `tau`.

        There are two ways to make `m/gamma` small, and the table shows that they do not lead to the same
        place. Only one of them leaves an optimizer that moves.
        """,
        Table(
            caption="Where everything goes as the relaxation time vanishes, the time step being what "
            "it is. If the mass vanishes, the learning rate stays; if friction grows without bound "
            "instead, the particle and the optimizer both stop.",
            number="3.1",
            head=("Quantity", "In mechanics", "In learning", "The mass vanishes", "Friction grows"),
            rows=ways_to_vanish,
        ),
        """
        The source asks for both at once, no mass and infinite friction. A vanishing mass is enough, with any
        friction. With infinite friction and a given time step the learning rate vanishes; it stays finite, as
        the source asks, if the time step grows along with the friction. The last row of the table is a
        warning that chapter IV will take up, for there the limit comes *after* the choice of a time step.
        """,
        judged("3.1", "C23", "C24", "C25", "C26", "C35", "C72", "C73", "C74", "C75", "C76", "C31"),
        Heading("3.2 From a flow to steps"),
        """
        A velocity is the rate of a position. Said of positions, (3.1b) is a flow: at every place it tells
        which way to go, and how fast.
        """,
        NumberedEquation("3.2a", line=(descent, 4), says="The gradient flow:"),
        NumberedEquation(
            "3.2b",
            difference_quotient,
            check=lambda: satisfied_by(difference_quotient, descent.lines[5]),
            says="A computer takes steps. In place of the rate, the difference of two positions over "
            "the time between them. This is *forward Euler*: the gradient is taken at the start of the "
            "step and held.",
        ),
        NumberedEquation("3.2c", line=(descent, 5), says="Solved for the new position:"),
        """
        In a single step this misses the flow by a term in `dt**2`, and over a given time by one in `dt`:
        halve the step, and the error halves. That is what the badge means by its order.
        """,
        judged("3.2", "C27", "C28"),
        Heading("3.3 What a learning rate is"),
        NumberedEquation(
            "3.3",
            Equation(eta, dt / gamma),
            check=lambda: is_defined(Equation(eta, dt / gamma), descent),
            says="Time step and friction enter only as a ratio. It has a name already:",
        ),
        """
        This is the best sentence of the whole story, and it is true of gradient descent: *a learning rate is
        a time step divided by a friction*. Whoever doubles it either looks half as often or thins the honey;
        the optimizer cannot tell which, and nor can we.
        """,
        Table(
            caption="A large and a small learning rate.",
            number="3.3",
            head=("Learning rate", "In mechanics", "In learning"),
            rows=(
                (
                    "large: `dt` large, or `gamma` small",
                    "The particle is seen seldom, or moves easily. Between two instants it is taken to "
                    "move on along a straight line, however the ground bends.",
                    "Large steps in the weights. On a parabola of curvature `lam` they converge only while "
                    "`eta*lam < 2`.",
                ),
                (
                    "small: `dt` small, or `gamma` large",
                    "The particle is seen often, or hardly moves. The steps follow the flow, with an "
                    "error over a given time in proportion to `dt`.",
                    "Small steps in the weights. On a parabola each of them takes away the fraction "
                    "`eta*lam` of the distance: stable, and slow.",
                ),
            ),
            faces=(None, "physics", "learning"),
        ),
        judged("3.3", "C29", "C77", "C30", "C78", "C32"),
        Heading("3.4 Gradient descent"),
        NumberedEquation(
            "3.4", line=(descent, 6), says="With the learning rate, (3.2c) is the method of Cauchy (1847):"
        ),
        """
        On a parabola of curvature `lam` one step multiplies the position by `1 - eta*lam`. So it
        converges for `0 < eta*lam < 2`, in two moods: below one it comes in from one side, above one it
        jumps across at every step. Particles in honey do not jump across. That is the first thing that
        the steps have added and that no flow has; [finding 7](#valley-answers) turns on it.
        """,
        Finding(
            title="A velocity that is a displacement",
            anchor="displacement",
            says="""
            A summary table of the source gives the velocity in gradient descent as the learning rate times
            the slope. Dimensions do not allow that.
            """,
            follows=("The velocity is", Equation(v, QUANTITIES[v]), "and one step adds `dt` times that."),
            source=("The velocity is determined at every instant by the gradient:", as_a_displacement),
            difference="Left a length per time, right a length. What stands on the right is the "
            "*step*, that is, the velocity times the time step.",
            check=is_a_velocity,
        ),
        Table(
            caption="Gradient descent in the words of mechanics. The last column is read off the rule: "
            "a quantity is a state if the rule carries it from one step to the next.",
            number="3.4",
            head=("Quantity", "In mechanics", "In learning", "Dimension", "In gradient descent", "A state?"),
            rows=in_gradient_descent,
        ),
        Note(
            title="Not yet what is run",
            text="""
            What people run is *stochastic*: each gradient is computed from a handful of examples and scatters
            around the true one. In the language of this document that is a particle that is also kicked at
            random, as in Brownian motion. Where the gradient is affine, as on a parabola, the kicks average
            out and (3.4) describes the mean; on a landscape such as `x**4/4` they do not. The source calls
            its rule by the name of the stochastic method, and claim C34 says what is missing.
            """,
        ),
        judged("3.4", "C79", "C33", "C81", "C80", "C34"),
    ),
)
