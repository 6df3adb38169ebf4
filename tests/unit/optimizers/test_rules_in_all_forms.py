"""Known rules, and rules lifted from optax, in all forms: formulas on both faces, text, programs."""

from __future__ import annotations

import pytest

import physsym as ps
from physsym.codegen.emit import LANGUAGES
from physsym.optimizers import Known

KNOWN = [n for n in dir(ps.known) if isinstance(getattr(ps.known, n), Known)]
LIFTED = [
    "adabelief",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamaxw",
    "adamw",
    "adan",
    "amsgrad",
    "lion",
    "nadam",
    "novograd",
    "optimistic_adam_v2",
    "polyak_sgd",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
    "sign_sgd",
    "sm3",
    "yogi",
]


def forms(stated):
    for face in ("physics", "learning"):
        yield ps.latex(stated, face)
        yield ps.unicode(stated, face)
        yield ps.mathml(stated, face)
    for language in LANGUAGES:
        yield ps.source(stated, language)


@pytest.mark.parametrize("name", KNOWN)
def test_known_rules(name):
    stated = getattr(ps.known, name).rule
    assert all(forms(stated))
    assert str(ps.read(str(stated), unknown="real")) == str(stated)


@pytest.mark.parametrize("name", LIFTED)
def test_lifted_rules(name):
    pytest.importorskip("optax")
    stated = ps.lift(f"optax:{name}").rule
    assert all(forms(stated))
    assert str(ps.read(str(stated), unknown="real")) == str(stated)
