"""Identities and orders by evaluation at random points of a prime field, in series of a small symbol.

A formula is evaluated, never rewritten: two rational formulas of degree d that differ agree at a random
point with probability at most d/q (Schwartz 1980; Zippel 1979). With q about 2**61 and several points the
chance of accepting a false identity is far below that of a fault in the machine. Everything here is done in
plain Python integers: this engine shares no algebra with SymPy or FLINT.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from sympy import Expr, Integer, Symbol

from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.error_bound import Trust, trust
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError
from physsym.verify.engines.prime_field import UNTIED, BranchError, Point, square_sign

NAME, FAMILY = "finite field", "plain integers"
_ZERO = Integer(0)

T = TypeVar("T")


def identity(left: Expr, right: Expr) -> Finding:
    """Return whether two expressions are equal, by their values at random points.

    Unknown where too few points could be evaluated, or where equality depends on the branch of a root.
    """
    try:
        trusted = trust(left, right)
        equal = _equal_at(left, right, trusted)
    except (UndecidedError, DivergenceError) as doubt:
        return Finding(NAME, FAMILY, Answer.UNKNOWN, str(doubt))
    if equal:
        return Finding(NAME, FAMILY, Answer.PROVED, bound=str(trusted))
    if known := sorted({f.func.__name__ for f in left.atoms(*UNTIED) | right.atoms(*UNTIED)}):
        reason = f"what the finite field knows of {' and '.join(known)} does not show it"
        return Finding(NAME, FAMILY, Answer.UNKNOWN, reason)
    return Finding(NAME, FAMILY, Answer.REFUTED)


def _equal_at(left: Expr, right: Expr, trusted: Trust) -> bool:
    """Tell whether two expressions agree at all points that are needed; a few show a difference."""
    seen = _glimpses(lambda p: not _gap(p, left, right).terms, trusted)
    answers = list(islice(seen, trusted.points))
    if any(answers):
        answers += seen
    if len(set(answers)) > 1:
        raise UndecidedError("equal at some points and not at others: the answer depends on a branch")
    return answers[0]


def order_of(left: Expr, right: Expr, small: Symbol, to: Expr = _ZERO, terms: int = 8) -> int | float:
    """Return the order at which two expressions meet as `small` tends to `to`; infinity if no gap is found.

    The power is of the distance to the limit (of 1/small where the limit is infinite); a negative exponent
    is a pole. Raises UndecidedError, or DivergenceError for what outgrows every power.
    """
    trusted = trust(left, right, terms=terms)
    gaps = looks(lambda p: _gap(p, left, right), trusted, small, to, terms)
    orders = {leading(gap) for gap in gaps}
    if len(orders) > 1:
        raise UndecidedError("the order differs from point to point: it depends on the branch of a root")
    return orders.pop()


def leading(series: Laurent) -> int | float:
    """Return the exponent of the first term of a series, infinity where only zeros are known."""
    return series.start if series.terms else math.inf


def _gap(point: Point, left: Expr, right: Expr) -> Laurent:
    return point.of(left) + point.of(right).scaled(-1)


def looks(
    look: Callable[[Point], T], trusted: Trust, small: Symbol | None = None, to: Expr = _ZERO, terms: int = 1
) -> list[T]:
    """Return what is seen at random points, as many in each sector as are needed.

    Sectors in which a root is not real are passed over. Raises UndecidedError where no sector is left.
    """
    return list(_glimpses(look, trusted, small, to, terms))


def _glimpses(
    look: Callable[[Point], T], trusted: Trust, small: Symbol | None = None, to: Expr = _ZERO, terms: int = 1
) -> Iterator[T]:
    visits: Counter[tuple[int, ...]] = Counter()
    seen = 0
    for seed in range(trusted.attempts):
        glance = Point(seed, small, to)  # a sign takes no more than one term
        if any(_sign_at(glance, quantity) != 1 for quantity in trusted.positive):
            continue
        sector = tuple(_sign_at(glance, quantity) for quantity in trusted.signed)
        visits[sector] += 1
        if visits[sector] <= trusted.points:
            with suppress(BranchError):
                yield look(glance if terms == 1 else Point(seed, small, to, terms))
                seen += 1
        if min(visits.values()) >= trusted.points and len(visits) == 2 ** len(trusted.signed):
            break
    if seen < trusted.points:
        raise UndecidedError("too few random points lie on the real branch of every root")


def _sign_at(point: Point, quantity: Expr) -> int:
    """Return the sign of a quantity at a point, 0 where it has none."""
    try:
        return square_sign(point.of(quantity))
    except (UndecidedError, DivergenceError):
        return 0
