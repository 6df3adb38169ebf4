"""Mutants of a rule: the rule with one thing wrong, as a slip of the pen or of the keyboard would have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sympy import (
    Abs,
    Add,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Rational,
    Symbol,
    default_sort_key,
    nan,
    oo,
    sign,
    sqrt,
    zoo,
)
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair

from physsym.core.statements import Rule, StatementError, Update
from physsym.core.symbols import AFTER, FORCES, after, name_and_marks


@dataclass(frozen=True)
class Mutant:
    """A rule with one thing wrong: its kind, what was changed, and the rule."""

    kind: str
    says: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.kind}: {self.says}"


@dataclass(frozen=True)
class Surroundings:
    """What a change of one part of an update may use: the rule, and the symbols already updated."""

    rule: Rule
    updated: frozenset[Symbol]


Change = Callable[[Expr, Surroundings], Iterator[Expr]]


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield the mutants of a rule, each once, in an order that depends on the rule alone.

    Parameters
    ----------
    rule : Rule
        The rule.

    Yields
    ------
    Mutant
        Rules that differ from `rule` in one respect; some may be equal to it in effect.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> for mutant in mutants(rule({x: x - eta * G})):
    ...     print(mutant)
    sign: x <- -x - eta*grad(x)
    sign: x <- x + eta*grad(x)
    term dropped: x <- -eta*grad(x)
    term dropped: x <- x
    factor dropped: x <- x - grad(x)
    factor dropped: x <- x - eta
    parameter squared: x <- x - eta**2*grad(x)
    gradient changed: x <- x - eta*Abs(grad(x))
    gradient changed: x <- x - eta*grad(x)**2
    gradient changed: x <- x - 2*eta*grad(x)
    """
    seen = {rule}
    for mutant in (*_of_updates(rule), *_of_starts(rule)):
        if mutant.rule not in seen:
            seen.add(mutant.rule)
            yield mutant


def _of_updates(rule: Rule) -> Iterator[Mutant]:
    for kind, change in CHANGES.items():
        for k, update in enumerate(rule.updates):
            around = Surroundings(rule, frozenset(rule.targets[:k]))
            for value in _everywhere(update.value, change, around):
                yield from _mutant(kind, rule, k, value)
    for k, update in enumerate(rule.updates):
        if len(rule.updates) > 1 and update.value != update.target:
            yield from _mutant("update left out", rule, k, update.target)


def _mutant(kind: str, rule: Rule, k: int, value: Expr) -> Iterator[Mutant]:
    """Yield the rule with the value of one update changed, unless it is no rule any more."""
    changed = Update(rule.updates[k].target, value)
    try:
        found = replace(rule, updates=(*rule.updates[:k], changed, *rule.updates[k + 1 :]))
    except StatementError:
        return
    if not value.has(zoo, nan, oo) and set(found.parameters) <= set(rule.parameters):
        yield Mutant(kind, str(changed), found)


def _of_starts(rule: Rule) -> Iterator[Mutant]:
    for k, (state, value) in enumerate(rule.start):
        for wrong in dict.fromkeys((value + 1, Integer(0))):
            if wrong != value:
                start = (*rule.start[:k], (state, wrong), *rule.start[k + 1 :])
                yield Mutant("start value", f"{state}(0) = {wrong}", replace(rule, start=start))


def _everywhere(expression: Expr, change: Change, around: Surroundings) -> Iterator[Expr]:
    """Yield an expression with one of its parts changed, for every part and every change of it."""
    yield from change(expression, around)
    for k, part in enumerate(expression.args):
        if isinstance(part, (Expr, ExprCondPair, Relational)):
            for new in _everywhere(part, change, around):
                yield expression.func(*expression.args[:k], new, *expression.args[k + 1 :])


def _sorted(expression: Expr) -> list[Expr]:
    """Return the terms, factors or arguments in an order that does not depend on hashes."""
    return sorted(expression.args, key=default_sort_key)


def _flip_signs(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Add):
        for term in _sorted(expression):
            yield expression - 2 * term


def _drop_terms(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Add):
        for term in _sorted(expression):
            yield expression - term


def _drop_factors(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Mul):
        for factor in _sorted(expression):
            if not factor.is_Number:
                yield Mul(*(f for f in expression.args if f != factor))


def _square_parameters(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if expression in around.rule.parameters:
        yield expression**2


def _take_another_parameter(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if expression in around.rule.parameters:
        yield from (p for p in around.rule.parameters if p != expression)


def _take_another_time(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    """Yield a state before its update for one after it, and the other way round."""
    if isinstance(expression, Symbol):
        name, marks = name_and_marks(expression)
        if marks == AFTER:
            yield next(s for s in around.rule.targets if s.name == name)
        elif expression in around.updated:
            yield after(expression)


def _change_numbers(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Rational):
        yield expression + 1
        if abs(expression) != 1:
            yield 1 / expression if expression != 0 else Integer(-1)


def _take_magnitudes(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Abs):
        yield expression.args[0]
        yield expression.args[0] ** 2
    elif isinstance(expression, sign):
        yield expression.args[0]
        yield Abs(expression)
    elif isinstance(expression, Pow) and expression.exp == 2:
        yield Abs(expression.base)
        yield expression.base


def _drop_roots(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Pow) and expression.exp in (Rational(1, 2), Rational(-1, 2)):
        yield expression**2


def _count_otherwise(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    counted = {u.target for u in around.rule.updates if u.value - u.target == 1}
    if isinstance(expression, Symbol) and expression in counted | {after(s) for s in counted}:
        yield expression + 1


def _move_into_roots(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    """Yield sqrt(y + eps) for sqrt(y) + eps, and the other way round."""
    if isinstance(expression, Add):
        roots = [t for t in _sorted(expression) if isinstance(t, Pow) and t.exp == Rational(1, 2)]
        for root in roots:
            for p in _sorted(expression):
                if p in around.rule.parameters:
                    yield expression - root - p + sqrt(root.base + p)
    if isinstance(expression, Pow) and expression.exp == Rational(1, 2) and isinstance(expression.base, Add):
        for p in _sorted(expression.base):
            if p in around.rule.parameters:
                yield sqrt(expression.base - p) + p


def _swap_extrema(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, (Max, Min)):
        yield (Min if isinstance(expression, Max) else Max)(*expression.args)
        for left_out in _sorted(expression):
            yield expression.func(*(a for a in expression.args if a != left_out))


def _change_cases(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, Piecewise):
        values = [pair.expr for pair in expression.args]
        yield from values
        if len(values) == 2:
            (first, condition), (second, otherwise) = expression.args
            yield Piecewise((second, condition), (first, otherwise))


def _change_gradients(expression: Expr, around: Surroundings) -> Iterator[Expr]:
    if isinstance(expression, FORCES):
        yield Abs(expression)
        yield expression**2
        yield 2 * expression
        here = expression.args[-1]
        positions = [s for s in here.free_symbols if s in around.rule.states]
        if here not in positions and len(expression.args) == 1:
            yield from (expression.func(s) for s in sorted(positions, key=str))


# The kinds of slips, each with the changes of a part of an update that it makes.
CHANGES: Mapping[str, Change] = {
    "sign": _flip_signs,
    "term dropped": _drop_terms,
    "factor dropped": _drop_factors,
    "parameter squared": _square_parameters,
    "another parameter": _take_another_parameter,
    "old or new value": _take_another_time,
    "number": _change_numbers,
    "magnitude": _take_magnitudes,
    "root dropped": _drop_roots,
    "counter": _count_otherwise,
    "into or out of the root": _move_into_roots,
    "maximum or minimum": _swap_extrema,
    "cases": _change_cases,
    "gradient changed": _change_gradients,
}
