"""The first phase of a document: what it shows is computed, into frozen values. `layout` is the second.

Here claims, findings and equations are judged, tables filled, captions computed, and rules written as
programs and compared with what people write by hand. Afterwards only the functions of an author that
draw are called.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import singledispatch
from itertools import chain
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeAlias, TypeVar

from physsym.codegen import program
from physsym.codegen.emit import python_source
from physsym.core.dimensions import Dimension
from physsym.core.statements import Law, Rule, Statement
from physsym.core.verdicts import Verdict
from physsym.derivation import Assumption, Derivation, DerivationError, ErrorBudget
from physsym.documents.comparisons import Comparison
from physsym.documents.content import (
    Block,
    Chapter,
    Claims,
    Code,
    Embedded,
    EquationRange,
    Figure,
    Finding,
    Formula,
    Heading,
    Note,
    NumberedEquation,
    OneFace,
    Passage,
    Table,
    chapters_of,
    comparisons_of,
    derivations_in,
    verdict_of,
    with_symbols,
)
from physsym.documents.errors import DocumentError, naming
from physsym.documents.tree import FACES, Photo, anchor
from physsym.loading import Script, ScriptError
from physsym.loading import load as load_file
from physsym.mechanics.claim import Claim, JudgedClaim, judge_claim
from physsym.mechanics.moves import Step
from physsym.printing import equations_of_function, latex_of_function
from physsym.vocabulary import Face, Vocabulary

Shown = TypeVar("Shown")
Progress: TypeAlias = Callable[[str], None]
# The start of a derivation, and the steps from it to a line: this identifies a line.
LinePath: TypeAlias = tuple[Statement, tuple[Step, ...]]


def named(block: object) -> str:
    """Return a block of a chapter, or what was computed of it, in words."""
    if isinstance(block, str):
        return f"text {shorten(block, 40, placeholder='...')!r}"
    if isinstance(block, Passage):
        return block.name
    name = getattr(block, "number", "") or getattr(block, "name", "") or getattr(block, "title", "")
    kind = type(block).__name__.removeprefix("Judged").removeprefix("Computed")
    return f"{kind} {name or getattr(block, 'caption', '')!s}".rstrip()


# ------------------------------------------------------------------ the values


@dataclass(frozen=True)
class JudgedEquation:
    """A display equation with its verdict.

    `says` are the words of the author, `step` the step of the derivation to it, with its vocabulary. `path`
    leads to the line that is shown as it stands, so that the derivation need not show it again.
    """

    number: str
    formula: Formula
    verdict: Verdict
    says: str = ""
    step: Step | None = None
    vocabulary: Vocabulary | None = None
    dimensions: Verdict | None = None
    path: LinePath | None = None
    faces: tuple[Face, ...] = FACES
    refuted: bool = False


ComputedPart: TypeAlias = "str | Formula | JudgedEquation"
ComputedCell: TypeAlias = "ComputedPart | OneFace | Verdict | JudgedClaim | Dimension | int | float"


@dataclass(frozen=True)
class JudgedFinding:
    """A finding with its verdict, its sides computed."""

    title: str
    follows: tuple[ComputedPart, ...]
    source: tuple[ComputedPart, ...]
    difference: tuple[ComputedPart, ...]
    verdict: Verdict
    says: str
    anchor: str


@dataclass(frozen=True)
class ComputedTable:
    """A table whose cells are values."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[ComputedCell, ...], ...]
    number: str
    faces: tuple[Face | None, ...]


@dataclass(frozen=True)
class ComputedFigure:
    """A figure with its caption; `draw` is called by each format that needs the picture."""

    name: str
    draw: tuple[Callable[[Any], object], ...]
    caption: str
    alt: str
    size: tuple[float, float]


@dataclass(frozen=True)
class JudgedClaims:
    """Claims that are judged in one block."""

    claims: tuple[JudgedClaim, ...]
    title: str


@dataclass(frozen=True)
class ComputedComparison:
    """A comparison; where both are the same map, with the source of the function, as text and typeset."""

    name: str
    comparison: Comparison
    source: str = ""
    equations: Law | None = None
    latex: tuple[tuple[Face, str], ...] = ()


@dataclass(frozen=True)
class ComputedDerivation:
    """A derivation with what is known of each line, its rule as a program, and what that is compared with."""

    derivation: Derivation
    lines: tuple[Statement, ...]
    verdicts: tuple[Verdict, ...]
    dimensions: tuple[Verdict, ...]
    error: ErrorBudget
    assumptions: tuple[Assumption, ...]
    program: str
    comparisons: tuple[ComputedComparison, ...]


ComputedBlock: TypeAlias = (
    str
    | Passage
    | Photo
    | Heading
    | Note
    | Code
    | Embedded
    | JudgedEquation
    | JudgedFinding
    | ComputedTable
    | ComputedFigure
    | JudgedClaims
    | ComputedDerivation
)


@dataclass(frozen=True)
class ComputedScript:
    """A script with its chapters' blocks computed, and the derivations that none of these shows."""

    script: Script
    chapters: tuple[tuple[Chapter, tuple[ComputedBlock, ...]], ...]
    derivations: tuple[ComputedDerivation, ...]


@dataclass(frozen=True)
class Computed:
    """All that the document of some scripts shows; `claims` are all there are, each once."""

    scripts: tuple[ComputedScript, ...]
    claims: tuple[JudgedClaim, ...]


# ------------------------------------------------------------------ computing

# What judges the claims of a document: a command may ask another process.
judging: ContextVar[Callable[[Claim], JudgedClaim]] = ContextVar("judging", default=judge_claim)


@dataclass
class Judged:
    """Claims by their ids, each of which is judged when it is asked for first."""

    judge: Callable[[Claim], JudgedClaim] = judge_claim
    claims: dict[str, JudgedClaim] = field(default_factory=dict)

    def of(self, claim: Claim) -> JudgedClaim:
        """Return the judged claim that has the id of a claim."""
        if claim.id not in self.claims:
            self.claims[claim.id] = self.judge(claim)
        return self.claims[claim.id]


# What a document is made of, in reading order: scripts, chapters, derivations, the paths of Markdown files.
Source: TypeAlias = Derivation | Script | Chapter | str | Path
Sources: TypeAlias = Source | Iterable[Source]


def as_scripts(sources: Sources) -> tuple[Script, ...]:
    """Return scripts as they are, each single derivation as a script of its own, and Markdown files loaded.

    Raises TypeError for anything else, ValueError where there is none.
    """
    given = (sources,) if isinstance(sources, (Derivation, Script, Chapter, str, Path)) else sources
    if not isinstance(given, Iterable):
        raise TypeError(f"a document is made of derivations and scripts, given {sources!r}")
    scripts = tuple(map(_as_script, given))
    if not scripts:
        raise ValueError("a document needs at least one derivation, given none")
    return scripts


def _as_script(source: Any) -> Script:
    if isinstance(source, Script):
        return source
    if isinstance(source, Derivation):
        return Script(anchor(source.title), "", (source,))
    if isinstance(source, Chapter):
        return Script(anchor(source.title), "", source.derivations, parts=(source,))
    if isinstance(source, (str, Path)) and Path(source).suffix == ".md":
        if not Path(source).is_file():
            raise ScriptError(f"there is no file {source}")
        return load_file(Path(source))
    named = isinstance(source, str) and not set("=<>→←") & set(source)
    load = f"; load it with ps.script({source!r})" if named else ""
    raise TypeError(f"a document is made of derivations and scripts, given {source!r}{load}")


def compute(sources: Sources, done: Progress = lambda what: None) -> Computed:
    """Compute everything that the document of scripts and single derivations shows.

    Parameters
    ----------
    sources
        Scripts, or derivations, in reading order.
    done
        Called with the name of each claim, table, figure, chapter and derivation when it is finished:
        `size_of(sources)` times.

    Returns
    -------
    Computed
        Values alone: nothing in them is judged, run or called again, but the functions that draw figures.

    Raises
    ------
    DerivationError
        If a step without a stated line cannot be carried out.
    """
    scripts = as_scripts(sources)
    listed = {claim.id: claim for _, claim in claims_of(scripts)}

    def judge(claim: Claim) -> JudgedClaim:
        found = judging.get()(claim)
        if claim.id in listed:
            done(f"claim {claim.id}")
        return found

    judged = Judged(judge)
    begun = [
        [_with_blocks(script, chapter, judged, done) for chapter in chapters_of(script)] for script in scripts
    ]
    chapters = [tuple((chapter, tuple(chain(*blocks))) for chapter, blocks in of) for of in begun]
    claims = {name: judged.of(claim) for name, claim in listed.items()}
    claims |= judged.claims  # with those in cells of tables
    derivations = [tuple(_derivation(d, script, done) for d in _elsewhere(script)) for script in scripts]
    return Computed(tuple(map(ComputedScript, scripts, chapters, derivations)), tuple(claims.values()))


def size_of(sources: Sources) -> int:
    """Count what `document` reports as finished while it computes, for a progress bar.

    Parameters
    ----------
    sources
        Scripts, or derivations.

    Returns
    -------
    int
        How often `done` is called: once for each claim, table, figure, chapter and derivation.

    Examples
    --------
    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> size_of([derivation])
    1
    """
    scripts = as_scripts(sources)
    chapters = [c for s in scripts for c in chapters_of(s)]
    slow = [b for c in chapters for b in c.blocks if isinstance(b, Figure | Table)]
    derivations = sum(len(_elsewhere(s)) for s in scripts) + sum(len(derivations_in(c)) for c in chapters)
    return len(claims_of(scripts)) + len(chapters) + len(slow) + derivations


def _elsewhere(script: Script) -> tuple[Derivation, ...]:
    """Return the derivations of a script that none of its chapters shows."""
    placed = {d for chapter in chapters_of(script) for d in derivations_in(chapter)}
    return tuple(d for d in script.derivations if d not in placed)


def claims_of(scripts: Iterable[Script]) -> tuple[tuple[Script, Claim], ...]:
    """Return every claim that scripts export or use in a chapter, once, with the first script that has it.

    Claims are identified by their ids. Raises DocumentError where two that differ have one id.
    """
    found: dict[str, tuple[Script, Claim]] = {}
    for script, claim in _all_claims(scripts):
        first, other = found.setdefault(claim.id, (script, claim))
        refuse_other(claim, other, script.name if first is script else f"{first.name} and {script.name}")
    return tuple(found.values())


def refuse_other(claim: Claim, other: Claim, where: str) -> None:
    """Raise DocumentError where a claim is another one of the same id."""
    if claim is not other and claim.identity != other.identity:
        raise DocumentError(
            f"{where}: two different claims have the id {claim.id}; give each an id of its own"
        )


def refuse_number(number: str, formula: Shown, numbered: dict[str, Shown]) -> None:
    """Raise ValueError where another formula has the number of an equation."""
    other = numbered.setdefault(number, formula) if number else formula
    if other != formula:
        raise ValueError(
            f"({number}) is the number of {other} and of {formula}: give each equation a number of its own"
        )


def _all_claims(scripts: Iterable[Script]) -> Iterator[tuple[Script, Claim]]:
    for script in scripts:
        blocks = (block for chapter in chapters_of(script) for block in chapter.blocks)
        placed = (claim for block in blocks if isinstance(block, Claims) for claim in block.claims)
        yield from ((script, claim) for claim in (*script.claims, *placed))


def _with_blocks(
    script: Script, chapter: Chapter, judged: Judged, done: Progress
) -> tuple[Chapter, list[Iterable[ComputedBlock]]]:
    """Return a chapter, whose vocabulary has the symbols of all that it shows, with its blocks computed.

    Claims are judged when their blocks are asked for, after all chapters: another process may be at them.
    """
    with naming(script.shown_as, chapter.title):
        chapter = with_symbols(chapter)
    blocks = list[Iterable[ComputedBlock]]()
    for block in chapter.blocks:
        if isinstance(block, Claims):
            blocks.append(compute_block(block, judged))
            continue
        with naming(script.shown_as, chapter.title, named(block)):
            if isinstance(block, Derivation):
                blocks.append((_derivation(block, script, done),))
            else:
                blocks.append(tuple(compute_block(block, judged)))
        if isinstance(block, Figure | Table):
            done(f"figure {block.name}" if isinstance(block, Figure) else "table")
    done(f"chapter {chapter.number}".strip())
    return chapter, blocks


@singledispatch
def compute_block(block: Block, judged: Judged) -> Iterator[ComputedBlock]:
    """Yield the computed values of a block of an author."""
    raise TypeError(f"no block of a document is known for {type(block).__name__}")


@compute_block.register(str)
@compute_block.register(Passage)
@compute_block.register(Photo)
@compute_block.register(Heading)
@compute_block.register(Note)
@compute_block.register(Embedded)
def _(block: str | Passage | Photo | Heading | Note | Embedded, judged: Judged) -> Iterator[ComputedBlock]:
    yield block


@compute_block.register(Code)
def _(block: Code, judged: Judged) -> Iterator[ComputedBlock]:
    code = block.code if isinstance(block.code, str) else inspect.getsource(block.code)
    yield replace(block, code=textwrap.dedent(code))


@compute_block.register(NumberedEquation)
def _(block: NumberedEquation, judged: Judged) -> Iterator[ComputedBlock]:
    yield judge_equation(block)


@compute_block.register(EquationRange)
def _(block: EquationRange, judged: Judged) -> Iterator[ComputedBlock]:
    yield from map(judge_equation, block.lines())


def judge_equation(shown: NumberedEquation) -> JudgedEquation:
    """Judge an equation: the step to the line that it is, its likeness to the line, and its own check."""
    equation = JudgedEquation(
        shown.number,
        shown.formula,
        shown.verdict(),
        shown.says,
        faces=shown.faces,
        refuted=shown.refuted,
    )
    if shown.line is None:
        return equation
    derivation, index = shown.line
    return replace(
        equation,
        step=derivation.steps[index - 1] if index else None,
        vocabulary=derivation.vocabulary_of_sentences,
        dimensions=derivation.dimensions()[index],
        path=(derivation.start, derivation.steps[:index]) if shown.statement is None else None,
    )


@compute_block.register(Finding)
def _(block: Finding, judged: Judged) -> Iterator[ComputedBlock]:
    yield JudgedFinding(
        block.title,
        tuple(_parts(block.follows)),
        tuple(_parts(block.source)),
        tuple(_parts(block.difference)),
        verdict_of(block.check, f"check= of the finding {block.title!r}"),
        textwrap.dedent(block.says),
        block.anchor,
    )


def _parts(side: Any) -> Iterator[ComputedPart]:
    """Yield the words and formulas of one side of a finding, those that a function computes included."""
    if isinstance(side, tuple):
        for part in side:
            yield from _parts(part)
    elif isinstance(side, NumberedEquation):
        yield judge_equation(side)
    elif isinstance(side, str | Formula):
        yield side
    else:
        yield from _parts(side())


@compute_block.register(Table)
def _(block: Table, judged: Judged) -> Iterator[ComputedBlock]:
    cells = tuple(tuple(_cell(cell, judged) for cell in row) for row in block.computed_rows())
    yield ComputedTable(block.caption, block.head, cells, block.number, block.faces)


def _cell(cell: Any, judged: Judged) -> ComputedCell:
    if isinstance(cell, OneFace):
        return replace(cell, content=_cell(cell.content, judged))
    if isinstance(cell, NumberedEquation):
        return judge_equation(cell)
    if isinstance(cell, Claim):
        refuse_other(cell, judged.of(cell).claim, "a table")
        return judged.of(cell)
    if isinstance(cell, str | Formula | Verdict | Dimension | int | float):
        return cell
    return _cell(cell(), judged)


@compute_block.register(Figure)
def _(block: Figure, judged: Judged) -> Iterator[ComputedBlock]:
    caption, alt = (t if isinstance(t, str) else t() for t in (block.caption, block.alt))
    yield ComputedFigure(block.name, block.draws, caption, alt, block.size)


@compute_block.register(Claims)
def _(block: Claims, judged: Judged) -> Iterator[ComputedBlock]:
    yield JudgedClaims(tuple(judged.of(claim) for claim in block.claims), block.title)


def _derivation(derivation: Derivation, script: Script, done: Progress) -> ComputedDerivation:
    try:
        last = derivation.lines[-1]
    except DerivationError as error:
        raise DerivationError(f"{script.shown_as}: {error}") from error
    found = [f for c in comparisons_of(script) for f in c.compare(last)] if isinstance(last, Rule) else []
    computed = ComputedDerivation(
        derivation,
        derivation.lines,
        derivation.verdicts(),
        derivation.dimensions(),
        derivation.error,
        derivation.assumptions,
        python_source(program(last)) if isinstance(last, Rule) else "",
        tuple(map(_comparison, found)),
    )
    done(derivation.title)
    return computed


def _comparison(comparison: Comparison) -> ComputedComparison:
    function = comparison.implementation
    if not comparison.verdict:
        return ComputedComparison(function.__name__, comparison)
    return ComputedComparison(
        function.__name__,
        comparison,
        inspect.getsource(function),
        equations_of_function(function),
        tuple((face, latex_of_function(function, face)) for face in FACES),
    )
