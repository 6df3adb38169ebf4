"""Nodes as SymPy expressions, and SymPy expressions as nodes: the border between a lift and its rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from physsym.core.conditions import as_conditions
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Condition
from physsym.optimizers.lifted import LiftError
from physsym.optimizers.lifting.nodes import (
    COMMUTATIVE,
    TRUE,
    UNDEFINED,
    Node,
    constant,
    leaf,
    make,
    ordered,
    resolve,
)

LARGEST_LAW = 20_000
"""Laws of more operations, counted with repetition, are not written."""


def to_expression(node: Node) -> Expr:
    """Return the SymPy expression of a node; large case distinctions, Max and Min are left unevaluated.

    >>> from sympy import Symbol
    >>> a = leaf(Symbol("a", real=True))
    >>> to_expression(make("select", make("lt", 0, a), a / 3, 0.5))
    Piecewise((a/3, a > 0), (1/2, True))
    """
    return to_expressions([resolve(node)])[0]


def to_expressions(nodes: list[Node]) -> list[Expr]:
    """Return the SymPy expressions of nodes as they are, what they share built once."""
    return _to_sympy(nodes)


def to_conditions(*conditions: Node) -> tuple[Condition, ...]:
    """Return conditions as the rule language keeps them; they hold together."""
    return as_conditions(_to_sympy(list(conditions)))


def _to_sympy(nodes: list[Node]) -> list[Any]:
    found: dict[Node, Any] = {}
    below = ordered(nodes)
    sizes: dict[Node, int] = {}
    for n in below:
        # Nodes share their parts, which SymPy walks through again and again.
        sizes[n] = 1 + sum(sizes[a] for a in n.args)
        if sizes[n] > LARGEST_LAW:
            raise LiftError(f"the law cannot be written: it has more than {LARGEST_LAW} operations")
    for n in below:
        found[n] = _atom(n) if not n.args else _SYMPY[n.op](*(found[a] for a in n.args))
    return [found[n] for n in nodes]


def _atom(node: Node) -> Any:
    if node is UNDEFINED:
        raise LiftError("the law cannot be written: it holds NaN where no condition excludes it")
    value = node.value
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    return (sympy.oo if value > 0 else -sympy.oo) if isinstance(value, float) else value


def _is_large(*expressions: Any) -> bool:
    """Whether SymPy's automatic evaluation of comparisons would take long."""
    return any(e.has(sympy.Piecewise, sympy.Max, sympy.Min) or e.count_ops() > 30 for e in expressions)


def _sympy_extremum(function: type[Expr]) -> Callable[[Expr, Expr], Expr]:
    def build(a: Expr, b: Expr) -> Expr:
        return function(a, b, evaluate=not _is_large(a, b))

    return build


def _relation(relation: Any, mirrored: Any) -> Callable[[Expr, Expr], Boolean]:
    def build(a: Expr, b: Expr) -> Boolean:
        if a.is_number:
            a, b, built = b, a, mirrored
        else:
            built = relation
        return built(a, b, evaluate=not _is_large(a, b))

    return build


def _sympy_select(condition: Any, first: Expr, second: Expr) -> Expr:
    if condition in (sympy.true, sympy.false):
        return first if condition == sympy.true else second
    others = second.args if isinstance(second, sympy.Piecewise) else [(second, sympy.true)]
    pieces = [(first, condition), *((e, c) for e, c in others)]
    evaluated = not any(
        c.has(sympy.Piecewise, sympy.And, sympy.Or) or _is_large(*c.args) for _, c in pieces if c.args
    )
    return sympy.Piecewise(*pieces, evaluate=evaluated)


def _quotient(a: Expr, b: Expr) -> Expr:
    if b.is_zero:
        raise LiftError(f"the law cannot be written: {a} is divided by zero")
    if isinstance(b, sympy.Piecewise):
        # The power of a case distinction is taken case by case, and a case that is zero would be infinite.
        return sympy.Mul(a, sympy.Pow(b, -1, evaluate=False))
    return a / b


_SYMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": _quotient,
    "pow": lambda a, b: a**b,
    "max": _sympy_extremum(sympy.Max),
    "min": _sympy_extremum(sympy.Min),
    "select": _sympy_select,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "sqrt": sympy.sqrt,
    "cbrt": lambda a: sympy.sign(a) * sympy.Abs(a) ** sympy.Rational(1, 3),
    "exp": sympy.exp,
    "log": sympy.log,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "tanh": sympy.tanh,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "rem": lambda a, b: a - b * sympy.sign(a / b) * sympy.floor(sympy.Abs(a / b)),
    "lt": _relation(sympy.Lt, sympy.Gt),
    "le": _relation(sympy.Le, sympy.Ge),
    "eq": _relation(sympy.Eq, sympy.Eq),
    "ne": _relation(sympy.Ne, sympy.Ne),
    "and": sympy.And,
    "or": sympy.Or,
    "not": sympy.Not,
}


def from_expression(expression: Expr | Boolean) -> Node:
    """Return the node of a SymPy expression; symbols and opaque functions become leaves.

    Raises TypeError for a function that nodes do not have.
    """
    found: dict[Any, Node] = {}

    def node(e: Any) -> Node:
        if e not in found:
            found[e] = read(e)
        return found[e]

    def read(e: Any) -> Node:
        if isinstance(e, (sympy.Symbol, *OPAQUE)):
            return leaf(e)
        if e.is_Rational:
            return constant(Fraction(int(e.p), int(e.q)))
        if e in (sympy.true, sympy.false, sympy.oo, -sympy.oo):
            return constant(bool(e) if e.is_Boolean else float(e))
        if isinstance(e, sympy.Piecewise):
            pieces = [(node(c), node(v)) for v, c in e.args]
            if pieces[-1][0] is not TRUE:
                raise TypeError(
                    f"{e} has no value where none of its conditions holds; end it with (..., True)"
                )
            return reduce(
                lambda rest, piece: make("select", *piece, rest), reversed(pieces[:-1]), pieces[-1][1]
            )
        if e.is_Pow and e.exp == -1:
            return make("div", 1, node(e.base))
        if e.is_Pow and e.exp.is_Rational and e.exp < 0:
            return make("div", 1, make("pow", node(e.base), node(-e.exp)))
        if isinstance(e, sympy.ITE):
            return make("select", *(node(a) for a in e.args))
        for kind, op in _FROM_SYMPY.items():
            if isinstance(e, kind):
                return (
                    reduce(lambda a, b: make(op, a, b), [node(a) for a in e.args])
                    if op in COMMUTATIVE - {"eq", "ne"}
                    else make(op, *(node(a) for a in e.args))
                )
        if isinstance(e, sympy.Mod):
            a, b = map(node, e.args)
            return make("sub", a, make("mul", b, make("floor", make("div", a, b))))
        if e.is_NumberSymbol:
            return constant(float(e))
        raise TypeError(f"{type(e).__name__} in {e} is no operation of an update rule")

    return node(expression)


_FROM_SYMPY: Mapping[Any, str] = {
    sympy.Add: "add",
    sympy.Mul: "mul",
    sympy.Pow: "pow",
    sympy.exp: "exp",
    sympy.Abs: "abs",
    sympy.sign: "sign",
    sympy.Max: "max",
    sympy.Min: "min",
    sympy.log: "log",
    sympy.floor: "floor",
    sympy.ceiling: "ceil",
    sympy.tanh: "tanh",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.StrictLessThan: "lt",
    sympy.LessThan: "le",
    sympy.StrictGreaterThan: "gt",
    sympy.GreaterThan: "ge",
    sympy.Eq: "eq",
    sympy.Ne: "ne",
    sympy.And: "and",
    sympy.Or: "or",
    sympy.Not: "not",
}
