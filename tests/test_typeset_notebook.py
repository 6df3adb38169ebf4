"""The IPython extension shows statements as formulas; a stand-in plays the shell."""

from __future__ import annotations

from physsym.statement import Rule
from physsym.typeset import latex, load_ipython_extension, unicode, unload_ipython_extension
from tests.typeset_cases import TEXTBOOK


class Formatter(dict):
    def for_type(self, kind, function):
        self[kind] = function


class Shell:
    def __init__(self):
        self.display_formatter = self
        self.formatters = {"text/latex": Formatter(), "text/plain": Formatter()}
        self.written = ""

    def text(self, text):
        self.written += text


def test_a_notebook_shows_statements():
    shell, line = Shell(), TEXTBOOK["Gradient descent"]
    load_ipython_extension(shell)
    assert shell.formatters["text/latex"][Rule](line) == rf"$\displaystyle {latex(line)}$"
    shell.formatters["text/plain"][Rule](line, shell, False)
    assert shell.written == unicode(line)
    unload_ipython_extension(shell)
    assert not any(shell.formatters.values())
