"""The order of terms and factors, what goes into a fraction, and where the sign goes, as in a textbook.

Nothing here depends on the format. SymPy keeps sums and products in an order of its own, which depends on the
names of the symbols; here the role of a term in mechanics decides, for all formats and on both faces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from sympy import Add, Expr, Function, Integer, Mul, Number, Symbol
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
# How many time derivatives separate a symbol from a position.
LEVEL_OF_KIND = {"position": 0, "velocity": 1, "displacement": 1}
ROLE_OF_LEVEL = ("position", "velocity", "acceleration")

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
    """What the order depends on: the roles of symbols, and the order in which roles are written."""

    page: Page
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Product:
    """A product as it is written: a sign, a fraction of scalars, and the vectors behind it."""

    negative: bool
    over: tuple[Expr, ...]
    under: tuple[Expr, ...]
    vectors: tuple[Expr, ...]


def role(expression: Expr, context: Context) -> str:
    """Return the role of an expression in mechanics: that of its foremost symbol, or else "scalar"."""
    if isinstance(expression, tuple(ROLE_OF_OPAQUE)):
        return ROLE_OF_OPAQUE[type(expression)]
    if not isinstance(expression, Symbol):
        roles = (role(a, context) for a in expression.args)
        return min(roles, key=context.page.order.index, default="scalar")
    name, marks = name_and_marks(expression)
    quantity = context.vocabulary.quantity(expression)
    if quantity and quantity.kind == "force":
        return "force"
    level = LEVEL_OF_KIND.get(quantity.kind) if quantity else None
    if level is None and not marks and name not in context.page.indexed:
        return "scalar"
    return ROLE_OF_LEVEL[min((level or 0) + marks.count(DOT), 2)]


def ordered_terms(total: Add, context: Context) -> tuple[Expr, ...]:
    """Return the terms of a sum in the order in which they are written.

    With vectors: by role, then later instants first, then by the degree of the coefficient; a positive number
    comes before a first term with a minus. Scalars alone: ascending behind a positive number, as in a series
    (1 - s + s**2/2), and descending otherwise (mu**2 - 1).
    """
    lexical = {term: i for i, term in enumerate(total.as_ordered_terms(order="lex"))}
    terms = sorted(total.args, key=lambda term: (lexical.get(term, 0), default_sort_key(term)))
    if any(role(term, context) != "scalar" for term in terms):
        terms.sort(key=lambda term: _key_of_vector(term, context))
        number = next((term for term in terms if term.is_Number and term > 0), terms[0])
        first = number if split(terms[0], context).negative else terms[0]
        return (first, *(term for term in terms if term is not first))
    up = 1 if any(term.is_Number and term > 0 for term in terms) else -1
    terms.sort(key=lambda term: up * _degree(term))
    # The first positive term goes to the front, so that the sum does not open with a minus.
    first = next((term for term in terms if not split(term, context).negative), terms[0])
    return (first, *(term for term in terms if term is not first))


def _key_of_vector(term: Expr, context: Context) -> tuple[int, int, int]:
    parts = split(term, context)
    marks = [name_and_marks(s)[1] for vector in parts.vectors for s in vector.free_symbols]
    latest = max((m.count(AFTER) - m.count(BEFORE) for m in marks), default=0)
    return context.page.order.index(role(term, context)), -latest, sum(map(_degree, parts.over))


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
    number = Mul(*(f for f in _factors(term) if f.is_Rational))
    factors = [f for f in _factors(term) if not f.is_Rational]
    positive = [_with_positive_opening(f, term, context) for f in factors]
    changes = sum(new is not old for new, old in zip(positive, factors, strict=True))
    numbers = [tuple(Integer(n) for n in (size,) if n != 1) for size in (abs(number.p), number.q)]
    over = [*numbers[0], *(f for f in positive if not _is_divisor(f))]
    under = _in_order(
        [*numbers[1], *(f.base**-f.exp for f in positive if _is_divisor(f))], SCALAR_ORDER, context
    )
    scalars = tuple(f for f in _in_order(over, SCALAR_ORDER, context) if role(f, context) == "scalar")
    vectors = tuple(f for f in _in_order(over, VECTOR_ORDER, context) if role(f, context) != "scalar")
    difference = under and not scalars and len(vectors) == 1 and vectors[0].is_Add
    if difference or any(role(f, context) != "scalar" for f in under):
        scalars, vectors = scalars + vectors, ()
    return Product(bool(number < 0) ^ bool(changes % 2), scalars, under, vectors)


def _factors(term: Expr) -> Iterator[Expr]:
    for factor in Mul.make_args(term):
        yield from _factors(factor) if factor.is_Mul and factor is not term else (factor,)


def _with_positive_opening(factor: Expr, term: Expr, context: Context) -> Expr:
    """Return minus the factor where it would open with a minus, else the factor itself.

    SymPy stores -(1 - rho)*G as (rho - 1)*G; a book has the leading term in front, the sign before it all.
    """
    if factor.is_Number and factor.is_negative:
        return -factor
    base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, Integer(1))
    if not (base.is_Add and exponent.is_Integer and exponent % 2):
        return factor
    weighs_a_vector = role(term, context) != "scalar" and role(base, context) == "scalar"
    # In front of a vector the terms of the lowest degree count: what stays when all symbols are small.
    lowest = min(map(_degree, base.args))
    opening = [a for a in base.args if _degree(a) == lowest] if weighs_a_vector else base.args
    below_zero = all(a.as_coeff_Mul()[0].is_negative for a in opening)
    return Add(*(-a for a in base.args)) ** exponent if below_zero else factor


def _is_divisor(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _in_order(factors: Iterable[Expr], order: Ranks, context: Context) -> tuple[Expr, ...]:
    def key(factor: Expr) -> tuple[object, ...]:
        head = factor.base if factor.is_Pow else factor
        rank = next(rank for types, rank in order if isinstance(head, types))
        quantity = context.vocabulary.quantity(head) if isinstance(head, Symbol) else None
        kind = KIND_ORDER.index(quantity.kind) if quantity and quantity.kind in KIND_ORDER else 0
        return rank, kind, default_sort_key(head), default_sort_key(factor)

    return tuple(sorted(factors, key=key))
