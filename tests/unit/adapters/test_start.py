"""Start values, typical values and ranges of rules in optax and PyTorch, against runs of the optimizer."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Piecewise, Rational, Symbol, sqrt

import physsym as ps
from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.vocabulary import G, eta, rho, u, x

k, z, m, b = (Symbol(name, real=True) for name in "kzmb")
RULES = {
    "from the weights": rule(
        {z: rho * z + (1 - rho) * x, x: x - eta * G - eta * (x - after(z))}, start={z: x}),
    "from a parameter": rule({m: rho * m + G, x: x - eta * after(m)}, start={m: sqrt(eta)}),
    "from another state": rule(
        {m: rho * m + G, u: u / 2, x: x - eta * after(m) * after(u)}, start={m: 1 + u, u: rho}
    ),
    "a counter": rule({k: k + 1, x: x - eta * G / after(k)}, start={k: 2}),
    "a product": rule(
        {m: m * rho, k: k + 1, x: x - eta * G * after(m) / after(k)}, start={m: rho**2, k: Rational(1, 2)}
    ),
    "a case": rule(
        {m: Piecewise((G, k <= 1), (rho * m + G, True)), k: k + 1, x: x - eta * after(m)},
        start={k: 1},
    ),
}  # fmt: skip
RULES = {
    n: type(r)(r.updates, r.start, (), ((rho, Rational(1, 2)),)) if rho in r.parameters else r
    for n, r in RULES.items()
}


def expected(stated, steps=4):
    run = ps.optimizer(stated, eta=0.25)
    return run.run(np.array([1.0, -2.0]), lambda w: 2 * w, steps).x[-1]


@pytest.mark.parametrize("name", RULES)
def test_optax_starts_there(name):
    jax, _ = pytest.importorskip("jax"), pytest.importorskip("optax")
    from physsym.adapters import optax

    with jax.enable_x64(True):
        made = optax(RULES[name], eta=0.25)
        weights = jax.numpy.array([1.0, -2.0])
        state = jax.jit(made.init)(weights)
        for _ in range(4):
            updates, state = made.update(2 * weights, state, weights)
            weights = weights + updates
        np.testing.assert_allclose(weights, expected(RULES[name]), rtol=1e-12)


@pytest.mark.parametrize("foreach", [None, True, False])
@pytest.mark.parametrize("name", RULES)
def test_torch_starts_there(name, foreach):
    torch = pytest.importorskip("torch")
    from physsym.adapters import torch as adapter

    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    made = adapter(RULES[name], [weights], lr=0.25, foreach=foreach)
    for _ in range(4):
        weights.grad = 2 * weights.detach()
        made.step()
    np.testing.assert_allclose(weights.detach().numpy(), expected(RULES[name]), rtol=1e-12)


def test_torch_starts_there_with_a_closure():
    torch = pytest.importorskip("torch")
    from physsym.adapters import torch as adapter

    ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}, start={u: x})
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    made = adapter(ahead, [weights], eta=0.25, rho=0.5)

    def closure():
        made.zero_grad()
        loss = (weights**2).sum()
        loss.backward()
        return loss

    for _ in range(3):
        made.step(closure)
    want = ps.optimizer(ahead, eta=0.25, rho=0.5).run(np.array([1.0, -2.0]), lambda w: 2 * w, 3).x[-1]
    np.testing.assert_allclose(weights.detach().numpy(), want, rtol=1e-12)


def test_parameters_out_of_range_are_refused():
    stated = rule({u: rho * u - m * G, x: x + after(u)}, ranges=(rho >= 0, rho < 1), typical={rho: 2})
    torch = pytest.importorskip("torch")
    from physsym.adapters import torch as adapter

    with pytest.raises(ValueError, match="rho=2"):
        adapter(stated, [torch.nn.Parameter(torch.zeros(1))], m=0.1)
    adapter(stated, [torch.nn.Parameter(torch.zeros(1))], m=0.0, rho=0.5)
    pytest.importorskip("optax")
    from physsym.adapters import optax

    with pytest.raises(ValueError, match="rho=2"):
        optax(stated, m=0.1)


def test_seen_from_the_gradient_keeps_what_belongs_to_the_rule():
    pytest.importorskip("sympy")
    from physsym.adapters.evaluation_point import seen_from_the_gradient

    ahead = rule(
        {u: rho * u - eta * grad(x + rho * u), x: x + after(u)},
        start={u: x / 2}, ranges=(rho < 1,), typical={rho: Rational(1, 2)},
    )  # fmt: skip
    seen = seen_from_the_gradient(ahead)
    assert (seen.ranges, seen.typical) == (ahead.ranges, ahead.typical)
    run = ps.optimizer(ahead, eta=0.25).run({"x": [1.0]}, lambda w: 2 * w, 3)
    # y = x + rho*u with u = x/2 at the start: x = 1 means y = 1.25.
    other = ps.optimizer(seen, eta=0.25).run({"x": [1.25], "u": [0.5]}, lambda w: 2 * w, 3)
    np.testing.assert_allclose(other.x[-1], run.x[-1] + 0.5 * run.states["u"][-1], rtol=1e-12)
    np.testing.assert_allclose(0.5 * (1.25 - 0.5 * 0.5), 0.5)


PARAMETER_OF_THE_START = rule(
    {m: m + G**2, x: x - b * G / sqrt(after(m))}, start={m: k}, typical={k: Rational(1, 10)}
)


@pytest.mark.parametrize("given", [{}, {"k": 0.3}])
def test_a_parameter_that_the_start_alone_reads_is_given_to_optax(given):
    library = pytest.importorskip("optax", reason="needs optax")
    start = given.get("k", 0.1)
    transformation = ps.adapters.optax(PARAMETER_OF_THE_START, b=0.5, **given)
    weights, seen = np.array([1.0, -2.0]), start
    state = transformation.init(weights)
    want = weights
    for _ in range(3):
        seen = seen + (2 * want) ** 2
        updates, state = transformation.update(2 * weights, state, weights)
        weights = library.apply_updates(weights, updates)
        want = want - 0.5 * 2 * want / np.sqrt(seen)
    np.testing.assert_allclose(weights, want, rtol=1e-5)


def test_a_parameter_called_learning_rate_is_given_to_torch():
    torch = pytest.importorskip("torch", reason="needs torch")
    rate = Symbol("learning_rate", real=True)
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    descent = ps.adapters.torch(rule({x: x - rate * G}), [weights], learning_rate=0.25)
    weights.square().sum().backward()
    descent.step()
    assert weights.tolist() == [0.5, -1.0]
    assert descent.param_groups[0]["lr"] == 0.25
    with pytest.raises(TypeError, match="name of a parameter"):
        ps.adapters.torch(rule({x: x - eta * G}), [weights], learning_rate=0.25)
