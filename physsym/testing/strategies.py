"""Hypothesis strategies for systems, potentials, integrators, laws, rules, parameters and derivation steps.

All of them take one of a few options at a time, simplest first: a failing example shrinks, and always in the
same way, to a damped particle with as little else as the failure needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from sympy import Expr, Symbol

from physsym.core.statements import Law, Rule
from physsym.core.symbols import name_and_marks
from physsym.integrators import Method
from physsym.mechanics.system import System
from physsym.testing import random_models
from physsym.testing.random_models import Choose, Taken
from physsym.vocabulary import x

try:
    from hypothesis.strategies import DrawFn, SearchStrategy, composite, sampled_from
except ImportError as missing:
    raise ImportError(
        "physsym.testing.strategies needs Hypothesis; install it with: pip install hypothesis"
    ) from missing

T = TypeVar("T")

__all__ = ["integrators", "laws", "parameters", "potentials", "rules", "steps", "systems"]


def _chooser(draw: DrawFn) -> Choose:
    def choose(options: Sequence[T], /) -> T:
        return draw(sampled_from(options))

    return choose


@composite
def _systems(draw: DrawFn, power_friction: bool) -> System:
    choose = _chooser(draw)
    odd = power_friction and choose((False, True))
    return random_models.power_friction(choose) if odd else random_models.system(choose)


def systems(power_friction: bool = True) -> SearchStrategy[System]:
    """Return a strategy for mechanical systems of one coordinate or two.

    They have known or unknown potentials, and viscous friction, none, or, unless `power_friction` is False,
    friction that is a power of the speed. Their symbols are those of `physsym.vocabulary`, with its
    dimensions, beside `physsym.testing.random_models.y`, `mu` and `p`. The simplest is the damped particle.
    """
    return _systems(power_friction)


@composite
def _potentials(draw: DrawFn, place: Expr) -> Expr:
    return random_models.potential_of(_chooser(draw), place)


def potentials(place: Expr = x) -> SearchStrategy[Expr]:
    """Return a strategy for potential energies at a point: opaque ones, springs, sums. Dimension: energy.

    The simplest is the opaque `potential(place)`.
    """
    return _potentials(place)


@composite
def _integrators(draw: DrawFn) -> Method:
    return random_models.integrator(_chooser(draw))


def integrators() -> SearchStrategy[Method]:
    """Return a strategy for integrators: all named ones, and others with weights of their own.

    The simplest is forward Euler.
    """
    return _integrators()


@composite
def _laws(draw: DrawFn) -> Law:
    return random_models.law_of(_chooser(draw))


def laws() -> SearchStrategy[Law]:
    """Return a strategy for laws of first order in one state or two, of any dimensions."""
    return _laws()


@composite
def _rules(draw: DrawFn) -> Rule:
    return random_models.rule_of(_chooser(draw))


def rules() -> SearchStrategy[Rule]:
    """Return a strategy for rules of one update or two, which need not have sensible dimensions.

    >>> from hypothesis import find
    >>> print(find(rules(), lambda rule: len(rule.updates) == 2))
    u <- rho*u + rho*grad(x); x <- u + x
    """
    return _rules()


@composite
def _parameters(draw: DrawFn, names: tuple[Symbol, ...]) -> dict[str, Fraction]:
    return random_models.parameters(_chooser(draw), names)


def parameters(symbols: Iterable[Symbol]) -> SearchStrategy[dict[str, Fraction]]:
    """Return a strategy for exact values between 0 and 1 of the given symbols, as a dict by name.

    Raises ValueError for a symbol at a special instant, such as `after(x)`, which is no parameter.
    """
    names = tuple(symbols)
    marked = [s for s in names if name_and_marks(s)[1]]
    if marked:
        raise ValueError(f"parameters do not change in time, given {marked[0]}; name the plain symbol")
    return _parameters(names)


@composite
def _steps(draw: DrawFn, length: int) -> list[Taken]:
    return random_models.steps(_chooser(draw), length)


def steps(length: int = 7) -> SearchStrategy[list[Taken]]:
    """Return a strategy for chains of derivation steps: triples of a move, the line above, the line below.

    Each starts from a system, a law or a rule, and has at most `length` steps, each as `apply` proposes it.
    """
    return _steps(length)
