"""Which equations of a text a formula may be judged by: of several values of a name, those that are meant.

A later heading, or words such as "now, for a ring,", give a name another value. The old one is then no longer
a premise, nor is what followed from it. Where the text does not say which of two values is meant, a formula
is judged by each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from sympy import Expr
from sympy.core.function import AppliedUndef

from physsym.auditing.audits import HOLDING
from physsym.auditing.expansions import is_exact
from physsym.auditing.judgements import Judgement
from physsym.auditing.sentences import claims_equality, sets_anew
from physsym.auditing.sheet import (
    Fact,
    facts_of,
    in_scope,
    is_name,
    is_sequence,
    left_occurs,
    names_in,
    places,
)
from physsym.auditing.texts import Formula
from physsym.auditing.unknowns import name_of
from physsym.parsing.meanings import Meaning

_VALUES = 3  # of one name, the last ones, by each of which a formula is judged
_WAYS = 6
_OR = re.compile(r"\bor\b")
_OR_BEFORE = re.compile(r"\bor(?: else)?\s*$")
_OR_AFTER = re.compile(r"^\s*,?\s*or\b(?!\s+(?:equivalently|in other words))")


def same_name(one: Expr, other: Expr) -> bool:
    """Return whether left sides give values to one name, or to one function."""
    if isinstance(one, AppliedUndef) and isinstance(other, AppliedUndef):
        return name_of(one) == name_of(other) and len(one.args) == len(other.args)
    return bool(one == other)


def _is_value(fact: Fact) -> bool:
    """Return whether a fact says what a name is."""
    left, right = fact.left, fact.right
    if not is_name(left) or is_sequence(left) or left_occurs(left, right) or fact.kind == "fails":
        return False
    if not is_exact(left, right):
        return False
    return bool(left.is_Symbol) or set(left.args) <= right.free_symbols


def stated_facts(formula: Formula, meaning: Meaning, known: Sequence[Fact], one: Judgement) -> Iterator[Fact]:
    """Yield the equations that a judged formula states, each with the values of its name that it replaces.

    What holds up to an order is no equation from which others follow.
    """
    if not one.exact or _is_one_of_several(formula, meaning):
        return
    for fact in facts_of(formula, meaning, known, one.kind):
        others = [
            f
            for f in known
            if same_name(f.left, fact.left)
            and in_scope(f, formula)
            and _is_value(f)
            and f.right != fact.right
        ]
        follows = one.kind in HOLDING and not one.solves
        if not _is_value(fact) or follows or not others:
            yield fact
            continue
        apart = tuple(f for f in others if f.formula.section != formula.section)
        beside = tuple(f for f in others if f not in apart)
        anew = sets_anew(formula, others[-1].formula)
        defines = fact.defines or (anew and one.kind == "definition") or one.kind in HOLDING
        yield replace(
            fact,
            defines=defines,
            replaces=() if claims_equality(formula) else apart,
            beside=beside,
            anew=anew,
        )


def _is_one_of_several(formula: Formula, meaning: Meaning) -> bool:
    """Return whether a formula states what may hold instead of something else: one of them is no premise."""
    signs = any("±" in said for said in meaning.assumed)
    words = any(_OR.search(c.words) for c in meaning.chains)
    return signs or words or bool(_OR_BEFORE.search(formula.before) or _OR_AFTER.search(formula.after))


def relying_on(formula: Formula, relying: Mapping[Formula, Collection[Formula]]) -> set[Formula]:
    """Return the formulas that were judged by a formula, or by one that was, and so on."""
    found: set[Formula] = set()
    pending = [formula]
    while pending:
        new = set(relying.get(pending.pop(), ())) - found
        found |= new
        pending += new
    return found


Relying = Mapping[Formula, Collection[Formula]]


def in_force(facts: Sequence[Fact], formula: Formula, relying: Relying) -> list[Fact]:
    """Return facts without values that others under the headings of a formula replace."""
    gone = [old for f in facts if f.replaces and in_scope(f, formula) for old in f.replaces]
    return _without(facts, gone, relying) if gone else list(facts)


def exact_for(facts: Sequence[Fact], sides: Sequence[Expr]) -> list[Fact]:
    """Return the facts without error terms, and for sides with one the last formula that has some too.

    Error terms of two formulas are written alike and are not equal.
    """
    rough = {f.formula for f in facts if not is_exact(f.left, f.right)}
    last = next((f.formula for f in reversed(facts) if f.formula in rough), None)
    kept = rough - {last} if last is not None and not is_exact(*sides) else rough
    return [f for f in facts if f.formula not in kept or is_exact(f.left, f.right)]


def _without(facts: Sequence[Fact], gone: Collection[Fact], relying: Relying) -> list[Fact]:
    """Return facts without some, and without what was judged by these."""
    rest = set[Formula]().union(*(relying_on(f.formula, relying) for f in gone))
    return [f for f in facts if f not in gone and f.formula not in rest]


@dataclass(frozen=True)
class _Way:
    """One choice among the values of names: what is known then, the values meant and those left out."""

    facts: tuple[Fact, ...]
    meant: tuple[Fact, ...]
    left_out: tuple[Fact, ...]


def judged_by_each_value(
    facts: Sequence[Fact],
    sides: Sequence[Expr],
    formula: Formula,
    relying: Relying,
    judge: Callable[[Sequence[Fact]], Judgement],
) -> Judgement:
    """Return what is said of a formula, by each value of a name of which the text states several.

    Parameters
    ----------
    facts
        What is known.
    sides
        All sides of the formula, in all ways to read it.
    formula
        The formula.
    relying
        The formulas that were judged by each formula.
    judge
        Judges the formula by facts.
    """
    groups = [g for g in _values_of_names(facts, formula) if len(g) > 1]
    if not groups:
        return judge(facts)
    names = names_in(*sides)
    meant = [g for g in groups if names_in(g[0].left) & names]
    first = None if meant else judge(facts)
    if first is not None:
        used = set(first.uses)
        meant = [g for g in groups if not used.isdisjoint(_resting_on(g, relying))]
        if not meant:
            return first
    ways = list(_ways(facts, meant, relying))
    if len(ways) > _WAYS:
        return _undecided(first or judge(facts), meant)
    last = judge(ways[-1].facts)
    if last.kind in HOLDING and all(f.anew for f in ways[-1].meant):
        return last  # whatever is said by the older values
    return _together([*((way, judge(way.facts)) for way in ways[:-1]), (ways[-1], last)])


def _resting_on(values: Sequence[Fact], relying: Relying) -> set[Formula]:
    """Return the formulas that state values of a name, and those that were judged by them."""
    return {f for v in values for f in (v.formula, *relying_on(v.formula, relying))}


def _values_of_names(facts: Sequence[Fact], formula: Formula) -> list[list[Fact]]:
    """Return the last values of each name that has several, in the order of the text."""
    found: list[list[Fact]] = []
    for fact in facts:
        if fact.beside and in_scope(fact, formula):
            group = [*(f for f in facts if f in fact.beside), fact][-_VALUES:]
            found = [g for g in found if not same_name(g[0].left, fact.left)] + [group]
    return found


def _ways(facts: Sequence[Fact], groups: Sequence[Sequence[Fact]], relying: Relying) -> Iterator[_Way]:
    """Yield the choices of one value for each name, that of the last values last."""
    for meant in product(*groups):
        left_out = tuple(f for group in groups for f in group if f not in meant)
        known = [
            replace(f, kind="definition", defines=True) if f in meant and f.kind == "note" else f
            for f in _without(facts, [*left_out, *_older(groups, facts)], relying)
        ]
        yield _Way(tuple(known), meant, left_out)


def _older(groups: Sequence[Sequence[Fact]], facts: Sequence[Fact]) -> list[Fact]:
    """Return the values of names before those by each of which a formula is judged."""
    return [f for g in groups for f in facts if f not in g and any(f in one.beside for one in g)]


def _together(found: Sequence[tuple[_Way, Judgement]]) -> Judgement:
    """Return what is said by all choices of values, the last of which has the last values."""
    last, one = found[-1]
    kinds = {j.kind for _, j in found}
    holding = [(way, j) for way, j in found if j.kind in HOLDING]
    if len(kinds) == 1 or len(holding) == len(found):
        return one
    newest = all(f.anew for f in last.meant)
    if not holding:
        return one if newest or one.kind != "fails" else _unsure(found)
    if kinds & {"fails", "note"}:
        return _unsure(found)
    if newest:
        return one
    way, kept = holding[-1]
    held = f"{kept.says or 'holds'}, with {_which(way)}"
    return replace(kept, kind="conditional", says=held)


def _which(way: _Way) -> str:
    """Return which values are meant."""
    names = " and ".join(dict.fromkeys(f"{f.left} of {f.place}" for f in way.meant))
    return f"{names}, not of {places(way.left_out)}"


def _unsure(found: Sequence[tuple[_Way, Judgement]]) -> Judgement:
    """Return that it is not clear which value is meant, and what is said by each."""
    said = "; ".join(f"{_word(j)} with {_which(way)}" for way, j in found)
    return Judgement("undecided", f"the text gives several values: it {said}: say which by `define`")


def _word(one: Judgement) -> str:
    if one.kind in HOLDING:
        return "holds"
    return "fails" if one.kind in ("fails", "note") else "is not decided"


def _undecided(first: Judgement, groups: Sequence[Sequence[Fact]]) -> Judgement:
    """Return a judgement that rests on one of many values as undecided."""
    if first.kind not in (*HOLDING, "fails"):
        return first
    stated = "; ".join(f"{g[0].left} on {places(g)}" for g in groups)
    return Judgement("undecided", f"the text gives several values of names ({stated}): say which by `define`")
