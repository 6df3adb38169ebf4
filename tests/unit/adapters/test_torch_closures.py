"""Rules whose gradient is taken ahead of the weights, beside the same arithmetic written out in float32."""

from __future__ import annotations

import numpy as np
import pytest

from physsym import adapters
from tests.support.requirements import library

torch = library("torch", "torch")
torch.set_num_threads(1)

NESTEROV = "u <- rho*u - eta*grad(x + rho*u); x <- x + u+"
SQUARES = "v <- b*v + (1-b)*grad(x + rho*u)^2; u <- rho*u - eta*grad(x + rho*u)/(sqrt(v+) + eps); x <- x + u+"
OF_SQUARES = {"eta": 0.1, "rho": 0.5, "b": 0.9, "eps": 1e-8}


def stepped(weight, made, slope):
    def closure():
        weight.grad = torch.full_like(weight, slope)
        return 0.0

    made.step(closure)


def test_a_square_that_half_precision_does_not_hold_is_computed_in_float32():
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float16))
    made = adapters.torch(SQUARES, [weight], **OF_SQUARES, state_dtype=torch.float32)
    stepped(weight, made, 300.0)
    # 300 squared is beyond 65504, where float16 ends.
    v = 0.1 * 300.0**2
    u = -0.1 * 300.0 / (v**0.5 + 1e-8)
    assert made.state[weight]["v"].item() == pytest.approx(v, rel=1e-6)
    assert made.state[weight]["u"].item() == pytest.approx(u, rel=1e-6)
    assert weight.item() == pytest.approx(1.0 + u, abs=2**-11)


def test_a_step_below_the_smallest_number_of_float16_is_kept_in_float32():
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float16))
    made = adapters.torch(NESTEROV, [weight], eta=1e-6, rho=0.9, state_dtype=torch.float32)
    stepped(weight, made, 0.01)
    slope = float(np.float16(0.01))
    assert made.state[weight]["u"].item() == pytest.approx(-1e-6 * slope, rel=1e-6)


@pytest.mark.parametrize("state_dtype", [None, torch.float32], ids=str)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_numbers_are_rounded_at_the_evaluation_point_and_once_at_the_end(dtype, state_dtype):
    start, kept = torch.linspace(-2, 2, 301).to(dtype), state_dtype or dtype
    weight = torch.nn.Parameter(start.clone())
    made = adapters.torch(NESTEROV, [weight], eta=0.03, rho=0.9, state_dtype=state_dtype)
    points = []

    def closure():
        points.append(weight.detach().clone())
        weight.grad = torch.sin(weight.detach())
        return 0.0

    x, u = start.clone(), torch.zeros(301, dtype=kept)
    for _ in range(20):
        made.step(closure)
        point = (x.float() + np.float32(0.9) * u.float()).to(dtype)
        new = np.float32(0.9) * u.float() - np.float32(0.03) * torch.sin(point).float()
        torch.testing.assert_close(points[-1], point, rtol=2**-7, atol=2**-9)
        x, u = (x.float() + new).to(dtype), new.to(kept)
    # A sum in another order moves a number by one rounding now and then.
    unit = 2**-7 if dtype == torch.bfloat16 else 2**-10
    assert ((weight.double() - x.double()).abs() <= 4 * unit).all()
    assert ((weight.double() - x.double()).abs() > 0).double().mean() < 0.2
    assert made.state[weight]["u"].dtype == kept


def test_a_closure_that_raises_leaves_weights_of_half_precision_bit_for_bit():
    weight = torch.nn.Parameter(torch.linspace(-2, 2, 301).to(torch.bfloat16))
    made = adapters.torch(NESTEROV, [weight], eta=0.03, rho=0.9)
    stepped(weight, made, 1.0)
    kept = weight.detach().clone(), made.state[weight]["u"].clone()

    def closure():
        raise RuntimeError("the data ended")

    with pytest.raises(RuntimeError, match="the data ended"):
        made.step(closure)
    assert torch.equal(weight, kept[0])
    assert torch.equal(made.state[weight]["u"], kept[1])


def test_expanded_weights_are_refused_before_the_closure_is_called():
    weight = torch.nn.Parameter(torch.ones(1).expand(3))
    made = adapters.torch(NESTEROV, [weight], eta=0.03, rho=0.9)
    with pytest.raises(ValueError, match="a parameter is expanded: several of its elements are one number"):
        made.step(lambda: pytest.fail("called"))


def test_a_model_without_weights_to_train_only_calls_the_closure():
    weight = torch.nn.Parameter(torch.ones(3), requires_grad=False)
    made = adapters.torch(NESTEROV, [weight], eta=0.03, rho=0.9)
    assert made.step(lambda: 2.5) == 2.5
    assert weight.tolist() == [1.0] * 3
