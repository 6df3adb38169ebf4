"""Statements in IPython and Jupyter: `%load_ext physsym.typeset` shows laws and rules as formulas."""

from __future__ import annotations

from typing import Any

from physsym.statement import Equation, Law, Rule, Update
from physsym.typeset.plain import unicode
from physsym.typeset.tex import latex

SHOWN = (Equation, Law, Update, Rule)


def load_ipython_extension(shell: Any) -> None:
    """Teach an IPython shell to show equations, laws, updates and rules as formulas, or else as text."""
    formatters = shell.display_formatter.formatters
    for shown in SHOWN:
        formatters["text/latex"].for_type(shown, _as_display)
        formatters["text/plain"].for_type(shown, _into_printer)


def unload_ipython_extension(shell: Any) -> None:
    """Leave statements to IPython again."""
    for formatter in (shell.display_formatter.formatters[kind] for kind in ("text/latex", "text/plain")):
        for shown in SHOWN:
            formatter.pop(shown, None)


def _as_display(statement: object) -> str:
    return rf"$\displaystyle {latex(statement)}$"


def _into_printer(statement: object, printer: Any, cycle: bool) -> None:
    printer.text(unicode(statement))
