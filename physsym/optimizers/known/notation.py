"""The symbols of published rules, and their natural ranges.

Those of `physsym.vocabulary` stand for what they stand for there: `eta` for a learning rate that multiplies a
gradient, `alpha` for the step size of the momentum method, `rho` for a momentum coefficient, `u` for the
displacement in one step. A learning rate that multiplies a ratio of gradients is a length.
"""

from __future__ import annotations

from sympy import Rational, Symbol

from physsym.core.verdicts import Condition

b, beta, c, d, g, k, nu, s, y = (
    Symbol(n, real=True) for n in ("b", "beta", "c", "d", "g", "k", "nu", "s", "y")
)
mu = Symbol("mu", real=True)


def at_least_zero(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters are not negative."""
    return tuple(Condition(p, ">= 0") for p in symbols)


def positive(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters are positive."""
    return tuple(Condition(p, "> 0") for p in symbols)


def fraction(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters lie between 0, which is included, and 1, which is not."""
    return tuple(c for p in symbols for c in (Condition(p, ">= 0"), Condition(1 - p, "> 0")))


def decimal(text: str) -> Rational:
    """Return the exact value of a decimal number."""
    return Rational(text)
