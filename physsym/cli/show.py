"""`physsym show`: the derivations of a script, line by line, in the terminal."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Sequence

from physsym.cli.check import against_move, check_derivation, common_beginning, summary_of_steps
from physsym.cli.columns import KEPT, Line, labelled, paragraph, terminal_width, wrapped
from physsym.cli.paths import is_statement, script_named
from physsym.cli.terminal import can_show, echo, progress, verdict_line
from physsym.core.escapes import one_line
from physsym.core.statements import Statement
from physsym.core.verdicts import Outcome, Verdict
from physsym.derivation import Assumption, Derivation
from physsym.exercises.hinting import BLANK
from physsym.loading import ScriptError
from physsym.mechanics.moves import in_words
from physsym.parsing.statements import as_statement
from physsym.printing import unicode
from physsym.vocabulary import STANDARD, Face, Vocabulary

INDENT = "    "
SOURCES = {"assumed": "assumed", "follows": "follow", "defined": "defined", "declared": "declared"}


def main(options: Namespace) -> int:
    """Print every derivation of a script on one face; return 1 where a step does not hold, as `check` does.

    Of a text, and of `known:NAME`, the rule or the law is printed. Raises ScriptError for a script without
    derivations.
    """
    if is_statement(options.name):
        echo(*statement_lines(as_statement(options.name), options.face, STANDARD, ""))
        return 0
    script = script_named(options.name)
    if not script.derivations:
        raise ScriptError(
            f"{options.name} has no derivation to show: its chapters are written by physsym document, "
            "its claims are judged by physsym check"
        )
    with progress(len(script.derivations)) as done:
        for k, derivation in enumerate(script.derivations):
            echo(*[""] * bool(k))
            earlier = script.derivations[:k]
            show_derivation(derivation, earlier, face=options.face, verbose=options.verbose)
            done(derivation.title)
    lines = [line for d in script.derivations for line in check_derivation("", d)]
    return int(any(line.fails(strict=False) for line in lines))


def show_derivation(
    derivation: Derivation,
    earlier: Sequence[Derivation] = (),
    *,
    face: Face = "physics",
    verbose: bool = False,
    hidden: Collection[int] = (),
) -> None:
    """Print a derivation line by line, with its title, a summary and its assumptions.

    Parameters
    ----------
    derivation
        The derivation.
    earlier
        Others that are printed above: a beginning that is that of one of these is not repeated.
    face, verbose
        Whose notation, and whether the evidence is printed too.
    hidden
        The numbers of lines of an exercise, which are not printed, nor are their moves; then there is no
        summary, and there are no assumptions, which would give them away.
    """
    echo(Line("", one_line(derivation.title), "bold"))
    if not hidden:
        steps = list(check_derivation("", derivation))
        echo(*paragraph(f"{summary_of_steps(steps, strict=False)}; error {derivation.error}"))
    lines, _ = derivation._walk  # as far as they go: the verdict on a step without a line says why
    first, shared = common_beginning(derivation, earlier)
    if first is None:
        _show_line(lines[0], derivation, face)
        if derivation.start_verdict is not None:
            _show_verdict(derivation.start_verdict, verbose)
    else:
        title = one_line(first.title)
        begins = f"The first {shared} steps are those of {title}; they end with"
        echo("", *paragraph(begins if shared > 1 else f"The first step is that of {title}; it ends with"))
        _show_line(lines[shared], derivation, face)
    judged = zip(derivation.steps, derivation.verdicts()[1:], strict=True)
    for k, (step, verdict) in enumerate(judged, 1):
        if k <= shared:
            continue
        number = f"{k}. "
        echo("", *paragraph(one_line(step.says), number, " " * len(number)))
        if k in hidden:
            echo("", f"{INDENT}{BLANK if can_show(BLANK) else '[]'}  line {k} is left out")
            continue
        echo(*paragraph(one_line(in_words(step.move)), f"{INDENT}by: ", INDENT * 2))
        for statement in lines[k : k + 1]:
            _show_line(statement, derivation, face)
        _show_verdict(verdict, verbose)
        if verdict.outcome is Outcome.FAILS:
            echo(*labelled(against_move(derivation, k)[1:], indent=INDENT * 2))
    if not hidden:
        echo("", *labelled([("error", [str(derivation.error)]), *assumption_rows(derivation.assumptions)]))


def assumption_rows(assumptions: Sequence[Assumption]) -> list[tuple[str, list[str]]]:
    """Return rows of what is assumed, follows, is defined and is declared; without any, that nothing is."""
    kinds = {source: [str(a.condition) for a in assumptions if a.source == source] for source in SOURCES}
    rows = [(SOURCES[source], [", ".join(found)]) for source, found in kinds.items() if found]
    return rows if kinds["assumed"] else [("assumed", ["nothing"]), *rows]


def _show_line(statement: Statement, derivation: Derivation, face: Face) -> None:
    echo("", *statement_lines(statement, face, derivation.vocabulary))


def statement_lines(
    statement: Statement, face: Face, vocabulary: Vocabulary, indent: str = INDENT
) -> list[str]:
    """Return a statement as lines of the width of the terminal; as plain text where it lacks the letters."""
    text = unicode(statement, face, vocabulary)
    if not can_show(text):
        text = str(statement).replace("; ", "\n")
    found = list[str]()
    for row in text.split("\n"):
        # A sign stays with the term after it, so that a new line begins with it.
        glued = row.replace(" + ", f" +{KEPT}").replace(" - ", f" -{KEPT}")
        hanging = indent + " " * (max(row.find(" = "), 0) + 3)
        found += wrapped(glued, terminal_width(), indent, hanging)
    return found


def _show_verdict(verdict: Verdict, verbose: bool) -> None:
    line = verdict_line(verdict, verbose)
    first, *others = paragraph(str(line), INDENT, INDENT + "  ")
    echo(Line(INDENT, line.end, line.style, first.removeprefix(INDENT + line.end)), *others)
