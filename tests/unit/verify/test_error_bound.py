"""How far the finite field is trusted: degrees counted by hand, sectors, and the points it draws."""

import flint
import pytest
from sympy import Abs, Add, Integer, Symbol, exp, log, oo, sign, sqrt, symbols

from physsym.core.symbols import grad, partial, potential
from physsym.verify.engines import flint as flint_engine
from physsym.verify.engines import identity_test
from physsym.verify.engines.error_bound import ErrorBound, error_bound
from physsym.verify.engines.evaluation import _whole_power, sample_points
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.prime_field import BranchError, P, Point, Q, legendre_symbol
from physsym.vocabulary import gamma, m, u, v, x

h = Symbol("h", positive=True)
a, b, c, d = symbols("a b c d", positive=True)


@pytest.mark.parametrize(
    ("trusted", "says"),
    [
        (ErrorBound(4), "error below 2^-117 (degree at most 4, 2 points)"),
        (ErrorBound(4, (x,)), "error below 2^-100 (degree at most 4, 2 points in each of 2 sectors)"),
        (ErrorBound(4, (x, u)), "error below 2^-100 (degree at most 4, 2 points in each of 4 sectors)"),
        (ErrorBound(4, (x, u, v)), "error below 2^-100 (degree at most 4, 2 points in each of 8 sectors)"),
    ],
)
def test_error_bound_says_what_it_rests_on(trusted, says):
    assert str(trusted) == says


# Positive symbols are squares and count twice; a quotient adds both degrees; roots multiply by their index.
@pytest.mark.parametrize(
    ("sides", "terms", "degree"),
    [
        ((x * (u + 1), x), 1, 3),
        ((x * (u + 1), x), 8, 48),
        ((x / (u + 1), x), 1, 3),
        ((gamma, m), 1, 4),
        ((grad(x), x), 1, 2),
        ((grad(x) + grad(u), grad(m)), 1, 2 + 12),
        ((sqrt(gamma), sqrt(m)), 1, 16),
        ((exp(x / 2), x), 1, 10),
        ((x - x, u), 1, 1),
    ],
    ids=str,
)
def test_degrees_are_walked_from_the_formula(sides, terms, degree):
    assert error_bound(*sides, terms=terms).degree == degree


def test_degrees_below_the_limit_are_accepted():
    assert error_bound(x ** (2**39), u).degree == 2**39 + 1


@pytest.mark.parametrize(
    ("expression", "signed"),
    [
        (x + u, ()),
        (Abs(x), (x,)),
        (sign(x), (x,)),
        (sqrt(x), (x,)),
        (sqrt(x**3), (x,)),
        (Abs(x * u), (u, x)),
        (sqrt(2 * x * exp(u)), (x,)),
        (sqrt(x * gamma), (x,)),
        (sqrt(x * gamma**u), (x,)),
        (sqrt(u * Abs(x)), (u, x)),
        (sqrt(u * sign(x)), (u, x)),
        (sqrt(gamma * m**2), ()),
        (Abs(x) * Abs(u) * Abs(v), (u, v, x)),
    ],
    ids=str,
)
def test_signs_that_are_a_matter_of_chance_tell_sectors_apart(expression, signed):
    assert error_bound(expression, v - v).signed == signed


@pytest.mark.parametrize(
    ("expression", "rooted"),
    [(sqrt(x**2 + 1), True), (sqrt(u * (x + 1)), True), (sqrt(x), False), ((x + 1) ** 2, False), (x, False)],
    ids=str,
)
def test_a_root_of_a_sum_may_hide_a_square(expression, rooted):
    assert error_bound(expression, v).rooted is rooted


def test_sums_are_made_positive_where_signs_matter():
    assert error_bound(Abs(x) * (gamma + m), u).positive == (gamma + m,)
    assert error_bound(Abs(x) * (gamma + u) * (gamma - m), u).positive == ()
    assert error_bound(x * (gamma + m), u).positive == ()


def test_of_many_positive_sums_the_shortest_are_taken():
    sums = (a + b + c, a + d, b + d, a + b + c + d, a + c)
    assert error_bound(Abs(x) * Add(*(s**k for k, s in enumerate(sums, 2))), u).positive == (
        a + c,
        a + d,
        b + d,
    )


@pytest.mark.parametrize("root", [sqrt(log(2)), Abs(x + sqrt(2)), sqrt(x + sqrt(2))], ids=str)
def test_signs_of_irrational_numbers_are_not_random(root):
    with pytest.raises(UndecidedError, match="depends on an irrational number"):
        error_bound(root, x)


# ------------------------------------------------------------------ the points


def test_the_same_seed_gives_the_same_point():
    first, again, other = (Point(seed=s).value(x + exp(u)) for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("to", "start", "terms"),
    [
        (0, 1, (1, 0, 0, 0)),
        (5, 0, (5, 1, 0, 0)),
        (oo, -1, (1, 0, 0, 0)),
        (-oo, -1, (P - 1, 0, 0, 0)),
    ],
)
def test_the_small_symbol_nears_its_limit(to, start, terms):
    found = Point(seed=1, small=h, to=x - x + to, terms=4).value(h)
    assert (found.start, found.terms) == (start, terms)


def test_a_limit_in_an_exponent_is_read_modulo_the_order_of_the_group():
    assert Point(seed=1, small=h, to=x - x + 5, terms=4).value(h, Q).modulus == Q


def test_points_are_squares_at_every_second_attempt_only():
    seen = [at[gamma] for at in sample_points([gamma], 24)]
    assert all(map(_is_square, seen[1::2]))
    assert not all(map(_is_square, seen[0::2]))


def _is_square(number):
    return all(int(part**0.5 + 0.5) ** 2 == part for part in (number.numerator, number.denominator))


def test_the_power_zero_of_a_ball_around_zero_is_one():
    assert _whole_power(flint.arb(0, 1), 0) == 1


# ------------------------------------------------------------------ looking at points


def test_points_are_sampled_in_the_order_of_their_seeds():
    assert identity_test.evaluate_at_points(lambda p: (p.seed, p.small, p.to, p.terms), ErrorBound(4)) == [
        (0, None, 0, 1),
        (1, None, 0, 1),
    ]
    assert identity_test.evaluate_at_points(
        lambda p: (p.seed, p.small, p.to, p.terms), ErrorBound(4), h, oo, 3
    ) == [
        (0, h, oo, 3),
        (1, h, oo, 3),
    ]


def test_each_sector_is_sampled_as_often_as_is_needed():
    signed = (x, u, v)
    seen = identity_test.evaluate_at_points(
        lambda p: tuple(legendre_symbol(p.value(s)) for s in signed), ErrorBound(1, signed)
    )
    assert len(set(seen)) == 8
    assert {seen.count(sector) for sector in seen} == {ErrorBound(1, signed).points}


def test_only_points_serve_at_which_positive_sums_are_positive():
    seen = identity_test.evaluate_at_points(
        lambda p: legendre_symbol(p.value(gamma + m)), ErrorBound(1, (x,), positive=(gamma + m,))
    )
    assert set(seen) == {1}


def test_too_few_samples_are_no_answer():
    left = iter([1])

    def look(_):
        if next(left, None) is None:
            raise BranchError

    with pytest.raises(UndecidedError, match="too few random points"):
        identity_test.evaluate_at_points(look, ErrorBound(1))


def test_a_sign_is_one_or_minus_one_or_none():
    here = Point(seed=1)
    signs = [identity_test.sign_at(here, s) for s in (gamma, -gamma, x - x, gamma * x)]
    assert signs == [1, -1, 0, identity_test.sign_at(here, x)]


def test_differences_are_reported_in_the_names_of_their_functions():
    assert flint_engine.identity(exp(x), exp(u)).difference == "-(exp(u) - exp(x))"


def test_an_opaque_function_moves_along_those_arguments_that_move():
    places = symbols("y1:11", real=True)
    here = Point(seed=1, small=h, terms=3)
    along = here.value(partial(3, *places)).terms[0]
    found = here.value(potential(*places[:2], places[2] + 5 * h, *places[3:]))
    assert found.terms[:2] == (here.value(potential(*places)).terms[0], 5 * along % P)


@pytest.mark.parametrize(
    ("degree", "signed", "positive", "bits"), [(8, (), (), 57), (8, (u,), (), 56), (8, (u, v), (x,), 54)]
)
def test_each_sign_that_is_told_apart_costs_a_bit(degree, signed, positive, bits):
    # A polynomial of degree d has d zeros at most among 2**60 points, of which 2**-k have k given signs.
    bound = ErrorBound(degree, signed, positive=positive, bits=60.0)
    assert bound.bits_per_point == bits
    assert 2.0**-bits == degree / 2.0 ** (60 - len(signed) - len(positive))


def test_all_sectors_together_err_with_a_probability_below_the_bound():
    bound = ErrorBound(2, signed=symbols("s0:8", real=True), bits=20.0)
    # In each of 2**8 sectors a point is a zero of a quadratic polynomial with probability 2/2**(20 - 8).
    assert 2**8 * (2 / 2.0**12) ** bound.points <= 2.0**-100


def test_what_is_smaller_than_every_power_has_no_terms():
    h = Symbol("h", positive=True)
    near = Point(5, h, Integer(0), 4)
    assert not any(near.value(exp(-m / h)).terms)
    total, alone = (near.value(e) for e in (exp(-m / h) + 2 + h, 2 + h))
    assert (total.start, total.terms) == (alone.start, alone.terms)


def test_a_power_with_a_small_exponent_begins_with_the_logarithm():
    h = Symbol("h", positive=True)
    near = Point(5, h, Integer(0), 3)
    base, logarithm = (near.value(e).terms[0] for e in (1 + m, log(1 + m)))
    # b**(2 + h) = b**2*(1 + h*log(b) + h**2*log(b)**2/2 + ...)
    first, second, third = near.value((1 + m) ** (2 + h)).terms
    assert (first, second) == (base**2 % P, base**2 * logarithm % P)
    assert 2 * third % P == base**2 * logarithm**2 % P
