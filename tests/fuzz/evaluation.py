"""Numbers for formulas, apart from the engines: 120 digits at points drawn at random (mpmath)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any, TypeVar

import mpmath
import sympy
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol

from physsym.core.statements import Rule
from physsym.core.symbols import grad, hess, higher, partial, potential

Number = Any  # a real number of 120 digits (mpmath.mpf)
T = TypeVar("T")

DIGITS = 120
POINTS, ATTEMPTS = 4, 24
DEGREE = 4
REGION_POINTS = 300
# A context of its own: the precision of the caller's mpmath stays what it is.
MP = mpmath.MPContext()
MP.dps = DIGITS
EQUAL, DIFFERENT = MP.mpf(10) ** -80, MP.mpf(10) ** -30


class UndefinedError(ArithmeticError):
    """A formula has no real value at a point: a pole, or a root of a negative number."""


class UnclearError(ArithmeticError):
    """Numbers do not tell: too few points at which all is defined, or a gap neither small nor large."""


@dataclass(frozen=True)
class Point:
    """A number for every symbol, with the sign it is declared to have, and a polynomial for the potential.

    Numbers are drawn by name, so that two lines meet the same ones; `given` overrides them.
    """

    seed: int
    given: Mapping[Symbol, Number] = field(default_factory=dict)

    def number(self, symbol: Symbol) -> Number:
        """Return the number that a symbol is here."""
        return self.given[symbol] if symbol in self.given else _drawn(self.seed, symbol)

    def at(self, given: Mapping[Symbol, Number]) -> Point:
        """Return the point with more symbols given."""
        return replace(self, given={**self.given, **given})

    def slope(self, order: int, where: Number) -> Number:
        """Return a derivative of the polynomial that stands for the potential of one variable."""
        chance = random.Random(f"potential {self.seed}")
        coefficients = [MP.mpf(chance.randint(1, 99)) / 40 for _ in range(DEGREE + 1)]
        return MP.fsum(
            c * MP.ff(k, order) * where ** (k - order) for k, c in enumerate(coefficients) if k >= order
        )


def _drawn(seed: int, symbol: Symbol) -> Number:
    chance = random.Random(f"{seed} {symbol.name}")
    size = MP.mpf(chance.randint(10**5, 10**6)) / chance.randint(10**5, 10**6)
    return (
        size if symbol.is_nonnegative else -size if symbol.is_nonpositive else chance.choice((1, -1)) * size
    )


@singledispatch
def value(expression: Expr, at: Point) -> Number:
    """Return the value of an expression at a point.

    Raises UndefinedError where it has no real value, or holds a function that is not known here.
    """
    raise UndefinedError(f"no value is known for {type(expression).__name__}")


@value.register(Rational)
def _(expression: Rational, at: Point) -> Number:
    return MP.mpf(int(expression.p)) / int(expression.q)


@value.register(Symbol)
def _(expression: Symbol, at: Point) -> Number:
    return at.number(expression)


@value.register(Add)
def _(expression: Add, at: Point) -> Number:
    return MP.fsum(value(a, at) for a in expression.args)


@value.register(Mul)
def _(expression: Mul, at: Point) -> Number:
    return MP.fprod(value(a, at) for a in expression.args)


@value.register(Pow)
def _(expression: Pow, at: Point) -> Number:
    base, exponent = (value(a, at) for a in expression.args)
    if (base < 0 and not MP.isint(exponent)) or (base == 0 and exponent < 0):
        raise UndefinedError(f"{expression} is not real")
    return MP.power(base, exponent)


@value.register(sympy.exp)
def _(expression: sympy.exp, at: Point) -> Number:
    return MP.exp(value(expression.args[0], at))


@value.register(sympy.sin)
def _(expression: sympy.sin, at: Point) -> Number:
    return MP.sin(value(expression.args[0], at))


@value.register(sympy.cos)
def _(expression: sympy.cos, at: Point) -> Number:
    return MP.cos(value(expression.args[0], at))


@value.register(sympy.log)
def _(expression: sympy.log, at: Point) -> Number:
    inside = value(expression.args[0], at)
    if inside <= 0:
        raise UndefinedError(f"{expression} is not real")
    return MP.log(inside)


@value.register(Abs)
def _(expression: Abs, at: Point) -> Number:
    return abs(value(expression.args[0], at))


@value.register(sympy.sign)
def _(expression: sympy.sign, at: Point) -> Number:
    return MP.sign(value(expression.args[0], at))


@value.register(sympy.Max)
def _(expression: sympy.Max, at: Point) -> Number:
    return max(value(a, at) for a in expression.args)


@value.register(sympy.Min)
def _(expression: sympy.Min, at: Point) -> Number:
    return min(value(a, at) for a in expression.args)


@value.register(potential)
def _(expression: Expr, at: Point) -> Number:
    return at.slope(0, _together(expression.args, at))


@value.register(grad)
def _(expression: Expr, at: Point) -> Number:
    return at.slope(1, value(expression.args[0], at))


@value.register(hess)
def _(expression: Expr, at: Point) -> Number:
    return at.slope(2, value(expression.args[0], at))


@value.register(higher)
def _(expression: Expr, at: Point) -> Number:
    order, point = expression.args
    return at.slope(int(order), value(point, at))


@value.register(partial)
def _(expression: Expr, at: Point) -> Number:
    index, *points = expression.args
    return int(index) * at.slope(1, _together(points, at))


def _together(points: Sequence[Expr], at: Point) -> Number:
    """Return y1 + 2*y2 + 3*y3 + ..., of which a potential of several coordinates is a polynomial."""
    return MP.fsum((k + 1) * value(point, at) for k, point in enumerate(points))


def stepped(rule: Rule, at: Point) -> dict[Symbol, Number]:
    """Return the new value of every target of a rule, by carrying out its updates one after the other."""
    new: dict[Symbol, Number] = {}
    here = at
    for update in rule.updates:
        new[update.target] = value(update.value, here)
        here = here.at({_new(update.target): new[update.target]})
    return new


def _new(target: Symbol) -> Symbol:
    return Symbol(f"{target.name}+", real=True) if target.is_real else Symbol(f"{target.name}+")


def sample(function: Callable[[Point], T]) -> list[T]:
    """Return the values of a function at the first few points at which it is defined.

    Raises UnclearError where there are too few.
    """
    seen: list[T] = []
    for seed in range(ATTEMPTS):
        try:
            seen.append(function(Point(seed)))
        except (UndefinedError, ZeroDivisionError, OverflowError):
            continue
        if len(seen) == POINTS:
            return seen
    raise UnclearError("the line is defined at too few points")


def agree(first: Expr, second: Expr, conditions: Sequence[tuple[Expr, str]]) -> bool:
    """Tell whether two expressions are equal wherever both are defined and conditions hold, at many points.

    Gradients are independent numbers; a condition is an expression and how it relates to zero. The numbers
    are fractions of either sign, as far as the declared signs allow, so that every order of them comes up.
    Raises UnclearError where too few points satisfy the conditions.
    """
    opaque = {f: Symbol(f"value of {f}", real=True) for e in (first, second) for f in e.atoms(grad)}
    expressions = [e.xreplace(opaque) for e in (first, second, *(c for c, _ in conditions))]
    names = sorted({s for e in expressions for s in e.free_symbols}, key=str)
    chance = random.Random(f"{first} {second}")
    seen = 0
    for _ in range(REGION_POINTS):
        numbers = {
            s: _signed(s, MP.mpf(chance.randint(-12, 12)) / chance.choice((1, 2, 3, 5))) for s in names
        }
        at = Point(0, numbers)
        try:
            one, other, *held = (value(e, at) for e in expressions)
        except (UndefinedError, ZeroDivisionError, OverflowError):
            continue
        if all(_holds(number, relation) for number, (_, relation) in zip(held, conditions, strict=True)):
            seen += 1
            if not isclose(one, other):
                return False
    if seen < POINTS:
        raise UnclearError("too few points satisfy the conditions")
    return True


def _signed(symbol: Symbol, number: Number) -> Number:
    size = abs(number) or MP.one
    return size if symbol.is_nonnegative else -size if symbol.is_nonpositive else number


def _holds(number: Number, relation: str) -> bool:
    return {"= 0": number == 0, "!= 0": number != 0, "> 0": number > 0, ">= 0": number >= 0}[relation]


def isclose(one: Number, other: Number, equal: Number = EQUAL, different: Number = DIFFERENT) -> bool:
    """Tell whether two numbers are one, up to rounding; raises UnclearError for a gap in between."""
    gap = abs(one - other) / max(1, abs(one), abs(other))
    if equal < gap < different:
        raise UnclearError(f"a gap of {MP.nstr(gap, 3)} is neither rounding nor a difference")
    return bool(gap <= equal)
