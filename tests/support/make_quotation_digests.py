"""Write the digests of the word sequences of a text.

Run as `python -m tests.support.make_quotation_digests SOURCE`.
"""

import sys
from pathlib import Path

from tests.support.quotations import DIGESTS, LENGTHS, windows, words

_A_LINE = 13


def main(source: str) -> None:
    """Write the digests beside this file, sorted, so that they tell nothing of the order of the text."""
    tokens = words(Path(source).read_text("utf-8"))
    found = sorted({digest for length in LENGTHS for digest in windows(tokens, length)})
    lines = (" ".join(found[k : k + _A_LINE]) for k in range(0, len(found), _A_LINE))
    DIGESTS.write_text("\n".join(lines) + "\n", "ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
