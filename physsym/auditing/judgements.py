"""What a judge says of one way to read a formula."""

from __future__ import annotations

from dataclasses import dataclass

from physsym.auditing.audits import Kind
from physsym.auditing.comparisons import Comparison, nearest_repair, where_it_fails
from physsym.auditing.texts import Formula
from physsym.core.verdicts import Verdict


@dataclass(frozen=True)
class Judgement:
    """What is said of one way to read a formula, as in `Entry`.

    Parameters
    ----------
    kind, says, details, verdict
        As in `Entry`.
    uses
        The formulas that it was judged by.
    solves
        Whether it is one of the solutions of an equation, which may have others.
    only
        Whether it is known that there are no others.
    exact
        Whether it is one of an equality, and not of one up to an order.
    """

    kind: Kind
    says: str = ""
    details: tuple[str, ...] = ()
    uses: tuple[Formula, ...] = ()
    verdict: Verdict | None = None
    solves: bool = False
    only: bool = False
    exact: bool = True


def holding(found: Comparison) -> Judgement:
    """Return that two sides are equal, with the conditions that it takes."""
    if found.conditions:
        return Judgement("conditional", f"holds if {' and '.join(found.conditions)}", verdict=found.verdict)
    return Judgement("holds", verdict=found.verdict)


def failing(found: Comparison, uses: tuple[Formula, ...], than: str = "") -> Judgement:
    """Return that two sides differ, with the difference, a point and the nearest repair."""
    repair = nearest_repair(found)
    nearest = (f"holds with {repair} (nearest repair)",) if repair is not None else ()
    says = than or "the two sides differ"
    return Judgement("fails", says, (*where_it_fails(found), *nearest), uses, found.verdict)
