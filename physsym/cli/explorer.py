"""`physsym explorer`: derived rules that run on one self-contained page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from physsym.cli.paths import is_statement, script_named
from physsym.cli.terminal import echo, progress
from physsym.core.counts import counted
from physsym.core.statements import Rule
from physsym.documents.write import write_all
from physsym.explorer.entries import Entry, of_derivation, of_rule
from physsym.explorer.page import page
from physsym.loading import ScriptError
from physsym.optimizers.known import known
from physsym.optimizers.naming import as_lifted
from physsym.vocabulary import STANDARD

SHIPPED = ("gradient_descent", "friction", "known:nesterov", "stale")
"""What is on every page: gradient descent, momentum with each friction, Nesterov, a stale gradient."""


def main(options: Namespace) -> int:
    """Write the page; rules that are named come before those that are on every page.

    Raises ValueError for a file that is no page, for a rule that does not run on a potential of two weights,
    and for too many rules; nothing is written then.
    """
    path = page_path(options.out)
    entries: list[Entry] = []
    names = (*options.names, *SHIPPED)
    with progress(len(names)) as done:
        for name in names:
            entries += [entry for entry in entries_named(name) if entry not in entries]
            done(name)
    write_all({path: page(entries)})
    echo(f"wrote {path}: {counted(len(entries), 'rule')}; open it in a browser")
    return 0


def entries_named(name: str) -> list[Entry]:
    """Return the rules that a name stands for: those of a script's derivations, or the one of a text."""
    if is_statement(name):
        published = known.get(name.removeprefix("known:").strip())
        return [of_rule(as_lifted(name), published.title if published else name, STANDARD)]
    found = [of_derivation(d) for d in script_named(name).derivations if isinstance(d.lines[-1], Rule)]
    if not found:
        raise ScriptError(f"no derivation in {name} ends with a rule that could be run")
    return found


def page_path(given: str) -> Path:
    """Return the path of a page that may be written; raise ValueError for one that may not."""
    path = Path(given)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out takes the name of a page, such as explorer.html; given {given!r}")
    return path
