"""Tensors as their owners treat them between steps, beside PyTorch's own optimizers and float64."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest

from physsym import adapters
from physsym.core.statements import rule
from physsym.vocabulary import G, eta, x
from tests.support import digits
from tests.support.requirements import library, needs
from tests.unit.adapters.test_torch import Calls

torch = library("torch", "torch")
torch.set_num_threads(1)  # waiting threads spin, and slow down whatever else runs
from physsym.adapters import torch_dlpack, torch_rows  # noqa: E402

CHOSEN, FLOATS = {"eta": 0.1, "rho": 0.9}, (torch.float64, torch.float32)
CLOSE = {
    torch.float64: {"rtol": 1e-13, "atol": 1e-14},
    torch.float32: {"rtol": 2e-6, "atol": 1e-6},
    torch.bfloat16: {"rtol": 3e-2, "atol": 3e-2},
    torch.float16: {"rtol": 3e-3, "atol": 3e-3},
}
WAYS = {"compiled": {}, "lists": {"foreach": True}, "one by one": {"foreach": False}}


def drawn(shape, seed, dtype=torch.float64):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), dtype=dtype)


def heavy_ball(own, **options):
    return adapters.torch(digits.heavy_ball, own, **CHOSEN, **options)


def sgd(own):
    # One tensor after another: what its lists do to weights that share memory is not defined.
    return torch.optim.SGD(own, lr=0.1, momentum=0.9, foreach=False)


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), **CLOSE[a.dtype])


def both(make, between, *, steps=6, **options):
    """Train the same weights by ours and by PyTorch's heavy ball; `between` sets the gradients of a step."""
    sides = []
    for optimizer in (lambda own: heavy_ball(own, **options), sgd):
        weights = make()
        stepping = optimizer(weights)
        for number in range(steps):
            between(weights, number)
            stepping.step()
        sides.append(weights)
    assert_same(*sides)


def with_gradients(weights, number):
    for k, weight in enumerate(weights):
        # PyTorch lays a gradient out as its weights.
        weight.grad = torch.empty_like(weight).copy_(drawn(weight.shape, 100 * number + k))


def parameter(tensor):
    return torch.nn.Parameter(tensor)


LAYOUTS = {
    "no axis": lambda d: drawn((), 1, d),
    "empty": lambda d: drawn((0, 3), 1, d),
    "plain": lambda d: drawn((3, 5), 1, d),
    "transposed": lambda d: drawn((3, 5), 1, d).t(),
    "channels last": lambda d: drawn((2, 3, 4, 5), 1, d).to(memory_format=torch.channels_last),
    "one by one kernels": lambda d: drawn((4, 3, 1, 1), 1, d).to(memory_format=torch.channels_last),
    "axes permuted": lambda d: drawn((2, 3, 4), 1, d).permute(1, 2, 0),
    "with gaps": lambda d: drawn((4, 6), 1, d)[:, ::2],
    "rows apart": lambda d: drawn((4, 6), 1, d)[:, :3],
}
DENSE = [name for name in LAYOUTS if name not in ("with gaps", "rows apart")]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("dtype", CLOSE, ids=str)
def test_tensors_of_all_layouts_are_updated_as_by_pytorch(dtype, way):
    both(lambda: [parameter(lay(dtype)) for lay in LAYOUTS.values()], with_gradients, **way)


@needs("llvmlite", "fast")
@pytest.mark.parametrize("dtype", CLOSE, ids=str)
def test_dense_tensors_of_any_order_of_axes_take_one_compiled_call(dtype):
    weights = [parameter(LAYOUTS[name](dtype)) for name in DENSE]
    made = heavy_ball(weights)
    with_gradients(weights, 0)
    made.step()
    with_gradients(weights, 1)
    with Calls() as calls:
        made.step()
    assert not [name for name in calls.names if "profiler" not in name]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_gradient_of_another_layout_than_its_weights(way):
    def between(weights, number):
        weights[0].grad = drawn((5, 3), number).t()
        weights[1].grad = drawn((), number).expand(4)
        # At the second step it lies as it did at the first, but its numbers are to be read with a minus.
        weights[2].grad = torch._neg_view(drawn((4,), number)) if number % 2 else drawn((4,), number)

    both(lambda: [parameter(drawn(s, 7)) for s in ((3, 5), (4,), (4,))], between, **way)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "missing",
    [
        lambda k, n: k == 1,
        lambda k, n: True,
        lambda k, n: (k + n) % 2,
        lambda k, n: n < 2,
        lambda k, n: n == k,
    ],
    ids=["some", "all", "alternating", "later all", "each once"],
)
def test_gradients_that_are_none(missing, way):
    def between(weights, number):
        with_gradients(weights, number)
        for k, weight in enumerate(weights):
            weight.grad = None if missing(k, number) else weight.grad

    both(lambda: [parameter(drawn((3,), k)) for k in range(4)], between, **way)


# --- what owners do to weights between steps


def replaced(weights, number):
    if number == 3:
        weights[0].data = weights[0].data.clone()
    with_gradients(weights, number)


def transposed_in_place(weights, number):
    if number % 2:
        weights[0].data = weights[0].data.t()  # the address and the length stay as they are
    with_gradients(weights, number)


def filled_in_place(weights, number):
    with torch.no_grad():
        weights[1].mul_(0.5)
    with_gradients(weights, number)


def same_gradients(weights, number):
    if not number:
        with_gradients(weights, 0)
    for weight in weights:
        weight.grad.mul_(0.9)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("between", [replaced, transposed_in_place, filled_in_place, same_gradients])
def test_weights_that_are_replaced_or_changed(between, way):
    both(lambda: [parameter(drawn((4, 4), 1)), parameter(drawn((3,), 2))], between, **way)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_shortened_weight_is_refused_and_nothing_is_written(dtype, way):
    whole, other = drawn((5,), 1, dtype), parameter(drawn((4,), 2, dtype))
    weight = parameter(whole)
    made = heavy_ball([other, weight], **way)
    with_gradients([other, weight], 0)
    made.step()
    kept = [whole.clone(), other.detach().clone()]
    kept += [t.clone() for s in made.state.values() for t in s.values()]
    weight.data = weight.data[:3]  # at the same address
    with pytest.raises(
        ValueError, match=r"has the shape \(5,\), the parameter itself \(3,\); after a parameter"
    ):
        made.step()
    weight.grad = torch.ones(3, dtype=dtype)
    with pytest.raises(ValueError, match=r"the state u of a parameter has the shape \(5,\)"):
        made.step()
    assert torch.equal(whole, kept[0])
    assert torch.equal(other, kept[1])
    assert all(map(torch.equal, [t for s in made.state.values() for t in s.values()], kept[2:]))
    del made.state[weight]
    made.step()
    assert torch.equal(whole[3:], kept[0][3:])
    torch.testing.assert_close(whole[:3], kept[0][:3] - 0.1)


def test_a_state_that_is_shortened_lengthened_or_none_is_refused():
    for state, said in ((torch.zeros(2), r"\(2,\)"), (torch.zeros(9), r"\(9,\)"), (None, "must be a tensor")):
        weight = parameter(torch.ones(3))
        weight.grad = torch.ones(3)
        made = heavy_ball([weight])
        made.step()
        kept = weight.detach().clone()
        made.state[weight]["u"] = state
        with pytest.raises((TypeError, ValueError), match=f"the state u of a parameter.*{said}"):
            made.step()
        assert torch.equal(weight, kept)
    whole = made.state[weight]["u"] = torch.zeros(3)
    made.step()
    whole.data = whole.data[:2]
    with pytest.raises(ValueError, match=r"the state u of a parameter has the shape \(2,\)"):
        made.step()


def test_states_may_be_cleared_and_replaced():
    weight = parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    made = heavy_ball([weight])
    made.step()
    made.state[weight] = {"u": torch.full((3,), 2.0)}
    made.step()
    assert made.state[weight]["u"].tolist() == pytest.approx([1.7] * 3)
    made.state.clear()
    made.step()
    assert made.state[weight]["u"].tolist() == pytest.approx([-0.1] * 3)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_memory_that_was_freed_is_refused(way):
    weight, other = parameter(torch.ones(3)), parameter(torch.ones(3))
    weight.grad = other.grad = torch.ones(3)
    made = heavy_ball([other, weight], **way)
    made.step()
    kept = other.detach().clone()
    weight.untyped_storage().resize_(0)
    with pytest.raises(ValueError, match="a parameter has no memory: its storage was freed"):
        made.step()
    assert torch.equal(other, kept)


# --- how it is known that tensors lie as they did

needs_dlpack = pytest.mark.skipif(
    not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"), reason="needs a newer version of PyTorch"
)


@needs("llvmlite", "fast")
@needs_dlpack
def test_a_reader_sees_every_difference():
    own = [
        drawn((3, 4), 1, torch.float32),
        drawn((5,), 2, torch.bfloat16),
        drawn((2, 2), 3)[:, 1:],
        drawn((), 4),
    ]
    reader = torch_dlpack.reader(own)
    assert list(reader.addresses(own)) == [t.data_ptr() for t in own]
    assert list(reader.addresses([t.clone() for t in own[:1]] + own[1:]))[1:] == [
        t.data_ptr() for t in own[1:]
    ]
    others = {
        0: [
            own[0].double(), own[0].half(), own[0].view(torch.int32), own[0][:2], own[0].view(4, 3),
            own[0].view(3, 4, 1), own[0].t().contiguous().t(), own[0].to("meta"), own[0].to_sparse(), None, 3,
        ],
        1: [own[1].half(), own[1].view(torch.int16), own[1][:4], own[1].expand(1, 5)],
        2: [own[2].clone(), drawn((2, 3), 3)[:, 2:], drawn((2, 2), 3)],
        3: [drawn((1,), 4), drawn((), 4, torch.float32)],
    }  # fmt: skip
    for k, different in others.items():
        for tensor in different:
            assert reader.addresses([*own[:k], tensor, *own[k + 1 :]]) is None
    assert reader.addresses(own[:3]) is None
    assert reader.addresses([*own, own[0]]) is None
    for unfit in (drawn((1,) * 9, 1), torch.ones(2, dtype=torch.int32), torch.ones(2, device="meta")):
        assert torch_dlpack.reader([unfit]) is None


@needs_dlpack
@pytest.mark.parametrize("between", [replaced, transposed_in_place, filled_in_place, same_gradients])
def test_without_a_reader_tensors_are_read_one_by_one(monkeypatch, between):
    monkeypatch.setattr(torch_rows, "reader", lambda tensors: None)
    both(lambda: [parameter(drawn((4, 4), 1)), parameter(drawn((3,), 2))], between)
    whole = drawn((5,), 1)
    weight = parameter(whole)
    made = heavy_ball([weight])
    with_gradients([weight], 0)
    made.step()
    kept = whole.clone()
    weight.data = weight.data[:3]
    with pytest.raises(ValueError, match="after a parameter was replaced"):
        made.step()
    assert torch.equal(whole, kept)


def test_a_capsule_of_another_version_is_not_used(monkeypatch):
    monkeypatch.setattr(torch_dlpack, "MAJOR", 99)
    torch_dlpack._unchanged.cache_clear()
    assert torch_dlpack.reader([torch.ones(2)]) is None
    torch_dlpack._unchanged.cache_clear()


# --- memory that is shared


@pytest.mark.parametrize("dtype", CLOSE, ids=str)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_weights_that_share_memory_are_updated_in_order(way, dtype):
    def make():
        base = drawn((8,), 1, dtype)
        return [parameter(base[:6]), parameter(base[2:]), parameter(base[::2])]

    both(make, with_gradients, **way)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_gradient_that_is_the_weight_or_overlaps_it(way):
    bases = {}

    def make():
        base = drawn((9,), 3)
        weights = [parameter(base[:6]), parameter(drawn((4,), 4)), parameter(drawn((4,), 5))]
        bases[id(weights)] = base
        return weights

    def between(weights, number):
        weights[0].grad = bases[id(weights)][3:]
        weights[1].grad = weights[1].data
        weights[2].grad = drawn((4,), number)

    both(make, between, **way)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_gradient_that_a_row_before_has_written_is_read_after_it(way, dtype):
    def make():
        base = drawn((8,), 1, dtype)
        return [parameter(base[:7]), parameter(base[1:7]), parameter(drawn((7,), 2, dtype))]

    def between(weights, number):
        weights[0].grad = drawn((7,), number, dtype)
        weights[1].grad = weights[1].data
        weights[2].grad = weights[0].data

    both(make, between, **way)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_written_twice_is_refused_before_anything_is(way):
    weight, other = parameter(torch.ones(3)), parameter(torch.ones(3))
    weight.grad = other.grad = torch.ones(3)
    made = heavy_ball([other, weight], **way)
    made.state[weight]["u"] = weight.data
    with pytest.raises(ValueError, match="the state u of a parameter, a parameter, two share memory"):
        made.step()
    expanded = parameter(torch.ones(1).expand(3))
    expanded.grad = torch.ones(3)
    made_of_expanded = heavy_ball([other, expanded], **way)
    made_of_expanded.state[expanded]["u"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"a parameter is expanded: several .* tensor.clone\(\)"):
        made_of_expanded.step()
    assert (other.tolist(), weight.tolist(), expanded.tolist()) == ([1.0] * 3, [1.0] * 3, [1.0] * 3)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_graphs_that_remember_weights_know_that_they_have_changed(way):
    weights = [parameter(drawn((3,), k)) for k in range(3)]
    with_gradients(weights, 0)
    remembered = [(w**2).sum() for w in weights]
    heavy_ball(weights, **way).step()
    for loss in remembered:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


# --- storage types


@needs("llvmlite", "fast")
def test_numbers_are_rounded_to_nearest_even_when_they_are_stored():
    from array import array

    from physsym.codegen import partition, program
    from physsym.runtime.backends.llvm import compile_table, storages

    part = partition(program(rule({x: x - eta * G})))[-1]
    bits = np.random.default_rng(0).integers(0, 2**32, 200_000, np.uint64).astype(np.uint32)
    ties = (np.arange(2**16, dtype=np.uint32) << 16) | 0x8000
    near = np.concatenate([ties - 1, ties, ties + 1])
    given = torch.tensor(np.concatenate([bits, near]).view(np.float32))
    for name in {"bfloat16", "float16"} & {*storages()}:
        dtype = getattr(torch, name)
        stored = torch.zeros(len(given), dtype=dtype)
        sizes, numbers = array("Q", [len(given)]), array("d", [-1.0])
        addresses = array("Q", [stored.data_ptr(), given.data_ptr()])
        table = compile_table(part, (name, "float32"))
        table.step(sizes.buffer_info()[0], addresses.buffer_info()[0], 1, numbers.buffer_info()[0])
        wanted = given.to(dtype)
        nan = torch.isnan(given)
        assert torch.equal(torch.isnan(stored), nan)
        # Zero has lost its sign: 0 - (-1)*(-0.0) is 0.
        assert torch.equal(stored[~nan], wanted[~nan])
        assert name != "bfloat16" or {*stored[nan].view(torch.int16).tolist()} == {0x7FC0}
        # Every number of the type is loaded as it is.
        all_of_them = torch.tensor(np.arange(2**16, dtype=np.uint16).view(np.int16)).view(dtype)
        copied = torch.zeros(2**16)
        sizes = array("Q", [2**16])
        addresses = array("Q", [copied.data_ptr(), all_of_them.data_ptr()])
        table = compile_table(part, ("float32", name))
        table.step(sizes.buffer_info()[0], addresses.buffer_info()[0], 1, numbers.buffer_info()[0])
        torch.testing.assert_close(copied, all_of_them.float(), rtol=0, atol=0, equal_nan=True)


def test_after_a_hundred_steps_in_bfloat16_the_error_is_at_most_that_of_pytorch():
    def error(make):
        start, errors = drawn((1000,), 1), []
        weight = parameter(start.to(torch.bfloat16))
        made, place, momentum = (
            make([weight]),
            weight.detach().double(),
            torch.zeros(1000, dtype=torch.float64),
        )
        for number in range(100):
            slope = drawn((1000,), number + 2).to(torch.bfloat16)
            momentum = 0.9 * momentum - 0.01 * slope.double()
            place = place + momentum
            weight.grad = slope
            made.step()
            errors.append((weight.detach().double() - place).square().mean().sqrt())
        return float(errors[-1])

    theirs = error(lambda own: torch.optim.SGD(own, lr=0.01, momentum=0.9, foreach=False))
    chosen = {"eta": 0.01, "rho": 0.9}
    for way in WAYS.values():
        assert (
            error(lambda own, way=way: adapters.torch(digits.heavy_ball, own, **chosen, **way)) < 1.1 * theirs
        )
    mixed = {"state_dtype": torch.float32}
    assert error(lambda own: adapters.torch(digits.heavy_ball, own, **chosen, **mixed)) < 1.1 * theirs


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_rounds_half_precision_once_a_step(way):
    sides = []
    for options in (way, {}):
        weight = parameter(drawn((40,), 1, torch.bfloat16))
        made = adapters.torch(digits.counting_adam, [weight], **digits.OF_COUNTING_ADAM, **options)
        for number in range(5):
            weight.grad = drawn((40,), number, torch.bfloat16)
            made.step()
        sides.append(weight)
    # PyTorch does not round each root and quotient correctly.
    torch.testing.assert_close(*(s.detach() for s in sides), rtol=2**-8, atol=0)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_weights_that_turn_to_half_precision_keep_their_states(way):
    def between(weights, number):
        if number == 3:
            for weight in weights:
                weight.grad = None
                weight.data = weight.data.bfloat16()
        with_gradients(weights, number)

    both(lambda: [parameter(drawn((3, 4), 1, torch.float32)), parameter(drawn((2,), 2))], between, **way)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_types_may_differ_within_a_group(way):
    kinds = [torch.bfloat16, torch.float32, torch.bfloat16, torch.float64, torch.float64, torch.float16]
    both(lambda: [parameter(drawn((5,), k, dtype)) for k, dtype in enumerate(kinds)], with_gradients, **way)


def test_states_of_a_type_of_their_own_are_kept_by_state_dict():
    def made(seed):
        weight = parameter(drawn((50,), seed, torch.bfloat16))
        return weight, heavy_ball([weight], state_dtype=torch.float32)

    weight, first = made(1)
    for number in range(3):
        weight.grad = drawn((50,), number, torch.bfloat16)
        first.step()
    assert first.state[weight]["u"].dtype == torch.float32
    exact = torch.zeros(50)
    for number in range(3):
        exact = 0.9 * exact - 0.1 * drawn((50,), number, torch.bfloat16).float()
    torch.testing.assert_close(first.state[weight]["u"], exact, rtol=1e-6, atol=1e-7)
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    other, second = made(1)
    other.data.copy_(weight.data)
    second.load_state_dict(torch.load(buffer, weights_only=True))
    assert torch.equal(second.state[other]["u"], first.state[weight]["u"])
    for own, optimizer in ((weight, first), (other, second)):
        own.grad = drawn((50,), 9, torch.bfloat16)
        optimizer.step()
    assert torch.equal(weight, other)
    second.state[other]["u"].zero_()
    assert first.state[weight]["u"].any()
    for wrong in (torch.int32, "float32"):
        with pytest.raises(TypeError, match="state_dtype must be a type of floats"):
            heavy_ball([weight], state_dtype=wrong)


# --- graphics processors, by the same path


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_lists_read_nothing_back_from_the_device(monkeypatch, dtype):
    monkeypatch.setattr(torch_rows, "MANY_AT_ONCE", ("cpu",))
    weights = [parameter(drawn((3,), k, dtype)) for k in range(20)]
    made = adapters.torch(digits.counting_adam, weights, **digits.OF_COUNTING_ADAM)
    for number in range(2):
        with_gradients(weights, number)
        with Calls() as calls:
            made.step()
    assert not [n for n in calls.names if any(w in n for w in ("_local_scalar_dense", "item", "nonzero"))]
    assert len([n for n in calls.names if "foreach" in n]) > 5
    assert len(calls.names) < 20 * 10 + 60


def test_lists_are_held_in_batches(monkeypatch):
    monkeypatch.setattr(torch_rows, "BATCH", 7)
    shapes = [(3,), (5,), (9,), (2,), (2,), (2,), (2,)]
    both(lambda: [parameter(drawn(s, k)) for k, s in enumerate(shapes)], with_gradients, foreach=True)


# --- what trains with it


def test_a_scaler_of_gradients_that_skips_a_step():
    sides = []
    for make in (heavy_ball, sgd):
        weight = parameter(torch.ones(3))
        made, scaler = make([weight]), torch.amp.GradScaler("cpu", init_scale=2.0**4, growth_interval=100)
        for number in range(6):
            made.zero_grad()
            scaler.scale((weight * drawn((3,), number, torch.float32)).sum()).backward()
            if number == 2:
                weight.grad[1] = float("inf")
            before = weight.detach().clone()
            scaler.step(made)
            scaler.update()
            assert torch.equal(before, weight) == (number == 2)
        sides.append(weight)
        steps = made.param_groups[0].get("steps_done", 5)
        assert steps == 5
    assert_same(sides[:1], sides[1:])


def test_a_rate_that_is_a_tensor_may_change_in_place():
    sides = []
    for make in (
        lambda own, lr: adapters.torch(digits.buffered, own, eta=lr, rho=0.9),
        lambda own, lr: torch.optim.SGD(own, lr=lr, momentum=0.9, foreach=False),
    ):
        weights, lr = [parameter(drawn((3,), 1))], torch.tensor(0.1, dtype=torch.float64)
        made = make(weights, lr)
        for number in range(6):
            with_gradients(weights, number)
            made.step()
            lr.mul_(0.5)
        sides.append(weights)
    assert_same(*sides)


SCHEDULES = {
    "one cycle": lambda made: torch.optim.lr_scheduler.OneCycleLR(made, max_lr=0.3, total_steps=9),
    "cyclic": lambda made: torch.optim.lr_scheduler.CyclicLR(made, 0.01, 0.2, step_size_up=3),
    "linear": lambda made: torch.optim.lr_scheduler.LinearLR(made, total_iters=4),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_schedulers_of_pytorch_change_rate_and_momentum(schedule):
    sides = []
    for make in (lambda own: adapters.torch(digits.buffered, own, **CHOSEN), sgd):
        weights = [parameter(drawn((3,), 1))]
        made = make(weights)
        scheduler, seen = schedule(made), []
        for number in range(8):
            with_gradients(weights, number)
            made.step()
            scheduler.step()
            seen.append((made.param_groups[0]["lr"], made.param_groups[0]["momentum"]))
        sides.append((weights, seen))
    assert sides[0][1] == sides[1][1]
    assert_same(sides[0][0], sides[1][0])


def test_which_parameter_is_the_momentum_can_be_said():
    weight = parameter(torch.ones(2))
    made = adapters.torch(digits.counting_adam, [weight], momentum="beta", **digits.OF_COUNTING_ADAM)
    assert made.param_groups[0]["momentum"] == digits.OF_COUNTING_ADAM["beta"]
    given = {**CHOSEN, "momentum": 0.9}
    del given["rho"]
    assert adapters.torch(digits.heavy_ball, [weight], **given).param_groups[0]["momentum"] == 0.9
    with pytest.raises(TypeError, match="rho and momentum are the same parameter"):
        adapters.torch(digits.heavy_ball, [weight], momentum=0.9, **CHOSEN)
    with pytest.raises(ValueError, match="no parameter 'mu'"):
        adapters.torch(digits.heavy_ball, [weight], momentum="mu", **CHOSEN)


def test_a_group_may_have_a_schedule_of_its_own():
    weights = [parameter(torch.ones(1, dtype=torch.float64)) for _ in range(3)]
    groups = [
        {"params": weights[:1]},
        {"params": weights[1:2], "eta": lambda n: 0.5 / (n + 1)},
        {"params": weights[2:], "eta": 0.25},
    ]
    made = adapters.torch(digits.descent, groups, eta=lambda n: 0.1 * (n + 1))
    for _ in range(3):
        for weight in weights:
            weight.grad = torch.ones_like(weight)
        made.step()
    assert [w.item() for w in weights] == pytest.approx(
        [1 - 0.1 * (1 + 2 + 3), 1 - 0.5 * (1 + 1 / 2 + 1 / 3), 1 - 0.25 * 3]
    )
    kept = made.state_dict()
    assert ["lr" in group for group in kept["param_groups"]] == [False, False, True]
    made.load_state_dict(kept)
    made.step()
    assert weights[1].item() == pytest.approx(1 - 0.5 * (1 + 1 / 2 + 1 / 3 + 1 / 4))


@pytest.mark.parametrize("option", ["fused", "capturable", "differentiable"])
def test_options_that_are_not_offered_are_refused_with_the_reason(option):
    weight = parameter(torch.ones(2))
    with pytest.raises(TypeError, match=f"{option}=True is not offered: .*; leave it out"):
        heavy_ball([weight], **{option: True})
    with pytest.raises(TypeError, match=f"{option}=True is not offered"):
        heavy_ball([{"params": [weight], option: True}])


def test_options_of_the_wrong_kind_are_refused():
    weight = parameter(torch.ones(2))
    for option in ("foreach", "maximize"):
        with pytest.raises(TypeError, match=f"{option} must be True or False, given 3"):
            heavy_ball([weight], **{option: 3})
    with pytest.raises(ValueError, match="must not be negative"):
        adapters.torch(digits.descent, [weight], eta=torch.tensor(-0.1))


def test_saved_states_of_another_rule_or_model_are_refused():
    weight = parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    made = heavy_ball([weight])
    made.step()
    kept = made.state[weight]["u"].clone()
    saved = made.state_dict()
    other = copy.deepcopy(saved)
    other["state"][0]["s"] = other["state"][0].pop("u")
    with pytest.raises(ValueError, match="another optimizer: of a parameter it has s, the rule u"):
        made.load_state_dict(other)
    other = copy.deepcopy(saved)
    other["state"][0]["u"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"another model: u has the shape \(3,\), the parameter \(2,\)"):
        made.load_state_dict(other)
    assert torch.equal(made.state[weight]["u"], kept)
    made.load_state_dict(saved)


def test_a_copy_of_an_optimizer_steps_its_own_weights():
    weight = parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    made = heavy_ball([weight])
    made.step()
    again = copy.deepcopy(made)
    own = again.param_groups[0]["params"][0]
    own.grad = torch.ones(3)
    kept = weight.detach().clone()
    again.step()
    assert torch.equal(weight, kept)
    made.step()
    assert torch.equal(weight, own)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_sign_of_not_a_number_is_not_a_number(way):
    """PyTorch's own sign of it is 0, and the weights would stay where they are as if nothing were wrong."""
    weight = parameter(torch.zeros(5, dtype=torch.float64))
    weight.grad = torch.tensor([float("nan"), float("inf"), -2.0, 0.0, 3.0], dtype=torch.float64)
    adapters.torch("x <- x - eta*sign(grad(x))", [weight], eta=0.5, **way).step()
    assert np.array_equal(weight.detach().numpy(), [np.nan, -0.5, 0.5, 0.0, -0.5], equal_nan=True)
