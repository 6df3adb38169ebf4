"""Rules that advance the time: it is one number, starts where it is said to, and all backends agree."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sympy import Symbol

import physsym as ps
from physsym import Integrate, ReduceOrder, System, apply, dot, grad, rule
from physsym.adapters.evaluation_point import refuse_clock
from physsym.codegen import program
from physsym.integrators import runge_kutta_4, semi_implicit_euler
from physsym.vocabulary import G, U, dt, eta, m, t, v, x

BACKENDS = ("python", "numpy", "llvm", "c")
nesterov = apply(
    ReduceOrder(x, v), System((x,), m * dot(x) ** 2 / 2 - U, 3 * m * dot(x) ** 2 / (2 * t)).law()
)
accurate = apply(Integrate(runge_kutta_4, dt), nesterov)
plain = apply(Integrate(semi_implicit_euler, dt), nesterov)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nesterovs_rule_runs_and_follows_its_equation(backend):
    run = ps.optimizer(accurate, backend=backend, m=1.0, dt=0.01).run({"x": 2.0, "t": 1.0}, lambda z: z, 150)
    exact = solve_ivp(
        lambda s, y: [y[1], -3 * y[1] / s - y[0]], (1, 2.5), [2, 0], method="DOP853", rtol=1e-12, atol=1e-13
    )
    assert run.states["t"][-1] == pytest.approx(2.5)
    assert float(run.x[-1]) == pytest.approx(exact.y[0, -1], abs=1e-8)
    assert float(run.states["v"][-1]) == pytest.approx(exact.y[1, -1], abs=1e-8)


@pytest.mark.parametrize("stated", [accurate, plain], ids=["runge_kutta_4", "semi_implicit_euler"])
def test_the_time_is_one_number_and_backends_agree(stated):
    weights = [Symbol(name) for name in ("a", "b", "c")]
    bowl = sum((k + 1) * w**2 for k, w in enumerate(weights))
    ends = []
    for backend in BACKENDS[1:]:
        optimizer = ps.optimizer(stated, backend=backend, m=1.0, dt=0.01)
        for force in (bowl, lambda z: 2 * np.array([1.0, 2.0, 3.0]) * z):
            states = optimizer.run({"x": [1.0, 2.0, 3.0], "t": 0.5}, force, 40).states
            assert states["t"].shape == (41,)
            assert states["x"].shape == (41, 3)
            ends.append({name: value[-1].tolist() for name, value in states.items()})
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_arrays_updated_in_place_advance_the_time_by_the_time_step(backend):
    optimizer = ps.optimizer(plain, backend=backend, m=1.0, dt=0.25)
    state = {"x": np.array([1.0, -2.0]), "v": np.zeros(2), "t": np.array(0.5)}
    wanted = optimizer.run({n: a.copy() for n, a in state.items()}, lambda z: z, 3).states
    gradient = np.empty(2)
    bound = optimizer.bind(state, gradient)
    for _ in range(3):
        gradient[:] = optimizer.evaluation_point(state)
        bound.step()
    assert {name: a.tolist() for name, a in state.items()} == {n: a[-1].tolist() for n, a in wanted.items()}
    assert state["t"] == 1.25


def test_a_start_at_the_pole_of_the_friction_is_refused_in_words():
    optimizer = ps.optimizer(plain, m=1.0, dt=0.1)
    for start in (1.0, {"x": 1.0}, {"x": 1.0, "t": 0.0}):
        with pytest.raises(ValueError, match=r"the time starts at t = .*: give another start of the time"):
            optimizer.init(start)
    # With the friction read at the new time the same law has a value at t = 0.
    later = apply(Integrate(semi_implicit_euler.with_friction("implicit"), dt), nesterov)
    assert ps.optimizer(later, m=1.0, dt=0.1).init(1.0)["t"] == 0


def test_a_time_inside_the_gradient_is_one_number_too():
    stated = apply(Integrate(runge_kutta_4, dt), ps.law({dot(x): -grad(x - 2 * t)}))
    run = ps.optimizer(stated, dt=0.05).run({"x": [1.0, 0.0], "t": 1.0}, lambda z: z, 20)
    # x' = -(x - 2 t) has the solution 2 t - 2 + (x(1)) exp(1 - t).
    assert run.states["t"].shape == (21,)
    assert run.x[-1] == pytest.approx(2 + np.array([1.0, 0.0]) * np.exp(-1), abs=1e-6)


@pytest.mark.parametrize(("step", "advanced"), [(dt, 1.25), (1, 2.0)])
def test_the_new_time_may_be_read_by_other_updates(step, advanced):
    stated = rule({x: x - eta * G / (t + step), t: t + step})
    given = {"dt": 0.25} if step == dt else {}
    run = ps.optimizer(stated, eta=1.0, **given).run({"x": 2.0, "t": 1.0}, lambda z: z, 1)
    assert run.states["t"][-1] == advanced
    assert run.x[-1] == 2.0 - 2.0 / advanced
    assert program(stated).counters == (t,)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_sweeps_advance_the_time_at_every_grid_point(backend):
    grid = {"dt": [0.01, 0.02], "m": 1.0}
    found = ps.sweep(accurate, Symbol("w") ** 2 / 2, grid, 50, start={"x": [1.0], "t": 1.0}, backend=backend)
    assert found.states["t"].tolist() == pytest.approx([1.5, 2.0])
    for k, step in enumerate(grid["dt"]):
        run = ps.optimizer(accurate, m=1.0, dt=step).run({"x": [1.0], "t": 1.0}, lambda z: z, 50)
        assert found.states["x"][k].tolist() == pytest.approx(run.x[-1].tolist(), abs=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rule_of_the_time_alone_runs(backend):
    clock = ps.optimizer(ps.read("t <- t + h"), backend, h=0.5)
    assert clock.run({"t": 0.0}, steps=2).t.tolist() == [0, 0.5, 1]
    assert clock.step({"t": 1.0}) == {"t": 1.5}
    both = ps.optimizer(ps.read("t <- t + h; k <- k + 1"), backend, h=0.5).run({"t": 1.0, "k": 3.0}, steps=2)
    assert (both.t.tolist(), both.k.tolist()) == ([1, 1.5, 2], [3, 4, 5])


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no compiler")
def test_the_text_in_c_of_a_rule_of_the_time_alone_compiles(tmp_path):
    (tmp_path / "step.c").write_text(ps.source(ps.read("t <- t + h"), "c"))
    subprocess.run(["cc", "-c", "step.c"], cwd=tmp_path, check=True)


def test_libraries_that_know_the_number_of_steps_alone_are_given_no_clock():
    with pytest.raises(ValueError, match="the rule advances the time t, whose start"):
        refuse_clock(plain)
    refuse_clock(rule({t: t + 1, x: x - eta * G / t}))
