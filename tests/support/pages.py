"""The scripts on the pages of docs/how-to: a block of Python whose first line names its file."""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


def scripts(page):
    """Return the scripts of a page by name of file."""
    blocks = re.findall(r"^```python\n(# (\S+\.py)\n.*?)^```$", (PAGES / page).read_text(), re.M | re.S)
    return {name: text for text, name in blocks}


def written(page, folder):
    """Write the scripts of a page into a folder."""
    for name, text in scripts(page).items():
        (folder / name).write_text(text)
