"""Systems, laws, rules, integrators, parameters and derivation steps, made from choices taken by others.

Every maker is given a function that chooses one of a sequence: `random.Random(seed).choice` for random
ones, or one that asks Hypothesis. The first of each sequence is the simplest, so that a search for the
smallest example ends at a damped particle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    ReduceOrder,
    Rescale,
)
from physsym.mechanics.system import System
from physsym.transform import apply
from physsym.vocabulary import alpha, dt, eta, gamma, lam, m, rho, tau, u, v, x

T = TypeVar("T")
Taken = tuple[Move, Statement, Statement]  # a move, the line above it, the line below it


class Choose(Protocol):
    """A function that takes one of a sequence, which is not empty."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Return one of the options."""


y, w = Symbol("y", real=True), Symbol("w", real=True)
mu, p = Symbol("mu", positive=True), Symbol("p", positive=True)

WEIGHTS = tuple(Rational(n, d) for n, d in ((0, 1), (1, 1), (1, 2), (1, 3), (2, 3), (1, 4), (3, 4)))
_NUMBERS = tuple(Rational(n, d) for n, d in ((1, 1), (2, 1), (1, 2), (3, 1), (2, 3), (5, 4)))
_FRICTIONS = (
    gamma * dot(x) ** 2 / 2,
    Integer(0),
    gamma * dot(x) ** 2,
    gamma * dot(x) ** 2 / 2 + mu * dot(x) ** 2,
    (gamma + mu) * dot(x) ** 2 / 2,
)
_LONG = 50  # operations in a line that is not made any longer
_POWERS = (2, 3, Rational(3, 2), 1 + p)  # above one, so that the force rises with the speed


def potential_of(choose: Choose, place: Expr = x) -> Expr:
    """Return a potential energy at a place: an unknown one, a spring, or sums of them. Dimension: energy."""
    return choose(
        (
            potential(place),
            lam * place**2 / 2,
            potential(place) + lam * place**2 / 2,
            2 * potential(place),
            potential(place) + potential(place / 2),
        )
    )


def system(choose: Choose) -> System:
    """Return a system of one coordinate, or of two that meet in the potential; viscous friction or none."""
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
    """Return an integrator: a named one, or one with weights of its own."""
    if choose((True, True, False)):
        return choose(ALL)
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
    names, place = (rho, eta, alpha), choose((x, x + rho * u, x - u))
    if choose((False, True, True)):
        step = choose((u, after(u)))
        first = Update(u, rho * u + _sum(choose, (grad(place), u), names))
        return Rule((first, Update(x, x + choose((step, step - eta * grad(x), rho * step)))))
    return Rule((Update(x, x + _sum(choose, (grad(x), x), names)),))


def _starts(choose: Choose) -> Statement:
    makers: tuple[Any, ...] = (lambda c: system(c).law(), lambda c: power_friction(c).law(), law_of, rule_of)
    start: Statement = choose(makers)(choose)
    return start


def steps(choose: Choose, length: int = 7) -> list[Taken]:
    """Return steps that lead on from one another, from a system, a law or a rule.

    Each is a move and what `apply` proposes; moves that cannot be carried out are passed over. Whether the
    proposals are right is for others to tell.
    """
    line, taken = _starts(choose), []
    for _ in range(length):
        move = choose(_moves(choose, line))
        below = _carried_out(move, line)
        if below is not None:
            taken.append((move, line, below))
            line = below
    return taken


def _carried_out(move: Move, line: Statement) -> Statement | None:
    try:
        below = apply(move, line)
    except (MoveError, StatementError, NotImplementedError, ValueError):
        return None
    return None if below == line else below


def _moves(choose: Choose, line: Statement) -> list[Move]:
    """Return moves of every kind that makes sense for a line, few of which may turn out impossible."""
    # An exponent cannot be let go or renamed like a coefficient: with p the friction would change its kind.
    own = sorted((s for s in symbols(line) if s.is_positive and s != p), key=str) or [gamma]
    one, other = choose(own), choose(own)
    shared: list[Move] = [_definition(choose, line, one, other), Limit(one, choose((Integer(0), sympy.oo)))]
    if isinstance(line, Law):
        return shared + _of_law(choose, line, one, other)
    return shared + _of_rule(choose, line, one)


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


def _of_law(choose: Choose, line: Law, one: Symbol, other: Symbol) -> list[Move]:
    held = symbols(line)
    by = choose((one, one * other, 2 * one, one / other, one + other, one**2))
    found: list[Move] = [Divide(by), Multiply(by)] if _size(line) < _LONG else []
    if dot(dot(x)) in held:
        unit = choose((one, 2, 1 / other))
        return [
            *found,
            ReduceOrder(x, v),
            ReduceOrder(x, v),
            Isolate(dot(dot(x))),
            Rescale(x, w, unit),
            Limit(m),
        ]
    if dot(x) in held:
        integrate = Integrate(choose((forward_euler, semi_implicit_euler, integrator(choose))), dt)
        # A power of a velocity has to be solved for it before its rate can be followed.
        ready = [integrate] * 3 if all(DOT not in str(e.atoms(Abs)) for e in expressions(line)) else []
        return [*found, Isolate(dot(x)), *ready, Rescale(x, w, one)]
    return found


def _size(line: Statement) -> int:
    return sum(int(e.count_ops()) for e in expressions(line))


def _of_rule(choose: Choose, line: Rule, one: Symbol) -> list[Move]:
    state, unit = choose(line.targets), choose((one, 1 / one, 2 * one))
    return [Rescale(state, w, unit), Eliminate(line.targets[0]), Limit(one)]
