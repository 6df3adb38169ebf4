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

HOLDING: tuple[Kind, ...] = ("holds", "conditional", "recognised")


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
    known
        Whether a baseline lists it among those that failed before.
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
    known: bool = False

    @property
    def is_hinted(self) -> bool:
        """Return whether a hint asks for it to be judged."""
        return any(hint.keyword not in ("skip", "function", "index", "one") for hint in self.formula.hints)

    def counts(self, strict: bool = False) -> bool:
        """Return whether the formula counts against the text.

        Parameters
        ----------
        strict
            Whether one with a hint counts too where it was not read or does not hold, be it under conditions.

        Returns
        -------
        bool
            True where it fails, or holds though a hint says that it fails; never for one that is known.
        """
        if self.known or self.kind == "skipped":
            return False
        if self.kind == "fails" or (self.expected and self.kind in HOLDING):
            return (self.kind == "fails") != self.expected
        return strict and self.is_hinted and (self.expected or self.kind not in HOLDING)


@dataclass(frozen=True)
class Audit:
    """The outcome for all formulas of some files, in the order of the files.

    Parameters
    ----------
    entries
        What is said of each formula.
    remarks
        What of the files was not read: each file with what is to be said of it.
    """

    entries: tuple[Entry, ...]
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def counts(self) -> Mapping[Kind, int]:
        """Return how many entries there are of each kind."""
        return Counter(entry.kind for entry in self.entries)

    @property
    def failing(self) -> tuple[Entry, ...]:
        """Return what counts against the text: what fails, and what holds though a hint denies it."""
        return tuple(entry for entry in self.entries if entry.counts())

    def __str__(self) -> str:
        from physsym.auditing.tables import lines_of

        return "\n".join(lines_of(self))

    def _repr_html_(self) -> str:
        from physsym.auditing.tables import html_of

        return html_of(self)
