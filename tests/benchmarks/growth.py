"""Rows S10, S11, G1 and G2: how the time of analyses grows with the number of states, coordinates or parameters.

Each row gives the time at several sizes, in processor time of this process with SymPy's caches cleared.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count

from sympy import symbols
from sympy.core.cache import clear_cache

from physsym import Limit, System, after, apply, check, dot, law, rule, same_rule
from physsym.analysis import stability_region
from physsym.core.statements import Law, Rule
from physsym.core.verdicts import Verdict
from physsym.vocabulary import G, eta, m, x
from tests.benchmarks import timing
from tests.benchmarks.derivation import chain, cpu, pendula
from tests.benchmarks.timing import Row, behind

ROUNDS = 3


def momenta(states: int, mark: str = "") -> Rule:
    """Return a rule of so many states: a position, and velocities with memories of their own that move it.

    Another mark in the names of the velocities' memories makes a rule of which nothing is remembered.

    Examples
    --------
    >>> print(momenta(3))
    u0 <- beta0*u0 - eta*grad(x); u1 <- beta1*u1 - eta*grad(x); x <- x + u0+ + u1+
    """
    velocities = symbols(f"u0:{states - 1}", real=True)
    memories = symbols(f"beta{mark}0:{states - 1}", positive=True)
    decays = {u: beta * u - eta * G for u, beta in zip(velocities, memories, strict=True)}
    return rule({**decays, x: x + sum(map(after, velocities))})


def frictions(coordinates: int) -> tuple[Limit, Law]:
    """Return the limit without inertia of coordinates with frictions of their own, and the law before it."""
    pairs = list(
        zip(symbols(f"q0:{coordinates}", real=True), symbols(f"g0:{coordinates}", positive=True), strict=True)
    )
    return Limit(m, 0), law({m * dot(dot(q)): -g * dot(q) - q for q, g in pairs})


def factored(parameters: int) -> tuple[Rule, Rule]:
    """Return one rational rule in two forms: a sum of fractions, and the same over pairs of them."""
    names = symbols(f"a0:{parameters}", positive=True)
    pairs = list(zip(names[::2], names[1::2], strict=True))
    return (
        rule({x: x - eta * G * sum(1 / (1 + a) for a in names)}),
        rule({x: x - eta * G * sum((2 + a + b) / ((1 + a) * (1 + b)) for a, b in pairs)}),
    )


def growth(action: Callable[[int], Callable[[], object]], sizes: Sequence[int]) -> dict[int, float]:
    """Return the time of an action at each size, the median of some rounds; it is prepared outside of it."""

    def once(size: int) -> float:
        prepared = action(size)
        clear_cache()
        return cpu(prepared)

    action(min(sizes))()  # what is imported and compiled once
    return {n: statistics.median(once(n) for _ in range(timing.rounds(ROUNDS))) for n in sizes}


def said(times: dict[int, float], of: str) -> str:
    """Return the times in words.

    >>> said({3: 0.5, 4: 2.0}, "states")
    '3 states 0.50 s; 4 states 2.00 s'
    """
    return "; ".join(
        f"{n} {of} {spent:.2g} s" if spent < 0.1 else f"{n} {of} {spent:.2f} s" for n, spent in times.items()
    )


def judged(coordinates: int) -> Callable[[], object]:
    """Return the judgement of a limit; it raises AssertionError unless it holds."""
    move, above = frictions(coordinates)
    below = apply(move, above)

    def judge() -> None:
        if not check(move, above, below):
            raise AssertionError("the limit should hold")

    return judge


def compared(parameters: int) -> Callable[[], Verdict]:
    """Return the comparison of one rule in two forms."""
    return partial(same_rule, *factored(parameters))


def of_pendula(number: int) -> Callable[[], object]:
    """Return the derivation of the law of a chain of pendula."""
    angles = symbols(f"q:{number}", real=True)
    return System(angles, pendula(angles, [dot(q) for q in angles])).law


GOALS = ("S10", "S11", "G1", "G2")


def rows() -> Iterator[Row]:
    """Yield the rows of growth."""
    marks = map("_{}_".format, count())
    regions = growth(lambda n: partial(stability_region, momenta(n, next(marks))), (3, 4, 5))
    ratio, last = regions[4] / regions[3], regions[5]
    yield Row("S10", "stability_region of 4 states / 3 states; 5 states, s", "<= 5; <= 1", "1.2; 0.25",
              f"{ratio:.2f}; {last:.2f}", ratio <= 5 and last <= 1, said(regions, "states"),
              behind=behind({"4 states / 3 states": ratio <= 1.2, "5 states": last <= 0.25}))  # fmt: skip
    against = chain(10)  # once: LagrangesMethod takes ten seconds, and row 17 measures the same in rounds
    laws = growth(of_pendula, (5, 10, 20))
    yield Row("S11", "law of 10 pendula / LagrangesMethod; 20 pendula, s", "<= 0.1; <= 3", "0.01; 0.8",
              f"{against:.3g}; {laws[20]:.2f}", against <= 0.1 and laws[20] <= 3, said(laws, "pendula"),
              behind=behind({"10 pendula": against <= 0.01, "20 pendula": laws[20] <= 0.8}))  # fmt: skip
    limits = growth(judged, (6, 8, 10))
    yield Row("G1", "Limit of 10 coordinates with frictions of their own, s", "<= 5", "", f"{limits[10]:.2f}",
              limits[10] <= 5, said(limits, "coordinates"))  # fmt: skip
    same = growth(compared, (4, 8, 16))
    outcomes = ", ".join(f"{n}: {compared(n)().outcome.value}" for n in same)
    yield Row("G2", "same_rule of a rational rule in two forms, 16 parameters, s", "<= 1", "", f"{same[16]:.2g}",
              same[16] <= 1, f"{said(same, 'parameters')}; verdicts: {outcomes}")  # fmt: skip
