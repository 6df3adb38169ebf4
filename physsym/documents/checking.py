"""The section on how the machine checks: what a badge says, and what was done for it.

Its text, `checking.md`, speaks of every engine and move; a part such as `{flint: ...}` is for documents in
which that one occurs. A heading that is left out takes its section with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from physsym.core.verdicts import Outcome, Verdict
from physsym.documents.evidence import in_words
from physsym.documents.prose import paragraphs
from physsym.documents.reasons import phrase
from physsym.documents.tree import Block, Facts, Judged, Line, Section, Subheading, anchor, values_of
from physsym.mechanics.moves import Step
from physsym.vocabulary import STANDARD

ANCHOR = "how-the-machine-checks"
ENGINES = f"{ANCHOR}-engines"
_PART = re.compile(r"\{([a-z0-9, ]+):\s([^{}]*)\}(\s?)")


def occurring(shown: Iterable[object], steps: Iterable[Step]) -> frozenset[str]:
    """Return the words of what occurs in a document: outcomes, engines, kinds of moves, errors, claims.

    Parameters
    ----------
    shown
        Parts of a tree, such as sections.
    steps
        The steps of its derivations.

    Returns
    -------
    frozenset of str
        In small letters, as in the text.
    """
    found = {type(step.move).__name__.lower() for step in steps}
    for value in values_of(shown):
        if isinstance(value, Judged):
            found.add("claim")
        if getattr(value, "refuted", False):
            found.add("refuted")
        if isinstance(value, Line) and value.verdict is not None and value.move:
            found.add("step")
        if isinstance(value, Facts) and any(
            name == "Assumptions" and len(says) > 1 for name, says in value.rows
        ):
            found.add("assumption")
        if isinstance(value, Verdict):
            found |= set(_words_of(value))
    return frozenset(found)


def _words_of(verdict: Verdict) -> Iterator[str]:
    _, engines = in_words(verdict)
    yield from ("badge", verdict.outcome.value)
    yield from (name.lower() for name in verdict.engines)
    yield from (part.partition(":")[0].strip() for line in engines for part in re.split(r", (?=\w+:)", line))
    if engines or verdict.engines:
        yield "engine"
    if "one engine" in " ".join((*verdict.evidence, *engines)) or "alone" in " ".join(verdict.evidence):
        yield "one engine"
    if verdict.assumes:
        yield "assumption"
    if verdict.error is not None or verdict.outcome is Outcome.APPROXIMATE:
        yield "error"


@cache
def checking(of: frozenset[str] | None = None) -> Section:
    """Return the section that ends a document; `of` is what occurs in it, by default everything."""
    return Section(phrase("How the machine checks"), ANCHOR, 2, tuple(_parts(of)))


def reserved() -> frozenset[str]:
    """Return the anchors of the section, which no other part of a document has."""
    return anchors_of(checking())


def anchors_of(section: Section) -> frozenset[str]:
    """Return the anchors of a section and of its headings."""
    return frozenset({section.anchor, *(b.anchor for b in section.blocks if isinstance(b, Subheading))})


def _parts(of: frozenset[str] | None) -> Iterator[Block]:
    def chosen(part: re.Match[str]) -> str:
        wanted = of is None or not of.isdisjoint(part[1].split(", "))
        return part[2].lstrip() + part[3] if wanted else ""

    text = (files("physsym.documents") / "checking.md").read_text(encoding="utf-8")
    for part in _PART.sub(chosen, text).split("## ")[1:]:
        title, _, said = part.partition("\n")
        if title:
            name = "engines" if "engines" in title else anchor(title)
            yield Subheading(phrase(title), f"{ANCHOR}-{name}")
            yield from paragraphs(said, STANDARD)
