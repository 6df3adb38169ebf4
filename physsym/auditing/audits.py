"""The outcome of an audit: what is said of each formula of a text, and how many of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from physsym.auditing.texts import Formula
from physsym.core.verdicts import Verdict

Kind: TypeAlias = Literal[
    "holds", "conditional", "recognised", "definition", "note", "fails", "undecided", "unread", "skipped"
]


@dataclass(frozen=True)
class Entry:
    """What an audit says of a formula.

    Parameters
    ----------
    path
        The file.
    formula
        The formula in it.
    kind
        What came out. A definition claims nothing; a note tells of something that needs a hint to be judged.
    says
        One line: what holds, or what differs.
    readings
        How the formula was read, as plain text; several where it can be read in several ways.
    details
        Lines that belong to it: the difference, a point with both values, the nearest repair.
    uses
        The lines of formulas that it was judged by.
    verdict
        Of the package, where one was computed.
    expected
        Whether a hint says that it fails.
    """

    path: str
    formula: Formula
    kind: Kind
    says: str = ""
    readings: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    uses: tuple[int, ...] = ()
    verdict: Verdict | None = None
    expected: bool = False


@dataclass(frozen=True)
class Audit:
    """The outcome for all formulas of some files, in the order of the files."""

    entries: tuple[Entry, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """Return how many entries there are of each kind."""
        return Counter(entry.kind for entry in self.entries)
