"""Names of symbols, and operands as expressions, in any language with infix operators."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import singledispatch
from typing import TypeAlias

from sympy import Symbol

from physsym.codegen.expression_tree import ARITHMETIC, OPERATIONS, Operand, Operation
from physsym.codegen.straight_line import Program, state_name

Names: TypeAlias = Mapping[Symbol, str]

PYTHON_WORDS = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *OPERATIONS,
        "Fraction",
        "__debug__",
        "grad",
        "guarded",
        "step",
        "taken",
    }
)


def identifiers(
    program: Program, reserved: Collection[str] = PYTHON_WORDS, *, plain: bool = False
) -> dict[Symbol, str]:
    """Return a valid name of its own for every symbol of a program, unlike any reserved word.

    `after(u)` becomes `u_next`, `before(x)` becomes `x_previous`; other signs become underscores. Where names
    must be `plain`, they are of ASCII letters: a Greek letter is called by its name. They also keep clear of
    what compilers and the printed functions reserve: `_Bool`, `__FILE__`, `physsym_step`.

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
            names[symbol] = unique_name(called, {*reserved, *names.values()})
    return names


def unique_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with underscores at its end until it is not taken."""
    while name in taken:
        name += "_"
    return name


def _identifier(name: str, plain: bool) -> str:
    # Python normalises identifiers itself: two names that differ before must not meet in one after.
    normal = unicodedata.normalize("NFKC", name)
    text = re.sub(r"\W", "_", "".join(map(_in_ascii, normal)) if plain else normal)
    if plain and _RESERVED.match(text):
        return f"own_{text.lstrip('_')}"
    return text if text.isidentifier() else f"_{text}"


_RESERVED = re.compile("_[A-Z_]|physsym_")


def _in_ascii(letter: str) -> str:
    """Return the last word of what Unicode calls a letter: GREEK SMALL LETTER ETA is eta."""
    words = unicodedata.name(letter, "_").split()
    called = words[-1] if "CAPITAL" in words else words[-1].lower()
    return letter if letter.isascii() else re.sub(r"\W", "_", called)


INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2)}
PREFIX, ATOM = 3, 4


@dataclass(frozen=True)
class Language:
    """How numbers and functions are written: `functions` lists all that may be called, by operation name.

    `choices` says how case distinctions and their conditions are written, where that is not by functions: a
    template for each operation. A branch that is not taken is then not computed.
    """

    name: str
    whole: str = "{}"
    fraction: str = "{}/{}"
    choices: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=lambda: {name: name for name in OPERATIONS})


def expression_text(value: Operand, names: Names, language: Language) -> str:
    """Return an operand as an expression that is computed in the order of its operations.

    Raises ValueError for an operation that the language has no function for.

    >>> from sympy.abc import x
    >>> expression_text(Operation("subtract", (1, Operation("add", (x, 2)))), {x: "x[i]"}, Language("C"))
    '1 - (x[i] + 2)'
    """
    return _text(value, names, language)[0]


@singledispatch
def _text(value: Operand, names: Names, language: Language) -> tuple[str, int]:
    """Return the text and the precedence of its outermost operator."""
    raise TypeError(f"expected an operand of a program, given {value!r}")


@_text.register(Symbol)
def _(value: Symbol, names: Names, language: Language) -> tuple[str, int]:
    return names[value], ATOM


@_text.register(int)
def _(value: int, names: Names, language: Language) -> tuple[str, int]:
    return language.whole.format(value), PREFIX if value < 0 else ATOM


@_text.register(Fraction)
def _(value: Fraction, names: Names, language: Language) -> tuple[str, int]:
    text = language.fraction.format(value.numerator, value.denominator)
    return text, INFIX["divide"][1] if text[0] != "(" and "/" in text else ATOM


@_text.register(Operation)
def _(value: Operation, names: Names, language: Language) -> tuple[str, int]:
    parts = [_text(a, names, language) for a in value.arguments]
    if value.name in language.choices:
        if value.name == "where":
            return f"({language.choices[value.name].format(*(text for text, _ in parts))})", ATOM
        return language.choices[value.name].format(*(_bracketed(part, 1) for part in parts)), 0
    if value.name in INFIX:
        sign, precedence = INFIX[value.name]
        left, right = _bracketed(parts[0], precedence), _bracketed(parts[1], precedence + 1)
        return f"{left} {sign} {right}" if precedence == 1 else f"{left}{sign}{right}", precedence
    if value.name == "negative":
        # Two signs in a row would be an operator of their own in C and JavaScript.
        return f"-{_bracketed(parts[0], ATOM)}", PREFIX
    return f"{_function(value.name, language)}({', '.join(text for text, _ in parts)})", ATOM


def _function(name: str, language: Language) -> str:
    if name not in language.functions:
        known = ", ".join([*ARITHMETIC[:5], *language.functions])
        raise ValueError(f"{language.name} text has no operation {name}; it has {known}")
    return language.functions[name]


def _bracketed(part: tuple[str, int], precedence: int) -> str:
    return part[0] if part[1] >= precedence else f"({part[0]})"
