"""Formulas of the certificates: relations of expressions, and what is said of functions of a small symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from physsym.core.statements import Law, Statement
from physsym.core.symbols import OPAQUE, after


@dataclass(frozen=True)
class Relation:
    """Two sides and how they compare."""

    left: Expr
    sign: Literal["=", "<>", "<", "<="]
    right: Expr


@dataclass(frozen=True)
class All:
    """Formulas that hold together."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Iff:
    """Two formulas of which each follows from the other."""

    one: Formula
    other: Formula


@dataclass(frozen=True)
class Map:
    """A function of some symbols, written by its value; the value may be an expression or a formula."""

    variables: tuple[Symbol, ...]
    value: Expr | Formula


@dataclass(frozen=True)
class Always:
    """A formula that holds from time zero on; its one variable is the time."""

    variables: tuple[Symbol]
    formula: Formula


@dataclass(frozen=True)
class Said:
    """A predicate of the lemma library, applied to numbers, functions and exponents."""

    predicate: str
    arguments: tuple[Expr | Map | Open | str, ...]


@dataclass(frozen=True)
class Open:
    """An uninterpreted function of one argument, by itself rather than applied."""

    name: str


Formula: TypeAlias = Relation | All | Iff | Always | Said


def equation(left: Expr, right: Expr) -> Relation:
    """Return the relation that two sides are equal."""
    return Relation(left, "=", right)


def equations(line: Statement) -> tuple[Relation, ...]:
    """Return a line as equations: those of a law, or new values in terms of old ones."""
    if isinstance(line, Law):
        return tuple(equation(e.left, e.right) for e in line.equations)
    return tuple(equation(after(u.target), u.value) for u in line.updates)


def changed(formula: Relation, values: dict[Expr, Expr]) -> Relation:
    """Return a relation with symbols or parts replaced on both sides."""
    return Relation(formula.left.xreplace(values), formula.sign, formula.right.xreplace(values))


def inner(part: object) -> tuple[object, ...]:
    """Return what a formula is made of, one level down."""
    fields = (getattr(part, name) for name in _INNER.get(type(part), ()))
    return tuple(chain.from_iterable(f if isinstance(f, tuple) else (f,) for f in fields))


_INNER: dict[type, tuple[str, ...]] = {
    Relation: ("left", "right"),
    All: ("parts",),
    Iff: ("one", "other"),
    Map: ("value",),
    Always: ("formula",),
    Said: ("arguments",),
}


def expressions(part: object) -> Iterator[Expr]:
    """Yield every expression of a formula, those within functions too."""
    if isinstance(part, Expr):
        yield part
    for one in inner(part):
        yield from expressions(one)


def free_symbols(part: object) -> frozenset[Symbol]:
    """Return the symbols of a formula that no function within it binds."""
    if isinstance(part, Expr):
        return frozenset(part.free_symbols)
    return frozenset[Symbol]().union(*map(free_symbols, inner(part))) - bound(part)


def bound(part: object) -> frozenset[Symbol]:
    """Return the symbols that the outermost sign of a formula binds."""
    return frozenset(part.variables) if isinstance(part, (Map, Always)) else frozenset()


def functions(part: object) -> dict[str, int]:
    """Return the uninterpreted functions, each with the number of its arguments."""
    found = {f for e in expressions(part) for f in e.atoms(*OPAQUE, AppliedUndef)}
    named = {o.name: 1 for o in _open(part)}
    return dict(sorted(({function_name(f): len(arguments(f)) for f in found} | named).items()))


def _open(part: object) -> Iterator[Open]:
    if isinstance(part, Open):
        yield part
    for one in inner(part):
        yield from _open(one)


def function_name(application: Expr) -> str:
    """Return the name of an uninterpreted function; that of a partial derivative has its coordinate."""
    name = str(application.func.__name__)
    return f"{name}_{application.args[0]}_{len(arguments(application))}" if name == "partial" else name


def arguments(application: Expr) -> tuple[Expr, ...]:
    """Return the arguments of an uninterpreted function."""
    return tuple(application.args[1:] if application.func.__name__ == "partial" else application.args)
