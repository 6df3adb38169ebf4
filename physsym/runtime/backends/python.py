"""Plain Python: floats, fractions, mpmath numbers and SymPy symbols, each in its own arithmetic."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial, singledispatch
from numbers import Real
from typing import Any

import mpmath
import sympy

from physsym.codegen import Program, state_name
from physsym.codegen.emit.python import python_rollout, python_source
from physsym.runtime.backends.base import (
    Backend,
    Capabilities,
    Kernel,
    Rollout,
    Value,
    Values,
    executed,
    gradient_function,
    guarded,
    step_error,
)


@singledispatch
def _library(value: Value) -> Any:
    """Return the module whose functions compute with a value."""
    return math


@_library.register(sympy.Basic)
def _(value: sympy.Basic) -> Any:
    return sympy


@_library.register(mpmath.mpf)
def _(value: mpmath.mpf) -> Any:
    return mpmath


def _elementary(name: str, value: Value) -> Value:
    try:
        return getattr(_library(value), name)(value)
    except ValueError as error:  # of the module math
        raise FloatingPointError(f"{name}({value}) is not a real number") from error


def _sign(value: Value) -> Value:
    if isinstance(value, sympy.Basic):
        return sympy.sign(value)
    # As in NumPy, the sign of not a number is not a number.
    return (value > 0) - (value < 0) if value == value else value


def _whole(name: str, value: Value) -> Value:
    """Return the whole number next below or above a number; infinity and NaN as they are."""
    if isinstance(value, sympy.Basic):
        return sympy.floor(value) if name == "floor" else sympy.ceiling(value)
    if isinstance(value, mpmath.mpf):
        return getattr(mpmath, name)(value)
    if isinstance(value, float):
        return float(getattr(math, name)(value)) if math.isfinite(value) else value
    return _exact(getattr(math, name)(value))


def _extreme(name: str, left: Value, right: Value) -> Value:
    if isinstance(left, sympy.Basic) or isinstance(right, sympy.Basic):
        return getattr(sympy, name.capitalize())(left, right)
    # NaN propagates, as in NumPy.
    undefined = next((v for v in (left, right) if v != v), None)
    return getattr(builtins, name)(left, right) if undefined is None else undefined


def _where(condition: Value, value: Value, other: Value) -> Value:
    return value if condition else other


def _power(base: Value, exponent: Value) -> Value:
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError(  # noqa: TRY004 - the value is at fault
            f"{base} to the power {exponent} is not a real number"
        )
    return result


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    **{name: partial(_elementary, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tanh")},
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg, "power": _power, "absolute": abs, "sign": _sign,
    "maximum": partial(_extreme, "max"), "minimum": partial(_extreme, "min"), "where": _where,
    "floor": partial(_whole, "floor"), "ceil": partial(_whole, "ceil"),
    "less": operator.lt, "less_equal": operator.le, "equal": operator.eq, "not_equal": operator.ne,
    "logical_and": lambda a, b: a and b, "logical_or": lambda a, b: a or b, "logical_not": operator.not_,
}  # fmt: skip


EXACT = "Fraction({}, {})"  # how a fraction is written where it is to stay exact


def _source(program: Program) -> str:
    return python_source(program, fraction=EXACT)


def _compile_step(program: Program) -> Kernel:
    run = executed(program, _source(program), {**FUNCTIONS, "Fraction": Fraction})

    def kernel(states: Sequence[Value], gradient: Value, parameters: Mapping[str, Value]) -> Values:
        force = gradient_function(program, gradient) if program.evaluations else None
        values = [
            v if s in program.unbounded and _is_infinite(v) else _number(state_name(s), v)
            for s, v in zip(program.states, states, strict=True)
        ]
        numbers = {name: _number(name, value) for name, value in parameters.items()}
        try:
            return tuple(run(values, force and _exact_force(force), numbers))
        except OverflowError:
            _refuse_beyond_floats(numbers)
            raise
        except TypeError as error:
            if not (program.has_choices and "truth value" in str(error)):
                raise
            raise TypeError(
                f"the rule distinguishes cases, and symbols do not decide which: {error}; give numbers"
            ) from error

    return kernel


def _refuse_beyond_floats(parameters: Mapping[str, Value]) -> None:
    """Raise ValueError for a parameter that no float holds, where it met a float."""
    for name, value in parameters.items():
        if isinstance(value, Fraction) and abs(value) >= 2**1024:
            raise ValueError(
                f"{name} must be a number that floats hold, at most about 1.8e308, where other numbers are "
                "floats; give Fraction for all of them to compute exactly"
            ) from None


def _exact_force(force: Callable[..., Value]) -> Callable[..., Value]:
    def exact(*points: Value) -> Value:
        gradients = force(*points)
        return _exact(gradients) if len(points) == 1 else tuple(map(_exact, gradients))

    return exact


def _exact(value: Value) -> Value:
    """Return whole numbers as fractions, so that dividing them is exact; anything else as it is."""
    return Fraction(value) if type(value) is int else value


def _number(name: str, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, (Real, mpmath.mpf, sympy.Expr)):
        raise TypeError(
            f"{name} must be one real number or symbol, given {value!r}; for arrays use the backend 'numpy'"
        )
    if not _finite(value):
        raise ValueError(f"{name} must be finite, given {value}")
    return _exact(value)


def _is_infinite(value: Value) -> bool:
    return isinstance(value, float) and math.isinf(value)


@singledispatch
def _finite(value: Value) -> bool:
    return True


@_finite.register(float)
def _(value: float) -> bool:
    return math.isfinite(value)


@_finite.register(mpmath.mpf)
def _(value: mpmath.mpf) -> bool:
    return bool(mpmath.isfinite(value))


@_finite.register(sympy.Basic)
def _(value: sympy.Basic) -> bool:
    return value.is_finite is not False


def _fitted(name: str, old: Value, new: Value) -> Value:
    return new


@lru_cache(maxsize=64)
def _rollout_text(program: Program, fraction: str) -> str:
    return python_rollout(program, fraction=fraction)


def rollout(
    program: Program,
    numbers: Sequence[Value],
    single: bool = False,
    *,
    fma: bool = False,
    exact: bool = False,
) -> Rollout | None:
    """Return many steps as a loop of plain Python on floats, or on any kind of number where `exact`.

    None for float32, which a Python float does not keep. `fma` has no effect: Python rounds every operation.
    """
    if single:
        return None
    namespace: dict[str, Any] = {"__builtins__": {}, **FUNCTIONS, "counted": range, "Fraction": Fraction}
    namespace["guarded"] = guarded
    exec(compile(_rollout_text(program, EXACT if exact else "{}/{}"), "<many steps>", "exec"), namespace)
    take = namespace["rollout"]

    def run(done: int, records: int, every: int, state: Any) -> tuple[int, Any, Any]:
        rows = list[Any]()
        for record in range(records):
            first = done + record * every
            try:
                failed, state = take(every, state, numbers)
            except ArithmeticError:
                raise _arithmetic_error(take, first, every, state, numbers) from None
            if failed:
                return first + failed, rows, state
            rows.append(state)
        return 0, rows, state

    return run


def _arithmetic_error(
    take: Callable[..., Any], first: int, every: int, state: Any, numbers: Sequence[Value]
) -> FloatingPointError:
    """Return the error that names the step which cannot be computed, found by going there step by step."""
    for number in range(1, every + 1):
        try:
            _, state = take(1, state, numbers)
        except ArithmeticError as error:
            return step_error(first + number, error)
    return FloatingPointError(f"one of the steps {first + 1} to {first + every} cannot be computed")


BACKEND = Backend(
    "python",
    _source,
    _compile_step,
    _number,
    _number,
    _finite,
    _fitted,
    FUNCTIONS,
    Capabilities(scalar_counters=True, rollout=partial(rollout, exact=True)),
)
