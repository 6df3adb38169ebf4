"""Dimension inference: those of some symbols follow from those of others, by linear algebra.

Every sum, equation, update and function argument says that two dimensions agree. A dimension is a product of
powers, so each of these is an equation, linear in the exponents, and the system is solved by elimination.
Exponents that are symbols (`|x'|**p`) are elements of the field Q(p): what is found holds for every p but
single ones, such as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from operator import attrgetter
from typing import Any, TypeAlias

from sympy import QQ, Expr, Pow, Rational, Symbol
from sympy.polys.polyerrors import CoercionFailed

from physsym.core.dimensions import EQUAL, Dimension, exponent, product_text, read_dimension
from physsym.core.statements import Law, Statement, StatementLike, as_statement, expressions, symbols
from physsym.core.symbols import DOT, name_and_marks, potential

Unknown: TypeAlias = Symbol | type
"""What has a dimension: a symbol at no instant, or the class `potential`."""

# Printing a symbol takes SymPy longer than all that is done with it here.
_by_name = attrgetter("name")


@dataclass(frozen=True)
class Clash:
    """A contradiction, and a minimal set of equations that cause it.

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
    """Dimensions that were known, those inferred, those that stay free, and contradictions.

    `free` gives, for each symbol whose dimension does not follow, how it depends on others: `[m] L^2 T^-2` is
    that of m times L^2 T^-2. With a clash, `found` is what follows from the equations before it.
    """

    known: Mapping[Unknown, Dimension]
    found: Mapping[Unknown, Dimension]
    free: Mapping[Unknown, str]
    clash: tuple[Clash, ...] = ()

    def __str__(self) -> str:
        found = [f"[{name_of(what)}] = {dimension}" for what, dimension in self.found.items()]
        own = {what: f"[{name_of(what)}]" for what in self.free}
        free = [
            f"{own[what]} is free" if text == own[what] else f"{own[what]} = {text}"
            for what, text in self.free.items()
        ]
        return "; ".join([*map(str, self.clash), *found, *free]) or "nothing was to be found"


def name_of(what: Unknown) -> str:
    """Return the name under which the dimension of a symbol, or of the potential (`U`), is printed."""
    return "U" if isinstance(what, type) else str(what)


def infer_dimensions(
    statements: StatementLike | Iterable[StatementLike], known: Mapping[Unknown, Dimension]
) -> Inference:
    """Return the dimensions that follow from the known ones where all the statements hold together.

    Parameters
    ----------
    statements
        Laws and rules. A definition is given as a law, `law({eta: dt/gamma})`. The dimension of `dot(x)` is
        that of x over time, that of `grad(x)` the potential's over that of x.
    known
        Dimensions by symbol, whatever its assumptions; that of the potential under the class `potential` or
        under `U` itself.

    Returns
    -------
    Inference
        The inferred dimensions, and how those that stay free depend on each other.

    Raises
    ------
    TypeError
        For what is no statement or no dimension.

    References
    ----------
    A. Kennedy, Programming Languages and Dimensions, PhD thesis, University of Cambridge, 1996.

    Examples
    --------
    >>> from physsym.core.dimensions import ENERGY, LENGTH, TIME
    >>> from physsym.core.statements import law, rule
    >>> from physsym.vocabulary import G, U, dt, eta, gamma, x
    >>> statements = [rule({x: x - eta * G}), law({eta: dt / gamma})]
    >>> print(infer_dimensions(statements, {x: LENGTH, U: ENERGY, dt: TIME}))
    [eta] = M^-1 T^2; [gamma] = M T^-1
    >>> print(infer_dimensions(statements, {x: LENGTH, dt: TIME}))
    [eta] is free; [gamma] = [eta]^-1 T; [U] = [eta]^-1 L^2
    """
    several = statements if isinstance(statements, Iterable) else (statements,)
    read, given = tuple(map(as_statement, several)), _by_unknown(known)
    reading = _Inferring(_number_field(_powers(read, given.values())), _bare(read, given))
    for statement in read:
        _read_statement(statement, reading)
    base = {what: Product.of(given[what], reading.number) for what in reading.mentioned if what in given}
    # The potential first, then from last to first mentioned: an unknown early in the order is expressed by
    # later ones, so that what is mentioned first stays free.
    unknown = sorted(
        (u for u in reversed(reading.mentioned) if u not in given), key=lambda u: u is not potential
    )
    solution = _solve(reading, tuple(unknown), base)
    solved = {u: solution.reduce(Product({u: reading.number(1)})) for u in reversed(solution.unknown)}
    free = {u: str(p) for u, p in solved.items() if set(p.powers) - set(BASES)}
    found = {u: p.dimension for u, p in solved.items() if u not in free}
    clashes = dict.fromkeys(_clash(solution, row, reading.agreements) for row in solution.contradictions)
    return Inference(dict(known), found, free, tuple(clashes))


def _by_unknown(known: Mapping[Unknown, Dimension]) -> dict[Unknown, Dimension]:
    given = dict[Unknown, Dimension]()
    for what, dimension in known.items():
        if not isinstance(dimension, Dimension):
            raise TypeError(f"what is known is a dimension such as LENGTH / TIME, given {dimension!r}")
        if what is potential or isinstance(what, potential):
            given[potential] = dimension
        elif isinstance(what, Symbol) and not name_and_marks(what)[1]:
            given[what] = dimension
        else:
            raise TypeError(
                f"the dimension of a symbol at no instant, or of the potential, can be known; given {what!r}"
            )
    return given


def _clash(solution: _Solution, row: _Row, agreements: list[_Agreement]) -> Clash:
    causes = [agreements[k] for k in sorted(row.made_of.powers)]
    last = causes[-1]
    a, b = solution.reduce(last.a), solution.reduce(last.b)
    says = last.says.format(left=last.left, a=a, right=last.right, b=b)
    given = {u: solution.known[u].dimension for u in row.product.powers if u in solution.known}
    return Clash(says, tuple(dict.fromkeys(str(c.part) for c in causes)), tuple(given.items()))


# ------------------------------------------------------------------ constraints of statements


@dataclass(frozen=True)
class _Agreement:
    """The constraint that two dimensions agree, the message if they do not, and the equation it is from."""

    says: str
    left: object
    a: Product
    right: object
    b: Product
    part: object


@dataclass(frozen=True)
class _Inferring:
    """An environment in which dimensions are unknown: it collects the constraints."""

    number: Number
    bare: Mapping[str, Symbol]
    mentioned: dict[Unknown, None] = field(default_factory=dict)
    agreements: list[_Agreement] = field(default_factory=list)
    part: object = None

    @property
    def one(self) -> Product:
        return ONE

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
    sides: list[tuple[object, Expr, Expr]] = (
        [(e, e.left, e.right) for e in statement.equations]
        if isinstance(statement, Law)
        else [(u, u.target, u.value) for u in statement.updates]
        + [(f"{s}(0) = {value}", s, value) for s, value in statement.start]
    )
    for part, left, right in sides:
        within = replace(reading, part=part)
        a, b = (read_dimension(side, within) for side in (left, right))
        if a is not None and b is not None:
            within.agree(EQUAL, left, a, right, b)
    for symbol in sorted(symbols(statement), key=_by_name):
        reading.of(symbol)


# ------------------------------------------------------------------ products of powers

Number: TypeAlias = Callable[[Any], Any]
"""Maps an exponent into the field of the linear algebra; raises CoercionFailed where it is not in it."""

BASES = ("M", "L", "T")


@dataclass(frozen=True)
class Product:
    """A product of powers: of the base dimensions `M`, `L`, `T` and of the dimensions of symbols."""

    powers: Mapping[Any, Any]

    @classmethod
    def of(cls, dimension: Dimension, number: Number) -> Product:
        """Return a dimension as a product of powers of the base dimensions."""
        powers = zip(BASES, dimension.exponents, strict=True)
        return cls({base: number(power) for base, power in powers if power})

    def __mul__(self, other: Product) -> Product:
        joined = {key: self.powers.get(key, 0) + power for key, power in other.powers.items()}
        return Product({key: power for key, power in {**self.powers, **joined}.items() if power})

    def __pow__(self, power: Any) -> Product:
        return Product({key: own * power for key, own in self.powers.items() if power})

    def __truediv__(self, other: Product) -> Product:
        return self * other**-1

    def substitute(self, values: Mapping[Any, Product]) -> Product:
        """Return the product with some of its keys replaced by products."""
        out = Product({key: power for key, power in self.powers.items() if key not in values})
        for key in [k for k in self.powers if k in values]:
            out *= values[key] ** self.powers[key]
        return out

    @property
    def dimension(self) -> Dimension:
        """Return the part of the product in base dimensions."""
        return Dimension(*(_plain(self.powers.get(base, Fraction(0))) for base in BASES))

    def __str__(self) -> str:
        """Return the product as text, dimensions of symbols in brackets: `[m] L^2 T^-2`."""
        symbolic = [(f"[{name_of(k)}]", _plain(p)) for k, p in self.powers.items() if k not in BASES]
        return product_text([*symbolic, *zip(BASES, self.dimension.exponents, strict=True)])


ONE = Product({})


def _plain(power: Any) -> Any:
    return power if isinstance(power, Fraction) else exponent(power.as_expr())


def _powers(statements: Iterable[Statement], known: Iterable[Dimension]) -> Iterator[Expr]:
    for statement in statements:
        for expression in expressions(statement):
            yield from (power.exp for power in expression.atoms(Pow))
    for dimension in known:
        yield from (e for e in dimension.exponents if isinstance(e, Expr))


def _number_field(powers: Iterable[Expr]) -> Number:
    """Return the map of exponents into their field: to fractions, or into Q(p, ...)."""
    symbolic = sorted({s for power in powers for s in power.free_symbols}, key=str)
    if not symbolic:
        return _fraction
    field_of_powers = QQ.frac_field(*symbolic)
    return lambda power: field_of_powers.from_sympy(
        Rational(power.numerator, power.denominator) if isinstance(power, Fraction) else power
    )


def _fraction(power: Any) -> Fraction:
    plain = exponent(power)
    if not isinstance(plain, Fraction):
        raise CoercionFailed(f"{power} is not rational")
    return plain


# ------------------------------------------------------------------ elimination


@dataclass(frozen=True)
class _Row:
    """A product that equals one, and the combination of equations that it comes from, by their powers."""

    product: Product
    made_of: Product

    def without(self, key: Unknown, other: _Row) -> _Row:
        """Return the row freed of a key by another row, in which that key has power one."""
        power = self.product.powers.get(key, 0)
        return _Row(self.product / other.product**power, self.made_of / other.made_of**power)

    def __pow__(self, power: Any) -> _Row:
        return _Row(self.product**power, self.made_of**power)


@dataclass(frozen=True)
class _Solution:
    """A system in reduced row echelon form: a row for each pivot, and contradictions."""

    known: Mapping[Unknown, Product]
    unknown: tuple[Unknown, ...]
    rows: Mapping[Unknown, _Row] = field(default_factory=dict)
    contradictions: tuple[_Row, ...] = ()

    def reduce(self, product: Product) -> Product:
        """Return a product in base dimensions and, where they are free, dimensions of symbols."""
        freed = _Row(product, ONE)
        for key, row in self.rows.items():
            freed = freed.without(key, row)
        return freed.product.substitute(self.known)


def _solve(reading: _Inferring, unknown: tuple[Unknown, ...], known: Mapping[Unknown, Product]) -> _Solution:
    """Return the constraints in reduced row echelon form, by Gauss-Jordan elimination.

    Only rows with a new pivot are stored. They are independent, so a contradiction is a combination of
    equations in one way only: none of those that it comes from can be left out.
    """
    solution = _Solution(known, unknown)
    for k, agreement in enumerate(reading.agreements):
        row = _Row(agreement.a / agreement.b, Product({k: reading.number(1)}))
        for key, settled in solution.rows.items():
            row = row.without(key, settled)
        pivot = next((u for u in solution.unknown if u in row.product.powers), None)
        if pivot is not None:
            unit = row ** (1 / row.product.powers[pivot])
            rows = {key: other.without(pivot, unit) for key, other in solution.rows.items()}
            solution = replace(solution, rows={**rows, pivot: unit})
        elif row.product.substitute(solution.known).powers:
            solution = replace(solution, contradictions=(*solution.contradictions, row))
    return solution
