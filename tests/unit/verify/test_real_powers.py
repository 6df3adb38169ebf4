"""Real powers of bases that may be negative, beside exact values at points; domains of pieces."""

import random
from fractions import Fraction

import pytest
from sympy import Abs, Eq, Ne, Piecewise, Rational, Symbol, log, sin, sqrt

from physsym import Divide, Outcome, check, dot, identical, law, rule, same_rule
from physsym.vocabulary import x

a, b, c, y, z = (Symbol(name, real=True) for name in "abcyz")
p, q = (Symbol(name, positive=True) for name in "pq")
n = Symbol("n", integer=True)


def number(expression, at):
    """Return the real value of an expression in powers, or None where it has none; by Python alone."""
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    if expression.is_Symbol:
        return at[expression]
    values = [number(part, at) for part in expression.args]
    if None in values:
        return None
    if expression.is_Add:
        return sum(values)
    if expression.is_Mul:
        total = Fraction(1)
        for value in values:
            total *= value
        return total
    if isinstance(expression, Abs):
        return abs(values[0])
    assert expression.is_Pow
    base, exponent = values
    if Fraction(exponent).denominator == 1:
        return base ** int(exponent) if base or exponent >= 0 else None
    if base < 0 or (not base and exponent < 0):
        return None
    return float(base) ** float(exponent)


ONLY_POSITIVE = {
    "power of a power": ((a**b) ** c, a ** (b * c), "a > 0"),
    "root of a power": (sqrt(z**y), z ** (y / 2), "z > 0"),
    "cube root of a power": ((y**c) ** Rational(3, 2), y ** (3 * c / 2), "y > 0"),
    "a power that is positive": ((a**p) ** b, a ** (p * b), "a > 0"),
}


@pytest.mark.parametrize(("left", "right", "needed"), ONLY_POSITIVE.values(), ids=ONLY_POSITIVE)
def test_powers_are_merged_for_positive_bases_alone(left, right, needed):
    verdict = identical(left, right)
    assert verdict.outcome is Outcome.CONDITIONAL, verdict
    assert needed in map(str, verdict.assumes)
    assert "elsewhere they differ" in str(verdict)
    base = min(left.free_symbols & right.free_symbols & {a, z, y}, key=lambda s: s.name != needed[0])
    assert identical(left, right, given=base > 0)
    negative = identical(left, right, given=base < 0)
    assert negative.outcome is Outcome.FAILS
    assert " against " in negative.witness


def test_what_holds_for_any_numbers_in_the_place_of_powers_needs_no_sign():
    for left, right in (
        (a ** (b + 1) - a**b, a**b * (a - 1)),
        (a**b * (a**b - c) / a**b, a**b - c),
        ((b * y**c - 1) / (y**c - z), (1 - b * y**c) / (z - y**c)),
    ):
        verdict = identical(left, right)
        assert verdict, verdict
        assert not verdict.assumes
    assert identical(y ** (n + 2) - y**n, y**n * (y - 1) * (y + 1)).assumes == ()


def test_domains_of_powers_that_cancel_differ_at_zero_and_for_negative_bases():
    verdict = identical((a + 1) ** (2 * b - 1), (a + 1) ** (2 * b) / (a + 1))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert [str(c) for c in verdict.assumes] in (["a + 1 != 0"], ["a + 1 > 0"])
    verdict = identical(log((a + 1) ** c), c * log(a + 1))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert "a + 1 > 0" in map(str, verdict.assumes)


def test_where_one_side_is_nowhere_defined_nothing_is_shown():
    for left, right, given in (
        ((-a) ** (c + Rational(1, 2)), sqrt(-a) * (-a) ** c, a > 0),
        (log(y), log(-y), y < 0),
        (sqrt(-p) * sqrt(-q), sqrt(p * q), ()),
    ):
        assert not identical(left, right, given=given)


def test_conditions_never_contradict_what_is_given():
    verdict = identical(a**b * a**c, a ** (b + c), given=a < 0)
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "contradicts what is given" in str(verdict)


def test_a_step_lists_that_bases_are_positive():
    verdict = check(Divide((a**b) ** c), law({(a**b) ** c * dot(x): -x}), law({dot(x): -x / a ** (b * c)}))
    assert "a > 0" in map(str, verdict.assumes)
    verdict = check(Divide((x**b) ** c), law({(x**b) ** c * dot(x): -x}), law({dot(x): -x / x ** (b * c)}))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert same_rule(rule({x: (x**b) ** c}), rule({x: x ** (b * c)})).outcome is Outcome.CONDITIONAL


def test_random_powers_beside_values():
    """No verdict, with or without conditions, is against the value of both sides at a point."""
    chance = random.Random(7)
    exponents = [b, c, b * c, -b, 2 * b, b / 2, b + c, Rational(1, 2), Rational(2, 3), 2, -1, 3, n]
    bases = [a, -a, a**2, p, a * p, a * y]
    values = [Fraction(k, d) for k in (-4, -1, 1, 4) for d in (1, 4)]
    orders = [Fraction(k, d) for k in (-3, -2, -1, 1, 2, 3) for d in (1, 2)]
    judged = 0
    for _ in range(60):
        base, e, f = chance.choice(bases), chance.choice(exponents), chance.choice(exponents)
        left, right = chance.choice(
            [
                ((base**e) ** f, base ** (e * f)),
                (base**e * base**f, base ** (e + f)),
                (base**e * y**e, (base * y) ** e),
                (base**e / base**f, base ** (e - f)),
                ((base**e) ** f, (base**f) ** e),
                (Abs(base) ** e, base**e),
            ]
        )
        verdict = identical(left, right)
        if verdict.outcome not in (Outcome.HOLDS, Outcome.CONDITIONAL):
            continue
        for _ in range(60):
            at = {
                a: chance.choice(values), y: chance.choice(values), p: abs(chance.choice(values)),
                b: chance.choice(orders), c: chance.choice(orders), n: Fraction(chance.randint(-3, 3)),
            }  # fmt: skip
            met = [number(condition.expression, at) for condition in verdict.assumes]
            if None in met or not all(
                {"> 0": v > 0, ">= 0": v >= 0, "!= 0": v != 0, "= 0": v == 0}[condition.relation]
                for v, condition in zip(met, verdict.assumes, strict=True)
            ):
                continue
            one, other = number(left, at), number(right, at)
            judged += 1
            if one is not None and other is not None:
                assert abs(one - other) <= 1e-9 * max(1, abs(one)), (left, right, at, verdict)
            assert verdict.outcome is Outcome.HOLDS or (one is None) == (other is None), (left, right, at)
    assert judged > 200


# ------------------------------------------------------------------ pieces

PIECES = {
    "no value at zero": (Piecewise((x, x > 0), (-x, x < 0)), Abs(x), "x != 0"),
    "no value below": (Piecewise((z**2, z >= 1)), z**2, "z - 1 >= 0"),
    "the other one has none": (Piecewise((1, Eq(x, 0)), (sin(x) / x, True)), sin(x) / x, "x != 0"),
    "a logarithm of what is negative": (log(Abs(y)), log(y), "y > 0"),
}


@pytest.mark.parametrize(("left", "right", "needed"), PIECES.values(), ids=PIECES)
def test_where_one_side_has_no_value_it_is_left_out(left, right, needed):
    for pair in ((left, right), (right, left)):
        verdict = identical(*pair)
        assert verdict.outcome is Outcome.CONDITIONAL, verdict
        assert needed in map(str, verdict.assumes)


def test_a_gap_in_two_pieces_is_said_in_words():
    verdict = identical(Piecewise((x, x > 1), (y, y < 0)), Piecewise((x, x > 1), (y, True)))
    assert verdict.outcome is Outcome.CONDITIONAL
    assert any("y >= 0" in str(c) for c in verdict.assumes)


def test_pieces_without_a_gap_hold():
    left = Piecewise((1, Eq(x, 0)), (sin(x) / x, True))
    assert identical(left, Piecewise((sin(x) / x, Ne(x, 0)), (1, True)))


# ------------------------------------------------------------------ regions and plain symbols


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [(1 / Abs(a), 1 / a, "a > 0"), (Abs(y**b), y**b, "y > 0"), (Abs(z - 1), z - 1, "z - 1 >= 0")],
    ids=str,
)
def test_a_region_has_points_at_which_both_are_defined(left, right, where):
    verdict = identical(left, right)
    assert verdict.outcome is Outcome.FAILS
    assert f"they agree where {where}" in verdict.evidence


def test_a_symbol_that_is_not_declared_is_taken_as_real():
    plain = Symbol("s")
    verdict = identical(sqrt(plain**2), plain)
    assert verdict.outcome is Outcome.FAILS
    assert "they agree where s >= 0" in verdict.evidence
    assert "taken as real: s" in verdict.evidence[-1]
    assert "conflict" not in str(verdict)
    assert identical(sqrt(plain**2), plain, given=plain > 0)
    assert not identical(plain, Symbol("other", real=True))
