"""When laws and rules are equal: all the same but where signs of products stand, and of the same values."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Add, Integer, Mul, Pow, Rational, Symbol, cos, sin

from physsym.core.equality import form, has_parts_of_one_form
from physsym.core.statements import Equation, Law, Rule, Update, law, rule
from physsym.core.symbols import after, dot, grad
from physsym.vocabulary import G, eta, gamma, m, rho, u, v, x
from tests.support.random_statements import formulas_of
from tests.support.typeset_cases import patient, same

a, k = Symbol("a", real=True), Symbol("k", real=True)

ALIKE = {
    "a sum and its negative": ((x - 1) * k, Mul(-1, 1 - x, k)),
    "powers of one name": ((a / k - a / k**2) * x, -(a / k**2 - a / k) * x),
    "a number in front": (Mul(-3, x - 1, 1 / k), Mul(3, 1 - x, 1 / k)),
    "below the line": ((2 * x + 1) / (cos(k) - 2), -(2 * x + 1) / (2 - cos(k))),
    "an odd power": ((x - k) ** -3, -((k - x) ** -3)),
    "an even power": ((x - k) ** 2, (k - x) ** 2),
    "both factors": ((x - k) * (a - v), (k - x) * (v - a)),
    "within a sum": (u + (rho - 1) * eta * G, u - (1 - rho) * eta * G),
    "within a function": (sin((x - k) * a + 1), sin(Mul(-1, k - x, a) + 1)),
    "within a root": ((1 + (x - k) * a) ** k, (1 - (k - x) * a) ** k),
    "a root of a quotient": ((v / (-1 - eta)) ** Rational(1, 2), (-v / (1 + eta)) ** Rational(1, 2)),
    "a power of a product": (((v - x) * (-1 - eta)) ** k, ((x - v) * (1 + eta)) ** k),
    "the value of a quotient": (gamma * Abs(1 / a), Mul(gamma, Abs(1 / a, evaluate=False))),
    "the value of an even power": (eta**2 / x**2, Mul(eta**2, Abs(x**-2, evaluate=False))),
    "the square of a value": (eta**2 / x**2, Mul(eta**2, Pow(Abs(1 / x, evaluate=False), 2, evaluate=False))),
    "a product in a product": (
        a * v * x**-4 * Abs(x),
        Mul(a * v, Mul(x**-4, Abs(x), evaluate=False), evaluate=False),
    ),
}
UNLIKE = {
    "one sign changed": ((x - 1) * k, (1 - x) * k),
    "another sign within": ((x - 1) * k, (x + 1) * k),
    "an odd power changed": ((x - k) ** 3, (k - x) ** 3),
    "multiplied out": ((x - 1) * k, x * k - k),
    "cancelled": ((1 - k) * x / (k - 1), -x),
    "merged": (x / (1 - k) + x / (k - 1), Integer(0)),
    "a root": (Pow(x - k, Integer(1) / 2), Pow(k - x, Integer(1) / 2)),
    "a root of a product": ((v * (-1 - eta)) ** Rational(1, 2), (v * (1 + eta)) ** Rational(1, 2)),
    "an odd function": (sin(x * k), -sin(x * k)),
    "a force at another point": (grad(x - k), grad(k - x)),
    "a cube of a value": (Abs(x) ** 3, x**3),
    "a factor twice": ((x - k) * (k - x), x - k),
}
GIVEN = [
    law({dot(x): (x - 1) * k}),
    rule({u: (x - 1) * u, x: x + after(u)}),
    Equation(x, k),
    Update(x, k * x),
]


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE)
def test_equal_but_for_the_place_of_a_sign(one, other):
    assert same(one, other)
    assert law({dot(x): one}) == law({dot(x): other})
    assert hash(rule({x: one})) == hash(rule({x: other}))
    assert law({dot(x): one}) != law({dot(x): -other})


@pytest.mark.parametrize(("one", "other"), UNLIKE.values(), ids=UNLIKE)
def test_another_form_or_value_is_not_equal(one, other):
    assert law({dot(x): one}) != law({dot(x): other})
    assert Update(x, one) != Update(x, other)


def test_one_sentence_is_a_law_or_a_rule_of_one():
    equation, update = Equation(dot(x), -G / gamma), Update(x, x - eta * G)
    for one, whole in ((equation, Law((equation,))), (update, Rule((update,)))):
        assert one == whole
        assert whole == one
        assert hash(whole) == hash(one)
        assert one != str(one)
    assert Law((equation, equation)) != equation
    assert rule({x: x - eta * G}, start={x: 0}) != update
    assert Equation(x, k) != Update(x, k)
    assert Law((Equation(x, k),)) != Rule((Update(x, k),))
    assert equation != G


def test_start_values_are_compared_by_form():
    one = rule({u: u / 2, x: x + u}, start={u: (a - 1) * k})
    turned_start = rule({u: u / 2, x: x + u}, start={u: Mul(-1, 1 - a, k)})
    assert one.start[0][1] != turned_start.start[0][1]
    assert one == turned_start
    assert one != rule({u: u / 2, x: x + u}, start={u: (1 - a) * k})


@pytest.mark.parametrize("statement", GIVEN, ids=str)
def test_copies_are_equal(statement):
    hash(statement)
    assert copy.deepcopy(statement) == pickle.loads(pickle.dumps(statement)) == statement
    assert "_form" not in vars(copy.copy(statement))


formulas = formulas_of((x, v, dot(x)))


def turned(expression, draw):
    """Return the expression with some of the sums in its products of the other sign."""
    if not expression.args or expression.has(Abs):
        return expression
    arguments = [turned(argument, draw) for argument in expression.args]
    if not isinstance(expression, Mul):
        return expression.func(*arguments, evaluate=not isinstance(expression, Add))
    sums = [i for i, f in enumerate(arguments) if isinstance(f, Add)]
    changed = [i for i in sums if draw(st.booleans())]
    factors = [Add(*(-t for t in f.args)) if i in changed else f for i, f in enumerate(arguments)]
    return Mul((-1) ** len(changed), *factors, evaluate=False)


@given(expression=formulas, data=st.data())
@patient
def test_any_signs_may_be_turned(expression, data):
    other = turned(expression, data.draw)
    assert same(expression, other)
    assert form(expression) == form(other)


@given(one=formulas, other=formulas)
@patient
def test_formulas_of_other_values_have_other_forms(one, other):
    assert (form(one) == form(other)) <= same(one, other)
    assert (form(one) == form(-one)) <= same(one, -one)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x / (1 - k) + x / (k - 1), True),
        (m + (1 - k) * (k - 1) * x, True),
        (2 * x / (1 - k) - 3 * x * (1 - k), False),
        ((1 - k) * (1 - x) + 1 / (2 - k), False),
    ],
    ids=str,
)
def test_parts_that_differ_in_signs_alone_are_found(expression, expected):
    assert has_parts_of_one_form(expression) is expected
    written = str(law({dot(x): expression}))
    assert written.count("(k - 1)") == expected
