"""The order at which expressions converge to each other, from series in a prime field and from FLINT."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, atan, cos, sin

from physsym.verify.engines import flint, identity_test, interval
from physsym.verify.engines.error_bound import error_bound
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.engines.transseries import Asymptotics, asymptotics
from physsym.verify.identity import identical
from physsym.verify.substitution import Refusal, substituted

TERMS, FAR = 8, 16  # of the series; the second where no difference is found in the first
_DISTANCE = Symbol("distance to the limit", positive=True)  # a name that no symbol read from text can have
_SLACK = 0.3  # by which an order measured at two small numbers may differ from that of the series


@dataclass(frozen=True)
class OrderEstimate:
    """The order of a difference (infinite if it is zero), its error bound and the engines consulted.

    The difference is of the size h**order*log(1/h)**log_power of the distance h to the limit. An order that
    is not sharp is a lower bound: no term was found as far as the series are known.
    """

    order: int | float | Rational
    bound: str
    engines: tuple[str, ...]
    sharp: bool = True
    log_power: int = 0

    @property
    def vanishes(self) -> bool:
        """Return whether the difference tends to zero."""
        return self.order > 0 or (self.order == 0 and self.log_power < 0)


def estimate_order(
    left: Expr, right: Expr, small: Symbol, to: Expr, side: Literal["+", "-"] | None = None
) -> OrderEstimate:
    """Return the order at which two expressions converge as `small` tends to `to`; negative at a pole.

    It is sharp, if not said otherwise: the coefficient of that order does not vanish. Without a side the
    order is that of the slower one of the two sides, or of the side that the sign of `small` leaves. Raises
    UndecidedError, DivergenceError for what grows faster than every power, and Refusal where two engines
    contradict each other.
    """
    if all(flint.is_rational_in(e, small) for e in (left, right)):
        return _rational(left, right, small, to)
    found = []
    for near in _near(small, to, side):
        try:
            found.append(_one_sided(*(substituted(e, {small: near}) for e in (left, right))))
        except (UndecidedError, DivergenceError) as doubt:
            raise type(doubt)(_named(str(doubt), small, to)) from None
    slowest = min(found, key=lambda f: (f.order, -f.log_power))
    return replace(slowest, bound=_named(slowest.bound, small, to))


def _named(text: str, small: Symbol, to: Expr) -> str:
    """Return a message in terms of the symbol of the limit."""
    if to.is_infinite:
        sign = "" if to.is_extended_positive else "-"
        text = re.sub(rf"{sign}\b1/{_DISTANCE}", str(small), text)
        text = text.replace(f"/{_DISTANCE}", f"*({sign}{small})" if sign else f"*{small}")
    distance = small if to == 0 else small - to if to.is_finite else 1 / small
    return text.replace(str(_DISTANCE), f"({distance})" if distance != small else str(small))


def _near(small: Symbol, to: Expr, side: str | None) -> Iterator[Expr]:
    """Yield the values of a symbol near its limit, on each side, in terms of the distance."""
    if to.is_infinite:
        yield 1 / _DISTANCE if to.is_extended_positive else -1 / _DISTANCE
        return
    inside = {True: "+"} if small.is_nonnegative else {True: "-"} if small.is_nonpositive else {}
    only = side or inside.get(to.is_zero or False)
    yield from (to + s * _DISTANCE for s, name in ((1, "+"), (-1, "-")) if only in (None, name))


def _rational(left: Expr, right: Expr, small: Symbol, to: Expr) -> OrderEstimate:
    """Return the order of a rational function of the small symbol, which is the same from either side."""
    order = identity_test.order_of(left, right, small, to, TERMS)
    bound = f"{identity_test.NAME}: {error_bound(left, right, terms=TERMS)}"
    try:
        # The distance to the limit is the small symbol.
        distance = {small: 1 / small if to.is_infinite else to + small}
        exact = flint.order_of(substituted(left, distance), substituted(right, distance), small)
    except (UndecidedError, ZeroDivisionError):
        sharp = True
        if math.isinf(order) and not identical(left, right):
            order, sharp = identity_test.agreement(left, right, small, to, FAR)
            bound = f"{identity_test.NAME}: {error_bound(left, right, terms=FAR)}"
        return OrderEstimate(order, f"{bound}, one engine only", (identity_test.NAME,), sharp)
    # The series are truncated; where the difference begins beyond them, FLINT decides.
    if exact != order and min(exact, order) < TERMS // 2:
        raise Refusal(
            f"a conflict between engines: order {order} by {identity_test.NAME}, {exact} by {flint.NAME}"
        )
    return OrderEstimate(exact, f"{bound}, {flint.NAME}: exact", (identity_test.NAME, flint.NAME))


def _one_sided(left: Expr, right: Expr) -> OrderEstimate:
    """Return the order of any gap, from transseries at random points, and compare its size at two numbers."""
    gap = left - right
    bounded = {wave: Symbol(f"bounded {k}", real=True) for k, wave in enumerate(oscillating(gap))}
    if bounded:
        return _without_waves(gap.xreplace(bounded), bounded)
    try:
        found, bound = _expanded(left, right, TERMS)
        if not found.sharp:
            with suppress(UndecidedError):  # then the order found first remains
                found, bound = _expanded(left, right, FAR)
    except DivergenceError:
        # A model of few identities may see growth where there is none.
        if identity_test.modelled(left, right) and not any(s < 0 for s in _numeric_orders(left, right)):
            raise UndecidedError("growth was found, which no point shows") from None
        raise
    measured = _numeric_orders(left, right)
    certain = not identity_test.modelled(left, right) or any(s < found.order + _SLACK for s in measured)
    estimate = OrderEstimate(
        found.order,
        f"{identity_test.NAME}: {bound}, one engine only",
        (identity_test.NAME, interval.NAME),
        found.sharp and certain,
        found.log_power,
    )
    if estimate.vanishes and any(
        s < min(float(found.order), 1) - _SLACK for s in measured if found.order > 0
    ):
        raise UndecidedError(f"{identity_test.NAME} and {interval.NAME} contradict each other on the order")
    shown = any(s < _SLACK for s in measured)
    if not estimate.vanishes and not shown and (measured or identity_test.modelled(left, right)):
        raise UndecidedError("a difference was found, which no point shows")
    return estimate


def oscillating(gap: Expr) -> list[Expr]:
    """Return the sines and cosines, and arctangents, of what diverges; these stay bounded."""
    found = []
    for wave in sorted(gap.atoms(sin, cos, atan), key=str):
        try:
            diverges = wave.has(_DISTANCE) and _expanded(wave.args[0], Integer(0), TERMS)[0].order < 0
        except DivergenceError:
            diverges = True
        except UndecidedError:
            diverges = False
        found += [wave] if diverges else []
    return found


def _without_waves(gap: Expr, waves: dict[Expr, Symbol]) -> OrderEstimate:
    """Return a lower bound on the order of a polynomial of bounded quantities, unknowns in the gap."""
    names = ", ".join(map(str, waves))
    found, bound = _expanded(gap, Integer(0), TERMS)
    if not found.order > 0 or not _is_polynomial(gap, frozenset(waves.values())):
        raise UndecidedError(f"{names} oscillates or is bounded, which does not tell a limit")
    text = f"{identity_test.NAME}: {bound}, with {names} bounded, one engine only"
    return OrderEstimate(found.order, text, (identity_test.NAME,), False, found.log_power)


def _is_polynomial(e: Expr, unknowns: frozenset[Symbol]) -> bool:
    """Return whether unknowns occur in sums, products and whole powers alone."""
    if e in unknowns or not e.free_symbols & unknowns:
        return True
    whole = isinstance(e, Add | Mul) or (isinstance(e, Pow) and e.exp.is_Integer and e.exp > 0)
    return whole and all(_is_polynomial(a, unknowns) for a in e.args)


def _expanded(left: Expr, right: Expr, terms: int) -> tuple[Asymptotics, str]:
    bound = error_bound(left, right, terms=terms)
    return asymptotics(left - right, _DISTANCE, bound, terms), str(bound)


def _numeric_orders(left: Expr, right: Expr) -> list[float]:
    return interval.measured_orders(left - right, _DISTANCE)
