"""Evaluation of expressions at rational points: an exact fraction where possible, else a ball of reals."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache, singledispatch
from math import isqrt
from typing import Any

import flint
import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol

from physsym.core.symbols import OPAQUE, grad, hess, higher, partial, potential
from physsym.core.verdicts import Condition
from physsym.verify.budget import check_time
from physsym.verify.engines.laurent import UndecidedError

POTENTIAL = "U(y) = y + y**3/3"
PRECISION = 384
_SMALL = [Fraction(n, d) for d in (1, 2, 3) for n in (1, 2, 3, 5, 7)]
# Squares, whose square roots are fractions.
_SQUARES = [Fraction(n * n, d * d) for d in (1, 2, 3) for n in (1, 2, 3, 4, 5)]

Number = Any  # a Fraction or a ball of reals (flint.arb): both add, multiply and divide
Values = Mapping[Symbol, Fraction]
Sample = tuple[Values, Number, Number]


@singledispatch
def value(expression: Expr, at: Values) -> Number:
    """Return the value of an expression at a point, a Fraction where possible, else a ball of reals.

    Raises UndecidedError for a function that is not known here, ZeroDivisionError at a pole.
    """
    raise UndecidedError(f"no value is known for {type(expression).__name__}")


@value.register(Rational)
def _(expression: Rational, at: Values) -> Number:
    return Fraction(int(expression.p), int(expression.q))


@value.register(Symbol)
def _(expression: Symbol, at: Values) -> Number:
    return at[expression]


@value.register(Add)
def _(expression: Add, at: Values) -> Number:
    return _fold(lambda a, b: a + b, expression, at)


@value.register(Mul)
def _(expression: Mul, at: Values) -> Number:
    return _fold(lambda a, b: a * b, expression, at)


def _fold(operation: Any, expression: Expr, at: Values) -> Number:
    first, *rest = (value(a, at) for a in expression.args)
    for other in rest:
        enclosed = any(isinstance(n, flint.arb) for n in (first, other))
        first = operation(as_ball(first), as_ball(other)) if enclosed else operation(first, other)
    return first


def as_ball(number: Number) -> flint.arb:
    """Return a number as a ball of reals that contains it."""
    if isinstance(number, flint.arb):
        return number
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


@value.register(Pow)
def _(expression: Pow, at: Values) -> Number:
    base, exponent = (value(a, at) for a in expression.args)
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and abs(exponent) < 1000:
        return _whole_power(base, int(exponent))
    if isinstance(base, Fraction) and exponent in (Fraction(1, 2), Fraction(-1, 2)):
        root = _exact_root(base)
        if root is not None:
            return _whole_power(root, 1 if exponent > 0 else -1)
    if not as_ball(base) > 0:
        raise UndecidedError(f"{expression} is not real and positive at the point")
    return as_ball(base) ** as_ball(exponent)


def _whole_power(base: Number, exponent: int) -> Number:
    if isinstance(base, flint.arb) and exponent < 0 and base.contains(0):
        raise ZeroDivisionError("division by what may be zero")
    return base**exponent


def _exact_root(square: Fraction) -> Fraction | None:
    """Return the square root of a fraction if that is a fraction too."""
    if square < 0:
        return None
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    return root if root * root == square else None


def _real(function: Callable[[flint.arb], flint.arb]) -> Callable[[Expr, Values], Number]:
    return lambda expression, at: function(as_ball(value(expression.args[0], at)))


@value.register(sympy.core.numbers.Exp1)
def _(expression: Expr, at: Values) -> Number:
    return flint.arb(1).exp()


for _function, _of_ball in {
    sympy.exp: flint.arb.exp, sympy.sin: flint.arb.sin, sympy.cos: flint.arb.cos, sympy.tan: flint.arb.tan,
    sympy.atan: flint.arb.atan, sympy.sinh: flint.arb.sinh, sympy.cosh: flint.arb.cosh,
    sympy.tanh: flint.arb.tanh,
}.items():  # fmt: skip
    value.register(_function, _real(_of_ball))


@value.register(sympy.log)
def _(expression: sympy.log, at: Values) -> Number:
    inside = as_ball(value(expression.args[0], at))
    if not inside > 0:
        raise UndecidedError(f"{expression} is not real at the point")
    return inside.log()


@value.register(Abs)
def _(expression: Abs, at: Values) -> Number:
    return abs(value(expression.args[0], at))


@value.register(sympy.sign)
def _(expression: sympy.sign, at: Values) -> Number:
    inside = value(expression.args[0], at)
    if not (inside > 0 or inside < 0 or inside == 0):
        raise UndecidedError("the sign of a number too close to zero")
    return Fraction((inside > 0) - (inside < 0))


# The potential at the point is U(y) = y + y**3/3; with several coordinates, y = y1 + 2*y2 + 3*y3 and so on.
@value.register(potential)
def _(expression: potential, at: Values) -> Number:
    y = _sum_of(expression.args, at)
    return y + y**3 / 3


@value.register(grad)
def _(expression: grad, at: Values) -> Number:
    return 1 + value(expression.args[0], at) ** 2


@value.register(hess)
def _(expression: hess, at: Values) -> Number:
    return 2 * value(expression.args[0], at)


@value.register(higher)
def _(expression: higher, at: Values) -> Number:
    return Fraction(2 if expression.args[0] == 3 else 0)


@value.register(partial)
def _(expression: partial, at: Values) -> Number:
    index, *arguments = expression.args
    return int(index) * (1 + _sum_of(arguments, at) ** 2)


def _sum_of(arguments: Iterable[Expr], at: Values) -> Number:
    return value(Add(*(k * argument for k, argument in enumerate(arguments, 1))), at)


def sample_points(symbols: Iterable[Symbol], attempts: int) -> Iterator[Values]:
    """Yield points of small numbers, with the signs that the symbols are declared to have; zeros too."""
    names = _sorted(symbols)
    return (_point(names, attempt) for attempt in range(attempts))


def _sorted(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    return tuple(sorted(symbols, key=str))


def _point(names: Iterable[Symbol], attempt: int) -> Values:
    chance = random.Random(attempt)
    return {s: _draw(s, chance, _SQUARES if attempt % 2 else _SMALL) for s in names}


def _draw(symbol: Symbol, chance: random.Random, numbers: list[Fraction]) -> Fraction:
    if not (symbol.is_nonzero or chance.randrange(12)):
        return Fraction(0)
    sign = 1 if symbol.is_nonnegative else -1 if symbol.is_nonpositive else chance.choice((1, -1))
    return sign * chance.choice(numbers)


def evaluate_both(left: Expr, right: Expr, points: Iterable[Values]) -> Iterator[Sample]:
    """Yield those of the points at which two expressions are defined, with both values."""
    same = left == right  # then one evaluation is enough
    with flint.ctx.workprec(PRECISION):
        for at in points:
            check_time()
            try:
                first = value(left, at)
                yield at, first, first if same else value(right, at)
            except (UndecidedError, ZeroDivisionError, KeyError):
                continue


def sampled_values(left: Expr, right: Expr, attempts: int) -> Iterator[Sample]:
    """Yield sample points with the values of two expressions, cached for all engines that sample them."""
    names = _sorted(left.free_symbols | right.free_symbols)
    samples = (_sample(left, right, names, attempt) for attempt in range(attempts))
    return (sample for sample in samples if sample is not None)


@lru_cache(maxsize=64)
def _sample(left: Expr, right: Expr, names: tuple[Symbol, ...], attempt: int) -> Sample | None:
    return next(evaluate_both(left, right, (_point(names, attempt),)), None)


def format_witness(left: Expr, right: Expr, at: Values, a: Number, b: Number) -> str:
    """Return a sample point and the values of two expressions there as text."""
    where = ", ".join(f"{s} = {n}" for s, n in at.items())
    opaque = f" with {POTENTIAL}" if left.has(*OPAQUE) or right.has(*OPAQUE) else ""
    shown = (str(n) if isinstance(n, Fraction) else n.str(6, radius=False) for n in (a, b))
    return f"at {where}{opaque}: {' against '.join(shown)}"


_HOLDS: dict[str, Callable[[Number], bool]] = {
    "= 0": lambda n: isinstance(n, Fraction) and n == 0,
    "!= 0": lambda n: n > 0 or n < 0,
    "> 0": lambda n: n > 0,
    ">= 0": lambda n: n >= 0,
}


def satisfied(conditions: Iterable[Condition], at: Values) -> bool | None:
    """Return whether all conditions certainly hold at a point; None where one of them has no value there."""
    with flint.ctx.workprec(PRECISION):
        try:
            return all(_HOLDS[c.relation](value(c.expression, at)) for c in conditions)
        except (UndecidedError, ZeroDivisionError, KeyError):
            return None
