"""Rows S6 to S8: how long one waits for a first step, a document and a check, in units of `import sympy`.

Each is a process of its own. Its processor time counts, and that of the processes that it starts; of `document` and
`check`, which use a second processor, the time that one waits counts, and the processor time is shown beside it: on a
machine that does other work the first is no measure.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import timing
from tests.benchmarks.derivation import against_sympy, process
from tests.benchmarks.timing import Row, behind

FIRST_STEP = """
import numpy, physsym
made = physsym.optimizer("v <- rho*v - eta*grad(x); x <- x + after(v)", "numpy", eta=0.1, rho=0.9)
made.step({"v": numpy.zeros(2), "x": numpy.ones(2)}, numpy.ones(2))
"""
GOALS = ("S6", "S7", "S8")


def median_of(*command: str, rounds: int = 5, quick: int = timing.QUICK) -> float:
    """Return the time of a command over that of `import sympy`, the median of some rounds."""
    return statistics.median(against_sympy(*command) for _ in range(timing.rounds(rounds, quick)))


def waited_for(*command: str, rounds: int = 3) -> tuple[float, float]:
    """Return how long one waits for a command, and its processor time, over those of `import sympy`."""
    ratios = []
    for _ in range(timing.rounds(rounds, 1)):
        spent = []
        for one in (command, ("-c", "import sympy")):
            start = time.perf_counter()
            processor = process(*one)
            spent.append((time.perf_counter() - start, processor))
        ratios.append([mine / sympy for mine, sympy in zip(*spent, strict=True)])
    waited, processor = map(statistics.median, zip(*ratios, strict=True))
    return waited, processor


def rows() -> Iterator[Row]:
    """Yield the rows of waiting."""
    with tempfile.TemporaryDirectory() as folder:
        frozen = {language: Path(folder) / f"frozen_{language}.py" for language in ("python", "numpy")}
        for language, file in frozen.items():
            process("-m", "physsym", "freeze", "momentum", "--language", language, "--out", str(file))
        first, plain, arrays = (
            median_of(*c) for c in (("-c", FIRST_STEP), *([str(f)] for f in frozen.values()))
        )
        written, wrote = waited_for("-m", "physsym", "document", "--out", f"{folder}/documents")
    checked, judged = waited_for("-m", "physsym", "check", "derivations/")
    yield Row("S6", "first NumPy step; start of a frozen rule, plain; with NumPy: / import sympy",
              "<= 1.5; <= 0.05; <= 0.45", "1.42; 0.03; 0.39", f"{first:.2f}; {plain:.3f}; {arrays:.2f}",
              first <= 1.5 and plain <= 0.05 and arrays <= 0.45,
              behind=behind({"first step": first <= 1.42, "plain": plain <= 0.03, "NumPy": arrays <= 0.39}))  # fmt: skip
    yield Row("S7", "physsym document / import sympy", "<= 9", "6", f"{written:.1f} (processor time {wrote:.1f})", written <= 9,
              behind=behind({"document": written <= 6}))  # fmt: skip
    yield Row("S8", "physsym check of the whole repository, no verdict kept / import sympy", "<= 2.5", "1.9",
              f"{checked:.1f} (processor time {judged:.1f})", checked <= 2.5, behind=behind({"check": checked <= 1.9}))  # fmt: skip
