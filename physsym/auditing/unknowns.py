"""Functions of which a text says nothing, as unknowns: each application is a number that may be anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Derivative, Expr, Integral, Piecewise, Product, Subs, Sum, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.evaluation import differ_at_a_point
from physsym.core.symbols import OPAQUE
from physsym.core.verdicts import Outcome
from physsym.parsing.latex.formula import OPAQUE as OPAQUE_NAME
from physsym.verify.equivalence import identical

_BOUND = (Derivative, Integral, Sum, Product, Subs)  # with letters that count inside alone


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
    of_a_name: dict[str, dict[Expr, Symbol]] = {}  # applications whose arguments are in symbols
    apart = True
    for application in (a for e in expressions for a in _innermost_first(e)):
        if application in symbols:
            continue
        inner = application
        if isinstance(application, (AppliedUndef, *OPAQUE)):
            inner = application.func(*(_replaced(a, symbols) for a in application.args))
        others = of_a_name.setdefault(name_of(inner), {})
        same, sure = _same_as(inner, others)
        # A derivative of what is written out is no unknown: it may be any other side.
        written = isinstance(application, Derivative) and not isinstance(
            application.expr, AppliedUndef | Symbol
        )
        apart = apart and sure and not written
        symbols[application] = _named(inner) if same is None else others[same]
        symbols.setdefault(inner, symbols[application])
        others.setdefault(inner, symbols[application])
    applications: dict[Symbol, Expr] = {}
    for application, symbol in symbols.items():
        applications.setdefault(symbol, application)
    return InUnknowns(tuple(_replaced(e, symbols) for e in expressions), applications, apart)


def _replaced(expression: Expr, symbols: Mapping[Expr, Symbol]) -> Expr:
    """Return an expression with the applications replaced, the innermost first."""
    found = _innermost_first(expression)
    if found and not expression.has(Piecewise):  # in whose cases there may be others
        return _put(expression, found, tuple(symbols[a] for a in found))
    while found and (put := expression.xreplace(symbols)) != expression:
        expression = put
    return expression


@lru_cache(maxsize=8192)  # neighbouring lines are compared with the same facts
def _put(expression: Expr, found: tuple[Expr, ...], symbols: tuple[Symbol, ...]) -> Expr:
    return expression.xreplace(dict(zip(found, symbols, strict=True)))


@lru_cache(maxsize=8192)
def _innermost_first(expression: Expr) -> tuple[Expr, ...]:
    """Return the applications of functions that are not known, those in arguments before what they are in."""
    if isinstance(expression, _BOUND):
        return (expression,)
    inside = [a for part in expression.args if isinstance(part, Expr) for a in _innermost_first(part)]
    return (*inside, expression) if isinstance(expression, (AppliedUndef, *OPAQUE)) else tuple(inside)


def _same_as(application: Expr, others: Collection[Expr]) -> tuple[Expr | None, bool]:
    """Return which of others of its name an application is, and whether all of them are known to differ."""
    if application in others:
        return application, True
    sure = True
    for other in others:
        if other.func != application.func or len(other.args) != len(application.args):
            continue
        if not isinstance(application, (AppliedUndef, *OPAQUE)):
            continue
        if any(_clearly_apart(a, b) for a, b in zip(application.args, other.args, strict=True)):
            continue
        verdicts = [identical(a, b) for a, b in zip(application.args, other.args, strict=True)]
        if all(verdicts):
            return other, True
        sure = sure and any(v.outcome is Outcome.FAILS for v in verdicts)
    return None, sure


@lru_cache(maxsize=4096)
def _clearly_apart(one: Expr, other: Expr) -> bool:
    return differ_at_a_point(one, other)


@lru_cache(maxsize=4096)
def _named(application: Expr) -> Symbol:
    """Return a real symbol that is printed as the application is."""
    if isinstance(application, Derivative) and isinstance(application.expr, AppliedUndef):
        (variable, count), *more = application.variable_count
        if not more and application.expr.args == (variable,) and count in (1, 2, 3):
            return Symbol(f"{name_of(application.expr)}{chr(39) * int(count)}({variable})", real=True)
    if isinstance(application, AppliedUndef) and all(a.is_integer for a in application.args):
        return Symbol(f"{name_of(application)}[{', '.join(map(str, application.args))}]", real=True)
    return Symbol(str(application), real=True)
