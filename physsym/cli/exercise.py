"""`physsym exercise`: a derivation with a line left out, to be written by the reader."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from physsym.cli.columns import Line, labelled, paragraph
from physsym.cli.paths import paths_to_read
from physsym.cli.show import INDENT, show_derivation
from physsym.cli.terminal import STYLES, can_show, echo, sign
from physsym.core.escapes import one_line, visible
from physsym.core.verdicts import Outcome
from physsym.exercises.hinting import BLANK
from physsym.exercises.tasks import Answer, Exercise, ExerciseError, exercise
from physsym.loading import derivation_named, files_of, shipped_folder

OUTCOMES = {
    "right": Outcome.HOLDS,
    "right under conditions": Outcome.HOLDS,
    "a multiple": Outcome.APPROXIMATE,
    "wrong": Outcome.FAILS,
    "not decided": Outcome.UNDECIDABLE,
}
USAGE = "Write a line (its parts with ; between), ? for a hint, nothing to give up."


def main(options: Namespace) -> int:
    """Show a derivation with blanks, read answers, and return 0 where each line is found, else 1.

    Answers come from `--answer`, else from the standard input. Raises ExerciseError, a ValueError, for lines
    that cannot be left out, and for an answer of `--answer` that cannot be read.
    """
    derivation = derivation_named(options.name, paths_to_read(()))
    task = exercise(derivation, lines_named(options.leave_out), seed=options.seed)
    if options.format == "ipynb":
        return _write(Exercise(derivation, task.left_out, _source(options.name)), options.out)
    show_derivation(derivation, hidden=task.left_out)
    answers = iter(options.answer) if options.answer else typed()
    # All lines are asked for, so that the code says of each whether it was found.
    found = [_ask(task, line, answers, options) for line in task.left_out]
    return int(not all(found))


def _source(name: str) -> str:
    """Return a name by which a notebook finds a derivation: a path, for what is in `./derivations`."""
    script, colon, own = name.partition(":")
    folders = [f for f in paths_to_read(()) if Path(f).resolve() != shipped_folder()]
    here = [file for file in (files_of(folders) if folders else ()) if file.stem == script]
    return f"{here[0]}{colon}{own}" if here else name


def lines_named(given: str) -> list[int] | Literal["random"]:
    """Return the numbers in a text such as "5" or "3,5", or "random".

    Raises ExerciseError for other texts.
    """
    if given == "random":
        return "random"
    parts = [part.strip() for part in given.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ExerciseError(
            f"--leave-out takes numbers of lines, such as 5 or 3,5, or random; given {given!r}"
        )
    return [int(part) for part in parts]


def typed() -> Iterator[str]:
    """Yield what is typed, line by line, or what comes through a pipe."""
    prompt = "> " if sys.stdin is not None and sys.stdin.isatty() else ""
    while True:
        try:
            yield input(prompt)
        except EOFError:
            return


def _ask(task: Exercise, line: int, answers: Iterator[str], options: Namespace) -> bool:
    """Ask for one line until it is found or given up; return whether it is found."""
    hints = iter(task.hints(line))
    echo("", Line("", f"Line {line}", "bold"), *paragraph(USAGE))
    for _ in range(options.hints):
        _hint(hints)
    for text in answers:
        if not text.strip():
            echo(*paragraph(f"given up; line {line} is", "", "  "), f"{INDENT}{task.derivation.lines[line]}")
            return False
        if text.strip() == "?":
            _hint(hints)
            continue
        answer = task.answer(text, line)
        if options.answer and answer.kind == "not read":
            raise ExerciseError(f"the answer {text!r} is {answer.says}")
        _show(answer)
        if answer.is_right:
            return True
    return False


def _hint(hints: Iterator[str]) -> None:
    text = next(hints, "there are no more hints")
    echo(*paragraph(text if can_show(text) else text.replace(BLANK, "[]"), "hint: ", "      "))


def _show(answer: Answer) -> None:
    if answer.kind == "not read":
        echo(*visible(answer.says).split("\n"))  # with a caret below the text
        return
    outcome = OUTCOMES[answer.kind]
    first, *others = paragraph(f"{sign(outcome)} {one_line(answer.says)}", "", "  ")
    echo(Line("", sign(outcome), STYLES.get(outcome, "yellow"), first.removeprefix(sign(outcome))), *others)
    echo(*labelled([(label, [one_line(text)]) for label, text in answer.rows], indent="  "))


def _write(task: Exercise, out: str | None) -> int:
    from physsym.documents.write import write_all
    from physsym.exercises.notebooks import notebook

    if not out:
        raise ExerciseError("--format ipynb needs --out FILE, such as --out exercise.ipynb")
    echo(*(f"wrote {path}" for path in write_all({Path(out): notebook(task)})))
    return 0
