"""Before the first step: start values of states, typical values of parameters, and natural ranges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np
from sympy import Expr, Number, Symbol, lambdify, sign

from physsym.codegen import program, state_name
from physsym.core.statements import Rule, Update
from physsym.core.symbols import OPAQUE, before
from physsym.core.verdicts import Condition
from physsym.runtime.backends import counted, step_function
from physsym.runtime.backends.base import Backend, Value
from physsym.runtime.backends.python import BACKEND as OF_NUMBERS


def start_order(rule: Rule) -> tuple[tuple[Symbol, Expr], ...]:
    """Return the start values of a rule in an order in which each reads those before it.

    Raises ValueError where they read one another in a circle, and for one that reads the loss or a gradient.
    """
    left, found = dict(rule.start), list[tuple[Symbol, Expr]]()
    for state, value in rule.start:
        if opaque := sorted(map(str, value.atoms(*OPAQUE))):
            raise ValueError(
                f"the start value of {state} reads {opaque[0]}, which is not known before the first step; "
                f"give {state} in the dictionary of states"
            )
    while left:
        ready = next((s for s, value in left.items() if not value.free_symbols & left.keys()), None)
        if ready is None:
            names = ", ".join(map(str, left))
            raise ValueError(f"the start values of {names} read one another; give one of them")
        found.append((ready, left.pop(ready)))
    return tuple(found)


def start_value(
    rule: Rule,
    state: Symbol,
    value: Expr,
    known: Mapping[str, Value],
    parameters: Mapping[str, Value],
    like: Value,
    singles: Collection[str],
    engine: Backend,
) -> Value:
    """Return the start value of one state.

    `known` has the states that it may read, `like` an array, or a tree of arrays, of its shape; of the states
    called `singles` there is one number each. It is computed as the new value of a rule that sets the state.
    """
    placeholder = Symbol(f"start[{state_name(state)}]", real=True)
    reads = sorted((s for s in value.free_symbols if s in rule.states), key=str)
    if value.is_infinite:
        is_number = state_name(state) in singles or not engine.capabilities.dtypes
        return float(value) if is_number else _infinite(value, engine.at_rest(like), engine)
    arrays = [s for s in reads if state_name(s) not in singles]
    numbers = {state_name(s): float(known[state_name(s)]) for s in reads if s not in arrays}
    if state_name(state) in singles:
        if arrays:
            raise ValueError(
                f"the start value of {state}, {value}, reads {arrays[0]}, of which there may be many; "
                f"{state} is one number"
            )
        as_number: Callable[[Value], Value] = float if engine.capabilities.dtypes else lambda exact: exact
        engine, like = OF_NUMBERS, 0.0
    setting = Rule((Update(placeholder, value), *(Update(s, s) for s in arrays)))
    steps = counted(program(setting), engine)
    given = {state_name(p): {**parameters, **numbers}[state_name(p)] for p in steps.parameters}
    found = step_function(steps, engine)(like, *(known[state_name(s)] for s in arrays), **given)[0]
    return as_number(found) if state_name(state) in singles else found


def _infinite(value: Expr, zeros: Value, engine: Backend) -> Value:
    """Return infinity in place of zeros: they are divided by, since no program has a name for it."""
    placeholder = Symbol("start", real=True)
    divided = Rule((Update(placeholder, sign(value) / placeholder),))
    with np.errstate(all="ignore"):
        return step_function(program(divided), engine)(zeros)[0]


def with_typical(rule: Rule, given: Mapping[str, Value], exact: bool = False) -> dict[str, Value]:
    """Return parameters with the typical values of those that are not given, as floats or as fractions."""
    found = dict(given)
    for parameter, value in rule.typical:
        if state_name(parameter) in found:
            continue
        number = value.xreplace({p: v for p, v in rule.typical if isinstance(v, Number)})
        if number.is_number:
            is_fraction = exact and number.is_Rational
            found[state_name(parameter)] = (
                Fraction(int(number.p), int(number.q)) if is_fraction else float(number)
            )
    return found


def refuse_out_of_range(rule: Rule, given: Mapping[str, Value], is_paired: bool = False) -> None:
    """Raise ValueError for a parameter outside of its natural range, naming the range and the value.

    Values are numbers, or arrays of which each pair is tried, or only those at one index where they are
    paired; symbols, schedules and traced values pass.
    """
    for condition in rule.ranges:
        names = sorted(map(state_name, condition.expression.free_symbols))
        if not all(n in given and _is_known(given[n]) for n in names):
            continue
        values = [given[n] for n in names]
        values = values if is_paired else _spread(values)
        with np.errstate(all="ignore"):
            size = np.asarray(_function(condition)(*values), float)
        if not np.all(_HOLDS[condition.relation](size)):
            wrong = ~_HOLDS[condition.relation](size)
            at = [np.broadcast_to(v, size.shape)[wrong].ravel()[0] if size.ndim else v for v in values]
            shown = ", ".join(f"{n}={v}" for n, v in zip(names, at, strict=True))
            raise ValueError(f"{shown} is out of range: the rule is for {range_text(rule, condition)}")


_HOLDS: Mapping[str, Callable[[Any], Any]] = {
    "> 0": lambda v: v > 0, ">= 0": lambda v: v >= 0, "= 0": lambda v: v == 0, "!= 0": lambda v: v != 0,
}  # fmt: skip


def _is_known(value: Value) -> bool:
    return isinstance(value, (Real, np.ndarray)) and not isinstance(value, bool)


def _spread(values: Iterable[Value]) -> list[Value]:
    """Return arrays of one dimension as axes of a grid, numbers as they are."""
    listed = list(values)
    arrays = [v for v in listed if isinstance(v, np.ndarray) and v.ndim]
    meshed = iter(np.meshgrid(*arrays, indexing="ij", sparse=True)) if len(arrays) > 1 else iter(arrays)
    return [next(meshed) if isinstance(v, np.ndarray) and v.ndim else v for v in listed]


@lru_cache(maxsize=256)
def _function(condition: Condition) -> Callable[..., Value]:
    symbols = sorted(condition.expression.free_symbols, key=state_name)
    found: Callable[..., Value] = lambdify(symbols, condition.expression, modules="numpy")
    return found


def range_text(rule: Rule, condition: Condition) -> str:
    """Return the whole range of the parameters of a condition, such as 0 <= rho < 1."""
    own = condition.expression.free_symbols
    if len(own) != 1:
        return _relation(condition)
    (symbol,) = own
    below, above, others = list[str](), list[str](), list[str]()
    for c in rule.ranges:
        if c.expression.free_symbols != own:
            continue
        bound, sign = symbol - c.expression, c.relation.replace(" 0", "")
        if c.relation in ("> 0", ">= 0") and not bound.free_symbols:
            below.append(f"{bound} {sign.replace('>', '<')} ")
        elif c.relation in ("> 0", ">= 0") and not (c.expression + symbol).free_symbols:
            above.append(f" {sign.replace('>', '<')} {c.expression + symbol}")
        else:
            others.append(_relation(c))
    whole = f"{below[0] if below else ''}{state_name(symbol)}{above[0] if above else ''}"
    return " and ".join(([whole] if below or above else []) + others)


def _relation(condition: Condition) -> str:
    """Return a condition with its negative terms on the other side: b1 < b2 for b2 - b1 > 0."""
    terms = condition.expression.as_ordered_terms()
    positive = [t for t in terms if not t.could_extract_minus_sign()]
    if condition.relation == "= 0" or condition.relation == "!= 0" or not positive:
        return str(condition)
    left, right = sum(-t for t in terms if t not in positive), sum(positive)
    return f"{left} {condition.relation.replace(' 0', '').replace('>', '<')} {right}"


def start_values(
    rule: Rule,
    known: Mapping[str, Value],
    parameters: Mapping[str, Value],
    like: Value,
    singles: Collection[str],
    engine: Backend,
) -> Iterator[tuple[str, Value]]:
    """Yield, by name, the start value of each state that has one and is not known, in an order that works.

    The value one step earlier, where a rule reads it, starts like the present one.
    """
    seen = dict(known)
    for state, value in start_order(rule):
        name = state_name(state)
        if name not in seen:
            seen[name] = start_value(rule, state, value, seen, parameters, like, singles, engine)
            yield name, seen[name]
            earlier = before(state)
            while earlier in rule.states and state_name(earlier) not in known:
                yield state_name(earlier), seen[name]
                earlier = before(earlier)
