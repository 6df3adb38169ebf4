"""Polynomial identity testing (Schwartz-Zippel): identities and orders by evaluation in a prime field.

Expressions are evaluated at random points, never rewritten: two rational expressions of degree d that differ
agree at a random point with probability at most d/q (Schwartz 1980; Zippel 1979). With q about 2**61 and
several points the probability of accepting a false identity is far below that of a hardware fault. Orders are
read off truncated Laurent series in a small symbol. The arithmetic is that of plain Python integers: this
engine shares no algebra with SymPy or FLINT.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from sympy import Expr, Integer, Symbol, log, pi

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.error_bound import TRIGONOMETRIC, ErrorBound, error_bound, irrational_exponents
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError
from physsym.verify.engines.logarithms import expanded_logarithms
from physsym.verify.engines.prime_field import UNINTERPRETED, BranchError, Point, legendre_symbol

NAME, FAMILY = "finite field", "plain integers"
_ZERO = Integer(0)

T = TypeVar("T")


def identity(left: Expr, right: Expr) -> Finding:
    """Return whether two expressions are equal, by their values at random points.

    UNKNOWN where too few points could be evaluated, or where equality depends on the branch of a root.
    Logarithms are expanded where they need to be.
    """
    finding = _identity(left, right)
    if finding.answer is Answer.PROVED or not (left.has(log) or right.has(log)):
        return finding
    expanded = _identity(expanded_logarithms(left), expanded_logarithms(right))
    return expanded if expanded.answer is Answer.PROVED else finding


def _identity(left: Expr, right: Expr) -> Finding:
    try:
        bound = error_bound(left, right)
        equal = _equal_at(left, right, bound)
    except (UndecidedError, DivergenceError) as doubt:
        return Finding(NAME, FAMILY, Answer.UNKNOWN, str(doubt))
    if equal:
        return Finding(NAME, FAMILY, Answer.PROVED, bound=str(bound))
    if known := modelled(left, right):
        reason = f"what the finite field knows of {' and '.join(known)} does not show it"
        return Finding(NAME, FAMILY, Answer.UNKNOWN, reason)
    return Finding(NAME, FAMILY, Answer.REFUTED)


def modelled(*expressions: Expr) -> list[str]:
    """Return what has random values without all of its relations, so that no difference is certain."""
    functions = {f.func.__name__ for e in expressions for f in e.atoms(*UNINTERPRETED)}
    if any(e.has(pi) for e in expressions) and any(e.has(*TRIGONOMETRIC) for e in expressions):
        functions.add("pi")
    return sorted(functions) + [f"{e} in an exponent" for e in irrational_exponents(*expressions)]


def _equal_at(left: Expr, right: Expr, bound: ErrorBound) -> bool:
    """Return whether two expressions agree at all points; a few points suffice to show a difference."""
    equal = _iterate_points(lambda p: not _gap(p, left, right).terms, bound)
    answers = list(islice(equal, bound.points))
    if any(answers):
        answers += equal
    if len(set(answers)) > 1:
        raise UndecidedError("equal at some points and not at others: the answer depends on a branch")
    return answers[0]


def order_of(left: Expr, right: Expr, small: Symbol, to: Expr = _ZERO, terms: int = 8) -> int | float:
    """Return the order at which two expressions meet as `small` tends to `to`; infinity if no gap is found.

    The power is of the distance to the limit (of 1/small where the limit is infinite); a negative exponent
    is a pole. Raises UndecidedError, or DivergenceError for what grows faster than every power.
    """
    bound = error_bound(left, right, terms=terms)
    gaps = evaluate_at_points(lambda p: _gap(p, left, right), bound, small, to, terms)
    orders = {leading(gap) for gap in gaps}
    if len(orders) > 1:
        raise UndecidedError("the order differs from point to point: it depends on the branch of a root")
    return orders.pop()


def agreement(left: Expr, right: Expr, small: Symbol, to: Expr, terms: int) -> tuple[int, bool]:
    """Return the first power at which series of two expressions differ or end, and whether they differ."""
    bound = error_bound(left, right, terms=terms)
    gaps = evaluate_at_points(lambda p: _gap(p, left, right), bound, small, to, terms)
    first = min(gaps, key=lambda gap: gap.start)
    return first.start, bool(first.terms)


def leading(series: Laurent) -> int | float:
    """Return the exponent of the first term of a series, infinity where only zeros are known."""
    return series.start if series.terms else math.inf


def _gap(point: Point, left: Expr, right: Expr) -> Laurent:
    return point.value(left) + point.value(right).scaled(-1)


def evaluate_at_points(
    function: Callable[[Point], T],
    bound: ErrorBound,
    small: Symbol | None = None,
    to: Expr = _ZERO,
    terms: int = 1,
) -> list[T]:
    """Return the values of a function at random points, as many in each sector as the error bound needs.

    Sectors in which a root is not real are skipped. Raises UndecidedError where no sector is left.
    """
    return list(_iterate_points(function, bound, small, to, terms))


def _iterate_points(
    function: Callable[[Point], T],
    bound: ErrorBound,
    small: Symbol | None = None,
    to: Expr = _ZERO,
    terms: int = 1,
) -> Iterator[T]:
    visits: Counter[tuple[int, ...]] = Counter()
    used = 0
    for seed in range(bound.attempts):
        point = Point(seed, small, to)  # one term is enough for the signs, and cheap
        if any(sign_at(point, quantity) != 1 for quantity in bound.positive):
            continue
        sector = tuple(sign_at(point, quantity) for quantity in bound.signed)
        visits[sector] += 1
        if visits[sector] <= bound.points:
            with suppress(BranchError):
                yield function(point if terms == 1 else Point(seed, small, to, terms))
                used += 1
        if min(visits.values()) >= bound.points and len(visits) == 2 ** len(bound.signed):
            break
    if used < bound.points:
        raise UndecidedError("too few random points lie on the real branch of every root")


def sign_at(point: Point, quantity: Expr) -> int:
    """Return the sign of a quantity at a point, 0 where it has none."""
    try:
        return legendre_symbol(point.value(quantity))
    except (UndecidedError, DivergenceError):
        return 0
