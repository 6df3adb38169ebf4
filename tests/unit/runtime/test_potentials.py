"""The test functions: gradients against differences of values."""

from __future__ import annotations

import numpy as np
import pytest

from physsym.runtime.potentials import PROBLEMS, logistic, problem


def slopes(value, w, step=1e-6):
    return np.array([(value(w + step * e) - value(w - step * e)) / (2 * step) for e in np.eye(w.size)])


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_gradient_is_the_slope_of_the_value(name):
    tried = problem(name)
    for seed in range(3):
        w = np.array(tried.start) + np.random.default_rng(seed).normal(size=len(tried.start))
        measured = slopes(tried.value, w)
        scale = 1e-7 * max(1, np.abs(measured).max(), abs(tried.value(w)))
        np.testing.assert_allclose(tried.gradient(w), measured, rtol=1e-6, atol=scale)
        assert not np.allclose(1.001 * tried.gradient(w), measured, rtol=1e-6, atol=scale)


@pytest.mark.parametrize(
    ("name", "lowest"),
    [
        ("valley", [0, 0]),
        ("bowl", [0, 0]),
        ("rosenbrock", [1, 1]),
        ("double-well", [-1, 0]),
        ("double-well", [1, 0]),
    ],
)
def test_the_smallest_value_is_where_the_gradient_vanishes(name, lowest):
    tried, w = problem(name), np.array(lowest, dtype=float)
    assert tried.value(w) == tried.lowest
    np.testing.assert_array_equal(tried.gradient(w), 0)


def test_the_samples_depend_on_the_seed_alone():
    w = np.ones(4)
    assert logistic(20, 4, seed=1).value(w) == logistic(20, 4, seed=1).value(w)
    assert logistic(20, 4, seed=1).value(w) != logistic(20, 4, seed=2).value(w)


def test_far_away_nothing_overflows():
    w = np.full(50, 1e6)
    assert np.isfinite(problem("logistic").value(w))
    assert np.isfinite(problem("logistic").gradient(w)).all()


def test_an_unknown_test_function_is_told_with_those_that_exist():
    with pytest.raises(ValueError, match=f"unknown test function 'vally'; there are {', '.join(PROBLEMS)}$"):
        problem("vally")
