"""The same name in both libraries: whether the two codes are the same law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Integer

from tests.findings.comparison import Agreement, same_law
from tests.findings.optimizers import defaults
from tests.findings.rows import Finding

SAME = {
    "optax:adam": "torch:Adam",
    "optax:adamw": "torch:AdamW",
    "optax:adamax": "torch:Adamax",
    "optax:adadelta(learning_rate=1.0)": "torch:Adadelta",
    "optax:adagrad": "torch:Adagrad",
    "optax:amsgrad": "torch:Adam(amsgrad=True)",
    "optax:nadam": "torch:NAdam",
    "optax:radam": "torch:RAdam",
    "optax:rmsprop": "torch:RMSprop(momentum=0)",
    "optax:rmsprop(eps_in_sqrt=False)": "torch:RMSprop(momentum=0)",
    "optax:rmsprop(centered=True)": "torch:RMSprop(centered=True, momentum=0)",
    "optax:sgd": "torch:SGD(momentum=0, dampening=0)",
    "optax:sgd(momentum=0.9, nesterov=True)": "torch:SGD(nesterov=True, momentum=0.9, dampening=0)",
    "optax:rprop": "torch:Rprop",
    "optax:adafactor": "torch:Adafactor",
}
NAMES = {"lr": "learning_rate", "beta1": "b1", "beta2": "b2", "alpha": "decay"}
NAMES_OF_RPROP = {
    "eta1": "eta_minus",
    "eta2": "eta_plus",
    "step_size1": "min_step_size",
    "step_size2": "max_step_size",
}


@dataclass(frozen=True)
class Pair:
    """Two optimizers of one name, and whether they are the same law."""

    optax: str
    torch: str
    agreement: Agreement
    values: str


def pairs(found: Sequence[Finding]) -> list[Pair]:
    """Compare the optimizers that both libraries have."""
    by_name = {f.subject.what: f for f in found}
    return [
        compared(by_name[one], by_name[other])
        for one, other in SAME.items()
        if one in by_name and other in by_name
    ]


def compared(one: Finding, other: Finding) -> Pair:
    """Compare two codes at the same hyperparameters, those that optax lacks at their defaults in PyTorch."""
    ours, theirs = one.lifted, other.lifted
    if ours is None or theirs is None:
        return Pair(
            one.subject.what, other.subject.what, Agreement("not compared", said="one is not lifted"), ""
        )
    has = {s.name for s in ours.rule.parameters}
    typical = {s.name: v for s, v in theirs.rule.typical}
    names: dict[str, str | Expr] = {}
    put = []
    for symbol in theirs.rule.parameters:
        name = {**NAMES, **NAMES_OF_RPROP}.get(symbol.name, symbol.name)
        if name in has:
            names[symbol.name] = name
        elif symbol.name == "lr" and "learning_rate=1.0" in one.subject.what:
            names[symbol.name] = Integer(1)
        else:
            names[symbol.name] = typical.get(symbol.name, Integer(0))
            put.append(f"{symbol.name} = {names[symbol.name]}")
    return Pair(
        one.subject.what,
        other.subject.what,
        same_law(ours, theirs, names, defaults(one.subject)),
        ", ".join(put),
    )
