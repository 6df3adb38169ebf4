"""Which published rule an optimizer is named after, and what the libraries call its parameters."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Integer, Rational

import physsym as ps
from physsym.optimizers import Known, Lifted
from tests.findings.optimizers import Subject

PAPERS = {
    "optax:adabelief": "adabelief",
    "optax:adadelta": "adadelta",
    "optax:adagrad": "adagrad",
    "optax:adam": "adam",
    "optax:adam(nesterov=True)": "nadam_constant",
    "optax:adamax": "adamax",
    "optax:adamw": "adamw",
    "optax:amsgrad": "amsgrad",
    "optax:lion": "lion",
    "optax:nadam": "nadam",
    "optax:optimistic_gradient_descent": "optimistic",
    "optax:radam": "radam",
    "optax:rmsprop": "rmsprop",
    "optax:rmsprop(centered=True)": "rmsprop_centered",
    "optax:rmsprop(momentum=0.9, eps_in_sqrt=False)": "",
    "optax:rmsprop(bias_correction=True)": "",
    "optax:sgd": "gradient_descent",
    "optax:sgd(momentum=0.9)": "heavy_ball",
    "optax:sgd(momentum=0.9, nesterov=True)": "nesterov_sum",
    "optax:sign_sgd": "sign_descent",
    "optax:signum": "signum",
    "optax:yogi": "yogi",
    "optax:ademamix": "ademamix",
    "optax:schedule_free": "schedule_free",
    "optax:schedule_free_sgd": "schedule_free",
    "torch:Adadelta": "adadelta",
    "torch:Adagrad": "adagrad",
    "torch:Adam": "adam",
    "torch:Adam(amsgrad=True)": "amsgrad",
    "torch:AdamW": "adamw",
    "torch:AdamW(amsgrad=True)": "",
    "torch:Adamax": "adamax",
    "torch:NAdam": "nadam",
    "torch:RAdam": "radam",
    "torch:RMSprop": "",
    "torch:RMSprop(momentum=0)": "rmsprop",
    "torch:RMSprop(centered=True, momentum=0)": "rmsprop_centered",
    "torch:SGD": "heavy_ball",
    "torch:SGD(momentum=0, dampening=0)": "gradient_descent",
    "torch:SGD(nesterov=True, momentum=0.9, dampening=0)": "nesterov_sum",
}
"""Optimizers with the name in `ps.known` of the rule that their paper states; "" where there is none."""

_EXTRA = {"optax": {"rho": "momentum", "psi": Rational(1, 250)}, "torch": {"rho": "momentum"}}
_SPELLED = {"betas[0]": "beta1", "betas[1]": "beta2"}


def paper(subject: Subject) -> Known | None:
    """Return the published rule that an optimizer is named after, if the catalogue has it."""
    name = PAPERS.get(subject.what, PAPERS.get(subject.plain, ""))
    return ps.known[name] if name else None


def names(
    published: Known, lifted: Lifted, library: str, values: Mapping[str, Expr]
) -> dict[str, str | Expr]:
    """Return what the parameters of a published rule are called in the code, or their values there.

    A parameter that the code lacks has its published value.
    """
    own = {s.name: _SPELLED.get(n, n) for s, n in published.names.get(library, {}).items()}
    fields = {
        s.name: _SPELLED.get(n, n)
        for k in ps.known.values()
        for s, n in k.names.get(library, {}).items()
        if s.name in ("eta", "beta_1", "beta_2", "eps", "wd")
    }
    typical = {s.name: v for s, v in published.rule.typical}
    has = {s.name for s in lifted.rule.parameters}
    found: dict[str, str | Expr] = {}
    for symbol in published.rule.parameters:
        name = (
            own.get(symbol.name) or fields.get(symbol.name) or _EXTRA[library].get(symbol.name, symbol.name)
        )
        if isinstance(name, str) and name in values:
            name = values[name]
        if isinstance(name, str) and name not in has:
            name = typical.get(symbol.name, Integer(0))
        found[symbol.name] = name
    return found


def candidates(subject: Subject) -> tuple[Known, ...]:
    """Return the published rules that the catalogue says this optimizer has."""
    wanted = f".{subject.name}("
    return tuple(k for k in ps.known.values() if wanted in k.functions.get(subject.library, ""))
