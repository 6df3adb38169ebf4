"""What chapter V counts and measures: runs in the valley, and the rows of the comparison."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sympy import Expr, Function, Mul, Rational, Symbol

from . import figures
from ._audit import claim
from ._tables import largest_stable, tidy
from ..claims.rules import hills
from ..gradient_descent import derivation as descent
from ..momentum import derivation as momentum
from ..momentum import source_rule, textbook, two_steps
import physsym as ps
from physsym import Derivation, Rule, Verdict, damped_particle
from physsym.analysis.damping import critical_values
from physsym.analysis.rates import rate_lower_bound, worst_case_rate
from physsym.documents.content import OneFace, Row
from physsym.core.dimensions import LENGTH
from physsym.core.statements import Equation, Relation, parameters, states
from physsym.core.verdicts import fails, holds
from physsym.vocabulary import STANDARD, alpha, eta, gamma, lam, m, rho, scalar

w1, w2 = Symbol("w1", real=True), Symbol("w2", real=True)
VOCABULARY = STANDARD.extended(scalar(w1, LENGTH, "first weight"), scalar(w2, LENGTH, "second weight"))

height = Equation(Function("f")(w1, w2), Mul(Rational(1, 2), 20 * w1**2 + w2**2, evaluate=False))

USUAL, NINE_TENTHS = Rational(1, 100), Rational(9, 10)
ZIGZAG, STEPS, START = Rational(9, 100), 100, (0.6, 2.4)


def curvatures(f: Equation = height) -> tuple[Expr, ...]:
    """Return the curvatures of the valley, across and along."""
    return f.right.diff(w1, 2), f.right.diff(w2, 2)


def is_the_valley(f: Equation = height) -> Verdict:
    """Judge whether a formula is the function that the runs descend: in value and gradient, at 5 points."""
    import numpy as np

    from physsym.runtime.potentials import problem

    valley, gaps = problem("valley"), []
    for point in np.random.default_rng(20).normal(size=(5, 2)):
        at = dict(zip((w1, w2), point, strict=True))
        value, gradient = float(f.right.subs(at)), [float(f.right.diff(w).subs(at)) for w in (w1, w2)]
        gaps += [abs(value - valley.value(point)), *np.abs(np.array(gradient) - valley.gradient(point))]
    found = f"value and gradient agree with the program at 5 points, to {max(gaps):.0e}"
    return holds(found) if max(gaps) < 1e-12 else fails(f"value or gradient differ by {max(gaps):.3g}")


@cache
def runs(rate: Rational) -> tuple[figures.Experiment, ...]:
    """Return the three methods at one rate, with momentum nine tenths where there is any."""
    from physsym.runtime.potentials import problem

    r, k, valley = float(rate), float(NINE_TENTHS), problem("valley")
    return (
        figures.Experiment("gradient descent", descent, {"eta": r}, STEPS, valley, START),
        figures.Experiment("momentum (4.4)", textbook, {"alpha": r, "rho": k}, STEPS, valley, START),
        figures.Experiment("momentum (4.5)", momentum, {"eta": r, "rho": k}, STEPS, valley, START),
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
        found.append(float(worst_case_rate(run.derived.rule, values, (along, across))))
    return tuple(found)


def best_descent() -> tuple[Expr, float]:
    """Return the rate at which gradient descent is fastest on the valley, and its slowest factor there."""
    across, along = curvatures()
    rate = 2 / (across + along)
    return rate, float(worst_case_rate(descent.rule, {eta: rate}, (along, across)))


def lowest_factor() -> float:
    """Return the factor below which momentum of nine tenths, as the source has it, gets at no rate."""
    return float(rate_lower_bound(source_rule).subs(rho, NINE_TENTHS))


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
    broken = [says for true, says in rows if not true]
    return fails(*broken) if broken else holds(*(says for _, says in rows))


def compared() -> Iterable[Row]:
    """Return the comparison row by row: three rules, and the verdict on what the source says in that row."""
    rules = (descent.rule, source_rule, momentum.rule)
    yield ("Mechanics", *(OneFace("physics", r) for r in rules), claim("C65"))
    yield ("Learning", *(OneFace("learning", r) for r in rules), claim("C65"))
    yield ("Carries along", *(_listed(states(r)) for r in rules), claim("C57"))
    yield ("Instants sampled", *map(_instants, (descent, two_steps, two_steps)), claim("C95"))
    yield ("Parameters", *(_listed(parameters(r)) for r in rules), claim("C64"))
    yield ("Final step in a slope", *map(figures.steady_step, rules), claim("C58b"))
    yield ("Stable for", *map(_stable, rules), claim("C63"))
    yield (f"Floor crossed, rate {USUAL}", *crossings(USUAL), claim("C55"))
    yield (f"Floor crossed, rate {ZIGZAG}", *crossings(ZIGZAG), claim("C60"))
    yield (f"Slowest factor, rate {USUAL}", *slowest(USUAL), claim("C56"))
    yield ("Among dents, rests at", *map(rests_at, rules), claim("C61"))
    yield (f"Rate {USUAL} over its limit", *map(_used, rules), claim("C68"))


def rests_at(rule: Rule) -> float:
    """Return where a rule ends that starts at 6 on the parabola with dents of the claims."""
    values = {"rho": float(NINE_TENTHS)} if rho in parameters(rule) else {}
    run = ps.optimizer(rule, **{_rate(rule).name: 0.1}, **values)
    end = float(run.run([6.0], hills, 2000, every=2000).x[-1, 0])
    return round(end, 9) + 0.0


def _listed(symbols: Iterable[Symbol]) -> str:
    return ", ".join(f"`{s}`" for s in symbols)


def _instants(derivation: Derivation) -> int:
    return len(states(derivation.rule))


def _rate(rule: Rule) -> Symbol:
    return next(s for s in parameters(rule) if s != rho)


def _stable(rule: Rule) -> Relation:
    rate = _rate(rule)
    return Relation((rate * lam, tidy(largest_stable(rule, rate) * lam)), ("<",))


def _used(rule: Rule) -> float:
    limit = largest_stable(rule, _rate(rule)).subs({lam: curvatures()[0], rho: NINE_TENTHS})
    return float(USUAL / limit)


@cache
def energy_of_floor() -> figures.Motion:
    """Return a particle on the floor of the valley, under little friction."""
    return figures.Motion(
        "valley floor", damped_particle, {"m": 1.0, "gamma": 0.5, "lam": float(curvatures()[1])}, 12.0
    )


@cache
def in_three_media() -> tuple[figures.Motion, ...]:
    """Return a particle on the floor in media of a quarter of the critical friction, of all, and of four."""
    floor = curvatures()[1]
    edge = float(critical_values(damped_particle.law(), gamma)[0].subs({m: 1, lam: floor}))
    return tuple(
        figures.Motion(
            name,
            damped_particle,
            {"m": 1.0, "gamma": share * edge, "lam": float(floor)},
            12.0,
            intervals=1200,
        )
        for name, share in (("thin", 0.25), ("critical", 1.0), ("thick", 4.0))
    )
