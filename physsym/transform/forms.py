"""Proposals: expressions in a readable form, and solutions of scalar equations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import sympy
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Pow,
    Symbol,
    expand,
    factor,
    factor_terms,
    preorder_traversal,
    together,
)

from physsym.core.symbols import OPAQUE, name_and_marks
from physsym.core.term_order import Context, split
from physsym.mechanics.moves import MoveError

MAX_TERMS = 2000
"""Terms of a sum, multiplied out, up to which SymPy is asked for other forms of it."""
MAX_COLLECTED = 40
"""Terms of a sum, multiplied out, up to which it is collected by products of what moves."""


def terms_multiplied_out(expression: Expr) -> int:
    """Return an upper bound on the number of terms that an expression has when it is multiplied out.

    >>> x = Symbol("x")
    >>> terms_multiplied_out((1 + x) ** 4000 * (2 + x))
    8002
    """
    parts = [terms_multiplied_out(a) for a in expression.args]
    if isinstance(expression, Add):
        return sum(parts)
    if isinstance(expression, Mul):
        return math.prod(parts)
    if isinstance(expression, Pow) and expression.exp.is_Integer:
        power = abs(int(expression.exp))
        return math.comb(parts[0] + power - 1, power)
    return max([1, *parts])


def tidied(expression: Expr, vectors: Iterable[Symbol]) -> Expr:
    """Return the expression as a sum of coefficient times vector, each coefficient in its shortest form.

    Vectors are the given symbols and every opaque function. An expression not linear in them is collected by
    products of vectors if that is shorter; one of too many terms is left as it is.
    """
    vectors = tuple(vectors)
    opaque = {f: Dummy() for f in sorted(expression.atoms(*OPAQUE), key=str)}
    back = {d: f for f, d in opaque.items()}
    if terms_multiplied_out(expression) > MAX_TERMS:
        return expression
    expanded = expand(expression.xreplace(opaque))
    parts = {v: expanded.coeff(v) for v in (*vectors, *back)}
    rest = expand(expanded - Add(*(c * v for v, c in parts.items())))
    if any(p.has(*parts) for p in (rest, *parts.values())):
        if len(Add.make_args(expanded)) > MAX_COLLECTED:
            return expression
        collected = _collected(expanded, tuple(parts)).xreplace(back)
        return min((expression, _signed(collected, vectors)), key=_length)
    tidy = Add(*(shortest(c) * v for v, c in parts.items()), shortest(rest)).xreplace(back)
    return _signed(tidy, vectors)


def _collected(expanded: Expr, vectors: Sequence[Symbol]) -> Expr:
    """Return a sum with one term for each product of vectors and functions of them."""
    coefficients = dict[Expr, Expr]()
    for term in Add.make_args(expanded):
        coefficient, moving = term.as_independent(*vectors, as_Add=False)
        coefficients[moving] = coefficients.get(moving, Integer(0)) + coefficient
    return Add(*(shortest(c) * moving for moving, c in coefficients.items()))


def _signed(expression: Expr, vectors: Iterable[Symbol]) -> Expr:
    """Return a sum with the sign of each term in front of it: -(1 - rho)*u for (rho - 1)*u."""
    context = Context(indexed=frozenset(name_and_marks(v)[0] for v in vectors))

    def signed(term: Expr) -> Expr:
        parts = split(term, context)
        under = (1 / factor_ for factor_ in parts.under)
        return Mul(-1 if parts.negative else 1, *parts.over, *under, *parts.vectors)

    return Add(*map(signed, Add.make_args(expression)))


def shortest(expression: Expr) -> Expr:
    """Return the shortest of the usual forms of an expression."""
    if not expression.has(Add) or terms_multiplied_out(expression) > MAX_TERMS:
        return expression
    # Taking factors is slow, and yields one of the others where there are none.
    factors = () if _has_no_factors(expression) else (factor(expression),)
    return min((expression, *factors, factor_terms(expression)), key=_length)


Monomial: TypeAlias = tuple[int, dict[Expr, int]]
"""A whole number, and the powers of symbols that it is multiplied by."""


def _monomials(expression: Expr) -> list[Monomial] | None:
    """Return the terms of a polynomial that is multiplied out, of whole coefficients; None of another one."""
    found = list[Monomial]()
    for term in Add.make_args(expression):
        coefficient, factors = term.as_coeff_mul()
        powers = {base: int(n) if n.is_Integer else 0 for base, n in (f.as_base_exp() for f in factors)}
        if not coefficient.is_Integer or not all(s.is_Symbol and n > 0 for s, n in powers.items()):
            return None
        found.append((int(coefficient), powers))
    return found


def _has_no_factors(expression: Expr) -> bool:
    """Return whether a sum, times powers of symbols, is seen to have no factors; False says nothing.

    A symbol that occurs in one term alone, to the first power, makes it one of the first degree in that
    symbol: a*s + b, which has the common factors of a and b alone, and a is a product.
    """
    sums = [f for f in Mul.make_args(expression) if f.is_Add]
    others = [f.as_base_exp() for f in Mul.make_args(expression) if not f.is_Add]
    if len(sums) != 1 or not all(s.is_Symbol and n.is_Integer for s, n in others):
        return False
    terms = _monomials(sums[0])
    if terms is None or math.gcd(*(c for c, _ in terms)) != 1:
        return False
    if set.intersection(*(set(powers) for _, powers in terms)):
        return False
    times = Counter(symbol for _, powers in terms for symbol in powers)
    return any(n == 1 and times[s] == 1 for _, powers in terms for s, n in powers.items())


def _length(expression: Expr) -> tuple[int, int]:
    return sum(isinstance(e, Symbol) for e in preorder_traversal(expression)), expression.count_ops()


def solved(residual: Expr, symbol: Symbol) -> Expr:
    """Return the real solution of residual = 0 for a symbol.

    Raises MoveError where the symbol occurs inside an opaque function, or a unique real solution is not
    found.
    """
    if any(f.has(symbol) for f in residual.atoms(*OPAQUE)):
        raise MoveError(f"cannot solve for {symbol}: it occurs inside an opaque function in {residual} = 0")
    for way in (_linear, _logarithm, _odd_power, _by_sympy):
        solution = way(residual, symbol)
        if solution is not None:
            return solution
    raise MoveError(f"{residual} = 0 has no unique real solution for {symbol} that could be found")


def _linear(residual: Expr, symbol: Symbol) -> Expr | None:
    if terms_multiplied_out(residual) > MAX_TERMS:
        return None
    is_plain = _monomials(residual) is not None
    numerator = residual if is_plain else expand(sympy.numer(together(residual)))
    coefficient = numerator.coeff(symbol)
    rest = expand(numerator - coefficient * symbol)
    return (
        None
        if coefficient == 0 or rest.has(symbol) or coefficient.has(symbol)
        else shortest(-rest / coefficient)
    )


def _logarithm(residual: Expr, symbol: Symbol) -> Expr | None:
    """Solve k*exp(a) + c = 0, where a leads on to an equation that is linear in the symbol."""
    exponentials = [e for e in residual.atoms(sympy.exp) if e.has(symbol)]
    if len(exponentials) != 1:
        return None
    whole = Dummy()
    value = _linear(residual.xreplace({exponentials[0]: whole}), whole)
    return (
        None
        if value is None or value.has(symbol)
        else _linear(exponentials[0].exp - sympy.log(value), symbol)
    )


def _odd_power(residual: Expr, symbol: Symbol) -> Expr | None:
    """Solve k*|s|**a*sign(s) + c = 0, whatever mixture of s, |s| and sign(s) writes the power."""
    rest, moving = expand(residual).as_independent(symbol, as_Add=True)
    powers = [_signed_power(term, symbol) for term in Add.make_args(moving)]
    if None in powers or len({a for _, a in filter(None, powers)}) != 1:
        return None
    coefficient, exponent = Add(*(k for k, _ in filter(None, powers))), next(filter(None, powers))[1]
    if exponent == 0:
        return None
    ratio = -rest / coefficient
    return sympy.sign(ratio) * Abs(ratio) ** (1 / exponent)


def _signed_power(term: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Read k*s**n*|s|**b*sign(s)**c, odd in s, as the pair (k, n + b)."""
    exponent, odd, rest = Integer(0), 0, Integer(1)
    for factor_ in Mul.make_args(term):
        base, power = factor_.as_base_exp()
        if base == symbol and power.is_Integer:
            exponent, odd = exponent + power, odd + int(power)
        elif base == Abs(symbol):
            exponent += power
        elif base == sympy.sign(symbol) and power.is_Integer:
            odd += int(power)
        else:
            rest *= factor_
    return (rest, exponent) if odd % 2 and not rest.has(symbol) else None


def _by_sympy(residual: Expr, symbol: Symbol) -> Expr | None:
    if residual.has(Abs, sympy.sign) or terms_multiplied_out(residual) > MAX_TERMS:
        return None
    # Of an equation such as s*cos(t) + sin(s) = 0 SymPy looks for a solution for minutes, and finds none.
    kernels = [f for f in residual.atoms(sympy.Function, sympy.exp) if f.has(symbol)]
    kernels += [p for p in residual.atoms(Pow) if p.exp.has(symbol)]
    outermost = [k for k in kernels if not any(k != other and other.has(k) for other in kernels)]
    if len(outermost) > 1 or (outermost and residual.xreplace({outermost[0]: Dummy()}).has(symbol)):
        return None
    # SymPy drops solutions of unknown sign for a symbol with a declared one: solve for a symbol without.
    plain = Dummy(real=True)
    try:
        found = sympy.solve(residual.xreplace({symbol: plain}), plain)
    except NotImplementedError:
        return None
    return found[0] if len(found) == 1 else None
