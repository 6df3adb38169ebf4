"""The page of a statement: its lines, which symbols show their instant, and the order of terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, singledispatch
from typing import TypeAlias

from sympy import Expr, Function, Pow, Symbol, sympify

from physsym.core.equality import has_parts_of_one_form
from physsym.core.statements import Equation, Law, Relation, Rule, Update, states
from physsym.core.symbols import AFTER, BEFORE, after, name_and_marks
from physsym.core.term_order import LAW_ORDER, RULE_ORDER, Context, levels_of
from physsym.core.verdicts import Condition, Order
from physsym.parsing.statements import RuleText, read_text
from physsym.printing.names import VECTOR_KINDS
from physsym.vocabulary import Vocabulary

Printable: TypeAlias = Expr | Equation | Relation | Law | RuleText | Condition | Order
"""What the printers take; of what has a rule, such as a derivation, the rule is printed."""

EXPECTED = "an expression, an equation, a relation, a law, an update, a rule, a condition or an order"


class at_start(Function):
    """A state before the first step, on a page: the symbol with the index zero."""


@dataclass(frozen=True)
class Line:
    """One line: an expression alone, or several with relations between them, from left to right.

    `target` is the symbol that the line updates, if it updates one.
    """

    sides: tuple[Expr, ...]
    relations: tuple[str, ...] = ()
    target: Symbol | None = None


@dataclass(frozen=True)
class Page:
    """Lines, the names of the symbols that show their instant, and the order in which terms are written."""

    lines: tuple[Line, ...]
    indexed: frozenset[str] = frozenset()
    order: tuple[str, ...] = LAW_ORDER

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Return every symbol on the page."""
        return _symbols(self.lines)

    def context(self, vocabulary: Vocabulary) -> Context:
        """Return what the order of terms on this page depends on."""
        pairs = ((line.sides[0], line.sides[-1]) for line in self.lines)
        turns = not any(has_parts_of_one_form(side) for line in self.lines for side in line.sides)
        return Context(self.order, vocabulary.kind_of, self.indexed, levels_of(pairs), turns)


def page(statement: Printable, vocabulary: Vocabulary, states: tuple[Symbol, ...] = ()) -> Page:
    """Return the page of a statement, with `states` among the symbols that show their instant.

    Printers remember what they print by the page, which holds what is written: equal statements may be
    written in two ways.

    Raises TypeError for what is no statement.
    """
    alone = _page(statement, vocabulary)
    return replace(alone, indexed=alone.indexed | _names(states))


@singledispatch
def _page(statement: object, vocabulary: Vocabulary) -> Page:
    if isinstance(statement, str):
        return _page(read_text(statement, vocabulary), vocabulary)
    if isinstance(rule := getattr(statement, "rule", None), Rule):
        return _page(rule, vocabulary)
    raise TypeError(f"expected {EXPECTED}; given {statement!r} of type {type(statement).__name__}")


@_page.register(Expr)
def _(statement: Expr, vocabulary: Vocabulary) -> Page:
    return _of_lines(Line((statement,)))


@_page.register(Equation)
def _(statement: Equation, vocabulary: Vocabulary) -> Page:
    return _of_lines(_equal(statement.left, statement.right))


@_page.register(Relation)
def _(statement: Relation, vocabulary: Vocabulary) -> Page:
    return _of_lines(Line(statement.sides, statement.relations))


@_page.register(Law)
def _(statement: Law, vocabulary: Vocabulary) -> Page:
    return _of_lines(*(_equal(e.left, e.right) for e in statement.equations))


@_page.register(Update)
def _(statement: Update, vocabulary: Vocabulary) -> Page:
    # Outside its rule an update does not say which symbols are states: the vectors are taken to be.
    line = _updated(statement)
    vectors = {s for s in _symbols((line,)) if (q := vocabulary.quantity(s)) and q.kind in VECTOR_KINDS}
    return Page((line,), _sequences((line,)) | _names(vectors), RULE_ORDER)


@_page.register(Rule)
def _(statement: Rule, vocabulary: Vocabulary) -> Page:
    lines = tuple(map(_updated, statement.updates))
    begun = {s: at_start(s) for s in states(statement)}
    lines += tuple(_equal(at_start(s), value.xreplace(begun)) for s, value in statement.start)
    return Page(lines, _names(states(statement)), RULE_ORDER)


@_page.register(Condition)
def _(statement: Condition, vocabulary: Vocabulary) -> Page:
    relation, zero = statement.relation.split()
    number, rest = statement.expression.as_coeff_Add()
    # p - 1 > 0 is read more easily as p > 1; 1 - rho > 0 stays.
    if number.is_negative and rest != 0:
        return _of_lines(Line((rest, -number), (relation,)))
    return _of_lines(Line((statement.expression, sympify(zero)), (relation,)))


@_page.register(Order)
def _(statement: Order, vocabulary: Vocabulary) -> Page:
    size = statement.symbol
    if statement.exponent != 1:
        size = Pow(statement.symbol, sympify(statement.exponent), evaluate=False)
    return _of_lines(Line((Function("O")(size),)))


def _equal(left: Expr, right: Expr) -> Line:
    return Line((left, right), ("=",))


def _updated(update: Update) -> Line:
    return Line((after(update.target), update.value), ("=",), update.target)


def _of_lines(*lines: Line) -> Page:
    """Return a page on which a symbol shows its instant where a neighbouring instant of it is read too."""
    sequences = _sequences(lines)
    return Page(lines, sequences, RULE_ORDER if sequences else LAW_ORDER)


def _symbols(lines: Iterable[Line]) -> frozenset[Symbol]:
    return frozenset().union(*(side.free_symbols for line in lines for side in line.sides))


def _names(symbols: Iterable[Symbol]) -> frozenset[str]:
    return frozenset(name_and_marks(s)[0] for s in symbols)


def _sequences(lines: tuple[Line, ...]) -> frozenset[str]:
    return _names(s for s in _symbols(lines) if {AFTER, BEFORE} & set(name_and_marks(s)[1]))
