"""From derivation scripts to the tree of a document."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from physsym.claim import Claim
from physsym.comparison import Comparison, Written, compared
from physsym.derivation import Derivation
from physsym.document.prose import paragraphs, sentence
from physsym.document.reasons import phrase, reason
from physsym.document.tree import (
    Aligned,
    Block,
    Document,
    Facts,
    Judged,
    Line,
    Listing,
    Section,
    Sentence,
)
from physsym.moves import Step
from physsym.program import program
from physsym.scripts import Script
from physsym.source import python_source
from physsym.statement import Rule, Statement
from physsym.typeset import equations_of_function, latex_of_function
from physsym.verdict import Condition, Order, Premise
from physsym.vocabulary import STANDARD, Face

Reached: TypeAlias = tuple[Statement, tuple[Step, ...]]  # where one starts, and the steps to the line
Numbers: TypeAlias = dict[Reached, str]

TITLE = "Optimizers derived from mechanics"
OPENING = """
A particle slides over a landscape and is slowed by friction. Written for the particle, the equations are
mechanics; written for the weights of a model, with the loss for the potential, they are optimization. Every
line below stands on both faces, and every step from one line to the next has been checked by machine: the
badge under it says how it came out, and unfolds to what was seen and what was assumed.
"""


def document_of(sources: Iterable[Derivation | Script]) -> Document:
    """Return the document of scripts and single derivations, in the order given.

    What a derivation shares with an earlier one is not shown again: it continues there.
    """
    scripts = [s if isinstance(s, Script) else Script(_anchor(s.title), "", (s,)) for s in sources]
    numbers: Numbers = {}
    sections = [section for k, s in enumerate(scripts, 1) for section in _chapter(s, k, numbers)]
    return Document(TITLE, paragraphs(OPENING, STANDARD), tuple(sections))


def _anchor(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def _chapter(script: Script, chapter: int, numbers: Numbers) -> Iterator[Section]:
    title, _, body = script.prose.partition("\n\n")
    heading = title.strip().rstrip(".") or script.name
    yield Section(heading, _anchor(script.name), 2, tuple(paragraphs(body, STANDARD)), STANDARD)
    for derivation in script.derivations:
        blocks = tuple(_derived(derivation, chapter, numbers))
        anchor = f"{_anchor(script.name)}-{_anchor(derivation.title)}"
        yield Section(derivation.title, anchor, 3, blocks, derivation.vocabulary)
    if script.claims:
        judged = tuple(map(_judged, script.claims))
        yield Section("Claims", f"{_anchor(script.name)}-claims", 3, judged, STANDARD)


def _derived(derivation: Derivation, chapter: int, numbers: Numbers) -> Iterator[Block]:
    yield from _lines(derivation, chapter, numbers)
    yield _summary(derivation)
    last = derivation.lines[-1]
    if isinstance(last, Rule):
        yield Listing("The rule as a program", "python", python_source(program(last)))
        yield from _beside(compared(last))


def _lines(derivation: Derivation, chapter: int, numbers: Numbers) -> Iterator[Line]:
    """Yield the numbered lines from the last one that an earlier derivation has reached by the same steps."""
    lines, verdicts, dimensions = derivation.lines, derivation.verdicts(), derivation.dimensions()
    known = [k for k in range(len(lines)) if _reached(derivation, k) in numbers]
    if known:
        yield Line(numbers[_reached(derivation, known[-1])], lines[known[-1]], recalled=True)
    for k in range(known[-1] + 1 if known else 0, len(lines)):
        number = numbers[_reached(derivation, k)] = _next_number(chapter, numbers)
        if k == 0:
            yield Line(number, lines[0], dimensions=dimensions[0])
            continue
        step = derivation.steps[k - 1]
        says = sentence(step.says, derivation.vocabulary)
        yield Line(number, lines[k], says, reason(step.move), verdicts[k - 1], dimensions[k])


def _reached(derivation: Derivation, k: int) -> Reached:
    return derivation.start, derivation.steps[:k]


def _next_number(chapter: int, numbers: Numbers) -> str:
    return f"{chapter}.{sum(n.startswith(f'{chapter}.') for n in numbers.values()) + 1}"


def _summary(derivation: Derivation) -> Facts:
    holding = sum(map(bool, derivation.verdicts()))
    return Facts(
        (
            ("Steps", phrase(f"{holding} of {len(derivation.steps)} hold")),
            ("Error", _orders(derivation)),
            ("Assumptions", _assumed(derivation)),
        )
    )


def _orders(derivation: Derivation) -> Sentence:
    orders = derivation.error.orders
    if not orders:
        return phrase("the last line is exact")
    joined: list[str | Order] = [part for order in orders for part in (" + ", order)]
    return phrase("the last line follows from the first up to ", *joined[1:])


def _assumed(derivation: Derivation) -> Sentence:
    parts: list[str | Condition] = []
    for taken in derivation.assumptions:
        told = taken.condition.says if isinstance(taken.condition, Premise) else taken.condition
        parts += ["; ", told, " (follows)" if taken.follows else " (assumed)"]
    return phrase(*parts[1:]) if parts else phrase("none")


def _beside(comparisons: Iterable[Comparison]) -> Iterator[Block]:
    rows: list[tuple[str, Sentence]] = []
    for comparison in comparisons:
        name = comparison.written.__name__
        if comparison.verdict:
            yield Listing(f"Written by hand: {name}", "python", inspect.getsource(comparison.written))
            yield _typeset(comparison.written)
        rows.append((name, _outcome(comparison)))
    if rows:
        yield Facts(tuple(rows))


def _typeset(written: Written) -> Aligned:
    faces: tuple[Face, ...] = ("physics", "learning")
    printed = tuple((face, latex_of_function(written, face)) for face in faces)
    return Aligned(f"{written.__name__}, typeset from its source", equations_of_function(written), printed)


def _outcome(comparison: Comparison) -> Sentence:
    if not comparison.verdict:
        return phrase(f"another method: {comparison.verdict.evidence[0]}")
    called = ", ".join(f"{name} is {s}" for name, s in comparison.called if name != s.name)
    exact = comparison.deviation == 0
    close = "bit for bit" if exact else f"to {comparison.deviation:.0e} of the largest number met"
    return phrase(
        f"the same map, proved on symbols ({called or 'name for name'}), "
        f"and the same run of {comparison.steps} steps {close}"
    )


def _judged(claim: Claim) -> Judged:
    return Judged(claim.id, claim.where, claim.says, sentence(claim.formal, STANDARD), claim.judge())
