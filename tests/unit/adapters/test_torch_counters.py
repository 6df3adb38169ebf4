"""Rules that use the number of steps: every parameter counts its own, as in PyTorch's optimizers."""

from __future__ import annotations

import copy
import io

import pytest

from physsym import adapters
from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.vocabulary import G, t, x
from tests.support import digits
from tests.support.requirements import library

torch = library("torch", "torch")
torch.set_num_threads(1)

WAYS = {"compiled": {}, "lists": {"foreach": True}, "one by one": {"foreach": False}}
PATTERNS = {
    "late": lambda k, n: k == 0 or n >= 10,
    "alternating": lambda k, n: (k + n) % 2,
    "each once": lambda k, n: n % 3 == k,
    "early": lambda k, n: k == 0 or n < 5,
}


def weights(count=3):
    return [torch.nn.Parameter(torch.linspace(0.5, 1.5, 4 + k, dtype=torch.float64)) for k in range(count)]


def adam(own, **options):
    return adapters.torch(digits.counting_adam, own, **digits.OF_COUNTING_ADAM, **options)


def of_pytorch(own):
    given = digits.OF_COUNTING_ADAM
    return torch.optim.Adam(own, lr=given["eta"], betas=(given["rho"], given["beta"]), eps=given["epsilon"])


def stepped(own, made, pattern, numbers):
    for n in numbers:
        for k, weight in enumerate(own):
            weight.grad = torch.cos(weight.detach() * (n + 1)) if pattern(k, n) else None
        made.step()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_a_parameter_counts_the_steps_that_it_takes(pattern, way):
    ours, theirs = weights(), weights()
    stepped(ours, adam(ours, **way), pattern, range(30))
    stepped(theirs, of_pytorch(theirs), pattern, range(30))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-12, atol=1e-13)


def test_a_count_that_is_not_its_own_is_seen():
    ours, theirs = weights(), weights()
    made, other = adam(ours), of_pytorch(theirs)
    late = PATTERNS["late"]
    stepped(ours, made, late, range(11))
    stepped(theirs, other, late, range(11))
    (counter,) = (name for name, value in made.state[ours[1]].items() if isinstance(value, float))
    assert [made.state[weight][counter] for weight in ours] == [11, 1, 1]
    made.state[ours[1]][counter] = 11.0
    stepped(ours, made, late, range(11, 14))
    stepped(theirs, other, late, range(11, 14))
    assert torch.allclose(ours[2], theirs[2], rtol=1e-12)
    assert not torch.allclose(ours[1], theirs[1], rtol=1e-6)


def test_counts_are_saved_and_loaded():
    ours, theirs = weights(), weights()
    made, late = adam(ours), PATTERNS["late"]
    stepped(ours, made, late, range(13))
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    again = adam(ours)
    again.load_state_dict(torch.load(file))
    stepped(ours, again, late, range(13, 20))
    stepped(theirs, of_pytorch(theirs), late, range(20))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-12, atol=1e-13)
    spoiled = copy.deepcopy(again.state_dict())
    (counter,) = (name for name, value in spoiled["state"][0].items() if isinstance(value, float))
    for wrong in (float("nan"), float("inf"), -1.0, None, "3"):
        spoiled["state"][1][counter] = wrong
        with pytest.raises(ValueError, match=f"{counter} counts steps"):
            again.load_state_dict(spoiled)


def test_parameters_of_a_group_that_is_added_later_begin_to_count_then():
    ours, theirs = weights(), weights()
    made, other = adam(ours[:1]), of_pytorch(theirs[:1])
    stepped(ours[:1], made, lambda k, n: True, range(10))
    stepped(theirs[:1], other, lambda k, n: True, range(10))
    made.add_param_group({"params": ours[1:]})
    other.add_param_group({"params": theirs[1:]})
    stepped(ours, made, lambda k, n: True, range(10))
    stepped(theirs, other, lambda k, n: True, range(10))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-12, atol=1e-13)


def test_a_counter_starts_where_the_rule_says_for_each_parameter():
    own = weights(2)
    before = [weight.detach().clone() for weight in own]
    made = adapters.torch(rule({t: t + 1, x: x - G / after(t)}, start={t: 4}), own)
    for n in range(5):
        own[0].grad = torch.ones_like(own[0])
        own[1].grad = torch.ones_like(own[1]) if n >= 3 else None
        made.step()
    moved = [(b - weight.detach())[0].item() for b, weight in zip(before, own, strict=True)]
    assert moved == pytest.approx([sum(1 / k for k in range(5, 10)), 1 / 5 + 1 / 6])


def test_schedules_follow_the_steps_of_the_optimizer():
    own = weights(2)
    before = [weight.detach().clone() for weight in own]
    made = adapters.torch("x <- x - eta*grad(x)", own, eta=lambda n: 1.0 / (n + 1))
    for n in range(4):
        own[0].grad = torch.ones_like(own[0])
        own[1].grad = torch.ones_like(own[1]) if n >= 2 else None
        made.step()
    moved = [(b - weight.detach())[0].item() for b, weight in zip(before, own, strict=True)]
    assert moved == pytest.approx([1 + 1 / 2 + 1 / 3 + 1 / 4, 1 / 3 + 1 / 4])


def test_a_rule_that_takes_its_gradient_ahead_counts_for_each_parameter_too():
    ahead = "n <- n + 1; u <- rho*u - eta*grad(x + rho*u)/n+; x <- x + u+"
    own = [torch.nn.Parameter(torch.ones(2, dtype=torch.float64)) for _ in range(2)]
    made = adapters.torch(ahead, own[:1], eta=0.1, rho=0.5)

    def closure():
        for weight in own:
            weight.grad = 2 * weight.detach()
        return 0.0

    def by_hand(steps):
        place, move = 1.0, 0.0
        for n in range(1, steps + 1):
            move = 0.5 * move - 0.1 * 2 * (place + 0.5 * move) / n
            place += move
        return place

    for _ in range(4):
        made.step(closure)
    made.add_param_group({"params": own[1:]})
    for _ in range(3):
        made.step(closure)
    assert [weight[0].item() for weight in own] == pytest.approx([by_hand(7), by_hand(3)], rel=1e-14)
    assert [made.state[weight]["n"] for weight in own] == [7, 3]
