"""The section on how the machine checks: what a badge says, and what was done for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from physsym.documents.prose import paragraphs
from physsym.documents.reasons import phrase
from physsym.documents.tree import Block, Section, Subheading, anchor
from physsym.vocabulary import STANDARD

ANCHOR = "how-the-machine-checks"
ENGINES = f"{ANCHOR}-engines"


OF_CLAIMS = "Claims of a source"


@cache
def checking(claims: bool = True) -> Section:
    """Return the section on how a document was checked, for its end; `claims`: whether it has any."""
    return Section(phrase("How the machine checks"), ANCHOR, 2, tuple(_parts(claims)))


def reserved() -> frozenset[str]:
    """Return the anchors of the section, which no other part of a document has."""
    return frozenset({ANCHOR, *(b.anchor for b in checking().blocks if isinstance(b, Subheading))})


def _parts(claims: bool) -> Iterator[Block]:
    text = (files("physsym.documents") / "checking.md").read_text(encoding="utf-8")
    for part in text.split("## ")[1:]:
        title, _, said = part.partition("\n")
        if title == OF_CLAIMS and not claims:
            continue
        name = "engines" if "engines" in title else anchor(title)
        yield Subheading(phrase(title), f"{ANCHOR}-{name}")
        yield from paragraphs(said, STANDARD)
