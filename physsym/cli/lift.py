"""`physsym lift`: the update rule of somebody's optimizer, read from its code."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.columns import labelled
from physsym.cli.paths import lifted_named
from physsym.cli.terminal import echo, progress
from physsym.core.counts import counted
from physsym.optimizers.lifted import Lifted


def main(options: Namespace) -> int:
    """Print the rule and what the code says beyond it; what cannot be lifted is a wrong input."""
    with progress(what="reading the rule from its code"):
        lifted = lifted_named(options.what)
    echo(*labelled(_rows(lifted)))
    return 0


def _rows(lifted: Lifted) -> list[tuple[str, list[str]]]:
    rule, check = lifted.rule, lifted.check
    checked = check and (
        f"{counted(check.steps, 'step')} of the running code in {check.precision}: "
        "largest relative difference "
        f"{check.difference:.2g}"
    )
    return [
        ("lifted", [lifted.name] if lifted.name else []),
        ("rule", list(rule.sentences)),
        ("first step", list(lifted.first.sentences) if lifted.first else []),
        ("start", [f"{s}(0) = {value}" for s, value in rule.start]),
        ("ranges", list(map(str, rule.ranges))),
        ("typical", [f"{s} = {value}" for s, value in rule.typical]),
        ("assumes", list(map(str, lifted.assumes))),
        ("reads", list(lifted.reads)),
        ("mixes", list(lifted.mixes)),
        ("origins", [f"{term}: {origin}" for term, origin in lifted.origins]),
        ("checked", [checked] if checked else []),
    ]
