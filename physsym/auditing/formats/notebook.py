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

    def listed(holder: Any, key: str, where: str) -> list[Any]:
        found = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(found, list):
            given = f"{key!r} is {found!r:.40}" if isinstance(holder, dict) else f"{holder!r:.40}"
            message = f"{where}: a JSON object with a list {key!r} was expected, not {given}"
            raise ValueError(f"{path}: {message}")  # noqa: TRY004 (a wrong file)
        return found

    if isinstance(notebook, dict) and "cells" not in notebook and "worksheets" in notebook:
        sheets = listed(notebook, "worksheets", "no notebook")
        cells = [c for n, sheet in enumerate(sheets, 1) for c in listed(sheet, "cells", f"worksheet {n}")]
    else:
        cells = listed(notebook, "cells", "no notebook")
    for number, cell in enumerate(cells, 1):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if not isinstance(kind, str):
            message = f"cell {number}: an object with a 'cell_type' was expected, not {cell!r:.40}"
            raise ValueError(f"{path}: {message}")  # noqa: TRY004 (a wrong file)
        if kind not in ("markdown", "heading"):
            continue
        source = cell.get("source")
        lines = [source] if isinstance(source, str) else source
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            message = f"'source' must be text or a list of lines, not {source!r:.40}"
            raise ValueError(f"{path}: cell {number}: {message}")
        text, level = "".join(lines), cell.get("level", 1)
        if kind == "heading":
            text = f"{'#' * (level if isinstance(level, int) else 1)} {text}"
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
