"""Ten conventions of momentum: all the same at a constant learning rate, in two classes at a changing one."""

from itertools import permutations

import pytest
from sympy import Rational, Symbol

import physsym as ps
from physsym import Outcome, after, before, grad, rule
from physsym.core.conditions import as_conditions
from physsym.vocabulary import x
from tests.unit.optimizers.exact_runs import points

lr, mu, m, gamma, h, buf, v = (Symbol(n, real=True) for n in ("lr", "mu", "m", "gamma", "h", "buf", "v"))
nu = Symbol("nu", real=True)
BETWEEN = as_conditions((mu >= 0, mu < 1, lr > 0))
g = grad(x)

CONVENTIONS = {
    "torch": rule({buf: mu * buf + g, x: x - lr * after(buf)}, ranges=BETWEEN),
    "keras": rule({v: mu * v - lr * g, x: x + after(v)}, ranges=BETWEEN),
    "optax": rule({buf: g + mu * buf, x: x + -lr * after(buf)}, ranges=BETWEEN),
    "source": rule({v: mu * v + lr * g, x: x - after(v)}, ranges=BETWEEN),
    "dampened": rule({v: mu * v - (1 - mu) * lr * g, x: x + after(v)}, ranges=BETWEEN),
    "average": rule({buf: mu * buf + (1 - mu) * g, x: x - lr * after(buf)}, ranges=BETWEEN),
    "quasi-hyperbolic": rule(
        {buf: mu * buf + (1 - mu) * g, x: x - lr * ((1 - nu) * g + nu * after(buf))}, ranges=BETWEEN
    ),
    "alpha/beta": rule({x: x + mu * (x - before(x)) - lr * g}, ranges=BETWEEN),
    "physical": rule(
        {v: (m * v - h * g) / (m + gamma * h), x: x + h * after(v)},
        ranges=as_conditions((m > 0, gamma > 0, h > 0)),
    ),
}
RATE_IN_THE_STEP = ("torch", "optax", "average")
RATE_IN_THE_BUFFER = ("keras", "source", "dampened", "alpha/beta")
PAIRS = list(permutations(CONVENTIONS, 2))
RATED = list(permutations(RATE_IN_THE_STEP + RATE_IN_THE_BUFFER, 2))


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" as ".join)
def test_all_conventions_are_the_same_at_a_constant_rate(pair):
    one, other = pair
    found = ps.equivalent(CONVENTIONS[one], CONVENTIONS[other])
    if one == "quasi-hyperbolic":
        # It has one parameter more, and is one of the others where that is one.
        assert found.verdict.outcome is Outcome.CONDITIONAL
        cases = (found, *found.otherwise)
        assert any({str(c) for c in case.conditions} == {"nu - 1 = 0"} for case in cases)
        return
    assert found.generic
    assert found.verdict.outcome is Outcome.HOLDS


@pytest.mark.slow
@pytest.mark.parametrize("pair", RATED, ids=" as ".join)
def test_two_classes_remain_at_a_changing_rate(pair):
    found = ps.equivalent(*(CONVENTIONS[k] for k in pair))
    one_class = len({k in RATE_IN_THE_STEP for k in pair}) == 1
    assert found.schedule == ("any" if one_class else "constant")
    if one_class:
        return
    # They part at the second step, and a run in exact fractions gives the values that are printed.
    trace = found.trace
    assert (len(trace.gradients), trace.rates) == (2, (Rational(1, 10), Rational(1, 100)))
    runs = []
    for r, parameters, maps in (
        (found.first, trace.parameters[0], None),
        (found.second, trace.parameters[1], found.parameters),
    ):
        steps = [dict(trace.parameters[0]) | {lr: rate} for rate in trace.rates]
        given = [{k: e.xreplace(at) for k, e in maps.items()} for at in steps] if maps else steps
        assert given[0] == dict(parameters)
        runs.append(points(r, given, dict.fromkeys(r.states, 0), trace.gradients)[-1])
    assert tuple(runs) == trace.weights


def test_they_part_by_the_first_gradient_times_momentum_times_the_change_of_the_rate():
    found = ps.equivalent(CONVENTIONS["torch"], CONVENTIONS["keras"])
    assert found.trace.weights == (Rational(-119, 1000), Rational(-1, 5))
    assert found.trace.weights[0] - found.trace.weights[1] == Rational(9, 10) * (
        Rational(1, 10) - Rational(1, 100)
    )
