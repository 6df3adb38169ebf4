"""Groups of parameters: schedules that belong to them, what schedulers change, and saved states."""

from __future__ import annotations

import copy
import io

import pytest

from physsym import adapters
from tests.support import digits
from tests.support.requirements import library

torch = library("torch", "torch")
torch.set_num_threads(1)

CHOSEN = {"eta": 0.1, "rho": 0.9}


def weight(value=1.0):
    own = torch.nn.Parameter(torch.full((2,), value, dtype=torch.float64))
    own.grad = torch.ones_like(own)
    return own


def moved(made, own, steps=1):
    """Return by how much each of the weights descends in some steps."""
    before = [w.detach().clone() for w in own]
    for _ in range(steps):
        made.step()
    return [(b - w.detach())[0].item() for b, w in zip(before, own, strict=True)]


# --- schedules belong to groups


def two_groups():
    own = [weight(), weight()]
    groups = [{"params": own[:1]}, {"params": own[1:], "eta": lambda n: 0.5}]
    return own, adapters.torch(digits.descent, groups, eta=lambda n: 0.25)


def test_schedules_go_with_their_group_when_groups_change_places_or_go():
    own, made = two_groups()
    made.param_groups.reverse()
    assert moved(made, own) == [0.25, 0.5]
    del made.param_groups[1]
    assert moved(made, own) == [0.0, 0.5]


def test_a_group_that_is_appended_by_hand_takes_part_or_is_refused():
    own, made = two_groups()
    third = weight()
    made.param_groups.append({**made.param_groups[0], "params": [third], "lr": 0.125})
    assert moved(made, [*own, third]) == [0.25, 0.5, 0.125]
    made.param_groups.append({"params": [weight()]})
    with pytest.raises(ValueError, match=r"lacks lr, maximize, .*: add it by add_param_group"):
        made.step()
    assert moved_nothing(own, made)


def moved_nothing(own, made):
    kept = [w.detach().clone() for w in own]
    with pytest.raises((TypeError, ValueError)):
        made.step()
    return all(torch.equal(a, b) for a, b in zip(own, kept, strict=True))


def test_a_number_or_a_function_written_over_a_schedule_holds():
    own, made = two_groups()
    made.param_groups[0]["lr"] = 0.75
    made.param_groups[1]["lr"] = lambda n: 0.5 / 2**n
    assert moved(made, own, 2) == [1.5, 0.5 + 0.25]


@pytest.mark.parametrize(
    "make",
    [
        lambda made: torch.optim.lr_scheduler.StepLR(made, 1),
        lambda made: torch.optim.lr_scheduler.LambdaLR(made, lambda n: 0.5),
        lambda made: torch.optim.lr_scheduler.CosineAnnealingLR(made, 5),
        lambda made: torch.optim.lr_scheduler.ExponentialLR(made, 0.5),
    ],
    ids=["StepLR", "LambdaLR", "CosineAnnealingLR", "ExponentialLR"],
)
def test_a_scheduler_on_a_group_with_a_schedule_is_refused_before_a_step_is_taken(make):
    own, made = two_groups()

    def scheduled():
        make(made)
        made.step()

    with pytest.raises(TypeError, match="lr follows a schedule of its own, and a scheduler of PyTorch"):
        scheduled()
    assert [w.tolist() for w in own] == [[1.0, 1.0]] * 2


def test_a_scheduler_that_writes_its_own_rates_over_schedules_runs():
    own, made = two_groups()
    torch.optim.lr_scheduler.OneCycleLR(made, 0.75, total_steps=10, cycle_momentum=False, div_factor=3)
    assert moved(made, own) == pytest.approx([0.25, 0.25])


def test_states_are_saved_without_schedules_and_loaded_beside_them():
    own, made = two_groups()
    made.step()
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    again = adapters.torch(
        digits.descent,
        [{"params": own[:1]}, {"params": own[1:], "eta": lambda n: 0.5 * n}],
        eta=lambda n: 0.25 * n,
    )
    again.load_state_dict(torch.load(file))
    assert again.param_groups[0]["steps_done"] == 1
    assert moved(again, own, 2) == [0.25 * 3, 0.5 * 3]
    assert moved(copy.deepcopy(again), own) == [0.0, 0.0]
    plain = adapters.torch(digits.descent, [{"params": own[:1]}, {"params": own[1:]}], eta=0.1)
    with pytest.raises(ValueError, match="the saved state has no lr, as where it follows a schedule"):
        plain.load_state_dict(again.state_dict())


# --- saved states


def test_the_state_of_another_rule_with_equal_names_is_refused():
    # u adds up the gradient in one, and is the step in the other.
    texts = "u <- rho*u + grad(x); x <- x - eta*u+", "u <- rho*u - eta*grad(x); x <- x + u+"
    own = [weight(), weight()]
    made = [adapters.torch(text, [w], **CHOSEN) for text, w in zip(texts, own, strict=True)]
    for each in made:
        each.step()
    kept = made[1].state[own[1]]["u"].clone()
    with pytest.raises(ValueError, match=r"the state of another rule: its digest is sha256:.*equal names of"):
        made[1].load_state_dict(made[0].state_dict())
    assert torch.equal(made[1].state[own[1]]["u"], kept)
    # Written otherwise, it is the same rule.
    same = adapters.torch("u <- -eta*grad(x) + u*rho; x <- u+ + x", [own[1]], **CHOSEN)
    same.load_state_dict(made[1].state_dict())
    assert torch.equal(same.state[own[1]]["u"], kept)


SPOILED = {
    "a negative rate": (lambda s: s["param_groups"][0].update(lr=-0.1), "learning rate must not be negative"),
    "a rate that is none": (lambda s: s["param_groups"][0].update(lr="fast"), "eta must be"),
    "a rate of nan": (lambda s: s["param_groups"][0].update(lr=float("nan")), "eta must be finite"),
    "negative steps": (
        lambda s: s["param_groups"][0].update(steps_done=-1),
        "a whole number from 0; given -1",
    ),
    "half a step": (
        lambda s: s["param_groups"][0].update(steps_done=0.5),
        "a whole number from 0; given 0.5",
    ),
    "an option": (lambda s: s["param_groups"][0].update(maximize="no"), "maximize must be True or False"),
    "no option": (lambda s: s["param_groups"][0].pop("foreach"), "lacks foreach"),
    "no digest": (lambda s: s["param_groups"][0].pop("rule_digest"), "the state of another rule"),
    "whole numbers": (
        lambda s: s["state"][0].update(u=torch.ones(2, dtype=torch.int64)),
        "u must be a dense",
    ),
    "complex": (lambda s: s["state"][0].update(u=torch.ones(2, dtype=torch.complex64)), "u must be a dense"),
    "sparse": (lambda s: s["state"][0].update(u=torch.ones(2).to_sparse()), "u must be a dense"),
    "a number": (lambda s: s.update(state=3), "'state' of a state_dict must have a dictionary"),
    "numbers in groups": (lambda s: s.update(param_groups=[3]), "must be a list of dictionaries"),
    "a number for states": (lambda s: s["state"].update({0: 3}), "'state' of a state_dict must have"),
    "no list of weights": (lambda s: s["param_groups"][0].update(params=3), "each with a list 'params'"),
    "more groups": (
        lambda s: s["param_groups"].append(s["param_groups"][0]),
        "different number of parameter gr",
    ),
    "fewer weights": (lambda s: s["param_groups"][0].update(params=[]), "doesn't match the size"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_state_is_refused_and_nothing_is_written(spoil, said):
    own = weight()
    made = adapters.torch(digits.heavy_ball, [own], **CHOSEN)
    made.step()
    kept = copy.deepcopy(made.state_dict())
    spoiled = copy.deepcopy(kept)
    spoil(spoiled)
    with pytest.raises((TypeError, ValueError), match=said):
        made.load_state_dict(spoiled)
    assert made.state_dict()["param_groups"] == kept["param_groups"]
    assert torch.equal(made.state[own]["u"], kept["state"][0]["u"])
    made.load_state_dict(kept)
    assert moved(made, [own]) == pytest.approx([0.1 * 1.9])


def test_parameters_out_of_their_range_are_not_loaded():
    own = weight()
    made = adapters.torch("known:rmsprop", [own])
    made.step()
    spoiled = made.state_dict()
    spoiled["param_groups"][0]["rho"] = 1.5
    with pytest.raises(ValueError, match="rho"):
        made.load_state_dict(spoiled)


# --- what groups are given


def test_a_rate_of_several_numbers_is_refused():
    for rate in (torch.ones(2), torch.ones(0)):
        with pytest.raises((TypeError, ValueError), match="eta must be"):
            adapters.torch(digits.descent, [weight()], eta=rate)
        with pytest.raises((TypeError, ValueError), match="eta must be"):
            adapters.torch(digits.descent, [{"params": [weight()], "lr": rate}], eta=0.1)


def test_a_key_that_is_no_name_is_refused():
    with pytest.raises(TypeError, match="a group of parameters has 3, which the rule does not know"):
        adapters.torch(digits.descent, [{"params": [weight()], 3: 0.1}], eta=0.1)


def test_a_factor_that_averages_squares_is_no_momentum():
    made = adapters.torch("known:rmsprop", [weight()])
    assert "momentum" not in made.param_groups[0]
    assert made.param_groups[0]["rho"] == 0.99
    with pytest.raises(ValueError, match="momentum"):
        torch.optim.lr_scheduler.OneCycleLR(made, 0.1, total_steps=10)
    # Whoever says so means it.
    assert adapters.torch("known:rmsprop", [weight()], momentum="rho").param_groups[0]["momentum"] == 0.99
    for stated in (digits.heavy_ball, digits.nesterov, digits.buffered):
        assert adapters.torch(stated, [weight()], **CHOSEN).param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize(
    "text",
    ["x <- x - eta*Max(-1, Min(1, grad(x)))", "x <- x - eta*Min(Abs(x), Abs(grad(x)))*sign(grad(x))"],
)
def test_a_rule_that_clips_gradients_has_groups(text):
    weights = torch.nn.Parameter(torch.tensor([0.5, -3.0], dtype=torch.float64))
    made = adapters.torch(text, [weights], lr=0.1)
    weights.grad = torch.tensor([5.0, -0.25], dtype=torch.float64)
    made.step()
    want = [0.5 - 0.1, -3 + 0.025] if "Max" in text else [0.5 - 0.05, -3 + 0.025]
    assert weights.tolist() == pytest.approx(want, rel=1e-14)
