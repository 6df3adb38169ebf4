"""What a command reads where no path is given: `./derivations` if it is there, else what is shipped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from physsym import __version__
from physsym.core.escapes import one_line
from physsym.core.statements import Rule
from physsym.loading import (
    Script,
    ScriptError,
    file_named,
    files_of,
    find_script,
    load,
    scripts,
    shipped_folder,
)
from physsym.parsing.statements import as_rule

OWN_FOLDER = Path("derivations")


def paths_to_read(given: Sequence[str]) -> list[str | Path]:
    """Return the paths that a command reads; an empty list means the shipped derivations.

    The name of a script is one too, unless there is a file or folder of that name.
    """
    own: list[str | Path] = [OWN_FOLDER] if OWN_FOLDER.is_dir() else []
    folders = [*own, shipped_folder()]
    return [
        file_named(path, folders) if path.isidentifier() and not Path(path).exists() else path
        for path in given
    ] or own


def what_was_read(paths: Sequence[str | Path], count: int) -> str:
    """Return a line that says from where a number of scripts was read."""
    if not paths:
        return f"read the derivations shipped with physsym {__version__}"
    shown = ", ".join(f"./{path}" if path is OWN_FOLDER else str(path) for path in paths)
    return one_line(f"read {shown}: {count} script{'s' * (count != 1)}")


def script_named(name: str) -> Script:
    """Return a script by its path or its name; names in `./derivations` come before shipped ones."""
    return find_script(name, [*paths_to_read(()), shipped_folder()])


def scripts_named(names: Sequence[str]) -> list[Script]:
    """Return scripts by names or paths; where none is given, all that a command reads without a path."""
    if not names:
        return [*map(load, files_of(paths_to_read(())))]
    return [s for name in names for s in (scripts([name]) if Path(name).exists() else [script_named(name)])]


_SOURCE = re.compile(r"(known|optax|torch):")


def is_statement(name: str) -> bool:
    """Return whether a name is the text of a rule or a law, or a name such as `known:adam`."""
    return bool(set("=←→↦⟵⟶") & set(name)) or "<-" in name or bool(_SOURCE.match(name))


def rule_named(name: str) -> Rule:
    """Return the rule at the end of the first derivation of a script that ends with one.

    The text of a rule, `known:NAME`, `optax:NAME` and `torch:NAME` are rules themselves. Raises ScriptError
    where no derivation ends with one.
    """
    if is_statement(name):
        from physsym.optimizers.naming import as_lifted

        return as_rule(as_lifted(name))
    for derivation in script_named(name).derivations:
        if isinstance(derivation.lines[-1], Rule):
            return derivation.rule
    raise ScriptError(f"no derivation in {name} ends with a rule that could be run")
