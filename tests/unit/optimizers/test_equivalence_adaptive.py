"""Whether adaptive rules are the same, as libraries write them: against runs in 40 digits."""

import random

import pytest
from sympy import Abs, Float, Max, Rational, Symbol, sign, sqrt

import physsym as ps
from physsym import Outcome, after, grad, rule
from physsym.core.conditions import as_conditions
from physsym.vocabulary import x
from tests.unit.optimizers.exact_runs import points

g = grad(x)
lr, b1, b2, eps, wd, mu = (Symbol(n, real=True) for n in ("lr", "b1", "b2", "eps", "wd", "mu"))
rate, beta1, beta2, e = (Symbol(n, real=True) for n in ("rate", "beta1", "beta2", "e"))
m, v, k, buf, top = (Symbol(n, real=True) for n in ("m", "v", "k", "buf", "top"))
avg, sq, t = (Symbol(n, real=True) for n in ("avg", "sq", "t"))
RANGES = as_conditions((lr > 0, b1 >= 0, b1 < 1, b2 >= 0, b2 < 1, eps > 0, wd >= 0, mu >= 0, mu < 1))
OTHER = as_conditions((rate > 0, beta1 >= 0, beta1 < 1, beta2 >= 0, beta2 < 1, e > 0))

moments = {k: k + 1, m: b1 * m + (1 - b1) * g, v: b2 * v + (1 - b2) * g**2}
first, second = after(m) / (1 - b1 ** after(k)), after(v) / (1 - b2 ** after(k))
# D. Kingma, J. Ba, Adam, 2015, algorithm 1; then as PyTorch computes it.
PAPER = rule({**moments, x: x - lr * first / (sqrt(second) + eps)}, ranges=RANGES)
TORCH = rule(
    {
        t: t + 1,
        avg: avg + (1 - beta1) * (g - avg),
        sq: beta2 * sq + (1 - beta2) * g * g,
        x: x
        - rate / (1 - beta1 ** after(t)) * after(avg) / (sqrt(after(sq)) / sqrt(1 - beta2 ** after(t)) + e),
    },
    ranges=OTHER,
)
# The corrections folded into the rate, as Keras has it: eps is not the same.
FOLDED = rule(
    {
        **moments,
        x: x - lr * sqrt(1 - b2 ** after(k)) / (1 - b1 ** after(k)) * after(m) / (sqrt(after(v)) + eps),
    },
    ranges=RANGES,
)
ADAMW = rule({**moments, x: x - lr * (first / (sqrt(second) + eps) + wd * x)}, ranges=RANGES)
MAX_AFTER = rule(
    {**moments, top: Max(top, second), x: x - lr * first / (sqrt(after(top)) + eps)}, ranges=RANGES
)
MAX_BEFORE = rule(
    {
        **moments,
        top: Max(top, after(v)),
        x: x - lr * first / (sqrt(after(top) / (1 - b2 ** after(k))) + eps),
    },
    ranges=RANGES,
)
square = {v: b2 * v + (1 - b2) * g**2}
RMS_TORCH = rule(
    {**square, buf: mu * buf + g / (sqrt(after(v)) + eps), x: x - lr * after(buf)}, ranges=RANGES
)
RMS_OPTAX = rule(
    {**square, buf: mu * buf - lr * g / (sqrt(after(v)) + eps), x: x + after(buf)}, ranges=RANGES
)
RMS_PLAIN = rule({**square, x: x - lr * g / (sqrt(after(v)) + eps)}, ranges=RANGES)
RMS_IN_ROOT = rule({**square, x: x - lr * g / sqrt(after(v) + eps)}, ranges=RANGES)
ADAGRAD = rule({v: v + g**2, x: x - lr * g / (sqrt(after(v)) + eps)}, ranges=RANGES)
ADAGRAD_OPTAX = rule(
    {v: v + g**2, x: x - lr * g / sqrt(after(v) + eps)}, start={v: Rational(1, 10)}, ranges=RANGES
)
ADAMAX = rule(
    {k: k + 1, m: b1 * m + (1 - b1) * g, v: Max(b2 * v, Abs(g) + eps), x: x - lr * first / after(v)},
    ranges=RANGES,
)
ADAMAX_TOO = rule(
    {
        t: t + 1,
        avg: beta1 * avg + (1 - beta1) * g,
        sq: Max(Abs(g) + e, sq * beta2),
        x: x - rate / (1 - beta1 ** after(t)) * after(avg) / after(sq),
    },
    ranges=OTHER,
)
LION = rule({x: x - lr * (sign(b1 * m + (1 - b1) * g) + wd * x), m: b2 * m + (1 - b2) * g}, ranges=RANGES)


def runs(found, parameters, gradients):
    """Return both runs under a map, in 40 digits."""
    theirs = {s: Float(0) + value.xreplace(parameters) for s, value in found.parameters.items()}
    return [
        [place.evalf(40) for place in points(r, values, {s: start(r, s) for s in r.states}, gradients)]
        for r, values in ((found.first, parameters), (found.second, theirs))
    ]


def start(given, state):
    return Rational(1, 3) if state == x else dict(given.start).get(state, 0)


def agree(found, seed):
    chance = random.Random(seed)
    parameters = {p: Rational(chance.randint(2, 9), 10) for p in found.first.parameters}
    gradients = [Rational(chance.randint(-9, 9), chance.randint(1, 5)) + Rational(1, 7) for _ in range(6)]
    return all(
        abs(a - b) < Float(10) ** -12 for a, b in zip(*runs(found, parameters, gradients), strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other", "schedule"),
    [
        (PAPER, TORCH, "any"),
        (TORCH, PAPER, "any"),
        (PAPER, ADAMW, "any"),
        (RMS_PLAIN, RMS_TORCH, "any"),
        (ADAMAX, ADAMAX_TOO, "any"),
        (RMS_TORCH, RMS_OPTAX, "constant"),
        (RMS_OPTAX, RMS_TORCH, "constant"),
    ],
    ids=[
        "paper-torch",
        "torch-paper",
        "adam-adamw",
        "rms-momentum",
        "adamax",
        "rms-torch-optax",
        "rms-optax-torch",
    ],
)
def test_the_same(one, other, schedule):
    found = ps.equivalent(one, other)
    assert found
    assert found.schedule == schedule
    assert all(agree(found, seed) for seed in range(3))


def test_the_buffer_of_rmsprop_holds_the_rate():
    assert ps.equivalent(RMS_OPTAX, RMS_TORCH).states[buf] == -buf / lr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other", "step"),
    [
        (RMS_IN_ROOT, RMS_PLAIN, 1),
        (FOLDED, PAPER, 1),
        (ADAGRAD_OPTAX, ADAGRAD, 1),
        (ADAGRAD, ADAGRAD_OPTAX, 1),
        (MAX_AFTER, MAX_BEFORE, 2),
        (LION, PAPER, 2),
        (ADAMW, PAPER, 2),
    ],
    ids=["eps in the root", "folded eps", "adagrad", "adagrad back", "amsgrad", "lion is no adam", "decay"],
)
def test_not_the_same(one, other, step):
    found = ps.equivalent(one, other)
    assert not found
    assert not found.generic
    trace = found.trace
    assert len(trace.gradients) == step
    ends = [
        points(r, dict(p), {s: 0 if s == x else start(r, s) for s in r.states}, trace.gradients)[-1].evalf(20)
        for r, p in zip((one, other), trace.parameters, strict=True)
    ]
    assert all(abs(a - b) < 1e-9 for a, b in zip(ends, trace.weights, strict=True))
    assert abs(ends[0] - ends[1]) > 1e-6


def test_decay_of_zero_is_none():
    found = ps.equivalent(ADAMW, PAPER)
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert [str(c) for c in found.conditions] == ["wd = 0"]


def test_a_rule_is_itself():
    for given in (LION, MAX_AFTER, ADAMAX):
        assert ps.equivalent(given, given)
