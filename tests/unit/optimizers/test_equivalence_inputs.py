"""Equivalence of rules at the border: first steps, conditions that are given, names, limits, refusals."""

import pytest
from sympy import Abs, Eq, Max, Min, Piecewise, Rational, Symbol, sign

import physsym as ps
from physsym import Outcome, after, before, grad, rule
from physsym.core.verdicts import Hypothesis
from physsym.optimizers import Lifted
from physsym.vocabulary import eta, rho, u, v, x
from tests.unit.optimizers.exact_runs import points
from tests.unit.optimizers.linear_rules import SEVEN

lr, mu, d, buf, k, j = (Symbol(n, real=True) for n in ("lr", "mu", "d", "buf", "k", "j"))
g = grad(x)
DESCENT = rule({x: x - eta * g})
HEAVY = rule({u: rho * u - eta * g, x: x + after(u)})
MOMENTUM = rule({u: mu * u - lr * g, x: x + after(u)}, ranges=(mu >= 0, mu < 1))
DAMPENED = rule({buf: mu * buf + (1 - d) * g, x: x - lr * after(buf)}, ranges=(mu >= 0, mu < 1))
TORCH = Lifted(DAMPENED, first=rule({buf: g, x: x - lr * after(buf)}))


def test_a_first_step_without_dampening_is_seen():
    found = ps.equivalent(TORCH, DAMPENED)
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert [str(c) for c in found.conditions] == ["d = 0"]
    assert ps.equivalent(TORCH, TORCH)


def test_what_is_given_is_no_condition():
    assert ps.equivalent(HEAVY, DESCENT).verdict.outcome is Outcome.CONDITIONAL
    assert ps.equivalent(HEAVY, DESCENT, given=Eq(rho, 0))
    assert ps.equivalent(HEAVY, DESCENT, given="rho = 0")


def test_states_and_parameters_may_share_names():
    swapped = rule({v: lr * v - mu * g, x: x + after(v)})
    other = rule({v: mu * v - lr * g, x: x + after(v)})
    found = ps.equivalent(swapped, other)
    assert found
    assert dict(found.parameters) == {mu: lr, lr: mu}


@pytest.mark.parametrize(
    ("one", "other"),
    [(rule({x: x}), DESCENT), (rule({x: x - eta * grad(x - eta * g)}), DESCENT), (DESCENT, rule({x: x}))],
    ids=["no step", "two gradients", "as no step"],
)
def test_other_numbers_of_gradients_are_refused(one, other):
    found = ps.equivalent(one, other)
    assert found.verdict.outcome is Outcome.UNDECIDABLE
    assert "step by step" in str(found)


def test_two_gradients_a_step_are_compared_with_two():
    ahead = rule({x: x - lr * grad(x - mu * g)})
    extra = rule({x: x - eta * grad(x - eta * g)})
    assert ps.equivalent(extra, ahead)
    assert str(ps.equivalent(ahead, extra).conditions[0]) in ("-lr + mu = 0", "lr - mu = 0")


def test_a_counter_in_the_momentum():
    recurrence = rule({k: k + 1, x: x + after(k) / (after(k) + 3) * (x - before(x)) - lr * g})
    velocity = rule({j: j + 1, u: after(j) / (after(j) + 3) * u - eta * g, x: x + after(u)})
    found = ps.equivalent(recurrence, velocity)
    assert found
    assert found.states[u] == x - before(x)
    shifted = rule({j: j + 1, u: after(j) / (after(j) + 4) * u - eta * g, x: x + after(u)})
    assert not ps.equivalent(recurrence, shifted)


def test_cases_are_compared():
    clipped = rule({x: x - lr * Max(-1, Min(1, g))})
    by_cases = rule({x: x - eta * Piecewise((g, Abs(g) < 1), (sign(g), True))})
    assert ps.equivalent(by_cases, clipped)
    spoiled = rule({x: x - eta * Piecewise((g, Abs(g) < 2), (sign(g), True))})
    found = ps.equivalent(spoiled, clipped)
    assert found.verdict.outcome is Outcome.FAILS
    assert found.trace.weights[0] != found.trace.weights[1]


def test_what_is_so_in_the_limit_alone_is_told():
    assert any("limit b -> 0" in note for note in ps.equivalent(SEVEN["OMD"], SEVEN["SUM"]).notes)
    assert any("limit" in note for note in ps.equivalent(SEVEN["OMD"], SEVEN["QHM"]).notes)
    assert not ps.equivalent(SEVEN["OMD"], SEVEN["NAG"]).notes


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x <- x - eta*grad(x)", "x <- x + eta*grad(x)"),
        (rule({x: x - lr * g}, ranges=(lr > 0,)), rule({x: x + d * g}, ranges=(d > 0,))),
        (rule({u: 2 * u - lr * g, x: x + after(u)}), MOMENTUM),
    ],
)
def test_what_is_the_same_out_of_the_ranges_of_a_rule_alone_is_not_the_same(first, second):
    found = ps.equivalent(first, second)
    assert found.verdict.outcome is Outcome.FAILS
    assert "outside of the range" in str(found)


def test_a_parameter_outside_of_its_range_is_told():
    fast = rule({u: 2 * u - lr * g, x: x + after(u)})
    assert "rho = 2 is outside of its natural range" in ps.equivalent(fast, HEAVY).notes


def test_the_rate_may_be_named():
    odd = rule({u: rho * u + g, x: x - mu * after(u)})
    assert ps.equivalent(odd, HEAVY, rate="mu").schedule == "constant"


@pytest.mark.slow
def test_relatives_of_a_rule():
    found = ps.identify(rule({u: rho * u + g, x: x - lr * after(u)}))
    assert found[0]
    assert found[0].second == ps.known.heavy_ball.rule
    assert found[0].schedule == "any"
    assert {str(c) for f in found if f.verdict.outcome is Outcome.CONDITIONAL for c in f.conditions} == {
        "rho = 0"
    }
    assert any(f.first == ps.known.gradient_descent.rule for f in found)


@pytest.mark.slow
def test_the_nearest_of_an_unknown_rule():
    found = ps.identify(rule({u: rho * u + 3 * g + g**3, x: x - eta * after(u)}))
    assert not any(found)
    assert found[0].second == ps.known.heavy_ball.rule
    assert "-eta*gradient*(gradient**2 + 2)" in found[0].verdict.evidence[-1]


@pytest.mark.slow
def test_signum_is_a_lion():
    found = ps.identify(ps.known.lion)
    assert any(f.first == ps.known.signum.rule and f.second == ps.known.lion.rule and f for f in found)


def test_a_start_that_holds_the_weights_is_seen_from_weights_that_show_it():
    begun = rule({u: rho * u - eta * g, x: x + after(u)}, start={u: -x / 2})
    trace = ps.equivalent(begun, HEAVY).trace
    assert trace.start == 1
    assert trace.parameters[0][rho] == trace.parameters[1][rho]
    runs = [
        points(r, dict(at), {x: 1, u: start}, trace.gradients)[-1]
        for r, at, start in zip((begun, HEAVY), trace.parameters, (-Rational(1, 2), 0), strict=True)
    ]
    assert tuple(runs) == trace.weights
    assert runs[0] != runs[1]


def test_what_is_given_of_the_second_rule_is_kept_to():
    other = rule({v: mu * v - lr * g, x: x + after(v)})
    above = ps.equivalent(DESCENT, rule({x: x - lr * g}), given=lr > 1)
    assert [str(c) for c in above.conditions] == ["eta - 1 > 0"]
    assert above.verdict.outcome is Outcome.CONDITIONAL
    assert ps.equivalent(HEAVY, other, given=mu > 2).verdict.outcome is Outcome.FAILS
    assert ps.equivalent(HEAVY, other, given=mu >= 0)


@pytest.mark.parametrize("given", [("rho > 0.5", "rho = 0"), "rho > 2"])
def test_assumptions_that_contradict_each_other_are_refused(given):
    found = ps.equivalent("known:heavy_ball", "known:nesterov", given=given)
    assert found.verdict.outcome is Outcome.UNDECIDABLE
    assert "contradicts itself" in str(found)


def test_an_assumption_makes_an_answer_no_worse():
    assert ps.equivalent("known:adamw", "known:adam", given="wd = 0")


def test_weights_with_a_start_value_are_other_rules():
    begun = rule({x: x - lr * g}, start={x: 1})
    found = ps.equivalent(begun, rule({x: x - lr * g}))
    assert not found.generic
    assert ps.equivalent(begun, begun)


def test_a_parameter_that_must_change_with_the_rate_makes_the_rate_constant():
    wd = Symbol("wd", real=True)
    decoupled = rule({x: (1 - wd) * x - lr * g})
    coupled = rule({x: x - lr * (g + wd * x)})
    found = ps.equivalent(decoupled, coupled)
    assert found.verdict.outcome in (Outcome.HOLDS, Outcome.CONDITIONAL)
    assert found.schedule == "constant"
    first, second = ([{**at, lr: r} for r in found.trace.rates] for at in map(dict, found.trace.parameters))
    runs = [
        points(r, at, {x: 0}, found.trace.gradients)[-1]
        for r, at in zip((decoupled, coupled), (first, second), strict=True)
    ]
    assert tuple(runs) == found.trace.weights
    assert runs[0] != runs[1]


def test_a_law_of_vectors_alone_is_the_same_for_vectors_alone():
    said = Hypothesis("this is the law of weights in a vector; that of a matrix is another")
    lifted = Lifted(HEAVY, name="mine", assumes=(said,))
    found = ps.equivalent(lifted, rule({v: mu * v - lr * g, x: x + after(v)}))
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert not found.generic
    assert said in found.conditions
    assert "vector" in str(found)


@pytest.mark.parametrize(("usual", "said"), [(0, True), (Rational(1, 2), False)])
def test_special_values_that_are_the_usual_ones_are_said_to_be(usual, said):
    first = rule({u: rho * u - eta * g, x: x + after(u)}, typical={rho: usual})
    found = ps.equivalent(first, DESCENT)
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert ("the usual values of the first rule are such: rho = 0" in str(found)) is said


def test_a_rate_of_zero_against_its_declared_sign_is_told():
    found = ps.equivalent(HEAVY, ps.known.nesterov, given="eta = 0")
    assert found.verdict.outcome is Outcome.UNDECIDABLE
    assert "contradict" in str(found)
