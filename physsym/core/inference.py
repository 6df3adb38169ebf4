"""Dimensions inferred: those of some symbols follow from those of others, by linear algebra.

Every sum, equation, update and function argument says that two dimensions agree. A dimension is a product of
powers, so each of these is an equation, linear in the exponents. Exponents that are symbols (`|x'|**p`) are
numbers of the field Q(p): what is found holds for every p but single ones, such as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

from sympy import Expr, Pow, Symbol
from sympy.polys.polyerrors import CoercionFailed

from physsym.core.dimensions import EQUAL, Dimension, read_dimension
from physsym.core.powers import (
    BASES,
    ONE,
    Number,
    Product,
    Row,
    Solution,
    Unknown,
    name_of,
    number_field,
    solved,
)
from physsym.core.statements import Law, Statement, StatementLike, as_statement, expressions, symbols
from physsym.core.symbols import DOT, name_and_marks, potential

# Printing a symbol takes SymPy longer than all that is done with it here.
_by_name = attrgetter("name")


@dataclass(frozen=True)
class Clash:
    """A contradiction: what it comes down to, and the equations that cause it, none of which can be left out.

    `given` holds the dimensions taken as known that matter; without the clash one of them may be at fault.
    """

    says: str
    equations: tuple[str, ...]
    given: tuple[tuple[Unknown, Dimension], ...] = ()

    def __str__(self) -> str:
        if len(self.equations) == 1:
            return self.says
        taken = ", ".join(f"{name_of(what)} as {dimension}" for what, dimension in self.given)
        return f"{self.says}; it follows from {' and '.join(self.equations)}" + (taken and f", given {taken}")


@dataclass(frozen=True)
class Inference:
    """What is known of dimensions, what was found from it, what stays free and what contradicts itself.

    `free` tells, for each symbol whose dimension does not follow, how it hangs on others: `[m] L^2 T^-2` is
    that of m times L^2 T^-2. With a clash, `found` is what follows from the equations before it.
    """

    known: Mapping[Unknown, Dimension]
    found: Mapping[Unknown, Dimension]
    free: Mapping[Unknown, str]
    clash: tuple[Clash, ...] = ()

    def __str__(self) -> str:
        found = [f"[{name_of(what)}] = {dimension}" for what, dimension in self.found.items()]
        free = [_freedom(f"[{name_of(what)}]", text) for what, text in self.free.items()]
        return "; ".join([*map(str, self.clash), *found, *free]) or "nothing was to be found"


def _freedom(dimension: str, text: str) -> str:
    return f"{dimension} is free" if dimension == text else f"{dimension} = {text}"


def infer_dimensions(
    statements: StatementLike | Iterable[StatementLike], known: Mapping[Unknown, Dimension]
) -> Inference:
    """Return the dimensions that follow from the known ones where all the statements hold together.

    `known` gives dimensions by symbol, whatever its assumptions, and that of the potential under the class
    `potential` or under `U` itself. A definition is given as a law, `law({eta: dt/gamma})`. The dimension of
    `dot(x)` is that of x over time, that of `grad(x)` the potential's over that of x. Raises TypeError for
    what is no statement or no dimension.

    >>> from physsym.core.dimensions import ENERGY, LENGTH, TIME
    >>> from physsym.core.statements import law, rule
    >>> from physsym.vocabulary import G, U, dt, eta, gamma, x
    >>> told = [rule({x: x - eta * G}), law({eta: dt / gamma})]
    >>> print(infer_dimensions(told, {x: LENGTH, U: ENERGY, dt: TIME}))
    [eta] = M^-1 T^2; [gamma] = M T^-1
    >>> print(infer_dimensions(told, {x: LENGTH, dt: TIME}))
    [eta] is free; [gamma] = [eta]^-1 T; [U] = [eta]^-1 L^2
    """
    several = statements if isinstance(statements, Iterable) else (statements,)
    read, given = tuple(map(as_statement, several)), _by_unknown(known)
    reading = _Inferring(number_field(_powers(read, given.values())), _bare(read, given))
    for statement in read:
        _read_statement(statement, reading)
    mentioned = (what for what in reading.mentioned if what in given)
    told = {what: Product.of(given[what], reading.number) for what in mentioned}
    return _inference(solved(_rows(reading), _in_order(reading, given), told), reading, known)


def _by_unknown(known: Mapping[Unknown, Dimension]) -> dict[Unknown, Dimension]:
    for dimension in known.values():
        if not isinstance(dimension, Dimension):
            raise TypeError(f"what is known is a dimension such as LENGTH / TIME, given {dimension!r}")
    return {_unknown(what): dimension for what, dimension in known.items()}


def _unknown(what: Any) -> Unknown:
    if what is potential or isinstance(what, potential):
        return potential
    if isinstance(what, Symbol) and not name_and_marks(what)[1]:
        return what
    raise TypeError(
        f"the dimension of a symbol at no instant, or of the potential, can be known; given {what!r}"
    )


def _powers(statements: Iterable[Statement], known: Iterable[Dimension]) -> Iterator[Expr]:
    for statement in statements:
        for expression in expressions(statement):
            yield from (power.exp for power in expression.atoms(Pow))
    for dimension in known:
        yield from (e for e in dimension.exponents if isinstance(e, Expr))


# ------------------------------------------------------------------ reading statements


@dataclass(frozen=True)
class _Agreement:
    """That two dimensions are the same, how it is told when they are not, and the equation that says so."""

    says: str
    left: object
    a: Product
    right: object
    b: Product
    part: object


@dataclass(frozen=True)
class _Inferring:
    """Reads with dimensions unknown, and keeps what must agree."""

    number: Number
    bare: Mapping[str, Symbol]
    mentioned: dict[Unknown, None] = field(default_factory=dict)
    agreements: list[_Agreement] = field(default_factory=list)
    part: object = None
    one: Product = ONE

    def of(self, what: Symbol | type) -> Product:
        name, marks = ("", "") if isinstance(what, type) else name_and_marks(what)
        key = self.bare[name] if name else what
        self.mentioned[key] = None
        return Product({key: self.number(1)}) / Product({"T": self.number(1)}) ** marks.count(DOT)

    def power(self, exponent: Expr) -> Any:
        try:
            return self.number(exponent)
        except (CoercionFailed, ValueError):
            return None

    def agree(self, says: str, left: object, a: Product, right: object, b: Product) -> None:
        self.agreements.append(_Agreement(says, left, a, right, b, self.part))


def _bare(statements: Iterable[Statement], known: Iterable[Unknown]) -> dict[str, Symbol]:
    """Return by name the symbol at no instant for everything mentioned; the one that is known, if it is."""
    mentioned = [s for statement in statements for s in sorted(symbols(statement), key=_by_name)]
    marked = {
        n: Symbol(n, real=True) if s.is_real else Symbol(n) for s in mentioned for n, _ in [name_and_marks(s)]
    }
    plain = {s.name: s for s in mentioned if s.name in marked}
    return marked | plain | {s.name: s for s in known if isinstance(s, Symbol)}


def _read_statement(statement: Statement, reading: _Inferring) -> None:
    for part, left, right in _sides(statement):
        within = replace(reading, part=part)
        a, b = (read_dimension(side, within) for side in (left, right))
        if a is not None and b is not None:
            within.agree(EQUAL, left, a, right, b)
    for symbol in sorted(symbols(statement), key=_by_name):
        reading.of(symbol)


def _sides(statement: Statement) -> Iterator[tuple[object, Expr, Expr]]:
    if isinstance(statement, Law):
        yield from ((e, e.left, e.right) for e in statement.equations)
    else:
        yield from ((u, u.target, u.value) for u in statement.updates)


# ------------------------------------------------------------------ solving


def _rows(reading: _Inferring) -> Iterator[Row]:
    for k, agreement in enumerate(reading.agreements):
        yield Row(agreement.a / agreement.b, Product({k: reading.number(1)}))


def _in_order(reading: _Inferring, known: Mapping[Unknown, Dimension]) -> tuple[Unknown, ...]:
    """Return the unknown, the potential first, then from last to first mentioned: the first stay free."""
    unknown = [u for u in reversed(reading.mentioned) if u not in known]
    return tuple(sorted(unknown, key=lambda u: u is not potential))


def _inference(solution: Solution, reading: _Inferring, known: Mapping[Unknown, Dimension]) -> Inference:
    told = {u: solution.told(Product({u: reading.number(1)})) for u in reversed(solution.unknown)}
    free = {u: str(p) for u, p in told.items() if set(p.powers) - set(BASES)}
    found = {u: p.dimension for u, p in told.items() if u not in free}
    clashes = dict.fromkeys(_clash(solution, row, reading.agreements) for row in solution.contradictions)
    return Inference(dict(known), found, free, tuple(clashes))


def _clash(solution: Solution, row: Row, agreements: list[_Agreement]) -> Clash:
    causes = [agreements[k] for k in sorted(row.made_of.powers)]
    last = causes[-1]
    a, b = solution.told(last.a), solution.told(last.b)
    says = last.says.format(left=last.left, a=a, right=last.right, b=b)
    given = {u: solution.known[u].dimension for u in row.product.powers if u in solution.known}
    return Clash(says, tuple(dict.fromkeys(str(c.part) for c in causes)), tuple(given.items()))
