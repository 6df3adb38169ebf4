"""The adapters without their libraries, and a rule seen from where its gradient is taken."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from derivations.book import reference
from physsym import adapters
from physsym.core.statements import rule
from physsym.core.symbols import after, before, grad, partial
from physsym.runtime import optimizer
from physsym.runtime.backends import lambdify
from physsym.vocabulary import G, eta, rho, u, x

ahead = rule({u: rho * u - eta * grad(x + rho * u), x: x + after(u)})
positions_first = rule({x: x + eta * u, u: rho * u - eta * grad(after(x) - eta * u)})
AHEAD = {
    "velocity first": (ahead, lambda state: state[1] + 0.9 * state[0]),
    "position first": (
        rule({x: x + u - eta * grad(x + rho * u), u: rho * u - eta * grad(x + rho * u)}),
        lambda state: state[0] + 0.9 * state[1],
    ),
    "new value read": (
        rule({x: x + u - eta * grad(x + rho * u), u: rho * (after(x) - x)}),
        lambda state: state[0] + 0.9 * state[1],
    ),
}


def test_what_has_a_rule_is_seen_from_its_gradient_too():
    seen = adapters.seen_from_the_gradient(ahead)
    assert adapters.seen_from_the_gradient(optimizer(ahead, eta=0.1, rho=0.9)) == seen
    with pytest.raises(TypeError, match="expected a rule"):
        adapters.seen_from_the_gradient(3)


@pytest.mark.parametrize(("stated", "place"), AHEAD.values(), ids=AHEAD)
def test_the_place_of_the_gradient_moves_as_the_rule_says(stated, place):
    slope = lambda w: w**3 + 2 * w - 0.5
    own, seen = lambdify(stated), lambdify(adapters.seen_from_the_gradient(stated))
    state = dict(zip(stated.targets, [np.array([0.3, -0.2]), np.array([1.0, 0.4])], strict=True))
    other = {**state, x: place(list(state.values()))}
    for _ in range(30):
        state = dict(zip(state, own(*state.values(), slope, eta=0.05, rho=0.9), strict=True))
        ordered = [other[s] for s in adapters.seen_from_the_gradient(stated).targets]
        other = dict(
            zip(
                adapters.seen_from_the_gradient(stated).targets,
                seen(*ordered, slope, eta=0.05, rho=0.9),
                strict=True,
            )
        )
        np.testing.assert_allclose(other[u], state[u], rtol=1e-12)
        np.testing.assert_allclose(other[x], place(list(state.values())), rtol=1e-12)


def test_seen_from_its_gradient_nesterovs_method_is_that_written_by_hand():
    slope, v, w = (lambda w: 3 * w**3 - 1), 0.0, 1.0
    step, state = lambdify(adapters.seen_from_the_gradient(ahead), "python"), (0.0, 1.0)
    for _ in range(20):
        v, w = reference.nesterov(v, w, slope, 0.05, 0.9)
        state = step(*state, slope, eta=0.05, rho=0.9)
        assert state == pytest.approx((v, w + 0.9 * v), rel=1e-12)


def test_a_rule_whose_gradient_is_at_its_position_is_seen_from_there_already():
    momentum = rule({u: rho * u - eta * G, x: x + after(u)})
    assert adapters.seen_from_the_gradient(momentum) == momentum


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (rule({x: x / 2}), "it takes none"),
        (rule({x: x - grad(x - G)}), "it takes grad"),
        (rule({x: x - partial(1, x, u), u: u - partial(2, x, u)}), "it takes partial"),
        (rule({x: x + u, u: u - grad(after(x))}), "not x with something added"),
        (rule({x: x - grad(2 * x)}), "not x with something added"),
        (rule({x: x - grad(x + rho * (x - before(x)))}), "not x with something added"),
    ],
)
def test_a_place_that_is_no_shift_is_told(stated, said):
    with pytest.raises(ValueError, match=said):
        adapters.seen_from_the_gradient(stated)


@pytest.mark.parametrize(("name", "extra"), [("optax", "jax"), ("torch", "torch")])
def test_a_missing_library_is_told_in_one_line_that_names_the_extra(name, extra, monkeypatch):
    monkeypatch.delitem(vars(adapters), name, raising=False)  # one that was used is kept
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    with pytest.raises(ImportError, match=rf"pip install 'physsym\[{extra}\]'") as told:
        getattr(adapters, name)
    assert "\n" not in str(told.value)


def test_an_unknown_adapter_is_told_with_those_that_exist():
    with pytest.raises(AttributeError, match="'keras'; there are optax, seen_from_the_gradient, torch"):
        _ = adapters.keras
