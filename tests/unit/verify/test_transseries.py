"""Limits with roots, logarithms, oscillations and exponentials, whatever form they are written in."""

import math

import mpmath
import pytest
from sympy import (
    Abs,
    E,
    Integer,
    Rational,
    Symbol,
    atan,
    cos,
    cosh,
    exp,
    lambdify,
    log,
    oo,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from physsym import Limit, check, dot, law, potential
from physsym.core.symbols import grad
from physsym.core.verdicts import Order, Outcome
from physsym.verify.convergence_order import estimate_order
from physsym.verify.engines.laurent import DivergenceError, UndecidedError
from physsym.verify.engines.transseries import ramification
from physsym.vocabulary import G, dt, gamma, lam, m, t, tau, v, x
from tests.support.tiers import in_tiers, in_turn

n, h, a, b = (Symbol(s, positive=True) for s in "nhab")
r = Symbol("r", real=True)
discriminant = sqrt(gamma**2 - 4 * m * lam)

# (expression, limit, symbol, its limit, order, power of the logarithm)
TRUE = [
    (sqrt(n**2 + n) - n, Rational(1, 2), n, oo, 1, 0),
    (sqrt(n**2 + a * n) - sqrt(n**2 - b * n), (a + b) / 2, n, oo, 1, 0),
    (sin(h) / h, 1, h, 0, 2, 0),
    (tan(a * h) / h, a, h, 0, 2, 0),
    (atan(h) / h, 1, h, 0, 2, 0),
    ((1 - cos(h)) / h**2, Rational(1, 2), h, 0, 2, 0),
    ((sin(x + h) - sin(x)) / h, cos(x), h, 0, 1, 0),
    (log(1 + h) / h, 1, h, 0, 1, 0),
    (log(a + h), log(a), h, 0, 1, 0),
    (log(2 * n) / log(n), 1, n, oo, 0, -1),
    (h * log(h), 0, h, 0, 1, 1),
    (h * log(h) ** 2, 0, h, 0, 1, 2),
    (log(n) / n, 0, n, oo, 1, 1),
    (sqrt(h), 0, h, 0, Rational(1, 2), 0),
    (h ** Rational(2, 3) * v, 0, h, 0, Rational(2, 3), 0),
    (n ** (1 / n), 1, n, oo, 1, 1),
    ((gamma - discriminant) * gamma / (2 * m), lam, gamma, oo, 2, 0),
    (v * (1 - dt / tau) ** (t / dt), v * exp(-t / tau), dt, 0, 1, 0),
    ((1 + a / n) ** (n * t), exp(a * t), n, oo, 1, 0),
    ((1 + 1 / n) ** n, E, n, oo, 1, 0),
    (exp(sqrt(n**2 + n)) / exp(n), exp(Rational(1, 2)), n, oo, 1, 0),
    (exp(n**2 * sin(1 / n)) / exp(n), 1, n, oo, 1, 0),
    (exp(n**2 * tanh(2 / n)) / exp(2 * n), 1, n, oo, 1, 0),
    # The same function in several forms: one verdict.
    (v * exp(n) / (1 + exp(n)), v, n, oo, math.inf, 0),
    (v / (1 + exp(-n)), v, n, oo, math.inf, 0),
    (v * (1 - 1 / (1 + exp(n))), v, n, oo, math.inf, 0),
    (v * (1 + tanh(n / 2)) / 2, v, n, oo, math.inf, 0),
    (v * exp(n / 2) / (2 * cosh(n / 2)), v, n, oo, math.inf, 0),
    (v * exp(2 * n) / (exp(n) + exp(2 * n)), v, n, oo, math.inf, 0),
    (v * sqrt(exp(2 * n) / (1 + exp(2 * n))), v, n, oo, math.inf, 0),
    (tanh(n) * v, v, n, oo, math.inf, 0),
    (a / tanh(a * n), a, n, oo, math.inf, 0),
    (sinh(n) / exp(n), Rational(1, 2), n, oo, math.inf, 0),
    (n**a * exp(-n), 0, n, oo, math.inf, 0),
    (exp(n) * exp(-(n**2)), 0, n, oo, math.inf, 0),
    (log(1 + exp(n)) / n, 1, n, oo, math.inf, 0),
    ((1 + exp(n)) ** (1 / n), E, n, oo, math.inf, 0),
    ((exp(n) + exp((1 + b) * n)) / (exp(n) + 2 * exp((1 + b) * n)), Rational(1, 2), n, oo, math.inf, 0),
    (grad(x * tanh(n)), G, n, oo, math.inf, 0),
    (grad(x + exp(-n)), G, n, oo, math.inf, 0),
    (sin(x + exp(-n)), sin(x), n, oo, math.inf, 0),
    (exp(-1 / r**2) * v, 0, r, 0, math.inf, 0),
    (Abs(r) * v, 0, r, 0, 1, 0),
    (sin(r) / r, 1, r, 0, 2, 0),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "limit", "symbol", "to", "order", "log_power"), TRUE, ids=str)
def test_a_limit_holds_with_its_order(expression, limit, symbol, to, order, log_power):
    verdict = check(Limit(symbol, Integer(0) + to), law({dot(x): expression}), law({dot(x): limit}))
    assert verdict, verdict
    assert (verdict.error.exponent, verdict.error.log_power) == (order, log_power)


OTHERS = {"one more": lambda e: e + 1, "twice": lambda e: 2 * e + tau + 3, "less": lambda e: e - lam / 7}


@pytest.mark.parametrize(
    ("expression", "limit", "symbol", "to", "order", "log_power", "other"), in_turn(TRUE, OTHERS), ids=str
)
def test_another_value_is_no_limit(expression, limit, symbol, to, order, log_power, other):
    wrong = OTHERS[other](limit)
    verdict = check(Limit(symbol, Integer(0) + to), law({dot(x): expression}), law({dot(x): wrong}))
    assert verdict.outcome is Outcome.FAILS, verdict


# Coefficients of series in exp(-n).
CANCELLING = [
    (exp(2 * n) * (log(1 + exp(-n)) - exp(-n)), Rational(-1, 2)),
    (exp(3 * n) * (log(1 + exp(-n)) - exp(-n) + exp(-2 * n) / 2), Rational(1, 3)),
    (exp(2 * n) * (sqrt(1 + exp(-n)) - 1 - exp(-n) / 2), Rational(-1, 8)),
    (exp(n) * (sqrt(4 + exp(-n)) - 2), Rational(1, 4)),
]


@pytest.mark.parametrize(("expression", "limit"), in_tiers(CANCELLING, CANCELLING[:2]), ids=str)
def test_leading_terms_that_cancel_leave_the_next_coefficient(expression, limit):
    assert check(Limit(n, oo), law({dot(x): expression}), law({dot(x): limit}))
    for wrong in (limit + 1, -limit, 3 * limit):
        assert not check(Limit(n, oo), law({dot(x): expression}), law({dot(x): wrong}))
    with mpmath.workdps(200):
        assert abs(lambdify(n, expression, "mpmath")(mpmath.mpf(60)) - mpmath.mpf(limit.p) / limit.q) < 1e-20


# An independent witness: what mpmath finds at two small numbers.
@pytest.mark.parametrize(
    ("expression", "limit", "symbol", "to", "order", "log_power"),
    [case for case in TRUE if not math.isinf(case[4])],
    ids=str,
)
def test_the_order_is_that_of_the_numbers(expression, limit, symbol, to, order, log_power):
    numbers = {s: mpmath.mpf(k) for k, s in zip((0.7, 1.3, 0.9, 1.1, 0.6), (a, b, v, t, tau), strict=True)}
    numbers |= {m: mpmath.mpf(0.8), lam: mpmath.mpf(1.2), x: mpmath.mpf(0.4)}
    names = [*numbers, symbol]
    f = lambdify(names, expression - limit, "mpmath")
    with mpmath.workdps(300):
        near, far = (mpmath.mpf(10) ** -k for k in (20, 30))
        sizes = [abs(f(*numbers.values(), h if to == 0 else 1 / h)) for h in (near, far)]
        measured = mpmath.log10(sizes[0] / sizes[1]) / 10
    # A logarithm grows by a half from one number to the other.
    assert abs(measured - order + log_power * math.log10(1.5) / 10) < 0.01


@pytest.mark.parametrize(
    ("expression", "symbol", "to"),
    [
        (v * exp(n) / n, n, oo),
        (v * n**a * exp(n), n, oo),
        (exp(n**2) * exp(-n), n, oo),
        (cosh(n) * v, n, oo),
        (log(n), n, oo),
        (sqrt(n), n, oo),
        (v / sin(h), h, 0),
        (exp(1 / r) * v, r, 0),
    ],
    ids=str,
)
def test_what_really_diverges_fails(expression, symbol, to):
    verdict = check(Limit(symbol, Integer(0) + to), law({dot(x): expression}), law({dot(x): v}))
    assert verdict.outcome is Outcome.FAILS
    assert "no limit" in verdict.evidence[0]


@pytest.mark.parametrize(
    "expression", [sign(r) * v, Abs(r) / r * v, sqrt(r**2) / r * v, tanh(1 / r) * v], ids=str
)
def test_sides_that_differ_are_no_limit(expression):
    for limit in (v, -v):
        assert not check(Limit(r, Integer(0)), law({dot(x): expression}), law({dot(x): limit}))
    assert estimate_order(expression, v, r, Integer(0), "+").vanishes
    assert estimate_order(expression, -v, r, Integer(0), "-").vanishes
    assert not estimate_order(expression, v, r, Integer(0), "-").vanishes


@pytest.mark.parametrize(
    ("expression", "limit", "words"),
    [
        (exp((a - b) * n), 0, "the sign of a - b decides"),
        (sin(n), 0, "sin(n) oscillates"),
        (sin(n) / sin(2 * n), 0, "oscillates"),
        (1 / (n * sin(n)), 0, "oscillates"),
        (n**-a, 0, "has a symbol in it"),
    ],
    ids=str,
)
def test_what_is_not_decided_says_why(expression, limit, words):
    with pytest.raises((UndecidedError, DivergenceError)) as doubt:
        estimate_order(expression, Integer(0) + limit, n, oo)
    assert words in str(doubt.value)
    assert doubt.type is UndecidedError


@pytest.mark.parametrize("wave", [sin(n), cos(a * n + x) * sin(n), atan(n), sin(n**2) + cos(exp(n))], ids=str)
def test_what_oscillates_times_what_vanishes_vanishes(wave):
    verdict = check(Limit(n, oo), law({dot(x): v + v * wave * log(n) / n}), law({dot(x): v}))
    assert verdict
    assert (verdict.error.exponent, verdict.error.log_power) == (1, 1)
    assert "at least" in verdict.evidence[0]
    assert not check(Limit(n, oo), law({dot(x): v * wave}), law({dot(x): 0}))
    assert not check(Limit(n, oo), law({dot(x): v * wave / n + 1}), law({dot(x): 0}))


def test_a_coefficient_that_is_a_number_has_its_sign():
    grows = exp(n * (log(3) - 1) - n * log(2))
    assert check(Limit(n, oo), law({dot(x): grows}), law({dot(x): 0}))
    assert not check(Limit(n, oo), law({dot(x): 1 / grows}), law({dot(x): 0}))


def test_many_coordinates_that_stay_cost_little():
    places = [Symbol(f"x{k}", real=True) for k in range(30)]
    above = law({dot(x): (1 + tau) * potential(*places)})
    assert check(Limit(tau, Integer(0)), above, law({dot(x): potential(*places)}))


def test_roots_in_each_other_multiply_their_indices():
    assert ramification(sqrt(h + sqrt(h)) + h ** Rational(1, 3)) == 12
    with pytest.raises(UndecidedError, match="too deep"):
        ramification(sqrt(sqrt(h + 1) + h ** Rational(1, 7)))


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (Order(h, 1, 1), "O(h*log(h))"),
        (Order(h, 0, -1), "O(log(h)**(-1))"),
        (Order(h, Rational(1, 2), 2), "O(h**(1/2)*log(h)**2)"),
        (Order(h - a, 1), "O(-a + h)"),
        (Order(h - a, 2), "O((-a + h)**2)"),
        (Order(h, 0), "O(1)"),
    ],
)
def test_an_order_is_written_with_its_logarithm(order, text):
    assert str(order) == text
