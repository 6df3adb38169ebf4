"""The hints `from`, `same as`, `identity`: whether a formula follows from others, or holds for all values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sympy import Derivative, Expr, Integer, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import Comparison, compared
from physsym.auditing.consequences import by_definitions, conditions, consequence
from physsym.auditing.implications import (
    ORDERS,
    STEP_SECONDS,
    Part,
    Step,
    Surroundings,
    given_in_words,
    judge_for_all_values,
    judge_implications,
    judge_step,
    parts_of,
)
from physsym.auditing.judgements import Judgement
from physsym.auditing.references import Hinted, facts_named, referred
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    formulas_of,
    is_condition,
    is_name,
    is_sequence,
    left_occurs,
    names_in,
    places,
)
from physsym.auditing.solutions import is_equation_for, misses, solves
from physsym.auditing.texts import Hint
from physsym.auditing.unknowns import name_of
from physsym.core.motion import is_time
from physsym.core.symbols import dot
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import Chain
from physsym.verify.budget import BudgetError, joint


def judge_from(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether the equations of a formula follow from the formulas that a hint names."""
    return _following(facts_named(hint, what), what, "does not follow from")


def judge_same(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether a formula is that which a hint names."""
    facts = referred(hint, hint.argument.removeprefix("as").strip(), what)
    return _following(facts, what, "differs from")


def _following(facts: Sequence[Fact], what: Hinted, differs: str) -> Judgement:
    stated = [c for c in what.meaning.chains if c.relations and not is_condition(c)]
    signs = {sign for c in stated for sign in c.relations}
    if not signs or signs - {*EQUAL, "<-", "~", "!=", *ORDERS} or parts_of(stated, what.formula.text):
        named = f"the relation {' and '.join(sorted(signs))}" if signs else "what states nothing"
        return Judgement("undecided", f"{named} is not judged by this hint", (), formulas_of(facts))
    if signs & {"!=", *ORDERS}:
        return _as_a_step(facts, stated, what)
    definitions = [f for f in what.facts if f.defines and f not in facts and f.kind != "fails"]
    put = [f for f in (*definitions, *facts) if f.defines]
    named = places(facts)
    held, used, open_links = list[str](), list[Fact](facts), False
    for sides in what.equations():
        left, right = (_in_the_time(side, (*facts, *what.stated)) for side in sides)
        if (way := _way_to(left, right, facts, definitions, what.given)) is not None:
            held += way[0]
            used += [f for f in way[1] if f not in used]
        elif (solved := _solution(left, right, facts, what)) is not None:
            return solved
        elif (difference := _refuting(left, right, facts, put, what.given)) is not None:
            return what.differing(difference, facts, f"{differs} {named}")
        else:
            open_links = True
    if open_links:
        for left, right in what.ends():
            if (difference := _refuting(left, right, facts, put, what.given)) is not None:
                return what.differing(difference, facts, f"{differs} {named}")
        return Judgement("undecided", f"it was not found how it follows from {named}", (), formulas_of(facts))
    uses = formulas_of(used)
    ifs = " and ".join(dict.fromkeys((f"{places(used)} hold{'s' * (len(uses) == 1)}", *held)))
    return Judgement("conditional", f"holds if {ifs}", (), uses)


def _as_a_step(facts: Sequence[Fact], stated: Sequence[Chain], what: Hinted) -> Judgement:
    """Return whether inequalities follow from the equations that a hint names."""
    premise = Part("", [[Chain((f.left, f.right), ("=",))] for f in facts])
    around = Surroundings(what.formula, what.given, what.text, (), what.meaning.domain)
    try:
        with joint(STEP_SECONDS):
            found = judge_step(Step(premise, Part("on", [[c] for c in stated]), around))
    except BudgetError:
        return Judgement("undecided", f"it was not found how it follows from {places(facts)}")
    if found.kind not in ("holds", "conditional"):
        return replace(found, uses=formulas_of(facts))
    uses = formulas_of(facts)
    ifs = " and ".join(p for p in (f"{places(facts)} hold{'s' * (len(uses) == 1)}", found.says) if p)
    return Judgement("conditional", f"holds if {ifs}", (), (*uses, *found.uses), found.verdict)


def _solution(left: Expr, right: Expr, facts: Sequence[Fact], what: Hinted) -> Judgement | None:
    """Return what is said of a value of a name that is to solve one of the facts that a hint names."""
    if not is_name(left) or is_sequence(left) or left_occurs(left, right):
        return None
    if not set(left.args) <= right.free_symbols:
        return None
    known = (*(f for f in what.facts if f not in facts), *facts)
    for fact in facts:
        if (solved := solves(left, right, fact, known, what.given)) is not None:
            return solved
    laws = [f for f in facts if is_equation_for(left, f)]
    missed = [m for f in laws if (m := misses(left, right, f, known, what.given)) is not None]
    return missed[0] if missed and len(missed) == len(laws) else None


def _in_the_time(expression: Expr, facts: Sequence[Fact]) -> Expr:
    """Return motions in a scaled time s as those in the time t, by facts as s = w*t: d/ds = dt/ds*d/dt."""
    put: dict[Expr, Expr] = {}
    for rate_in_scaled in expression.atoms(Derivative):
        motion, (scaled, *more) = rate_in_scaled.expr, rate_in_scaled.variables
        if not isinstance(motion, AppliedUndef) or motion.args != (scaled,) or {*more} - {scaled}:
            continue
        for fact in facts:
            times = [s for s in fact.right.free_symbols if is_time(s)]
            if fact.left.is_Symbol and is_time(fact.left) and scaled in fact.right.free_symbols:
                factor = fact.right.diff(scaled)
            elif fact.left == scaled and len(times) == 1:
                factor = 1 / fact.right.diff(times[0])
            else:
                continue
            if not factor.free_symbols & {scaled, fact.left, *times}:
                put[motion] = rate = Symbol(name_of(motion), real=True)
                for _ in (scaled, *more):
                    rate = dot(rate)
                put[rate_in_scaled] = rate * factor ** (1 + len(more))
    return expression.xreplace(put)


def _way_to(
    left: Expr, right: Expr, facts: Sequence[Fact], definitions: Sequence[Fact], given: tuple[Condition, ...]
) -> tuple[Sequence[str], Sequence[Fact]] | None:
    """Return what it takes that an equation holds, and the facts that it follows from."""
    if (own := compared(left, right, given)).holds:
        return own.conditions, ()
    found = consequence(left, right, facts) or consequence(left, right, [*definitions, *facts])
    named = {f.formula for f in facts}  # definitions may have been put into a fact
    if found is not None and any(f.formula in named for f in found.facts):
        return conditions(found), found.facts
    put_in = by_definitions(left, right, [f for f in facts if f.defines], given)
    if put_in is not None and put_in[0].holds:
        return put_in[0].conditions, put_in[1]
    slopes = list(_slopes_of_claim(left, right, facts))
    if slopes and all(slope.holds for slope in slopes):
        needed = [c for slope in slopes for c in slope.conditions]
        return (*needed, f"{left} is meant up to a constant"), ()
    return None


def _slopes_of_claim(left: Expr, right: Expr, facts: Sequence[Fact]) -> Iterator[Comparison]:
    """Yield the derivatives that facts give to a function beside those of what an equation says it is."""
    if not (isinstance(left, AppliedUndef) and len(left.args) == 1 and not left_occurs(left, right)):
        return
    (place,), slope = left.args, f"∇{name_of(left)}"
    for fact in facts:
        of_it = isinstance(fact.left, AppliedUndef) and name_of(fact.left) == slope
        derived = place.is_Symbol and fact.left == Derivative(left, place)
        if (of_it and fact.left.args == (place,)) or derived:
            claim = replace(fact, left=left, right=right, defines=True, names=names_in(left, right))
            put_in = by_definitions(fact.right, fact.left, [claim])
            if put_in is not None:
                yield put_in[0]


def _refuting(
    left: Expr, right: Expr, facts: Sequence[Fact], definitions: Sequence[Fact], given: tuple[Condition, ...]
) -> Comparison | None:
    """Return a comparison that shows that an equation contradicts a fact of the same unknowns."""
    for slope in _slopes_of_claim(left, right, facts):
        if _contradicts(slope, right):
            return slope
    own = [f for f in facts if f.defines]
    put_in = by_definitions(left, right, own, given)
    if put_in and len(own) == len(facts):
        function = isinstance(left, (AppliedUndef, Derivative))
        if _contradicts(put_in[0], right) if function else put_in[0].refuted and not _vague(put_in[0]):
            return put_in[0]
    for fact in facts:
        for one, other in _values_of_same(left, right, fact):
            for put in ((), definitions):
                pair = by_definitions(one, other, put) if put else None
                comparison = pair[0] if pair else compared(one, other, given)
                if comparison.refuted and not _vague(comparison):
                    return comparison
    return None


def _contradicts(found: Comparison, right: Expr) -> bool:
    """Return whether a value that follows is another one than is claimed, in names that all occur in it."""
    value, claimed = found.sides.expressions[:2]
    names = found.differs and claimed.free_symbols <= value.free_symbols and bool(right.free_symbols)
    return (found.refuted or names) and not _vague(found)


def _values_of_same(left: Expr, right: Expr, fact: Fact) -> Iterator[tuple[Expr, Expr]]:
    """Yield the values that a fact and an equation give to the same side, or to the same unknown."""
    if fact.left == left:
        yield fact.right, right
    if fact.right == right:
        yield fact.left, left
    target, residual = left - right, fact.left - fact.right
    applied = (AppliedUndef, Derivative)
    shared = (target.atoms(*applied) | target.free_symbols) & (
        residual.atoms(*applied) | residual.free_symbols
    )
    marked = sorted(
        shared, key=lambda a: (not isinstance(a, applied) and "'" not in str(a), -len(str(a)), str(a))
    )
    for unknown in marked[:3]:
        stand_in = Symbol("the unknown", real=True)
        values = []
        for equation in (residual, target):
            put = equation.xreplace({unknown: stand_in})
            slope = put.diff(stand_in)
            if slope == 0 or slope.has(stand_in):
                break
            values.append(-put.xreplace({stand_in: Integer(0)}) / slope)
        if len(values) == 2:
            yield values[0], values[1]


def _vague(comparison: Comparison) -> bool:
    return bool(comparison.sides.operators)


def judge_identity(hint: Hint, what: Hinted) -> Judgement:
    """Judge whether sides are equal for all values, with what hints define."""
    relations = {sign for c in what.meaning.chains if not is_condition(c) for sign in c.relations}
    if approximate := relations - {*EQUAL, "<-", "!=", *ORDERS}:
        signs = " and ".join(sorted(approximate))
        return Judgement("undecided", f"{signs} says no equality; `order 2 in h` judges an approximation")
    words = given_in_words(what.meaning)
    defined = tuple(Condition(f.left - f.right, "= 0") for f in what.stated)
    given = (*what.given, *words, *defined)
    around = Surroundings(what.formula, given, what.text, what.facts, what.meaning.domain)
    stated = [c for c in what.meaning.chains if c.relations and not is_condition(c)]
    if parts_of(stated, what.formula.text) is not None:
        found_steps = judge_implications(stated, what.meaning, (what.meaning,), around)
        return found_steps or Judgement("undecided", "it was not found how the statements follow")
    if relations & {"!=", *ORDERS}:
        return judge_for_all_values(stated, around)
    held, named, used = list[str](), list[str](), list[Fact]()
    definitions = [f for f in what.facts if f.defines and f.kind not in ("fails", "note")]
    for left, right in what.equations():
        put = by_definitions(left, right, what.stated, what.given)
        if put is None and is_name(left) and not left_occurs(left, right):
            named.append(str(left))
            continue
        found = put[0] if put else compared(left, right, what.given)
        if found.differs and not _vague(found):
            by_text = by_definitions(left, right, definitions, what.given)
            if by_text is None or by_text[0].differs:
                return what.differing(found)
            found, used = by_text[0], [*used, *by_text[1]]
        if not found.holds:
            near = [str(c) for c in what.given if c.expression.free_symbols & (left - right).free_symbols]
            region = "it holds in a region only: write `given` and where" if found.somewhere else ""
            if region and near:
                region = f"it holds in a region only, and was not shown under `given {', '.join(near)}`"
            return Judgement("undecided", region or "it was not found whether it holds for all values")
        held += found.conditions
    known = {str(f.left) for f in what.facts}
    if len(named) == len(list(what.equations())) or len({*named}) < len(named) or known & {*named}:
        return Judgement("undecided", f"it says what {' and '.join(named)} is: `define` it to compare")
    by = f"by {places(used)}" if used else ""
    if held:
        says = f"holds if {' and '.join(dict.fromkeys(held))}"
        return Judgement("conditional", ", ".join(p for p in (by, says) if p), uses=formulas_of(used))
    return Judgement("holds", by or "for all values", uses=formulas_of(used))
