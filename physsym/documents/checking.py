"""The section on how the machine checks: what a badge says, what was done for it, and on what it was run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from physsym import __version__
from physsym.documents.prose import paragraphs
from physsym.documents.reasons import phrase
from physsym.documents.tree import Block, Facts, Section
from physsym.loading import Script, paths_to_reload
from physsym.vocabulary import STANDARD

ANCHOR = "how-the-machine-checks"
PACKAGES = ("sympy", "python-flint", "z3-solver", "numpy")


def checking(scripts: Sequence[Script]) -> Section:
    """Return the section on how the lines of a document were checked, and with which programs.

    Parameters
    ----------
    scripts
        The scripts of the document, whose date is given.

    Returns
    -------
    Section
        To be put at the end.
    """
    facts = tuple((name, phrase(value)) for name, value in _provenance(scripts))
    text = (files("physsym.documents") / "checking.md").read_text(encoding="utf-8")
    blocks: tuple[Block, ...] = (*paragraphs(text, STANDARD), Facts(facts))
    return Section(phrase("How the machine checks"), ANCHOR, 2, blocks)


def _provenance(scripts: Sequence[Script]) -> Iterator[tuple[str, str]]:
    paths = paths_to_reload(scripts)
    if paths or any(s.path for s in scripts):
        yield "Check again with", " ".join(["physsym check", *paths])
    yield "Made with", f"physsym {__version__}"
    yield "Engines", ", ".join(_installed())
    if changed := _last_change(scripts):
        yield "Sources last changed", changed


@cache
def _installed() -> tuple[str, ...]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name}: not installed")
    return tuple(found)


def _last_change(scripts: Sequence[Script]) -> str:
    """Return the day on which a script was last changed, or the one that SOURCE_DATE_EPOCH gives."""
    sources = [Path(s.path) for s in scripts if s.path and Path(s.path).is_file()]
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = float(given) if given.isdecimal() else max((f.stat().st_mtime for f in sources), default=0.0)
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else ""
