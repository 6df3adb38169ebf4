"""Measure every row, print the table and write it to docs/benchmarks.md."""

from __future__ import annotations

import os

# One thread for everybody, set before any library is loaded: what more threads bring is another question.
os.environ |= {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "PHYSSYM_CACHE": "0",
}

import argparse
import json
import platform
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import growth, kernels, loops, others, pages, scans, timing, training, waiting
from tests.benchmarks.timing import ROUNDS, Row

# Functions that yield rows; each row has the number of its goal.
PARTS = {
    "large": kernels.large,
    "tiny": kernels.tiny,
    "set_up": others.set_up,
    "ulps": kernels.ulps,
    "trajectories": loops.trajectories,
    "sweeps": loops.sweeps,
    "laws": others.laws,
    "code": others.code,
    "devices": others.devices,
    "training": training.rows,
    "scans": scans.rows,
    "waiting": waiting.rows,
    "growth": growth.rows,
    "pages": pages.rows,
}
# What a quick run measures: nothing that needs PyTorch or JAX.
QUICK = ("laws", "waiting", "growth")
# The numbers of all rows, in the order of the table.
GOALS = [*range(1, 21), *training.GOALS, *scans.GOALS, *waiting.GOALS, *growth.GOALS, *pages.GOALS]
LIBRARIES = ("numpy", "sympy", "llvmlite", "numba", "torch", "jax", "optax", "python-flint")
HOME = Path(__file__).parents[2] / "docs" / "benchmarks.md"
KEPT = Path(__file__).parents[2] / "build" / "benchmarks.json"


def machine() -> str:
    """Say in words on what all of this was measured."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", told)
    wide = "AVX-512" if "avx512f" in told else "AVX2" if "avx2" in told else "no AVX2"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores of {model.group(1) if model else platform.processor()} ({wide}), "
        f"{platform.system()}, Python {platform.python_version()}; {libraries}."
    )


def table(rows: list[Row]) -> str:
    """Return the rows as one Markdown table."""
    lines = ["| # | goal | floor | target | measured | floor held |", "|---|---|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: GOALS.index(row.number)):
        held = {True: "yes", False: "**no**", None: "not measured"}[row.holds]
        told = f"{row.measured}. {row.beside}" if row.beside else row.measured
        lines.append(f"| {row.number} | {row.goal} | {row.floor} | {row.target} | {told} | {held} |")
    return "\n".join(lines)


def page(rows: list[Row], loads: list[float]) -> str:
    """Return the page: what was measured, where, how, and where the package is behind."""
    fallen = [f"{row.number} ({row.goal})" for row in rows if row.holds is False]
    where = "Floors that were missed: " + "; ".join(fallen) if fallen else "Every floor was held"
    missed = "\n".join(f"- row {row.number}: {row.behind}" for row in rows if row.behind)
    if missed:
        where += f". Targets that were missed ([what is known of why](targets.md)):\n\n{missed}\n\nAll others were reached"
    below = "".join(f"\n{row.below}\n" for row in rows if row.below)
    missing = [number for number in GOALS if number not in {row.number for row in rows}]
    left = f" Rows {', '.join(map(str, missing))} were not run." if missing else ""
    return f"""# Benchmarks

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}. {machine()}

All contenders of a row run in one process, in random order, in {ROUNDS} rounds or more, on one thread; what is
compared is processor time, round by round, and the ratio given is the median of the rounds, with its quartiles in
brackets where they are given. The parts of the table are runs of their own. While they ran, the load of the
machine was {min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} cores: the more other work there is, the more noise is
in ratios against memory. `lambdify` is called as it comes, without options. Targets are what a prototype reached
on another machine, but for rows 3, 7 and 11, where that was no measure: NumPy's own limit, what nobody notices, and
a tenth above gcc.

{table(rows)}

{where}.{left}
{below}"""


def measured(names: list[str], kept: Path) -> tuple[list[Row], list[float]]:
    """Measure parts one after the other; what was measured is kept in a file, and read from there the next time."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        begun = os.getloadavg()[0]
        rows = [asdict(row) for row in PARTS[name]()]
        known[name] = {"rows": rows, "loads": [begun, os.getloadavg()[0]]}
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(known))
    rows = [Row(**row) for part in known.values() for row in part["rows"]]
    return rows, [load for part in known.values() for load in part["loads"]]


def main() -> int:
    """Measure the parts that are asked for, all by default; the page shows them with those measured before."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}")
    options.add_argument("--page", action="store_true", help="measure nothing, write what is kept")
    options.add_argument(
        "--out", type=Path, default=HOME, help="where to write (default: docs/benchmarks.md)"
    )
    options.add_argument(
        "--kept", type=Path, default=KEPT, help="where rows are kept between runs (default: build/)"
    )
    options.add_argument(
        "--quick", action="store_true",
        help=f"measure {', '.join(QUICK)}, or the parts given, in fewer rounds, and write nothing",
    )  # fmt: skip
    chosen = options.parse_args()
    if chosen.quick:
        timing.be_quick()
        print(table([row for name in chosen.parts or QUICK for row in PARTS[name]()]))
        return 0
    rows, loads = measured([] if chosen.page else chosen.parts or list(PARTS), chosen.kept)
    print(table(rows))
    chosen.out.write_text(page(rows, loads))
    print(f"wrote {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
