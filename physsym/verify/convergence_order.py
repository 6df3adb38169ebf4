"""At which order two expressions meet, measured by series in a finite field and, where possible, by FLINT."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from physsym.verify.engines import flint, identity_test
from physsym.verify.engines.error_bound import trust
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.substitution import Refusal, substituted

TERMS = 8


@dataclass(frozen=True)
class Measured:
    """The exact order of a gap, infinite where none is found, how sure that is, and who measured it."""

    order: int | float
    trusted: str
    engines: tuple[str, ...]


def measured(left: Expr, right: Expr, small: Symbol, to: Expr) -> Measured:
    """Return the order at which two expressions meet as `small` tends to `to`, negative at a pole.

    It is sharp: the coefficient of that order was seen not to vanish. Raises UndecidedError and
    DivergenceError as the finite field does, Refusal where two engines contradict each other.
    """
    order = identity_test.order_of(left, right, small, to, TERMS)
    trusted = f"{identity_test.NAME}: {trust(left, right, terms=TERMS)}"
    try:
        exact = flint.order_of(*_near(left, right, small, to), small)
    except (UndecidedError, ZeroDivisionError):
        return Measured(order, f"{trusted}, one engine only", (identity_test.NAME,))
    # The series see no further than their terms: there, flint has the last word.
    if exact != order and min(exact, order) < TERMS // 2:
        raise Refusal(
            f"a conflict between engines: order {order} by {identity_test.NAME}, {exact} by {flint.NAME}"
        )
    return Measured(exact, f"{trusted}, {flint.NAME}: exact", (identity_test.NAME, flint.NAME))


def _near(left: Expr, right: Expr, small: Symbol, to: Expr) -> tuple[Expr, Expr]:
    """Return the expressions in the distance to the limit, which vanishes."""
    # Only quotients of polynomials are asked about: their order is the same from either side.
    there = {small: 1 / small if to.is_infinite else to + small}
    return substituted(left, there), substituted(right, there)
