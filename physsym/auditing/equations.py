"""The judges of chains, of links in them and of single equations, from the formulas before them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import dropwhile, islice, takewhile

from sympy import Add, Derivative, Expr, Integer, N
from sympy.core.function import AppliedUndef

from physsym.auditing.audits import HOLDING
from physsym.auditing.comparisons import (
    Comparison,
    clearly_differ,
    compared,
    compared_for_whole_numbers,
    read_by,
    where_it_fails,
)
from physsym.auditing.consequences import (
    Consequence,
    by_definitions,
    conditions,
    consequence,
    current,
    differentiated,
    named_for_the_first_time,
    with_definitions,
)
from physsym.auditing.evaluation import agree_at_a_point
from physsym.auditing.expansions import WithError, agreement, is_exact, judge_error, with_error
from physsym.auditing.implications import Surroundings, judge_inequality
from physsym.auditing.judgements import Judgement, holding
from physsym.auditing.matrices import Arrays
from physsym.auditing.methods_of_text import method_of
from physsym.auditing.only_solutions import as_the_only_one
from physsym.auditing.other_notations import is_of_the_unit
from physsym.auditing.point_values import false_numbers, never_equal, value_at_a_point
from physsym.auditing.roots import root_of, unless_another_is_stated, without_common_root
from physsym.auditing.rules_of_text import RuleFinding
from physsym.auditing.sentences import (
    asks_where,
    claims_equality,
    is_approximate,
    is_denied,
    is_negated,
    names_another_case,
    sets_anew,
    states_a_condition,
)
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    ReadFormula,
    facts_of,
    formulas_of,
    in_scope,
    is_name,
    is_sequence,
    links,
    names_in,
    places,
    special_values_of,
)
from physsym.auditing.solutions import descent_of, is_equation_for, misses, solution_of, solves
from physsym.auditing.stated_equations import equations_on, may_not_commute, with_equations
from physsym.auditing.stated_values import Values, at_values_of_the_sentence, differing
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import in_unknowns, name_of
from physsym.auditing.unrolling import judge_unrolled
from physsym.core.motion import is_time
from physsym.core.symbols import DOT, dot
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import Chain

_DIFFERS_IN_FIRST = "its first link does not hold everywhere: it may be a condition"
_OPEN_FIRST = "its first link, of known names, was not shown to hold: it may be a law or a condition"
_AFTER_FIRST = "from its second side on; the first link may be a law or a condition"


@dataclass(frozen=True)
class Context:
    """What a formula is judged by.

    Parameters
    ----------
    formula
        The formula.
    facts
        The equations before it, in the order of the text.
    given
        The conditions that hints state.
    rule
        The published rule that it is a line of, or the mistake in it.
    read
        The formula with the hints in its notation.
    elsewhere
        What a hint of it may name besides: the equations behind it, and special values such as x = 2.
    text
        All formulas of the text.
    values
        The numbers that the prose beside it gives to letters.
    arrays
        The letters that the text says to be matrices or vectors.
    """

    formula: Formula
    facts: Sequence[Fact] = ()
    given: tuple[Condition, ...] = ()
    rule: RuleFinding | None = None
    read: ReadFormula | None = None
    elsewhere: Sequence[Fact] = ()
    text: Sequence[ReadFormula] = ()
    values: Values = field(default_factory=dict)
    arrays: Arrays = field(default_factory=Arrays)

    @cached_property
    def scope(self) -> list[Fact]:
        """Return the facts under the headings that it stands under."""
        return [f for f in self.facts if in_scope(f, self.formula)]

    @property
    def near(self) -> list[Fact]:
        """Return the facts under the same headings."""
        return [f for f in self.facts if f.formula.section == self.formula.section]

    def definitions(self, near: bool = False) -> list[Fact]:
        """Return the definitions before it, perhaps those under the same headings alone."""
        return [f for f in (self.near if near else self.facts) if f.defines and f.kind != "fails"]


def judge_chain(chain: Chain, context: Context) -> Iterator[Judgement]:
    """Yield what is said of the links of a chain; the first claims nothing by itself."""
    pairs = list(links(chain))
    first_is_open = False
    for place, (left, right, relation) in enumerate(pairs):
        if place == 0 and relation in (*EQUAL, "<-"):
            first = judge_equation(left, right, context)
            if len(pairs) > 1 and first.kind == "undecided":
                one, other = in_unknowns(left, right).expressions
                # Sides in the same letters that differ are no law: they are equal at some points at most.
                may_be_law = one.free_symbols != other.free_symbols or agree_at_a_point(one, other)
                says = _OPEN_FIRST if may_be_law else _DIFFERS_IN_FIRST
                first = _false_by_definitions(left, right, context) or replace(first, says=says)
                first_is_open = (
                    may_be_law and first.kind != "fails" and _brings_in_a_name(left, right, context)
                )
            if len(pairs) == 1 or not (first_is_open or first.kind == "definition"):
                yield first
        elif relation in EQUAL:
            found = judge_link(left, right, context)
            if found.kind == "undecided":
                found = judge_unrolled(pairs[0][0], left, right, context.given) or found
            yield (
                _with(found, _AFTER_FIRST, found.uses)
                if first_is_open and found.kind in ("holds", "conditional")
                else found
            )
        elif relation in ("<=", ">=", "<", ">") and place > 0:
            yield judge_inequality(left, right, relation, context.given)
        elif relation == "~" and left.is_number and right.is_number and not _near(left, right):
            yield Judgement("undecided", f"{left} and {right} differ by more than a tenth")
        elif relation != "~" or len(pairs) == 1:
            yield Judgement("undecided", f"the relation {relation} is not judged without a hint")


def _near(left: Expr, right: Expr) -> bool:
    """Return whether numbers differ by a tenth at most."""
    return bool(abs(N(left - right)) <= 0.1 * max(abs(N(left)), abs(N(right))))


def _brings_in_a_name(left: Expr, right: Expr, context: Context) -> bool:
    """Return whether a side has a name that the other side and earlier lines have not: it says what it is."""
    sides = in_unknowns(left)
    plain = sides.expressions[0].free_symbols - sides.operators
    scope = (f for f in context.scope if f.formula != context.formula)
    known = frozenset[str]().union(names_in(right), *(f.names for f in scope))
    return bool(names_in(*(sides.applications.get(s, s) for s in plain)) - known)


def _false_by_definitions(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that an equation is false by definitions put in, but where a letter of it is zero."""
    if is_denied(context.formula) or asks_where(context.formula):
        return None
    put = by_definitions(left, right, context.definitions(near=True), context.given)
    comparison, used = put or (compared(left, right, context.given), ())
    if not (comparison.refuted and comparison.analytic and never_equal(comparison)):
        return None
    if not used and read_by(comparison.sides.expressions[0] - comparison.sides.expressions[1]):
        return None  # without a definition it may be a condition
    than = f"with {places(used)} put in, the two sides differ" if used else ""
    return _differing(comparison, formulas_of(used), context, than)


def judge_link(left: Expr, right: Expr, context: Context) -> Judgement:
    """Return what is said of a link after the first of a chain: a difference is an error."""
    if (claim := with_error(left, right)) is not None:
        return _of_an_order(claim)
    found = compared(left, right, context.given)
    if found.holds:
        return holding(found)
    if (whole := _for_whole_numbers(left, right, context)) is not None:
        return whole
    if (total := _with_total_derivative(left, right)) is not None and compared(total, right).holds:
        return Judgement("holds", "the total derivative")
    if (by_context := _by_consequence(left, right, context)) is not None:
        return by_context
    if not is_exact(left, right):
        return _open(found)
    if found.refuted:
        return _differing(found, (), context)
    for definitions in (context.definitions(near=True), named_for_the_first_time(context.near)):
        with_definitions = by_definitions(left, right, definitions)
        if with_definitions is not None and with_definitions[0].refuted and with_definitions[0].analytic:
            comparison, used = with_definitions
            than = f"with {places(used)} put in, the two sides differ"
            return _differing(comparison, formulas_of(used), context, than)
    here = at_values_of_the_sentence(left, right, context.text, context.formula, context.given)
    return here or _open(found)


def _differing(found: Comparison, uses: tuple[Formula, ...], context: Context, than: str = "") -> Judgement:
    """Return that two sides differ at a point at which what the text states holds, or are equal by it."""
    if is_approximate(context.formula):
        says = "the two sides differ, and the text says that they are approximately equal"
        return Judgement("note", says, where_it_fails(found), uses, found.verdict)
    first, second = found.sides.expressions[:2]
    facts = (*context.facts, *_conditions_behind(context))
    before = [f for f in facts if not is_negated(f.formula) and not is_of_the_unit(f)]
    letters = first.free_symbols | second.free_symbols
    stated = equations_on(letters, current(before), context.formula, functions=True)
    there = with_equations(found, stated, context.given) if stated else found
    if isinstance(there, Comparison):
        return differing(there, context.values, context.given, uses, than)
    if there is not None:
        met = letters.union(*(s.gap.free_symbols for s in stated if {*s.facts} & {*there.facts}))
        if may_not_commute((context.formula, *formulas_of(there.facts)), met):
            says = f"by {places(there.facts)} it holds for numbers, and perhaps not for operators or vectors"
            return Judgement("undecided", says, uses=uses)
        by_stated = _following(there, context)
        return replace(by_stated, uses=tuple(dict.fromkeys((*uses, *by_stated.uses))))
    used = places([f for s in stated for f in s.facts][::-1])
    return Judgement("undecided", f"no point was found at which it fails and {used} may hold", uses=uses)


def _conditions_behind(context: Context) -> Iterator[Fact]:
    """Yield the equations behind a formula that the words before them make its conditions."""
    behind = dropwhile(lambda read: read.formula != context.formula, context.text)
    for read in takewhile(lambda read: states_a_condition(read.formula), islice(behind, 1, None)):
        if len(read.meanings) == 1:
            yield from facts_of(read.formula, read.meanings[0], (), "undecided")


def _for_whole_numbers(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that two sides are equal if letters in them are whole numbers, None where this is not so."""
    found = compared_for_whole_numbers(left, right, context.given)
    if found is None or not found[0].holds:
        return None
    comparison, names = found
    needed = (*(f"{name} is a whole number" for name in names), *comparison.conditions)
    return Judgement("conditional", f"holds if {' and '.join(needed)}", verdict=comparison.verdict)


def _with_total_derivative(left: Expr, right: Expr) -> Expr | None:
    """Return the rate of a function of the time and of a motion by the chain rule, if its parts are there."""
    if not left.is_Symbol or not left.name.endswith(DOT):
        return None
    whole = {d.expr for d in right.atoms(Derivative) if isinstance(d.expr, AppliedUndef)}
    named = [a for a in whole if name_of(a) == left.name.removesuffix(DOT)]
    if len(named) != 1 or not all(a.is_Symbol for a in named[0].args):
        return None
    rates = ((a, Integer(1) if is_time(a) else dot(a)) for a in named[0].args)
    return Add(*(rate * Derivative(named[0], a) for a, rate in rates))


def _with(judgement: Judgement, says: str, uses: tuple[Formula, ...]) -> Judgement:
    """Return a judgement with the lines that it uses."""
    return replace(judgement, says=", ".join(p for p in (judgement.says, says) if p), uses=uses)


def _open(found: Comparison) -> Judgement:
    """Return that two sides were not shown to be equal, nor to be an error."""
    if found.somewhere:
        region = next(
            (e.split("they agree ")[1] for e in found.verdict.evidence if "they agree where" in e), ""
        )
        return Judgement(
            "note", f"holds in a region only{f': {region}' if region else ''}", (found.verdict.witness,),
            verdict=found.verdict,
        )  # fmt: skip
    why = "it takes more than this line says: write `from` and a line, or `given` and a condition"
    return Judgement("undecided", why, verdict=found.verdict)


def _by_consequence(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that an equation follows from earlier ones, None where this is not found."""
    found = consequence(left, right, context.scope[-40:])
    if found is None:
        return None
    here = at_values_of_the_sentence(left, right, context.text, context.formula, context.given)
    return here or _following(found, context)


def _following(found: Consequence, context: Context) -> Judgement:
    """Return that an equation follows from earlier ones, if those that were not shown hold."""
    uses = formulas_of(found.facts)
    sure = ("holds", "definition")
    needed = [f for f in found.facts if f.kind == "conditional" or not (f.defines or f.kind in sure)]
    named = list(dict.fromkeys(f.place for f in needed))
    ifs = [f"{' and '.join(named)} hold{'s' * (len(named) == 1)}"] if needed else []
    ifs += conditions(found, context.given)
    if ifs:
        return Judgement("conditional", f"holds if {' and '.join(ifs)}", (), uses, found.verdict)
    return Judgement("holds", f"by {places(found.facts)}", (), uses, found.verdict)


def judge_equation(left: Expr, right: Expr, context: Context) -> Judgement:
    """Return what is said of a single equation: it may be a law or a condition, and fails by a hint alone."""
    if (claim := with_error(left, right)) is not None:
        return _of_an_order(claim)
    if context.given or not (_is_new(left, right) or clearly_differ(left, right)):
        found = compared(left, right, context.given)
        if found.holds:
            return holding(found)
    if (whole := _for_whole_numbers(left, right, context)) is not None:
        return whole
    scope = context.scope
    at_a_point = value_at_a_point(left, right, context.formula, scope, context.given, context.values)
    if at_a_point is not None and at_a_point.kind != "undecided":
        return at_a_point
    if (derived := _as_derivative(left, right, context)) is not None:
        return derived
    # That a value solves what stands before it in the same formula is the way back, and not what is said.
    others = [f for f in scope if f.formula != context.formula or f.defines]
    second = _as_second_value(left, right, context)
    if second is not None and second.kind == "note":
        second = _as_another_solution(left, right, second, context, others) or second
    if second is not None:
        return second
    if (root := root_of(left, right, context.formula, scope)) is not None:
        root = unless_another_is_stated(root, left, right, context.formula, context.text)
        return as_the_only_one(root, (left, right), context.formula, scope, _stated_signs(context))
    if (by_context := _by_consequence(left, right, context)) is not None:
        return by_context
    if (contradicts := without_common_root(left, right, context.formula, scope, context.values)) is not None:
        return contradicts
    if (again := _as_rewritten(left, right, context)) is not None:
        return again
    if (wrong := false_numbers(left, right, context.formula, scope)) is not None:
        return wrong
    if at_a_point is not None:
        return at_a_point
    if (method := method_of(left, right, scope)) is not None:
        return Judgement("recognised", str(method), uses=method.uses)
    if (
        solution := solution_of(left, right, context.formula, others) or descent_of(left, right, scope)
    ) is not None:
        return as_the_only_one(solution, (left, right), context.formula, scope, _stated_signs(context))
    if (order := agreement(left, right)) is not None:
        return Judgement("conditional", f"holds up to {order}, for smooth functions", exact=False)
    if is_name(left) or is_sequence(left):
        return Judgement("definition")
    if (
        claims_equality(context.formula)
        and (wrong := _false_by_definitions(left, right, context)) is not None
    ):
        return wrong
    return Judgement("undecided", "a single equation: it may be a law or a condition")


def _as_another_solution(
    left: Expr, right: Expr, second: Judgement, context: Context, facts: Sequence[Fact]
) -> Judgement | None:
    """Return that a further value of a name is another solution of the equation that the first one solves."""
    found = solution_of(left, right, context.formula, facts)
    if found is None or found.kind == "fails":
        return found
    first = [f for f in facts if f.left == left and f.formula in second.uses]
    laws = [f for f in facts if f.formula == found.uses[0]]
    return found if any(solves(left, f.right, law, facts) for f in first for law in laws) else None


def _stated_signs(context: Context) -> tuple[Condition, ...]:
    """Return the inequalities that the text states before a formula, and what is given."""
    lines = Surroundings(context.formula, text=context.text).lines
    return (*context.given, *(c for f, stated in lines if not is_negated(f) for c in stated))


def _is_new(left: Expr, right: Expr) -> bool:
    """Return whether a side is one unknown that the other side has not: they are equal by chance alone."""
    one, other = in_unknowns(left, right).expressions
    return (one.is_Symbol and one not in other.free_symbols) or (
        other.is_Symbol and other not in one.free_symbols
    )


def _as_rewritten(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return that a line of a rule is an earlier one in other words, under whichever heading that stands."""
    if not is_sequence(left):
        return None
    for fact in reversed([f for f in context.facts if f.left == left and f.kind not in ("fails", "note")]):
        if fact.right == right or not agree_at_a_point(*in_unknowns(right, fact.right).expressions):
            continue
        if (found := compared(right, fact.right, context.given)).holds:
            return _with(holding(found), f"as {fact.place}", (fact.formula,))
    return None


def _of_an_order(claim: WithError) -> Judgement:
    """Return what is said of a claim with an error term: it fails by a hint alone."""
    verdict, names = judge_error(claim)
    if not verdict:
        return Judgement("undecided", "; ".join(verdict.evidence), verdict=verdict)
    if names:
        return Judgement("conditional", f"holds if {' and '.join(names)}", verdict.evidence, verdict=verdict)
    return Judgement("holds", verdict.evidence[0], verdict=verdict)


def _as_derivative(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return what is said of the derivative of something that the text defines."""
    is_rate = left.is_Symbol and left.name.endswith(DOT)
    if not (
        is_rate or isinstance(left, Derivative) or (isinstance(left, AppliedUndef) and "∇" in str(left.func))
    ):
        return None
    own = names_in(left) | {str(left).rstrip(DOT)}
    # An earlier line for the same rate is another value of it, as two laws have, and no function to derive.
    scope = [f for f in context.definitions() if in_scope(f, context.formula) and f.left != left]
    if not any(names_in(f.left) & own for f in scope):
        return None
    if isinstance(left, Derivative) and isinstance(left.expr, AppliedUndef):
        name, variables = name_of(left.expr), set(left.variables)
        whole = [f for f in scope if is_name(f.left) and (str(f.left) == name or name_of(f.left) == name)]
        letters = [f for f in scope if f.left.is_Symbol and f.left not in variables and f not in whole]
        readings = _partial_and_total(left, right, whole[-1], letters) if whole else None
        if readings is not None:
            return _by_readings(readings, whole[-1], context)
    found = by_definitions(left, right, scope)
    if found is None or any(found[0].sides.expressions[0].has(s) for s in left.atoms(AppliedUndef)):
        return None
    comparison, used = found
    uses = formulas_of(used)
    if comparison.holds:
        return _with(holding(comparison), f"the derivative of {used[0].place}", uses)
    if comparison.refuted and all(f in context.near for f in used) and not _is_another_letter(used, context):
        return _differing(comparison, uses, context, f"is not the derivative of {used[0].place}")
    return None


def _is_another_letter(definitions: Sequence[Fact], context: Context) -> bool:
    """Return whether the text says of a letter in definitions that it is another one, as in "with f = x".

    That is a special value and no premise, and the derivative may be taken with it.
    """
    letters = frozenset[Expr]().union(*(f.right.free_symbols for f in definitions))
    stated = (s for read in context.text for m in read.meanings for s in special_values_of(read.formula, m))
    return any(s.left in letters and s.right.is_Symbol and in_scope(s, context.formula) for s in stated)


def _partial_and_total(
    left: Derivative, right: Expr, own: Fact, letters: Sequence[Fact]
) -> tuple[Comparison, Comparison, tuple[Fact, ...]] | None:
    """Return a claimed derivative compared with the partial and with the total one, and what is put in.

    None where both are the same: no letter that is kept constant depends on the variables.
    """
    args = own.left.args if isinstance(own.left, AppliedUndef) else ()
    # f(x, y) says what is kept constant, and other letters in it are short for something.
    # So they are where it holds no variable itself, as L = T - V of the energies.
    explicit = bool(own.right.free_symbols & {*left.variables})
    kept = [f for f in letters if f.left in args] if args or not explicit else letters
    short = [f for f in letters if f not in kept]
    partial, _, _ = with_definitions(own.right, Integer(0), short)
    total, _, put = with_definitions(own.right, Integer(0), letters)
    for variable in left.variables:
        partial, total = differentiated(partial, variable), differentiated(total, variable)
    if partial is None or total is None or right.has(Derivative):
        return None
    partial, total, claimed = (with_definitions(e, Integer(0), letters)[0] for e in (partial, total, right))
    if compared(partial, total).holds:
        return None
    return compared(partial, claimed), compared(total, claimed), put


def _by_readings(
    readings: tuple[Comparison, Comparison, tuple[Fact, ...]], own: Fact, context: Context
) -> Judgement:
    """Return what is said of a derivative, partial by its sign or total: it fails if it is neither."""
    *both, put = readings
    is_partial = re.search(r"\\partial(?![A-Za-z])|∂", context.formula.text) is not None
    said, other = both if is_partial else reversed(both)
    names, uses = ("partial", "total")[:: 1 if is_partial else -1], formulas_of((own, *put))
    if said.holds:
        return _with(holding(said), f"the {names[0]} derivative of {own.place}", uses)
    if other.holds:
        says = f"is the {names[1]} derivative of {own.place}, and not the {names[0]} one"
        return Judgement("undecided", says, uses=uses)
    near = all(f in context.near for f in (own, *put)) and not _is_another_letter((own, *put), context)
    if said.refuted and other.refuted and near:
        return _differing(said, uses, context, f"is not the derivative of {own.place}")
    return Judgement("undecided", f"it may be a derivative of {own.place}, partial or total", uses=uses)


def _as_second_value(left: Expr, right: Expr, context: Context) -> Judgement | None:
    """Return what is said of a further value of what has one: a note, unless the text says it is the same."""
    if not is_name(left) or is_sequence(left):
        return None
    earlier = [
        f for f in context.facts if f.left == left and in_scope(f, context.formula) and f.kind != "fails"
    ]
    if not earlier:
        return None
    if (same := next((f for f in earlier if f.right == right), None)) is not None:
        return Judgement("definition", f"as {same.place}", uses=(same.formula,))
    fact = next((f for f in reversed(earlier) if f.defines), earlier[-1])
    comparison = compared(right, fact.right, context.given)
    if comparison.holds:
        return _with(holding(comparison), f"as {fact.place}", (fact.formula,))
    uses = formulas_of((fact,))
    definitions = [f for f in context.near if f.defines and f.left != left]
    one, other, put = with_definitions(right, fact.right, definitions)
    # Others are compared at length only if they may be equal, or differ in the same letters.
    near = put and agree_at_a_point(*in_unknowns(one, other).expressions)
    if near or (put and one.free_symbols == other.free_symbols and not comparison.refuted):
        with_these = compared(one, other)
        if with_these.holds:
            return _with(holding(with_these), f"as {fact.place}", formulas_of((fact, *put)))
        if with_these.refuted:
            comparison, uses = with_these, formulas_of((fact, *put))
    if not comparison.refuted:
        return None
    if claims_equality(context.formula) and fact in context.near:
        differs = _differing(comparison, uses, context, f"differs from {fact.place}")
        other = _by_another_equation(left, right, differs, fact, context)
        if other is not None or not names_another_case(context.formula, fact.formula):
            return other or differs
    if sets_anew(context.formula, fact.formula):
        return Judgement("definition", f"another value than on {fact.place}")
    says = (
        f"another value than on {fact.place}; if it is meant to be the same write "
        f"`same as {fact.formula.position}`"
    )
    return Judgement("note", says, where_it_fails(comparison), uses, comparison.verdict)


def _by_another_equation(
    left: Expr, right: Expr, differs: Judgement, first: Fact, context: Context
) -> Judgement | None:
    """Return that a value that differs from the first one may follow from another equation for the name.

    It does where the text names another case. Else one of the two may be a mistake. None where the value
    solves no such equation; what holds by earlier lines is none.
    """
    others = [f for f in context.near if f.left not in (left, right) and f.kind not in (*HOLDING, "fails")]
    laws = [f for f in others if is_equation_for(left, f)]
    known = [f for f in context.facts if f.left != left and in_scope(f, context.formula)]
    solved = (solves(left, right, law, known) for law in reversed(laws))
    found = next((s for s in solved if s is not None), None)
    if found is None and laws:
        found = _by_consequence(left, right, replace(context, facts=known))
    used = [f for f in laws if found is not None and f.formula in found.uses]
    of_cases = (context.formula, *(f.formula for f in used))
    if found is not None and used and any(names_another_case(f, first.formula) for f in of_cases):
        return replace(_with(found, f"another value than on {first.place}", found.uses), solves=True)
    unsure = used or [f for f in laws if misses(left, right, f, known) is None]
    if not unsure:
        return None
    says = f"{differs.says}, and may follow from {places(unsure)}: say from which by `from`"
    return Judgement("undecided", says, uses=(*differs.uses, *formulas_of(unsure)))
