"""Text in the names of machine learning: `w` and `L` of the learning face for `x` and `U`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import singledispatch
from typing import TypeAlias

from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import AFTER, BEFORE, DOT, after, before, dot, name_and_marks
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import Vocabulary

Stated: TypeAlias = Expr | Equation | Update | Law | Rule
_MARKS = {DOT: dot, AFTER: after, BEFORE: before}


def learning_names(vocabulary: Vocabulary) -> tuple[Vocabulary, dict[str, Symbol]]:
    """Return a vocabulary whose symbols have the names of the learning face, and the old symbols by these."""
    old = {
        q.learning: q.symbol
        for q in vocabulary.quantities
        if isinstance(q.symbol, Symbol) and q.learning != q.physics
    }
    new = {symbol: Symbol(name, **symbol.assumptions0) for name, symbol in old.items()}
    quantities = (
        replace(q, symbol=q.symbol.xreplace(new), physics=q.learning) for q in vocabulary.quantities
    )
    return Vocabulary(tuple(quantities)), old


def renamed(stated: Stated, old: Mapping[str, Symbol], text: str) -> Stated:
    """Return a statement with the symbols `old` for the names under which they were read.

    Raises ReadError where the text uses the name of such a symbol for something else.
    """
    taken = {symbol.name: name for name, symbol in old.items()}
    new: dict[Expr, Symbol] = {}
    for symbol in sorted(frozenset[Symbol]().union(*(e.free_symbols for e in _parts(stated))), key=str):
        name, marks = name_and_marks(symbol)
        if name in taken and name not in old:
            message = f"found {name}, which is written {taken[name]} in the names of machine learning"
            raise ReadError(f"{message}; write {taken[name]}, or read it with face='physics'", text, 0)
        if name in old:
            new[symbol] = _with_marks(old[name], marks)
    return _changed(stated, lambda e: e.xreplace(new))


@singledispatch
def _parts(stated: Stated) -> tuple[Expr, ...]:
    """Return the expressions that make up what a text states, targets and states included."""
    assert isinstance(stated, Expr)
    return (stated,)


@_parts.register
def _(stated: Equation) -> tuple[Expr, ...]:
    return stated.left, stated.right


@_parts.register
def _(stated: Update) -> tuple[Expr, ...]:
    return stated.target, stated.value


@_parts.register
def _(stated: Law) -> tuple[Expr, ...]:
    return tuple(part for equation in stated.equations for part in _parts(equation))


@_parts.register
def _(stated: Rule) -> tuple[Expr, ...]:
    return tuple(part for update in stated.updates for part in _parts(update)) + sum(stated.start, ())


@singledispatch
def _changed(stated: Stated, change: Callable[[Expr], Expr]) -> Stated:
    """Return the statement with all its parts changed."""
    assert isinstance(stated, Expr)
    return change(stated)


@_changed.register
def _(stated: Equation, change: Callable[[Expr], Expr]) -> Equation:
    return Equation(change(stated.left), change(stated.right))


@_changed.register
def _(stated: Update, change: Callable[[Expr], Expr]) -> Update:
    return Update(change(stated.target), change(stated.value))


@_changed.register
def _(stated: Law, change: Callable[[Expr], Expr]) -> Law:
    return Law(tuple(Equation(change(e.left), change(e.right)) for e in stated.equations), stated.assuming)


@_changed.register
def _(stated: Rule, change: Callable[[Expr], Expr]) -> Rule:
    updates = tuple(Update(change(u.target), change(u.value)) for u in stated.updates)
    return replace(stated, updates=updates, start=tuple((change(s), change(v)) for s, v in stated.start))


def _with_marks(symbol: Symbol, marks: str) -> Symbol:
    for mark in marks:
        symbol = _MARKS[mark](symbol)
    return symbol
