"""`physsym report`: a rule as mechanics and as a method of optimization, line by line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable

from sympy import Rational

from physsym.cli.columns import terminal_width
from physsym.cli.paths import lifted_named
from physsym.cli.terminal import echo, progress
from physsym.optimizers.report import report
from physsym.optimizers.report.lines import text


def main(options: Namespace) -> int:
    """Print the report of a rule at the values given; a line without a result tells why."""
    with progress(what="analysing the rule"):
        found = report(lifted_named(options.what), **values(options.values))
    echo(text(found, terminal_width()))
    return 0


def values(texts: Iterable[str]) -> dict[str, Rational]:
    """Return numbers by name from texts such as `lr=0.01`, which is exactly one hundredth.

    Raises ValueError for what is no such text, and for a name that is given twice.

    >>> values(["lr=0.01", "momentum=9/10"])
    {'lr': 1/100, 'momentum': 9/10}
    """
    found: dict[str, Rational] = {}
    for given in texts:
        name, equals, number = (part.strip() for part in given.partition("="))
        if not equals or not name:
            raise ValueError(f"a value is given as in lr=0.01, found {given!r}")
        if name in found:
            raise ValueError(f"{name} is given twice")
        try:
            found[name] = Rational(number)
        except (TypeError, ValueError, ZeroDivisionError):
            raise ValueError(f"a value is a number, as in {name}=0.01, found {given!r}") from None
    return found
