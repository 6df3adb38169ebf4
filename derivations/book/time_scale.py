"""Chapter II: the relaxation time, and what it does not decide."""

from __future__ import annotations

from sympy import Rational

from . import figures
from ._audit import judged
from ._ties import is_defined
from ..newton import derivation as inertia_vanishes
from physsym import Verdict, damped_particle
from physsym.analysis.damping import Damping, damping_at, discriminant
from physsym.documents.content import Chapter, Figure, Finding, Heading, NumberedEquation, Table
from physsym.core.statements import Equation, Relation
from physsym.core.verdicts import fails, holds
from physsym.vocabulary import gamma, lam, m, tau

LAW = damped_particle.law()
ONE = {m: Rational(1), gamma: Rational(1)}
CURVATURES = (Rational(4), Rational(1, 4), Rational(1, 16))


def classes(curvatures: tuple[Rational, ...] = CURVATURES) -> tuple[Damping, ...]:
    """Return how a particle with mass and friction one comes to rest on landscapes of given curvatures."""
    return tuple(damping_at(LAW, {**ONE, lam: k}) for k in curvatures)


def decided_by_tau_alone(curvatures: tuple[Rational, ...] = CURVATURES) -> Verdict:
    """Judge whether particles with one relaxation time all come to rest in one way."""
    found = classes(curvatures)
    kinds = "; ".join(f"curvature {k}: {c.value}" for k, c in zip(curvatures, found, strict=True))
    if len(set(found)) == 1:
        return holds(f"with tau = 1 throughout: {kinds}")
    return fails(f"with tau = 1 throughout: {kinds}", witness=f"m = gamma = 1, curvatures {curvatures}")


def deciding() -> Relation:
    """Return what tells whether the particle swings: a pure number, above the one at which it does not."""
    edge = discriminant(LAW) / gamma**2
    number = (1 - edge) / 4
    return Relation((number.expand(), Rational(1, 4)), (">",))


def _motions() -> tuple[figures.Motion, ...]:
    return tuple(
        figures.Motion(kind.value, damped_particle, {"m": 1.0, "gamma": 1.0, "lam": float(k)}, 12.0)
        for kind, k in zip(classes(), CURVATURES, strict=True)
    )


chapter = Chapter(
    number="II",
    title="The relaxation time",
    blocks=(
        Heading("2.1 How long friction needs"),
        """
        Take the landscape away. What is left of (1.4) says that the velocity decays, and the only time that
        can be made of a mass and a friction coefficient is their ratio.
        """,
        NumberedEquation(
            "2.1",
            Equation(tau, m / gamma),
            check=lambda: is_defined(Equation(tau, m / gamma), inertia_vanishes),
            says="The relaxation time:",
        ),
        """
        Without a landscape the velocity falls to `exp(-1) ~ 0.37` of itself in every `tau`. The
        velocity of one kilogram in a medium of ten kilograms per second decays with a time constant of a
        tenth of a second. In learning the same time is counted in steps: an optimizer whose `tau` is ten
        steps long still feels, ten steps later, about a third of a push that it once got.

        A large `tau` means a long memory, a small `tau` a short one. That much is a sentence about friction
        and inertia alone.
        """,
        Table(
            caption="What the relaxation time says by itself, with the landscape taken away. After a time of "
            "`tau` the fraction `exp(-1) ~ 0.37` of a velocity is left, after three times that "
            "`exp(-3) ~ 0.05`.",
            number="2.1",
            head=("Relaxation time", "In mechanics", "In learning"),
            rows=(
                (
                    "large: `m` large, or `gamma` small",
                    "A heavy particle in air. A push is felt long after it was given, and the velocity is "
                    "the sum of many pushes.",
                    "An optimizer with a long memory. The displacement is made of the gradients of many "
                    "steps, and goes on when the gradient has turned.",
                ),
                (
                    "small: `m` small, or `gamma` large",
                    "A light particle in honey. The velocity follows the pull of the moment, with a delay of "
                    "about `tau`.",
                    "An optimizer with a short memory. The displacement follows the last gradients, with a "
                    "delay of about `tau/dt` steps.",
                ),
            ),
            faces=(None, "physics", "learning"),
        ),
        """
        Whether the particle swings or creeps depends on the landscape as well.
        """,
        Finding(
            title="The relaxation time does not decide alone",
            anchor="tau-alone",
            says="""
            Three particles of the same mass, the same friction and so the same `tau`, in three bowls. One
            swings, one just does not, one creeps.
            """,
            follows=(
                "In a bowl of curvature `lam` the particle swings exactly if",
                deciding,
                "which is the relaxation time against the time in which friction lets it creep down "
                "the bowl, `gamma/lam`.",
            ),
            source="The number `tau` “determines the entire behavior” of the particle.",
            difference=(
                lambda: (
                    "With `tau = 1` and curvatures of "
                    + ", ".join(f"{k} ({c.value})" for k, c in zip(CURVATURES, classes(), strict=True))
                    + "."
                ),
                "On flat ground no `tau` whatever makes anything swing.",
            ),
            check=decided_by_tau_alone,
        ),
        Figure(
            name="regimes",
            draw=lambda ax: figures.regimes(*_motions(), ax=ax),
            caption=lambda: (
                "Three ways to come to rest, all with one relaxation time. "
                + figures.regimes_caption(*_motions())
            ),
            alt="Three curves of position against time from a common start: one swings through zero "
            "and back several times, one falls to zero fastest without crossing, one falls slowly.",
        ),
        """
        In the language of oscillators the number that decides is `m*lam/gamma**2`; its inverse square root
        is twice what is called the damping ratio. It will come back in chapter IV, where its part is
        played by `eta*lam` and `rho` together.
        """,
        judged("2.1", "C14", "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C96"),
        Heading("2.2 The equation of motion by the clock of friction"),
        NumberedEquation("", line=(inertia_vanishes, 1)),
        NumberedEquation(
            "2.2",
            line=(inertia_vanishes, 2),
            says="The mass appears only together with the friction. With (2.1):",
        ),
        """
        Read this line as a sentence about the velocity. There is one velocity at which pull and friction
        balance, `-G/gamma`, and the velocity runs after it with a delay of about `tau`. What happens when the
        delay is short is the subject of the next chapter.
        """,
        judged("2.2", "C22"),
    ),
)
