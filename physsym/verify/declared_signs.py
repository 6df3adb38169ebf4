"""Declared signs are theorems: what a new name is declared to be must follow from what it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Symbol

from physsym.core.signs import declared_sign_name, declares_sign, of_declared_sign
from physsym.core.verdicts import Condition, Hypothesis
from physsym.verify.conditions import truth
from physsym.verify.substitution import Refusal
from physsym.vocabulary import STANDARD

KINDS_OF_NUMBER = ("integer", "even", "odd", "prime", "composite", "irrational", "transcendental")


def required_by_name(symbol: Symbol, value: Expr) -> tuple[Condition | Hypothesis, ...]:
    """Return what must be assumed for a value to be what its name is declared to be.

    Parameters
    ----------
    symbol
        The name, declared positive, say, or an integer.
    value
        What it stands for, a constant.

    Returns
    -------
    tuple of Condition or Hypothesis
        Empty where the declared signs of the symbols in the value imply it.

    Raises
    ------
    Refusal
        Where they contradict it, or the natural range of the name.

    Examples
    --------
    >>> from physsym.vocabulary import alpha, dt, eta, gamma, rho
    >>> print(*required_by_name(alpha, (1 - rho) * eta))
    1 - rho > 0
    >>> required_by_name(eta, dt / gamma)
    ()
    """
    (sign,) = of_declared_sign(symbol, value) or (None,)
    known = True if sign is None else truth(sign)
    if known is False:
        raise Refusal(
            f"{symbol} = {value} contradicts that {symbol} is declared {declared_sign_name(symbol)}: declare "
            "it real, or define it with the other sign"
        )
    for bound in STANDARD.ranges((symbol,)):
        if truth(Condition(bound.expression.xreplace({symbol: value}), bound.relation)) is False:
            raise Refusal(f"{symbol} = {value} is never in the range of {symbol}, {bound}: take another name")
    return (*([] if sign is None or known else [sign]), *_kind_of_number(symbol, value))


def _kind_of_number(symbol: Symbol, value: Expr) -> Iterator[Hypothesis]:
    for kind in KINDS_OF_NUMBER:
        known = getattr(value, f"is_{kind}")
        if getattr(symbol, f"is_{kind}") and known is False:
            raise Refusal(f"{symbol} is declared {kind}, which {value} is not")
        if getattr(symbol, f"is_{kind}") and known is None:
            yield Hypothesis(f"{value} is {kind}")


def refuse_declared_velocity(velocity: Symbol, rate: Symbol) -> None:
    """Raise Refusal if a new state that stands for a rate is declared to have a sign."""
    if declares_sign(velocity):
        raise Refusal(
            f"{rate} may change its sign, yet {velocity} is declared {declared_sign_name(velocity)}: declare "
            "it real"
        )


def required_by_unit(new: Symbol, old: Symbol, factor: Expr) -> tuple[Condition | Hypothesis, ...]:
    """Return what must be assumed for a rescaled state to be what it is declared to be.

    Parameters
    ----------
    new, old
        The states, with `old = factor*new`.
    factor
        A constant.

    Returns
    -------
    tuple of Condition or Hypothesis
        Conditions on constants.

    Raises
    ------
    Refusal
        Where the old state is not known to have a sign that makes the new one what it is declared to be.
    """
    required = required_by_name(new, old / factor)
    if any(isinstance(c, Hypothesis) or old in c.expression.free_symbols for c in required):
        raise Refusal(
            f"{old} may change its sign, so {new} = {old / factor} is not known to be what it is declared to "
            f"be: declare {new} real"
        )
    return required
