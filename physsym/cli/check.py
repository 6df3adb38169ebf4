"""`physsym check`: every step and claim of scripts, and what their chapters show, one verdict a line.

For scripts without chapters it imports what verifies and no more, so that it starts as fast as SymPy does.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby, takewhile
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from physsym.cli.columns import Line, labelled, paragraph, table
from physsym.cli.halves import halved, stay_single
from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.processes import in_processes
from physsym.cli.terminal import echo, progress, verdict_line
from physsym.core.counts import counted
from physsym.core.escapes import one_line
from physsym.core.statements import Equation
from physsym.core.verdicts import Outcome, Verdict, is_failure
from physsym.derivation import Derivation
from physsym.exercises.difference import differences, line_of_move
from physsym.loading import files_of, load, nothing_found
from physsym.mechanics.claim import Claim, JudgedClaim, judge_claim
from physsym.mechanics.moves import in_words
from physsym.parsing.interpretation import FUNCTIONS

if TYPE_CHECKING:
    from physsym.documents.judgements import Numbered
    from physsym.documents.judgements import Part as Judging

_NUMBERS = r"(?:[\d\s.+*/()-]|exp|sqrt|log|sin|cos|tan|pi)+"
_STATES_NUMBERS = re.compile(rf"`about:|`(?:\w+:)?{_NUMBERS}[=<>!~]+{_NUMBERS}(?:[=<>!~]+{_NUMBERS})*`")
_FORMULA = re.compile(r"`([^`]*[^\w.`][^`]*)`")  # what is more than a word
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class VerdictLine:
    """A line on a step, on another part of a derivation, or on what a chapter shows.

    Parameters
    ----------
    heading
        What is written once above the lines that share it, such as the script and the derivation.
    label
        What the verdict is on.
    verdict
        The verdict.
    is_step, is_shown, is_frozen
        Whether it is on a step; on what a chapter shows; on a file that `physsym freeze` wrote.
    is_note
        Whether it counts with `--strict` alone.
    opening
        Where the line is that of an earlier derivation, which begins in the same way: its title.
    due
        For a step that fails: the line, what the move gives, and where both differ, each with a label.
    """

    heading: str
    label: str
    verdict: Verdict
    is_step: bool = False
    is_note: bool = False
    is_shown: bool = False
    is_frozen: bool = False
    opening: str = ""
    due: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def fails(self, strict: bool) -> bool:
        """Return whether the line counts against the check."""
        return is_failure(self.verdict, strict) and (strict or not self.is_note)


@dataclass(frozen=True)
class ClaimLine:
    """The lines on a claim and on its repair.

    Claims of one id and one identity are the same.
    """

    label: str
    verdict: Verdict
    repair: Verdict | None
    id: str
    identity: Identity


@dataclass(frozen=True)
class NumberLine:
    """A formula that a chapter shows under a number; there is a line where another one has that number."""

    heading: str
    shown: Numbered


@dataclass(frozen=True)
class SimulationLine:
    """A line on what was observed of the motions of a derivation, and whether it contradicts its verdicts."""

    heading: str
    text: str
    outcome: str
    contradicts: bool


@dataclass(frozen=True)
class Finished:
    """The end of a script: its name, and whether it exports anything."""

    name: str
    has_content: bool


Shown: TypeAlias = Finished | VerdictLine | ClaimLine | SimulationLine
# A part of the check of a script.
Part: TypeAlias = Callable[[], Iterable[Shown | NumberLine]]
# All that is said in a claim, which takes a while to write, or its number among those of its id.
Identity: TypeAlias = tuple[str, ...] | int


@dataclass(frozen=True)
class Seen:
    """The claims that scripts list, each once, and those that lines are on, by their ids."""

    listed: dict[str, list[Claim]] = field(default_factory=dict)
    judged: dict[str, list[Identity]] = field(default_factory=dict)

    def number(self, claim: Claim) -> int | None:
        """Return the number of a claim that a script lists; None where it is listed already."""
        same = self.listed.setdefault(claim.id, [])
        if any(claim is other or claim.identity == other.identity for other in same):
            return None
        same.append(claim)
        return len(same) - 1

    def identity(self, name: str, identity: Identity) -> tuple[str, ...]:
        """Return all that is said in a claim of an id."""
        return self.listed[name][identity].identity if isinstance(identity, int) else identity

    def has_line(self, name: str, identity: Identity) -> bool:
        """Return whether a line is on a claim of an id; most ids are new, so that no identity is written."""
        judged = self.judged.get(name, ())
        return any(self.identity(name, identity) == self.identity(name, other) for other in judged)


def main(options: Namespace) -> int:
    """Print the summary, then a line for every step, claim and repair; return 1 where one of these fails.

    Claims count with `--claims`, what is conditional on listed hypotheses with `--strict`, motions that
    contradict verdicts that hold with `--simulate`.
    """
    paths = paths_to_read(options.paths)
    files = files_of(paths)
    lines: list[VerdictLine | SimulationLine] = []
    claims: list[ClaimLine] = []
    if options.simulate:
        from physsym.oracle import simulate as _  # noqa: F401 (what is missing is said before any work)
    count = 0
    with _checked(files, options) as checked, progress(len(files)) as done:
        for found in checked:
            if isinstance(found, Finished):
                count += found.has_content
                done(found.name)
            elif isinstance(found, ClaimLine):
                claims.append(found)
            else:
                lines.append(found)
    if not count:
        raise nothing_found(paths)
    says, code = _summary(lines, claims, options)
    echo(*(line for text in (*says, what_was_read(paths, count)) for line in paragraph(text)))
    for heading, rows in groupby(lines, attrgetter("heading")):
        echo("", *paragraph(heading), *verdict_table(list(rows), options.verbose))
    if claims:
        echo("", "claims", *(line for row in _claim_table(claims, options.verbose) for line in row))
    return code


def verdict_table(rows: Sequence[VerdictLine | SimulationLine], verbose: bool) -> Iterator[str | Line]:
    """Yield the lines below a heading: one a verdict, and after a step that fails what its move gives.

    Lines of an earlier derivation that begins in the same way are named by its title, once.
    """
    shared = [row for row in rows if isinstance(row, VerdictLine) and row.opening]
    if shared:
        steps = sum(row.is_step for row in shared)
        first = "step" if steps == 1 else counted(steps, "step")
        yield from paragraph(
            f"the start and the first {first} are those of {shared[0].opening}", "  ", "    "
        )
    own = [row for row in rows if row not in shared]
    said = [
        (row.label, verdict_line(row.verdict, verbose))
        if isinstance(row, VerdictLine)
        else ("motions", Line("", row.text, "red" if row.contradicts else ""))
        for row in own
    ]
    for row, lines in zip(own, table(said), strict=True):
        yield from lines
        if isinstance(row, VerdictLine):
            yield from labelled(row.due, indent="      ")


def _claim_table(claims: Iterable[ClaimLine], verbose: bool) -> list[list[Line]]:
    rows = list[tuple[str, Line]]()
    for claim in claims:
        rows.append((claim.label, verdict_line(claim.verdict, verbose)))
        if claim.repair is not None:
            rows.append(("  its repair", verdict_line(claim.repair, verbose)))
    return table(rows)


def _summary(
    lines: Sequence[VerdictLine | SimulationLine], claims: Sequence[ClaimLine], options: Namespace
) -> tuple[list[str], int]:
    """Return what was checked and what of it does not hold, in sentences, and the exit code."""
    strict = options.strict
    judged = [line for line in lines if isinstance(line, VerdictLine)]
    motions = [line for line in lines if isinstance(line, SimulationLine)]
    shown = [line for line in judged if line.is_shown]
    frozen = [line for line in judged if line.is_frozen]
    others = [line for line in judged if not (line.is_shown or line.is_frozen)]
    says = list[str]()
    if others or not (shown or frozen):
        says.append(summary_of_steps(others, strict))
    if frozen:
        wrong = [line.verdict for line in frozen if line.fails(strict)]
        held = _held([line.verdict for line in frozen], wrong)
        says.append(f"{counted(len(frozen), 'frozen rule')} checked, {held}")
    if shown:
        wrong = [line.verdict for line in shown if line.fails(strict)]
        what = "equation, finding or number" if len(shown) == 1 else "equations, findings and numbers"
        says.append(f"{len(shown)} {what} checked, {_held([line.verdict for line in shown], wrong)}")
    failing = sum(line.fails(strict) for line in judged)
    checked = any(line.is_step or line.is_shown or line.is_frozen for line in judged)
    if repairs := [claim.repair for claim in claims if claim.repair is not None]:
        wrong = [repair for repair in repairs if not repair]
        says.append(f"{counted(len(repairs), 'repair')} of claims checked, {_held(repairs, wrong)}")
        failing += len(wrong)
    if options.claims and claims:
        verdicts = [claim.verdict for claim in claims]
        false = [v for v in verdicts if is_failure(v, strict)]
        held = _held(verdicts, false) if false else "none fails"
        says.append(f"{counted(len(claims), 'claim')} judged, {held}")
        checked, failing = True, failing + len(false)
    if options.simulate:
        failing += sum(line.contradicts for line in motions)
        says.append(_summary_of_motions(motions))
    return says, int(not checked or failing > 0)


def _held(verdicts: Sequence[Verdict], wrong: Sequence[Verdict]) -> str:
    """Return how many of some verdicts do not hold, in words: what is undecided or unchecked is named."""
    if not wrong:
        return "all hold" if len(verdicts) > 1 else "it holds"
    return f"{len(wrong)} of them {_do_not_hold(wrong)}" if len(verdicts) > 1 else f"it {_do_not_hold(wrong)}"


def _do_not_hold(verdicts: Sequence[Verdict]) -> str:
    named = {Outcome.UNDECIDABLE: "are undecided", Outcome.UNCHECKED: "are unchecked"}
    many = " or ".join(dict.fromkeys(named.get(v.outcome, "do not hold") for v in verdicts))
    return many if len(verdicts) > 1 else many.replace("do ", "does ").replace("are ", "is ")


def summary_of_steps(lines: Sequence[VerdictLine], strict: bool) -> str:
    """Return how many steps were checked, how many do not hold, and how many are conditional."""
    steps = [line.verdict for line in lines if line.is_step]
    if not steps:
        return "0 steps checked: nothing holds"
    wrong = [line.verdict for line in lines if line.is_step and line.fails(strict)]
    others = [line.verdict for line in lines if not line.is_step and line.fails(strict)]
    conditional = sum(v.outcome is Outcome.CONDITIONAL and not is_failure(v, strict) for v in steps)
    says = [f"{counted(len(steps), 'step')} checked, {_held(steps, wrong)}"]
    says += (
        [f"{counted(len(others), 'start, assumption or dimension')} {_do_not_hold(others)}"] if others else []
    )
    says += [f"{conditional} on the conditions that are listed"] if conditional else []
    return ", ".join(says)


def _summary_of_motions(lines: Sequence[SimulationLine]) -> str:
    """Return how many derivations were simulated, and how many contradict their verdicts."""
    left_out = sum(line.outcome == "not simulated" for line in lines)
    wrong = sum(line.contradicts for line in lines)
    said = f"{wrong} contradict verdicts that hold" if wrong else "none contradicts a verdict that holds"
    return f"{counted(len(lines) - left_out, 'derivation')} simulated and {left_out} not, {said}"


@contextmanager
def _checked(files: Sequence[Path], options: Namespace) -> Iterator[Iterator[Shown]]:
    """Provide the lines on all files, those on each before it is Finished."""
    seen = Seen()
    if (options.jobs or 1) > 1:
        check = partial(check_file, seen=Seen(), simulate=options.simulate)
        yield each_once(in_processes(check, files, options.jobs), seen)
        return
    if options.own_process:
        stay_single()
    parts = list[Part]()
    with progress(len(files), "loading") as done:
        for file in files:
            parts += parts_of_file(file, seen, options.simulate)
            done(file.name)
    numbers = range(len(parts))
    # The copy begins at the end: neighbours have much in common that is computed once.
    with halved(parts, reversed(numbers), options.own_process and options.jobs is None) as shared:
        yield each_once((line for number in numbers for line in shared.take(number)), seen)


def check_file(file: Path, seen: Seen, simulate: bool = False) -> Iterator[Shown]:
    """Load a script and yield a line for each of its steps, its claims, and what its chapters show.

    Claims that were seen are left out, and those that are judged are seen then. Lines on claims have their
    identities, which tell them from those of other processes.
    """
    found = (line for part in parts_of_file(file, seen, simulate) for line in part())
    for line in each_once(found, seen):
        if isinstance(line, ClaimLine):
            line = replace(line, identity=seen.identity(line.id, line.identity))
        yield line


def parts_of_file(file: Path, seen: Seen, simulate: bool = False) -> list[Part]:
    """Load a script and return the parts of its check, which may be carried out in any order.

    They yield its lines, but a line on a claim may be there twice.
    """
    if is_frozen(file):
        return [lambda: (frozen_line(file), Finished(file.stem, True))]
    script = load(file)
    parts: list[Part] = []
    for k, derivation in enumerate(script.derivations):
        parts.append(partial(check_derivation, script.name, derivation, script.derivations[:k]))
        if simulate:
            parts.append(partial(_simulation_lines, script.name, derivation))
    claims = script.claims
    # Chapters, and numbers in sentences, need what documents are made of, which takes longer to import.
    texts = [script.prose, *(step.says for d in script.derivations for step in d.steps)]
    texts += [text for c in claims for text in (c.formal, c.reading, c.repair)]
    stated = any(map(_STATES_NUMBERS.search, texts)) or not all(map(_is_readable, script.derivations))
    if stated or any(part.shows_statements for part in script.parts):
        from physsym.documents.compute import claims_of
        from physsym.documents.judgements import judged_parts

        claims = tuple(claim for _, claim in claims_of([script]))
        parts += [partial(_shown_lines, script.name, part) for part in judged_parts(script)]
    for claim in claims:
        if (number := seen.number(claim)) is not None:
            parts.append(partial(_listed_lines, script.name, claim, number, seen))
    has_content = bool(script.derivations or script.claims or script.parts)
    return [*parts, lambda: (Finished(script.name, has_content),)]


def each_once(found: Iterable[Shown | NumberLine], seen: Seen) -> Iterator[Shown]:
    """Yield lines, those on a claim once, and one for each number that two formulas of a script have."""
    numbered: dict[str, Numbered] = {}
    for line in found:
        if isinstance(line, NumberLine):
            for shown in line.shown.judged(numbered):
                yield VerdictLine(line.heading, one_line(shown.what), shown.verdict, is_shown=True)
            continue
        if isinstance(line, ClaimLine):
            if seen.has_line(line.id, line.identity):
                continue
            seen.judged.setdefault(line.id, []).append(line.identity)
        elif isinstance(line, Finished):
            numbered = {}
        yield line


def _listed_lines(script: str, claim: Claim, number: int, seen: Seen) -> Iterator[ClaimLine]:
    """Yield the line on a claim that a script lists under a number, unless there is one already."""
    if not seen.has_line(claim.id, number):
        yield _claim_line(script, judge_claim(claim), number)


def _shown_lines(script: str, part: Judging) -> Iterator[VerdictLine | ClaimLine | NumberLine]:
    """Yield the lines on a part of what the chapters of a script show."""
    from physsym.documents.judgements import Numbered

    for shown in part():
        if isinstance(shown, JudgedClaim):
            yield _claim_line(script, shown, shown.claim.identity)
        elif isinstance(shown, Numbered):
            yield NumberLine(one_line(script), shown)
        else:
            yield VerdictLine(one_line(script), one_line(shown.what), shown.verdict, is_shown=True)


def is_frozen(file: Path) -> bool:
    """Return whether a file may be one that `physsym freeze` wrote, without a look at its code."""
    with suppress(OSError):
        # A pipe would be waited for.
        return file.suffix == ".py" and file.is_file() and b"\nFROZEN = {" in file.read_bytes()
    return False


def frozen_line(file: Path) -> VerdictLine:
    """Return the line on a file that `physsym freeze` wrote."""
    from physsym.cli.frozen import check_frozen  # which needs more than what verifies

    return VerdictLine(one_line(file), "frozen rule", check_frozen(file), is_frozen=True)


def check_derivation(
    name: str, derivation: Derivation, earlier: Sequence[Derivation] = ()
) -> Iterator[VerdictLine]:
    """Yield a line for the start where that is more than given, one for each step, and what is not known.

    Dimensions that contradict each other are in the verdict on their line, and contradictory assumptions in
    those on the steps; lines of their own are for those that could not be decided.
    """
    heading = one_line(f"{name}: {derivation.title}")
    first, shared = common_beginning(derivation, earlier)
    opening = one_line(first.title) if first is not None else ""
    if derivation.start_verdict is not None:
        yield VerdictLine(heading, "start", derivation.start_verdict, opening=opening)
    for k, (step, verdict) in enumerate(zip(derivation.steps, derivation.verdicts()[1:], strict=True), 1):
        label = one_line(f"{k} {in_words(step.move)}")
        said = opening if k <= shared else ""
        due = against_move(derivation, k) if verdict.outcome is Outcome.FAILS and not said else ()
        yield VerdictLine(heading, label, verdict, is_step=True, opening=said, due=due)
    consistency, taken = derivation.consistency(), derivation.assumptions
    undecided = consistency.outcome is Outcome.UNDECIDABLE
    if taken or undecided:
        assumed = tuple(a.condition for a in taken if not a.follows and not isinstance(a.condition, Equation))
        evidence = (*(str(a) for a in taken if a.follows), *consistency.evidence)
        shown = replace(consistency, assumes=assumed, evidence=evidence)
        yield VerdictLine(heading, "assumptions", shown, is_note=not undecided)
    said_before: set[str] = set()
    for k, verdict in enumerate(derivation.dimensions()):
        new = tuple(e for e in verdict.evidence if e.partition(":")[0] not in said_before)
        said_before |= {e.partition(":")[0] for e in new}
        if verdict.outcome is Outcome.UNDECIDABLE and new:
            note = replace(verdict, evidence=new)
            yield VerdictLine(heading, f"dimensions of line {k}", note, is_note=True)


def common_beginning(derivation: Derivation, earlier: Sequence[Derivation]) -> tuple[Derivation | None, int]:
    """Return the earlier derivation that begins with most of the same steps, and the number of these.

    Only steps with the same verdicts count, and only from the same start; None where there is no step.
    """
    longest: tuple[Derivation | None, int] = (None, 0)
    for other in earlier:
        if (other.start, other.system, other.verdicts()[0]) != (
            derivation.start,
            derivation.system,
            derivation.verdicts()[0],
        ):
            continue
        pairs = zip(
            zip(derivation.steps, derivation.verdicts()[1:], strict=True),
            zip(other.steps, other.verdicts()[1:], strict=True),
            strict=False,
        )
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if same > longest[1]:
            longest = other, same
    return longest


def against_move(derivation: Derivation, number: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return, for a step that fails, its line, what its move gives, and where they differ, with labels."""
    (lines, _), verdict = derivation._walk, derivation.verdicts()[number]
    due = line_of_move(derivation, number)
    if due is None or number >= len(lines):
        return ()
    apart = differences(lines[number], due)
    return (
        ("the line", (one_line(lines[number]),)),
        ("the move gives", (one_line(due),)),
        ("difference", tuple(one_line(d) for d in apart)),
        ("where", tuple(one_line(d.witness) for d in apart if d.witness and not verdict.witness)),
    )


def _simulation_lines(name: str, derivation: Derivation) -> Iterator[SimulationLine]:
    """Yield a line on the motions of a derivation, which the oracle integrates and compares."""
    from physsym.oracle import contradicts
    from physsym.oracle import simulate as observed

    seen = observed(derivation)
    against = contradicts(seen, derivation.verdicts())
    says = f"{seen}, which contradicts the verdicts" if against else str(seen)
    yield SimulationLine(one_line(f"{name}: {derivation.title}"), one_line(says), seen.outcome, against)


def _is_readable(derivation: Derivation) -> bool:
    """Return whether the sentences on the steps use no names in formulas but those of the derivation."""
    known = derivation.vocabulary_of_sentences
    formulas = (f for step in derivation.steps for f in _FORMULA.findall(step.says))
    names = {name for formula in formulas for name in _NAME.findall(formula)}
    return all(name in FUNCTIONS or known.get(name) for name in names)


def _claim_line(script: str, judged: JudgedClaim, identity: Identity) -> ClaimLine:
    label = one_line(f"{script}, claim {judged.claim.id}")
    return ClaimLine(label, judged.verdict, judged.repair, judged.claim.id, identity)
