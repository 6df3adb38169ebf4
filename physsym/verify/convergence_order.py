"""The order at which expressions converge to each other, from series in a prime field and from FLINT."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy
from sympy import Expr, Integer, Pow, Symbol

from physsym.verify.engines import flint, identity_test
from physsym.verify.engines.error_bound import error_bound
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.identity import identical
from physsym.verify.substitution import Refusal, substituted

TERMS, FAR = 8, 16  # of the series; the second where no difference is found in the first


@dataclass(frozen=True)
class OrderEstimate:
    """The order of a difference (infinite if it is zero), its error bound and the engines consulted.

    An order that is not sharp is a lower bound: no term was found as far as the series are known.
    """

    order: int | float
    bound: str
    engines: tuple[str, ...]
    sharp: bool = True


def estimate_order(left: Expr, right: Expr, small: Symbol, to: Expr) -> OrderEstimate:
    """Return the order at which two expressions converge as `small` tends to `to`; negative at a pole.

    It is sharp, if not said otherwise: the coefficient of that order does not vanish. Raises UndecidedError
    and DivergenceError as the finite field does, and Refusal where two engines contradict each other.
    """
    order = identity_test.order_of(left, right, small, to, TERMS)
    bound = f"{identity_test.NAME}: {error_bound(left, right, terms=TERMS)}"
    try:
        # The distance to the limit is the small symbol. Only rational functions come through, whose order is
        # the same from either side.
        distance = {small: 1 / small if to.is_infinite else to + small}
        exact = flint.order_of(substituted(left, distance), substituted(right, distance), small)
    except (UndecidedError, ZeroDivisionError):
        sharp = True
        if math.isinf(order) and not _may_be_flat(left, right, small, to) and not identical(left, right):
            order, sharp = identity_test.agreement(left, right, small, to, FAR)
            bound = f"{identity_test.NAME}: {error_bound(left, right, terms=FAR)}"
        return OrderEstimate(order, f"{bound}, one engine only", (identity_test.NAME,), sharp)
    # The series are truncated; where the difference begins beyond them, FLINT decides.
    if exact != order and min(exact, order) < TERMS // 2:
        raise Refusal(
            f"a conflict between engines: order {order} by {identity_test.NAME}, {exact} by {flint.NAME}"
        )
    return OrderEstimate(exact, f"{bound}, {flint.NAME}: exact", (identity_test.NAME, flint.NAME))


def _may_be_flat(left: Expr, right: Expr, small: Symbol, to: Expr) -> bool:
    """Return whether an exponential, as exp(-1/small), may vanish faster than every power."""
    kinds = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh)
    for part in left.atoms(*kinds, Pow) | right.atoms(*kinds, Pow):
        exponent = part.args[-1]
        if isinstance(part, Pow) and part.has(small) and not exponent.is_Rational:
            return True
        if isinstance(part, kinds) and exponent.has(small):
            try:
                if identity_test.order_of(exponent, Integer(0), small, to, TERMS) < 0:
                    return True
            except ArithmeticError:
                return True
    return False
