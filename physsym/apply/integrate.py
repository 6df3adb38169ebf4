"""Carrying out an integration: a rule from a law of first order and an integrator."""

from __future__ import annotations

import sympy
from sympy import Dummy, Expr, Integer, Symbol, exp, linear_eq_to_matrix
from sympy.solvers.solveset import NonlinearError

from physsym.apply.forms import solved, tidied
from physsym.apply.registry import apply, expect
from physsym.integrator import OLD, Integrator
from physsym.moves import Integrate, MoveError
from physsym.notation import DOT, OPAQUE, after, dot
from physsym.statement import Law, Rule, Statement, Update, symbols

Rates = dict[Symbol, Expr]


@apply.register
def _(move: Integrate, line: Statement) -> Rule:
    law = expect(Law, line, move)
    if move.step in symbols(law):
        raise MoveError(
            f"the time step {move.step} occurs in the law already; name the step by a fresh symbol"
        )
    rates = _rates(law)
    way = _all_at_once if move.integrator.waiting != OLD else _one_by_one
    return way(rates, _sequence(rates, move.integrator), move)


def _rates(law: Law) -> Rates:
    """Return the rate of each state of a law of first order, in the order of its equations."""
    rates = {}
    for equation in law.equations:
        derivatives = [s for s in equation.residual.free_symbols if DOT in s.name]
        if len(derivatives) != 1 or derivatives[0].name.endswith(DOT * 2):
            raise MoveError(
                f"{equation} must hold one first derivative, it holds "
                f"{sorted(map(str, derivatives))}; use Split first"
            )
        rates[_state(derivatives[0])] = solved(equation.residual, derivatives[0])
    return rates


def _state(derivative: Symbol) -> Symbol:
    name = derivative.name[: -len(DOT)]
    return Symbol(name, real=True) if derivative.is_real else Symbol(name)


def _sequence(rates: Rates, integrator: Integrator) -> tuple[Symbol, ...]:
    positions = tuple(s for s, rate in rates.items() if rate in rates)
    velocities = tuple(s for s in rates if s not in positions)
    return positions + velocities if integrator.first == "positions" else velocities + positions


def _one_by_one(rates: Rates, sequence: tuple[Symbol, ...], move: Integrate) -> Rule:
    updates: list[Update] = []
    moving = (*sequence, *map(after, sequence))
    for state in sequence:
        done = [u.target for u in updates]
        place = {s: _mixed(s, after(s), move.integrator.updated) for s in done if s != state}
        value = _updated(state, rates[state].xreplace(place), move)
        updates.append(Update(state, tidied(value, moving)))
    return Rule(tuple(updates))


def _mixed(old: Expr, new: Expr, weight: Expr) -> Expr:
    return (1 - weight) * old + weight * new


def _updated(state: Symbol, rate: Expr, move: Integrate) -> Expr:
    own, dt = move.integrator.own, move.step
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


def _all_at_once(rates: Rates, sequence: tuple[Symbol, ...], move: Integrate) -> Rule:
    new = {s: Dummy(s.name, real=True) for s in sequence}
    equations = []
    for k, state in enumerate(sequence):
        weights = {s: _weight(j, k, move.integrator) for j, s in enumerate(sequence)}
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
