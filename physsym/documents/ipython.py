"""Statements, derivations, verdicts and figures in IPython and Jupyter, without anything to load.

Within IPython, importing the package announces by name which of its types show themselves; what shows them is
imported when one of them is shown. `%load_ext physsym` does the same by hand.
"""

from __future__ import annotations

import sys
from typing import Any

TYPES = (
    ("physsym.core.statements", "Equation"),
    ("physsym.core.statements", "Relation"),
    ("physsym.core.statements", "Law"),
    ("physsym.core.statements", "Update"),
    ("physsym.core.statements", "Rule"),
    ("physsym.derivation", "Derivation"),
    ("physsym.core.verdicts", "Verdict"),
    ("physsym.documents.content", "Figure"),
    ("physsym.optimizers.equivalence", "Equivalence"),
)


def announce() -> None:
    """Announce the types to the IPython that is running, if there is one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        load(shell)


def load(shell: Any) -> None:
    """Announce the types to an IPython shell."""
    for module, name in TYPES:
        _formatter(shell).for_type_by_name(module, name, _shown)


def unload(shell: Any) -> None:
    """Leave the types to IPython again."""
    for module, name in TYPES:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None:
            _formatter(shell).pop(kind, None)
        _formatter(shell).deferred_printers.pop((module, name), None)


def _formatter(shell: Any) -> Any:
    return shell.display_formatter.mimebundle_formatter


def _shown(value: object, include: Any = None, exclude: Any = None) -> dict[str, str]:
    from physsym.documents.display import bundle

    return bundle(value)
