"""Ranges of parameters: what holds always, in part and nowhere, against answers known by hand."""

import pytest
from sympy import Rational, cos, sqrt

from physsym.analysis.exact_evaluation import AnalysisError
from physsym.analysis.quantified import holds_for_all, holds_for_all_given
from physsym.core.verdicts import Condition, Outcome
from physsym.vocabulary import dt, eta, lam, rho, tau

inside = [Condition(eta, "> 0"), Condition(2 - eta * lam, "> 0")]
kept = Condition(1 - dt / tau, ">= 0")


def test_what_follows_holds_throughout():
    assert holds_for_all([Condition(4 - eta * lam, "> 0")], inside)
    assert holds_for_all([Condition(1 / (1 + dt / tau), "> 0"), Condition(1 - 1 / (1 + dt / tau), "> 0")])
    assert holds_for_all([Condition(rho**2 - 2 * rho + 1, ">= 0")])


def test_what_holds_in_part_is_conditional_and_shows_both_parts():
    found = holds_for_all([kept], at=[{dt: 1, tau: 10}, {dt: 1, tau: Rational(1, 4)}])
    assert found.outcome is Outcome.CONDITIONAL
    assert found.assumes == (kept,)
    assert found.evidence == ("it holds at dt = 1, tau = 10",)
    assert found.witness == "not at dt = 1, tau = 1/4"


def test_a_thin_part_is_found_without_a_hint():
    thin = [Condition(eta - Rational(99, 1000), "> 0"), Condition(Rational(1, 10) - eta, "> 0")]
    assert holds_for_all(thin).outcome is Outcome.CONDITIONAL
    assert holds_for_all([Condition(eta - Rational(9, 100), "> 0")], thin)
    middle = Condition(eta - Rational(995, 10000), "> 0")
    assert holds_for_all([middle], thin).outcome is Outcome.CONDITIONAL


def test_what_holds_nowhere_fails():
    assert holds_for_all([Condition(eta * lam - 3, "> 0")], inside).outcome is Outcome.FAILS
    assert holds_for_all([Condition(-(rho**2) - 1, "> 0")]).outcome is Outcome.FAILS


def test_the_edge_counts():
    at_most = [Condition(Rational(1, 10) - eta, ">= 0")]
    assert holds_for_all([Condition(2 - 20 * eta, ">= 0")], at_most)
    assert holds_for_all([Condition(2 - 20 * eta, "> 0")], at_most).outcome is Outcome.CONDITIONAL


def test_what_cannot_be_decided_is_not_passed():
    assert holds_for_all([Condition(2 - cos(eta), "> 0")]).outcome is Outcome.UNDECIDABLE


def test_an_empty_domain_and_inexact_points_are_refused():
    with pytest.raises(AnalysisError, match="no point"):
        holds_for_all([kept], [Condition(dt - tau, "> 0"), Condition(tau - dt, "> 0")])
    with pytest.raises(TypeError, match="exact"):
        holds_for_all([kept], at=[{dt: 0.5, tau: 1}])
    with pytest.raises(AnalysisError, match="rational"):
        holds_for_all([kept], at=[{dt: sqrt(2), tau: 1}])


def test_conditions_that_are_enough_are_reported_and_others_are_not():
    at = [{dt: 1, tau: 10}, {dt: 1, tau: Rational(1, 4)}]
    enough = Condition(tau - 2 * dt, "> 0")
    found = holds_for_all_given([enough], [kept], at=at)
    assert (found.outcome, found.assumes) == (Outcome.CONDITIONAL, (enough,))
    too_few = Condition(2 * tau - dt, "> 0")
    assert holds_for_all_given([too_few], [kept], at=at).assumes == (kept,)
    assert holds_for_all_given([enough], [kept], [Condition(tau - dt, "> 0")])
    assert holds_for_all_given([enough], [Condition(-dt, "> 0")]).outcome is Outcome.FAILS
