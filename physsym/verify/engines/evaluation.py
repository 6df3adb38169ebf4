"""Evaluation of expressions at rational points: an exact fraction where possible, else a ball of reals."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache, singledispatch
from math import isqrt
from operator import attrgetter
from typing import Any

import flint
import sympy
from sympy import ITE, Abs, Add, And, Expr, Mul, Or, Pow, Rational, Symbol
from sympy.logic.boolalg import Boolean

from physsym.core.conditions import as_conditions
from physsym.core.symbols import OPAQUE, grad, hess, higher, partial, potential
from physsym.core.verdicts import Condition
from physsym.verify.budget import check_time
from physsym.verify.engines.laurent import UndecidedError
from physsym.vocabulary import STANDARD

POTENTIAL = "U(y) = y + y**3/3"
PRECISION = 384
_SMALL = [Fraction(n, d) for d in (1, 2, 3) for n in (1, 2, 3, 5, 7)]
# Squares, whose square roots are fractions.
_SQUARES = [Fraction(n * n, d * d) for d in (1, 2, 3) for n in (1, 2, 3, 4, 5)]
_WHOLE = [Fraction(n) for n in (1, 2, 3, 4, 5, 7)]
_NATURAL = (
    8  # the first sample points are within the natural ranges of the quantities; the others need not be
)
_REDRAWN = 40  # times that a number outside of its natural range is drawn again

Number = Any  # a Fraction or a ball of reals (flint.arb): both add, multiply and divide
Values = Mapping[Symbol, Fraction]
Sample = tuple[Values, Number, Number]


class FreePoint(dict[Symbol, Fraction]):
    """A point at which the potential and its derivatives have random values of their own at each argument.

    Some smooth function has any finite number of such values (Hermite interpolation), so that a difference
    seen here is one for some potential.
    """

    def __init__(self, values: Values, seed: int) -> None:
        """Take the values of the symbols, and the seed of those of the opaque functions."""
        super().__init__(values)
        self.seed = seed
        self.applied: dict[tuple[type, tuple[Fraction, ...]], Fraction] = {}

    def apply(self, expression: Expr) -> Fraction:
        """Return the value of an opaque function at the values of its arguments."""
        arguments = tuple(value(a, self) for a in expression.args)
        if not all(isinstance(a, Fraction) for a in arguments):
            raise UndecidedError("an evaluation point that is no fraction")
        key = (expression.func, arguments)
        if key not in self.applied:
            text = f"{self.seed} {expression.func.__name__} {arguments}"
            self.applied[key] = _draw(_ANY, random.Random(text), _SQUARES if self.seed % 2 else _SMALL)
        return self.applied[key]

    def __str__(self) -> str:
        used = {f"{f.__name__}({', '.join(map(str, a))})": n for (f, a), n in self.applied.items()}
        return ", ".join(f"{s} = {n}" for s, n in [*self.items(), *used.items()])


@singledispatch
def value(expression: Expr, at: Values) -> Number:
    """Return the value of an expression at a point, a Fraction where possible, else a ball of reals.

    Raises UndecidedError for a function that is not known here, ZeroDivisionError at a pole.
    """
    raise UndecidedError(f"no value is known for {type(expression).__name__}")


@value.register(Rational)
def _(expression: Rational, at: Values) -> Number:
    return _fraction(expression)


@lru_cache(maxsize=1024)
def _fraction(number: Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))


@value.register(Symbol)
def _(expression: Symbol, at: Values) -> Number:
    return at[expression]


@value.register(Add)
def _(expression: Add, at: Values) -> Number:
    return _fold(operator.add, expression, at)


@value.register(Mul)
def _(expression: Mul, at: Values) -> Number:
    return _fold(operator.mul, expression, at)


def _fold(operation: Callable[[Number, Number], Number], expression: Expr, at: Values) -> Number:
    first, *rest = [value(a, at) for a in expression.args]
    for other in rest:
        enclosed = isinstance(first, flint.arb) or isinstance(other, flint.arb)
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


@value.register(sympy.core.numbers.Pi)
def _(expression: Expr, at: Values) -> Number:
    return flint.arb.pi()


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


@value.register(sympy.Max)
@value.register(sympy.Min)
def _(expression: Expr, at: Values) -> Number:
    first, *rest = (value(a, at) for a in expression.args)
    for other in rest:
        gap = (
            first - other
            if isinstance(first, Fraction) == isinstance(other, Fraction)
            else as_ball(first) - as_ball(other)
        )
        if not (gap > 0 or gap < 0 or gap == 0):
            raise UndecidedError("the larger of two numbers too close to each other")
        first = first if (gap > 0) == (expression.func == sympy.Max) else other
    return first


@value.register(sympy.sign)
def _(expression: sympy.sign, at: Values) -> Number:
    inside = value(expression.args[0], at)
    if not (inside > 0 or inside < 0 or inside == 0):
        raise UndecidedError("the sign of a number too close to zero")
    return Fraction((inside > 0) - (inside < 0))


@value.register(sympy.floor)
@value.register(sympy.ceiling)
def _(expression: Expr, at: Values) -> Number:
    inside = value(expression.args[0], at)
    if isinstance(inside, Fraction):
        return Fraction(math.floor(inside) if isinstance(expression, sympy.floor) else math.ceil(inside))
    whole = inside.floor() if isinstance(expression, sympy.floor) else inside.ceil()
    if not whole.is_exact():
        raise UndecidedError("the whole part of a number too close to a whole one")
    return Fraction(int(whole.unique_fmpz()))


@value.register(sympy.Piecewise)
def _(expression: sympy.Piecewise, at: Values) -> Number:
    for part, condition in expression.args:
        if _is_true(condition, at):
            return value(part, at)
    raise UndecidedError(f"{expression} has no value at the point")


def _is_true(condition: Boolean, at: Values) -> bool:
    if isinstance(condition, (And, Or)):
        parts = [_is_true(part, at) for part in condition.args]
        return all(parts) if isinstance(condition, And) else any(parts)
    if isinstance(condition, ITE):  # SymPy makes these of cases within a condition
        decides, then, otherwise = condition.args
        return _is_true(then if _is_true(decides, at) else otherwise, at)
    for wanted in as_conditions(condition):
        gap = value(wanted.expression, at)
        if not (gap > 0 or gap < 0 or gap == 0):
            raise UndecidedError(f"whether {wanted} is too close at the point")
        if not _HOLDS[wanted.relation](gap):
            return False
    return True


def _opaque(known: Callable[[Expr, Values], Number]) -> Callable[[Expr, Values], Number]:
    """Return the value of an opaque function: one of its own at a free point, else the known one."""
    return lambda expression, at: at.apply(expression) if isinstance(at, FreePoint) else known(expression, at)


# The potential at the point is U(y) = y + y**3/3; with several coordinates, y = y1 + 2*y2 + 3*y3 and so on.
@value.register(potential)
@_opaque
def _(expression: potential, at: Values) -> Number:
    y = _sum_of(expression.args, at)
    return y + y**3 / 3


@value.register(grad)
@_opaque
def _(expression: grad, at: Values) -> Number:
    return 1 + value(expression.args[0], at) ** 2


@value.register(hess)
@_opaque
def _(expression: hess, at: Values) -> Number:
    return 2 * value(expression.args[0], at)


@value.register(higher)
@_opaque
def _(expression: higher, at: Values) -> Number:
    return Fraction(2 if expression.args[0] == 3 else 0)


@value.register(partial)
@_opaque
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
    return tuple(sorted(symbols, key=attrgetter("name")))


def _point(names: tuple[Symbol, ...], attempt: int) -> Values:
    return dict(_drawn(names, attempt))


@lru_cache(maxsize=4096)
def _drawn(names: tuple[Symbol, ...], attempt: int) -> Values:
    chance = random.Random(attempt)
    numbers = _SQUARES if attempt % 2 else _SMALL
    at = {s: _draw(s, chance, numbers) for s in names}
    ranges = STANDARD.ranges(names) if attempt < _NATURAL else ()
    bounded = sorted({s for c in ranges for s in c.expression.free_symbols}, key=attrgetter("name"))
    for _ in range(_REDRAWN if ranges else 0):
        if satisfied(ranges, at):
            break
        at.update((s, _draw(s, chance, numbers)) for s in bounded)
    return at


_ANY = Symbol("any", real=True)


def _draw(symbol: Symbol, chance: random.Random, numbers: list[Fraction]) -> Fraction:
    numbers = _WHOLE if symbol.is_integer else numbers
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
    where = str(at) if isinstance(at, FreePoint) else ", ".join(f"{s} = {n}" for s, n in at.items())
    where = f"at {where}" if where else "as numbers"
    unknown = not isinstance(at, FreePoint) and (left.has(*OPAQUE) or right.has(*OPAQUE))
    opaque = f" with {POTENTIAL}" if unknown else ""
    shown = (str(n) if isinstance(n, Fraction) else n.str(6, radius=False) for n in (a, b))
    return f"{where}{opaque}: {' against '.join(shown)}"


def is_clear(first: Number, second: Number) -> bool:
    """Return whether two numbers that differ do so by more than a millionth of one, or of their size."""
    one, other = as_ball(first), as_ball(second)
    return bool(abs(one - other) * 10**6 > flint.arb(1).max(abs(one)))


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
