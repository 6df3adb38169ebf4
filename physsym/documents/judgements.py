"""The verdicts on what chapters show beside derivations and claims: equations, findings, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from physsym.core.verdicts import Outcome, Verdict, all_of, fails, holds
from physsym.derivation import Derivation
from physsym.documents.compute import (
    Computed,
    ComputedBlock,
    ComputedFigure,
    ComputedTable,
    Judged,
    JudgedEquation,
    JudgedFinding,
    claims_of,
    compute_block,
    named,
    refuse_number,
)
from physsym.documents.content import (
    Book,
    Chapter,
    Claims,
    Embedded,
    Heading,
    Note,
    OneFace,
    Passage,
    chapters_of,
    vocabulary_of,
    with_symbols,
)
from physsym.documents.errors import reason_of
from physsym.documents.prose import stated_in_passage, stated_numbers
from physsym.loading import DocumentPart, Script
from physsym.mechanics.claim import Claim, JudgedClaim, judge_claim
from physsym.vocabulary import STANDARD, Vocabulary

_REFUTED = (Outcome.FAILS, Outcome.CONDITIONAL, Outcome.APPROXIMATE)


@dataclass(frozen=True)
class Judgement:
    """Something that a chapter shows, in words, and the verdict on it; perhaps a number that words state."""

    what: str
    verdict: Verdict
    is_number: bool = False


@dataclass(frozen=True)
class Numbered:
    """A formula that a chapter shows under a number, which no other formula may have.

    It is told from others by its text and its hash: what an author left unevaluated would not stay as it is
    where it is sent from one process to another.
    """

    where: str = field(compare=False)
    number: str
    formula: str
    hash: int

    def __str__(self) -> str:
        return self.formula

    def judged(self, numbered: dict[str, Numbered]) -> Iterator[Judgement]:
        """Yield a failing verdict where the number is that of another formula of those before."""
        try:
            refuse_number(self.number, self, numbered)
        except ValueError as error:
            yield Judgement(f"{self.where}, equation ({self.number})", fails(str(error)))


# What the chapters of a script show, one after the other: these may be judged in any order.
Part: TypeAlias = "Callable[[], Iterable[Judgement | JudgedClaim | Numbered]]"


def judgements(script: Script) -> Iterator[Judgement | JudgedClaim]:
    """Yield the verdict on each equation, finding and number that the chapters of a script show.

    Derivations and claims are judged apart, but for claims in cells of tables; of the others the numbers in
    their words are judged here. What cannot be computed is UNCHECKED, with the reason. Figures are not drawn.

    Parameters
    ----------
    script
        A script that exports chapters, or none.

    Yields
    ------
    Judgement or JudgedClaim
        In the order of the document.
    """
    numbered: dict[str, Numbered] = {}
    for part in judged_parts(script):
        for found in part():
            if isinstance(found, Numbered):
                yield from found.judged(numbered)
            else:
                yield found


def judged_parts(script: Script, judge: Callable[[Claim], JudgedClaim] = judge_claim) -> Iterator[Part]:
    """Yield what `judgements` judges in parts: the words of the script, then one chapter after the other.

    `judge` judges the claims in cells of tables.
    """
    yield partial(judge_sentences, script)
    for chapter in chapters_of(script):
        yield partial(_judge_chapter, chapter, judge)


def _judge_chapter(
    shown: Chapter, judge: Callable[[Claim], JudgedClaim]
) -> Iterator[Judgement | JudgedClaim | Numbered]:
    chapter = with_symbols(shown)
    yield from _numbers(chapter.title, (chapter.title,), chapter.vocabulary)
    judged = Judged(judge)
    for block in chapter.blocks:
        if isinstance(block, Claims | Derivation):
            continue
        try:
            computed = tuple(compute_block(block, judged))
        except Exception as error:
            unchecked = Verdict(Outcome.UNCHECKED, (reason_of(error),))
            yield Judgement(f"{chapter.title}, {named(block)}", unchecked)
            continue
        for part in computed:
            yield from _judged(part, chapter)
            yield from _numbered(part, chapter)


def judge_computed(computed: Computed) -> Iterator[Judgement]:
    """Yield what `judgements` yields of computed scripts, and the repairs of claims.

    Parameters
    ----------
    computed
        What a document shows.

    Yields
    ------
    Judgement
        In the order of the document.
    """
    for done in computed.scripts:
        yield from judge_sentences(done.script)
        for chapter, blocks in done.chapters:
            yield from _numbers(chapter.title, (chapter.title,), chapter.vocabulary)
            for part in blocks:
                yield from (j for j in _judged(part, chapter) if isinstance(j, Judgement))
    for judged in computed.claims:
        if judged.repair is not None:
            yield Judgement(f"claim {judged.claim.id}, repair", judged.repair)


def judge_introduction(intro: Chapter) -> Iterator[Judgement]:
    """Yield the verdicts on the numbers in the words of an introduction.

    Parameters
    ----------
    intro
        What is put in front of a document, with the symbols that it may use.

    Yields
    ------
    Judgement
        In the order of the text.
    """
    for block in (Heading(intro.title), *intro.blocks):
        yield from (j for j in _judged(block, intro) if isinstance(j, Judgement))  # type: ignore[arg-type]


def judge_sentences(script: Script) -> Iterator[Judgement]:
    """Yield the verdicts on the numbers in the words of a script, its derivations and its claims.

    Parameters
    ----------
    script
        A script.

    Yields
    ------
    Judgement
        One for each statement about numbers, and for each formula that cannot be read.
    """
    own = vocabulary_of(STANDARD, script.derivations)
    yield from _numbers(script.name, (script.prose,), own)
    yield from _numbers(script.name, map(book_opening, script.parts), STANDARD)
    for derivation in script.derivations:
        yield from _numbers(derivation.title, (derivation.title,), derivation.vocabulary)
        for k, step in enumerate(derivation.steps, 1):
            where = f"{derivation.title}, step {k}"
            yield from _numbers(where, (step.says,), derivation.vocabulary_of_sentences)
    for _, claim in claims_of([script]):
        # What cannot be read in the words of a claim stays code there.
        found = _numbers(f"claim {claim.id}", (claim.formal, claim.reading, claim.repair), STANDARD)
        yield from (j for j in found if j.verdict.outcome is not Outcome.UNCHECKED)


def _numbered(part: ComputedBlock, chapter: Chapter) -> Iterator[Numbered]:
    """Yield the formulas that a block shows under numbers."""
    parts = (*part.follows, *part.source, *part.difference) if isinstance(part, JudgedFinding) else (part,)
    for shown in parts:
        if isinstance(shown, JudgedEquation) and shown.number and not shown.refuted:
            yield Numbered(chapter.title, shown.number, str(shown.formula), hash(shown.formula))


def _judged(part: ComputedBlock, chapter: Chapter) -> Iterator[Judgement | JudgedClaim]:
    """Yield the verdicts on one computed block."""
    texts: tuple[str, ...] = ()
    match part:
        case str():
            texts = (part,)
        case Passage():
            yield from _named_numbers(chapter.title, stated_in_passage(part.text, chapter.vocabulary))
        case Heading():
            texts = (part.title,)
        case Note():
            texts = (part.text,)
        case Embedded():
            texts = (part.title, part.instead)
        case JudgedEquation():
            name = f"equation ({part.number})" if part.number else f"equation {part.formula}"
            name += ", shown as false" if part.refuted else ""
            yield Judgement(f"{chapter.title}, {name}", judge_shown(part))
            texts = (part.says,)
        case JudgedFinding():
            yield Judgement(f"{chapter.title}, finding {part.title!r}", judge_finding(part))
            sides = (*part.follows, *part.source, *part.difference)
            texts = (part.title, part.says, *(side for side in sides if isinstance(side, str)))
        case ComputedTable():
            cells = [c.content if isinstance(c, OneFace) else c for row in part.rows for c in row]
            texts = (part.caption, *part.head, *(cell for cell in cells if isinstance(cell, str)))
            yield from (cell for cell in cells if isinstance(cell, JudgedClaim))
            for cell in cells:
                if isinstance(cell, JudgedEquation):
                    yield from _judged(cell, chapter)
        case ComputedFigure():
            texts = (part.caption, part.alt)
    yield from _numbers(chapter.title, texts, chapter.vocabulary)


def _numbers(where: str, texts: Iterable[str], vocabulary: Vocabulary) -> Iterator[Judgement]:
    """Yield the verdicts on what texts state about numbers."""
    for text in texts:
        yield from _named_numbers(where, stated_numbers(text, vocabulary))


def _named_numbers(where: str, stated: Iterable[tuple[str, Verdict]]) -> Iterator[Judgement]:
    """Yield verdicts with where the statements are and how they are written."""
    for said, verdict in stated:
        kind = "formula" if verdict.outcome is Outcome.UNCHECKED else "number"
        yield Judgement(f"{where}, {kind} {said}", verdict, is_number=kind == "number")


def book_opening(part: DocumentPart) -> str:
    """Return the opening of a book, and nothing of what is none.

    Parameters
    ----------
    part
        What a script exports.

    Returns
    -------
    str
        Markdown.
    """
    return part.opening if isinstance(part, Book) else ""


def judge_shown(shown: JudgedEquation) -> Verdict:
    """Return whether an equation is what it is shown as: one that holds, or one that is false.

    Parameters
    ----------
    shown
        An equation with its verdict.

    Returns
    -------
    Verdict
        That of the equation; of one that is shown as false, whether it fails.
    """
    if not shown.refuted:
        return shown.verdict
    if shown.verdict.outcome is Outcome.FAILS:
        return holds("shown as false, which it is", *shown.verdict.evidence)
    return fails(
        f"shown as false, but its verdict is: {shown.verdict.outcome.value}", *shown.verdict.evidence
    )


def judge_finding(finding: JudgedFinding) -> Verdict:
    """Return whether a finding is one: what follows holds, and the sentence of the source does not.

    Parameters
    ----------
    finding
        A finding with the verdict on the sentence of the source.

    Returns
    -------
    Verdict
        Holds where the sentence was refuted, or holds only under conditions or approximately.
    """
    source = finding.verdict
    if source:
        refuted = fails(
            "the sentence of the source holds, so that there is nothing to find", *source.evidence
        )
    elif source.outcome in _REFUTED:
        refuted = holds(f"the sentence of the source: {source.outcome.value}", *source.evidence)
    else:
        refuted = source
    shown = (part.verdict for part in finding.follows if isinstance(part, JudgedEquation))
    return all_of(refuted, *shown)
