"""Text in the names of machine learning: `w` and `L` of the learning face for `x` and `U`."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law, Rule, Update
from physsym.core.symbols import AFTER, BEFORE, DOT, after, before, dot, name_and_marks
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import Vocabulary

Statement = TypeVar("Statement", Expr, Equation, Update, Law, Rule)
_MARKS = {DOT: dot, AFTER: after, BEFORE: before}


def learning_vocabulary(vocabulary: Vocabulary) -> tuple[Vocabulary, dict[str, Symbol]]:
    """Return a vocabulary whose symbols have the names of the learning face, and the old symbols by these."""
    old = {
        q.learning: q.symbol
        for q in vocabulary.quantities
        if isinstance(q.symbol, Symbol) and q.learning != q.physics
    }
    new = {symbol: Symbol(name, **symbol.assumptions0) for name, symbol in old.items()}
    quantities = (
        replace(q, symbol=q.symbol.xreplace(new), physics=q.learning if q.symbol in new else q.physics)
        for q in vocabulary.quantities
    )
    return Vocabulary(tuple(quantities)), old


def renamed(stated: Statement, old: dict[str, Symbol], text: str) -> Statement:
    """Return a statement with the symbols `old` for the names under which they were read.

    Raises ReadError where the text uses the name of such a symbol for something else.
    """
    read = symbols_of(stated)
    names = {symbol.name: name for name, symbol in old.items()}
    for symbol in sorted(read, key=str):
        name, _ = name_and_marks(symbol)
        if name in names and name not in old:
            message = f"found {name}, which is written {names[name]} in the names of machine learning"
            raise ReadError(f"{message}; write {names[name]}, or read it with face='physics'", text, 0)
    new = {symbol: _with_marks(old[name], marks) for symbol in read for name, marks in [name_and_marks(symbol)] if name in old}
    match stated:
        case Expr():
            return stated.xreplace(new)
        case Equation():
            return Equation(stated.left.xreplace(new), stated.right.xreplace(new))
        case Update():
            return Update(stated.target.xreplace(new), stated.value.xreplace(new))
        case Law():
            return replace(stated, equations=tuple(renamed(e, old, text) for e in stated.equations))
        case Rule():
            start = tuple((s.xreplace(new), value.xreplace(new)) for s, value in stated.start)
            return replace(stated, updates=tuple(renamed(u, old, text) for u in stated.updates), start=start)


def symbols_of(stated: Expr | Equation | Update | Law | Rule) -> frozenset[Symbol]:
    """Return every symbol of what a text states."""
    match stated:
        case Equation():
            sides = (stated.left, stated.right)
        case Update():
            sides = (stated.target, stated.value)
        case Law():
            sides = tuple(side for e in stated.equations for side in (e.left, e.right))
        case Rule():
            started = tuple(side for pair in stated.start for side in pair)
            sides = (*stated.targets, *(u.value for u in stated.updates), *started)
        case _:
            sides = (stated,)
    return frozenset().union(*(side.free_symbols for side in sides))


def _with_marks(symbol: Symbol, marks: str) -> Symbol:
    for mark in marks:
        symbol = _MARKS[mark](symbol)
    return symbol
