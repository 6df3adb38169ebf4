"""Partial derivatives of residuals by the rules of calculus, off the jumps of their functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

import sympy
from sympy import Abs, Add, Expr, Integer, Mul, Pow, Symbol

from physsym.core.symbols import grad, hess, higher, partial, potential
from physsym.verify.engines.laurent import UndecidedError


def derivative(expression: Expr, symbol: Symbol) -> Expr:
    """Return the derivative of an expression, where it has one.

    The derivatives of `Abs` and `sign` are those off their jumps. A second derivative of a potential of
    several coordinates is a symbol of its own.

    Parameters
    ----------
    expression
        An expression.
    symbol
        By which it is differentiated.

    Returns
    -------
    Expr

    Raises
    ------
    UndecidedError
        For a function that has no rule.

    Examples
    --------
    >>> from sympy import Abs, symbols
    >>> x, p = symbols("x p", real=True)
    >>> derivative(grad(x**2), x), derivative(Abs(x) ** p, x)
    (2*x*hess(x**2), p*Abs(x)**(p - 1)*sign(x))
    """
    if expression == symbol:
        return Integer(1)
    slope = _derivative(expression, symbol) if expression.has(symbol) else Integer(0)
    return _in_cosh(slope) if slope.has(sympy.sinh) and slope.has(sympy.cosh) else slope


def _in_cosh(slope: Expr) -> Expr:
    """Return a derivative with cosh**2 - 1 for sinh**2, so that its sign is seen."""
    squares = {f**2: sympy.cosh(f.args[0]) ** 2 - 1 for f in slope.atoms(sympy.sinh)}
    return sympy.expand(sympy.expand(slope).xreplace(squares))


_SLOPES: dict[type, Callable[[Expr], Expr]] = {
    sympy.exp: sympy.exp,
    sympy.log: lambda a: 1 / a,
    sympy.sin: sympy.cos,
    sympy.cos: lambda a: -sympy.sin(a),
    sympy.sinh: sympy.cosh,
    sympy.cosh: sympy.sinh,
    sympy.atan: lambda a: 1 / (1 + a**2),
    sympy.tanh: lambda a: sympy.cosh(a) ** -2,
    Abs: sympy.sign,
    sympy.sign: lambda _: Integer(0),
    potential: grad,
    grad: hess,
    hess: lambda a: higher(Integer(3), a),
}


@singledispatch
def _derivative(expression: Expr, symbol: Symbol) -> Expr:
    slope = _SLOPES.get(expression.func)
    if slope is None or len(expression.args) > 1:
        raise UndecidedError(f"the derivative of {expression} by {symbol} is not known")
    (argument,) = expression.args
    return slope(argument) * derivative(argument, symbol)


@_derivative.register(Add)
def _(expression: Add, symbol: Symbol) -> Expr:
    return Add(*(derivative(a, symbol) for a in expression.args))


@_derivative.register(Mul)
def _(expression: Mul, symbol: Symbol) -> Expr:
    parts = expression.args
    if not any(isinstance(p, sympy.sign) for p in parts):
        return Add(*(Mul(*parts[:k], derivative(p, symbol), *parts[k + 1 :]) for k, p in enumerate(parts)))
    # Off its jump a sign is constant, and its square, as in the derivative of |x|**p*sign(x), is one.
    signs = [p for p in parts if isinstance(p, sympy.sign)]
    slope = derivative(Mul(*(p for p in parts if p not in signs)), symbol) * Mul(*signs)
    return slope.replace(_is_square_of_sign, lambda _: Integer(1))


def _is_square_of_sign(part: Expr) -> bool:
    return bool(part.is_Pow and isinstance(part.base, sympy.sign) and part.exp == 2)


@_derivative.register(Pow)
def _(expression: Pow, symbol: Symbol) -> Expr:
    base, exponent = expression.args
    by_base = exponent * base ** (exponent - 1) * derivative(base, symbol)
    return (
        by_base + expression * sympy.log(base) * derivative(exponent, symbol)
        if exponent.has(symbol)
        else by_base
    )


@_derivative.register(higher)
def _(expression: higher, symbol: Symbol) -> Expr:
    order, argument = expression.args
    return higher(order + 1, argument) * derivative(argument, symbol)


@_derivative.register(potential)
def _(expression: potential, symbol: Symbol) -> Expr:
    places = expression.args
    if len(places) == 1:
        return grad(places[0]) * derivative(places[0], symbol)
    return Add(*(partial(Integer(k), *places) * derivative(p, symbol) for k, p in enumerate(places, 1)))


@_derivative.register(partial)
def _(expression: partial, symbol: Symbol) -> Expr:
    index, *places = expression.args
    point = ", ".join(map(str, places))
    terms = []
    for k, place in enumerate(places, 1):
        first, second = sorted((int(index), k))  # the order of differentiation does not matter
        second_derivative = Symbol(f"partial({first}, {second}, {point})", real=True)
        terms.append(second_derivative * derivative(place, symbol))
    return Add(*terms)
