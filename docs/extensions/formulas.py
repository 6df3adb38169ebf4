r"""Formulas of the pages through the package's own printer, where it shows what the author wrote.

A formula is read by `physsym.parsing` and printed as MathML. Reading is for meaning: `1 - \beta + \beta` is
read as 1, and the rows of Adam as one rule. A page must show what its author wrote, so the printed form is
taken only where it has the same letters, numbers and signs; the notation of the printer (bold vectors,
fractions for rates) is no difference. Everything else goes to the converter of Docutils.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from physsym.parsing import ReadError, read
from physsym.parsing.latex.tokens import latex_tokens
from physsym.printing import latex, mathml
from physsym.vocabulary import STANDARD, Vocabulary

AS_READ, AS_WRITTEN, NOT_READ = "printed", "printed otherwise", "not read"
_LABEL = re.compile(r"\\label\{[^}]*\}")
_GRADIENT = re.compile(r"\\nabla\s*([A-Za-z])\s*\(")
_RATES = (
    (re.compile(r"\\frac\{d\^\{2\}((?:[^{}]|\{[^{}]*\})*)\}\{dt\^\{2\}\}"), r"\\ddot{\1}"),
    (re.compile(r"\\frac\{d((?:[^{}]|\{[^{}]*\})*)\}\{dt\}"), r"\\dot{\1}"),
)
# What says how a formula is set, not what it says; a product is written by signs or without one.
_LAYOUT = {
    "{", "}", "(", ")", "&", "^", "_", "/", r"\cdot", r"\frac", r"\dfrac", r"\tfrac", r"\mathbf",
    r"\boldsymbol",
}  # fmt: skip
_SAME = {r"\varepsilon": r"\epsilon", r"\gets": r"\leftarrow"}


@dataclass(frozen=True)
class Shown:
    """A formula as it is shown: its MathML where the printer has it, and how that came about."""

    tex: str
    how: str
    markup: str = ""
    reason: str = ""


def shown(tex: str, block: bool = False) -> Shown:
    r"""Return a formula as the package's printer shows it, or why it does not.

    Parameters
    ----------
    tex
        LaTeX, as it stands between dollar signs.
    block
        Whether it is displayed on a line of its own.

    Returns
    -------
    Shown
        With markup exactly where `how` is AS_READ.

    Examples
    --------
    >>> shown(r"\tau = \frac{m}{\gamma} \label{eq:tau}").how
    'printed'
    >>> shown(r"1 - \beta + \beta").how, shown(r"a \iff b").how
    ('printed otherwise', 'not read')
    """
    text = _LABEL.sub("", tex).strip()
    parts = _chain(text)
    try:
        read_parts = [_printed(part, "block" if block else "inline") for part in parts]
    except (ReadError, ValueError, TypeError, NotImplementedError) as error:
        return Shown(tex, NOT_READ, reason=str(error).splitlines()[0])
    if signs(" = ".join(written for written, _ in read_parts)) != signs(text):
        return Shown(tex, AS_WRITTEN, reason=" = ".join(written for written, _ in read_parts))
    return Shown(tex, AS_READ, _joined([markup for _, markup in read_parts], block, text))


def signs(tex: str) -> Counter[str]:
    """Return the letters, numbers and signs of a formula, each as often as it occurs, without its layout."""
    for pattern, written in _RATES:
        tex = pattern.sub(written, tex)
    tex = re.sub(r"\\(begin|end)\{\w+\}", "", tex)
    found = (_SAME.get(t.text, t.text) for t in latex_tokens(tex) if t.kind not in ("space", "row", "gap"))
    return Counter(sign for sign in found if sign not in _LAYOUT)


def _chain(text: str) -> list[str]:
    """Return the members of a chain of equalities such as a = b = c, else the whole text."""
    if r"\begin" in text or any(sign in text for sign in (r"\nabla", r"\dot", r"\ddot", "_{t", r"\approx")):
        return [text]
    parts = text.split("=")
    return parts if len(parts) > 2 else [text]


def _printed(text: str, display: str) -> tuple[str, str]:
    """Return a formula as LaTeX and as MathML of the printer; the potential keeps its author's letter."""
    letter = _GRADIENT.search(text)
    vocabulary = _with_potential(letter[1]) if letter else STANDARD
    statement = read(text, notation="latex")
    return latex(statement, vocabulary=vocabulary), mathml(statement, vocabulary=vocabulary, display=display)


def _with_potential(letter: str) -> Vocabulary:
    return replace(
        STANDARD,
        quantities=tuple(
            replace(q, physics=letter) if q.kind == "potential" else q for q in STANDARD.quantities
        ),
    )


def _joined(markups: list[str], block: bool, text: str) -> str:
    if len(markups) == 1:
        return markups[0]
    inner = (re.sub(r"^<math[^>]*>|</math>$", "", markup) for markup in markups)
    head = re.match(r"<math[^>]*?(?= alttext)", markups[0])
    assert head is not None
    alternative = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    row = "<mo>=</mo>".join(f"<mrow>{piece}</mrow>" for piece in inner)
    return f'{head[0]} alttext="{alternative}">{row}</math>'


def report(formulas: dict[str, list[Shown]]) -> str:
    """Return the note of a build: how many formulas went which way, and those that are not printed."""
    every = [one for found in formulas.values() for one in found]
    count = Counter(one.how for one in every)
    lines = [
        f"{len(every)} formulas on {len(formulas)} pages: {count[AS_READ]} by the package's printer, "
        f"{count[AS_WRITTEN]} as written because the printer would write them otherwise, "
        f"{count[NOT_READ]} as written because they are not read"
    ]
    lines += [
        f"{page}: {' '.join(one.tex.split())} ({one.how}: {one.reason})"
        for page, found in sorted(formulas.items())
        for one in found
        if one.how != AS_READ
    ]
    return "\n".join(lines) + "\n"
