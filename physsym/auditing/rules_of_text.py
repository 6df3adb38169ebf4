"""The update rules of a text: neighbouring lines joined, recognised among the published ones, or mistaken."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from physsym.auditing.mistakes import PLAIN_WORDS, Mistake, families_in, family, mistakes, named_in
from physsym.auditing.recognition import Recognised, recognised
from physsym.auditing.sentences import claims_equality
from physsym.auditing.sheet import ReadFormula, places
from physsym.auditing.texts import Formula
from physsym.auditing.update_lines import MarkedLines, NoRuleError, UpdateLine, joined, update_lines
from physsym.core.verdicts import Verdict
from physsym.optimizers.known import known
from physsym.optimizers.known_rule import Known
from physsym.verify.budget import budget

BREAKDOWNS = (
    ArithmeticError, AttributeError, LookupError, NotImplementedError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What a formula that no author meant so can lead to in the algebra: it is undecided then."""
_MOST_FORMULAS = 7
_CONTRASTS = re.compile(
    r"\b(unlike|contrast\w*|compar\w+|instead|differ\w*|without|than|not|recall\w*|before|earlier|by|from)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\b(and|versus|vs|or|to|family|overview)\b|[,&/]", re.IGNORECASE)
_APART = 25  # lines of the file between neighbouring formulas of one rule


@dataclass(frozen=True)
class RuleFinding:
    """What is known of a formula as a line of an update rule.

    Parameters
    ----------
    says
        In words.
    uses
        The formulas that it was joined with.
    condition
        What the recognition takes, such as that a line reads the new value.
    mistake
        Where the line is one of a published rule but for a slip.
    known
        The published rule.
    doubt
        Where the text gives the lines the name of another rule, or says that they follow from one.
    verdict
        Of the package.
    """

    says: str
    uses: tuple[Formula, ...] = ()
    condition: str = ""
    mistake: Mistake | None = None
    known: Known | None = None
    doubt: str = ""
    verdict: Verdict | None = None

    @property
    def details(self) -> tuple[str, ...]:
        """Return what a mistaken line has, what the published rule has, and a point where these differ."""
        return self.mistake.details if self.mistake is not None else ()


Member = tuple[int, ReadFormula, tuple[UpdateLine, ...]]


def rules_of(formulas: Sequence[ReadFormula], end: float) -> dict[int, RuleFinding]:
    """Return what is known of the formulas, by their numbers, as lines of update rules."""
    found: dict[int, RuleFinding] = {}
    for members in _sections(formulas):
        for run in _runs(members):
            if time.process_time() > end:
                return found
            places = [place for place, _, _ in run]
            if all(p in found for p in places):
                continue
            finding = _recognised(run)
            if finding is not None:
                found |= {p: finding for p in places if p not in found}
        found |= dict(_in_doubt(members, found))
        with suppress(*BREAKDOWNS):
            for place, finding in _mistaken(members, set(found)):
                found.setdefault(place, finding)
    return found


def _sections(formulas: Sequence[ReadFormula]) -> Iterator[list[Member]]:
    """Yield the formulas under the same headings that set new values."""
    numbered = list(enumerate(formulas))
    for _, group in groupby(numbered, key=lambda pair: pair[1].formula.section):
        members = [(place, read, lines) for place, read in group if (lines := _lines_of(read))]
        if members:
            yield members


def _lines_of(read: ReadFormula) -> tuple[UpdateLine, ...]:
    """Return the lines of a formula in the first way to read it that has such."""
    found = (update_lines(meaning, read.formula.line) for meaning in read.meanings)
    return next((lines for lines in found if lines), ())


def _runs(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Yield runs of neighbouring formulas, the shortest first."""
    for size in range(1, _MOST_FORMULAS + 1):
        for first in range(len(members) - size + 1):
            run = list(members[first : first + size])
            lines = [read.formula.line for _, read, _ in run]
            if all(b - a <= _APART for a, b in pairwise(lines)):
                yield run


def _recognised(run: Sequence[Member]) -> RuleFinding | None:
    """Return the published rule that a run of formulas is."""
    lines = [line for _, _, own in run for line in own]
    try:
        rule, marks = joined(lines)
        named = [k for k in known.values() if family(k) in _families_beside(run[0][1].formula)]
        with budget(1.0):
            found = recognised(rule, marks.weights, named) if named else None
            found = found or recognised(rule, marks.weights)
    except (NoRuleError, *BREAKDOWNS):
        return None
    return None if found is None else _as_finding(found, marks, run)


def _as_finding(found: Recognised, marks: MarkedLines, run: Sequence[Member]) -> RuleFinding:
    at = tuple(read.formula for _, read, _ in run)
    taken = ["each line reads the new values of the lines above"] if marks.told else []
    taken += [f"{marks.added} is added to the weights"] if marks.added else []
    condition = " and ".join(taken)
    reads = [read for _, read, _ in run]
    joint = f" ({places(reads)})" if len({read.formula.place for read in reads}) > 1 else ""
    given = f", if {condition}" if condition else ""
    says = f"{found}{joint}{given}"
    return RuleFinding(says, at, condition, known=found.known, verdict=found.verdict)


def _families_beside(formula: Formula) -> list[str]:
    """Return the families of rules that the sentence before a formula or its heading gives to its lines."""
    said = [] if _CONTRASTS.search(formula.before) else families_in(formula.before)
    return said or next((found for h in reversed(formula.headings) if (found := families_in(h))), [])


def _names_given(formula: Formula, mine: str, met: Collection[str]) -> list[str]:
    """Return the families of rules that the text gives to lines of another one, `met` those of its section.

    The heading counts where no line below it is of the rule that it names.
    """
    heading = formula.headings[-1] if formula.headings else ""
    if mine in families_in(heading) or _CONTRASTS.search(formula.before):
        return []
    by_heading = [] if mine in PLAIN_WORDS or _SEVERAL.search(heading) else families_in(heading)
    return families_in(formula.before) or [f for f in by_heading if f not in met]


def _in_doubt(
    members: Sequence[Member], found: Mapping[int, RuleFinding]
) -> Iterator[tuple[int, RuleFinding]]:
    """Yield the findings that are other rules than the text says, by a name or by "hence" behind a rule."""
    own = {p: (f, read.formula) for p, read, _ in members if (f := found.get(p)) and f.known is not None}
    met = {family(f.known) for f, _ in own.values() if f.known is not None}
    for place, (finding, _) in own.items():
        first, formula = next((p, at) for p, (f, at) in own.items() if f is finding)
        assert finding.known is not None
        mine = family(finding.known)
        before = [(f, at) for p, (f, at) in own.items() if p < first and f.known and family(f.known) != mine]
        names = _names_given(formula, mine, met)
        doubt = ""
        if names and mine not in names:
            doubt = f"the text speaks of {' and '.join(map(str.capitalize, names))}"
        elif before and claims_equality(formula):
            rule, at = before[-1]
            doubt = f"it does not follow from {at.place}, which is a line of: {rule.says}"
        if doubt:
            yield place, replace(finding, doubt=doubt)


def _mistaken(members: Sequence[Member], found: set[int]) -> Iterator[tuple[int, RuleFinding]]:
    """Yield the slips in lines under the heading of a published rule."""
    headings = members[0][1].formula.headings
    if not any(named_in(h) for h in headings) or all(p in found for p, _, _ in members):
        return
    lines = _each_once([line for _, _, own in members for line in own])
    with budget(0.5):
        for mistake in mistakes(lines, headings):
            for place, read, own in members:
                if mistake.line in own:
                    says = f"differs from {mistake.known.title} by one slip"
                    at = tuple(
                        other.formula
                        for _, other, theirs in members
                        if other is not read and set(theirs) & set(lines)
                    )
                    yield place, RuleFinding(says, at, mistake=mistake)


def _each_once(lines: Sequence[UpdateLine]) -> list[UpdateLine]:
    """Return the first line of each state."""
    return list({line.name: line for line in reversed(lines)}.values())[::-1]
