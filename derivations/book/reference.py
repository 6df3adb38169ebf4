"""The optimizers as a person writes them, in plain Python: the witness for derived rules.

Nothing here is derived, and nothing of this package is imported. Each function takes the state and a callable
gradient and returns the new state; it never assigns a name twice, so that it can be typeset as mathematics.
The arguments may be numbers, arrays or symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Value: TypeAlias = Any  # a number, an array or a symbol: anything that can be added and multiplied
Gradient: TypeAlias = Callable[[Value], Value]


def gradient_descent(w: Value, grad: Gradient, eta: Value) -> tuple[Value]:
    """Take one step down the gradient (Cauchy 1847)."""
    w_next = w - eta * grad(w)
    return (w_next,)


def heavy_ball(v: Value, w: Value, grad: Gradient, eta: Value, rho: Value) -> tuple[Value, Value]:
    """Take one step of momentum as most texts print it, with full weight of the gradient (Polyak 1964)."""
    v_next = rho * v - eta * grad(w)
    w_next = w + v_next
    return v_next, w_next


def heavy_ball_with_dampening(
    v: Value, w: Value, grad: Gradient, eta: Value, rho: Value
) -> tuple[Value, Value]:
    """Take one step of momentum as an exponential average: the gradient is weighed by one minus rho."""
    v_next = rho * v - (1 - rho) * eta * grad(w)
    w_next = w + v_next
    return v_next, w_next


def nesterov(v: Value, w: Value, grad: Gradient, eta: Value, rho: Value) -> tuple[Value, Value]:
    """Take one step of momentum with the gradient taken where momentum alone would lead (Nesterov 1983)."""
    v_next = rho * v - eta * grad(w + rho * v)
    w_next = w + v_next
    return v_next, w_next
