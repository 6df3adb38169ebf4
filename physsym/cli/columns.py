"""Labelled rows at 80 columns, for commands that print what they found about a rule."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 80


def labelled(rows: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """Return lines of text with their labels on the left; rows without text are left out.

    >>> rows = [("rule", ["x <- x - eta*grad(x)"]), ("reads", []), ("start", ["k = 0", "v = 0"])]
    >>> print(*labelled(rows), sep="\\n")
    rule   x <- x - eta*grad(x)
    start  k = 0
           v = 0
    """
    shown = [(label, list(texts)) for label, texts in rows if texts]
    margin = max((len(label) for label, _ in shown), default=0) + 2
    lines = list[str]()
    for label, texts in shown:
        for k, text in enumerate(texts):
            lines += textwrap.wrap(
                text,
                WIDTH,
                initial_indent=(label if k == 0 else "").ljust(margin),
                subsequent_indent=" " * (margin + 2),
                break_long_words=False,
                break_on_hyphens=False,
            )
    return lines
