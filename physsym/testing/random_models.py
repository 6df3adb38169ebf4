"""Random systems, laws, rules, integrators, parameters and steps, drawn by a function that chooses.

The choosing function takes one of a sequence: `random.Random(seed).choice`, or one that asks Hypothesis. The
first option of each sequence is the simplest, so that a search for the smallest example ends at a damped
particle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import sympy
from sympy import Abs, Add, Expr, Integer, Rational, Symbol

from physsym.core.statements import Law, Rule, Statement, StatementError, Update, expressions, law, symbols
from physsym.core.symbols import DOT, after, dot, grad, potential
from physsym.integrators import ALL, Method, PartitionedEuler, forward_euler, semi_implicit_euler
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Move,
    MoveError,
    Multiply,
    Neglect,
    ReduceOrder,
    Rescale,
)
from physsym.mechanics.system import System
from physsym.transform import apply
from physsym.vocabulary import alpha, dt, eta, gamma, lam, m, rho, tau, u, v, x

T = TypeVar("T")
ProposedStep = tuple[Move, Statement, Statement]  # a move, the line above it, the line below it


class Choose(Protocol):
    """A function that chooses one of the options, of which there is at least one."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Return one of the options."""


y, w = Symbol("y", real=True), Symbol("w", real=True)
mu, p = Symbol("mu", positive=True), Symbol("p", positive=True)

METHODS = list(ALL)  # whoever adds a method of a new kind appends one of it
WEIGHTS = tuple(Rational(n, d) for n, d in ((0, 1), (1, 1), (1, 2), (1, 3), (2, 3), (1, 4), (3, 4)))
_NUMBERS = tuple(Rational(n, d) for n, d in ((1, 1), (2, 1), (1, 2), (3, 1), (2, 3), (5, 4)))
_FRICTIONS = (
    gamma * dot(x) ** 2 / 2,
    Integer(0),
    gamma * dot(x) ** 2,
    gamma * dot(x) ** 2 / 2 + mu * dot(x) ** 2,
    (gamma + mu) * dot(x) ** 2 / 2,
)
_LONG = 50  # operations from which on a line is not multiplied or divided
_POWERS = (2, 3, Rational(3, 2), 1 + p)  # above one, so that the force rises with the speed


def potential_of(choose: Choose, at: Expr = x) -> Expr:
    """Return a potential energy: an unknown one, a spring, or sums of them. Dimension: energy."""
    return choose(
        (
            potential(at),
            lam * at**2 / 2,
            potential(at) + lam * at**2 / 2,
            2 * potential(at),
            potential(at) + potential(at / 2),
        )
    )


def system(choose: Choose) -> System:
    """Return a system of one coordinate, or of two coupled by the potential; viscous friction or none."""
    if choose((1, 1, 1, 2)) == 2:
        kinetic = m * (dot(x) ** 2 + dot(y) ** 2) / 2
        friction = gamma * (dot(x) ** 2 + choose(_NUMBERS) * dot(y) ** 2) / 2
        return System((x, y), kinetic - choose((potential(x, y), potential(x) + potential(y))), friction)
    kinetic = choose(_NUMBERS) * m * dot(x) ** 2 / 2
    return System((x,), kinetic - potential_of(choose), choose(_FRICTIONS))


def power_friction(choose: Choose) -> System:
    """Return a particle whose friction is a power of its speed: the Rayleigh function is gamma*|x'|**p/p."""
    power = choose(_POWERS)
    return System((x,), m * dot(x) ** 2 / 2 - potential_of(choose), gamma * Abs(dot(x)) ** power / power)


def integrator(choose: Choose) -> Method:
    """Return an integrator: a named one, or one with random weights."""
    if choose((True, True, False)):
        return choose(METHODS)
    return PartitionedEuler("weighted Euler", 1, own=choose(WEIGHTS), updated=choose(WEIGHTS))


def parameters(choose: Choose, names: Iterable[Symbol]) -> dict[str, Fraction]:
    """Return an exact number for every symbol, by name; positive, as parameters of optimizers are."""
    tenths = tuple(Fraction(n, 10) for n in (1, 2, 3, 5, 7, 9))
    return {s.name: choose(tenths) for s in sorted(names, key=str)}


def _coefficient(choose: Choose, names: Sequence[Symbol]) -> Expr:
    one, other = choose(names), choose(names)
    return choose((one, 1 - one, one / other, choose(_NUMBERS) * one, one * other, 1 / (1 + one)))


def _sum(choose: Choose, vectors: Sequence[Expr], names: Sequence[Symbol]) -> Expr:
    terms = (
        choose((1, -1)) * _coefficient(choose, names) * choose(vectors) for _ in range(choose((1, 2, 3)))
    )
    return Add(*terms)


def law_of(choose: Choose) -> Law:
    """Return a law of first order for one state or two, each rate a sum of weighed states and gradients."""
    names = (gamma, lam, rho, tau)
    velocity = law({tau * dot(v): -v - _coefficient(choose, names[:2]) * grad(x), dot(x): v})
    alone = law({dot(x): _sum(choose, (grad(x), x, grad(2 * x)), names)})
    both = law({dot(v): _sum(choose, (v, grad(x), x), names), dot(x): _sum(choose, (v, x), names)})
    return choose((alone, velocity, both))


def rule_of(choose: Choose) -> Rule:
    """Return a rule of one update or two, the second reading the new value of the first or the old one."""
    names, at = (rho, eta, alpha), choose((x, x + rho * u, x - u))
    if choose((False, True, True)):
        step = choose((u, after(u)))
        first = Update(u, rho * u + _sum(choose, (grad(at), u), names))
        return Rule((first, Update(x, x + choose((step, step - eta * grad(x), rho * step)))))
    return Rule((Update(x, x + _sum(choose, (grad(x), x), names)),))


def steps(choose: Choose, length: int = 7) -> list[ProposedStep]:
    """Return consecutive steps, from the law of a system, a law or a rule.

    Each is a move with the line above and the line that `apply` proposes, which is not verified here. Moves
    that cannot be carried out are skipped.
    """
    starts: tuple[Any, ...] = (lambda c: system(c).law(), lambda c: power_friction(c).law(), law_of, rule_of)
    line: Statement = choose(starts)(choose)
    proposed: list[ProposedStep] = []
    for _ in range(length):
        move = choose(_moves(choose, line))
        below = _proposal(move, line)
        if below is not None:
            proposed.append((move, line, below))
            line = below
    return proposed


def _proposal(move: Move, line: Statement) -> Statement | None:
    try:
        below = apply(move, line)
    except (MoveError, StatementError, NotImplementedError, ValueError):
        return None
    return None if below == line else below


Proposal = Callable[[Choose, Statement, Symbol, Symbol], Sequence[Move]]


def _moves(choose: Choose, line: Statement) -> list[Move]:
    """Return moves of every kind that makes sense for a line; a few of them may be impossible there."""
    # The exponent p takes no part in limits and definitions: with it the kind of friction would change.
    own = sorted((s for s in symbols(line) if s.is_positive and s != p), key=str) or [gamma]
    one, other = choose(own), choose(own)
    return [move for propose in PROPOSALS.values() for move in propose(choose, line, one, other)]


def _definition(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Define:
    """Return a definition; a symbol declared positive stands only for what is positive."""
    held = symbols(line)
    free = [s for s in (tau, mu, alpha, eta) if s not in held] or [Symbol("nu", positive=True)]
    positive = (one / other, one * other, one + other, one / (1 + other), one**2)
    decays = sorted({e for side in expressions(line) for e in side.atoms(sympy.exp)}, key=str)
    decay = next((e for e in decays if e.has(one)), None)
    signed = (1 - one / other, (1 - one) / (1 + one), *([decay] if decay else []))
    fresh = rho if rho not in held else Symbol("kappa", real=True)
    return choose((Define(choose(free), choose(positive), one), Define(fresh, decay or choose(signed), one)))


def _factor(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> list[Expr]:
    """Return what a law may be divided or multiplied by, as long as it does not get too long."""
    if isinstance(line, Rule) or sum(int(e.count_ops()) for e in expressions(line)) >= _LONG:
        return []
    return [choose((one, one * other, 2 * one, one / other, one + other, one**2))]


def _limits(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    found: list[Move] = [Limit(one, choose((Integer(0), sympy.oo)))]
    if isinstance(line, Rule):
        return [*found, Limit(one)]
    return [*found, Limit(m)] if dot(dot(x)) in symbols(line) else found


def _isolations(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    return [Isolate(s) for s in (dot(dot(x)), dot(x)) if s in symbols(line)][:1]


def _reductions(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    return [ReduceOrder(x, v)] * 2 if dot(dot(x)) in symbols(line) else []


def _integrations(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    if dot(x) not in symbols(line) or dot(dot(x)) in symbols(line):
        return []
    method = choose((forward_euler, semi_implicit_euler, integrator(choose)))
    first = choose(((), (), (x,), (v,))) if method.partitioned and dot(v) in symbols(line) else ()
    # A law with a power of a velocity must be solved for the velocity before it can be integrated.
    solved = all(DOT not in str(e.atoms(Abs)) for e in expressions(line))
    return [Integrate(method, dt, first)] * 3 if solved else []


def _units(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    if isinstance(line, Rule):
        return [Rescale(choose(line.targets), w, choose((one, 1 / one, 2 * one)))]
    if dot(dot(x)) in symbols(line):
        return [Rescale(x, w, choose((one, 2, 1 / other)))]
    return [Rescale(x, w, one)] if dot(x) in symbols(line) else []


def _omissions(choose: Choose, line: Statement, one: Symbol, other: Symbol) -> Sequence[Move]:
    if isinstance(line, Rule):
        return []
    terms = [t for e in line.equations for t in Add.make_args(sympy.expand(e.right)) if e.right.is_Add]
    return [Neglect(choose(terms))] if terms else []


# For each kind of move, those that make sense for a line; two positive symbols of the line come along.
PROPOSALS: dict[type[Move], Proposal] = {
    Define: lambda *given: [_definition(*given)],
    Limit: _limits,
    Divide: lambda *given: [Divide(by) for by in _factor(*given)],
    Multiply: lambda *given: [Multiply(by) for by in _factor(*given)],
    ReduceOrder: _reductions,
    Isolate: _isolations,
    Integrate: _integrations,
    Rescale: _units,
    Neglect: _omissions,
    Eliminate: lambda choose, line, one, other: (
        [Eliminate(line.targets[0])] if isinstance(line, Rule) else []
    ),
}
