"""Every backend on the processor computes the bits of the plain Python program, step after step."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sympy import Rational, Symbol, sqrt

from physsym.codegen import program, state_name
from physsym.codegen.emit import python_source
from physsym.core.statements import parameters, rule, states
from physsym.core.symbols import after, before, grad
from physsym.runtime import optimizer
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, u, v, x
from tests.support.requirements import needs, needs_compiler
from tests.support.rules import corrected

y = Symbol("y", real=True)
METHODS = {
    "gradient descent": rule({x: x - eta * G}),
    "heavy ball": rule({u: rho * u - eta * G, x: x + after(u)}),
    "heavy ball, derived": rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}),
    "heavy ball in two positions": rule({x: x - eta * G + rho * (x - before(x))}),
    "heavy ball as an average": rule({u: rho * u + (1 - rho) * G, x: x - alpha * after(u)}),
    "heavy ball in velocities": rule({v: v - dt * (gamma * v + G) / m, x: x + dt * after(v)}),
    "heavy ball, backward friction": rule({v: (v - dt * G / m) / (1 + dt * gamma / m), x: x + dt * after(v)}),
    "Nesterov": rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)}),
    "Nesterov in two sequences": rule({x: y - eta * grad(y), y: after(x) + rho * (after(x) - x)}),
    "Adam": corrected,
    "Adam without corrections": rule({
        u: rho * u + (1 - rho) * G, y: alpha * y + (1 - alpha) * G**2,
        x: x - eta * after(u) / (sqrt(after(y)) + Rational(1, 10**8)),
    }),
}  # fmt: skip
NUMBERS = {"eta": 0.013, "rho": 0.87, "alpha": 0.993, "dt": 0.11, "gamma": 0.7, "m": 1.3}
NATIVE = [
    pytest.param("numpy"),
    pytest.param("llvm", marks=needs("llvmlite", "fast")),
    pytest.param("c", marks=needs_compiler),
]
SIZE, STEPS = 37, 100


def chosen(stated):
    return {str(p): NUMBERS[str(p)] for p in parameters(stated)}


def plain_root(value):
    return np.sqrt(value) if isinstance(value, np.floating) else math.sqrt(value)


def plain_python(stated, state, slopes, dtype):
    """The printed Python program, element by element: numbers are floats, elements are of `dtype`."""
    namespace = {"sqrt": plain_root, "power": pow}
    exec(python_source(program(stated)), namespace)
    names, counters = list(state), [state_name(c) for c in program(stated).counters]
    columns = []
    for k in range(SIZE):
        values = [float(state[n]) if n in counters else state[n][k] for n in names]
        for slope in slopes:
            values = namespace["step"](*values, lambda w, g=slope[k]: g, **chosen(stated))
        assert all(type(w) is dtype for w, n in zip(values, names, strict=True) if n not in counters)
        columns.append(values)
    return dict(zip(names, np.array(columns).T, strict=True))


def begun(stated, dtype):
    random = np.random.default_rng(5)
    state = {state_name(s): random.normal(size=SIZE).astype(dtype) for s in states(stated)}
    state |= {state_name(c): np.array(0.0) for c in program(stated).counters}
    return {n: np.abs(w) if n in ("s", "y") else w for n, w in state.items()}


def slopes_of(dtype):
    return np.random.default_rng(6).normal(size=(STEPS, SIZE)).astype(dtype)


def bits(array):
    return np.asarray(array).view(f"u{np.asarray(array).itemsize}")


@pytest.fixture(scope="module")
def wanted():
    known = {}

    def found(called, dtype):
        if (called, dtype) not in known:
            stated = METHODS[called]
            known[called, dtype] = plain_python(stated, begun(stated, dtype), slopes_of(dtype), dtype)
        return known[called, dtype]

    return found


@pytest.mark.slow
@pytest.mark.parametrize("backend", NATIVE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("called", METHODS)
def test_a_hundred_steps_have_the_bits_of_plain_python(called, dtype, backend, wanted):
    stated = METHODS[called]
    made = optimizer(stated, backend, **chosen(stated))
    state = begun(stated, dtype)
    own, slope = {n: np.array(w) for n, w in state.items()}, np.empty(SIZE, dtype)
    bound = made.bind(own, slope)
    for given in slopes_of(dtype):
        state = made.step(state, lambda w, g=given: g)
        slope[:] = given
        bound.step()
    for name, value in wanted(called, dtype).items():
        if state[name].shape:
            np.testing.assert_array_equal(bits(state[name]), bits(value.astype(dtype)))
        np.testing.assert_array_equal(bits(own[name]), bits(state[name]))


@pytest.mark.parametrize("backend", NATIVE[1:])
def test_contraction_is_an_option_that_changes_last_bits_alone(backend):
    stated = METHODS["heavy ball"]
    state = begun(stated, np.float64)
    exact, fused = (optimizer(stated, backend, fma=f, **chosen(stated)) for f in (False, True))
    one, other = dict(state), dict(state)
    for given in slopes_of(np.float64):
        one, other = exact.step(one, given), fused.step(other, given)
    np.testing.assert_allclose(one["x"], other["x"], rtol=1e-12, atol=1e-12)
    own = {n: np.array(w) for n, w in state.items()}
    fused.bind(own, slopes_of(np.float64)[0]).step()
    np.testing.assert_array_equal(own["x"], fused.step(state, slopes_of(np.float64)[0])["x"])


def test_no_option_is_taken_that_a_backend_has_not():
    with pytest.raises(ValueError, match=r"the backend 'numpy' has no option fma; .*'c' have"):
        optimizer(METHODS["heavy ball"], fma=True, eta=0.1, rho=0.9)
