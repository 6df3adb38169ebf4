"""The ground truth on integrations: whether new values are those that a method asks for, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

from sympy import Expr, Symbol, sympify

from physsym.core.statements import Equation, Law, Rule, Statement
from physsym.core.symbols import OPAQUE, dot
from physsym.mechanics.integrators import PartitionedEuler, RungeKutta
from physsym.mechanics.moves import Integrate
from tests.fuzz.evaluation import MP, Number, Point, UnclearError, isclose, sample, stepped, value
from tests.fuzz.oracle import absent, follows, gap

Values = dict[Symbol, Number]
Equations = dict[Symbol, Equation]  # the equation of each state's rate


@follows.register(Integrate)
def _(move: Integrate, above: Statement, below: Statement) -> bool:
    if not (isinstance(above, Law) and isinstance(below, Rule)) or not absent(move.step, above):
        return False
    equations = _by_state(above, below)
    if len(equations) != len(above.equations) or len(below.targets) != len(above.equations):
        return False
    try:
        first = _first(equations, move) if move.method.partitioned else _together(equations, move)
        gaps = sample(lambda at: defect(move.method, equations, first, move.step, stepped(below, at), at))
    except NoSuchStepError:
        return False
    return all(isclose(number, 0) for row in gaps for number in row)


class NoSuchStepError(Exception):
    """A method that takes no step along the law it is given."""


def _by_state(law: Law, rule: Rule) -> Equations:
    """Return the equation of each state, in the order of the law."""
    found = {e: [s for s in rule.targets if e.residual.has(dot(s))] for e in law.equations}
    return {states[0]: e for e, states in found.items() if len(states) == 1}


@singledispatch
def defect(
    method: object, equations: Equations, first: frozenset[Symbol], step: Symbol, new: Values, at: Point
) -> list[Number]:
    """Return by how much each new value misses what a method asks for; new kinds of methods register here.

    A method that brings a step of its own in plain numbers, `reference_step`, needs no more.
    """
    if not hasattr(method, "reference_step"):
        raise UnclearError(f"no way is known to tell what {method!r} asks for; use defect.register")
    start = {s: at.number(s) for s in equations}
    due = method.reference_step(lambda now: _rates(equations, at.at(now)), start, at.number(step), first)
    if due is None:
        raise NoSuchStepError
    return [new[s] - due[s] for s in equations]


@defect.register(PartitionedEuler)
def _(
    method: PartitionedEuler,
    equations: Equations,
    first: frozenset[Symbol],
    step: Symbol,
    new: Values,
    at: Point,
) -> list[Number]:
    return [_mixture_gap(s, equations, first, method, at.number(step), new, at) for s in equations]


@defect.register(RungeKutta)
def _(
    method: RungeKutta, equations: Equations, first: frozenset[Symbol], step: Symbol, new: Values, at: Point
) -> list[Number]:
    if any(a for i, row in enumerate(method.matrix) for a in row[i:]):
        raise NoSuchStepError
    rates: list[Values] = []
    for row in method.matrix:
        point = at.at({s: _moved(s, row, rates, step, at) for s in equations})
        rates.append(_rates(equations, point))
    return [new[s] - _moved(s, method.weights, rates, step, at) for s in equations]


def _moved(state: Symbol, shares: Sequence[Expr], rates: list[Values], step: Symbol, at: Point) -> Number:
    moves = (value(share, at) * rate[state] for share, rate in zip(shares, rates, strict=False))
    return at.number(state) + at.number(step) * sum(moves)


def _rates(equations: Equations, at: Point) -> Values:
    """Return the rate of each state that makes its equation hold, which is linear in it."""
    rates = {}
    for state, equation in equations.items():
        held, with_rate = (gap(equation, at.at({dot(state): k})) for k in (0, 1))
        rates[state] = -held / (with_rate - held)
    return rates


def _mixture_gap(
    state: Symbol,
    equations: Equations,
    first: frozenset[Symbol],
    method: PartitionedEuler,
    step: Number,
    new: Values,
    at: Point,
) -> Number:
    """Return by how much a new value misses the equation of its state, read where the method says."""
    exactly = method.own == "exact"
    weights = {s: method.updated if s in first else method.pending for s in equations}
    weights |= {s: 0 if exactly else method.own for s in equations if (s in first) == (state in first)}
    mixed = {}
    for other, weight in ((s, value(sympify(w), at)) for s, w in weights.items()):
        mixed[other] = (1 - weight) * at.number(other) + weight * new[other]
    equation, old = equations[state], at.number(state)
    if exactly:
        return new[state] - _flowed(
            lambda own, rate: at.at({**mixed, state: own, dot(state): rate}), equation, old, step
        )
    return gap(equation, at.at({**mixed, dot(state): (new[state] - old) / step}))


def _flowed(seen: Callable[[Number, Number], Point], equation: Equation, old: Number, step: Number) -> Number:
    """Return the exact solution of c*s' + a*s + b = 0 after a step, a, b and c read off from three points."""
    b, with_own, with_rate = (gap(equation, seen(*p)) for p in ((0, 0), (1, 0), (0, 1)))
    a, c = with_own - b, with_rate - b
    return old - b / c * step if isclose(a, 0) else (old + b / a) * MP.exp(-a / c * step) - b / a


# ------------------------------------------------------------------ what moves first, in numbers


def _together(equations: Equations, move: Integrate) -> frozenset[Symbol]:
    if move.first:
        raise NoSuchStepError
    return frozenset(equations)


def _first(equations: Equations, move: Integrate) -> frozenset[Symbol]:
    """Return what is named, or the velocities: a third reading of what a law means, by numbers."""
    if move.first:
        if not set(move.first) < set(equations):
            raise NoSuchStepError
        return frozenset(move.first)
    moves = _responses(equations)
    if all(moves[s] <= {s} for s in equations):
        return frozenset(equations)
    points = [f for e in equations.values() for f in e.residual.atoms(*OPAQUE)]
    held = {s for s in equations if any(f.has(s) for f in points)}
    held = held if held != set(equations) else set()
    pure = {s for s in equations if s not in held | moves[s] and moves[s] and not moves[s] & held}
    bent = {s for s in pure if not _is_straight(s, equations)}
    positions = held | {s for s in pure if not (moves[s] & pure)}
    positions |= {s for s in pure if len(moves[s]) == 1 and moves[s] <= bent and _is(s, *moves[s], equations)}
    velocities = set(equations) - positions
    if not positions or not velocities or any(all(v not in moves[p] for p in positions) for v in velocities):
        raise NoSuchStepError
    return frozenset(velocities)


def _responses(equations: Equations) -> dict[Symbol, set[Symbol]]:
    """Return for each state those whose value changes its rate."""

    def changed(at: Point) -> dict[Symbol, set[Symbol]]:
        here = _rates(equations, at)
        found: dict[Symbol, set[Symbol]] = {s: set() for s in equations}
        for other in equations:
            there = _rates(equations, at.at({other: at.number(other) + 1}))
            for state in equations:
                if not isclose(here[state], there[state]):
                    found[state].add(other)
        return found

    rows = sample(changed)
    return {s: set().union(*(row[s] for row in rows)) for s in equations}


def _is(state: Symbol, other: Symbol, equations: Equations) -> bool:
    """Tell whether the rate of a state is another state."""
    return all(sample(lambda at: isclose(_rates(equations, at)[state], at.number(other))))


def _is_straight(state: Symbol, equations: Equations) -> bool:
    """Tell whether the rate of a state halfway between two points is the mean of the rates there."""

    def straight(at: Point) -> bool:
        here = {s: at.number(s) for s in equations}
        there = {s: number * (k + 2) + 1 for k, (s, number) in enumerate(here.items())}
        halfway = {s: (here[s] + there[s]) / 2 for s in equations}
        one, other, mean = (_rates(equations, at.at(point))[state] for point in (here, there, halfway))
        return isclose((one + other) / 2, mean)

    return all(sample(straight))
