"""assert_update on one's own functions and classes: right ones pass, wrong ones fail and are named."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sympy import Symbol

import physsym as ps
from physsym.testing import assert_update
from physsym.vocabulary import G, eta, x

known = ps.known


def heavy_ball(w, grad, v, lr, momentum):
    v = momentum * v + grad
    return w - lr * v, v


def rate_inside(w, grad, v, lr, momentum):
    v = momentum * v + lr * grad
    return w - v, v


def plus_sign(w, grad, v, lr, momentum):
    v = momentum * v + lr * grad
    return w + momentum * v - lr * grad, v


def look_ahead(w, grad, v, lr, momentum):
    v = momentum * v - lr * grad(w + momentum * v)
    return w + v, v


class Adam:
    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.m = self.v = None
        self.t = 0

    def corrected(self):
        return self.m / (1 - self.betas[0] ** self.t), self.v / (1 - self.betas[1] ** self.t)

    def direction(self, w):
        mean, square = self.corrected()
        return mean / (np.sqrt(square) + self.eps)

    def step(self, w, grad):
        if self.m is None:
            self.m, self.v = np.zeros_like(w), np.zeros_like(w)
        self.t += 1
        self.m = self.betas[0] * self.m + (1 - self.betas[0]) * grad
        self.v = self.betas[1] * self.v + (1 - self.betas[1]) * grad**2
        return w - self.lr * self.direction(w)


class Uncorrected(Adam):
    def corrected(self):
        return self.m, self.v


class EpsInRoot(Adam):
    def direction(self, w):
        mean, square = self.corrected()
        return mean / np.sqrt(square + self.eps)


class Swapped(Adam):
    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(lr, betas[::-1], eps)


class AdamW(Adam):
    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(lr, betas, eps)
        self.weight_decay = weight_decay

    def direction(self, w):
        return super().direction(w) + self.weight_decay * w


class Coupled(AdamW):
    direction = Adam.direction

    def step(self, w, grad):
        return super().step(w, grad + self.weight_decay * w)


class AMSGrad:
    """With the maximum taken of the averages themselves, as in the paper, or of the next before the last."""

    late = False

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.m = self.v = self.largest = 0.0

    def step(self, w, grad):
        before = self.largest
        self.m = self.betas[0] * self.m + (1 - self.betas[0]) * grad
        self.v = self.betas[1] * self.v + (1 - self.betas[1]) * grad**2
        self.largest = np.maximum(self.largest, self.v)
        return w - self.lr * self.m / (np.sqrt(before if self.late else self.largest) + self.eps)


class LateMaximum(AMSGrad):
    late = True


def lion(w, grad, m, lr, b1, b2, weight_decay):
    update = np.sign(b1 * m + (1 - b1) * grad)
    return w - lr * (update + weight_decay * w), b2 * m + (1 - b2) * grad


def lion_with_new_average(w, grad, m, lr, b1, b2, weight_decay):
    m = b2 * m + (1 - b2) * grad
    return w - lr * (np.sign(b1 * m + (1 - b1) * grad) + weight_decay * w), m


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (lambda w, grad, lr: w - lr * grad, known.gradient_descent),
        (heavy_ball, known.heavy_ball),
        (rate_inside, known.heavy_ball_classical),
        (look_ahead, known.nesterov),
        (lion, known.lion),
        (Adam, known.adam),
        (EpsInRoot, "k <- k + 1; m <- beta1*m + (1 - beta1)*grad(x); v <- beta2*v + (1 - beta2)*grad(x)**2;"
         "x <- x - eta*(m+/(1 - beta1**k+))/sqrt(v+/(1 - beta2**k+) + eps); k(0) = 0"),
        (AdamW, known.adamw),
        (AMSGrad, known.amsgrad),
    ],
    ids=lambda v: getattr(v, "name", getattr(v, "__name__", "rule")),
)  # fmt: skip
def test_right_ones_pass(optimizer, rule):
    assert_update(optimizer, rule)


@pytest.mark.parametrize(
    ("optimizer", "rule", "says"),
    [
        (rate_inside, known.heavy_ball, r"it is +Heavy ball, the buffer a displacement"),
        (heavy_ball, known.heavy_ball_average, r"it is +Heavy ball, the buffer a sum of gradients"),
        (plus_sign, known.nesterov_sum, r"it is +the rule with one slip: sign"),
        (plus_sign, known.nesterov_classical, r"step 1 .*weight"),
        (Uncorrected, known.adam, r"it is +the rule with one slip: no bias correction"),
        (Swapped, known.adam, r"beta_1 and beta_2 are exchanged"),
        pytest.param(
            EpsInRoot,
            known.adam,
            r"it is +the rule with one slip: into or out of the root",
            marks=pytest.mark.slow,
        ),
        (Coupled, known.adamw, r"wd is added to the gradient \(coupled\)"),
        (Adam, known.adam_folded, r"it is +Adam \(known\.adam\)"),
        pytest.param(LateMaximum, known.amsgrad, r"old or new value", marks=pytest.mark.slow),
        (lion_with_new_average, known.lion, r"step \d"),
    ],
    ids=lambda v: getattr(v, "name", getattr(v, "__name__", "says")),
)
def test_wrong_ones_fail_and_are_named(optimizer, rule, says):
    with pytest.raises(AssertionError, match="does not make the updates") as failed:
        assert_update(optimizer, rule)
    assert re.search(says, str(failed.value)), str(failed.value)


def test_a_message_has_step_values_gradients_and_difference():
    with pytest.raises(AssertionError) as failed:
        assert_update(lambda w, grad, lr: w - 2 * lr * grad, known.gradient_descent)
    text = str(failed.value)
    # The first step from the weight 0.9 with gradient 0.03 and rate 1/8.
    assert f"weight {0.9 - 0.03 / 4:.6g} instead of {0.9 - 0.03 / 8:.6g}" in text
    assert re.search(r"gradients +0\.03\n", text)
    assert re.search(r"difference +x: -eta\*grad\(x\)\n", text)
    assert "gradient changed: x <- x - 2*eta*grad(x)" in text


def test_what_agrees_for_a_constant_rate_alone_fails_unless_no_more_is_asked():
    with pytest.raises(AssertionError, match="1/16"):
        assert_update(rate_inside, known.heavy_ball)
    assert_update(rate_inside, known.heavy_ball, schedule="constant")


def test_a_class_whose_rate_cannot_be_changed_is_judged_by_its_law():
    class Inside:
        def __init__(self, lr, momentum):
            self.lr, self.momentum, self.v = lr, momentum, 0.0

        def step(self, w, grad):
            self.v = self.momentum * self.v + self.lr * grad
            return w - self.v

    with pytest.raises(AssertionError, match="for a constant learning rate only"):
        assert_update(Inside, known.heavy_ball)
    assert_update(Inside, known.heavy_ball, schedule="constant")


def test_code_that_cannot_be_lifted_is_judged_by_numbers():
    def opaque(w, grad, v, lr, momentum, factor=1.0):
        v = np.array([momentum * float(a) + float(g) for a, g in zip(v, grad, strict=True)])
        return w - lr * factor * v, v

    assert_update(opaque, known.heavy_ball)
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(opaque, known.heavy_ball, factor=1.000001)


def test_a_difference_at_a_threshold_alone_is_seen():
    """Beside clipping at 1, what clips from 1.0005 on: gradients are solved for on both sides."""
    clip = Symbol("c", real=True)
    rule = ps.lift(ps.rule({x: x - eta * ps.read("clip(grad(x), -c, c)", unknown="real")}), c=1)
    assert clip not in rule.rule.parameters
    assert_update(lambda w, grad, lr: w - lr * np.clip(grad, -1, 1), rule)
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(lambda w, grad, lr: w - lr * np.where(abs(grad) < 1.0005, grad, np.sign(grad)), rule)


def test_coordinates_that_mix_are_seen():
    def normalized(w, grad, lr):
        return w - lr * grad / (1 + 0 * np.sum(grad)) + 1e-3 * np.mean(grad) * lr

    with pytest.raises(AssertionError, match="instead of"):
        assert_update(normalized, known.gradient_descent)


def test_values_that_are_not_finite_fail():
    def divides(w, grad, lr):
        return w - lr * grad * (grad / grad)

    with pytest.raises(AssertionError, match="nan instead of"):
        assert_update(divides, known.gradient_descent)


def test_a_step_that_raises_fails_with_the_step():
    calls = []

    class Fragile:
        def __init__(self, lr):
            self.lr, self.k = lr, 0

        def step(self, w, grad):
            self.k += 1
            if self.k == 7:
                calls.append(self.k)
                raise RuntimeError("out of steps")
            return w - self.lr * grad

    with pytest.raises(AssertionError, match=r"at step 7:\s+RuntimeError: out of steps"):
        assert_update(Fragile, known.gradient_descent)
    assert calls


def test_hyperparameters_are_told_apart_or_asked_for():
    def decay(w, grad, speed):
        return w - speed * grad

    with pytest.raises(TypeError, match=r"parameters eta of the rule.*names="):
        assert_update(decay, known.gradient_descent)
    assert_update(decay, known.gradient_descent, names={"speed": "eta"})
    with pytest.raises(TypeError, match="no hyperparameter of"):
        assert_update(decay, known.gradient_descent, names={"p": "eta"})
    with pytest.raises(TypeError, match="must give parameters of the rule"):
        assert_update(decay, known.gradient_descent, names={"speed": x})


def test_a_hyperparameter_may_be_an_expression_in_those_of_the_rule():
    def dampened(w, grad, v, lr, momentum, dampening):
        v = momentum * v + (1 - dampening) * grad
        return w - lr * v, v

    assert_update(dampened, known.heavy_ball_average, names={"dampening": "rho"})
    with pytest.raises(AssertionError):
        assert_update(dampened, known.heavy_ball_average, names={"dampening": "1 - rho"})


def test_given_values_are_those_of_the_rule_too():
    assert_update(heavy_ball, known.heavy_ball, lr=0.3, momentum=0.6)
    fixed = lambda w, grad: w - 0.25 * grad
    assert_update(fixed, known.gradient_descent, values={"eta": 0.25})
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(fixed, known.gradient_descent, values={"eta": 0.26})


@pytest.mark.parametrize("thing", ["torch:SGD", 3, None, {"lr": 0.1}])
def test_what_is_no_optimizer_is_refused_with_what_can_be_given(thing):
    with pytest.raises(TypeError, match=r"cannot be run as an optimizer.*Give an optax"):
        assert_update(thing, known.gradient_descent)


def adam_counted_from_one(w, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return w - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


def adam_counted_from_zero(w, g, m, v, t, lr, b1, b2, eps):
    t = t + 1
    w, m, v = adam_counted_from_one(w, g, m, v, t, lr, b1, b2, eps)
    return w, m, v, t


def closure(lr, momentum):
    kept = [0.0]

    def step(w, grad):
        kept[0] = momentum * kept[0] + grad
        return w - lr * kept[0]

    return step


def table(w, grad, state, lr, momentum):
    state["v"] = momentum * state.get("v", 0) + grad
    return w - lr * state["v"]


def in_place(w, grad, v, lr, momentum):
    v *= momentum
    v += grad
    w -= lr * v


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (adam_counted_from_one, known.adam),
        (adam_counted_from_zero, known.adam),
        (closure, known.heavy_ball),
        (table, known.heavy_ball),
        (in_place, known.heavy_ball),
        (lambda x, grad, lr: x - lr * grad(x - lr * grad(x)), "x <- x - eta*grad(x - eta*grad(x))"),
    ],
    ids=["from one", "from zero", "closure", "table", "in place", "two gradients"],
)
def test_ways_to_keep_states(optimizer, rule):
    assert_update(optimizer, rule)


def test_a_gradient_at_another_point_is_seen():
    with pytest.raises(AssertionError, match=r"start 1 instead of 0\.9"):
        assert_update(lambda x, grad, lr: x - lr * grad(x + 0.1), known.gradient_descent)
    with pytest.raises(AssertionError, match="gradients at 2 points in one step"):
        assert_update(lambda x, grad, lr: x - lr * grad(x - lr * grad(x)), known.gradient_descent)


def test_options_are_checked():
    step = lambda w, grad, lr: w - lr * grad
    with pytest.raises(ValueError, match="schedule must be"):
        assert_update(step, known.gradient_descent, schedule="cosine")
    with pytest.raises(ValueError, match="rtol"):
        assert_update(step, known.gradient_descent, rtol=-1)
    with pytest.raises(ValueError, match="lr = 0 nothing moves"):
        assert_update(step, known.gradient_descent, lr=0.0)
    with pytest.raises(ValueError, match="steps"):
        assert_update(step, known.gradient_descent, steps=3)


def test_single_precision_is_compared_as_such():
    def single(w, grad, lr):
        return (w - lr * grad).astype(np.float32).astype(float)

    def said(w, grad, lr):
        return (w - np.float32(lr) * grad).astype(np.float32)

    assert_update(said, known.gradient_descent)
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(single, known.gradient_descent)
    assert_update(single, known.gradient_descent, rtol=1e-5)


def test_a_rule_of_ones_own():
    assert_update(lambda w, grad, lr: w - lr * grad, ps.rule({x: x - eta * G}))


def _clipped_far_away(w, g, lr=0.1):
    return w - lr * np.clip(g, -1e6, 1e6)


def test_what_happens_where_no_number_reaches_does_not_pass():
    with pytest.raises(AssertionError, match="not decided"):
        assert_update(_clipped_far_away, "known:gradient_descent")
