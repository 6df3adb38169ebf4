"""`physsym check`: every step and claim of scripts, one line each.

It imports what verifies and no more, so that it starts as fast as SymPy does.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

from rich.text import Text

from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.processes import in_processes
from physsym.cli.terminal import echo, format_verdict, progress
from physsym.core.verdicts import Verdict
from physsym.derivation import Derivation
from physsym.loading import files_of, load, nothing_found
from physsym.mechanics.claim import Claim, judge_claim


@dataclass(frozen=True)
class StepLine:
    """A line on a step, on assumptions or on dimensions, and whether that holds."""

    text: Text
    is_step: bool
    holds: bool


@dataclass(frozen=True)
class ClaimLine:
    """A line on a claim; scripts may export the same claim, which has the same identity then."""

    text: Text
    identity: tuple[str, ...]


@dataclass(frozen=True)
class Finished:
    """The end of a script: its name, and whether it exports anything."""

    name: str
    has_content: bool


def main(options: Namespace) -> int:
    """Print one line for every step and claim; return 1 where a step or a dimension does not hold."""
    paths = paths_to_read(options.paths)
    files = files_of(paths)
    steps: list[StepLine] = []
    claims: dict[tuple[str, ...], Text] = {}
    count = 0
    with progress(len(files)) as done:
        for found in in_processes(partial(check_file, judged=set()), files, options.jobs):
            if isinstance(found, Finished):
                count += found.has_content
                done(found.name)
            elif isinstance(found, ClaimLine):
                claims.setdefault(found.identity, found.text)
            else:
                steps.append(found)
                echo(found.text)
    if not count:
        raise nothing_found(paths)
    echo(*claims.values())
    number = sum(line.is_step for line in steps)
    echo(f"{number} steps checked, {_summary([line for line in steps if not line.holds])}")
    echo(what_was_read(paths, count))
    return int(not number or not all(line.holds for line in steps))


def _summary(failing: list[StepLine]) -> str:
    """Return how many steps do not hold, and how many verdicts on assumptions and dimensions."""
    failing_steps = sum(line.is_step for line in failing)
    counts = {"of them": failing_steps, "on assumptions or dimensions": len(failing) - failing_steps}
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    return f"{' and '.join(parts)} do not hold" if parts else "all hold"


def check_file(file: Path, judged: set[tuple[str, ...]]) -> Iterator[Finished | StepLine | ClaimLine]:
    """Load a script and yield a line for each of its steps, and of its claims that are not judged yet.

    The identities of the claims are added to those of the claims that this process has judged.
    """
    script = load(file)
    for derivation in script.derivations:
        yield from check_derivation(script.name, derivation)
    for claim in script.claims:
        if (identity := _identity(claim)) not in judged:
            judged.add(identity)
            verdict = format_verdict(f"{script.name}, claim {claim.id}: ", judge_claim(claim).verdict)
            yield ClaimLine(verdict, identity)
    yield Finished(script.name, bool(script.derivations or script.claims or script.parts))


def check_derivation(name: str, derivation: Derivation) -> Iterator[StepLine]:
    """Yield a line for each step, and one for assumptions and dimensions that are not consistent."""
    title = f"{name}, {derivation.title}"

    def line(what: str, verdict: Verdict, is_step: bool = False) -> StepLine:
        return StepLine(format_verdict(f"{title}, {what}: ", verdict), is_step, bool(verdict))

    for k, (step, verdict) in enumerate(zip(derivation.steps, derivation.verdicts(), strict=True), 1):
        yield line(f"step {k} ({type(step.move).__name__})", verdict, is_step=True)
    if not (consistency := derivation.consistency()):
        yield line("assumptions", consistency)
    for k, verdict in enumerate(derivation.dimensions()):
        if not verdict:
            yield line(f"dimensions of line {k}", verdict)


def _identity(claim: Claim) -> tuple[str, ...]:
    """Return all that is said in a claim, its judge as code."""
    said = (getattr(claim, field.name) for field in fields(claim) if field.name != "judge")
    return (*map(str, said), claim.code)
