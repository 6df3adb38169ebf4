"""The ground truth: whether two lines say the same, and whether a line follows by a move, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial, singledispatch
from itertools import permutations

import sympy
from sympy import Expr, Symbol

from physsym.core.statements import Equation, Law, Rule, Statement, symbols
from physsym.core.symbols import before, dot, name_and_marks
from physsym.mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Isolate,
    Limit,
    Move,
    Multiply,
    Neglect,
    ReduceOrder,
    Rescale,
)
from tests.fuzz.evaluation import MP, Number, Point, UnclearError, isclose, sample, stepped, value

SMALL = MP.mpf(10) ** -50
# At a distance of 1e-50 what closes like a power from 1/4 on is below 1e-12; what stays open is far above it.
near = partial(isclose, equal=MP.mpf(10) ** -12, different=MP.mpf(10) ** -6)

Numbers = Sequence[Number]
IsClose = Callable[[Number, Number], bool]
Pairs = Sequence[tuple[Numbers, Numbers]]


def same(one: Statement, other: Statement) -> bool:
    """Tell whether two lines say the same: equations up to sign and order, rules as maps.

    Raises UnclearError where the numbers do not tell.
    """
    if isinstance(one, Law) and isinstance(other, Law):
        return _same_equations(sample(lambda at: (_residuals(one, at), _residuals(other, at))))
    if isinstance(one, Rule) and isinstance(other, Rule):
        return _same_maps(sample(lambda at: (stepped(one, at), stepped(other, at))))
    return False


def _residuals(law: Law, at: Point) -> list[Number]:
    return [gap(e, at) for e in law.equations]


def gap(equation: Equation, at: Point) -> Number:
    """Return by how much the sides of an equation differ at a point."""
    return value(equation.left, at) - value(equation.right, at)


def _same_equations(pairs: Pairs, agree: IsClose = isclose) -> bool:
    """Tell whether the columns of the two tables are the same up to order, and each up to its sign."""
    one, other = ([*zip(*rows, strict=True)] for rows in zip(*pairs, strict=True))
    return len(one) == len(other) and any(
        all(_up_to_sign(a, b, agree) for a, b in zip(one, order, strict=True))
        for order in permutations(other)
    )


def _up_to_sign(a: Numbers, b: Numbers, agree: IsClose) -> bool:
    return any(all(agree(p, sign * q) for p, q in zip(a, b, strict=True)) for sign in (1, -1))


def _same_maps(
    pairs: Iterable[tuple[dict[Symbol, Number], dict[Symbol, Number]]], agree: IsClose = isclose
) -> bool:
    return all(a.keys() == b.keys() and all(agree(a[s], b[s]) for s in a) for a, b in pairs)


def absent(symbol: Symbol, line: Statement) -> bool:
    """Tell whether a line mentions a symbol at no instant."""
    return all(symbol.name not in (s.name, name_and_marks(s)[0]) for s in symbols(line))


@singledispatch
def follows(move: Move, above: Statement, below: Statement) -> bool:
    """Tell whether a line follows from the line above by a move, by numbers alone.

    Raises UnclearError where the numbers do not tell, or no way is known for the move.
    """
    raise UnclearError(f"no way is known to tell what follows by {type(move).__name__}")


@follows.register(Divide)
def _(move: Divide, above: Statement, below: Statement) -> bool:
    return _scaled(above, below, 1 / move.by)


@follows.register(Multiply)
def _(move: Multiply, above: Statement, below: Statement) -> bool:
    return _scaled(above, below, move.by)


def _scaled(above: Statement, below: Statement, by: Expr) -> bool:
    if not (isinstance(above, Law) and isinstance(below, Law)):
        return False
    return _same_equations(
        sample(lambda at: ([r * value(by, at) for r in _residuals(above, at)], _residuals(below, at)))
    ) and all(sample(lambda at: value(by, at)))


@follows.register(Define)
def _(move: Define, above: Statement, below: Statement) -> bool:
    fresh = absent(move.symbol, above) and absent(move.eliminating, below)
    named = move.value.has(move.eliminating) and not move.value.has(move.symbol)
    return fresh and named and _match(above, below, lambda at: at.at({move.symbol: value(move.value, at)}))


def _match(
    above: Statement, below: Statement, seen_below: Callable[[Point], Point], agree: IsClose = isclose
) -> bool:
    """Tell whether two lines are the same when the one below is read at another point."""
    if isinstance(above, Law) and isinstance(below, Law):
        pairs = sample(lambda at: (_residuals(above, at), _residuals(below, seen_below(at))))
        return _same_equations(pairs, agree)
    if isinstance(above, Rule) and isinstance(below, Rule):
        return _same_maps(sample(lambda at: (stepped(above, at), stepped(below, seen_below(at)))), agree)
    return False


@follows.register(Limit)
def _(move: Limit, above: Statement, below: Statement) -> bool:
    if not absent(move.symbol, below) or move.symbol not in symbols(above):
        return False
    if isinstance(below, Law) and any(e.residual == 0 for e in below.equations):
        return False
    # The line below does not hold the symbol: reading the one above near the limit is all there is to do.
    return _match(below, above, lambda at: at.at({move.symbol: _near(move.to, at)}), near)


def _near(to: Expr, at: Point) -> Number:
    if to in (sympy.oo, -sympy.oo):
        return 1 / SMALL if to == sympy.oo else -1 / SMALL
    return value(to, at) + SMALL


@follows.register(Neglect)
def _(move: Neglect, above: Statement, below: Statement) -> bool:
    if not (isinstance(above, Law) and isinstance(below, Law)):
        return False
    return any(_is_without(move.term, part, k, above, below) for part, k in _summands(above))


def _summands(law: Law) -> list[tuple[Expr, int]]:
    """Return what is added up to each difference of sides, and the number of its equation."""
    return [
        (sign * part, k)
        for k, equation in enumerate(law.equations)
        for side, sign in ((equation.left, 1), (equation.right, -1))
        for part in sympy.Add.make_args(sympy.expand(side))
    ]


def _is_without(term: Expr, part: Expr, number: int, above: Law, below: Law) -> bool:
    values = sample(lambda at: (value(part, at), value(term, at)))
    if not any(all(isclose(a, sign * b) and a for a, b in values) for sign in (1, -1)):
        return False

    def shorter(at: Point) -> list[Number]:
        gone = value(part, at)
        return [r - gone * (k == number) for k, r in enumerate(_residuals(above, at))]

    return _same_equations(sample(lambda at: (shorter(at), _residuals(below, at))))


@follows.register(Isolate)
def _(move: Isolate, above: Statement, below: Statement) -> bool:
    if not (isinstance(above, Law) and isinstance(below, Law)):
        return False
    alone = [e for e in below.equations if e.left == move.symbol and not e.right.has(move.symbol)]
    if len(alone) != 1 or len(above.equations) != len(below.equations):
        return False
    others = [e for e in below.equations if e is not alone[0]]
    return any(_solves(move.symbol, alone[0].right, e, above, others) for e in above.equations)


def _solves(symbol: Symbol, root: Expr, equation: Equation, above: Law, others: list[Equation]) -> bool:
    rest = [e for e in above.equations if e is not equation]
    gaps = sample(lambda at: [gap(equation, at.at({symbol: value(root, at) + d})) for d in (-2, -1, 0, 1, 9)])
    if not all(isclose(middle, 0) and max(a * c, a * d, b * c) < 0 for a, b, middle, c, d in gaps):
        return False
    return not rest or _same_equations(
        sample(lambda at: ([gap(e, at) for e in rest], [gap(e, at) for e in others]))
    )


@follows.register(ReduceOrder)
def _(move: ReduceOrder, above: Statement, below: Statement) -> bool:
    if not (isinstance(above, Law) and isinstance(below, Law)):
        return False
    first = dot(move.coordinate)
    kinematic = [e for e in below.equations if e.residual in (first - move.velocity, move.velocity - first)]
    rest = [e for e in below.equations if e not in kinematic]
    if (
        len(kinematic) != 1
        or not rest
        or not absent(move.velocity, above)
        or dot(first) not in symbols(above)
    ):
        return False
    if {first, dot(first)} & symbols(Law(tuple(rest))):
        return False
    return _match(above, Law(tuple(rest)), lambda at: _renamed(at, first, move.velocity))


def _renamed(at: Point, first: Symbol, velocity: Symbol) -> Point:
    return at.at({velocity: at.number(first), dot(velocity): at.number(dot(first))})


@follows.register(Rescale)
def _(move: Rescale, above: Statement, below: Statement) -> bool:
    if not absent(move.old, below) or not absent(move.new, above) or move.old not in _carried(above):
        return False
    if isinstance(above, Law):
        return _match(below, above, lambda at: _in_units(move, at))
    return isinstance(below, Rule) and _same_maps(sample(lambda at: _conjugate(move, above, below, at)))


def _carried(line: Statement) -> set[Symbol]:
    return set(line.targets) if isinstance(line, Rule) else set(symbols(line))


def _in_units(move: Rescale, at: Point) -> Point:
    unit = value(move.factor, at)
    pairs = zip(_derivatives(move.old), _derivatives(move.new), strict=True)
    return at.at({old: unit * at.number(new) for old, new in pairs})


def _derivatives(symbol: Symbol) -> tuple[Symbol, Symbol, Symbol]:
    return symbol, dot(symbol), dot(dot(symbol))


def _conjugate(
    move: Rescale, above: Rule, below: Rule, at: Point
) -> tuple[dict[Symbol, Number], dict[Symbol, Number]]:
    """Return a step in old units, measured in the new ones, and a step in new units."""
    old = stepped(above, _in_units(move, at))
    measured = {s: n for s, n in old.items() if s != move.old}
    return {**measured, move.new: old[move.old] / value(move.factor, at)}, stepped(below, at)


@follows.register(Eliminate)
def _(move: Eliminate, above: Statement, below: Statement) -> bool:
    if not (isinstance(above, Rule) and isinstance(below, Rule)) or not absent(move.symbol, below):
        return False
    kept = [s for s in above.targets if s != move.symbol]
    if len(kept) != 1 or move.symbol not in above.targets or below.targets != tuple(kept):
        return False
    return all(isclose(*pair) for pair in sample(lambda at: _second_step(above, below, kept[0], at)))


def _second_step(above: Rule, below: Rule, kept: Symbol, at: Point) -> tuple[Number, Number]:
    first = stepped(above, at)
    told = stepped(below, at.at({kept: first[kept], before(kept): at.number(kept)}))
    return stepped(above, at.at(first))[kept], told[kept]
