"""Lines that use an earlier one: a root, a motion that satisfies a law, a stationary point, a descent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Derivative, Dummy, Expr, Integer, Subs, Symbol, cancel
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import compared
from physsym.auditing.consequences import differentiated, put_definition
from physsym.auditing.evaluation import agree_at_a_point
from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import Fact, is_name, is_sequence, left_occurs, names_in
from physsym.auditing.unknowns import in_unknowns, name_of
from physsym.core.verdicts import Outcome, Verdict

_FACTS = 8
_STAR = "_star"


def solution_of(left: Expr, right: Expr, facts: Sequence[Fact]) -> Judgement | None:
    """Return that a value solves the nearest equation for its name, None where this is not found."""
    if not is_name(left) or is_sequence(left) or right.is_number or left_occurs(left, right):
        return None
    stationary = _stationary_point(left, right, facts)
    if stationary is not None:
        return stationary
    names = names_in(left)
    near = [f for f in facts if names <= f.names and f.kind not in ("fails", "note")]
    for fact in reversed([f for f in near if f.left not in (left, right)][-_FACTS:]):
        verdict = _solves(left, right, fact)
        if verdict is not None:
            conditions = "".join(f", if {c}" for c in verdict.assumes)
            gap = fact.left - fact.right
            moves = gap.has(Derivative) or any("'" in s.name for s in gap.free_symbols)
            what = "motion that satisfies" if moves else "root of"
            says = f"a {what} {fact.place}{conditions}"
            return Judgement("conditional", says, uses=(fact.formula,), verdict=verdict, solves=True)
    return None


def _solves(left: Expr, right: Expr, fact: Fact) -> Verdict | None:
    """Return the verdict that an equation holds where a name has a value, and not whatever it has."""
    gap = _without_values_at_points(fact.left - fact.right, left)
    put = put_definition(gap, replace(fact, left=left, right=right))
    # A definition of the name, or an equation that has its rates or other values too, is not solved by it.
    own, rest = ({n.rstrip("'") for n in names_in(e)} for e in (left, put))
    if put == gap or put.has(Derivative) or own & rest:
        return None
    if not agree_at_a_point(in_unknowns(put).expressions[0], Integer(0)):
        return None
    found = compared(put, Integer(0))
    trivial = compared(gap, Integer(0)).verdict.outcome is not Outcome.FAILS
    return found.verdict if found.holds and not trivial else None


def _without_values_at_points(gap: Expr, name: Expr) -> Expr:
    """Return an equation with values at points, such as x(0), as unknowns: they are no law of a motion."""
    names = names_in(name)
    points = {a for a in gap.atoms(AppliedUndef) if not any(b.is_Symbol for b in a.args)}
    whole = {d for d in gap.atoms(Subs) if names_in(d.expr) & names}
    values = {a for a in points if name_of(a) in names and not any(d.has(a) for d in whole)}
    return gap.xreplace({v: Dummy("value", real=True) for v in whole | values})


def _stationary_point(left: Expr, right: Expr, facts: Sequence[Fact]) -> Judgement | None:
    """Return that the derivative of a function of the text vanishes at a point with a star."""
    if not left.is_Symbol or not left.name.endswith(_STAR):
        return None
    variable = Symbol(left.name.removesuffix(_STAR), real=True)
    for fact in reversed(facts):
        of_it = isinstance(fact.left, AppliedUndef) and fact.left.args == (variable,)
        if not of_it or fact.kind in ("fails", "note"):
            continue
        slope = differentiated(fact.right, variable)
        if slope is None or not slope.has(variable):
            return None
        found = compared(slope.xreplace({variable: right}), Integer(0))
        if not found.holds:
            return None
        says = f"where the derivative of {fact.place} vanishes" + "".join(
            f", if {c}" for c in found.conditions
        )
        return Judgement("conditional", says, uses=(fact.formula,), verdict=found.verdict)
    return None


def descent_of(left: Expr, right: Expr, facts: Sequence[Fact]) -> Judgement | None:
    """Return that a line is gradient descent, with the gradient that an earlier line states or defines."""
    if not is_sequence(left) or len(left.args) != 1:
        return None
    offset, index = left.args[0].as_coeff_Add()
    if offset != 1 or not index.is_Symbol:
        return None
    old, variable = left.func(index), Symbol(name_of(left), real=True)
    for fact in reversed(facts):
        of_it = isinstance(fact.left, AppliedUndef) and fact.left.args == (variable,)
        stated = of_it and name_of(fact.left).startswith("∇")
        if not of_it or not (stated or fact.defines) or fact.kind in ("fails", "note"):
            continue
        slope = fact.right if stated else differentiated(fact.right, variable)
        if slope is None or not slope.has(variable) or slope.atoms(AppliedUndef, Derivative):
            continue
        rate = cancel((old - right) / slope.xreplace({variable: old}))
        if rate.is_Symbol:
            says = f"Gradient descent on {fact.place}, with eta = {rate}"
            return Judgement("recognised", says, uses=(fact.formula,))
    return None
