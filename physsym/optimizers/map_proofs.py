"""Proofs that a map carries one rule to another, and runs on which it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympy import (
    Expr,
    Rational,
    S,
    Symbol,
)

from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, undecided
from physsym.optimizers.equivalence import Equivalence, SymbolMap, Trace
from physsym.optimizers.invariants import canonical_roots, counters, invariants
from physsym.optimizers.operands import (
    Candidate,
    Operand,
    Symbols,
    answer,
    mapped,
    nonzero,
    out_of_range,
    presentable,
)
from physsym.optimizers.state_space import StateSpace
from physsym.optimizers.traces import SEQUENCES, exactly, natural_values, outputs, parting
from physsym.verify.conditions import consistent, implied
from physsym.verify.engines.evaluation import Number, value
from physsym.verify.equivalence import identical

STEPS = 12
"""The number of steps after which two rules that agree are no longer run."""


def proved(
    one: Operand,
    other: Operand,
    candidate: Candidate,
    states: Symbols | None,
    without_map: Callable[[StateSpace, StateSpace, tuple[Condition, ...]], Verdict] | None = None,
) -> Equivalence:
    """Return the answer by one candidate: its map is proved by the engines, else it is undecided.

    `without_map` proves it where no map of states is known.
    """
    poles = nonzero(
        one, (*candidate.parameters.values(), *candidate.fixed.values(), *candidate.start.values())
    )
    # The outputs are rational in the parameters: equal where the map of states is defined, they are equal
    # wherever they are defined themselves.
    of_map = nonzero(one, (states or {}).values())
    held = (*one.assumed, *candidate.conditions)
    poles, of_map = (tuple(c for c in told if not implied(held, c)) for told in (poles, of_map))
    given = (*one.assumed, *candidate.conditions, *poles, *of_map)
    given = tuple(Condition(c.expression.xreplace(candidate.fixed), c.relation) for c in given)
    given = tuple(c for c in given if c.expression.free_symbols)
    beyond = _beyond_ranges(one, other, candidate, given)
    if beyond is not None:
        return beyond
    ours, theirs = mapped(one, other, candidate)
    if states is None:
        verdict = without_map(ours, theirs, given) if without_map else undecided("no map of states was found")
    else:
        verdict = same_under_map(ours, theirs, states, given)
    equalities = tuple(Condition(s - v, "= 0") for s, v in candidate.fixed.items())
    equalities = tuple(c for c in equalities if not implied(one.assumed, c))
    conditions: tuple[Condition | Hypothesis, ...] = (*equalities, *candidate.conditions, *poles)
    required = (Condition(c.expression.xreplace(candidate.parameters), c.relation) for c in other.required)
    conditions += tuple(c for c in required if not implied(given, c))
    if not without_map:
        conditions += tuple(c for c in of_map if c not in conditions)
    if verdict.outcome is Outcome.CONDITIONAL:
        listed = (*conditions, *given, *((Condition(one.rate, "!= 0"),) if one.rate else ()))
        conditions += tuple(
            c
            for c in verdict.assumes
            if c not in listed and not (isinstance(c, Condition) and implied(held, c))
        )
    if verdict.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return answer(one, other, undecided("a map was found but not proved", *verdict.evidence))
    for state in candidate.shifted:
        conditions += (Hypothesis(f"{other.names[state]} of the second starts at {candidate.start[state]}"),)
    schedule, trace = schedule_of(one, other, candidate, states)
    outcome = Outcome.CONDITIONAL if conditions else Outcome.HOLDS
    notes = tuple(out_of_range(one, other, candidate, given))
    if extra := [str(c) for c in of_map if c not in poles]:
        notes = (*notes, f"the map of states is defined where {' and '.join(extra)}")
    return answer(
        one,
        other,
        Verdict(outcome, verdict.evidence, conditions, verdict.engines),
        notes=notes,
        states=states or {},
        parameters=candidate.parameters,
        start=candidate.start,
        conditions=conditions,
        schedule=schedule,
        trace=trace,
    )


def _beyond_ranges(
    one: Operand, other: Operand, candidate: Candidate, given: tuple[Condition, ...]
) -> Equivalence | None:
    """Return that two rules are not the same where the map never keeps to the ranges of the second."""
    stated = (*other.stated, *other.required)
    put = [Condition(c.expression.xreplace(candidate.parameters), c.relation) for c in stated]
    if consistent((*given, *put)).outcome is not Outcome.FAILS:
        return None
    name = ", ".join(
        f"{other.names[s]} = {presentable(e, one.values)}"
        for s, e in candidate.parameters.items()
        if any(c.expression.has(s) for c in stated)
    )
    reason = f"they agree only with {name}, outside of the range of the second rule"
    if other.required:
        reason += " or of what is given"
    alike = {s.name: s for s in one.space.parameters}
    named = {s: alike.get(other.names[s].name) for s in other.space.parameters}
    parameters = {s: e for s, e in named.items() if e is not None}
    whole = len(parameters) == len(other.space.parameters)
    trace = trace_of(one, other, replace(candidate, parameters=parameters)) if whole else None
    return answer(one, other, fails(reason), trace=trace)


def same_under_map(
    first: StateSpace, second: StateSpace, states: Symbols, given: tuple[Condition, ...]
) -> Verdict:
    """Return whether a map of states carries each step of the first system to one of the second.

    Both have the same parameters, inputs and weights.
    """
    ours = dict(zip(first.states, first.step, strict=True))
    at_start = dict(zip(first.states, first.start, strict=True))
    begun = dict(zip(first.states, first.first, strict=True)) if first.first else {}
    pairs: list[tuple[Expr, Expr, str]] = []
    for a, b in zip(first.points, second.points, strict=True):
        for p, q in zip(a, b, strict=True):
            pairs.append((p, q.xreplace(states), "the evaluation points"))
            if begun:
                # The map serves after the first step; before it, the start values are compared.
                told = dict(zip(second.states, second.start, strict=True))
                pairs.append((p.xreplace(at_start), q.xreplace(told), "the first evaluation points"))
    for k, state in enumerate(second.states):
        value = states[state]
        pairs.append((value.xreplace(ours), second.step[k].xreplace(states), f"the new values of {state}"))
        if begun:
            told = dict(zip(second.states, second.start, strict=True))
            at_first = value.xreplace({s: e.xreplace(at_start) for s, e in begun.items()})
            pairs.append((at_first, second.first[k].xreplace(told), f"{state} after the first step"))
        else:
            pairs.append((value.xreplace(at_start), second.start[k], f"the start values of {state}"))
    if all(e.is_rational_function() for pair in pairs for e in pair[:2]):
        return all_of(*(identical(p, q, given, what=what) for p, q, what in pairs))
    known = tuple(dict.fromkeys((*given, *invariants(first, given))))
    counted = counters(first)
    verdicts = []
    for p, q, what in pairs:
        left, right = (canonical_roots(e, known, counted) for e in (p, q))
        verdict = identical(left, right, known, what=what)
        remaining = tuple(c for c in verdict.assumes if not isinstance(c, Condition) or not implied(known, c))
        if verdict.outcome is Outcome.CONDITIONAL and not remaining:
            verdict = replace(verdict, outcome=Outcome.HOLDS)
        verdicts.append(replace(verdict, assumes=remaining))
    return all_of(*verdicts)


def schedule_of(
    one: Operand, other: Operand, candidate: Candidate, states: Symbols | None
) -> tuple[Any, Trace | None]:
    """Return whether the map holds for a learning rate that changes, and if not, where the rules part."""
    rate = one.rate
    if rate is None or rate in candidate.fixed:
        return "", None
    held = _held(other, candidate, rate)
    if states is not None and not any(
        rate in e.free_symbols for e in (*states.values(), *candidate.start.values(), *held.values())
    ):
        return "any", None
    rates = [Rational(1, 10), Rational(1, 100), Rational(1, 20)]
    trace = trace_of(one, other, candidate, rates, constant=tuple(held))
    return ("constant", trace) if trace or states is not None else ("", None)


def _held(other: Operand, candidate: Candidate, rate: Symbol) -> dict[Symbol, Expr]:
    """Return the parameters of the second rule, beside its rate, that would have to change with the rate.

    In a rule without a learning rate, such as a law of motion, all of them do.
    """
    holding = {s: e for s, e in candidate.parameters.items() if rate in e.free_symbols}
    if other.rate is None:
        return {}
    own = other.rate if other.rate in holding else next(iter(holding), None)
    return {s: e for s, e in holding.items() if s != own}


def trace_of(
    one: Operand,
    other: Operand,
    candidate: Candidate,
    rates: Sequence[Expr] = (),
    steps: int = STEPS,
    constant: Sequence[Symbol] = (),
) -> Trace | None:
    """Return where two rules part under a map, on gradients of one or else on adversarial ones.

    The parameters of the second that are `constant` stay as they are while the learning rate changes.
    """
    free = [s for s in one.space.parameters if s not in candidate.fixed]
    assumed = [
        Condition(c.expression.xreplace(candidate.fixed), c.relation)
        for c in (*one.assumed, *candidate.conditions)
    ]
    # What is tiny by habit is not so here: a difference should show.
    small = Rational(1, 1000)
    typical = ((s, v) for s, v in one.rule.typical if s != one.rate)
    usual = {s: v if abs(v) >= small else Rational(1, 10) for s, v in typical}
    values = natural_values(free, assumed, usual, one.rate)
    if values is None:
        return None
    varied = [{**values, one.rate: value(r, {})} for r in rates] if rates and one.rate else [values]
    ours = [{**v, **{s: value(e, v) for s, e in candidate.fixed.items()}} for v in varied]
    theirs = [{s: value(e, v) for s, e in candidate.parameters.items()} for v in ours]
    theirs = [{**at, **{s: theirs[0][s] for s in constant}} for at in theirs]
    return run_apart(one, other, ours, theirs, candidate.start, rates, steps)


def _holds_weights(space: StateSpace) -> bool:
    """Return whether a state other than the weights starts at a value that depends on them."""
    starts = (e for s, e in zip(space.states, space.start, strict=True) if s not in space.weights)
    return any(e.free_symbols & set(space.weights) for e in starts)


def run_apart(
    one: Operand,
    other: Operand,
    ours: Sequence[Mapping[Symbol, Number]],
    theirs: Sequence[Mapping[Symbol, Number]],
    start: Symbols | None = None,
    rates: Sequence[Expr] = (),
    steps: int = STEPS,
    begin: Expr = S.Zero,
) -> Trace | None:
    """Return the shortest trace found on which two rules part at given parameters, from given weights."""
    best: Trace | None = None
    weights = {w: value(begin, {}) for w in one.space.weights}
    begun = {w: value(begin, {}) for w in other.space.weights}
    if start:
        begun = {s: value(e, {**ours[0], **begun, **weights}) for s, e in start.items()}
    space = replace(other.space, start=other.space.states) if start else other.space
    for gradients in (g[:steps] for g in SEQUENCES):
        inputs = [[g * (j + 1) for j in range(len(one.space.inputs))] for g in gradients]
        apart = parting(outputs(one.space, ours, weights, inputs), outputs(space, theirs, begun, inputs))
        if apart is None or (best is not None and apart[0] >= len(best.gradients)):
            continue
        k, a, b = apart
        taken = tuple(exactly(g) for g in gradients[: max(k, 0)])
        best = Trace(
            gradients=taken,
            rates=tuple(rates[min(j, len(rates) - 1)] for j in range(k)) if rates else (),
            parameters=(
                SymbolMap({s: exactly(n) for s, n in ours[0].items()}),
                SymbolMap({other.names[s]: exactly(n) for s, n in theirs[0].items()}),
            ),
            weights=(exactly(a), exactly(b)),
            start=begin,
        )
    if best is None and begin == 0 and (_holds_weights(one.space) or _holds_weights(other.space)):
        # At weights of zero, start values that hold the weights do not show.
        return run_apart(one, other, ours, theirs, start, rates, steps, S.One)
    return best
