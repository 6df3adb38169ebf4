"""The text of a program as a Python function that can be read, printed and compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from physsym.codegen.emit.text import PYTHON_WORDS, Language, Names, expression_text, identifiers
from physsym.codegen.expression_tree import Operand
from physsym.codegen.straight_line import Evaluation, Line, Program

PYTHON = Language("Python")


def python_source(program: Program, *, name: str = "step", fraction: str = "{}/{}") -> str:
    """Return the program as the text of a Python function of the states, the gradient and the parameters.

    The gradient is a callable of its evaluation point, with one argument for each coordinate, then returning
    as many gradients. It is absent where the rule takes none. `fraction` says how a fraction such as 1/2 is
    written.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> from physsym.core.symbols import after
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
    inputs = states + ["grad"] * bool(program.evaluations)
    inputs += ["*"] * bool(program.parameters) + [names[p] for p in program.parameters]
    lines = [f'"""Take one step of {", ".join(states)}."""']
    lines += [python_line(line, names, fraction) for line in (*program.scalars, *program.body)]
    return function_text(name, inputs, [*lines, f"return {tuple_text(names[s] for s in program.results)}"])


def tuple_text(parts: Iterable[str]) -> str:
    """Return the text of a tuple of the parts."""
    listed = list(parts)
    return f"({listed[0]},)" if len(listed) == 1 else ", ".join(listed) or "()"


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
    return expression_text(value, names, replace(PYTHON, fraction=fraction))
