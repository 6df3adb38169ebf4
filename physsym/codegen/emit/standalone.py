"""A program as functions of a module that stands alone: it imports `math`, or NumPy, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Expr

from physsym.codegen.emit.python import OF_ARRAYS, PYTHON, function_text, tuple_text
from physsym.codegen.emit.text import PYTHON_WORDS, Language, Names, expression_text, identifiers
from physsym.codegen.expression_tree import OPERATIONS, Operand, operand
from physsym.codegen.straight_line import Evaluation, Guarded, Line, Program, state_name

# Functions that Python lacks: each with its text, of which a module holds those that it calls.
HELPERS = {
    "sign": '''def sign(value):
    """Return -1, 0 or 1; NaN of NaN."""
    return (value > 0) - (value < 0) if value == value else value
''',
    "maximum": '''def maximum(left, right):
    """Return the larger of two numbers; NaN where one of them is."""
    return left if left >= right or left != left else right
''',
    "minimum": '''def minimum(left, right):
    """Return the smaller of two numbers; NaN where one of them is."""
    return left if left <= right or left != left else right
''',
    "guarded": '''def guarded(compute):
    """Return a value that only branches of cases read; NaN where it is not defined."""
    try:
        return compute()
    except (ArithmeticError, ValueError):
        return math.nan
''',
}
_OF_MATH = ("sqrt", "exp", "log", "sin", "cos", "tanh", "floor", "ceil")
_OF_NUMBERS = {name: f"math.{name}" for name in _OF_MATH} | {
    # The operator ** would turn the root of a negative number into a complex one.
    "power": "math.pow", "absolute": "abs", "sign": "sign", "maximum": "maximum", "minimum": "minimum",
}  # fmt: skip
MAY_USE = {
    "math": {*_OF_MATH, "pow", "inf", "nan"},
    "np": {*OPERATIONS, "asarray", "errstate", "full_like", "zeros_like"},
}
"""What the text of a module may take from `math` and NumPy: functions of numbers, which write nothing."""
NUMBERS = Language("Python", choices=PYTHON.choices, functions=_OF_NUMBERS)
ARRAYS = Language(OF_ARRAYS.name, functions={name: f"np.{name}" for name in OPERATIONS})
_RESERVED = {*PYTHON_WORDS, *HELPERS, "FROZEN", "abs", "init", "math", "np", "range", "run", "steps"}


@dataclass(frozen=True)
class Form:
    """What a module computes with: plain numbers, or arrays of NumPy.

    `names` are those of the symbols of the program, `defaults` the values of parameters that have one.
    """

    program: Program
    arrays: bool
    defaults: Mapping[str, float]
    names: Names

    @property
    def states(self) -> list[str]:
        """Return the names of the states."""
        return [self.names[s] for s in self.program.states]

    @property
    def parameters(self) -> list[str]:
        """Return the names of the parameters, without the loss."""
        return [self.names[p] for p in self.program.parameters if p != self.program.loss]

    def text(self, value: Operand, *, single: bool = False) -> str:
        """Return an operand as an expression; `single` where it is one number in either form."""
        return expression_text(value, self.names, NUMBERS if single or not self.arrays else ARRAYS)

    def value(self, expression: Expr, *, single: bool = False) -> str:
        """Return a SymPy expression as the text of one."""
        return self.text(operand(expression, {}), single=single)

    def keywords(self, names: list[str]) -> list[str]:
        """Return parameters as arguments that are given by name, with their defaults."""
        given = [f"{n}={self.defaults[n]!r}" if n in self.defaults else n for n in names]
        return ["*", *given] if given else []


def form(program: Program, defaults: Mapping[str, float], *, arrays: bool) -> Form:
    """Return the form of a module for a program, with defaults by the names of the parameters."""
    names = identifiers(program, _RESERVED)
    known = {names[p]: defaults[state_name(p)] for p in program.parameters if state_name(p) in defaults}
    return Form(program, arrays, known, names)


def step_text(made: Form) -> str:
    """Return the function that takes one step.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> print(step_text(form(program(rule({x: x - eta * G})), {"eta": 0.1}, arrays=False)))
    def step(x, grad, *, eta=0.1):
        \"\"\"Return x one step later; grad is a function of the point.\"\"\"
        g = grad(x)
        x_next = x - eta*g
        return (x_next,)
    <BLANKLINE>
    """
    program, listed = made.program, ", ".join(made.states)
    inputs = made.states + ["grad"] * bool(program.evaluations)
    inputs += [made.names[program.loss]] if program.loss is not None else []
    says = "; grad is a function of the point" if program.evaluations else ""
    lines = [f'"""Return {listed} one step later{says}."""', *_lines(made)]
    return function_text("step", inputs + made.keywords(made.parameters), lines)


def _lines(made: Form) -> Iterator[str]:
    program = made.program
    yield from (_line(line, made, single=True) for line in program.scalars)
    body = [_line(line, made) for line in program.body]
    if made.arrays and program.has_choices:  # both branches are computed
        yield 'with np.errstate(all="ignore"):'
        body = [f"    {line}" for line in body]
    yield from body
    yield f"return {tuple_text(made.names[r] for r in program.results)}"


def _line(line: Line, made: Form, *, single: bool = False) -> str:
    targets = ", ".join(made.names[t] for t in line.targets)
    values = ", ".join(made.text(v, single=single) for v in line.values)
    if isinstance(line, Guarded):
        return f"{targets} = guarded(lambda: {values})"
    return f"{targets} = grad({values})" if isinstance(line, Evaluation) else f"{targets} = {values}"


def run_text(made: Form, given: list[str], initial: list[str]) -> str:
    """Return the function that takes many steps from `init`, whose arguments are `given` and `initial`.

    It is empty for a rule that reads the loss at the evaluation point of a gradient, of which a loop does not
    know.
    """
    program = made.program
    if program.loss is not None and program.loss_point is None:
        return ""
    forces, at, loss = ["grad"] * bool(program.evaluations), list[str](), list[str]()
    if program.loss is not None and program.loss_point is not None:
        loss = [made.names[program.loss]]
        at = [f"{loss[0]}({', '.join(made.names[s] for s in program.loss_point)})"]
    named = [f"{n}={n}" for n in made.parameters]
    states = tuple_text(made.states)
    inputs = [*given, *forces, *loss, "steps", *made.keywords(made.parameters)]
    after = f" from {', '.join(given)}" if given else ""
    return function_text("run", inputs, [
        f'"""Return {", ".join(made.states)} after so many steps{after}."""',
        f"{states} = init({', '.join([*given, *(f'{n}={n}' for n in initial)])})",
        "for _ in range(steps):",
        f"    {states} = step({', '.join([*made.states, *forces, *at, *named])})",
        f"return {states}",
    ])  # fmt: skip


def helper_texts(functions: str) -> list[str]:
    """Return the helpers that the text of functions calls.

    >>> [text.split("(")[0] for text in helper_texts("x = sign(y)")]
    ['def sign']
    """
    return [text for name, text in HELPERS.items() if f"{name}(" in functions.replace(f"np.{name}(", "")]
