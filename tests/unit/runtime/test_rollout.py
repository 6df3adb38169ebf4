"""Whole trajectories and sweeps: step by step the same bits, and what they refuse."""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import pickle
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from sympy import Symbol, cos, symbols

from physsym.codegen import program, scalarise
from physsym.codegen.emit.rollout import checked_results
from physsym.codegen.emit.simd import llvm_sweep
from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.parsing import read
from physsym.runtime import optimizer
from physsym.runtime.potentials import PROBLEMS, potential_formula, problem
from physsym.runtime.sweeps import sweep
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.requirements import needs
from tests.support.rules import CHOSEN, ahead, corrected, game, momentum, recurrence
from tests.support.tiers import in_tiers

RULES = {"momentum": momentum, "ahead": ahead, "adam": corrected, "recurrence": recurrence}
RULES["two gradients"] = rule({x: x - eta * grad(x - rho * eta * G)})
LOOPS = ["numpy", "python", "c", pytest.param("llvm", marks=needs("llvmlite", "fast"))]
BOTH = ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast"))]
CHOSEN = CHOSEN | {"eta": 0.001}
heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
w1, w2, k = symbols("w1 w2 k")
FORMULAS = {n: p for n, p in PROBLEMS.items() if p.formula is not None}


@pytest.mark.parametrize("called", FORMULAS)
def test_a_formula_is_the_function_beside_it(called):
    tried = FORMULAS[called]
    (a, b) = sorted(tried.formula.free_symbols, key=str)
    for place in np.random.default_rng(2).normal(size=(20, 2)):
        at = dict(zip((a, b), place, strict=True))
        assert float(tried.formula.xreplace(at)) == pytest.approx(tried.value(place), rel=1e-12)
        slopes = [float(tried.formula.diff(s).xreplace(at)) for s in (a, b)]
        assert slopes == pytest.approx(list(tried.gradient(place)), rel=1e-9, abs=1e-12)


# Each slope written with the operations of its formula; powers of two may be moved, which changes no bit.
SLOPES = {
    "valley": lambda w: [20 * w[0], w[1]],
    "rosenbrock": lambda w: [2 * (w[0] - 1 - 200 * w[0] * (w[1] - w[0] * w[0])), 200 * (w[1] - w[0] * w[0])],
}
POTENTIALS = {"valley": "valley", "rosenbrock": "rosenbrock", "eight": [8.0, 1.0]}
SLOPES["eight"] = lambda w: [8 * w[0], w[1]]


@pytest.mark.parametrize("backend", [b for b in LOOPS if b != "python"])  # which runs one number, see below
@pytest.mark.parametrize("called", RULES)
@pytest.mark.parametrize("potential", POTENTIALS)
def test_a_compiled_run_has_the_bits_of_step_after_step(potential, called, backend):
    stated = RULES[called]
    made = optimizer(stated, backend, **CHOSEN | {"eta": 0.0003})
    slope = lambda w: np.array(SLOPES[potential](w))
    whole = made.run([1.0, -0.5], POTENTIALS[potential], 60, every=7)
    single = made.run([1.0, -0.5], slope, 60, every=7)
    np.testing.assert_array_equal(whole.steps, single.steps)
    assert whole.coordinates == single.coordinates
    for name in single.states:
        np.testing.assert_array_equal(whole.states[name], single.states[name])
        assert whole.states[name].shape == single.states[name].shape


def _is_finite(run):
    try:
        return bool(run())
    except FloatingPointError:
        return False


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("called", sorted(RULES.keys() - {"adam"}))  # whose steps are never long
def test_the_first_step_that_leaves_the_finite_numbers_is_told(called, backend):
    slope = lambda w: 30 * w * w * w
    step, state = optimizer(RULES[called], "numpy", **CHOSEN), np.array([10.0])
    with np.errstate(all="ignore"):
        found = next(n for n in range(1, 40) if not _is_finite(lambda n=n: step.run(state, slope, n)))
    with pytest.raises(FloatingPointError, match=rf"after step {found}\b"):
        optimizer(RULES[called], backend, **CHOSEN).run(state, 15 * w1**4 / 2, 1000, every=1000)


def test_what_is_added_into_another_state_needs_no_look():
    def watched(stated):
        made = program(stated)
        return {made.results[k].name for k in checked_results(made)}

    assert watched(momentum) == watched(recurrence) == {"x+"}
    assert watched(rule({x: 1 / x, u: u + x})) == {"x+", "u+"}
    assert watched(rule({x: rho * x, u: u + after(x)})) == {"u+"}
    assert watched(rule({x: rho * x, u: 1 / (1 + after(x))})) == {"x+", "u+"}


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast"))])
def test_floats_of_half_the_size_stay_so(backend):
    made = optimizer(momentum, backend, **CHOSEN)
    start = np.array([1.0, -0.5], np.float32)
    whole = made.run(start, "valley", 30)
    single = made.run(start, lambda w: np.array([20 * w[0], w[1]], np.float32), 30)
    assert whole.x.dtype == np.float32
    np.testing.assert_array_equal(whole.x, single.x)


def test_a_run_in_fractions_is_exact():
    made = optimizer(rule({x: x - eta * G}), "python", eta=Fraction(1, 3))
    assert made.run(Fraction(1), w1**2 / 2, 5).x.tolist() == [Fraction(2, 3) ** n for n in range(6)]


def test_a_rule_without_gradient_is_run_and_has_its_states_as_attributes():
    swings = read("omega <- omega - dt*sin(theta); theta <- theta + dt*omega+")
    run = optimizer(swings, dt=0.1).run({"theta": 0.5, "omega": 0.0}, steps=4)
    assert run.theta is run.states["theta"]
    assert run.omega is run.states["omega"]
    assert len(run.steps) == 5  # what every run has is no state
    for again in (copy.copy(run), copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        assert again.theta.tolist() == run.theta.tolist()
    for name in ("x", "thetaa"):
        with pytest.raises(AttributeError, match=rf"^the run has no {name}; its states are omega, theta$"):
            getattr(run, name)


@pytest.mark.parametrize("name", ["steps", "states", "coordinates"])
def test_a_state_that_would_be_no_attribute_of_the_run_is_refused(name):
    made = optimizer(read(f"{name} <- {name}/2"))
    said = rf"run\.{name} would not be the state {name}: rename the state in the rule"
    with pytest.raises(ValueError, match=said):
        made.run({name: 8.0}, steps=4)
    assert made.rollout({name: 8.0}, None, steps=3) == {name: 1}  # it has no attributes


def test_no_other_public_name_of_a_run_is_taken():
    run = optimizer(read("w <- w/2")).run(1.0, steps=1)
    public = {name for name in dir(run) if not name.startswith("_")}
    assert public - {"x"} == {"steps", "states", "coordinates"}  # x is the state x where there is one


def test_the_positions_are_those_of_the_one_coordinate_or_of_x():
    one = optimizer(read("w <- w - eta*grad(w)"), eta=0.5)
    assert one.run(1.0, lambda w: w, 2).x.tolist() == [1, 0.5, 0.25]
    run = optimizer(read("x <- x/2; y <- y/4")).run({"x": 1.0, "y": 2.0}, steps=1)
    assert (run.x.tolist(), run.y.tolist()) == ([1, 0.5], [2, 0.5])


def test_potentials_are_given_in_many_ways():
    made = optimizer(heavy_ball, eta=0.01, rho=0.5)
    wanted = made.run([1.0, 1.0], "valley", 9).x
    matrix = np.array([[20.0, 0.0], [0.0, 1.0]])
    for given in (problem("valley"), 10 * w1**2 + w2**2 / 2, [20.0, 1.0], np.array([20.0, 1.0]), matrix):
        np.testing.assert_allclose(made.run([1.0, 1.0], given, 9).x, wanted, rtol=1e-14)
    alike = made.run([1.0, 2.0, 3.0], cos(w1), 9).x
    alone = made.run([2.0], cos(w1), 9).x
    np.testing.assert_array_equal(alike[:, 1], alone[:, 0])
    large = made.run(np.ones(100), np.full(100, 2.0), 9).x
    np.testing.assert_allclose(large[:, 3], made.run([1.0], [2.0], 9).x[:, 0], rtol=1e-14)
    logistic = problem("logistic")
    both = (made.run(np.zeros(50), given, 9).x for given in ("logistic", logistic.gradient))
    np.testing.assert_array_equal(*both)


def test_symbols_named_like_parameters_are_parameters():
    made = optimizer(heavy_ball, eta=0.01, rho=0.5)
    shared = made.run([1.0], Symbol("rho") * w1**2 / 2, 9).x
    np.testing.assert_allclose(shared, made.run([1.0], [0.5], 9).x, rtol=1e-14)


def test_weights_stand_in_the_order_of_their_numbers():
    weights = symbols("w1:13")
    assert potential_formula(sum(w**2 for w in reversed(weights))).weights == weights


@pytest.mark.parametrize("backend", LOOPS)
def test_a_run_that_leaves_the_finite_numbers_names_the_step(backend):
    made = optimizer(rule({x: x - eta * G}), backend, eta=0.1)
    assert np.isfinite(np.asarray(made.run(10.0, w1**4 / 4, 5).x, float)).all()
    for every in (1, 4, 1000):
        with pytest.raises(FloatingPointError, match=r"x is not finite after step 6\b"):
            made.run(10.0, w1**4 / 4, 1000, every=every)


def test_a_number_that_becomes_finite_again_is_seen_all_the_same():
    for backend in ("numpy", "python"):
        made = optimizer(rule({x: 1 / x, u: u + G}), backend)
        with pytest.raises(FloatingPointError, match="step 1 cannot be computed: "):
            made.run({"x": 0.0, "u": 1.0}, [1.0], 5, every=5)
    pytest.importorskip("llvmlite")
    with pytest.raises(FloatingPointError, match=r"x is not finite after step 1\b"):
        optimizer(rule({x: 1 / x, u: u + G}), "llvm").run({"x": 0.0, "u": 1.0}, [1.0], 5, every=5)


@pytest.mark.parametrize("backend", BOTH)
def test_a_callback_sees_each_record_and_can_end_the_run(backend):
    seen = []

    def callback(step, state):
        seen.append((step, state["x"].copy()))
        return step == 4

    run = optimizer(momentum, backend, **CHOSEN).run([1.0, 1.0], "valley", 100, every=2, callback=callback)
    assert run.steps.tolist() == [0, 2, 4] == [step for step, _ in seen]
    np.testing.assert_array_equal(run.x, [w for _, w in seen])


def test_a_bar_is_drawn_when_it_is_asked_for(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    made = optimizer(momentum, **CHOSEN)
    made.run([1.0, 1.0], "valley", 50, progress=False)
    made.run([1.0, 1.0], lambda w: w, 50)
    assert not shown.getvalue()
    made.run([1.0, 1.0], "valley", 50, progress=True)
    assert "50/50" in shown.getvalue()


@pytest.mark.parametrize("backend", BOTH)
def test_a_sweep_draws_the_bar_of_a_run_and_finds_the_same(monkeypatch, backend):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    grid = {**CHOSEN, next(iter(CHOSEN)): np.linspace(0.001, 0.01, 50)}
    plain = sweep(momentum, "valley", grid, 300, backend=backend)
    assert not shown.getvalue()
    watched = sweep(momentum, "valley", grid, 300, backend=backend, progress=True)
    assert "300/300" in shown.getvalue()
    np.testing.assert_array_equal(plain.loss, watched.loss)


def test_every_way_to_sweep_reports_what_is_done(monkeypatch):
    told = []
    bar = contextlib.contextmanager(lambda steps, show: iter([lambda done: told.append((done, steps))]))
    monkeypatch.setattr("physsym.runtime.sweeps.progress_bar", bar)
    grid = {"eta": np.linspace(0.001, 0.01, 3), "rho": 0.5}
    reads_loss = "x <- x - eta*potential(x)*grad(x) - rho*x"
    matrix = np.diag(np.arange(1.0, 31)) + 0.1
    for moved, potential in ((heavy_ball, "valley"), (heavy_ball, matrix), (reads_loss, "x**2/2")):
        told.clear()
        sweep(moved, potential, grid, 250)
        assert told == sorted(told)
        assert told[-1] == (250, 250)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("mountain", ValueError, "unknown test function"),
        (w1**2 + 0.5, TypeError, "exact"),
        (w1**2 + w2**2 + k**2, ValueError, "3 weights, the state 2 components"),
        (Symbol("eta") * 2, ValueError, "has no weights"),
        ([[1.0, 2.0], [0.0, 1.0]], ValueError, "symmetric matrix"),
        ([1.0, np.inf], ValueError, "must be finite"),
        (3.0, TypeError, "callable gradient, or a potential"),
    ],
)
def test_an_unfit_potential_is_told(given, error, said):
    with pytest.raises(error, match=said):
        optimizer(momentum, **CHOSEN).run([1.0, 1.0], given, 3)


def test_a_rule_of_several_coordinates_wants_a_callable():
    with pytest.raises(ValueError, match="several coordinates"):
        optimizer(game, eta=0.1).run({"x": 1.0, "y": 1.0}, [1.0], 3)


def test_names_of_the_potential_do_not_meet_names_of_the_rule():
    derived = program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))
    with pytest.raises(ValueError, match="c is the name of a value within the rule"):
        scalarise(derived, potential_formula(Symbol("c", real=True) * w1**2, ["c"]).gradient, 1)


def _by_fractions(place, a, c, steps, last):
    """The heavy ball on 3 x^2/2: of two products the last, or the first, is joined to their sum."""
    velocity = 0.0
    for _ in range(steps):
        product, force = c * velocity, 3 * place
        if last:
            velocity = float(Fraction(product) - Fraction(a) * Fraction(force))
        else:
            velocity = float(Fraction(c) * Fraction(velocity) - Fraction(a * force))
        place = place + velocity
    return place


@needs("llvmlite", "fast")
def test_fma_joins_the_product_that_comes_last_to_the_sum():
    run = optimizer(heavy_ball, "llvm", fma=True, eta=0.017, rho=0.9).run([1.1], [3.0], 40)
    assert run.x[-1] == [_by_fractions(1.1, 0.017, 0.9, 40, last=True)]
    assert run.x[-1] != [_by_fractions(1.1, 0.017, 0.9, 40, last=False)]


# --- sweeps


def forget_compiled_sweeps():
    importlib.import_module("physsym.runtime.backends.llvm")._compiled_sweep.cache_clear()


GRID = {"eta": np.linspace(0.001, 0.09, 7), "rho": np.linspace(0, 0.95, 9)}


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("called", RULES)
def test_every_cell_of_a_sweep_is_a_run(called, backend):
    stated = RULES[called]
    found = sweep(stated, "valley", GRID, 25, backend=backend)
    assert found.loss.shape == (7, 9)
    for i, j in ((0, 0), (3, 8), (6, 2)):
        made = optimizer(stated, eta=GRID["eta"][i], rho=GRID["rho"][j])
        run = made.run(problem("valley").start, "valley", 25)
        # NumPy's powers of arrays and of single numbers may differ in the last bit (they do with AVX-512).
        close = 1e-13 if (called, backend) == ("adam", "numpy") else 0
        for name, states in found.states.items():
            np.testing.assert_allclose(states[i, j], run.states[name][-1], rtol=close, atol=0)
        assert found.loss[i, j] == pytest.approx(problem("valley").value(run.x[-1]), rel=1e-12)


@needs("llvmlite", "fast")
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_lanes_and_blocks_compute_the_same_bits(threads):
    grid = {"eta": np.linspace(0.0001, 0.01, 90), "rho": np.linspace(0, 1, 61)}
    one, other = (sweep(ahead, "rosenbrock", grid, 40, backend=b, threads=threads) for b in ("llvm", "numpy"))
    np.testing.assert_array_equal(one.states["x"], other.states["x"])
    assert not np.isfinite(one.loss).all()
    assert np.isfinite(one.loss).any()


@needs("llvmlite", "fast")
@pytest.mark.parametrize("called", RULES)
@pytest.mark.parametrize("vectors", [(8, 32, 4), (4, 16, 9), (4, 0, 8), (2, 64, 3)], ids=str)
def test_processors_of_every_kind_compute_the_same_bits(vectors, called, monkeypatch):
    monkeypatch.setattr("physsym.runtime.backends.llvm.vectors_of_doubles", lambda: vectors)
    forget_compiled_sweeps()
    grid = {"eta": np.linspace(0.0001, 0.001, 9), "rho": np.linspace(0, 1, 7)}
    one, other = (sweep(RULES[called], "rosenbrock", grid, 20, backend=b) for b in ("llvm", "numpy"))
    forget_compiled_sweeps()
    for name in one.states:
        np.testing.assert_array_equal(one.states[name], other.states[name])


@needs("llvmlite", "fast")
@pytest.mark.parametrize("cells", [1, 35, 36, 37, 71, 72, 73])
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_cells_fills_the_lanes(cells, threads, monkeypatch):
    monkeypatch.setattr("physsym.runtime.backends.llvm.vectors_of_doubles", lambda: (4, 16, 9))
    forget_compiled_sweeps()
    grid = {"eta": np.linspace(0.0001, 0.001, cells), "rho": 0.9}
    one, other = (
        sweep(heavy_ball, "rosenbrock", grid, 20, backend=b, threads=threads) for b in ("llvm", "numpy")
    )
    forget_compiled_sweeps()
    assert one.states["x"].shape == (cells, 2)
    np.testing.assert_array_equal(one.states["x"], other.states["x"])


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("called", RULES)
@pytest.mark.parametrize("shared", ["eta", "rho"])
def test_what_cells_share_changes_no_bit(shared, called, backend):
    grid = {"eta": np.linspace(0.001, 0.002, 41), "rho": np.linspace(0.5, 0.9, 41)}
    number = float(grid[shared][3])
    found, wanted = (
        sweep(RULES[called], "rosenbrock", grid | {shared: one}, 30, backend=backend)
        for one in (number, [number])
    )
    for name, states in found.states.items():
        np.testing.assert_array_equal(states, wanted.states[name].reshape(states.shape))


@needs("llvmlite", "fast")
def test_what_cells_share_is_computed_once():
    adam = scalarise(program(corrected), potential_formula("rosenbrock").gradient, 2)
    assert set(map(str, adam.parameters)) == {"eta", "rho"}
    powers = {}
    for shared in ([], adam.parameters):
        text = llvm_sweep(adam, shared, 4, 9, 16)
        powers[len(shared)] = Counter(re.findall(r"call (\S.*) @llvm.pow", text))
    assert powers == {0: {"<4 x double>": 18}, 2: {"double": 2}}


@pytest.mark.parametrize("backend", BOTH)
def test_a_shared_number_that_makes_infinity_is_no_error(backend):
    found = sweep(heavy_ball, w1**2 / k, {"eta": [0.1, 0.2], "rho": 0.5, "k": 0}, 3, backend=backend)
    assert not np.isfinite(found.loss).any()


@pytest.mark.parametrize("backend", BOTH)
def test_no_step_leaves_every_cell_at_the_start(backend):
    found = sweep(heavy_ball, "rosenbrock", {"eta": np.linspace(0.1, 1, 40), "rho": 0.5}, 0, backend=backend)
    np.testing.assert_array_equal(found.states["x"], np.tile(problem("rosenbrock").start, (40, 1)))


def test_the_spectral_radius_tells_which_cells_converge():
    found = sweep(heavy_ball, [4.0, 1.0], {"eta": np.linspace(0.05, 0.9, 12), "rho": [0.1, 0.6]}, 2000)
    a, c = found.axes["eta"][:, None], found.axes["rho"][None, :]
    by_hand = []
    for h in (4.0, 1.0):  # z^2 - (1 + rho - eta h) z + rho
        half = (1 + c - a * h) / 2
        by_hand.append(np.maximum(*(np.abs(half + s * np.sqrt(half**2 - c + 0j)) for s in (1, -1))))
    np.testing.assert_allclose(found.radius, np.maximum(*by_hand), atol=1e-7)
    with np.errstate(invalid="ignore"):
        small = found.loss < 1e-12
    clear = np.abs(found.radius - 1) > 0.02
    np.testing.assert_array_equal(small[clear], found.radius[clear] < 1)


def test_curvatures_may_be_swept_and_numbers_kept():
    found = sweep(heavy_ball, k * w1**2 / 2, {"eta": 0.1, "k": [1.0, 2.0, 40.0], "rho": 0.5}, 50)
    assert found.loss.shape == (3,) == found.radius.shape
    assert found.fixed == {"eta": 0.1, "rho": 0.5}
    np.testing.assert_array_equal(found.radius > 1, [False, False, True])
    many = sweep(heavy_ball, cos(w1), {"eta": 0.1, "rho": [0.5, 0.6]}, 5, start=np.ones((2, 3)))
    assert many.states["x"].shape == (2, 2, 3)
    assert many.loss[0] == pytest.approx(np.cos(many.states["x"][0]).sum())
    matrix = sweep(heavy_ball, [[2.0, 1.0], [1.0, 2.0]], {"eta": [0.1], "rho": 0.5}, 5)
    split = sweep(heavy_ball, [3.0, 1.0], {"eta": [0.1], "rho": 0.5}, 5)
    np.testing.assert_allclose(matrix.radius, split.radius)


@pytest.mark.parametrize(
    ("potential", "grid", "options", "error", "said"),
    [
        ("valley", {"eta": 0.1}, {}, TypeError, "missing rho"),
        ("valley", {"eta": 0.1, "rho": 0.1, "mu": 1}, {}, TypeError, "unknown mu"),
        ("valley", {"eta": [[0.1]], "rho": 0.1}, {}, ValueError, "an array of one axis"),
        ("valley", {"eta": [], "rho": 0.1}, {}, ValueError, "eta must be"),
        ("valley", {"eta": "0.1", "rho": 0.1}, {}, ValueError, "eta must be finite, .*given '0.1'"),
        ("valley", {"eta": "big", "rho": 0.1}, {}, ValueError, "eta must be finite, .*given 'big'"),
        ("valley", {"eta": [0.1, "big"], "rho": 0.1}, {}, ValueError, "eta must be finite"),
        ("valley", {"eta": ["0.1", None], "rho": 0.1}, {}, ValueError, "eta must be finite"),
        ("valley", {"eta": [[0.1], [0.1, 0.2]], "rho": 0.1}, {}, ValueError, "eta must be finite"),
        ("valley", {"eta": 1j, "rho": 0.1}, {}, ValueError, "eta must be finite"),
        ("valley", {"eta": None, "rho": 0.1}, {}, ValueError, "eta must be finite, .*given None"),
        ("valley", None, {}, TypeError, "a grid is a dictionary of the parameters, .*given None"),
        ("valley", [("eta", 0.1)], {}, TypeError, "a grid is a dictionary of the parameters"),
        ("valley", {1: 0.1, "rho": 0.1}, {}, TypeError, "given by name or symbol, given 1"),
        ("valley", {eta: 0.1, "eta": 0.1, "rho": 0.1}, {}, TypeError, "given twice"),
        ("valley", {Symbol("mu"): 0.1, "eta": 0.1, "rho": 0.1}, {}, TypeError, "unknown mu"),
        ("valley", {"eta": [0.1, np.nan], "rho": 0.1}, {}, ValueError, "eta must be finite"),
        ("valley", {"eta": 0.1, "rho": 0.1}, {"backend": "jaks"}, ValueError, "unknown backend 'jaks'"),
        (
            "valley",
            {"eta": 0.1, "rho": 0.1},
            {"backend": "python"},
            ValueError,
            "'python' takes no sweeps; 'numpy'",
        ),
        ("valley", {"eta": 0.1, "rho": 0.1}, {"threads": 0}, ValueError, "threads must be"),
        ("valley", {"eta": 0.1, "rho": 0.1}, {"start": np.ones(3)}, ValueError, "2 weights"),
        ("logistic", {"eta": 0.1, "rho": 0.1}, {}, ValueError, "has no formula"),
    ],
)
def test_an_unfit_sweep_is_told(potential, grid, options, error, said):
    with pytest.raises(error, match=said):
        sweep(heavy_ball, potential, grid, 5, **options)
    with pytest.raises(ValueError, match="none"):
        _ = sweep(heavy_ball, cos(w1), {"eta": [0.1], "rho": 0.1}, 1).radius
    with pytest.raises(ValueError, match="steps must be"):
        sweep(heavy_ball, "valley", {"eta": 0.1, "rho": 0.1}, -1)


def test_a_grid_beyond_the_memory_is_refused_by_its_size():
    many = np.linspace(0, 1, 10**6)
    with pytest.raises(ValueError, match=r"a grid of 1000000000000 points takes about .* bytes, and this"):
        sweep(heavy_ball, "valley", {"eta": many, "rho": many}, 1)


def test_a_grid_is_given_by_names_or_symbols_and_steps_as_any_whole_number():
    by_name = sweep(heavy_ball, k * w1**2, {"eta": [0.1, 0.2], "rho": 0.5, "k": 2}, 5)
    mixed = sweep(heavy_ball, k * w1**2, {eta: [0.1, 0.2], "rho": Fraction(1, 2), k: 2}, np.int64(5))
    np.testing.assert_array_equal(by_name.loss, mixed.loss)
    assert list(mixed.axes) == ["eta"]
    assert mixed.fixed == {"rho": 0.5, "k": 2.0}


@pytest.mark.parametrize("again", [lambda o: pickle.loads(pickle.dumps(o)), copy.deepcopy, copy.copy])
def test_a_sweep_is_copied_whole(again):
    found = sweep(heavy_ball, "valley", {"eta": [0.01, 0.2], "rho": [0.1, 0.5]}, 5)
    other = again(found)
    assert (other.rule, other.potential, other.steps) == (found.rule, found.potential, found.steps)
    assert dict(other.fixed) == dict(found.fixed)
    assert list(other.axes) == ["eta", "rho"]
    for name, value in (found.axes | found.states).items():
        np.testing.assert_array_equal((other.axes | other.states)[name], value)
    np.testing.assert_array_equal(other.loss, found.loss)
    np.testing.assert_array_equal(other.radius, found.radius)
    with pytest.raises(TypeError, match="does not support item assignment"):
        other.axes["eta"] = 1


def test_no_steps_leave_the_start():
    for backend in ("numpy", None):
        found = sweep(heavy_ball, "valley", {"eta": [0.1, 0.2], "rho": 0.1}, 0, backend=backend)
        np.testing.assert_array_equal(found.states["x"], [[1.0, 1.0], [1.0, 1.0]])


@needs("llvmlite", "fast")
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("called", ["heavy ball", "corrected"])
def test_a_sweep_in_slices_of_points_and_steps_is_that_in_one(called, threads, monkeypatch):
    from physsym.runtime.backends import llvm

    stated = {"heavy ball": heavy_ball, "corrected": corrected}[called]  # the latter counts its steps
    grid = {"eta": np.linspace(0.001, 0.002, 13), "rho": np.linspace(0.5, 0.9, 17)}
    wanted = sweep(stated, "rosenbrock", grid, 37, backend="numpy")
    for most in (1, 10**4, 10**5):
        monkeypatch.setattr(llvm, "OPERATIONS_AT_ONCE", most)
        found = sweep(stated, "rosenbrock", grid, 37, backend="llvm", threads=threads)
        for name, states in found.states.items():
            compare = np.testing.assert_array_equal if called == "heavy ball" else np.testing.assert_allclose
            compare(states, wanted.states[name])


INTERRUPTED = """
import sys, time
import numpy as np
import physsym as ps

grid = {"eta": np.linspace(0.01, 0.05, int(sys.argv[1])), "rho": np.linspace(0.1, 0.9, int(sys.argv[1]))}
heavy_ball = "u <- rho*u - eta*grad(x); x <- x + u+"
ps.sweep(heavy_ball, "rosenbrock", grid, 3, backend="llvm")
optimizer = ps.optimizer(heavy_ball, "llvm", eta=0.001, rho=0.9)
optimizer.run([1.0, 1.0], "rosenbrock", 3)
print("begins", flush=True)
try:
    if sys.argv[2] == "run":
        optimizer.run([1.0, 1.0], "rosenbrock", 10**12, every=10**12)
    else:
        ps.sweep(heavy_ball, "rosenbrock", grid, 10**9, backend="llvm", threads=int(sys.argv[3]))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@needs("llvmlite", "fast")
@pytest.mark.parametrize(
    ("number", "what", "threads"),
    in_tiers(
        [("300", "sweep", "1"), ("300", "sweep", "2"), ("2", "sweep", "1"), ("2", "run", "1")],
        fast=[("300", "sweep", "2"), ("2", "run", "1")],
    ),
)
def test_compiled_loops_end_at_ctrl_c(number, what, threads):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, number, what, threads],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout.readline() == "begins\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        # Without slices the loop would go on for days: the limit only ends a test that fails.
        assert process.communicate(timeout=60)[0] == "interrupted\n"
        assert process.returncode == 0
    finally:
        process.kill()
