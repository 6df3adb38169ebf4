"""What an engine cannot tell, it says; and the series that the finite field computes with, by hand."""

from fractions import Fraction

import pytest
from sympy import Abs, Integer, Rational, Symbol, atan, cos, erf, exp, log, sign, sin, sqrt, tan

from physsym.core.symbols import grad, hess, higher, partial, potential
from physsym.verify.engines import error_bound, flint, identity_test, quotients
from physsym.verify.engines.error_bound import ErrorBound
from physsym.verify.engines.evaluation import value
from physsym.verify.engines.laurent import DivergenceError, Laurent, UndecidedError
from physsym.verify.engines.prime_field import GENERATOR, BranchError, P, Point, Q, legendre_symbol
from physsym.verify.engines.quotients import Ring
from physsym.vocabulary import gamma, u, x

h = Symbol("h", positive=True)
at = {x: Fraction(-1), u: Fraction(0)}


def point(terms=4, seed=1):
    return Point(seed=seed, small=h, terms=terms)


def negative(expression):
    """Return a point at which an expression is no square."""
    return next(p for s in range(99) if legendre_symbol((p := Point(seed=s)).value(expression)) == -1)


def ring_of(size):
    ring = Ring(size=1)
    for k in range(size):
        ring.generator(f"a{k}")


SAYS = {
    "no value": (
        lambda: point().value(erf(x)),
        UndecidedError,
        "no series of erf(x) is known; write it with powers, exp, log, sin, cos, tan, atan, Abs or sign",
    ),
    "a pole in an exponent": (
        lambda: point().value(exp(h * log(x / h) * sqrt(gamma) / h)),
        UndecidedError,
        "the series is not known that far",
    ),
    "root of zero": (
        lambda: point().value(sqrt(x * (u + 1) - x * u - x)),
        UndecidedError,
        "a real power of a quantity that vanishes at the random point",
    ),
    "root of what vanishes": (
        lambda: point().value(sqrt(h)),
        UndecidedError,
        "a real power of a quantity that vanishes or diverges with the small symbol",
    ),
    "root of what is negative": (
        lambda: negative(x).value(sqrt(x)),
        BranchError,
        "a real power of a quantity that is not positive at the random point",
    ),
    "log of a singularity": (
        lambda: Point(seed=1, small=x, terms=4).value(log(x)),
        UndecidedError,
        "log(x) has a singularity",
    ),
    "log of zero": (
        lambda: point().value(log(x * (u + 1) - x * u - x)),
        UndecidedError,
        "the logarithm of a quantity that vanishes at the random point",
    ),
    "an oscillation": (
        lambda: point().value(sin(x / h)),
        UndecidedError,
        "sin(x/h) oscillates without a limit",
    ),
    "a place that moves like a logarithm": (
        lambda: point().value(grad(log(h))),
        UndecidedError,
        "log(h) changes like a logarithm",
    ),
    "sign of zero": (
        lambda: legendre_symbol(Laurent.of(0, [0], P)),
        UndecidedError,
        "the sign of a quantity that vanishes at the random point",
    ),
    "sign of an exponent": (
        lambda: legendre_symbol(Laurent.of(0, [1], Q)),
        UndecidedError,
        "the sign of a quantity that vanishes at the random point",
    ),
    "not known that far": (
        lambda: Laurent.of(0, [1, 2], P).coefficient(2),
        UndecidedError,
        "the series is not known that far",
    ),
    "one over zero": (
        lambda: Laurent.of(0, [0], P).inverse(),
        UndecidedError,
        "division by a quantity that vanishes at the random point",
    ),
    "pole": (
        lambda: Laurent.of(-1, [1, 2], P).split(),
        DivergenceError,
        "a pole where a finite value is needed",
    ),
    "irrational sign": (
        lambda: error_bound.error_bound(Abs(x - sqrt(2)), x),
        UndecidedError,
        "the sign of x - sqrt(2) depends on an irrational number",
    ),
    "signs": (
        lambda: error_bound.error_bound(Abs(x) * Abs(u) * Abs(x + 1), Abs(u + 1)),
        UndecidedError,
        "4 signs to be told apart are too many",
    ),
    "degree": (
        lambda: error_bound.error_bound(x ** (2**40), u),
        UndecidedError,
        "a degree of up to 2^41 is too high to be trusted",
    ),
    "few points": (
        lambda: identity_test.evaluate_at_points(lambda p: 1, ErrorBound(1, positive=(-gamma,))),
        UndecidedError,
        "too few random points lie on the real branch of every root",
    ),
    "no sum, product, power or root": (
        lambda: flint._Evaluation.of(tan(x)).value(erf(x)),
        UndecidedError,
        "erf is no sum, product, power or root; give the line without it",
    ),
    "division by zero": (
        lambda: flint._Evaluation.of(x, u).value(1 / (x * (u + 1) - x * u - x)),
        ZeroDivisionError,
        "division by -u*x + x*(u + 1) - x, which is zero",
    ),
    "functions": (lambda: ring_of(2), UndecidedError, "too many independent functions"),
    "power": (lambda: Ring(size=1).generator("a").power(257), UndecidedError, "the power 257 is too high"),
    "zero bottom": (
        lambda: (lambda r: r.is_zero(quotients.Quotient(r.number(1).top, r.number(0).top)))(Ring(size=1)),
        UndecidedError,
        "division by a quantity that vanishes",
    ),
    "one over nothing": (lambda: Ring(size=1).number(0).power(-1), ZeroDivisionError, "division by zero"),
    "value": (lambda: value(erf(x), at), UndecidedError, "no value is known for erf"),
    "root of a negative number": (
        lambda: value(sqrt(x), at),
        UndecidedError,
        "sqrt(x) is not real and positive at the point",
    ),
    "log of a negative number": (
        lambda: value(log(x), at),
        UndecidedError,
        "log(x) is not real at the point",
    ),
    "sign of a ball": (
        lambda: value(
            sign(sqrt(2) * sqrt(3) - sqrt(6, evaluate=False) + (sin(1) ** 2 + cos(1) ** 2 - 1)), at
        ),
        UndecidedError,
        "the sign of a number too close to zero",
    ),
    "one over a ball": (
        lambda: value(1 / (sin(1) ** 2 + cos(1) ** 2 - 1), at),
        ZeroDivisionError,
        "division by what may be zero",
    ),
}


@pytest.mark.parametrize(("does", "error", "says"), SAYS.values(), ids=SAYS)
def test_what_cannot_be_decided_is_said(does, error, says):
    with pytest.raises(error) as found:
        does()
    assert str(found.value) == says


# ------------------------------------------------------------------ series


def series(start, *terms, modulus=P):
    return Laurent.of(start, list(terms), modulus)


def test_leading_zeros_are_taken_off_and_the_end_stays():
    found = series(-1, 0, P, 3, 4)
    assert (found.start, found.terms, found.end) == (1, (3, 4), 3)
    assert series(2, 0, 0) == Laurent(4, (), P)


def test_a_constant_is_known_to_so_many_terms():
    assert Laurent.constant(5, 3, P) == Laurent(0, (5, 0, 0), P)
    assert Laurent.constant(0, 3, P) == Laurent(3, (), P)


def test_coefficients_are_zero_before_the_start():
    found = series(1, 7, 8)
    assert [found.coefficient(k) for k in (-1, 0, 1, 2)] == [0, 0, 7, 8]


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        (series(0, 1, 2, 3), series(0, 4, 5, 6), series(0, 5, 7, 9)),
        (series(0, 1, 2, 3), series(1, 4, 5, 6), series(0, 1, 6, 8)),
        (series(-2, 1, 2), series(1, 4), series(-2, 1, 2)),
        (series(0, 1, 2, 3), series(0, 4), series(0, 5)),
        (series(0, 1, 2), series(0, -1, 3), series(1, 5)),
    ],
)
def test_sums_are_known_as_far_as_both(one, other, total):
    assert one + other == other + one == total


@pytest.mark.parametrize(
    ("one", "other", "product"),
    [
        (series(0, 1, 2, 3), series(0, 4, 5, 6), series(0, 4, 13, 28)),
        (series(-1, 1, 2), series(2, 3, 5), series(1, 3, 11)),
        (series(0, 1, 2, 3), series(1, 4), series(1, 4)),
    ],
)
def test_products_are_known_as_far_as_both(one, other, product):
    assert one * other == other * one == product


def test_a_series_times_a_number():
    assert series(-1, 1, 2).scaled(-3) == series(-1, -3, -6)


def test_an_inverse_gives_one():
    found = series(2, 3, 1, 4, 1, 5)
    assert found.inverse().start == -2
    assert found * found.inverse() == Laurent.constant(1, 5, P)


def test_whole_powers_are_products():
    found = series(1, 2, 3, 5)
    assert found.whole_power(3) == found * found * found
    assert found.whole_power(-2) == (found * found).inverse()
    assert found.whole_power(0) == Laurent.constant(1, 3, P)


def test_a_series_splits_into_its_constant_and_what_vanishes():
    assert series(0, 7, 8, 9).split() == (7, series(1, 8, 9))
    assert series(1, 8, 9).split() == (0, series(1, 8, 9))
    assert series(0, 7).split() == (7, Laurent(1, (), P))


def test_the_antiderivative_divides_by_one_more():
    half, third = pow(2, -1, P), pow(3, -1, P)
    assert series(0, 5, 7, 11).integral(4) == series(0, 4, 5, 7 * half, 11 * third)


def test_a_composition_is_horners_sum():
    inner = series(1, 2, 3)
    square = inner * inner
    by_hand = series(0, 5, 0, 0) + inner.scaled(7) + square.scaled(11)
    assert inner.composed([5, 7, 11]) == by_hand


# ------------------------------------------------------------------ the field


def test_a_square_root_squares_to_what_it_is_the_root_of():
    at_a_point = point()
    root = at_a_point.value(sqrt(1 + h * gamma))
    assert root * root == at_a_point.value(1 + h * gamma)


def test_the_cube_of_a_cube_root():
    at_a_point = point()
    root = at_a_point.value((gamma + h) ** Rational(1, 3))
    assert root * root * root == at_a_point.value(gamma + h)


def test_an_exponential_turns_sums_into_products():
    at_a_point = point()
    assert at_a_point.value(exp(x + h * u)) == at_a_point.value(exp(x)) * at_a_point.value(exp(h * u))
    assert at_a_point.value(exp(Integer(2))).terms[0] == GENERATOR**2


def test_the_series_of_an_exponential():
    half, sixth = pow(2, -1, P), pow(6, -1, P)
    assert point().value(exp(h)) == series(0, 1, 1, half, sixth, pow(24, -1, P))


def test_the_circle_goes_through_sine_and_cosine():
    at_a_point = Point(seed=3)
    assert at_a_point.value(sin(x) ** 2 + cos(x) ** 2).terms == (1,)
    assert at_a_point.value(sin(x)) != at_a_point.value(cos(x))


def test_the_series_of_sine_cosine_logarithm_and_arctangent():
    here, half, third = point(), pow(2, -1, P), pow(3, -1, P)
    assert here.value(sin(h)) == series(1, 1, 0, -pow(6, -1, P), 0)
    assert here.value(cos(h)) == series(0, 1, 0, -half, 0, pow(24, -1, P))
    assert here.value(log(1 + h)) == series(1, 1, -half, third)
    assert here.value(log(x + h) - log(x)).terms[0] == here.value(1 / x).terms[0]
    assert here.value(atan(h)) == series(1, 1, 0, -third, 0)
    assert here.value((1 + gamma * h) ** (u / h)).terms[0] == here.value(exp(gamma * u)).terms[0]


def test_roots_of_the_small_symbol_are_powers_of_its_root():
    here = Point(seed=1, small=h, terms=8, ramification=2)
    assert here.value(sqrt(h) * h).start == 3
    assert here.value(sqrt(h + h**2) / sqrt(h)).terms[:3] == (1, 0, pow(2, -1, P))


def test_an_unknown_function_is_its_taylor_series():
    here = point()
    slope, bend, third, fourth = (
        here.value(f).terms[0] for f in (grad(x), hess(x), higher(3, x), higher(4, x))
    )
    step, half, sixth = here.value(u).terms[0], pow(2, -1, P), pow(6, -1, P)
    by_hand = series(0, slope, bend * step, third * step**2 * half, fourth * step**3 * sixth)
    assert here.value(grad(x + h * u)) == by_hand


def test_an_unknown_function_of_two_places_moves_along_both():
    here = point(terms=2)
    along, across = (here.value(partial(k, x, u)).terms[0] for k in (1, 2))
    assert here.value(potential(x + h, u + 3 * h)) == series(
        0, here.value(potential(x, u)).terms[0], along + 3 * across
    )
