"""Semantics: the functions of formulas, the SymPy expression of a syntax tree, and where it is defined."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Literal, TypeAlias

import sympy
from sympy import Abs, Add, Expr, Mul, Piecewise, Pow, Rational, S, Symbol
from sympy.logic.boolalg import Boolean

from physsym.core.symbols import (
    AFTER,
    BEFORE,
    DOT,
    OPAQUE,
    after,
    before,
    dot,
    grad,
    hess,
    higher,
    partial,
    potential,
)
from physsym.core.verdicts import Condition
from physsym.parsing.grammar import Tree
from physsym.parsing.tokens import GREEK, number

MAX_EXPONENT = 64
MAX_CONSTANTS = 4
MAX_COORDINATES = 20
MAX_COMPARED = 16
MAX_CASES = 16

Names: TypeAlias = Mapping[str, Expr]
Demand: TypeAlias = Literal["!= 0", "> 0", ">= 0"]


# ------------------------------------------------------------------ functions


@dataclass(frozen=True)
class ReadFunction:
    """How SymPy builds a function, its least and greatest arity, and its cost in plain nodes, at most."""

    build: Callable[..., Expr]
    least: int = 1
    most: int = 1
    cost: int = 20


def _is_real(value: Expr) -> bool:
    """Return whether a value is real wherever it is defined, as x/u is where u is not zero."""
    if value.is_extended_real:
        return True
    if isinstance(value, (sympy.log, Symbol)):
        return False
    if isinstance(value, Pow) and not (value.exp.is_integer or value.base.is_extended_nonnegative):
        return False
    return all(map(_is_real, value.args))


def _absolute(value: Expr) -> Expr:
    # Of what may be complex, SymPy takes the modulus apart, and may expand it without bound.
    return Abs(value) if _is_real(value) else Abs(value, evaluate=False)


REAL_ONLY = ("sinh", "cosh", "tanh")
"""Functions that are read of what is known to be real."""


def _hyperbolic(build: type[Expr], value: Expr) -> Expr:
    # Asked for the sign of tanh(z), SymPy expands z in full where it does not know that z is real.
    if _is_real(value):
        return build(value)
    name = build.__name__
    raise ValueError(
        f"{value} may not be real; for {name}, declare what its roots and logarithms take positive"
    )


def _extremum(build: type[Expr], *values: Expr) -> Expr:
    # SymPy compares every two arguments: slow where they are large, and then it seldom settles anything.
    nodes = sum(1 for value in values for _ in sympy.preorder_traversal(value))
    return build(*values, evaluate=nodes <= MAX_COMPARED)


def _clip(value: Expr, least: Expr, most: Expr) -> Expr:
    return _extremum(sympy.Min, _extremum(sympy.Max, value, least), most)


def _where(condition: Boolean, value: Expr, other: Expr) -> Expr:
    return _piecewise(sympy.Tuple(value, condition), sympy.Tuple(other, sympy.true))


def _piecewise(*cases: sympy.Tuple) -> Expr:
    # SymPy would compare all conditions with each other, and write them in another form.
    return Piecewise(*((value, condition) for value, condition in cases), evaluate=False)


def _remainder(value: Expr, divisor: Expr) -> Expr:
    """Return what is left of a division, with the sign of the divisor, as `%` of Python has it."""
    if divisor.is_zero or (1 / divisor).has(*_NOT_FINITE):
        raise ValueError("a division by zero; divide by something else")
    return value - divisor * sympy.floor(value / divisor)


def _relation(build: type[Boolean], left: Expr, right: Expr) -> Boolean:
    return build(left, right, evaluate=left.is_number and right.is_number)


def _partial(index: Expr, *point: Expr) -> Expr:
    if not (index.is_Integer and 1 <= index <= len(point)):
        raise ValueError(f"partial(i, x, y) counts its coordinates from 1 to {len(point)}, given {index}")
    return partial(index, *point)


def _higher(order: Expr, point: Expr) -> Expr:
    if not (order.is_Integer and order >= 3):
        raise ValueError(f"higher(n, x) is the third or a higher derivative, given {order}")
    return higher(order, point)


def _instant(mark: Callable[[Symbol], Symbol], value: Expr) -> Symbol:
    try:
        return mark(value)
    except TypeError as error:
        raise ValueError(str(error)) from None


FUNCTIONS = {
    **{
        mark.__name__: ReadFunction(functools.partial(_instant, mark), cost=1)
        for mark in (dot, after, before)
    },
    "grad": ReadFunction(grad, cost=1),
    "hess": ReadFunction(hess, cost=1),
    **{name: ReadFunction(potential, most=MAX_COORDINATES, cost=1) for name in ("potential", "loss", "U")},
    "higher": ReadFunction(_higher, least=2, most=2, cost=1),
    "partial": ReadFunction(_partial, least=2, most=1 + MAX_COORDINATES, cost=1),
    **{f.__name__: ReadFunction(f) for f in (sympy.exp, sympy.log, sympy.sin, sympy.cos)},
    **{
        f.__name__: ReadFunction(functools.partial(_hyperbolic, f))
        for f in (sympy.tanh, sympy.sinh, sympy.cosh)
    },
    **dict.fromkeys(
        ("asinh", "arsinh", "arcsinh"), ReadFunction(functools.partial(_hyperbolic, sympy.asinh), cost=50)
    ),
    "ln": ReadFunction(sympy.log),
    "tan": ReadFunction(lambda value: sympy.sin(value) / sympy.cos(value), cost=40),
    "sqrt": ReadFunction(sympy.sqrt),
    "sign": ReadFunction(sympy.sign, cost=50),
    "sgn": ReadFunction(sympy.sign, cost=50),
    "Abs": ReadFunction(_absolute, cost=50),
    "abs": ReadFunction(_absolute, cost=50),
    "Max": ReadFunction(functools.partial(_extremum, sympy.Max), least=2, most=4, cost=200),
    "Min": ReadFunction(functools.partial(_extremum, sympy.Min), least=2, most=4, cost=200),
    "max": ReadFunction(functools.partial(_extremum, sympy.Max), least=2, most=4, cost=200),
    "min": ReadFunction(functools.partial(_extremum, sympy.Min), least=2, most=4, cost=200),
    "clip": ReadFunction(_clip, least=3, most=3, cost=200),
    "floor": ReadFunction(sympy.floor, cost=50),
    **{name: ReadFunction(sympy.ceiling, cost=50) for name in ("ceil", "ceiling")},
    **{name: ReadFunction(_remainder, least=2, most=2, cost=60) for name in ("mod", "Mod")},
    "where": ReadFunction(_where, least=3, most=3),
    "Piecewise": ReadFunction(_piecewise, most=MAX_CASES),
    "Eq": ReadFunction(functools.partial(_relation, sympy.Eq), least=2, most=2),
    "Ne": ReadFunction(functools.partial(_relation, sympy.Ne), least=2, most=2),
    "ITE": ReadFunction(functools.partial(sympy.ITE, evaluate=False), least=3, most=3),
}
NAMES_TOO = ("max", "min", "clip", "where", "loss", "U", "floor", "ceil", "mod")
"""Functions without whose brackets the name is free: a parameter may be called like this."""
CONDITIONS: Mapping[str, tuple[int, ...]] = {"where": (0,), "ITE": (0, 1, 2)}
"""Which arguments of a function are conditions."""
_COMPARISONS: Mapping[type, type[Boolean]] = {
    ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
}  # fmt: skip
_TRUTH = {"True": sympy.true, "False": sympy.false}


# ------------------------------------------------------------------ values


@dataclass(frozen=True)
class _Chain:
    """A sum or a product whose operands are not joined yet: SymPy joins them fastest all at once."""

    join: type[Expr]
    parts: tuple[Expr, ...]

    def joined(self) -> Expr:
        return self.parts[0] if len(self.parts) == 1 else self.join(*self.parts)


@dataclass(frozen=True)
class Reading:
    """A tree, the names it may use, and the values of the nodes evaluated so far."""

    tree: Tree
    names: Names
    chains: dict[ast.expr, _Chain]

    def value(self, node: ast.expr) -> Expr:
        """Return the value of a node."""
        return self.chains[node].joined()

    @property
    def whole(self) -> Expr:
        """Return the value of the whole tree."""
        return self.value(self.tree.root)


def reading(tree: Tree, names: Names) -> Reading:
    """Return the tree with the value of every node. Raises ReadError where one has none."""
    found = Reading(tree, names, {})
    for node in tree.nodes():
        chain = _chain(node, found)
        found.chains[node] = chain if isinstance(chain, _Chain) else _Chain(Add, (chain,))
    _require(found, tree.root)
    return found


def _require(found: Reading, *nodes: ast.expr, condition: bool = False) -> None:
    """Raise ReadError for a condition in place of an expression, or the reverse."""
    for node in nodes:
        value = found.chains[node].parts[0]
        if condition and not (isinstance(value, Boolean) and not isinstance(value, Symbol)):
            raise found.tree.error(
                "found an expression, where a condition such as x > 0 is expected; put each relation in "
                "brackets, as in (a > 0) & (b > 0)",
                node,
            )
        if not condition and not isinstance(value, Expr):
            raise found.tree.error(
                "found a condition or a pair, where an expression is expected; put each relation in "
                "brackets, as in (a > 0) & (b > 0)",
                node,
            )


@singledispatch
def _chain(node: ast.expr, found: Reading) -> _Chain | Expr:
    raise found.tree.error(f"found {type(node).__name__}, which is not part of a formula; leave it out", node)


@_chain.register(ast.Constant)
def _(node: ast.Constant, found: Reading) -> Expr:
    value = number(found.tree.token(node))
    return Rational(value.numerator, value.denominator)


@_chain.register(ast.Name)
def _(node: ast.Name, found: Reading) -> Expr:
    token = found.tree.token(node)
    name = token.name
    if name in _TRUTH and name not in found.names:
        return _TRUTH[name]
    if name not in found.names:
        raise found.tree.error(_unknown(name, found.names), node)
    value = found.names[name]
    for mark in token.marks:
        if not isinstance(value, Symbol):
            raise found.tree.error(
                f"found {name}{token.marks}, but {name} stands for {value}, which is no state", node
            )
        value = _MARKED[mark](value)
    return value


_MARKED = {AFTER: after, BEFORE: before, DOT: dot}


@_chain.register(ast.UnaryOp)
def _(node: ast.UnaryOp, found: Reading) -> Expr:
    if isinstance(node.op, ast.Invert):
        _require(found, node.operand, condition=True)
        negation: Callable[..., Boolean] = sympy.Not
        return negation(found.value(node.operand), evaluate=False)
    _require(found, node.operand)
    if isinstance(node.op, ast.UAdd):
        return found.value(node.operand)
    chain = found.chains[node.operand]
    if chain.join is Mul:  # with what is behind it: in -(4*(a + b)/3)*c nothing is multiplied out
        return _Chain(Mul, (S.NegativeOne, *chain.parts))
    return -chain.joined()


@_chain.register(ast.Compare)
def _(node: ast.Compare, found: Reading) -> Boolean:
    sides = (node.left, *node.comparators)
    _require(found, *sides)
    values = [found.value(side) for side in sides]
    relations = [
        _relation(_COMPARISONS[type(op)], left, right)
        for op, left, right in zip(node.ops, values, values[1:], strict=False)
    ]
    return relations[0] if len(relations) == 1 else sympy.And(*relations)


@_chain.register(ast.Tuple)
def _(node: ast.Tuple, found: Reading) -> sympy.Tuple:
    if len(node.elts) != 2:
        raise found.tree.error("a case is a pair, a value and its condition: (a, x > 0)", node)
    _require(found, node.elts[0])
    _require(found, node.elts[1], condition=True)
    return sympy.Tuple(*map(found.value, node.elts))


@_chain.register(ast.BinOp)
def _(node: ast.BinOp, found: Reading) -> _Chain | Expr:
    if isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        _require(found, node.left, node.right, condition=True)
        join: Callable[..., Boolean] = sympy.And if isinstance(node.op, ast.BitAnd) else sympy.Or
        return join(found.value(node.left), found.value(node.right))
    _require(found, node.left, node.right)
    right = found.value(node.right)
    match node.op:
        case ast.Add():
            return _Chain(Add, (*_parts(node.left, Add, found), right))
        case ast.Sub():
            return _Chain(Add, (*_parts(node.left, Add, found), -right))
        case ast.Mult():
            return _Chain(Mul, (*_parts(node.left, Mul, found), right))
        case ast.Div():
            inverse = 1 / right
            if right.is_zero or inverse.has(*_NOT_FINITE):  # 0**x is zero for some x only
                raise found.tree.error("found a division by zero; divide by something else", node.right)
            # One by one: SymPy would multiply 3 into the sum of 3*(a + b).
            inverses = [1 / part for part in _parts(node.right, Mul, found)]
            return _Chain(Mul, (*_parts(node.left, Mul, found), *inverses))
        case ast.Mod():
            return _built(node, found, _remainder, found.value(node.left), right)
    base = found.value(node.left)
    if right.is_Rational and max(abs(right.p), right.q) > MAX_EXPONENT:
        message = f"found the exponent {right}; write one between -{MAX_EXPONENT} and {MAX_EXPONENT}"
        raise found.tree.error(message, node.right)
    if base.is_zero and right.is_extended_negative:
        raise found.tree.error("found a negative power of zero, a division by zero; change the base", node)
    return _built(node, found, Pow, base, right)


def _parts(node: ast.expr, join: type[Expr], found: Reading) -> tuple[Expr, ...]:
    chain = found.chains[node]
    return chain.parts if chain.join is join else (chain.joined(),)


@_chain.register(ast.Call)
def _(node: ast.Call, found: Reading) -> Expr:
    name = found.tree.token(node).name
    if isinstance(found.names.get(name), potential):
        name = potential.__name__  # as the vocabulary calls it
    of_time = len(node.args) == 1 and found.tree.token(node.args[0]).text == "t"
    if of_time and name not in FUNCTIONS:
        message = f"found {name}(t); write {name} for what moves, or {name}*(t) for the product"
        raise found.tree.error(message, node)
    if name in found.names and name not in FUNCTIONS and found.tree.token(node.args[0]).text == "0":
        message = f"found {name}(0), a start value, which a rule has and a law has not; leave it out"
        raise found.tree.error(message, node)
    if name in found.names and name not in FUNCTIONS:
        message = f"found {name} before a bracket, but it is no function; for a product write {name}*(...)"
        raise found.tree.error(message, node)
    if name not in FUNCTIONS and (len(name) <= 2 or name in GREEK.values()):
        message = (
            f"found {name} before a bracket, which may be a function that is not known, or a factor; "
            ""
            f"for the product write {name}*(...)"
        )
        raise found.tree.error(message, node)
    if name not in FUNCTIONS:
        message = f"found {name}, which is no known function; {_nearest(name, FUNCTIONS)}"
        raise found.tree.error(message, node)
    if marks := found.tree.token(node).marks:
        of_potential = {"'": "grad", "''": "hess"}.get(marks) if FUNCTIONS[name].build is potential else None
        if of_potential is None or len(node.args) != 1:
            message = f"found {name}{marks} before a bracket; the derivative of U is written grad(x) or U'(x)"
            raise found.tree.error(message, node)
        name = of_potential
    function = FUNCTIONS[name]
    least, most, given = function.least, function.most, len(node.args)
    if not least <= given <= most:
        expected = str(least) if least == most else f"{least} to {most}"
        message = f"{name} takes {expected} argument{'s' * (most > 1)}, given {given}; change their number"
        raise found.tree.error(message, node)
    if name == "Piecewise":
        if unfit := [a for a in node.args if not isinstance(found.chains[a].parts[0], sympy.Tuple)]:
            raise found.tree.error("a case is a pair, a value and its condition: (a, x > 0)", unfit[0])
    else:
        for position, argument in enumerate(node.args):
            _require(found, argument, condition=position in CONDITIONS.get(name, ()))
    return _built(node, found, function.build, *map(found.value, node.args))


def _built(node: ast.expr, found: Reading, build: Callable[..., Expr], *arguments: Expr) -> Expr:
    """Return what SymPy makes of the arguments, which must be real, finite and cheap to compare."""
    constants = [a.atoms(Pow, sympy.Function) for a in arguments]
    irrational = [
        c for own in constants for c in own if c.is_number and not c.has(*OPAQUE) and not c.is_Rational
    ]
    if len(irrational) > MAX_CONSTANTS:
        message = f"found more than {MAX_CONSTANTS} irrational constants here; name some of them"
        raise found.tree.error(message, node)
    try:
        value = build(*arguments)
    except ValueError as error:
        raise found.tree.error(f"this cannot be read: {error}", node) from None
    if value.has(S.ImaginaryUnit, *_NOT_FINITE) or getattr(value, "is_extended_real", None) is False:
        raise found.tree.error(f"this is {value}, not a finite real number; change its argument", node)
    return value


_NOT_FINITE = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)


_MEANT = {
    "E": "exp(1)", "e": "exp(1)", "lambda": "lam", "exponential": "exp(...)", "log10": "log(...)/log(10)",
    "log2": "log(...)/log(2)", "lg": "log(...)/log(10)", 
    **dict.fromkeys(("arcosh", "arccosh", "acosh"), "log(x + sqrt(x**2 - 1))"),
    **dict.fromkeys(("artanh", "arctanh", "atanh"), "log((1 + x)/(1 - x))/2"),
}  # fmt: skip


def _unknown(name: str, names: Names) -> str:
    if name in FUNCTIONS:
        return f"found the function {name} without its argument; write {name}(...)"
    return f"found {name}, which is no known name; {_nearest(name, names)}, or declare it"


_NOT_READ = frozenset(["arctan", "atan", "arctan2", "atan2", "arcsin", "asin", "arccos", "acos"])


def _nearest(name: str, known: Iterable[str]) -> str:
    if name in _NOT_READ:
        return "inverse trigonometric functions are not read"
    from difflib import get_close_matches

    near = get_close_matches(name, known)
    meant = _MEANT.get(name) or (near[0] if near else "")
    return f"write {meant}" if meant else f"write one of {', '.join(sorted(known))}"


_DOMAINS: dict[str, Demand] = {"log": "> 0", "sqrt": ">= 0"}


def conditions(found: Reading) -> Iterator[Condition]:
    """Yield what must hold for every operation in a tree to be defined, from left to right in the text.

    They come from the tree, not from the value: SymPy simplifies `g*v/g`, which divides by g.
    """
    wanted = [pair for node in found.tree.nodes() for pair in _demands(node, found)]
    for part, relation in sorted(wanted, key=lambda pair: pair[0].col_offset):
        value = found.value(part)
        fact = {"!= 0": value.is_nonzero, "> 0": value.is_positive, ">= 0": value.is_nonnegative}[relation]
        # Of constants this is known; of symbols nothing is taken for granted here.
        if fact is not True or value.free_symbols:
            yield Condition(value, relation)


def _demands(node: ast.expr, found: Reading) -> Iterator[tuple[ast.expr, Demand]]:
    if isinstance(node, ast.Call):
        name = found.tree.token(node).name
        if name in _DOMAINS:
            yield node.args[0], _DOMAINS[name]
        if name in ("mod", "Mod"):
            yield node.args[1], "!= 0"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Mod)):
        yield node.right, "!= 0"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        # What the base must satisfy for its power to be a real number.
        exponent = found.value(node.right)
        defined_at_zero = exponent.is_extended_nonnegative
        if not exponent.is_integer:
            yield node.left, ">= 0" if defined_at_zero else "> 0"
        elif not defined_at_zero:
            yield node.left, "!= 0"
