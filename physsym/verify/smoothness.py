"""Where a law is not smooth, so that a method of integration loses its order there."""

from __future__ import annotations

from sympy import Abs, Expr, Heaviside, Max, Min, Piecewise, ceiling, floor, sign

from physsym.core.motion import moving
from physsym.core.statements import Law, expressions
from physsym.core.verdicts import Order

_NOT_SMOOTH: dict[str, tuple[type, ...]] = {
    "jumps": (sign, Heaviside, Piecewise, floor, ceiling),
    "kinks": (Abs, Max, Min),
}


def where_not_smooth(law: Law, error: Order | None) -> str:
    """Return from what a motion must keep away so that a method has its order; an empty text for nothing.

    Parameters
    ----------
    law
        A law of first order.
    error
        The order of the method: a rate with kinks, which has no jumps, leaves the first order as it is.

    Returns
    -------
    str
        Such as "away from the jumps of sign(x)".
    """
    moves = moving(law)
    found: dict[str, list[Expr]] = {
        kind: sorted(
            {f for e in expressions(law) for f in e.atoms(*functions) if f.free_symbols & moves}, key=str
        )
        for kind, functions in _NOT_SMOOTH.items()
    }
    if error is None or error.exponent <= 1:
        found["kinks"] = []
    parts = [f"the {kind} of {', '.join(map(str, places))}" for kind, places in found.items() if places]
    return f"away from {' and '.join(parts)}" if parts and error is not None else ""
