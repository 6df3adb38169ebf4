"""The backend "torch": the bits of NumPy by three ways of running, derivatives, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Symbol

from physsym.codegen import program
from physsym.core.statements import parameters, rule
from physsym.core.symbols import after, partial
from physsym.runtime import optimizer
from physsym.runtime.backends import lambdify
from physsym.runtime.backends.base import constants
from physsym.vocabulary import G, eta, rho, u, x
from tests.support.requirements import library
from tests.unit.runtime.test_optimizers import RULES, made, random_state

torch = library("torch", "torch")
torch.set_num_threads(1)  # waiting threads spin, and slow down whatever else runs
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from physsym.runtime.backends.torch import BACKEND  # noqa: E402
from physsym.runtime.backends.torch_in_place import update, update_of_many  # noqa: E402

momentum = RULES["momentum"]
# PyTorch rounds sums and products correctly, but not always roots, quotients by a number and powers.
EXACT = ("descent", "momentum", "ahead", "recurrence", "swap", "three deep", "last gradient", "game", "signs")
FRESH = [name for name, stated in RULES.items() if len(program(stated).evaluations) == 1]


def slopes_for(stated, seed, dtype):
    drawn = random_state(rule({x: x, u: u}), seed + 1000, dtype=dtype)
    return tuple(drawn.values())[: len(program(stated).evaluations[0].targets)]


def fixed(made_optimizer):
    return constants(made_optimizer.program, BACKEND, made_optimizer.parameters)


def by_function(stated, state, slopes):
    force = (lambda *places: slopes) if len(slopes) > 1 else (lambda place: slopes[0])
    return made(stated, "torch").step(state, force)


def bound(stated, state, slopes):
    own = {name: value.clone() for name, value in state.items()}
    made(stated, "torch").bind(own, slopes if len(slopes) > 1 else slopes[0]).step()
    return own


def as_lists(stated, state, slopes):
    own = {name: [value.clone(), value[:3].clone()] for name, value in state.items()}
    optimizer_ = made(stated, "torch")
    update_of_many(optimizer_.program)([*own.values(), *([g, g[:3]] for g in slopes)], fixed(optimizer_))
    assert all(torch.equal(whole[:3], part) for whole, part in own.values())
    return {name: whole for name, (whole, _) in own.items()}


@pytest.mark.parametrize("way", [by_function, bound, as_lists])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FRESH)
def test_every_way_of_running_gives_the_bits_of_numpy(name, dtype, way):
    stated = RULES[name]
    for number in range(5):
        state = random_state(stated, number, dtype=dtype)
        tensors = {n: torch.tensor(v) for n, v in state.items()}
        slopes = slopes_for(stated, number, dtype)
        force = lambda *_, given=slopes: given if len(given) > 1 else given[0]
        state = made(stated).step(state, force)
        tensors = way(stated, tensors, tuple(map(torch.tensor, slopes)))
        for n, value in state.items():
            close = 0 if name in EXACT else 40 * np.finfo(dtype).eps
            np.testing.assert_allclose(tensors[n].numpy(), value, rtol=close, atol=close)


def test_several_gradients_are_taken_where_they_belong():
    y = Symbol("y", real=True)
    game = rule({x: x - eta * partial(1, x, y), y: y + eta * partial(2, after(x), y)})
    found = lambdify(game, "torch")(torch.tensor(1.0), torch.tensor(2.0), lambda a, b: (b, a), eta=0.5)
    assert [float(v) for v in found] == [0.0, 2.0]
    buffer = torch.empty(2)
    twice = rule({x: x - G + (rule({u: G}).updates[0].value).subs(x, x - G)})
    lazy, fresh = (lambda w: torch.mul(w, 3, out=buffer)), (lambda w: 3 * w)
    for force in (lazy, fresh):
        (new,) = lambdify(twice, "torch")(torch.ones(2), force)
        assert new.tolist() == [1 - 3 + 3 * (1 - 3)] * 2


def test_a_tree_is_stepped_leaf_by_leaf():
    weights = {"b": torch.ones(2), "a": [torch.tensor(3.0)]}
    optimizer_ = optimizer(momentum, "torch", eta=0.1, rho=0.9)
    state = optimizer_.init({"x": weights})
    state = optimizer_.step(state, {"a": [torch.tensor(1.0)], "b": torch.ones(2)})
    assert float(state["x"]["a"][0]) == pytest.approx(2.9)
    assert state["x"]["b"].tolist() == pytest.approx([0.9, 0.9])


def test_nothing_given_is_changed_or_shared():
    def greedy(w):
        return w.mul_(2)

    place, rest = torch.ones(3), torch.zeros(3)
    new = lambdify(rule({u: G, x: x - u}), "torch")(rest, place, greedy)
    assert (place.tolist(), rest.tolist()) == ([1.0] * 3, [0.0] * 3)
    assert len({t.data_ptr() for t in (place, rest, *new)}) == 4


def test_a_step_can_be_differentiated():
    rate = torch.tensor(0.1, dtype=torch.float64)
    place = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    (new,) = lambdify(rule({x: x - eta * G}), "torch")(place, lambda w: w**3, eta=rate)
    new.backward()
    assert float(place.grad) == pytest.approx(1 - 0.3, rel=1e-15)


def test_a_step_in_place_makes_no_tensor():
    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            called.append(str(function))
            return function(*args, **(kwargs or {}))

    called: list[str] = []
    step, tensors = update(program(RULES["adam"])), [torch.ones(5) for _ in range(4)]
    numbers = fixed(made(RULES["adam"], "torch"))
    step(tensors, numbers)
    with Seen():
        step(tensors, numbers)
    views = {"aten.slice.Tensor", "aten.view.default"}
    assert called
    assert {name for name in called if not name.endswith((".out", "_.Tensor"))} <= views


def test_a_tensor_that_needs_its_gradient_can_be_bound():
    weights = torch.ones(3, requires_grad=True)
    optimizer(rule({x: x - eta * G}), "torch", eta=0.5).bind({"x": weights}, torch.ones(3)).step()
    assert weights.tolist() == [0.5] * 3


common = torch.ones(6)
UNFIT = {
    "an array": ({"x": np.ones(3)}, TypeError, "x must be a tensor, given ndarray"),
    "whole numbers": (
        {"x": torch.ones(3, dtype=torch.int64)},
        TypeError,
        "x must hold floating-point numbers",
    ),
    "complex": ({"x": torch.ones(3, dtype=torch.complex64)}, TypeError, "torch.view_as_real"),
    "sparse": ({"g": torch.ones(3).to_sparse()}, TypeError, "the gradient is sparse"),
    "no numbers": ({"x": torch.ones(3, device="meta")}, TypeError, "device 'meta', which holds no numbers"),
    "two types": ({"x": torch.ones(3, dtype=torch.float64)}, ValueError, "all tensors must agree"),
    "two shapes": ({"x": torch.ones(4)}, ValueError, "all tensors must agree"),
    "gaps": ({"x": torch.ones(6)[::2]}, ValueError, "x is not contiguous"),
    "overlap": ({"u": common[:3], "x": common[2:5]}, ValueError, "u and x share memory"),
}


@pytest.mark.parametrize(("unfit", "error", "said"), UNFIT.values(), ids=UNFIT)
def test_unfit_tensors_are_refused_and_nothing_is_written(unfit, error, said):
    given = {"u": torch.ones(3), "x": torch.ones(3), "g": torch.ones(3)} | unfit
    slope = given.pop("g")
    with pytest.raises(error, match=said):
        optimizer(momentum, "torch", eta=0.1, rho=0.9).bind(given, slope)
    assert common.tolist() == [1.0] * 6


def test_parameters_may_be_tensors_of_one_number():
    assert parameters(momentum) == (eta, rho)
    step = lambdify(rule({x: x - eta * G}), "torch")
    assert float(step(torch.tensor(1.0), torch.tensor(2.0), eta=torch.tensor(0.25))[0]) == 0.5
    with pytest.raises(TypeError, match="eta must be one real number"):
        step(torch.tensor(1.0), torch.tensor(2.0), eta=torch.ones(2))


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("x <- x - eta*where(Abs(g) > 0, g/Abs(g), 0)", [1, 1]),
        ("v <- v + g**2; x <- x - eta*where(v+ > 0, g/sqrt(v+), g)", [0.9, 1]),
        ("taken <- taken + g; x <- x - eta*where(taken+ != 0, g/taken+, 2*g)", [0.8, 1]),
    ],
)
def test_a_branch_that_is_not_taken_has_no_derivative(text, slopes):
    step = lambdify(text, backend="torch")
    w = torch.tensor([0.0, 2.0], dtype=torch.float64, requires_grad=True)
    others = [torch.zeros_like(w)] * (";" in text)
    step(*others, w, lambda w: w, eta=0.1)[-1].sum().backward()
    assert w.grad.tolist() == pytest.approx(slopes)


def test_the_sign_of_not_a_number_is_not_a_number_as_in_numpy():
    stated = "x <- x - eta*sign(grad(x))"
    slopes = np.array([np.nan, np.inf, -2.0, 0.0, 3.0])
    (wanted,) = lambdify(stated, "numpy")(np.zeros(5), slopes, eta=0.5)
    (found,) = lambdify(stated, "torch")(torch.zeros(5, dtype=torch.float64), torch.tensor(slopes), eta=0.5)
    assert np.isnan(wanted[0])
    assert np.array_equal(found.numpy(), wanted, equal_nan=True)
    slope = torch.tensor([2.0, -3.0], requires_grad=True)
    lambdify(stated, "torch")(torch.zeros(2), slope, eta=0.5)[0].sum().backward()
    assert slope.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_a_run_keeps_the_type_of_its_weights_and_is_recorded_for_numpy(dtype):
    start, last = torch.tensor([1.0, -2.0], dtype=dtype), []

    def slope(w):
        last.append(w.detach().clone())
        return w / 2

    found = optimizer(rule({x: x - eta * G}), "torch", eta=0.5).run({"x": start}, slope, 4)
    assert {w.dtype for w in last} == {dtype}
    assert found.x.dtype == (np.float16 if dtype is torch.float16 else np.float32)
    np.testing.assert_array_equal(found.x[:4], torch.stack(last).float().numpy())
    np.testing.assert_allclose(found.x[-1], np.array([1.0, -2.0]) * 0.75**4, rtol=0.02)
