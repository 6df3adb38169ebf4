"""`physsym document`: the document of scripts, in several formats."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.terminal import echo, progress
from physsym.core.verdicts import Outcome
from physsym.documents import document_of, size_of
from physsym.documents.formats import formats_of, refuse_style, write_tree
from physsym.documents.tree import Document
from physsym.loading import scripts

_WRONG = (Outcome.FAILS, Outcome.UNDECIDABLE, Outcome.UNCHECKED)


def main(options: Namespace) -> int:
    """Write the document and print where; a terminal shows how far it is. What does not hold is counted."""
    paths, formats = paths_to_read(options.paths), formats_of(options.out, options.format)
    refuse_style(options.css, formats)
    sources = scripts(paths)
    with progress(size_of(sources) + len(formats)) as done:
        choices = (options.title, options.face, options.evidence, options.intro, options.css)
        tree = document_of(sources, done, *choices)
        written = write_tree(tree, options.out, formats, done)
    echo(*(f"wrote {path}" for path in written), *_what_fails(tree), what_was_read(paths, len(sources)))
    return 0


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
