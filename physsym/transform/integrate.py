"""Carrying out an integration: a rule from a law of first order and a one-step method."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import sympy
from sympy import Add, Dummy, Expr, Integer, Symbol, exp, linear_eq_to_matrix
from sympy.solvers.solveset import NonlinearError

from physsym.core.motion import is_time, moves, moving
from physsym.core.statements import Law, Rule, Statement, Update, symbols
from physsym.core.symbols import DOT, OPAQUE, after, dot
from physsym.mechanics.integrators import MIDDLE, NEW, OLD, PartitionedEuler, RungeKutta
from physsym.mechanics.moves import Integrate, MoveError
from physsym.transform.forms import solved, tidied
from physsym.transform.registry import expect, transform_step
from physsym.vocabulary import STANDARD

Rates = dict[Symbol, Expr]
Block = tuple[Symbol, ...]


@transform_step.register(Integrate)
def _(move: Integrate, line: Statement) -> Rule:
    law = expect(Law, line, move)
    if move.step in symbols(law):
        raise MoveError(
            f"the time step {move.step} occurs in the law already; name the step by a fresh symbol"
        )
    rates = _rates(law)
    time = next((s for s in (*rates, *symbols(law)) if is_time(s)), None)
    alone = sorted(moving(law, STANDARD.moving) - {*rates, *map(dot, rates), time}, key=str)
    if alone:
        raise MoveError(
            f"{alone[0]} changes in time, and no equation of the law {law} says how; give it an equation, or "
            "write a constant by another letter"
        )
    if moves(move.step, law, STANDARD.moving):
        what = "is the time" if is_time(move.step) else "changes in time"
        raise MoveError(f"{move.step} {what}; name the time step by a fresh symbol")
    if time and (rate := rates.pop(time, Integer(1))) != 1:
        raise MoveError(f"{time} is the time, whose rate is 1 and not {rate}; write another letter for it")
    if move.clock and (time is None or not isinstance(move.method, PartitionedEuler)):
        why = (
            "the law does not hold the time t" if time is None else f"{move.method.name} reads its own times"
        )
        raise MoveError(f'leave clock="{move.clock}" out: {why}')
    updates = integrate(move.method, rates, move).updates if rates else ()
    return Rule(updates if time is None else (*updates, Update(time, time + move.step)))


@singledispatch
def integrate(method: object, rates: Rates, move: Integrate) -> Rule:
    """Return one step along the rates by a method; new kinds of methods register here.

    Rates may hold the time `t`, which a method reads at its own nodes, by `at_time`; the update of `t` itself
    is added afterwards.
    """
    raise MoveError(
        f"no function is registered that integrates by {method!r}; use one of physsym.integrators, or "
        "register one with physsym.transform.integrate.integrate.register"
    )


def _rates(law: Law) -> Rates:
    """Return the rate of each state of a law of first order, in the order of its equations."""
    rates: Rates = {}
    for equation in law.equations:
        derivatives = [s for s in equation.residual.free_symbols if DOT in s.name]
        if len(derivatives) > 1 and not any(s.name.endswith(DOT * 2) for s in derivatives):
            coupled = " and ".join(sorted(map(str, derivatives)))
            raise MoveError(
                f"{equation} couples {coupled}, and no move solves several equations at once; solve them for "
                "the derivatives and begin with the law so solved"
            )
        if second := sorted(s.name.removesuffix(DOT * 2) for s in derivatives if s.name.endswith(DOT * 2)):
            raise MoveError(
                f"{equation} is of second order in {second[0]}; write its velocity apart before, by a step "
                f"ReduceOrder({second[0]}, a new symbol), one such step for each coordinate"
            )
        if len(derivatives) != 1:
            raise MoveError(
                f"{equation} must hold one first derivative, it holds {sorted(map(str, derivatives))}"
            )
        name = derivatives[0].name.removesuffix(DOT)
        own = (s for s in symbols(law) if s.name == name)
        state = next(own, Symbol(name, real=True) if derivatives[0].is_real else Symbol(name))
        if state in rates:
            raise MoveError(f"two equations of the law {law} are for {state}; a state has one")
        rates[state] = solved(equation.residual, derivatives[0])
    return rates


def at_time(rates: Rates, weight: Expr, step: Symbol) -> Rates:
    """Return rates that read the time at t + weight*step."""
    times = {s for rate in rates.values() for s in rate.free_symbols if is_time(s)}
    node = {s: s + weight * step for s in times}
    return {s: rate.xreplace(node) for s, rate in rates.items()}


# ------------------------------------------------------------------ which states move first


def blocks(rates: Rates, move: Integrate) -> tuple[Block, Block]:
    """Return the states that move first and those that move second; `move.first` names them, or the law.

    By meaning the velocities are first. A position occurs inside the potential, or else its rate reads other
    states alone, and none of these is a position; of two states that so read each other one is the position
    if its rate is just the other, whose own rate is not linear. Where both rates are linear the law is the
    same up to constants if the two are exchanged, and tells nothing. Every velocity is read by a position.
    Raises MoveError where the law does not distinguish positions and velocities.
    """
    if move.first:
        return _named(rates, move)
    own = set(rates)
    reads = {s: rate.free_symbols & own for s, rate in rates.items()}
    if all(reads[s] <= {s} for s in rates):
        return tuple(rates), ()
    positions = _positions(rates, reads)
    velocities = own - positions
    seen = {s for p in positions for s in reads[p]}
    if not positions or not velocities or not velocities <= seen:
        names = ", ".join(map(str, rates))
        raise MoveError(
            f"{move.method.name} moves velocities first, and the law does not tell which of {names} are "
            "velocities; name what moves first, as in Integrate(..., first=(<velocity>,))"
        )
    return tuple(s for s in rates if s in velocities), tuple(s for s in rates if s in positions)


def _named(rates: Rates, move: Integrate) -> tuple[Block, Block]:
    rest = tuple(s for s in rates if s not in move.first)
    if not rest or len(rest) + len(move.first) != len(rates):
        raise MoveError(
            f"first must name some of the states {', '.join(map(str, rates))}, once each and not all; "
            f"given {', '.join(map(str, move.first))}"
        )
    return move.first, rest


def _positions(rates: Rates, reads: dict[Symbol, set[Symbol]]) -> set[Symbol]:
    own = set(rates)
    inside = {s for rate in rates.values() for f in rate.atoms(*OPAQUE) for s in f.free_symbols & own}
    if inside == own:
        inside = set()
    apart = {s for s in own - inside if reads[s] and s not in reads[s] and not reads[s] & inside}
    curved = {s for s in apart if any(rates[s].diff(o).free_symbols & own for o in reads[s])}
    named = {s for s in apart if rates[s] in curved}
    return inside | named | {s for s in apart if not reads[s] & apart}


def one_block(rates: Rates, move: Integrate) -> Block:
    """Return all states, velocities before positions for the reader's sake; no method may move some first."""
    if move.first:
        raise MoveError(f"{move.method.name} moves all states together; leave first={move.first} out")
    return tuple(sorted(rates, key=lambda s: rates[s] in rates))


# ------------------------------------------------------------------ methods given by weights


@integrate.register(PartitionedEuler)
def _(method: PartitionedEuler, rates: Rates, move: Integrate) -> Rule:
    parts = blocks(rates, move) if method.partitioned else (one_block(rates, move), ())
    if method.pending != OLD and parts[1] and method.partitioned:
        raise MoveError(f"{method.name} reads new values of what is not yet updated; no rule does that")
    own = OLD if isinstance(method.own, str) else method.own
    rates = at_time(rates, {"": own, "old": OLD, "midpoint": MIDDLE, "new": NEW}[move.clock], move.step)
    sequence = parts[0] + parts[1]
    moving, updates = (*sequence, *map(after, sequence)), list[Update]()
    for block in parts:
        point = {u.target: _mixed(u.target, after(u.target), method.updated) for u in updates}
        read = {s: rates[s].xreplace(point) for s in block}
        updates += [Update(s, tidied(value, moving)) for s, value in _moved(read, method, move).items()]
    return Rule(tuple(updates))


def _mixed(old: Expr, new: Expr, weight: Expr) -> Expr:
    return (1 - weight) * old + weight * new


def _moved(rates: Rates, method: PartitionedEuler, move: Integrate) -> Rates:
    """Return the new values of a block of states, whose rates read each other at the weight `own`."""
    if method.own == "exact":
        return {s: _decayed(s, rate, move) for s, rate in rates.items()}
    if method.own == OLD:
        return {s: s + move.step * rate for s, rate in rates.items()}
    if any(rate.free_symbols & set(rates) - {s} for s, rate in rates.items()):
        return _linear_step(rates, method.own, move)
    return {s: _implicit(s, rate, method.own, move) for s, rate in rates.items()}


def _implicit(state: Symbol, rate: Expr, own: Expr, move: Integrate) -> Expr:
    new = Dummy(real=True)
    try:
        return solved(new - state - move.step * rate.xreplace({state: _mixed(state, new, own)}), new)
    except MoveError as error:
        raise _not_explicit(state, rate, move) from error


def _linear_step(rates: Rates, own: Expr, move: Integrate) -> Rates:
    """Return the new values of states that read each other, by solving linear equations for all of them."""
    new = {s: Dummy(s.name, real=True) for s in rates}
    point = {s: _mixed(s, n, own) for s, n in new.items()}
    equations = []
    for state, rate in rates.items():
        read = rate.xreplace(point)
        if any(f.has(*new.values()) for f in read.atoms(*OPAQUE)):
            raise _not_explicit(state, rate, move)
        equations.append(new[state] - state - move.step * read)
    try:
        matrix, right = linear_eq_to_matrix(equations, list(new.values()))
    except NonlinearError as error:
        raise MoveError(
            f"{move.method.name} cannot be written explicitly: the rates are not linear"
        ) from error
    return {s: sympy.cancel(v) for s, v in zip(rates, matrix.LUsolve(right), strict=True)}


def _decayed(state: Symbol, rate: Expr, move: Integrate) -> Expr:
    """Return the exact solution of s' = a*s + b after one step, a and b held still."""
    opaque = {f: Dummy() for f in rate.atoms(*OPAQUE)}
    coefficient = sympy.expand(rate.xreplace(opaque)).diff(state)
    if coefficient.has(state) or any(f.has(state) for f in opaque):
        raise _not_explicit(state, rate, move)
    rest = rate.xreplace({state: Integer(0)})
    decay = exp(coefficient * move.step)
    return state + move.step * rest if coefficient == 0 else decay * state + (decay - 1) / coefficient * rest


def _not_explicit(state: Symbol, rate: Expr, move: Integrate) -> MoveError:
    return MoveError(
        f"{move.method.name} cannot be written explicitly for {dot(state)} = {rate}: "
        f"the rate reads the new {state} in a way that cannot be solved for it; "
        "use forward Euler or semi-implicit Euler"
    )


# ------------------------------------------------------------------ methods given by a tableau


@integrate.register(RungeKutta)
def _(method: RungeKutta, rates: Rates, move: Integrate) -> Rule:
    if method.implicit_entry:
        raise MoveError(
            f"{method.name} is implicit: row {method.implicit_entry[0]}, column {method.implicit_entry[1]} "
            "of its matrix reads a stage not yet known; only explicit methods are carried out, and of the "
            "implicit ones backward_euler and implicit_midpoint"
        )
    stages: list[Rates] = []
    for row in method.matrix:
        point = {s: _along(s, row, stages, move.step) for s in rates}
        timed = at_time(rates, Add(*row), move.step)
        stages.append({s: rate.xreplace(point) for s, rate in timed.items()})
    updates = (Update(s, _along(s, method.weights, stages, move.step)) for s in one_block(rates, move))
    return Rule(tuple(updates))


def _along(state: Symbol, weights: Sequence[Expr], stages: list[Rates], step: Symbol) -> Expr:
    """Return a state moved along the stages found so far. Nothing is expanded: stages stay shared."""
    # A number times a sum would be multiplied out by SymPy; together with the step it is not.
    pairs = zip(weights, stages, strict=False)
    return Add(state, *(step * weight * stage[state] for weight, stage in pairs if weight))
