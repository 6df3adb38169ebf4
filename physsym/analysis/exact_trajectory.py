"""Trajectories of a rule on a given potential, in exact fractions or in interval arithmetic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, singledispatch
from itertools import pairwise
from typing import Any, TypeAlias

import flint
from sympy import Expr, Symbol

from physsym.analysis.exact_evaluation import AnalysisError, exact_values
from physsym.codegen.expression_tree import Operand, Operation, operand
from physsym.core.statements import Rule, states, symbols
from physsym.core.symbols import OPAQUE, Exact, after, before, exact, grad, hess, partial, potential
from physsym.parsing.statements import RuleText, as_rule
from physsym.vocabulary import x

Number: TypeAlias = Any  # a Fraction or a ball (flint.arb)
Values: TypeAlias = Mapping[Symbol, Number]
Formula: TypeAlias = Callable[[Values], Number]

LONGEST = 100_000  # bits of a numerator or a denominator


_PLAIN: Mapping[str, Callable[..., Number]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg, "absolute": abs,
}  # fmt: skip


@dataclass(frozen=True)
class _Arithmetic:
    """A number type: its constructor, the functions that are closed in it, and a test of its size."""

    name: str
    number: Callable[[Any], Number]
    functions: Mapping[str, Callable[..., Number]]
    fits: Callable[[Number], bool]
    unfit: str


def _fraction(given: Any) -> Fraction:
    if isinstance(given, Expr) and not given.is_Rational:
        raise AnalysisError(f"{given} is no fraction; give bits=..., for balls of real numbers")
    return Fraction(int(given.p), int(given.q)) if isinstance(given, Expr) else Fraction(given)


def _ball(given: Any) -> flint.arb:
    if isinstance(given, flint.arb):
        return given
    if isinstance(given, Expr) and not given.is_Rational:
        return _compiled(_tree(given), _BALLS)({})
    return flint.arb(flint.fmpq(*_fraction(given).as_integer_ratio()))


def _sign(number: Number) -> int:
    if not (number > 0 or number < 0 or number == 0):
        raise AnalysisError(f"the sign of {number} is not certain; simulate with more bits")
    return int(number > 0) - int(number < 0)


def _floor(number: Number) -> Number:
    if isinstance(number, Fraction):
        return Fraction(math.floor(number))
    found = number.floor()
    if not found.is_exact():
        raise AnalysisError(f"the whole part of {number} is not certain; simulate with more bits")
    return found


_WHOLE: Mapping[str, Callable[..., Number]] = {"floor": _floor, "ceil": lambda number: -_floor(-number)}
_FRACTIONS = _Arithmetic(
    name="the fractions; give bits=..., for balls of real numbers",
    number=_fraction,
    functions={**_PLAIN, **_WHOLE, "sign": lambda n: Fraction(_sign(n)), "maximum": max, "minimum": min},
    fits=lambda n: max(n.numerator.bit_length(), n.denominator.bit_length()) <= LONGEST,
    unfit="the fractions are too long; give bits=..., for balls of real numbers",
)
_BALLS = _Arithmetic(
    name="the real numbers that are known here",
    number=_ball,
    functions={
        **_PLAIN, **_WHOLE, "power": operator.pow, "sign": lambda n: flint.arb(_sign(n)),
        "maximum": flint.arb.max, "minimum": flint.arb.min, "sqrt": flint.arb.sqrt,
        "exp": flint.arb.exp, "log": flint.arb.log, "sin": flint.arb.sin,
        "cos": flint.arb.cos, "tanh": flint.arb.tanh,
    },
    fits=lambda n: n.is_finite() and n.rad() < 1,
    unfit="no real number is left, or the bits are used up; give more of them",
)  # fmt: skip


@singledispatch
def _compiled(tree: Operand, numbers: _Arithmetic) -> Formula:
    constant = numbers.number(tree)
    return lambda at: constant


@_compiled.register(Symbol)
def _(tree: Symbol, numbers: _Arithmetic) -> Formula:
    return lambda at: at[tree]


@_compiled.register(Operation)
def _(tree: Operation, numbers: _Arithmetic) -> Formula:
    if tree.name not in numbers.functions:
        raise AnalysisError(f"{tree.name} does not stay within {numbers.name}")
    carry_out, *arguments = numbers.functions[tree.name], *(_compiled(a, numbers) for a in tree.arguments)
    if len(arguments) == 1:
        (only,) = arguments
        return lambda at: carry_out(only(at))
    left, right = arguments
    return lambda at: carry_out(left(at), right(at))


@dataclass(frozen=True)
class ExactTrajectory:
    """The values of all states at the start and after each step; `points` has one entry more than steps."""

    states: tuple[Symbol, ...]
    points: tuple[tuple[Number, ...], ...]

    def of(self, state: Symbol) -> tuple[Number, ...]:
        """Return the values of one state, the start first; AnalysisError where the rule has no such state."""
        if state not in self.states:
            raise AnalysisError(
                f"the rule has no state {state}; there are {', '.join(map(str, self.states))}"
            )
        return tuple(point[self.states.index(state)] for point in self.points)

    def end(self, state: Symbol) -> Number:
        """Return the last value of one state; raises what `of` raises."""
        return self.of(state)[-1]


def simulate(
    rule: RuleText,
    on: Exact,
    values: Mapping[Symbol, Exact],
    start: Mapping[Symbol, Exact],
    steps: int,
    *,
    coordinate: Symbol = x,
    bits: int | None = None,
) -> ExactTrajectory:
    """Return the trajectory of a rule on a given potential, in exact or in interval arithmetic.

    Without `bits` all numbers are fractions, for potentials that are rational functions. With `bits` they
    are balls of reals (Arb), computed with that many bits, which enclose the true numbers.

    Parameters
    ----------
    rule
        A rule.
    on
        The potential, a formula in the coordinate.
    values
        Exact values of the parameters of rule and potential, in any consistent units.
    start
        Exact starting values of all of `states(rule)`.
    steps
        The number of steps.
    coordinate
        The symbol that the potential is a formula in.
    bits
        The precision of the balls; None for fractions.

    Returns
    -------
    ExactTrajectory
        All states at the start and after each step.

    Raises
    ------
    TypeError
        For floats, and if `rule` is not a rule.
    AnalysisError
        For a missing or unknown symbol, a function that is not rational (without `bits`), fractions that
        grow too long, and where the precision is exhausted.

    Examples
    --------
    >>> from sympy import Rational
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta
    >>> simulate(rule({x: x - eta * G}), 10 * x**2, {eta: Rational(3, 50)}, {x: 1}, steps=2).of(x)
    (Fraction(1, 1), Fraction(-1, 5), Fraction(1, 25))
    """
    rule = as_rule(rule)
    number: object = steps
    if not isinstance(number, int) or number < 0:
        raise AnalysisError(f"the number of steps is a whole number, not below zero; given {steps!r}")
    arithmetic = _FRACTIONS if bits is None else _BALLS
    formula, given, begun = exact(on), exact_values(values), exact_values(start)
    known = {*states(rule), *map(after, rule.targets), coordinate, *given}
    if missing := sorted(map(str, (symbols(rule) | formula.free_symbols) - known)):
        raise AnalysisError(f"no value was given for {', '.join(missing)}")
    if set(begun) != set(states(rule)):
        raise AnalysisError(
            f"a trajectory starts from {', '.join(map(str, states(rule)))}; "
            f"given {', '.join(map(str, begun)) or 'nothing'}"
        )
    with flint.ctx.workprec(bits or flint.ctx.prec):
        formulas = {
            new: _compiled(tree, arithmetic) for new, tree in _trees(rule, formula, coordinate).items()
        }
        fixed = {s: arithmetic.number(value) for s, value in given.items()}
        first = tuple(arithmetic.number(begun[s]) for s in states(rule))
        return ExactTrajectory(states(rule), tuple(_points(rule, formulas, fixed, first, steps, arithmetic)))


def _points(
    rule: Rule,
    formulas: Mapping[Symbol, Formula],
    fixed: Values,
    first: tuple[Number, ...],
    steps: int,
    numbers: _Arithmetic,
) -> Iterator[tuple[Number, ...]]:
    carried, now = states(rule), first
    earlier = {before(s): s for s in carried if before(s) in carried}
    results = [after(s) if s in rule.targets else earlier[s] for s in carried]
    yield now
    for step in range(1, steps + 1):
        known = {**fixed, **dict(zip(carried, now, strict=True))}
        for new, formula in formulas.items():
            known[new] = formula(known)
        now = tuple(known[result] for result in results)
        if not all(map(numbers.fits, now)):
            raise AnalysisError(f"step {step}: {numbers.unfit}")
        yield now


@lru_cache(maxsize=64)
def _trees(rule: Rule, on: Expr, coordinate: Symbol) -> dict[Symbol, Operand]:
    """Return each new value as an expression tree in the states and the new values before it."""
    return {after(u.target): _tree(on_potential(u.value, on, coordinate)) for u in rule.updates}


def on_potential(expression: Expr, on: Expr, coordinate: Symbol = x) -> Expr:
    """Return an expression with potential, gradient and Hessian replaced by a formula and its derivatives.

    Raises AnalysisError for a potential of several coordinates.

    Examples
    --------
    >>> from physsym.vocabulary import eta
    >>> print(on_potential(x - eta * grad(x / 2), x**4))
    -eta*x**3/2 + x
    """
    if expression.has(partial) or any(len(p.args) > 1 for p in expression.atoms(potential)):
        raise AnalysisError(f"{expression} has a potential of several coordinates; simulate one coordinate")
    for kind, formula in ((potential, on), (grad, on.diff(coordinate)), (hess, on.diff(coordinate, 2))):
        expression = expression.replace(kind, lambda point, f=formula: f.xreplace({coordinate: point}))
    return expression


def _tree(expression: Expr) -> Operand:
    if expression.has(*OPAQUE):
        raise AnalysisError(f"{expression} holds a derivative that the potential does not give")
    try:
        return operand(expression, {})
    except ValueError as reason:
        raise AnalysisError(str(reason)) from None


def value_of(expression: Exact, at: Mapping[Symbol, Number], bits: int | None = None) -> Number:
    """Return the value of a formula at the values of a trajectory.

    Parameters
    ----------
    expression
        A formula, such as the potential.
    at
        Values of its symbols, fractions or balls.
    bits
        The precision of the result as a ball; None for a fraction.

    Returns
    -------
    Fraction or flint.arb
        The value.

    Raises
    ------
    AnalysisError
        For a missing symbol, and as `simulate` does.

    Examples
    --------
    >>> value_of(10 * x**2, {x: Fraction(-1, 5)})
    Fraction(2, 5)
    """
    formula = exact(expression)
    if not isinstance(at, Mapping):
        raise TypeError(f"expected values by symbol, such as {{x: Fraction(1, 2)}}; given {at!r}")
    if missing := sorted(map(str, formula.free_symbols - set(at))):
        raise AnalysisError(f"no value was given for {', '.join(missing)}")
    arithmetic = _FRACTIONS if bits is None else _BALLS
    with flint.ctx.workprec(bits or flint.ctx.prec):
        numbers = {s: arithmetic.number(n) for s, n in at.items()}
        return _compiled(_tree(formula), arithmetic)(numbers)


def sign_changes(numbers: Sequence[Number]) -> int:
    """Return the number of sign changes in a sequence; zeros are skipped.

    Parameters
    ----------
    numbers
        Fractions, balls, or floats of a run.

    Returns
    -------
    int
        The number of sign changes.

    Raises
    ------
    AnalysisError
        If a sign is not known: of a ball that contains zero and other numbers, or of what is not a number.

    Examples
    --------
    >>> sign_changes([Fraction(1), Fraction(-2), Fraction(0), Fraction(-1), Fraction(3)])
    2
    """
    found = [s for s in map(_sign, numbers) if s]
    return sum(one != other for one, other in pairwise(found))
