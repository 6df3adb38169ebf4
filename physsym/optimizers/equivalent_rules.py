"""Whether each run of one rule is a run of another, under a map of states, parameters and start values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, product
from typing import Any

from sympy import (
    Expr,
    Integer,
    Rational,
    Symbol,
    cancel,
    denom,
    factor,
    factor_list,
    fraction,
    nan,
    together,
    zoo,
)

from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, undecided
from physsym.optimizers.equivalence import Equivalence, SymbolMap, Trace
from physsym.optimizers.naming import as_lifted
from physsym.optimizers.parameter_equations import Case, solve_by_cases
from physsym.optimizers.state_maps import linear_state_map
from physsym.optimizers.state_space import StateSpace, renamed_apart, state_space
from physsym.optimizers.traces import ADVERSARIAL, exactly, natural_values, outputs, parting
from physsym.optimizers.transfer_functions import ONE, LinearSystem, equations, linear_system
from physsym.verify.budget import budget, budgeted
from physsym.verify.conditions import Hypotheses, conditions_of, consistent, implied
from physsym.verify.engines.evaluation import Number, satisfied, value
from physsym.verify.engines.smtlib import declared_sign
from physsym.verify.equivalence import identical

Symbols = Mapping[Symbol, Expr]

RATES = ("learning_rate", "lr", "eta", "step_size", "alpha")
"""What the learning rate is called; failing these, it is what the first step is proportional to."""
SECONDS = 20.0
"""The processor time of one comparison."""
STEPS = 12
"""The number of steps after which two rules that agree are no longer run."""


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
    """

    rule: Rule
    name: str
    space: StateSpace
    rate: Symbol | None = None
    names: Symbols = field(default_factory=dict)

    @cached_property
    def assumed(self) -> tuple[Condition, ...]:
        """Return the natural ranges of the parameters, with declared signs."""
        signs = (c for s in self.space.parameters for c in declared_sign(s))
        return tuple(dict.fromkeys((*self.space.ranges, *signs)))

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


def compare_linear(one: Operand, other: Operand) -> Equivalence | None:
    """Compare two rules that are linear in states and gradients; None where one of them is not.

    The transfer functions from gradients to evaluation points must be equal, and so must the outputs without
    gradients; the solutions are found case by case.
    """
    spaces = _first_steps_alike(one.space, other.space)
    first, second = map(linear_system, spaces)
    if first is None or second is None:
        return None
    cases = [c for c in _law_cases(one, first, second) if _is_possible(one, c)]
    if not cases:
        return _never(one, other, first, second)
    if all(c.open for c in cases):
        left = "; ".join(str(e) for c in cases for e in c.open)
        return _answer(one, other, undecided(f"equations for the parameters could not be solved: {left} = 0"))
    found: list[Candidate] = []
    fewest = min(_equations_of(one, c) for c in cases)
    for shifted in (False, True):
        if not found or min(c.special for c in found) > fewest:
            solved = (c for c in cases if not c.open)
            found += [f for c in solved for f in _with_start(one, other, first, second, c, shifted)]
    if found:
        return _best(one, other, found)
    return _start_differs(one, other, cases)


def _equations_of(one: Operand, case: Case) -> int:
    """Return how many equations a case asks of the parameters of the first rule."""
    return len(case.conditions) + sum(s in one.space.parameters for s in case.values)


def _first_steps_alike(one: StateSpace, other: StateSpace) -> tuple[StateSpace, StateSpace]:
    """Return both systems with a law of the first step if one of them has one."""
    if not (one.first or other.first):
        return one, other
    return replace(one, first=one.first or one.step), replace(other, first=other.first or other.step)


def _law_cases(
    one: Operand, first: LinearSystem, second: LinearSystem, steps: int | None = None
) -> list[Case]:
    """Return the parameters of the second rule for which the outputs respond alike to gradients.

    With `steps`, only the responses within so many steps are equated.
    """
    if steps is None:
        pairs = [(_flat(first.transfer), _flat(second.transfer))]
    else:
        pairs = [(_flat(first.d), _flat(second.d))]
        pairs += [(first.markov(k), second.markov(k)) for k in range(1, steps + 1)]
    law = [e for ours, theirs in pairs for e in equations(ours, theirs)]
    # A rule that does not depend on its gradients is no special case of interest.
    responds = next((e for e in _flat(first.transfer) if e != 0), None)
    nonzero = [*first.denominators, *second.denominators, *([responds] if responds is not None else [])]
    constants = [s for s in first.space.parameters if s != one.rate]
    constants += [one.rate] if one.rate in first.space.parameters else []
    return list(solve_by_cases(law, second.space.parameters, constants, nonzero))


def _flat(matrix: Iterable[Iterable[Expr]]) -> list[Expr]:
    return [e for row in matrix for e in row]


def _is_possible(one: Operand, case: Case) -> bool:
    """Return whether the parameters of the first rule may have the values of a case within their ranges."""
    fixed = {s: v for s, v in case.values.items() if s in one.space.parameters}
    equal = [Condition(e, "= 0") for e in case.conditions]
    if not fixed and not equal:
        return True
    ranges = [Condition(c.expression.xreplace(fixed), c.relation) for c in one.assumed]
    return consistent((*ranges, *equal)).outcome is not Outcome.FAILS


def _with_start(
    one: Operand, other: Operand, first: LinearSystem, second: LinearSystem, case: Case, shifted: bool
) -> Iterator[Candidate]:
    """Yield the candidates of a case whose outputs agree without gradients too.

    With `shifted`, states of the second rule may start elsewhere than it says.
    """
    space = second.space
    moved = tuple(s for s in space.states if shifted and s not in space.weights)
    if shifted:
        start = tuple(s if s in moved else v for s, v in zip(space.states, space.start, strict=True))
        freed = linear_system(replace(space, weights=(*space.weights, *moved), start=start))
        if freed is None:
            return
        second = freed
    ours = [f for f in first.free if f not in first.space.inputs]
    unknown = {
        (s, f): Symbol(f"start of {s} from {f}")
        for s in second.space.weights
        for f in ours
        if f is not ONE or s in moved
    }
    equal: list[Expr] = []
    for left, right in ((first.response, second.response), (first.before, second.before)):
        for row, theirs in zip(left, right, strict=True):
            for f, entry in zip(first.free, row, strict=True):
                total = Integer(0)
                for j, g in enumerate(second.free):
                    total += theirs[j] * (
                        unknown.get((g, f), Integer(0)) if g in second.space.weights else int(g == f)
                    )
                equal += equations([entry.xreplace(case.values)], [total.xreplace(case.values)])
    free = [s for s in space.parameters if s not in case.values]
    constants = [s for s in first.space.parameters if s not in case.values]
    for more in solve_by_cases(equal, [*unknown.values(), *free], constants):
        if more.open or not _is_possible(one, more):
            continue
        values = {s: v.xreplace(more.values) for s, v in case.values.items()} | more.values
        at = {
            s: sum(
                (
                    values.get(k, Integer(0)) * (1 if f is ONE else f)
                    for (t, f), k in unknown.items()
                    if t == s
                ),
                Integer(0),
            )
            for s in second.space.weights
        }
        told = {s: v.xreplace(at) for s, v in zip(second.space.states, second.space.start, strict=True)}
        whole = Case(values, (*case.conditions, *more.conditions), case.nonnegative)
        yield from _chosen(one, other, whole, told, moved)


def _chosen(
    one: Operand,
    other: Operand,
    case: Case,
    start: Symbols,
    moved: tuple[Symbol, ...] = (),
) -> Iterator[Candidate]:
    """Yield the candidate of a case, with what it leaves free chosen so that it survives a changing rate."""
    choices = list(islice(_choices(one, other, case, start, moved), 64))
    serving = (c for c in choices if _in_range(one, other, c) and not _needs_constant_rate(one, other, c))
    in_range = (c for c in choices if _in_range(one, other, c))
    if choices:
        yield choices[0] if len(choices) == 1 else next(serving, next(in_range, choices[0]))


def _choices(
    one: Operand, other: Operand, case: Case, start: Symbols, moved: tuple[Symbol, ...] = ()
) -> Iterator[Candidate]:
    """Yield candidates with simple values for the parameters that a case leaves free."""
    own = {s: v for s, v in case.values.items() if s in one.space.parameters}
    theirs = {s: v for s, v in case.values.items() if s in other.space.parameters}
    free = [s for s in other.space.parameters if s not in theirs]
    conditions = (
        *(Condition(e, "= 0") for e in case.conditions),
        *(Condition(e, ">= 0") for e in case.nonnegative),
    )
    for choice in product(*(_simple_values(one, s, own) for s in free)):
        put = dict(zip(free, choice, strict=True))
        values = {s: cancel(v.xreplace(put)) for s, v in theirs.items()} | put
        begun = {s: v.xreplace(values).xreplace(own) for s, v in start.items()}
        if any(v.has(zoo, nan) for v in (*values.values(), *begun.values())):
            continue
        begun = {s: cancel(v) for s, v in begun.items()}
        said = zip(other.space.states, other.space.start, strict=True)
        shifted = tuple(
            s for s, v in said if s in moved and cancel(begun[s] - v.xreplace({**values, **begun})) != 0
        )
        yield Candidate(values, own, begun, conditions, shifted)


def _simple_values(one: Operand, symbol: Symbol, fixed: Symbols) -> tuple[Expr, ...]:
    """Return values to try for a parameter that may have any."""
    name = symbol.name.removesuffix(" of the second")
    alike = tuple(s for s in one.space.parameters if s.name == name and s not in fixed)
    return (Integer(0), Integer(1), *alike, Rational(1, 2), Integer(2))


def _in_range(one: Operand, other: Operand, candidate: Candidate) -> bool:
    """Return whether the parameters of the second rule lie in their ranges, at usual values."""
    if one.values is None:
        return True
    at = {s: v for s, v in one.values.items() if s not in candidate.fixed}
    put = {**candidate.parameters}
    return bool(satisfied((Condition(c.expression.xreplace(put), c.relation) for c in other.assumed), at))


def _mapped(one: Operand, other: Operand, candidate: Candidate) -> tuple[StateSpace, StateSpace]:
    """Return both rules in the parameters, weights and inputs of the first."""
    ours, theirs = _first_steps_alike(one.space, other.space)
    ours = ours.put(candidate.fixed)
    begun = tuple(candidate.start[s] for s in theirs.states)
    named = dict(zip(theirs.inputs, ours.inputs, strict=True))
    theirs = theirs.put({**candidate.parameters, **named})
    theirs = replace(theirs, start=begun, weights=ours.weights)
    return ours, theirs.without(theirs.unread())


def _state_map(one: Operand, other: Operand, candidate: Candidate) -> dict[Symbol, Expr] | None:
    first, second = map(linear_system, _mapped(one, other, candidate))
    return None if first is None or second is None else linear_state_map(first, second)


def _needs_constant_rate(one: Operand, other: Operand, candidate: Candidate) -> bool:
    """Return whether the map of states holds the learning rate."""
    states = _state_map(one, other, candidate)
    return states is None or any(one.rate in e.free_symbols for e in states.values())


def _best(one: Operand, other: Operand, found: Sequence[Candidate]) -> Equivalence:
    """Return the answer by the candidate that says most, with the others beside it."""

    def rank(candidate: Candidate) -> tuple[Any, ...]:
        size = sum(len(str(v)) for v in candidate.parameters.values())
        return (
            candidate.special,
            len(candidate.shifted),
            not _in_range(one, other, candidate),
            _needs_constant_rate(one, other, candidate),
            size,
        )

    ordered = sorted(found, key=rank)
    best = _proved(one, other, ordered[0])
    # A case within a more general one adds nothing; two that are special each do.
    beside = [c for c in ordered[1:] if not _is_within(c, ordered[0])] if ordered[0].special else []
    cases = []
    for candidate in beside:
        if not any(_is_within(candidate, c) for c in ordered[: ordered.index(candidate)]):
            cases.append(_proved(one, other, candidate))
    return replace(best, otherwise=tuple(c for c in cases if c.verdict.outcome is Outcome.CONDITIONAL))


def _is_within(candidate: Candidate, general: Candidate) -> bool:
    """Return whether what a candidate requires of the first rule includes what another one requires."""
    put = candidate.fixed
    equal = [s - v for s, v in general.fixed.items()] + [
        c.expression for c in general.conditions if c.relation == "= 0"
    ]
    return all(cancel(e.xreplace(put)) == 0 for e in equal) and set(general.shifted) <= set(candidate.shifted)


def _proved(one: Operand, other: Operand, candidate: Candidate) -> Equivalence:
    """Return the answer by one candidate: its map is proved by the engines, else it is undecided."""
    states = _state_map(one, other, candidate)
    nonzero = _nonzero(
        one, (*candidate.parameters.values(), *candidate.fixed.values(), *candidate.start.values())
    )
    # The outputs are rational in the parameters: equal where the map of states is defined, they are equal
    # wherever they are defined themselves.
    of_map = _nonzero(one, (states or {}).values())
    given = (*one.assumed, *candidate.conditions, *nonzero, *of_map)
    given = tuple(Condition(c.expression.xreplace(candidate.fixed), c.relation) for c in given)
    ours, theirs = _mapped(one, other, candidate)
    if states is None:
        verdict = _same_transfer(ours, theirs, given)
    else:
        verdict = same_under_map(ours, theirs, states, given)
    equalities = tuple(Condition(s - v, "= 0") for s, v in candidate.fixed.items())
    conditions: tuple[Condition | Hypothesis, ...] = (*equalities, *candidate.conditions, *nonzero)
    if verdict.outcome is Outcome.CONDITIONAL:
        conditions += tuple(c for c in verdict.assumes if c not in conditions and c not in given)
    if verdict.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return _answer(one, other, undecided("a map was found but not proved", *verdict.evidence))
    for state in candidate.shifted:
        conditions += (Hypothesis(f"{other.names[state]} of the second starts at {candidate.start[state]}"),)
    schedule, trace = _schedule(one, other, candidate, states)
    outcome = Outcome.CONDITIONAL if conditions else Outcome.HOLDS
    evidence = (*verdict.evidence, *_out_of_range(one, other, candidate, given))
    if extra := [str(c) for c in of_map if c not in nonzero]:
        evidence = (*evidence, f"the map of states is defined where {' and '.join(extra)}")
    return _answer(
        one,
        other,
        Verdict(outcome, evidence, conditions, verdict.engines),
        states=states or {},
        parameters=candidate.parameters,
        start=candidate.start,
        conditions=conditions,
        schedule=schedule,
        trace=trace,
    )


def _nonzero(one: Operand, values: Iterable[Expr]) -> tuple[Condition, ...]:
    """Return what must not vanish for expressions to be defined, as far as the ranges do not exclude it."""
    found = dict[Condition, None]()
    for expression in values:
        for base, _ in factor_list(denom(together(expression)))[1]:
            condition = Condition(base, "!= 0")
            if base != one.rate and not implied(one.assumed, condition):
                found[condition] = None
    return tuple(found)


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
    return all_of(*(identical(p, q, given, what=what) for p, q, what in pairs))


def _same_transfer(ours: StateSpace, theirs: StateSpace, given: tuple[Condition, ...]) -> Verdict:
    """Return whether two systems have the same transfer functions and the same outputs without gradients."""
    first, second = map(linear_system, (ours, theirs))
    if first is None or second is None:
        return undecided("no map of states was found")
    verdicts = []
    for left, right in (
        (first.transfer, second.transfer), (first.response, second.response), (first.before, second.before)
    ):  # fmt: skip
        for p, q in zip(_flat(left), _flat(right), strict=True):
            verdicts.append(identical(p, q, given, what="the transfer functions"))
    return all_of(*verdicts)


def _out_of_range(
    one: Operand, other: Operand, candidate: Candidate, given: tuple[Condition, ...]
) -> Iterator[str]:
    """Yield which parameters of the second rule may lie outside of their natural ranges."""
    for symbol, mapped in candidate.parameters.items():
        for condition in other.assumed:
            if condition.expression.has(symbol):
                put = Condition(
                    cancel(condition.expression.xreplace(candidate.parameters)), condition.relation
                )
                if not implied(given, put):
                    yield f"{other.names[symbol]} = {mapped} lies in its natural range only where {put}"


def _schedule(
    one: Operand, other: Operand, candidate: Candidate, states: Symbols | None
) -> tuple[Any, Trace | None]:
    """Return whether the map holds for a learning rate that changes, and if not, where the rules part."""
    rate = one.rate
    if rate is None or rate in candidate.fixed:
        return "", None
    if states is not None and not any(
        rate in e.free_symbols for e in (*states.values(), *candidate.start.values())
    ):
        return "any", None
    trace = _trace_of(one, other, candidate, [Rational(1, 10), Rational(1, 100), Rational(1, 20)])
    return ("constant", trace) if trace or states is not None else ("", None)


def _trace_of(
    one: Operand, other: Operand, candidate: Candidate, rates: Sequence[Expr] = (), steps: int = STEPS
) -> Trace | None:
    """Return where two rules part under a map, on gradients of one or else on adversarial ones."""
    free = [s for s in one.space.parameters if s not in candidate.fixed]
    assumed = [
        Condition(c.expression.xreplace(candidate.fixed), c.relation)
        for c in (*one.assumed, *candidate.conditions)
    ]
    values = natural_values(free, assumed, dict(one.rule.typical), one.rate)
    if values is None:
        return None
    varied = [{**values, one.rate: value(r, {})} for r in rates] if rates and one.rate else [values]
    ours = [{**v, **{s: value(e, v) for s, e in candidate.fixed.items()}} for v in varied]
    theirs = [{s: value(e, v) for s, e in candidate.parameters.items()} for v in ours]
    return run_apart(one, other, ours, theirs, candidate.start, rates, steps)


def run_apart(
    one: Operand,
    other: Operand,
    ours: Sequence[Mapping[Symbol, Number]],
    theirs: Sequence[Mapping[Symbol, Number]],
    start: Symbols | None = None,
    rates: Sequence[Expr] = (),
    steps: int = STEPS,
) -> Trace | None:
    """Return the shortest trace found on which two rules part at given parameters."""
    best: Trace | None = None
    weights = {w: value(Integer(0), {}) for w in one.space.weights}
    begun = {w: value(Integer(0), {}) for w in other.space.weights}
    if start:
        begun = {s: value(e, {**ours[0], **weights}) for s, e in start.items()}
    space = replace(other.space, start=other.space.states) if start else other.space
    for gradients in ([value(Integer(1), {})] * steps, ADVERSARIAL[:steps]):
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
        )
    return best


def _never(one: Operand, other: Operand, first: LinearSystem, second: LinearSystem) -> Equivalence:
    """Return that no parameters serve, with the number of steps after which all of them have parted."""
    trace: Trace | None = None
    order = len(first.space.states) + len(second.space.states)
    for steps in range(order + 1):
        cases = [c for c in _law_cases(one, first, second, steps) if _is_possible(one, c)]
        if not cases:
            which = f"evaluation points agree for {steps} steps" if steps else "first evaluation points agree"
            reason = f"no values of the parameters of the second rule make the {which}"
            return _answer(one, other, fails(reason), trace=trace)
        candidate = _any_candidate(one, other, [c for c in cases if not c.open])
        trace = (_trace_of(one, other, candidate) if candidate else None) or trace
    reason = "no values of the parameters of the second rule give the transfer function of the first"
    return _answer(one, other, fails(reason), trace=trace)


def _any_candidate(one: Operand, other: Operand, cases: Sequence[Case]) -> Candidate | None:
    """Return a candidate of cases that agree for some steps, at the start that the rules say."""
    at = dict(zip(other.space.weights, one.space.weights, strict=False))
    start = {s: v.xreplace(at) for s, v in zip(other.space.states, other.space.start, strict=True)}
    for case in cases:
        if candidate := next(_chosen(one, other, case, start), None):
            return candidate
    return None


def _start_differs(one: Operand, other: Operand, cases: Sequence[Case]) -> Equivalence:
    """Return that the laws agree and the starts never do, with a trace."""
    candidate = _any_candidate(one, other, [c for c in cases if not c.open])
    trace = _trace_of(one, other, candidate) if candidate else None
    reason = "the law of each step is the same under a map, but no start values make the first steps agree"
    return _answer(one, other, fails(reason), trace=trace)


def presentable(expression: Expr, values: Mapping[Symbol, Number] | None) -> Expr:
    """Return a rational expression in factors, its denominator positive at usual values of the parameters."""
    if not expression.is_rational_function():
        return expression
    top, bottom = fraction(cancel(expression))
    if values is not None and bottom.free_symbols <= set(values) and value(bottom, values) < 0:
        top, bottom = -top, -bottom
    return min((top / bottom, factor(top) / factor(bottom), factor(top) / bottom), key=lambda e: len(str(e)))


def _answer(one: Operand, other: Operand, verdict: Verdict, **found: Any) -> Equivalence:
    """Return an answer in the names of the second rule."""
    for name in ("states", "parameters", "start"):
        if name in found:
            found[name] = SymbolMap(
                {other.names[s]: presentable(v, one.values) for s, v in found[name].items()}
            )
    return Equivalence(one.rule, other.rule, verdict, titles=(one.name, other.name), **found)


def operand(what: Any, rate: str | Symbol | None = None) -> Operand:
    """Return a rule that is compared: a rule, or what stands for one, with its name."""
    lifted = as_lifted(what)
    space = state_space(lifted.rule, lifted.first)
    ranges = (*space.ranges, *(c for c in lifted.assumes if isinstance(c, Condition)))
    space = replace(space, ranges=tuple(dict.fromkeys(ranges)))
    named = [s for library in getattr(what, "names", {}).values() for s, n in library.items() if n in RATES]
    found = learning_rate(space, rate if rate is not None else named[0] if named else None)
    name = getattr(what, "title", "") or lifted.name
    return Operand(lifted.rule, name, space, found, {s: s for s in space.states})


def equivalent(
    first: Any, second: Any, given: Hypotheses = (), rate: str | Symbol | None = None
) -> Equivalence:
    """Return whether each run of the first rule is a run of the second, up to a map.

    `same_rule` asks for the same states up to form; here states, parameters and start values of the second
    rule are found in terms of the first. Two runs are the same if, whatever the gradients, they take them at
    the same points.

    Parameters
    ----------
    first, second
        Rules, or what stands for one: a derivation, a known rule, a lifted one, an optimizer, its name.
    given
        What is assumed of the parameters of the first rule, and of those that only the second has:
        conditions, SymPy relations such as `0 < beta`, or texts such as "0 <= rho < 1"; several, or one.
    rate
        The learning rate of the first rule, where its name does not tell.

    Returns
    -------
    Equivalence
        The map, its conditions, and whether it holds for learning rates that change from step to step; or a
        sequence of gradients on which the two part.

    References
    ----------
    S. Zhao, L. Lessard, M. Udell, An automatic system to detect equivalence between iterative algorithms,
    2021.

    Examples
    --------
    >>> from physsym import after, grad, rule
    >>> from physsym.vocabulary import eta, rho, u, v, x
    >>> torch = rule({u: rho * u + grad(x), x: x - eta * after(u)})
    >>> keras = rule({v: rho * v - eta * grad(x), x: x + after(v)})
    >>> found = equivalent(torch, keras)
    >>> print(found.states[v], found.schedule)
    -eta*u constant
    >>> print(found.trace.weights)
    (-119/1000, -1/5)
    """
    one, theirs = operand(first, rate), operand(second)
    space, names = renamed_apart(theirs.space, {*one.space.states, *one.space.parameters, *one.space.inputs})
    theirs_rate = next((new for new, old in names.items() if old == theirs.rate), None)
    other = replace(theirs, space=space, rate=theirs_rate, names=names)
    one, other = _given(one, other, conditions_of(given, {*one.space.parameters, *theirs.space.parameters}))
    answers: list[Equivalence] = []

    @budgeted
    def judge() -> Verdict:
        answers.append(_compared(one, other))
        return answers[0].verdict

    with budget(SECONDS):
        verdict = judge()
    return answers[0] if answers else _answer(one, other, verdict)


def _given(one: Operand, other: Operand, given: tuple[Condition, ...]) -> tuple[Operand, Operand]:
    """Return both rules with what is assumed of their parameters."""
    theirs = {old: new for new, old in other.names.items()}
    mine = tuple(c for c in given if c.expression.free_symbols <= set(one.space.parameters))
    rest = tuple(Condition(c.expression.xreplace(theirs), c.relation) for c in given if c not in mine)
    return (
        replace(one, space=replace(one.space, ranges=(*one.space.ranges, *mine))),
        replace(other, space=replace(other.space, ranges=(*other.space.ranges, *rest))),
    )


def _compared(one: Operand, other: Operand) -> Equivalence:
    if sorted(one.space.kinds) != sorted(other.space.kinds):
        mine, theirs = (", ".join(" ".join(k) for k in o.space.kinds) or "nothing" for o in (one, other))
        return _answer(
            one,
            other,
            undecided(
                f"a step of the first rule asks for {mine}, one of the second for {theirs}; "
                "rules are compared step by step"
            ),
        )
    found = compare_linear(one, other)
    if found is not None:
        return found
    return _answer(one, other, undecided("one of the rules is not linear in states and gradients"))
