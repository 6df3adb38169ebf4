"""Notes with planted errors: no right line of them fails, and no wrong one holds."""

import json
import re
from pathlib import Path

import pytest

import physsym as ps

WRONG = " <= wrong"
HOLDING = ("holds", "conditional", "recognised")


def _notes():
    """Yield each note with its name, cell by cell; what is no notebook is one cell."""
    text = Path(__file__).with_name("notes_with_errors.txt").read_text()
    for note in text.split("\n=== ")[1:]:
        name, _, body = note.partition("\n")
        yield name, [c for c in re.split(r"^--- cell\n", body, flags=re.MULTILINE) if c]


NOTES = dict(_notes())


def audited(folder, name, cells):
    """Return the entries of a note with whether their lines are wrong."""
    wrong = {
        (cell, line)
        for cell, text in enumerate(cells, 1)
        for line, row in enumerate(text.split("\n"), 1)
        if row.endswith(WRONG)
    }
    plain = [text.replace(WRONG, "") for text in cells]
    file = folder / name
    if name.endswith(".ipynb"):
        found = [{"cell_type": "markdown", "metadata": {}, "source": c.splitlines(True)} for c in plain]
        content = {"cells": found, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
        file.write_text(json.dumps(content, indent=1))
    else:
        file.write_text(plain[0])
    for entry in ps.audit(file).entries:
        formula = entry.formula
        lines = range(
            (formula.cell_line or formula.line) - formula.above, (formula.cell_line or formula.line) + 1
        )
        yield entry, any((formula.cell or 1, line) in wrong for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTES)
def test_no_right_line_fails_and_no_wrong_line_holds(tmp_path, name):
    found = list(audited(tmp_path, name, NOTES[name]))
    assert sum(wrong for _, wrong in found) == sum(cell.count(WRONG) for cell in NOTES[name])
    assert not [e.formula.text for e, wrong in found if e.kind == "fails" and not wrong]
    assert not [e.formula.text for e, wrong in found if e.kind in HOLDING and wrong]


@pytest.mark.slow
def test_most_wrong_lines_fail_and_most_right_ones_hold_or_define(tmp_path):
    found = [pair for name, cells in NOTES.items() for pair in audited(tmp_path, name, cells)]
    wrong = [e.kind == "fails" for e, is_wrong in found if is_wrong]
    right = [e.kind in (*HOLDING, "definition") for e, is_wrong in found if not is_wrong]
    assert sum(wrong) > 0.75 * len(wrong) > 40
    assert sum(right) > 0.75 * len(right) > 150
