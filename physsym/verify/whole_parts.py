"""Whole parts of numbers, `floor` and `ceil`: as unknowns of their own, and points at which they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import sympy
from sympy import Expr, Symbol

from physsym.core.verdicts import Condition, Hypothesis
from physsym.verify.cases import SAMPLES
from physsym.verify.engines.evaluation import FreePoint, Sample, evaluate_both, sample_points, satisfied

_KINDS = (sympy.floor, sympy.ceiling, sympy.Mod)
_SCALES = (1, 7, 40, 1000)  # whole parts change between numbers larger than those that are tried elsewhere
_TRIED = 200


def occur_in(*expressions: Expr) -> bool:
    """Return whether whole parts or remainders of numbers occur in expressions."""
    return any(e.has(*_KINDS) for e in expressions)


def samples(left: Expr, right: Expr, given: Sequence[Condition]) -> list[Sample]:
    """Return points that satisfy conditions, with the values of two expressions; some are large numbers."""
    expressions = (left, right, *(c.expression for c in given))
    symbols = frozenset[Symbol]().union(*(e.free_symbols for e in expressions))
    scaled = frozenset[Symbol]().union(*(f.free_symbols for e in expressions for f in e.atoms(*_KINDS)))

    def points(scale: int) -> Iterable[FreePoint]:
        for number, at in enumerate(sample_points(symbols, _TRIED)):
            yield FreePoint({s: v * scale if s in scaled else v for s, v in at.items()}, number)

    near = ((at for at in points(scale) if satisfied(given, at)) for scale in _SCALES)
    left, right = (by_floors(e) for e in (left, right))
    return list(chain(*(islice(evaluate_both(left, right, of_scale), SAMPLES) for of_scale in near)))


@dataclass(frozen=True)
class Named:
    """Expressions with unknowns for whole parts, and what each unknown stands for."""

    expressions: tuple[Expr, ...]
    meaning: tuple[tuple[Symbol, Expr], ...]

    def put_back(self, condition: Condition | Hypothesis) -> Condition | Hypothesis:
        """Return a condition on the unknowns as one on what they stand for."""
        if isinstance(condition, Hypothesis):
            return condition
        expression = condition.expression
        for unknown, part in reversed(self.meaning):
            expression = expression.xreplace({unknown: part})
        return replace(condition, expression=expression)


def named(expressions: Sequence[Expr], equal: Callable[[Expr, Expr], bool]) -> Named:
    """Return expressions with one real unknown for all whole parts of what is `equal`, the inner ones first.

    >>> x = Symbol("x", real=True)
    >>> same = lambda one, other: sympy.expand(one - other) == 0
    >>> named([sympy.floor(x * (x + 1)) + sympy.floor(x**2 + x)], same).expressions
    (2*whole part 1,)
    """
    found = [by_floors(e) for e in expressions]
    meaning: list[tuple[Symbol, Expr]] = []
    while parts := {f for e in found for f in e.atoms(sympy.floor)}:
        part = min(parts, key=lambda f: (f.count_ops(), str(f)))
        known = (s for s, other in meaning if equal(part.args[0], other.args[0]))
        unknown = next(known, None)
        if unknown is None:
            unknown = Symbol(f"whole part {len(meaning) + 1}", real=True)
            meaning.append((unknown, part))
        found = [e.xreplace({part: unknown}) for e in found]
    return Named(tuple(found), tuple(meaning))


def by_floors(expression: Expr) -> Expr:
    """Return an expression with `floor` for other whole parts, and for remainders."""
    if not expression.has(sympy.Mod, sympy.ceiling):
        return expression
    expression = expression.replace(sympy.Mod, lambda a, b: a - b * sympy.floor(a / b))
    return expression.replace(sympy.ceiling, lambda a: -sympy.floor(-a))
