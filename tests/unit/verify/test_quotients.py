"""Quotients of polynomials: what is positive beyond doubt, roots below their power, primes, and orders."""

import flint
import pytest
from sympy import Abs, Integer, Rational, exp, sqrt, symbols

from physsym.verify.engines import flint as flint_engine
from physsym.verify.engines import identity_test, quotients
from physsym.verify.engines.base import Answer
from physsym.verify.engines.laurent import Laurent, UndecidedError
from physsym.verify.engines.prime_field import P
from physsym.verify.engines.quotients import Ring, _primes
from physsym.vocabulary import dt, u, x

A, B, C, D, E, F, H = symbols("A B C D E F H", real=True)
MANY = A * B * C * D * E * F * H


@pytest.fixture
def ring() -> Ring:
    return Ring(size=8)


@pytest.mark.parametrize(
    ("number", "primes"),
    [
        (12, [(2, 2), (3, 1)]),
        (-12, [(2, 2), (3, 1)]),
        (2, [(2, 1)]),
        (1000, [(2, 3), (5, 3)]),
        (1, []),
        (0, []),
        (2**64, []),
        (2**65, []),
    ],
)
def test_numbers_of_moderate_size_are_factored(number, primes):
    assert _primes(flint.fmpz(number)) == primes


@pytest.mark.parametrize(
    ("positive", "of"),
    [
        (True, lambda a, p, one: p + one),
        (True, lambda a, p, one: a * a + p),
        (True, lambda a, p, one: a * a + one),
        (True, lambda a, p, one: a * a * p + one),
        (False, lambda a, p, one: a * a),
        (False, lambda a, p, one: a + one),
        (False, lambda a, p, one: a * a * a + one),
        (False, lambda a, p, one: p - one),
        (False, lambda a, p, one: p - a * a),
    ],
)
def test_positive_is_what_its_form_shows_to_be_positive(ring, positive, of):
    a, p = ring.generator("a"), ring.generator("p", positive=True)
    assert ring._is_positive(of(a, p, ring.number(1)).top) is positive


def test_positive_factors_of_what_is_large_are_not_searched(ring, monkeypatch):
    a, p = ring.generator("a"), ring.generator("p", positive=True)
    monkeypatch.setattr(quotients, "MAX_GCD", 2)
    large = (a + p + ring.number(1)) * (p + ring.number(1)).power(-1)
    assert [(ring.format(f), e) for f, e in ring.positive_factors(large)] == [("1 + p", -1)]


def test_high_powers_of_a_root_are_its_value(ring):
    p = ring.generator("p", positive=True)
    value = p * (p + ring.number(1)).power(-1)
    s, one = ring.root("s", 2, value), ring.number(1)
    assert ring.is_zero(s * s - value)
    assert ring.is_zero(s.power(5) + s.power(2) + one - (value.power(2) * s + value + one))
    assert not ring.is_zero(s.power(5) + s.power(2) + one - (value.power(2) * s + value - one))
    assert not ring.is_zero(s.power(4) - value)


# ------------------------------------------------------------------ orders


@pytest.mark.parametrize("pair", [(MANY, Integer(1)), (Integer(1), MANY)], ids=["left", "right"])
def test_the_ring_has_room_for_both_sides(pair):
    assert flint_engine.order_of(*pair, dt) == 0


@pytest.mark.parametrize("pair", [(exp(dt), x), (x, exp(dt))], ids=["left", "right"])
def test_flint_reports_no_order_within_a_function(pair):
    with pytest.raises(UndecidedError, match="dt occurs inside a function"):
        flint_engine.order_of(*pair, dt)


SIGNS = Abs(A) * Abs(B) * Abs(C) * Abs(D)


@pytest.mark.parametrize("pair", [(SIGNS, x), (x, SIGNS)], ids=["left", "right"])
def test_an_order_is_bounded_by_both_sides(pair):
    with pytest.raises(UndecidedError, match="4 signs"):
        identity_test.order_of(*pair, dt)


def test_the_error_bound_of_an_order_counts_the_terms():
    with pytest.raises(UndecidedError, match="too high to be trusted"):
        identity_test.order_of(x ** (2**37), u, dt)


def test_an_order_that_differs_from_point_to_point_is_none(monkeypatch):
    gaps = [Laurent.of(1, [1, 0], P), Laurent.of(2, [1, 0], P)]
    monkeypatch.setattr(identity_test, "evaluate_at_points", lambda *asked: gaps)
    with pytest.raises(
        UndecidedError, match=r"^the order differs from point to point: it depends on the branch"
    ):
        identity_test.order_of(x, u, dt)


# ------------------------------------------------------------------ in words


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("0", lambda a, b, n: n(0) * a),
        ("a", lambda a, b, n: a),
        ("-a", lambda a, b, n: -a),
        ("3/2", lambda a, b, n: n(3, 2)),
        ("2*a*b", lambda a, b, n: n(2) * a * b),
        ("a**2*b", lambda a, b, n: a * a * b),
        ("a + b", lambda a, b, n: a + b),
        ("a - b", lambda a, b, n: a - b),
        ("-(2*b - 1)", lambda a, b, n: n(1) - n(2) * b),
        ("(a + b)**2", lambda a, b, n: (a + b).power(2)),
        ("2*(a + b)", lambda a, b, n: n(2) * (a + b)),
        ("(a)/(b)", lambda a, b, n: a * b.power(-1)),
        ("(-a)/(b)", lambda a, b, n: a * (-b).power(-1)),
        ("(a)/(a + b)", lambda a, b, n: a * (a + b).power(-1)),
        ("a", lambda a, b, n: a * (a + b) * (a + b).power(-1)),
    ],
)
def test_a_quotient_in_words(ring, text, of):
    assert ring.format(of(ring.generator("a"), ring.generator("b"), ring.number)) == text


def test_a_long_sum_is_reported_by_its_length(ring, monkeypatch):
    monkeypatch.setattr(quotients, "MAX_GCD", 2)
    total = ring.generator("a") + ring.generator("b") + ring.number(1)
    assert ring.format(total) == "a sum of 3 terms"
    assert ring.format(total * total.power(-1)) == "(a sum of 3 terms)/(a sum of 3 terms)"


def test_products_and_powers_are_bounded(ring, monkeypatch):
    a, one = ring.generator("a").top, ring.number(1).top
    monkeypatch.setattr(quotients, "MAX_PRODUCT", 4)
    assert quotients.product(a + one, a + one) == a * a + 2 * a + one
    with pytest.raises(UndecidedError, match=r"^the polynomials grow too large$"):
        quotients.product(a * a + a + one, a + one)
    assert quotients.power(a, quotients.MAX_POWER) == a**256


def test_a_common_divisor_is_searched_among_short_polynomials(ring, monkeypatch):
    a, b = ring.generator("a").top, ring.generator("b").top
    left, right = a * (a + b), b * (a + b)
    assert quotients.gcd(left, right) == a + b
    monkeypatch.setattr(quotients, "MAX_GCD", 2)
    assert quotients.gcd(left, right) == a + b
    monkeypatch.setattr(quotients, "MAX_GCD", 1)
    assert quotients.gcd(left, right) == a**0


# Sums of fractions whose common denominator has 2**16 terms.
MANY = symbols("a0:16", positive=True)
FRACTIONS = sum(1 / (1 + a) for a in MANY)


@pytest.mark.parametrize(
    "same",
    [
        16 - sum(a / (1 + a) for a in MANY),
        sum((2 + a + b) / ((1 + a) * (1 + b)) for a, b in zip(MANY[::2], MANY[1::2], strict=True)),
        sum((1 - sqrt(a)) / ((1 - sqrt(a)) * (1 + a)) for a in MANY),
        sum((1 + a) / (1 + 2 * a + a**2) for a in MANY),
    ],
)
def test_a_sum_of_fractions_is_proved_without_the_common_denominator(same):
    found = flint_engine.identity(x + u**2 * FRACTIONS, x + u**2 * same)
    assert (found.answer, found.bound) == (Answer.PROVED, "exact")
    point = {a: Rational(k + 2, 7) for k, a in enumerate(MANY)}
    assert abs((FRACTIONS - same).subs(point).evalf(40)) < 1e-30


@pytest.mark.parametrize(
    "other",
    [
        FRACTIONS + Rational(1, 10**9),
        FRACTIONS + MANY[3] - MANY[4],
        FRACTIONS - 1 / (1 + MANY[0]) + 1 / (1 + MANY[0] + Rational(1, 10**9)),
        FRACTIONS - 2 / (1 + MANY[0]),
        16 - sum(a / (1 + a) for a in MANY[1:]) + MANY[0] / (1 + MANY[0]),
        sum((2 + a + b) / ((1 + a) * (1 + b)) for a, b in zip(MANY[::2], MANY[1::2], strict=True)) * 2,
    ],
)
def test_a_sum_of_fractions_that_differs_is_not_proved(other):
    assert flint_engine.identity(x + u**2 * FRACTIONS, x + u**2 * other).answer is not Answer.PROVED


def test_terms_over_a_denominator_that_vanishes_prove_nothing():
    hidden = sqrt(MANY[0] + 2 + 1 / MANY[0]) - sqrt((MANY[0] + 1) ** 2 / MANY[0])  # zero
    assert abs(hidden.subs(MANY[0], 3).evalf(30)) < 1e-25
    found = flint_engine.identity(
        FRACTIONS + 2 * x / hidden, 16 - sum(a / (1 + a) for a in MANY) + 2 * x / hidden
    )
    assert found.answer is Answer.UNKNOWN
