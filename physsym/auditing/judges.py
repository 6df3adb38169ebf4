"""The judges of an audit: what is said of each formula of a text, from the formulas before it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from sympy import Symbol

from physsym.auditing.audits import HOLDING, Entry, Kind
from physsym.auditing.equations import Context, judge_chain, judge_link
from physsym.auditing.expansions import is_exact, with_error
from physsym.auditing.hinted import hinted_judgements
from physsym.auditing.hints import HintError
from physsym.auditing.implications import (
    Part,
    Surroundings,
    given_in_words,
    judge_implications,
    parts_of,
)
from physsym.auditing.judgements import Judgement
from physsym.auditing.matrices import arrays_of, judge_arrays
from physsym.auditing.other_notations import other_notations
from physsym.auditing.premises import (
    exact_for,
    in_force,
    judged_by_each_value,
    relying_on,
    same_name,
    stated_facts,
)
from physsym.auditing.readings import as_text, chain_as_text, without_commands
from physsym.auditing.references import Hinted, NoEquationError, facts_named, refers
from physsym.auditing.rules_of_text import BREAKDOWNS, rules_of
from physsym.auditing.sentences import claims_equality, is_called_wrong
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    ReadFormula,
    facts_of,
    in_scope,
    is_condition,
    is_sequence,
    left_occurs,
    links,
    names_in,
    read_formulas,
    simplest_forms,
    special_values_of,
)
from physsym.auditing.signs_of_arrays import as_numbers_only, unless_a_vector_is_cancelled
from physsym.auditing.stated_by_hints import conditions_given, whole_numbers
from physsym.auditing.stated_by_hints import defined as defined_by_hints
from physsym.auditing.stated_values import values_beside
from physsym.auditing.texts import Formula, Text
from physsym.auditing.unknowns import in_unknowns
from physsym.auditing.update_lines import update_lines
from physsym.core.symbols import dot
from physsym.core.verdicts import Condition, Outcome
from physsym.parsing.meanings import Chain, Meaning
from physsym.transform.forms import MAX_TERMS, terms_multiplied_out
from physsym.verify.budget import BudgetError, budget, ending
from physsym.verify.conditions import consistent, implied, simplified
from physsym.verify.domains import defined

SECONDS = 60.0
"""The processor time of an audit of one text."""
_VERDICT = 0.5  # seconds of one comparison

Judged: TypeAlias = Sequence[tuple[Chain, Sequence[Judgement]]]
"""The statements of a formula, each with what is said of its links."""


def judged_formulas(path: str, formulas: Sequence[ReadFormula], seconds: float = SECONDS) -> Iterator[Entry]:
    """Yield what is said of formulas that were read, in their order.

    Parameters
    ----------
    path
        The file.
    formulas
        Its formulas with the ways to read them.
    seconds
        The processor time; what is left when it is used up is undecided.
    """
    end = time.process_time() + seconds
    rules, arrays = rules_of(formulas, end), arrays_of(formulas)
    facts, steps = list[Fact](), list[Fact]()
    relying: dict[Formula, set[Formula]] = {}
    for place, read in enumerate(formulas):
        entry = Entry(path, read.formula, "unread", read.why or "not read")
        if any(h.keyword == "skip" for h in read.formula.hints):
            yield replace(entry, kind="skipped", says=_argument(read.formula, "skip"))
            continue
        if not read.meanings:
            yield entry
            continue
        if time.process_time() > end:
            yield replace(entry, kind="undecided", says="the time of the audit is used up")
            continue
        meanings = [with_hints(m, read.formula) for m in read.meanings]
        sides = [side for m in meanings for chain in m.chains for side in chain.sides]
        if any(terms_multiplied_out(side) > MAX_TERMS for side in sides):
            yield replace(
                entry, kind="undecided", says="a product in it has too many terms to be multiplied out"
            )
            continue
        try:
            named = any(map(refers, read.formula.hints))
            above = relying_on(read.formula, relying)
            known = exact_for(in_force(facts, read.formula, relying), sides)
            others = (*_facts_elsewhere(formulas, place), *steps, *facts) if named else ()
            elsewhere = exact_for(others, sides)
            context = Context(
                read.formula,
                rule=rules.get(place),
                read=read,
                text=formulas,
                values=values_beside(formulas, place),
                arrays=arrays,
            )
            with ending(end - time.process_time()):
                one = judged_by_each_value(
                    known if named or not above else [f for f in known if f.formula not in above],
                    simplest_forms(sides),
                    read.formula,
                    relying,
                    partial(_judged_by, meanings, context, elsewhere),
                )
            if named or place not in rules:  # the lines of a rule are one statement
                one = unless_circular(one, above)
                for used in one.uses if one.kind != "note" else ():
                    relying.setdefault(used, set()).add(read.formula)
            one = as_the_text_says(one, read.formula, meanings[0], facts)
        except HintError:
            raise
        except BudgetError:
            one = Judgement("undecided", "the time of the audit is used up")
        except BREAKDOWNS as error:
            one = Judgement("undecided", f"it could not be judged: {type(error).__name__}: {error}")
        yield replace(
            entry,
            kind=one.kind,
            says=without_commands(one.says),
            readings=tuple(dict.fromkeys(map(as_text, read.meanings))),
            details=tuple(map(without_commands, one.details)),
            uses=tuple(dict.fromkeys(f.line for f in one.uses)),
            verdict=one.verdict,
            expected=any(h.keyword == "expect" for h in read.formula.hints),
        )
        new = stated_facts(read.formula, meanings[0], facts, one)
        # That statements follow from others does not say that they are true: a hint alone may use them.
        stated = [c for c in meanings[0].chains if c.relations and not is_condition(c)]
        (facts if parts_of(stated, read.formula.text) is None else steps).extend(new)


def _facts_elsewhere(formulas: Sequence[ReadFormula], place: int) -> tuple[Fact, ...]:
    """Return what formulas state that are not judged yet, and the special values of all others."""
    facts: list[Fact] = []
    others = [
        (other, read)
        for other, read in enumerate(formulas)
        if other != place and read.meanings and not any(h.keyword == "skip" for h in read.formula.hints)
    ]
    for read in (read for other, read in others if other > place):
        facts += facts_of(read.formula, read.meanings[0], facts, "undecided")
    return (*facts, *(f for _, read in others for f in special_values_of(read.formula, read.meanings[0])))


def as_the_text_says(one: Judgement, formula: Formula, meaning: Meaning, facts: Sequence[Fact]) -> Judgement:
    """Return a judgement by what the sentence of a formula says of it.

    What it calls wrong is no error of the text. What it says to follow claims something, unless it gives a
    name for the first time.
    """
    if one.kind == "fails" and is_called_wrong(formula):
        return replace(one, kind="note", says=f"{one.says}, and the text says that it is wrong")
    if one.kind != "definition" or not claims_equality(formula):
        return one
    new = facts_of(formula, meaning, (), "definition")
    known = {name for f in facts if in_scope(f, formula) for name in f.names}
    if any(not names_in(fact.left) <= known for fact in new):
        return one
    return Judgement("undecided", "it was not found how it follows from what stands before it")


def unless_circular(one: Judgement, relying: Collection[Formula]) -> Judgement:
    """Return a judgement, undecided where what it was judged by rests on the formula itself."""
    circular = [f for f in one.uses if f in relying]
    if one.kind not in ("holds", "conditional") or not circular:
        return one
    named = " and ".join(dict.fromkeys(f.place for f in circular))
    rest = "rest" if len(circular) > 1 else "rests"
    return Judgement("undecided", f"{named} {rest} on this line: let it follow from another one")


def with_hints(meaning: Meaning, formula: Formula) -> Meaning:
    """Return a meaning with the whole numbers that hints state, in one coordinate if they say so."""
    hints = (*formula.scoped, *formula.hints)
    one = any(h.keyword == "one" for h in formula.hints)
    names = whole_numbers(hints)
    symbols = {s for chain in meaning.chains for side in chain.sides for s in side.free_symbols}
    put = {s: Symbol(s.name, integer=True) for s in symbols if s.name in names}
    if not put:
        return replace(meaning, one_coordinate=meaning.one_coordinate or one)
    chains = tuple(replace(c, sides=tuple(side.xreplace(put) for side in c.sides)) for c in meaning.chains)
    return replace(meaning, chains=chains, one_coordinate=meaning.one_coordinate or one)


def _judged_by(
    meanings: Sequence[Meaning], context: Context, elsewhere: Sequence[Fact], premises: Sequence[Fact]
) -> Judgement:
    """Return what is said of a formula by premises; what a hint may name besides is elsewhere."""
    by = {(f.left, f.right, f.formula) for f in premises}
    others = tuple(f for f in elsewhere if (f.left, f.right, f.formula) not in by)
    return agreed(_judgements(meanings, replace(context, facts=tuple(premises), elsewhere=others)))


def _judgements(meanings: Sequence[Meaning], context: Context) -> list[Judgement]:
    """Return what is said of each way to read a formula; it fails if it does in other notations too."""
    found: list[Judgement] = []
    for meaning in meanings:
        one = _judgement(meaning, context)
        for other in other_notations(meaning, context.formula, context.text) if one.kind == "fails" else ():
            facts, elsewhere = other.of_facts(context.facts), other.of_facts(context.elsewhere)
            again = _judgement(other.of_meaning(meaning), replace(context, facts=facts, elsewhere=elsewhere))
            one = one if again.kind == "fails" else other.said(again)
            if one.kind != "fails":
                break
        found.append(one)
    return found


def _judgement(meaning: Meaning, context: Context) -> Judgement:
    """Return what is said of one way to read a formula, by its hints where it has some."""
    formula = context.formula
    hints = (*formula.scoped, *formula.hints)
    sides = [side for chain in meaning.chains for side in chain.sides]
    given = conditions_given(hints, sides)
    stated = context.read.stated if context.read is not None else ()
    facts = (*context.facts, *defined_by_hints(hints, formula, sides, stated))
    own = replace(context, facts=facts, given=given)
    what = Hinted(
        formula,
        meaning,
        facts,
        update_lines(meaning, formula.line),
        given,
        context.elsewhere,
        context.text,
        context.values,
    )
    with budget(_VERDICT):
        asked = hinted_judgements(what)
        asked += _false_links(what, own) if asked else ()
        one = together(asked, False) if asked else judge(meaning, own)
        one = _unless_ruled_out(one, meaning, given)
        compares = any(h.keyword in ("identity", "from", "same") for h in formula.hints)
        one = _where_defined(one, meaning, own) if compares else one
        numbers = any(h.keyword == "one" for h in formula.hints)
        if not numbers:
            found = judge_arrays(one, formula, own.arrays, not meaning.one_coordinate, own.facts)
            return as_numbers_only(one, formula) if found is one else found
        return one


def _unless_ruled_out(one: Judgement, meaning: Meaning, given: Sequence[Condition]) -> Judgement:
    """Return a judgement, a failure where a number for a letter contradicts what hints give."""
    if one.kind not in ("holds", "conditional"):
        return one
    for left, right, sign in (link for c in meaning.chains if not is_condition(c) for link in links(c)):
        near = [c for c in given if left in c.expression.free_symbols]
        value = Condition(left - right, "= 0")
        known = left.is_Symbol and right.is_number and sign in EQUAL and bool(near)
        if known and consistent((*near, value)).outcome is Outcome.FAILS:
            says = f"contradicts what is given: {', '.join(map(str, near))}"
            return Judgement("fails", says, uses=one.uses)
    return one


def _false_links(what: Hinted, context: Context) -> list[Judgement]:
    """Return what fails of the links behind the first, whatever a hint asks; up to an order none is exact."""
    if any(h.keyword == "order" for h in what.formula.hints):
        return []
    try:
        named = [f for h in what.formula.hints if h.keyword == "from" for f in facts_named(h, what)]
    except NoEquationError:
        return []
    others = [f for f in context.facts if not any(same_name(f.left, n.left) for n in named)]
    by_named = replace(context, facts=(*others, *named))
    behind = _links_behind([c for c in what.meaning.chains if not is_condition(c)], by_named)
    of_the_first = any(h.keyword in ("is", "step", "limit") for h in what.formula.hints)
    wrong = ("fails", "undecided") if of_the_first else ("fails",)
    return [j for j in behind if j.kind in wrong]


def _links_behind(chains: Sequence[Chain], context: Context) -> list[Judgement]:
    """Return what is said of the equations behind the first one of each chain."""
    pairs = (pair for c in chains for pair in list(links(c))[1:])
    return [judge_link(left, right, context) for left, right, sign in pairs if sign in EQUAL]


def _argument(formula: Formula, keyword: str) -> str:
    return next(h.argument for h in formula.hints if h.keyword == keyword)


_WEAKEST_FIRST: tuple[Kind, ...] = ("conditional", "recognised", "holds")


def agreed(found: Sequence[Judgement]) -> Judgement:
    """Return what is said of all ways to read a formula, undecided where they differ."""
    kinds = {j.kind for j in found}
    if len(kinds) == 1:
        return found[0]
    if kinds <= set(_WEAKEST_FIRST):
        return next(j for kind in _WEAKEST_FIRST for j in found if j.kind == kind)
    if kinds <= {"definition", "note", "undecided"}:
        return next(j for kind in ("undecided", "note", "definition") for j in found if j.kind == kind)
    said = "; ".join(dict.fromkeys(f"{j.kind}: {j.says}" for j in found))
    return Judgement("undecided", f"it can be read in {len(found)} ways, which differ: {said}")


def judge(meaning: Meaning, context: Context) -> Judgement:
    """Return what is said of one way to read a formula."""
    if context.rule is not None and context.rule.mistake is not None:
        return Judgement("fails", context.rule.says, context.rule.details, context.rule.uses)
    stated = [c for c in meaning.chains if c.relations and not is_condition(c)]
    if not stated:
        return Judgement("definition", "it states nothing")
    context = replace(context, given=tuple(dict.fromkeys((*context.given, *given_in_words(meaning)))))
    ways = context.read.meanings if context.read is not None else (meaning,)
    given = tuple(dict.fromkeys((*context.given, *given_in_words(meaning, equations=True))))
    around = Surroundings(context.formula, given, context.text, context.facts, meaning.domain)
    if (implications := judge_implications(stated, meaning, ways, around)) is not None:
        return unless_a_vector_is_cancelled(implications, stated, context.formula.text)
    steps = parts_of(stated, context.formula.text) or ()
    ends = [c for parts in steps for c in _conclusions(parts)]
    each = [(c, _judged_chain(c, stated, ends, context)) for c in stated]
    if ends and not _are_shown(ends, each):
        return _of_open_steps(each, ends)
    stating = [(c, [*_unless_premise(c, found_here, ends)]) for c, found_here in each]
    found = [j for _, found_here in stating for j in found_here]
    if len(stated) > 1 and all(is_sequence(c.sides[0]) for c in stated):
        # The rows of a rule are one statement: a row that repeats another line says nothing of the rule.
        claims = [j for j in found if j.kind == "definition"]
        repeats = any(u != context.formula for j in found for u in j.uses)
        wrong = any(j.kind in ("fails", "note") for j in found)
        found = claims if claims and repeats and not wrong else found
    # A rule may go on with what was not shown to be equal: then the formula states more than the rule.
    unsure = context.rule is not None and any(j.kind == "undecided" for j in _links_behind(stated, context))
    if context.rule is not None and not unsure and not any(j.kind == "fails" for j in found):
        kind: Kind = "conditional" if context.rule.condition else "recognised"
        if context.rule.doubt:
            says = f"{context.rule.says}; {context.rule.doubt}"
            return Judgement("note", says, uses=context.rule.uses, verdict=context.rule.verdict)
        return Judgement(kind, context.rule.says, uses=context.rule.uses, verdict=context.rule.verdict)
    if (
        any(j.kind in HOLDING for j in found)
        and (claim := _claim_without_proof(stating, context)) is not None
    ):
        return claim
    one = _where_defined(together(found, meaning.one_coordinate), meaning, context)
    if one.kind in ("holds", "conditional") and any("~" in c.relations for c in stated):
        return replace(one, kind="conditional", says=f"{one.says or 'holds'}, up to ≈, which is not judged")
    return one


def _judged_chain(
    chain: Chain, stated: Sequence[Chain], ends: Sequence[Chain], context: Context
) -> list[Judgement]:
    """Return what is said of the links of one statement of a formula, by earlier lines and by the others."""
    facts = (*context.facts, *_facts_beside(stated, stated.index(chain), context, ends))
    found = list(judge_chain(chain, replace(context, facts=facts)))
    if ends:  # only the single solution of an equation follows from it
        unsure = "{}: that there is no other one was not found"
        found = [
            replace(j, kind="undecided", says=unsure.format(j.says)) if j.solves and not j.only else j
            for j in found
        ]
    up_to_an_order = {c.sides[0] for c in stated if any(with_error(a, b) for a, b, _ in links(c))}
    if chain.sides[0] in up_to_an_order:
        # Another row says up to which order a value holds: what is left out beyond it is no mistake.
        says = "; another row of the formula holds up to an order"
        found = [replace(j, kind="note", says=j.says + says) if j.kind == "fails" else j for j in found]
    return found


def _claim_without_proof(each: Judged, context: Context) -> Judgement | None:
    """Return that one of several statements is undecided, as all its names are known and it was not shown.

    A statement that brings in a name says what it stands for, and one of a number which value is meant.
    """
    known = frozenset[str]().union(*(f.names for f in context.scope if f.formula != context.formula))
    once = frozenset[str]()
    for chain, found in each:
        names = names_in(*simplest_forms(chain.sides))
        repeats = any(j.uses and context.formula not in j.uses and j.says.startswith("as ") for j in found)
        claims = any(j.kind == "definition" for j in found) and not repeats
        if claims and names <= known and not any(side.is_number for side in chain.sides):
            says = f"all names in it are known, and it was not found how {chain_as_text(chain)} follows"
            return Judgement("undecided", says)
        # What a name in a statement that holds is may be said behind it.
        behind = names - once if all(j.kind in HOLDING for j in found) else frozenset[str]()
        known, once = known | (names - behind), once | names
    return None


def _conclusions(parts: Sequence[Part]) -> Iterator[Chain]:
    """Yield the statements to which the arrows of an argument lead.

    One that says what a new name in another one is, as "with z = h*lambda" behind it, is none of them.
    """
    for place, part in enumerate(parts[1:], 1):
        before = names_in(*(side for p in parts[:place] for c in p.chains for side in c.sides))
        for chain in part.chains:
            name = names_in(chain.sides[0]) if chain.sides[0].is_Symbol else frozenset()
            others = names_in(*(side for c in part.chains if c != chain for side in c.sides))
            if not name or name & before or not name <= others:
                yield chain


def _unless_premise(chain: Chain, found: Sequence[Judgement], ends: Sequence[Chain]) -> Iterator[Judgement]:
    """Yield what is said of a statement; one from which another follows is a premise, and claims nothing."""
    premise = bool(ends) and chain not in ends
    yield from (j for j in found if not premise or j.kind not in ("undecided", "definition"))


def _are_shown(ends: Sequence[Chain], each: Judged) -> bool:
    """Return whether what arrows lead to was shown or refuted: it is claimed, and defines nothing."""
    shown = (*HOLDING, "fails", "note")
    return all(found and all(j.kind in shown for j in found) for chain, found in each if chain in ends)


def _of_open_steps(each: Judged, ends: Sequence[Chain]) -> Judgement:
    """Return what is said of steps of which one was not shown: an error in another one, or that it is not."""
    said = [j for _, found in each for j in found]
    wrong = [j for kind in ("fails", "note") for j in said if j.kind == kind]
    undecided = [j for chain, found in each if chain in ends for j in found if j.kind == "undecided"]
    unknown = Judgement("undecided", "it was not found how the statements follow from each other")
    return next(iter((*wrong, *undecided)), unknown)


def _where_defined(judgement: Judgement, meaning: Meaning, context: Context) -> Judgement:
    """Return a judgement with the conditions of the text as written that its simplified sides do not show."""
    if judgement.kind not in ("holds", "conditional"):
        return judgement
    sides = [side for chain in meaning.chains for side in chain.sides]
    needed = in_unknowns(*(c.expression for c in meaning.domain), *sides).expressions
    written = [Condition(e, c.relation) for e, c in zip(needed, meaning.domain, strict=False)]
    shown_by_sides = (*context.given, *defined(*needed[len(written) :]))
    lost = [c for c in map(simplified, written) if not implied(shown_by_sides, c)]
    lost = [c for c in dict.fromkeys(lost) if str(c) not in judgement.says]
    if not lost:
        return judgement
    named = " and ".join(map(str, lost))
    before = "holds" if judgement.says in ("", "for all values") else f"{judgement.says},"
    return replace(judgement, kind="conditional", says=f"{before} if {named}")


def _facts_beside(
    stated: Sequence[Chain], number: int, context: Context, ends: Sequence[Chain]
) -> Iterator[Fact]:
    """Yield what other statements of the formula say: those before one, and the names that they define.

    What a step leads to (`ends`) is no premise of what it starts from. A rate is that of the value beside it.
    """
    left = simplest_forms(stated[number].sides)[0]
    known = list(context.facts)
    for other, chain in enumerate(stated):
        for fact in facts_of(context.formula, Meaning((chain,)), known, "undecided"):
            known.append(fact)
            named = chain not in ends and fact.defines and fact.left.is_Symbol
            if other == number or not (other < number or named) or not is_exact(fact.left, fact.right):
                continue
            of_it = fact.left.is_Symbol and left == dot(fact.left) and not left_occurs(fact.left, fact.right)
            yield replace(fact, defines=True) if of_it else fact


_WORST_FIRST: tuple[Kind, ...] = (
    "fails",
    "note",
    "undecided",
    "conditional",
    "recognised",
    "holds",
    "definition",
)


def together(found: Sequence[Judgement], one_coordinate: bool) -> Judgement:
    """Return the judgement on all links of a formula: the worst one, with what it takes."""
    if not found:
        return Judgement("undecided", "it states nothing that can be compared")
    worst = min(found, key=lambda j: _WORST_FIRST.index(j.kind))
    if worst.kind in ("fails", "note", "undecided"):
        return worst
    same = [j for j in found if j.kind == worst.kind]
    uses = tuple(dict.fromkeys(u for j in found for u in j.uses))
    says = "; ".join(dict.fromkeys(j.says for j in same if j.says))
    if one_coordinate and worst.kind in ("holds", "conditional"):
        says = f"{says or worst.kind}, for one coordinate"
    return replace(worst, says=says, uses=uses, exact=all(j.exact for j in found))


def judged(text: Text, seconds: float = SECONDS) -> Iterator[Entry]:
    r"""Yield what is said of each formula of a text, in the order of the text.

    Parameters
    ----------
    text
        The formulas with their positions, as they were found in a file.
    seconds
        The processor time; what is left when it is used up is undecided.

    Yields
    ------
    Entry
        One for each formula.

    Raises
    ------
    HintError
        For a hint that cannot be carried out.

    Examples
    --------
    >>> formulas = (r"f(x) = x^2/2 + c x", r"f(x) = \frac{1}{2} (x + c)^2 - \frac{c^2}{2}", "f'(x) = x - c")
    >>> text = Text("notes.md", tuple(Formula(t, line) for line, t in enumerate(formulas, 1)))
    >>> for entry in judged(text):
    ...     print(entry.formula.line, entry.kind, entry.uses)
    1 definition ()
    2 holds (1,)
    3 fails (1,)
    """
    yield from judged_formulas(text.path, read_formulas(text), seconds)
