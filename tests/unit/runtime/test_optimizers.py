"""Optimizers made from rules: start, step, run and update in place."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Max, Rational, Symbol, log, sqrt

from derivations.book import reference
from physsym.codegen import partition, program
from physsym.core.statements import parameters, rule, states
from physsym.core.symbols import after, grad, partial
from physsym.runtime import coordinates, optimizer
from physsym.runtime.backends import lambdify
from physsym.runtime.backends.in_place import in_place_source
from physsym.runtime.backends.numpy import UNBLOCKED
from physsym.runtime.potentials import problem
from physsym.runtime.rollout import Plan
from physsym.runtime.sweeps import sweep
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.requirements import EACH_BACKEND, needs, needs_compiler
from tests.support.rules import ALL, CHOSEN, RULES, adam, ahead, descent, game, momentum, recurrence, s, y, z
from tests.support.tiers import examples

BOUNDABLE = [*ALL.values()]
IDS = list(ALL)


def made(stated, backend="numpy"):
    return optimizer(stated, backend=backend, **{str(p): CHOSEN[str(p)] for p in parameters(stated)})


def random_state(stated, seed=0, shape=(7,), dtype=np.float64):
    random = np.random.default_rng(seed)
    drawn = {n: random.normal(size=shape).astype(dtype) for n in names(stated)}
    # An average of squares is positive.
    drawn = {n: np.asarray(np.abs(v) if n == "s" else v) for n, v in drawn.items()}
    return drawn | {str(c): np.array(3.0) for c in program(stated).counters}


def names(stated):
    return [str(t).replace("-", "_previous") for t in states(stated)]


# --- start


def test_positions_start_at_the_weights_and_all_else_at_rest():
    w0 = np.array([1.0, 2.0])
    assert {n: v.tolist() for n, v in made(momentum).init(w0).items()} == {"u": [0, 0], "x": [1, 2]}
    assert {n: v.tolist() for n, v in made(recurrence).init(w0).items()} == {
        "x": [1, 2],
        "x_previous": [1, 2],
    }
    three = made(RULES["three deep"]).init(w0)
    assert list(three) == ["x", "x_previous", "x_previous_previous"]
    assert all(v.tolist() == [1, 2] for v in three.values())


def test_a_start_shares_memory_with_nothing():
    w0 = np.ones(3)
    state = made(recurrence).init(w0)
    arrays = [w0, *state.values()]
    assert not any(np.shares_memory(a, b) for n, a in enumerate(arrays) for b in arrays[:n])


@pytest.mark.parametrize(
    ("given", "kept"),
    [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64), (np.uint8, np.float64)],
)
def test_floats_keep_their_type_and_whole_numbers_become_floats(given, kept):
    optimizer_ = made(momentum)
    state = optimizer_.init(np.ones(3, given))
    assert {v.dtype for v in state.values()} == {np.dtype(kept)}
    for _ in range(3):
        state = optimizer_.step(state, lambda w: 2.0 * w.astype(np.float64))
    assert {v.dtype for v in state.values()} == {np.dtype(kept)}


def test_several_coordinates_start_from_a_dictionary():
    state = made(game).init({"x": [1.0], "y": [2.0, 3.0]})
    assert {n: v.tolist() for n, v in state.items()} == {"x": [1], "y": [2, 3]}
    given = made(momentum).init({"x": 1.0, "u": 0.5})
    assert (given["x"], given["u"]) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("stated", "w0", "error", "said"),
    [
        (momentum, [1.0, np.nan], ValueError, "x must be finite"),
        (momentum, np.inf, ValueError, "x must be finite"),
        (momentum, "text", TypeError, "x must hold float32"),
        (momentum, None, TypeError, "x must hold float32"),
        (momentum, [1j], TypeError, "x must hold float32"),
        (momentum, {"u": 1.0}, ValueError, "missing x; there are u, x"),
        (momentum, {"x": 1.0, "v": 1.0}, ValueError, "unknown v; there are u, x"),
        (game, 1.0, ValueError, "dictionary of x, y"),
        (rule({z: z + s, s: 2 * s}), 1.0, ValueError, "dictionary of z, s"),
        (
            rule({x: x - partial(1, x, y), y: y, u: u}),
            {"x": [1.0], "y": [1.0, 2.0]},
            ValueError,
            "shape of u",
        ),
    ],
)
def test_a_wrong_start_is_told(stated, w0, error, said):
    with pytest.raises(error, match=said):
        made(stated).init(w0)


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        (descent, (x,)),
        (ahead, (x,)),
        (adam, (x,)),
        (game, (x, y)),
        (rule({s: rho * s - eta * grad(z + rho * s), z: z + after(s)}), (z,)),
        (rule({z: z + s, s: rho * s - eta * grad(after(z))}), (z,)),
        (rule({z: z - eta * grad(z - eta * grad(z))}), (z,)),
        (rule({x: z - eta * grad(z), z: after(x) + rho * (after(x) - x)}), (x, z)),
        (rule({z: z / 2}), (z,)),
        (rule({z: z + s, s: 2 * s}), ()),
    ],
)
def test_positions_are_found(stated, wanted):
    assert coordinates(stated) == wanted


# --- step


@pytest.mark.parametrize("stated", ALL.values(), ids=IDS)
def test_a_step_changes_nothing_that_it_is_given(stated):
    state = random_state(stated)
    kept = {n: v.copy() for n, v in state.items()}
    new = made(stated).step(state, gradient_of(stated))
    for name, value in kept.items():
        np.testing.assert_array_equal(state[name], value)
    arrays = [*state.values(), *new.values()]
    assert not any(np.shares_memory(a, b) for n, a in enumerate(arrays) for b in arrays[:n])


def gradient_of(stated):
    """A gradient of as many coordinates as the rule wants, or None."""
    evaluations = program(stated).evaluations
    if not evaluations:
        return None
    return np.cos if len(evaluations[0].targets) == 1 else lambda a, b: (b, np.sin(a))


def test_a_rule_with_an_earlier_value_moves_it_along():
    state = {"x": np.array([2.0]), "x_previous": np.array([1.0])}
    new = made(recurrence).step(state, lambda w: 3 * w)
    assert new["x_previous"] == [2.0]
    assert new["x"] == pytest.approx([2.0 - 0.1 * 6.0 + 0.7 * 1.0], rel=1e-15)


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ({"x": 1.0}, ValueError, "missing u; there are u, x"),
        ({"x": 1.0, "u": 0.0, "v": 0.0}, ValueError, "unknown v"),
        ((0.0, 1.0), TypeError, "a state is a dictionary by name, given tuple"),
    ],
)
def test_a_wrong_state_is_told(state, error, said):
    with pytest.raises(error, match=said):
        made(momentum).step(state, abs)


def test_a_gradient_too_many_or_too_few_is_told():
    with pytest.raises(TypeError, match="needs a gradient"):
        made(momentum).step({"x": 1.0, "u": 0.0})
    alone = made(RULES["no gradient"])
    for called in (
        lambda: alone.step({"x": 1.0}, abs),
        lambda: alone.step({"x": 1.0}, 2.0),
        lambda: alone.run(1.0, abs, 3),
        lambda: alone.run(1.0, abs, 0),
        lambda: alone.run(1.0, "x**2", 3),
        lambda: alone.run(1.0, "valley", 3),
        lambda: alone.rollout({"x": 1.0}, abs, 3),
    ):
        with pytest.raises(TypeError, match=r"^the rule asks for no gradient, .*: leave it out$"):
            called()
    with pytest.raises(
        TypeError, match="takes x in this order; given 2 values; the rule asks for no gradient"
    ):
        lambdify(RULES["no gradient"])(1.0, abs, eta=0.1)


def test_the_gradient_itself_may_be_given():
    state = random_state(momentum)
    by_value, by_call = made(momentum).step(state, np.cos(state["x"])), made(momentum).step(state, np.cos)
    for name in state:
        np.testing.assert_array_equal(by_value[name], by_call[name])


def test_the_place_of_the_gradient_is_told():
    state = {"x": np.array([1.0]), "u": np.array([2.0])}
    assert made(momentum).evaluation_point(state) == [1.0]
    assert made(ahead).evaluation_point(state) == [1.0 + 0.7 * 2.0]
    assert made(ahead, "python").evaluation_point({"x": Fraction(1), "u": Fraction(2)}) == 1 + 0.7 * 2
    assert made(game).evaluation_point({"x": 1.0, "y": 2.0}) == (1.0, 2.0)
    assert not np.shares_memory(made(momentum).evaluation_point(state), state["x"])
    for unknown in (RULES["no gradient"], rule({x: x - grad(x - grad(x))})):
        with pytest.raises(ValueError, match="no single gradient known before the step"):
            made(unknown).evaluation_point({"x": 1.0})


# --- parameters


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({}, TypeError, "missing eta, rho; there are eta, rho"),
        ({"eta": 0.1, "rho": 0.9, "lr": 1}, TypeError, "unknown lr"),
        ({"eta": "0.1", "rho": 0.9}, TypeError, "eta must be one real number"),
        ({"eta": float("inf"), "rho": 0.9}, ValueError, "eta must be finite"),
    ],
)
def test_wrong_parameters_are_told_when_the_optimizer_is_made(parameters, error, said):
    with pytest.raises(error, match=said):
        optimizer(momentum, **parameters)


def test_parameters_at_which_the_rule_is_undefined_are_told_when_the_optimizer_is_made():
    with pytest.raises(ValueError, match="not defined for rho=1"):
        optimizer(rule({x: x - rho / (1 - rho) * G}), rho=1)
    with pytest.raises(ValueError, match="not finite"):
        optimizer(rule({x: x - eta**4 * G}), eta=1e200)


def test_an_optimizer_is_a_value():
    assert made(momentum) == made(momentum)
    assert made(momentum) != made(momentum).with_parameters(eta=0.2)
    assert made(momentum).parameters == {"eta": 0.1, "rho": 0.7}
    with pytest.raises(TypeError):
        made(momentum).parameters["eta"] = 3
    with pytest.raises(TypeError, match="unknown lr"):
        made(momentum).with_parameters(lr=3)


def test_the_source_is_that_of_the_step():
    assert made(momentum).source == lambdify(momentum).__doc__
    with pytest.raises(ValueError, match="unknown backend"):
        optimizer(momentum, backend="fortran", eta=0.1, rho=0.9)


# --- run


def test_a_run_is_the_sequence_of_handwritten_steps():
    tried = problem("valley")
    run = made(momentum).run(np.array(tried.start), tried.gradient, 50)
    v, w = np.zeros(2), np.array(tried.start)
    for k in range(51):
        np.testing.assert_array_equal(run.states["u"][k], v)
        np.testing.assert_array_equal(run.x[k], w)
        v, w = reference.heavy_ball(v, w, tried.gradient, **CHOSEN)
    assert run.x.shape == (51, 2)


@pytest.mark.parametrize(
    ("steps", "every", "recorded"),
    [(0, 1, [0]), (3, 1, [0, 1, 2, 3]), (7, 3, [0, 3, 6, 7]), (6, 3, [0, 3, 6]), (2, 5, [0, 2])],
)
def test_the_start_every_so_many_steps_and_the_last_are_recorded(steps, every, recorded):
    full = made(momentum).run([1.0, 2.0], np.sin, 7)
    run = made(momentum).run([1.0, 2.0], np.sin, steps, every=every)
    assert run.steps.tolist() == recorded
    np.testing.assert_array_equal(run.x, full.x[recorded])


def test_a_callback_sees_each_record_and_can_end_the_run():
    seen = []

    def callback(step, state):
        seen.append((step, state["x"].copy()))
        return step == 4

    run = made(descent).run([1.0], lambda w: w, 100, every=2, callback=callback)
    assert run.steps.tolist() == [0, 2, 4] == [step for step, _ in seen]
    np.testing.assert_array_equal(run.x, [w for _, w in seen])


@pytest.mark.parametrize("backend", ["numpy", "python"])
def test_a_run_that_leaves_the_finite_numbers_names_the_step(backend):
    run = lambda steps: made(descent, backend).run(10.0, lambda w: w * w * w, steps)
    assert np.isfinite(run(5).x).all()
    with pytest.raises(FloatingPointError, match=r"x is not finite after step 6\b"):
        run(100)


def test_an_arithmetic_error_in_a_run_names_the_step():
    with pytest.raises(FloatingPointError, match="step 1 cannot be computed"):
        optimizer(rule({x: 1 / x}), backend="python").run(0.0, None, 3)


def test_a_run_in_fractions_is_exact():
    run = optimizer(descent, backend="python", eta=Fraction(1, 3)).run(Fraction(1), lambda w: w, 5)
    assert run.x.tolist() == [Fraction(2, 3) ** k for k in range(6)]


def test_positions_of_several_coordinates_are_looked_up_by_name():
    run = made(game).run({"x": 1.0, "y": 1.0}, lambda a, b: (b, a), 3)
    assert run.states["y"].shape == (4,)
    np.testing.assert_array_equal(run.x, run.states["x"])
    np.testing.assert_array_equal(run.y, run.states["y"])
    with pytest.raises(AttributeError, match="the run has no z; its states are x, y"):
        _ = run.z


@pytest.mark.parametrize("steps", [-1, 1.0, True, None, "3"])
def test_steps_are_counted(steps):
    with pytest.raises(ValueError, match="steps must be a whole number of at least 0"):
        made(descent).run(1.0, abs, steps)
    with pytest.raises(ValueError, match="every must be a whole number of at least 1"):
        made(descent).run(1.0, abs, 3, every=0)


def test_a_run_wants_a_callable_gradient():
    with pytest.raises(TypeError, match=r"callable gradient, or a potential .*, given float"):
        made(descent).run(1.0, 2.0, 3)


# --- in place


def in_place(stated, state, steps, gradient):
    """Take steps in place on copies, filling the gradient arrays at the place that the rule tells."""
    own = {n: v.copy() for n, v in state.items()}
    optimizer_ = made(stated)
    count = sum(len(e.targets) for e in program(stated).evaluations)
    slopes = tuple(np.empty_like(own["x"]) for _ in range(count))
    bound = optimizer_.bind(own, slopes if count else None)
    for _ in range(steps):
        if count:
            place = optimizer_.evaluation_point(own)
            found = gradient(place) if count == 1 else gradient(*place)
            for slope, value in zip(slopes, [found] if count == 1 else found, strict=True):
                slope[...] = value
        bound.step()
    return own


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stated", BOUNDABLE, ids=IDS)
def test_steps_in_place_equal_plain_steps_bit_for_bit(stated, dtype):
    state = random_state(stated, dtype=dtype)
    moved = in_place(stated, state, 4, gradient_of(stated))
    for _ in range(4):
        state = made(stated).step(state, gradient_of(stated))
    for name, value in state.items():
        np.testing.assert_array_equal(moved[name], value)
        assert moved[name].dtype == (dtype if value.shape else np.float64)  # a counter is one number
    assert not all(np.array_equal(moved[n], v) for n, v in random_state(stated, dtype=dtype).items())


readable = [x, u, z, eta, rho, G]
leaves = st.sampled_from([*readable, Rational(1, 2), Rational(2)])
formulas = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.builds(lambda a, b: a + b, part, part),
        st.builds(lambda a, b: a - b, part, part),
        st.builds(lambda a, b: a * b, part, part),
        st.builds(lambda a: a / (1 + a**2), part),
        st.builds(lambda a, b: Max(a, b), part, part),
        st.builds(lambda a: sqrt(Abs(a)), part),
    ),
    max_leaves=5,
)


@settings(max_examples=examples(40), deadline=None)
@given(st.tuples(formulas, formulas, formulas), st.permutations([x, u, z]), st.booleans())
def test_random_rules_in_place_equal_plain_steps_and_the_map_that_they_are(values, order, late):
    """The independent witness is SymPy, which substitutes numbers into the composed formulas."""
    first, second, third = order
    stated = rule({
        first: values[0],
        second: values[1] + (after(first) if late else 0),
        third: values[2] * (after(second) if late else 1),
    })  # fmt: skip
    state = random_state(stated, shape=(2,))
    force = np.cos if program(stated).evaluations and G.args[0] in states(stated) else None
    moved, stepped = in_place(stated, state, 1, force), made(stated).step(state, force)
    for name in state:
        np.testing.assert_array_equal(moved[name], stepped[name])
    for k in range(2):
        at = {Symbol(n, real=True): float(np.ravel(v)[k % v.size]) for n, v in state.items()}
        at |= {eta: 0.1, rho: 0.7}
        at[G] = float(np.cos(state["x"][k]))
        known = {}
        for update in stated.updates:
            known[after(update.target)] = float(update.value.xreplace(at | known))
            new = np.ravel(stepped[str(update.target)])
            assert new[k % new.size] == pytest.approx(known[after(update.target)], rel=1e-11, abs=1e-11)


def test_large_arrays_are_updated_in_blocks_without_a_sizeable_array():
    size = UNBLOCKED + 12_345
    state = random_state(momentum, shape=(size,))
    slope = np.cos(state["x"])
    wanted = made(momentum).step(state, slope)
    bound = made(momentum).bind(state, slope)
    tracemalloc.start()
    bound.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000
    for name, value in wanted.items():
        np.testing.assert_array_equal(state[name], value)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (2, 1, 2)])
def test_arrays_of_any_shape_are_updated_in_place(shape):
    state = random_state(adam, shape=shape)
    state = {n: np.asarray(np.abs(v)) for n, v in state.items()}
    slope = np.full(shape, 0.5)
    wanted = made(adam).step(state, slope)
    made(adam).bind(state, slope).step()
    for name, value in wanted.items():
        np.testing.assert_array_equal(state[name], value)


def test_parameters_of_a_bound_step_may_change():
    state, slope = random_state(RULES["momentum"]), np.ones(7)
    bound = made(momentum).bind(state, slope)
    wanted = made(momentum).with_parameters(eta=0.3).step(state, slope)
    bound.step(eta=0.3)
    np.testing.assert_array_equal(state["x"], wanted["x"])
    wanted = optimizer(momentum, eta=0.3, rho=0.1).step(state, slope)
    bound.set(rho=0.1)
    bound.step()
    np.testing.assert_array_equal(state["x"], wanted["x"])
    with pytest.raises(TypeError, match="unknown lr"):
        bound.set(lr=3)
    with pytest.raises(ValueError, match="eta must be finite"):
        bound.step(eta=float("nan"))
    np.testing.assert_array_equal(state["x"], wanted["x"])


def frozen(array):
    array.flags.writeable = False
    return array


shared = np.ones(6)
UNFIT = {
    "a list": ({"x": [1.0, 1.0, 1.0]}, TypeError, "x must be a float32 or float64 array, given list"),
    "whole numbers": ({"x": np.ones(3, int)}, TypeError, "x must be a float32 or float64 array, given int64"),
    "two types": ({"x": np.ones(3, np.float32)}, ValueError, "x is float32"),
    "two shapes": ({"x": np.ones(4)}, ValueError, r"x is float64 of shape \(4,\)"),
    "gaps": ({"x": np.ones(6)[::2]}, ValueError, "x is not contiguous"),
    "read-only": ({"x": frozen(np.ones(3))}, ValueError, "x is read-only"),
    "overlap": ({"u": shared[:3], "x": shared[2:5]}, ValueError, "u and x share memory"),
    "the gradient's type": ({"g": np.ones(3, np.float32)}, ValueError, "gradient is float32"),
    "the gradient's shape": ({"g": np.ones((3, 1))}, ValueError, "gradient is float64 of shape"),
    "the gradient's gaps": ({"g": np.ones(6)[::2]}, ValueError, "gradient is not contiguous"),
    "the gradient's overlap": (
        {"x": shared[:3], "g": shared[:3]},
        ValueError,
        "x and the gradient share memory",
    ),
    "no gradient": ({"g": None}, TypeError, "reads 1 gradient arrays, given 0"),
    "two gradients": ({"g": (np.ones(3), np.ones(3))}, TypeError, "reads 1 gradient arrays, given 2"),
    "a callable": ({"g": abs}, TypeError, "gradient must be a float32 or float64 array"),
}


@pytest.mark.parametrize(("unfit", "error", "said"), UNFIT.values(), ids=UNFIT)
def test_unfit_arrays_are_refused_and_nothing_is_written(unfit, error, said):
    given = {"u": np.ones(3), "x": np.ones(3), "g": np.ones(3)} | unfit
    slope = given.pop("g")
    kept = {n: np.array(v) for n, v in given.items()}
    with pytest.raises(error, match=said):
        made(momentum).bind(given, slope)
    for name, value in kept.items():
        np.testing.assert_array_equal(given[name], value)


def test_a_read_only_gradient_is_fit():
    state = {"u": np.ones(3), "x": np.ones(3)}
    made(momentum).bind(state, frozen(np.ones(3))).step()
    assert state["x"][0] == pytest.approx(1 + 0.7 - 0.1, rel=1e-15)


def test_what_cannot_be_bound_is_told():
    with pytest.raises(ValueError, match="no single gradient known before the step"):
        optimizer(rule({x: x + u, u: u - grad(after(x))})).bind(
            {"x": np.ones(1), "u": np.ones(1)}, np.ones(1)
        )
    with pytest.raises(TypeError, match=r"'python' updates no arrays in place; 'numpy', .* do"):
        made(momentum, "python").bind({"x": 1.0, "u": 1.0}, 1.0)
    with pytest.raises(ValueError, match="missing u"):
        made(momentum).bind({"x": np.ones(1)}, np.ones(1))


def test_scratch_arrays_are_few():
    assert in_place_source(partition(program(momentum))[-1]).scratch == 1
    assert in_place_source(partition(program(descent))[-1]).scratch == 1
    assert in_place_source(partition(program(adam))[-1]).scratch <= 2


# --- as a value


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize("again", [lambda o: pickle.loads(pickle.dumps(o)), copy.deepcopy, copy.copy])
def test_an_optimizer_is_rebuilt_from_a_copy(again, backend):
    optimizer_ = optimizer(momentum, backend, **CHOSEN)
    other = again(optimizer_)
    assert other == optimizer_
    assert other is not optimizer_
    state = optimizer_.init(1.0)
    assert other.step(state, lambda w: 2 * w) == optimizer_.step(state, lambda w: 2 * w)
    assert again(optimizer_.with_parameters(eta=0.3)).parameters == {"eta": 0.3, "rho": 0.7}


@needs_compiler
def test_a_copy_contracts_where_its_original_does():
    fused = optimizer(momentum, "c", fma=True, **CHOSEN)
    assert pickle.loads(pickle.dumps(fused)).fma
    assert pickle.loads(pickle.dumps(fused)) != optimizer(momentum, "c", **CHOSEN)


def test_equal_optimizers_have_one_hash():
    assert len({optimizer(momentum, **CHOSEN), optimizer(momentum, **CHOSEN)}) == 1
    others = optimizer(momentum, "python", **CHOSEN), optimizer(momentum, eta=0.2, rho=0.7)
    assert len({optimizer(momentum, **CHOSEN), *others}) == 3
    assert hash(optimizer(momentum, eta=0.5, rho=0)) == hash(optimizer(momentum, eta=Fraction(1, 2), rho=0.0))


@pytest.mark.parametrize("again", [pickle.dumps, copy.deepcopy, copy.copy])
def test_bound_arrays_are_not_copied(again):
    state = {"u": np.zeros(2), "x": np.ones(2)}
    bound = made(momentum).bind(state, np.ones(2))
    with pytest.raises(TypeError, match="pickle the optimizer and the arrays, and bind them again"):
        again(bound)
    bound.step()


@pytest.mark.parametrize("fma", ["no", None, 1, 0.0])
def test_fma_is_true_or_false(fma):
    for refused in (
        lambda: optimizer(momentum, fma=fma, **CHOSEN),
        lambda: lambdify(momentum, fma=fma),
        lambda: sweep(momentum, [1.0], CHOSEN, 3, fma=fma),
    ):
        with pytest.raises(TypeError, match=re.escape(f"fma is True or False, given {fma!r}")):
            refused()


def test_an_optimizer_is_shown_by_its_rule_and_its_parameters():
    assert repr(made(momentum)) == f"<Optimizer {momentum}; backend='numpy', eta=0.1, rho=0.7>"


def lowerings_of(stated, work):
    """Count how often a rule is lowered, by the calls of the function that does it."""
    found = []

    def profile(frame, event, argument):
        if event == "call" and frame.f_code is program.__code__:
            found.append(frame.f_locals["rule"])

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return sum(seen == stated for seen in found)


def test_a_rule_is_lowered_once():
    assert lowerings_of(momentum, lambda: [program(momentum), program(momentum)]) == 2
    assert lowerings_of(momentum, lambda: optimizer(momentum, **CHOSEN)) == 1
    assert lowerings_of(momentum, lambda: lambdify(momentum)) == 1
    grid = {"eta": [0.1, 0.2], "rho": 0.5}
    assert lowerings_of(momentum, lambda: sweep(momentum, [1.0], grid, 3, backend="numpy")) == 1


def test_the_old_name_of_the_evaluation_point_warns():
    state = {"x": np.array([1.0]), "u": np.array([2.0])}
    with pytest.warns(DeprecationWarning, match=r"now Optimizer\.evaluation_point"):
        assert made(ahead).place(state) == made(ahead).evaluation_point(state)


# --- counts of steps


@pytest.mark.parametrize("steps", [5, np.int64(5), np.uint8(5)])
def test_whole_numbers_of_any_type_count_steps(steps):
    assert made(descent).run(1.0, abs, steps).steps[-1] == 5
    assert made(descent).run(1.0, [1.0], 9, every=steps).steps.tolist() == [0, 5, 9]
    assert sweep(descent, [1.0], {"eta": [0.1]}, steps).steps == 5


@pytest.mark.parametrize("steps", [True, 2.5, -1, "3", None, np.float64(2)])
def test_other_numbers_of_steps_are_refused_by_one_message(steps):
    said = rf"^steps must be a whole number of at least 0, given {re.escape(repr(steps))}$"
    for refused in (
        lambda: made(descent).run(1.0, abs, steps),
        lambda: made(descent).run(1.0, [1.0], steps),
        lambda: sweep(descent, [1.0], {"eta": [0.1]}, steps),
    ):
        with pytest.raises(ValueError, match=said):
            refused()


# --- what a run refuses, and what it says of a gradient


@pytest.mark.parametrize("grad", [lambda w: w, [1.0, 2.0]], ids=["callable", "potential"])
def test_records_beyond_the_memory_of_the_machine_are_refused(grad):
    with pytest.raises(
        ValueError, match=r"^recording 1000000000002 states takes about .* every=10+$"
    ) as told:
        made(momentum).run([1.0, 1.0], grad, 10**12)
    every = int(str(told.value).rpartition("=")[2])
    Plan(10**12, every, None, lambda done: None).refuse_oversized(made(momentum).init([1.0, 1.0]))
    with pytest.raises(ValueError, match="recording"):
        Plan(10**12, every // 100, None, print).refuse_oversized(made(momentum).init([1.0, 1.0]))


def test_a_callback_may_end_a_run_that_would_not_fit():
    run = made(descent).run([1.0], lambda w: w, 10**12, callback=lambda step, state: step == 3)
    assert run.steps.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "refused",
    [
        lambda matrix: made(momentum).init(matrix),
        lambda matrix: made(momentum).step({"u": np.zeros((1, 2)), "x": matrix}, np.cos),
        lambda matrix: made(momentum).step({"u": np.zeros((1, 2)), "x": np.ones((1, 2))}, lambda w: matrix),
        lambda matrix: made(momentum).bind({"u": np.zeros((1, 2)), "x": matrix}, np.ones((1, 2))),
        lambda matrix: made(momentum).bind({"u": np.zeros((1, 2)), "x": np.ones((1, 2))}, matrix),
        lambda matrix: sweep(momentum, [1.0], {"eta": [0.1], "rho": 0.5}, 3, start=matrix),
    ],
)
def test_matrices_of_numpy_are_refused(refused):
    # A class on the way out of NumPy, which warns of it.
    matrix = np.ones((1, 2)).view(np.matrix)
    with pytest.raises(TypeError, match=r"is a numpy\.matrix, which is no array; give numpy\.asarray"):
        refused(matrix)


def test_a_sweep_on_a_callable_says_what_it_wants():
    with pytest.raises(TypeError, match=r"a sweep needs a potential as a formula: .*; given function"):
        sweep(momentum, lambda w: w, {"eta": [0.1], "rho": 0.5}, 3)


@pytest.mark.parametrize("backend", ["numpy", "python"])
def test_an_error_of_the_gradient_itself_is_passed_on_with_the_step(backend):
    def broken(w):
        return w if w > 0.85 else 1 / 0

    with pytest.raises(ZeroDivisionError) as told:
        optimizer(descent, backend, eta=0.1).run(1.0, broken, 9)
    assert told.traceback[-1].name == "broken"
    assert told.value.__notes__ == ["raised by the gradient in step 3"]


class OwnError(Exception):
    """An exception that only its author knows."""


# A scan traces the gradient before the first step; see test_jax_runs.
@pytest.mark.parametrize("backend", [b for b in EACH_BACKEND if b.values != ("jax",)])
@pytest.mark.parametrize("kind", [ValueError, TypeError, KeyError, StopIteration, OwnError, OverflowError])
def test_each_exception_of_the_gradient_names_the_step(kind, backend):
    calls = []

    def broken(w):
        calls.append(w)
        if len(calls) == 3:
            raise kind("mine")
        return w

    with pytest.raises(kind, match="mine") as caught:
        optimizer(descent, backend, eta=0.1).run(1.0, broken, 9)
    assert type(caught.value) is kind
    assert caught.value.__notes__ == ["raised by the gradient in step 3"]


def test_an_error_of_the_step_alone_is_not_said_to_be_of_the_gradient():
    with pytest.raises(TypeError) as caught:
        optimizer(descent, eta=0.1).run(1.0, lambda w: "text", 9)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("backend", ["numpy", "python"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_is_at_fault(bad, backend):
    grad = lambda w: w * (1.0 if w > 0.85 else bad)
    with pytest.raises(FloatingPointError, match=r"not finite in step 3, .* check the gradient"):
        optimizer(descent, backend, eta=0.1).run(1.0, grad, 9)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast"))])
def test_a_potential_with_a_pole_is_at_fault(backend):
    w = Symbol("w", real=True)
    said = "the gradient is not finite in step 1,|step 1 cannot be computed: "
    with pytest.raises(FloatingPointError, match=said):
        optimizer(descent, backend, eta=0.1).run(0.0, Abs(w) / w, 9)
    with pytest.raises(FloatingPointError, match=said):
        optimizer(descent, backend, eta=0.1).run(0.0, 1 / w, 9, every=9)


@pytest.mark.parametrize("backend", ["numpy", "python"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_run_that_diverges_wants_smaller_steps(backend, dtype):
    for slope in (lambda w: 30 * w, lambda w: w * w * w):
        start = np.full(1, 10.0, dtype) if backend == "numpy" else 10.0
        with pytest.raises(FloatingPointError, match=r"x is not finite after step \d+; take smaller steps"):
            optimizer(descent, backend, eta=1.0).run(start, slope, 10_000)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast"))])
@pytest.mark.parametrize(
    ("factor", "start"),
    [(1 / sqrt(G**2), 0.0), (G / (x - 1), 1.0), (sqrt(x), -1.0), (log(x), -0.5), (1 / (x + 2), -2.0)],
    ids=str,
)
def test_a_rule_that_is_not_defined_somewhere_does_not_want_smaller_steps(factor, start, backend):
    w = Symbol("w", real=True)
    run = optimizer(rule({x: x - eta * G * factor}), backend, eta=0.1).run
    for slope in (lambda place: place, w**2 / 2):
        with pytest.raises(FloatingPointError, match="divides by zero there, or") as refused:
            run(start, slope, 3)
        assert "smaller steps" not in str(refused.value)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dense_quadratic_by_its_matrix_runs_as_by_its_gradient(dtype):
    drawn = np.random.default_rng(5).normal(size=(40, 40))
    matrix, start = drawn @ drawn.T / 40, np.ones(40, dtype)
    stepper = optimizer(descent, eta=0.05)
    by_matrix = stepper.run(start, matrix, 30).x
    by_hand = np.linalg.matrix_power(np.eye(40) - 0.05 * matrix, 30) @ np.ones(40)
    assert by_matrix.dtype == dtype
    np.testing.assert_allclose(by_matrix[-1], by_hand, rtol=1e-4 if dtype == np.float32 else 1e-10)
    with pytest.raises(ValueError, match="the potential has 40 weights"):
        stepper.run(np.ones(39), matrix, 3)
    with pytest.raises(ValueError, match="symmetric"):
        stepper.run(np.ones(40), drawn, 3)


def test_a_sweep_on_a_dense_quadratic_is_that_of_single_runs():
    drawn = np.random.default_rng(4).standard_normal((30, 30))
    matrix = drawn @ drawn.T / 30
    step_sizes, retained = [0.01, 0.05, 9.0], [0.5, 0.9]
    found = sweep(momentum, matrix, {"eta": step_sizes, "rho": retained}, 40)
    assert found.states["x"].shape == (3, 2, 30)
    for i, eta_ in enumerate(step_sizes):
        for j, rho_ in enumerate(retained):
            u_, x_ = np.zeros(30), np.ones(30)
            for _ in range(40):
                u_ = rho_ * u_ - eta_ * matrix @ x_
                x_ = x_ + u_
            np.testing.assert_allclose(found.states["x"][i, j], x_, rtol=1e-7)
            np.testing.assert_allclose(found.loss[i, j], x_ @ matrix @ x_ / 2, rtol=1e-7)
    step_matrix = np.block([
        [0.5 * np.eye(30), -0.01 * matrix], [0.5 * np.eye(30), np.eye(30) - 0.01 * matrix]
    ])  # fmt: skip
    assert found.radius[0, 0] == pytest.approx(abs(np.linalg.eigvals(step_matrix)).max())


def test_a_sweep_of_a_rule_that_counts_on_a_dense_quadratic_has_its_counter():
    matrix = np.eye(12) + 0.1
    found = sweep("known:adam", matrix, {"eta": [0.1, 0.2]}, 5)
    assert found.states["k"].tolist() == [5, 5]
    run = optimizer("known:adam", eta=0.2).run(np.ones(12), lambda w: matrix @ w, 5)
    np.testing.assert_allclose(found.states["x"][1], run.x[-1], rtol=1e-12)
    with pytest.raises(ValueError, match=r"the potential has 12 weights; start every state with as many"):
        sweep("known:adam", matrix, {"eta": [0.1, 0.2]}, 5, start=np.ones(11))


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_a_parameter_that_no_float_holds_is_one_clear_line(backend):
    descent = rule({x: x - eta * G})
    if backend == "python":  # which computes with fractions, until it meets a float
        made = optimizer(descent, backend, eta=10**400)
        for take in (lambda: made.step({"x": 1.0}, 1.0), lambda: made.run(1.0, lambda w: w, 2)):
            with pytest.raises(
                ValueError, match=r"^eta must be a number that floats hold, at most .* floats;"
            ):
                take()
        assert made.step({"x": 1}, lambda w: w)["x"] == 1 - 10**400
        # A state that grew is no fault of a parameter.
        with pytest.raises(FloatingPointError, match="too large for a float; take smaller steps"):
            optimizer(descent, backend, eta=10**200).run(1, lambda w: w if abs(w) < 10**300 else 0.5, 9)
        return
    for huge in (10**400, -(10**5000), Fraction(10**400, 3)):
        with pytest.raises(
            ValueError, match=r"^eta must be a number that floats hold, at most about 1.8e308$"
        ):
            optimizer(descent, backend, eta=huge)


def test_a_grid_or_a_potential_that_no_float_holds_is_one_clear_line():
    descent = rule({x: x - eta * G})
    for grid in ({"eta": 10**5000}, {"eta": [0.1, 10**400]}):
        with pytest.raises(ValueError, match=r"^eta must be of numbers that floats hold"):
            sweep(descent, "valley", grid, 3)
    with pytest.raises(ValueError, match=r"^the numbers of a quadratic must be ones that floats hold"):
        optimizer(descent, eta=0.1).run([1.0, 1.0], [10**400, 1], 3)
