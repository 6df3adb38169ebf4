"""Rules that are linear in states and gradients: the same if their transfer functions are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice, product

from sympy import (
    Expr,
    Integer,
    Rational,
    Symbol,
    cancel,
    nan,
    zoo,
)

from physsym.core.counts import counted
from physsym.core.verdicts import Condition, Outcome, Verdict, all_of, fails, undecided
from physsym.optimizers.equivalence import Equivalence, SymbolMap, Trace
from physsym.optimizers.map_proofs import proved, trace_of
from physsym.optimizers.operands import (
    Candidate,
    Operand,
    Symbols,
    answer,
    first_steps_alike,
    in_range,
    mapped,
)
from physsym.optimizers.parameter_equations import Case, solve_by_cases
from physsym.optimizers.state_maps import linear_state_map
from physsym.optimizers.state_space import StateSpace
from physsym.optimizers.transfer_functions import ONE, LinearSystem, equations, linear_system
from physsym.verify.conditions import consistent
from physsym.verify.equivalence import identical

MOST_CASES = 4
"""The number of special cases that are told beside the first."""


def compare_linear(one: Operand, other: Operand) -> Equivalence | None:
    """Compare two rules that are linear in states and gradients; None where one of them is not.

    The transfer functions from gradients to evaluation points must be equal, and so must the outputs without
    gradients; the solutions are found case by case.
    """
    spaces = first_steps_alike(one.space, other.space)
    first, second = map(linear_system, spaces)
    if first is None or second is None:
        return None
    cases = [c for c in _law_cases(one, first, second) if _is_possible(one, c)]
    if not cases:
        return _never(one, other, first, second)
    if all(c.open for c in cases):
        left = "; ".join(str(e) for c in cases for e in c.open)
        return answer(one, other, undecided(f"equations for the parameters could not be solved: {left} = 0"))
    found: list[Candidate] = []
    unsolved: list[Expr] = []
    fewest = min(_equations_of(one, c) for c in cases)
    for shifted in (False, True):
        if not found or min(c.special for c in found) > fewest:
            solved = (c for c in cases if not c.open)
            found += [f for c in solved for f in _with_start(one, other, first, second, c, shifted, unsolved)]
    found = [f for k, f in enumerate(found) if f not in found[:k]]
    if found:
        best = _best(one, other, found)
        if best.trace is None and not best.generic:
            cases = [c for c in cases if not _equations_of(one, c)]
            apart = _start_differs(one, other, cases).trace if cases else None
            return replace(best, trace=apart or _parting(one, other, first, second, special=False)[1])
        return best
    if unsolved or any(c.open for c in cases):
        return answer(one, other, undecided("equations for the parameters could not be solved"))
    return _start_differs(one, other, cases)


def _equations_of(one: Operand, case: Case) -> int:
    """Return how many equations a case asks of the parameters of the first rule."""
    return len(case.conditions) + sum(s in one.space.parameters for s in case.values)


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
    nonzero = _nonzero(first, second)
    constants = [s for s in first.space.parameters if s != one.rate]
    constants += [one.rate] if one.rate in first.space.parameters else []
    return list(solve_by_cases(law, second.space.parameters, constants, nonzero))


def _nonzero(first: LinearSystem, second: LinearSystem) -> list[Expr]:
    """Return what is not zero: a rule that does not depend on its gradients is no case of interest."""
    responds = next((e for e in _flat(first.transfer) if e != 0), None)
    return [*first.denominators, *second.denominators, *([responds] if responds is not None else [])]


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
    one: Operand,
    other: Operand,
    first: LinearSystem,
    second: LinearSystem,
    case: Case,
    shifted: bool,
    unsolved: list[Expr],
) -> Iterator[Candidate]:
    """Yield the candidates of a case whose outputs agree without gradients too.

    With `shifted`, states of the second rule may start elsewhere than it says. Equations that could not be
    solved are put into `unsolved`.
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
    # Roots are no polynomials: where the law has them, it is solved anew together with the start.
    rooted = bool(case.nonnegative)
    put = {} if rooted else case.values
    equal = equations(_flat(first.transfer), _flat(second.transfer)) if rooted else []
    for left, right in ((first.response, second.response), (first.before, second.before)):
        for row, theirs in zip(left, right, strict=True):
            for f, entry in zip(first.free, row, strict=True):
                total = Integer(0)
                for j, g in enumerate(second.free):
                    total += theirs[j] * (
                        unknown.get((g, f), Integer(0)) if g in second.space.weights else int(g == f)
                    )
                equal += equations([entry.xreplace(put)], [total.xreplace(put)])
    free = [s for s in space.parameters if s not in put]
    constants = [s for s in first.space.parameters if s not in put]
    moves = [one.rate] if one.rate in constants else []
    nonzero = [*moves, *_nonzero(first, second)] if rooted else moves
    for more in solve_by_cases(equal, [*unknown.values(), *free], constants, nonzero):
        unsolved += more.open
        if more.open or not _is_possible(one, more):
            continue
        values = {s: v.xreplace(more.values) for s, v in put.items()} | more.values
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
        conditions = () if rooted else case.conditions
        whole = Case(values, (*conditions, *more.conditions), more.nonnegative)
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
    serving = (c for c in choices if in_range(one, other, c) and not _needs_constant_rate(one, other, c))
    possible = (c for c in choices if in_range(one, other, c))
    if choices:
        yield choices[0] if len(choices) == 1 else next(serving, next(possible, choices[0]))


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


def _state_map(one: Operand, other: Operand, candidate: Candidate) -> dict[Symbol, Expr] | None:
    first, second = map(linear_system, mapped(one, other, candidate))
    return None if first is None or second is None else linear_state_map(first, second)


def _needs_constant_rate(one: Operand, other: Operand, candidate: Candidate) -> bool:
    """Return whether the map of states holds the learning rate."""
    states = _state_map(one, other, candidate)
    return states is None or any(one.rate in e.free_symbols for e in states.values())


def _best(one: Operand, other: Operand, found: Sequence[Candidate]) -> Equivalence:
    """Return the answer by the candidate that says most, with the others beside it."""

    def rank(candidate: Candidate) -> tuple[int, int, bool]:
        return candidate.special, len(candidate.shifted), not in_range(one, other, candidate)

    def size(candidate: Candidate) -> int:
        return sum(len(str(v)) for v in candidate.parameters.values())

    ordered = sorted(found, key=lambda c: (rank(c), size(c)))
    first = [c for c in ordered if rank(c) == rank(ordered[0])]
    if len(first) > 1:
        first.sort(key=lambda c: _needs_constant_rate(one, other, c))
        ordered = [*first, *ordered[len(first) :]]
    best = proved_by_transfer(one, other, ordered[0])
    # A case within a more general one adds nothing; two that are special each do.
    beside = [c for c in ordered[1:] if not _is_within(c, ordered[0])] if ordered[0].special else []
    cases = []
    for candidate in beside:
        if not any(_is_within(candidate, c) for c in ordered[: ordered.index(candidate)]):
            cases.append(proved_by_transfer(one, other, candidate))
    cases = [c for c in cases if c.verdict.outcome is Outcome.CONDITIONAL]
    return replace(best, otherwise=tuple(cases[:MOST_CASES]))


def proved_by_transfer(one: Operand, other: Operand, candidate: Candidate) -> Equivalence:
    """Return the answer by a candidate for linear rules: by its map of states, or by transfer functions."""
    return proved(one, other, candidate, _state_map(one, other, candidate), _same_transfer)


def _is_within(candidate: Candidate, general: Candidate) -> bool:
    """Return whether what a candidate requires of the first rule includes what another one requires."""
    put = candidate.fixed
    equal = [s - v for s, v in general.fixed.items()] + [
        c.expression for c in general.conditions if c.relation == "= 0"
    ]
    return all(cancel(e.xreplace(put)) == 0 for e in equal) and set(general.shifted) <= set(candidate.shifted)


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


def _never(one: Operand, other: Operand, first: LinearSystem, second: LinearSystem) -> Equivalence:
    """Return that no parameters serve, with the number of steps after which all of them have parted."""
    steps, trace, parameters = _parting(one, other, first, second, special=True)
    reason = "no values of the parameters of the second rule give the transfer function of the first"
    if steps is not None:
        which = (
            f"evaluation points agree for {counted(steps, 'step')}"
            if steps
            else "first evaluation points agree"
        )
        reason = f"no values of the parameters of the second rule make the {which}"
    notes = tuple(_limits(one, other, first, second))
    return answer(one, other, fails(reason), trace=trace, parameters=parameters, notes=notes)


def _parting(
    one: Operand, other: Operand, first: LinearSystem, second: LinearSystem, special: bool
) -> tuple[int | None, Trace | None, Symbols]:
    """Return the number of steps for which no parameters make two rules agree, and a trace of the best ones.

    With `special`, for no values of the parameters of the first rule; else not for all of them.
    """
    trace: Trace | None = None
    parameters: Symbols = {}
    order = len(first.space.states) + len(second.space.states)
    for steps in range(order + 1):
        cases = [c for c in _law_cases(one, first, second, steps) if _is_possible(one, c)]
        cases = [c for c in cases if special or not _equations_of(one, c)]
        if not cases:
            return steps, trace, parameters
        candidate = _any_candidate(one, other, [c for c in cases if not c.open])
        parted = trace_of(one, other, candidate) if candidate else None
        if candidate and parted:
            trace, parameters = parted, candidate.parameters
    return None, trace, parameters


def _limits(one: Operand, other: Operand, first: LinearSystem, second: LinearSystem) -> Iterator[str]:
    """Yield the limits of parameters of the second rule in which it becomes the first."""
    wanted, found = _flat(first.transfer), _flat(second.transfer)
    law, nonzero = equations(wanted, found), [*first.denominators, *second.denominators]
    small = Symbol("small", positive=True)
    for limit in second.space.parameters:
        unknowns = [s for s in second.space.parameters if s != limit]
        for kept in combinations(law, min(len(unknowns), len(law))):
            for case in solve_by_cases(kept, unknowns, (), nonzero):
                if case.open or case.nonnegative or set(unknowns) - set(case.values):
                    continue
                for at, name in ((1 / small, "oo"), (small, "0")):
                    put = {s: v.xreplace({limit: at}) for s, v in case.values.items()} | {limit: at}
                    ends = [cancel(e.xreplace(put)).subs(small, 0) for e in found]
                    if all(cancel(a - b) == 0 for a, b in zip(ends, wanted, strict=True)):
                        told = {other.names[s]: v.xreplace(other.names) for s, v in case.values.items()}
                        maps = SymbolMap(told)
                        yield f"it is so in the limit {other.names[limit]} -> {name} alone, with {maps}"
                        return


def _any_candidate(one: Operand, other: Operand, cases: Sequence[Case]) -> Candidate | None:
    """Return a candidate of cases that agree for some steps, at the start that the rules say."""
    at = dict(zip(other.space.weights, one.space.weights, strict=False))
    start = {s: v.xreplace(at) for s, v in zip(other.space.states, other.space.start, strict=True)}
    choices = [c for case in cases for c in islice(_choices(one, other, case, start), 8)]
    possible = (c for c in choices if in_range(one, other, c))
    return next(possible, choices[0] if choices else None)


def _start_differs(one: Operand, other: Operand, cases: Sequence[Case]) -> Equivalence:
    """Return that the laws agree and the starts never do, with a trace."""
    candidate = _any_candidate(one, other, [c for c in cases if not c.open])
    trace = trace_of(one, other, candidate) if candidate else None
    reason = "the law of each step is the same under a map, but no start values make the first steps agree"
    return answer(one, other, fails(reason), trace=trace)
