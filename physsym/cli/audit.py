"""`physsym audit`: which formulas of somebody's notes hold, which fail and where, which were not read."""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from physsym.auditing.auditor import Refused, Started, audited
from physsym.auditing.audits import Audit, Entry
from physsym.auditing.baselines import baseline_of, read_baseline, with_baseline
from physsym.auditing.exports import github_of, json_of, sarif_of
from physsym.auditing.files import files_of
from physsym.auditing.judges import SECONDS
from physsym.auditing.tables import VERBATIM, by_file, rows_of, summary
from physsym.cli.columns import KEPT, Line, padded, terminal_width, text_width, wrapped
from physsym.cli.processes import in_processes
from physsym.cli.terminal import can_show, echo, progress
from physsym.core.escapes import one_line

_COLOURS = {"FAILS": "red", "HOLDS": "red", "holds": "green", "not read": "dim", "undecided": "yellow"}


def main(options: Namespace) -> int:
    """Print the audit of files; return 1 where a formula fails, 2 where a file or a hint is refused."""
    baseline = read_baseline(options.baseline) if options.baseline else Counter[str]()
    files = files_of(options.paths)
    entries, remarks, refused = list[Entry](), list[tuple[str, str]](), list[str]()
    empty = list[str]()
    budget = SECONDS if options.budget is None else options.budget
    with progress(len(files)) as done:
        for found in in_processes(partial(audited, budget=budget), files, options.jobs):
            if isinstance(found, Started):
                done(found.path, more=found.formulas)
                remarks += [(found.path, remark) for remark in found.remarks]
                empty += [] if found.formulas else [found.path]
            elif isinstance(found, Refused):
                refused.append(found.reason)
            else:
                done(found.path)
                entries.append(found)
    audit, vain = with_baseline(Audit(tuple(entries), tuple(remarks)), baseline, options.strict)
    if options.write_baseline:
        listed = baseline_of(audit, options.strict)
        _write(Path(options.write_baseline), listed)
        number = listed.count('"fingerprint"')
        echo(f"{number} failing formulas are listed in {options.write_baseline}", error=True)
    _report(audit, options, refused, empty, vain)
    if refused:
        return 2
    return int(not options.write_baseline and any(entry.counts(options.strict) for entry in audit.entries))


def _report(
    audit: Audit, options: Namespace, refused: Sequence[str], empty: Sequence[str], vain: int
) -> None:
    """Print the audit in the format that is asked for, and what is refused to the standard error."""
    if options.format == "json":
        print(json_of(audit, options.strict, refused))
    elif options.format == "sarif":
        print(sarif_of(audit, options.strict, refused))
    elif options.format == "github":
        for line in github_of(audit, options.strict, refused):
            print(line)
    else:
        _table(audit, options, empty)
        if vain:
            echo(f"{vain} formulas of {options.baseline} fail no more: write it anew with --write-baseline")
    for reason in refused:
        shown = one_line(reason).replace(r"\n  ", "\n  ")  # a caret below a hint: such lines are indented
        echo(f"physsym: {shown}", error=True)


def _table(audit: Audit, options: Namespace, empty: Sequence[str]) -> None:
    """Print a table for each file, and the sum where there are several."""
    shown = list(by_file(audit))
    for path, entries in shown:
        _summarize(path, entries)
        rows = list(rows_of(entries, options.verbose, options.unread))
        margin = max((len(row.position) for row in rows), default=0) + 2
        for row in rows:
            indent = " " * (margin + 2)
            first = f"{padded('', margin - len(row.position))}{row.position}  "
            word = f"{row.word}  " if row.word else ""
            lines = wrapped(_shown(row.text), terminal_width(), first + word, indent + " " * text_width(word))
            begin, rest = first, lines[0].removeprefix(first + word.rstrip())
            colour = _COLOURS.get(row.word, "green" if row.word == "" else "")
            echo(Line(begin, row.word, colour, rest), *lines[1:])
            for line in row.below:
                if line.startswith(VERBATIM):
                    echo(indent + _shown(line.removeprefix(VERBATIM)))
                else:
                    echo(*wrapped(_shown(line), terminal_width(), indent, indent + "  "))
    if not shown and empty:
        echo(
            f"{len(empty)} files without formulas" if len(empty) > 1 else f"{one_line(empty[0])}: no formulas"
        )
    if len(shown) > 1:
        _summarize(f"{len(shown)} files", audit.entries)
    for path, remark in audit.remarks:
        echo(*wrapped(_shown(f"{one_line(path)}: {one_line(remark)}"), terminal_width(), "", "  "))


def _summarize(path: str, entries: Sequence[Entry]) -> None:
    """Print a summary, which is broken between its numbers alone."""
    parts = [part.replace(" ", KEPT) for part in summary(path, entries).split(" · ")]
    echo(*wrapped(_shown(" · ".join(parts)), terminal_width(), "", "    "))


def _shown(text: str) -> str:
    """Return a text with a comma for the dot of summaries where the output lacks it."""
    return text if can_show("·") else text.replace(" ·", ",")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial_file = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial_file.write_text(text, encoding="utf-8")
        partial_file.replace(path)
    finally:
        partial_file.unlink(missing_ok=True)
