"""What each engine answers, whole: its name, its family, the answer, its bound or reason, and its witness."""

from fractions import Fraction

import flint
import pytest
from sympy import Abs, Add, Integer, Rational, Symbol, exp, log, sin, sqrt

from physsym.core.counts import counted
from physsym.core.symbols import grad
from physsym.verify.engines import flint as flint_engine
from physsym.verify.engines import identity_test, interval, sampling
from physsym.verify.engines.base import Answer, Finding
from physsym.verify.engines.evaluation import format_witness, sample_points, sampled_values
from physsym.verify.engines.interval import _is_close
from physsym.vocabulary import gamma, m, rho, u, x

h = Symbol("h", positive=True)
PROVED, REFUTED, UNKNOWN = Answer.PROVED, Answer.REFUTED, Answer.UNKNOWN


def field_says(answer, **words):
    return Finding("finite field", "plain integers", answer, **words)


def flint_says(answer, **words):
    return Finding("flint", "FLINT", answer, **words)


def points_say(answer, **words):
    return Finding("exact points", "Python fractions", answer, **words)


def balls_say(answer, **words):
    return Finding("balls", "FLINT", answer, **words)


# ------------------------------------------------------------------ points and balls


def test_points_find_no_difference():
    assert sampling.identity(x + x, 2 * x) == points_say(UNKNOWN, reason="no difference was found")


def test_points_show_a_difference():
    found = sampling.identity(m + 0 * x, 2 * m)
    (at, a, b) = next(sampled_values(m, 2 * m, 1))
    assert found == points_say(REFUTED, witness=f"at m = {at[m]}: {a} against {b}")
    assert b == 2 * a == 2 * at[m]


def test_balls_agree_at_eight_points():
    assert interval.identity(exp(x + u), exp(x) * exp(u)) == balls_say(
        UNKNOWN, bound="agree at 8 points to 200 bits"
    )


@pytest.mark.parametrize("attempts", [1, 3, 7])
def test_balls_that_look_at_few_points_say_so(attempts):
    found = interval.identity(exp(x + u), exp(x) * exp(u), attempts)
    assert found == balls_say(UNKNOWN, reason=f"agree at {counted(attempts, 'point')} only")


def test_balls_show_a_small_difference_of_either_sign():
    for sign in (1, -1):
        found = interval.identity(exp(x), exp(x) + sign * Rational(1, 10**30))
        assert (found.engine, found.family, found.answer) == ("balls", "FLINT", REFUTED)
        assert found.witness.startswith("at x = ")


@pytest.mark.parametrize(
    ("gap", "size", "close"),
    [
        (2.0**-201, 1, True),
        (2.0**-199, 1, False),
        (3 * 2.0**-201, 1, False),
        (2.0**-199, 4, True),
        (2.0**-201, 0, True),
        (0, 0, True),
    ],
)
def test_what_is_close_is_so_against_the_size(gap, size, close):
    assert _is_close(flint.arb(gap), flint.arb(size)) is close


def test_a_point_is_reported_with_the_potential_where_one_is_unknown():
    (look,) = sampled_values(grad(m), grad(m) + m, 1)
    at, a, b = look
    said = format_witness(grad(m), grad(m) + m, at, a, b)
    assert said == f"at m = {at[m]} with U(y) = y + y**3/3: {1 + at[m] ** 2} against {1 + at[m] ** 2 + at[m]}"


def test_a_ball_is_reported_to_six_digits():
    assert format_witness(sqrt(Integer(2)), Integer(1), {}, flint.arb(2).sqrt(), Fraction(1)).startswith(
        "as numbers: 1.41421"
    )


def test_points_have_the_signs_that_are_declared_and_are_the_same_each_time():
    negative = Symbol("n", negative=True)
    seen = list(sample_points([x, gamma, negative], 40))
    assert seen == list(sample_points([negative, gamma, x], 40))
    assert all(at[gamma] > 0 > at[negative] for at in seen)
    assert {(at[x] > 0) - (at[x] < 0) for at in seen} == {-1, 0, 1}


def test_roots_of_every_second_point_are_fractions():
    seen = list(sample_points([gamma], 12))
    assert all(sqrt(Rational(at[gamma])).is_Rational for at in seen[1::2])


def test_equal_sides_are_computed_once():
    ((_, a, b),) = sampled_values(sin(x), sin(x), 1)
    assert a is b


# ------------------------------------------------------------------ provers


def test_the_field_proves_with_a_bound():
    assert identity_test.identity(x * (u + 1), x * u + x) == field_says(
        PROVED, bound="error below 2^-117 (degree at most 4, 2 points)"
    )


def test_the_field_refutes_without_a_witness():
    assert identity_test.identity(x, u) == field_says(REFUTED)


def test_the_field_says_what_it_knows_too_little_of():
    reason = "what the finite field knows of log does not show it"
    assert identity_test.identity(log(gamma) + sin(x), sin(x) + 2 * log(gamma)) == field_says(
        UNKNOWN, reason=reason
    )


def test_the_field_says_what_it_cannot_evaluate():
    assert identity_test.identity(exp(exp(x)), x) == field_says(
        UNKNOWN, reason="what the finite field knows of exp(x) in an exponent does not show it"
    )


def test_the_field_leaves_a_branch_open():
    found = identity_test.identity(sqrt(x**2 + 2 * x * u + u**2), x + u)
    assert found == field_says(
        UNKNOWN, reason="equal at some points and not at others: the answer depends on a branch"
    )


def test_flint_proves_exactly():
    assert flint_engine.identity(x * (u + 1), x * u + x) == flint_says(PROVED, bound="exact")


def test_flint_reports_the_difference():
    found = flint_engine.identity(x * (u + 1), x * u)
    assert (found.engine, found.family, found.answer, found.difference) == ("flint", "FLINT", REFUTED, "x")


def test_flint_says_no_more_than_it_knows_where_roots_stand():
    found = flint_engine.identity(sqrt(gamma) + sqrt(m), sqrt(gamma + m))
    assert (found.engine, found.family, found.answer) == ("flint", "FLINT", UNKNOWN)
    assert found.reason == "not proved equal"


@pytest.mark.parametrize("pair", [(sqrt(gamma), m), (m, sqrt(gamma))], ids=["left", "right"])
def test_flint_refutes_only_where_both_sides_are_rational(pair):
    assert flint_engine.identity(*pair).answer is UNKNOWN


def test_flint_knows_the_size_of_what_it_takes():
    many = Add(*(Symbol(f"s{k}", real=True) for k in range(2100)))
    assert flint_engine.identity(many, x) == flint_says(UNKNOWN, reason="the expressions are too large")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Abs(x) ** 2, x**2),
        (exp(x) ** 2, exp(2 * x)),
        (exp(rho / 2) * exp(rho / 3), exp(5 * rho / 6)),
        (sqrt(gamma * m), sqrt(gamma) * sqrt(m)),
        (grad(x * (u + 1)), grad(x * u + x)),
        ((1 - sin(x) ** 2), 1 - sin(x + u - u) ** 2),
    ],
    ids=str,
)
def test_both_provers_prove(left, right):
    assert identity_test.identity(left, right).answer is PROVED
    assert flint_engine.identity(left, right).answer is PROVED


@pytest.mark.parametrize(
    ("left", "right"),
    [(Abs(x), x), (exp(x), exp(2 * x)), (sqrt(gamma), gamma), (grad(x), grad(u)), (1 / x, x), (x**3, x**2)],
    ids=str,
)
def test_neither_prover_proves_what_is_false(left, right):
    assert identity_test.identity(left, right).answer is not PROVED
    assert flint_engine.identity(left, right).answer is not PROVED


# ------------------------------------------------------------------ orders


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (exp(h), 1 + h, 2),
        (1 / (1 - h), 1 + h + h**2, 3),
        (x / h, Integer(0), -1),
        (grad(x + h * u), grad(x), 1),
        (x, x, float("inf")),
        (sqrt(1 + h), 1 + h / 2 - h**2 / 8, 3),
    ],
    ids=str,
)
def test_the_field_measures_orders(left, right, order):
    assert identity_test.order_of(left, right, h) == order


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (1 / (1 - h), 1 + h + h**2, 3), (x / h, Integer(0), -1), (x * h**2 + h**3, h**3, 2),
        (x, x, float("inf")),
        (h, 2 * h, 1),
    ],
    ids=str,
)  # fmt: skip
def test_flint_computes_orders_of_quotients(left, right, order):
    assert flint_engine.order_of(left, right, h) == order
