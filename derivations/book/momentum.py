"""Chapter IV: the mass is kept, and momentum appears, with a factor that the source drops."""

from functools import partial

from .. import friction, stale
from . import figures
from ._audit import judged
from ._ties import definition_of, is_defined, one_of, quotient
from ._momentum import FRICTIONS, RULES, USUAL, afterwards, as_displacement, collected
from ._momentum import collected_as_needed, difference, forward_in_both, in_momentum, printed, stepped
from ._momentum import stepped_as_needed, too_much, with_inertia, without_inertia
from ._tables import goes_to, largest_stable
from ..gradient_descent import derivation as descent
from ..momentum import textbook
from ..momentum import derivation as momentum
from physsym import after, dot, rule, same_rule
from physsym.documents.content import Chapter, Figure, Finding, Heading, Note, NumberedEquation, Table
from physsym.core.statements import Equation, Relation, one_step_map, rewritten
from physsym.core.verdicts import all_of
from physsym.vocabulary import G, dt, eta, lam, rho, tau, u, v, x

no_memory = rule({u: -eta * G, x: x + after(u)})

chapter = Chapter(
    number="IV",
    title="The mass is kept: momentum",
    blocks=(
        Heading("4.1 Inertia again"),
        """
        Now we keep the mass. Nothing new needs to be written down: the equation is (2.2), with the limit not
        taken.
        """,
        NumberedEquation("4.1", with_inertia, check=lambda: one_of(with_inertia, momentum, 3)),
        """
        The velocity is again something of its own, which has to be carried along from instant to instant. It
        is the memory of the optimizer: all that the particle knows of the slopes that it has passed.
        """,
        judged("4.1", "C82"),
        Heading("4.2 From the equation to steps"),
        NumberedEquation(
            "4.2a",
            Relation((dot(v), (after(v) - v) / dt), ("~",)),
            check=lambda: quotient(v),
            says="As before, a difference over the time step stands for the rate:",
        ),
        NumberedEquation(
            "4.2b",
            stepped,
            check=lambda: one_of(stepped, momentum, 4),
            says="Put this into (4.1), divide by `tau`, and multiply by `dt`:",
        ),
        NumberedEquation(
            "4.2c",
            collected,
            check=lambda: one_of(collected, momentum, 4),
            says="The first two terms are one share of the old velocity:",
        ),
        """
        Here the paths part. Every later formula of the source needs the gradient of this line to weigh
        `dt/gamma`. It weighs `dt/(gamma*tau)`, which is `dt/m`. A division by `tau` has been lost: the
        step was multiplied by `dt`, but the factor `tau` in front of the rate was never divided away.
        """,
        NumberedEquation(
            "4.2b'",
            stepped_as_needed,
            check=lambda: one_of(stepped_as_needed, momentum, 4),
            says="What the source needs at this place, in order to arrive where it arrives:",
            refuted=True,
        ),
        NumberedEquation(
            "4.2c'",
            collected_as_needed,
            check=lambda: one_of(collected_as_needed, momentum, 4),
            refuted=True,
        ),
        """
        No calculation is needed to see that something is wrong with these two, only a look at the
        dimensions: `dt*G/gamma` is a length, and a length cannot be added to a velocity.
        """,
        judged("4.2", "C36", "C39"),
        Heading("4.3 The momentum coefficient"),
        NumberedEquation(
            "4.3",
            Equation(rho, 1 - dt / tau),
            check=lambda: is_defined(Equation(rho, 1 - dt / tau), momentum),
            says="The share of the velocity that survives one step:",
        ),
        """
        The familiar value of nine tenths means that a step is a tenth of the relaxation time. Each step
        then takes a tenth of the velocity away, if nothing pushes. After ten steps `(9/10)**10 ~ 0.349` is
        left; the exact decay leaves `exp(-1) ~ 0.368`. The two are near, but not the same.

        That difference has a cause worth knowing. (4.3) is what forward Euler makes of friction. Friction
        can be treated in other ways, and each has a coefficient of its own. All of them, and this is
        a small miracle, lead to one and the same rule; only `rho` depends on the treatment.
        """,
        Figure(
            name="friction",
            draw=lambda ax: figures.momentum_coefficients(FRICTIONS, ax=ax),
            caption=lambda: (
                "The momentum coefficient in four treatments of friction. "
                + figures.momentum_coefficients_caption(FRICTIONS)
            ),
            alt="Four curves of the share kept against the time step. All fall from one with the same "
            "slope. Forward Euler goes on in a straight line and leaves the band between minus one and "
            "one at two relaxation times; the others stay in it.",
        ),
        Finding(
            title="When does inertia vanish, before the step or after it?",
            anchor="commute",
            says="""
            Chapter III let inertia vanish and then chose a time step. Here the time step is chosen first.
            Should gradient descent not come out all the same?
            """,
            follows=(
                "It does if friction is followed exactly, or read at the new velocity. With the exact decay:",
                lambda: goes_to(rho, definition_of(rho, friction.exponential).right, tau, {}),
            ),
            source=(
                "With (4.3), small `tau` is said to mean weak momentum, `rho` near zero, and gradient "
                "descent.",
                lambda: Relation((rho, definition_of(rho, momentum).right), ("=",)),
            ),
            difference=(
                "With (4.3) and a fixed time step",
                lambda: goes_to(rho, definition_of(rho, momentum).right, tau, {}),
                "The coefficient passes zero at `tau = dt`, where gradient descent does appear, and "
                "leaves the stable range at `tau = dt/2`.",
            ),
            check=partial(without_inertia, "forward Euler"),
        ),
        Table(
            caption="Inertia let go after the time step was chosen: what `rho` is in each treatment of "
            "friction, where it goes, and whether the rule has a limit at all.",
            number="4.3",
            head=("Friction", "Share kept", "As `tau -> 0`", "A limit?"),
            rows=afterwards,
        ),
        """
        Between one and zero the coefficient says how much of the past is kept. Its two ends:
        """,
        Table(
            caption="The two ends of the momentum coefficient `rho = 1 - dt/tau`.",
            number="4.3b",
            head=("Coefficient", "In mechanics", "In learning"),
            rows=(
                (
                    "`rho -> 1`: `dt/tau -> 0`",
                    "The step is short against the relaxation time: much mass, little friction, or frequent "
                    "looks. Between two of them hardly any velocity is lost.",
                    "A long memory: a push is felt for about `1/(1 - rho)` steps, "
                    "`1/(1 - 9/10) = 10` of them at nine tenths. In (4.5) each gradient weighs "
                    "`(1 - rho)*eta`, so that what all of them amount to stays the same.",
                ),
                (
                    "`rho -> 0`: `dt/tau -> 1`",
                    "The step is as long as the relaxation time. With (4.3) nothing of the old velocity is "
                    "left, and the pull of the moment sets the new one.",
                    "No memory: the rule is gradient descent, see below.",
                ),
            ),
            faces=(None, "physics", "learning"),
        ),
        NumberedEquation(
            "",
            no_memory,
            check=lambda: all_of(
                same_rule(no_memory, rewritten(momentum.rule, lambda e: e.subs(rho, 0))),
                same_rule(rule({x: one_step_map(no_memory)[x]}), descent.rule),
            ),
            says="The derived rule (4.5) at `rho = 0`, where the displacement is a step of (3.4):",
        ),
        judged(
            "4.3",
            "C40",
            "C41",
            "C42",
            "C83",
            "C84",
            "C44",
            "C85",
            "C59",
            "C86",
            "C87",
            "C45",
            "C46",
            "C88",
            "C43a",
            "C43b",
            "C43c",
        ),
        Heading("4.4 The momentum method"),
        """
        One thing is left to do. In (4.2c) the velocity is a length per time, while optimizers keep what is
        added to the weights in one step. Call that displacement `u = dt*v`, and name the coefficient.
        """,
        NumberedEquation("", line=(momentum, 5)),
        NumberedEquation("", line=(momentum, 6)),
        NumberedEquation(
            "4.5",
            line=(momentum, 7),
            says="With the learning rate of (3.3), this is what follows, and it is not (4.4):",
        ),
        Finding(
            title="Ten times too far: the factor that was dropped",
            anchor="dropped-factor",
            says="""
            The momentum method of the source gives the whole gradient to the displacement. What follows from
            the equation of motion gives it a share of `1 - rho`.
            """,
            follows=(
                "The old displacement and the new pull share the new displacement between them:",
                momentum.rule,
            ),
            source=(
                "With `rho = 1 - dt/tau` and `eta = dt/gamma` this is said to be obtained:",
                NumberedEquation("4.4", printed, check=as_displacement),
                "(Its letter `v` is the displacement: a velocity could not be added to a position.)",
            ),
            difference=(
                "In each step the source adds too much by",
                difference,
                "The weight of the gradient is too large by the factor",
                too_much,
                lambda: f"That is {too_much().subs(rho, USUAL)} times, at `rho = 0.9`.",
            ),
            check=as_displacement,
        ),
        """
        Does this matter? The *form* of (4.4) is sound, and everybody uses it. What is wrong is the sentence
        that its step size is `dt/gamma`. In (4.4) the step size is another number:
        """,
        NumberedEquation(
            "4.6",
            line=(textbook, 8),
            says="Give the whole factor one name, `alpha = (1 - rho)*eta`, and the rule of the "
            "textbooks appears.",
        ),
        """
        So nothing has to be thrown away. Either one keeps the rule of the textbooks and reads its rate as
        `alpha`, which is `dt**2/m`; or one keeps `eta = dt/gamma`, so that a learning rate means the same
        with momentum as without, and gives the gradient its weight of `1 - rho`. The second can be
        had from PyTorch by setting its `dampening` to `rho` (its very first step excepted, which gives
        the gradient full weight, as if the particle had started at its final velocity).

        The practical rule that comes out of it is known to everyone who has tuned an optimizer by hand:
        whoever raises `rho` from 0.9 to 0.99 must lower the rate of the textbook rule tenfold. Mechanics
        says why.
        """,
        Figure(
            name="effective-rates",
            draw=lambda ax: figures.effective_rates(RULES, ax=ax),
            caption=lambda: "How far a rule goes in the end. " + figures.effective_rates_caption(RULES),
            alt="Two curves of the steady step against the momentum coefficient on a logarithmic "
            "scale: that of the source rises steeply towards one, the derived one stays flat at one.",
        ),
        Finding(
            title="The new velocity, and the step that is not said",
            anchor="new-velocity",
            says="""
            In the last line of the rule the position moves with the velocity *after* its update. The source
            names no integrator. In (3.2b) it reads everything at the start of the step; in (4.4) it does not.
            """,
            follows=(
                "Forward Euler of (4.1) and `dot(x) = v`, which discretises both as in (3.2b):",
                NumberedEquation("", line=(stale.derivation, 7)),
            ),
            source=(
                "The rule that the source prints reads the new velocity:",
                NumberedEquation("", printed, check=forward_in_both, refuted=True),
                "This is the form of semi-implicit Euler: velocity first, then the position.",
            ),
            difference=(
                "Two methods. With no memory left, `rho = 0`, forward Euler in both gives descent along the "
                "gradient of the step *before*:",
                NumberedEquation("", line=(stale.derivation, 9)),
                lambda: (
                    f"It is stable up to `eta*lam = {largest_stable(stale.derivation.rule, eta) * lam}` "
                    f"only; "
                    f"gradient descent is up to {largest_stable(descent.rule, eta) * lam}."
                ),
            ),
            check=forward_in_both,
        ),
        """
        The choice matters to whoever wants to go on from here: without friction, semi-implicit Euler keeps
        areas in the plane of position and velocity, and forward Euler does not.
        """,
        Note(
            title="The same rule, looking two steps back",
            text="""
            The displacement is the difference of two neighbouring positions, so it can be eliminated.
            What is left speaks of positions alone, `x <- x + rho*(x - before(x)) - (1 - rho)*eta*G`, and
            that, with `alpha` for the factor of the gradient, is how Polyak wrote the heavy ball in 1964.
            """,
        ),
        Figure(
            name="stability",
            draw=(
                lambda ax: figures.stability_map(momentum, ax=ax, title="derived (4.5)"),
                lambda ax: figures.stability_map(textbook, top=4.2, ax=ax, title="textbook (4.6)"),
            ),
            caption=lambda: (
                "Where momentum is stable on a parabola of curvature `lam`, and how fast it converges: on "
                "the left the derived rule, on the right that of the textbooks. "
                f"{figures.stability_map_caption(momentum)} "
                f"{figures.stability_map_caption(textbook)} The thin lines tell the spectral radius."
            ),
            alt="Two maps over the momentum coefficient and the rate times the curvature. The stable "
            "region of the derived rule opens upwards without bound, that of the textbook rule ends on "
            "a straight line from two to four.",
            size=(6.6, 3.2),
        ),
        """
        Both maps are drawn beside a run, at whatever curvature, [in the next chapter](#run-it).
        """,
        Table(
            caption="Momentum in the words of mechanics.",
            number="4.4",
            head=(
                "Quantity",
                "In mechanics",
                "In learning",
                "Dimension",
                "In the momentum method",
                "A state?",
            ),
            rows=in_momentum,
        ),
        judged("4.4", "C37", "C38", "C89", "C90", "C91", "C92", "C93", "C67"),
    ),
)
