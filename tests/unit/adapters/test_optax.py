"""Derived rules as transformations for optax, beside optax's own on a real model, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from physsym import adapters
from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial
from physsym.runtime import optimizer, schedule
from physsym.vocabulary import G, eta, lam, rho, u, x
from tests.support import digits
from tests.support.requirements import library

jax = library("jax", "jax")
optax = library("optax", "jax")
jnp, CHOSEN = jax.numpy, digits.CHOSEN


def loss_of(own, images, labels):
    hidden = jnp.tanh(images @ own["first"]["weight"] + own["first"]["offset"])
    scores = hidden @ own["second"]["weight"] + own["second"]["offset"]
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()


def trained(transformation, dtype=np.float64):
    """Return the loss before each step of a training."""
    own = jax.tree.map(lambda w: jnp.asarray(w, dtype), digits.weights())
    state, losses = transformation.init(own), []

    @jax.jit
    def step(own, state, images, labels):
        loss, slopes = jax.value_and_grad(loss_of)(own, images, labels)
        updates, state = transformation.update(slopes, state, own)
        return optax.apply_updates(own, updates), state, loss

    for images, labels in digits.batches():
        own, state, loss = step(own, state, images.astype(dtype), labels)
        losses.append(float(loss))
    assert {w.dtype for w in jax.tree.leaves(own)} == {np.dtype(dtype)}
    return losses


def test_what_has_a_rule_is_taken_as_a_rule():
    """An optimizer stands for its rule, and what is returned is one of optax's transformations."""
    stated = rule({x: x - eta * G})
    for given in (stated, stated.updates[0], optimizer(stated, eta=0.3)):
        found = adapters.optax(given, eta=0.5)
        assert isinstance(found, optax.GradientTransformation)
        chained = optax.chain(found, optax.scale(2.0))
        updates, _ = chained.update(jnp.ones(2), chained.init(jnp.ones(2)))
        assert updates.tolist() == [-1.0, -1.0]
    with pytest.raises(TypeError, match="expected a rule"):
        adapters.optax(3, eta=0.5)


decay = optax.exponential_decay(0.1, 5, 0.7)
SAME = {
    "descent": (digits.descent, {"eta": 0.5}, optax.sgd(0.5)),
    "momentum": (digits.heavy_ball, CHOSEN, optax.sgd(0.1, 0.9)),
    "as derived": (digits.derived, {"eta": 0.5, "rho": 0.9}, optax.sgd((1 - 0.9) * 0.5, 0.9)),
    "nesterov": (digits.seen_ahead, CHOSEN, optax.sgd(0.1, 0.9, nesterov=True)),
    "scheduled": (digits.buffered, {"eta": decay, "rho": 0.9}, optax.sgd(decay, 0.9)),
    "decayed": (
        digits.decayed,
        {"lam": 0.01, **CHOSEN},
        optax.chain(optax.add_decayed_weights(0.01), optax.sgd(0.1, 0.9)),
    ),
    "two steps back": (rule({x: x - eta * G + rho * (x - before(x))}), CHOSEN, optax.sgd(0.1, 0.9)),
    "adam": (digits.adam, digits.OF_ADAM, optax.adam(0.002, 0.9, 0.99, eps=1e-8)),
    "adam that counts": (
        digits.counting_adam,
        digits.OF_COUNTING_ADAM,
        optax.adam(0.002, 0.9, 0.99, eps=1e-8),
    ),
}


@pytest.mark.parametrize(("stated", "chosen", "own"), SAME.values(), ids=SAME)
def test_the_loss_curve_is_that_of_optax(stated, chosen, own):
    digits.assert_same(trained(adapters.optax(stated, **chosen)), trained(own))


def test_a_schedule_tells_the_displacement_from_optaxs_trace():
    # optax multiplies its trace by the rate of today; a displacement keeps the rates of the past.
    digits.assert_other(
        trained(adapters.optax(digits.heavy_ball, eta=decay, rho=0.9)), trained(optax.sgd(decay, 0.9))
    )


def test_the_mean_of_gradients_is_optaxs_ema_and_not_its_trace():
    mean = optax.chain(optax.ema(0.9, debias=False), optax.scale(-0.5))
    digits.assert_same(trained(adapters.optax(digits.derived, eta=0.5, rho=0.9)), trained(mean))
    digits.assert_other(
        trained(adapters.optax(digits.derived, eta=0.5, rho=0.9)), trained(optax.sgd(0.5, 0.9))
    )


def test_it_is_chained_and_keeps_the_type():
    clipped = optax.chain(optax.clip_by_global_norm(0.5), adapters.optax(digits.heavy_ball, **CHOSEN))
    wanted = optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1, 0.9))
    digits.assert_same(trained(clipped), trained(wanted))
    np.testing.assert_allclose(trained(clipped, np.float32), trained(wanted, np.float32), rtol=1e-4)


def test_rates_can_be_traced():
    weights, slopes = jnp.ones(3), jnp.ones(3)

    @jax.jit
    def moved(rate):
        made = adapters.optax(digits.heavy_ball, eta=rate, rho=0.9)
        return optax.apply_updates(weights, made.update(slopes, made.init(weights))[0])

    np.testing.assert_allclose(moved(0.25), 0.75, rtol=1e-15)
    assert float(jax.grad(lambda rate: moved(rate).sum())(0.25)) == -3.0


def test_weights_are_wanted_only_where_the_rule_reads_them():
    weights, slopes = jnp.ones(2), jnp.ones(2)
    plain, reading = (
        adapters.optax(digits.heavy_ball, **CHOSEN),
        adapters.optax(digits.decayed, lam=0.1, **CHOSEN),
    )
    updates, _ = plain.update(slopes, plain.init(weights))
    np.testing.assert_allclose(updates, -0.1, rtol=1e-15)
    with pytest.raises(ValueError, match=r"reads the weights \(x\): give update\(updates, state, params\)"):
        reading.update(slopes, reading.init(weights))


def test_a_weight_without_gradient_is_left_alone():
    made = adapters.optax(digits.heavy_ball, **CHOSEN)
    weights = {"moving": jnp.ones(2), "resting": jnp.ones(2)}
    state = made.init(weights)
    for _ in range(2):
        updates, state = made.update({"moving": jnp.ones(2), "resting": None}, state)
    assert updates["resting"] is None
    np.testing.assert_allclose(state.states["u"]["moving"], -0.1 - 0.09, rtol=1e-15)
    np.testing.assert_array_equal(state.states["u"]["resting"], 0)
    assert int(state.count) == 2


@pytest.mark.parametrize(
    ("gradients", "said"),
    [
        ({"w": np.ones(3, np.float32)}, r"the gradient has shape \(3,\), and u has \(2,\); they must agree"),
        ({"w": np.float32(1)}, r"the gradient has shape \(\), and u has \(2,\)"),
        ({"w": np.ones((2, 1), np.float32)}, r"the gradient has shape \(2, 1\)"),
        ({"v": np.ones(2, np.float32)}, "another tree than the weights with which init was called: .*'v'"),
        (np.ones(2, np.float32), "another tree"),
    ],
)
def test_gradients_of_other_shapes_or_in_another_tree_are_refused(gradients, said):
    transformation = adapters.optax(digits.heavy_ball, **CHOSEN)
    state = transformation.init({"w": jnp.ones(2)})
    with pytest.raises(ValueError, match=said):
        transformation.update(gradients, state)


REFUSED = {
    "ahead": (digits.nesterov, CHOSEN, ValueError, r"seen_from_the_gradient\(rule\) is the same rule"),
    "none": (rule({x: x / 2}), {}, ValueError, "the rule takes none"),
    "two players": (
        rule({x: x - eta * partial(1, x, u), u: u + eta * partial(2, x, u)}),
        {"eta": 0.1},
        ValueError,
        "give a callable gradient",
    ),
    "missing": (digits.heavy_ball, {"eta": 0.1}, TypeError, "missing rho"),
    "unknown": (digits.descent, {"eta": 0.1, "mu": 1}, TypeError, "unknown mu"),
    "no number": (digits.descent, {"eta": "fast"}, TypeError, "eta must be one real number"),
    "undefined": (rule({x: x - eta / lam * G}), {"eta": 0.1, "lam": 0.0}, ValueError, "not defined for"),
}


@pytest.mark.parametrize(("stated", "given", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_optax_cannot_do_is_told_when_the_transformation_is_made(stated, given, error, said):
    with pytest.raises(error, match=said):
        adapters.optax(stated, **given)


def test_hyperparameters_are_injected_scheduled_and_changed_from_outside():
    factory = optax.inject_hyperparams(
        lambda eta, rho: adapters.optax(digits.heavy_ball, eta=eta, rho=rho), hyperparam_dtype=np.float64
    )
    made = factory(eta=optax.linear_schedule(0.5, 0.1, 4), rho=0.9)
    weights, velocity = jnp.ones(2), np.zeros(2)
    state, update = made.init(weights), jax.jit(made.update)
    wanted = np.ones(2)
    for step in range(6):
        if step == 3:
            state.hyperparams["rho"] = jnp.asarray(0.5)
        updates, state = update(weights, state, weights)
        weights = optax.apply_updates(weights, updates)
        velocity = (0.9 if step < 3 else 0.5) * velocity - max(0.5 - 0.1 * step, 0.1) * wanted
        wanted = wanted + velocity
    np.testing.assert_allclose(weights, wanted, rtol=1e-7)  # the schedule of optax is float32
    assert float(state.hyperparams["eta"]) == pytest.approx(0.1)


def test_hyperparameters_that_cannot_be_seen_are_told():
    with pytest.raises(TypeError, match="sees the parameters that a function names: give it lambda eta"):
        optax.inject_hyperparams(adapters.optax)(digits.heavy_ball, **CHOSEN).init(jnp.ones(2))


def test_a_rule_of_several_gradients_is_given_the_function():
    extra = rule({u: rho * u - eta * grad(x - eta * G), x: x + after(u)})
    made = optax.chain(adapters.optax(extra, **CHOSEN), optax.scale(1.0))

    def loss(own):
        return sum((3 * w**2 / 2).sum() for w in jax.tree.leaves(own))

    slope, weights = jax.grad(loss), {"a": jnp.ones(2), "b": jnp.full((1, 1), -2.0)}
    state = made.init(weights)

    @jax.jit
    def step(own, state):
        updates, state = made.update(slope(own), state, own, gradient=slope)
        return optax.apply_updates(own, updates), state

    velocity, wanted = 0.0, 1.0
    for _ in range(7):
        weights, state = step(weights, state)
        velocity = 0.9 * velocity - 0.1 * 3 * (wanted - 0.1 * 3 * wanted)
        wanted = wanted + velocity
    np.testing.assert_allclose(weights["a"], [wanted] * 2, rtol=1e-13)
    np.testing.assert_allclose(weights["b"], [[-2 * wanted]], rtol=1e-13)
    for missing in ({}, {"gradient": slope(weights)}):
        with pytest.raises(TypeError, match=r"takes several gradients: give update\(.*, gradient=f\)"):
            made.update(slope(weights), state, weights, **missing)


def test_whole_numbers_are_refused_as_weights_and_as_gradients():
    made = adapters.optax(digits.heavy_ball, **CHOSEN)
    with pytest.raises(TypeError, match="x must hold floating-point numbers, given int64"):
        made.init({"a": jnp.ones(2), "b": jnp.arange(2)})
    state = made.init(jnp.ones(2))
    with pytest.raises(TypeError, match=r"the gradient must hold floating-point .* given int64"):
        made.update(jnp.arange(2), state)


def test_narrowing_is_said():
    made = adapters.optax(digits.heavy_ball, **CHOSEN)
    with jax.enable_x64(False), pytest.warns(UserWarning, match=r"x is of double precision.*jax_enable_x64"):
        assert made.init(np.ones(2)).states["u"].dtype == np.float32


def test_a_schedule_by_its_values_is_one_of_a_traced_number_too():
    made = adapters.optax(digits.descent, eta=schedule([0.5, 0.25]))
    weights, update = jnp.ones(1), jax.jit(made.update)
    state = made.init(weights)
    for wanted in (0.5, 0.375, np.nan):
        updates, state = update(weights, state)
        weights = optax.apply_updates(weights, updates)
        np.testing.assert_array_equal(weights, [wanted])


def of_ours():
    return adapters.optax(digits.heavy_ball, **CHOSEN)


def of_optax():
    return optax.sgd(CHOSEN["eta"], CHOSEN["rho"])


def walked(transformation, weights, steps=3):
    """Return weights after some steps down half their squares."""
    state = transformation.init(weights)
    for _ in range(steps):
        updates, state = transformation.update(weights, state, weights)
        weights = optax.apply_updates(weights, updates)
    return jax.tree.map(np.asarray, weights)


BRANCHES = {
    "all masked": lambda own: optax.masked(own(), {"a": False, "b": False}),
    "some masked": lambda own: optax.masked(own(), {"a": True, "b": False}),
    "a label of none": lambda own: optax.multi_transform(
        {"p": own(), "q": optax.sgd(0.1)}, {"a": "q", "b": "q"}
    ),
    "labels": lambda own: optax.multi_transform({"p": own(), "q": optax.sgd(0.1)}, {"a": "p", "b": "q"}),
    "chained": lambda own: optax.chain(own(), optax.scale(0.5)),
}


@pytest.mark.parametrize("make", BRANCHES.values(), ids=BRANCHES)
def test_parts_of_a_tree_may_be_left_out_even_all(make):
    weights = {"a": jnp.ones(2), "b": jnp.full(3, 2.0)}
    ours, theirs = walked(make(of_ours), weights), walked(make(of_optax), weights)
    for name in weights:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)


@pytest.mark.parametrize("weights", [1.0, {"a": 1.0, "b": (2.0, jnp.ones(2))}, {}], ids=repr)
def test_weights_may_be_numbers_of_python_or_none_at_all(weights):
    ours, theirs = walked(of_ours(), weights), walked(of_optax(), weights)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_rule_of_several_gradients_may_have_no_weights():
    extra = adapters.optax("x <- x - eta*grad(x - eta*grad(x))", eta=0.1)
    assert walked(optax.masked(extra, {"a": False}), {"a": jnp.ones(2)}, 1)["a"].tolist() == [2.0, 2.0]
