"""Derivations as values: their start, the verdicts on their lines, and what counts in these."""

import copy
import pickle

import pytest
from sympy import Symbol

from physsym import Derivation, Divide, Integrate, Multiply, Step, System, damped_particle, dot, law, rule
from physsym.core.verdicts import Condition, Outcome, is_failure
from physsym.integrators import forward_euler
from physsym.vocabulary import G, U, dt, eta, gamma, m, rho, v, x

DIVIDED = (Step("Divide by the friction coefficient.", Divide(gamma)),)


def test_a_system_starts_a_derivation_with_its_law_and_is_kept():
    derivation = Derivation("particle", damped_particle, DIVIDED)
    assert derivation.start == damped_particle.law() == derivation.lines[0]
    assert derivation.system is damped_particle
    assert Derivation("particle", damped_particle.law(), DIVIDED).system is None
    assert derivation.then(*DIVIDED).system is damped_particle
    assert all(derivation.verdicts())


def test_a_derivation_from_a_system_compares_by_value_and_can_be_pickled_and_copied():
    again = System((x,), m * dot(x) ** 2 / 2 - U, gamma * dot(x) ** 2 / 2)
    derivation = Derivation("particle", damped_particle, DIVIDED)
    assert derivation == Derivation("particle", again, DIVIDED)
    assert hash(derivation) == hash(Derivation("particle", again, DIVIDED))
    assert derivation != Derivation("particle", damped_particle.law(), DIVIDED)
    for other in (pickle.loads(pickle.dumps(derivation)), copy.deepcopy(derivation)):
        assert other == derivation
        assert other.system == damped_particle


@pytest.mark.parametrize("start", [damped_particle, damped_particle.law(), rule({x: x - eta * G})])
def test_a_derivation_without_steps_is_unchecked(start):
    (verdict,) = Derivation("", start, ()).verdicts()
    assert verdict.outcome is Outcome.UNCHECKED
    assert verdict.evidence == ("no step was checked",)
    assert is_failure(verdict)


def test_a_derivation_without_steps_fails_where_its_start_contradicts_itself():
    (verdict,) = Derivation("", rule({v: -eta * G}), ()).verdicts()
    assert verdict.outcome is Outcome.FAILS
    assert "v has dimension L T^-1" in verdict.evidence[0]
    start = type(damped_particle.law())(damped_particle.law().equations, (Condition(-(rho**2) - 1, ">= 0"),))
    (verdict,) = Derivation("", start, ()).verdicts()
    assert verdict.outcome is Outcome.FAILS
    assert "contradict each other" in verdict.evidence[0]


def test_a_line_of_wrong_dimensions_fails_and_those_around_it_do_not():
    wrong = law({dot(x): -G})  # a velocity is a force over a friction coefficient
    steps = (Step("", Divide(gamma), gives=wrong), Step("", Integrate(forward_euler, dt)))
    start, divided, stepped = Derivation("", law({gamma * dot(x): -G}), steps).verdicts()
    assert start
    assert divided.outcome is stepped.outcome is Outcome.FAILS
    assert any("dimension L T^-1" in e for e in divided.evidence)
    assert any("add" in e for e in stepped.evidence)  # x [L] and dt*grad(x), a momentum


@pytest.mark.parametrize("factor", [eta, 1 / eta, -3 * eta])
def test_dimensions_fail_a_step_whose_algebra_holds(factor):
    start, step = Derivation("", law({v: -eta * G}), (Step("", Multiply(factor)),)).verdicts()
    assert start.outcome is step.outcome is Outcome.FAILS


def test_unknown_dimensions_fail_nothing():
    k, y = Symbol("k", positive=True), Symbol("y", real=True)
    derivation = Derivation("", law({k * dot(y): -(k**2) * y}), (Step("", Divide(k)),))
    assert [v.outcome for v in derivation.dimensions()] == [Outcome.UNDECIDABLE] * 2
    assert all(derivation.verdicts())


def test_contradictory_dimensions_of_unknown_symbols_fail():
    y = Symbol("y", real=True)
    start, step = Derivation("", law({dot(y): -y * v}), (Step("", Divide(v)),)).verdicts()
    assert start.outcome is step.outcome is Outcome.FAILS
    assert "dimension" in start.evidence[0]
