"""Carrying out an integration: a rule from a law of first order and an integrator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import sympy
from sympy import Add, Dummy, Expr, Integer, Symbol, exp, linear_eq_to_matrix
from sympy.solvers.solveset import NonlinearError

from physsym.core.statements import Law, Rule, Statement, Update, symbols
from physsym.core.symbols import DOT, OPAQUE, after, dot
from physsym.mechanics.integrators import OLD, ExplicitRungeKutta, Integrator
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.forms import solved, tidied
from physsym.transform.registry import apply, expect

Rates = dict[Symbol, Expr]


@apply.register(Integrate)
def _(move: Integrate, line: Statement) -> Rule:
    law = expect(Law, line, move)
    if move.step in symbols(law):
        raise MoveError(
            f"the time step {move.step} occurs in the law already; name the step by a fresh symbol"
        )
    return integrated(move.integrator, _rates(law), move)


@singledispatch
def integrated(method: object, rates: Rates, move: Integrate) -> Rule:
    """Return one step along the rates by a method; new kinds of methods register here."""
    raise MoveError(
        f"no way is registered to integrate by {method!r}; use integrated.register, or one of "
        "physsym.integrators"
    )


@integrated.register(Integrator)
def _(method: Integrator, rates: Rates, move: Integrate) -> Rule:
    way = _all_at_once if method.waiting != OLD else _one_by_one
    return way(rates, method, move)


@integrated.register(ExplicitRungeKutta)
def _(method: ExplicitRungeKutta, rates: Rates, move: Integrate) -> Rule:
    stages: list[Rates] = []
    for row in method.matrix:
        place = {s: _moved(s, row, stages, move.step) for s in rates}
        stages.append({s: rate.xreplace(place) for s, rate in rates.items()})
    sequence = _sequence(rates, "velocities")
    return Rule(tuple(Update(s, _moved(s, method.weights, stages, move.step)) for s in sequence))


def _moved(state: Symbol, weights: Sequence[Expr], stages: list[Rates], step: Symbol) -> Expr:
    """Return a state moved along the stages found so far. Nothing is expanded: stages stay shared."""
    # A number times a sum would be multiplied out by SymPy; together with the step it is not.
    pairs = zip(weights, stages, strict=False)
    return Add(state, *(step * weight * stage[state] for weight, stage in pairs if weight))


def _rates(law: Law) -> Rates:
    """Return the rate of each state of a law of first order, in the order of its equations."""
    rates = {}
    for equation in law.equations:
        derivatives = [s for s in equation.residual.free_symbols if DOT in s.name]
        if len(derivatives) != 1 or derivatives[0].name.endswith(DOT * 2):
            raise MoveError(
                f"{equation} must hold one first derivative, it holds "
                f"{sorted(map(str, derivatives))}; use ReduceOrder first"
            )
        rates[_state(derivatives[0])] = solved(equation.residual, derivatives[0])
    return rates


def _state(derivative: Symbol) -> Symbol:
    name = derivative.name[: -len(DOT)]
    return Symbol(name, real=True) if derivative.is_real else Symbol(name)


def _sequence(rates: Rates, first: str) -> tuple[Symbol, ...]:
    positions = tuple(s for s, rate in rates.items() if rate in rates)
    velocities = tuple(s for s in rates if s not in positions)
    return positions + velocities if first == "positions" else velocities + positions


def _one_by_one(rates: Rates, method: Integrator, move: Integrate) -> Rule:
    sequence, updates = _sequence(rates, method.first), list[Update]()
    moving = (*sequence, *map(after, sequence))
    for state in sequence:
        done = [u.target for u in updates]
        place = {s: _mixed(s, after(s), method.updated) for s in done if s != state}
        value = _updated(state, rates[state].xreplace(place), method, move)
        updates.append(Update(state, tidied(value, moving)))
    return Rule(tuple(updates))


def _mixed(old: Expr, new: Expr, weight: Expr) -> Expr:
    return (1 - weight) * old + weight * new


def _updated(state: Symbol, rate: Expr, method: Integrator, move: Integrate) -> Expr:
    own, dt = method.own, move.step
    if own == "exact":
        return _followed(state, rate, move)
    if own == OLD or not rate.has(state):
        return state + dt * rate
    new = Dummy(real=True)
    try:
        return solved(new - state - dt * rate.xreplace({state: _mixed(state, new, own)}), new)
    except MoveError as error:
        raise _not_explicit(state, rate, move) from error


def _followed(state: Symbol, rate: Expr, move: Integrate) -> Expr:
    """Return the exact solution of s' = a*s + b after one step, a and b held still."""
    opaque = {f: Dummy() for f in rate.atoms(*OPAQUE)}
    slope = sympy.expand(rate.xreplace(opaque)).diff(state)
    if slope.has(state) or any(f.has(state) for f in opaque):
        raise _not_explicit(state, rate, move)
    rest = rate.xreplace({state: Integer(0)})
    decay = exp(slope * move.step)
    return state + move.step * rest if slope == 0 else decay * state + (decay - 1) / slope * rest


def _not_explicit(state: Symbol, rate: Expr, move: Integrate) -> MoveError:
    return MoveError(
        f"{move.integrator.name} cannot be written explicitly for {dot(state)} = {rate}: "
        f"the rate reads the new {state} in a way that cannot be solved for it; "
        "use forward Euler or semi-implicit Euler"
    )


def _all_at_once(rates: Rates, method: Integrator, move: Integrate) -> Rule:
    sequence = _sequence(rates, method.first)
    new = {s: Dummy(s.name, real=True) for s in sequence}
    equations = []
    for k, state in enumerate(sequence):
        weights = {s: _weight(j, k, method) for j, s in enumerate(sequence)}
        rate = rates[state].xreplace({s: _mixed(s, new[s], w) for s, w in weights.items()})
        if any(f.has(*new.values()) for f in rate.atoms(*OPAQUE)):
            raise _not_explicit(state, rates[state], move)
        equations.append(new[state] - state - move.step * rate)
    try:
        matrix, right = linear_eq_to_matrix(equations, list(new.values()))
    except NonlinearError as error:
        raise MoveError(
            f"{move.integrator.name} cannot be written explicitly: the rates are not linear"
        ) from error
    values = matrix.LUsolve(right)
    return Rule(
        tuple(Update(s, tidied(sympy.cancel(v), sequence)) for s, v in zip(sequence, values, strict=True))
    )


def _weight(read: int, updated: int, integrator: Integrator) -> Expr:
    if read == updated:
        return OLD if integrator.own == "exact" else integrator.own
    return integrator.updated if read < updated else integrator.waiting
