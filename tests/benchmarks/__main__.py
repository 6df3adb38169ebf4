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
import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import kernels, loops, others
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
}
LIBRARIES = ("numpy", "sympy", "llvmlite", "numba", "torch", "jax", "optax", "python-flint")
HOME = Path(__file__).parents[2] / "docs" / "benchmarks.md"


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
    for row in sorted(rows, key=lambda row: row.number):
        held = {True: "yes", False: "**no**", None: "not measured"}[row.holds]
        told = f"{row.measured}. {row.beside}" if row.beside else row.measured
        lines.append(f"| {row.number} | {row.goal} | {row.floor} | {row.target} | {told} | {held} |")
    return "\n".join(lines)


def page(rows: list[Row], load: tuple[float, ...]) -> str:
    """Return the page: what was measured, where, how, and where the package is behind."""
    behind = [f"{row.number} ({row.goal}: {row.measured})" for row in rows if row.holds is False]
    where = "Floors that were missed in this run: " + "; ".join(behind) if behind else "Every floor was held"
    return f"""# Benchmarks

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}. {machine()}

All contenders of a row run in one process, in random order, in {ROUNDS} rounds, on one
thread; what is compared is processor time, round by round, and the ratio told is the median of the rounds,
with its quartiles in brackets where they are given. The load of the machine was {load[0]:.1f} when the run
began and {os.getloadavg()[0]:.1f} when it ended, on {os.cpu_count()} cores: the more other work there is, the
more noise is in ratios against memory. Targets are what a prototype reached on another machine.

{table(rows)}

{where}.
"""


def main() -> int:
    """Measure the parts that are asked for, all by default."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}")
    options.add_argument(
        "--out", type=Path, help="where to write (default: docs/benchmarks.md, for all parts)"
    )
    chosen = options.parse_args()
    load, rows = os.getloadavg(), list[Row]()
    for name in chosen.parts or PARTS:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += PARTS[name]()
    print(table(rows))
    out = chosen.out or (None if chosen.parts else HOME)
    if out:
        out.write_text(page(rows, load))
        print(f"wrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
