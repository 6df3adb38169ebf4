"""Rules that read the value of the loss: steps, runs, sweeps and adapters, against the same by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Min, Piecewise, Symbol

import physsym as ps
from physsym.core.statements import rule
from physsym.core.symbols import after, grad, partial, potential
from physsym.parsing import read
from physsym.runtime.backends import is_installed
from physsym.vocabulary import G, eta, rho, u, x

lr, c, m, y = (Symbol(n, real=True) for n in ("lr", "c", "m", "y"))
# Gradient descent whose rate is the loss over a constant.
SCALED = rule({x: x - Min(lr, c * potential(x)) * G})
AHEAD = rule({u: rho * u - eta * potential(x + rho * u) * grad(x + rho * u), x: x + after(u)})
BACKENDS = [
    n if n in ("numpy", "c")
    else pytest.param(n, marks=pytest.mark.skipif(not is_installed(n), reason=f"{n} is not installed"))
    for n in ("numpy", "c", "llvm", "jax", "torch")
]  # fmt: skip


def by_hand(w, steps, loss, gradient, lr=0.04, c=0.01):
    for _ in range(steps):
        w = w - min(lr, c * loss(w)) * gradient(w)
    return w


def valley(w):
    return (20 * w[0] ** 2 + w[1] ** 2) / 2


def slope(w):
    return np.array([20.0, 1.0]) * w


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_takes_the_loss_behind_the_gradient(backend):
    run = ps.optimizer(SCALED, backend, lr=0.04, c=0.01)
    state = run.init(np.array([1.0, 0.5], np.float32))
    made = run.step(state, 2 * state["x"], 3.0)
    np.testing.assert_allclose(np.asarray(made["x"]), np.array([1.0, 0.5]) * (1 - 2 * 0.03), rtol=1e-6)
    again = run.step(state, 2 * state["x"], lambda w: 3.0)
    np.testing.assert_array_equal(np.asarray(again["x"]), np.asarray(made["x"]))
    with pytest.raises(TypeError, match=r"reads the loss: give step\(state, grad, loss\)"):
        run.step(state, 2 * state["x"])
    with pytest.raises(TypeError, match="does not read the loss"):
        ps.optimizer(rule({x: x - eta * G}), backend, eta=1.0).step(state, state["x"], 1.0)


def test_exact_numbers_and_plain_functions():
    step = ps.lambdify(rule({x: x - potential(x) / G}), backend="python")
    assert step(2, 4, 4) == (1,)  # Newton's step to the zero of a loss of x**2 halves x
    assert step(2, lambda w: 2 * w, lambda w: w**2) == (1,)
    with pytest.raises(TypeError, match="a step takes x, the gradient, the loss in this order"):
        step(2, 4)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("on", [(valley, slope), "valley"], ids=["functions", "potential"])
def test_a_rule_that_reads_the_loss_alone_runs(backend, on):
    run = ps.optimizer(rule({x: x - c * potential(x)}), backend, c=0.1).run(
        np.array([1.0, 0.5], np.float32), on, 3
    )
    w = np.array([1.0, 0.5])
    for row in np.asarray(run.x):
        np.testing.assert_allclose(row, w, rtol=1e-5)
        w = w - 0.1 * valley(w)


def test_the_texts_take_the_loss_behind_the_gradient():
    assert "def step(x, grad, loss, *, c, lr):" in ps.source(SCALED)
    assert "function step(x, grad, loss, {c, lr}) {" in ps.source(SCALED, "javascript")
    assert "double c, double lr, double loss)" in ps.source(SCALED, "c")
    assert "double %loss)" in ps.source(SCALED, "llvm")


@pytest.mark.parametrize("backend", BACKENDS[:3])
def test_runs_compute_the_loss(backend):
    run = ps.optimizer(SCALED, backend, lr=0.04, c=0.01)
    want = by_hand(np.array([1.0, 1.0]), 12, valley, slope)
    w1, w2 = Symbol("w1", real=True), Symbol("w2", real=True)
    for task in ("valley", 10 * w1**2 + w2**2 / 2, [20.0, 1.0], (valley, slope)):
        np.testing.assert_allclose(run.run([1.0, 1.0], task, 12).x[-1], want, rtol=1e-12)
    with pytest.raises(TypeError, match=r"give a pair of functions, \(loss, gradient\), or a potential"):
        run.run([1.0, 1.0], slope, 3)
    each = ps.optimizer(SCALED, backend, lr=0.04, c=0.01).run([1.0, 2.0], w1**2, 5).x[-1]
    two = by_hand(np.array([1.0, 2.0]), 5, lambda w: (w**2).sum(), lambda w: 2 * w)
    np.testing.assert_allclose(each, two, rtol=1e-12)
    problem = ps.optimizer(SCALED, backend, lr=0.04, c=0.01).run(np.zeros(50), "logistic", 3)
    assert np.isfinite(problem.x).all()


def test_the_loss_where_the_gradient_is_taken():
    run = ps.optimizer(AHEAD, eta=0.01, rho=0.5).run([1.0, 1.0], "valley", 6)
    w, v = np.ones(2), np.zeros(2)
    for _ in range(6):
        at = w + 0.5 * v
        v = 0.5 * v - 0.01 * valley(at) * slope(at)
        w = w + v
    np.testing.assert_allclose(run.x[-1], w, rtol=1e-12)


def test_sweeps_compute_the_loss():
    found = ps.sweep(SCALED, "valley", {"lr": [0.01, 0.04], "c": [0.001, 0.01, 0.1]}, 8)
    for i, rate in enumerate((0.01, 0.04)):
        for j, scale in enumerate((0.001, 0.01, 0.1)):
            want = by_hand(np.ones(2), 8, valley, slope, rate, scale)
            np.testing.assert_allclose(found.states["x"][i, j], want, rtol=1e-12)
            np.testing.assert_allclose(found.loss[i, j], valley(want), rtol=1e-12)


@pytest.mark.skipif(not is_installed("llvm"), reason="llvm is not installed")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"threads": 2}, "leave out threads=2"),
        ({"fma": True}, "leave out fma=True"),
        ({"backend": "llvm"}, "leave out backend='llvm'"),
        ({"backend": "llvm", "threads": 3, "fma": True}, "backend='llvm' and threads=3 and fma=True"),
        ({"backend": "c"}, "takes no sweeps"),
    ],
)
def test_sweeps_by_numpy_refuse_what_they_would_not_heed(given, said):
    reads = {"lr": [0.01, 0.04], "c": 0.01}
    with pytest.raises(ValueError, match=said):
        ps.sweep(SCALED, "valley", reads, 3, **given)
    matrix = np.eye(12) + 0.1 * np.ones((12, 12))
    with pytest.raises(ValueError, match=said):
        ps.sweep(ps.rule({x: x - lr * G}), matrix, {"lr": [0.1, 0.2]}, 3, **given)


def test_sweeps_by_numpy_take_numpy():
    reads = {"lr": [0.01, 0.04], "c": 0.01}
    one, other = (ps.sweep(SCALED, "valley", reads, 3, backend=b) for b in (None, "numpy"))
    np.testing.assert_array_equal(one.loss, other.loss)


def test_two_weights_share_one_loss():
    both = rule({
        x: x - lr * potential(x, y) * partial(1, x, y), y: y - lr * potential(x, y) * partial(2, x, y)
    })  # fmt: skip
    run = ps.optimizer(both, lr=0.01)
    pair = (lambda a, b: a**2 + b**2, lambda a, b: (2 * a, 2 * b))
    got = run.run({"x": np.array(1.0), "y": np.array(2.0)}, pair, 1)
    assert float(got.states["x"][-1]) == pytest.approx(1 - 0.01 * 5 * 2)
    assert float(got.states["y"][-1]) == pytest.approx(2 - 0.01 * 5 * 4)


def test_what_cannot_be_given_is_refused():
    with pytest.raises(ValueError, match="reads it at one point"):
        ps.optimizer(rule({x: x - potential(x + 1) * G}))
    with pytest.raises(ValueError, match="reads it at one point"):
        ps.optimizer(rule({u: u, x: x - (potential(x) - potential(u)) * G}))
    with pytest.raises(TypeError, match="bound arrays do not know"):
        ps.optimizer(SCALED, lr=1.0, c=1.0).bind({"x": np.ones(2)}, np.ones(2))


def test_the_loss_is_read_and_printed():
    for text in ("x <- x - U(x)*G", "x <- x - potential(x)*G", "x <- x - loss(x)*G"):
        assert read(text).value == x - potential(x) * G
    assert ps.unicode(SCALED) == "𝐱ₜ₊₁ = 𝐱ₜ - min(lr, c U(𝐱ₜ)) ∇U(𝐱ₜ)"
    assert "L(" in ps.unicode(SCALED, face="learning")


POLYAK = rule({x: x - Piecewise((Min(potential(x), lr) * G, potential(x) > 0), (0, True))})


def test_optax_takes_the_value():
    jax, _ = pytest.importorskip("jax"), pytest.importorskip("optax")
    from physsym.adapters import optax

    with jax.enable_x64(True):
        made = optax(POLYAK, lr=0.04)
        weights = jax.numpy.array([1.0, -2.0])
        state = made.init(weights)
        updates, _ = made.update(2 * weights, state, weights, value=0.03)
        np.testing.assert_allclose(updates, -0.03 * 2 * np.array([1.0, -2.0]), rtol=1e-12)
        updates, _ = jax.jit(made.update)(2 * weights, state, weights, value=jax.numpy.array(-1.0))
        np.testing.assert_array_equal(updates, 0)
        with pytest.raises(ValueError, match="value=loss"):
            made.update(2 * weights, state, weights)


def test_torch_takes_a_closure():
    torch = pytest.importorskip("torch")
    from physsym.adapters import torch as adapter

    for maximize in (False, True):
        weights = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
        made = adapter(POLYAK, [weights], lr=0.04, maximize=maximize)
        sign = -1 if maximize else 1

        def closure(weights=weights, made=made, sign=sign):
            made.zero_grad()
            loss = sign * (weights**2).sum() / 200
            loss.backward()
            return loss

        made.step(closure)
        want = np.array([1.0, -2.0]) * (1 - 0.025 * 2 / 200)
        np.testing.assert_allclose(weights.detach().numpy(), want, rtol=1e-12)
        with pytest.raises(ValueError, match="give step a closure"):
            made.step()
    with pytest.raises(ValueError, match="reads the loss, which PyTorch has at the weights"):
        adapter(AHEAD, [torch.nn.Parameter(torch.zeros(2))], eta=0.1, rho=0.5)
