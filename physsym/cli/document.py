"""`physsym document`: the document of scripts, in several formats."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.paths import paths_to_read, what_was_read
from physsym.cli.terminal import echo, progress
from physsym.documents import document, size_of
from physsym.documents.formats import formats_of
from physsym.loading import scripts


def main(options: Namespace) -> int:
    """Write the document and print where; a terminal shows how far it is."""
    paths, formats = paths_to_read(options.paths), formats_of(options.out, options.format)
    sources = scripts(paths)
    with progress(size_of(sources) + len(formats)) as done:
        written = document(
            sources,
            options.out,
            formats,
            done,
            title=options.title,
            faces=options.face,
            evidence=options.evidence,
        )
    echo(*(f"wrote {path}" for path in written), what_was_read(paths, len(sources)))
    return 0
