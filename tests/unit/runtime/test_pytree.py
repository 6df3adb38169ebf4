"""Steps on several parameter arrays at once, with a counter, and what they cost in memory."""

from __future__ import annotations

import tracemalloc
from collections import namedtuple

import numpy as np
import pytest

from physsym.codegen import program
from physsym.runtime import optimizer
from physsym.runtime.backends.pytree import flatten, unflatten
from tests.support.rules import ALL, CHOSEN, ahead, corrected, game, momentum

Layer = namedtuple("Layer", "weights bias")
TREES = {
    "dictionary": {"weights": np.arange(6.0).reshape(2, 3), "bias": np.ones(2)},
    "list": [np.arange(6.0).reshape(2, 3), np.ones(2, np.float32)],
    "nested": {"first": Layer(np.arange(3.0), np.array(2.0)), "second": (np.ones((1, 2)), [np.zeros(2)])},
}


def each(change, first, *others):
    flat = [flatten(tree)[0] for tree in (first, *others)]
    return unflatten(flatten(first)[1], [change(*parts) for parts in zip(*flat, strict=True)])


def made(stated):
    return optimizer(stated, **{str(p): CHOSEN[str(p)] for p in program(stated).parameters})


@pytest.mark.parametrize("stated", [momentum, ahead, corrected], ids=["momentum", "ahead", "adam"])
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_tree_moves_as_its_arrays_move_alone(stated, tree):
    gradient = lambda w: each(lambda leaf: np.cos(leaf), w)
    whole = made(stated).init(tree)
    for _ in range(3):
        whole = made(stated).step(whole, gradient)
    assert type(whole["x"]) is type(tree)
    for k, leaf in enumerate(flatten(tree)[0]):
        alone = made(stated).init(leaf)
        for _ in range(3):
            alone = made(stated).step(alone, np.cos)
        for name in ("x", "u"):
            np.testing.assert_array_equal(flatten(whole[name])[0][k], alone[name])
            assert flatten(whole[name])[0][k].dtype == leaf.dtype


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_tree_is_updated_in_place_as_by_plain_steps(tree):
    state = made(corrected).init(tree)
    slopes = each(lambda leaf: np.asarray(np.cos(leaf) + 0.5, leaf.dtype), tree)
    wanted = made(corrected).step(made(corrected).step(state, slopes), slopes)
    bound = made(corrected).bind(state, slopes)
    bound.step()
    bound.step()
    assert float(state["t"]) == 2
    for name in wanted:
        each(np.testing.assert_array_equal, state[name], wanted[name])


def test_a_run_of_a_tree_records_every_array():
    run = made(momentum).run(TREES["dictionary"], lambda w: each(np.sin, w), 4, every=2)
    assert run.steps.tolist() == [0, 2, 4]
    assert run.x["weights"].shape == (3, 2, 3)
    alone = made(momentum).run(TREES["dictionary"]["bias"], np.sin, 4, every=2)
    np.testing.assert_array_equal(run.x["bias"], alone.x)


def test_a_dictionary_that_names_states_gives_states():
    assert made(momentum).init({"x": {"x": 1.0}, "u": {"x": 0.5}})["u"]["x"] == 0.5
    with pytest.raises(ValueError, match="unknown bias"):
        made(momentum).init({"x": 1.0, "bias": 2.0})


ONE = {"a": np.ones(2)}


@pytest.mark.parametrize(
    ("state", "slope"),
    [
        ({"u": [np.ones(2)], "x": ONE}, ONE),
        ({"u": ONE, "x": ONE}, {"b": np.ones(2)}),
        ({"u": ONE, "x": ONE}, np.ones(2)),
        ({"u": ONE, "x": {"a": np.ones(3)}}, {"a": np.ones(3)}),
    ],
)
def test_trees_of_different_form_are_refused(state, slope):
    with pytest.raises((TypeError, ValueError), match=r"must be a tree like|must agree|broadcast"):
        made(momentum).step(state, slope)
    with pytest.raises(ValueError, match=r"must be a tree like|all arrays must agree"):
        made(momentum).bind(state, slope)


def test_arrays_of_a_tree_must_share_no_memory():
    shared = np.ones(4)
    state = made(momentum).init([np.ones(2), np.ones(2)]) | {"x": [shared[:2], shared[1:3]]}
    with pytest.raises(ValueError, match="x and x share memory"):
        made(momentum).bind(state, [np.ones(2), np.ones(2)])


def test_players_may_move_trees():
    first, second = [np.ones(2), np.zeros(1)], [np.full(2, 2.0), np.ones(1)]
    new = made(game).step({"x": first, "y": second}, lambda a, b: (b, a))
    np.testing.assert_array_equal(new["x"][0], 1 - 0.1 * 2)
    np.testing.assert_array_equal(new["y"][1], [1.0])


@pytest.mark.parametrize(
    "counter", [1.0, np.ones((), np.float32), np.ones(3)], ids=["float", "single", "array"]
)
def test_a_counter_in_place_is_one_double(counter):
    state = {"t": counter, "u": np.ones(3), "s": np.ones(3), "x": np.ones(3)}
    with pytest.raises(TypeError, match="t counts the steps"):
        made(corrected).bind(state, np.ones(3))


def peak_of(action):
    action()
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("called", [k for k in ALL if k != "game"])
def test_a_plain_step_makes_one_array_a_state(called):
    stated, size = ALL[called], 2_000_000
    state = {n: np.full(size, 0.5) for n in map(str, program(stated).arrays)}
    state = {n.replace("-", "_previous"): v for n, v in state.items()}
    state |= {str(c): np.array(1.0) for c in program(stated).counters}
    chosen = {str(p): CHOSEN[str(p)] for p in program(stated).parameters}
    slope = np.ones(size) if program(stated).evaluations else None
    kept = [None]

    def step():
        kept[0] = None
        kept[0] = optimizer(stated, **chosen).step(state, slope if called != "ahead" else lambda w: slope)

    arrays = len(program(stated).arrays)
    assert arrays * 8 * size <= peak_of(step) < arrays * 8 * size + 2_000_000


def test_a_thousand_steps_in_place_leave_nothing_behind():
    state = made(momentum).init(np.ones(1000))
    bound = made(momentum).bind(state, np.ones(1000))

    def steps():
        for _ in range(1000):
            bound.step()

    assert peak_of(steps) < 2_000


def test_threads_share_out_large_arrays():
    size = 2_100_001
    random = np.random.default_rng(0)
    state = {"u": random.normal(size=size), "x": random.normal(size=size)}
    slope = random.normal(size=size)
    wanted = made(momentum).step(state, slope)
    made(momentum).bind(state, slope, threads=3).step()
    for name, value in wanted.items():
        np.testing.assert_array_equal(state[name], value)
    for wrong in (0, 1.5, True, "2"):
        with pytest.raises(ValueError, match="threads must be a whole number of at least 1"):
            made(momentum).bind(state, slope, threads=wrong)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_elsewhere_counters_are_arrays_like_any_state(backend):
    library = pytest.importorskip(backend)
    whole = library.asarray if backend == "torch" else library.numpy.asarray
    elsewhere = optimizer(corrected, backend, **CHOSEN)
    state, wanted = (
        elsewhere.init(whole(np.ones(3, np.float32))),
        made(corrected).init(np.ones(3, np.float32)),
    )
    for _ in range(4):
        state = elsewhere.step(state, lambda w: 2 * w)
        wanted = made(corrected).step(wanted, lambda w: 2 * w)
    np.testing.assert_allclose(np.asarray(state["x"]), wanted["x"], rtol=1e-5)
    np.testing.assert_array_equal(np.asarray(state["t"]), [4, 4, 4])


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_elsewhere_a_tree_moves_by_a_rule_with_a_counter(backend):
    library = pytest.importorskip(backend)
    whole = library.asarray if backend == "torch" else library.numpy.asarray
    given = TREES["dictionary"]
    elsewhere, here = optimizer(corrected, backend, **CHOSEN), made(corrected)
    state, wanted = elsewhere.init({name: whole(leaf) for name, leaf in given.items()}), here.init(given)
    for _ in range(3):
        state = elsewhere.step(state, lambda w: each(lambda leaf: 2 * leaf, w))
        wanted = here.step(wanted, lambda w: each(lambda leaf: 2 * leaf, w))
    for name, leaf in wanted["x"].items():
        np.testing.assert_allclose(np.asarray(state["x"][name]), leaf, rtol=1e-12)
        assert state["t"][name].shape == leaf.shape
