"""What a command reads where no path is given: `./derivations` if it is there, else what is shipped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from physsym import __version__
from physsym.core.escapes import one_line
from physsym.core.statements import Rule
from physsym.derivation import Derivation
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

if TYPE_CHECKING:
    from physsym.optimizers.lifted import Lifted

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
    try:
        return find_script(name, [*paths_to_read(()), shipped_folder()])
    except ScriptError as error:
        from physsym.optimizers.known import known

        if name not in known:
            raise
        raise ScriptError(f"{error}; the published rule of that name is known:{name}") from None


def scripts_named(names: Sequence[str]) -> list[Script]:
    """Return scripts by names or paths; where none is given, all that a command reads without a path."""
    if not names:
        return [*map(load, files_of(paths_to_read(())))]
    return [s for name in names for s in (scripts([name]) if Path(name).exists() else [script_named(name)])]


_SOURCE = re.compile(r"(known|optax|torch):")


def is_statement(name: str) -> bool:
    """Return whether a name is the text of a rule or a law, or a name such as `known:adam`."""
    return bool(set("=←→↦⟵⟶") & set(name)) or "<-" in name or bool(_SOURCE.match(name))


def derivation_of_rule(name: str) -> Derivation:
    """Return the first derivation of a script that ends with a rule. Raises ScriptError where none does."""
    for derivation in script_named(name).derivations:
        if isinstance(derivation.lines[-1], Rule):
            return derivation
    raise ScriptError(f"no derivation in {name} ends with a rule")


def lifted_named(name: str) -> Lifted:
    """Return the rule that a name stands for: that of a derivation, or all that `as_lifted` takes.

    Raises ValueError where it stands for none.
    """
    from physsym.optimizers.naming import as_lifted

    if is_statement(name) or ":" in name:
        return as_lifted(name)
    try:
        return replace(as_lifted(derivation_of_rule(name)), name=name)
    except ScriptError as error:
        raise ScriptError(
            f"{error}. A rule is given by its text, such as 'x <- x - eta*grad(x)', as known:NAME, "
            "optax:NAME, torch:NAME or file.py:NAME, or by the script of its derivation"
        ) from None


def rule_named(name: str) -> Rule:
    """Return the rule that a text or a name such as `known:adam` stands for, or the first of a script."""
    return as_rule(lifted_named(name)) if is_statement(name) else derivation_of_rule(name).rule
