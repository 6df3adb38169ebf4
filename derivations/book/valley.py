"""Chapter V: both methods on the valley that the source chose, and what it says to the source's table."""

from . import figures
from ._audit import judged
from ._runs import STEPS, USUAL, VOCABULARY, ZIGZAG, answers, best_descent
from ._runs import compared, crossings, energy_of_floor, height, in_three_media, is_the_valley
from ._runs import lowest_factor, runs
from physsym.documents.content import Chapter, Embedded, Figure, Finding, Heading, NumberedEquation, Table
from physsym.documents.numbers import rounded
from ..gradient_descent import derivation as descent
from ..momentum import derivation as momentum
from ..momentum import textbook
from ..stale import derivation as stale


def explorer() -> str:
    """Return the page on which the rules of the chapters run."""
    from physsym.explorer.entries import of_derivation
    from physsym.explorer.page import page

    return page([*map(of_derivation, (descent, momentum, textbook, stale))])


chapter = Chapter(
    number="V",
    title="Both methods in a valley",
    vocabulary=VOCABULARY,
    blocks=(
        """
        An example decides what sentences can only suggest. The source chose a good one: a valley, steep
        across and gentle along.
        """,
        NumberedEquation("5.0", height, check=is_the_valley, faces=("learning",), says="The valley:"),
        """
        Its curvature is twenty in the first direction and one in the second. Each direction is a
        parabola, and neither knows of the other, so all that was said of parabolas in chapters III and IV
        can be put to work.
        """,
        judged("5, on the valley", "C51", "C52", "C94", "C53", "C54"),
        Heading("At the usual values"),
        """
        The source recommends a rate of one hundredth and a momentum of nine tenths. With these, gradient
        descent multiplies the first weight by 0.8 in each step: it glides to the floor of the valley without
        ever crossing it, and then creeps along. It is *momentum* that swings.
        """,
        Figure(
            name="tracks-usual",
            draw=lambda ax: figures.tracks(*runs(USUAL), ax=ax),
            caption=lambda: figures.tracks_caption(*runs(USUAL)),
            alt="Three tracks on the contours of a valley. Gradient descent runs straight to the floor "
            "and then along it; momentum of the source swings across the floor many times and passes "
            "the minimum; momentum as derived swings a few times and is then beside gradient descent.",
        ),
        """
        The derived rule (4.5) keeps pace with gradient descent, and it must: at the same `eta` both take,
        in the end, nearly the same steps along the floor. The rule (4.4) is much faster there, because
        the same number for its rate means steps that grow, in a constant slope, to ten times the length.
        """,
        Figure(
            name="losses",
            draw=lambda ax: figures.losses(*runs(USUAL), ax=ax),
            caption=lambda: figures.losses_caption(*runs(USUAL)),
            alt="Loss against steps on a logarithmic scale: gradient descent and the derived momentum "
            "fall slowly together, the momentum of the source falls much faster, in waves.",
        ),
        Heading("Run it"),
        """
        Both rules run on a page of their own, and gradient descent with them. There the start is dragged, the
        constants of mechanics or the parameters of the rule are moved, and another potential is chosen. It
        shows the continuous motion beside the steps, the energy and what friction takes, and on which side of
        the boundary of stability one is.
        """,
        Embedded(
            title="The rules of chapters III and IV, running",
            page=explorer,
            instead="It stands here in the format HTML of this document; "
            "``physsym explorer --out explorer.html`` writes one like it.",
        ),
        Heading("Where descent does swing"),
        """
        Gradient descent jumps across the floor at every step when the factor `1 - 20*eta` is negative,
        and still converges while it is above `-1`: for a rate between one twentieth and one tenth. This
        is the window in which the picture of the zigzag, which one finds in every course, is true.
        """,
        Figure(
            name="tracks-zigzag",
            draw=lambda ax: figures.tracks(*runs(ZIGZAG), ax=ax),
            caption=lambda: figures.tracks_caption(*runs(ZIGZAG)),
            alt="The same valley at a larger rate. Gradient descent jumps from wall to wall and "
            "arrives; the momentum of the source swings far out; the derived momentum swings gently.",
        ),
        Finding(
            title="The valley answers back",
            anchor="valley-answers",
            says="""
            Three rows of the source's final table, tried on the example that stands beside it. One is
            refuted; two depend on values that the table leaves open, and do not hold at the usual ones.
            """,
            follows=(
                lambda: (
                    "At the usual rate gradient descent "
                    f"{figures.often('crosses the floor', crossings(USUAL)[0])}; "
                    f"momentum {figures.often('does', crossings(USUAL)[1])}."
                ),
                lambda: (
                    f"At a rate of {ZIGZAG} gradient descent "
                    f"{figures.often('overshoots', crossings(ZIGZAG)[0])} in "
                    f"{STEPS} steps, without any inertia."
                ),
                lambda: (
                    f"At its best rate, {best_descent()[0]}, gradient descent shrinks every distance by "
                    f"{rounded(best_descent()[1], 4)} a step. With `rho = 0.9` no rate whatever gets "
                    f"below {rounded(lowest_factor(), 4)}."
                ),
            ),
            source=(
                "In narrow valleys descent “can oscillate (zig-zag)”, momentum has a “smoother trajectory”.",
                "Overshooting, in gradient descent: “impossible (no inertia)”.",
                "Convergence, with momentum: “faster but can oscillate”.",
            ),
            difference=(
                "It is the other way round at the source's own values.",
                "True of the flow (3.2a), and of steps only while `eta*lam <= 1`.",
                "True of momentum that is *tuned*, whatever the valley; not of nine tenths in this "
                "one, which is too short to need it.",
            ),
            check=answers,
        ),
        Heading("Energy"),
        """
        What does a particle do where an optimizer would swing? It trades height for speed and back, and pays
        friction in every exchange. Here is the floor of the valley, under little friction.
        """,
        Figure(
            name="energy",
            draw=lambda ax: figures.energies(energy_of_floor(), ax=ax),
            caption=lambda: figures.energies_caption(energy_of_floor()),
            alt="Energy falls in steps, steepest where the particle is fastest and level where it "
            "turns; potential and kinetic energy rise and fall in turns below it; markers of the start "
            "less the heat lie on the line.",
        ),
        """
        The energy never rises, and it falls fastest where the particle is fastest: at the rate
        `-gamma*v**2`. Where the particle turns, the curve is level.
        """,
        Figure(
            name="regimes-valley",
            draw=lambda ax: figures.regimes(*in_three_media(), ax=ax),
            caption=lambda: (
                "One particle on the floor of the valley. " + figures.regimes_caption(*in_three_media())
            ),
            alt="Position against time for thin, critical and thick media: swinging, the fastest "
            "approach without a swing, and a slow creep.",
        ),
        Heading("5.1 The comparison, row by row"),
        """
        The source ends with a table that sets the two methods side by side. Here it is again, every cell
        computed from the rules, with the momentum of the source and the one derived; the last column has
        the verdict on what the source says in that row.
        """,
        Table(
            caption="The methods compared: (3.4), (4.4) and (4.5), with momentum nine tenths where a "
            "number is needed.",
            number="5.1",
            head=("Aspect", "Gradient descent", "Momentum (4.4)", "Momentum (4.5)", "The source"),
            rows=compared,
        ),
        """
        What is left of the comparison is worth having. Momentum keeps a second state and so can remember;
        in a constant slope it speeds up, but only to a final velocity; tuned for its valley it beats
        gradient descent in every valley, the more the longer the valley is. And it may roll through a
        dent in which gradient descent would stay, if it comes in with enough energy.
        """,
        judged(
            "5.1",
            "C55",
            "C56",
            "C63",
            "C60",
            "C62",
            "C57",
            "C95",
            "C58a",
            "C58b",
            "C61",
            "C64",
            "C65",
            "C68",
        ),
    ),
)
