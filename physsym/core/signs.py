"""Sign analysis: the signs that an expression can take, from its form and the signs of its symbols.

A declared sign of a state is kept by an update where the form of the new value shows it, if need be under
conditions on constants.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce, singledispatch
from itertools import product
from typing import Literal

import sympy
from sympy import Abs, Add, Expr, Max, Min, Mul, Pow, Symbol, expand, factor

from physsym.core.verdicts import Condition

Signs = frozenset[int]
ANY: Signs = frozenset({-1, 0, 1})
POSITIVE: Signs = frozenset({1})
_ODD = (sympy.sign, sympy.sinh, sympy.tanh, sympy.atan, sympy.asinh)  # with the sign of their argument
NONNEGATIVE: Signs = frozenset({0, 1})
# The signs that the expression of a condition must not have, by its relation to zero.
EXCLUDED: dict[str, frozenset[int]] = {
    "= 0": frozenset({-1, 1}), "!= 0": frozenset({0}), "> 0": frozenset({-1, 0}), ">= 0": frozenset({-1}),
}  # fmt: skip
_RELATIONS: dict[Signs, tuple[int, Literal["= 0", "!= 0", "> 0", ">= 0"]]] = {
    POSITIVE: (1, "> 0"),
    NONNEGATIVE: (1, ">= 0"),
    frozenset({-1}): (-1, "> 0"),
    frozenset({-1, 0}): (-1, ">= 0"),
    frozenset({-1, 1}): (1, "!= 0"),
    frozenset({0}): (1, "= 0"),
}


def signs(expression: Expr) -> Signs:
    """Return a superset of the signs (-1, 0, 1) that a real expression can take.

    What the form does not show counts as possible.

    Examples
    --------
    >>> a, x = Symbol("a", positive=True), Symbol("x", real=True)
    >>> sorted(signs(a * x**2)), sorted(signs(-a)), sorted(signs(x - a))
    ([0, 1], [-1], [-1, 0, 1])
    """
    return _signs(expression)


@singledispatch
def _signs(expression: Expr) -> Signs:
    if expression.is_Rational:
        return frozenset({(expression.p > 0) - (expression.p < 0)})
    positive = isinstance(expression, (sympy.exp, sympy.cosh)) or expression in (sympy.pi, sympy.E)
    return POSITIVE if positive else ANY


@_signs.register(Symbol)
def _(expression: Symbol) -> Signs:
    possible = {
        1: expression.is_nonpositive is not True,
        0: expression.is_nonzero is not True,
        -1: expression.is_nonnegative is not True,
    }
    return frozenset(s for s, allowed in possible.items() if allowed)


@_signs.register(Add)
def _(expression: Add) -> Signs:
    return reduce(_sum, map(signs, expression.args))


def _sum(a: Signs, b: Signs) -> Signs:
    opposed = any(one * other < 0 for one, other in product(a, b))
    plain = frozenset(one or other for one, other in product(a, b))
    return ANY if opposed else plain


@_signs.register(Mul)
def _(expression: Mul) -> Signs:
    # x*sign(x) is never negative, although each factor can be: factors of one base are treated together.
    odd: dict[Expr, int] = {}
    rest: Signs = POSITIVE
    for part in expression.args:
        base, power = part.as_base_exp()
        if isinstance(part, _ODD):
            odd[part.args[0]] = odd.get(part.args[0], 0) + 1
        elif power.is_Integer and not base.is_number:
            odd[base] = odd.get(base, 0) + int(power)
        else:
            rest = frozenset(a * b for a, b in product(rest, signs(part)))
    for base, power in odd.items():
        own = signs(base) if power % 2 else frozenset(abs(s) for s in signs(base))
        rest = frozenset(a * b for a, b in product(rest, own))
    return rest


@_signs.register(Pow)
def _(expression: Pow) -> Signs:
    base, power = expression.args
    own = signs(base)
    if power.is_Integer and power % 2 == 0 and power > 0:
        return frozenset(abs(s) for s in own)
    if power.is_Integer and power.is_odd:
        return own if power > 0 else own - {0}
    # A real power is real only of what is not negative, and zero only of zero.
    return NONNEGATIVE if 0 in own else POSITIVE


@_signs.register(Abs)
def _(expression: Abs) -> Signs:
    return frozenset(abs(s) for s in signs(expression.args[0]))


@_signs.register(sympy.sign)
@_signs.register(sympy.sinh)
@_signs.register(sympy.tanh)
@_signs.register(sympy.atan)
@_signs.register(sympy.asinh)
def _(expression: Expr) -> Signs:
    return signs(expression.args[0])


@_signs.register(Max)
@_signs.register(Min)
def _(expression: Expr) -> Signs:
    largest = max if isinstance(expression, Max) else min
    return frozenset(largest(chosen) for chosen in product(*map(signs, expression.args)))


def declares_sign(symbol: Symbol) -> bool:
    """Return whether a symbol is declared positive, negative, nonnegative, nonpositive or not zero."""
    return signs(symbol) != ANY


def declared_sign_name(symbol: Symbol) -> str:
    """Return the word for the sign that a symbol is declared to have, such as "positive".

    >>> declared_sign_name(Symbol("n", negative=True))
    'negative'
    """
    names = ("positive", "negative", "zero", "nonnegative", "nonpositive", "nonzero")
    return next(name for name in names if getattr(symbol, f"is_{name}"))


def of_declared_sign(symbol: Symbol, value: Expr) -> tuple[Condition, ...]:
    """Return the condition that a value has the sign which a symbol is declared to have; none without one.

    Parameters
    ----------
    symbol
        A symbol, such as the name that a definition introduces.
    value
        What it stands for.

    Returns
    -------
    tuple of Condition
        Factors of one sign are left out.

    Examples
    --------
    >>> eta, dt, gamma = (Symbol(name, positive=True) for name in ("eta", "dt", "gamma"))
    >>> print(*of_declared_sign(eta, (dt - gamma) / gamma))
    dt - gamma > 0
    """
    if not declares_sign(symbol):
        return ()
    sign, relation = _RELATIONS[signs(symbol)]
    rest = _without_signed_factors(value)
    return (Condition(sign * rest if relation in ("> 0", ">= 0") else rest, relation),)


def _without_signed_factors(value: Expr) -> Expr:
    """Return a product of the same sign without its factors of one sign; a negative one leaves -1."""
    inverses = (f.as_base_exp() for f in Mul.make_args(value))
    factors = [b ** abs(e) if e.is_Integer else b**e for b, e in inverses]
    one_signed = [f for f in factors if len(signs(f)) == 1 and not f.is_zero]
    rest = Mul(*(f for f in factors if f not in one_signed), *(min(signs(f)) for f in one_signed))
    return rest


def sign_kept(symbol: Symbol, value: Expr, moving: Iterable[Symbol]) -> tuple[Condition, ...] | None:
    """Return conditions on constants under which a new value of a state has its declared sign.

    They are sufficient: the value is read as a sum over products of moving symbols that have one sign, whose
    coefficients are constants.

    Parameters
    ----------
    symbol
        The state.
    value
        Its new value.
    moving
        The symbols that are no constants.

    Returns
    -------
    tuple of Condition or None
        None where the form shows no such conditions; empty where the sign is kept in any case.

    Examples
    --------
    >>> s, b = Symbol("s", nonnegative=True), Symbol("b", positive=True)
    >>> g = Symbol("g", real=True)
    >>> print(*sign_kept(s, b * s + (1 - b) * g**2, (s, g)))
    1 - b >= 0
    >>> sign_kept(s, -s, (s,)) is None
    True
    """
    return sufficient_for(signs(symbol), value, moving)


def sufficient_for(allowed: Signs, value: Expr, moving: Iterable[Symbol]) -> tuple[Condition, ...] | None:
    """Return conditions on constants under which a value takes the allowed signs only, whatever moves.

    Parameters
    ----------
    allowed
        Signs, such as `NONNEGATIVE`.
    value, moving
        As for `sign_kept`.

    Returns
    -------
    tuple of Condition or None
        As of `sign_kept`.

    Examples
    --------
    >>> x, a, b = (Symbol(name, real=True) for name in ("x", "a", "b"))
    >>> print(*sufficient_for(NONNEGATIVE, a * x**2 + b * x**4, (x,)), sep=", ")
    a >= 0, b >= 0
    """
    if signs(value) <= allowed:
        return ()
    sign, relation = _RELATIONS[allowed]
    if relation in ("= 0", "!= 0"):
        return None
    coefficients: dict[Expr, Expr] = {}
    for term in Add.make_args(expand(sign * value)):
        constant, moved = term.as_independent(*moving, as_Add=False)
        coefficients[moved] = coefficients.get(moved, 0) + constant
    conditions = []
    for moved, whole in coefficients.items():
        own, coefficient = signs(moved), _without_signed_factors(factor(whole))
        if not own & {-1}:
            conditions.append(Condition(coefficient, relation if own == POSITIVE else ">= 0"))
        elif not own & {1}:
            conditions.append(Condition(-coefficient, relation if own == frozenset({-1}) else ">= 0"))
        else:
            return None
    if relation == "> 0" and not any(c.relation == "> 0" for c in conditions):
        return None
    possible = [
        (c, signs(c.expression), POSITIVE if c.relation == "> 0" else NONNEGATIVE) for c in conditions
    ]
    if any(not found & wanted for _, found, wanted in possible):
        return None
    return tuple(c for c, found, wanted in possible if not found <= wanted)
