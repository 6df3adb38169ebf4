"""The self-test as a command: `python -m tests.fuzz --count 10000 --jobs 2`, which `make selftest` runs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from tests.fuzz.observations import print_observations
from tests.fuzz.run import selftest
from tests.fuzz.table import show


def parser() -> ArgumentParser:
    """Return the parser of the command line."""
    command = ArgumentParser(
        prog="python -m tests.fuzz",
        description="Give wrong lines and true ones to the check; 1 if it misjudges one.",
    )
    command.add_argument(
        "--count",
        type=int,
        default=1000,
        metavar="N",
        help="wrong lines, beside N/5 true ones (default: 1000)",
    )
    command.add_argument("--seed", type=int, default=0, metavar="S", help="another seed, other lines")
    says = "print the table of what the oracle measures of the shipped derivations, and nothing else"
    command.add_argument("--shipped", action="store_true", help=says)
    command.add_argument("--jobs", type=int, default=1, metavar="J", help="number of processes (default: 1)")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the self-test, print its tables; return 0, 1 where the check was mistaken, 2 for a wrong input."""
    options = parser().parse_args(arguments)
    if options.shipped:
        return print_observations()
    try:
        report = selftest(options.count, options.seed, options.jobs)
    except ValueError as error:
        print(f"selftest: {error}", file=sys.stderr)
        return 2
    show(report)
    return int(not report.passed)


if __name__ == "__main__":
    sys.exit(main())
