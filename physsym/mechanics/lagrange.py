"""Lagrange's equations of a system of many coordinates, formed in one ring of polynomials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import TypeAlias

from sympy import QQ, Add, Expr, Symbol, cos, cosh, exp, expand, sin, sinh
from sympy.polys.polyerrors import CoercionFailed
from sympy.polys.rings import PolyElement, PolyRing

from physsym.core.symbols import dot

CLOSED = (sin, cos, exp, sinh, cosh)  # their derivatives are polynomials in each other
Slopes: TypeAlias = dict[PolyElement, PolyElement]
LARGEST_CHAIN = 4  # exp(exp(q)) and the like: how often derivatives may bring in functions that are new


def lagrange_equations(
    lagrangian: Expr, dissipation: Expr, coordinates: Sequence[Symbol], rates: Mapping[Symbol, Expr]
) -> tuple[tuple[Expr, Expr], ...] | None:
    """Return the inertial and the other terms of d/dt dL/dq' - dL/dq + dR/dq' = 0 for each coordinate.

    Symbols, sines, cosines and exponentials are the unknowns of one ring of polynomials with rational
    coefficients: derivatives and products are then those of polynomials, which takes a small part of the
    time that expressions take.

    Parameters
    ----------
    lagrangian, dissipation
        L and R.
    coordinates
        The coordinates q.
    rates
        The time derivative of each symbol in L that has one.

    Returns
    -------
    tuple of pairs of Expr, or None
        The left side, which holds the accelerations, and the right side; None where L or R is no polynomial
        in symbols and in these functions.

    Examples
    --------
    >>> from physsym.vocabulary import gamma, m, x
    >>> rates = {x: dot(x), dot(x): dot(dot(x))}
    >>> lagrange_equations(m * dot(x)**2 / 2 + cos(x), gamma * dot(x)**2 / 2, (x,), rates)
    ((m*x'', -gamma*x' - sin(x)),)
    >>> lagrange_equations(1 / x, gamma, (x,), {x: dot(x)}) is None
    True
    """
    accelerations = [dot(dot(q)) for q in coordinates]
    unknowns = _unknowns((lagrangian, dissipation, *accelerations, *rates.values()), rates)
    if unknowns is None:
        return None
    ring = PolyRing(unknowns, QQ)
    try:
        energy, friction = ring.from_expr(lagrangian), ring.from_expr(dissipation)
    except (CoercionFailed, ValueError):  # a number that is not rational, a power that is not whole
        return None
    slopes = {s: _slopes(s, ring) for s in {*rates, *coordinates, *map(dot, coordinates)}}
    flow = {s: ring.from_expr(rate) for s, rate in rates.items()}
    pushes = [ring.from_expr(a) for a in accelerations]
    return tuple(_sides(energy, friction, q, flow, slopes, pushes) for q in coordinates)


def _unknowns(expressions: Iterable[Expr], moving: Iterable[Symbol]) -> list[Expr] | None:
    """Return the symbols and functions that expressions and their derivatives are polynomials in."""
    found: dict[Expr, None] = {}
    new = list(dict.fromkeys(chain.from_iterable(map(_atoms, expressions))))
    for _ in range(LARGEST_CHAIN):
        if not all(isinstance(a, (Symbol, *CLOSED)) and a == expand(a) for a in new):
            return None
        found.update(dict.fromkeys(new))
        derivatives = (a.diff(s) for a in new if not a.is_Symbol for s in moving if s in a.free_symbols)
        new = [a for a in dict.fromkeys(chain.from_iterable(map(_atoms, derivatives))) if a not in found]
        if not new:
            return sorted(found, key=str)
    return None


def _atoms(expression: Expr) -> Iterator[Expr]:
    """Yield what an expression is a polynomial in."""
    if expression.is_Add or expression.is_Mul:
        yield from chain.from_iterable(map(_atoms, expression.args))
    elif expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        yield from _atoms(expression.base)
    elif not expression.is_Rational:
        yield expression


def _slopes(symbol: Symbol, ring: PolyRing) -> Slopes:
    """Return the derivatives by a symbol of those unknowns that depend on it."""
    pairs = zip(ring.gens, ring.symbols, strict=True)
    return {g: ring.from_expr(a.diff(symbol)) for g, a in pairs if symbol in a.free_symbols}


def _sides(
    energy: PolyElement,
    friction: PolyElement,
    q: Symbol,
    flow: Mapping[Symbol, PolyElement],
    slopes: Mapping[Symbol, Slopes],
    accelerations: Sequence[PolyElement],
) -> tuple[Expr, Expr]:
    momentum = _derivative(energy, slopes[dot(q)])
    balance = _derivative(friction, slopes[dot(q)]) - _derivative(energy, slopes[q])
    for s, rate in flow.items():
        balance += _derivative(momentum, slopes[s]) * rate
    inertia = [(a, balance.diff(a)) for a in accelerations]
    rest = reduce(lambda left, part: left - part[0] * part[1], inertia, balance)
    return Add(*(a.as_expr() * c.as_expr() for a, c in inertia)), -rest.as_expr()


def _derivative(polynomial: PolyElement, slopes: Slopes) -> PolyElement:
    """Return the derivative by the chain rule, given those of the unknowns."""
    return sum((polynomial.diff(g) * slope for g, slope in slopes.items()), polynomial.ring.zero)
