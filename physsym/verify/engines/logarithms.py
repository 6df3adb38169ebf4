"""Laws of logarithms for the finite field, which takes log for a function without properties.

log(a*b) = log(a) + log(b) and log(a**c) = c*log(a) where a and b are positive, and exp(c*log(a)) = a**c.
Factors count as positive where their form shows that they are not negative: a logarithm needs that none is
zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, log

from physsym.core.signs import NONNEGATIVE, signs

_LARGEST = 10**6  # numbers that are split into primes


def expanded_logarithms(expression: Expr) -> Expr:
    """Return an expression with its logarithms expanded, and powers for exponentials of them.

    Examples
    --------
    >>> from sympy import exp, symbols
    >>> a, b = symbols("a b", positive=True)
    >>> c = symbols("c", real=True)
    >>> expanded_logarithms(log(6 * a**c * b))
    c*log(a) + log(b) + log(2) + log(3)
    >>> expanded_logarithms(exp(c * log(a) + b))
    a**c*exp(b)
    """
    if not expression.has(log):
        return expression
    arguments = [expanded_logarithms(a) for a in expression.args]
    if isinstance(expression, log):
        return _logarithm(arguments[0])
    if isinstance(expression, sympy.exp):
        return Mul(*map(_exponential, Add.make_args(arguments[0])))
    return expression.func(*arguments)


def _logarithm(argument: Expr) -> Expr:
    rest, terms = Integer(1), []
    for factor in Mul.make_args(argument):
        if factor.is_Rational and factor > 0:
            primes = [(p, e * s) for n, s in ((factor.p, 1), (factor.q, -1)) for p, e in _primes(int(n))]
            terms += [times * log(prime) for prime, times in primes]
        elif signs(factor) <= NONNEGATIVE:
            base, exponent = factor.as_base_exp()
            terms.append(exponent * log(base) if signs(base) <= NONNEGATIVE else log(factor))
        else:
            rest *= factor
    return Add(*terms, log(rest)) if rest != 1 else Add(*terms)


def _exponential(term: Expr) -> Expr:
    """Return the exponential of a term; of c*log(a), the power a**c."""
    factors = Mul.make_args(term)
    logarithms = [f for f in factors if isinstance(f, log)]
    if len(logarithms) != 1:
        return sympy.exp(term)
    return Pow(logarithms[0].args[0], Mul(*(f for f in factors if f != logarithms[0])))


def _primes(number: int) -> Iterator[tuple[int, int]]:
    """Yield the prime factors of a number with their multiplicities; a large one is left whole."""
    divisor = 2
    while 1 < number <= _LARGEST and divisor * divisor <= number:
        times = 0
        while number % divisor == 0:
            number, times = number // divisor, times + 1
        if times:
            yield divisor, times
        divisor += 1
    if number > 1:
        yield number, 1
