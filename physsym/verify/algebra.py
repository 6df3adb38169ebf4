"""Verification of the algebraic moves by undoing them: divide, multiply, define, isolate and so on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sympy import Add, Expr, Integer, Symbol

from physsym.core.motion import is_time, moves
from physsym.core.statements import Equation, Law, Rule, Statement, symbols
from physsym.core.symbols import before, dot, fresh, name_and_marks
from physsym.core.verdicts import Condition, Verdict, all_of, fails, holds, undecided
from physsym.mechanics.moves import Define, Divide, Eliminate, Isolate, Move, Multiply, ReduceOrder, Rescale
from physsym.verify.conditions import assuming, nonzero, truth
from physsym.verify.declared_signs import refuse_declared_velocity, required_by_name, required_by_unit
from physsym.verify.domains import defined
from physsym.verify.engines import smt
from physsym.verify.engines.base import Answer
from physsym.verify.equivalence import residuals, same_equations, same_maps
from physsym.verify.identity import identical
from physsym.verify.integrate import derivative
from physsym.verify.monotone import strictly_monotone
from physsym.verify.registry import verify_step
from physsym.verify.substitution import Refusal, map_of, require, require_absent, substituted


@verify_step.register(Divide)
def _(move: Divide, above: Statement, below: Statement) -> Verdict:
    return _scaled(move, below, above, move.by)


@verify_step.register(Multiply)
def _(move: Multiply, above: Statement, below: Statement) -> Verdict:
    return _scaled(move, above, below, move.by)


def _scaled(move: Move, small: Statement, large: Statement, by: Expr) -> Verdict:
    """Return whether the large law is the small one times a factor that is not zero."""
    if identical(by, Integer(0)):
        raise Refusal(f"{type(move).__name__} by {by}, which is zero")
    laws = [require(Law, line, move, "on both lines") for line in (small, large)]
    verdict = same_equations([r * by for r in residuals(laws[0])], residuals(laws[1]))
    return assuming(verdict, nonzero(by))


@verify_step.register(Define)
def _(move: Define, above: Statement, below: Statement) -> Verdict:
    require_absent(move.symbol, above, "so it is no fresh name")
    require_absent(move.eliminating, below, f"though defining {move.symbol} was to eliminate it")
    if move.eliminating not in move.value.free_symbols or move.symbol in move.value.free_symbols:
        raise Refusal(f"{move.symbol} = {move.value} is no definition that eliminates {move.eliminating}")
    back = {move.symbol: move.value}
    if isinstance(above, Law):
        law = require(Law, below, move, "below a law")
        verdict = same_equations(residuals(above), [substituted(r, back) for r in residuals(law)])
    else:
        rule = require(Rule, below, move, "below a rule")
        verdict = same_maps(map_of(above), {s: substituted(v, back) for s, v in map_of(rule).items()})
    return assuming(verdict, (*defined(move.value), *required_by_name(move.symbol, move.value)))


@verify_step.register(Isolate)
def _(move: Isolate, above: Statement, below: Statement) -> Verdict:
    law, solved = require(Law, above, move, "above"), require(Law, below, move, "below")
    alone = [e for e in solved.equations if e.left == move.symbol and not e.right.has(move.symbol)]
    if len(alone) != 1:
        raise Refusal(f"{move.symbol} is not the left side of exactly one equation of {below}")
    others = [e.residual for e in solved.equations if e is not alone[0]]
    verdicts = [
        _within_domain(_replacing(move.symbol, alone[0], k, law, others), alone[0], equation, law)
        for k, equation in enumerate(law.equations)
    ]
    return next((v for v in verdicts if v), verdicts[0])


def _replacing(symbol: Symbol, alone: Equation, k: int, law: Law, others: list[Expr]) -> Verdict:
    """Return whether the solution, and no other, solves equation k of the law, the others being unchanged."""
    residual = law.equations[k].residual
    rest = [e.residual for j, e in enumerate(law.equations) if j != k]
    untouched = (same_equations(rest, others),) if rest or others else ()
    solves = identical(
        substituted(residual, {symbol: alone.right}), Integer(0), "the solved equation put back and zero"
    )
    return all_of(solves, _only_solution(residual, symbol), *untouched)


def _within_domain(verdict: Verdict, alone: Equation, equation: Equation, law: Law) -> Verdict:
    """Return the verdict with what constants need for a solution to lie where its equation is defined.

    Such as outside of a pole. What moves lies there, as the line above is given.
    """
    needed = [
        Condition(c.expression.xreplace({alone.left: alone.right}), c.relation)
        for c in defined(equation.left, equation.right)
        if c.expression.has(alone.left)
    ]
    outside = next((c for c in needed if truth(c) is False), None)
    if outside is not None:
        return fails(f"{outside} is needed by {equation}, and never holds")
    return assuming(verdict, (c for c in needed if not moves(c.expression, law) and truth(c) is None))


def _only_solution(residual: Expr, symbol: Symbol) -> Verdict:
    """Return whether residual = 0 has at most one real solution, under conditions that are listed."""
    at = [substituted(residual, {symbol: Integer(n)}) for n in (0, 1)]
    factor = at[1] - at[0]
    linear = identical(residual, at[0] + factor * symbol)
    if linear:
        if identical(factor, Integer(0)):
            return fails(f"{symbol} drops out of the equation")
        return assuming(
            holds(f"linear in {symbol}: no other solution", engines=linear.engines), nonzero(factor)
        )
    monotone, conditions = strictly_monotone(residual, symbol)
    if monotone:
        return assuming(
            holds(f"strictly monotone in {symbol}: no other solution", engines=("form",)), conditions
        )
    return _no_second(residual, symbol)


def _no_second(residual: Expr, symbol: Symbol) -> Verdict:
    """Return whether a second real solution can be excluded by solving for two at once."""
    first = fresh(f"{symbol.name} 1", residual.free_symbols, **symbol.assumptions0)
    roots = [first, fresh(f"{symbol.name} 2", residual.free_symbols | {first}, **symbol.assumptions0)]
    vanishing = [Condition(substituted(residual, {symbol: root}), "= 0") for root in roots]
    found = smt.implies(vanishing, Condition(roots[0] - roots[1], "= 0"))
    if found.answer is Answer.PROVED:
        return holds(f"no two solutions for {symbol}, one engine only", engines=(found.engine,))
    if found.answer is Answer.REFUTED:
        return fails(f"there are two solutions for {symbol}", witness=found.witness, engines=(found.engine,))
    return undecided(f"other real solutions for {symbol} could not be excluded", engines=(found.engine,))


@verify_step.register(ReduceOrder)
def _(move: ReduceOrder, above: Statement, below: Statement) -> Verdict:
    law, split = require(Law, above, move, "above"), require(Law, below, move, "below")
    first = dot(move.coordinate)
    require_absent(move.velocity, above, "so it is no fresh name")
    refuse_declared_velocity(move.velocity, first)
    if dot(first) in symbols(below) or dot(first) not in symbols(above):
        raise Refusal(f"the acceleration {dot(first)} must occur above and not below")
    kinematic = [e for e in split.equations if e.residual in (first - move.velocity, move.velocity - first)]
    if len(kinematic) != 1:
        raise Refusal(f"the equation {first} = {move.velocity} must be in {below}")
    rest = [e.residual for e in split.equations if e is not kinematic[0]]
    if any(r.has(first) for r in rest):
        raise Refusal(f"{first} must occur in one equation alone; elsewhere it is {move.velocity}")
    back = {dot(move.velocity): dot(first), move.velocity: first}
    return same_equations(residuals(law), [substituted(r, back) for r in rest])


@verify_step.register(Rescale)
def _(move: Rescale, above: Statement, below: Statement) -> Verdict:
    require_absent(move.new, above, "so it is no fresh name")
    require_absent(move.old, below, "though it was to leave")
    if identical(move.factor, Integer(0)):
        raise Refusal(f"the unit {move.factor} is zero")
    if is_time(move.old):
        raise Refusal(f"{move.old} is the time, by which all rates are taken: it is not rescaled alone")
    for symbol in (move.old, move.new):
        if symbol.name in {name_and_marks(s)[0] for s in move.factor.free_symbols}:
            raise Refusal(f"the unit {move.factor} holds {symbol}, which it is to be the unit of")
    if isinstance(above, Law):
        try:
            units = _product_rule(move, above)
        except NotImplementedError as reason:
            return undecided(str(reason))
        law = require(Law, below, move, "below a law")
        due = [substituted(r, units) for r in residuals(above)]
        verdict = same_equations(due, residuals(law), partial(_equal_up_to, move.factor))
    else:
        verdict = _conjugate(move, map_of(above), map_of(require(Rule, below, move, "below a rule")))
    signs = required_by_unit(move.new, move.old, move.factor)
    return assuming(verdict, (*nonzero(move.factor), *defined(move.factor), *signs))


def _equal_up_to(factor: Expr, first: Expr, second: Expr, *, what: str) -> Verdict:
    """Return whether two residuals are equal, the second one as it is or times a factor that is not zero."""
    verdict = identical(first, second, what)
    if verdict or not (scaled := identical(first, factor * second, what)):
        return verdict
    return replace(scaled, evidence=(f"up to the factor {factor}, which is not zero", *scaled.evidence))


def _product_rule(move: Rescale, above: Law) -> dict[Expr, Expr]:
    """Return old = factor*new and its first two rates, the factor being a function of what moves above."""
    factor, new = move.factor, move.new
    first = _rate(factor, above)
    second = _rate(first, above)
    return {
        move.old: factor * new,
        dot(move.old): factor * dot(new) + first * new,
        dot(dot(move.old)): factor * dot(dot(new)) + 2 * first * dot(new) + second * new,
    }


def _rate(value: Expr, line: Law) -> Expr:
    """Return d/dt of a value by the chain rule, symbols that do not move being constant."""
    parts = (s for s in value.free_symbols if moves(s, line))
    return Add(*(derivative(value, s) * (1 if is_time(s) else dot(s)) for s in parts))


def _conjugate(move: Rescale, old: dict[Symbol, Expr], new: dict[Symbol, Expr]) -> Verdict:
    """Return whether stepping and changing units commute (the maps are conjugate)."""
    if move.old not in old or move.new not in new:
        raise Refusal(f"{move.old} must be a state above and {move.new} one below")
    unit = {move.old: move.factor * move.new}
    due = {s: substituted(value, unit) for s, value in old.items() if s != move.old}
    due[move.new] = substituted(old[move.old], unit)
    return same_maps(due, {s: value * (move.factor if s == move.new else 1) for s, value in new.items()})


@verify_step.register(Eliminate)
def _(move: Eliminate, above: Statement, below: Statement) -> Verdict:
    rule, recurrence = require(Rule, above, move, "above"), require(Rule, below, move, "below")
    require_absent(move.symbol, below, "though it was to be eliminated")
    step = map_of(rule)
    if len(step) != 2 or move.symbol not in step or len(recurrence.updates) != 1:
        raise Refusal("two updates must become one")
    (kept,) = (s for s in step if s != move.symbol)
    if recurrence.updates[0].target != kept:
        raise Refusal(f"the recurrence must be one of {kept}")
    second = {s: substituted(value, step) for s, value in step.items()}
    claimed = substituted(recurrence.updates[0].value, {kept: step[kept], before(kept): kept})
    return identical(second[kept], claimed, f"the second step of the rule and the recurrence of {kept}")
