"""`physsym show`: the derivations of a script, line by line, in the terminal."""

from __future__ import annotations

from argparse import Namespace

from physsym.cli.check import check_derivation
from physsym.cli.paths import script_named
from physsym.cli.terminal import Line, echo, format_verdict
from physsym.core.escapes import one_line
from physsym.core.statements import Statement
from physsym.derivation import Derivation
from physsym.loading import ScriptError
from physsym.printing import unicode
from physsym.vocabulary import Face


def main(options: Namespace) -> int:
    """Print every derivation of a script on one face; return 1 where a step does not hold, as `check` does.

    Raises ScriptError for a script without derivations.
    """
    script = script_named(options.name)
    if not script.derivations:
        raise ScriptError(
            f"{options.name} has no derivation to show: its chapters are written by physsym document, "
            "its claims are judged by physsym check"
        )
    for derivation in script.derivations:
        _show(derivation, options.face)
    lines = [line for d in script.derivations for line in check_derivation("", d)]
    return int(any(line.fails(strict=False) for line in lines))


def _show(derivation: Derivation, face: Face) -> None:
    def line(statement: Statement) -> str:
        text = unicode(statement, face, derivation.vocabulary)
        return "    " + text.replace("\n", "\n    ")

    echo("", Line("", one_line(derivation.title), "bold"), "", line(derivation.start))
    if derivation.start_verdict is not None:
        echo(format_verdict("    ", derivation.start_verdict))
    lines, _ = derivation._walk  # as far as they go: the verdict on a step without a line says why
    for k, (step, verdict) in enumerate(zip(derivation.steps, derivation.verdicts()[1:], strict=True), 1):
        echo("", step.says, "", *map(line, lines[k : k + 1]), format_verdict("    ", verdict))
    echo("", f"Error: {derivation.error}")
    echo(f"Assumptions: {'; '.join(map(str, derivation.assumptions)) or 'none'}")
