"""Rules of Python and NumPy code, against the laws that are written by hand beside each piece of code."""

import contextlib
import math
import re

import numpy as np
import pytest
from sympy import Piecewise, Rational, Symbol, sqrt

import physsym as ps
from physsym.core.symbols import after, grad, partial
from physsym.core.verdicts import Hypothesis
from physsym.optimizers import LiftError
from physsym.vocabulary import x

lr, mu, momentum, v, m, s, eps, b1, b2, k, c = (
    Symbol(n, real=True) for n in ["lr", "mu", "momentum", "v", "m", "s", "eps", "b1", "b2", "k", "c"]
)
g = grad(x)
DESCENT = ps.rule({x: x - lr * g})
SUM = {v: mu * v + g, x: x - lr * after(v)}
SOURCE = {v: mu * v - lr * g, x: x + after(v)}


# ------------------------------------------------------------------ functions


def descent(w, grad, lr=0.1):
    return w - lr * grad


def descent_in_place(w, grad, lr):
    w -= lr * grad


def descent_with_out(theta, g, lr):
    np.subtract(theta, lr * g, out=theta)


def descent_of_lists(params, grads, lr):
    for p, d in zip(params, grads, strict=True):
        p -= lr * d


def descent_by_index(params, grads, lr):
    for i in range(len(params)):
        params[i] = params[i] - lr * grads[i]
    return params


def descent_of_dict(params, grads, lr=0.1):
    for key in params:
        params[key] = params[key] - lr * grads[key]


def descent_of_a_list_of_new(params, grads, lr):
    return [p - lr * d for p, d in zip(params, grads, strict=True)]


def descent_with_function(w, grad, lr):
    return w - lr * grad(w)


descent_as_lambda = lambda w, g, lr: w - lr * g


@pytest.mark.parametrize(
    "code",
    [
        descent,
        descent_in_place,
        descent_with_out,
        descent_of_lists,
        descent_by_index,
        descent_of_dict,
        descent_of_a_list_of_new,
        descent_with_function,
        descent_as_lambda,
    ],
)
def test_gradient_descent_in_all_styles(code):
    lifted = ps.lift(code)
    assert lifted.rule == DESCENT
    assert not lifted.assumes
    assert lifted.check.steps >= 40
    assert lifted.check.difference < 1e-12


def sum_in_place(w, v, grad, lr, mu):
    v *= mu
    v += grad
    w -= lr * v


def sum_returned(w, v, grad, lr, mu):
    v = mu * v + grad
    return w - lr * v, v


def sum_returned_the_other_way(w, v, grad, lr, mu):
    v_new = mu * v + grad
    w_new = w - lr * v_new
    return v_new, w_new


def sum_returned_as_dict(w, v, grad, lr, mu):
    v = mu * v + grad
    return {"v": v, "w": w - lr * v}


def sum_of_expressions(w, v, grad, lr, mu):
    return w - lr * (mu * v + grad), mu * v + grad


def sum_with_slices(w, v, grad, lr, mu):
    v[:] = mu * v + grad
    w[:] -= lr * v


@pytest.mark.parametrize(
    "code",
    [
        sum_in_place,
        sum_returned,
        sum_returned_the_other_way,
        sum_returned_as_dict,
        sum_of_expressions,
        sum_with_slices,
    ],
)
def test_momentum_with_the_state_as_an_argument(code):
    lifted = ps.lift(code)
    assert ps.same_rule(lifted.rule, ps.rule(SUM))
    assert lifted.rule.start == ()  # it starts where its user says


def source_in_a_dict(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("lr", 1e-2)
    config.setdefault("mu", 0.9)
    v = config.get("v", np.zeros_like(w))
    v = config["mu"] * v - config["lr"] * dw
    next_w = w + v
    config["v"] = v
    return next_w, config


def source_in_a_state(params, grads, state, lr, mu):
    v = state.setdefault("v", np.zeros_like(params))
    v *= mu
    v -= lr * grads
    params += v


def source_made(lr, mu):
    v = 0

    def step(w, g):
        nonlocal v
        v = mu * v - lr * g
        return w + v

    return step


class SourceOfNone:
    def __init__(self, lr=0.01, mu=0.9):
        self.lr = lr
        self.mu = mu
        self.v = None

    def update(self, params, grads):
        if self.v is None:
            self.v = np.zeros_like(params)
        self.v = self.mu * self.v - self.lr * grads
        params += self.v


class SourceOfDicts:
    """In the style of a textbook: a dictionary of parameters, a state for each."""

    def __init__(self, lr=0.01, mu=0.9):
        self.lr = lr
        self.mu = mu
        self.v = None

    def update(self, params, grads):
        if self.v is None:
            self.v = {}
            for key, val in params.items():
                self.v[key] = np.zeros_like(val)
        for key in params:
            self.v[key] = self.mu * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


class SourceOfLists:
    def __init__(self, params, lr=0.01, mu=0.9):
        self.params = params
        self.lr, self.mu = lr, mu
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i, (p, d) in enumerate(zip(self.params, grads, strict=True)):
            self.v[i] = self.mu * self.v[i] - self.lr * d
            p += self.v[i]


class SourceOfIds:
    def __init__(self, lr=0.01, mu=0.9):
        self.lr, self.mu, self.state = lr, mu, {}

    def step(self, params, grads):
        for p, d in zip(params, grads, strict=True):
            slot = self.state.setdefault(id(p), {"v": np.zeros_like(p)})
            slot["v"] = self.mu * slot["v"] - self.lr * d
            p += slot["v"]


class SourceThatKeepsItsWeights:
    def __init__(self, w0, lr=0.01, mu=0.9):
        self.w = np.array(w0, dtype=float)
        self.v = np.zeros(len(self.w))
        self.lr, self.mu = lr, mu

    def step(self, g):
        self.v = self.mu * self.v - self.lr * g
        self.w = self.w + self.v
        return self.w


class SourceThatIsCalled:
    def __init__(self, lr: float, mu: float = 0.9):
        if lr <= 0:
            raise ValueError("lr must be positive")
        self.lr, self.mu, self.v = float(lr), float(mu), 0.0

    def __call__(self, w, g):
        self.v = self.mu * self.v - self.lr * g
        return w + self.v


@pytest.mark.parametrize(
    "code",
    [
        source_in_a_dict,
        source_in_a_state,
        source_made,
        SourceOfNone,
        SourceOfDicts,
        SourceOfLists,
        SourceOfIds,
        SourceThatKeepsItsWeights,
        SourceThatIsCalled,
    ],
)
def test_momentum_with_the_state_kept_by_the_code(code):
    lifted = ps.lift(code)
    assert ps.same_rule(lifted.rule, ps.rule(SOURCE, start={v: 0}))
    assert lifted.rule.start == ((v, 0),)
    assert lifted.first is None
    if code is SourceThatIsCalled:
        assert [str(a) for a in lifted.assumes] == ["lr > 0"]
    elif code not in (source_made, source_in_a_state):
        assert dict(lifted.rule.typical) == {lr: Rational(1, 100), mu: Rational(9, 10)}


def test_a_learning_rate_of_zero_is_in_the_range():
    lifted = ps.lift(SourceOfNone)
    assert [str(c) for c in lifted.rule.ranges if lr in c.expression.free_symbols] == ["lr >= 0"]
    still = ps.optimizer(lifted.rule, lr=0, mu=0.9)
    assert still.run([1.0, -2.0], lambda x: x, steps=2).x.tolist() == [[1.0, -2.0]] * 3


# ------------------------------------------------------------------ names for one array


def one_array_of_two_names(w, v, g, lr):
    old = v
    v *= 0.9
    v += g
    w -= lr * (1.9 * v - 0.9 * old)


def a_copy(w, v, g, lr):
    old = v.copy()
    v *= 0.9
    v += g
    w -= lr * (1.9 * v - 0.9 * old)


def two_names_returned(w, v, g, lr):
    old = v
    v *= 0.9
    v += g
    return w - lr * (1.9 * v - 0.9 * old), v


def test_names_for_one_array_share_what_happens_to_it():
    nine = Rational(9, 10)
    shared, copied = ps.lift(one_array_of_two_names), ps.lift(a_copy)
    assert ps.same_rule(shared.rule, ps.rule({v: nine * v + g, x: x - lr * after(v)}))
    assert ps.same_rule(
        copied.rule, ps.rule({x: x - lr * (Rational(19, 10) * (nine * v + g) - nine * v), v: nine * v + g})
    )
    assert not shared.assumes
    assert not copied.assumes
    either = ps.lift(two_names_returned)
    assert ps.same_rule(either.rule, shared.rule)
    assert any("with plain numbers it follows another law" in str(a) for a in either.assumes)


class TwoNamesInAttributes:
    def __init__(self, lr=0.1):
        self.lr, self.v, self.last = lr, None, None

    def step(self, w, g):
        if self.v is None:
            self.v = np.zeros_like(w)
            self.last = self.v
        self.v *= 0.5
        self.v += g
        w -= self.lr * (self.v + self.last)


class WeightsUnderTwoNames:
    """The weights of the last step are the same array as those of this one, so their difference is zero."""

    def __init__(self, lr=0.1):
        self.lr, self.last = lr, None

    def step(self, w, g):
        if self.last is None:
            self.last = w
        w -= self.lr * g + 0.9 * (self.last - w)
        self.last = w


class WeightsCopied(WeightsUnderTwoNames):
    def step(self, w, g):
        if self.last is None:
            self.last = w.copy()
        before = w.copy()
        w -= self.lr * g - 0.9 * (w - self.last)
        self.last = before


def test_attributes_that_are_one_array():
    assert ps.same_rule(
        ps.lift(TwoNamesInAttributes).rule, ps.rule({v: v / 2 + g, x: x - 2 * lr * after(v)}, start={v: 0})
    )
    assert ps.same_rule(ps.lift(WeightsUnderTwoNames).rule, DESCENT)
    last = Symbol("last", real=True)
    found = ps.lift(WeightsCopied)
    step = x - lr * g + Rational(9, 10) * (x - last)
    for update in found.rule.updates:
        expected = {x: step, last: x}[update.target]
        assert ps.identical(update.value.xreplace({after(x): step}), expected)
    assert found.rule.start == ((last, x),)


def a_view(w, v, g, lr):
    tail = v[:]
    tail *= 0.9
    tail += g
    w -= lr * v


def test_views_share_what_happens_to_their_array():
    assert ps.same_rule(ps.lift(a_view).rule, ps.rule({v: Rational(9, 10) * v + g, x: x - lr * after(v)}))


# ------------------------------------------------------------------ adaptive rules, counters, first steps


class Adam:
    def __init__(self, lr=0.001, b1=0.9, b2=0.999, eps=1e-8):
        self.lr, self.b1, self.b2, self.eps = lr, b1, b2, eps
        self.m, self.v, self.t = 0, 0, 0

    def step(self, w, g):
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m_hat = self.m / (1 - self.b1**self.t)
        v_hat = self.v / (1 - self.b2**self.t)
        return w - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamWithMath:
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.params = params
        self.lr, (self.b1, self.b2), self.eps = lr, betas, eps
        self.m = [np.zeros(p.shape) for p in params]
        self.v = [np.zeros(p.shape) for p in params]
        self.t = 0

    def step(self, grads):
        self.t = self.t + 1
        lr_t = self.lr * math.sqrt(1 - self.b2**self.t) / (1 - math.pow(self.b1, self.t))
        for p, d, m, v in zip(self.params, grads, self.m, self.v, strict=True):
            m += (1 - self.b1) * (d - m)
            v += (1 - self.b2) * (np.square(d) - v)
            p -= lr_t * m / (np.sqrt(v) + self.eps)


def adam_with_counter(w, g, m, v, t, lr=0.001, b1=0.9, b2=0.999, eps=1e-8):
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    m_hat = m / (1 - b1**t)
    v_hat = v / (1 - b2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w, m, v


ADAM = {
    k: k + 1,
    m: b1 * m + (1 - b1) * g,
    v: b2 * v + (1 - b2) * g**2,
    x: x - lr * (after(m) / (1 - b1 ** after(k))) / (sqrt(after(v) / (1 - b2 ** after(k))) + eps),
}


def test_adam():
    lifted = ps.lift(Adam)
    assert lifted.rule == ps.rule(ADAM, start={k: 0, m: 0, v: 0})
    assert dict(lifted.rule.typical)[eps] == Rational(1, 10**8)


def test_adam_with_a_counter_that_the_caller_keeps():
    lifted = ps.lift(adam_with_counter)
    by_name = {u.target: u.value for u in lifted.rule.updates}
    assert by_name[x].xreplace({after(k): k + 1}).subs(k, k) == ADAM[x].xreplace({after(k): k + 1})
    assert any("t is 1 in the first step" in str(a) for a in lifted.assumes)


def test_adam_with_the_correction_in_the_rate():
    lifted = ps.lift(AdamWithMath)
    one, two = (Symbol(f"betas_{i}", real=True) for i in (1, 2))
    by_name = {u.target: u.value for u in lifted.rule.updates}
    rate = lr * sqrt(1 - two ** after(k)) / (1 - one ** after(k))
    assert ps.identical(by_name[x], x - rate * after(m) / (sqrt(after(v)) + eps))
    assert dict(lifted.rule.start) == {k: 0, m: 0, v: 0}


class FirstStep:
    def __init__(self, lr=0.1):
        self.lr, self.t, self.v = lr, 0, None

    def step(self, w, g):
        if self.t == 0:
            self.v = g
        else:
            self.v = 0.9 * self.v + 0.1 * g
        self.t += 1
        return w - self.lr * self.v


def test_a_first_step_of_its_own():
    lifted = ps.lift(FirstStep)
    mean = ps.rule({v: Rational(9, 10) * v + g / 10, x: x - lr * after(v)})
    assert ps.same_rule(ps.Rule(lifted.rule.updates), mean)
    assert lifted.first.updates[0] == ps.Update(v, g)
    assert ps.identical(lifted.first.updates[1].value.xreplace({after(v): g}), x - lr * g)


class Decay:
    def __init__(self, lr=0.1, decay=0.01):
        self.lr, self.decay, self.iterations = lr, decay, 0

    def step(self, w, g):
        lr = self.lr / (1 + self.decay * self.iterations)
        self.iterations += 1
        return w - lr * g


def test_a_rate_that_decays():
    decay = Symbol("decay", real=True)
    lifted = ps.lift(Decay)
    assert ps.same_rule(lifted.rule, ps.rule({x: x - lr / (1 + decay * k) * g, k: k + 1}, start={k: 0}))


class EveryTenth:
    def __init__(self, lr=0.1):
        self.lr, self.t = lr, 0

    def step(self, w, g):
        self.t += 1
        if self.t % 10 == 0:
            self.lr *= 0.5
        return w - self.lr * g


def test_what_changes_in_some_steps_only_is_a_state():
    lifted = ps.lift(EveryTenth)
    assert {str(t) for t in lifted.rule.targets} == {"k", "lr_state", "x"}
    assert lifted.rule.updates[1].value.has(Piecewise)
    assert dict(lifted.rule.start)[Symbol("lr_state", real=True)] == lr


# ------------------------------------------------------------------ case distinctions


def signs(w, g, lr):
    if g > 0:
        return w - lr
    elif g < 0:
        return w + lr
    return w


def sign_by_numpy(w, g, lr):
    return w - lr * np.sign(g)


def thresholded(w, g, lr):
    return w - lr * np.where(np.abs(g) > 1, 0, g)


def clipped(w, g, lr, c=1.0):
    return w - lr * np.clip(g, -c, c)


def clipped_by_builtins(w, g, lr, c=1.0):
    return w - lr * max(-c, min(c, g))


def masked(w, g, lr):
    big = np.abs(g) > 1
    g = g.copy()
    g[big] = 0
    w -= lr * g


def test_case_distinctions():
    assert ps.lift(signs).rule.updates[0].value == Piecewise((x - lr, g > 0), (x + lr, g < 0), (x, True))
    assert ps.lift(sign_by_numpy).rule == ps.rule({x: x - lr * ps.read("sign(G)")})
    for code, written in ((clipped, "Min(c, Max(-c, G))"), (clipped_by_builtins, "Max(-c, Min(c, G))")):
        assert ps.lift(code).rule == ps.rule({x: x - lr * ps.read(written, declare=[c])})
    one, other = ps.lift(thresholded).rule, ps.lift(masked).rule
    for value in (Rational(-3, 2), Rational(1, 2), 1, 2):
        expected = x if abs(value) > 1 else x - lr * value
        for rule in (one, other):
            assert rule.updates[0].value.subs(g, value) == expected


# ------------------------------------------------------------------ hyperparameters that decide the path


def with_weight_decay(w, g, lr=0.1, weight_decay=0.0):
    if weight_decay:
        g = g + weight_decay * w
    return w - lr * g


def with_positive_decay(w, g, lr=0.1, weight_decay=0.0):
    if weight_decay > 0:
        g = g + weight_decay * w
    return w - lr * g


def with_nesterov(w, v, g, lr=0.1, mu=0.9, nesterov=False):
    v = mu * v + g
    if nesterov:
        return w - lr * (g + mu * v), v
    return w - lr * v, v


def with_a_loop(w, g, lr=0.1, n=3):
    for _ in range(n):
        w = w - lr * g
    return w


def with_a_threshold(w, g, lr=0.1, mu=0.9):
    if mu > 0.5:
        return w - lr * g
    return w - 2 * lr * g


def test_a_path_that_hyperparameters_decide():
    decay = Symbol("weight_decay", real=True)
    lifted = ps.lift(with_weight_decay)
    assert ps.same_rule(lifted.rule, ps.rule({x: x - lr * (g + decay * x)}))
    assert not lifted.assumes  # the other path is the same law at weight_decay = 0
    assert ps.lift(with_weight_decay, weight_decay=0).rule == DESCENT
    positive = ps.lift(with_positive_decay)
    assert positive.rule == lifted.rule
    assert [str(a) for a in positive.assumes] == ["weight_decay >= 0"]
    assert ps.same_rule(ps.lift(with_nesterov).rule, ps.rule(SUM))
    nesterov = ps.lift(with_nesterov, nesterov=True)
    assert ps.same_rule(nesterov.rule, ps.rule({v: mu * v + g, x: x - lr * (g + mu * after(v))}))
    assert ps.lift(with_nesterov, lr=0.5, mu=0).rule == ps.rule({x: x - g / 2})
    loop = ps.lift(with_a_loop)
    assert ps.same_rule(loop.rule, ps.rule({x: x - 3 * lr * g}))
    assert [str(a) for a in loop.assumes] == ["n = 3, a whole number that decides how the code runs"]
    assert ps.same_rule(ps.lift(with_a_loop, n=2).rule, ps.rule({x: x - 2 * lr * g}))
    assert [str(a) for a in ps.lift(with_a_threshold).assumes] == ["mu - 1/2 > 0"]


# ------------------------------------------------------------------ gradients at other points


def nesterov(w, v, grad_f, lr, mu):
    v = mu * v - lr * grad_f(w + mu * v)
    return w + v, v


def extragradient(w, grad_f, lr):
    half = w - lr * grad_f(w)
    return w - lr * grad_f(half)


class LookAhead:
    def __init__(self, grad_fn, lr=0.1):
        self.grad_fn, self.lr = grad_fn, lr

    def step(self, w):
        return w - self.lr * self.grad_fn(w - self.lr)


def test_gradients_at_other_points():
    assert ps.same_rule(ps.lift(nesterov).rule, ps.rule({v: mu * v - lr * grad(x + mu * v), x: x + after(v)}))
    assert ps.lift(extragradient).rule == ps.rule({x: x - lr * grad(x - lr * g)})
    assert ps.lift(LookAhead).rule == ps.rule({x: x - lr * grad(x - lr)})


# ------------------------------------------------------------------ rules that mix coordinates


def normalized(w, g, lr):
    return w - lr * g / np.linalg.norm(g)


def clipped_by_norm(w, g, lr, c=1.0):
    size = np.sqrt(np.sum(g**2))
    if size > c:
        g = g * (c / size)
    return w - lr * g


def centered(w, g, lr):
    return w - lr * (g - g.mean())


class NormGrad:
    def __init__(self, lr=0.1):
        self.lr, self.s = lr, 0.0

    def step(self, w, g):
        self.s += np.dot(g, g)
        return w - self.lr * g / math.sqrt(self.s)


def divided_by_number(w, g, lr):
    return w - lr * g / len(w)


def test_rules_that_mix_coordinates():
    x1, x2 = (Symbol(f"x_{i}", real=True) for i in (1, 2))
    g1, g2 = (partial(i, x1, x2) for i in (1, 2))
    norm = sqrt(g1**2 + g2**2)
    lifted = ps.lift(normalized)
    assert lifted.mixes
    assert lifted.rule == ps.rule({x1: x1 - lr * g1 / norm, x2: x2 - lr * g2 / norm})
    clip = ps.lift(clipped_by_norm).rule.updates[0].value
    assert clip.subs({g1: 3, g2: 4, c: 1}) == x1 - lr * Rational(3, 5)
    assert clip.subs({g1: 3, g2: 4, c: 6}) == x1 - lr * 3
    assert ps.same_rule(
        ps.lift(centered).rule,
        ps.rule({x1: x1 - lr * (g1 - (g1 + g2) / 2), x2: x2 - lr * (g2 - (g1 + g2) / 2)}),
    )
    shared = ps.lift(NormGrad)
    assert shared.rule.targets[0] == s
    assert ps.identical(shared.rule.updates[0].value, s + g1**2 + g2**2)
    assert dict(shared.rule.start) == {s: 0}
    assert "number of weights" in ps.lift(divided_by_number).mixes[0]


# ------------------------------------------------------------------ more of what people write


class OfTheClass:
    lr = 0.1
    v = 2.0

    def step(self, w, g):
        self.v = 0.5 * self.v + g
        return w - self.lr * self.v


class Resilient:
    def __init__(self, lr=0.01, up=1.2, down=0.5):
        self.lr, self.up, self.down = lr, up, down
        self.d = self.prev = None

    def step(self, w, g):
        if self.d is None:
            self.d = np.full_like(w, self.lr)
            self.prev = np.zeros_like(w)
        s = g * self.prev
        self.d = np.where(s > 0, self.d * self.up, np.where(s < 0, self.d * self.down, self.d))
        self.prev = g
        return w - np.sign(g) * self.d


class Accumulated:
    def __init__(self, lr=0.1):
        self.lr, self.t, self.acc = lr, 0, 0

    def step(self, w, g):
        self.acc = self.acc + g
        self.t += 1
        if self.t == 4:
            w = w - self.lr * self.acc / 4
            self.acc = 0
            self.t = 0
        return w


class InTheStyleOfALibrary:
    def __init__(self, params, lr=0.1, mu=0.9, weight_decay=0.0, nesterov=False, dampening=0):
        self.params, self.lr, self.mu, self.wd = list(params), lr, mu, weight_decay
        self.nesterov, self.dampening, self.buf = nesterov, dampening, [None] * len(self.params)

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            d = g
            if self.wd != 0:
                d = d + self.wd * p
            if self.mu != 0:
                if self.buf[i] is None:
                    self.buf[i] = d.copy()
                else:
                    self.buf[i] *= self.mu
                    self.buf[i] += (1 - self.dampening) * d
                d = d + self.mu * self.buf[i] if self.nesterov else self.buf[i]
            p -= self.lr * d


class CountsEachArray:
    """A counter within the loop over arrays: the law depends on how many there are."""

    def __init__(self, lr=0.1):
        self.lr, self.t = lr, 0

    def step(self, params, grads):
        for p, g in zip(params, grads, strict=True):
            self.t += 1
            p -= self.lr * g / (1 + self.t)


class KeepsAHistory:
    def __init__(self, lr=0.1):
        self.lr, self.norms = lr, []

    def step(self, w, g):
        self.norms.append(np.linalg.norm(g))
        return w - self.lr * g


class ReadsItsHistory:
    def __init__(self, lr=0.1):
        self.lr, self.gradients = lr, []

    def step(self, w, g):
        self.gradients.append(g)
        return w - self.lr * sum(self.gradients[-2:])


def two_points(x, g, lr=0.1, momentum=0.9, last=None):
    if last is None:
        last = x
    new = x - lr * g + momentum * (x - last)
    return new, x


def guarded(w, g, lr):
    if np.max(np.abs(g)) > 1e3:
        raise ValueError("the gradient is too large")
    return w - lr * g


def test_start_values_of_classes_and_of_rates():
    found = ps.lift(OfTheClass)
    assert ps.same_rule(found.rule, ps.rule({v: v / 2 + g, x: x - after(v) / 10}, start={v: 2}))
    d, prev = Symbol("d", real=True), Symbol("prev", real=True)
    resilient = ps.lift(Resilient)
    assert dict(resilient.rule.start) == {d: lr, prev: 0}
    assert resilient.first is None


def test_gradients_that_are_accumulated():
    rule = ps.lift(Accumulated).rule
    states = {u.target.name: u for u in rule.updates}
    assert set(states) == {"acc", "t_state", "x"}
    acc, t = states["acc"].target, states["t_state"].target
    step = states["x"].value.xreplace({after(t): t + 1})
    assert step.subs({t: 3, acc: 5, g: 3, lr: Rational(1, 2)}) == x - 1
    assert step.subs({t: 2, acc: 5, g: 3, lr: Rational(1, 2)}) == x
    assert states["acc"].value.subs({t: 3, acc: 5, g: 3}) == 0
    assert states["acc"].value.subs({t: 2, acc: 5, g: 3}) == 8


def test_momentum_in_the_style_of_a_library():
    buf, wd, damp = (Symbol(n, real=True) for n in ("buf", "weight_decay", "dampening"))
    lifted = ps.lift(InTheStyleOfALibrary)
    d = g + wd * x
    expected = ps.rule({buf: mu * buf + (1 - damp) * d, x: x - lr * after(buf)}, start={buf: 0})
    assert ps.same_rule(lifted.rule, expected)
    assert lifted.first.updates[0].value.equals(d)
    assert [str(a) for a in lifted.assumes] == ["mu != 0"]
    plain = ps.lift(InTheStyleOfALibrary, mu=0, weight_decay=0)
    assert plain.rule == DESCENT


def test_what_depends_on_the_number_of_arrays():
    assert "number of weights or of their arrays" in ps.lift(CountsEachArray).mixes[0]


def test_a_history_matters_only_where_it_is_read():
    assert ps.lift(KeepsAHistory).rule == DESCENT
    with pytest.raises(LiftError, match=r"changes its form from step to step, in .*gradients"):
        ps.lift(ReadsItsHistory)


def test_the_order_of_what_is_returned_may_be_said():
    with pytest.raises(LiftError, match=r"returns 2 values, one of which may be the new last; .*roles="):
        ps.lift(two_points)
    lifted = ps.lift(two_points, roles={"returns": ("x", "last")})
    last = Symbol("last", real=True)
    by_name = {u.target: u.value for u in lifted.rule.updates}
    assert ps.identical(by_name[x], x - lr * g + momentum * (x - last))
    assert by_name[last] == x
    assert dict(lifted.rule.start) == {last: x}


def accelerated(x, y, grad, k, lr=0.1):
    x_new = y - lr * grad(y)
    y_new = x_new + (k - 1) / (k + 2) * (x_new - x)
    return x_new, y_new


def test_two_sequences_of_weights():
    y = Symbol("y", real=True)
    lifted = ps.lift(accelerated)
    by_name = {u.target: u.value for u in lifted.rule.updates}
    new = y - lr * grad(y)
    values = {after(x): new, after(y): by_name[y], after(k): k + 1}
    assert ps.identical(by_name[x].xreplace(values), new)
    (hypothesis,) = lifted.assumes
    start = int(str(hypothesis).split()[2])
    weight = (k + start - 1) / (k + start + 2)
    assert ps.identical(by_name[y].xreplace(values), new + weight * (new - x))


def increment(w, g, lr):
    return -lr * g


class Averaging:
    """Dual averaging: the weights are those of all gradients, whatever they were before."""

    def __init__(self, lr=0.1):
        self.lr, self.z = lr, 0.0

    def step(self, w, g):
        self.z = self.z + g
        return -self.lr * self.z


def test_weights_are_told_from_increments():
    with pytest.raises(LiftError, match="may return what is to be added"):
        ps.lift(increment)
    assert ps.lift(increment, roles={"returns": "increment"}).rule == DESCENT
    with pytest.raises(LiftError, match="may return what is to be added"):
        ps.lift(Averaging)
    z = Symbol("z", real=True)
    averaging = ps.lift(Averaging, roles={"returns": "weights"}).rule
    assert ps.same_rule(averaging, ps.rule({z: z + g, x: -lr * after(z)}, start={z: 0}))


def of_a_particle(x, v, g, m, dt):
    v = v - dt * g / m
    x = x + dt * v
    return x, v


def with_a_batch(w, g, n, lr):
    return w - lr * g / n


def with_constants(w, g, hp):
    return w - hp["lr"] * g


def test_hyperparameters_under_names_of_states():
    dt, n = (Symbol(name, real=True) for name in ("dt", "n"))
    particle = ps.lift(of_a_particle).rule
    assert ps.same_rule(particle, ps.rule({v: v - dt * g / m, x: x + dt * after(v)}))
    assert ps.same_rule(ps.lift(with_a_batch).rule, ps.rule({x: x - lr * g / n}))
    assert not ps.lift(with_a_batch).assumes
    assert ps.lift(with_constants).rule == DESCENT


def test_errors_that_the_code_raises_are_assumptions():
    lifted = ps.lift(guarded)
    assert lifted.rule == DESCENT
    assert "the code raises an error except where" in str(lifted.assumes[0])


# ------------------------------------------------------------------ what is refused

SPEEDS = {}
SPEED_LIST = [0.0]


def keeps_a_table(w, g, lr):
    SPEEDS["v"] = 0.9 * SPEEDS.get("v", 0) + g
    return w - lr * SPEEDS["v"]


def keeps_a_list(w, g, lr):
    SPEED_LIST[0] = 0.9 * SPEED_LIST[0] + g
    return w - lr * SPEED_LIST[0]


def keeps_an_attribute(w, g, lr):
    keeps_an_attribute.v = 0.9 * getattr(keeps_an_attribute, "v", 0) + g
    return w - lr * keeps_an_attribute.v


class KeepsInItsClass:
    v = 0.0

    def step(self, w, g):
        KeepsInItsClass.v = 0.9 * KeepsInItsClass.v + g
        return w - KeepsInItsClass.v


@pytest.mark.parametrize("code", [keeps_a_table, keeps_a_list, keeps_an_attribute, KeepsInItsClass])
def test_states_outside_are_refused_and_put_back(code):
    with pytest.raises(LiftError, match="keeps a state in"):
        ps.lift(code)
    assert (SPEEDS, SPEED_LIST, KeepsInItsClass.v) == ({}, [0.0], 0.0)
    assert not vars(keeps_an_attribute)


def hyperbolic(w, g, lr):
    return w - lr * np.sinh(g) / np.cosh(g) + math.pi * 0 * g


def test_functions_written_by_others():
    value = ps.lift(hyperbolic).rule.updates[0].value
    for number in (-2.0, 0.5):
        assert abs(float(((x - value) / lr).subs(g, number)) - math.tanh(number)) < 1e-12


def draws(w, g, lr):
    return w - lr * (g + np.random.randn(*np.shape(w)))


RNG = np.random.default_rng(0)


def draws_from_a_generator(w, g, lr):
    return w - lr * (g + RNG.normal(size=np.shape(w)))


def uses_svd(w, g, lr):
    _, singular, _ = np.linalg.svd(g.reshape(1, -1))
    return w - lr * g / singular[0]


def searches(w, g, lr):
    step = lr
    while np.abs(step * g).max() > 1e-9:
        step = step / 2
    return w - step * g


def makes_integers(w, g, lr):
    return w - lr * np.round(g)


def half_precision(w, g, lr):
    return (w.astype(np.float16) - lr * g.astype(np.float16)).astype(float)


TOTAL = np.zeros(2)


def writes_elsewhere(w, g, lr):
    TOTAL[: np.size(w)] += g
    return w - lr * TOTAL[: np.size(w)]


def keeps_a_global(w, g, lr):
    global SPEED
    SPEED = g
    return w - lr * SPEED


def treats_weights_differently(w, g, lr):
    w[0] -= lr * g[0]
    w[1:] -= 2 * lr * g[1:]


def fails(w, g, lr):
    return w - lr * g.nothing


class FromAnIterator:
    """The rates change after a hundred steps, which no comparison over a dozen steps would show."""

    def __init__(self):
        self.rates = iter([0.1] * 100 + [0.01] * 100)

    def step(self, w, g):
        return w - next(self.rates) * g


RATES = iter([0.1] * 100)


def from_a_global_iterator(w, g):
    return w - next(RATES) * g


class FromAList:
    def __init__(self):
        self.rates, self.t = [0.1, 0.05, 0.01], 0

    def step(self, w, g):
        rate = self.rates[min(self.t, 2)]
        self.t += 1
        return w - rate * g


class WholeNumbers:
    def __init__(self):
        self.v = None

    def step(self, w, g):
        if self.v is None:
            self.v = np.zeros(np.shape(w), dtype=int)
        self.v[...] = 0.9 * self.v + g
        return w - self.v


def drops_symbols(w, g, lr):
    return w - float(f"{lr}"[:4] if isinstance(lr, float) and str(lr)[0].isdigit() else 0.1) * g


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (draws, r"test_lift_python.py:\d+: np.random.randn draws random numbers"),
        (draws_from_a_generator, r"does it draw random numbers.* as in test_lift_python.py:\d+"),
        (uses_svd, r"test_lift_python.py:\d+: np.linalg.svd cannot be lifted"),
        (searches, r"test_lift_python.py:\d+: the code branches on .*line search"),
        (makes_integers, r"test_lift_python.py:\d+: .*round"),
        (half_precision, r"test_lift_python.py:\d+: computes in float16"),
        (writes_elsewhere, "keeps a state in the global variable TOTAL"),
        (
            keeps_a_global,
            r"test_lift_python.py:\d+: .* in the global variable SPEED",
        ),
        (treats_weights_differently, "weights 1 and 2 follow different laws"),
        (fails, r"on an array: test_lift_python.py:\d+: AttributeError"),
        (FromAnIterator, "self.rates is an iterator"),
        (from_a_global_iterator, "draws from the iterator RATES"),
        (FromAList, r"test_lift_python.py:\d+: .*self.t.* is used as a whole number"),
        (WholeNumbers, "does not follow the code"),
        (drops_symbols, "does not follow the code"),
        (math.sqrt, "no argument is the weights|no Python code"),
    ],
)
def test_what_cannot_be_lifted_is_refused_with_the_line(code, said):
    with pytest.raises(LiftError, match=said):
        ps.lift(code)


def ambiguous(a, b, lr):
    return a - lr * b


def test_arguments_without_a_known_name_are_asked_for():
    with pytest.raises(LiftError, match=r"no argument is the weights.*roles="):
        ps.lift(ambiguous)
    assert ps.lift(ambiguous, roles={"a": "weights", "b": "gradient"}).rule == DESCENT
    with pytest.raises(LiftError, match="roles are weights, gradient"):
        ps.lift(ambiguous, roles={"a": "wheights"})
    with pytest.raises(TypeError, match="has no hyperparameter rate; it has a, b, lr"):
        ps.lift(ambiguous, rate=1)


def test_single_precision_is_told():
    def single(w, g, lr):
        return (w.astype(np.float32) - np.float32(0.5) * g.astype(np.float32)).astype(np.float64)

    lifted = ps.lift(single)
    assert lifted.rule == ps.rule({x: x - g / 2})
    assert lifted.check.precision == "float32"


def test_origins_name_the_lines():
    lifted = ps.lift(sum_returned)
    first = sum_returned.__code__.co_firstlineno
    places = {str(term): where for term, where in lifted.origins}
    assert places["mu*v"] == f"test_lift_python.py:{first + 1}"
    assert set(places.values()) == {f"test_lift_python.py:{first + 1}", f"test_lift_python.py:{first + 2}"}


def test_globals_and_modules_are_put_back():
    before = (np.zeros, math.sqrt, np.random.randn, dict(globals()))
    ps.lift(AdamWithMath)
    with pytest.raises(LiftError):
        ps.lift(draws)
    assert (np.zeros, math.sqrt, np.random.randn) == before[:3]
    assert globals().keys() == before[3].keys()


def test_a_closure_and_an_object_are_left_as_they_are():
    step, thing = source_made(0.5, 0.25), SourceOfNone()
    lifted = ps.lift(step)
    assert ps.same_rule(lifted.rule, ps.rule({v: v / 4 - g / 2, x: x + after(v)}, start={v: 0}))
    assert {c.cell_contents for c in step.__closure__} == {0, 0.5, 0.25}
    ps.lift(thing)
    assert thing.v is None


def test_an_object_is_lifted_with_its_values():
    lifted = ps.lift(SourceOfNone(lr=0.5, mu=0.25))
    assert ps.same_rule(lifted.rule, ps.rule({v: v / 4 - g / 2, x: x + after(v)}, start={v: 0}))


def test_rules_in_a_file(tmp_path):
    file = tmp_path / "own_optimizers.py"
    file.write_text("import numpy as np\n\n\ndef step(w, grad, lr=0.1):\n    return w - lr * np.sign(grad)\n")
    lifted = ps.lift(f"{file}:step")
    assert lifted.rule == ps.rule({x: x - lr * ps.read("sign(G)")})
    assert ps.lift(f"{file}:step(lr=0.5)").rule == ps.rule({x: x - ps.read("sign(G)") / 2})


def test_hypotheses_are_sentences():
    assert all(isinstance(a, Hypothesis) for a in ps.lift(with_a_loop).assumes)


# ------------------------------------------------------------------ what must not be dropped in silence


class Milestones:
    def __init__(self, lr=0.1):
        self.lr, self.t, self.milestones = lr, 0, {100, 200}

    def step(self, w, g):
        self.t += 1
        if self.t in self.milestones:
            self.lr *= 0.1
        return w - self.lr * g


class RatesByStep(Milestones):
    def step(self, w, g):
        self.t += 1
        return w - self.lr * {100: 0.1}.get(self.t, 1.0) * g


class StepByText(Milestones):
    def step(self, w, g):
        self.t += 1
        return w - self.lr * (0.1 if str(self.t) == "100" else 1.0) * g


class LooksUpAndCatches(Milestones):
    def step(self, w, g):
        self.t += 1
        try:
            rate = {100: 0.1}[self.t]
        except KeyError:
            rate = 1.0
        return w - rate * self.lr * g


@pytest.mark.parametrize("code", [Milestones, RatesByStep, StepByText, LooksUpAndCatches])
def test_numbers_looked_up_in_sets_and_dictionaries_or_as_text_are_refused(code):
    with pytest.raises(LiftError, match=r"test_lift_python\.py:\d+: (looks up|compares the text)"):
        ps.lift(code)


class SaysWhatIsWrong:
    def __init__(self, lr=0.1):
        if lr < 0:
            raise ValueError(f"lr is {lr}, not " + str(lr))
        self.lr = lr

    def step(self, w, g):
        return w - self.lr * g


def test_numbers_may_stand_in_messages():
    assert ps.lift(SaysWhatIsWrong).rule == DESCENT


def optimistic(w, g, before, lr=0.1):
    return w - lr * (2 * g - before), g.copy()


def decaying(w, g, lr=0.1, decay=0.99):
    return w - lr * g, lr * decay


def counting(w, g, n, lr=0.1):
    return w - lr * g / n, n + 1


@pytest.mark.parametrize(("code", "state"), [(optimistic, "before"), (decaying, "lr"), (counting, "n")])
def test_a_returned_value_that_no_argument_takes_is_no_rule(code, state):
    with pytest.raises(LiftError, match=rf"may be the new .*\b{state}\b.*roles="):
        ps.lift(code)


def test_what_no_later_step_is_given_may_be_left_out():
    assert ps.lift(decaying, roles={"returns": ("w", "")}).rule == DESCENT


def two_sequences(w, g, y, lr=0.1):
    new = w - lr * g
    return new + 0.9 * (new - y), new


def polyak(w, w_prev, g, lr=0.1, b=0.9):
    return w - lr * g + b * (w - w_prev), w


def test_returned_values_are_told_apart_by_states_that_are_like_the_weights_too():
    with pytest.raises(LiftError, match="can be read as"):
        ps.lift(two_sequences)
    found = ps.lift(polyak).rule
    before, b = Symbol("w_prev", real=True), Symbol("b", real=True)
    values = {u.target: u.value for u in found.updates}
    assert values[before] == x
    assert ps.identical(values[x], x - lr * g + b * (x - before))


def catches_all(w, g, lr=0.1):
    try:
        size = float(np.median(np.abs(g)))
        if size > 1e3:
            g = g / size
    except Exception:
        pass
    return w - lr * g


def suppresses(w, g, lr=0.1):
    with contextlib.suppress(Exception):
        if int(np.max(abs(g))) > 1000:
            g = g * 0
    return w - lr * g


@pytest.mark.parametrize("code", [catches_all, suppresses])
def test_a_refusal_that_code_catches_is_raised_all_the_same(code):
    with pytest.raises(LiftError, match="makes a plain number"):
        ps.lift(code)


def decays_matrices(w, g, lr=0.1, wd=0.01):
    return w - lr * (g + wd * w if w.ndim >= 2 else g)


def decays_large_ones(w, g, lr=0.1, wd=0.01):
    return w - lr * (g + wd * w if w.size >= 4 else g)


def decays_all_but_biases(params, grads, lr=0.1, wd=0.01):
    for k in params:
        params[k] -= lr * (grads[k] if "bias" in k else grads[k] + wd * params[k])


def slows_later_layers(params, grads, lr=0.1):
    for i, (p, d) in enumerate(zip(params, grads, strict=True)):
        p -= lr * (1 if i < 2 else 0.1) * d


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (decays_matrices, "a few weights in a vector; with a matrix"),
        (decays_large_ones, "a few weights in a vector; with more than a few"),
        (decays_all_but_biases, "two arrays in a dict"),
        (slows_later_layers, "two arrays in a list"),
    ],
)
def test_laws_of_other_shapes_and_names_are_said(code, said):
    assert [said in str(a) and "another law" in str(a) for a in ps.lift(code).assumes] == [True]


def rmsprop_of_a_dictionary(params, grads, cache, lr=0.01, decay=0.99):
    for k in params:
        cache[k] = decay * cache[k] + (1 - decay) * grads[k] ** 2
        params[k] += -lr * grads[k] / np.sqrt(cache[k])


def test_states_in_dictionaries_that_the_caller_hands_over():
    cache, decay = Symbol("cache", real=True), Symbol("decay", real=True)
    found = ps.lift(rmsprop_of_a_dictionary).rule
    new = decay * cache + (1 - decay) * g**2
    assert ps.same_rule(found, ps.rule({cache: new, x: x - lr * g / sqrt(after(cache))}))


def another_name(w, before, g, lr=0.1, b=0.9):
    new = w + b * (w - before) - lr * g
    before = w
    w[:] = new
    return w, before


def test_a_state_that_only_the_first_step_reads_is_refused():
    with pytest.raises(LiftError, match="first step reads before, which later steps do not"):
        ps.lift(another_name)


def test_how_coordinates_mix_is_said_in_words_with_the_line():
    words = ps.lift(clipped_by_norm).mixes
    assert any(
        re.fullmatch(r"the sum of squares over the coordinates of an array \(test_lift_python\.py:\d+\)", w)
        for w in words
    )


def with_roles(w, g, lr=0.1, roles=1.0):
    return w - lr * roles * g


def test_a_hyperparameter_that_is_called_roles():
    roles = Symbol("roles", real=True)
    assert ps.lift(with_roles).rule == ps.rule({x: x - lr * roles * g})
    assert ps.lift(with_roles, roles={"roles": 2.0}).rule == ps.rule({x: x - 2 * lr * g})
    with pytest.raises(LiftError, match="itself called roles is given as"):
        ps.lift(with_roles, roles=2.0)


def from_scratch(w, grad_wrt_w, learning_rate=0.01):
    return w - learning_rate * grad_wrt_w


def by_parameter(param, param_grad, lr=0.01):
    param -= lr * param_grad


@pytest.mark.parametrize("code", [from_scratch, by_parameter])
def test_names_of_gradients_in_compounds(code):
    rate = Symbol("learning_rate" if code is from_scratch else "lr", real=True)
    assert ps.lift(code).rule == ps.rule({x: x - rate * g})


class OfParameters:
    """As in small libraries of automatic differentiation."""

    def __init__(self, parameters, lr=0.01, momentum=0.9):
        self.parameters = list(parameters)
        self.lr, self.momentum = lr, momentum
        self.velocities = [np.zeros_like(p.data) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        for i, p in enumerate(self.parameters):
            self.velocities[i] = self.momentum * self.velocities[i] + p.grad
            p.data = p.data - self.lr * self.velocities[i]


class OfParametersInPlace:
    def __init__(self, params, lr=0.01, weight_decay=0.1):
        self.params, self.lr, self.weight_decay = params, lr, weight_decay

    def step(self):
        for p in self.params:
            p.grad += self.weight_decay * p.data
            p.data -= self.lr * p.grad


class OfOneVelocity(OfParameters):
    """A fault: all parameters share one velocity."""

    def step(self):
        for p in self.parameters:
            self.velocities[0] = self.momentum * self.velocities[0] + p.grad
            p.data -= self.lr * self.velocities[0]


def test_classes_that_are_made_with_parameter_objects():
    velocities, decay = Symbol("velocities", real=True), Symbol("weight_decay", real=True)
    found = ps.lift(OfParameters)
    new = momentum * velocities + g
    assert ps.same_rule(
        found.rule, ps.rule({velocities: new, x: x - lr * after(velocities)}, {velocities: 0})
    )
    assert found.check.difference < 1e-12
    plain = ps.lift(OfParametersInPlace).rule
    assert ps.same_rule(plain, ps.rule({x: x - lr * (g + decay * x)}))


def test_parameter_objects_that_share_a_state_follow_no_single_law():
    with pytest.raises(LiftError, match=r"test_lift_python\.py:\d+"):
        ps.lift(OfOneVelocity)
