"""How many steps, equations and claims of a document, or of a part of it, came out in which way.

What holds is counted first. What a page refutes on purpose is counted apart from what fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, takewhile

from physsym.core.verdicts import Outcome
from physsym.documents.tree import Audit, Judged, Line, Section, Total, inner_lines

Counted = tuple[Outcome, bool]


def totals_of(sections: Sequence[Section], numbers: Iterable[Outcome] = ()) -> tuple[Total, ...]:
    """Return the totals of sections: steps of derivations, equations of chapters, numbers, and claims.

    Parameters
    ----------
    sections
        A chapter, a script with its derivations, or all sections of a document.
    numbers
        The outcomes of the numbers that its words state.

    Returns
    -------
    tuple of Total
        Steps first; of each kind, what holds first. Nothing is said of what does not occur.
    """
    shown = [b for s in sections if not s.outcomes for b in s.blocks]
    # Within a finding, only what has a number has a badge.
    inner = (line for b in shown for line in inner_lines(b) if line.number)
    lines = [b for b in (*shown, *inner) if isinstance(b, Line) and not b.recalled]
    audited = [c for b in shown if isinstance(b, Audit) for c in b.claims]
    claims = audited or [b for b in shown if isinstance(b, Judged)]
    return (
        *_counted("step", ((o, False) for s in sections for o in s.outcomes[1:])),
        *_counted("equation", ((b.verdict.outcome, b.refuted) for b in lines if b.verdict is not None)),
        *_counted("number", ((o, False) for o in numbers)),
        *_counted("claim of the source", ((c.verdict.outcome, c.refuted) for c in claims)),
    )


def _counted(of: str, found: Iterable[Counted]) -> Iterator[Total]:
    every = list(found)
    for outcome in Outcome:
        for refuted in (False, True):
            if count := every.count((outcome, refuted)):
                yield Total(of, outcome, count, refuted)  # type: ignore[arg-type]


def with_totals(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the sections, each chapter with its totals, and each script with those of its derivations.

    Where there is one such part, its totals are those of the document, which stand before it.
    """
    whole = totals_of(sections)
    counted = []
    for k, section in enumerate(sections):
        below = takewhile(lambda s: s.level > 2, sections[k + 1 :]) if section.level == 2 else ()
        totals = totals_of((section, *below)) if section.level == 2 else ()
        counted.append(replace(section, totals=totals if totals != whole else ()))
    return tuple(counted)


def phrases(totals: Sequence[Total]) -> Iterator[list[tuple[Total, str]]]:
    """Yield the totals of each kind in words, of which the first one names the kind.

    >>> steps = Total("step", Outcome.HOLDS, 26), Total("step", Outcome.CONDITIONAL, 1)
    >>> claims = (Total("claim of the source", Outcome.FAILS, 2, refuted=True),)
    >>> for row in phrases(steps + claims):
    ...     print(*(words for _, words in row), sep=", ")
    26 steps hold, 1 conditional
    2 claims of the source are refuted on purpose
    """
    for _, group in groupby(totals, lambda total: total.of):
        yield [(total, _phrase(total, named=not k)) for k, total in enumerate(group)]


def _phrase(total: Total, named: bool) -> str:
    one = total.count == 1
    kind = total.of if one else " ".join([f"{total.of.split()[0]}s", *total.of.split()[1:]])
    word = "refuted on purpose" if total.refuted else total.outcome.value
    said = f"{'is' if one else 'are'} {word}" if named else word
    if total.outcome in (Outcome.HOLDS, Outcome.FAILS) and not total.refuted:
        said = word if one else word.removesuffix("s")
    return f"{total.count} {kind} {said}" if named else f"{total.count} {said}"
