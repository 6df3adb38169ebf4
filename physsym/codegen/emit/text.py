"""An operand as the text of an expression, in any language with infix operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import singledispatch

from sympy import Symbol

from physsym.codegen.emit.identifiers import Names
from physsym.codegen.expression_tree import ARITHMETIC, OPERATIONS, Operand, Operation

INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2)}
PREFIX, ATOM = 3, 4


@dataclass(frozen=True)
class Language:
    """How numbers and functions are written: `functions` lists all that may be called, by operation name."""

    name: str
    whole: str = "{}"
    fraction: str = "{}/{}"
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
    """Return the text and how strongly it holds together."""
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
    if value.name in INFIX:
        sign, strength = INFIX[value.name]
        left, right = _held(parts[0], strength), _held(parts[1], strength + 1)
        return f"{left} {sign} {right}" if strength == 1 else f"{left}{sign}{right}", strength
    if value.name == "negative":
        # Two signs in a row would be an operator of their own in C and JavaScript.
        return f"-{_held(parts[0], ATOM)}", PREFIX
    return f"{_function(value.name, language)}({', '.join(text for text, _ in parts)})", ATOM


def _function(name: str, language: Language) -> str:
    if name not in language.functions:
        known = ", ".join([*ARITHMETIC[:5], *language.functions])
        raise ValueError(f"{language.name} text has no operation {name}; it has {known}")
    return language.functions[name]


def _held(part: tuple[str, int], strength: int) -> str:
    return part[0] if part[1] >= strength else f"({part[0]})"
