"""Verification that a law follows from a Lagrangian and a dissipation function.

The action is varied as numbers: L is evaluated along a curve q(t0 + s) = q + v*s + a*s**2/2 that obeys
nothing, with a variation eps of one coordinate or velocity, in the numbers w + x*s + y*eps + z*s*eps with
s**2 = eps**2 = 0. The coefficients of the result are the derivatives that the Euler-Lagrange equation asks
for, exactly. Nothing is differentiated symbolically, and nothing is shared with `System.law`.

References
----------
J. Fike and J. Alonso, The Development of Hyper-Dual Numbers for Exact Second-Derivative Calculations,
AIAA 2011-886.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from itertools import islice
from typing import Any, TypeAlias

import flint
import sympy
from sympy import Abs, Add, Expr, Max, Min, Mul, Pow, Rational, Symbol

from physsym.core.motion import is_time
from physsym.core.signs import signs
from physsym.core.statements import Equation, Law, expressions
from physsym.core.symbols import OPAQUE, dot, grad, hess, higher, name_and_marks, partial, potential
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, fails, holds, undecided
from physsym.mechanics.system import System
from physsym.verify.budget import budgeted, check_time
from physsym.verify.conditions import nonzero
from physsym.verify.identity import identical

NAME = "variation"
PRECISION = 256  # bits, where a number is not rational
PRECISE = flint.arb(2) ** -64
CONSTANTS = 4  # choices of the constants and of the potential
ATTEMPTS = 400

Number: TypeAlias = Any  # flint.fmpq, or flint.arb where a number is not rational; they add and multiply


class _NoValueError(ValueError):
    """An expression has no value at a point, such as the root of a negative number."""


class _UnknownError(ValueError):
    """A function that cannot be evaluated here."""


# ------------------------------------------------------------------ hyper-dual numbers


@dataclass(frozen=True, slots=True)
class Dual:
    """A hyper-dual number, `at + along*s + varied*eps + both*s*eps`."""

    at: Number
    along: Number = 0
    varied: Number = 0
    both: Number = 0

    def __add__(self, other: Dual) -> Dual:
        return Dual(
            self.at + other.at,
            self.along + other.along,
            self.varied + other.varied,
            self.both + other.both,
        )

    def __mul__(self, other: Dual) -> Dual:
        return Dual(
            self.at * other.at,
            self.at * other.along + self.along * other.at,
            self.at * other.varied + self.varied * other.at,
            self.at * other.both
            + self.along * other.varied
            + self.varied * other.along
            + self.both * other.at,
        )

    def through(self, value: Number, first: Number, second: Number) -> Dual:
        """Return a function of this number, given its value and its first two derivatives at `at`."""
        return Dual(
            value,
            first * self.along,
            first * self.varied,
            first * self.both + second * self.along * self.varied,
        )


def _sign(number: Number) -> int:
    if number > 0 or number < 0:
        return 1 if number > 0 else -1
    raise _NoValueError("a number that may be zero has no sign")


def _logarithm(x: flint.arb) -> tuple[Number, Number, Number]:
    if not x > 0:
        raise _NoValueError("the logarithm of a number that is not positive")
    return x.log(), 1 / x, -1 / x**2


# A function with its first two derivatives.
_FUNCTIONS: dict[type, Callable[[flint.arb], tuple[Number, Number, Number]]] = {
    sympy.exp: lambda x: (x.exp(), x.exp(), x.exp()),
    sympy.log: _logarithm,
    sympy.sin: lambda x: (x.sin(), x.cos(), -x.sin()),
    sympy.cos: lambda x: (x.cos(), -x.sin(), -x.cos()),
    sympy.tan: lambda x: (y := x.tan(), 1 + y**2, 2 * y * (1 + y**2)),
    sympy.atan: lambda x: (x.atan(), 1 / (1 + x**2), -2 * x / (1 + x**2) ** 2),
    sympy.sinh: lambda x: (x.sinh(), x.cosh(), x.sinh()),
    sympy.cosh: lambda x: (x.cosh(), x.sinh(), x.cosh()),
    sympy.tanh: lambda x: (y := x.tanh(), 1 - y**2, -2 * y * (1 - y**2)),
}


# ------------------------------------------------------------------ evaluation


@dataclass(frozen=True)
class _Point:
    """The values of all symbols, and the potential: a polynomial of sums of its arguments."""

    values: Mapping[Symbol, Dual]
    weights: Sequence[Sequence[Number]]
    coefficients: Sequence[Sequence[Number]]

    def potential(self, arguments: Sequence[Dual], order: int = 0, index: int = 0) -> Dual:
        """Return the potential, or its derivative of an order in the argument of an index."""
        total = Dual(flint.fmpq(0))
        # A polynomial of one sum would have a symmetry along the plane where that sum is constant.
        for weights, coefficients in zip(self.weights[: len(arguments)], self.coefficients, strict=False):
            place = Dual(flint.fmpq(0))
            for weight, argument in zip(weights, arguments, strict=False):
                place += Dual(weight) * argument
            values = (_polynomial(coefficients, order + more, place.at) for more in range(3))
            total += Dual(weights[index] ** order) * place.through(*values)
        return total


def _polynomial(coefficients: Sequence[Number], order: int, x: Number) -> Number:
    """Return the derivative of an order of the polynomial with coefficients by rising powers."""
    for _ in range(order):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    value = flint.fmpq(0)
    for c in reversed(coefficients):
        value = value * x + c
    return value


@singledispatch
def _value(expression: Expr, point: _Point) -> Dual:
    if type(expression) in _FUNCTIONS:
        inside = _value(expression.args[0], point)
        return inside.through(*_FUNCTIONS[type(expression)](flint.arb(inside.at)))
    raise _UnknownError(f"{expression}, which cannot be evaluated here")


@_value.register(Rational)
def _(expression: Rational, point: _Point) -> Dual:
    return Dual(flint.fmpq(int(expression.p), int(expression.q)))


@_value.register(type(sympy.pi))
def _(expression: Expr, point: _Point) -> Dual:
    return Dual(flint.arb.pi())


@_value.register(type(sympy.E))
def _(expression: Expr, point: _Point) -> Dual:
    return Dual(flint.arb(1).exp())


@_value.register(Symbol)
def _(expression: Symbol, point: _Point) -> Dual:
    return point.values[expression]


@_value.register(Add)
def _(expression: Add, point: _Point) -> Dual:
    first, *rest = (_value(a, point) for a in expression.args)
    for other in rest:
        first += other
    return first


@_value.register(Mul)
def _(expression: Mul, point: _Point) -> Dual:
    first, *rest = (_value(a, point) for a in expression.args)
    for other in rest:
        first *= other
    return first


@_value.register(Pow)
def _(expression: Pow, point: _Point) -> Dual:
    base, exponent = (_value(a, point) for a in expression.args)
    if exponent == Dual(exponent.at) and isinstance(exponent.at, flint.fmpq):
        if exponent.at.q == 1 and exponent.at >= 0:
            n = int(exponent.at.p)
            power = [base.at ** max(n - k, 0) for k in range(3)]
            return base.through(power[0], n * power[1], n * (n - 1) * power[2])
        if exponent.at.q == 1:
            _sign(base.at)  # it is not zero
            n, inverse = int(exponent.at.p), 1 / base.at
            return base.through(inverse**-n, n * inverse ** (1 - n), n * (n - 1) * inverse ** (2 - n))
    # In general it is exp(exponent*log(base)).
    place = exponent * base.through(*_logarithm(flint.arb(base.at)))
    return place.through(*_FUNCTIONS[sympy.exp](place.at))


@_value.register(Abs)
def _(expression: Abs, point: _Point) -> Dual:
    inside = _value(expression.args[0], point)
    return Dual(flint.fmpq(_sign(inside.at))) * inside


@_value.register(sympy.sign)
def _(expression: sympy.sign, point: _Point) -> Dual:
    return Dual(flint.fmpq(_sign(_value(expression.args[0], point).at)))


@_value.register(sympy.Heaviside)
def _(expression: sympy.Heaviside, point: _Point) -> Dual:
    return Dual(flint.fmpq(int(_sign(_value(expression.args[0], point).at) > 0)))


@_value.register(Max)
@_value.register(Min)
def _(expression: Expr, point: _Point) -> Dual:
    best, *rest = (_value(a, point) for a in expression.args)
    wanted = 1 if isinstance(expression, Max) else -1
    for other in rest:
        best = other if _sign(other.at - best.at) == wanted else best
    return best


@_value.register(sympy.Piecewise)
def _(expression: sympy.Piecewise, point: _Point) -> Dual:
    for value, condition in expression.args:
        if _is_true(condition, point):
            return _value(value, point)
    raise _NoValueError("no case applies")


def _is_true(condition: Any, point: _Point) -> bool:
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, (sympy.And, sympy.Or)):
        parts = [_is_true(part, point) for part in condition.args]
        return all(parts) if isinstance(condition, sympy.And) else any(parts)
    if not isinstance(condition, sympy.core.relational.Relational):
        raise _UnknownError(f"the case {condition}, which cannot be evaluated here")
    side = _sign(_value(condition.lhs, point).at - _value(condition.rhs, point).at)  # never on the border
    if isinstance(condition, (sympy.Eq, sympy.Ne)):
        return isinstance(condition, sympy.Ne)
    return side == (1 if isinstance(condition, (sympy.Gt, sympy.Ge)) else -1)


@_value.register(potential)
def _(expression: potential, point: _Point) -> Dual:
    return point.potential([_value(a, point) for a in expression.args])


@_value.register(grad)
def _(expression: grad, point: _Point) -> Dual:
    return point.potential([_value(expression.args[0], point)], 1)


@_value.register(hess)
def _(expression: hess, point: _Point) -> Dual:
    return point.potential([_value(expression.args[0], point)], 2)


@_value.register(higher)
def _(expression: higher, point: _Point) -> Dual:
    return point.potential([_value(expression.args[1], point)], int(expression.args[0]))


@_value.register(partial)
def _(expression: partial, point: _Point) -> Dual:
    index, *arguments = expression.args
    return point.potential([_value(a, point) for a in arguments], 1, int(index) - 1)


# ------------------------------------------------------------------ curves and constants


@dataclass(frozen=True)
class _Curve:
    """An instant of a motion that obeys nothing: all that moves, with its rates, and constants.

    `weights` and `coefficients` make the potential, see `_Point`.
    """

    moving: Mapping[str, Sequence[Number]]
    constants: Mapping[Symbol, Number]
    weights: Sequence[Sequence[Number]]
    coefficients: Sequence[Sequence[Number]]
    symbols: Sequence[Symbol]

    def point(self, varied: Symbol | None = None, moves: bool = False) -> _Point:
        """Return all values, with eps added to a symbol, and to first order in s if time passes."""
        return _Point(
            {s: self._value(s, s == varied, moves) for s in self.symbols}, self.weights, self.coefficients
        )

    def _value(self, symbol: Symbol, varied: bool, moves: bool) -> Dual:
        name, marks = name_and_marks(symbol)
        if name not in self.moving:
            return Dual(self.constants[symbol], int(moves and is_time(symbol)))
        value, rate = self.moving[name][len(marks) : len(marks) + 2]
        return Dual(value, rate if moves else 0, int(varied))

    def with_rates(self, rates: Mapping[str, Number], order: int) -> _Curve:
        """Return the instant with the rates of an order of some names replaced."""
        changed = {
            name: [*values[:order], rates.get(name, values[order]), *values[order + 1 :]]
            for name, values in self.moving.items()
        }
        return replace(self, moving=changed)

    def equations_of_motion(self, system: System) -> list[Number]:
        """Return d/dt dL/dq' - dL/dq + dR/dq' for each coordinate, at the instant."""
        found = []
        for q in system.coordinates:
            momentum = _value(system.lagrangian, self.point(dot(q), moves=True))
            force = _value(system.lagrangian, self.point(q))
            friction = _value(system.dissipation, self.point(dot(q)))
            found.append(_finite(momentum.both - force.varied + friction.varied))
        return found

    def sides(self, law: Law) -> list[tuple[Number, Number]]:
        """Return the values of both sides of each equation of a law, at the instant."""
        at = self.point()
        return [(_finite(_value(e.left, at).at), _finite(_value(e.right, at).at)) for e in law.equations]

    def residuals(self, law: Law) -> list[Number]:
        """Return left minus right of each equation of a law, at the instant."""
        return [left - right for left, right in self.sides(law)]


def _finite(number: Number) -> Number:
    if isinstance(number, flint.arb) and not number.is_finite():
        raise _NoValueError("a value is not finite")
    return flint.fmpq(number) if isinstance(number, int) else number


def _is_precise(number: Number, scale: Number) -> bool:
    """Return whether the error of a number is small beside a scale; that of a rational number is zero."""
    return not isinstance(number, flint.arb) or bool(number.rad() <= abs(scale) * PRECISE)


def _may_vanish(number: Number) -> bool:
    return bool(number.contains(0)) if isinstance(number, flint.arb) else bool(number == 0)


def _curves(system: System, law: Law) -> Iterator[list[_Curve]]:
    """Yield lists of instants that share their constants and potential, without end."""
    chance = random.Random(f"{system} {law}")
    forms = (system.lagrangian, system.dissipation, *expressions(law))
    held = frozenset[Symbol]().union(*(e.free_symbols for e in forms), system.coordinates)
    known = sorted(
        {*held, *map(dot, system.coordinates), *(dot(dot(q)) for q in system.coordinates)}, key=str
    )
    names = sorted({name_and_marks(s)[0] for s in known if name_and_marks(s)[1]})
    fixed = [s for s in known if name_and_marks(s)[0] not in names]
    order = 2 + max(len(name_and_marks(s)[1]) for s in known)
    points = [f.args[isinstance(f, partial) :] for e in forms for f in e.atoms(potential, partial)]
    width = max(map(len, points), default=1)

    def draw(symbol: Symbol | None = None) -> Number:
        whole = symbol is not None and symbol.is_integer
        number = flint.fmpq(chance.randint(1, 12), 1 if whole else chance.randint(1, 4))
        if symbol is not None and (symbol.is_nonnegative or symbol.is_nonpositive):
            return number if symbol.is_nonnegative else -number
        return number * chance.choice((1, -1))

    while True:
        # Small rates now and then: a root such as that of 1 - v**2/c**2 has a value for these alone.
        small = chance.choice((flint.fmpq(1), flint.fmpq(1), flint.fmpq(1, 40)))
        constants = {s: draw(s) for s in fixed if not is_time(s)}
        weights = [[draw() for _ in range(width)] for _ in range(width)]
        coefficients = [[draw() for _ in range(5)] for _ in range(width)]
        yield [
            _Curve(
                {name: [small * draw() for _ in range(order)] for name in names},
                constants | {s: draw(s) for s in fixed if is_time(s)},
                weights,
                coefficients,
                known,
            )
            for _ in range(len(system.coordinates) + 2)
        ]


# ------------------------------------------------------------------ the judge


@budgeted
def follows_from(system: System, law: Law) -> Verdict:
    """Return whether a law is the Euler-Lagrange equation of a system, with dissipation.

    Parameters
    ----------
    system
        Coordinates, a Lagrangian L and a dissipation function R.
    law
        One equation for each coordinate, in any order, multiplied by constants and added up.

    Returns
    -------
    Verdict
        Where it holds, the equations are d/dt dL/dq' - dL/dq + dR/dq' = 0 times constants, at instants of
        motions that obey nothing, with random constants and polynomial potentials. Where it fails, the
        witness is an instant of a motion of the system that does not satisfy the law. CONDITIONAL where
        the motions of the system satisfy the law, but its equations differ by factors that move.

    References
    ----------
    H. Goldstein, Classical Mechanics, section 1.5 (Rayleigh's dissipation function).

    Examples
    --------
    >>> from physsym.core.statements import law
    >>> from physsym.mechanics.system import damped_particle
    >>> from physsym.vocabulary import G, gamma, m, x
    >>> print(bool(follows_from(damped_particle, law({m * dot(dot(x)): -gamma * dot(x) - G}))))
    True
    >>> print(follows_from(damped_particle, law({m * dot(dot(x)): -2 * gamma * dot(x) - G})).outcome.value)
    fails
    """
    if len(law.equations) != len(system.coordinates):
        return fails(
            f"a system of {len(system.coordinates)} coordinates has as many equations of motion, "
            f"given {len(law.equations)}"
        )
    with flint.ctx.workprec(PRECISION):
        try:
            return _compare(system, law)
        except _UnknownError as unknown:
            return undecided(
                f"the law could not be compared with the Lagrangian because of {unknown}; "
                "give the Lagrangian without it"
            )


def _compare(system: System, law: Law) -> Verdict:
    groups: list[list[tuple[_Curve, list[Number], list[Number]]]] = []
    for curves in islice(_curves(system, law), ATTEMPTS):
        check_time()
        try:
            group = [(c, c.equations_of_motion(system), c.residuals(law)) for c in curves]
        except (_NoValueError, ZeroDivisionError):
            continue
        if all(_is_precise(n, n) for _, own, given in group for n in (*own, *given)):
            groups.append(group)
        if len(groups) == CONSTANTS:
            break
    else:
        return undecided(
            "no instant was found at which the Lagrangian and the law have real values; "
            "declare the signs of the symbols in roots and logarithms"
        )
    if not all(_is_combination([own for _, own, _ in g], [given for _, _, given in g]) for g in groups):
        return _compare_motions(system, law, [curve for group in groups for curve, _, _ in group])
    exact = all(isinstance(n, flint.fmpq) for g in groups for _, own, given in g for n in (*own, *given))
    friction = "" if system.dissipation == 0 else " + dR/dq'"
    names, digits = ", ".join(map(str, system.coordinates)), "exactly" if exact else f"to {PRECISION} bits"
    seen = f"{digits} at {sum(map(len, groups))} instants of random motions"
    verdict = holds(f"the law is d/dt dL/dq' - dL/dq{friction} = 0 for q = {names}, {seen}", engines=(NAME,))
    return replace(verdict, assumes=tuple(_factors_not_zero(system, law)))


MAX_DETERMINANT = 4


def _in_factors(expression: Expr) -> Expr:
    """Return an expression in the factors that SymPy proposes, if they are verified to multiply to it."""
    proposed = sympy.factor(expression)
    return proposed if identical(proposed, expression) else expression


def _factors_not_zero(system: System, law: Law) -> Iterator[Condition | Hypothesis]:
    """Yield that the constants do not vanish by which a law may have been multiplied.

    They divide the determinant of the coefficients of its highest derivatives.
    """
    names = {q.name for q in system.coordinates}
    for marked in ([dot(dot(q)) for q in system.coordinates], [dot(q) for q in system.coordinates]):
        zero = dict.fromkeys(marked, sympy.Integer(0))
        residuals = [e.residual for e in law.equations]
        rows = [
            [r.xreplace({**zero, s: sympy.Integer(1)}) - r.xreplace(zero) for s in marked] for r in residuals
        ]
        matrix = sympy.Matrix(rows).applyfunc(sympy.expand)
        if len(marked) > MAX_DETERMINANT and not matrix.is_diagonal():
            if any(0 in signs(s) for s in matrix.free_symbols if name_and_marks(s)[0] not in names):
                yield Hypothesis("the constants by which the law was multiplied do not vanish")
            return
        if (determinant := _in_factors(matrix.det(method="berkowitz"))) != 0:
            for condition in nonzero(determinant):
                held = condition.expression
                constant = (
                    not held.has(*OPAQUE) and not {name_and_marks(s)[0] for s in held.free_symbols} & names
                )
                if constant and 0 in signs(held):
                    yield condition
            return


def _is_combination(own: list[list[Number]], given: list[list[Number]]) -> bool:
    """Return whether the given numbers are the own ones times one matrix that can be inverted.

    Each list is that of one instant; there are more instants than numbers.
    """
    count = len(own[0])
    for first in range(len(own) - count + 1):
        told_by = slice(first, first + count)
        try:
            factors = _matrix(own[told_by]).inv() * _matrix(given[told_by])
        except ZeroDivisionError:  # the equations happen to hold there; other instants tell
            continue
        except TypeError:
            return False
        break
    else:
        return False
    if _may_vanish(factors.det()):
        return False
    for before, after in zip(own, given, strict=True):
        product = type(factors)([before]) * factors
        gaps = [product[0, k] - number for k, number in enumerate(after)]
        if not all(_may_vanish(g) and _is_precise(g, n) for g, n in zip(gaps, after, strict=True)):
            return False
    return True


def _compare_motions(system: System, law: Law, curves: Sequence[_Curve]) -> Verdict:
    """Return whether the motions of a system satisfy a law that is not its equations times constants."""
    satisfied, determined = 0, False
    names = [q.name for q in system.coordinates]
    for curve in curves:
        try:
            motion, order = _solved(system, curve)
            sides = motion.sides(law)
            _, slopes = _linearised(lambda c: c.residuals(law), motion, names, order)
            determined = determined or not _may_vanish(slopes.det())
        except (_NoValueError, ZeroDivisionError):
            continue
        for equation, (left, right) in zip(law.equations, sides, strict=True):
            if not _may_vanish(left - right):
                friction = "" if system.dissipation == 0 else " and the dissipation function"
                return fails(
                    f"{equation} does not follow from the Lagrangian{friction}",
                    witness=_witness(motion, equation, left, right),
                    engines=(NAME,),
                )
        satisfied += all(_is_precise(left - right, left) for left, right in sides)
    if not satisfied:
        return undecided(
            "the law is not the equation of motion times constants, and no motion of the system was found "
            "at which it could be refuted",
            engines=(NAME,),
        )
    if not determined:
        return fails(
            "the law does not determine the motion: its equations repeat each other", engines=(NAME,)
        )
    factors = Hypothesis("the factors by which the law differs from the equations of motion do not vanish")
    says = f"the motions of the system satisfy the law at {satisfied} instants"
    return Verdict(Outcome.CONDITIONAL, (says,), (factors,), (NAME,))


def _solved(system: System, curve: _Curve) -> tuple[_Curve, int]:
    """Return the instant with the accelerations that the system has there, and the order 2 of these.

    Where the system has no mass, velocities are solved for, of order 1. Raises _NoValueError where the
    equations of motion determine neither.
    """
    names = [q.name for q in system.coordinates]
    for order in (2, 1):
        still = curve.with_rates(dict.fromkeys(names, flint.fmpq(0)), order)
        constant, slopes = _linearised(lambda c: c.equations_of_motion(system), still, names, order)
        try:
            rates = slopes.inv() * type(slopes)([[-c] for c in constant])
        except ZeroDivisionError:
            continue
        motion = curve.with_rates({name: rates[k, 0] for k, name in enumerate(names)}, order)
        if all(map(_may_vanish, motion.equations_of_motion(system))):
            return motion, order
    raise _NoValueError("the equations of motion are not linear in accelerations or velocities")


def _linearised(
    function: Callable[[_Curve], list[Number]], curve: _Curve, names: Sequence[str], order: int
) -> tuple[list[Number], Any]:
    """Return the values of a function of an instant, and the matrix of their changes with rates by one."""
    values = function(curve)
    columns = [function(curve.with_rates({n: curve.moving[n][order] + 1}, order)) for n in names]
    return values, _matrix([[c[k] - value for c in columns] for k, value in enumerate(values)])


def _matrix(rows: list[list[Number]]) -> Any:
    rational = all(isinstance(n, flint.fmpq) for row in rows for n in row)
    return flint.fmpq_mat(rows) if rational else flint.arb_mat(rows)


def _witness(motion: _Curve, equation: Equation, left: Number, right: Number) -> str:
    """Return an instant of a motion, and the values of both sides of an equation there, as text."""
    held = sorted(equation.residual.free_symbols, key=str)
    where = ", ".join(f"{s} = {_text(motion.point().values[s].at)}" for s in held)
    opaque = " with a polynomial for the potential" if equation.residual.has(*OPAQUE) else ""
    return f"in a motion with {where}{opaque}: {_text(left)} against {_text(right)}"


def _text(number: Number) -> str:
    return str(number) if isinstance(number, flint.fmpq) else str(number.str(6, radius=False))
