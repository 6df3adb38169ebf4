"""A baseline: a file that lists the formulas that failed before, by a hash of their text."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from physsym.auditing.audits import Audit, Entry
from physsym.auditing.exports import fingerprint

_VERSION = 1


def baseline_of(audit: Audit, strict: bool = False) -> str:
    """Return the text of a baseline with all that counts against the texts of an audit."""
    listed = [
        {
            "fingerprint": fingerprint(entry),
            "file": entry.path,
            "line": entry.formula.line,
            "formula": entry.formula.text,
        }
        for entry in audit.entries
        if replace(entry, known=False).counts(strict)
    ]
    return json.dumps({"physsym_baseline": _VERSION, "formulas": listed}, indent=1) + "\n"


def read_baseline(path: str | Path) -> Counter[str]:
    """Return how often a baseline lists each hash.

    Raises ValueError for a file that is no baseline.
    """
    try:
        value: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        if value["physsym_baseline"] != _VERSION:
            raise ValueError(f"its version is {value['physsym_baseline']!r}, not {_VERSION}")  # noqa: TRY301
        return Counter(str(listed["fingerprint"]) for listed in value["formulas"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: no baseline: {error}; write one with --write-baseline") from None


def with_baseline(audit: Audit, baseline: Counter[str], strict: bool = False) -> tuple[Audit, int]:
    """Return an audit whose entries are known where a baseline lists them, and how many it lists in vain."""
    left, entries = Counter(baseline), list[Entry]()
    for entry in audit.entries:
        hashed = fingerprint(entry)
        known = entry.counts(strict) and left[hashed] > 0
        left[hashed] -= known
        entries.append(replace(entry, known=known))
    return replace(audit, entries=tuple(entries)), sum((+left).values())
