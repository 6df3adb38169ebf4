"""Optimizers written in Python as equations, to compare with derived rules: through latexify, or by tracing.

latexify translates the source term by term; tracing evaluates the same assignments with symbols and leaves
their form to our own printer. Both refuse what would be typeset wrongly or only in part.
"""

from __future__ import annotations

import ast
import inspect
import operator
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law
from physsym.core.symbols import after, exact, grad
from physsym.printing.latex_printer import TALL, aligned, latex
from physsym.vocabulary import STANDARD, Face, Vocabulary

NEXT = "_next"
Meaning: TypeAlias = Symbol | type[grad]
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "sqrt": sympy.sqrt, "exp": sympy.exp, "log": sympy.log, "abs": sympy.Abs, "sign": sympy.sign,
}  # fmt: skip


def latex_of_function(
    function: Callable[..., object], face: Face = "learning", vocabulary: Vocabulary = STANDARD
) -> str:
    r"""Return an optimizer written in Python as aligned equations in LaTeX, in the form of its source.

    Parameters
    ----------
    function
        It assigns each name once and returns names; `w_next` is the value of `w` one step later, and a
        parameter that is called is the gradient.
    face
        "physics" or "learning".
    vocabulary
        The meaning of names, on either face.

    Returns
    -------
    str
        An `aligned` block. Without latexify it holds the result of `equations_of_function`, as `latex`
        prints it.

    Raises
    ------
    TypeError
        For what is no function.
    ValueError
        For one that is more than such assignments, and where two names have one meaning.

    Examples
    --------
    >>> def gradient_descent(w, grad, eta):
    ...     w_next = w - eta * grad(w)
    ...     return (w_next,)
    >>> print(latex_of_function(gradient_descent))
    \mathbf{w}_{t+1} = \mathbf{w}_{t} - \eta \nabla L(\mathbf{w}_{t})
    """
    # Tracing first: it refuses what latexify would typeset wrongly or leave out.
    traced = equations_of_function(function, vocabulary)
    try:
        from latexify.codegen import ExpressionCodegen
    except ImportError:
        return latex(traced, face, vocabulary)
    definition = _definition(function)
    assignments = _assignments(definition)
    letters = _letters(_meanings(definition, vocabulary), face, vocabulary)
    holders = {name: f"zz{i}" for i, name in enumerate(letters)}
    printed = ExpressionCodegen(use_math_symbols=False, use_set_symbols=False)
    values = (printed.visit(_Renamed(holders).visit(value)) for value in assignments.values())
    tex = {rf"\mathrm{{{holder}}}": letters[name] for name, holder in holders.items()}
    return aligned([[letters[n], "=", _tidy(v, tex)] for n, v in zip(assignments, values, strict=True)])


def equations_of_function(function: Callable[..., object], vocabulary: Vocabulary = STANDARD) -> Law:
    """Return the equations of an optimizer written in Python, by tracing it with symbols.

    Parameters
    ----------
    function, vocabulary
        As for `latex_of_function`.

    Returns
    -------
    Law
        An equation for each assignment; a new value is `after` of its symbol.

    Raises
    ------
    TypeError, ValueError
        As `latex_of_function` does.

    Examples
    --------
    >>> def gradient_descent(w, grad, eta):
    ...     w_next = w - eta * grad(w)
    ...     return (w_next,)
    >>> print(equations_of_function(gradient_descent))
    x+ = x - eta*grad(x)
    """
    definition = _definition(function)
    meanings = _meanings(definition, vocabulary)
    known = {name: meanings[name] for name in _parameters(definition)}
    equations = []
    for name, value in _assignments(definition).items():
        equations.append(Equation(meanings[name], _traced(value, known)))
        known[name] = meanings[name]
    return Law(tuple(equations))


# Reading the source.


def _definition(function: Callable[..., object]) -> ast.FunctionDef:
    if not inspect.isfunction(function):
        raise TypeError(f"expected a function written in Python, given {function!r}")
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except OSError as error:
        raise ValueError(f"{function.__name__} has no source to typeset: define it in a file") from error
    definition = ast.parse(source).body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise ValueError(f"expected a function that begins with def, given {source.strip()!r}")  # noqa: TRY004
    # latexify leaves these out without a word, because they do not fit into an equation.
    args = definition.args
    dropped = {
        "keyword-only parameters": args.kwonlyargs, "*args": args.vararg, "**kwargs": args.kwarg,
        "default values": args.defaults, "decorators": definition.decorator_list,
    }  # fmt: skip
    for what in (what for what, there in dropped.items() if there):
        raise ValueError(f"{definition.name} has {what}, which no equation shows; write it without")
    return definition


def _parameters(definition: ast.FunctionDef) -> list[str]:
    return [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)]


def _assignments(definition: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return the value of each name in order. Raises ValueError for anything but assignments to new names."""
    *body, last = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    found: dict[str, ast.expr] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if name in found or name in _parameters(definition):
                    raise _unfit(
                        node, f"assigns {name} twice, which is no equation; give the new value a name"
                    )
                found[name] = value
            case _:
                raise _unfit(node, "is no assignment to one name")
    returned = last.value if isinstance(last, ast.Return) else None
    names = returned.elts if isinstance(returned, ast.Tuple) else [returned]
    if not found or not all(isinstance(n, ast.Name) and n.id in found for n in names):
        raise _unfit(last, "should return names that were assigned before, such as `return v_next, w_next`")
    return found


def _unfit(node: ast.AST, why: str) -> ValueError:
    return ValueError(f"cannot typeset the line `{ast.unparse(node)}`: it {why}")


def _meanings(definition: ast.FunctionDef, vocabulary: Vocabulary) -> dict[str, Meaning]:
    """Return what each name means. Raises ValueError where two mean the same."""
    called = {
        n.func.id for n in ast.walk(definition) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    names = [*_parameters(definition), *_assignments(definition)]
    meanings = {n: grad if n in called else _symbol(n, vocabulary) for n in names}
    for name in (n for i, n in enumerate(names) if meanings[n] in [meanings[k] for k in names[:i]]):
        raise ValueError(
            f"{name} means {meanings[name]}, as another name of {definition.name} does; rename it"
        )
    return meanings


def _symbol(name: str, vocabulary: Vocabulary) -> Symbol:
    if name.endswith(NEXT):
        return after(_symbol(name.removesuffix(NEXT), vocabulary))
    known = (q.symbol for q in vocabulary.quantities if name in (q.learning, q.name))
    return next((s for s in known if isinstance(s, Symbol)), Symbol(name))


# Tracing: the value of a piece of source, with symbols for names.


@singledispatch
def _traced(node: ast.expr, known: Mapping[str, Meaning]) -> Expr:
    raise _unfit(node, "is more than sums, products, powers and functions of one argument")


@_traced.register(ast.Name)
def _(node: ast.Name, known: Mapping[str, Meaning]) -> Expr:
    if not isinstance(known.get(node.id), Symbol):
        raise _unfit(node, "is no parameter and no name assigned before")
    return known[node.id]


@_traced.register(ast.Constant)
def _(node: ast.Constant, known: Mapping[str, Meaning]) -> Expr:
    try:
        return exact(node.value)
    except TypeError as error:
        raise _unfit(node, "is no exact number; write a fraction such as 1/2") from error


@_traced.register(ast.BinOp)
def _(node: ast.BinOp, known: Mapping[str, Meaning]) -> Expr:
    return _operator(node)(_traced(node.left, known), _traced(node.right, known))


@_traced.register(ast.UnaryOp)
def _(node: ast.UnaryOp, known: Mapping[str, Meaning]) -> Expr:
    return _operator(node)(_traced(node.operand, known))


@_traced.register(ast.Call)
def _(node: ast.Call, known: Mapping[str, Meaning]) -> Expr:
    name = _called(node)
    function = known.get(name, FUNCTIONS.get(name))
    if function is None or isinstance(function, Symbol) or len(node.args) != 1 or node.keywords:
        raise _unfit(node, f"should call the gradient or one of {', '.join(FUNCTIONS)}, with one argument")
    return function(_traced(node.args[0], known))


def _operator(node: ast.BinOp | ast.UnaryOp) -> Callable[..., Expr]:
    if type(node.op) not in OPERATORS:
        raise _unfit(node, "uses an operator other than + - * / **")
    return OPERATORS[type(node.op)]


def _called(node: ast.Call) -> str:
    """Return the name of a called function, without the module it may be taken from."""
    return ast.unparse(node.func).rpartition(".")[2]


# Through latexify: names become placeholders, and these become the letters of the vocabulary.


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id))

    def visit_Call(self, node: ast.Call) -> ast.Call:
        name = _called(node)
        return ast.Call(ast.Name(self.names.get(name, name)), [self.visit(a) for a in node.args], [])


def _letters(meanings: Mapping[str, Meaning], face: Face, vocabulary: Vocabulary) -> dict[str, str]:
    """Return each name as LaTeX; what has a value one step later is a state, and shows its instant."""
    states = [s for n, s in meanings.items() if n + NEXT in meanings]
    nabla = latex(grad(Symbol("x")), face, vocabulary).partition("(")[0]
    return {
        n: latex(s, face, vocabulary, states=states) if isinstance(s, Symbol) else nabla
        for n, s in meanings.items()
    }


def _tidy(tex: str, letters: Mapping[str, str]) -> str:
    """Return latexify's output with our letters, without dots between letters and with fences as ours."""
    # A call has a space behind the name of the function, a product has a dot.
    tex = re.sub(r"(\\mathrm\{\w+\}) (?=\\mathopen)", r"\1", tex)
    for holder, letter in letters.items():
        tex = tex.replace(holder, letter)
    tex = re.sub(r"\\(mathopen|mathclose)\{\}", "", tex).replace(r"\mathrm{sign}", r"\operatorname{sign}")
    tex = re.sub(r" \\cdot (?![-\d])", " ", tex)
    tall = any(sign in tex for sign in TALL)
    return tex if tall else tex.replace(r"\left( ", "(").replace(r" \right)", ")")
