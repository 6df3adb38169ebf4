"""The document as a Jupyter notebook that runs from top to bottom and checks what it shows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from physsym.documents.markdown import NOTEBOOK, Dialect, MarkdownBlocks
from physsym.documents.photos import media_type
from physsym.documents.plotting import picture_file
from physsym.documents.tree import Audit, Block, Document, Photo, Picture, Section

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
    return Notebook().write(document)


@dataclass(frozen=True)
class Notebook(MarkdownBlocks[list[Cell]]):
    """The document as cells: one of Markdown for each block, and of code for what can be checked again."""

    dialect: Dialect = NOTEBOOK

    def front(self, document: Document) -> list[Cell]:
        """Return the opening, and the cell that reads the scripts again."""
        attached: dict[str, Any] = {}
        for block in document.opening:
            attached |= _attached(block) or {}
        cells = [_text(self.opening(document), attached)]
        if any(section.source for section in document.sections):
            cells.append(
                _code(
                    "# Everything below is read again from the scripts, and checked.\n"
                    "from physsym import scripts\n"
                    "from physsym.documents.content import chapters_of, derivations_in\n\n"
                    f"found = scripts({document.paths!r})"
                )
            )
        return cells

    def section(self, section: Section, blocks: Sequence[str]) -> list[Cell]:
        """Return a cell for the heading and for each block, and those that check what is shown."""
        cells = [_text(self.heading(section))]
        for block, written in zip(section.blocks, blocks, strict=True):
            cells.append(_text(written, _attached(block)))
            cells += map(_code, _checks(block, section))
        if section.outcomes and section.source:
            cells.append(_code(self._verdicts(section)))
        return cells

    def whole(self, document: Document, front: list[Cell], sections: Sequence[list[Cell]]) -> str:
        """Return the notebook, valid, each cell with an identity that its position and text give it."""
        nbformat = _nbformat()
        closing = [_text(text)] if (text := self.closing(document)) else []
        cells = [cell for part in (front, *sections, closing) for cell in part]
        named = [
            {**cell, "id": sha256(f"{k} {cell['source']}".encode()).hexdigest()[:12]}
            for k, cell in enumerate(cells)
        ]
        book = nbformat.from_dict({"cells": named, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5})
        nbformat.validate(book)
        return str(nbformat.writes(book)) + "\n"

    def _verdicts(self, section: Section) -> str:
        """Return the code that checks the steps of a derivation, and prints their verdicts if wanted."""
        shown = [outcome.value for outcome in section.outcomes]
        check = (
            f"derivation = {section.source}\n"
            f"assert [v.outcome.value for v in derivation.verdicts()] == {shown!r}"
        )
        return f'{check}\nprint(*derivation.verdicts(), sep="\\n")' if self.evidence == "folded" else check


def _nbformat() -> Any:
    try:
        import nbformat
    except ImportError as error:
        raise ImportError(
            "notebooks need nbformat: install it with python -m pip install 'physsym[document]'",
            name="nbformat",
        ) from error
    return nbformat


def _text(source: str, attachments: dict[str, Any] | None = None) -> Cell:
    more = {"attachments": attachments} if attachments else {}
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def _code(source: str) -> Cell:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def _attached(block: Block) -> dict[str, Any] | None:
    if isinstance(block, Photo):
        return {block.name: {media_type(block.name): b64encode(block.content).decode("ascii")}}
    if not isinstance(block, Picture):
        return None
    return {f"{block.name}.png": {"image/png": b64encode(picture_file(block, "png")).decode("ascii")}}


def _checks(block: Block, section: Section) -> Iterator[str]:
    """Yield the code that goes with a block of a section that can be read again."""
    if isinstance(block, Picture) and section.source:
        yield (
            "from IPython.display import SVG\nfrom physsym.documents.plotting import svg\n\n"
            f"drawn = next(b for b in {section.source}.blocks if getattr(b, 'name', '') == {block.name!r})\n"
            "SVG(svg(drawn.draw, drawn.size))"
        )
    if isinstance(block, Audit) and section.source:
        expected = {c.id: c.verdict.outcome.value for c in block.claims if c.id in block.listed}
        yield (
            "from physsym.documents.compute import claims_of\n"
            "from physsym.mechanics.claim import judge_claim\n\n"
            f"claims = {section.source}\nshown = {expected!r}\n"
            "judged = {name: judge_claim(claims[name]).verdict for name in shown}\n"
            "assert {name: verdict.outcome.value for name, verdict in judged.items()} == shown\njudged"
        )
