"""Case distinctions in programs: in every language and on every backend they are NumPy's own `where`."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import shutil
import warnings
from fractions import Fraction

import numpy as np
import pytest
from sympy import Abs, And, Eq, Max, Min, Ne, Not, Or, Piecewise, Rational, Symbol, exp, log, sign, sqrt

import physsym as ps
from physsym.codegen import program
from physsym.codegen.straight_line import Guarded
from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad
from physsym.runtime.backends import is_installed
from physsym.vocabulary import G, x
from tests.support.javascript import needs_node, run_by_node
from tests.support.rules import ALL

m, k, v, b, c, d, lr = (Symbol(name, real=True) for name in ("m", "k", "v", "b", "c", "d", "lr"))
NUMBERS = {"b": 0.9, "c": 0.25, "d": 0.5, "lr": 0.125}
RULES = {
    "first step": rule(
        {m: Piecewise((G, Eq(k, 0)), (b * m + (1 - d) * G, True)), k: k + 1, x: x - lr * after(m)}
    ),
    "guard": rule({v: b * v, x: x - lr * Piecewise((G / sqrt(after(v)), after(v) > 0), (0, True))}),
    "clip": rule({x: x - lr * Min(Max(G, -c), c)}),
    "nested": rule({
        x: x - lr * Piecewise(
            (G, And(G > 0, x > 1)),
            (2 * G, Or(G < 0, Ne(x, 0))),
            (Piecewise((x, x < lr), (lr, True)), True))}),
    "two numbers": rule({x: x - lr * Piecewise((1, G > 0), (-Rational(1, 3), G < 0), (0, True))}),
    "not both": rule({x: Piecewise((x - lr * G, Not(And(G > 0, x > 0))), (x, True))}),
    "shared in branches": rule({
        m: Piecewise((G / log(v), v > 1), (0, True)),
        v: v,
        x: Piecewise((x - lr * G / log(v), v > 1), (x, True))}),
    "a counter that warms up": rule({
        k: k + 1,
        x: x - lr * G * Piecewise((sqrt((after(k) - 3) / after(k)), after(k) > 3), (1, True))}),
    "a scalar": rule({x: x - G * Piecewise((1 / (d - Rational(1, 2)), Ne(d, Rational(1, 2))), (lr, True))}),
    "a scalar in a branch": rule({x: x - lr * Piecewise((G / (d - Rational(1, 2)), x > 100), (G, True))}),
    "in a condition": rule({
        x: x - lr * Piecewise((G, Piecewise((x, G > 0), (-x, True)) > d), (2 * G, True))}),
    "sign and size": rule({x: x - lr * (sign(b * x + (1 - b) * G) + c * Abs(x))}),
}  # fmt: skip


def by_hand(name, s, g, n):
    """Return the new states as one writes them in NumPy, from those before the step, in their order."""
    b, c, d, lr = (n[key] for key in ("b", "c", "d", "lr"))
    x, m, v, k = (s.get(key) for key in ("x", "m", "v", "k"))
    with np.errstate(all="ignore"):
        if name == "first step":
            m = g if k == 0 else b * m + (1 - d) * g
            return m, k + 1, x - lr * m
        if name == "guard":
            v = b * v
            return v, x - lr * np.where(v > 0, g / np.sqrt(v), 0)
        if name == "shared in branches":
            u = np.where(v > 1, g / np.log(v), 0)
            return u, v, np.where(v > 1, x - lr * u, x)
        if name == "a counter that warms up":
            k = k + 1
            return k, x - lr * g * (math.sqrt((k - 3) / k) if k > 3 else 1)
        return ({
            "clip": lambda: x - lr * np.clip(g, -c, c),
            "nested": lambda: x - lr * np.where(
                (g > 0) & (x > 1), g, np.where((g < 0) | (x != 0), 2 * g, np.where(x < lr, x, lr))),
            "two numbers": lambda: x - lr * np.where(g > 0, 1.0, np.where(g < 0, -1 / 3, 0.0)),
            "not both": lambda: np.where((g > 0) & (x > 0), x, x - lr * g),
            "a scalar": lambda: x - g * (1 / (d - 0.5) if d != 0.5 else lr),
            "a scalar in a branch": lambda: x - lr * g,
            "in a condition": lambda: x - lr * np.where(np.where(g > 0, x, -x) > d, g, 2 * g),
            "sign and size": lambda: x - lr * (np.sign(b * x + (1 - b) * g) + c * np.abs(x)),
        }[name](),)  # fmt: skip


WEIGHTS = np.array([0.0, -0.0, 1.5, -2.0, 0.1, 3.0, -0.3, 0.0])
GRADIENT = np.array([0.0, 1.0, 2.0, -1.0, -0.1, 0.3, -7.0, -0.5])


def start(stated, dtype=np.float64, counted=0.0):
    given = {"x": WEIGHTS, "m": WEIGHTS[::-1] / 2, "v": np.array([0, 1, 2, 0, 4, -1, -1, 3.0])}
    names = [s.name for s in stated.states]
    return {n: np.array(counted) if n == "k" else given[n].astype(dtype) for n in names}


def numbers(stated):
    return {p.name: NUMBERS[p.name] for p in stated.parameters}


needs = {
    name: pytest.mark.skipif(not is_installed(name), reason=f"the backend {name} is not installed")
    for name in ("llvm", "jax", "torch")
}
compiled = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
ARRAYS = ["numpy", pytest.param("c", marks=compiled), *(pytest.param(n, marks=needs[n]) for n in needs)]


def as_numpy(value):
    return np.asarray(value.detach().numpy() if hasattr(value, "detach") else value)


@pytest.mark.parametrize("counted", [0.0, 5.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("backend", ARRAYS)
@pytest.mark.parametrize("name", RULES)
def test_a_step_on_arrays(name, backend, dtype, counted):
    if backend == "jax" and dtype is np.float64:
        jax = importlib.import_module("jax")
        if not jax.config.jax_enable_x64:
            pytest.skip("JAX computes in float32")
    stated = RULES[name]
    state, slope = start(stated, dtype, counted), GRADIENT.astype(dtype)
    if backend in ("jax", "torch"):  # where counters are arrays like the others
        state = {n: np.full(8, a, dtype) for n, a in state.items()}
    if backend == "torch":
        torch = importlib.import_module("torch")
        state, slope = {n: torch.tensor(a) for n, a in state.items()}, torch.tensor(slope)
    wanted = by_hand(name, start(stated, dtype, counted), GRADIENT.astype(dtype), NUMBERS)
    got = ps.optimizer(stated, backend, **numbers(stated)).step(state, slope)
    tolerance = 0 if dtype is np.float64 and backend == "numpy" else 8 * np.finfo(dtype).eps
    for key, value in zip(got, wanted, strict=True):
        found = as_numpy(got[key])
        assert found.dtype == dtype or key == "k"
        np.testing.assert_allclose(
            found, np.broadcast_to(value, found.shape), rtol=max(tolerance, 1e-15), atol=tolerance
        )


@pytest.mark.parametrize("name", RULES)
def test_no_branch_that_is_not_taken_warns_or_raises(name):
    """Roots of negative numbers, logarithms and divisions by zero are in branches that are not taken."""
    stated = RULES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = ps.optimizer(stated, **numbers(stated))
        run.step(start(stated), GRADIENT)
        odd = {n: np.array(a[::2]) if a.ndim else a for n, a in start(stated).items()}
        run.step({n: a[0] if a.ndim else a for n, a in odd.items()}, GRADIENT[0])
        step = ps.optimizer(stated, "python", **numbers(stated)).step
        for i in range(len(WEIGHTS)):
            one = {n: float(a[i] if a.ndim else a) for n, a in start(stated).items()}
            slices = {n: a[i : i + 1] if a.ndim else a for n, a in start(stated).items()}
            wanted = by_hand(name, slices, GRADIENT[i : i + 1], NUMBERS)
            got = step(one, float(GRADIENT[i]))
            np.testing.assert_allclose(
                list(got.values()), [float(np.squeeze(w)) for w in wanted], rtol=1e-15, atol=1e-16
            )


def test_exact_numbers_stay_exact():
    step = ps.optimizer(RULES["guard"], "python", b=Fraction(1, 2), lr=Fraction(1, 3)).step
    assert step({"v": Fraction(0), "x": Fraction(1, 7)}, Fraction(1)) == {"v": 0, "x": Fraction(1, 7)}
    clipped = ps.optimizer(RULES["clip"], "python", c=Fraction(1, 3), lr=Fraction(1, 2)).step
    assert clipped({"x": Fraction(0)}, Fraction(5)) == {"x": Fraction(-1, 6)}


@pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("c", marks=compiled), pytest.param("llvm", marks=needs["llvm"])]
)
@pytest.mark.parametrize("name", RULES)
def test_in_place(name, backend):
    stated = RULES[name]
    state, slope = start(stated), GRADIENT.copy()
    if name in ("a counter that warms up",):
        state["k"] = np.array(5.0)
    counted = float(state.get("k", 0.0))
    ps.optimizer(stated, backend, **numbers(stated)).bind(state, slope).step()
    wanted = by_hand(name, start(stated, counted=counted), GRADIENT, NUMBERS)
    for key, value in zip(state, wanted, strict=True):
        np.testing.assert_allclose(state[key], value, rtol=1e-15, atol=1e-16)


def test_symbols_that_decide_no_case_are_refused_with_advice():
    step = ps.lambdify(RULES["guard"], "python")
    with pytest.raises(TypeError, match="symbols do not decide which"):
        step(v, x, Symbol("g"), b=Fraction(1, 2), lr=1)
    decided = step(4, x, Symbol("g"), b=Fraction(1, 1), lr=1)[1]
    assert float(decided.subs({x: 3, Symbol("g"): 4})) == 1  # 3 - 4/sqrt(4)


@needs["torch"]
@pytest.mark.parametrize("name", RULES)
def test_in_place_on_tensors(name):
    torch = importlib.import_module("torch")
    stated = RULES[name]
    state = {n: torch.tensor(np.full(8, a) if a.ndim == 0 else a) for n, a in start(stated).items()}
    ps.optimizer(stated, "torch", **numbers(stated)).bind(state, torch.tensor(GRADIENT)).step()
    for key, value in zip(state, by_hand(name, start(stated), GRADIENT, NUMBERS), strict=True):
        np.testing.assert_allclose(state[key].numpy(), np.broadcast_to(value, 8), rtol=1e-14, atol=1e-16)


@needs_node
@pytest.mark.parametrize("name", RULES)
def test_the_text_in_javascript(name):
    stated = RULES[name]
    calls = []
    for i in (0, 2, 5):
        values = [float(a[i] if a.ndim else a) for a in start(stated).values()]
        calls.append(
            f"step(...{json.dumps(values)}, () => {float(GRADIENT[i])!r}, {json.dumps(numbers(stated))})"
        )
    called = f"console.log(JSON.stringify([{', '.join(calls)}]));"
    together = run_by_node(f'"use strict";\n{ps.source(stated, "javascript")}\n{called}')
    for i, found in zip((0, 2, 5), together, strict=True):
        slices = {n: a[i : i + 1] if a.ndim else a for n, a in start(stated).items()}
        wanted = by_hand(name, slices, GRADIENT[i : i + 1], NUMBERS)
        np.testing.assert_allclose(found, [float(np.squeeze(w)) for w in wanted], rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("backend", ["numpy", "python", pytest.param("llvm", marks=needs["llvm"])])
@pytest.mark.parametrize("name", ["first step", "guard", "nested", "a counter that warms up", "two numbers"])
def test_a_compiled_run_and_a_sweep(name, backend):
    stated = RULES[name]
    w0 = {n: a[:2] if a.ndim else a for n, a in start(stated).items()}
    w0["x"] = np.array([1.0, -2.0])
    if backend == "python":
        pytest.skip("lists of numbers only")
    run = ps.optimizer(stated, backend, **numbers(stated)).run(w0, "valley", 9)
    state = dict(w0)
    for _ in range(9):
        slope = np.array([20.0, 1.0]) * state["x"]
        state = dict(zip(state, by_hand(name, state, slope, NUMBERS), strict=True))
    for key, value in state.items():
        np.testing.assert_allclose(run.states[key][-1], value, rtol=1e-13)
    grid = {**numbers(stated), "lr": np.linspace(0.1, 0.2, 9)}
    swept = ps.sweep(stated, "valley", grid, 9, start=w0, backend=backend)
    at = np.argmin(np.abs(np.linspace(0.1, 0.2, 9) - 0.125))
    np.testing.assert_allclose(swept.states["x"][at], state["x"], rtol=1e-13)


def test_nan_in_a_condition_compares_as_in_ieee():
    nan = float("nan")
    for condition, holds in ((G > 0, False), (G <= 0, False), (Eq(G, 0), False), (Ne(G, 0), True)):
        stated = rule({x: Piecewise((x + 1, condition), (x, True))})
        for backend in ("numpy", "python", "c", "llvm"):
            if backend in ("llvm",) and not is_installed("llvm"):
                continue
            step = ps.lambdify(stated, backend)
            if backend == "python":
                assert step(1.0, lambda w: nan) == (1.0 + holds,)
            else:
                assert step(np.ones(3), np.full(3, nan))[0].tolist() == [1.0 + holds] * 3


def test_nan_goes_through_extremes_and_signs():
    nan = float("nan")
    for value in (Max(x, c), Max(c, x), Min(x, c), sign(x)):
        given = {"c": 1.0} if value.has(c) else {}
        stated = rule({x: value.xreplace({x: G})})
        assert math.isnan(ps.lambdify(stated, "python")(1.0, lambda w: nan, **given)[0])
        assert np.isnan(ps.lambdify(stated, "numpy")(np.ones(2), np.full(2, nan), **given)[0]).all()


def test_what_branches_share_is_guarded():
    lines = program(RULES["shared in branches"]).body
    assert any(isinstance(line, Guarded) for line in lines)
    assert "guarded(lambda: " in ps.source(RULES["shared in branches"])
    everywhere = rule({m: Piecewise((G / v, v > 1), (0, True)), v: v, x: x - G / v})
    assert not any(isinstance(line, Guarded) for line in program(everywhere).body)
    with pytest.raises(ZeroDivisionError):
        ps.lambdify(everywhere, "python")(0.0, 0.0, 1.0, lambda w: 1.0)


def test_a_scalar_that_no_branch_needs_may_be_undefined():
    stated = RULES["a scalar in a branch"]
    assert ps.optimizer(stated, lr=1.0, d=0.5).step({"x": np.ones(2)}, np.ones(2))["x"].tolist() == [0, 0]
    with pytest.raises(ValueError, match="not defined"):
        ps.optimizer(rule({x: x - G * lr / (d - Rational(1, 2))}), lr=1.0, d=0.5)


def test_a_choice_without_a_last_branch_is_refused_with_advice():
    with pytest.raises(ValueError, match=r"none of its conditions holds; add a last branch"):
        program(rule({x: Piecewise((x, x > 0), (0, x < 0))}))
    with pytest.raises(ValueError, match=r"a condition is made of relations"):
        program(rule({x: Piecewise((x, Symbol("flag")), (0, True))}))


def test_rules_without_choices_have_no_trace_of_them():
    for language in ("python", "c", "javascript", "llvm"):
        text = ps.source(rule({x: x - lr * G * exp(-d)}), language)
        assert not any(word in text for word in ("where", "guarded", "?", "select"))


# Of the texts as they were before rules had case distinctions; of the printed forms in the order of a book.
DIGESTS = {
    "python": "933edee5f2046155",
    "c": "e2637dc5a68e6e1a",
    "javascript": "5582e4a5ea343564",
    "llvm": "9cc3d5939a01e886",
    "printed": "077fa92b488cddd0",
}


def digest(texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@pytest.mark.parametrize("language", ["python", "c", "javascript", "llvm"])
def test_texts_of_rules_without_choices_are_what_they_were(language):
    # Registers of LLVM are %t.1 now, no longer %t1, which a symbol may be called.
    texts = (ps.source(ALL[name], language).replace("%t.", "%t") for name in sorted(ALL))
    assert digest(texts) == DIGESTS[language]


def test_printed_forms_of_rules_without_choices_are_what_they_were():
    plain = [ALL[name] for name in sorted(ALL) if name != "shared parts"]  # which has a Max
    faces = ("physics", "learning")
    made = [show(r, face) for r in plain for show in (ps.latex, ps.unicode) for face in faces]
    assert digest(made) == DIGESTS["printed"]


u = Symbol("u", real=True)
MIXED = {
    "numbers and arrays in one condition": rule({
        k: k + 1,
        x: x - lr * Piecewise(
            (G, And(k < 3, G > 0)), (2 * G, Or(k > 5, x < c)), (c, Not(And(k < 4, x > 0))), (0, True))}),
    "choices of scalars": rule({
        k: k + 1, x: x - Piecewise((lr, k < 3), (c, True)) * Piecewise((G, c < 1), (x, True))}),
    "in the evaluation point": rule({
        u: Piecewise((u / 2, u > 0), (u / 3, True)) - lr * grad(x + Piecewise((u, x > 0), (-u, True))),
        x: x + after(u)}),
    "earlier values": rule({
        x: x - lr * G + Piecewise((c * (x - before(x)), G * (x - before(x)) < 0), (0, True))}),
    "one root in two branches": rule({
        u: Piecewise((sqrt(x), x > 0), (0, True)), x: Piecewise((x - lr * sqrt(x), x > 0), (x + lr, True))}),
    "many": rule({x: x - lr * sum(Piecewise((G * i, x > i), (x, True)) for i in range(1, 20)) / 99}),
}  # fmt: skip


@pytest.mark.parametrize("fma", [False, True])
@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=needs["llvm"])])
@pytest.mark.parametrize("name", MIXED)
def test_arrays_and_compiled_runs_do_what_plain_python_does(name, backend, fma):
    if fma and backend == "numpy":
        pytest.skip("NumPy rounds every operation")
    stated, points = MIXED[name], np.linspace(-2, 3, 9)
    has_slope = bool(program(stated).evaluations)
    run = ps.optimizer(stated, backend, fma=fma, **numbers(stated))
    plain = ps.optimizer(stated, "python", **numbers(stated))
    state = run.init(points)
    singly = [plain.init(float(p)) for p in points]
    for _ in range(7):
        state = run.step(state, (lambda w: np.sin(7 * w)) if has_slope else None)
        singly = [plain.step(s, (lambda w: math.sin(7 * w)) if has_slope else None) for s in singly]
    np.testing.assert_allclose(state["x"], [s["x"] for s in singly], rtol=1e-11, atol=1e-12)
    if not has_slope:
        return
    way = ps.optimizer(stated, backend, fma=fma, **numbers(stated)).run([1.5, -0.7], "valley", 6).x[-1]
    grid = {**numbers(stated), "lr": np.array([0.1, NUMBERS["lr"], 0.15])}
    swept = ps.sweep(stated, "valley", grid, 6, start=[1.5, -0.7], backend=backend)
    np.testing.assert_allclose(swept.states["x"][1], way, rtol=1e-9)
