"""The ground truth on integrations: whether new values are those that a method asks for, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law, Rule, Statement
from physsym.core.symbols import dot
from physsym.mechanics.integrators import ExplicitRungeKutta, Integrator
from physsym.mechanics.moves import Integrate
from tests.fuzz.evaluation import MP, Number, Place, UnclearError, alike, looks, stepped, value
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
    gaps = looks(lambda at: missed(move.integrator, equations, move.step, stepped(below, at), at))
    return all(alike(number, 0) for row in gaps for number in row)


def _by_state(law: Law, rule: Rule) -> Equations:
    """Return the equation of each state, in the order of the law."""
    found = {e: [s for s in rule.targets if e.residual.has(dot(s))] for e in law.equations}
    return {states[0]: e for e, states in found.items() if len(states) == 1}


@singledispatch
def missed(method: object, equations: Equations, step: Symbol, new: Values, at: Place) -> list[Number]:
    """Return by how much each new value misses what a method asks for; new kinds of methods register here."""
    raise UnclearError(f"no way is known to tell what {method!r} asks for; use missed.register")


@missed.register(Integrator)
def _(method: Integrator, equations: Equations, step: Symbol, new: Values, at: Place) -> list[Number]:
    return [_mixture_gap(s, equations, method, at.number(step), new, at) for s in equations]


@missed.register(ExplicitRungeKutta)
def _(method: ExplicitRungeKutta, equations: Equations, step: Symbol, new: Values, at: Place) -> list[Number]:
    rates: list[Values] = []
    for row in method.matrix:
        place = at.at({s: _moved(s, row, rates, step, at) for s in equations})
        rates.append({s: _rate(s, equation, place) for s, equation in equations.items()})
    return [new[s] - _moved(s, method.weights, rates, step, at) for s in equations]


def _moved(state: Symbol, shares: Sequence[Expr], rates: list[Values], step: Symbol, at: Place) -> Number:
    moves = (value(share, at) * rate[state] for share, rate in zip(shares, rates, strict=False))
    return at.number(state) + at.number(step) * sum(moves)


def _rate(state: Symbol, equation: Equation, at: Place) -> Number:
    """Return the rate that makes an equation hold, which is linear in it."""
    held, with_rate = (gap(equation, at.at({dot(state): k})) for k in (0, 1))
    return -held / (with_rate - held)


def _mixture_gap(
    state: Symbol, equations: Equations, method: Integrator, step: Number, new: Values, at: Place
) -> Number:
    """Return by how much a new value misses the equation of its state, read where the integrator says."""
    sequence = _sequence(equations, method.first)
    mixed = {}
    for other in equations:
        earlier = sequence.index(other) < sequence.index(state)
        weight = value(method.updated if earlier else method.waiting, at)
        mixed[other] = (1 - weight) * at.number(other) + weight * new[other]
    equation, old = equations[state], at.number(state)
    if method.own == "exact":
        return new[state] - _flowed(
            lambda own, rate: at.at({**mixed, state: own, dot(state): rate}), equation, old, step
        )
    weight = value(method.own, at)
    own = (1 - weight) * old + weight * new[state]
    return gap(equation, at.at({**mixed, state: own, dot(state): (new[state] - old) / step}))


def _flowed(seen: Callable[[Number, Number], Place], equation: Equation, old: Number, step: Number) -> Number:
    """Return the exact solution of c*s' + a*s + b = 0 after a step, a, b and c read off from three points."""
    b, with_own, with_rate = (gap(equation, seen(*p)) for p in ((0, 0), (1, 0), (0, 1)))
    a, c = with_own - b, with_rate - b
    return old - b / c * step if alike(a, 0) else (old + b / a) * MP.exp(-a / c * step) - b / a


def _sequence(equations: Equations, first: str) -> list[Symbol]:
    positions = [s for s, e in equations.items() if any(_only(s, o, e) for o in equations if o != s)]
    velocities = [s for s in equations if s not in positions]
    return positions + velocities if first == "positions" else velocities + positions


def _only(state: Symbol, other: Symbol, equation: Equation) -> bool:
    """Tell whether an equation says that the rate of a state is another state, and nothing else."""
    gaps = looks(lambda at: [gap(equation, at.at({dot(state): k * at.number(other)})) for k in (1, 2)])
    return all(alike(one, 0) and not alike(two, 0) for one, two in gaps)
