"""An audit as a table: a summary of each file, and rows for formulas of which there is something to say."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from physsym.auditing.audits import HOLDING, Audit, Entry, Kind
from physsym.core.escapes import one_line

# The kinds in the order of the summary, each with its word there.
_COUNTED: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("hold", ("holds", "conditional")),
    ("named", ("recognised",)),
    ("definitions", ("definition",)),
    ("notes", ("note",)),
    ("FAIL", ("fails",)),
    ("undecided", ("undecided",)),
    ("not read", ("unread",)),
    ("skipped", ("skipped",)),
)
_WORDS: dict[Kind, str] = {
    "holds": "holds", "conditional": "holds", "recognised": "", "definition": "defines", "note": "note",
    "fails": "FAILS", "undecided": "undecided", "unread": "not read", "skipped": "skipped",
}  # fmt: skip
_SHOWN: tuple[Kind, ...] = ("fails", "conditional", "recognised", "note")
_NAMED: tuple[Kind, ...] = ("fails", "note", "undecided", "unread", "skipped")  # shown with their formula
_LONGEST = 36  # characters of a formula in a row
_SAID = 400  # characters of a reading


class Row(NamedTuple):
    """A row of a table: the position of the formula, a word for the outcome, a text, and lines below it.

    A line below that must keep its form, such as a formula with a caret, begins with `VERBATIM`.
    """

    position: str
    word: str
    text: str
    below: tuple[str, ...]
    entry: Entry


VERBATIM = "\0"


def summary(path: str, entries: Sequence[Entry]) -> str:
    """Return one line on a file: how many formulas of each kind it has."""
    kinds = Counter(entry.kind for entry in entries)
    read = len(entries) - kinds["unread"] - kinds["skipped"]
    parts = [f"{read} read"]
    for word, counted in _COUNTED:
        number = sum(kinds[kind] for kind in counted)
        if number or word == "FAIL":
            under = (
                f" ({kinds['conditional']} under conditions)"
                if "conditional" in counted and kinds["conditional"]
                else ""
            )
            parts.append(f"{number} {word}{under}")
    if known := sum(entry.known for entry in entries):
        parts.append(f"{known} in the baseline")
    expected = sum(entry.expected and entry.kind == "fails" for entry in entries)
    if expected:
        parts[parts.index(f"{kinds['fails']} FAIL")] += f" ({expected} as expected)"
    formulas = "1 formula" if len(entries) == 1 else f"{len(entries)} formulas"
    return f"{one_line(path)}   {formulas}: {' · '.join(parts)}"


def _positions(entries: Sequence[Entry]) -> dict[int, str]:
    """Return the positions of formulas by their lines, empty where a line of a file has several cells."""
    found: dict[int, set[str]] = {}
    for entry in entries:
        found.setdefault(entry.formula.line, set()).add(entry.formula.position)
    return {line: min(at) if len(at) == 1 else "" for line, at in found.items()}


def rows_of(entries: Sequence[Entry], verbose: bool = False, unread: bool = False) -> Iterator[Row]:
    """Yield the rows of a file: what fails, what holds under conditions, what is named, notes, hints not met.

    `verbose` shows all formulas that were read, `unread` why others were not.
    """
    positions = _positions(entries)
    often = Counter(entry.formula.position for entry in entries)
    for entry in entries:
        surprising = entry.expected and entry.kind in HOLDING
        asked = entry.is_hinted and entry.kind == "undecided"
        shown = verbose or entry.kind in _SHOWN or surprising or entry.expected or asked
        if entry.kind == "unread":
            shown = unread or (entry.is_hinted and not unread)
        if shown and not (entry.known and not verbose):
            named = verbose or surprising or often[entry.formula.position] > 1 or entry.kind in _NAMED
            yield _row(entry, positions, named, verbose or surprising)


def _spoken(position: str) -> str:
    """Return a position such as `3:2` in words."""
    cell, _, line = position.partition(":")
    return f"cell {cell}, line {line}"


def _row(entry: Entry, positions: dict[int, str], named: bool, verbose: bool) -> Row:
    """Return the row of an entry: with its formula if `named`, with how it was read if `verbose`."""
    word, said = _WORDS[entry.kind], entry.says
    if entry.expected and entry.kind in HOLDING:
        word = "HOLDS"
        said = "though a hint expects that it fails" + (f"; {said}" if said else "")
    elif entry.kind == "fails" and entry.expected:
        word = "fails"
        said = "as expected: " + said
    first, *rest = said.split("\n") if said else [""]
    first = first.removeprefix(f"{word} ") if word else first
    others = [line for line in entry.uses if line != entry.formula.line]
    used = [at for line in others if (at := positions.get(line, str(line)))]
    if used and not all(position in first or _spoken(position) in first for position in used):
        lines = "line " + used[0] if len(used) == 1 else "lines " + ", ".join(used)
        first = f"{first}; uses {lines}" if first else f"uses {lines}"
    if named:
        first = f"{excerpt(entry.formula.text)}   {first}".rstrip()
    below = [VERBATIM + one_line(line) for line in rest]
    if entry.readings and (verbose or entry.kind == "fails"):
        readings = " or as: ".join(_shortened(reading) for reading in entry.readings)
        below.append(f"read as: {readings}")
    if verbose or entry.kind in ("fails", "conditional", "note"):
        below += [one_line(line) for line in entry.details]
    return Row(entry.formula.position, word, one_line(first), tuple(below), entry)


def _shortened(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SAID else f"{line[:_SAID]}..."


def excerpt(text: str) -> str:
    """Return the beginning of a formula, on one line."""
    line = one_line(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def by_file(audit: Audit) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the files of an audit with their entries."""
    for path, entries in groupby(audit.entries, key=lambda entry: entry.path):
        yield path, list(entries)


def lines_of(audit: Audit) -> Iterator[str]:
    """Yield the lines of the table of an audit, as they are without a terminal."""
    for path, entries in by_file(audit):
        yield summary(path, entries)
        rows = list(rows_of(entries))
        width = max((len(row.position) for row in rows), default=0)
        for row in rows:
            word = f"{row.word}  " if row.word else ""
            yield f"  {row.position:>{width}}  {word}{row.text}".rstrip()
            yield from (f"  {'':>{width}}  {line.removeprefix(VERBATIM)}" for line in row.below)
    yield from (f"{one_line(path)}: {one_line(remark)}" for path, remark in audit.remarks)


def html_of(audit: Audit) -> str:
    """Return the table of an audit in HTML, for a notebook."""
    parts = list[str]()
    for path, entries in by_file(audit):
        parts.append(f"<p><b>{html.escape(summary(path, entries))}</b></p><table>")
        for row in rows_of(entries):
            said = "<br>".join(html.escape(line.removeprefix(VERBATIM)) for line in (row.text, *row.below))
            cells = (html.escape(row.position), f"<b>{html.escape(row.word)}</b>", said)
            style = ' style="text-align: left"'
            parts.append(f"<tr>{''.join(f'<td{style}>{cell}</td>' for cell in cells)}</tr>")
        parts.append("</table>")
    parts += [f"<p>{html.escape(one_line(f'{path}: {remark}'))}</p>" for path, remark in audit.remarks]
    return "".join(parts)
