"""Values of the package as they show themselves in a notebook: in every form that a front end may take.

Some strip HTML of its styles, some prefer LaTeX, a terminal has only text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from html import escape
from typing import TypeAlias

from physsym.core.statements import Equation, Law, Relation, Rule, Update
from physsym.core.verdicts import Verdict
from physsym.derivation import Derivation
from physsym.documents.content import Figure
from physsym.documents.markdown import NOTEBOOK, Markdown, escaped
from physsym.documents.plotting import svg
from physsym.documents.prose import sentence
from physsym.documents.reasons import reason
from physsym.documents.tree import Line
from physsym.optimizers.equivalence import Equivalence
from physsym.printing import latex, mathml, unicode

Bundle: TypeAlias = dict[str, str]


@singledispatch
def bundle(value: object) -> Bundle:
    """Return a value in every form in which it can be shown, by MIME type; raises TypeError for others."""
    raise TypeError(f"no display is known for {type(value).__name__}")


@bundle.register(Equation)
@bundle.register(Relation)
@bundle.register(Law)
@bundle.register(Update)
@bundle.register(Rule)
def _(value: Equation | Relation | Law | Update | Rule) -> Bundle:
    return {"text/latex": rf"$\displaystyle {latex(value)}$", "text/plain": unicode(value)}


@bundle.register(Verdict)
def _(value: Verdict) -> Bundle:
    return {"text/markdown": Markdown(dialect=NOTEBOOK).badge(value), "text/plain": str(value)}


@bundle.register(Equivalence)
def _(value: Equivalence) -> Bundle:
    badge = Markdown(dialect=NOTEBOOK).badge(value.verdict)
    maps = (*value.parameters.items(), *value.states.items())
    rows = [rf"${latex(s)} = {latex(e)}$" for s, e in maps if s != e]
    return {"text/markdown": "\n\n".join([badge, *rows, escaped(str(value))]), "text/plain": str(value)}


@bundle.register(Figure)
def _(value: Figure) -> Bundle:
    return {"image/svg+xml": svg(value.draw, value.size), "text/plain": f"figure {value.name}"}


@bundle.register(Derivation)
def _(value: Derivation) -> Bundle:
    return {
        "text/html": _html(value),
        "text/markdown": _markdown(value),
        "text/latex": _latex(value),
        "text/plain": _plain(value),
    }


def _lines(derivation: Derivation) -> Iterator[Line]:
    """Yield the lines, numbered from zero."""
    yield Line("0", derivation.lines[0], verdict=derivation.start_verdict)
    walked = zip(derivation.steps, derivation.lines[1:], derivation.verdicts()[1:], strict=True)
    for k, (step, line, verdict) in enumerate(walked, 1):
        says = sentence(step.says, derivation.vocabulary_of_sentences)
        yield Line(str(k), line, says, reason(step.move), verdict)


def _markdown(derivation: Derivation) -> str:
    writer = Markdown(vocabulary=derivation.vocabulary, dialect=NOTEBOOK)
    lines = (writer.line(line).replace('<a id="eq-', '<a id="line-') for line in _lines(derivation))
    return "\n\n".join([f"**{escaped(derivation.title)}**", *lines])


def _html(derivation: Derivation) -> str:
    """Return a table of the lines; it needs no style sheet."""
    rows = "".join(
        f'<tr><td style="text-align:left">({line.number})</td><td style="text-align:left">'
        f'{mathml(line.statement, "physics", derivation.vocabulary)}</td><td style="text-align:left">'
        f"{escape(line.verdict.outcome.value) if line.verdict is not None else ''}</td></tr>\n"
        for line in _lines(derivation)
    )
    return f"<table>\n<caption>{escape(derivation.title)}</caption>\n{rows}</table>"


def _latex(derivation: Derivation) -> str:
    rows = (latex(line, "physics", derivation.vocabulary) for line in derivation.lines)
    return "$$\\begin{gathered}\n" + " \\\\\n".join(rows) + "\n\\end{gathered}$$"


def _plain(derivation: Derivation) -> str:
    shown = (_indented(line, derivation) for line in _lines(derivation))
    return "\n".join([derivation.title, *shown])


def _indented(line: Line, derivation: Derivation) -> str:
    text = unicode(line.statement, "physics", derivation.vocabulary).replace("\n", "\n      ")
    mark = f"  [{line.verdict.outcome.value}]" if line.verdict is not None else ""
    return f"  ({line.number}) {text}{mark}"
