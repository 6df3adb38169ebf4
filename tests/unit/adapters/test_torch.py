"""Derived rules as optimizers of PyTorch, beside PyTorch's own on a real model, and what is refused."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
from sympy import Symbol

from physsym import adapters
from physsym.core.statements import rewritten, rule
from physsym.core.symbols import before, grad, partial
from physsym.runtime import optimizer
from physsym.vocabulary import G, eta, lam, rho, u, x
from tests.support import digits
from tests.support.requirements import library, needs

torch = library("torch", "torch")
torch.set_num_threads(1)  # waiting threads spin, and slow down whatever else runs
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

SGD, CHOSEN = torch.optim.SGD, digits.CHOSEN


def parameters():
    return [
        torch.nn.Parameter(torch.tensor(v)) for layer in digits.weights().values() for v in layer.values()
    ]


def loss_of(own, images, labels):
    hidden = torch.tanh(torch.tensor(images) @ own[0] + own[1])
    return torch.nn.functional.cross_entropy(hidden @ own[2] + own[3], torch.tensor(labels))


def test_what_has_a_rule_is_taken_as_a_rule():
    stated = rule({x: x - eta * G})
    for given in (stated, stated.updates[0], optimizer(stated, eta=0.3)):
        weights = torch.nn.Parameter(torch.ones(2))
        found = adapters.torch(given, [weights], eta=0.25)
        assert found.rule == stated
        weights.square().sum().backward()
        found.step()
        assert weights.tolist() == [0.5, 0.5]
    with pytest.raises(TypeError, match="expected a rule"):
        adapters.torch(3, [torch.nn.Parameter(torch.ones(2))], eta=0.5)


def trained(make, closure=False, scheduler=None):
    """Return the loss before each step of a training, and the optimizer."""
    own, losses = parameters(), []
    optimizer = make(own)
    schedule = scheduler(optimizer) if scheduler else None
    for images, labels in digits.batches():

        def loss(images=images, labels=labels):
            optimizer.zero_grad()
            value = loss_of(own, images, labels)
            value.backward()
            return value

        value = optimizer.step(loss) if closure else loss()
        if not closure:
            optimizer.step()
        if schedule:
            schedule.step()
        losses.append(value.item())
    return losses


def ours(stated, **options):
    return lambda own: adapters.torch(stated, own, **options)


# --- the same law, the same loss curve

# Climbing with the gradient turned is descending.
UPHILL = rewritten(digits.heavy_ball, lambda formula: formula.xreplace({G: -G}))

SAME = {
    "descent": (ours(digits.descent, eta=0.5), lambda own: SGD(own, lr=0.5)),
    "momentum": (ours(digits.heavy_ball, **CHOSEN), lambda own: SGD(own, lr=0.1, momentum=0.9)),
    "momentum at once": (ours(digits.heavy_ball, foreach=True, **CHOSEN), lambda own: SGD(own, 0.1, 0.9)),
    "as derived": (
        ours(digits.derived, eta=0.5, rho=0.9),
        lambda own: SGD(own, lr=(1 - 0.9) * 0.5, momentum=0.9, dampening=0),
    ),
    "nesterov": (
        ours(digits.seen_ahead, **CHOSEN),
        lambda own: SGD(own, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "decayed": (
        ours(digits.decayed, lam=0.01, **CHOSEN),
        lambda own: SGD(own, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "climbing": (
        ours(UPHILL, eta=0.1, rho=0.9, maximize=True),
        lambda own: SGD(own, lr=0.1, momentum=0.9),
    ),
    "adam": (
        ours(digits.adam, **digits.OF_ADAM),
        lambda own: torch.optim.Adam(own, lr=0.002, betas=(0.9, 0.99), eps=1e-8),
    ),
    "adam that counts": (
        ours(digits.counting_adam, **digits.OF_COUNTING_ADAM),
        lambda own: torch.optim.Adam(own, lr=0.002, betas=(0.9, 0.99), eps=1e-8),
    ),
}


@pytest.mark.parametrize(("derived", "own"), SAME.values(), ids=SAME)
def test_the_loss_curve_is_that_of_pytorch(derived, own):
    digits.assert_same(trained(derived), trained(own))


def test_the_gradient_ahead_by_a_closure_is_the_same_law_in_other_variables():
    # PyTorch's weights are where Nesterov's rule takes its gradient; there, too, the closure finds the loss.
    wanted = trained(lambda own: SGD(own, lr=0.1, momentum=0.9, nesterov=True))
    digits.assert_same(trained(ours(digits.nesterov, **CHOSEN), closure=True), wanted)


# --- where the laws differ


def test_pytorch_skips_dampening_in_its_first_step_as_if_it_had_long_been_sliding():
    own = lambda weights: SGD(weights, lr=0.5, momentum=0.9, dampening=0.9)
    digits.assert_other(trained(ours(digits.derived, eta=0.5, rho=0.9)), trained(own))

    def sliding(weights):
        # The terminal displacement is -eta*grad, at which rho*u - (1 - rho)*eta*grad is u itself.
        loss_of(weights, *next(digits.batches())).backward()
        optimizer = adapters.torch(digits.derived, weights, eta=0.5, rho=0.9)
        for weight in weights:
            optimizer.state[weight]["u"] = -0.5 * weight.grad
        return optimizer

    digits.assert_same(trained(sliding), trained(own))


def test_a_schedule_tells_the_displacement_from_pytorchs_buffer():
    # PyTorch multiplies its buffer by the rate of today; a displacement keeps the rates of the past.
    decay = lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    wanted = trained(lambda own: SGD(own, lr=0.1, momentum=0.9), scheduler=decay)
    digits.assert_same(trained(ours(digits.buffered, **CHOSEN), scheduler=decay), wanted)
    digits.assert_other(trained(ours(digits.heavy_ball, **CHOSEN), scheduler=decay), wanted)
    scheduled = ours(digits.buffered, eta=lambda steps: 0.1 * 0.9**steps, rho=0.9)
    digits.assert_same(trained(scheduled), wanted)


# --- groups, states, copies


def stepped(optimizer, own, seed=0):
    for number, weight in enumerate(own):
        weight.grad = torch.tensor(np.random.default_rng(seed + number).normal(size=weight.shape))
    optimizer.step()


def test_groups_have_parameters_of_their_own():
    own, wanted = parameters(), parameters()
    groups = [{"params": own[:2], "eta": 0.3}, {"params": own[2:], "rho": 0.5, "maximize": True}]
    optimizer = adapters.torch(digits.heavy_ball, groups, lr=0.1, rho=0.9)
    theirs = SGD(
        [{"params": wanted[:2], "lr": 0.3}, {"params": wanted[2:], "momentum": 0.5, "maximize": True}],
        lr=0.1,
        momentum=0.9,
    )
    for number in range(5):
        stepped(optimizer, own, number)
        stepped(theirs, wanted, number)
    for weight, other in zip(own, wanted, strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-14, atol=1e-15)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 1.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.3, 0.1, 1.0]


def continued_by_state_dict(optimizer, own, copied):
    buffer = io.BytesIO()
    torch.save(optimizer.state_dict(), buffer)
    buffer.seek(0)
    again = adapters.torch(digits.adam, copied, **{**digits.OF_ADAM, "eta": 0.5})
    again.load_state_dict(torch.load(buffer, weights_only=True))
    return again


def continued_by_pickle(optimizer, own, copied):
    again = pickle.loads(pickle.dumps(optimizer))
    again.param_groups[0]["params"][:] = copied
    for old, weight in zip(list(again.state), copied, strict=True):
        again.state[weight] = again.state.pop(old)
    return again


@pytest.mark.parametrize("continued", [continued_by_state_dict, continued_by_pickle])
def test_a_training_goes_on_where_it_was(continued):
    own = parameters()
    optimizer = adapters.torch(digits.adam, own, **digits.OF_ADAM)
    for number in range(3):
        stepped(optimizer, own, number)
    copied = copy.deepcopy(own)
    again = continued(optimizer, own, copied)
    for number in range(3, 6):
        stepped(optimizer, own, number)
        stepped(again, copied, number)
    assert all(torch.equal(a, b) for a, b in zip(own, copied, strict=True))
    assert again.param_groups[0]["steps_done"] == 6


def test_earlier_positions_start_at_the_weights():
    two_steps_back = rule({x: x - eta * G + rho * (x - before(x))})
    own, wanted = parameters(), parameters()
    optimizer, theirs = adapters.torch(two_steps_back, own, **CHOSEN), SGD(wanted, lr=0.1, momentum=0.9)
    for number in range(10):
        stepped(optimizer, own, number)
        stepped(theirs, wanted, number)
    for weight, other in zip(own, wanted, strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-13, atol=1e-14)


def test_weights_without_gradient_are_left_alone():
    moving, resting = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    optimizer = adapters.torch(digits.heavy_ball, [moving, resting], **CHOSEN)
    (2 * moving).sum().backward()
    optimizer.step()
    assert (moving.tolist(), resting.tolist()) == (pytest.approx([0.8, 0.8]), [1.0, 1.0])
    assert resting not in optimizer.state


@pytest.mark.parametrize("foreach", [True, False, None])
def test_weights_with_gaps_are_updated_where_they_lie(foreach):
    whole = torch.ones(4, 6)
    view = torch.nn.Parameter(whole[:, ::2].t())
    view.grad = torch.ones(3, 4)
    adapters.torch(digits.descent, [view], eta=0.5, foreach=foreach).step()
    assert whole.tolist() == [[0.5, 1.0] * 3] * 4


# --- the compiled loop


class Calls(TorchDispatchMode):
    """Remember the operations of PyTorch that are carried out."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


@needs("llvmlite", "fast")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("stated", "chosen"),
    [(digits.heavy_ball, CHOSEN), (digits.counting_adam, digits.OF_COUNTING_ADAM)],
    ids=["momentum", "adam"],
)
def test_the_compiled_loop_gives_the_bits_of_numpy_and_calls_nothing_of_pytorch(stated, chosen, dtype):
    start = np.random.default_rng(3).normal(size=(5, 7))
    weight = torch.nn.Parameter(torch.tensor(start, dtype=dtype))
    made, witness = adapters.torch(stated, [weight], **chosen), optimizer(stated, **chosen)
    state = witness.init(weight.detach().numpy().copy())
    for number in range(20):
        slope = np.random.default_rng(number).normal(size=(5, 7))
        weight.grad = torch.tensor(slope, dtype=dtype)
        state = witness.step(state, weight.grad.numpy())
        with Calls() as calls:
            made.step()
        assert number == 0 or not [name for name in calls.names if "profiler" not in name]
    np.testing.assert_array_equal(weight.detach().numpy(), state["x"])


@needs("llvmlite", "fast")
def test_a_graph_that_remembers_the_weights_knows_that_they_have_changed():
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    remembered = (weight**2).sum()
    adapters.torch(digits.descent, [weight], eta=0.5).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        remembered.backward()


# --- closures


def test_several_gradients_are_taken_one_after_the_other():
    twice = rule({x: x - eta * grad(x - eta * G)})
    weight = torch.nn.Parameter(torch.tensor([2.0, -1.0], dtype=torch.float64))
    optimizer = adapters.torch(twice, [weight], eta=0.1)
    seen = []

    def closure():
        optimizer.zero_grad()
        seen.append(weight.detach().clone())
        value = (weight**4 / 4).sum()
        value.backward()
        return value

    assert optimizer.step(closure).item() == (2**4 + 1) / 4
    start = np.array([2.0, -1.0])
    ahead = start - 0.1 * start**3
    np.testing.assert_allclose(seen[1].numpy(), ahead, rtol=1e-15)
    np.testing.assert_allclose(weight.detach().numpy(), start - 0.1 * ahead**3, rtol=1e-15)


def test_a_closure_that_raises_leaves_the_weights_where_they_were():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = adapters.torch(digits.nesterov, [weight], **CHOSEN)
    weight.grad = torch.ones(2)
    optimizer.step(lambda: None)
    kept, velocity = weight.detach().clone(), optimizer.state[weight]["u"].clone()

    def broken():
        raise RuntimeError("no data")

    with pytest.raises(RuntimeError, match="no data"):
        optimizer.step(broken)
    assert torch.equal(weight, kept)
    assert torch.equal(optimizer.state[weight]["u"], velocity)


def test_climbing_with_a_closure_turns_the_gradient():
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    for weight, maximize in zip(weights, (True, False), strict=True):
        weight.grad = torch.full((2,), 3.0)
        adapters.torch(digits.nesterov, [weight], maximize=maximize, **CHOSEN).step(lambda: None)
    assert [weight.tolist() for weight in weights] == [pytest.approx([1.3, 1.3]), pytest.approx([0.7, 0.7])]


# --- what is refused

ONE = [torch.nn.Parameter(torch.ones(2))]
game = rule({x: x - eta * partial(1, x, u), u: u + eta * partial(2, x, u)})
REFUSED = {
    "missing": (digits.heavy_ball, {"eta": 0.1}, TypeError, "missing rho"),
    "unknown": (digits.heavy_ball, {**CHOSEN, "mu": 1}, TypeError, "unknown mu; there are lr, momentum"),
    "twice": (digits.descent, {"eta": 0.1, "lr": 0.1}, TypeError, "eta and lr are the same parameter"),
    "no number": (digits.descent, {"eta": "fast"}, TypeError, "eta must be one real number"),
    "not finite": (digits.descent, {"eta": float("nan")}, ValueError, "eta must be finite"),
    "undefined": (rule({x: x - eta / lam * G}), {"eta": 0.1, "lam": 0.0}, ValueError, "not defined for"),
    "a name of PyTorch's": (
        rule({x: x - eta * Symbol("lr") * G}),
        {"eta": 0.1, "learning_rate": "eta"},
        ValueError,
        "groups have lr already: rename",
    ),
    "no such rate": (digits.descent, {"eta": 0.1, "learning_rate": "mu"}, ValueError, "no parameter 'mu'"),
    "two players": (game, {"eta": 0.1}, ValueError, "one position, and the rule has"),
}  # fmt: skip


@pytest.mark.parametrize(("stated", "given", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_unfit_parameters_are_told_when_the_optimizer_is_made(stated, given, error, said):
    with pytest.raises(error, match=said):
        adapters.torch(stated, ONE, **given)


def test_a_gradient_ahead_without_closure_says_what_to_do():
    with pytest.raises(ValueError, match=r"seen_from_the_gradient\(rule\) is the same rule.* give a closure"):
        adapters.torch(digits.nesterov, ONE, **CHOSEN).step()


UNFIT = {
    "sparse": ({}, lambda weight: torch.ones(2).to_sparse(), "sparse=False"),
    "complex": ({"dtype": torch.complex64}, torch.ones_like, "view_as_real"),
    "no numbers": ({"device": "meta"}, torch.ones_like, "device 'meta'"),
}


@pytest.mark.parametrize(("kind", "slope", "said"), UNFIT.values(), ids=UNFIT)
def test_unfit_tensors_are_told_before_anything_is_written(kind, slope, said):
    fine, unfit = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2, **kind))
    fine.grad, unfit.grad = torch.ones(2), slope(unfit)
    with pytest.raises(TypeError, match=said):
        adapters.torch(digits.descent, [fine, unfit], eta=0.1).step()
    assert fine.tolist() == [1.0, 1.0]


def test_unknown_keys_and_negative_rates_of_groups_are_refused():
    own = [torch.nn.Parameter(torch.ones(2))]
    with pytest.raises(TypeError, match="has lrr, which the rule does not know; it has lr"):
        adapters.torch(digits.heavy_ball, [{"params": own, "lrr": 3}], **CHOSEN)
    for group, given in (({"lr": -3.0}, CHOSEN), ({}, {**CHOSEN, "eta": -0.1})):
        with pytest.raises(ValueError, match=r"must not be negative, given .*; to climb, give maximize=True"):
            adapters.torch(digits.heavy_ball, [{"params": own, **group}], **given)


def test_a_training_step_that_is_compiled_as_a_whole_calls_the_optimizer_as_it_is():
    own, beside = ([torch.nn.Parameter(torch.linspace(0.5, 1.0, 3))] for _ in range(2))
    optimizers = adapters.torch(digits.heavy_ball, own, eta=0.1, rho=0.9), SGD(beside, lr=0.1, momentum=0.9)

    def training(weights, optimizer):
        def step():
            weights[0].square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    compiled = torch.compile(training(own, optimizers[0]), backend="eager")
    for _ in range(3):
        compiled()
        training(beside, optimizers[1])()
    assert torch.allclose(own[0], beside[0])


@pytest.mark.parametrize("state", [{}, {"state": {}}, None, [1]], ids=repr)
def test_what_is_no_state_of_an_optimizer_is_not_loaded(state):
    optimizer = adapters.torch(digits.heavy_ball, [torch.nn.Parameter(torch.ones(2))], **CHOSEN)
    with pytest.raises(ValueError, match="has 'state' and 'param_groups'; given"):
        optimizer.load_state_dict(state)


@pytest.mark.parametrize("loss", [torch.ones(2), "one", [1.0]], ids=repr)
def test_a_loss_that_is_not_one_number_is_refused_before_anything_is_written(loss):
    own = torch.nn.Parameter(torch.ones(2))
    own.grad = torch.ones(2)
    optimizer = adapters.torch("x <- x - eta*U(x)*grad(x)", [own], eta=0.1)
    with pytest.raises(TypeError, match="the rule reads the loss, which must be one number; the closure ret"):
        optimizer.step(lambda: loss)
    assert own.tolist() == [1.0, 1.0]


def test_the_state_of_another_optimizer_is_refused_before_anything_is_written():
    own = [torch.nn.Parameter(torch.ones(2))]
    own[0].grad = torch.ones(2)
    optimizer = adapters.torch(digits.heavy_ball, own, **CHOSEN)
    optimizer.step()
    kept = optimizer.state_dict()
    for other in (torch.optim.Adam(own), adapters.torch(digits.adam, own, **digits.OF_ADAM)):
        other.step()
        with pytest.raises(ValueError, match=r"another optimizer: its parameters are .* those of"):
            optimizer.load_state_dict(other.state_dict())
    optimizer.load_state_dict(kept)
    optimizer.step()
