"""Formulas of the Markdown cells of a Jupyter notebook; cells with the tag `physsym-skip` are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from physsym.auditing.formats.markdown import markdown_marks
from physsym.auditing.formats.marks import Marks, in_cells, text_of
from physsym.auditing.texts import Text

SKIP = "physsym-skip"


class _Cell(NamedTuple):
    number: int
    source: str
    skipped: bool


def notebook_text(path: str, text: str) -> Text:
    """Return the formulas of a notebook, of format 3 or later, whether or not its code runs.

    Code, raw cells and outputs are left out: an output is what a program wrote.

    Raises ValueError for what is no notebook.
    """
    try:
        notebook = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        at = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"{path}: {at}no notebook: {error}") from None
    cells = list(_markdown(path, notebook))
    rows = _rows(text, [cell.source.split("\n") for cell in cells])
    marks, views, offset = Marks(""), list[str](), 0
    placed, line = list[tuple[int, int, list[int]]](), 1
    for cell, row_numbers in zip(cells, rows, strict=True):
        found = markdown_marks(cell.source)
        if cell.skipped:
            found.formulas, found.comments = [], []
        marks.add(found, offset)
        views.append(found.view)
        placed.append((cell.number, line, row_numbers))
        line += len(row_numbers) + 1
        offset += len(cell.source) + 2
    source = "\n\n".join(cell.source for cell in cells)
    marks.view = "\n\n".join(views)

    def name(number: int) -> str:
        cell, begin, _ = next(p for p in reversed(placed) if p[1] <= number)
        return f"cell {cell}, line {number - begin + 1}"

    return in_cells(text_of(path, source, marks, name), placed)


def _markdown(path: str, notebook: Any) -> Iterator[_Cell]:
    """Yield the Markdown cells; those of format 3 lie in worksheets, with headings as cells of their own."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    sheets = notebook.get("worksheets") if isinstance(notebook, dict) else None
    if isinstance(sheets, list) and cells is None:
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise ValueError(f"{path}: no notebook: it has no list of cells")  # noqa: TRY004 (a wrong file)
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("markdown", "heading"):
            continue
        source = cell.get("source", "")
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if cell["cell_type"] == "heading":
            text = f"{'#' * int(cell.get('level', 1))} {text}"
        metadata = cell.get("metadata")
        tags = metadata.get("tags", []) if isinstance(metadata, dict) else []
        yield _Cell(number, text.replace("\r\n", "\n"), isinstance(tags, list) and SKIP in tags)


def _rows(text: str, sources: list[list[str]]) -> list[list[int]]:
    """Return the line of the file for each line of each source, as near as it can be told."""
    rows = text.split("\n")
    stripped = [row.strip().rstrip(",") for row in rows]
    results, at = list[list[int]](), 0
    for source in sources:
        lines = list[int]()
        for k, line in enumerate(source):
            end = "\n" if k + 1 < len(source) else ""
            wanted = {json.dumps(line + end), json.dumps(line + end, ensure_ascii=False)}
            found = next((j for j in range(at, min(len(rows), at + 5000)) if stripped[j] in wanted), None)
            if found is not None:
                at = found + 1
            lines.append(found + 1 if found is not None else max(at, 1))
        results.append(lines)
    return results
