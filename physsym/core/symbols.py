"""Symbols at another instant (`dot`, `after`, `before`), and the potential with its derivatives (`grad`).

Derivatives and neighbouring instants are plain SymPy symbols, distinguished by a mark at the end of their
name: a law is then polynomial algebra, and limits, substitution and evaluation need no special case. The
potential and its derivatives are opaque functions of the evaluation point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, count
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Function, Integer, Symbol

Exact: TypeAlias = Expr | int | Fraction
"""What `exact` takes: an expression without binary floats."""

DOT, AFTER, BEFORE = "'", "+", "-"
MARKS = DOT + AFTER + BEFORE


def _marked(symbol: Symbol, mark: str) -> Symbol:
    if isinstance(symbol, str):
        raise TypeError(
            f"an instant is taken of a symbol, given the text {symbol!r}; ps.read({symbol!r}) reads it"
        )
    if not isinstance(symbol, Symbol):
        raise TypeError(f"an instant is taken of a symbol, such as dot(x); given {symbol!r}")
    # A velocity or a later value need not have the sign of the symbol: only reality carries over.
    return Symbol(symbol.name + mark, real=True) if symbol.is_real else Symbol(symbol.name + mark)


def refuse_text(given: object, what: str) -> None:
    """Raise TypeError for a text where an expression is meant."""
    if isinstance(given, str):
        raise TypeError(f"{what} is an expression, given the text {given!r}; ps.read({given!r}) reads it")


def require_symbol(given: object) -> None:
    """Raise TypeError for what is no symbol."""
    if not isinstance(given, Symbol):
        raise TypeError(f"expected a symbol, such as physsym.vocabulary.eta; given {given!r}")


def dot(symbol: Symbol) -> Symbol:
    """Return the symbol of the time derivative; `dot(dot(x))` is the acceleration.

    Parameters
    ----------
    symbol
        A symbol at any instant.

    Returns
    -------
    Symbol
        Dimension: that of `symbol` over time. Real where `symbol` is; its sign is not known.

    Raises
    ------
    TypeError
        For what is no symbol.

    Examples
    --------
    >>> dot(dot(Symbol("x")))
    x''
    """
    return _marked(symbol, DOT)


def after(symbol: Symbol) -> Symbol:
    """Return the symbol of the value one step later, as a rule reads it once it has been updated.

    Parameters
    ----------
    symbol
        A state of a rule.

    Returns
    -------
    Symbol
        Dimension: that of `symbol`.

    Raises
    ------
    TypeError
        For what is no symbol.

    Examples
    --------
    >>> after(Symbol("u"))
    u+
    """
    return _marked(symbol, AFTER)


def before(symbol: Symbol) -> Symbol:
    """Return the symbol of the value one step earlier, as a recurrence over two steps reads it.

    Parameters
    ----------
    symbol
        A state of a rule.

    Returns
    -------
    Symbol
        Dimension: that of `symbol`.

    Raises
    ------
    TypeError
        For what is no symbol.

    Examples
    --------
    >>> before(Symbol("x"))
    x-
    """
    return _marked(symbol, BEFORE)


def name_and_marks(symbol: Symbol) -> tuple[str, str]:
    """Split a symbol's name into the name proper and the marks of its instant.

    >>> name_and_marks(dot(dot(Symbol("x"))))
    ('x', "''")
    """
    name = str(symbol.name).rstrip(MARKS)
    return name, str(symbol.name)[len(name) :]


def of_name(name: str, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
    """Return those of the symbols whose name, marks aside, is `name`."""
    return frozenset(s for s in symbols if name_and_marks(s)[0] == name)


def fresh(name: str, taken: Iterable[Symbol], **assumptions: bool) -> Symbol:
    """Return a symbol of a name, numbered where that name is taken; it is real if not said otherwise.

    >>> fresh("rate", [Symbol("rate", positive=True), Symbol("x")])
    rate 2
    """
    names = {s.name for s in taken}
    numbered = (f"{name} {k}" for k in count(2))
    return Symbol(
        next(n for n in chain([name], numbered) if n not in names), **(assumptions or {"real": True})
    )


class _Opaque(Function):
    """A function of which nothing is known but its arguments, the point at which it is evaluated."""

    is_real = True
    is_commutative = True
    glyph = "U"

    def __new__(cls, *point: Any, **options: Any) -> Any:
        """Refuse a text, which SymPy would evaluate as Python."""
        for given in point:
            refuse_text(given, f"the point of {cls.__name__}")
        return super().__new__(cls, *point, **options)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        point = ", ".join(printer._print(a) for a in self.args)
        body = rf"{self.glyph}\left({point}\right)"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


class potential(_Opaque):
    """The potential energy (the loss) at an evaluation point of one or several coordinates.

    Its derivative is `grad` for one coordinate and `partial` for several. Dimension: energy.

    Examples
    --------
    >>> x = Symbol("x", real=True)
    >>> potential(x).diff(x)
    grad(x)
    """

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative with respect to the argument counted from one."""
        return grad(self.args[0]) if len(self.args) == 1 else partial(Integer(argindex), *self.args)


class grad(_Opaque):
    """The gradient of the potential at an evaluation point, for a representative coordinate.

    The point may be any expression: `grad(x)` for gradient descent, `grad(x + rho*u)` for Nesterov's method.
    Dimension: energy over length.

    Examples
    --------
    >>> x = Symbol("x", real=True)
    >>> grad(x).diff(x)
    hess(x)
    """

    nargs = (1,)
    glyph = r"\nabla U"

    @classmethod
    def eval(cls, point: Expr) -> Expr | None:
        """Leave it unevaluated; SymPy takes the signature that `help` shows from here."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the Hessian at the same point."""
        return hess(self.args[0])


class hess(_Opaque):
    """The second derivative of the potential at an evaluation point; energy over length squared."""

    nargs = (1,)
    glyph = r"\nabla^2 U"

    @classmethod
    def eval(cls, point: Expr) -> Expr | None:
        """Leave it unevaluated."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the third derivative at the same point."""
        return higher(Integer(3), self.args[0])


class higher(_Opaque):
    """A derivative of the potential above the second: `higher(3, x)` is the third.

    For a representative coordinate, as `grad` is; it comes from an analysis, never from a law of motion.
    Dimension: energy over length**order.
    """

    nargs = (2,)
    glyph = r"\nabla^n U"

    @classmethod
    def eval(cls, order: Expr, point: Expr) -> Expr | None:
        """Leave it unevaluated."""

    def fdiff(self, argindex: int = 2) -> Expr:
        """Return the next derivative at the same point."""
        order, point = self.args
        return higher(order + 1, point)


class partial(_Opaque):
    """A partial derivative of a potential of several coordinates: `partial(2, x, y)` is that along y.

    Dimension: energy over length.
    """

    glyph = r"\partial U"


OPAQUE = (potential, grad, hess, higher, partial)
FORCES = (grad, partial)


def distinct_parts(*expressions: Expr) -> Iterator[Expr]:
    """Yield every subexpression once, each behind its arguments.

    In the stages of a Runge-Kutta method subexpressions recur in each other: a walk that takes each as often
    as it occurs doubles with every stage.

    >>> x, y = sympy.symbols("x y")
    >>> list(distinct_parts((x + y) ** (x + y)))
    [x, y, x + y, (x + y)**(x + y)]
    """
    seen, left = set[Expr](), [(expression, False) for expression in reversed(expressions)]
    while left:
        part, is_entered = left.pop()
        if is_entered:
            yield part
        elif part not in seen:
            seen.add(part)
            left.append((part, True))
            left += ((argument, False) for argument in reversed(part.args))


def free_symbols_of(*expressions: Expr) -> frozenset[Symbol]:
    """Return the free symbols of expressions, for which no subexpression is visited twice.

    >>> x, y = sympy.symbols("x y")
    >>> sorted(free_symbols_of(x + y, sympy.Integral(y, (y, 0, 1))), key=str)
    [x, y]
    """
    found, seen, left = set[Symbol](), set[Expr](), [*expressions]
    while left:
        part = left.pop()
        if part in seen:
            continue
        seen.add(part)
        if type(part).free_symbols is sympy.Basic.free_symbols:
            left += part.args
        else:  # a symbol, a random variable, or what binds a symbol, as an integral does
            found |= part.free_symbols
    return frozenset(found)


def name_of(expression: Expr) -> str:
    """Return how an expression is written, without a printer where it is a symbol, whose name that is."""
    return expression.name if type(expression) is Symbol else str(expression)


def refuse_noise(expression: Expr) -> None:
    """Raise TypeError for a random variable of `sympy.stats`, which would be taken for a constant."""
    # SymPy counts random variables among the free symbols though they are none.
    noise = sorted((s for s in free_symbols_of(expression) if not isinstance(s, Symbol)), key=str)
    if noise:
        raise TypeError(
            f"{noise[0]} is a random variable, and noise is not known yet: laws and rules are deterministic "
            "here; leave the noise out, or write its mean"
        )


DEEPEST = 120
"""The depth up to which formulas of laws and rules are nested: SymPy recurs several frames at each level."""


def nested_too_deep(expression: Expr) -> bool:
    """Return whether an expression is nested deeper than `DEEPEST`.

    >>> x = sympy.Symbol("x")
    >>> nested_too_deep(sympy.sin(x)), nested_too_deep(sum(x**n for n in range(500)))
    (False, False)
    """
    level = [expression]
    for _ in range(DEEPEST):
        level = list({id(a): a for part in level for a in part.args}.values())
        if not level:
            return False
    return True


def exact(value: object) -> Expr:
    """Return a SymPy expression, refusing what would make it inexact or is no formula.

    Parameters
    ----------
    value
        An expression, a whole number or a fraction.

    Returns
    -------
    Expr
        The same value.

    Raises
    ------
    TypeError
        For floats (a binary float is not the number that it prints), booleans, text and other objects.

    Examples
    --------
    >>> exact(2)
    2
    """
    if isinstance(value, (bool, float, str)):
        raise TypeError(f"expected an exact expression, given {value!r}; write Rational(1, 2) or read(...)")
    try:
        expression = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, Expr) or expression.is_Matrix:
        raise TypeError(f"expected an expression, given {value!r} of type {type(value).__name__}")
    refuse_noise(expression)
    if expression.has(sympy.Float):
        raise TypeError(f"{expression} holds a binary float; write exact numbers such as Rational(1, 10)")
    return expression
