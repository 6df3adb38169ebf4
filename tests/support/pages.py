"""The code on the pages: its blocks by what runs them, and scripts, whose first line names their file."""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


# A block within a list is indented. What follows the language is an option of Sphinx.
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$", re.M | re.S)


def blocks(text):
    """Return the blocks of code of a page: the number of the first line, the language, and the code."""
    return [
        (text[: found.start("code")].count("\n") + 1, found["language"].strip(), found["code"])
        for found in _BLOCK.finditer(text)
    ]


def recipes(text):
    """Return the Python of a page that is run as it is written, each block with its line number."""
    return [
        (line, code)
        for line, language, code in blocks(text)
        if language == "python" and ">>> " not in code and not re.match(r"# (\S+\.py|picture: \S+)\n", code)
    ]


def scripts(page):
    """Return the scripts of a page by name of file."""
    blocks = re.findall(r"^```python\n(# (\S+\.py)\n.*?)^```$", (PAGES / page).read_text(), re.M | re.S)
    return {name: text for text, name in blocks}


def written(page, folder):
    """Write the scripts of a page into a folder."""
    for name, text in scripts(page).items():
        (folder / name).write_text(text)
