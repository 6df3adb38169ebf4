"""Take each guard away, one at a time, and see its test fail: `python -m tests.remove_guards`.

The tests named beside the guards must pass with all guards in place, and each must fail once its guard is
removed. A guard that nothing misses is no guard, or has no test.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from tests.guards import GUARDS, Guard
from tests.support.mutants import FAILED, PASSED, ROOT, Change, outcomes


def removed(guard: Guard) -> Change:
    """Return the change that removes a guard."""
    text = (ROOT / guard.file).read_text(encoding="utf-8")
    if text.count(guard.text) != 1:
        raise ValueError(f"{guard.file} should hold {guard.text!r} once; update tests/guards.py")
    return Change(guard.tests, {guard.file: text.replace(guard.text, guard.gone)}, label=guard)


def main() -> int:
    """Remove every guard in turn, print a line for each, and return 1 where one is not missed."""
    command = ArgumentParser(prog="python -m tests.remove_guards", description="See each guard missed.")
    command.add_argument("--jobs", type=int, default=2, metavar="J", help="number of processes (default: 2)")
    jobs = command.parse_args().jobs
    changes = [removed(guard) for guard in GUARDS]
    (in_place,) = outcomes([Change(tuple(test for guard in GUARDS for test in guard.tests))])
    if in_place.outcome != PASSED:
        print(f"The tests do not pass with the guards in place:\n{in_place.output}")
        return 1
    missed = 0
    for result in outcomes(changes, jobs):
        missed += result.outcome == FAILED
        said = {FAILED: "missed", PASSED: "NOT MISSED"}.get(result.outcome, result.outcome)
        print(f"{result.change.label.number:>2} {said:<10} {result.change.label.risk}", flush=True)
    print(f"{missed} of {len(GUARDS)} guards are missed when they are gone")
    return int(missed < len(GUARDS))


if __name__ == "__main__":
    sys.exit(main())
