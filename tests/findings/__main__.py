"""Compute the findings and write them to docs/findings.md."""

from __future__ import annotations

import argparse
import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ |= {"JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}

from tests.findings.optimizers import subjects
from tests.findings.page import page
from tests.findings.pairs import pairs
from tests.findings.rows import Finding, find, quiet

HOME = Path(__file__).parents[2] / "docs" / "findings.md"
KEPT = Path(__file__).parents[2] / "build" / "findings.pickle"


def _computed(names: list[str], jobs: int, relatives: bool) -> list[Finding]:
    """Compute what is found of optimizers, and keep it."""
    chosen = [s for s in subjects() if not names or any(n in s.what for n in names)]
    found = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        for finding in pool.map(partial(find, all_published=relatives), chosen):
            found.append(finding)
            print(f"{finding.subject.what:60} {finding.seconds:5.1f} s", file=sys.stderr, flush=True)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(pickle.dumps(found))
    return found


def _kept() -> list[Finding]:
    """Return what was found last."""
    found: list[Finding] = pickle.loads(KEPT.read_bytes())
    return found


def main() -> int:
    """Compute, print progress, write the page."""
    parser = argparse.ArgumentParser(prog="tests.findings", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; without any, all optimizers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--out", type=Path, default=HOME, help="the file that is written")
    parser.add_argument("--relatives", action="store_true", help="ask all published rules (slow)")
    parser.add_argument("--again", action="store_true", help=f"write the page of what is kept in {KEPT.name}")
    given = parser.parse_args()
    quiet()
    found = _kept() if given.again else _computed(given.names, given.jobs, given.relatives)
    given.out.write_text(page(found, pairs(found)), encoding="utf-8")
    print(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
