"""Limits of random expressions against what mpmath finds at small numbers: none may be false."""

import itertools
import random
import signal

import mpmath
import pytest
from sympy import I, Integer, Rational, Symbol, atan, cos, exp, lambdify, log, nan, oo, sin, sqrt, tanh, zoo

from physsym.verify.convergence_order import estimate_order
from physsym.verify.engines.laurent import DivergenceError, UndecidedError

h, a = Symbol("h", positive=True), Symbol("a", positive=True)
LEAVES = (
    h, 1 / h, Integer(1), Integer(2), a, h**2, log(h), exp(-1 / h), exp(1 / h), sqrt(h), -1 / h, a * h, a / h,
)  # fmt: skip
FUNCTIONS = (
    exp, sin, cos, tanh, atan, sqrt, lambda e: log(1 + e), lambda e: e**2, lambda e: 1 / e,
    lambda e: e ** Rational(1, 3),
)  # fmt: skip
JOINED = (
    lambda e, f: e + f, lambda e, f: e - f, lambda e, f: e * f, lambda e, f: e / f, lambda e, f: (1 + e) ** f,
)  # fmt: skip
NUMBER = Rational(13, 10)  # the value of `a` at which sizes are computed


def drawn(chance, depth):
    if not depth or chance.random() < 0.1:
        return chance.choice(LEAVES)
    if chance.random() < 0.5:
        return chance.choice(FUNCTIONS)(drawn(chance, depth - 1))
    return chance.choice(JOINED)(drawn(chance, depth - 1), drawn(chance, depth - 1))


def within(seconds, function, *arguments):
    """Return the value of a function, None where it fails or takes too long."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return function(*arguments)
    except (ArithmeticError, ValueError, TypeError, TimeoutError, RecursionError, MemoryError):
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def sizes(expression):
    """Return the values of an expression at three small numbers, None where they are not real and finite."""
    function = lambdify((h, a), expression, "mpmath")
    with mpmath.workdps(600):
        found = [function(mpmath.mpf(10) ** -k, mpmath.mpf(13) / 10) for k in (12, 24, 48)]
        real = all(mpmath.im(v) == 0 and mpmath.isfinite(v) for v in found)
        return [mpmath.re(v) for v in found] if real else None


def vanishes(values):
    """Return whether values tend to zero, None where they do not show it."""
    one, two, three = map(abs, values)
    if three == two == 0 or (three < two * 0.93 and two <= one * 0.93):
        return True
    return False if three >= two * 0.99 and three > 1e-30 else None


def said(gap):
    try:
        return estimate_order(gap, Integer(0), h, Integer(0)).vanishes
    except DivergenceError:
        return False
    except UndecidedError:
        return None


def gaps(seed, count):
    """Yield gaps of random expressions with their sizes: themselves, less their limit, and less another."""
    chance = random.Random(seed)
    draws = (within(0.3, drawn, chance, chance.choice((1, 2, 2, 3))) for _ in itertools.count())
    fit = (e for e in draws if e is not None and e.has(h) and not e.has(zoo, nan, oo, I))
    known = ((e, v) for e in fit if (v := within(0.3, sizes, e)))
    for expression, values in itertools.islice(known, count):
        yield expression, values
        plain = 1e-3 < abs(values[2]) < 50
        nearest = Rational(mpmath.nstr(values[2], 20)).limit_denominator(50) if plain else 0
        for limit in (nearest, nearest + Rational(1, 3)) if nearest else ():
            with mpmath.workdps(600):
                left = [v - mpmath.mpf(limit.p) / limit.q for v in values]
            yield expression.subs(a, NUMBER) - limit, left


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_limit_is_said_falsely(seed):
    counts = {True: 0, False: 0, None: 0}
    for gap, values in gaps(seed, 40):
        true, answer = vanishes(values), within(4, said, gap)
        counts[answer] += 1
        assert None in (true, answer) or true == answer, (gap, answer)
    assert counts[True] > 10
    assert counts[False] > 10
    assert counts[None] < sum(counts.values()) / 3


@pytest.mark.parametrize(
    ("values", "answer"), [((1, 0.5, 0.2), True), ((1, 1, 1), False), ((3, 2, 1.95), None)]
)
def test_the_numbers_are_read_as_they_should(values, answer):
    assert vanishes(values) is answer
