"""`physsym document`: the document of scripts, in several formats."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any

from physsym.cli.halves import halved, stay_single
from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.terminal import echo, progress
from physsym.core.verdicts import Outcome
from physsym.documents import document_of, size_of
from physsym.documents.compute import claims_of, judging
from physsym.documents.content import Embedded, Figure, chapters_of
from physsym.documents.formats import DRAWN, formats_of, refuse_style, write_tree
from physsym.documents.html import embedding
from physsym.documents.plotting import drawing, image
from physsym.documents.tree import Document
from physsym.loading import Script, scripts
from physsym.mechanics.claim import Claim, JudgedClaim, judge_claim

_WRONG = (Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED)


def main(options: Namespace) -> int:
    """Write the document and print where; a terminal shows how far it is. What does not hold is counted."""
    paths, formats = paths_to_read(options.paths), formats_of(options.out, options.format)
    refuse_style(options.css, formats)
    if options.own_process:
        stay_single()
    sources = scripts(paths)
    with (
        _shared(sources, formats, options.own_process),
        progress(size_of(sources) + len(formats)) as done,
    ):
        choices = (options.title, options.face, options.evidence, options.intro, options.css)
        tree = document_of(sources, done, *choices)
        written = write_tree(tree, options.out, formats, done)
    echo(*(f"wrote {path}" for path in written), *_what_fails(tree), what_was_read(paths, len(sources)))
    return 0


@contextmanager
def _shared(sources: Sequence[Script], formats: Sequence[str], copying: bool) -> Iterator[None]:
    """Judge claims, draw figures and make the pages within the page together with a copy of the process.

    The copy begins with the last claim, as the document asks for the first ones first, and draws then.
    """
    claims = [claim for _, claim in claims_of(sources)]
    blocks = [block for script in sources for chapter in chapters_of(script) for block in chapter.blocks]
    kinds = dict.fromkeys(DRAWN[name] for name in formats if name in DRAWN)
    figures = [(b.draws, kind, b.size) for b in blocks if isinstance(b, Figure) for kind in kinds]
    embedded = [b.page for b in blocks if isinstance(b, Embedded) and "html" in formats]
    # A claim itself, with its judge, need not be sent.
    judged = attrgetter("verdict", "repair")
    parts: list[Callable[[], tuple[Any, ...]]] = []
    parts += [partial(lambda claim: judged(judge_claim(claim)), claim) for claim in claims]
    parts += [partial(lambda *figure: (image(*figure),), *figure) for figure in figures]
    parts += [partial(lambda page: (page(),), page) for page in embedded]
    order = [*reversed(range(len(claims))), *range(len(claims), len(parts))]
    claim_numbers = {id(claim): number for number, claim in enumerate(claims)}
    figure_numbers = {figure: number for number, figure in enumerate(figures, len(claims))}
    page_numbers = {page: number for number, page in enumerate(embedded, len(claims) + len(figures))}
    with halved(parts, order, copying) as shared:

        def judge(claim: Claim) -> JudgedClaim:
            number = claim_numbers.get(id(claim))
            return judge_claim(claim) if number is None else JudgedClaim(claim, *shared.take(number))

        def draw(*figure: Any) -> bytes:
            number = figure_numbers.get(figure)
            return image(*figure) if number is None else b"".join(shared.take(number))

        def embed(page: Callable[[], str]) -> str:
            number = page_numbers.get(page)
            return page() if number is None else "".join(shared.take(number))

        tokens = judging.set(judge), drawing.set(draw), embedding.set(embed)
        try:
            yield
        finally:
            judging.reset(tokens[0])
            drawing.reset(tokens[1])
            embedding.reset(tokens[2])


def _what_fails(tree: Document) -> list[str]:
    """Return a line that says how much on the page does not hold, if anything does not."""
    steps = sum(outcome in _WRONG for section in tree.sections for outcome in section.outcomes)
    counts = [
        (steps, "step or start", "steps or starts"),
        (len(tree.failing), "equation, finding, number or repair", "equations, findings, numbers or repairs"),
    ]
    wrong = " and ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    verb = "does not hold or is" if sum(n for n, _, _ in counts) == 1 else "do not hold or are"
    return [f"on the page {wrong} {verb} unchecked; see physsym check"] if wrong else []
