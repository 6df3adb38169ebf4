"""The plain step function of a rule on every backend: values, types, purity, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Abs, Max, Min, Rational, Symbol, exp, log, sign, sqrt, tanh

from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial
from physsym.runtime import backends
from physsym.runtime.backends import Entry, lambdify, load_backend
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.requirements import EACH_BACKEND

y, s = Symbol("y", real=True), Symbol("s", real=True)
momentum = rule({u: rho * u - eta * G, x: x + after(u)})
ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)})
ADAM = rule({
    u: rho * u + (1 - rho) * G,
    s: rho * s + (1 - rho) * G**2,
    x: x - eta * after(u) / (sqrt(after(s)) + Rational(1, 100)),
})  # fmt: skip
ELEMENTARY = rule({
    x: exp(-Abs(x)) * sign(G) + log(1 + x**2) * tanh(eta * x) - Max(x, u, G) / 3,
    u: sympy.sin(u) + sympy.cos(after(x)) * Min(u, Rational(1, 2)) + x**3 - eta ** Rational(3, 2),
})  # fmt: skip


@pytest.fixture(autouse=True)
def _floats_are_float64_on_torch_too(request):
    chosen = getattr(request.node, "callspec", None)
    if not chosen or chosen.params.get("backend") != "torch":
        yield
        return
    torch = pytest.importorskip("torch")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def adam_by_hand(u0, s0, x0, gradient, eta, rho):
    g = gradient(x0)
    u1, s1 = rho * u0 + (1 - rho) * g, rho * s0 + (1 - rho) * (g * g)
    return u1, s1, x0 - eta * u1 / (np.sqrt(s1) + 0.01)


def elementary_by_hand(x0, u0, gradient, eta):
    g = gradient(x0)
    x1 = (
        np.exp(-abs(x0)) * np.sign(g)
        + np.log(1 + x0**2) * np.tanh(eta * x0)
        - np.maximum(np.maximum(x0, u0), g) / 3
    )
    return x1, np.sin(u0) + np.cos(x1) * np.minimum(u0, 0.5) + x0**3 - eta**1.5


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize("at", [(0.3, 0.2), (-1.7, 0.9), (2.5, -3.0)])
def test_a_step_has_the_value_that_numpy_gives(backend, at):
    x0, u0 = at
    made = lambdify(ELEMENTARY, backend)(x0, u0, lambda w: w**3 - 1, eta=0.3)
    assert made == pytest.approx(elementary_by_hand(x0, u0, lambda w: w**3 - 1, 0.3), rel=1e-14)
    assert made != pytest.approx(elementary_by_hand(x0, u0, lambda w: w**3 - 1, 0.31), rel=1e-14)
    made = lambdify(ADAM, backend)(u0, 1.0, x0, lambda w: w**3 - 1, eta=0.1, rho=0.9)
    assert made == pytest.approx(adam_by_hand(u0, 1.0, x0, lambda w: w**3 - 1, 0.1, 0.9), rel=1e-14)


def test_both_backends_agree_to_the_bit_where_all_is_arithmetic():
    x0, u0 = np.random.default_rng(1).normal(size=(2, 50))
    made = lambdify(momentum)(u0, x0, lambda w: 3 * w, eta=0.1, rho=0.9)
    single = [
        lambdify(momentum, "python")(a, b, lambda w: 3 * w, eta=0.1, rho=0.9)
        for a, b in zip(u0, x0, strict=True)
    ]
    np.testing.assert_array_equal(made, np.transpose(single))


def test_fractions_stay_exact():
    third = rule({x: 2 * x / 3 - eta * G + Rational(1, 7)})
    (made,) = lambdify(third, "python")(Fraction(1, 2), lambda w: 1, eta=Fraction(1, 5))
    assert made == Fraction(1, 3) - Fraction(1, 5) + Fraction(1, 7)
    (whole,) = lambdify(third, "python")(1, lambda w: 1, eta=1)
    assert whole == Fraction(2, 3) - 1 + Fraction(1, 7)


def test_mpmath_keeps_its_digits():
    with mpmath.workdps(50):
        (made,) = lambdify(rule({x: exp(-eta) * x / 3 + Rational(1, 7)}), "python")(
            mpmath.mpf(1), eta=mpmath.mpf(2)
        )
        wanted = mpmath.exp(-2) / 3 + mpmath.mpf(1) / 7
        assert abs(made - wanted) < mpmath.mpf(10) ** -48
        assert abs(made - float(wanted)) > mpmath.mpf(10) ** -48


def test_symbols_give_the_formula_back():
    mu, w = Symbol("mu", positive=True), Symbol("w", real=True)
    (made,) = lambdify(rule({x: x - sqrt(eta) * Max(x, 1) * sign(G)}), "python")(w, grad, eta=mu)
    assert made == w - sqrt(mu) * Max(w, 1) * sign(grad(w))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "stated", [momentum, ahead, ADAM, ELEMENTARY], ids=["momentum", "ahead", "adam", "elementary"]
)
def test_the_type_of_floats_is_kept(stated, dtype):
    start = [np.full(3, 0.5, dtype) for _ in stated.targets]
    chosen = {
        str(p): np.float64(0.1)
        for p in (eta, rho)
        if p in sympy.Tuple(*(a.value for a in stated.updates)).free_symbols
    }
    made = lambdify(stated)(*start, lambda w: w.astype(np.float64), **chosen)
    assert {value.dtype for value in made} == {np.dtype(dtype)}


def test_whole_numbers_become_floats():
    (made,) = lambdify(rule({x: x - eta * G}))([1, 2], lambda w: w, eta=1)
    assert made.dtype == np.float64


@pytest.mark.parametrize("stated", [momentum, ahead, rule({u: u, x: u + before(x)})], ids=str)
def test_nothing_given_is_changed_or_shared(stated):
    names = (
        [*stated.targets, before(x)] if before(x) in stated.updates[-1].value.free_symbols else stated.targets
    )
    given = [np.arange(3.0) + n for n, _ in enumerate(names)]
    kept = [a.copy() for a in given]
    chosen = {} if len(names) == 3 else {"eta": 0.1, "rho": 0.9}
    made = lambdify(stated)(*given, *[lambda w: 2 * w] * bool(chosen), **chosen)
    np.testing.assert_array_equal(given, kept)
    assert not any(np.shares_memory(a, b) for a in made for b in given)


def test_a_gradient_that_writes_into_its_place_is_stopped():
    def greedy(w):
        w *= 2
        return w

    with pytest.raises(ValueError, match="read-only"):
        lambdify(momentum)(np.ones(2), np.ones(2), greedy, eta=0.1, rho=0.9)


def test_a_gradient_that_reuses_its_array_does_no_harm():
    buffer = np.empty(2)

    def lazy(w):
        return np.multiply(w, 3, out=buffer)

    extra, is_forward_invariant = rule({x: x - grad(x - grad(x)) + grad(x)}), rule({u: G, x: x - u})
    wanted = lambdify(extra)(np.ones(2), lambda w: 3 * w)
    np.testing.assert_array_equal(lambdify(extra)(np.ones(2), lazy), wanted)
    previous, _ = lambdify(is_forward_invariant)(np.zeros(2), np.ones(2), lazy)
    buffer[:] = -1
    np.testing.assert_array_equal(previous, [3, 3])


def test_players_see_the_moves_made_before_theirs():
    seen = []

    def slopes(a, b):
        seen.append((float(a), float(b)))
        return b, a  # of f = a*b

    assert lambdify(game)(1.0, 2.0, slopes, eta=0.5) == (0.0, 2.0)
    assert seen == [(1.0, 2.0), (0.0, 2.0)]
    assert lambdify(game, "python")(1, 2, lambda a, b: (b, a), eta=Fraction(1, 2)) == (0, 2)


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_a_value_may_stand_for_the_gradient_at_the_present_state(backend):
    step = lambdify(momentum, backend)
    assert step(0.5, 1.0, 2.0, eta=0.1, rho=0.9) == step(0.5, 1.0, lambda w: 2 * w, eta=0.1, rho=0.9)
    simultaneous = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, x, y)})
    given = lambdify(simultaneous, backend)(1.0, 2.0, (3.0, 4.0), eta=0.5)
    assert given == (-0.5, 4.0)


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize(
    "stated", [ahead, rule({x: x + u, u: u - grad(after(x))}), rule({x: x - grad(x - G)})], ids=str
)
def test_a_value_cannot_stand_for_a_gradient_taken_elsewhere(stated, backend):
    chosen = {"eta": 0.1, "rho": 0.9} if stated is ahead else {}
    with pytest.raises(TypeError, match="give a callable gradient"):
        lambdify(stated, backend)(*[1.0] * len(stated.targets), 2.0, **chosen)


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize(
    ("values", "parameters", "said"),
    [
        ((0.0, 1.0, abs), {"eta": 0.1}, "missing rho; there are eta, rho"),
        ((0.0, 1.0, abs), {"eta": 0.1, "rho": 0.9, "mu": 1}, "unknown mu; there are eta, rho"),
        ((0.0, 1.0, abs), {"lr": 0.1, "rho": 0.9}, "missing eta and unknown lr"),
        ((0.0, 1.0), {"eta": 0.1, "rho": 0.9}, "u, x, the gradient in this order; given 2"),
        ((0.0, 1.0, abs, 3), {"eta": 0.1, "rho": 0.9}, "given 4"),
        ((0.0, 1.0, None), {"eta": 0.1, "rho": 0.9}, "needs a gradient"),
        ((0.0, 1.0, abs), {"eta": "0.1", "rho": 0.9}, "eta must be one real number"),
        ((0.0, 1.0, abs), {"eta": True, "rho": 0.9}, "eta must be one real number"),
        ((0.0, 1.0, abs), {"eta": 1j, "rho": 0.9}, "eta must be one real number"),
        ((0.0, 1.0, abs), {"eta": np.ones(2), "rho": 0.9}, "eta must be one real number"),
        (("0", 1.0, abs), {"eta": 0.1, "rho": 0.9}, "u must"),
        ((True, 1.0, abs), {"eta": 0.1, "rho": 0.9}, "u must"),
        ((1j, 1.0, abs), {"eta": 0.1, "rho": 0.9}, "u must"),
        ((None, 1.0, abs), {"eta": 0.1, "rho": 0.9}, "u must"),
    ],
)
def test_wrong_arguments_are_told(values, parameters, said, backend):
    with pytest.raises(TypeError, match=said):
        lambdify(momentum, backend)(*values, **parameters)


@pytest.mark.parametrize("backend", EACH_BACKEND)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_parameter_must_be_finite(bad, backend):
    with pytest.raises(ValueError, match="eta must be finite"):
        lambdify(momentum, backend)(0.0, 1.0, abs, eta=bad, rho=0.9)


@pytest.mark.parametrize("backend", EACH_BACKEND)
def test_parameters_at_which_the_rule_is_not_defined_are_told(backend):
    with pytest.raises(ValueError, match=r"not defined for rho=1\b"):
        lambdify(rule({x: x / (1 - rho) - rho / (1 - rho)}), backend)(1.0, rho=1)
    with pytest.raises(ValueError, match=r"not defined for rho=-2\.0"):
        lambdify(rule({x: x * sqrt(rho)}), backend)(1.0, rho=-2.0)


def test_an_error_of_the_gradient_is_passed_on():
    def broken(w):
        raise ValueError("no data")

    with pytest.raises(ValueError, match="no data"):
        lambdify(momentum)(0.0, 1.0, broken, eta=0.1, rho=0.9)


@pytest.mark.parametrize(
    ("shapes", "slope", "said"),
    [
        (((3,), (3,)), (3, 1), "gradient has shape"),
        (((3,), (3,)), (1,), "gradient has shape"),
        (((3,), (3,)), (), "gradient has shape"),
        (((), (3,)), (3,), r"u has shape \(\), its new value \(3,\)"),
        (((3, 1), (3,)), (3,), "u has shape"),
    ],
)
def test_shapes_that_numpy_would_stretch_are_refused(shapes, slope, said):
    u0, x0 = map(np.ones, shapes)
    with pytest.raises(ValueError, match=said):
        lambdify(momentum)(u0, x0, lambda w: np.ones(slope), eta=0.1, rho=0.9)


def test_states_of_two_types_are_refused():
    with pytest.raises(TypeError, match="u is float32, x is float64"):
        lambdify(momentum)(np.ones(2, np.float32), np.ones(2), abs, eta=0.1, rho=0.9)


@pytest.mark.parametrize("dtype", [np.float16, complex, bool, object, "U3", "M8[s]"])
def test_arrays_of_other_types_are_refused(dtype):
    with pytest.raises(TypeError, match="x must hold float32 or float64"):
        lambdify(rule({x: 2 * x}))(np.zeros(2, dtype))


def test_the_number_of_slopes_must_be_that_of_the_coordinates():
    with pytest.raises(ValueError, match="3 values for 2 coordinates"):
        lambdify(game)(1.0, 2.0, lambda a, b: (a, b, a), eta=0.5)


def test_a_constant_fills_the_state():
    (made,) = lambdify(rule({x: 2 * eta}))(np.ones(3, np.float32), eta=0.25)
    np.testing.assert_array_equal(made, np.full(3, 0.5, np.float32))
    assert made.dtype == np.float32


def test_odd_names_are_given_as_they_are():
    odd = Symbol("lambda")
    assert lambdify(rule({x: x - odd * G}))(1.0, lambda w: w, **{"lambda": 0.25}) == (0.75,)


def test_an_unknown_backend_is_told_with_those_that_exist():
    with pytest.raises(ValueError, match=r"unknown backend 'nimpy'.*numpy.*python"):
        lambdify(momentum, backend="nimpy")


def test_a_backend_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setitem(
        backends.BACKENDS, "ghost", Entry("nowhere", needs="module_that_is_nowhere", extra="fast")
    )
    with pytest.raises(ImportError, match=r"pip install 'physsym\[fast\]'"):
        load_backend("ghost")


def test_the_docstring_of_a_step_is_its_source():
    assert "u_next = rho*u - eta*g" in lambdify(momentum).__doc__
