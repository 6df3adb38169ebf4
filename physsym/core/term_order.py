"""The order of terms and factors, what goes into a fraction, and where the sign goes, as in a textbook.

Nothing here depends on the format. SymPy keeps sums and products in an order of its own, which depends on the
names of the symbols; here the role of a term in mechanics decides, for all formats and on both faces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
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

ROLE_OF_OPAQUE: dict[type, str] = {
    potential: "energy", grad: "force", partial: "force", hess: "force", higher: "force",
}  # fmt: skip
# How many time derivatives separate a symbol from a position.
LEVEL_OF_KIND = {"position": 0, "velocity": 1, "displacement": 1}
ROLE_OF_LEVEL = ("position", "velocity", "acceleration")

LAW_ORDER = ("acceleration", "force", "position", "velocity", "energy", "scalar")
RULE_ORDER = ("position", "velocity", "acceleration", "force", "energy", "scalar")
"""The order of terms by their role: in laws the force comes first, in rules the state."""

# Scalar factors by the kind of quantity: m g l, eta lambda, gamma dt.
KIND_ORDER = ("mass", "scalar", "friction", "time")
FRICTION_OF_A_MASS = ("friction", "mass", "scalar", "time")
"""The order in laws where friction is given for each mass: gamma m v, the friction times a momentum."""
# Ranks by type, the first match counts. Scalars: numbers, sums, symbols, the rest. Vectors: coefficients such
# as 1 - x**2, the energy and the Hessian, symbols, functions, forces, differences such as x - x-.
Ranks: TypeAlias = tuple[tuple[tuple[type, ...], int], ...]
SCALAR_ORDER: Ranks = (((Number,), 0), ((Add,), 1), ((Symbol,), 2), ((Expr,), 3))
VECTOR_ORDER: Ranks = (
    ((potential, hess, higher), 0), (FORCES, 3), ((Symbol,), 1), ((Function,), 2), ((Add,), 4), ((Expr,), 2),
)  # fmt: skip
COEFFICIENT = -1
KindOf: TypeAlias = Callable[[Symbol], str | None]


def no_kinds(symbol: Symbol) -> None:
    """Return None: what a symbol is in mechanics is not known."""


@dataclass(frozen=True)
class Context:
    """What the order depends on.

    Parameters
    ----------
    order
        The roles in the order in which terms are written.
    kind_of
        What a symbol at any instant is in mechanics: a kind of `physsym.vocabulary`, or None.
    indexed
        The names of the symbols that move from step to step.
    levels
        How many time derivatives separate the symbols of no known kind that a law moves from a position, by
        name.
    turns_signs
        Whether a sum in a product is written with the sign that people prefer. It is not where two terms or
        factors differ in signs alone: `x/(1 - k) + x/(k - 1)`.
    """

    order: tuple[str, ...] = LAW_ORDER
    kind_of: KindOf = no_kinds
    indexed: frozenset[str] = frozenset()
    levels: tuple[tuple[str, int], ...] = ()
    turns_signs: bool = True

    @cached_property
    def _levels(self) -> dict[str, int]:
        return dict(self.levels)

    def level(self, symbol: Symbol) -> int | None:
        """Return how many time derivatives separate a symbol from a position, or None for a constant."""
        name, marks = name_and_marks(symbol)
        level = LEVEL_OF_KIND.get(self.kind_of(symbol) or "", self._levels.get(name))
        if level is None and not marks and name not in self.indexed:
            return None
        return (level or 0) + marks.count(DOT)


def levels_of(equations: Iterable[tuple[Expr, Expr]]) -> tuple[tuple[str, int], ...]:
    """Return the names that equations differentiate by time, with how far each is from a position.

    The right side of `x' = v` is one derivative further than `x`; all else that moves is a position.
    """
    pairs = tuple(equations)
    read = frozenset[Symbol]().union(*(side.free_symbols for pair in pairs for side in pair))
    found = {name_and_marks(s)[0]: 0 for s in read if DOT in name_and_marks(s)[1]}
    for left, right in pairs:
        if isinstance(left, Symbol) and isinstance(right, Symbol):
            (name, marks), (other, none) = name_and_marks(left), name_and_marks(right)
            if marks == DOT and not none and other in found and other != name:
                found[other] = found[name] + 1
    return tuple(sorted(found.items()))


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
        return min(roles, key=context.order.index, default="scalar")
    if context.kind_of(expression) == "force":
        return "force"
    level = context.level(expression)
    return "scalar" if level is None else ROLE_OF_LEVEL[min(level, 2)]


@lru_cache(maxsize=1024)  # each format prints a sum once more, on each face
def ordered_terms(total: Add, context: Context, target: Symbol | None = None) -> tuple[Expr, ...]:
    """Return the terms of a sum in the order in which they are written.

    With vectors: first the old value of what the sum updates, then by role, later instants first, then by the
    degree of the coefficient. Scalars alone: ascending in time steps, and behind a positive number, as in a
    series (1 - s + s**2/2), and descending otherwise (mu**2 - 1). A term with a plus comes first, if there is
    one: 2 - x.
    """
    lexical = {term: i for i, term in enumerate(total.as_ordered_terms(order="lex"))}
    terms = sorted(total.args, key=lambda term: (lexical.get(term, 0), default_sort_key(term)))
    positive = [term for term in terms if term.is_Number and term > 0]
    if any(role(term, context) != "scalar" for term in terms):
        terms.sort(key=lambda term: _key_of_vector(term, context))
        terms.sort(key=lambda term: target not in split(term, context).vectors)
        if split(terms[0], context).negative or not any(_is_linear(term, context) for term in terms):
            return _with_first(positive or _positive(terms, context), terms)
        return tuple(terms)
    up = 1 if positive else -1
    terms.sort(key=lambda term: (_degree_in_time(term, context), up * _degree(term)))
    return _with_first(_positive(terms, context), terms)


def _with_first(candidates: Sequence[Expr], terms: Sequence[Expr]) -> tuple[Expr, ...]:
    first = candidates[0] if candidates else terms[0]
    return (first, *(term for term in terms if term is not first))


def _positive(terms: Iterable[Expr], context: Context) -> list[Expr]:
    return [term for term in terms if not split(term, context).negative]


def _is_linear(term: Expr, context: Context) -> bool:
    """Return whether a term is a coefficient times a symbol that moves, a force, or a difference of these."""
    vectors = split(term, context).vectors
    return len(vectors) == 1 and isinstance(vectors[0], (Symbol, Add, *FORCES))


def _key_of_vector(term: Expr, context: Context) -> tuple[int, int, int]:
    parts = split(term, context)
    marks = [name_and_marks(s)[1] for vector in parts.vectors for s in vector.free_symbols]
    latest = max((m.count(AFTER) - m.count(BEFORE) for m in marks), default=0)
    return context.order.index(role(term, context)), -latest, sum(map(_degree, parts.over))


def _degree_in_time(term: Expr, context: Context) -> int:
    """Return the degree of a term in times, such as the time step, those in denominators left out."""
    factors = (f.as_base_exp() for f in Mul.make_args(term))
    return sum(
        int(power)
        for base, power in factors
        if power.is_Integer and power > 0 and isinstance(base, Symbol) and context.kind_of(base) == "time"
    )


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
    minus = bool(number < 0) ^ bool(changes % 2)
    if minus and context.turns_signs and (turned := _with_positive_number(positive)):
        minus, positive = False, turned
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
    return Product(minus, scalars, under, vectors)


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
    if not (context.turns_signs and base.is_Add and exponent.is_Integer and exponent % 2):
        return factor
    weighs_a_vector = role(term, context) != "scalar" and role(base, context) == "scalar"
    # In front of a vector the terms of the lowest degree count: what stays when all symbols are small.
    lowest = min(map(_degree, base.args))
    opening = [a for a in base.args if _degree(a) == lowest] if weighs_a_vector else base.args
    below_zero = all(a.as_coeff_Mul()[0].is_negative for a in opening)
    return Add(*(-a for a in base.args)) ** exponent if below_zero else factor


def _with_positive_number(factors: list[Expr]) -> list[Expr]:
    """Return the factors times minus one, if a sum among them subtracts a number: 1 - rho for -(rho - 1)."""
    for i, factor in enumerate(factors):
        base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, Integer(1))
        if (
            base.is_Add
            and exponent.is_Integer
            and exponent % 2
            and any(a.is_negative and a.is_Number for a in base.args)
        ):
            return [*factors[:i], Add(*(-a for a in base.args)) ** exponent, *factors[i + 1 :]]
    return []


def _is_divisor(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _in_order(factors: Iterable[Expr], order: Ranks, context: Context) -> tuple[Expr, ...]:
    factors = tuple(factors)
    kinds = {context.kind_of(s) for s in (f.base if f.is_Pow else f for f in factors) if s.is_Symbol}
    of_a_mass = context.order == LAW_ORDER and {"mass", "friction"} <= kinds
    places = FRICTION_OF_A_MASS if of_a_mass else KIND_ORDER

    def key(factor: Expr) -> tuple[object, ...]:
        head, power = factor.as_base_exp() if factor.is_Pow else (factor, Integer(1))
        rank = next(rank for types, rank in order if isinstance(head, types))
        if role(power, context) != "scalar":
            rank = order[-1][1]
        elif order is VECTOR_ORDER and head.is_Add and any(role(a, context) == "scalar" for a in head.args):
            rank = COEFFICIENT
        kind = context.kind_of(head) if isinstance(head, Symbol) else None
        place = places.index(kind if kind in places else "scalar")
        return rank, place, default_sort_key(head), default_sort_key(factor)

    return tuple(sorted(factors, key=key))
