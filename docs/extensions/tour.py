"""The first tutorial as a notebook: its prose and its examples, with the output that the page shows.

`python -m docs.extensions.tour` writes `docs/tutorials/derive-your-first-optimizer.ipynb` again.
"""

from __future__ import annotations

import doctest
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

PAGE = Path(__file__).parents[1] / "tutorials" / "derive-your-first-optimizer.md"
FILE = PAGE.with_suffix(".ipynb")
_BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
Cell = dict[str, Any]
# How the page is followed, and how the notebook is.
TYPED = re.compile(r"Type the\s+lines after `>>>` .* in Jupyter\.", re.DOTALL)
RUN = "Run the cells from top to bottom; what you should see is below each of them."


def cells(text: str) -> Iterator[Cell]:
    """Yield the cells of a page: Markdown, and code with its output; a cell ends where something is shown."""
    parts = _BLOCK.split(text)
    for k, part in enumerate(parts):
        if k % 2:
            yield from _of_examples(part)
        elif part.strip():
            yield v4.new_markdown_cell(part.strip())


def _of_examples(block: str) -> Iterator[Cell]:
    source = ""
    for example in doctest.DocTestParser().get_examples(block):
        source += example.source
        if example.want:
            yield v4.new_code_cell(source.strip(), outputs=[_output(example)])
            source = ""
    if source:
        yield v4.new_code_cell(source.strip())


def _output(example: doctest.Example) -> dict[str, Any]:
    if re.match(r"(print\(|for )", example.source):
        return v4.new_output("stream", name="stdout", text=example.want)
    return v4.new_output("execute_result", data={"text/plain": example.want.rstrip("\n")})


def notebook(text: str) -> str:
    """Return a page as a notebook, the same text each time."""
    if TYPED.search(text) is None:
        raise ValueError(
            f"{PAGE.name} does not say that its lines are typed, which a notebook says otherwise"
        )
    text = TYPED.sub(RUN, text)
    made = v4.new_notebook(cells=list(cells(text)))
    made.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    made.nbformat_minor = 5
    for number, cell in enumerate(made.cells):
        cell["id"] = hashlib.sha256(f"{number} {cell['source']}".encode()).hexdigest()[:8]
    nbformat.validate(made)
    return str(nbformat.writes(made)) + "\n"


if __name__ == "__main__":
    FILE.write_text(notebook(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
