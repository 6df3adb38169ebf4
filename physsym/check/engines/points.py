"""Refutation at points that can be checked by hand: exact fractions, and real balls where there are roots.

A difference found here is a proof that two expressions are not equal; agreement proves nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from functools import singledispatch
from typing import Any

import flint
import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol

from physsym.check.engines.laurent import UndecidedError
from physsym.notation import grad, hess, partial, potential

NAME = "exact points"
POTENTIAL = "U(y) = y + y**3/3"
_PRECISION = 256
_NICE = [Fraction(n, d) for d in (1, 2, 3) for n in (1, 2, 3, 5, 7)]

Number = Any  # a Fraction or a real ball (flint.arb): both add, multiply and divide
Values = Mapping[Symbol, Number]


@singledispatch
def value(expression: Expr, at: Values) -> Number:
    """Return the value of an expression at a point, a Fraction or a real ball.

    Raises UndecidedError for a function that is not known here, ZeroDivisionError at a pole.
    """
    raise UndecidedError(f"no value is known for {type(expression).__name__}")


@value.register
def _(expression: Rational, at: Values) -> Number:
    return Fraction(int(expression.p), int(expression.q))


@value.register
def _(expression: Symbol, at: Values) -> Number:
    return at[expression]


@value.register
def _(expression: Add, at: Values) -> Number:
    return _fold(lambda a, b: a + b, expression, at)


@value.register
def _(expression: Mul, at: Values) -> Number:
    return _fold(lambda a, b: a * b, expression, at)


def _fold(operation: Any, expression: Expr, at: Values) -> Number:
    first, *rest = (value(a, at) for a in expression.args)
    for other in rest:
        both = any(isinstance(n, flint.arb) for n in (first, other))
        first = operation(_ball(first), _ball(other)) if both else operation(first, other)
    return first


def _ball(number: Number) -> flint.arb:
    return (
        number
        if isinstance(number, flint.arb)
        else flint.arb(flint.fmpq(number.numerator, number.denominator))
    )


@value.register
def _(expression: Pow, at: Values) -> Number:
    base, exponent = (value(a, at) for a in expression.args)
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and abs(exponent) < 1000:
        return base ** int(exponent)
    if not _ball(base) > 0:
        raise UndecidedError(f"{expression} is not real and positive at the point")
    return _ball(base) ** _ball(exponent)


@value.register
def _(expression: sympy.exp, at: Values) -> Number:
    return _ball(value(expression.args[0], at)).exp()


@value.register
def _(expression: sympy.log, at: Values) -> Number:
    inside = _ball(value(expression.args[0], at))
    if not inside > 0:
        raise UndecidedError(f"{expression} is not real at the point")
    return inside.log()


@value.register
def _(expression: Abs, at: Values) -> Number:
    return abs(value(expression.args[0], at))


@value.register
def _(expression: sympy.sign, at: Values) -> Number:
    inside = value(expression.args[0], at)
    if not (inside > 0 or inside < 0 or inside == 0):
        raise UndecidedError("the sign of a number too close to zero")
    return Fraction((inside > 0) - (inside < 0))


# The potential at the point is U(y) = y + y**3/3; with several coordinates, y = y1 + 2*y2 + 3*y3 and so on.
@value.register
def _(expression: potential, at: Values) -> Number:
    y = _sum_of(expression.args, at)
    return y + y**3 / 3


@value.register
def _(expression: grad, at: Values) -> Number:
    return 1 + value(expression.args[0], at) ** 2


@value.register
def _(expression: hess, at: Values) -> Number:
    return 2 * value(expression.args[0], at)


@value.register
def _(expression: partial, at: Values) -> Number:
    index, *places = expression.args
    return int(index) * (1 + _sum_of(places, at) ** 2)


def _sum_of(places: Any, at: Values) -> Number:
    return value(Add(*((k + 1) * place for k, place in enumerate(places))), at)


def difference(left: Expr, right: Expr, attempts: int) -> str:
    """Return, in words, a point at which two expressions differ; an empty text where none was found."""
    with flint.ctx.workprec(_PRECISION):
        for attempt in range(attempts):
            at = _point(left.free_symbols | right.free_symbols, attempt)
            try:
                a, b = value(left, at), value(right, at)
            except (UndecidedError, ZeroDivisionError):
                continue
            if _differ(a, b):
                return _told(left, right, at, a, b)
    return ""


def _differ(a: Number, b: Number) -> bool:
    gap = _ball(a) - _ball(b)
    return bool(gap > 0 or gap < 0)


def _point(symbols: Any, attempt: int) -> dict[Symbol, Fraction]:
    """Return small numbers for the symbols, with the signs that they are declared to have."""
    chance = random.Random(attempt)
    return {
        s: chance.choice(_NICE)
        * (1 if s.is_nonnegative else -1 if s.is_nonpositive else chance.choice((1, -1)))
        for s in sorted(symbols, key=str)
    }


def _told(left: Expr, right: Expr, at: Values, a: Number, b: Number) -> str:
    where = ", ".join(f"{s} = {n}" for s, n in at.items())
    opaque = left.has(potential, grad, hess, partial) or right.has(potential, grad, hess, partial)
    shown = (str(n) if isinstance(n, Fraction) else n.str(6, radius=False) for n in (a, b))
    return f"at {where}{f' with {POTENTIAL}' if opaque else ''}: {' against '.join(shown)}"
