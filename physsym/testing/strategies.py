"""Hypothesis strategies for systems, potentials, integrators, laws, rules, parameters and derivation steps.

All of them choose among few options, the simplest first, so that a failing example shrinks to a damped
particle with as little else as the failure needs.
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
from physsym.testing.random_models import Choose, ProposedStep
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
def systems(draw: DrawFn, power_friction: bool = True) -> System:
    """Return a strategy for mechanical systems of one coordinate or two.

    Potentials are known or unknown; friction is viscous, absent, or a power of the speed. The symbols are
    those of `physsym.vocabulary`, with its dimensions, beside `y`, `mu` and `p` of
    `physsym.testing.random_models`. The simplest is the damped particle.

    Parameters
    ----------
    power_friction
        Whether friction may be a power of the speed.

    Returns
    -------
    SearchStrategy of System
    """
    choose = _chooser(draw)
    odd = power_friction and choose((False, True))
    return random_models.power_friction(choose) if odd else random_models.system(choose)


@composite
def potentials(draw: DrawFn, at: Expr = x) -> Expr:
    """Return a strategy for potential energies: unknown ones, springs, and sums. Dimension: energy.

    The simplest is the opaque `potential(at)`.

    Parameters
    ----------
    at
        The evaluation point.

    Returns
    -------
    SearchStrategy of Expr
    """
    return random_models.potential_of(_chooser(draw), at)


@composite
def integrators(draw: DrawFn) -> Method:
    """Return a strategy for integrators: the named ones, and one-stage methods with other weights.

    The simplest is forward Euler.

    Returns
    -------
    SearchStrategy of Method
    """
    return random_models.integrator(_chooser(draw))


@composite
def laws(draw: DrawFn) -> Law:
    """Return a strategy for laws of first order in one state or two, of any dimensions.

    Returns
    -------
    SearchStrategy of Law
    """
    return random_models.law_of(_chooser(draw))


@composite
def rules(draw: DrawFn) -> Rule:
    """Return a strategy for rules of one update or two, which need not be dimensionally consistent.

    Returns
    -------
    SearchStrategy of Rule

    Examples
    --------
    >>> from hypothesis import find
    >>> print(find(rules(), lambda rule: len(rule.updates) == 2))
    u <- rho*u + rho*grad(x); x <- x + u_t
    """
    return random_models.rule_of(_chooser(draw))


@composite
def _parameters(draw: DrawFn, names: tuple[Symbol, ...]) -> dict[str, Fraction]:
    return random_models.parameters(_chooser(draw), names)


def parameters(symbols: Iterable[Symbol]) -> SearchStrategy[dict[str, Fraction]]:
    """Return a strategy for exact values of parameters between 0 and 1, by name.

    Parameters
    ----------
    symbols
        The parameters.

    Returns
    -------
    SearchStrategy of dict

    Raises
    ------
    ValueError
        For a symbol at another instant, such as `after(x)`, which is no parameter.
    """
    names = tuple(symbols)
    marked = [s for s in names if name_and_marks(s)[1]]
    if marked:
        raise ValueError(f"parameters do not change in time, given {marked[0]}; name the plain symbol")
    return _parameters(names)


@composite
def steps(draw: DrawFn, length: int = 7) -> list[ProposedStep]:
    """Return a strategy for chains of steps: triples of a move, the line above it and the line below it.

    Each chain starts from the law of a system, a law or a rule; each line is the one that `apply` proposes.

    Parameters
    ----------
    length
        The largest number of steps.

    Returns
    -------
    SearchStrategy of list
    """
    return random_models.steps(_chooser(draw), length)
