"""The functions that formulas may call: how each is built, from how many arguments, at what cost."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Abs, Expr, Pow, Symbol

from physsym.core.symbols import MARKS, after, before, dot, grad, hess, partial, potential

MOST_PLACES = 20
MAX_COMPARED = 16


@dataclass(frozen=True)
class ReadFunction:
    """How SymPy builds a function, from how many arguments, and how many plain nodes that costs at most."""

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


def _partial(index: Expr, *places: Expr) -> Expr:
    if not (index.is_Integer and 1 <= index <= len(places)):
        raise ValueError(f"partial(i, x, y) counts its places from 1 to {len(places)}, given {index}")
    return partial(index, *places)


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
    "potential": ReadFunction(potential, most=MOST_PLACES, cost=1),
    "partial": ReadFunction(_partial, least=2, most=1 + MOST_PLACES, cost=1),
    **{f.__name__: ReadFunction(f) for f in (sympy.exp, sympy.log, sympy.sin, sympy.cos)},
    **{
        f.__name__: ReadFunction(functools.partial(_hyperbolic, f))
        for f in (sympy.tanh, sympy.sinh, sympy.cosh)
    },
    "sqrt": ReadFunction(sympy.sqrt),
    "sign": ReadFunction(sympy.sign, cost=50),
    "Abs": ReadFunction(_absolute, cost=50),
    "abs": ReadFunction(_absolute, cost=50),
    "Max": ReadFunction(functools.partial(_extremum, sympy.Max), least=2, most=4, cost=200),
    "Min": ReadFunction(functools.partial(_extremum, sympy.Min), least=2, most=4, cost=200),
}


def is_plain_symbol(value: Expr) -> bool:
    """Return whether a value is a symbol at no marked instant, which a rule can update."""
    return isinstance(value, Symbol) and value.name[-1:] not in MARKS
