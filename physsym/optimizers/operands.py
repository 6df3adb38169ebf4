"""The two rules that are compared, and the maps that may carry one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sympy import (
    Expr,
    Symbol,
    cancel,
    denom,
    factor,
    factor_list,
    fraction,
    together,
)

from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis, Verdict
from physsym.optimizers.equivalence import Equivalence, SymbolMap
from physsym.optimizers.state_space import StateSpace
from physsym.optimizers.traces import natural_values
from physsym.verify.conditions import implied
from physsym.verify.engines.evaluation import Number, satisfied, value
from physsym.verify.engines.smtlib import declared_sign

Symbols = Mapping[Symbol, Expr]

RATES = ("learning_rate", "lr", "eta", "step_size", "alpha")
"""What the learning rate is called; failing these, it is what the first step is proportional to."""


@dataclass(frozen=True)
class Operand:
    """A rule that is compared.

    Parameters
    ----------
    rule
        As it was given.
    name
        What people call it; empty for a rule without a name.
    space
        The rule as a system.
    rate
        Its learning rate, if one is known.
    names
        What its symbols are called in the rule as it was given, where the system has others.
    shapes
        The shapes of the weights for which it is the law.
    required
        What a map must keep to, beyond the ranges.
    """

    rule: Rule
    name: str
    space: StateSpace
    rate: Symbol | None = None
    names: Symbols = field(default_factory=dict)
    shapes: tuple[Hypothesis, ...] = ()
    required: tuple[Condition, ...] = ()

    @cached_property
    def assumed(self) -> tuple[Condition, ...]:
        """Return the natural ranges of the parameters, with declared signs."""
        signs = (c for s in self.space.parameters for c in declared_sign(s))
        return tuple(dict.fromkeys((*self.space.ranges, *signs)))

    @cached_property
    def stated(self) -> tuple[Condition, ...]:
        """Return the ranges that the rule itself states, and declared signs: other values are none of it."""
        new = {old: symbol for symbol, old in self.names.items()}
        ranges = (Condition(c.expression.xreplace(new), c.relation) for c in self.rule.ranges)
        signs = (c for s in self.space.parameters for c in declared_sign(s))
        return tuple(dict.fromkeys((*ranges, *signs)))

    @cached_property
    def values(self) -> dict[Symbol, Number] | None:
        """Return usual values of the parameters."""
        return natural_values(self.space.parameters, self.assumed, dict(self.rule.typical), self.rate)


@dataclass(frozen=True)
class Candidate:
    """A map that may carry the first rule to the second.

    Parameters
    ----------
    parameters
        Each parameter of the second rule.
    fixed
        Parameters of the first that must have a value.
    start
        The start value of each state of the second rule.
    conditions
        What else must hold.
    shifted
        The states of the second rule that do not start as the rule says.
    """

    parameters: dict[Symbol, Expr]
    fixed: dict[Symbol, Expr]
    start: dict[Symbol, Expr]
    conditions: tuple[Condition, ...] = ()
    shifted: tuple[Symbol, ...] = ()

    @property
    def special(self) -> int:
        """Return how many equations the parameters of the first rule must satisfy."""
        return len(self.fixed) + sum(c.relation == "= 0" for c in self.conditions)


def learning_rate(space: StateSpace, named: str | Symbol | None = None) -> Symbol | None:
    """Return the learning rate of a rule: as named, by its usual names, or what scales the first step."""
    wanted = (str(named),) if named is not None else RATES
    for name in wanted:
        if found := next((s for s in space.parameters if s.name == name), None):
            return found
    if named is not None or not space.inputs:
        return None
    at_start = dict(zip(space.states, space.start, strict=True))
    moved = [e.xreplace(at_start) - w for w, e in _of_weights(space)]
    found = [
        s
        for s in space.parameters
        if moved
        and all(cancel(e.diff(s) * s - e) == 0 for e in moved if e.is_rational_function(s))
        and any(e.has(s) for e in moved)
    ]
    return found[0] if len(found) == 1 else None


def _of_weights(space: StateSpace) -> list[tuple[Symbol, Expr]]:
    return [
        (s, e) for s, e in zip(space.states, space.first or space.step, strict=True) if s in space.weights
    ]


def first_steps_alike(one: StateSpace, other: StateSpace) -> tuple[StateSpace, StateSpace]:
    """Return both systems with a law of the first step if one of them has one."""
    if not (one.first or other.first):
        return one, other
    return replace(one, first=one.first or one.step), replace(other, first=other.first or other.step)


def in_range(one: Operand, other: Operand, candidate: Candidate) -> bool:
    """Return whether the parameters of the second rule lie in their ranges, at usual values."""
    if one.values is None:
        return True
    at = {s: v for s, v in one.values.items() if s not in candidate.fixed}
    put = {**candidate.parameters}
    return bool(satisfied((Condition(c.expression.xreplace(put), c.relation) for c in other.assumed), at))


def mapped(one: Operand, other: Operand, candidate: Candidate) -> tuple[StateSpace, StateSpace]:
    """Return both rules in the parameters, weights and inputs of the first."""
    ours, theirs = first_steps_alike(one.space, other.space)
    ours = ours.put(candidate.fixed)
    begun = tuple(candidate.start[s] for s in theirs.states)
    named = dict(zip(theirs.inputs, ours.inputs, strict=True))
    theirs = theirs.put({**candidate.parameters, **named})
    theirs = replace(theirs, start=begun, weights=ours.weights)
    return ours, theirs.without(theirs.unread())


def nonzero(one: Operand, values: Iterable[Expr]) -> tuple[Condition, ...]:
    """Return what must not vanish for expressions to be defined, as far as the ranges do not exclude it."""
    found = dict[Condition, None]()
    for expression in values:
        for base, _ in factor_list(denom(together(expression)))[1]:
            condition = Condition(base, "!= 0")
            if base != one.rate and not implied(one.assumed, condition):
                found[condition] = None
    return tuple(found)


def out_of_range(
    one: Operand, other: Operand, candidate: Candidate, given: tuple[Condition, ...]
) -> Iterator[str]:
    """Yield which parameters of the second rule may lie outside of their natural ranges."""
    for symbol, mapped in candidate.parameters.items():
        for condition in other.assumed:
            if condition.expression.has(symbol):
                put = Condition(
                    cancel(condition.expression.xreplace(candidate.parameters)), condition.relation
                )
                if isinstance(mapped, Symbol) and not any(c.expression.has(mapped) for c in one.assumed):
                    continue
                name = f"{other.names[symbol]} = {presentable(mapped, one.values)}"
                if not put.expression.free_symbols and not satisfied((put,), {}):
                    yield f"{name} is outside of its natural range"
                elif not implied(given, put):
                    yield f"{name} is in its natural range where {put} alone"


def presentable(expression: Expr, values: Mapping[Symbol, Number] | None) -> Expr:
    """Return a rational expression in factors, its denominator positive at usual values of the parameters."""
    if not expression.is_rational_function():
        return expression
    top, bottom = fraction(cancel(expression))
    if values is not None and bottom.free_symbols <= set(values) and value(bottom, values) < 0:
        top, bottom = -top, -bottom
    return min((top / bottom, factor(top) / factor(bottom), factor(top) / bottom), key=lambda e: len(str(e)))


def answer(one: Operand, other: Operand, verdict: Verdict, **found: Any) -> Equivalence:
    """Return an answer in the names of the second rule."""
    for name in ("states", "parameters", "start"):
        if name in found:
            found[name] = SymbolMap(
                {other.names[s]: presentable(v, one.values) for s, v in found[name].items()}
            )
    return Equivalence(one.rule, other.rule, verdict, titles=(one.name, other.name), **found)
