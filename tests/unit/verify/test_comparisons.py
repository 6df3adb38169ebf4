"""Comparisons as functions: cases, conditions, hypotheses and regions, beside exact values at points."""

import random
import re
from fractions import Fraction

import pytest
from sympy import (
    Abs,
    Eq,
    Integer,
    Max,
    Min,
    Piecewise,
    Rational,
    Symbol,
    exp,
    log,
    sign,
    sqrt,
)

from physsym import (
    Divide,
    Multiply,
    Outcome,
    after,
    check,
    dot,
    grad,
    identical,
    law,
    rule,
    same_law,
    same_rule,
)
from physsym.core.signs import ANY
from physsym.core.symbols import higher
from physsym.core.verdicts import Condition
from physsym.testing import assert_same_expression, assert_same_law, assert_same_rule
from physsym.verify.conditions import implied
from physsym.verify.sign_algebra import known_signs
from physsym.vocabulary import G, eta, rho, u, v, x
from tests.support.tiers import in_tiers

a, b, d, s, k, beta, b2 = (Symbol(name, real=True) for name in ("a", "b", "d", "s", "k", "beta", "b2"))
c, bound, L, mu, gap = (Symbol(name, positive=True) for name in ("c", "l", "L", "mu", "d"))
n = Symbol("n", integer=True, positive=True)
open_bound = Symbol("w", real=True)
third = higher(Integer(3), x)
nowhere = 1 / (Max(x, 0) + Max(-x, 0) - Abs(x))


def clip(z, at=c):
    return Max(-at, Min(at, z))


def soft(z, at):
    return sign(z) * Max(Abs(z) - at, 0)


def printed(verdict):
    return [str(condition) for condition in verdict.assumes]


# ------------------------------------------------------------------ what is equal everywhere

EQUAL = {
    "clipping twice": (clip(G), clip(clip(G))),
    "clipping, nested the other way": (clip(G), Min(c, Max(-c, G))),
    "a wider clip first": (clip(G), clip(clip(G, at=2 * c))),
    "a clip scaled": (eta * clip(G), clip(eta * G, at=eta * c)),
    "larger and smaller": (Max(a, b) + Min(a, b), a + b),
    "product of both": (Max(a, b) * Min(a, b), a * b),
    "maximum by distance": (Max(a, b), (a + b + Abs(a - b)) / 2),
    "minimum by distance": (Min(a, b), (a + b - Abs(a - b)) / 2),
    "distance by maximum": (Abs(a - b), Max(a, b) - Min(a, b)),
    "ramps": (Max(x, 0) - Max(-x, 0), x),
    "absolute value by ramps": (Max(x, 0) + Max(-x, 0), Abs(x)),
    "absolute value of a product": (Abs(x * u * v), Abs(x) * Abs(u) * Abs(v)),
    "sign of a product": (sign(-2 * x * u), -sign(x) * sign(u)),
    "sign times size": (sign(a - b) * Abs(b - a), a - b),
    "soft threshold": (soft(x, bound), Max(x - bound, 0) + Min(x + bound, 0)),
    "soft threshold by clipping": (soft(G, bound), G - clip(G, at=bound)),
    "three": (Max(a, b, d), Max(Max(a, d), b)),
    "median": (
        Max(Min(a, b), Min(b, d), Min(a, d)),
        Min(Max(a, b), Max(b, d), Max(a, d)),
    ),
    "pieces": (Piecewise((x, x > 0), (0, True)), Max(x, 0)),
    "pieces of three": (Piecewise((-1, x < 0), (0, Eq(x, 0)), (1, True)), sign(x)),
    "at an evaluation point": (grad(Max(x, 0)), grad((x + Abs(x)) / 2)),
    "thousands": (Max(x - 1000, -1000), Max(x, 0) - 1000),
    "root of a square": (sqrt(a**2 - 2 * a * b + b**2), Abs(a - b)),
    "exponential of a third derivative": ((exp(third) + 1) ** 2, exp(2 * third) + 2 * exp(third) + 1),
    "powers with a whole counter": (b2 * b2**n - b2 ** (n + 1), Integer(0)),
}


@pytest.mark.parametrize(("left", "right"), EQUAL.values(), ids=EQUAL)
def test_equal_everywhere(left, right):
    for pair in ((left, right), (right, left)):
        verdict = identical(*pair)
        assert verdict, str(verdict)
        assert not verdict.assumes


DIFFERENT = {
    "a ramp is no line": (Max(x, 0), x - 1),
    "one side only": (Min(c, G), clip(G)),
    "the other side only": (Max(-c, G), clip(G)),
    "sign of what": (sign(G), G / (Abs(G) + 1)),
    "wrong sign": (Max(a, b), (a + b - Abs(a - b)) / 2),
    "minimum for maximum": (Max(a, b), Min(a, b)),
    "far away": (Max(x - 1000, 0), Integer(0)),
    "beyond small numbers": (Min(x, 10**6), x),
    "at a point only": (sign(x) ** 2, Integer(1)),
    "where both are equal": (sign(a - b) ** 2, Integer(1)),
    "a ramp moved": (Max(x, 0), Max(x - 1, 0)),
    "hard for soft": (soft(x, bound), x * (1 + sign(Abs(x) - bound)) / 2),
    "narrower clip": (clip(clip(G, at=c / 2)), clip(G)),
    "absolute value": (Abs(x), x),
    "another evaluation point": (grad(Max(x, 0)), grad(x)),
    "with roots": (Max(sqrt(c), 1), Max(c, 1)),
    "exponential": (Max(exp(x), 1), exp(Max(-x, 0))),
    "pieces": (Piecewise((x, x > 1), (0, True)), Max(x, 0)),
}


@pytest.mark.parametrize(("left", "right"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_at_a_point(left, right):
    verdict = identical(left, right)
    assert verdict.outcome is Outcome.FAILS, str(verdict)
    assert " against " in verdict.witness


def test_equal_statements_hold_by_structure():
    clipped = rule({s: Max(s, G**2), x: x - eta * clip(G)})
    verdict = same_rule(clipped, clipped)
    assert verdict
    assert verdict.engines == ()
    assert same_law(law({dot(x): Max(-G, v)}), law({dot(x): Max(v, -G)}))


# ------------------------------------------------------------------ domains

CONDITIONAL = {
    # At b2 = 0 and k = -1/2 the second one alone has a value.
    "powers with a counter": (rho * b2 * b2**k, b2 ** (k + 1) * rho, None),
    "removed": ((x**2 - 1) / (x - 1), x + 1, ["x - 1 != 0"]),
    "roots of a product": (sqrt(a * b), sqrt(a) * sqrt(b), ["a >= 0", "b >= 0"]),
    "root of a cube": ((x**3) ** Rational(1, 3), x, ["x >= 0"]),
    "clipping by size": (clip(G), G * Min(1, c / Abs(G)), ["grad(x) != 0"]),
    "sign by size": (sign(x), x / Abs(x), None),
    "counter": (
        G / sqrt(s / (1 - b2**k)),
        G * sqrt(1 - b2**k) / sqrt(s),
        ["1 - b2**k > 0", "s > 0"],
    ),
}


@pytest.mark.parametrize(("left", "right", "conditions"), CONDITIONAL.values(), ids=CONDITIONAL)
def test_one_side_is_defined_where_the_other_is_not(left, right, conditions):
    verdict = identical(left, right)
    if conditions is None:  # they differ where one of them is defined alone: nothing else is compared
        assert verdict.outcome is Outcome.CONDITIONAL
        return
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert sorted(printed(verdict)) == sorted(conditions)


@pytest.mark.parametrize("other", [Abs(x), Integer(0), 1 + nowhere])
def test_what_is_defined_nowhere_equals_nothing(other):
    verdict = identical(nowhere, other)
    assert verdict.outcome is Outcome.UNDECIDABLE, str(verdict)
    assert "no point was found" in str(verdict)


def test_conditions_that_follow_or_are_shared_are_no_conditions():
    assert identical(1 / (1 - a) - 1, a / (1 - a)).assumes == ()
    assert identical(1 / (1 - a) - 1, a / (1 - a))
    assert identical(sqrt(c * mu), sqrt(c) * sqrt(mu))
    assert identical((x**2 - 1) / (x - 1), x + 1, given=x > 1)
    assert not identical((x**2 - 1) / (x - 1), x + 1, given=x > 0)


def test_texts_are_read():
    verdict = same_rule("x <- (x**3)**(1/3)", "x <- x")
    assert verdict.outcome is Outcome.CONDITIONAL
    assert printed(verdict) == ["x >= 0"]
    assert same_rule(rule({x: x - beta * G}), "x <- -(beta*G - x)")


# ------------------------------------------------------------------ hypotheses and regions

PLAIN = rule({u: beta * u + G, x: x - eta * sign(after(u))})
SCALED = rule({u: beta * u + G, x: x - eta * sign((1 - beta) * after(u))})


def test_hypotheses_decide():
    verdict = same_rule(SCALED, PLAIN, given=[beta > 0, beta < 1])
    assert verdict
    assert printed(verdict) == ["beta > 0", "1 - beta > 0"]
    assert same_rule(SCALED, PLAIN, given="0 < beta < 1")
    outside = same_rule(SCALED, PLAIN, given=beta > 1)
    assert outside.outcome is Outcome.FAILS
    assert " against " in outside.witness
    value = Fraction(outside.witness.split("beta = ")[1].split(",")[0])
    assert value > 1


def test_without_hypotheses_the_region_is_found():
    verdict = same_rule(SCALED, PLAIN)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert printed(verdict) == ["1 - beta > 0"]
    assert any(" against " in e for e in verdict.evidence)


def test_natural_ranges_come_first():
    pair = SCALED, PLAIN
    scaled, plain = (rule({w.target: w.value.xreplace({beta: rho}) for w in r.updates}) for r in pair)
    verdict = same_rule(scaled, plain)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert set(printed(verdict)) <= {"rho >= 0", "1 - rho > 0"}
    different = same_rule(scaled, rule({u: rho * u + G, x: x - eta * sign(rho - 2 * after(u))}))
    assert different.outcome is Outcome.FAILS
    assert 0 <= Fraction(different.witness.split("rho = ")[1].split(",")[0]) < 1


def test_the_sign_of_a_constant_is_left_open_and_that_of_a_state_is_not():
    by_ramps = rule({x: Max(x - open_bound, 0) + Min(x + open_bound, 0)})
    threshold = rule({x: soft(x, open_bound)})
    assert printed(same_rule(threshold, by_ramps)) == ["w >= 0"]
    assert same_rule(threshold, by_ramps).outcome is Outcome.CONDITIONAL
    assert same_rule(threshold, by_ramps, given=open_bound >= 0)
    state = same_rule(rule({x: Abs(x)}), rule({x: x}))
    assert state.outcome is Outcome.FAILS
    assert "they agree where x >= 0" in state.evidence
    declared = same_rule(rule({x: x - Max(c, 1) * G}), rule({x: x - c * G}))
    assert declared.outcome is Outcome.FAILS


def test_contradictory_hypotheses_prove_nothing():
    for given in ([beta > 1, beta < 0], (eta < 0,), "beta > 1, beta < 1"):
        verdict = same_rule(SCALED, PLAIN, given=given)
        assert not verdict
        assert "nothing follows" in verdict.evidence[0]


def test_hypotheses_far_from_small_numbers_are_met_at_a_point():
    far = [x > 10**9, x < 10**9 + 1]
    assert identical(v * Max(x, 10), v * x, given=far)
    verdict = identical(v * Max(x, 10), v * Min(x, 10), given=far)
    assert verdict.outcome is Outcome.FAILS
    assert 10**9 < Fraction(verdict.witness.split("x = ")[1].split(",")[0].split(":")[0]) < 10**9 + 1


def test_the_sign_of_a_square_tells_no_sign_of_what_is_squared():
    assert known_signs([Condition(x**2, "> 0")]).get(x, ANY) == ANY
    assert known_signs([Condition(-3 * x, "> 0")]) == {x: {-1}}
    assert not implied((Condition(x**2, "> 0"),), Condition(x, "> 0"))
    assert implied((Condition(x, "> 0"),), Condition(x**2, "> 0"))


def test_an_equation_may_be_given():
    assert identical(a**2 - b**2, Integer(0), given=Eq(a, b))
    assert identical(Max(a, b), b, given=Eq(a, b))
    assert identical(a**2 - b**2, Integer(0), given=Eq(a, 2 * b)).outcome is Outcome.FAILS


def test_laws_take_hypotheses():
    first, second = law({dot(x): -Abs(beta) * G}), law({dot(x): -beta * G})
    assert same_law(first, second, given=beta >= 0)
    assert printed(same_law(first, second)) == ["beta >= 0"]
    assert same_law(first, law({0: dot(x) - beta * G}), given=beta < 0)
    assert same_law(first, second, given=beta < 0).outcome is Outcome.FAILS
    mixed = law({dot(x): (v**2 - 1) / (v - 1), dot(v): -G})
    assert same_law(mixed, law({dot(v): -G, dot(x): v + 1})).outcome is Outcome.CONDITIONAL


@pytest.mark.parametrize("factor", ["2", "-3", "m*l**2", "1/(m*l**2)", "gamma"])
def test_an_equation_times_a_factor_is_another_one_and_the_factor_is_named(factor):
    one = law("m*l**2*theta'' = -m*g*l*sin(theta) - gamma*theta'")
    other = law(f"({factor})*m*l**2*theta'' = ({factor})*(-m*g*l*sin(theta) - gamma*theta')")
    verdict = same_law(one, other)
    assert verdict.outcome is Outcome.FAILS
    between = re.search(r"the first is (.+) times the second; Divide\((.+)\) makes", verdict.evidence[-1])
    assert between[1] == between[2]
    assert check(Divide(between[1]), one, other).outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    assert_same_expression(f"({between[1]})*({factor})", "1")


@pytest.mark.parametrize("other", ["x'' = -2*k*x", "2*x'' = -k*x", "x*x'' = -k*x**2", "x' = -k*x"])
def test_no_factor_is_named_where_there_is_none(other):
    (said,) = same_law(law("x'' = -k*x"), other).evidence
    assert "times" not in said


def test_steps_take_hypotheses():
    above, below = law({(1 - beta) * dot(x): -G}), law({dot(x): -G / (1 - beta)})
    assert printed(check(Divide(1 - beta), above, below))[0].endswith("!= 0")
    verdict = check(Divide(1 - beta), above, below, given=(beta > 0, beta < 1))
    assert verdict
    assert printed(verdict) == ["beta > 0", "1 - beta > 0"]
    moving = check(Multiply(x), law({dot(x): -1}), law({x * dot(x): -x}))
    assert moving.outcome is Outcome.CONDITIONAL
    assert check(Multiply(x), law({dot(x): -1}), law({x * dot(x): -x}), given=x > 0)
    assert not check(Multiply(x), law({dot(x): -1}), law({x * dot(x): x}), given=x > 0)
    clash = check(Divide(1 - beta), above, below, given=[beta > 1, beta < 1])
    assert "nothing follows" in clash.evidence[0]


def test_polyaks_optimum_needs_an_order():
    large, small = sqrt(L), sqrt(mu)
    beta_best = ((large - small) / (large + small)) ** 2
    sides = (1 + sqrt(beta_best)) ** 2, 4 / (large + small) ** 2 * L
    assert identical(*sides, given=mu <= L)
    wrong = identical(*sides)
    assert wrong.outcome is Outcome.FAILS
    assert identical(*(side.subs(L, mu + gap) for side in sides))


def test_assertions_take_hypotheses():
    assert_same_rule(SCALED, PLAIN, given="0 < beta < 1")
    assert_same_law(law({dot(x): -Abs(beta) * G}), "dot(x) = -beta*G", given=beta > 0)
    assert_same_expression(sqrt(a * b), sqrt(a) * sqrt(b), given=(a >= 0, b >= 0))
    with pytest.raises(AssertionError, match="only under conditions"):
        assert_same_expression(sqrt(a * b), sqrt(a) * sqrt(b), given=a >= 0)
    with pytest.raises(AssertionError):
        assert_same_rule(SCALED, PLAIN, given=beta > 1)


# ------------------------------------------------------------------ random expressions, beside exact values


def drawn(chance, depth):
    """Return an expression in x, a and numbers, and its value as a function of these, in plain fractions."""
    kind = chance.choice(["leaf"] * 2 + ["sum", "times", "max", "min", "abs", "sign"]) if depth else "leaf"
    if kind == "leaf":
        symbol = chance.choice([x, a, None])
        number = Fraction(chance.randint(-3, 3))
        if symbol is None:
            return Integer(int(number)), lambda at: number
        return symbol, lambda at: at[symbol]
    left, value = drawn(chance, depth - 1)
    if kind == "abs":
        return Abs(left), lambda at: abs(value(at))
    if kind == "sign":
        return sign(left), lambda at: Fraction((value(at) > 0) - (value(at) < 0))
    right, other = drawn(chance, depth - 1)
    if kind == "sum":
        return left + right, lambda at: value(at) + other(at)
    if kind == "times":
        return -2 * left, lambda at: -2 * value(at)
    if kind == "max":
        return Max(left, right), lambda at: max(value(at), other(at))
    return Min(left, right), lambda at: min(value(at), other(at))


GRID = [Fraction(i, j) for i in range(-8, 9) for j in (1, 3)]
POINTS = [{x: p, a: q} for p in GRID for q in GRID]


@pytest.mark.parametrize("seed", in_tiers(range(40), range(16)))
def test_random_pairs_against_exact_values(seed):
    chance = random.Random(seed)
    left, value = drawn(chance, 3)
    right, other = drawn(chance, 3)
    if seed % 2:  # half of the pairs are equal: max(f, g) + min(f, g) is f + g
        first, second = Max(left, right) + Min(left, right), left + right
        parts = [
            at
            for at in POINTS
            if max(value(at), other(at)) + min(value(at), other(at)) != value(at) + other(at)
        ]
    else:
        first, second = left, right
        parts = [at for at in POINTS if value(at) != other(at)]
    verdict = identical(first, second)
    assert verdict.outcome in (Outcome.HOLDS, Outcome.FAILS), str(verdict)
    if parts:
        assert verdict.outcome is Outcome.FAILS, f"{first} against {second} at {parts[0]}: {verdict}"
    if seed % 2:
        assert verdict, str(verdict)


# ------------------------------------------------------------------ the two forms of Adam


def adam(inside, weight=1):
    """Return the rule with the corrections inside of the root, or in front of it with this weight of eps."""
    b1, eps = Symbol("b1", real=True), Symbol("eps", positive=True)
    first, second = 1 - b1**k, 1 - b2**k
    if inside:
        step = after(u) / first / (sqrt(after(v) / second) + eps)
    else:
        step = sqrt(second) / first * after(u) / (sqrt(after(v)) + weight * eps)
    return rule({u: b1 * u + (1 - b1) * G, v: b2 * v + (1 - b2) * G**2, x: x - eta * step})


def test_the_two_forms_of_adam_differ_in_the_weight_of_the_smallest_number():
    verdict = same_rule(adam(True), adam(False, sqrt(1 - b2**k)))
    assert verdict.outcome is Outcome.CONDITIONAL, str(verdict)
    assert "1 - b2**k > 0" in printed(verdict)
    assert same_rule(adam(True), adam(False)).outcome is Outcome.FAILS
    assert same_rule(adam(True), adam(False, 1 - b2**k)).outcome is Outcome.FAILS


def test_powers_of_products_and_logarithms():
    verdict = identical((a * b) ** k, a**k * b**k)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert sorted(printed(verdict)) == ["a > 0", "b > 0"]
    assert identical((a * b) ** k, a**k * b ** (k + 1)).outcome is Outcome.FAILS
    assert identical(log(Max(c, 1)), Max(log(c), 0))
    assert identical(log(Max(c, 1)), Min(log(c), 0)).outcome is Outcome.FAILS
