"""Which formulas `==` of statements takes for one: those that differ in how SymPy came to hold them alone.

A sum in a product can be written with either sign: `(x - 1)*k` is `-(1 - x)*k`. SymPy holds the two as
different trees, by the way in which they came about, and printers write the one that people prefer. So it is
with `|1/x|` and `1/|x|`, and with a product that is a factor of another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

import sympy
from sympy import Abs, Add, Basic, Expr, Integer, Max, Min, Mul, Pow, Rational

Body: TypeAlias = tuple[Any, ...]
Form: TypeAlias = tuple[int, Body]
"""A sign, and what it stands before: an operation with the forms that it joins, or a leaf."""

_LEAF = ""

_ODD = (sympy.sin, sympy.tan, sympy.sinh, sympy.tanh, sympy.asinh, sympy.sign)
_EVEN = (sympy.cos, sympy.cosh)
_UNORDERED = (Max, Min, sympy.And, sympy.Or)
_ONE = (_LEAF, Integer(1))


@lru_cache(maxsize=8192)
def form(expression: Basic) -> Form:
    """Return what expressions have in common that are written alike but for the signs of sums in products.

    It is for comparison within one process: which sign a sum has is settled by hashes.

    Parameters
    ----------
    expression
        An expression or a condition. Nothing is multiplied out, cancelled or collected.

    Returns
    -------
    tuple of int and Hashable
        A sign, and the rest. Expressions with equal forms have equal values wherever they are defined.

    Examples
    --------
    >>> from physsym.vocabulary import eta, rho, x
    >>> form((x - 1) / (rho - eta) ** 3) == form((1 - x) / (eta - rho) ** 3)
    True
    >>> form((x - 1) * rho) == form((1 - x) * rho), form(x * rho - rho) == form((x - 1) * rho)
    (False, False)
    """
    if isinstance(expression, (int, Rational)):
        return (-1 if expression < 0 else 1), (_LEAF, abs(expression))
    if not expression.args:
        return 1, (_LEAF, expression)
    parts = [form(part) for part in expression.args]
    if isinstance(expression, Add):
        return _of_sum(parts)
    if isinstance(expression, Mul):
        return _of_product(parts)
    if isinstance(expression, Pow) and expression.exp.is_Integer:
        base, exponent = expression.args
        if isinstance(base, Abs) and exponent.is_even and _is_real(base.args[0]):
            return form(base.args[0] ** exponent)
        return _to_power(parts[0], int(expression.exp))
    if isinstance(expression, Pow) and expression.base.is_Mul:
        return _root(expression.base, expression.exp)
    if isinstance(expression, Abs):
        return _absolute(expression.args[0])
    if isinstance(expression, (*_ODD, *_EVEN)):
        sign, argument = parts[0]
        return sign if isinstance(expression, _ODD) else 1, (type(expression), argument)
    return 1, (type(expression), _counted(parts) if isinstance(expression, _UNORDERED) else tuple(parts))


def _is_real(value: Expr) -> bool:
    """Return whether a value is real wherever it is defined; 1/x is, of which SymPy does not know it."""
    symbols_are = all(s.is_extended_real for s in value.free_symbols)
    return bool(value.is_extended_real or (symbols_are and value.is_rational_function()))


def _of_sum(terms: list[Form]) -> Form:
    """Return the form of a sum: whichever term has the least hash is positive."""
    total = Counter[Body]()
    for sign, term in terms:
        total[term] += sign
    leading = min((term for term in total if total[term]), key=hash, default=_ONE)
    sign = -1 if total[leading] < 0 else 1
    return sign, (Add, _counted((sign * own, term) for own, term in terms))


def _of_product(factors: Iterable[Form]) -> Form:
    sign, bare = 1, Counter[Form]()
    for own, factor in factors:
        sign *= own
        within = factor[1] if factor[0] is Mul else (((1, factor), 1),)
        bare.update(dict(within))
    del bare[1, _ONE]
    if bare.total() == 1:
        return sign, next(iter(bare))[1]
    return sign, (Mul, frozenset(bare.items()))


def _to_power(base: Form, exponent: int) -> Form:
    sign, body = base[0] if exponent % 2 else 1, base[1]
    if body[0] is Pow and len(body) == 4:  # a whole power of another one
        body, exponent = body[1], exponent * (body[3] if body[2] else -body[3])
    # Sign and size apart: Python's hashes of -1 and -2 are the same, and hashes order the terms of sums.
    return sign, body if exponent == 1 else (Pow, body, exponent > 0, abs(exponent))


def _root(product: Expr, exponent: Expr) -> Form:
    """Return the form of a power of a product: factors of known sign are in front, as in SymPy."""
    sign = 1
    known: list[Form] = []
    rest: list[Form] = []
    for factor in product.args:
        base, power = factor.as_base_exp()
        if factor.is_extended_nonnegative:
            known.append(form(Abs(base) ** (power * exponent) if power.is_Integer else factor**exponent))
        elif factor.is_extended_nonpositive and power.is_Integer:
            sign = -sign
            known.append(form(Abs(base) ** (power * exponent)))
        else:
            rest.append(form(factor))
    own, body = _of_product(rest)
    if rest or sign < 0:
        known.append((1, (Pow, (sign * own, body), form(exponent))))
    return _of_product(known)


def _absolute(value: Expr) -> Form:
    """Return the form of an absolute value, that of a product and of a power factor by factor."""
    if isinstance(value, Mul):
        return _of_product(map(_absolute, value.args))
    if isinstance(value, Rational) or value.is_extended_nonnegative:
        return 1, form(value)[1]
    if isinstance(value, Pow) and value.exp.is_Integer:
        squared = value.exp.is_even and value.base.is_extended_real
        return _to_power((form if squared else _absolute)(value.base), int(value.exp))
    return 1, (Abs, form(value)[1])


def _counted(parts: Iterable[Form]) -> frozenset[tuple[Form, int]]:
    return frozenset(Counter(parts).items())


@lru_cache(maxsize=8192)
def has_parts_of_one_form(expression: Basic) -> bool:
    """Return whether two terms of a sum, or two factors, differ in their numbers and in signs within alone.

    Examples
    --------
    >>> from physsym.vocabulary import rho, x
    >>> has_parts_of_one_form(x / (1 - rho) + 2 * x / (rho - 1)), has_parts_of_one_form(x - 2 / x)
    (True, False)
    """
    parts: list[Basic] = []
    if isinstance(expression, Add):
        parts = [term.as_coeff_Mul()[1] for term in expression.args]
    elif isinstance(expression, Mul):
        parts = [factor.as_base_exp()[0] for factor in expression.args if not factor.is_number]
    alike = len({form(part)[1] for part in parts}) < len({*parts})
    return alike or any(map(has_parts_of_one_form, expression.args))
