"""Functions of which a text says nothing, as unknowns: each application is a number that may be anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Derivative, Expr, Integral, Product, Subs, Sum, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.evaluation import differ_at_a_point
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Outcome
from physsym.parsing.latex.formula import OPAQUE as OPAQUE_NAME
from physsym.verify.equivalence import identical


@dataclass(frozen=True)
class InUnknowns:
    """Expressions with symbols for the applications in them.

    Parameters
    ----------
    expressions
        The expressions, in plain symbols.
    applications
        What each new symbol is.
    apart
        Whether applications of one function with different symbols are known to have different arguments.
    """

    expressions: tuple[Expr, ...]
    applications: Mapping[Symbol, Expr]
    apart: bool = True

    @property
    def operators(self) -> frozenset[Symbol]:
        """Return the symbols of what is opaque, such as sums: values of it may depend on each other."""
        opaque = frozenset(s for s, a in self.applications.items() if is_operator(a))
        plain = (s for e in self.expressions for s in e.free_symbols if s.name.startswith(OPAQUE_NAME))
        return opaque.union(plain)


def is_operator(application: Expr) -> bool:
    """Return whether an application is a sum, an integral, a norm, an expectation or the like."""
    if isinstance(application, Sum | Product | Integral | Subs):
        return True
    return isinstance(application, AppliedUndef) and name_of(application).startswith(OPAQUE_NAME)


def name_of(application: Expr) -> str:
    """Return the name of the function of an application."""
    return str(getattr(application.func, "__name__", application.func))


@lru_cache(maxsize=2048)
def in_unknowns(*expressions: Expr) -> InUnknowns:
    """Return expressions with one real symbol for each application of a function that is not known.

    Applications of one function to arguments that are identical are one unknown.
    """
    symbols: dict[Expr, Symbol] = {}
    with_symbols: list[tuple[Expr, Symbol]] = []  # applications whose arguments are in symbols
    apart = True
    for application in (a for e in expressions for a in _innermost_first(e)):
        if application in symbols:
            continue
        inner = application
        if isinstance(application, (AppliedUndef, *OPAQUE)):
            inner = application.func(*(_replaced(a, symbols) for a in application.args))
        same, sure = _same_as(inner, [i for i, _ in with_symbols])
        apart = apart and sure and not _has_a_value(application)
        symbols[application] = _named(inner) if same is None else with_symbols[same][1]
        symbols.setdefault(inner, symbols[application])
        with_symbols.append((inner, symbols[application]))
    applications: dict[Symbol, Expr] = {}
    for application, symbol in symbols.items():
        applications.setdefault(symbol, application)
    return InUnknowns(tuple(_replaced(e, symbols) for e in expressions), applications, apart)


def _has_a_value(application: Expr) -> bool:
    """Return whether it is no unknown but a derivative of what is written out: it may be any other side."""
    return isinstance(application, Derivative) and not isinstance(application.expr, AppliedUndef | Symbol)


def _replaced(expression: Expr, symbols: Mapping[Expr, Symbol]) -> Expr:
    """Return an expression with the applications replaced, the innermost first."""
    while (put := expression.xreplace(symbols)) != expression:
        expression = put
    return expression


def _innermost_first(expression: Expr) -> Iterator[Expr]:
    """Yield the applications of functions that are not known, those in arguments before what they are in."""
    kinds = (AppliedUndef, Derivative, Integral, Sum, Product, Subs, *OPAQUE)
    if isinstance(expression, Derivative | Integral | Sum | Product | Subs):
        yield expression
        return
    for part in expression.args:
        if isinstance(part, Expr):
            yield from _innermost_first(part)
    if isinstance(expression, kinds):
        yield expression


def _same_as(application: Expr, others: Iterable[Expr]) -> tuple[int | None, bool]:
    """Return the number of an application that is the same, and whether all others are known to differ."""
    sure = True
    for place, other in enumerate(others):
        if other == application:
            return place, True
        if other.func != application.func or len(other.args) != len(application.args):
            continue
        if not isinstance(application, (AppliedUndef, *OPAQUE)):
            continue
        if any(_clearly_apart(a, b) for a, b in zip(application.args, other.args, strict=True)):
            continue
        verdicts = [identical(a, b) for a, b in zip(application.args, other.args, strict=True)]
        if all(verdicts):
            return place, True
        sure = sure and any(v.outcome is Outcome.FAILS for v in verdicts)
    return None, sure


@lru_cache(maxsize=4096)
def _clearly_apart(one: Expr, other: Expr) -> bool:
    return differ_at_a_point(one, other)


def _named(application: Expr) -> Symbol:
    """Return a real symbol that is printed as the application is."""
    if isinstance(application, Derivative) and isinstance(application.expr, AppliedUndef):
        (variable, count), *more = application.variable_count
        if not more and application.expr.args == (variable,) and count in (1, 2, 3):
            return Symbol(f"{name_of(application.expr)}{chr(39) * int(count)}({variable})", real=True)
    if isinstance(application, AppliedUndef) and all(a.is_integer for a in application.args):
        return Symbol(f"{name_of(application)}[{', '.join(map(str, application.args))}]", real=True)
    return Symbol(str(application), real=True)
