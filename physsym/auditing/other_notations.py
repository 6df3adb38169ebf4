"""Names with two usual meanings: i is a number or the imaginary unit, log is natural or of base 10.

A line fails only where it is false in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sympy import Expr, I, log
from sympy.core.function import AppliedUndef

from physsym.auditing.judgements import Judgement
from physsym.auditing.sheet import Fact, ReadFormula
from physsym.auditing.texts import Formula
from physsym.parsing.meanings import Meaning

_LOG = re.compile(r"(?<![A-Za-z])log(?![A-Za-z]|\s*_)")
_UNITS = ("i", "j")
_SAYS_UNIT = re.compile(
    r"\b[ij]\s*\^\s*\{?2\}?\s*=\s*-\s*1|\b[ij]\s*=\s*\\sqrt\s*\{?-\s*1|\\mathbb\s*\{?C"
    r"|\bcomplex (?:numbers?|plane)\b|\bimaginary unit\b"
)


@dataclass(frozen=True)
class Notation:
    """Another meaning of a name.

    Parameters
    ----------
    put
        Returns an expression with it.
    says
        In words.
    settled
        Whether the text says it.
    """

    put: Callable[[Expr], Expr]
    says: str
    settled: bool

    def of_meaning(self, meaning: Meaning) -> Meaning:
        """Return a meaning with the other notation."""
        chains = tuple(replace(c, sides=tuple(map(self.put, c.sides))) for c in meaning.chains)
        return replace(meaning, chains=chains)

    def of_facts(self, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return facts with the other notation."""
        return tuple(replace(f, left=self.put(f.left), right=self.put(f.right)) for f in facts)

    def said(self, one: Judgement) -> Judgement:
        """Return what is said of a line that fails in the usual notation and does not in this one."""
        if one.kind not in ("holds", "conditional"):
            return Judgement("undecided", f"it fails, unless {self.says}", uses=one.uses)
        if not self.settled:
            return Judgement("undecided", f"it holds if {self.says}, and fails otherwise", uses=one.uses)
        says = one.says.removeprefix("holds if ").removeprefix("for all values")
        return replace(
            one, kind="conditional", says=" and ".join(p for p in (f"holds if {self.says}", says) if p)
        )


def is_of_the_unit(fact: Fact) -> bool:
    """Return whether an equation is on i or j alone, as i**2 = -1 is, which no number satisfies."""
    gap = fact.left - fact.right
    return {s.name for s in gap.free_symbols} <= {*_UNITS} and not gap.has(AppliedUndef)


def other_notations(meaning: Meaning, formula: Formula, text: Sequence[ReadFormula]) -> Iterator[Notation]:
    """Yield the other notations that a formula may be written in."""
    sides = [side for chain in meaning.chains for side in chain.sides]
    if _LOG.search(formula.text) and any(side.has(log) for side in sides):
        # Beside ln, which has one meaning, the other log is not told apart in what was read.
        alone = not re.search(r"(?<![A-Za-z])ln(?![A-Za-z])|log\s*_", formula.text)
        yield Notation(lambda e: e.replace(log, lambda a: log(a) / log(10)), "log has the base 10", alone)
    units = {s for side in sides for s in side.free_symbols if s.name in _UNITS}
    if units:
        near = (part for read in text for f in (read.formula,) for part in (f.text, f.before, f.after))
        settled = any(_SAYS_UNIT.search(part) for part in near)
        unit = min(units, key=str)
        put = {s: I for s in units if s.name == unit.name}
        yield Notation(lambda e: e.xreplace(put), f"{unit} is the imaginary unit", settled)
