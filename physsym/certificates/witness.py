"""Values under which the hypotheses of a lemma hold: exact numbers, one equation solved after another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy
from sympy import Expr, Integer, Rational, Symbol
from sympy.core.function import AppliedUndef

from physsym.certificates.formula import All, Always, Formula, Relation, expressions, free_symbols, functions
from physsym.certificates.lemma import Lemma
from physsym.core.motion import TIME, is_time
from physsym.core.symbols import OPAQUE, name_and_marks

_ATTEMPTS = 50
Values = dict[Symbol, Expr]


@dataclass(frozen=True)
class Witness:
    """A value for every symbol, and a function in Coq's syntax for every uninterpreted one."""

    values: Mapping[Symbol, Expr]
    functions: Mapping[str, str]


def witness(lemma: Lemma) -> Witness | None:
    """Return values under which everything that a lemma supposes holds, or None where none were found.

    They need not be trusted: Coq checks that the hypotheses hold there.
    """
    formulas = (*lemma.hypotheses, *lemma.line)
    opened = {name: n for part in formulas for name, n in functions(part).items()}
    moving = any(e.has(AppliedUndef) for part in formulas for e in expressions(part))
    # A particle at rest without a force solves its law; otherwise the gradient is that of a parabola.
    gradients = {
        name: f"(fun {'_ ' * n}=> 0)" if moving or n > 1 else "(fun y => y)" for name, n in opened.items()
    }
    paths = {name: _CLOCK[name] for name in opened if moving and name in _CLOCK}
    plain = [r for part in formulas for r in _relations(part)]
    always = [r for part in formulas if isinstance(part, Always) for r in _relations(part.formula)]
    for seed in range(_ATTEMPTS):
        values = _solved(plain, _symbols(formulas), random.Random(seed), moving)
        if values is not None and all(_at_rest(r, values) for r in always):
            return Witness(values, gradients | paths)
    return None


# The time is 1 at the start, and a solution begins there.
_CLOCK = {f"{TIME}_path": "(fun y => 1 + y)", f"{TIME}_rate": "(fun _ => 1)"}


def _at_rest(relation: Relation, values: Values) -> bool:
    """Return whether a state at rest obeys an equation at all times, while the time goes on."""
    residual = relation.left - relation.right
    named = {f.func.__name__: f for f in residual.atoms(AppliedUndef)}
    clock = {
        named[name]: at
        for name, at in ((f"{TIME}_rate", Integer(1)), (f"{TIME}_path", 1 + Symbol("y", positive=True)))
        if name in named
    }
    return bool(sympy.cancel(_valued(residual.xreplace(clock), values, moving=True)) == 0)


def _symbols(formulas: Sequence[Formula]) -> list[Symbol]:
    """Return the symbols in the order of choice: parameters, states, other instants, and what is defined."""
    free = frozenset[Symbol]().union(*map(free_symbols, formulas))
    defined = {r.left for part in formulas for r in _relations(part) if r.sign == "="}
    return sorted(free, key=lambda s: (s in defined, len(name_and_marks(s)[1]), not s.is_positive, str(s)))


def _relations(part: object) -> Iterator[Relation]:
    if isinstance(part, Relation):
        yield part
    if isinstance(part, All):
        for one in part.parts:
            yield from _relations(one)


def _solved(
    formulas: list[Relation], free: list[Symbol], chance: random.Random, moving: bool
) -> Values | None:
    """Return values of all symbols that satisfy the relations, each equation solved for its last symbol."""
    values: Values = {}
    unsolved = [r.left - r.right for r in formulas if r.sign == "="]
    while len(values) < len(free) or unsolved:
        ready = next((r for r in unsolved if len(r.free_symbols - set(values)) < 2), None)
        if ready is None:
            symbol = next(s for s in free if s not in values)
            values[symbol] = _some(symbol, chance, moving)
            continue
        unsolved.remove(ready)
        if not _solve(_valued(ready, values, moving), values):
            return None
    return values if all(_true(r, values, moving) for r in formulas) else None


def _solve(residual: Expr, values: Values) -> bool:
    """Solve an equation for the one symbol in it and tell whether that was possible; it must be linear."""
    residual = sympy.expand(residual)
    if not residual.free_symbols:
        return bool(sympy.expand(sympy.cancel(residual)) == 0)
    (symbol,) = residual.free_symbols
    coefficient = residual.diff(symbol)
    if coefficient.free_symbols or coefficient == 0:
        return False
    values[symbol] = sympy.expand(-residual.xreplace({symbol: Integer(0)}) / coefficient)
    return True


def _some(symbol: Symbol, chance: random.Random, moving: bool) -> Expr:
    if moving and is_time(symbol):
        return Integer(1)
    if moving and not symbol.is_positive:
        return Integer(0)
    size = Rational(chance.randint(1, 9), chance.randint(1, 4))
    return -size if symbol.is_negative else size


def _valued(expression: Expr, values: Values, moving: bool) -> Expr:
    still = {f: Integer(0) for f in expression.atoms(AppliedUndef)}
    flat = expression.xreplace(still).replace(
        lambda e: isinstance(e, OPAQUE),
        lambda e: e.args[0] if len(e.args) == 1 and not moving else Integer(0),
    )
    return flat.xreplace(values)


def _true(relation: Relation, values: Values, moving: bool) -> bool:
    gap = sympy.N(_valued(relation.right - relation.left, values, moving), 30)
    small = abs(gap) < Rational(1, 10**20)
    return bool(
        {"=": small, "<>": not small, "<": gap > 0 and not small, "<=": gap > 0 or small}[relation.sign]
    )
