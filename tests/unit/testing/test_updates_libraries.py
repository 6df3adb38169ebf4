"""assert_update on the optimizers of optax and PyTorch, as installed."""

from __future__ import annotations

import re

import pytest

import physsym as ps
from physsym.testing import assert_update
from tests.support.requirements import library

jax = library("jax", "jax")
optax = library("optax", "jax")
torch = library("torch", "torch")
torch.set_num_threads(1)
jnp = jax.numpy

known = ps.known

RIGHT = [
    (optax.sgd, "gradient_descent", {}),
    (optax.sgd, "heavy_ball", {}),
    (optax.sgd, "nesterov_sum", {"nesterov": True}),
    (optax.adam, "adam", {}),
    (optax.adamw, "adamw", {}),
    (optax.lion, "lion", {}),
    (optax.rmsprop, "rmsprop_eps_in_root", {}),
    (optax.rmsprop, "rmsprop", {"eps_in_sqrt": False}),
    (optax.adagrad, "adagrad_eps_in_root", {}),
    (optax.radam, "radam_at_threshold", {}),
    (torch.optim.SGD, "gradient_descent", {}),
    (torch.optim.SGD, "heavy_ball", {}),
    (torch.optim.SGD, "heavy_ball_torch", {}),
    (torch.optim.SGD, "nesterov_sum", {"nesterov": True}),
    (torch.optim.Adam, "adam", {}),
    (torch.optim.AdamW, "adamw", {}),
    (torch.optim.RMSprop, "rmsprop", {}),
    (torch.optim.RMSprop, "rmsprop_centered", {"centered": True}),
    (torch.optim.Adagrad, "adagrad", {}),
    (torch.optim.Adamax, "adamax", {}),
    (torch.optim.NAdam, "nadam", {}),
    (torch.optim.RAdam, "radam_folded", {}),
]


@pytest.mark.parametrize(
    ("optimizer", "rule", "given"), RIGHT, ids=[f"{o.__module__.split('.')[0]}-{r}" for o, r, _ in RIGHT]
)
def test_optimizers_of_libraries_make_the_updates_of_their_rules(optimizer, rule, given):
    assert_update(optimizer, known[rule], **given)


WRONG = [
    (optax.adam, "adam_folded", {}, r"it is +Adam \(known\.adam\)"),
    (optax.rmsprop, "rmsprop", {}, r"it is +RMSprop, eps added below the root"),
    (optax.sgd, "heavy_ball_classical", {}, r"it is +Heavy ball, the buffer a sum of gradients"),
    (torch.optim.Adam, "adamw", {}, r"wd is added to the gradient \(coupled\)"),
    (torch.optim.SGD, "heavy_ball_average", {}, r"it is +Heavy ball, the buffer a sum of gradients"),
    (torch.optim.SGD, "nesterov_sum", {}, r"it is +Heavy ball, the buffer a sum of gradients"),
    (torch.optim.Adam, "amsgrad", {"amsgrad": True}, r"step 1 "),
    (torch.optim.RMSprop, "rmsprop_eps_in_root", {}, r"it is +RMSprop \(known\.rmsprop\)"),
]


@pytest.mark.parametrize(
    ("optimizer", "rule", "given", "says"), WRONG, ids=[f"{o.__module__[:5]}-{r}" for o, r, *_ in WRONG]
)
def test_another_rule_is_told_and_the_right_one_named(optimizer, rule, given, says):
    with pytest.raises(AssertionError, match="does not make the updates") as failed:
        assert_update(optimizer, known[rule], **given)
    assert re.search(says, str(failed.value)), str(failed.value)


def test_dampening_at_the_first_step_is_seen():
    """torch leaves dampening out at step 1: the average without that exception parts there."""
    with pytest.raises(AssertionError, match=r"step 1 .*instead of"):
        assert_update(torch.optim.SGD, known.heavy_ball_average, names={"dampening": "rho"})


def test_optimizers_that_are_built_already():
    weight = torch.zeros(2, requires_grad=True)
    assert_update(torch.optim.SGD([weight], lr=0.1, momentum=0.9), known.heavy_ball)
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(torch.optim.SGD([weight], lr=0.1, momentum=0.9), known.heavy_ball, values={"rho": 0.8})
    assert_update(optax.sgd(0.1, momentum=0.9), known.heavy_ball, values={"eta": 0.1, "rho": 0.9})
    with pytest.raises(TypeError, match="values="):
        assert_update(optax.sgd(0.1), known.gradient_descent)


class SignErrorThatConverges(torch.optim.Optimizer):
    """w + momentum*v - lr*g instead of w - momentum*v - lr*g, which still goes downhill."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad, alpha=group["lr"])
                p.add_(v, alpha=group["momentum"]).sub_(p.grad, alpha=group["lr"])


class ForgetsTheRate(torch.optim.Optimizer):
    """Reads its learning rate when it is built, and never again: schedulers have no effect."""

    def __init__(self, params, lr=0.01):
        super().__init__(params, {"lr": lr})
        self.rate = lr

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(p.grad, alpha=self.rate)


def test_a_class_of_ones_own_with_a_sign_error():
    with pytest.raises(AssertionError, match=r"one slip: sign"):
        assert_update(SignErrorThatConverges, known.nesterov_sum)


def test_a_class_that_ignores_schedulers():
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(ForgetsTheRate, known.gradient_descent)
    assert_update(ForgetsTheRate, known.gradient_descent, schedule="constant")


def factory(wrong):
    def own(learning_rate, decay=0.9) -> optax.GradientTransformation:
        def init(params):
            return jax.tree.map(jnp.zeros_like, params)

        def update(updates, state, params=None):
            state = jax.tree.map(lambda t, g: decay * t + g, state, updates)
            scale = 1 - decay if wrong else 1
            return jax.tree.map(lambda t: -learning_rate * scale * t, state), state

        return optax.GradientTransformation(init, update)

    return own


def test_a_factory_of_ones_own():
    assert_update(factory(False), known.heavy_ball)
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(factory(True), known.heavy_ball)


def test_what_branches_on_the_gradient_is_judged_by_numbers():
    class Branching(torch.optim.Optimizer):
        limit = 1.0

        def __init__(self, params, lr=0.01):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    clipped = torch.tensor([max(-1.0, min(self.limit, float(g))) for g in p.grad])
                    p.sub_(clipped, alpha=group["lr"])

    rule = ps.lift("x <- x - eta*clip(grad(x), -1, 1)")
    assert_update(Branching, rule)
    Branching.limit = 1.0004
    with pytest.raises(AssertionError, match="instead of"):
        assert_update(Branching, rule)
