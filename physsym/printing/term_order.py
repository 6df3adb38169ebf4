"""In which order a book writes terms and factors, what it puts in a fraction, and where it puts the sign.

Nothing here knows a format. SymPy keeps sums and products in an order of its own, which depends on the names
of the symbols; here the part that a term plays in mechanics decides, for all formats and on both faces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from sympy import Add, Expr, Function, Integer, Mul, Number, Rational, Symbol
from sympy.core.sorting import default_sort_key

from physsym.core.symbols import (
    AFTER,
    BEFORE,
    DOT,
    FORCES,
    grad,
    hess,
    higher,
    name_and_marks,
    partial,
    potential,
)
from physsym.printing.page import Page
from physsym.vocabulary import Vocabulary

ROLE_OF_OPAQUE: dict[type, str] = {
    potential: "energy", grad: "force", partial: "force", hess: "force", higher: "force",
}  # fmt: skip
# How many time derivatives separate a symbol from a place.
LEVEL_OF_KIND = {"position": 0, "velocity": 1, "displacement": 1}
ROLE_OF_LEVEL = ("place", "velocity", "acceleration")

# Scalar factors by the kind of quantity: eta lambda, m gamma, gamma dt.
KIND_ORDER = ("scalar", "mass", "friction", "time")
# Ranks by type, the first match counts. Scalars: numbers, sums, symbols, the rest. Vectors: the energy and
# the Hessian, functions, symbols, forces, sums.
Ranks: TypeAlias = tuple[tuple[tuple[type, ...], int], ...]
SCALAR_ORDER: Ranks = (((Number,), 0), ((Add,), 1), ((Symbol,), 2), ((Expr,), 3))
VECTOR_ORDER: Ranks = (
    ((potential, hess, higher), 0), (FORCES, 3), ((Function,), 1), ((Symbol,), 2), ((Add,), 4), ((Expr,), 1),
)  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What the order depends on: the part each symbol plays, and the order in which the parts are written."""

    page: Page
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Product:
    """A product as a book writes it: a sign, a fraction of scalars, and the vectors behind it."""

    negative: bool
    over: tuple[Expr, ...]
    under: tuple[Expr, ...]
    vectors: tuple[Expr, ...]


def role(expression: Expr, context: Context) -> str:
    """Return the part that an expression plays: that of the foremost symbol in it, or else "scalar"."""
    if isinstance(expression, tuple(ROLE_OF_OPAQUE)):
        return ROLE_OF_OPAQUE[type(expression)]
    if isinstance(expression, Symbol):
        return _role_of_symbol(expression, context)
    return min((role(a, context) for a in expression.args), key=context.page.order.index, default="scalar")


def _role_of_symbol(symbol: Symbol, context: Context) -> str:
    name, marks = name_and_marks(symbol)
    quantity = context.vocabulary.quantity(symbol)
    if quantity and quantity.kind == "force":
        return "force"
    level = LEVEL_OF_KIND.get(quantity.kind) if quantity else None
    if level is None and not marks and name not in context.page.indexed:
        return "scalar"
    return ROLE_OF_LEVEL[min((level or 0) + marks.count(DOT), 2)]


def ordered_terms(total: Add, context: Context) -> tuple[Expr, ...]:
    """Return the terms of a sum as a book orders them.

    With vectors: by role, then later instants first, then by the degree of the coefficient. Scalars alone:
    ascending behind a positive number, as in a series (1 - s + s**2/2), and descending otherwise (mu**2 - 1).
    """
    place = {term: i for i, term in enumerate(total.as_ordered_terms(order="lex"))}
    terms = sorted(total.args, key=lambda term: (place.get(term, 0), default_sort_key(term)))
    if any(role(term, context) != "scalar" for term in terms):
        return tuple(sorted(terms, key=lambda term: _key_of_vector(term, context)))
    up = 1 if any(term.is_Number and term > 0 for term in terms) else -1
    return _positive_first(sorted(terms, key=lambda term: up * _degree(term)), context)


def _key_of_vector(term: Expr, context: Context) -> tuple[int, int, int]:
    parts = split(term, context)
    marks = [name_and_marks(s)[1] for vector in parts.vectors for s in vector.free_symbols]
    latest = max((m.count(AFTER) - m.count(BEFORE) for m in marks), default=0)
    return context.page.order.index(role(term, context)), -latest, sum(map(_degree, parts.over))


def _positive_first(terms: list[Expr], context: Context) -> tuple[Expr, ...]:
    """Return the terms with the first positive one in front, so that the sum does not open with a minus."""
    first = next((term for term in terms if not split(term, context).negative), terms[0])
    return (first, *(term for term in terms if term is not first))


def _degree(expression: Expr) -> int:
    """Return the degree of a scalar in all its symbols, those in denominators left out."""
    if expression.is_Add:
        return max(map(_degree, expression.args))
    if expression.is_Mul:
        return sum(map(_degree, expression.args))
    if expression.is_Pow and expression.exp.is_Integer:
        return max(int(expression.exp), 0) * _degree(expression.base)
    if expression.is_Pow and expression.exp.is_negative:
        return 0
    return int(bool(expression.free_symbols))


@lru_cache(maxsize=1024)
def split(term: Expr, context: Context) -> Product:
    """Return a term as sign, fraction of scalars, and vectors.

    Where it divides by a vector, or the vectors are a bare difference as in (x+ - x)/dt, all is one fraction.
    """
    number, factors = _number_and_factors(term)
    turned = tuple(_turned(f, term, context) for f in factors)
    turns = sum(new is not old for new, old in zip(turned, factors, strict=True))
    over = _unless_one(abs(number.p)) + tuple(f for f in turned if not _is_divisor(f))
    under = _unless_one(number.q) + tuple(f.base**-f.exp for f in turned if _is_divisor(f))
    scalars = tuple(f for f in _in_order(over, SCALAR_ORDER, context) if role(f, context) == "scalar")
    vectors = tuple(f for f in _in_order(over, VECTOR_ORDER, context) if role(f, context) != "scalar")
    parts = Product(
        bool(number < 0) ^ bool(turns % 2), scalars, _in_order(under, SCALAR_ORDER, context), vectors
    )
    return _as_one_fraction(parts) if _is_one_fraction(parts, context) else parts


def _number_and_factors(term: Expr) -> tuple[Rational, tuple[Expr, ...]]:
    factors = tuple(_factors(term))
    number = Mul(*(f for f in factors if f.is_Rational))
    return number, tuple(f for f in factors if not f.is_Rational)


def _factors(term: Expr) -> Iterator[Expr]:
    for factor in Mul.make_args(term):
        yield from _factors(factor) if factor.is_Mul and factor is not term else (factor,)


def _turned(factor: Expr, term: Expr, context: Context) -> Expr:
    """Return minus the factor where that reads better, else the factor itself.

    SymPy stores -(1 - rho)*G as (rho - 1)*G; a book has the leading term in front, the sign before it all.
    """
    if factor.is_Number and factor.is_negative:
        return -factor
    base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, Integer(1))
    if not (base.is_Add and exponent.is_Integer and exponent % 2):
        return factor
    weighs_a_vector = role(term, context) != "scalar" and role(base, context) == "scalar"
    opening = _lowest(base) if weighs_a_vector else base.args
    below_zero = all(a.as_coeff_Mul()[0].is_negative for a in opening)
    return Add(*(-a for a in base.args)) ** exponent if below_zero else factor


def _lowest(total: Add) -> tuple[Expr, ...]:
    """Return the terms of the lowest degree: what stays of a sum when all its symbols are small."""
    lowest = min(map(_degree, total.args))
    return tuple(a for a in total.args if _degree(a) == lowest)


def _is_divisor(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _unless_one(number: int) -> tuple[Expr, ...]:
    return () if number == 1 else (Integer(number),)


def _in_order(factors: Iterable[Expr], order: Ranks, context: Context) -> tuple[Expr, ...]:
    return tuple(sorted(factors, key=lambda f: _key_of_factor(f, order, context)))


def _key_of_factor(factor: Expr, order: Ranks, context: Context) -> tuple[object, ...]:
    head = factor.base if factor.is_Pow else factor
    rank = next(rank for types, rank in order if isinstance(head, types))
    quantity = context.vocabulary.quantity(head) if isinstance(head, Symbol) else None
    kind = KIND_ORDER.index(quantity.kind) if quantity and quantity.kind in KIND_ORDER else 0
    return rank, kind, default_sort_key(head), default_sort_key(factor)


def _is_one_fraction(parts: Product, context: Context) -> bool:
    if any(role(f, context) != "scalar" for f in parts.under):
        return True
    return bool(parts.under) and not parts.over and len(parts.vectors) == 1 and parts.vectors[0].is_Add


def _as_one_fraction(parts: Product) -> Product:
    return Product(parts.negative, parts.over + parts.vectors, parts.under, ())
