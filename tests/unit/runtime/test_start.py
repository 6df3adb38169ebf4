"""Start values, typical values and natural ranges of rules, where they run."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from sympy import Rational, Symbol, sqrt

import physsym as ps
from physsym.core.statements import Rule, Update, rule
from physsym.core.symbols import after, before, grad
from physsym.runtime.backends import is_installed
from physsym.vocabulary import G, eta, rho, u, x

k, z, m, b = (Symbol(name, real=True) for name in "kzmb")
BACKENDS = [
    n if n in ("numpy", "python", "c")
    else pytest.param(n, marks=pytest.mark.skipif(not is_installed(n), reason=f"{n} is not installed"))
    for n in ("numpy", "python", "c", "llvm", "jax", "torch")
]  # fmt: skip
# Schedule-free gradient descent: the fast iterate starts at the weights.
FREE = rule(
    {z: z - eta * grad((1 - b) * z + b * x), k: k + 1, x: x + (after(z) - x) / after(k)},
    start={z: x, k: 0},
    ranges=(eta >= 0, b >= 0, b < 1),
    typical={b: Rational(9, 10)},
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_starts_where_another_one_does(backend):
    run = ps.optimizer(FREE, backend, eta=0.5)
    w0 = 2.0 if backend == "python" else [1.0, 2.0]
    state = run.init(w0)
    for name in "xz":
        assert np.asarray(state[name]).tolist() == w0
    assert float(np.max(np.asarray(state["k"]))) == 0
    assert run.parameters["b"] == (Fraction(9, 10) if backend == "python" else 0.9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_start_values_read_parameters_and_one_another(backend):
    stated = rule(
        {u: rho * u, m: m / 2, x: x - eta * G - after(u) - after(m)}, start={m: u + 1, u: rho * x - eta}
    )
    w0 = 2.0 if backend == "python" else [2.0, 4.0]
    state = ps.optimizer(stated, backend, rho=0.5, eta=0.25).init(w0)
    want = 0.5 * np.asarray(w0) - 0.25
    np.testing.assert_array_equal(np.asarray(state["u"]), want)
    np.testing.assert_array_equal(np.asarray(state["m"]), want + 1)
    given = ps.optimizer(stated, backend, rho=0.5, eta=0.25).init({"x": w0, "u": w0})
    np.testing.assert_array_equal(np.asarray(given["m"]), np.asarray(w0) + 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_fills_the_shape_and_the_type_of_the_weights(dtype):
    stated = rule({m: rho * m + G, x: x - eta * after(m)}, start={m: sqrt(eta)})
    state = ps.optimizer(stated, rho=0.5, eta=0.25).init({"x": np.ones((2, 3), dtype)})
    assert state["m"].dtype == dtype
    np.testing.assert_array_equal(state["m"], np.full((2, 3), 0.5, dtype))
    tree = ps.optimizer(stated, rho=0.5, eta=0.25).init({"a": np.ones(2), "b": [np.zeros(3)]})
    np.testing.assert_array_equal(tree["m"]["b"][0], np.full(3, 0.5))


def test_a_counter_may_start_elsewhere():
    stated = rule({k: k + 1, x: x - eta * G / after(k)}, start={k: 3})
    run = ps.optimizer(stated, eta=1.0)
    assert float(run.init([1.0])["k"]) == 3
    assert run.run([1.0], lambda w: np.ones(1), 1).x[-1] == [1 - 1 / 4]
    product = rule({m: m * rho, k: k + 1, x: x - G * after(m)}, start={m: rho**k, k: 2})
    assert float(ps.optimizer(product, rho=0.5).init(1.0)["m"]) == 0.25


def test_an_earlier_value_starts_like_the_present_one():
    stated = rule({m: m + before(m) + G, x: x - eta * after(m)}, start={m: 2 * x})
    state = ps.optimizer(stated, eta=1.0).init([1.0, 3.0])
    assert state["m_previous"].tolist() == state["m"].tolist() == [2.0, 6.0]


def test_runs_and_compiled_runs_start_there():
    for backend in ("numpy", "llvm") if is_installed("llvm") else ("numpy",):
        run = ps.optimizer(FREE, backend, eta=0.05).run([1.0, 1.0], "valley", 20)
        at_z, at_x = np.ones(2), np.ones(2)
        for count in range(1, 21):
            at_z = at_z - 0.05 * np.array([20.0, 1.0]) * (0.1 * at_z + 0.9 * at_x)
            at_x = at_x + (at_z - at_x) / count
        np.testing.assert_allclose(run.x[-1], at_x, rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", BACKENDS[3]])
def test_a_sweep_starts_each_point_with_its_parameters(backend):
    stated = rule({u: rho * u - eta * G, x: x + after(u)}, start={u: -eta * x}, typical={rho: Rational(1, 2)})
    grid = {"eta": [0.01, 0.02, 0.05]}
    found = ps.sweep(stated, "valley", grid, 5, backend=backend)
    assert found.states["x"].shape == (3, 2)
    for i, rate in enumerate(grid["eta"]):
        run = ps.optimizer(stated, backend, eta=rate).run([1.0, 1.0], "valley", 5)
        np.testing.assert_allclose(found.states["x"][i], run.x[-1], rtol=1e-13)
    two = ps.sweep(stated, "valley", {"rho": [0.0, 0.5], **grid}, 5, backend=backend)
    np.testing.assert_array_equal(two.states["x"][1], found.states["x"])
    np.testing.assert_array_equal(two.loss[1], found.loss)


def test_unfit_start_values_are_refused():
    with pytest.raises(ValueError, match="read one another"):
        ps.optimizer(rule({u: u, m: m, x: x - G}, start={u: m, m: u})).init(1.0)
    with pytest.raises(ValueError, match=r"reads grad\(x\), which is not known before the first step"):
        ps.optimizer(rule({u: u, x: x - G}, start={u: G})).init(1.0)
    with pytest.raises(ValueError, match="k is one number"):
        ps.optimizer(rule({k: k + 1, x: x - G / after(k)}, start={k: x})).init([1.0])


def test_parameters_out_of_their_range_are_refused_by_name():
    stated = rule({u: rho * u - m * G, x: x + after(u)}, ranges=(rho >= 0, rho < 1, m >= 0))
    for wrong, said in (
        ({"rho": 1.0}, r"rho=1.0 is out of range: the rule is for 0 <= rho < 1"),
        ({"rho": -0.5}, "rho=-0.5"),
        ({"m": -1.0}, r"m=-1.0 is out of range: the rule is for 0 <= m"),
    ):
        with pytest.raises(ValueError, match=said):
            ps.optimizer(stated, **{"rho": 0.5, "m": 0.1, **wrong})
    run = ps.optimizer(stated, rho=0.0, m=0.0)  # a rate of zero is within this range
    with pytest.raises(ValueError, match="rho=2"):
        run.with_parameters(rho=2)
    state = {"u": np.zeros(2), "x": np.ones(2)}
    bound = run.bind(state, np.ones(2))
    with pytest.raises(ValueError, match="rho=2"):
        bound.step(rho=2)
    assert bound.parameters["rho"] == 0
    with pytest.raises(ValueError, match=r"rho=1.5"):
        ps.sweep(stated, "valley", {"rho": [0.5, 1.5], "m": 0.1}, 3)
    both = rule({x: x - (eta - rho) * G}, ranges=(rho < eta,))
    with pytest.raises(ValueError, match=r"eta=0.1, rho=0.5 is out of range: the rule is for rho < eta"):
        ps.optimizer(both, eta=0.1, rho=0.5)
    tenth = rule({x: x - eta * G}, ranges=(eta <= Rational(1, 10),))
    ps.optimizer(tenth, eta=0.1)  # as floats compare, not as the binary number that 0.1 is


def test_typical_values_are_defaults_and_given_ones_win():
    run = ps.optimizer(FREE, eta=0.1)
    assert dict(run.parameters) == {"b": 0.9, "eta": 0.1}
    assert ps.optimizer(FREE, eta=0.1, b=0.5).parameters["b"] == 0.5
    with pytest.raises(TypeError, match="missing eta"):
        ps.optimizer(FREE)
    assert pickle.loads(pickle.dumps(run)) == run
    again = pickle.loads(pickle.dumps(FREE))
    assert (again.start, again.ranges, again.typical) == (FREE.start, FREE.ranges, FREE.typical)
    plain = Rule((Update(x, x - eta * G),))
    assert "b" not in ps.optimizer(plain, eta=1.0).parameters


def test_a_parameter_of_start_values_alone_is_a_parameter():
    stated = rule({u: rho * u - eta * G, x: x + after(u)}, start={u: b})
    assert b in stated.parameters
    for backend in ("numpy", "c"):
        run = ps.optimizer(stated, backend, eta=0.25, rho=0.5, b=3.0)
        assert run.run([1.0], lambda w: 0 * w, 1).x[-1] == [2.5]
    with pytest.raises(TypeError, match="missing b"):
        ps.optimizer(stated, eta=0.25, rho=0.5)
