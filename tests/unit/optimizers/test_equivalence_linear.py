"""Whether linear rules are the same: against published answers, and against runs in exact fractions."""

import pickle
import random
from itertools import permutations

import pytest
from sympy import Rational, Symbol

import physsym as ps
from physsym import Outcome, after, before, grad, rule
from physsym.core.verdicts import Condition
from physsym.optimizers import Equivalence
from physsym.vocabulary import eta, rho, u, v, x
from tests.unit.optimizers.exact_runs import fractions, points
from tests.unit.optimizers.linear_rules import SEVEN, a, b, c, e, nu, s

PAIRS = list(permutations(SEVEN, 2))
OTHERS = ("GD", "HB", "NAG", "QHM", "SUM")
NEVER = {(k, "OMD") for k in OTHERS} | {("OMD", k) for k in OTHERS}
SPECIAL = {
    (k, special)
    for k, specials in {
        "HB": ("GD", "NAG"),
        "NAG": ("GD", "HB"),
        "TMM": ("GD", "HB", "NAG", "OMD"),
        "QHM": ("GD", "HB", "NAG"),
        "SUM": ("GD", "HB", "NAG"),
    }.items()
    for special in specials
}


@pytest.fixture(scope="module")
def answers():
    return {pair: ps.equivalent(*(SEVEN[k] for k in pair)) for pair in PAIRS}


def kind(found):
    if found.verdict.outcome is Outcome.FAILS:
        return "never"
    return "always" if found.generic else "special"


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" as ".join)
def test_the_seven_algorithms_are_related_as_published(answers, pair):
    expected = "never" if pair in NEVER else "special" if pair in SPECIAL else "always"
    assert kind(answers[pair]) == expected


def test_the_published_relations_are_42():
    assert (len(PAIRS), len(NEVER), len(SPECIAL)) == (42, 10, 14)


MAPS = {
    ("HB", "QHM"): {a: a / (1 - b), b: b, nu: 1},
    ("NAG", "QHM"): {a: a / (1 - b), b: b, nu: b},
    ("TMM", "QHM"): {a: a / (1 - b), b: b, nu: (b * c + b - c) / b},
    ("SUM", "TMM"): {a: a, b: b, c: b * s},
    ("NAG", "SUM"): {a: a, b: b, s: 1},
    ("OMD", "TMM"): {a: e, b: 0, c: 1},
}


@pytest.mark.slow
@pytest.mark.parametrize("pair", MAPS, ids=" as ".join)
def test_the_published_maps_are_found(answers, pair):
    found = answers[pair].parameters
    assert all((found[k] - expected).cancel() == 0 for k, expected in MAPS[pair].items())


def holding(found):
    """Yield an answer and the others beside it, each with the values that its conditions fix."""
    for case in (found, *found.otherwise):
        fixed = {}
        for condition in case.conditions:
            if isinstance(condition, Condition) and condition.relation == "= 0":
                symbol = next(
                    t for t in condition.expression.free_symbols if condition.expression.diff(t) == 1
                )
                fixed[symbol] = symbol - condition.expression
        yield case, fixed


@pytest.mark.slow
@pytest.mark.parametrize("pair", [p for p in PAIRS if p not in NEVER], ids=" as ".join)
def test_runs_agree_under_each_map(answers, pair):
    chance = random.Random(" ".join(pair))
    for case, fixed in holding(answers[pair]):
        for _ in range(3):
            mine = {t: Rational(chance.randint(1, 9), chance.randint(10, 19)) for t in case.first.parameters}
            mine |= {t: value.xreplace(mine) for t, value in fixed.items()}
            theirs = {t: value.xreplace(mine) for t, value in case.parameters.items()}
            gradients = fractions(chance, 7)
            begun = {
                t: Rational(2, 3) if t in (x, before(x)) or t.name == "ys" else 0 for t in case.first.states
            }
            other = {t: value.xreplace(mine).xreplace(begun) for t, value in case.start.items()}
            assert points(case.first, mine, begun, gradients) == points(case.second, theirs, other, gradients)


@pytest.mark.slow
@pytest.mark.parametrize("pair", sorted(NEVER), ids=" as ".join)
def test_a_printed_trace_parts_them(answers, pair):
    found = answers[pair]
    runs = [
        points(r, dict(p), dict.fromkeys(r.states, 0), found.trace.gradients)[-1]
        for r, p in zip((found.first, found.second), found.trace.parameters, strict=True)
    ]
    assert tuple(runs) == found.trace.weights
    assert runs[0] != runs[1]


def test_lr_in_the_buffer_is_for_a_constant_rate_only():
    torch = rule({u: rho * u + grad(x), x: x - eta * after(u)})
    keras = rule({v: rho * v - eta * grad(x), x: x + after(v)})
    found = ps.equivalent(torch, keras)
    assert found
    assert found.schedule == "constant"
    assert found.states[v] == -eta * u
    assert found.trace.weights == (Rational(-119, 1000), Rational(-1, 5))
    assert found.trace.rates == (Rational(1, 10), Rational(1, 100))
    assert "for a constant learning rate only" in str(found)


def test_an_answer_is_a_value():
    found = ps.equivalent(SEVEN["GD"], SEVEN["HB"])
    assert isinstance(found, Equivalence)
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(found) == hash(pickle.loads(pickle.dumps(found)))


def test_outside_of_the_ranges_a_pole_is_a_condition():
    free = Symbol("k", real=True)
    heavy = rule({x: x + free * (x - before(x)) - eta * grad(x)})
    found = ps.equivalent(heavy, SEVEN["QHM"])
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert [c.relation for c in found.conditions] == ["!= 0"]


def test_start_values_are_compared():
    started = rule({u: rho * u - eta * grad(x), x: x + after(u)}, start={u: 1})
    plain = rule({u: rho * u - eta * grad(x), x: x + after(u)}, start={u: 0})
    assert ps.equivalent(started, started)
    found = ps.equivalent(started, plain)
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert found.start[u] == 1
