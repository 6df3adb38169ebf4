"""Wrong lines: a step spoiled in one small way, by kind of spoil."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol

from physsym.core.statements import Law, Rule, Statement, Update, symbols
from physsym.core.symbols import AFTER, BEFORE, DOT, after, before, dot, grad, partial, potential
from physsym.integrators import ALL
from physsym.mechanics.moves import Divide, Integrate, Move, Multiply
from tests.fuzz.parts import parts, replaced, rule_of, sides, with_side

Edit = Callable[[Expr, Sequence[Symbol]], Iterable[Expr]]  # a part and the symbols at hand -> wrong parts


@dataclass(frozen=True)
class Variant:
    """A step told otherwise: the kind of change, the move, and the line that is said to follow by it."""

    kind: str
    move: Move
    below: Statement


Maker = Callable[[Move, Statement, Statement], Iterator[Variant]]  # of variants of a step and its two lines


def _sign(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    terms = [part - 2 * t for t in part.args] if isinstance(part, Add) else []
    return [*terms, -part] if not part.is_number else terms


def _factor(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    return [] if part.is_number else [part * c for c in (2, Rational(1, 2), 3, Rational(2, 3))]


def _dropped_term(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    return [part - t for t in part.args] if isinstance(part, Add) else []


def _doubled_term(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    return [part + t for t in part.args] if isinstance(part, Add) else []


def _dropped_factor(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    if not isinstance(part, Mul):
        return []
    return [Mul(*part.args[:k], *part.args[k + 1 :]) for k in range(len(part.args))]


def _swapped_symbol(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    return [s for s in names if s != part] if isinstance(part, Symbol) else []


def _exponent(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    if isinstance(part, Pow):
        base, power = part.args
        return [base ** (power + 1), base ** (power - 1), base**-power, base ** (2 * power)]
    return [part**2] if isinstance(part, (Symbol, grad)) else []


def _instant(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    """Put the value of one instant for that of another: new for old, and a derivative too many or too few."""
    if not isinstance(part, Symbol):
        return []
    shorter = [Symbol(part.name[:-1], real=True)] if part.name.endswith((AFTER, DOT)) else []
    plain = [s for s in (after(part), dot(part)) if s in names or after(s) in names or part.name[-1] == DOT]
    return [*shorter, *plain] if part.is_real and not part.is_positive else []


def _index(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    """Read a value one step earlier, or later than it should be."""
    if not isinstance(part, Symbol) or part.is_positive or part.name.endswith((AFTER, DOT)):
        return []
    later = [Symbol(part.name[:-1], real=True)] if part.name.endswith(BEFORE) else []
    return [before(part), *later]


def _place(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    """Take the gradient at a wrong place, or along the wrong coordinate."""
    if isinstance(part, partial):
        index, *places = part.args
        other = Integer(int(index) % len(places) + 1)
        return [
            partial(other, *places),
            partial(index, *reversed(places)),
            partial(index, *(-p for p in places)),
        ]
    if not isinstance(part, (grad, potential)):
        return []
    place = part.args[0]
    moved = [place + sign * s for s in names if not s.is_positive for sign in (1, -1)]
    return [part.func(p) for p in (2 * place, -place, place / 2, Integer(0), *moved)]


def _constant(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    return [part + 1, part - 1] if isinstance(part, (Rational, Symbol)) else []


def _function(part: Expr, names: Sequence[Symbol]) -> Iterable[Expr]:
    """Take a function for another: no absolute value, no sign, a series cut short, a gradient for a place."""
    wrong: dict[type, Callable[[Expr], list[Expr]]] = {
        Abs: lambda e: [e, -e],
        sympy.sign: lambda e: [Integer(1), e],
        sympy.exp: lambda e: [1 + e, sympy.exp(-e), sympy.exp(2 * e), sympy.exp(e) - 1],
        grad: lambda e: [e, potential(e)],
    }
    return wrong[part.func](part.args[0]) if part.func in wrong else []


EDITS: dict[str, Edit] = {
    "sign": _sign,
    "factor": _factor,
    "dropped term": _dropped_term,
    "doubled term": _doubled_term,
    "dropped factor": _dropped_factor,
    "symbol swap": _swapped_symbol,
    "exponent": _exponent,
    "old for new value": _instant,
    "index shift": _index,
    "evaluation point": _place,
    "constant": _constant,
    "function": _function,
}


def edited(expression: Expr, edit: Edit, names: Sequence[Symbol]) -> Iterator[Expr]:
    """Yield the expression with one part changed, for every part and every change of it."""
    for path, part in parts(expression):
        yield from (replaced(expression, path, new) for new in edit(part, names))


def _edited_lines(below: Statement, edit: Edit, names: Sequence[Symbol]) -> Iterator[Statement | None]:
    for k, side in enumerate(sides(below)):
        yield from (with_side(below, k, wrong) for wrong in edited(side, edit, names))


def _by_edit(kind: str) -> Maker:
    def spoils(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
        names = _at_hand(above, below)
        lines = _edited_lines(below, EDITS[kind], names)
        yield from (Variant(kind, move, line) for line in lines if line is not None)

    return spoils


def _at_hand(*lines: Statement) -> list[Symbol]:
    found = {s for line in lines for s in symbols(line)}
    news = {after(s) for line in lines if isinstance(line, Rule) for s in line.targets}
    return sorted(found | news, key=str)


def _order_of_updates(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
    """Carry the updates out in another order, each still reading what is there by then."""
    if not isinstance(below, Rule):
        return
    for order in permutations(below.updates):
        line = rule_of([_reading(u, order[:k]) for k, u in enumerate(order)])
        if line is not None and line != below:
            yield Variant("order of updates", move, line)


def _reading(update: Update, done: Sequence[Update]) -> Update:
    """Return an update that reads the new value of what was done before it and the old one of the rest."""
    news = {u.target: after(u.target) for u in done}
    olds = {
        s: Symbol(s.name[: -len(AFTER)], real=s.is_real) for s in update.value.free_symbols if AFTER in s.name
    }
    return Update(update.target, update.value.xreplace(olds).xreplace(news))


def _missing_part(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
    whole = below.equations if isinstance(below, Law) else below.updates
    for k in range(len(whole) if len(whole) > 1 else 0):
        rest = whole[:k] + whole[k + 1 :]
        line = Law(rest) if isinstance(below, Law) else rule_of(list(rest))  # type: ignore[arg-type]
        if line is not None:
            yield Variant("missing equation", move, line)


def _wrong_move(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
    """Give another reason for the same line: the move of another symbol, value, integrator or direction."""
    for other in dict.fromkeys(_other_moves(move, _at_hand(above, below))):
        if other != move:
            yield Variant("wrong side condition", other, below)


def _other_moves(move: Move, names: Sequence[Symbol]) -> Iterator[Move]:
    for name in move.symbols:
        yield from (replace(move, **{name: s}) for s in names)
    for name in move.expressions:
        held = getattr(move, name)
        for kind in ("sign", "factor", "symbol swap", "exponent", "constant", "dropped factor"):
            wrong = edited(held, EDITS[kind], names)
            yield from (replace(move, **{name: e}) for e in wrong if e != 0 and e.is_finite is not False)
    if isinstance(move, Integrate):
        yield from (replace(move, method=other) for other in ALL)
    if isinstance(move, (Divide, Multiply)):
        yield (Multiply if isinstance(move, Divide) else Divide)(move.by)


SPOILS: dict[str, Maker] = {
    **{kind: _by_edit(kind) for kind in EDITS},
    "order of updates": _order_of_updates,
    "missing equation": _missing_part,
    "wrong side condition": _wrong_move,
}


def spoiled(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
    """Yield every way to spoil a step in one small place; some of them may turn out to say the same."""
    for spoils in SPOILS.values():
        yield from spoils(move, above, below)
