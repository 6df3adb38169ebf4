"""Names of symbols in a program text: valid there, and unlike each other and every reserved word."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import TypeAlias

from sympy import Symbol

from physsym.codegen import Program, state_name
from physsym.codegen.expression_tree import OPERATIONS

Names: TypeAlias = Mapping[Symbol, str]

PYTHON_WORDS = frozenset({*keyword.kwlist, *keyword.softkwlist, *OPERATIONS, "Fraction", "grad", "step"})


def identifiers(
    program: Program, reserved: Collection[str] = PYTHON_WORDS, *, plain: bool = False
) -> dict[Symbol, str]:
    """Return a valid name of its own for every symbol of a program, unlike any reserved word.

    `after(u)` becomes `u_next`, `before(x)` becomes `x_previous`; other signs become underscores. Where names
    must be `plain`, they are of ASCII letters: a Greek letter is called by its name.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> lam = Symbol("lambda")
    >>> list(identifiers(program(rule({lam: lam / 2}))).values())
    ['lambda_', 'lambda_next']
    """
    names: dict[Symbol, str] = {}
    for symbol in (*program.states, *program.parameters, *program.assigned, *program.results):
        if symbol not in names:
            called = _identifier(state_name(symbol), plain)
            names[symbol] = unlike(called, {*reserved, *names.values()})
    return names


def unlike(name: str, taken: Collection[str]) -> str:
    """Return the name, with underscores at its end until it is not taken."""
    while name in taken:
        name += "_"
    return name


def _identifier(name: str, plain: bool) -> str:
    # Python normalises identifiers itself: two names that differ before must not meet in one after.
    normal = unicodedata.normalize("NFKC", name)
    text = re.sub(r"\W", "_", "".join(map(_in_ascii, normal)) if plain else normal)
    return text if text.isidentifier() else f"_{text}"


def _in_ascii(letter: str) -> str:
    """Return the last word of what Unicode calls a letter: GREEK SMALL LETTER ETA is eta."""
    words = unicodedata.name(letter, "_").split()
    called = words[-1] if "CAPITAL" in words else words[-1].lower()
    return letter if letter.isascii() else re.sub(r"\W", "_", called)
