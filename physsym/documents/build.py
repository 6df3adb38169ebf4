"""From derivation scripts to the tree of a document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from string import ascii_uppercase
from typing import TypeAlias

from physsym.codegen import program
from physsym.codegen.emit import python_source
from physsym.core.statements import Rule
from physsym.core.verdicts import Condition, Hypothesis, Order
from physsym.derivation import Derivation
from physsym.documents.chapters import BuildContext, Reached, anchor, sections_of
from physsym.documents.content import (
    Book,
    Chapter,
    Claims,
    Comparison,
    book_of,
    chapters_of,
    comparisons_of,
)
from physsym.documents.prose import paragraphs, sentence
from physsym.documents.reasons import phrase, reason
from physsym.documents.tree import (
    Aligned,
    Audit,
    Block,
    Document,
    Facts,
    Judged,
    Line,
    Listing,
    Paragraph,
    Section,
    Sentence,
)
from physsym.loading import Script, paths_to_reload
from physsym.mechanics.claim import Claim
from physsym.printing import equations_of_function, latex_of_function
from physsym.vocabulary import STANDARD, Face

Progress: TypeAlias = Callable[[str], None]

TITLE = "Optimizers derived from mechanics"
OPENING = """
A particle slides over a landscape and is slowed by friction. Written for the particle, the equations are
mechanics; written for the weights of a model, with the loss for the potential, they are optimization. Every
line below stands on both faces, and every step from one line to the next has been checked by machine: the
badge beside it says how it came out, and unfolds to what was seen and what was assumed.
"""


def document_of(sources: Iterable[Derivation | Script], done: Progress = lambda what: None) -> Document:
    """Return the document of scripts and single derivations: all chapters first, then the derivations.

    What a derivation shares with a chapter or with an earlier one is not shown again: it continues there.
    `done` is told what was finished each time.
    """
    scripts = [s if isinstance(s, Script) else Script(anchor(s.title), "", (s,)) for s in sources]
    chapters = tuple(c for s in scripts for c in chapters_of(s))
    claims = _claims(scripts)
    desk = BuildContext(claims, chapters, done)
    sections = [
        replace(sections_of(c, desk), source=f"chapters_of({_source(s)})[{k}]" if s.path else "")
        for s in scripts
        for k, c in enumerate(chapters_of(s))
    ]
    deriving = [s for s in scripts if s.derivations]
    for s, letter in zip(deriving, _letters(), strict=False):
        sections += _derivations(s, letter, desk)
    sections += _audit(desk, readable=all(s.path for s in scripts))
    book = next((found for s in scripts if (found := book_of(s))), Book(TITLE, (), OPENING))
    opening = desk.paragraphs(book.opening, STANDARD)
    return Document(book.title, book.subtitle, opening, tuple(sections), paths_to_reload(scripts))


def _source(script: Script) -> str:
    return f"found[{script.name!r}]"


def _claims(scripts: Iterable[Script]) -> tuple[Claim, ...]:
    """Return every claim once, the first of an id, in the order of the scripts."""
    found = [c for s in scripts for c in (*s.claims, *(c for k in chapters_of(s) for c in _placed(k)))]
    return tuple({c.id: c for c in reversed(found)}.values())[::-1]


def _placed(chapter: Chapter) -> Iterator[Claim]:
    yield from (c for block in chapter.blocks if isinstance(block, Claims) for c in block.claims)


def size_of(sources: Iterable[Derivation | Script]) -> int:
    """Return how often `document_of` will tell that something was finished."""
    scripts = [s if isinstance(s, Script) else Script("", "", (s,)) for s in sources]
    chapters = [c for s in scripts for c in chapters_of(s)]
    told = [type(b).__name__ for c in chapters for b in c.blocks]
    claims = _claims(scripts)
    return (
        len(claims)
        + len(chapters)
        + sum(len(s.derivations) for s in scripts)
        + sum(name in ("Figure", "Table") for name in told)
    )


def _letters() -> Iterator[str]:
    """Yield A to Z, then AA to AZ and so on."""
    yield from ascii_uppercase
    yield from (first + second for first in ascii_uppercase for second in ascii_uppercase)


def _derivations(script: Script, letter: str, desk: BuildContext) -> Iterator[Section]:
    title, _, body = script.prose.partition("\n\n")
    heading = sentence(title.strip().rstrip(".") or script.name, STANDARD)
    yield Section(heading, anchor(script.name), 2, paragraphs(body, STANDARD), label=f"Derivations {letter}")
    for k, derivation in enumerate(script.derivations):
        blocks = tuple(_derived(derivation, script, letter, desk))
        name = f"{anchor(script.name)}-{anchor(derivation.title)}"
        source = f"{_source(script)}.derivations[{k}]" if script.path else ""
        outcomes = tuple(v.outcome for v in derivation.verdicts())
        named = phrase(derivation.title)
        yield Section(named, name, 3, blocks, derivation.vocabulary, "", source, outcomes)
        desk.done(derivation.title)


def _derived(derivation: Derivation, script: Script, letter: str, desk: BuildContext) -> Iterator[Block]:
    yield from _lines(derivation, letter, desk)
    yield _summary(derivation)
    last = derivation.lines[-1]
    if isinstance(last, Rule):
        yield Listing("The rule as a program", "python", python_source(program(last)))
        yield from _beside(found for c in comparisons_of(script) for found in c.compare(last))


def _lines(derivation: Derivation, letter: str, desk: BuildContext) -> Iterator[Line]:
    """Yield the numbered lines; of lines in a row that stand elsewhere already, only the last."""
    count = len(derivation.lines)
    known = [_reached(derivation, k) in desk.numbers for k in range(count)] + [False]
    for k in range(count):
        if not known[k]:
            yield _fresh(derivation, k, letter, desk)
        elif not known[k + 1]:
            yield Line(desk.numbers[_reached(derivation, k)], derivation.lines[k], recalled=True)


def _reached(derivation: Derivation, k: int) -> Reached:
    return derivation.start, derivation.steps[:k]


def _fresh(derivation: Derivation, k: int, letter: str, desk: BuildContext) -> Line:
    taken = sum(n.startswith(f"{letter}.") for n in desk.numbers.values())
    number = desk.numbers[_reached(derivation, k)] = f"{letter}.{taken + 1}"
    line, dimensions = derivation.lines[k], derivation.dimensions()[k]
    if k == 0:
        return Line(number, line, dimensions=dimensions)
    step = derivation.steps[k - 1]
    says = sentence(step.says, derivation.vocabulary)
    return Line(number, line, says, reason(step.move), derivation.verdicts()[k - 1], dimensions)


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
        told = taken.condition.says if isinstance(taken.condition, Hypothesis) else taken.condition
        parts += ["; ", told, " (follows)" if taken.follows else " (assumed)"]
    return phrase(*parts[1:]) if parts else phrase("none")


def _beside(comparisons: Iterable[Comparison]) -> Iterator[Block]:
    rows: list[tuple[str, Sentence]] = []
    for comparison in comparisons:
        name = comparison.implementation.__name__
        if comparison.verdict:
            yield Listing(f"Written by hand: {name}", "python", inspect.getsource(comparison.implementation))
            yield _typeset(comparison.implementation)
        rows.append((name, _outcome(comparison)))
    if rows:
        yield Facts(tuple(rows))


def _typeset(written: Callable[..., object]) -> Aligned:
    faces: tuple[Face, ...] = ("physics", "learning")
    printed = tuple((face, latex_of_function(written, face)) for face in faces)
    return Aligned(f"{written.__name__}, typeset from its source", equations_of_function(written), printed)


def _outcome(comparison: Comparison) -> Sentence:
    if not comparison.verdict:
        return phrase(f"another method: {comparison.verdict.evidence[0]}")
    called = ", ".join(f"{name} is {s}" for name, s in comparison.arguments if name != s.name)
    exact = comparison.deviation == 0
    close = "bit for bit" if exact else f"to {comparison.deviation:.0e} of the largest number met"
    return phrase(
        f"the same map, proved on symbols ({called or 'name for name'}), "
        f"and the same run of {comparison.steps} steps {close}"
    )


def _audit(desk: BuildContext, readable: bool) -> Iterator[Section]:
    """Yield the table of all claims, and in full those that stand in no chapter."""
    if not desk.claims:
        return
    judged = tuple(desk.judge(claim) for claim in desk.claims)
    elsewhere: tuple[Judged, ...] = tuple(
        desk.judge(claim) for claim in desk.claims if claim.id not in desk.placed
    )
    approx_equal = Paragraph(phrase(ABOUT_AUDIT))
    every = "{c.id: c for s in reversed(found.values()) for c in reversed(s.claims)}"
    source = every if readable else ""
    yield Section(phrase("The audit"), "audit", 2, (approx_equal, Audit(judged), *elsewhere), source=source)


ABOUT_AUDIT = (
    "Every sentence of the source that a machine can judge, with the verdict that was computed when this "
    "document was built. A verdict is on what the sentence says formally, which stands beside it where it is "
    "judged."
)
