"""Whether the motions of a law converge in a limit: does its fast part settle, if it has one?

The law is linearised at a moving point. Its characteristic polynomial has coefficients that depend on the
small distance h to the limit, and each edge of its Newton polygon that rises stands for rates that
grow like h**(-q). If the polynomials of these edges have all their roots in the left half-plane, the fast
motions decay, and the motions of the law tend to those of its limit after a layer of width h**q. Without fast
rates they converge uniformly on finite times.

References: A. Tikhonov, 1952; N. Fenichel, Geometric singular perturbation theory, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import sympy
from sympy import Expr, Integer, Matrix, Poly, Pow, Rational, Symbol
from sympy.polys.matrices import DomainMatrix
from sympy.polys.polyerrors import PolynomialError

from physsym.core.motion import is_time, moving
from physsym.core.polynomials import Point, factored, hurwitz_conditions, lower_hull
from physsym.core.signs import NONNEGATIVE, signs
from physsym.core.statements import Law, symbols
from physsym.core.symbols import DOT, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, holds, undecided
from physsym.verify.conditions import consistent, follows, hypotheses, implied
from physsym.verify.derivative import derivative
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.substitution import substituted

NAME = "Hurwitz determinants"
_RATE, _MU = Symbol("Lambda"), Symbol("mu")
_MAX_COUPLED = 3  # unknowns whose characteristic polynomial is expanded as a whole
_NEVER_POSITIVE = frozenset({-1, 0})
_ROUNDS = 4
_MAX_DEGREE = 4  # of a polynomial with as many symbols whose Hurwitz determinants are expanded
_TOO_MANY = f"too many unknowns are coupled to find the fast rates; at most {_MAX_COUPLED} may be"

Terms = dict[int, Expr]  # coefficients by the power of the rate, or by the order of the derivative


@dataclass(frozen=True)
class Approach:
    """One way to a limit: from above, from below, or from infinity.

    `of` is the symbol of the limit, `symbol` a positive one that vanishes instead, `value` the first in terms
    of the second, and `distance` the second in terms of the first.
    """

    of: Symbol
    symbol: Symbol
    value: Expr
    distance: Expr
    words: str

    def near(self, expression: Expr) -> Expr:
        """Return an expression near the limit, in the symbol that vanishes."""
        return substituted(expression, {self.of: self.value})


@dataclass(frozen=True)
class Unknowns:
    """What a law determines: the names of its coordinates, each with the order of its highest derivative."""

    orders: dict[str, int]

    @classmethod
    def of(cls, law: Law) -> Unknowns | None:
        """Return the unknowns of a law; None where it has not as many as equations."""
        orders: dict[str, int] = {}
        for name, marks in map(name_and_marks, sorted(symbols(law), key=str)):
            if marks:
                orders[name] = max(orders.get(name, 0), len(marks))
        if len(orders) < len(law.equations):
            plain = (s for s in moving(law) if not name_and_marks(s)[1] and not is_time(s))
            orders |= {s.name: 0 for s in sorted(plain, key=str) if s.name not in orders}
        return cls(orders) if len(orders) == len(law.equations) else None


@dataclass(frozen=True)
class Edge:
    """The rates mu*h**(-exponent) of a law, where mu are the roots of a polynomial.

    `coefficients` are given from the leading one downwards. `corrected` says that terms of a higher order in
    h shift these rates by more than a bounded amount.
    """

    exponent: Fraction
    coefficients: tuple[Expr, ...]
    corrected: bool = True

    @property
    def text(self) -> str:
        """Return the equation of mu."""
        degree, sign = len(self.coefficients) - 1, -1 if signs(self.coefficients[0]) == {-1} else 1
        return f"{sympy.Add(*(sign * c * _MU ** (degree - k) for k, c in enumerate(self.coefficients)))} = 0"


@dataclass(frozen=True)
class Linearisation:
    """A law linearised at a moving point: `entries[i][j]` is equation i in the derivatives of unknown j."""

    names: tuple[str, ...]
    orders: tuple[int, ...]
    entries: tuple[tuple[Terms, ...], ...]

    @classmethod
    def of(cls, law: Law, unknowns: Unknowns) -> Linearisation:
        """Differentiate the residuals of a law; raises UndecidedError where that is not possible."""
        found = {s.name: s for s in symbols(law)}
        rows = []
        for equation in law.equations:
            row = [
                {
                    k: slope
                    for k in range(order + 1)
                    if (rate := found.get(name + DOT * k)) is not None
                    and (slope := derivative(equation.residual, rate)) != 0
                }
                for name, order in unknowns.orders.items()
            ]
            rows.append(tuple(row))
        return cls((*unknowns.orders,), (*unknowns.orders.values(),), (*rows,))

    def blocks(self) -> Iterator[Linearisation]:
        """Yield the parts of the law that share no unknown."""
        left = set(range(len(self.names)))
        while left:
            columns, rows = {min(left)}, set[int]()
            while True:
                rows = {i for i, row in enumerate(self.entries) if any(row[j] for j in columns)}
                wider = {j for i in rows for j, terms in enumerate(self.entries[i]) if terms} | columns
                if wider == columns:
                    break
                columns = wider
            if len(rows) != len(columns):
                raise UndecidedError("the equations do not determine each unknown")
            left -= columns
            own = sorted(columns)
            names, orders = tuple(self.names[j] for j in own), tuple(self.orders[j] for j in own)
            entries = tuple(tuple(self.entries[i][j] for j in own) for i in sorted(rows))
            yield Linearisation(names, orders, entries)

    @cached_property
    def highest(self) -> list[list[Expr]]:
        """Return the matrix of the highest derivatives."""
        return [
            [terms.get(order, Integer(0)) for terms, order in zip(row, self.orders, strict=True)]
            for row in self.entries
        ]


@dataclass(frozen=True)
class Expansion:
    """Coefficients by powers of a small symbol; `whole` where there are no others than the lowest given."""

    terms: dict[Fraction, Expr]
    whole: bool = True

    @property
    def order(self) -> Fraction | None:
        """Return the lowest power, None of zero."""
        return min(self.terms, default=None)


def expanded(expression: Expr, small: Symbol) -> Expansion:
    """Return an expression in powers of a small positive symbol, of which the lowest is always there.

    Raises UndecidedError for what is no rational function of roots of the symbol.
    """
    if not expression.has(small):
        return Expansion({Fraction(0): expression} if expression != 0 else {})
    powers = (p.exp for p in expression.atoms(Pow) if p.base == small and p.exp.is_Rational)
    index = int(sympy.ilcm(1, 1, *(e.q for e in powers)))
    plain = substituted(expression, {small: small**index}) if index > 1 else expression
    above, below = (
        (plain, Integer(1)) if plain.is_polynomial(small) else sympy.fraction(sympy.together(plain))
    )
    try:
        top, bottom = (Poly(part, small).terms()[::-1] for part in (above, below))
    except PolynomialError:
        raise UndecidedError(
            f"{expression} has no expansion in powers of {small}; state the law without it"
        ) from None
    (lowest,), size = bottom[0]
    terms = {Fraction(k - lowest, index): c / size for (k,), c in top if c != 0}
    return Expansion(
        terms if len(bottom) == 1 else dict([min(terms.items())] if terms else []), len(bottom) == 1
    )


def _determinant(rows: Sequence[Sequence[Expr]]) -> Expr:
    if len(rows) == 1:
        return rows[0][0]
    if len(rows) <= _MAX_COUPLED:
        return Matrix(rows).det(method="berkowitz")
    matrix = DomainMatrix.from_list_sympy(len(rows), len(rows), rows).to_field()
    return matrix.domain.to_sympy(matrix.det())


def fast_edges(block: Linearisation, small: Symbol) -> list[Edge]:
    """Return the edges of the rates that grow as a symbol vanishes.

    Raises UndecidedError where they are not found, and where the limit does not determine the motion.
    """
    if len(block.names) == 1:
        return _edges_of_polynomial(block.entries[0][0], small)
    if len(block.names) > _MAX_COUPLED:
        return _edges_of_rows(block, small)
    rows = [[sympy.Add(*(c * _RATE**k for k, c in terms.items())) for terms in row] for row in block.entries]
    return _edges_of_polynomial(_by_power(_determinant(rows)), small)


def _by_power(determinant: Expr) -> Terms:
    above, below = sympy.fraction(sympy.together(determinant))
    return {k: c / below for (k,), c in Poly(above, _RATE).terms() if c != 0}


def _edges_of_polynomial(polynomial: Terms, small: Symbol) -> list[Edge]:
    expansions = {k: e for k, c in sorted(polynomial.items()) if (e := expanded(c, small)).terms}
    points = _points(expansions)
    if not points or min(order for _, order, _ in points) > 0:
        raise UndecidedError("the limit does not determine the motion: its equations are not independent")
    return [
        Edge(slope, factor, _is_corrected(expansions, slope, edge[0]))
        for slope, edge in lower_hull(points)
        if slope > 0
        for factor in _factors(_coefficients(edge))
    ]


def _points(expansions: dict[int, Expansion]) -> list[Point]:
    lowest = ((k, min(e.terms)) for k, e in sorted(expansions.items()))
    return [(k, order, expansions[k].terms[order]) for k, order in lowest]


def _factors(coefficients: Sequence[Expr]) -> list[tuple[Expr, ...]]:
    """Return the coefficients of each factor of a polynomial: its roots are those of its factors."""
    degree = len(coefficients) - 1
    whole = sympy.Add(*(c * _MU ** (degree - k) for k, c in enumerate(coefficients)))
    (_, found), _ = factored(whole)
    return [tuple(Poly(f, _MU).all_coeffs()) for f, _ in found if f.has(_MU)]


def _coefficients(edge: Sequence[Point]) -> tuple[Expr, ...]:
    known = {power: size for power, _, size in edge}
    return tuple(known.get(k, Integer(0)) for k in range(edge[-1][0], edge[0][0] - 1, -1))


def _is_corrected(expansions: dict[int, Expansion], slope: Fraction, start: Point) -> bool:
    """Return whether a term changes the rates mu*h**(-rise) by more than a bounded amount."""
    if not all(e.whole for e in expansions.values()):
        return True
    level = start[1] - slope * start[0]
    above = (order - slope * k - level for k, e in expansions.items() for order in e.terms)
    return any(0 < height < slope for height in above)


def _edges_of_rows(block: Linearisation, small: Symbol) -> list[Edge]:
    """Return the edges of many coupled unknowns, where the leading terms of each row determine them."""
    rows = [
        [{k: e for k, c in terms.items() if (e := expanded(c, small)).terms} for terms in row]
        for row in block.entries
    ]
    hulls = (lower_hull(_points(terms)) for row in rows for terms in row if terms)
    slopes = sorted({slope for hull in hulls for slope, _ in hull if slope > 0})
    # Below the least possible rise of an edge the determinant has one leading term: that of the slow rates.
    orders = [order for row in rows for terms in row for e in terms.values() for order in e.terms]
    least = Fraction(1, math.lcm(*(o.denominator for o in orders)) * (sum(block.orders) + 1))
    slow = _leading(rows, least / 2)
    polynomials = [(slope, _between(_leading(rows, slope))) for slope in slopes]
    missing = sum(block.orders) - max(slow, default=0) - sum(len(c) - 1 for _, c in polynomials)
    if not slow or missing:
        raise UndecidedError(_TOO_MANY)
    return [Edge(slope, factor) for slope, c in polynomials if len(c) > 1 for factor in _factors(c)]


def _leading(rows: Sequence[Sequence[dict[int, Expansion]]], slope: Fraction) -> Terms:
    """Return the determinant of the leading terms of each row where rates scale like h**(-rise)."""
    matrix = []
    for row in rows:
        points = [_points(terms) for terms in row]
        least = min(order - slope * k for entry in points for k, order, _ in entry)
        leading = ([c * _RATE**k for k, order, c in e if order - slope * k == least] for e in points)
        matrix.append([sympy.Add(*terms) for terms in leading])
    coupled = max(sum(entry != 0 for entry in row) for row in matrix)
    if coupled > _MAX_COUPLED:
        raise UndecidedError(_TOO_MANY)
    return _by_power(_determinant(matrix))


def _between(polynomial: Terms) -> tuple[Expr, ...]:
    powers = range(max(polynomial, default=0), min(polynomial, default=0) - 1, -1)
    return tuple(polynomial.get(k, Integer(0)) for k in powers)


def attracts(edge: Edge, approach: Approach) -> Verdict:
    """Return whether the fast motions of one edge decay, conditionally where signs do not tell."""
    what = f"the fast motion exp(mu*t{_divided(approach, edge.exponent)}) with {edge.text}"
    if any(c == 0 for c in edge.coefficients):  # a Hurwitz polynomial has all powers
        return _does_not_settle(edge, what)
    symbolic = frozenset[Symbol]().union(*(c.free_symbols for c in edge.coefficients))
    if len(edge.coefficients) > _MAX_DEGREE + 1 and len(symbolic) > _MAX_DEGREE:
        return undecided(
            f"whether {what} decays is not decided: the degree is too high for so many symbols; give numbers "
            "for some of them, or the law of fewer coordinates",
            engines=(NAME,),
        )
    sides = hurwitz_conditions(edge.coefficients)
    if any(signs(side) <= _NEVER_POSITIVE for side in sides):
        return _does_not_settle(edge, what)
    given = hypotheses()
    needed = dict.fromkeys(
        c for side in sides for c in _positive(side) if not follows(c) and not (given and implied(given, c))
    )
    open_ones = tuple(
        c for c in needed if Condition(c.expression, "> 0") not in needed or c.relation == "> 0"
    )
    if open_ones and consistent((*given, *open_ones)).outcome is Outcome.FAILS:
        return _does_not_settle(edge, what)
    if open_ones:
        return Verdict(Outcome.CONDITIONAL, (f"{what} decays on this region only",), open_ones, (NAME,))
    return holds(f"{what} decays", engines=(NAME,))


def _positive(side: Expr) -> list[Condition]:
    """Return the conditions that an expression is positive, without factors that are never negative."""
    (number, above), (divisor, below) = factored(side)
    kept = [f for f, power in above if power % 2 == 0 or signs(f) <= NONNEGATIVE]
    odd = [f for f, power in (*above, *below) if power % 2 and not signs(f) <= NONNEGATIVE]
    rest = sympy.expand(sympy.Mul(number / divisor, *odd))
    nonzero = [Condition(vanishing_with(f), "!= 0") for f in kept if 0 in signs(f)]
    return nonzero if signs(rest) == {1} else [Condition(rest, "> 0"), *nonzero]


def vanishing_with(expression: Expr) -> Expr:
    """Return a part that is zero exactly where a power, an absolute value or a sign is."""
    if expression.is_Pow and (expression.exp.is_positive or isinstance(expression.base, sympy.Abs)):
        return vanishing_with(expression.base)
    return expression.args[0] if isinstance(expression, (sympy.Abs, sympy.sign)) else expression


def _does_not_settle(edge: Edge, what: str) -> Verdict:
    lead = signs(edge.coefficients[0])
    opposite = frozenset({-1}) if lead == {1} else frozenset({1}) if lead == {-1} else None
    if any(signs(c) == opposite for c in edge.coefficients):
        return fails(f"{what} grows{_root(edge)}: the law repels", engines=(NAME,))
    if edge.corrected:
        doubt = "does not decay at leading order, and higher orders decide"
        return undecided(f"{what} {doubt}", engines=(NAME,))
    return fails(f"{what} never settles{_root(edge)}", engines=(NAME,))


def _root(edge: Edge) -> str:
    """Return the roots of an edge in words, where a formula is short."""
    lead, *rest = edge.coefficients
    if len(rest) == 1:
        return f", with mu = {sympy.cancel(-rest[0] / lead)}"
    if len(rest) == 2 and rest[0] == 0:
        return f", with mu**2 = {sympy.cancel(-rest[1] / lead)}"
    return ""


def _divided(approach: Approach, exponent: Fraction) -> str:
    rate = approach.distance ** Rational(exponent.numerator, exponent.denominator)
    return f"/{rate}" if rate.is_Symbol else f"*{1 / rate}" if (1 / rate).is_Symbol else f"/({rate})"


def convergence(above: Law, below: Law, approach: Approach) -> Verdict:
    """Return whether the motions of a law tend to those of its limit, and how.

    Parameters
    ----------
    above
        The law, in the small symbol of the approach.
    below
        Its limit, equation by equation.
    approach
        How the limit is reached.

    Returns
    -------
    Verdict
        Holds uniformly where there is no fast motion, pointwise after a layer where all fast motions decay;
        conditional where that depends on signs that are not known; fails where one repels or never settles.
    """
    unknowns = Unknowns.of(above)
    if unknowns is None:
        return _unless_bounded(above, below, approach, "the law has not as many equations as unknowns")
    if not any(unknowns.orders.values()):
        return holds()
    try:
        if _keeps_order(below, unknowns):
            return Verdict(Outcome.HOLDS, ("there is no fast motion",), convergence="uniform")
        blocks = list(Linearisation.of(above, unknowns).blocks())
        return all_of(*(_of_block(block, above, below, approach) for block in blocks))
    except UndecidedError as doubt:
        return _unless_bounded(above, below, approach, str(doubt))


def _keeps_order(below: Law, unknowns: Unknowns) -> bool:
    """Return whether the limit is regular: it determines all the highest derivatives that the law has."""
    names = {s.name for s in symbols(below)}
    if not all(name + DOT * order in names for name, order in unknowns.orders.items()):
        return False
    blocks = Linearisation.of(below, unknowns).blocks()
    return all(sympy.expand(_determinant(block.highest)) != 0 for block in blocks)


def lost(above: Law, below: Law) -> list[Symbol]:
    """Return the derivatives that a limit removes from a law."""
    return sorted((s for s in symbols(above) - symbols(below) if DOT in s.name), key=str)


def highest_derivatives(above: Law, below: Law) -> frozenset[str]:
    """Return the names of the highest derivatives, in the limit of a law, of what the law determines."""
    held, unknowns = {s.name for s in symbols(below)}, Unknowns.of(above) or Unknowns({})
    rates = {n: [n + DOT * k for k in range(order, -1, -1)] for n, order in unknowns.orders.items()}
    return frozenset(next((rate for rate in rates[n] if rate in held), n) for n in rates)


def _unless_bounded(above: Law, below: Law, approach: Approach, why: str) -> Verdict:
    """Return the verdict where fast motions are not known: they are excluded by a hypothesis."""
    rates = sorted((s for s in symbols(above) if DOT in s.name), key=str)
    weighed = [s for s in rates if any(_is_weighed(e.residual, s, approach.symbol) for e in above.equations)]
    gone = ", ".join(map(str, lost(above, below) or weighed))
    if not gone:
        return holds()
    verb = "stay" if "," in gone else "stays"
    bounded = Hypothesis(f"{gone} {verb} bounded as {approach.words.split(' from ')[0]}")
    return Verdict(Outcome.CONDITIONAL, (f"whether fast motions settle is not known: {why}",), (bounded,))


def _is_weighed(residual: Expr, rate: Symbol, small: Symbol) -> bool:
    """Return whether the coefficient of a rate depends on the small symbol."""
    try:
        return bool(derivative(residual, rate).has(small))
    except UndecidedError:
        return True


def _of_block(block: Linearisation, above: Law, below: Law, approach: Approach) -> Verdict:
    if not any(c.has(approach.symbol) for row in block.entries for terms in row for c in terms.values()):
        return Verdict(Outcome.HOLDS, convergence="uniform")
    edges = fast_edges(block, approach.symbol)
    if not edges:
        return Verdict(Outcome.HOLDS, ("there is no fast motion",), convergence="uniform", engines=(NAME,))
    motions = _sizes(block, min(e.exponent for e in edges), approach.symbol)
    verdicts = [attracts(edge, approach) for edge in edges]
    verdicts = [_if_prepared(v, e, motions, above, below) for v, e in zip(verdicts, edges, strict=True)]
    joined = all_of(*verdicts)
    if joined.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return joined
    said = _states_in_layer(motions, max(edges, key=lambda e: -e.exponent), approach)
    return replace(joined, evidence=(*joined.evidence, *said), convergence="pointwise after a layer")


def _sizes(block: Linearisation, exponent: Fraction, small: Symbol) -> dict[str, Fraction]:
    """Return by which power of the small symbol each state changes during the layer, from bounded values.

    The highest derivatives are those that the law gives there; each state changes by its rate times the width
    of the layer. States whose change has a positive power keep their initial values.
    """
    determinant = _determinant(block.highest)
    if determinant == 0 or len(block.names) > _MAX_COUPLED:
        return {}
    inverse = Matrix(block.highest).adjugate() / determinant
    pairs = list(zip(block.names, block.orders, strict=True))
    changes: dict[str, Fraction] = {}
    for _ in range(_ROUNDS):
        before = dict(changes)
        forces = [_size_of_force(row, pairs, changes, small) for row in block.entries]
        for j, (name, order) in enumerate(pairs):
            orders = [(expanded(inverse[j, i], small).order, force) for i, force in enumerate(forces)]
            size = min(o + force for o, force in orders if o is not None)
            for k in range(order - 1, -1, -1):
                changes[name + DOT * k] = exponent + size
                size = min(Fraction(0), exponent + size)
            if not order:
                changes[name] = size
        if changes == before:
            break
    return changes


def _size_of_force(
    row: tuple[Terms, ...], pairs: Sequence[tuple[str, int]], changes: dict[str, Fraction], small: Symbol
) -> Fraction:
    """Return the power of the small symbol by which the rest of an equation is bounded in the layer."""
    found = Fraction(0)
    for terms, (name, order) in zip(row, pairs, strict=True):
        for k, coefficient in terms.items():
            power = expanded(coefficient, small).order
            if k < order and power is not None:
                found = min(found, power + min(Fraction(0), changes.get(name + DOT * k, Fraction(0))))
    return found


def _states_in_layer(changes: dict[str, Fraction], edge: Edge, approach: Approach) -> tuple[str, ...]:
    """Return which states the layer leaves alone, and which it changes."""
    width = approach.distance ** Rational(edge.exponent.numerator, edge.exponent.denominator)
    kept = ", ".join(name for name, change in sorted(changes.items()) if change > 0)
    moved = ", ".join(name for name, change in sorted(changes.items()) if change <= 0)
    after = (f"{moved} only after a layer of width O({width})",) if moved else ()
    return (*((f"{kept} uniformly on finite times",) if kept else ()), *after)


def _if_prepared(
    verdict: Verdict, edge: Edge, changes: dict[str, Fraction], above: Law, below: Law
) -> Verdict:
    """Return the verdict on a neutral rotation of rates that leaves what the limit keeps alone.

    Rates then oscillate about those of the limit unless they start there, and the states follow the limit.
    """
    c = edge.coefficients
    rotates = len(c) == 3 and c[1] == 0 and signs(c[0] * c[2]) <= NONNEGATIVE
    gone = [s.name for s in lost(above, below)]
    rates = [name for name in changes if name + DOT in gone]
    kept = [change for name, change in changes.items() if name not in rates]
    if not (verdict.outcome is Outcome.FAILS and rotates and rates and kept and min(kept) > 0):
        return verdict
    names = ", ".join(sorted(rates))
    prepared = Hypothesis(f"{names} start at their values in the limit, about which they oscillate otherwise")
    turning = (n for n in _positive(c[0] * c[2]) if not follows(n))
    return Verdict(Outcome.CONDITIONAL, verdict.evidence, (prepared, *turning), verdict.engines)
