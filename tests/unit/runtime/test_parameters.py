"""Parameters that are more than one number: schedules, a value for each weight or array; rollouts."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest
from sympy import Max, Min, Symbol

from physsym.core.statements import Rule, rule
from physsym.core.symbols import after, grad, potential
from physsym.runtime import optimizer, schedule
from physsym.runtime.backends import is_installed
from physsym.vocabulary import G, eta, lam, rho, t, u, x
from tests.support.requirements import EACH_BACKEND, needs

c = Symbol("c", positive=True)
descent = rule({x: x - eta * G})
momentum = rule({u: rho * u - eta * G, x: x + after(u)})
H = np.array([3.0, 1.0])
ON_ARRAYS = [b for b in EACH_BACKEND if b.values != ("python",)]


def halving(done):
    return 0.2 / 2 ** (done // 2)


def by_hand(rates, fractions, steps, w=(1.0, -2.0)):
    """Momentum with a rate and a fraction for each step, which are numbers or arrays."""
    velocity, w = np.zeros(2), np.array(w)
    for k in range(steps):
        velocity = fractions[k] * velocity - rates[k] * H * w
        w = w + velocity
    return w


def end(found):
    return np.asarray(found.x[-1], float)


# --- schedules


@pytest.mark.parametrize("backend", ON_ARRAYS)
@pytest.mark.parametrize("given", [lambda n: 0.2 / (1 + n), schedule([0.2 / (1 + k) for k in range(9)])])
def test_a_schedule_is_a_function_of_the_steps_done(backend, given):
    found = optimizer(momentum, backend, eta=given, rho=0.5).run([1.0, -2.0], lambda w: H_like(w) * w, 9)
    wanted = by_hand([0.2 / (1 + k) for k in range(9)], [0.5] * 9, 9)
    np.testing.assert_allclose(end(found), wanted, rtol=1e-6 if backend == "torch" else 1e-12)


def H_like(w):
    return w.new_tensor(H) if hasattr(w, "new_tensor") else H


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_a_schedule_that_branches_is_right_everywhere(backend):
    made = optimizer(descent, backend, eta=halving)
    found = made.run(1.0, lambda w: w, 5)
    np.testing.assert_allclose(float(end(found)), (1 - 0.2) ** 2 * (1 - 0.1) ** 2 * (1 - 0.05), rtol=1e-6)


@pytest.mark.parametrize("backend", ["numpy", "python"])
def test_a_schedule_runs_on_potentials_too(backend):
    made = optimizer(descent, backend, eta=halving)
    found = made.run(1.0, [1.0], 5)
    assert float(end(found).ravel()[0]) == pytest.approx(
        (1 - 0.2) ** 2 * (1 - 0.1) ** 2 * (1 - 0.05), rel=1e-14
    )


@pytest.mark.parametrize("potential", [(x * eta) ** 2, "(x*eta)**2"], ids=["expression", "text"])
def test_a_potential_does_not_read_what_is_not_one_number(potential):
    for given in (halving, np.ones(1)):
        with pytest.raises(TypeError, match="the potential reads eta, which is not one number"):
            optimizer(descent, eta=given).run([1.0], potential, 3)


@pytest.mark.parametrize("backend", [b for b in EACH_BACKEND if b.values != ("torch",)])
def test_a_potential_may_be_a_text_with_each_backend(backend):
    made = optimizer(descent, backend, eta=0.25)
    assert np.ravel(made.run(1.0, "eta*x**2", 3).x).tolist() == [0.875**k for k in range(4)]
    with pytest.raises(ValueError, match=r"unknown test function 'vally'; .* or give an expression"):
        made.run(1.0, "vally", 3)


def test_a_schedule_may_give_a_number_of_any_library():
    found = optimizer(descent, eta=lambda done: np.float32(0.5)).run([1.0], lambda w: w, 2)
    assert found.x.ravel().tolist() == [1.0, 0.5, 0.25]


def test_single_steps_say_how_many_were_done():
    made = optimizer(descent, eta=lambda done: 0.5 / (1 + done))
    state = made.init([1.0])
    with pytest.raises(TypeError, match=r"eta is a schedule: say how many steps are done, with done=0"):
        made.step(state, lambda w: w)
    state = made.step(state, lambda w: w, done=0)
    assert made.step(state, lambda w: w, done=1)["x"].tolist() == [0.5 * 0.75]
    with pytest.raises(ValueError, match="done must be a whole number"):
        made.step(state, lambda w: w, done=-1)


def test_the_evaluation_point_follows_a_schedule():
    ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
    made = optimizer(ahead, eta=0.1, rho=schedule([0.5, 0.25]))
    state = {"u": np.array([4.0]), "x": np.array([1.0])}
    assert [made.evaluation_point(state, done=k).tolist() for k in (0, 1)] == [[3.0], [2.0]]
    with pytest.raises(TypeError, match="rho is a schedule"):
        made.evaluation_point(state)


def test_bound_steps_count_for_a_schedule():
    made = optimizer(momentum, eta=halving, rho=schedule([0.5] * 5))
    state, gradient = made.init([1.0, -2.0]), np.empty(2)
    bound = made.bind(state, gradient)
    for _ in range(5):
        gradient[:] = H * state["x"]
        bound.step()
    np.testing.assert_array_equal(state["x"], by_hand([halving(k) for k in range(5)], [0.5] * 5, 5))
    assert bound.done == 5
    with pytest.raises(ValueError, match="the schedule has 5 values, none for step 6"):
        bound.step()
    bound.set(rho=0.0, eta=0.0)
    bound.step()
    assert bound.done == 6


def test_a_schedule_that_ends_before_the_run_is_refused_before_it_starts():
    made, calls = optimizer(descent, eta=schedule([0.1, 0.1])), []
    with pytest.raises(ValueError, match="eta has values for 2 steps, and 3 steps shall be taken"):
        made.run([1.0], calls.append, 3)
    with pytest.raises(ValueError, match="eta has values for 2 steps, and 3 steps shall be taken"):
        made.rollout(made.init([1.0]), calls.append, 1, done=2)
    assert not calls


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (lambda done: "fast", TypeError, "eta must be one real number"),
        (lambda done: float("nan"), ValueError, "eta must be finite"),
        (lambda done: np.ones(2), TypeError, "eta must be one real number"),
    ],
)
def test_an_unfit_schedule_is_told_when_the_optimizer_is_made(given, error, said):
    with pytest.raises(error, match=said):
        optimizer(descent, eta=given)


def test_a_value_that_comes_to_be_unfit_is_told():
    made = optimizer(descent, eta=lambda done: 0.1 if done < 3 else float("inf"))
    with pytest.raises(ValueError, match="eta must be finite, given inf"):
        made.run([1.0], lambda w: w, 5)
    ranged = optimizer("known:heavy_ball", eta=0.1, rho=lambda done: 0.5 + done)
    with pytest.raises(ValueError, match=r"rho=1\.5 is out of range"):
        ranged.run([1.0], lambda w: w, 5)


@pytest.mark.parametrize("unfit", [[], 0.1, [[0.1]]])
def test_a_schedule_by_values_is_a_row(unfit):
    with pytest.raises(ValueError, match="a schedule is a row of numbers"):
        schedule(unfit)
    with pytest.raises(ValueError, match="step 2 of the schedule must be finite"):
        schedule([0.1, np.nan])


# --- a value for each weight, and for each array


@pytest.mark.parametrize("backend", ON_ARRAYS)
def test_a_parameter_may_have_a_value_for_each_weight(backend):
    rates = np.array([0.2, 0.05])
    made = optimizer(momentum, backend, eta=rates, rho=0.5)
    state = made.init(np.array([1.0, -2.0]))
    assert list(state) == ["u", "x"]
    for _ in range(6):
        state = made.step(state, lambda w: H_like(w) * w)
    np.testing.assert_allclose(np.asarray(state["x"], float), by_hand([rates] * 6, [0.5] * 6, 6), rtol=1e-13)
    found = made.run(np.array([1.0, -2.0]), lambda w: H_like(w) * w, 6)
    assert list(found.states) == ["u", "x"]
    np.testing.assert_allclose(end(found), by_hand([rates] * 6, [0.5] * 6, 6), rtol=1e-13)


@pytest.mark.parametrize("backend", [b for b in ON_ARRAYS if b.values != ("torch",)])
def test_a_value_for_each_weight_runs_on_a_potential(backend):
    rates, fractions = np.array([0.2, 0.05]), np.array([0.5, 0.9])
    found = optimizer(momentum, backend, eta=rates, rho=fractions).run([1.0, -2.0], H, 6)
    np.testing.assert_allclose(end(found), by_hand([rates] * 6, [fractions] * 6, 6), rtol=1e-13)


def test_a_value_for_each_array_of_a_tree():
    made = optimizer(descent, eta={"a": 0.5, "b": np.array([0.25, 0.0])})
    state = made.step(made.init({"a": np.ones(3), "b": np.ones(2)}), {"a": np.ones(3), "b": np.ones(2)})
    assert {n: v.tolist() for n, v in state["x"].items()} == {"a": [0.5] * 3, "b": [0.75, 1.0]}
    listed = optimizer(descent, eta=[0.5, 0.25])
    state = listed.step(listed.init([np.ones(3), np.ones(2)]), [np.ones(3), np.ones(2)])
    assert [v.tolist() for v in state["x"]] == [[0.5] * 3, [0.75] * 2]


def test_bound_steps_have_a_value_for_each_weight():
    rates = np.array([0.2, 0.05])
    made = optimizer(momentum, eta=rates, rho=0.5)
    state, gradient = made.init([1.0, -2.0]), np.empty(2)
    bound = made.bind(state, gradient)
    for _ in range(6):
        gradient[:] = H * state["x"]
        bound.step()
    np.testing.assert_allclose(state["x"], by_hand([rates] * 6, [0.5] * 6, 6), rtol=1e-13)
    for unfit in ({"eta": 0.1}, {"rho": np.ones(2)}):
        with pytest.raises(TypeError, match="has a value for each weight, and is bound with the arrays"):
            bound.set(**unfit)
    bound.set(rho=0.25)
    assert rates.tolist() == [0.2, 0.05]


def test_rules_that_start_somewhere_read_the_loss_or_the_time_have_a_value_for_each_weight():
    started = Rule(momentum.updates, start=((u, -eta),))
    state = optimizer(started, eta=np.array([0.5, 0.25]), rho=0.5).init([1.0, 1.0])
    assert {n: v.tolist() for n, v in state.items()} == {"u": [-0.5, -0.25], "x": [1.0, 1.0]}
    polyak = rule({x: x - eta * potential(x) * G})
    made = optimizer(polyak, eta=np.array([1.0, 2.0]))
    found = made.run([0.5, 0.25], (lambda w: 2.0, lambda w: w), 1).x[-1]
    assert found.tolist() == [0.5 - 2 * 0.5, 0.25 - 4 * 0.25]
    with_clock = rule({t: t + 1, x: x - eta * G / after(t)})
    found = optimizer(with_clock, eta=np.array([1.0, 0.5])).run([1.0, 1.0], lambda w: w, 2).x[-1]
    assert found.tolist() == [0.0, 0.5 * (1 - 0.25)]


@pytest.mark.parametrize(
    ("given", "w0", "error", "said"),
    [
        (np.ones(3), [1.0, 2.0], ValueError, r"eta has the shape \(3,\), and the states \(2,\)"),
        ({"a": 0.1}, {"b": np.ones(2)}, ValueError, "eta has values for a, and the states are b"),
        ({"a": 0.1}, [1.0, 2.0], TypeError, "eta is a tree, and the states are arrays"),
        ([0.1, 0.2], [np.ones(1)] * 3, ValueError, "eta has 2 values for 3 arrays"),
    ],
)
def test_values_that_do_not_fit_the_state_are_told(given, w0, error, said):
    made = optimizer(descent, eta=given)
    with pytest.raises(error, match=said):
        made.run(w0, lambda w: w, 2)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (np.array([0.1, np.nan]), ValueError, "eta must be finite"),
        (np.array(["a"]), TypeError, "eta must hold real numbers"),
        (np.array([0.1j]), TypeError, "eta must hold real numbers"),
        (np.array([]), ValueError, "eta holds no value"),
        ({}, ValueError, "eta holds no value"),
        (np.ma.masked_array([0.1, 0.2], [True, False]), TypeError, "eta is a masked array"),
    ],
)
def test_unfit_values_are_told_when_the_optimizer_is_made(given, error, said):
    with pytest.raises(error, match=said):
        optimizer(descent, eta=given)


def test_each_value_lies_in_the_natural_range():
    with pytest.raises(ValueError, match=r"rho=1\.5 is out of range"):
        optimizer("known:heavy_ball", eta=0.1, rho=np.array([0.5, 1.5]))


def test_plain_numbers_are_wanted_where_there_are_no_arrays():
    with pytest.raises(TypeError, match=r"eta must be one real number or symbol.*use the backend 'numpy'"):
        optimizer(descent, "python", eta=np.ones(2))


# --- optimizers are values


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
@pytest.mark.parametrize(
    "given", [schedule([0.5, 0.25]), halving, np.array([0.5, 0.25]), {"a": 0.5, "b": np.array([0.1])}]
)
def test_an_optimizer_with_such_parameters_is_copied(again, given):
    made = optimizer(momentum, eta=given, rho=0.5)
    other = again(made)
    assert other == made
    assert hash(other) == hash(made)
    assert made != optimizer(momentum, eta=0.5, rho=0.5)
    changed = made.with_parameters(eta=np.array([0.5, 0.125]))
    assert changed != made
    assert changed.with_parameters(eta=0.5) == optimizer(momentum, eta=0.5, rho=0.5)


# --- rollouts


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize("given", ["function", "potential"])
def test_a_rollout_maps_a_state_to_a_state(backend, given):
    if (backend, given) == ("torch", "potential"):
        pytest.skip("runs on callables alone")
    on = (lambda w: 4 * w) if given == "function" else [4.0]
    made = optimizer(momentum, backend, eta=0.1, rho=0.5)
    state = made.init(1.0)
    kept = {n: float(v) for n, v in state.items()}
    found = made.rollout(state, on, 7)
    halves = made.rollout(made.rollout(state, on, 3), on, 4, done=3)
    wanted = made.run(1.0, on, 7).states
    assert {n: float(v) for n, v in state.items()} == kept
    for name in ("u", "x"):
        assert float(found[name]) == float(halves[name]) == float(wanted[name][-1])
    assert {n: float(v) for n, v in made.rollout(state, on, 0).items()} == kept


def test_a_rollout_shares_no_memory_and_counts_from_the_steps_done():
    made = optimizer(momentum, eta=schedule([0.1] * 3 + [0.2] * 4), rho=0.5)
    state = made.init([1.0, -2.0])
    found = made.rollout(made.rollout(state, lambda w: H * w, 3), lambda w: H * w, 4, done=3)
    np.testing.assert_allclose(found["x"], by_hand([0.1] * 3 + [0.2] * 4, [0.5] * 7, 7), rtol=1e-12)
    same = made.rollout(state, lambda w: w, 0)
    assert not any(np.shares_memory(same[n], state[n]) for n in state)
    wild = optimizer(descent, eta=1e3)
    for given in (lambda w: w * w * w, "double-well"):
        with pytest.raises(FloatingPointError, match=r"after step 1\d\d;"):
            wild.rollout(wild.init([3.0, 9.0]), given, 50, done=100)


def test_a_rollout_wants_a_state():
    made = optimizer(momentum, eta=0.1, rho=0.5)
    with pytest.raises(ValueError, match="missing u"):
        made.rollout({"x": [1.0]}, lambda w: w, 3)
    with pytest.raises(ValueError, match="steps must be a whole number"):
        made.rollout(made.init([1.0]), lambda w: w, 1.5)


# --- rules as written, arrays as given


@pytest.mark.parametrize("backend", ON_ARRAYS)
def test_weight_decay_and_clipping_are_written_in_the_rule(backend):
    written = rule({x: (1 - eta * lam) * x - eta * Max(-c, Min(c, G))})
    made = optimizer(written, backend, eta=0.1, lam=0.01, c=0.5)
    wanted = np.array([1.0, -2.0])
    for _ in range(9):
        wanted = wanted - 0.1 * 0.01 * wanted - 0.1 * np.clip(H * wanted, -0.5, 0.5)
    found = made.run(np.array([1.0, -2.0]), lambda w: H_like(w) * w, 9)
    np.testing.assert_allclose(end(found), wanted, rtol=1e-13)
    per_weight = made.with_parameters(lam=np.array([0.0, 0.01]))  # biases are not decayed
    found = per_weight.run(np.array([1.0, -2.0]), lambda w: 0 * w, 3)
    np.testing.assert_allclose(end(found), [1.0, -2.0 * 0.999**3], rtol=1e-13)


@pytest.mark.parametrize("backend", ON_ARRAYS)
def test_masked_arrays_are_refused(backend):
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    made = optimizer(descent, backend, eta=0.1)
    with pytest.raises(TypeError, match="x is a masked array, whose mask a step does not heed"):
        made.init(masked)
    with pytest.raises(TypeError, match="the gradient is a masked array"):
        made.step(made.init(np.ones(2)), masked)
    with pytest.raises(TypeError, match="the potential is a masked array"):
        made.run(np.ones(2), masked, 3)


def test_masked_arrays_are_not_bound():
    state = {"x": np.ma.masked_array([1.0, 2.0], [True, False])}
    with pytest.raises(TypeError, match="x is a masked array"):
        optimizer(descent, eta=0.1).bind(state, np.ones(2))


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast"))])
def test_bound_steps_of_many_threads_follow_one_another(backend):
    made = optimizer(rule({x: x - eta * G}), backend, eta=1.0)
    state, gradient = {"x": np.zeros(4)}, np.full(4, -1.0)
    bound = made.bind(state, gradient)

    def work():
        for _ in range(500):
            bound.step()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state["x"].tolist() == [4000.0] * 4
    assert bound.done == 4000


def test_a_bound_step_that_is_cut_short_is_the_last():
    made = optimizer(rule({u: rho * u + G, x: x - eta * after(u)}), eta=1e300, rho=0.5)
    state = {"u": np.zeros(2), "x": np.ones(2)}
    bound = made.bind(state, np.full(2, 1e300))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        bound.step()
    assert state["u"].tolist() == [1e300] * 2  # the first half of a step
    assert state["x"].tolist() == [1.0] * 2
    assert bound.done == 0
    with pytest.raises(RuntimeError, match="the step before was cut short, and the arrays hold parts"):
        bound.step()
    again = made.with_parameters(eta=0.5).bind(state, np.zeros(2))
    again.step()
    assert again.done == 1


@pytest.mark.parametrize("size", [2, 100_000])
@pytest.mark.parametrize("eta_given", [1.0, lambda done: 1.0], ids=["number", "schedule"])
@needs("llvmlite", "fast")
def test_a_compiled_bound_step_is_whole_when_it_is_interrupted(size, eta_given, monkeypatch):
    bound = optimizer(rule({x: x - eta * G}), "llvm", eta=eta_given).bind(
        {"x": np.zeros(size)}, -np.ones(size)
    )
    advance = bound._advance

    def interrupted():
        advance()
        raise KeyboardInterrupt  # as Python does when a compiled call returns

    monkeypatch.setattr(bound, "_advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bound.step()
    assert bound.done == 1
    monkeypatch.setattr(bound, "_advance", advance)
    bound.step()
    assert bound.done == 2


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs("llvmlite", "fast")), "c"])
def test_a_gradient_of_higher_precision_is_rounded_to_the_type_of_the_states(backend):
    if not is_installed(backend):
        pytest.skip("needs a compiler")
    made = optimizer(rule({x: x - eta * G}), backend, eta=1.0)
    found = made.step({"x": np.zeros(2, np.float32)}, np.full(2, 0.1))["x"]
    assert found.dtype == np.float32
    assert found.tolist() == [-float(np.float32(0.1))] * 2
