"""Lemmas for an integration: new values obey the law as the method reads it, and stay near the exact flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch

import sympy
from sympy import Add, Dummy, Expr, Function, Integer, Symbol

from physsym.certificates.algebra import require, require_absent
from physsym.certificates.expansion import expansion
from physsym.certificates.formula import All, Always, Map, Open, Relation, Said, changed, equation, equations
from physsym.certificates.lemma import Lemma, Proof, Refusal, denominators, lemma
from physsym.core.motion import is_time
from physsym.core.statements import Law, Rule, Statement, one_step_map, symbols
from physsym.core.symbols import DOT, after, dot
from physsym.mechanics.integrators import MIDDLE, NEW, OLD, PartitionedEuler, RungeKutta
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.integrate import Block, blocks, one_block

Blocks = tuple[Block, Block]
Rates = dict[Symbol, Relation]  # the equation of each state's rate


def quotient(move: Integrate, above: Statement, below: Statement) -> Lemma:
    """Return the lemma that the rule gives what the method asks for.

    Every rate is the difference quotient of old and new value, and every state is read where the method reads
    it; a method that follows a state exactly must reach its value on an exact solution. The stages of a
    Runge-Kutta method must obey the law at their evaluation points, and new values be their weighted sum.
    Raises Refusal where the law is not of first order or the rule updates other states.
    """
    return method_lemma(move.method, *_fitting(move, above, below), move)


@singledispatch
def method_lemma(method: object, law: Rates, rule: Rule, move: Integrate) -> Lemma:
    """Return the lemma that a rule gives what a method asks for; new kinds of methods register here.

    A method that is not written as a lemma says why in `NOT_CERTIFIED`.
    """
    reason = getattr(method, "NOT_CERTIFIED", "")
    raise Refusal(
        reason
        or f"no lemma is known for the method {method!r}; say why in NOT_CERTIFIED, or register one with "
        "physsym.certificates.integrate.method_lemma.register"
    )


@method_lemma.register(PartitionedEuler)
def _(method: PartitionedEuler, law: Rates, rule: Rule, move: Integrate) -> Lemma:
    parts, given = _blocks(law, method, move), equations(rule)
    clock = _clock(law, method, move)
    sequence = (*parts[0], *parts[1], *filter(is_time, law))
    if method.own != "exact":
        formula = All(tuple(_read(s, law, parts, method, move.step, clock) for s in sequence))
        says = f"with difference quotients for rates, the law holds where {method.name} reads it"
        return lemma("algebra", says, formula, Proof("follows"), given)
    flows = {u.target: Proof("exact_flow", _solution(u.value, move.step)) for u in rule.updates}
    says = "every new value lies on an exact solution of its equation, all else held still"
    formula = All(tuple(_flow(s, law, parts, method, move.step, clock) for s in sequence))
    return lemma("flow", says, formula, Proof("each", tuple(flows[s] for s in sequence)), given)


@method_lemma.register(RungeKutta)
def _(method: RungeKutta, law: Rates, rule: Rule, move: Integrate) -> Lemma:
    if method.implicit_entry:
        raise Refusal(f"{method.name} is implicit: its stages are not found one after the other")
    if sum(method.weights) != 1:
        raise Refusal(f"the weights of {method.name} sum to {sum(method.weights)} and not to 1")
    rates, stages = {s: _rate(s, law)[0] for s in law}, list[dict[Symbol, Expr]]()
    obeyed: list[Relation] = []
    for row in method.matrix:
        point = {s: _moved(s, row, stages, move.step) for s in law}
        stages.append({s: rate.xreplace(point) for s, rate in rates.items()})
        obeyed += [changed(law[s], {**point, dot(s): stages[-1][s]}) for s in law]
    new = (equation(after(s), _moved(s, method.weights, stages, move.step)) for s in law)
    says = f"each stage of {method.name} obeys the law at its point, and new values are their weighed sum"
    return lemma("algebra", says, All((*obeyed, *new)), Proof("follows"), equations(rule))


def _moved(state: Symbol, weights: Sequence[Expr], stages: list[dict[Symbol, Expr]], step: Symbol) -> Expr:
    return Add(state, *(w * step * stage[state] for w, stage in zip(weights, stages, strict=False)))


def _fitting(move: Integrate, above: Statement, below: Statement) -> tuple[Rates, Rule]:
    law, rule = require(Law, above, move, "above"), require(Rule, below, move, "below")
    require_absent(move.step, above, "above")
    found = {_state(e, law): e for e in equations(law)}
    if len(found) < len(law.equations):
        raise Refusal(f"two equations are for one of the states {_listed(found)}")
    for time in filter(is_time, symbols(law)):
        found.setdefault(time, equation(dot(time), Integer(1)))
        if (rate := _rate(time, found)[0]) != 1:
            raise Refusal(f"{time} is the time, whose rate is 1 and not {rate}")
    if set(found) != set(rule.targets):
        raise Refusal(f"the law has rates of {_listed(found)}, the rule updates {_listed(rule.targets)}")
    return found, rule


def _listed(states: object) -> str:
    return ", ".join(sorted(map(str, states)))  # type: ignore[call-overload]


def _state(formula: Relation, law: Law) -> Symbol:
    rates = [s for s in (formula.left - formula.right).free_symbols if DOT in s.name]
    if len(rates) != 1 or rates[0].name.count(DOT) != 1:
        raise Refusal(f"{formula.left} = {formula.right} does not hold one first derivative")
    name = rates[0].name.removesuffix(DOT)
    own = next((s for s in symbols(law) if s.name == name), None)
    return own or Symbol(name, real=True) if rates[0].is_real else Symbol(name)


def _blocks(law: Rates, method: PartitionedEuler, move: Integrate) -> Blocks:
    """Return the states that move first and the others, as the step is carried out."""
    rates = {s: _rate(s, law)[0] for s in law if not is_time(s)}
    if not rates:
        return (), ()
    try:
        return blocks(rates, move) if method.partitioned else (one_block(rates, move), ())
    except MoveError as error:
        raise Refusal(str(error)) from error


def _rate(state: Symbol, law: Rates) -> tuple[Expr, Expr]:
    """Return the rate that the law gives a state, and the factor that turns the law into it."""
    residual = law[state].left - law[state].right
    coefficient = sympy.expand(residual).diff(dot(state))
    if coefficient.has(dot(state)):
        raise Refusal(f"the law is not linear in {dot(state)}")
    return sympy.cancel(-residual.xreplace({dot(state): Integer(0)}) / coefficient), 1 / coefficient


def _others(state: Symbol, parts: Blocks, method: PartitionedEuler) -> dict[Expr, Expr]:
    """Return where the method reads the other states: at their old and new values, in given fractions."""
    beside = Integer(0) if method.own == "exact" else method.own
    across = method.pending if state in parts[0] else method.updated
    own = parts[0] if state in parts[0] else parts[1]
    return {s: _mixed(s, beside if s in own else across) for s in parts[0] + parts[1] if s != state}


def _mixed(state: Symbol, weight: Expr) -> Expr:
    return (1 - weight) * state + weight * after(state)


def _clock(law: Rates, method: PartitionedEuler, move: Integrate) -> dict[Expr, Expr]:
    """Return where the method reads the time, between its old and its new value."""
    own = OLD if isinstance(method.own, str) else method.own
    weight = {"": own, "old": OLD, "midpoint": MIDDLE, "new": NEW}[move.clock]
    return {time: _mixed(time, weight) for time in law if is_time(time)}


def _read(
    state: Symbol,
    law: Rates,
    parts: Blocks,
    method: PartitionedEuler,
    step: Symbol,
    clock: dict[Expr, Expr],
) -> Relation:
    own = OLD if is_time(state) else method.own
    rate = (after(state) - state) / step
    read = _others(state, parts, method) | clock | {state: _mixed(state, own), dot(state): rate}
    return changed(law[state], read)


def _flow(
    state: Symbol,
    law: Rates,
    parts: Blocks,
    method: PartitionedEuler,
    step: Symbol,
    clock: dict[Expr, Expr],
) -> Said:
    read = _others(state, parts, method) | {t: at for t, at in clock.items() if t != state}
    held = Map((state, dot(state)), changed(law[state], read))
    return Said("follows_flow", (state, after(state), step, held))


def _solution(value: Expr, step: Symbol) -> tuple[Map, Map]:
    """Return the new value as a function of the time step, and its derivative: hints, which Coq verifies."""
    time = Dummy("t", real=True)
    path = value.xreplace({step: time})
    return Map((time,), path), Map((time,), path.diff(time))


def order(move: Integrate, above: Statement, below: Statement) -> Lemma:
    """Return the lemma that one step differs from every exact solution by O(dt**2), in every state.

    The solution is any whose rates change no faster than in proportion to time. Raises Refusal where the
    order declared is not the first, or the gap has no form that is known.
    """
    law, rule = _fitting(move, above, below)
    if move.method.order != 1:
        claimed = "exactness" if math.isinf(move.method.order) else f"order {move.method.order}"
        raise Refusal(f"{claimed}: only the first order is certified")
    new, time = one_step_map(rule), Dummy("t", real=True)
    if set(new) != set(law):
        raise Refusal("a rule that reads earlier values is not compared with an exact solution")
    obeyed = Always((time,), All(tuple(changed(e, _along(law, time)) for e in law.values())))
    smooth = (Said("starts_smoothly", (_path(s), _speed(s), s, Dummy(f"{s}_change", real=True))) for s in law)
    formula = All(tuple(Said("close_to_flow", (_path(s), Map((move.step,), new[s]))) for s in law))
    proof = Proof("each", tuple(_closeness(s, new[s], law, move.step) for s in law))
    says = f"one step differs from every smooth solution of the law by O({move.step}**2)"
    divided = [d for s in law for d in denominators(_rate(s, law)[0])]
    return lemma("order", says, formula, proof, (*smooth, obeyed), nonzero=divided)


def _path(state: Symbol) -> Open:
    return Open(f"{state}_path")


def _speed(state: Symbol) -> Open:
    return Open(f"{state}_rate")


def _along(law: Rates, time: Symbol) -> dict[Expr, Expr]:
    """Return the states and their rates as unknown functions of time."""
    paths = {s: Function(_path(s).name)(time) for s in law}
    return paths | {dot(s): Function(_speed(s).name)(time) for s in law}


def _closeness(state: Symbol, value: Expr, law: Rates, step: Symbol) -> Proof:
    rate, factor = _rate(state, law)
    hints = expansion(value - state - step * rate, step, 2, 2).hints()
    return Proof("close_by", (Map((step,), value), rate, factor, *hints))
