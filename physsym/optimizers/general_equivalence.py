"""Rules that are not linear: parameters and states are proposed from runs, and what is proposed is proved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, Integer, Symbol

from physsym.core.verdicts import Condition, Outcome, fails, undecided
from physsym.optimizers.equivalence import Equivalence
from physsym.optimizers.map_proofs import proved, trace_of
from physsym.optimizers.operands import Candidate, Operand, answer, mapped
from physsym.optimizers.parameter_fits import fit
from physsym.optimizers.parameter_formulas import where_real
from physsym.optimizers.parameter_search import GRADIENTS, search, state_proposals
from physsym.optimizers.state_space import StateSpace
from physsym.verify.conditions import consistent, implied

MOST_CASES = 2
"""The number of special cases that are told."""


def compare_general(one: Operand, other: Operand, thorough: bool = True) -> Equivalence:
    """Compare two rules by maps in which a state is a multiple of a state, or shifted by a whole number.

    Not thorough, it looks for maps that serve for all values of the parameters alone, and is undecided where
    it finds none.
    """
    one, other = (replace(o, space=merged(o.space)) for o in (one, other))
    found, nearest = search(one, other, {})
    if found is not None:
        return _mapped_answer(one, other, found, {})
    fitted = fit(one, other, nearest, thorough)
    if fitted.parameters is not None:
        return _mapped_answer(one, other, fitted.parameters, {})
    trace = trace_of(one, other, Candidate(nearest, {}, _start(one, other, nearest))) if nearest else None
    if not thorough:
        return answer(one, other, undecided("no parameters were found"), parameters=nearest, trace=trace)
    cases = []
    for fixed in _special_values(one):
        special, _ = search(one, other, fixed)
        if special is not None:
            case = _mapped_answer(one, other, special, fixed)
            cases += [case] if case.verdict.outcome is Outcome.CONDITIONAL else []
        if len(cases) == MOST_CASES:
            break
    if fitted.agrees is not False:
        why = "the runs agree at the values tried; no formula for the parameters was found"
        if fitted.agrees is None:
            why = "no run of the second rule could be fitted to those of the first"
        return answer(one, other, undecided(why), notes=tuple(map(_as_note, cases)))
    if cases:
        best, *others = cases
        return replace(best, trace=best.trace or trace, otherwise=tuple(others))
    tried = "neither among formulas in those of the first nor by least squares"
    if trace is None:
        return answer(one, other, undecided(f"no parameters were found under which runs agree, {tried}"))
    reason = f"no parameters of the second rule were found under which runs agree, {tried}"
    return answer(one, other, fails(reason), trace=trace, parameters=nearest)


def _as_note(case: Equivalence) -> str:
    """Return a special case in words."""
    return f"in a special case {str(case).removeprefix(case.titles[0] or 'the first rule').strip()}"


def _special_values(one: Operand) -> Iterator[dict[Symbol, Expr]]:
    """Yield one parameter of the first rule at zero or one, within ranges: the usually smallest first."""
    usual = one.values or {}
    parameters = sorted(one.space.parameters, key=lambda s: (abs(usual.get(s, 1)), str(s)))
    for value in (Integer(0), Integer(1)):
        for symbol in parameters:
            if symbol == one.rate:
                continue
            ranges = [Condition(c.expression.xreplace({symbol: value}), c.relation) for c in one.assumed]
            if consistent(ranges).outcome is not Outcome.FAILS:
                yield {symbol: value}


def _start(one: Operand, other: Operand, parameters: dict[Symbol, Expr]) -> dict[Symbol, Expr]:
    """Return the start of the second rule with the weights of the first."""
    at = dict(zip(other.space.weights, one.space.weights, strict=False)) | parameters
    return {s: v.xreplace(at) for s, v in zip(other.space.states, other.space.start, strict=True)}


def _mapped_answer(
    one: Operand, other: Operand, parameters: dict[Symbol, Expr], fixed: dict[Symbol, Expr]
) -> Equivalence:
    """Return the answer by parameters under which runs agree."""
    real = tuple(c for c in where_real(parameters.values()) if not implied(one.assumed, c))
    candidate = Candidate(parameters, fixed, _start(one, other, parameters), real)
    wanted = mapped(one, other, candidate)[1].states
    states = state_proposals(one, other, parameters, fixed, wanted)
    if states is None:
        reason = f"runs agree for {len(GRADIENTS)} steps; no map of states was found that proves it"
        return answer(one, other, undecided(reason), parameters=parameters)
    return proved(one, other, candidate, states)


def merged(space: StateSpace) -> StateSpace:
    """Return a system without what no output depends on, and with states that are always equal as one."""
    space = space.without(space.unread())
    for i, kept in enumerate(space.states):
        for j in range(i + 1, len(space.states)):
            other = space.states[j]
            same = {other: kept}
            parts = [space.start, space.step, *([space.first] if space.first else [])]
            if other not in space.weights and all(
                part[i].xreplace(same) == part[j].xreplace(same) for part in parts
            ):
                dropped = space.without((other,))
                weights, states, inputs = dropped.weights, dropped.states, dropped.inputs
                put = dropped.put(same)
                return merged(replace(put, weights=weights, states=states, inputs=inputs))
    return space
