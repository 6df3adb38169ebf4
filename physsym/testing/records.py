"""What the assertions of physsym concluded in this process, counted for the summary of a test run.

Imports nothing of the package, so that the pytest plugin can read it without loading SymPy.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str, str, tuple[str, ...]]  # what was asserted, its outcome, the engines consulted

CONCLUDED: Counter[Key] = Counter()


def record(kind: str, outcome: str, engines: tuple[str, ...] = ()) -> None:
    """Count one conclusion."""
    CONCLUDED[kind, outcome, engines] += 1


def dump(concluded: Counter[Key]) -> list[list[Any]]:
    """Return the counts as plain lists, as a worker process sends them to the one that reports."""
    return [[kind, outcome, list(engines), n] for (kind, outcome, engines), n in concluded.items()]


def merge(counts: list[list[Any]]) -> None:
    """Add counts that `dump` returned in another process."""
    for kind, outcome, engines, n in counts:
        CONCLUDED[kind, outcome, tuple(engines)] += n


def summary(concluded: Counter[Key]) -> list[str]:
    """Return lines that say how many conclusions of each kind were drawn, and which engines were consulted.

    >>> for line in summary(Counter({("rule", "holds", ("flint",)): 2, ("law", "fails", ()): 1})):
    ...     print(line)
    law     1 fails
    rule    2 holds
    engines consulted: flint 2
    """
    kinds: dict[str, Counter[str]] = {}
    consulted: Counter[str] = Counter()
    for (kind, outcome, engines), n in sorted(concluded.items()):
        kinds.setdefault(kind, Counter())[outcome] += n
        consulted.update(dict.fromkeys(engines, n))
    if not kinds:
        return ["nothing was asserted with physsym in this run"]
    width = max(map(len, kinds))
    lines = [
        f"{kind.ljust(width)}    " + ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items())
        for kind, outcomes in kinds.items()
    ]
    engines_line = ", ".join(f"{engine} {n}" for engine, n in sorted(consulted.items()))
    return [*lines, f"engines consulted: {engines_line or 'none'}"]
