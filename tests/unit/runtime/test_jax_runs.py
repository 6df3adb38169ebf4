"""Runs, rollouts and sweeps of the backend "jax": compiled scans, transformed, and their traps."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sympy import Symbol

from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial, potential
from physsym.runtime import optimizer, sweep
from physsym.runtime.backends import load_backend
from physsym.vocabulary import G, eta, rho, t, u, x
from tests.support.requirements import library, needs

jax = library("jax", "jax")
jnp = jax.numpy

buffered = rule({u: rho * u + G, x: x - eta * after(u)})
descent = rule({x: x - eta * G})
extra = rule({x: x - eta * grad(x - eta * G)})


def by_hand(rate, fraction, slope, w, steps):
    """The buffered momentum on plain NumPy arrays, every state of it."""
    buffer, w = np.zeros_like(w), np.array(w)
    found = [w]
    for _ in range(steps):
        buffer = fraction * buffer + slope(w)
        w = w - rate * buffer
        found.append(w)
    return np.array(found)


def rosenbrock(w):
    across = w[1] - w[0] ** 2
    return np.array([-2 * (1 - w[0]) - 400 * w[0] * across, 200 * across])


# --- right values


@pytest.mark.parametrize("kind", ["by name", "formula", "function"])
def test_a_run_on_a_potential_has_the_right_values(kind):
    a, b = Symbol("w1", real=True), Symbol("w2", real=True)
    given = {
        "by name": "rosenbrock",
        "formula": (1 - a) ** 2 + 100 * (b - a**2) ** 2,
        "function": jax.grad(lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2),
    }[kind]
    made = optimizer(buffered, "jax", eta=1e-3, rho=0.9).run([0.3, 0.4], given, 1000)
    # Computed once by a loop written in C.
    np.testing.assert_allclose(made.x[-1], [0.9950664036, 0.9901373459], rtol=0, atol=5e-11)
    np.testing.assert_allclose(made.x, by_hand(1e-3, 0.9, rosenbrock, [0.3, 0.4], 1000), rtol=1e-11)
    assert made.steps.tolist() == list(range(1001))


@needs("llvmlite", "fast")
def test_a_run_is_that_of_llvm():
    one, other = (
        optimizer(buffered, b, eta=1e-3, rho=0.9).run([0.3, 0.4], "rosenbrock", 1000).x
        for b in ("jax", "llvm")
    )
    np.testing.assert_allclose(one, other, rtol=1e-11)  # XLA may fuse a product and a sum


@pytest.mark.parametrize("every", [1, 10, 1000])
@pytest.mark.parametrize("given", [[20.0], lambda w: 20 * w])
def test_a_lost_run_names_the_step_whatever_is_recorded(every, given):
    with pytest.raises(FloatingPointError, match=r"u, x is not finite after step 246; take smaller steps"):
        optimizer(buffered, "jax", eta=1.0, rho=0.9).run([1.0], given, 1000, every=every)


def test_a_run_is_differentiated_by_its_rate_and_its_curvatures():
    curvatures = np.array([20.0, 1.0])

    def end(rate, of=curvatures):
        made = optimizer(buffered, "jax", eta=rate, rho=0.5)
        return made.run(jnp.ones(2), of, 200).x[-1].sum()

    for differentiated in (jax.grad(end), jax.jit(jax.grad(end))):
        assert float(differentiated(0.01)) == pytest.approx(-6.98642080906572, rel=1e-12)
    slopes = jax.grad(lambda h: end(0.01, h))(jnp.asarray(curvatures))
    by_difference = (end(0.01, [20.0, 1.0 + 1e-6]) - end(0.01, [20.0, 1.0 - 1e-6])) / 2e-6
    assert float(slopes[1]) == pytest.approx(float(by_difference), rel=1e-6)
    # A function that closes over what is differentiated, from a start that is not.
    made = optimizer(buffered, "jax", eta=0.01, rho=0.5)
    closed = jax.grad(lambda h: made.run(np.ones(2), lambda w: h * w, 200).x[-1].sum())
    np.testing.assert_allclose(closed(jnp.asarray(curvatures)), slopes, rtol=1e-12, atol=1e-25)


def test_schedules_and_values_for_each_weight_are_differentiated():
    def faded(rate):
        return (
            optimizer(descent, "jax", eta=lambda done: rate * 0.9**done).run([1.0], lambda w: w, 3).x[-1, 0]
        )

    def exact(rate):
        return np.prod([1 - rate * 0.9**k for k in range(3)])

    wanted = (exact(0.1 + 1e-6) - exact(0.1 - 1e-6)) / 2e-6
    assert float(jax.grad(faded)(0.1)) == pytest.approx(wanted, rel=1e-8)

    def spread(rates):
        return optimizer(descent, "jax", eta=rates).run(jnp.ones(2), lambda w: w, 3).x[-1].sum()

    rates = np.array([0.1, 0.2])
    np.testing.assert_allclose(jax.grad(spread)(jnp.array(rates)), -3 * (1 - rates) ** 2, rtol=1e-13)
    by_rate = jax.vmap(lambda rate: optimizer(descent, "jax", eta=rate).run([1.0], lambda w: w, 3).x[-1, 0])
    np.testing.assert_allclose(by_rate(jnp.array(rates)), (1 - rates) ** 3, rtol=1e-13)


def test_a_run_is_mapped_over_starts_and_compiled_by_the_caller():
    made = optimizer(buffered, "jax", eta=0.01, rho=0.9)
    starts = np.random.default_rng(3).normal(size=(5, 2))
    run = jax.jit(jax.vmap(lambda w: made.run(w, [4.0, 1.0], 50, every=20).x))
    wanted = [by_hand(0.01, 0.9, lambda w: np.array([4.0, 1.0]) * w, w, 50)[[0, 20, 40, 50]] for w in starts]
    np.testing.assert_allclose(run(starts), wanted, rtol=1e-12, atol=1e-15)


def test_a_rollout_maps_a_state_to_a_state():
    made = optimizer(buffered, "jax", eta=0.01, rho=0.9)
    begun = made.init([1.0, -2.0])
    kept = {n: np.array(v) for n, v in begun.items()}
    whole = made.rollout(begun, [4.0, 1.0], 60)
    half = made.rollout(made.rollout(begun, [4.0, 1.0], 25), [4.0, 1.0], 35, done=25)
    compiled = jax.jit(lambda state: made.rollout(state, [4.0, 1.0], 60))(begun)
    for name, value in kept.items():
        np.testing.assert_array_equal(begun[name], value)  # neither changed nor used up
        np.testing.assert_array_equal(half[name], whole[name])
        np.testing.assert_allclose(compiled[name], whole[name], rtol=1e-13)
    wanted = by_hand(0.01, 0.9, lambda w: np.array([4.0, 1.0]) * w, [1.0, -2.0], 60)
    np.testing.assert_allclose(whole["x"], wanted[-1], rtol=1e-12)


def test_a_lost_rollout_names_the_step_from_those_done():
    made = optimizer(buffered, "jax", eta=1.0, rho=0.9)
    with pytest.raises(FloatingPointError, match="step 253; take smaller"):
        made.rollout(made.init([1.0]), [20.0], 1000, done=7)


def test_sweeps_of_jax_are_those_of_numpy():
    grid = {"eta": np.linspace(1e-5, 1e-3, 50), "rho": np.linspace(0, 0.95, 45)}
    one, other = (sweep(buffered, "rosenbrock", grid, 200, backend=b) for b in ("jax", "numpy"))
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-9)
    assert one.states["x"].shape == (50, 45, 2)
    alone = sweep(buffered, [4.0], {"eta": 0.1, "rho": 0.5}, 3, backend="jax")
    np.testing.assert_allclose(alone.states["x"], by_hand(0.1, 0.5, lambda w: 4 * w, [1.0], 3)[-1])


def test_a_sweep_is_in_double_precision_whatever_jax_is_set_to():
    with jax.enable_x64(False):
        found = sweep(buffered, [4.0], {"eta": np.linspace(0.1, 0.2, 3), "rho": 0.5}, 30, backend="jax")
    wanted = [by_hand(e, 0.5, lambda w: 4 * w, [1.0], 30)[-1] for e in np.linspace(0.1, 0.2, 3)]
    np.testing.assert_allclose(found.states["x"], wanted, rtol=1e-12)


def swept(grid, task=(4.0, 1.0), **options):
    return sweep(buffered, task, grid, 30, backend="jax", **options)


def known(grid, task=(4.0, 1.0), **options):
    return sweep(buffered, task, grid, 30, backend="numpy", **options)


ETAS, RHOS = np.linspace(0.01, 0.2, 4), np.array([0.0, 0.5, 0.9])
w, k = Symbol("w", real=True), Symbol("k", real=True)
SWEPT = {
    "rates": (lambda run: lambda e: run({"eta": e, "rho": RHOS}), ETAS),
    "a list": (lambda run: lambda e: run({"eta": [e, 0.2], "rho": 0.5}), 0.1),
    "a number beside an axis": (lambda run: lambda r: run({"eta": ETAS, "rho": r}), 0.5),
    "no axis": (lambda run: lambda e: run({"eta": e, "rho": 0.5}), 0.1),
    "curvatures": (lambda run: lambda c: run({"eta": ETAS, "rho": RHOS}, c), np.array([4.0, 1.0])),
    "curvatures of one point": (lambda run: lambda c: run({"eta": 0.1, "rho": 0.5}, c), np.array([4.0, 1.0])),
    "a list of curvatures": (lambda run: lambda c: run({"eta": ETAS, "rho": 0.5}, [c, 2.0]), 3.0),
    "a matrix": (
        lambda run: lambda a: run({"eta": ETAS, "rho": RHOS}, a),
        np.array([[2.0, 0.5], [0.5, 1.0]]),
    ),
    "the start": (lambda run: lambda s: run({"eta": ETAS, "rho": RHOS}, start=s), np.array([1.0, -2.0])),
    "a list of starts": (lambda run: lambda s: run({"eta": ETAS, "rho": RHOS}, start=[s, 2.0]), 1.5),
    "a test function": (lambda run: lambda e: run({"eta": e, "rho": RHOS}, "rosenbrock"), ETAS / 1000),
    "a parameter of the potential": (
        lambda run: lambda c: run({"eta": ETAS, "rho": 0.5, "k": c}, k * w**2 + w**4 / 4),
        np.array([1.0, 2.0]),
    ),
}


@pytest.mark.parametrize(("make", "at"), SWEPT.values(), ids=SWEPT)
def test_a_sweep_may_be_compiled_mapped_and_differentiated(make, at):
    ours, plain = make(swept), make(known)
    wanted = plain(at)
    np.testing.assert_allclose(jax.jit(lambda v: ours(v).loss)(at), wanted.loss, rtol=1e-9, atol=1e-25)
    np.testing.assert_allclose(
        jax.jit(lambda v: ours(v).states["x"])(at), wanted.states["x"], rtol=1e-9, atol=1e-14
    )
    both = np.stack([at, 0.9 * at])
    np.testing.assert_allclose(
        jax.vmap(lambda v: ours(v).loss)(both), [plain(v).loss for v in both], rtol=1e-9, atol=1e-25
    )
    slope = jax.grad(lambda v: jnp.log(ours(v).loss).sum())(jnp.asarray(at))
    step = 1e-6 * np.ones_like(at) * np.abs(at).max()
    if np.ndim(at) == 2:
        step = step * np.array([[1.0, 1.0], [1.0, 1.0]])  # a matrix stays symmetric
    there, before = (np.log(plain(at + side * step).loss).sum() for side in (1, -1))
    np.testing.assert_allclose(2 * (slope * step).sum(), there - before, rtol=2e-5)


def test_a_transformed_sweep_that_is_lost_has_no_finite_loss():
    found = jax.jit(lambda e: sweep(buffered, [1.0], {"eta": e, "rho": 0.5}, 2000, backend="jax").loss)
    assert np.isfinite(found(np.array([0.1, 50.0]))).tolist() == [True, False]


def test_a_transformed_sweep_of_rules_that_read_the_loss_or_mix_weights():
    y, w1, w2 = (Symbol(name, real=True) for name in ("y", "w1", "w2"))
    game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)})
    polyak = rule({x: x - eta * potential(x) * G})
    for stated, task, start in (
        (game, w1 * w2, {"x": 1.0, "y": 2.0}),
        (polyak, "bowl", np.array([0.1, 0.2])),
    ):
        found = jax.jit(
            lambda e, stated=stated, task=task, start=start: (
                sweep(stated, task, {"eta": e}, 9, start=start, backend="jax").loss
            )
        )(ETAS)
        wanted = sweep(stated, task, {"eta": ETAS}, 9, start=start, backend="numpy").loss
        np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_unfit_grids_of_a_transformed_sweep_are_refused():
    def of(grid, task=(4.0, 1.0)):
        return jax.jit(lambda e: swept({"eta": e, **grid}, task).loss)(ETAS)

    for wrong in (np.nan, "fast", np.ones((2, 2)), []):
        with pytest.raises(ValueError, match="rho must be finite, one number or an array of one axis"):
            of({"rho": wrong})
    with pytest.raises(TypeError, match="parameters of the sweep: missing rho"):
        of({})
    with pytest.raises(TypeError, match="parameters of the sweep: unknown mu"):
        of({"rho": 0.5, "mu": 0.5})
    with pytest.raises(ValueError, match="the radius is computed from known numbers"):
        jax.jit(lambda e: swept({"eta": e, "rho": 0.5}).radius)(ETAS)
    with pytest.raises(ValueError, match="eta must be finite"):  # NumPy cannot trace
        jax.jit(lambda e: known({"eta": e, "rho": 0.5}).loss)(ETAS)


# --- rules and states of every kind


def test_rules_of_several_gradients_run():
    found = optimizer(extra, "jax", eta=0.1).run(np.ones(3), [1.0, 2.0, 3.0], 20).x
    h = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(found[-1], (1 - 0.1 * h * (1 - 0.1 * h)) ** 20, rtol=1e-13)


def test_rules_that_mix_weights_or_read_the_loss_run():
    y = Symbol("y", real=True)
    game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)})
    w1, w2 = Symbol("w1", real=True), Symbol("w2", real=True)
    found, wanted = (
        optimizer(game, b, eta=0.1).run({"x": 1.0, "y": 2.0}, w1 * w2, 30).states for b in ("jax", "numpy")
    )
    for name in ("x", "y"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12)
    polyak = rule({x: x - potential(x) / eta * G})
    given = (lambda w: (w**2).sum() / 2, lambda w: w)
    found, wanted = (optimizer(polyak, b, eta=9.0).run([1.0, 2.0], given, 9).x for b in ("jax", "numpy"))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    by_name, wanted = (optimizer(polyak, b, eta=9.0).run([0.1, 0.2], "bowl", 9).x for b in ("jax", "numpy"))
    np.testing.assert_allclose(by_name, wanted, rtol=1e-12)


def test_counters_earlier_values_and_trees_run():
    fading = rule({t: t + 1, u: before(u) / 2 + u / after(t) - eta * G, x: x + after(u)})
    found, wanted = (
        optimizer(fading, b, eta=0.1).run({"a": np.ones(2), "b": np.full((1, 2), 3.0)},
                                          lambda w: {k: 2 * v for k, v in w.items()}, 25)
        for b in ("jax", "numpy")
    )  # fmt: skip
    for name in ("a", "b"):
        np.testing.assert_allclose(found.x[name], wanted.x[name], rtol=1e-12)


@pytest.mark.parametrize("name", ["valley", "bowl", "double-well", "logistic"])
def test_every_test_function_runs(name):
    start = [0.5, -0.5] if name != "logistic" else np.linspace(-1, 1, 50)
    found, wanted = (
        optimizer(buffered, b, eta=0.01, rho=0.9).run(start, name, 40).x for b in ("jax", "numpy")
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-14)


def test_a_matrix_multiplies_the_weights():
    random = np.random.default_rng(0)
    factor = random.normal(size=(30, 30))
    matrix, start = factor @ factor.T / 30, random.normal(size=30)
    found = optimizer(descent, "jax", eta=0.1).run(start, matrix, 40, every=40).x[-1]
    np.testing.assert_allclose(
        found, np.linalg.matrix_power(np.eye(30) - 0.1 * matrix, 40) @ start, rtol=1e-10
    )


def test_floats_of_every_size_stay_so():
    for dtype in (jnp.float32, jnp.bfloat16, jnp.float16):
        found = optimizer(buffered, "jax", eta=0.01, rho=0.9).run(jnp.ones(3, dtype), lambda w: 2 * w, 5)
        assert {v.dtype for v in found.states.values()} == {np.dtype(dtype)}


# --- traps


def test_a_function_that_draws_the_next_batch_is_refused():
    batches = iter(np.random.default_rng(0).normal(size=(100, 2)))
    with pytest.raises(TypeError, match="gives other operations or numbers when it is called again"):
        optimizer(descent, "jax", eta=0.1).run(np.ones(2), lambda w: w - next(batches), 5)


def test_what_a_function_reads_may_change_between_runs():
    factor = [2.0]

    def slope(w):
        return factor[0] * w

    made = optimizer(descent, "jax", eta=0.1)
    assert float(made.run([1.0], slope, 1).x[-1, 0]) == pytest.approx(0.8)
    factor[0] = 5.0
    assert float(made.run([1.0], slope, 1).x[-1, 0]) == pytest.approx(0.5)


def test_the_same_function_is_compiled_once():
    compiled, made = [], optimizer(descent, "jax", eta=0.1)

    def slope(w):
        compiled.append(w)
        return 2 * w

    made.run(np.ones(2), slope, 7)
    first = len(compiled)
    made.with_parameters(eta=0.2).run(np.ones(2), slope, 7)
    assert (first, len(compiled)) == (2, 3)  # traced anew, to see whether it is still the same
    with jax.log_compiles(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert made.run(np.full(2, 3.0), slope, 7).x[-1].tolist() == pytest.approx([3 * 0.8**7] * 2)


def test_a_function_that_wants_numbers_is_taken_step_by_step():
    found = optimizer(descent, "jax", eta=0.1).run([1.0], lambda w: np.asarray(w) if w[0] > 0.5 else 0 * w, 9)
    np.testing.assert_allclose(found.x[:, 0], [max(0.9**k, 0.9**7) for k in range(10)], rtol=1e-14)


def test_an_exception_of_the_function_is_its_own():
    class OwnError(Exception):
        pass

    def broken(w):
        raise OwnError("mine")

    with pytest.raises(OwnError, match="mine") as caught:
        optimizer(descent, "jax", eta=0.1).run([1.0], broken, 9)
    assert "raised by the gradient" in caught.value.__notes__[0]

    def late(w):
        if w[0] < 0.85:
            raise OwnError("late")
        return w

    with pytest.raises(OwnError, match="late") as caught:
        optimizer(descent, "jax", eta=0.1).run([1.0], late, 9)
    assert caught.value.__notes__ == ["raised by the gradient in step 3"]


def test_a_gradient_that_is_not_finite_is_at_fault():
    def slope(w):
        return jnp.where(w > 0.85, w, jnp.nan)

    with pytest.raises(FloatingPointError, match=r"not finite in step 3, .* check the gradient"):
        optimizer(descent, "jax", eta=0.1).run([1.0], slope, 9, every=9)


def test_a_callback_sees_each_record_and_ends_the_run():
    seen = []

    def watch(number, state):
        seen.append((number, float(state["x"][0])))
        return number == 6

    found = optimizer(descent, "jax", eta=0.5).run([1.0], lambda w: w, 20, every=3, callback=watch)
    assert found.steps.tolist() == [0, 3, 6]
    assert seen == [(0, 1.0), (3, 1 / 8), (6, 1 / 64)]


def test_records_beyond_the_memory_are_refused():
    with pytest.raises(ValueError, match=r"record fewer with a larger every="):
        optimizer(descent, "jax", eta=0.5).run(np.ones(1000), lambda w: w, 10**12)


def test_wrong_shapes_are_told_as_for_one_step():
    with pytest.raises(ValueError, match=r"the gradient has shape \(3,\) at a point of shape \(2,\)"):
        optimizer(descent, "jax", eta=0.5).run(np.ones(2), lambda w: np.ones(3), 4)
    with pytest.raises(ValueError, match="the potential has 2 weights, the state 3 components"):
        optimizer(descent, "jax", eta=0.5).run(np.ones(3), "rosenbrock", 4)
    with pytest.raises(TypeError, match="a function of one array of weights"):
        optimizer(descent, "jax", eta=0.5).run({"a": np.ones(2), "b": np.ones(2)}, "rosenbrock", 4)


def test_whole_numbers_in_arrays_are_refused_and_masked_arrays():
    made = optimizer(descent, "jax", eta=0.5)
    for unfit in (np.arange(3), jnp.arange(3)):
        with pytest.raises(TypeError, match=r"x must hold floating-point numbers, given int64"):
            made.init(unfit)
    with pytest.raises(TypeError, match="x is a masked array"):
        made.init(np.ma.masked_array([1.0, 2.0], [True, False]))
    assert made.init([1, 2])["x"].tolist() == [1.0, 2.0]


def test_narrowing_is_said():
    made = optimizer(descent, "jax", eta=0.5)
    with jax.enable_x64(False):
        for wide in (np.ones(2), [1.0, 2.0], 1.5):
            with pytest.warns(UserWarning, match=r"x is of double precision, .*jax_enable_x64"):
                assert made.init(wide)["x"].dtype == np.float32
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            state = made.init(np.ones(2, np.float32))
            assert made.rollout(state, lambda w: np.float32(2) * w, 3)["x"].tolist() == [0.0, 0.0]


def test_a_portion_of_a_long_run_is_joined_to_the_next(monkeypatch):
    monkeypatch.setattr("physsym.runtime.rollout.AT_ONCE", 7)
    found = optimizer(buffered, "jax", eta=0.01, rho=0.9).run(np.ones(2), [4.0, 1.0], 50, every=2)
    wanted = by_hand(0.01, 0.9, lambda w: np.array([4.0, 1.0]) * w, np.ones(2), 50)[::2]
    np.testing.assert_allclose(found.x, wanted, rtol=1e-12)
    far = optimizer(buffered, "jax", eta=0.01, rho=0.9).run(np.ones(2), [4.0, 1.0], 50, every=20)
    assert far.steps.tolist() == [0, 20, 40, 50]
    np.testing.assert_allclose(far.x, np.asarray(found.x)[[0, 10, 20, 25]])
    for every in (3, 100, 1000):
        with pytest.raises(FloatingPointError, match="step 246;"):
            optimizer(buffered, "jax", eta=1.0, rho=0.9).run([1.0], [20.0], 1000, every=every)


def test_jax_declares_what_it_does():
    can = load_backend("jax").capabilities
    assert can.scan is not None
    assert can.sweep is not None
    assert can.rollout is None


@pytest.mark.parametrize(
    "text",
    [
        "x <- x - eta*where(Abs(g) > 0, g/Abs(g), 0)",
        "v <- v + g**2; x <- x - eta*where(v+ > 0, g/sqrt(v+), g)",
        "x <- x - eta*where(Abs(g) > 0, where(g > 1, log(g), g/Abs(g)), g*exp(-g))",
    ],
)
def test_a_branch_that_is_not_taken_has_no_derivative(text):
    def end(rate, backend="jax", start=jnp.asarray):
        return optimizer(text, backend, eta=rate).run(start([0.0, 2.0]), lambda w: w, 3).x[-1].sum()

    with jax.enable_x64(True):
        found = [differentiate(end)(0.1) for differentiate in (jax.grad, jax.jacfwd)]
    of_numpy = [end(0.1 + h, "numpy", np.asarray) for h in (1e-6, -1e-6)]
    assert found == pytest.approx([(of_numpy[0] - of_numpy[1]) / 2e-6] * 2, rel=1e-6)
