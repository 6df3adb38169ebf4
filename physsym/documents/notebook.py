"""The document as a Jupyter notebook that runs from top to bottom and checks what it shows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, TypeAlias

from physsym.documents.drawing import drawn
from physsym.documents.markdown import Pen, block_markdown, heading, opening
from physsym.documents.markdown_dialects import NOTEBOOK
from physsym.documents.tree import Audit, Block, Document, Picture, Section

Cell: TypeAlias = dict[str, Any]
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(document: Document) -> str:
    """Return the document as a notebook of format 4.5, without outputs; the same text each time.

    What comes from scripts is read again and checked by its cells: every verdict and every figure. Raises
    ImportError, saying what to install, where nbformat is missing.
    """
    nbformat = _nbformat()
    cells = [*_front(document), *(cell for section in document.sections for cell in _section(section))]
    named = [{**cell, "id": _identity(k, cell)} for k, cell in enumerate(cells)]
    whole = nbformat.from_dict({"cells": named, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5})
    nbformat.validate(whole)
    return str(nbformat.writes(whole)) + "\n"


def _nbformat() -> Any:
    try:
        import nbformat
    except ImportError as error:
        raise ImportError(
            "notebooks need nbformat: install it with python -m pip install 'physsym[document]'"
        ) from error
    return nbformat


def _identity(position: int, cell: Cell) -> str:
    return sha256(f"{position} {cell['source']}".encode()).hexdigest()[:12]


def _text(source: str, attachments: dict[str, Any] | None = None) -> Cell:
    more = {"attachments": attachments} if attachments else {}
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def _code(source: str) -> Cell:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def _front(document: Document) -> Iterator[Cell]:
    yield _text("\n\n".join(opening(document, NOTEBOOK)))
    if any(section.source for section in document.sections):
        yield _code(
            "# Everything below is read again from the scripts, and checked.\n"
            "from physsym import scripts\nfrom physsym.documents.content import chapters_of\n\n"
            f"found = {{s.name: s for s in scripts({document.paths!r})}}"
        )


def _section(section: Section) -> Iterator[Cell]:
    yield _text(heading(section, NOTEBOOK))
    pen = Pen(NOTEBOOK, section.vocabulary)
    for block in section.blocks:
        yield _text(block_markdown(block, pen), _attached(block))
        yield from map(_code, _about(block, section))
    if section.level == 3 and section.source:
        yield _code(_verdicts(section))


def _attached(block: Block) -> dict[str, Any] | None:
    if not isinstance(block, Picture):
        return None
    return {f"{block.name}.png": {"image/png": b64encode(drawn(block, "png")).decode("ascii")}}


def _about(block: Block, section: Section) -> Iterable[str]:
    """Yield the code that goes with a block of a section that can be read again."""
    if isinstance(block, Picture) and section.source:
        yield (
            "from IPython.display import SVG\nfrom physsym.documents.plotting import svg\n\n"
            f"drawn = next(b for b in {section.source}.blocks if getattr(b, 'name', '') == {block.name!r})\n"
            "SVG(svg(drawn.draw, drawn.size))"
        )
    if isinstance(block, Audit) and section.source:
        expected = {c.id: c.verdict.outcome.value for c in block.claims}
        yield (
            f"claims = {section.source}\nshown = {expected!r}\n"
            "judged = {name: claims[name].judge() for name in shown}\n"
            "assert {name: verdict.outcome.value for name, verdict in judged.items()} == shown\njudged"
        )


def _verdicts(section: Section) -> str:
    shown = [outcome.value for outcome in section.outcomes]
    return (
        f"derivation = {section.source}\n"
        f"assert [v.outcome.value for v in derivation.verdicts()] == {shown!r}\n"
        'print(*derivation.verdicts(), sep="\\n")'
    )
