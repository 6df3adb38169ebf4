"""Sign analysis: the signs that an expression can take, from its form and the signs of its symbols."""

from __future__ import annotations

from functools import reduce, singledispatch
from itertools import product

import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Symbol

Signs = frozenset[int]
ANY: Signs = frozenset({-1, 0, 1})
POSITIVE: Signs = frozenset({1})
NONNEGATIVE: Signs = frozenset({0, 1})


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
    return POSITIVE if isinstance(expression, (sympy.exp, sympy.cosh)) else ANY


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
    for factor in expression.args:
        base, power = factor.as_base_exp()
        if isinstance(factor, sympy.sign):
            odd[factor.args[0]] = odd.get(factor.args[0], 0) + 1
        elif power.is_Integer and not base.is_number:
            odd[base] = odd.get(base, 0) + int(power)
        else:
            rest = frozenset(a * b for a, b in product(rest, signs(factor)))
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
def _(expression: sympy.sign) -> Signs:
    return signs(expression.args[0])
