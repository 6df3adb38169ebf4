"""Mutants of rules, and how many of them a test notices."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Max, Symbol, sqrt

import physsym as ps
from physsym.testing.mutants import mutants
from physsym.vocabulary import G, eta, x

b = Symbol("b", real=True)
eps = Symbol("eps", real=True)
v = Symbol("v", real=True)


def kinds(rule):
    return {mutant.kind for mutant in mutants(rule)}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({v: b * v - G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "sign"),
        ({v: G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "term dropped"),
        ({v: v + G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "factor dropped"),
        ({v: b**2 * v + G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "parameter squared"),
        ({v: eps * v + G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "another parameter"),
        ({v: b * v + G**2, x: x - eta * G / (sqrt(v) + eps)}, "old or new value"),
        ({v: b * v + G**3, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "number"),
        ({v: b * v + abs(G), x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "magnitude"),
        ({v: b * v + G**2, x: x - eta * G / (ps.after(v) + eps)}, "root dropped"),
        ({v: b * v + G**2, x: x - eta * G / sqrt(ps.after(v) + eps)}, "into or out of the root"),
        ({v: v, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, "update left out"),
    ],
)
def test_a_slip_is_among_the_mutants(changed, kind):
    rule = ps.rule({v: b * v + G**2, x: x - eta * G / (sqrt(ps.after(v)) + eps)}, start={v: 0})
    wrong = ps.rule(changed, start={v: 0})
    assert any(m.kind == kind and m.rule == wrong for m in mutants(rule))


def test_maxima_counters_and_starts_have_mutants():
    k = Symbol("k", real=True)
    rule = ps.rule(
        {k: k + 1, v: Max(b * v, abs(G)), x: x - eta * G / ps.after(v) ** ps.after(k)}, start={v: 0}
    )
    assert {"maximum or minimum", "counter", "start value"} <= kinds(rule)


def test_mutants_are_other_rules_and_each_comes_once():
    rule = ps.known.adam.rule
    found = [m.rule for m in mutants(rule)]
    assert len(set(found)) == len(found) > 90
    assert rule not in found


def test_what_notices_everything_scores_all():
    def exact(rule):
        assert rule == right

    right = ps.known.heavy_ball.rule
    found = ps.testing.mutation_score(exact, right)
    assert found.fraction == 1
    assert not found.survived


def test_what_notices_nothing_scores_nothing_but_the_equal():
    found = ps.testing.mutation_score(lambda rule: None, "x <- x - eta*grad(x) + 0*eta")
    assert found.fraction == 0
    assert "x <- x" in {str(m.rule) for m in found.survived}


def test_a_mutant_that_is_the_same_in_effect_does_not_count():
    rule = ps.rule({v: G, x: x - eta * ps.after(v)}, start={v: 0})
    found = ps.testing.mutation_score(lambda rule: None, rule)
    assert [m.kind for m in found.equal] == ["start value"]


def test_a_test_that_fails_on_the_right_rule_is_refused():
    with pytest.raises(ValueError, match="fails on the right rule"):
        ps.testing.mutation_score(lambda rule: pytest.fail("always"), "x <- x - eta*grad(x)")


@pytest.mark.slow
def test_a_constant_gradient_is_a_poor_test():
    rule = ps.known.adam.rule
    values = {"eta": 0.125, "beta_1": 0.75, "beta_2": 0.875, "eps": 0.02}

    def run(given, gradients):
        step = ps.optimizer(given, **values)
        state, shown = step.init(np.array([1.0])), []
        for g in gradients:
            state = step.step(state, lambda _, g=g: np.array([g]))
            shown.append(float(state["x"][0]))
        return shown

    def by(gradients):
        want = run(rule, gradients)

        def test(mutant):
            with np.errstate(all="ignore"):
                assert np.allclose(run(mutant, gradients), want, rtol=1e-9)

        return test

    poor = ps.testing.mutation_score(by([1.0] * 4), rule)
    good = ps.testing.mutation_score(by([0.03, -2, 0, 1 / 7, 5, -5, 0.001]), rule)
    assert len(poor.survived) > len(good.survived)
