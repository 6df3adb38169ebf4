"""The explorer as one self-contained page: rules that run, with sliders, and no request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import combinations

from physsym import __version__
from physsym.core.counts import counted
from physsym.core.verdicts import Outcome
from physsym.documents.html import head
from physsym.explorer.entries import Entry
from physsym.explorer.formulas import LANDSCAPES, described, javascript, landscape
from physsym.optimizers.equivalence import sentence
from physsym.optimizers.equivalent_rules import equivalent
from physsym.optimizers.lifted import Lifted

SCRIPTS = ("state.js", "potentials.js", "numbers.js", "runs.js", "drawing.js", "explorer.js")
"""The files of the script, in the order in which they are read."""

LARGEST = 250_000
"""The bytes that a page may have: it is sent by mail, and opened on a telephone."""


def page(entries: Sequence[Entry]) -> str:
    """Return the page of some rules as HTML.

    Raises ValueError for no rules, for a rule that does not run on a potential of two weights, and for so
    many rules that the page would be larger than `LARGEST`.
    """
    if not entries:
        raise ValueError("the explorer needs at least one rule")
    body, style = _read("page.html"), _read("page.css")
    code = script(entries)
    text = (
        f"{head(code)}"
        f"<title>Derived rules, running</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}"
        f"<script>{code}</script>\n</body>\n</html>\n"
    )
    if (size := len(text.encode())) > LARGEST:
        raise ValueError(
            f"the page of {counted(len(entries), 'rule')} has {size} bytes and may have "
            f"{LARGEST}; name fewer rules"
        )
    return text


def script(entries: Sequence[Entry]) -> str:
    """Return the script of the page: the rules and potentials, and what shows them."""
    entries = told_apart(entries)
    keys = _keys(entries)
    rules = [{"key": key, **described(entry)} for key, entry in zip(keys, entries, strict=True)]
    values = {
        "RULES": rules,
        "LANDSCAPES": [landscape(part) for part in LANDSCAPES],
        "PAIRS": {f'"{i},{j}"': _compared(a, b) for (i, a), (j, b) in combinations(enumerate(entries), 2)},
        "ORIGIN": f"Written by physsym {__version__}. This page asks for nothing and sends nothing.",
    }
    written = "".join(
        f"const {name} = {_with_classes(javascript(value))};\n" for name, value in values.items()
    )
    return written + "\n".join(map(_read, SCRIPTS))


def told_apart(entries: Sequence[Entry]) -> list[Entry]:
    """Return rules of which each has a title of its own: a second "Momentum" is "Momentum (2)"."""
    found: dict[str, Entry] = {}
    for entry in entries:
        titles = (entry.title, *(f"{entry.title} ({n})" for n in range(2, len(entries) + 2)))
        title = next(t for t in titles if t not in found)
        found[title] = replace(entry, title=title)
    return list(found.values())


def _read(name: str) -> str:
    return (files("physsym.explorer") / name).read_text(encoding="utf-8")


def _with_classes(text: str) -> str:
    """Return MathML with a class in place of the styles that each cell repeats."""
    cells = re.sub(r'style=\\"text-align:(.)[^"]*\\"', r'class=\\"\1\\"', text)
    return cells.replace(' display=\\"inline\\"', "")


def _keys(entries: Sequence[Entry]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        key = re.sub(r"\W+", "-", entry.title.lower()).strip("-")
        found.append(key if key not in found else f"{key}-{len(found)}")
    return found


def _compared(first: Entry, second: Entry) -> str:
    """Return whether two rules are the same, in a sentence that names them."""
    named = (Lifted(e.rule, name=e.title) for e in (first, second))
    try:
        found = equivalent(*named)
    except ValueError as error:
        return f"It is not decided whether {first.title} is {second.title}: {error}"
    text = sentence(found).replace("the first rule", first.title).replace("the second rule", second.title)
    agree = found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    return f"{'For some values of the parameters only: ' if agree and not found.generic else ''}{text}."
