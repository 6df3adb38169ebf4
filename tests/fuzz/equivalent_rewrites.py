"""Harmless rewrites: a right line written in another way, which a check must accept all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations

import sympy
from sympy import Add, Expr, Mul, Pow, Rational, Symbol

from physsym.core.statements import Equation, Law, Rule, Statement, Update, one_step_map, states
from physsym.core.symbols import after, dot
from physsym.mechanics.moves import Isolate, Move, ReduceOrder
from tests.fuzz.mutate import Maker, Variant
from tests.fuzz.parts import Path, parts, replaced, rule_of, sides, with_side

Rewrite = Callable[[Expr], Iterable[Expr]]
Lines = Callable[[Move, Statement], Iterator[Statement | None]]


def _expanded(whole: Expr) -> Iterable[Expr]:
    return [sympy.expand(whole)]


def _factored(whole: Expr) -> Iterable[Expr]:
    return [sympy.factor(whole), sympy.factor_terms(whole)]


def _collected(whole: Expr) -> Iterable[Expr]:
    names = sorted(whole.free_symbols, key=str)
    return [sympy.collect(sympy.expand(whole), s) for s in names]


def _common_denominator(whole: Expr) -> Iterable[Expr]:
    return [sympy.together(whole), sympy.cancel(sympy.together(whole))]


def _power_identity(part: Expr) -> Iterable[Expr]:
    """Write exp(a) by way of exp(2*a) or exp(-a), and a sum as the root of its square."""
    if isinstance(part, sympy.exp):
        return [(part**2 + part) / (part + 1), Pow(sympy.exp(-part.args[0]), -1, evaluate=False)]
    return [sympy.sqrt(sympy.expand(part**2))] if isinstance(part, Add) and part.is_positive else []


def _by_its_root(part: Expr) -> Iterable[Expr]:
    if not (isinstance(part, Symbol) and part.is_positive):
        return []
    root = sympy.sqrt(part)
    return [(root + 1) ** 2 - 2 * root - 1, Mul(root, root, evaluate=False)]


def _odd_function(part: Expr) -> Iterable[Expr]:
    """Write s as |s|*sign(s), and |s| as s*sign(s)."""
    if isinstance(part, Symbol) and part.is_real and not part.is_positive:
        return [Mul(sympy.Abs(part), sympy.sign(part), evaluate=False)]
    if isinstance(part, sympy.Abs):
        return [Mul(part.args[0], sympy.sign(part.args[0]), evaluate=False)]
    return []


def _multiplied_out(part: Expr) -> Iterable[Expr]:
    """Multiply and divide a part by the same thing, or add and take away the same thing."""
    if part.is_number:
        return []
    return [Mul(part, 3, Rational(1, 3), evaluate=False), Add(part, 7, -7, evaluate=False)]


def _difference_of_squares(part: Expr) -> Iterable[Expr]:
    if not (isinstance(part, Add) and len(part.args) == 2):
        return []
    a, b = part.args
    return [(a**2 - b**2) / (a - b), 1 / (1 / part)] if a**2 != b**2 else []


WHOLE: dict[str, Rewrite] = {
    "expanded": _expanded,
    "factored": _factored,
    "collected": _collected,
    "common denominator": _common_denominator,
}
PARTS: dict[str, Rewrite] = {
    "power identity": _power_identity,
    "square of a root": _by_its_root,
    "absolute value and sign": _odd_function,
    "added and taken away": _multiplied_out,
    "difference of squares": _difference_of_squares,
}


_ROOTS = ("square of a root",)


def _takes_root(move: Move, side: Expr, path: Path) -> bool:
    """Tell whether a root may be written at a place, by what the engines are known not to decide.

    Not of the time step, in whose whole powers an order is measured; not in an exponent.
    """
    part = side
    for k in path:
        if isinstance(part, sympy.exp) or (isinstance(part, Pow) and k == 1):
            return False
        part = part.args[k]
    return bool(part != getattr(move, "step", None))


def _free_sides(move: Move, line: Statement) -> list[int]:
    """Return the numbers of the sides that may be written otherwise.

    What a move leaves in a form of its own, a symbol alone on the left or a velocity by its name, must stay.
    """
    if isinstance(line, Rule):
        return list(range(len(line.updates)))
    held = [k for k, e in enumerate(line.equations) if _has_form(move, e)]
    rights = [2 * k + 1 for k in held] if isinstance(move, Isolate) else []
    return [j for j in range(2 * len(line.equations)) if j // 2 not in held] + rights


def _has_form(move: Move, equation: Equation) -> bool:
    if isinstance(move, Isolate):
        return bool(equation.left == move.symbol)
    return isinstance(move, ReduceOrder) and {equation.left, equation.right} == {
        dot(move.coordinate),
        move.velocity,
    }


def _by_whole(kind: str) -> Lines:
    def rewrites(move: Move, line: Statement) -> Iterator[Statement | None]:
        for k in _free_sides(move, line):
            yield from (with_side(line, k, new) for new in WHOLE[kind](sides(line)[k]))

    return rewrites


def _by_part(kind: str) -> Lines:
    def rewrites(move: Move, line: Statement) -> Iterator[Statement | None]:
        for k in _free_sides(move, line):
            side = sides(line)[k]
            for path, part in parts(side):
                if kind in _ROOTS and not _takes_root(move, side, path):
                    continue
                yield from (with_side(line, k, replaced(side, path, new)) for new in PARTS[kind](part))

    return rewrites


def _moved_across(move: Move, line: Statement) -> Iterator[Statement | None]:
    for k, equation in _free_equations(move, line):
        for term in Add.make_args(equation.right):
            yield _with_equation(line, k, Equation(equation.left - term, equation.right - term))
        yield _with_equation(line, k, Equation(equation.right, equation.left))


def _times_minus_one(move: Move, line: Statement) -> Iterator[Statement | None]:
    for k, equation in _free_equations(move, line):
        yield _with_equation(line, k, Equation(-equation.left, -equation.right))


def _free_equations(move: Move, line: Statement) -> list[tuple[int, Equation]]:
    if isinstance(line, Rule):
        return []
    return [
        (k, e) for k, e in enumerate(line.equations) if not (isinstance(move, Isolate) and _has_form(move, e))
    ]


def _with_equation(line: Statement, k: int, equation: Equation) -> Statement | None:
    return with_side(with_side(line, 2 * k, equation.left) or line, 2 * k + 1, equation.right)


def _order_of_equations(move: Move, line: Statement) -> Iterator[Statement | None]:
    if isinstance(line, Law):
        yield from (Law(order) for order in permutations(line.equations))


def _flattened(move: Move, line: Statement) -> Iterator[Statement | None]:
    """Write every new value in terms of old ones; the updates may then come in any order."""
    if isinstance(line, Rule) and set(states(line)) == set(line.targets):
        updates = [Update(s, value) for s, value in one_step_map(line).items()]
        yield from (rule_of(list(order)) for order in permutations(updates))


def _independent_updates(move: Move, line: Statement) -> Iterator[Statement | None]:
    if isinstance(line, Rule) and not any(u.value.has(after(s)) for u in line.updates for s in line.targets):
        yield from (rule_of(list(order)) for order in permutations(line.updates))


def _as_it_is(move: Move, line: Statement) -> Iterator[Statement | None]:
    yield line


_LINES: dict[str, Lines] = {
    "as it is": _as_it_is,
    **{kind: _by_whole(kind) for kind in WHOLE},
    **{kind: _by_part(kind) for kind in PARTS},
    "terms moved across": _moved_across,
    "times minus one": _times_minus_one,
    "order of equations": _order_of_equations,
    "new values written out": _flattened,
    "independent updates reordered": _independent_updates,
}


def _variants(kind: str) -> Maker:
    def made(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
        # A line that repeats the one above is refused, and rightly so: it shows no step.
        lines = (line for line in _LINES[kind](move, below) if line is not None and line != above)
        yield from (Variant(kind, move, line) for line in lines if line != below or kind == "as it is")

    return made


REWRITES: dict[str, Maker] = {kind: _variants(kind) for kind in _LINES}


def rewritten(move: Move, above: Statement, below: Statement) -> Iterator[Variant]:
    """Yield the line as it is, and written in every other way that says the same."""
    for rewrites in REWRITES.values():
        yield from rewrites(move, above, below)
