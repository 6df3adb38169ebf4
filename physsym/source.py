"""The text of a program: a Python function that can be read, printed and compiled."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import singledispatch
from typing import TypeAlias

from sympy import Symbol

from physsym.operation import OPERATIONS, Operand, Operation
from physsym.program import Evaluation, Line, Program, state_name

Names: TypeAlias = Mapping[Symbol, str]

INFIX = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2)}
PREFIX, ATOM = 3, 4
PYTHON_WORDS = frozenset({*keyword.kwlist, *keyword.softkwlist, *OPERATIONS, "Fraction", "grad", "step"})


def identifiers(program: Program, reserved: Collection[str] = PYTHON_WORDS) -> dict[Symbol, str]:
    """Return a valid name of its own for every symbol of a program, unlike any reserved word.

    `after(u)` becomes `u_next`, `before(x)` becomes `x_previous`; other signs become underscores.

    >>> from physsym.program import program
    >>> from physsym.statement import rule
    >>> lam = Symbol("lambda")
    >>> list(identifiers(program(rule({lam: lam / 2}))).values())
    ['lambda_', 'lambda_next']
    """
    names: dict[Symbol, str] = {}
    for symbol in (*program.states, *program.parameters, *program.assigned, *program.results):
        if symbol not in names:
            names[symbol] = unlike(_identifier(state_name(symbol)), {*reserved, *names.values()})
    return names


def unlike(name: str, taken: Collection[str]) -> str:
    """Return the name, with underscores at its end until it is not taken."""
    while name in taken:
        name += "_"
    return name


def _identifier(name: str) -> str:
    # Python normalises identifiers itself: two names that differ before must not meet in one after.
    plain = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
    return plain if plain.isidentifier() else f"_{plain}"


def python_source(program: Program, *, name: str = "step", fraction: str = "{}/{}") -> str:
    """Return the program as the text of a Python function of the states, the gradient and the parameters.

    The gradient is a callable: of one place, or of one place for each coordinate, then returning as many
    gradients. It is absent where the rule takes none. `fraction` says how a fraction such as 1/2 is written.

    >>> from physsym.program import program
    >>> from physsym.statement import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> from physsym.notation import after
    >>> print(python_source(program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))))
    def step(u, x, grad, *, eta, rho):
        \"\"\"Take one step of u, x.\"\"\"
        c = eta*(1 - rho)
        g = grad(x)
        u_next = rho*u - c*g
        x_next = x + u_next
        return u_next, x_next
    <BLANKLINE>
    """
    names = identifiers(program, {*PYTHON_WORDS, name})
    states = [names[s] for s in program.states]
    results = ", ".join(names[s] for s in program.results)
    returned = f"({results},)" if len(program.results) == 1 else results
    inputs = states + ["grad"] * bool(program.evaluations)
    inputs += ["*"] * bool(program.parameters) + [names[p] for p in program.parameters]
    lines = [f'"""Take one step of {", ".join(states)}."""']
    lines += [python_line(line, names, fraction) for line in (*program.scalars, *program.body)]
    return function_text(name, inputs, [*lines, f"return {returned}"])


def function_text(name: str, inputs: Iterable[str], lines: Iterable[str]) -> str:
    """Return the text of a Python function with the given inputs and lines."""
    return f"def {name}({', '.join(inputs)}):\n" + "".join(f"    {line}\n" for line in lines)


def python_line(line: Line, names: Names, fraction: str = "{}/{}") -> str:
    """Return one line of a program as a Python assignment."""
    targets = ", ".join(names[t] for t in line.targets)
    values = ", ".join(python_text(v, names, fraction) for v in line.values)
    return f"{targets} = grad({values})" if isinstance(line, Evaluation) else f"{targets} = {values}"


def python_text(value: Operand, names: Names, fraction: str = "{}/{}") -> str:
    """Return an operand as a Python expression that is computed in the order of its operations."""
    return _text(value, names, fraction)[0]


@singledispatch
def _text(value: Operand, names: Names, fraction: str) -> tuple[str, int]:
    """Return the text and how strongly it holds together."""
    raise TypeError(f"expected an operand of a program, given {value!r}")


@_text.register
def _(value: Symbol, names: Names, fraction: str) -> tuple[str, int]:
    return names[value], ATOM


@_text.register
def _(value: int, names: Names, fraction: str) -> tuple[str, int]:
    return str(value), PREFIX if value < 0 else ATOM


@_text.register
def _(value: Fraction, names: Names, fraction: str) -> tuple[str, int]:
    text = fraction.format(value.numerator, value.denominator)
    return text, INFIX["divide"][1] if "/" in text else ATOM


@_text.register
def _(value: Operation, names: Names, fraction: str) -> tuple[str, int]:
    parts = [_text(a, names, fraction) for a in value.arguments]
    if value.name in INFIX:
        sign, strength = INFIX[value.name]
        left, right = _held(parts[0], strength), _held(parts[1], strength + 1)
        return f"{left} {sign} {right}" if strength == 1 else f"{left}{sign}{right}", strength
    if value.name == "negative":
        return f"-{_held(parts[0], PREFIX)}", PREFIX
    return f"{value.name}({', '.join(text for text, _ in parts)})", ATOM


def _held(part: tuple[str, int], strength: int) -> str:
    return part[0] if part[1] >= strength else f"({part[0]})"
