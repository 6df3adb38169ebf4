"""An exercise as a Jupyter notebook, which runs from top to bottom, answered or not."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from physsym.exercises.tasks import Exercise, ExerciseError

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(exercise: Exercise) -> str:
    """Return an exercise as a notebook of format 4.5: the derivation with blanks, and a cell for each answer.

    Parameters
    ----------
    exercise
        An exercise on a derivation that was asked for by name, so that the notebook can ask for it too.

    Returns
    -------
    str
        The same text each time.

    Raises
    ------
    ExerciseError
        For a derivation without a name.
    ImportError
        Where nbformat is missing; the message says what to install.
    """
    try:
        import nbformat
    except ImportError as error:
        raise ImportError(
            "notebooks need nbformat: install it with python -m pip install 'physsym[document]'",
            name="nbformat",
        ) from error
    cells = list[dict[str, Any]]()
    for k, (kind, source) in enumerate(_cells(exercise)):
        identity = sha256(f"{k} {source}".encode()).hexdigest()[:12]
        ran: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
        cells.append({"cell_type": kind, "metadata": {}, "source": source, "id": identity, **ran})
    library: Any = nbformat
    book = library.from_dict({"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5})
    library.validate(book)
    return str(library.writes(book)) + "\n"


def _cells(exercise: Exercise) -> list[tuple[str, str]]:
    if not exercise.source:
        raise ExerciseError("a notebook needs the name or path of the derivation: exercise(NAME, ...)")
    lines = exercise.left_out
    named = f"lines {', '.join(map(str, lines))} are" if len(lines) > 1 else f"line {lines[0]} is"
    title = exercise.derivation.title.replace("\n", " ")
    cells = [
        (
            "markdown",
            f"# Exercise: {title}\n\nOf the derivation below {named} left out. Write what is missing between "
            "the quotes and run the cell: the move of the step decides whether it follows, in any form.",
        ),
        (
            "code",
            "from physsym.exercises import exercise\n\n"
            f"task = exercise({_lasting(exercise.source)!r}, leave_out={list(lines)!r})\ntask",
        ),
    ]
    for line in lines:
        cells += [
            ("markdown", f"## Line {line}\n\n`task.hints(line={line})[0]` is a first hint; there are four."),
            ("code", f'task.answer("", line={line})'),
        ]
    return cells


def _lasting(source: str) -> str:
    """Return the name of a derivation so that it is found from any folder: paths are absolute."""
    path, colon, name = source.rpartition(":")
    if colon and Path(path).exists():
        return f"{Path(path).resolve()}:{name}"
    return str(Path(source).resolve()) if Path(source).exists() else source
