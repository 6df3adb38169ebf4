"""Whole parts and remainders of numbers in rules, and start values at infinity, against the same by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from sympy import Abs, Min, Mod, Rational, Symbol, ceiling, floor, oo

import physsym as ps
from physsym.analysis.exact_trajectory import simulate
from physsym.core.statements import rule
from physsym.core.symbols import after, grad, potential
from physsym.core.verdicts import Outcome
from physsym.parsing import ReadError, read
from physsym.runtime.backends import is_installed
from physsym.vocabulary import G, eta, x
from tests.support.javascript import needs_node, run_by_node

k, best, w, n = (Symbol(name, real=True) for name in ("k", "best", "w", "n"))
STEPPED = rule({k: k + 1, x: x - eta * floor(G / 10 + k / 2) + ceiling(x / 3) + Mod(k, 3) / 4})
LEAST = rule({best: Min(best, G**2), x: x - eta * G / (1 + after(best))}, start={best: oo})
BACKENDS = [
    pytest.param(b, marks=pytest.mark.skipif(not is_installed(b), reason=f"{b} is not installed"))
    for b in ("numpy", "c", "llvm", "jax", "torch")
]


def stepped(w, count, steps=1):
    for _ in range(steps):
        w, count = w - math.floor(2.5 * w / 10 + count / 2) / 2 + math.ceil(w / 3) + count % 3 / 4, count + 1
    return w


def least(w, steps):
    best = math.inf
    for _ in range(steps):
        best = min(best, (2 * w) ** 2)
        w = w - 0.25 * 2 * w / (1 + best)
    return w


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whole_parts_on_arrays(backend, dtype):
    run = ps.optimizer(STEPPED, backend, eta=0.5)
    weights = np.array([3.0, -7.25, 0.0, 40.5], dtype)
    state = run.init(weights)
    for _ in range(5):
        state = run.step(state, 2.5 * state["x"])
    np.testing.assert_allclose(np.asarray(state["x"]), [stepped(float(w), 0, 5) for w in weights], rtol=1e-6)


def test_whole_parts_of_exact_numbers():
    run = ps.optimizer(STEPPED, "python", eta=Fraction(1, 2))
    state = run.init(Fraction(-29, 4))
    for _ in range(5):
        state = run.step(state, lambda w: Fraction(5, 2) * w)
    assert state["x"] == Fraction(stepped(-7.25, 0, 5))
    assert isinstance(state["x"], Fraction)
    start, values = {x: Rational(-29, 4), k: 0}, {eta: Rational(1, 2)}
    without_remainder = rule({u.target: u.value.replace(Mod, lambda a, b: a - b * floor(a / b))
                              for u in STEPPED.updates})  # fmt: skip
    exact = simulate(without_remainder, Rational(5, 4) * x**2, values, start, 5)
    assert exact.end(x) == state["x"]
    assert simulate(without_remainder, Rational(5, 4) * x**2, values, start, 5, bits=80).end(x) == float(
        state["x"]
    )


@pytest.mark.parametrize("backend", ["numpy", "c", "llvm", "python"])
def test_whole_parts_in_compiled_runs_and_sweeps(backend):
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    run = ps.optimizer(STEPPED, backend, eta=0.5)
    task = Rational(5, 4) * w**2
    start = 3.0 if backend == "python" else [3.0]
    assert float(np.ravel(run.run(start, task, 5).x[-1])[0]) == stepped(3.0, 0, 5)
    if backend in ("numpy", "llvm"):
        found = ps.sweep(STEPPED, task, {"eta": [0.5, 0.25]}, 5, start=[3.0], backend=backend)
        assert found.states["x"][0] == stepped(3.0, 0, 5)


def test_the_texts_call_the_functions_of_each_language():
    assert "floor(" in ps.source(STEPPED)
    assert "ceil(" in ps.source(STEPPED)
    assert "Math.floor(" in ps.source(STEPPED, "javascript")
    assert "Math.ceil(" in ps.source(STEPPED, "javascript")
    assert "#include <math.h>" in ps.source(STEPPED, "c")
    assert "*floor(" in ps.source(STEPPED, "c")
    assert "@llvm.floor.f64" in ps.source(STEPPED, "llvm")


@needs_node
def test_the_text_runs_in_javascript():
    text = ps.source(STEPPED, "javascript")
    found = run_by_node(f"{text}\nconsole.log(JSON.stringify(step(4, -7.25, (w) => 2.5*w, {{eta: 0.5}})))")
    assert found == [5, stepped(-7.25, 4)]


def of(text):
    return read(text, unknown="real")


def test_whole_parts_and_remainders_are_read():
    assert of("floor(k/10) + ceil(k/3) + ceiling(n)") == floor(k / 10) + ceiling(k / 3) + ceiling(n)
    assert of("k % 10") == of("mod(k, 10)") == of("Mod(k, 10)") == k - 10 * floor(k / 10)
    assert of("2*k % n + 1") == 2 * k - n * floor(2 * k / n) + 1  # as Python reads it
    assert of("floor + mod") == Symbol("floor", real=True) + Symbol("mod", real=True)
    assert of(str(STEPPED).replace("Mod(k, 3)", "(k % 3)")).states == STEPPED.states
    with pytest.raises(ReadError, match="division by zero"):
        of("k % 0")
    assert [str(c) for c in ps.parsing.reader.conditions_of("x % u")] == ["u != 0"]


def test_whole_parts_are_printed():
    stated = rule({k: k + 1, x: x - eta * G / (1 + floor(k / 10)) + ceiling(k)})
    assert r"\left\lfloor \frac{1}{10} k_{t} \right\rfloor" in ps.latex(stated)
    assert r"\left\lceil k_{t} \right\rceil" in ps.latex(stated)
    assert "⌊(1/10) kₜ⌋" in ps.unicode(stated)
    assert "⌈kₜ⌉" in ps.unicode(stated)
    assert "⌊" in ps.mathml(stated)
    assert "⌉" in ps.mathml(stated)


def with_divisor(divisor):
    return rule({k: k + 1, x: x - eta * G / divisor})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1 + floor(k * (k + 1)), 1 + floor(k**2 + k)),
        (2 + Mod(k, 3), 2 + k - 3 * floor(k / 3)),
        (1 + ceiling(k / 3), 1 - floor(-k / 3)),
        (1 + floor(k / 10), floor(1 + k / 10)),
    ],
)
def test_the_same_whole_parts(one, other):
    assert ps.same_rule(with_divisor(one), with_divisor(other)).outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1 + floor(k / 10), 2 + floor(k / 10)),
        (1 + floor(k / 10), 1 + floor(k / 9)),
        (1 + floor(k / 10), 1 + k / 10),
        (2 + Abs(floor(k / 3)), 2 + floor(k / 3)),
        (2 + floor(k), 2 + ceiling(k)),
    ],
)
def test_other_whole_parts(one, other):
    verdict = ps.same_rule(with_divisor(one), with_divisor(other))
    assert verdict.outcome is Outcome.FAILS
    assert "at " in verdict.witness


def test_what_the_form_does_not_tell_is_undecided():
    verdict = ps.same_rule(with_divisor(2 + floor(floor(k) / 10)), with_divisor(2 + floor(k / 10)))
    assert verdict.outcome is Outcome.UNDECIDABLE
    assert "whole parts" in str(verdict)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_may_start_at_infinity(backend):
    run = ps.optimizer(LEAST, backend, eta=0.25)
    start = run.init(np.array([3.0, -1.5]))
    assert np.isposinf(np.asarray(start["best"])).all()
    for task in (lambda w: 2 * w, w**2) if backend in ("numpy", "c", "llvm") else (lambda w: 2 * w,):
        found = run.run([3.0, -1.5], task, 4).x[-1]
        np.testing.assert_allclose(np.asarray(found), [least(3.0, 4), least(-1.5, 4)], rtol=1e-6)


def test_infinity_in_plain_python_and_sweeps():
    run = ps.optimizer(LEAST, "python", eta=0.25)
    assert run.init(3.0)["best"] == math.inf
    assert run.run(3.0, lambda w: 2 * w, 4).x[-1] == least(3.0, 4)
    found = ps.sweep(LEAST, w**2, {"eta": [0.25, 0.5]}, 4, start=[3.0])
    np.testing.assert_allclose(found.states["x"][0], least(3.0, 4))


def test_what_is_no_number_still_ends_a_run():
    spoiled = rule({best: Min(best, G**2), x: x - eta * G / (x - 1)}, start={best: oo})
    with pytest.raises(FloatingPointError, match="not finite after step 1"):
        ps.optimizer(spoiled, eta=0.25).run([1.0], lambda w: w, 3)
    with pytest.raises(FloatingPointError, match="not finite"):
        ps.optimizer(LEAST, eta=0.25).run([1.0], lambda w: w * np.nan, 3)


def test_infinity_is_read_printed_and_compared():
    text = "best <- Min(best, g**2); x <- x - eta*g/(1 + best+); best(0) = oo"
    assert of(text).start == ((best, oo),)
    assert of(str(of(text))) == of(text)
    assert of(text.replace("oo", "inf")) == of(text)
    assert of(text.replace("oo", "-oo")).start == ((best, -oo),)
    assert r"\infty" in ps.latex(LEAST)
    assert "∞" in ps.unicode(LEAST)
    assert "∞" in ps.mathml(LEAST)
    for misplaced in ("x <- x - oo*eta*g", "best <- best; x <- x - g; best(0) = oo - 1"):
        with pytest.raises(ReadError, match="start value alone"):
            of(misplaced)
    assert ps.same_rule(LEAST, LEAST)
    finite = rule({u.target: u.value for u in LEAST.updates}, start={best: 5})
    assert ps.same_rule(LEAST, finite).outcome is Outcome.FAILS


def test_the_best_loss_so_far():
    stated = rule({best: Min(best, potential(x)), x: x - eta * after(best) * grad(x)}, start={best: oo})
    loss, value = math.inf, 2.0
    for _ in range(3):
        loss = min(loss, value**2)
        value -= 0.05 * loss * 2 * value
    assert ps.optimizer(stated, eta=0.05).run([2.0], w**2, 3).x[-1, 0] == pytest.approx(value)
