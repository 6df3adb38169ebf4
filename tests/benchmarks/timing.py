"""Contenders timed side by side: interleaved in random order, in processor time, compared round by round."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROUNDS, LEAST = 7, 0.03  # rounds; seconds that one measurement lasts at least
QUICK = 3  # rounds of a quick run, however many are asked for
_is_quick = False


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, what must hold, what is aimed at, what was measured.

    `beside` stands behind what was measured, `below` under the table; `behind` says what misses its target.
    """

    number: int | str
    goal: str
    floor: str
    target: str
    measured: str
    holds: bool | None
    beside: str = ""
    below: str = ""
    behind: str = ""


def be_quick() -> None:
    """Measure in few rounds from now on: the numbers are less certain."""
    global _is_quick
    _is_quick = True


def rounds(asked: int = ROUNDS, quick: int = QUICK) -> int:
    """Return in how many rounds to measure what would have so many, and at most `quick` in a quick run."""
    return min(asked, quick) if _is_quick else asked


def is_quick() -> bool:
    """Return whether few rounds are measured."""
    return _is_quick


def behind(reached: Mapping[str, bool]) -> str:
    """Return what of a row did not reach its target; nothing where all of it did."""
    return "; ".join(name for name, reaches in reached.items() if not reaches)


def seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the processor time of one call, over so many."""
    begun = time.process_time()
    for _ in range(repeats):
        action()
    return (time.process_time() - begun) / repeats


def interleaved(
    contenders: Mapping[str, Callable[[], object]], asked: int = ROUNDS
) -> dict[str, list[float]]:
    """Return the processor times per call of all contenders, one for each round."""
    repeats = {}
    for name, action in contenders.items():
        action()
        once = max(seconds(action, 1), 1e-8)
        repeats[name] = max(round(LEAST / once), 1)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds(asked)):
        for name in random.sample(list(contenders), len(contenders)):
            times[name].append(seconds(contenders[name], repeats[name]))
    return times


def ratio(times: Mapping[str, list[float]], above: str, below: str) -> float:
    """Return the median over the rounds of one contender's time over another's."""
    return statistics.median(a / b for a, b in zip(times[above], times[below], strict=True))


def spread(times: Mapping[str, list[float]], above: str, below: str) -> str:
    """Return the ratio with its quartiles."""
    ratios = [a / b for a, b in zip(times[above], times[below], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3g} [{low:.3g}, {high:.3g}]"


def in_fresh_process(script: str, interpreter: str = sys.executable) -> dict[str, Any]:
    """Return what a script prints as JSON, run in a process of its own."""
    # Without its byte code SymPy would be compiled anew in each process.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([interpreter, "-c", script], capture_output=True, text=True, check=True, env=own)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
