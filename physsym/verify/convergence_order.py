"""The order at which expressions converge to each other, from series in a prime field and from FLINT."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from physsym.verify.engines import flint, identity_test
from physsym.verify.engines.error_bound import error_bound
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.substitution import Refusal, substituted

TERMS = 8


@dataclass(frozen=True)
class OrderEstimate:
    """The order of a difference (infinite if it is zero), its error bound and the engines consulted."""

    order: int | float
    bound: str
    engines: tuple[str, ...]


def estimate_order(left: Expr, right: Expr, small: Symbol, to: Expr) -> OrderEstimate:
    """Return the order at which two expressions converge as `small` tends to `to`; negative at a pole.

    It is sharp: the coefficient of that order does not vanish. Raises UndecidedError and DivergenceError as
    the finite field does, and Refusal where two engines contradict each other.
    """
    order = identity_test.order_of(left, right, small, to, TERMS)
    bound = f"{identity_test.NAME}: {error_bound(left, right, terms=TERMS)}"
    try:
        # The distance to the limit is the small symbol. Only rational functions come through, whose order is
        # the same from either side.
        distance = {small: 1 / small if to.is_infinite else to + small}
        exact = flint.order_of(substituted(left, distance), substituted(right, distance), small)
    except (UndecidedError, ZeroDivisionError):
        return OrderEstimate(order, f"{bound}, one engine only", (identity_test.NAME,))
    # The series are truncated; where the difference begins beyond them, FLINT decides.
    if exact != order and min(exact, order) < TERMS // 2:
        raise Refusal(
            f"a conflict between engines: order {order} by {identity_test.NAME}, {exact} by {flint.NAME}"
        )
    return OrderEstimate(exact, f"{bound}, {flint.NAME}: exact", (identity_test.NAME, flint.NAME))
