"""The backend "jax": hand-written optimizers as witnesses, trees, tracing, donation, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Symbol, sqrt

from derivations.book import reference
from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial
from physsym.runtime import optimizer
from physsym.runtime.backends import lambdify
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.requirements import library

jax = library("jax", "jax")
jnp = jax.numpy

y, s = Symbol("y", real=True), Symbol("s", real=True)
descent = rule({x: x - eta * G})
momentum = rule({u: rho * u - eta * G, x: x + after(u)})
dampened = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
WITNESSES = {
    "descent": (descent, reference.gradient_descent, {"eta": 0.1}),
    "momentum": (momentum, reference.heavy_ball, {"eta": 0.1, "rho": 0.9}),
    "dampened": (dampened, reference.heavy_ball_with_dampening, {"eta": 0.1, "rho": 0.9}),
    "ahead": (ahead, reference.nesterov, {"eta": 0.1, "rho": 0.9}),
}


def slope(w):
    """The gradient of a chain of springs that harden."""
    return w * w * w + 2 * w - 0.5


@pytest.mark.parametrize(("stated", "by_hand", "chosen"), WITNESSES.values(), ids=WITNESSES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-13), (np.float32, 1e-4)])
def test_a_hundred_steps_are_those_written_by_hand(stated, by_hand, chosen, dtype, close):
    start = np.random.default_rng(2).normal(size=(len(stated.targets), 9)).astype(dtype)
    step, made, wanted = lambdify(stated, "jax"), tuple(start), tuple(start.astype(np.float64))
    for _ in range(100):
        made, wanted = step(*made, slope, **chosen), by_hand(*wanted, slope, **chosen)
    assert {value.dtype for value in made} == {np.dtype(dtype)}
    np.testing.assert_allclose(np.array(made), np.array(wanted), rtol=close, atol=close)
    assert not np.allclose(np.array(made), np.array(by_hand(*wanted, slope, **chosen)), rtol=0, atol=1e-12)


def test_a_tree_is_stepped_leaf_by_leaf():
    weights = {"a": np.ones(2), "b": [np.array(3.0), np.full((1, 2), 2.0)]}
    slopes = jax.tree.map(slope, weights)
    rest = jax.tree.map(np.zeros_like, weights)
    velocity, moved = lambdify(momentum, "jax")(rest, weights, slopes, eta=0.1, rho=0.9)
    for before_, now, new in zip(*map(jax.tree.leaves, (weights, velocity, moved)), strict=True):
        np.testing.assert_allclose(now, -0.1 * slope(before_), rtol=1e-15)
        np.testing.assert_allclose(new, before_ - 0.1 * slope(before_), rtol=1e-15)


def test_an_optimizer_starts_and_steps_a_tree():
    made = optimizer(momentum, "jax", eta=0.1, rho=0.9)
    state = made.init({"x": {"a": np.ones(2), "b": 3.0}})
    assert jax.tree.map(float, state["u"]["b"]) == 0.0
    state = made.step(state, lambda w: jax.tree.map(slope, w))
    assert float(state["x"]["b"]) == pytest.approx(3 - 0.1 * slope(3.0), rel=1e-15)


def test_a_run_is_that_of_numpy_also_from_numbers_written_out():
    made, wanted = (
        optimizer(ahead, b, eta=0.1, rho=0.9).run([1.0, -2.0], slope, 20) for b in ("jax", "numpy")
    )
    np.testing.assert_allclose(made.x, wanted.x, rtol=1e-13)


def test_a_step_can_be_traced_and_differentiated():
    step = lambdify(momentum, "jax")

    def after_two(rate):
        state = (jnp.zeros(()), jnp.ones(()))
        for _ in range(2):
            state = step(*state, lambda w: 2 * w, eta=rate, rho=0.5)
        return state[1]

    # x1 = 1 - 2 r, x2 = x1 + (x1 - 1)/2 - 2 r x1, hence dx2/dr = -2 - 1 - 2 + 8 r
    assert float(jax.jit(jax.grad(after_two))(0.1)) == pytest.approx(-5 + 8 * 0.1, rel=1e-14)


def test_a_traced_parameter_does_not_widen_the_arrays():
    step = jax.jit(lambda rate, w: lambdify(descent, "jax")(w, slope, eta=rate)[0])
    assert step(jnp.asarray(0.1, jnp.float64), jnp.ones(3, jnp.float32)).dtype == jnp.float32


@pytest.mark.parametrize("donate", [True, False])
def test_the_state_is_used_up_only_where_that_is_asked_for(donate):
    step = lambdify(momentum, "jax", donate=donate)
    velocity, place, slopes = jnp.zeros(5), jnp.ones(5), jnp.ones(5)
    _, moved = step(velocity, place, slopes, eta=0.1, rho=0.9)
    assert (velocity.is_deleted(), place.is_deleted(), slopes.is_deleted()) == (donate, donate, False)
    np.testing.assert_allclose(moved, 0.9, rtol=1e-15)


def test_players_see_the_moves_made_before_theirs():
    game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)})
    assert lambdify(game, "jax")(1.0, 2.0, lambda a, b: (b, a), eta=0.5) == (0.0, 2.0)


def test_earlier_values_move_along_and_constants_fill():
    made = lambdify(rule({x: x - eta * G + rho * (x - before(x))}), "jax")
    new, kept = made(np.full(2, 2.0), np.ones(2), lambda w: 3 * w, eta=0.1, rho=0.7)
    np.testing.assert_allclose(new, 2 - 0.1 * 6 + 0.7, rtol=1e-15)
    np.testing.assert_array_equal(kept, [2.0, 2.0])
    np.testing.assert_array_equal(lambdify(rule({x: 2 * eta}), "jax")(np.ones(3), eta=0.25), [[0.5] * 3])


@pytest.mark.parametrize(
    ("state", "force", "error", "said"),
    [
        (({"a": 1.0}, 1.0), slope, TypeError, "x must be a tree like u"),
        (({}, {}), slope, TypeError, "u must hold at least one array"),
        ((np.ones(2, bool), np.ones(2)), slope, TypeError, "u must hold floating-point numbers, given bool"),
        ((np.ones(2), np.ones(2, complex)), slope, TypeError, "x must hold floating-point numbers"),
        ((np.ones(2, np.float32), np.ones(2)), slope, TypeError, "u is float32, x is float64"),
        ((np.ones(2), np.ones(2)), np.ones(3), ValueError, r"shape \(3,\) at a point of shape \(2,\)"),
        ((np.ones(2), np.ones(2)), [1.0, 1.0], ValueError, "gradient is a tree of structure"),
        ((np.ones(()), np.ones(2)), slope, ValueError, r"u has shape \(\), its new value \(2,\)"),
    ],
)  # fmt: skip
def test_unfit_arrays_are_told(state, force, error, said):
    with pytest.raises(error, match=said):
        lambdify(momentum, "jax")(*state, force, eta=0.1, rho=0.9)


def test_unfit_parameters_are_told():
    for unfit, said in ((jnp.ones(2), "one real number"), ("0.1", "one real number")):
        with pytest.raises(TypeError, match=f"eta must be {said}"):
            lambdify(descent, "jax")(1.0, slope, eta=unfit)
    with pytest.raises(ValueError, match=r"not defined for eta=-1\.0"):
        lambdify(rule({x: x * sqrt(eta)}), "jax")(1.0, eta=-1.0)
    with pytest.raises(TypeError, match=r"the backend 'jax' updates no arrays in place; 'numpy', .* do"):
        optimizer(descent, "jax", eta=0.1).bind({"x": np.ones(1)}, np.ones(1))
