"""Whether a callable follows a rule: wrong ones fail, and nothing passes without a comparison."""

import functools
import math

import numpy as np
import pytest
from sympy import Abs, Rational, Symbol, exp, sign, sqrt

import physsym as ps
from derivations import gradient_descent, momentum
from derivations.book import reference
from physsym import after, before, grad, rule
from physsym.core.statements import parameters
from physsym.core.symbols import hess
from physsym.testing import assert_optimizer, step_functions
from physsym.testing.records import CONCLUDED
from physsym.vocabulary import G, eta, lam, rho, u, x

DESCENT = rule({x: x - eta * G})
HEAVY_BALL = rule({u: rho * u - eta * G, x: x + after(u)})
DAMPENED = rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)})
NESTEROV = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
ONLY_NUMBERS = "called with symbols it raises"


def failure(*given, **options):
    with pytest.raises(AssertionError) as found:
        assert_optimizer(*given, **options)
    return str(found.value)


WRITTEN = {
    reference.gradient_descent: DESCENT,
    reference.heavy_ball: HEAVY_BALL,
    reference.heavy_ball_with_dampening: DAMPENED,
    reference.nesterov: NESTEROV,
}


@pytest.mark.parametrize("rule_", WRITTEN.values(), ids=["gd", "hb", "damp", "nag"])
@pytest.mark.parametrize("written", WRITTEN, ids=lambda f: f.__name__)
def test_a_function_follows_its_own_rule_alone(written, rule_):
    if WRITTEN[written] is rule_:
        assert_optimizer(written, rule_)
    elif rule_ is DESCENT or written is reference.gradient_descent:
        with pytest.raises(TypeError, match="not clear which argument"):
            assert_optimizer(written, rule_)
    else:
        assert "difference  u: " in failure(written, rule_)


def numeric(step):
    """A function that refuses symbols."""

    def on_numbers(u, x, grad, eta, rho):
        return step(np.asarray(u, dtype=float), np.asarray(x, dtype=float), grad, eta, rho)

    return on_numbers


@pytest.mark.parametrize("rule_", [HEAVY_BALL, DAMPENED, NESTEROV], ids=["hb", "damp", "nag"])
@pytest.mark.parametrize(
    "written", [reference.heavy_ball, reference.heavy_ball_with_dampening, reference.nesterov]
)
def test_what_takes_only_numbers_is_told_apart_by_numbers(written, rule_):
    if WRITTEN[written] is rule_:
        assert_optimizer(numeric(written), rule_)
    else:
        text = failure(numeric(written), rule_)
        assert ONLY_NUMBERS in text
        assert "instead of" in text
        assert "parameters  eta = " in text
        assert "gradient    grad(y) = " in text


def test_the_first_step_that_differs_is_named():
    # From zero momentum the first step of both is the same, and the second is not.
    assert "step 2 " in failure(numeric(reference.nesterov), HEAVY_BALL)


def test_a_single_float_is_taken_where_arrays_are_not():
    def step(x, grad, eta):
        return x - eta * math.sqrt(grad(x) ** 2)

    assert_optimizer(step, rule({x: x - eta * Abs(G)}))
    assert "step 1 " in failure(step, DESCENT)


def test_arguments_go_by_name_then_by_order_or_as_told():
    assert_optimizer(
        lambda x, u, grad, rho, eta: (x + rho * u - eta * grad(x), rho * u - eta * grad(x)), HEAVY_BALL
    )
    assert_optimizer(lambda v, w, grad, eta, rho: reference.heavy_ball(v, w, grad, eta, rho), HEAVY_BALL)
    assert_optimizer(lambda w, gradient, lr: w - lr * gradient(w), DESCENT)
    assert_optimizer(lambda w, df, lr: w - lr * df(w), DESCENT, names={"df": grad})
    assert_optimizer(lambda lr, df, w: w - lr * df(w), DESCENT, names={"df": grad, "lr": eta, "w": x})
    assert_optimizer(lambda x, /, grad, *, eta, clip=None: x - eta * grad(x), DESCENT)
    assert_optimizer(lambda x, grad, **other: x - other["eta"] * grad(x), DESCENT)
    strings = {"w": "x", "lr": "eta", "g": "grad"}
    assert_optimizer(lambda lr, g, w: w - lr * g(w), DESCENT, names=strings)
    assert_optimizer(lambda w, grad, lr: w - lr * grad(w), DESCENT, steps=np.int64(3))


def test_states_may_be_returned_by_name():
    def step(u, x, grad, eta, rho):
        new = rho * u - eta * grad(x)
        return {"x": x + new, "u": new}

    assert_optimizer(step, HEAVY_BALL)
    assert "returned x; the states are u, x" in failure(lambda u, x, grad, eta, rho: {"x": x}, HEAVY_BALL)


@pytest.mark.parametrize(
    ("step", "options", "says"),
    [
        (3, {}, "expected a callable"),
        (lambda x: x, {}, "left over are eta, grad"),
        (lambda x, grad: x, {}, "left over are eta"),
        (lambda x, grad, a, b: x, {}, "left over are a, b, eta"),
        (lambda x, grad, eta, more: x, {}, "left over are more"),
        (lambda x, grad, eta: x, {"names": {"y": x}}, "names gives y"),
        (lambda x, grad, eta: x, {"values": {"rho": 0.5}}, "values names rho"),
        (lambda a, grad, eta: x, {"names": {"a": eta}}, "not clear"),
        (lambda w, grad, eta: x, {"names": {"w": "y"}}, "names must give a symbol of the rule .x, eta."),
        (lambda w, grad, eta: x, {"names": {"w": 3}}, "or physsym.grad for the gradient; given 'w': 3"),
        (lambda *a: x, {"names": {"w": x}}, "takes .args"),
        (lambda x, grad, eta: x, {"values": {"eta": "fast"}}, "values must be finite numbers"),
    ],
)
def test_what_is_not_clear_is_a_type_error(step, options, says):
    with pytest.raises(TypeError, match=says):
        assert_optimizer(step, DESCENT, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"steps": True},
        {"rtol": -1},
        {"rtol": math.nan},
        {"rtol": 1},
        {"values": {"eta": math.nan}},
        {"values": {"eta": (0, math.inf)}},
        {"values": {"eta": (1, 0.5)}},
        {"values": {"eta": (1, 2, 3)}},
    ],
)
def test_options_under_which_nothing_would_be_compared_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        assert_optimizer(reference.gradient_descent, DESCENT, **options)


def in_place(u, x, grad, eta, rho):
    u *= rho
    u -= eta * grad(x)
    x += u


def test_a_step_in_place_that_returns_nothing_is_refused():
    assert "returned None" in failure(in_place, HEAVY_BALL)
    assert "returned None" in failure(numeric(in_place), HEAVY_BALL)


def test_a_step_in_place_that_returns_its_states_is_compared():
    def step(u, x, grad, eta, rho):
        in_place(u, x, grad, eta, rho)
        return u, x

    def wrong(u, x, grad, eta, rho):
        x += u
        in_place(u, x, grad, eta, rho)
        return u, x

    assert "returned" not in failure(wrong, HEAVY_BALL)
    assert_optimizer(numeric_in_place(step), HEAVY_BALL)
    assert "step 2 " in failure(numeric_in_place(wrong), HEAVY_BALL)


def numeric_in_place(step):
    def on_arrays(u, x, grad, eta, rho):
        assert isinstance(u, np.ndarray)
        return step(u, x, grad, eta, rho)

    return on_arrays


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_no_agreement(value):
    text = failure(lambda x, grad, eta: np.full_like(np.asarray(x, dtype=float), value), DESCENT)
    assert f"x = [{value}, {value}, {value}] instead of" in text


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (lambda new: new[:1], "the shape (1,), expected (3,)"),
        (lambda new: new[None], "the shape (1, 3), expected (3,)"),
        (lambda new: new.sum(), "the shape (), expected (3,)"),
        (lambda new: new + 0j, "x is complex128"),
        (lambda new: new.astype(str), "x is <U"),
        (lambda new: list(new), "returned 3 values"),
        (lambda new: (), "returned 0 values"),
    ],
)
def test_what_could_be_broadcast_or_cast_is_no_agreement(result, says):
    step = lambda x, grad, eta: result(np.asarray(x, dtype=float) - eta * grad(x))
    assert says in failure(step, DESCENT)


def test_what_can_be_called_with_nothing_fails():
    def step(x, grad, eta):
        raise RuntimeError("not today")

    with pytest.raises(AssertionError) as found:
        assert_optimizer(step, DESCENT)
    text, line = str(found.value), step.__code__.co_firstlineno + 1
    assert "neither as a formula nor by numbers" in text
    assert text.count("RuntimeError: not today") == 2
    assert "".join(text.split()).count(f"({__file__}:{line})") == 2
    assert isinstance(found.value.__cause__, RuntimeError)


def test_a_step_that_breaks_down_later_fails():
    calls = []

    def step(x, grad, eta):
        calls.append(x)
        if len(calls) > 3:
            raise RuntimeError("enough")
        return np.asarray(x, dtype=float) - eta * grad(x)

    with pytest.raises(AssertionError, match="raises RuntimeError: enough") as found:
        assert_optimizer(step, DESCENT)
    assert isinstance(found.value.__cause__, RuntimeError)
    assert f"test_step_functions.py:{step.__code__.co_firstlineno + 3}" in str(found.value)


def test_what_names_no_arguments_is_told_how_it_is_called():
    text = " ".join(failure(lambda *a: a[0], HEAVY_BALL).split())
    assert "<lambda>(u, x, grad, eta=..., rho=...), for it names no parameters; wrap it in a function" in text


def test_a_list_of_numbers_is_not_one_array():
    says = "returned 3 values; a step returns x, in this order; return one array of all components"
    assert says in failure(lambda x, grad, eta: list(np.asarray(x, dtype=float) - eta * grad(x)), DESCENT)


def test_a_rule_without_a_finite_value_is_not_passed():
    wrong = rule({x: x - eta * sqrt(-1 - G**2)})
    text = failure(lambda x, grad, eta: np.asarray(x, dtype=float), wrong)
    assert "no finite value" in text
    assert "neither as a formula nor by numbers" in text


def test_a_rule_that_cannot_be_compiled_is_judged_by_formulas_alone():
    newton = rule({x: x - G / hess(x)})
    text = failure(lambda x, grad: np.asarray(x, dtype=float) - grad(x), newton)
    assert "the rule cannot be compiled" in text


def test_a_step_that_remembers_is_found_although_its_formula_agrees():
    calls = []

    def step(u, x, grad, eta, rho):
        calls.append(u)
        new = rho * u - (eta if len(calls) < 4 else 2 * eta) * grad(x)
        return new, x + new

    text = failure(step, HEAVY_BALL)
    assert "step 2 " in text  # of its calls the first was with symbols, the second tried arrays
    assert "as formula  it agrees: what is computed depends on more than the arguments" in text


def test_decimals_in_code_are_the_numbers_they_print_or_left_to_the_numbers():
    assert_optimizer(lambda x, grad: x - 0.1 * grad(x), rule({x: x - G / 10}))
    assert_optimizer(lambda x, grad: x - (1 - 0.9) * grad(x), rule({x: x - G / 10}))
    assert "rounded numbers" in failure(lambda x, grad: x - (1 - 0.9) * grad(x), rule({x: x - G / 11}))


def test_exact_constants_in_code_may_make_exact_numbers():
    def step(x, grad, rate):
        return x - rate * grad(x)

    tenth = rule({x: x - G / 10})
    assert_optimizer(functools.partial(step, rate=Rational(1, 10)), tenth)
    assert_optimizer(functools.partial(step, rate=0.1), tenth)
    assert "difference" in failure(functools.partial(step, rate=Rational(1, 11)), tenth)
    assert "x is object" in failure(lambda x, grad: np.asarray(x, dtype=float).astype(object) + 1j, tenth)


def test_adam_by_formula_and_by_numbers():
    m, k, s = Symbol("m", real=True), Symbol("k", nonnegative=True), Symbol("s", nonnegative=True)
    b1, b2, eps = (Symbol(name, positive=True) for name in ("b1", "b2", "eps"))
    mean, square = after(m) / (1 - b1 ** after(k)), after(s) / (1 - b2 ** after(k))
    new = {m: b1 * m + (1 - b1) * G, s: b2 * s + (1 - b2) * G**2, k: k + 1}
    adam = rule({**new, x: x - eta * mean / (sqrt(square) + eps)})

    def step(m, s, k, x, grad, eta, b1, b2, eps, root=lambda y: y**0.5, inside=0):
        g = grad(x)
        m, s, k = b1 * m + (1 - b1) * g, b2 * s + (1 - b2) * g**2, k + 1
        return (
            m,
            s,
            k,
            x - eta * (m / (1 - b1**k)) / (root(s / (1 - b2**k) + inside * eps) + (1 - inside) * eps),
        )

    def with_numpy(m, s, k, x, grad, eta, b1, b2, eps):
        return step(m, s, k, x, grad, eta, b1, b2, eps, root=np.sqrt)

    def wrong(m, s, k, x, grad, eta, b1, b2, eps):
        return step(m, s, k, x, grad, eta, b1, b2, eps, root=np.sqrt, inside=1)

    assert_optimizer(step, adam)
    assert_optimizer(with_numpy, adam)
    assert "step 1 " in failure(wrong, adam)


def test_single_precision_is_compared_within_its_resolution():
    def step(x, grad, eta):
        return (np.asarray(x, dtype=float) - eta * grad(x)).astype(np.float32)

    assert_optimizer(step, DESCENT)
    assert "instead of" in failure(step, DESCENT, rtol=1e-9)
    assert "instead of" in failure(step, rule({x: x - eta * G * 1001 / 1000}))


def test_values_and_ranges_of_parameters_are_used():
    seen = []

    def step(x, grad, eta):
        seen.append(float(eta))
        return np.asarray(x, dtype=float) - eta * grad(x)

    assert_optimizer(step, DESCENT, values={"eta": (2.0, 3.0)})
    assert len(set(seen)) > 1
    assert all(2 <= n <= 3 for n in seen)
    seen.clear()
    assert_optimizer(step, DESCENT, values={"eta": 0.25})
    assert set(seen) == {0.25}


def test_parameters_have_their_declared_signs_and_starts_are_varied():
    a, n = Symbol("a", negative=True), Symbol("n", integer=True, positive=True)
    s = Symbol("s", nonnegative=True)
    seen = []

    def step(s, u, x, grad, a, n):
        new = np.asarray(s, dtype=float)
        seen.append((a, n, np.array(u), new))
        return new, u, x - a * n * grad(x)

    assert_optimizer(step, rule({s: s, u: u, x: x - a * n * G}), names={"s": s})
    assert all(a < 0 and n == int(n) > 0 and (s >= 0).all() for a, n, _, s in seen)
    assert any((u == 0).all() for _, _, u, _ in seen)
    assert any((u != 0).all() for _, _, u, _ in seen)


def test_counters_are_single_numbers():
    k = Symbol("k", nonnegative=True)
    counted = rule({k: k + 1, x: x - eta * G / after(k)})
    step = lambda k, x, grad, eta: (k + 1, np.asarray(x, dtype=float) - eta * grad(x) / (k + 1))
    assert_optimizer(step, counted)
    assert "step 1 " in failure(step, rule({k: k + 1, x: x - eta * G / (after(k) + 1)}))


def test_earlier_values_and_several_coordinates():
    recurrence = rule({x: x - eta * G + rho * (x - before(x))})
    assert_optimizer(
        lambda x, x_previous, grad, eta, rho: (x - eta * grad(x) + rho * (x - x_previous), x), recurrence
    )
    y = Symbol("y", real=True)
    both = rule({x: x - eta * ps.partial(1, x, y), y: y - eta * ps.partial(2, x, y)})

    def step(x, y, grad, eta, first=0):
        slopes = grad(x, y)
        return x - eta * slopes[first], y - eta * slopes[1 - first]

    def numbers(x, y, grad, eta, first=0):
        return step(np.asarray(x, dtype=float), y, grad, eta, first)

    assert_optimizer(step, both)
    assert_optimizer(numbers, both)
    assert "difference  x: " in failure(lambda x, y, grad, eta: step(x, y, grad, eta, 1), both)
    assert "instead of" in failure(lambda x, y, grad, eta: numbers(x, y, grad, eta, 1), both)


@pytest.mark.parametrize("backend", ["numpy", "python", "c"])
def test_an_optimizer_is_compared_by_its_rule_and_by_its_steps(backend):
    assert_optimizer(ps.optimizer(NESTEROV, backend=backend, eta=0.1, rho=0.9), NESTEROV)
    assert "difference  u: " in failure(ps.optimizer(DAMPENED, backend=backend, eta=0.1, rho=0.9), HEAVY_BALL)
    assert "the rule has x and eta" in failure(ps.optimizer(HEAVY_BALL, eta=0.1, rho=0.9), DESCENT)


def test_an_optimizer_whose_steps_are_compiled_wrongly_is_found(monkeypatch):
    made = ps.optimizer(HEAVY_BALL, eta=0.1, rho=0.9)
    other = ps.optimizer(DAMPENED, eta=0.1, rho=0.9)
    monkeypatch.setattr(
        type(made), "step", lambda self, state, gradient: other._step_of(state, gradient), raising=True
    )
    monkeypatch.setattr(
        type(made),
        "_step_of",
        lambda self, s, g: dict(zip(s, ps.lambdify(DAMPENED)(*s.values(), g, eta=0.1, rho=0.9), strict=True)),
        raising=False,
    )
    assert "as formula  it agrees" in failure(made, HEAVY_BALL)


def test_an_optimizer_whose_steps_cannot_be_run_is_not_passed_by_its_rule(monkeypatch):
    def step(self, state, grad=None):
        raise RuntimeError("no kernel")

    compiled = ps.optimizer(HEAVY_BALL, eta=0.1, rho=0.9)
    monkeypatch.setattr(type(compiled), "step", step)
    assert "no kernel" in failure(compiled, HEAVY_BALL)


def test_a_compiled_step_is_a_callable():
    for stated in (HEAVY_BALL, NESTEROV):
        assert_optimizer(ps.lambdify(stated), stated)
        assert_optimizer(ps.lambdify(stated, backend="python"), stated)
    assert "instead of" in failure(ps.lambdify(NESTEROV), HEAVY_BALL)
    assert "difference" in failure(ps.lambdify(NESTEROV, backend="python"), HEAVY_BALL)


def test_the_rule_may_be_a_derivation_or_a_text():
    assert_optimizer(reference.gradient_descent, gradient_descent.derivation)
    assert_optimizer(reference.gradient_descent, "x <- x - eta*grad(x)")
    assert_optimizer(reference.heavy_ball_with_dampening, momentum.derivation)


def test_how_it_was_compared_is_counted():
    before_it = CONCLUDED.copy()
    assert_optimizer(reference.heavy_ball, HEAVY_BALL)
    assert_optimizer(numeric(reference.heavy_ball), HEAVY_BALL)
    failure(numeric(reference.heavy_ball), NESTEROV)
    new = {(kind, outcome): n for (kind, outcome, _), n in (CONCLUDED - before_it).items()}
    assert new == {
        ("optimizer, as a formula", "holds"): 1,
        ("optimizer, by numbers", "holds"): 1,
        ("optimizer, by numbers", "fails"): 1,
    }


def test_every_trial_is_run(monkeypatch):
    plan = step_functions._step_of(numeric(reference.heavy_ball), HEAVY_BALL, {}, {})
    found = step_functions._by_numbers(plan, HEAVY_BALL, steps=4, rtol=None, seed=1)
    assert (found.compared, found.difference) == (step_functions.TRIALS * 4, [])


DECAY = rule({x: x - eta * (G + lam * x)})
DECAYED_BALL = rule({u: rho * u - eta * (G + lam * x), x: x + after(u)})


def in_type(dtype, step):
    """A function that refuses symbols and computes with numbers of one type."""

    def on_numbers(x, grad, eta, **others):
        return step(np.asarray(x, dtype=float).astype(dtype), grad, eta, **others).astype(dtype)

    return on_numbers


@pytest.mark.parametrize(
    ("dtype", "wrong", "right", "options"),
    [
        (
            np.float16,
            lambda x, grad, eta: x + eta * grad(x),
            DESCENT,
            {"values": {"eta": 0.01}, "rtol": 0.02},
        ),
        (np.float16, lambda x, grad, eta: x - 1.05 * eta * grad(x), DESCENT, {"rtol": 0.02}),
        (
            np.float32,
            lambda x, grad, eta, lam: x - eta * grad(x),
            DECAY,
            {"values": {"eta": 1e-3, "lam": 1e-2}},
        ),
        (np.float64, lambda x, grad, eta: x + eta * grad(x), DESCENT, {"values": {"eta": 1e-10}}),
        (np.float32, lambda x, grad, eta: x - eta * np.clip(grad(x), -10, 10), DESCENT, {}),
        (np.float64, lambda x, grad, eta: x - eta * np.clip(grad(x), -10, 10), DESCENT, {}),
    ],
    ids=["ascent in 16 bits", "rate in 16 bits", "no decay", "slow ascent", "clip in 32 bits", "clip"],
)
def test_errors_are_measured_by_the_change_of_a_step(dtype, wrong, right, options):
    assert "instead of" in failure(in_type(dtype, wrong), right, **options)
    decay = 0 if right is DESCENT else 1
    step = lambda x, grad, eta, lam=0: x - eta * (grad(x) + decay * lam * x)
    assert_optimizer(in_type(dtype, step), right, **options)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("eta_", [1e-2, 1e-5, 1e-8, 1e-11, 1e-17])
@pytest.mark.parametrize("lam_", [1e-1, 1e-3, 1e-6])
def test_a_wrong_term_never_passes_at_any_rate(dtype, eta_, lam_):
    def variant(past=1, slope=1, decay=1, move=1):
        def step(u, x, grad, eta, rho, lam):
            u, x = (np.asarray(s, dtype=float).astype(dtype) for s in (u, x))
            new = past * rho * u - eta * (slope * grad(x) + decay * lam * x)
            return new.astype(dtype), (x + move * new).astype(dtype)

        return step

    options = {"values": {"eta": eta_, "lam": lam_}, "rtol": 0.02 if dtype is np.float16 else None}
    for name in ("past", "slope", "decay", "move"):
        for factor in (0, -1):
            failure(variant(**{name: factor}), DECAYED_BALL, **options)
    try:
        assert_optimizer(variant(), DECAYED_BALL, **options)
    except AssertionError as error:  # the right one passes, or it is said that nothing could be seen
        rate_is_zero = eta_ < np.finfo(dtype).smallest_subnormal
        assert rate_is_zero or "cannot be told apart at this precision" in str(error)  # noqa: PT017
        assert dtype is not np.float64 or eta_ * lam_ < 1e-11


def test_what_a_type_cannot_resolve_is_refused():
    slow = {"values": {"eta": 1e-9}}
    right = in_type(np.float32, lambda x, grad, eta: x - eta * grad(x))
    text = failure(right, DESCENT, **slow)
    assert "cannot be told apart at this precision: choose larger values= or a wider type" in text
    assert "leaving out eta changes no step by more than the tolerance" in text
    assert "leaving out the gradient changes no step" in text
    assert "leaving x as it is changes no step" in text
    assert_optimizer(lambda x, grad, eta: x - eta * grad(x), DESCENT, **slow)  # as a formula
    without = failure(in_type(float, lambda x, grad, eta, lam: x - eta * grad(x)), DECAY, values={"lam": 0})
    assert "leaving out lam changes no step" in without


def test_a_parameter_that_cancels_need_not_be_seen():
    cancels = rule({x: x - eta * G + (1 + lam) * x - x - lam * x})
    assert lam in parameters(cancels)
    assert_optimizer(in_type(float, lambda x, grad, eta, lam: x - eta * grad(x)), cancels)


def test_types_of_sixteen_bits_need_a_tolerance():
    with pytest.raises(TypeError, match=r"x is float16, whose resolution is 0.00098: give rtol="):
        assert_optimizer(in_type(np.float16, lambda x, grad, eta: x - eta * grad(x)), DESCENT)


def test_adam_in_single_precision_follows_its_rule():
    m, k, s = Symbol("m", real=True), Symbol("k", nonnegative=True), Symbol("s", nonnegative=True)
    b1, b2, eps = (Symbol(name, positive=True) for name in ("b1", "b2", "eps"))
    mean, square = after(m) / (1 - b1 ** after(k)), after(s) / (1 - b2 ** after(k))
    new = {m: b1 * m + (1 - b1) * G, s: b2 * s + (1 - b2) * G**2, k: k + 1}
    adam = rule({**new, x: x - eta * mean / (sqrt(square) + eps)})

    def step(m, s, k, x, grad, eta, b1, b2, eps, sign=-1):
        m, s, x = (np.asarray(a, dtype=float).astype(np.float32) for a in (m, s, x))
        b1, b2, eta, eps, one = map(np.float32, (b1, b2, eta, eps, 1))
        g = grad(x).astype(np.float32)
        m, s, k = b1 * m + (one - b1) * g, b2 * s + (one - b2) * g * g, k + 1
        change = eta * (m / (one - b1 ** np.float32(k))) / (np.sqrt(s / (one - b2 ** np.float32(k))) + eps)
        return m, s, k, x + sign * change

    usual = {"values": {"b1": 0.9, "b2": 0.999, "eta": 1e-3}}
    assert_optimizer(step, adam, **usual)
    wrong = lambda m, s, k, x, grad, eta, b1, b2, eps: step(m, s, k, x, grad, eta, b1, b2, eps, 1)
    assert "instead of" in failure(wrong, adam, **usual)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("right", "step"),
    [
        (rule({x: x - eta * sign(G)}), lambda x, grad, eta: x - eta * np.sign(grad(x))),
        (rule({x: x - eta * G**3}), lambda x, grad, eta: x - eta * grad(x) ** 3),
        (rule({x: x - eta * G - eta * exp(x)}), lambda x, grad, eta: x - eta * grad(x) - eta * np.exp(x)),
        (
            rule({x: (1 - eta * lam) * x - eta * G}),
            lambda x, grad, eta, lam: x - eta * lam * x - eta * grad(x),
        ),
    ],
    ids=["sign", "cubic", "exponential", "decay"],
)
def test_right_steps_pass_in_single_precision_from_any_start(dtype, right, step):
    for seed in range(5):
        assert_optimizer(in_type(dtype, step), right, seed=seed)
