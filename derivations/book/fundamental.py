"""Chapter I: the forces on a particle, and its equation of motion."""

from sympy import Symbol

from ._audit import judged
from ._ties import after_substituting, one_of
from ..newton import with_friction, without_friction
from physsym import Quantity, damped_particle, dot, identical
from physsym.documents.content import Chapter, Heading, NumberedEquation
from physsym.core.dimensions import ENERGY, LENGTH, TIME
from physsym.core.statements import Equation
from physsym.core.verdicts import all_of
from physsym.vocabulary import STANDARD, G, U, gamma, m, v, x

F, friction = Symbol("F", real=True), Symbol("F_fric", real=True)
lagrangian, dissipation = Symbol("L", real=True), Symbol("R", real=True)
VOCABULARY = STANDARD.extended(
    Quantity(F, "force", ENERGY / LENGTH, "F", "F", "force of the landscape", "pull of the loss"),
    Quantity(friction, "force", ENERGY / LENGTH, "F_fric", "F_fric", "force of friction", "damping"),
    Quantity(lagrangian, "scalar", ENERGY, "Lambda", "Lambda", "Lagrangian", "Lagrangian"),
    Quantity(dissipation, "scalar", ENERGY / TIME, "R", "R", "dissipation function", "dissipation function"),
)

slope = Equation(F, -G)
inertia = Equation(F, m * dot(v))
undamped = Equation(m * dot(v), -G)
viscous = Equation(friction, -gamma * v)
motion = Equation(m * dot(v), -G - gamma * v)

_system = damped_particle

chapter = Chapter(
    number="I",
    title="The equations of motion",
    vocabulary=VOCABULARY,
    blocks=(
        Heading("1.1 The pull of the landscape"),
        """
        A landscape is a function of the place: the height `physics: U` of the ground for the particle, the
        loss `learning: U` for the model. All that a landscape does to what stands on it is to pull downhill,
        with a force as strong as the ground is steep.
        """,
        NumberedEquation(
            "1.1",
            slope,
            check=lambda: identical(
                _system.lagrangian.diff(x), slope.right, what="the force and minus the slope"
            ),
            says="The force is minus the gradient. The sign makes it point down:",
        ),
        """
        Why is the gradient the direction of steepest ascent? Go from a point a small distance in some
        direction; the height changes by the distance, times the length of the gradient, times the cosine
        of the angle between the two. A cosine is largest where the angle is zero. Two things are taken for
        granted here and seldom said. The gradient must not vanish; and distances are measured as Euclid
        does. Whoever measures distances between models in another way, as natural gradients do, finds
        another steepest direction.
        """,
        judged("1.1", "C03", "C04", "C05"),
        Heading("1.2 Inertia"),
        """
        A force does not say how fast a body moves but how fast its motion *changes*, and a heavy body changes
        its motion less. That is the second law of Newton.
        """,
        NumberedEquation(
            "1.2a",
            inertia,
            check=lambda: after_substituting(inertia, without_friction.lines[-1], {F: slope.right}),
            says="Force is mass times the rate of the velocity:",
        ),
        NumberedEquation(
            "1.2b",
            undamped,
            check=lambda: one_of(undamped, without_friction, 1),
            says="With the force of (1.1) this becomes an equation of motion:",
        ),
        """
        In learning, "mass" is a figure of speech, but the sentence stays true word for word: the larger `m`
        is, the less one gradient can change the velocity of the weights. Whether *that* is gradual or
        sudden is for friction to decide, too.
        """,
        judged("1.2", "C06", "C07"),
        Heading("1.3 Friction"),
        """
        A marble in honey is held back by a force against its motion, the stronger the faster it goes. The
        simplest such law is proportional to the velocity. It is the only one used here; dry friction and
        the drag of air follow other laws, and would give other optimizers.
        """,
        NumberedEquation(
            "1.3",
            viscous,
            check=lambda: identical(
                -_system.dissipation.diff(dot(x)).xreplace({dot(x): v}),
                viscous.right,
                what="minus the slope of the dissipation function and the friction",
            ),
            says="Friction pulls against the velocity:",
        ),
        """
        The unit of `gamma` is that of a mass per time, since `gamma*v` must come out as a force. In
        learning the same reading holds with the units of learning: a loss times a time, over a weight
        squared.

        Friction is where energy goes. The energy of the particle is its energy of motion and its height
        together, and along every motion it changes at the rate `-gamma*v**2`, never upwards. [Chapter V
        shows it](#figure-energy) for the valley that the source chose.
        """,
        judged("1.3", "C08", "C09", "C10", "C11"),
        Heading("1.4 All forces together"),
        NumberedEquation(
            "1.4",
            motion,
            check=lambda: all_of(
                one_of(motion, with_friction, 1),
                identical(
                    motion.right, slope.right + viscous.right, what="the right side and the sum of forces"
                ),
            ),
            says="Mass times the rate of the velocity is the sum of all forces, (1.1) and (1.3):",
        ),
        """
        This line is the seed of all that follows. It says: inertia on the left, and on the right the pull
        of the landscape and the friction. Everything that this document calls an optimizer is this one line,
        watched at regular instants.
        """,
        """
        The line need not be put together by hand. Two functions say what the system *is*: a Lagrangian, the
        energy of motion less the height, and a dissipation function, half the power that friction takes.
        """,
        NumberedEquation(
            "",
            Equation(lagrangian, m * dot(x) ** 2 / 2 - U),
            check=lambda: identical(m * dot(x) ** 2 / 2 - U, _system.lagrangian),
        ),
        NumberedEquation(
            "",
            Equation(dissipation, gamma * dot(x) ** 2 / 2),
            check=lambda: identical(gamma * dot(x) ** 2 / 2, _system.dissipation),
        ),
        NumberedEquation(
            "",
            line=(with_friction, 0),
            says="The equation of Euler and Lagrange, with the slope of the dissipation function in the "
            "velocity as friction, gives the law of motion: (1.4), with the rate of the position in place "
            "of the velocity.",
        ),
        """
        This is how the derivations of this document start. Whoever changes one of the two functions gets
        another optimizer, derived and checked the same way.
        """,
        judged("1.4", "C12", "C13"),
    ),
)
