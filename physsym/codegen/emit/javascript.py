"""The text of a program as a JavaScript function."""

from __future__ import annotations

from physsym.codegen.emit.c import CHOICES
from physsym.codegen.emit.text import Language, Names, expression_text, identifiers
from physsym.codegen.straight_line import Evaluation, Line, Program

_TAKEN = """abstract arguments await boolean break byte case catch char class const continue debugger default
    delete do double else enum eval export extends false final finally float for function goto if implements
    import in instanceof int interface let long native new null package private protected public return short
    static super switch synchronized this throw throws transient true try typeof undefined var void volatile
    while with yield async of get set NaN Infinity Math Object Function Array Number globalThis window self
    document constructor prototype __proto__ grad step"""
WORDS = frozenset(_TAKEN.split())
_OWN_NAMES = ("sqrt", "exp", "log", "sin", "cos", "tanh", "sign", "floor", "ceil")
JAVASCRIPT = Language(
    "JavaScript",
    choices=CHOICES | {"equal": "{} === {}", "not_equal": "{} !== {}"},
    functions={name: f"Math.{name}" for name in _OWN_NAMES}
    | {"power": "Math.pow", "absolute": "Math.abs", "maximum": "Math.max", "minimum": "Math.min"},
)


def javascript_source(program: Program) -> str:
    """Return the program as the text of a JavaScript function of the states, the gradient and the parameters.

    All are numbers but the gradient, a function of its evaluation point, with one argument for each
    coordinate, then returning an array of as many gradients. The parameters are given by name, in one object.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> from physsym.core.symbols import after
    >>> print(javascript_source(program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))))
    // Take one step of u, x.
    function step(u, x, grad, {eta, rho}) {
      const c = eta*(1 - rho);
      const g = grad(x);
      const u_next = rho*u - c*g;
      const x_next = x + u_next;
      return [u_next, x_next];
    }
    <BLANKLINE>
    """
    names = identifiers(program, WORDS, plain=True)
    states = [names[s] for s in program.states]
    inputs = states + ["grad"] * bool(program.evaluations)
    if program.loss is not None:
        inputs.append(names[program.loss])
    if by_name := [names[p] for p in program.parameters if p != program.loss]:
        inputs.append("{" + ", ".join(by_name) + "}")
    lines = [_line(line, names) for line in (*program.scalars, *program.body)]
    lines.append(f"return [{', '.join(names[s] for s in program.results)}];")
    body = "".join(f"  {line}\n" for line in lines)
    return f"// Take one step of {', '.join(states)}.\nfunction step({', '.join(inputs)}) {{\n{body}}}\n"


def _line(line: Line, names: Names) -> str:
    targets = ", ".join(names[t] for t in line.targets)
    values = ", ".join(expression_text(v, names, JAVASCRIPT) for v in line.values)
    if len(line.targets) > 1:
        targets = f"[{targets}]"
        values = values if isinstance(line, Evaluation) else f"[{values}]"
    return f"const {targets} = {f'grad({values})' if isinstance(line, Evaluation) else values};"
