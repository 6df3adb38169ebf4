"""A rule as one straight-line program: constants first, then gradients and updates, each named once.

Every printer and every backend reads this one value, so that all of them carry out the same operations in the
same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sympy import Add, Expr, Integer, Mul, Pow, Symbol, postorder_traversal
from sympy.simplify.cse_main import tree_cse

from physsym.codegen.expression_tree import (
    FUNCTIONS,
    GRADIENT,
    OWN,
    SCALAR,
    STATE,
    Ranks,
    is_reciprocal,
    multiplied_bases,
    operand,
)
from physsym.codegen.passes.common_subexpressions import repeated_named
from physsym.codegen.straight_line import Assignment, Evaluation, Fresh, Line, Program, changed, state_name
from physsym.core.statements import Rule, RuleLike, Update, as_rule, expressions
from physsym.core.symbols import FORCES, after, before, grad
from physsym.vocabulary import STANDARD


def program(rule: RuleLike) -> Program:
    """Return the rule as a straight-line program.

    What depends on the parameters alone is computed once and first, and so is a counter: a state that grows
    by one and is no position, such as the number of steps. Each distinct place of a gradient is evaluated
    once, after the new values it reads; shared subexpressions get a name of their own.

    Raises TypeError when not given a rule; ValueError for a formula outside the elementary functions (it
    names the part), for two symbols of one name, and for gradients of different numbers of coordinates in one
    rule.

    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> momentum = program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))
    >>> [str(target) for target in momentum.assigned]
    ['c', 'g', 'u+', 'x+']
    """
    rule = as_rule(rule)
    fixed, carried = rule.parameters, rule.states
    _refuse_two_of_a_name(carried + fixed)
    fresh = Fresh({state_name(s) for s in (*carried, *fixed, *map(after, rule.targets))})
    lines = _forces_named(rule, fresh)
    counters = _counters(rule)
    counted = {after(s) for s in counters}
    hoist = _Hoist(frozenset({*fixed, *counters, *counted}), fresh.named("c"))
    counts = [line for line in lines if counted & set(line.targets)]
    lines = [changed(line, hoist) for line in lines if line not in counts]
    shared = fresh.named("s")
    scalars, same = _without_copies(_shared_named(counts + hoist.lines, shared))
    body = _shared_named([changed(line, lambda v: v.xreplace(same)) for line in lines], shared)
    ranks = dict.fromkeys(carried, STATE) | dict.fromkeys((*fixed, *counters), SCALAR)
    ranks |= {t: SCALAR for line in scalars for t in line.targets}
    ranks |= {t: GRADIENT for line in body if isinstance(line, Evaluation) for t in line.targets}
    now = {before(s): s for s in carried}
    results = tuple(after(s) if s in rule.targets else now[s] for s in carried)
    scalars, body = (repeated_named(_in_operations(part, ranks), shared) for part in (scalars, body))
    return Program(carried, fixed, tuple(scalars), tuple(body), results, counters)


def _counters(rule: Rule) -> tuple[Symbol, ...]:
    """Return the states that are one number however large the others are, since all they do is to count."""
    places = {s for e in expressions(rule) for f in e.atoms(*FORCES) for s in f.free_symbols}
    kept = {before(s) for s in rule.targets} & set(rule.states)
    return tuple(
        u.target
        for u in rule.updates
        if _counts(u, rule) and u.target not in places and before(u.target) not in kept
    )


def _counts(update: Update, rule: Rule) -> bool:
    quantity = STANDARD.quantity(update.target)
    is_position = len(rule.updates) == 1 or (quantity is not None and quantity.kind == "position")
    return bool(update.value - update.target == 1 and not is_position)


def _in_operations(lines: list[Line], ranks: Ranks) -> list[Line]:
    own = {after(s): {s: OWN} for s, rank in ranks.items() if rank == STATE}
    ordered = [(line, {**ranks, **own.get(line.targets[0], {})}) for line in lines]
    return [changed(line, partial(operand, ranks=seen)) for line, seen in ordered]


def _refuse_two_of_a_name(inputs: tuple[Symbol, ...]) -> None:
    names = [state_name(s) for s in inputs]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(
            f"two symbols of the rule are called {', '.join(twice)} (they differ in what they assume); "
            "use one symbol throughout"
        )


def _forces_named(rule: Rule, fresh: Fresh) -> list[Line]:
    """Return the updates with every gradient named, each evaluation before the first update that reads it."""
    names = fresh.named("g")
    known: dict[tuple[Expr, ...], tuple[Symbol, ...]] = {}
    seen: dict[Expr, Symbol] = {}
    lines: list[Line] = []
    for update in rule.updates:
        for force in (e for e in postorder_traversal(update.value) if isinstance(e, FORCES)):
            index, taken_at = _index_and_places(force)
            if taken_at not in known:
                known[taken_at] = tuple(next(names) for _ in taken_at)
                lines.append(Evaluation(known[taken_at], tuple(p.xreplace(seen) for p in taken_at)))
            seen[force] = known[taken_at][index - 1]
        lines.append(Assignment((after(update.target),), (update.value.xreplace(seen),)))
    numbers = sorted({len(p) for p in known})
    if len(numbers) > 1:
        raise ValueError(
            f"the rule takes gradients of {numbers} coordinates; all must be of the same potential"
        )
    return lines


def _index_and_places(force: Expr) -> tuple[int, tuple[Expr, ...]]:
    if isinstance(force, grad):
        return 1, force.args
    index, *places = force.args
    if not isinstance(index, Integer) or not 1 <= index <= len(places):
        raise ValueError(f"{force} names no coordinate: its first argument must be one of 1 to {len(places)}")
    return int(index), tuple(places)


@dataclass(frozen=True)
class _Hoist:
    """Replace what depends on parameters alone by a name, and remember the names given.

    What stands in many places, as the stages of a method do in each other, is looked at once.
    """

    parameters: frozenset[Symbol]
    names: Iterator[Symbol]
    known: dict[Expr, Symbol] = field(default_factory=dict)
    done: dict[Expr, Expr] = field(default_factory=dict)
    fixed: dict[Expr, bool] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        return [Assignment((name,), (value,)) for value, name in self.known.items()]

    def __call__(self, expression: Expr) -> Expr:
        if expression not in self.done:
            self.done[expression] = self._hoisted(expression)
        return self.done[expression]

    def _hoisted(self, expression: Expr) -> Expr:
        if self._is_scalar(expression):
            return self._named(expression)
        if isinstance(expression, (Add, Mul)):
            fixed = [a for a in expression.args if self._is_scalar(a) or a.is_Rational]
            others = [self(a) for a in expression.args if a not in fixed]
            return expression.func(self._named(expression.func(*fixed)), *others)
        if type(expression) in (Pow, *FUNCTIONS):
            return expression.func(*map(self, expression.args))
        return expression

    def _is_scalar(self, expression: Expr) -> bool:
        return not expression.is_Rational and self._is_fixed(expression)

    def _is_fixed(self, expression: Expr) -> bool:
        if expression not in self.fixed:
            moving = isinstance(expression, Symbol) and expression not in self.parameters
            self.fixed[expression] = not moving and all(map(self._is_fixed, expression.args))
        return self.fixed[expression]

    def _named(self, value: Expr) -> Expr:
        """Return the name of a value: its sign stays outside, and one over a value is divided by its name."""
        coefficient, _ = value.as_coeff_Mul()
        if coefficient.is_negative:
            return -self._named(-value)
        if value.is_Atom:
            return value
        if is_reciprocal(value):
            return 1 / self._named(1 / value)
        if value not in self.known:
            self.known[value] = next(self.names)
        return self.known[value]


def _shared_named(lines: list[Line], names: Iterator[Symbol]) -> list[Line]:
    """Name what is computed more than once, each name given just before it is first read."""
    values = [v for line in lines for v in line.values]
    shared, reduced = tree_cse(values + [b for v in values for b in multiplied_bases(v)], names)
    waiting, put = dict(shared), iter(reduced)
    result: list[Line] = []
    for line in lines:
        kept = changed(line, lambda _: next(put))
        result += [*_definitions(kept.values, waiting), kept]
    return result


def _definitions(values: Iterable[Expr], waiting: dict[Symbol, Expr]) -> Iterator[Line]:
    """Take from the waiting definitions those that the values read, and those that these read, first."""
    read = frozenset[Symbol]().union(*(v.free_symbols for v in values))
    for name in sorted(read & waiting.keys(), key=list(waiting).index):
        if name in waiting:
            value = waiting.pop(name)
            yield from _definitions([value], waiting)
            yield Assignment((name,), (value,))


def _without_copies(lines: list[Line]) -> tuple[list[Line], dict[Symbol, Symbol]]:
    """Drop the lines that only give a second name, and say which name stands for which."""
    same = {line.targets[0]: line.values[0] for line in lines if isinstance(line.values[0], Symbol)}
    return [line for line in lines if line.targets[0] not in same], same
