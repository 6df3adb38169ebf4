"""The section on how the machine checks: what a badge says, and what was done for it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from physsym.documents.prose import paragraphs
from physsym.documents.reasons import phrase
from physsym.documents.tree import Section
from physsym.vocabulary import STANDARD

ANCHOR = "how-the-machine-checks"


@cache
def checking() -> Section:
    """Return the section on how the lines of a document were checked, to be put at the end."""
    text = (files("physsym.documents") / "checking.md").read_text(encoding="utf-8")
    return Section(phrase("How the machine checks"), ANCHOR, 2, paragraphs(text, STANDARD))
