"""Chapter V: both methods on the valley that the source chose, and what it says to the source's table."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from sympy import Expr, Function, Mul, Rational, Symbol

from derivations.book._audit import claim, judged
from derivations.book._tables import largest_stable
from derivations.gradient_descent import derivation as descent
from derivations.momentum import derivation as momentum
from derivations.momentum import source_rule, textbook, two_steps
from physsym import Derivation, Rule, Verdict, damped_particle, optimizer
from physsym.analysis.damping import critical_values
from physsym.analysis.rates import rate_floor, worst_rate
from physsym.chapter import Chapter, Figure, Finding, Heading, On, Row, Shown, Table
from physsym.dimension import LENGTH
from physsym.figures import Experiment, Motion, energies, energies_caption, losses, losses_caption
from physsym.figures import regimes, regimes_caption, steady_step, tracks, tracks_caption
from physsym.figures.words import number, often
from physsym.problems import PROBLEMS
from physsym.statement import Equation, Relation, parameters, states
from physsym.verdict import fails, holds
from physsym.vocabulary import STANDARD, alpha, eta, gamma, lam, m, rho, scalar

w1, w2 = Symbol("w1", real=True), Symbol("w2", real=True)
VOCABULARY = STANDARD.extended(scalar(w1, LENGTH, "first weight"), scalar(w2, LENGTH, "second weight"))
VALLEY = PROBLEMS["valley"]

height = Equation(Function("f")(w1, w2), Mul(Rational(1, 2), 20 * w1**2 + w2**2, evaluate=False))

USUAL, NINE_TENTHS = Rational(1, 100), Rational(9, 10)
ZIGZAG, STEPS, START = Rational(9, 100), 100, (0.6, 2.4)


def curvatures(f: Equation = height) -> tuple[Expr, ...]:
    """Return the curvatures of the valley, across and along."""
    return f.right.diff(w1, 2), f.right.diff(w2, 2)


def is_the_valley(f: Equation = height) -> Verdict:
    """Judge whether a formula is the function that the runs descend: in value and slope, at five places."""
    random = np.random.default_rng(20)
    gaps = [_gap(f, place) for place in random.normal(size=(5, 2))]
    told = f"value and slope agree with the program at {len(gaps)} places, to {max(gaps):.0e}"
    return holds(told) if max(gaps) < 1e-12 else fails(f"value or slope differ by {max(gaps):.3g}")


def _gap(f: Equation, place: np.ndarray) -> float:
    at = dict(zip((w1, w2), place, strict=True))
    value, slope = float(f.right.subs(at)), [float(f.right.diff(w).subs(at)) for w in (w1, w2)]
    return max(abs(value - VALLEY.value(place)), *np.abs(np.array(slope) - VALLEY.gradient(place)))


@cache
def runs(rate: Rational) -> tuple[Experiment, ...]:
    """Return the three methods at one rate, with momentum nine tenths where there is any."""
    r, k = float(rate), float(NINE_TENTHS)
    return (
        Experiment("gradient descent", descent, {"eta": r}, STEPS, VALLEY, START),
        Experiment("momentum (4.4)", textbook, {"alpha": r, "rho": k}, STEPS, VALLEY, START),
        Experiment("momentum (4.5)", momentum, {"eta": r, "rho": k}, STEPS, VALLEY, START),
    )


def crossings(rate: Rational) -> tuple[int, ...]:
    """Return how often each method crosses the floor of the valley in its run."""
    return tuple(run.turns[0] for run in runs(rate))


def slowest(rate: Rational) -> tuple[float, ...]:
    """Return by what factor each method shrinks its distance in a step, in the slower direction at worst."""
    found = []
    for run in runs(rate):
        values = {s: {alpha: rate, eta: rate, rho: NINE_TENTHS}[s] for s in parameters(run.derived.rule)}
        across, along = curvatures()
        found.append(float(worst_rate(run.derived.rule, values, (along, across))))
    return tuple(found)


def best_descent() -> tuple[Expr, float]:
    """Return the rate at which gradient descent is fastest on the valley, and its slowest factor there."""
    across, along = curvatures()
    rate = 2 / (across + along)
    return rate, float(worst_rate(descent.rule, {eta: rate}, (along, across)))


def answers() -> Verdict:
    """Judge whether the rows of the source's comparison hold on its own valley, at its own values."""
    calm, swinging, _ = crossings(USUAL)
    jumping, *_ = crossings(ZIGZAG)
    _, factor = best_descent()
    _, with_momentum, _ = slowest(USUAL)
    rows = (
        (swinging <= calm, f"momentum crosses the floor {swinging} times, gradient descent {calm} times"),
        (jumping == 0, f"at eta = {ZIGZAG} gradient descent overshoots {jumping} times in {STEPS} steps"),
        (
            with_momentum <= factor,
            f"a factor of {with_momentum:.4f} a step, and {factor:.4f} without momentum",
        ),
    )
    broken = [told for true, told in rows if not true]
    return fails(*broken) if broken else holds(*(told for _, told in rows))


def compared() -> Iterable[Row]:
    """Return the comparison row by row: three rules, and the verdict on what the source says in that row."""
    rules = (descent.rule, source_rule, momentum.rule)
    yield ("Mechanics", *(On("physics", r) for r in rules), claim("C65"))
    yield ("Learning", *(On("learning", r) for r in rules), claim("C65"))
    yield ("Carries along", *(_listed(states(r)) for r in rules), claim("C57"))
    yield ("Instants looked at", *map(_instants, (descent, two_steps, two_steps)), claim("C95"))
    yield ("Parameters", *(_listed(parameters(r)) for r in rules), claim("C64"))
    yield ("Final step in a slope", *map(steady_step, rules), claim("C58b"))
    yield ("Stable for", *map(_stable, rules), claim("C63"))
    yield (f"Floor crossed, rate {USUAL}", *crossings(USUAL), claim("C55"))
    yield (f"Floor crossed, rate {ZIGZAG}", *crossings(ZIGZAG), claim("C60"))
    yield (f"Slowest factor, rate {USUAL}", *slowest(USUAL), claim("C56"))
    yield ("Among dents, rests at", *map(rests_at, rules), claim("C61"))
    yield (f"Rate {USUAL} over its limit", *map(_used, rules), claim("C68"))


def rests_at(rule: Rule) -> float:
    """Return where a rule ends that starts at 6 on a parabola with dents, w**2/20 + 3*(1 - cos(3*w))/25."""
    values = {"rho": float(NINE_TENTHS)} if rho in parameters(rule) else {}
    run = optimizer(rule, **{_rate(rule).name: 0.1}, **values)
    end = float(run.run(6.0, lambda w: w / 10 + 0.36 * np.sin(3 * w), 2000, every=2000).x[-1])
    return round(end, 9) + 0.0


def _listed(symbols: Iterable[Symbol]) -> str:
    return ", ".join(f"`{s}`" for s in symbols)


def _instants(derivation: Derivation) -> int:
    return len(states(derivation.rule))


def _rate(rule: Rule) -> Symbol:
    return next(s for s in parameters(rule) if s != rho)


def _stable(rule: Rule) -> Relation:
    rate = _rate(rule)
    return Relation((rate * lam, largest_stable(rule, rate) * lam), ("<",))


def _used(rule: Rule) -> float:
    limit = largest_stable(rule, _rate(rule)).subs({lam: curvatures()[0], rho: NINE_TENTHS})
    return float(USUAL / limit)


@cache
def _energy() -> Motion:
    return Motion(
        "valley floor", damped_particle, {"m": 1.0, "gamma": 0.5, "lam": float(curvatures()[1])}, 12.0
    )


@cache
def _frictions() -> tuple[Motion, ...]:
    floor = curvatures()[1]
    edge = float(critical_values(damped_particle.law(), gamma)[0].subs({m: 1, lam: floor}))
    return tuple(
        Motion(
            name,
            damped_particle,
            {"m": 1.0, "gamma": share * edge, "lam": float(floor)},
            12.0,
            intervals=1200,
        )
        for name, share in (("thin", 0.25), ("critical", 1.0), ("thick", 4.0))
    )


chapter = Chapter(
    number="V",
    title="Both methods in a valley",
    vocabulary=VOCABULARY,
    blocks=(
        """
        An example decides what sentences can only suggest. The source chose a good one: a valley, steep
        across and gentle along.
        """,
        Shown("5.0", height, check=is_the_valley, faces=("learning",), says="The valley:"),
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
            draw=lambda ax: tracks(*runs(USUAL), ax=ax),
            caption=lambda: tracks_caption(*runs(USUAL)),
            alt="Three tracks on the contours of a valley. Gradient descent runs straight to the floor "
            "and then along "
            "it; momentum of the source swings across the floor many times and passes the minimum; "
            "momentum as "
            "derived swings a few times and is then beside gradient descent.",
        ),
        """
        The derived rule (4.5) keeps pace with gradient descent, and it must: at the same `eta` both take,
        in the end, the same steps along the floor. The rule (4.4) is ten times as fast along the floor,
        because with the same number for its rate it takes steps ten times as long.
        """,
        Figure(
            name="losses",
            draw=lambda ax: losses(*runs(USUAL), ax=ax),
            caption=lambda: losses_caption(*runs(USUAL)),
            alt="Loss against steps on a logarithmic scale: gradient descent and the derived momentum "
            "fall slowly "
            "together, the momentum of the source falls much faster, in waves.",
        ),
        Heading("Where descent does swing"),
        """
        Gradient descent jumps across the floor at every step when the factor `1 - 20*eta` is negative,
        and still converges while it is above `-1`: for a rate between one twentieth and one tenth. This
        is the window in which the picture of the zigzag, which one finds in every course, is true.
        """,
        Figure(
            name="tracks-zigzag",
            draw=lambda ax: tracks(*runs(ZIGZAG), ax=ax),
            caption=lambda: tracks_caption(*runs(ZIGZAG)),
            alt="The same valley at a larger rate. Gradient descent jumps from wall to wall and arrives; "
            "the momentum "
            "of the source swings far out; the derived momentum swings gently.",
        ),
        Finding(
            title="The valley answers back",
            anchor="valley-answers",
            says="""
            Several rows of the source's final table are refuted by the example that stands beside it.
            """,
            follows=(
                lambda: (
                    f"At the usual rate gradient descent {often('crosses the floor', crossings(USUAL)[0])}; "
                    f"momentum {often('does', crossings(USUAL)[1])}."
                ),
                lambda: (
                    f"At a rate of {ZIGZAG} gradient descent {often('overshoots', crossings(ZIGZAG)[0])} in "
                    f"{STEPS} steps, without any inertia."
                ),
                lambda: (
                    f"At its best rate, {best_descent()[0]}, gradient descent shrinks every distance by "
                    f"{number(best_descent()[1], 4)} a step. With `rho = 0.9` no rate whatever gets below "
                    f"{number(float(rate_floor(source_rule).subs(rho, NINE_TENTHS)), 4)}."
                ),
            ),
            source=(
                "In narrow valleys gradient descent zigzags, and momentum is smoother.",
                "Gradient descent cannot overshoot, for it has no inertia.",
                "Momentum converges faster.",
            ),
            difference=(
                "It is the other way round at the source's own values.",
                "True of the flow (3.2a), and of steps only while `eta*lam <= 1`.",
                "True of momentum that is *tuned*, whatever the valley; not of nine tenths in this one, "
                "which is "
                "too short to need it.",
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
            draw=lambda ax: energies(_energy(), ax=ax),
            caption=lambda: energies_caption(_energy()),
            alt="Energy falls in steps, steepest where the particle is fastest and level where it turns; "
            "potential and "
            "kinetic energy rise and fall in turns below it; markers of the start less the heat lie on "
            "the line.",
        ),
        """
        The energy never rises, and it falls fastest where the particle is fastest: at the rate
        `-gamma*v**2`. Where the particle turns, the curve is level.
        """,
        Figure(
            name="regimes-valley",
            draw=lambda ax: regimes(*_frictions(), ax=ax),
            caption=lambda: (
                "One particle on the floor of the valley, in three media. " + regimes_caption(*_frictions())
            ),
            alt="Position against time in units of the relaxation time for thin, critical and thick "
            "media: swinging, "
            "the fastest approach without a swing, and a slow creep.",
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
