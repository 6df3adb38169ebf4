"""Optimizers of optax and PyTorch, read from their code, against each other and against published rules."""

import pytest

import physsym as ps
from physsym import Outcome
from tests.support.requirements import library

library("torch", "torch")
library("optax", "jax")
pytestmark = pytest.mark.slow

SAME = [
    ("known:adam", "torch:Adam"),
    ("known:adam", "optax:adam"),
    ("torch:AdamW", "optax:adamw"),
    ("optax:adamax", "torch:Adamax"),
    ("optax:lion", "known:lion"),
    ("optax:sgd(momentum=0.9)", "torch:SGD(momentum=0.9)"),
    ("optax:sgd(momentum=0.9, nesterov=True)", "torch:SGD(momentum=0.9, nesterov=True)"),
]


@pytest.mark.parametrize("pair", SAME, ids=" as ".join)
def test_the_same_in_both_libraries(pair):
    found = ps.equivalent(*pair)
    assert found
    assert found.schedule == "any"


def test_adam_of_optax_has_one_more_parameter():
    found = ps.equivalent("optax:adam", "torch:Adam")
    assert found.verdict.outcome is Outcome.CONDITIONAL
    assert [str(c) for c in found.conditions] == ["eps_root = 0"]


@pytest.mark.parametrize(
    "pair",
    [
        ("optax:rmsprop", "torch:RMSprop"),
        ("optax:amsgrad", "torch:Adam(amsgrad=True)"),
    ],
    ids=" as ".join,
)
def test_not_the_same_in_both_libraries(pair):
    found = ps.equivalent(*pair)
    assert not found
    assert not found.generic
    assert found.trace.weights[0] != found.trace.weights[1]


def test_adagrad_with_eps_in_the_root_is_not_refuted():
    # The eps in the root adds to the accumulator: with eps = 0 and that start the runs are the same.
    found = ps.equivalent("optax:adagrad", "torch:Adagrad")
    assert found.verdict.outcome is not Outcome.FAILS
