"""The text of a program as a Python function that can be read, printed and compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from physsym.codegen.emit.text import PYTHON_WORDS, Language, Names, expression_text, identifiers, unique_name
from physsym.codegen.expression_tree import OPERATIONS, Operand
from physsym.codegen.straight_line import Evaluation, Guarded, Line, Program, checked_results

PYTHON = Language(
    "Python",
    choices={
        "where": "{1} if {0} else {2}", "less": "{} < {}", "less_equal": "{} <= {}", "equal": "{} == {}",
        "not_equal": "{} != {}", "logical_and": "{} and {}", "logical_or": "{} or {}",
        "logical_not": "not {}",
    },
)  # fmt: skip
OF_ARRAYS = Language("Python", functions={name: name for name in (*OPERATIONS, "taken")})
"""Case distinctions are functions: both branches are computed, as for arrays they must be.

`taken` occurs in programs that are differentiated; see `with_gated_branches`.
"""


def python_source(
    program: Program, *, name: str = "step", fraction: str = "{}/{}", arrays: bool = False
) -> str:
    """Return the program as the text of a Python function of the states, the gradient and the parameters.

    The gradient is a callable of its evaluation point, with one argument for each coordinate, then returning
    as many gradients. It is absent where the rule takes none; the loss comes behind it where the rule reads
    it. `fraction` says how a fraction such as 1/2 is written. A case distinction is a conditional expression,
    in the body of a program of `arrays` a call of `where`; `guarded(f)` is f(), or not a number where that is
    not defined.

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
    inputs += [names[program.loss]] if program.loss in program.parameters else []
    by_name = [names[p] for p in program.parameters if p != program.loss]
    inputs += ["*"] * bool(by_name) + by_name
    lines = [f'"""Take one step of {", ".join(states)}."""']
    lines += [python_line(line, names, fraction) for line in program.scalars]
    lines += [python_line(line, names, fraction, arrays) for line in program.body]
    return function_text(name, inputs, [*lines, f"return {tuple_text(names[s] for s in program.results)}"])


def python_rollout(program: Program, *, fraction: str = "{}/{}") -> str:
    """Return the text of `rollout(steps, states, parameters)`, which takes that many steps of single numbers.

    It returns the number of the step after which a state is no longer finite, 0 where all are, and the
    states. The program takes no gradient.
    """
    names = identifiers(program, PYTHON_WORDS | {"counted", "parameters", "states"})
    states, results = ([names[s] for s in symbols] for symbols in (program.states, program.results))
    taken = {*names.values()}
    number, steps = unique_name("number", taken), unique_name("steps", taken)
    lines = [f"({tuple_text(states)}) = states"]
    if program.parameters:
        lines.append(f"({tuple_text(names[p] for p in program.parameters)}) = parameters")
    lines += [python_line(line, names, fraction) for line in program.scalars]
    inside = [python_line(line, names, fraction) for line in program.body]
    inside += [f"{tuple_text(states)} = {tuple_text(results)}"]
    # Infinity and NaN differ from themselves by NaN: one comparison tests the whole sum.
    checked = [states[k] for k in checked_results(program)]
    inside += [f"if not {' + '.join(f'({s} - {s})' for s in checked)} == 0:"]
    inside += [f"    return {number}, ({tuple_text(states)})"]
    lines += [f"for {number} in counted(1, {steps} + 1):", *(f"    {line}" for line in inside)]
    return function_text(
        "rollout", [steps, "states", "parameters"], [*lines, f"return 0, ({tuple_text(states)})"]
    )


def tuple_text(parts: Iterable[str]) -> str:
    """Return the text of a tuple of the parts."""
    listed = list(parts)
    return f"({listed[0]},)" if len(listed) == 1 else ", ".join(listed) or "()"


def function_text(name: str, inputs: Iterable[str], lines: Iterable[str]) -> str:
    """Return the text of a Python function with the given inputs and lines."""
    return f"def {name}({', '.join(inputs)}):\n" + "".join(f"    {line}\n" for line in lines)


def python_line(line: Line, names: Names, fraction: str = "{}/{}", arrays: bool = False) -> str:
    """Return one line of a program as a Python assignment."""
    targets = ", ".join(names[t] for t in line.targets)
    values = ", ".join(python_text(v, names, fraction, arrays) for v in line.values)
    if isinstance(line, Guarded):
        return f"{targets} = guarded(lambda: {values})"
    return f"{targets} = grad({values})" if isinstance(line, Evaluation) else f"{targets} = {values}"


def python_text(value: Operand, names: Names, fraction: str = "{}/{}", arrays: bool = False) -> str:
    """Return an operand as a Python expression that is computed in the order of its operations."""
    return expression_text(value, names, replace(OF_ARRAYS if arrays else PYTHON, fraction=fraction))


def array_source(program: Program) -> str:
    """Return the program as the text of a Python function of arrays."""
    return python_source(program, arrays=True)
