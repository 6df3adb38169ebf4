"""Lowering: a rule, or the gradient of a potential, as one straight-line program.

Every printer and every backend reads this one value, so that all of them carry out the same operations in the
same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from sympy import Expr, Integer, Symbol, diff

from physsym.codegen.expression_tree import GRADIENT, OWN, SCALAR, STATE, Ranks, operand, with_choices
from physsym.codegen.passes.common_subexpressions import (
    eliminate_common_operations,
    eliminate_common_subexpressions,
)
from physsym.codegen.passes.copy_propagation import drop_copies
from physsym.codegen.passes.long_chains import split_long_chains
from physsym.codegen.passes.loop_invariants import ScalarHoist
from physsym.codegen.straight_line import (
    Assignment,
    Evaluation,
    FreshSymbols,
    Line,
    Program,
    map_values,
    state_name,
)
from physsym.core.lookalikes import refuse_look_alikes
from physsym.core.motion import is_time
from physsym.core.statements import Rule, Update, expressions, rewritten
from physsym.core.symbols import FORCES, after, before, distinct_parts, free_symbols_of, grad, potential
from physsym.parsing.statements import RuleText, as_rule
from physsym.vocabulary import STANDARD


def program(rule: RuleText) -> Program:
    """Lower a rule to a straight-line program.

    What depends on the parameters alone is computed once and first, and so is a counter: a state that grows
    by one and is no position, such as the number of steps, or the time, which grows by a time step. Each
    distinct evaluation point of a gradient is evaluated once, after the new values it reads; common
    subexpressions get a name of their own.

    Parameters
    ----------
    rule : Rule
        The update rule.

    Returns
    -------
    Program
        One step of the rule, in which nothing is assigned twice.

    Raises
    ------
    TypeError
        For what is no rule.
    ValueError
        For a formula outside the elementary functions (it names the part), for two symbols of one name, for a
        name with a letter that looks like another one, and for gradients of different numbers of coordinates
        in one rule.

    Examples
    --------
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> momentum = program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))
    >>> [str(target) for target in momentum.assigned]
    ['c', 'g', 'u+', 'x+']
    """
    rule = as_rule(rule)
    unbounded = tuple(s for s, value in rule.start if value.is_infinite)
    fixed, carried = rule.parameters, rule.states
    _refuse_unfit_names(carried + fixed)
    fresh = FreshSymbols({state_name(s) for s in (*carried, *fixed, *map(after, rule.targets))})
    rule, loss, loss_point = _with_loss(rule, fresh)
    lines = _name_gradients(rule, fresh)
    counters = _counters(rule)
    counted = {after(s) for s in counters}
    known, names = frozenset({*fixed, *counters, *counted}), fresh.named("c")
    hoist = ScalarHoist(known, names, branches=ScalarHoist(known, names))
    counts = [line for line in lines if counted & set(line.targets)]
    lines = [map_values(line, hoist) for line in lines if line not in counts]
    shared = fresh.named("s")
    scalars, same = drop_copies(eliminate_common_subexpressions(counts + hoist.lines, shared), counted)
    body = eliminate_common_subexpressions(
        [map_values(line, lambda v: v.xreplace(same)) for line in lines], shared
    )
    ranks = dict.fromkeys(carried, STATE) | dict.fromkeys((*fixed, *counters), SCALAR)
    ranks |= {t: SCALAR for line in scalars for t in line.targets}
    ranks |= dict.fromkeys(loss, SCALAR)
    ranks |= {t: GRADIENT for line in body if isinstance(line, Evaluation) for t in line.targets}
    now = {before(s): s for s in carried}
    results = tuple(after(s) if s in rule.targets else now[s] for s in carried)
    scalars, body = (
        eliminate_common_operations(_to_operations(part, ranks, shared), shared) for part in (scalars, body)
    )
    parameters = (*fixed, *loss)
    lowered = Program(carried, parameters, tuple(scalars), tuple(body), results, counters)
    if loss:
        lowered = replace(lowered, loss=loss[0], loss_point=loss_point[0])
    return replace(lowered, unbounded=unbounded)


def _counters(rule: Rule) -> tuple[Symbol, ...]:
    """Return what is one number however large the states are: counters of steps, and the time.

    There are none where they would be all the states: some array has to be left to take a step of.
    """
    forces = (part for part in distinct_parts(*expressions(rule)) if isinstance(part, FORCES))
    in_gradients = free_symbols_of(*forces)
    with_earlier = {before(s) for s in rule.targets} & set(rule.states)
    found = tuple(
        u.target
        for u in rule.updates
        if before(u.target) not in with_earlier
        and (_is_clock(u, rule) or (_counts(u, rule) and u.target not in in_gradients))
    )
    return found if len(found) < len(rule.states) else ()


def _is_clock(update: Update, rule: Rule) -> bool:
    increment = update.value - update.target
    return is_time(update.target) and increment.free_symbols <= set(rule.parameters)


def _counts(update: Update, rule: Rule) -> bool:
    quantity = STANDARD.quantity(update.target)
    is_position = quantity is not None and quantity.kind == "position"
    return bool(update.value - update.target == 1 and not is_position)


def _to_operations(lines: list[Line], ranks: Ranks, names: Iterator[Symbol]) -> list[Line]:
    own = {after(s): {s: OWN} for s, rank in ranks.items() if rank == STATE}
    ordered = [(line, {**ranks, **own.get(line.targets[0], {})}) for line in lines]
    return [
        part
        for line, seen in ordered
        for part in split_long_chains(map_values(line, partial(operand, ranks=seen)), names)
    ]


def _refuse_unfit_names(inputs: tuple[Symbol, ...]) -> None:
    names = [state_name(s) for s in inputs]
    for name in names:
        refuse_look_alikes(name)
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(
            f"two symbols of the rule are called {', '.join(twice)} (they differ in what they assume); "
            "use one symbol throughout"
        )


def _name_gradients(rule: Rule, fresh: FreshSymbols) -> list[Line]:
    """Return the updates with every gradient named, each evaluated before the first update that reads it."""
    names = fresh.named("g")
    known: dict[tuple[Expr, ...], tuple[Symbol, ...]] = {}
    seen: dict[Expr, Symbol] = {}
    lines: list[Line] = []
    for update in rule.updates:
        value = with_choices(update.value)
        for force in (e for e in distinct_parts(value) if isinstance(e, FORCES)):
            index, point = _index_and_point(force)
            if point not in known:
                known[point] = tuple(next(names) for _ in point)
                lines.append(Evaluation(known[point], tuple(p.xreplace(seen) for p in point)))
            seen[force] = known[point][index - 1]
        lines.append(Assignment((after(update.target),), (value.xreplace(seen),)))
    numbers = sorted({len(p) for p in known})
    if len(numbers) > 1:
        raise ValueError(
            f"the rule takes gradients of {numbers} coordinates; all must be of the same potential"
        )
    return lines


def _with_loss(
    rule: Rule, fresh: FreshSymbols
) -> tuple[Rule, tuple[Symbol, ...], tuple[tuple[Symbol, ...] | None, ...]]:
    """Return the rule with a symbol for the value of the potential, that symbol if any, and where it is read.

    It is read at states, or where the gradient is taken; ValueError for other points, and for several.
    """
    parts = [*distinct_parts(*expressions(rule))]
    read = sorted((part for part in parts if isinstance(part, potential)), key=str)
    if not read:
        return rule, (), ()
    forces = {_index_and_point(part)[1] for part in parts if isinstance(part, FORCES)}
    at_states = all(isinstance(p, Symbol) and p in rule.states for p in read[0].args)
    if len(read) > 1 or not (at_states or forces == {read[0].args}):
        raise ValueError(
            f"the rule reads the loss as {', '.join(map(str, read))}; a rule that runs reads it at one "
            "point: its states, or where it takes its only gradient"
        )
    symbol = next(fresh.named("loss"))
    named = rewritten(replace(rule, start=()), lambda e: e.xreplace({read[0]: symbol}))
    return named, (symbol,), (read[0].args if at_states else None,)


def _index_and_point(force: Expr) -> tuple[int, tuple[Expr, ...]]:
    if isinstance(force, grad):
        return 1, force.args
    index, *point = force.args
    if not isinstance(index, Integer) or not 1 <= index <= len(point):
        raise ValueError(f"{force} names no coordinate: its first argument must be one of 1 to {len(point)}")
    return int(index), tuple(point)


@dataclass(frozen=True)
class Formula:
    """A potential as a formula of its weights; all other symbols that occur in it are parameters."""

    value: Expr
    weights: tuple[Symbol, ...]

    @property
    def gradient(self) -> Program:
        """Return the program that computes the gradient, one result a weight; its states are the weights."""
        return program(Rule(tuple(Update(w, diff(self.value, w)) for w in self.weights)))
