"""The symbols of published rules, and their natural ranges.

Those of `physsym.vocabulary` stand for what they stand for there: `eta` for a learning rate that multiplies a
gradient, `alpha` for the step size of the momentum method, `rho` for a momentum coefficient, `u` for the
displacement in one step. The rest, with the meaning that they have in all rules:

    b           a sum of gradients            mu, mu_1, mu_2    exponential averages of gradients
    g           the gradient of the last step nu                the same of squared gradients
    k           the number of steps done      eps               what keeps a denominator from zero
    beta...     decay rates of averages       wd                the weight decay
"""

from __future__ import annotations

from sympy import Rational, Symbol

from physsym.core.dimensions import LENGTH
from physsym.core.verdicts import Condition
from physsym.vocabulary import STANDARD, Vocabulary, eta, scalar


def _real(names: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(name, real=True) for name in names.split())


a, b, beta, c, d, eps, g, k, mu, nu, psi, q, s, wd, y, z = _real("a b beta c d eps g k mu nu psi q s wd y z")
beta_1, beta_2, beta_3, mu_1, mu_2, nu_0, nu_max = _real("beta_1 beta_2 beta_3 mu_1 mu_2 nu_0 nu_max")

NORMALIZED: Vocabulary = STANDARD.extended(
    scalar(eta, LENGTH, "learning rate of a method that divides the gradient by its size: a length")
)
"""The vocabulary of rules whose step does not grow with the loss."""


def at_least_zero(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters are not negative."""
    return tuple(Condition(p, ">= 0") for p in symbols)


def positive(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters are positive."""
    return tuple(Condition(p, "> 0") for p in symbols)


def fraction(*symbols: Symbol) -> tuple[Condition, ...]:
    """Return the conditions that parameters lie between 0, which is included, and 1, which is not."""
    return tuple(c for p in symbols for c in (Condition(p, ">= 0"), Condition(1 - p, "> 0")))


def decimals(**values: str) -> dict[Symbol, Rational]:
    """Return exact values of parameters from decimal numbers; `eta` is the symbol of the vocabulary.

    >>> decimals(eta="0.1", beta_1="0.9")
    {eta: 1/10, beta_1: 9/10}
    """
    named = {"eta": eta}
    return {named.get(n, Symbol(n, real=True)): Rational(v) for n, v in values.items()}
