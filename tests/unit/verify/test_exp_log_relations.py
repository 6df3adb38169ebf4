"""ExponentialBasis of a ring: exponentials, powers and logarithms told by a few that are independent."""

import pytest

from physsym.verify.engines.exp_log_relations import ExponentialBasis
from physsym.verify.engines.laurent import UndecidedError
from physsym.verify.engines.quotients import Quotient, Ring


@pytest.fixture
def ring() -> Ring:
    return Ring(size=20)


@pytest.fixture
def basis(ring) -> ExponentialBasis:
    return ExponentialBasis(ring)


def equal(ring: Ring, a: Quotient, b: Quotient) -> bool:
    return ring.is_zero(a - b)


def test_the_exponential_of_an_argument_is_a_new_positive_generator(ring, basis):
    a = ring.generator("a")
    (found,) = basis.exponentials([("exp(a)", a)])
    assert ring.names == ["a", "exp(a)"]
    assert ring.positive == {1}
    assert ring.format(found) == "exp(a)"


def test_nothing_wanted_is_nothing_found(ring, basis):
    basis.exponentials([("exp(a)", ring.generator("a"))])
    assert basis.exponentials([]) == []


def test_multiples_are_powers_and_sums_are_products(ring, basis):
    a, b = ring.generator("a"), ring.generator("b")
    first, second, third, last = basis.exponentials(
        [("1", a), ("2", b), ("3", a * ring.number(2) - b), ("4", ring.number(-3) * a)]
    )
    assert ring.names == ["a", "b", "1", "2"]
    assert equal(ring, third, first.power(2) * second.power(-1))
    assert equal(ring, last, first.power(-3))
    assert not equal(ring, first, second)


def test_fractions_of_an_argument_are_powers_of_their_common_root(ring, basis):
    a = ring.generator("a")
    half, third = basis.exponentials(
        [("exp(a/2)", a * ring.number(1, 2)), ("exp(a/3)", a * ring.number(1, 3))]
    )
    assert ring.names == ["a", "exp(a/2)**(1/3)"]
    root = ring.generator("exp(a/2)**(1/3)").top.context().gen(1)
    assert (half.top, third.top) == (root**3, root**2)
    assert equal(ring, half.power(2), third.power(3))


def test_arguments_with_different_denominators_are_reported_by_each_other(ring, basis):
    a, one = ring.generator("a"), ring.number(1)
    over = (one + a).power(-1)
    first, second, third = basis.exponentials([("f", a * over), ("g", over * ring.number(2)), ("e", one)])
    assert ring.names == ["a", "f", "g**(1/2)"]
    assert equal(ring, third.power(2), first.power(2) * second)


def test_what_was_found_before_is_found_again(ring, basis):
    a, b = ring.generator("a"), ring.generator("b")
    (before,) = basis.exponentials([("exp(a)", a)])
    other, again = basis.exponentials([("exp(b)", b), ("exp(2*a + b)", a * ring.number(2) + b)])
    assert equal(ring, again, before.power(2) * other)
    assert ring.names == ["a", "b", "exp(a)", "exp(b)"]


def test_a_root_of_what_was_found_before_is_refused(ring, basis):
    a = ring.generator("a")
    basis.exponentials([("exp(a)", a)])
    with pytest.raises(UndecidedError, match=r"^roots of exp\(a\) of different depth$"):
        basis.exponentials([("exp(a/2)", a * ring.number(1, 2))])


# ------------------------------------------------------------------ logarithms and powers


def test_the_logarithm_of_a_product_is_the_sum_over_its_positive_factors(ring, basis):
    p, q = (ring.generator(name, positive=True) for name in "pq")
    log_p, log_q = basis.logarithm(p, "p"), basis.logarithm(q, "q")
    assert equal(
        ring, basis.logarithm(p.power(3) * q.power(-2), "r"), ring.number(3) * log_p - ring.number(2) * log_q
    )
    assert equal(ring, basis.logarithm(p.power(-1), "1/p"), -log_p)
    assert ring.names == ["p", "q", "log(p)", "log(q)"]


def test_the_logarithms_of_numbers_are_those_of_their_primes(ring, basis):
    two, three = (basis.logarithm(ring.number(n), str(n)) for n in (2, 3))
    assert equal(
        ring, basis.logarithm(ring.number(8, 9), "8/9"), ring.number(3) * two - ring.number(2) * three
    )
    assert ring.names == ["log(2)", "log(3)"]


def test_the_logarithm_of_one_is_zero(ring, basis):
    assert basis.logarithm(ring.number(1), "1").top.is_zero()
    assert ring.names == []


def test_the_logarithm_of_what_may_be_negative_stands_for_itself(ring, basis):
    x, p = ring.generator("x"), ring.generator("p", positive=True)
    log_x = basis.logarithm(x, "x")
    assert ring.format(log_x) == "log(x)"
    assert ring.names == ["x", "p", "log(x)"]
    assert equal(ring, basis.logarithm(x, "y"), log_x)
    assert equal(ring, basis.logarithm(x * p, "x*p"), log_x + basis.logarithm(p, "p"))
    assert not equal(ring, basis.logarithm(-x, "-x"), log_x)


def test_the_logarithm_of_an_exponential_is_its_argument(ring, basis):
    a = ring.generator("a")
    (found,) = basis.exponentials([("exp(a)", a)])
    assert equal(ring, basis.logarithm(found.power(2), "exp(a)**2"), a * ring.number(2))
    assert ring.names == ["a", "exp(a)"]


def test_a_power_of_a_base_is_made_of_the_base(ring, basis):
    p, x = ring.generator("p", positive=True), ring.generator("x")
    log_p = basis.logarithm(p, "p")
    square, whole = basis.exponentials([("p**2", log_p * ring.number(2)), ("p**x", log_p * x)])
    assert equal(ring, square, p.power(2))
    assert ring.names == ["p", "x", "log(p)", "p**x"]
    assert equal(ring, whole, ring.generator("again")) is False


def test_a_root_of_a_base_gives_it_when_raised(ring, basis):
    p = ring.generator("p", positive=True)
    log_p = basis.logarithm(p, "p")
    half, third = basis.exponentials(
        [("sqrt(p)", log_p * ring.number(1, 2)), ("cbrt(p)", log_p * ring.number(1, 3))]
    )
    assert ring.names == ["p", "log(p)", "(p)**(1/6)"]
    assert equal(ring, half.power(2), p)
    assert equal(ring, third.power(3), p)
    assert not equal(ring, half, third)
    assert ring.positive == {0, 2}


def test_a_finer_root_than_before_is_refused(ring, basis):
    p = ring.generator("p", positive=True)
    log_p = basis.logarithm(p, "p")
    basis.exponentials([("sqrt(p)", log_p * ring.number(1, 2))])
    with pytest.raises(UndecidedError, match=r"^roots of \(p\)\*\*\(1/2\) of different depth$"):
        basis.exponentials([("cbrt(p)", log_p * ring.number(1, 3))])


def test_the_base_of_a_root_has_its_logarithm_anew(ring, basis):
    p = ring.generator("p", positive=True)
    log_p = basis.logarithm(p, "p")
    (root,) = basis.exponentials([("sqrt(p)", log_p * ring.number(1, 2))])
    # The logarithm of the root itself is known, that of its base is asked anew.
    assert equal(ring, basis.logarithm(root, "sqrt(p)"), log_p * ring.number(1, 2))
