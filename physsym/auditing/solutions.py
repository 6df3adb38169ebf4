"""Lines that use an earlier one: a root, a motion that satisfies a law, a stationary point, a descent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from sympy import Derivative, Dummy, Expr, Integer, Subs, Symbol, cancel, factor, simplify
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import compared, where_it_fails
from physsym.auditing.consequences import differentiated, put_definition, with_definitions
from physsym.auditing.evaluation import agree_at_a_point, differ_at_a_point
from physsym.auditing.judgements import Judgement
from physsym.auditing.sentences import claims_equality, is_denied
from physsym.auditing.sheet import Fact, formulas_of, is_name, is_sequence, left_occurs, names_in, places
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns, name_of
from physsym.core.motion import is_time
from physsym.core.verdicts import Condition, Outcome

_FACTS = 8
_SHORT = 120  # operations of what is left of an equation, above which it is not simplified
_SOLUTION = re.compile(r"\b(solutions?|solv\w+|roots?|satisf\w+|motions? (?:is|are))\b", re.IGNORECASE)
_STAR = "_star"


def solution_of(left: Expr, right: Expr, formula: Formula, facts: Sequence[Fact]) -> Judgement | None:
    """Return what is said of a value that solves the nearest equation for its name.

    Where the text says that it is a solution, and it solves none, it fails. None where this is not found.
    """
    if not is_name(left) or is_sequence(left) or right.is_number or left_occurs(left, right):
        return None
    if not set(left.args) <= right.free_symbols:
        return None  # the value of a function at one point
    stationary = _stationary_point(left, right, facts)
    if stationary is not None:
        return stationary
    names = names_in(left)
    near = [f for f in facts if names <= f.names and f.kind not in ("fails", "note")]
    tried = [f for f in near if f.left not in (left, right)][-_FACTS:]
    for fact in reversed(tried):
        solved = solves(left, right, fact, facts)
        if solved is not None:
            return _unless_defined(left, right, fact, facts) or solved
    if (claims_equality(formula) or _SOLUTION.search(formula.before)) and not is_denied(formula):
        laws = [f for f in tried if is_equation_for(left, f)]
        wrong = [missed for f in laws if (missed := misses(left, right, f, facts)) is not None]
        if wrong and len(wrong) == len(laws):
            return wrong[-1]
    return None


def _unless_defined(left: Expr, right: Expr, law: Fact, facts: Sequence[Fact]) -> Judgement | None:
    """Return that a root of what follows from the definition of a name is not what the definition says.

    From y = |x| follows y^2 = x^2, and not y = x. What is stated behind the law is a solution as well.
    """
    before = facts[: facts.index(law)] if law in facts else facts
    for fact in (f for f in before if f.defines and f.left == left and f.kind not in ("fails", "note")):
        same_letters = right.free_symbols <= fact.right.free_symbols
        if (law.kind == "holds" or same_letters) and not compared(fact.right, right).holds:
            says = f"a root of {law.place}, and not for all values what {fact.place} says"
            return Judgement("undecided", says, uses=formulas_of((law, fact)))
    return None


def solves(
    left: Expr, right: Expr, fact: Fact, facts: Sequence[Fact], given: Sequence[Condition] = ()
) -> Judgement | None:
    """Return that a value solves an equation, with the definitions among facts put in."""
    residual, used = _residual(left, right, fact, facts)
    if residual is None or differ_at_a_point(in_unknowns(residual).expressions[0], Integer(0)):
        return None
    found = compared(residual, Integer(0), given)
    gap = fact.left - fact.right
    if not found.holds or compared(gap, Integer(0)).verdict.outcome is not Outcome.FAILS:
        return None
    conditions = "".join(f", if {c}" for c in found.verdict.assumes)
    what = "motion that satisfies" if _is_law(gap) else "root of"
    says = f"a {what} {places((fact, *used))}{conditions}"
    return Judgement("conditional", says, uses=formulas_of((fact, *used)), verdict=found.verdict, solves=True)


def misses(
    left: Expr, right: Expr, fact: Fact, facts: Sequence[Fact], given: Sequence[Condition] = ()
) -> Judgement | None:
    """Return that a value does not solve an equation, whatever the letters are that it brings in."""
    residual, used = _residual(left, right, fact, facts)
    if residual is None:
        return None
    found = compared(residual, Integer(0), given)
    gap = fact.left - fact.right
    known = gap.free_symbols.union(*(f.right.free_symbols for f in used))
    new = {s for s in right.free_symbols - known if not is_time(s)}
    rest, value = found.sides.expressions[0], in_unknowns(right).expressions[0]
    if not rest.free_symbols <= value.free_symbols:
        return None  # it may hold for a value of a letter that it does not have, as v = 0 at the top
    if not found.differs or found.sides.operators or _vanishes_for_some(rest, value, new):
        return None
    what = "satisfy" if _is_law(gap) else "solve"
    says = f"does not {what} {places((fact, *used))}"
    return Judgement("fails", says, where_it_fails(found), formulas_of((fact, *used)), found.verdict)


def _vanishes_for_some(residual: Expr, value: Expr, new: AbstractSet[Symbol]) -> bool:
    """Return whether a residual may vanish for a choice of new letters: a sum in it has them.

    Of a motion the amplitude is new, and its frequency may be: only that a sum with it vanishes is asked.
    """
    if not new:
        return False
    for expression in (residual, residual / value):
        rest = factor(simplify(expression)) if expression.count_ops() < _SHORT else expression
        sums = [f for f in rest.as_numer_denom()[0].as_ordered_factors() if f.free_symbols & new]
        if not any((f.base if f.is_Pow else f).is_Add for f in sums):
            return False
    return True


def _is_law(gap: Expr) -> bool:
    """Return whether an equation has rates."""
    return bool(gap.has(Derivative)) or any("'" in s.name for s in gap.free_symbols)


def is_equation_for(left: Expr, fact: Fact) -> bool:
    """Return whether a fact may be solved for a name: a law of its rates, or an equation with it."""
    gap = fact.left - fact.right
    own = {s.name for s in gap.free_symbols} & {str(left) + mark for mark in ("'", "''")}
    rates = {name_of(d.expr) for d in gap.atoms(Derivative) if isinstance(d.expr, AppliedUndef)}
    if own or rates & names_in(left):
        return True
    return not fact.defines and bool(gap.has(left)) and not _is_law(gap)


def _residual(
    left: Expr, right: Expr, fact: Fact, facts: Sequence[Fact]
) -> tuple[Expr | None, tuple[Fact, ...]]:
    """Return what is left of an equation where a name has a value, and the definitions put in.

    None where it does not have the name, or has its rates or other values too: it is not solved by it.
    """
    gap = _without_values_at_points(fact.left - fact.right, left)
    put = put_definition(gap, replace(fact, left=left, right=right))
    own = {n.rstrip("'") for n in names_in(left)}
    if put == gap or put.has(Derivative) or own & {n.rstrip("'") for n in names_in(put)}:
        return None, ()
    if agree_at_a_point(in_unknowns(put).expressions[0], Integer(0)):
        return put, ()
    definitions = [
        f
        for f in facts
        if f.defines and f is not fact and f.kind not in ("fails", "note")
        if f.left.is_Symbol and not own & {n.rstrip("'") for n in f.names}
    ]
    residual, _, used = with_definitions(put, Integer(0), definitions)
    return residual, used


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
