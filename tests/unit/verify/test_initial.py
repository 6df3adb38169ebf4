"""Start values along the steps of a derivation: kept, or assumed, or the step fails."""

import pytest
from sympy import Integer, Symbol

import physsym as ps
from physsym.core.statements import Rule, rule
from physsym.core.symbols import after, before
from physsym.core.verdicts import Hypothesis, Outcome
from physsym.mechanics.moves import Define, Eliminate, Limit, Rescale
from physsym.transform.registry import apply
from physsym.vocabulary import G, eta, rho, u, x

z, y = Symbol("z", real=True), Symbol("y", real=True)
MOMENTUM = rule({u: rho * u - eta * G, x: x + after(u)}, start={u: -eta * x})


@pytest.mark.parametrize(
    "move", [Define(z, eta / 2, eta), Rescale(x, y, Integer(2)), Rescale(u, y, Integer(3))]
)
def test_start_values_go_along(move):
    below = apply(move, MOMENTUM)
    assert ps.check(move, MOMENTUM, below)
    (state, value), *_ = below.start
    wrong = Rule(below.updates, ((state, value + below.targets[-1]),))
    assert ps.check(move, MOMENTUM, wrong).outcome is Outcome.FAILS
    assert "start values" in str(ps.check(move, MOMENTUM, wrong))


def test_a_start_value_that_one_line_states_is_assumed():
    move = Define(z, eta / 2, eta)
    below = apply(move, MOMENTUM)
    without = Rule(MOMENTUM.updates)
    verdict = ps.check(move, without, below)
    assert verdict.outcome is Outcome.CONDITIONAL
    assert Hypothesis("u starts at -eta*x") in verdict.assumes
    plain = Rule(below.updates)
    assert ps.check(move, without, plain)
    assert ps.check(move, MOMENTUM, plain).outcome is Outcome.CONDITIONAL


def test_an_eliminated_state_leaves_its_start_in_an_earlier_value():
    at_rest = rule({u: rho * u - eta * G, x: x + after(u)}, start={u: eta * x})
    below = apply(Eliminate(u), at_rest)
    assert below.start == ((before(x), x - eta * x),) or (below.start[0][1] - (x - eta * x)).expand() == 0
    assert ps.check(Eliminate(u), at_rest, below).outcome is Outcome.CONDITIONAL
    # One step from there is one step of the rule: x- is x - u.
    first = ps.optimizer(at_rest, eta=0.1, rho=0.5).run([1.0], lambda w: w, 3).x[-1]
    second = ps.optimizer(below, eta=0.1, rho=0.5).run([1.0], lambda w: w, 3).x[-1]
    assert first == pytest.approx(second, rel=1e-12)


def test_a_limit_changes_a_start_value_under_a_hypothesis():
    moving = rule({u: rho * u - eta * G, x: x + after(u)}, start={u: rho * x})
    below = apply(Limit(rho, 0), moving)
    verdict = ps.check(Limit(rho, 0), moving, below)
    assert verdict.outcome is not Outcome.FAILS
    assert not verdict or below.start == moving.start
