"""A formula with its hints, and the formulas that hints name by a label, a tag or a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sympy import Expr

from physsym.auditing.comparisons import Comparison
from physsym.auditing.hints import refusal
from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import (
    EQUAL,
    Fact,
    ReadFormula,
    formulas_of,
    links,
    places,
)
from physsym.auditing.stated_values import Values, differing
from physsym.auditing.texts import Formula, Hint
from physsym.auditing.update_lines import UpdateLine
from physsym.core.verdicts import Condition
from physsym.parsing.meanings import Meaning

_NAMED = 12  # formulas or labels that are listed where a hint names another one


@dataclass(frozen=True)
class Hinted:
    """A formula with its hints and what it is judged by.

    Parameters
    ----------
    formula
        The formula.
    meaning
        One way to read it.
    facts
        The equations before it.
    lines
        Its lines as updates, empty where it is no rule.
    given
        The conditions that hints state.
    elsewhere
        What a hint may name besides: the equations behind it, and special values such as x = 2.
    text
        All formulas of the text.
    values
        The numbers that the prose beside it gives to letters.
    """

    formula: Formula
    meaning: Meaning
    facts: Sequence[Fact]
    lines: tuple[UpdateLine, ...] = ()
    given: tuple[Condition, ...] = ()
    elsewhere: Sequence[Fact] = ()
    text: Sequence[ReadFormula] = ()
    values: Values = field(default_factory=dict)

    @property
    def stated(self) -> list[Fact]:
        """Return the definitions that hints of the formula state."""
        return [f for f in self.facts if f.defines and f.formula.text == self.formula.text]

    def equations(self) -> Iterator[tuple[Expr, Expr]]:
        """Yield the equations of the formula, link by link."""
        for chain in self.meaning.chains:
            for left, right, relation in links(chain):
                if relation in (*EQUAL, "<-", "~"):
                    yield left, right

    def differing(self, found: Comparison, facts: Sequence[Fact] = (), than: str = "") -> Judgement:
        """Return that two sides differ, which is a note at values that the prose states."""
        return differing(found, self.values, self.given, formulas_of(facts), than)

    def ends(self) -> Iterator[tuple[Expr, Expr]]:
        """Yield the first side of each chain of equations with the third one and those behind it."""
        for chain in self.meaning.chains:
            pairs = list(links(chain))
            if all(relation in EQUAL for _, _, relation in pairs):
                yield from ((pairs[0][0], right) for _, right, _ in pairs[1:])


def refers(hint: Hint) -> bool:
    """Return whether a hint names other formulas."""
    return hint.keyword in ("from", "same", "step", "limit")


class NoEquationError(ValueError):
    """A formula that a hint names, and of which no equation is known."""


def facts_named(hint: Hint, what: Hinted) -> list[Fact]:
    """Return the facts of the formulas that a hint names, such as `from 12 and eq:law`."""
    names = [n for part in hint.argument.split(",") for n in part.split(" and ")]
    return [f for name in names for f in referred(hint, name, what)]


def referred(hint: Hint, name: str, what: Hinted) -> list[Fact]:
    """Return the facts of the formula that a hint names by its label, its tag or its line.

    Raises HintError where there is no such formula, and NoEquationError where it states no equation.
    """
    name = name.strip().strip("()")
    if name == "nearest" and what.facts:
        return [f for f in what.facts if f.formula == what.facts[-1].formula]
    others = [read for read in what.text if read.formula != what.formula]
    named = _labelled(name, others, what) or [r for r in others if _is_at(name, r.formula)]
    if not named:
        raise refusal(hint, _nothing_named(name, others, what.formula))
    facts = [f for f in (*what.facts, *what.elsewhere) if any(f.formula == r.formula for r in named)]
    if not facts:
        left_out = all(any(h.keyword == "skip" for h in read.formula.hints) for read in named)
        unread = "was not read" if not any(read.meanings for read in named) else ""
        why = "is left out" if left_out else unread or "states no equation that something follows from"
        raise NoEquationError(f"{places(named)}, which the hint names, {why}")
    return facts


def _labelled(name: str, others: Sequence[ReadFormula], what: Hinted) -> list[ReadFormula]:
    """Return the formula with a label or a tag, of several the last one before the formula of the hint."""
    found = [read for read in others if name and name in (read.formula.label, *read.formula.labels)]
    at = {read.formula: place for place, read in enumerate(what.text)}
    before = [read for read in found if at[read.formula] < at.get(what.formula, 0)]
    return before[-1:] or found[:1]


_PLACE = re.compile(r"(?:line\s+)?(\d+)|cell\s+(\d+)(?:,?\s+line\s+(\d+))?|(\d+):(\d+)")


def _is_at(name: str, formula: Formula) -> bool:
    """Return whether a formula stands where a name such as `12`, `cell 3 line 2` or `3:2` says."""
    place = _PLACE.fullmatch(name)
    if place is None:
        return False
    line, cell, row, colon_cell, colon_row = place.groups()
    if line:
        return not formula.cell and formula.is_on_line(int(line))
    row = row or colon_row
    return formula.cell == int(cell or colon_cell) and (not row or formula.is_on_line(int(row)))


def _nothing_named(name: str, others: Sequence[ReadFormula], own: Formula) -> str:
    """Return that a hint names no other formula, and what it may name."""
    if _PLACE.fullmatch(name):
        asked = tuple(map(int, re.findall(r"\d+", name)))
        at_all = [
            (r.formula.cell, r.formula.cell_line) if r.formula.cell else (r.formula.line,) for r in others
        ]
        near = sorted(set(at_all), key=lambda at: [abs(a - b) for a, b in zip(at, asked, strict=False)])
        listed = ", ".join(":".join(map(str, at)) for at in sorted(near[:_NAMED]))
        return f"no other formula is at {name}; there are formulas at {listed or 'no other line'}"
    if name in (own.label, *own.labels):
        return f"{name} is the formula itself; name another one"
    labels = list(dict.fromkeys(n for r in others for n in r.formula.labels))
    there = f"there are {', '.join(labels[:_NAMED])}" if labels else "no other formula has one; name a line"
    return f"no other formula has the label or the tag {name}; {there}"
