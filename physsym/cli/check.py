"""The command that checks: every step and claim of scripts, one line each in the terminal.

It has a module of its own, so that it starts as fast as SymPy does: the other commands need the typesetter,
the documents and NumPy.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape

from physsym.core.verdicts import Outcome, Verdict
from physsym.derivation import Derivation
from physsym.loading import Script, scripts

_COLOURS = {Outcome.HOLDS: "green", Outcome.FAILS: "red"}


def say(*lines: str) -> None:
    """Print lines of Rich markup, wrapped by nothing but the terminal."""
    console = Console(soft_wrap=True, highlight=False)
    for line in lines:
        console.print(line)


def told(verdict: Verdict) -> str:
    """Return a verdict as Rich markup, in the colour of its outcome."""
    colour = _COLOURS.get(verdict.outcome, "yellow")
    return f"[{colour}]{escape(str(verdict))}[/{colour}]"


def check(options: Namespace) -> int:
    """Print one line for every step and claim; return 1 where a step or a dimension does not hold."""
    found = scripts(options.paths)
    bad = [v for s in found for d in s.derivations for v in _checked(s, d) if not v]
    where = {claim: s for s in reversed(found) for claim in s.claims}  # each in the first script with it
    say(*(f"{s.name}, claim {claim.id}: {told(claim.judge())}" for claim, s in where.items()))
    steps = sum(len(d.steps) for s in found for d in s.derivations)
    say(f"{steps} steps checked, {len(bad)} do not hold" if bad else f"{steps} steps checked, all hold")
    return int(bool(bad) or not steps)


def _checked(s: Script, derivation: Derivation) -> Iterator[Verdict]:
    title = f"{s.name}, {escape(derivation.title)}"
    verdicts, dimensions = derivation.verdicts(), derivation.dimensions()
    for k, (step, verdict) in enumerate(zip(derivation.steps, verdicts, strict=True), 1):
        say(f"{title}, step {k} ({type(step.move).__name__}): {told(verdict)}")
    consistency = derivation.consistency()
    if not consistency:
        say(f"{title}, assumptions: {told(consistency)}")
    for k, verdict in enumerate(dimensions):
        if not verdict:
            say(f"{title}, dimensions of line {k}: {told(verdict)}")
    yield from (*verdicts, consistency, *dimensions)


COMMANDS: dict[str, Callable[[Namespace], int]] = {"check": check}
