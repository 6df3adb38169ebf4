"""`physsym check`: every step and claim of scripts, and what their chapters show, one line each.

For scripts without chapters it imports what verifies and no more, so that it starts as fast as SymPy does.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.processes import in_processes
from physsym.cli.terminal import Line, echo, format_verdict, progress
from physsym.core.escapes import one_line
from physsym.core.verdicts import Outcome, Verdict, is_failure
from physsym.derivation import Derivation
from physsym.loading import files_of, load, nothing_found
from physsym.mechanics.claim import JudgedClaim, judge_claim
from physsym.parsing.interpretation import FUNCTIONS

_NUMBERS = r"(?:[\d\s.+*/()-]|exp|sqrt|log|sin|cos|tan|pi)+"
_STATES_NUMBERS = re.compile(rf"`about:|`(?:\w+:)?{_NUMBERS}[=<>!~]+{_NUMBERS}(?:[=<>!~]+{_NUMBERS})*`")
_FORMULA = re.compile(r"`([^`]*[^\w.`][^`]*)`")  # what is more than a word
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class VerdictLine:
    """A line on a step, on another part of a derivation, or on what a chapter shows.

    What is a note counts with `--strict` alone.
    """

    text: Line
    verdict: Verdict
    is_step: bool = False
    is_note: bool = False
    is_shown: bool = False

    def fails(self, strict: bool) -> bool:
        """Return whether the line counts against the check."""
        return is_failure(self.verdict, strict) and (strict or not self.is_note)


@dataclass(frozen=True)
class ClaimLine:
    """The lines on a claim and on its repair; a claim that several scripts export has one identity."""

    texts: tuple[Line, ...]
    identity: tuple[str, ...]
    verdict: Verdict
    repair: Verdict | None = None


@dataclass(frozen=True)
class SimulationLine:
    """A line on what was observed of the motions of a derivation, and whether it contradicts its verdicts."""

    text: Line
    outcome: str
    contradicts: bool


@dataclass(frozen=True)
class Finished:
    """The end of a script: its name, and whether it exports anything."""

    name: str
    has_content: bool


def main(options: Namespace) -> int:
    """Print one line for every step, claim and repair; return 1 where a step, a dimension or a repair fails.

    Claims count with `--claims`, what is conditional on listed hypotheses with `--strict`, motions that
    contradict verdicts that hold with `--simulate`.
    """
    paths = paths_to_read(options.paths)
    files = files_of(paths)
    lines: list[VerdictLine] = []
    claims: dict[tuple[str, ...], ClaimLine] = {}
    simulated: list[SimulationLine] = []
    if options.simulate:
        from physsym.oracle import simulate as _  # noqa: F401 (what is missing is said before any work)
    count = 0
    with progress(len(files)) as done:
        for found in in_processes(
            partial(check_file, judged=set(), simulate=options.simulate), files, options.jobs
        ):
            if isinstance(found, Finished):
                count += found.has_content
                done(found.name)
            elif isinstance(found, ClaimLine):
                claims.setdefault(found.identity, found)
            elif isinstance(found, SimulationLine):
                simulated.append(found)
                echo(found.text)
            else:
                lines.append(found)
                echo(found.text)
    if not count:
        raise nothing_found(paths)
    echo(*(text for claim in claims.values() for text in claim.texts))
    shown = [line for line in lines if line.is_shown]
    if len(shown) < len(lines) or not shown:
        echo(_summary([line for line in lines if not line.is_shown], options.strict))
    if shown:
        wrong = [line.verdict for line in shown if line.fails(options.strict)]
        held = f"{len(wrong)} of them {_do_not_hold(wrong)}" if wrong else "all hold"
        echo(f"{len(shown)} equations, findings and numbers checked, {held}")
    failing = sum(line.fails(options.strict) for line in lines)
    checked = any(line.is_step or line.is_shown for line in lines)
    if repairs := [claim.repair for claim in claims.values() if claim.repair is not None]:
        wrong = [repair for repair in repairs if not repair]
        held = f"{len(wrong)} of them {_do_not_hold(wrong)}" if wrong else "all hold"
        echo(f"{len(repairs)} repairs of claims checked, {held}")
        failing += len(wrong)
    if options.claims and claims:
        false = sum(is_failure(claim.verdict, options.strict) for claim in claims.values())
        echo(f"{len(claims)} claims judged, {f'{false} of them do not hold' if false else 'none fails'}")
        checked, failing = True, failing + false
    if options.simulate:
        failing += sum(line.contradicts for line in simulated)
        echo(_summary_of_motions(simulated))
    echo(what_was_read(paths, count))
    return int(not checked or failing > 0)


def _do_not_hold(verdicts: Sequence[Verdict]) -> str:
    """Return how verdicts fail to hold, in words: what is undecided or unchecked is named."""
    named = {Outcome.UNDECIDABLE: "are undecided", Outcome.UNCHECKED: "are unchecked"}
    return " or ".join(dict.fromkeys(named.get(v.outcome, "do not hold") for v in verdicts))


def _summary(lines: list[VerdictLine], strict: bool) -> str:
    """Return how many steps were checked, how many do not hold, and how many are conditional."""
    wrong_lines = [line for line in lines if line.fails(strict)]
    failing = [line.is_step for line in wrong_lines]
    steps = [line.verdict for line in lines if line.is_step]
    conditional = sum(v.outcome is Outcome.CONDITIONAL and not is_failure(v, strict) for v in steps)
    counts = {"of them": sum(failing), "on starts, assumptions or dimensions": failing.count(False)}
    wrong = " and ".join(f"{count} {what}" for what, count in counts.items() if count)
    under = f"{conditional} on the conditions that they list" if conditional else ""
    if not steps:
        return "0 steps checked: nothing holds"
    held = f"{wrong} {_do_not_hold([line.verdict for line in wrong_lines])}" if wrong else "all hold"
    return f"{len(steps)} steps checked, {held}{', ' if under else ''}{under}"


def _summary_of_motions(lines: list[SimulationLine]) -> str:
    """Return how many derivations were simulated, and how many contradict their verdicts."""
    left_out = sum(line.outcome == "not simulated" for line in lines)
    wrong = sum(line.contradicts for line in lines)
    said = f"{wrong} contradict verdicts that hold" if wrong else "none contradicts a verdict that holds"
    return f"{len(lines) - left_out} derivations simulated and {left_out} not, {said}"


def check_file(
    file: Path, judged: set[tuple[str, ...]], simulate: bool = False
) -> Iterator[Finished | VerdictLine | ClaimLine | SimulationLine]:
    """Load a script and yield a line for each of its steps, its claims, and what its chapters show.

    Claims that are judged already are left out: the identities of those that are judged are added to
    `judged`, which all scripts of a process share.
    """
    script = load(file)
    for derivation in script.derivations:
        yield from check_derivation(script.name, derivation)
        if simulate:
            yield simulation_line(script.name, derivation)
    claims = script.claims
    # Chapters, and numbers in sentences, need what documents are made of, which takes longer to import.
    texts = [script.prose, *(step.says for d in script.derivations for step in d.steps)]
    texts += [text for c in claims for text in (c.formal, c.reading, c.repair)]
    stated = any(map(_STATES_NUMBERS.search, texts)) or not all(map(_is_readable, script.derivations))
    if stated or any(part.shows_statements for part in script.parts):
        from physsym.documents.compute import claims_of
        from physsym.documents.judgements import judgements

        claims = tuple(claim for _, claim in claims_of([script]))
        for shown in judgements(script):
            if isinstance(shown, JudgedClaim):
                identity = shown.claim.identity
                if identity not in judged:
                    judged.add(identity)
                    yield _claim_line(f"{script.name}, claim {shown.claim.id}", shown)
                continue
            text = format_verdict(f"{script.name}, {shown.what}: ", shown.verdict)
            yield VerdictLine(text, shown.verdict, is_shown=True)
    for claim in claims:
        if claim.identity not in judged:
            judged.add(claim.identity)
            yield _claim_line(f"{script.name}, claim {claim.id}", judge_claim(claim))
    yield Finished(script.name, bool(script.derivations or script.claims or script.parts))


def check_derivation(name: str, derivation: Derivation) -> Iterator[VerdictLine]:
    """Yield a line for the start where that is more than given, one for each step, and what is not known.

    Dimensions that contradict each other are in the verdict on their line, and contradictory assumptions in
    those on the steps; lines of their own are for those that could not be decided.
    """
    title = f"{name}, {derivation.title}"

    def line(what: str, verdict: Verdict, is_step: bool = False, is_note: bool = False) -> VerdictLine:
        return VerdictLine(format_verdict(f"{title}, {what}: ", verdict), verdict, is_step, is_note)

    if derivation.start_verdict is not None:
        yield line("start", derivation.start_verdict)
    for k, (step, verdict) in enumerate(zip(derivation.steps, derivation.verdicts()[1:], strict=True), 1):
        yield line(f"step {k} ({type(step.move).__name__})", verdict, is_step=True)
    consistency, taken = derivation.consistency(), tuple(map(str, derivation.assumptions))
    undecided = consistency.outcome is Outcome.UNDECIDABLE
    if taken or undecided:
        evidence = (*taken, *consistency.evidence)
        yield line("assumptions", replace(consistency, evidence=evidence), is_note=not undecided)
    said: set[str] = set()
    for k, verdict in enumerate(derivation.dimensions()):
        new = tuple(e for e in verdict.evidence if e.partition(":")[0] not in said)
        said |= {e.partition(":")[0] for e in new}
        if verdict.outcome is Outcome.UNDECIDABLE and new:
            yield line(f"dimensions of line {k}", replace(verdict, evidence=new), is_note=True)


def simulation_line(name: str, derivation: Derivation) -> SimulationLine:
    """Return a line on the motions of a derivation, which the oracle integrates and compares."""
    from physsym.oracle import contradicts
    from physsym.oracle import simulate as observed

    seen = observed(derivation)
    against = contradicts(seen, derivation.verdicts())
    says = f"{seen}, which contradicts the verdicts" if against else str(seen)
    before = one_line(f"{name}, {derivation.title}, motions: ")
    return SimulationLine(Line(before, one_line(says), "red" if against else ""), seen.outcome, against)


def _is_readable(derivation: Derivation) -> bool:
    """Return whether the sentences on the steps use no names in formulas but those of the derivation."""
    known = derivation.vocabulary_of_sentences
    formulas = (f for step in derivation.steps for f in _FORMULA.findall(step.says))
    names = {name for formula in formulas for name in _NAME.findall(formula)}
    return all(name in FUNCTIONS or known.get(name) for name in names)


def _claim_line(name: str, judged: JudgedClaim) -> ClaimLine:
    texts = [format_verdict(f"{name}: ", judged.verdict)]
    if judged.repair is not None:
        texts.append(format_verdict(f"{name}, repair: ", judged.repair))
    return ClaimLine(tuple(texts), judged.claim.identity, judged.verdict, judged.repair)
