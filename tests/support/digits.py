"""A real small model: a network of two layers that learns to read the digits of scikit-learn."""

from __future__ import annotations

import numpy as np
from sympy import Symbol, sqrt

from derivations.momentum import derivation
from physsym.adapters import seen_from_the_gradient
from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.vocabulary import G, eta, lam, rho, t, u, x
from tests.support.requirements import library

STEPS, BATCH, HIDDEN = 60, 100, 24

s = Symbol("s", real=True)
beta, epsilon = Symbol("beta", positive=True), Symbol("epsilon", positive=True)
descent = rule({x: x - eta * G})
heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
nesterov = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
buffered = rule({u: rho * u + G, x: x - eta * after(u)})
decayed = rule({u: rho * u + G + lam * x, x: x - eta * after(u)})
derived = derivation.rule  # the gradient weighed by (1 - rho)*eta
# Kingma and Ba, ICLR 2015, algorithm 1.
ADAM = {
    u: rho * u + (1 - rho) * G,
    s: beta * s + (1 - beta) * G**2,
    x: x - eta * (after(u) / (1 - rho**t)) / (sqrt(after(s) / (1 - beta**t)) + epsilon),
}
adam = rule(ADAM)  # the step, from one, is a parameter that changes
counting_adam = rule({t: t + 1, **{target: value.xreplace({t: after(t)}) for target, value in ADAM.items()}})
seen_ahead = seen_from_the_gradient(nesterov)


def counted(steps_done):
    return steps_done + 1.0


CHOSEN = {"eta": 0.1, "rho": 0.9}
OF_COUNTING_ADAM = {"eta": 0.002, "rho": 0.9, "beta": 0.99, "epsilon": 1e-8}
OF_ADAM = {**OF_COUNTING_ADAM, "t": counted}


def batches():
    """Yield images, scaled to one, and labels, in an order drawn once."""
    datasets = library("sklearn.datasets", "adapters")
    data = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    for number in range(STEPS):
        chosen = order[np.arange(number * BATCH, (number + 1) * BATCH) % len(order)]
        yield data.data[chosen] / 16, data.target[chosen]


def weights():
    """Return the weights and offsets of two layers, drawn once."""
    random = np.random.default_rng(1)
    return {
        "first": {"weight": random.normal(size=(64, HIDDEN)) / 8, "offset": np.zeros(HIDDEN)},
        "second": {"weight": random.normal(size=(HIDDEN, 10)) / 5, "offset": np.zeros(10)},
    }


def assert_same(curve, wanted):
    """Hold two loss curves together, to what rounding becomes in the course of the training."""
    assert np.mean(wanted[-5:]) < 0.8 * wanted[0], "nothing was learnt, so that nothing is compared"
    np.testing.assert_allclose(curve, wanted, rtol=1e-11)


def assert_other(curve, wanted):
    """See that two loss curves part by far more than rounding."""
    assert np.abs(np.array(curve) - wanted).max() > 1e-3
