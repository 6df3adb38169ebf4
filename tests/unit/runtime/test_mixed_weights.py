"""Rules that mix their weights: runs and sweeps on potentials, against the same by hand; clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Rational, Symbol, sqrt

import physsym as ps
from physsym.core.statements import rule
from physsym.core.symbols import partial, potential
from physsym.testing import assert_optimizer

x1, x2, lr, a, b = (Symbol(n, real=True) for n in ("x_1", "x_2", "lr", "a", "b"))
SLOPES = partial(1, x1, x2), partial(2, x1, x2)
SIZE = sqrt(SLOPES[0] ** 2 + SLOPES[1] ** 2)
NORMALISED = rule({x1: x1 - lr * SLOPES[0] / SIZE, x2: x2 - lr * SLOPES[1] / SIZE})
POLYAK = rule({
    x1: x1 - lr * potential(x1, x2) * SLOPES[0] / SIZE**2,
    x2: x2 - lr * potential(x1, x2) * SLOPES[1] / SIZE**2})  # fmt: skip
# The updates are simultaneous: each slope is taken at both old weights.
BOWL = a**2 + 2 * b**2 + a * b / 2


def bowl(w):
    return w[0] ** 2 + 2 * w[1] ** 2 + w[0] * w[1] / 2


def slope(w):
    return np.array([2 * w[0] + w[1] / 2, 4 * w[1] + w[0] / 2])


def by_hand(which, lr, steps=3):
    w = np.array([1.0, 2.0])
    for _ in range(steps):
        g = slope(w)
        w = w - lr * (g / np.linalg.norm(g) if which is NORMALISED else bowl(w) * g / (g @ g))
    return w


@pytest.mark.parametrize("which", [NORMALISED, POLYAK])
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_runs_on_a_potential(which, backend):
    run = ps.optimizer(which, backend, lr=0.25)
    pair = (lambda v, w: bowl([v, w]), lambda v, w: tuple(slope([v, w])))
    matrix = [[2, Rational(1, 2)], [Rational(1, 2), 4]]
    for task in (BOWL, matrix, pair if which is POLYAK else pair[1]):
        found = run.run({"x_1": 1.0, "x_2": 2.0}, task, 3).states
        np.testing.assert_allclose([found["x_1"][-1], found["x_2"][-1]], by_hand(which, 0.25))


@pytest.mark.parametrize("which", [NORMALISED, POLYAK])
def test_sweeps(which):
    for start in ({"x_1": 1.0, "x_2": 2.0}, [1.0, 2.0]):
        found = ps.sweep(which, BOWL, {"lr": [0.1, 0.25]}, 3, start=start)
        ends = [by_hand(which, lr) for lr in (0.1, 0.25)]
        np.testing.assert_allclose(np.stack([found.states["x_1"], found.states["x_2"]], -1), ends)
        np.testing.assert_allclose(found.loss, [bowl(w) for w in ends])


def test_what_does_not_fit_is_refused_in_words():
    run = ps.optimizer(NORMALISED, lr=0.25)
    start = {"x_1": 1.0, "x_2": 2.0}
    with pytest.raises(
        ValueError, match="the potential has 1 weight, and the rule has several coordinates, x_1, x_2"
    ):
        run.run(start, a**2, 3)
    with pytest.raises(ValueError, match="the potential has 3 weights"):
        run.run(start, [1.0, 2.0, 3.0], 3)
    with pytest.raises(ValueError, match="give a dictionary of x_1, x_2"):
        run.run([1.0, 2.0], BOWL, 3)
    with pytest.raises(TypeError, match=r"reads the value of the loss.*assert_update"):
        assert_optimizer(lambda w, grad, lr: w, rule({a: a - lr * potential(a)}))


@pytest.mark.parametrize("which", [NORMALISED, POLYAK])
def test_adapters_refuse_them(which):
    pytest.importorskip("optax")
    with pytest.raises(ValueError, match="mixes the weights x_1, x_2"):
        ps.adapters.optax(which, lr=0.1)
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="one position, and the rule has x_1, x_2, which it mixes"):
        ps.adapters.torch(which, [torch.nn.Parameter(torch.ones(2))], lr=0.1)


def test_a_parameter_called_learning_rate_is_that_of_the_groups_of_torch():
    torch = pytest.importorskip("torch")
    learning_rate, w = Symbol("learning_rate", real=True), Symbol("w", real=True)
    stated = rule({w: w - learning_rate * ps.grad(w)})
    for given in ({"learning_rate": 0.25}, {"lr": 0.25}):
        weights = torch.nn.Parameter(torch.ones(2))
        made = ps.adapters.torch(stated, [weights], **given)
        assert made.param_groups[0]["lr"] == 0.25
        weights.grad = torch.ones(2)
        made.step()
        assert weights.tolist() == [0.75, 0.75]
