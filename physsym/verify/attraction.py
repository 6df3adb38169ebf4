"""Whether the motions of a law converge in a limit: does its fast part settle, if it has one?

The law is linearised at a moving point. Its characteristic polynomial has coefficients that depend on the
small distance h to the limit, and each edge of its Newton polygon that rises stands for rates that
grow like h**(-q). If the polynomials of these edges have all their roots in the left half-plane, the fast
motions decay, and the motions of the law tend to those of its limit after a layer of width h**q. Without fast
rates they converge uniformly on finite times.

References: Tikhonov 1952; Fenichel 1979.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import sympy
from sympy import Expr, Integer, Matrix, Poly, Symbol
from sympy.polys.matrices import DomainMatrix

from physsym.core.motion import is_time, moves, moving
from physsym.core.polynomials import Point, factored, lower_hull
from physsym.core.signs import NONNEGATIVE, signs
from physsym.core.statements import Law, symbols
from physsym.core.symbols import DOT, OPAQUE, name_and_marks
from physsym.core.verdicts import Condition, Hypothesis, Outcome, Verdict, all_of, fails, holds, undecided
from physsym.verify.conditions import consistent, follows, hypotheses, implied
from physsym.verify.derivative import derivative
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.expansion import Approach, Expansion, expanded
from physsym.verify.hurwitz import hurwitz_conditions
from physsym.verify.layer import Layer, driven, rates_of, settling

NAME = "Hurwitz determinants"
_RATE, _MU = Symbol("Lambda"), Symbol("mu")
_MAX_COUPLED = 3  # unknowns whose characteristic polynomial is expanded as a whole
_NEVER_POSITIVE = frozenset({-1, 0})
_MAX_DEGREE = 4  # of a polynomial with as many symbols whose Hurwitz determinants are expanded
_DEGENERATE = (
    "the fast motion does not decay where the equations of the limit hold: it has no exponential layer there"
)
_TOO_MANY = f"too many unknowns are coupled to find the fast rates; at most {_MAX_COUPLED} may be"

Terms = dict[int, Expr]  # coefficients by the power of the rate, or by the order of the derivative


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


def _determinant(rows: Sequence[Sequence[Expr]]) -> Expr:
    if len(rows) == 1:
        return rows[0][0]
    if len(rows) <= _MAX_COUPLED:
        return Matrix(rows).det(method="berkowitz")
    matrix = DomainMatrix.from_list_sympy(len(rows), len(rows), rows)
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
    polynomials = [(slope, _between(terms)) for slope in slopes for terms in _leading(rows, slope)]
    missing = sum(block.orders) - sum(map(max, slow)) - sum(len(c) - 1 for _, c in polynomials)
    if missing:
        raise UndecidedError(_TOO_MANY)
    return [Edge(slope, factor) for slope, c in polynomials if len(c) > 1 for factor in _factors(c)]


def _leading(rows: Sequence[Sequence[dict[int, Expansion]]], slope: Fraction) -> list[Terms]:
    """Return the leading terms of each row where rates scale like h**(-rise): their determinant, in factors.

    They are the determinants of the parts of the matrix whose unknowns act on each other, as in Gantmacher's
    normal form of a reducible matrix: without them a chain of n unknowns would have 2**n terms. Raises
    UndecidedError where too many unknowns are coupled, or the determinant is zero.
    """
    matrix = []
    for row in rows:
        points = [_points(terms) for terms in row]
        least = min(order - slope * k for entry in points for k, order, _ in entry)
        leading = ([c * _RATE**k for k, order, c in e if order - slope * k == least] for e in points)
        matrix.append([sympy.Add(*terms) for terms in leading])
    coupled = max(sum(entry != 0 for entry in row) for row in matrix)
    if coupled > _MAX_COUPLED:
        raise UndecidedError(_TOO_MANY)
    parts = Matrix(matrix).strongly_connected_components()
    factors = [_by_power(_determinant([[matrix[i][j] for j in part] for i in part])) for part in parts]
    if not all(factors):
        raise UndecidedError(_TOO_MANY)
    return factors


def _between(polynomial: Terms) -> tuple[Expr, ...]:
    powers = range(max(polynomial), min(polynomial) - 1, -1)
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
    rate = approach.power(exponent)
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
        The error, in the small symbol of the approach, is that which the layer leaves in slow states.
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
        found = [_of_block(block, unknowns, above, below, approach) for block in blocks]
        slowest = min((v.error for v in found if v.error), key=lambda e: e.exponent, default=None)
        return replace(all_of(*found), error=slowest)
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


def _free(above: Law, below: Law) -> frozenset[str]:
    """Return the names of what the limit of a law keeps from the start: all below its highest derivatives."""
    highest = highest_derivatives(above, below)
    return frozenset(rate[:-k] for rate in highest for k in range(1, rate.count(DOT) + 1))


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


def _of_block(
    block: Linearisation, unknowns: Unknowns, above: Law, below: Law, approach: Approach
) -> Verdict:
    if not any(c.has(approach.symbol) for row in block.entries for terms in row for c in terms.values()):
        return Verdict(Outcome.HOLDS, convergence="uniform")
    edges = fast_edges(block, approach.symbol)
    if not edges:
        return Verdict(Outcome.HOLDS, ("there is no fast motion",), convergence="uniform", engines=(NAME,))
    verdicts, width = [attracts(edge, approach) for edge in edges], min(e.exponent for e in edges)
    layer, unknown = None, ""
    try:
        layer = Layer.of(rates_of(above, unknowns.orders, block.names), _free(above, below), approach, width)
    except UndecidedError as doubt:
        unknown = str(doubt)
    if layer:
        verdicts = [_if_prepared(v, e, layer, above, below) for v, e in zip(verdicts, edges, strict=True)]
    joined = all_of(*verdicts)
    if joined.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return joined
    if _excluded(joined, below):
        return undecided(_DEGENERATE, engines=joined.engines)
    if layer is None:
        tame = Hypothesis(
            "the motions stay bounded in the layer, and no state that the limit keeps jumps there"
        )
        parts = [Verdict(Outcome.CONDITIONAL, (f"what the layer changes is not known: {unknown}",), (tame,))]
    else:
        scalar = len(edges) == 1 and len(edges[0].coefficients) == 2
        everywhere = scalar and not any(moves(c.expression, above) for c in _formulas(joined))
        parts = [*driven(layer), settling(layer, below, everywhere)]
    whole = all_of(joined, *parts)
    if whole.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
        return whole
    said = tuple(dict.fromkeys(e for v in (joined, *parts) for e in v.evidence))
    return replace(whole, evidence=said, convergence="pointwise after a layer")


def _formulas(verdict: Verdict) -> list[Condition]:
    return [c for c in verdict.assumes if isinstance(c, Condition)]


def _excluded(verdict: Verdict, below: Law) -> bool:
    """Return whether the equations of the limit contradict the conditions under which fast motions decay."""
    plain = [e.residual for e in below.equations if not e.residual.atoms(*OPAQUE)]
    on_limit = [Condition(r, "= 0") for r in plain if r.is_polynomial(*r.free_symbols)]
    return bool(_formulas(verdict)) and consistent((*_formulas(verdict), *on_limit)).outcome is Outcome.FAILS


def _if_prepared(verdict: Verdict, edge: Edge, layer: Layer, above: Law, below: Law) -> Verdict:
    """Return the verdict on a neutral rotation of velocities that leaves their positions alone.

    They then oscillate about their values in the limit unless they start there, and the positions follow it.
    """
    c = edge.coefficients
    rotates = len(c) == 3 and c[1] == 0 and signs(c[0] * c[2]) <= NONNEGATIVE
    gone = [s.name for s in lost(above, below)]
    turning = [s for s in layer.rates if s.name + DOT in gone]
    kept = [s for s in layer.rates if s not in turning]
    are_velocities = all(any(layer.rates[q].has(s) for q in kept) for s in turning)
    tame = kept and turning and are_velocities and all(layer.change(s) > 0 for s in kept)
    if not (verdict.outcome is Outcome.FAILS and rotates and tame):
        return verdict
    names = ", ".join(sorted(map(str, turning)))
    prepared = Hypothesis(f"{names} start at their values in the limit, about which they oscillate otherwise")
    nonzero = (n for n in _positive(c[0] * c[2]) if not follows(n))
    return Verdict(Outcome.CONDITIONAL, verdict.evidence, (prepared, *nonzero), verdict.engines)
