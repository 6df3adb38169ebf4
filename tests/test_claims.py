"""The audit: every claim of the source, its verdict, and a spoiled claim that must get another one."""

from functools import partial

import pytest
from sympy import Rational

from derivations import gradient_descent, momentum
from derivations.claims import claims, prologue
from physsym import Claim, Outcome, System, dot, potential
from physsym.document.prose import sentence
from physsym.verdict import Verdict
from physsym.vocabulary import STANDARD, dt, gamma, m
from tests.later_claims import LATER

BY_ID = {claim.id: claim for claim in claims}
HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS
APPROXIMATE, UNDECIDABLE = Outcome.APPROXIMATE, Outcome.UNDECIDABLE

w = prologue.w
uphill = System((w,), m * dot(w) ** 2 / 2 + potential(w), gamma * dot(w) ** 2 / 2)
names = BY_ID["C01"].judge.args[1]

# The outcome due, and the same judge on something else, which must come out otherwise.
EXPECTED = {
    "C01": (HOLDS, [(gradient_descent.derivation,), names, uphill]),
    "C02": (FAILS, [momentum.by_constants.rule, (m, gamma), {m: Rational(1), gamma: Rational(1)}]),
    "C69": (CONDITIONAL, [prologue.n * dt]),
    **LATER,
}


def test_every_claim_has_an_id_of_its_own():
    assert len(BY_ID) == len(claims)
    assert set(EXPECTED) == set(BY_ID)


@pytest.mark.parametrize("id", EXPECTED)
def test_the_verdict_is_the_one_due(id):
    verdict = BY_ID[id].judge()
    assert verdict.outcome is EXPECTED[id][0], str(verdict)
    assert verdict.evidence


@pytest.mark.parametrize("id", EXPECTED)
def test_a_spoiled_claim_gets_another_verdict(id):
    expected, spoiled = EXPECTED[id]
    judge = BY_ID[id].judge
    assert isinstance(judge, partial)
    assert not judge.keywords
    other = judge.func(*spoiled)
    assert isinstance(other, Verdict)
    assert other.outcome is not expected, str(other)


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_a_claim_can_be_printed(claim):
    assert isinstance(claim, Claim)
    for text in (claim.where, claim.says, claim.formal):
        assert text
    for words in (claim.formal, claim.repair):
        kinds = [span.kind for span in sentence(words, STANDARD)]
        assert words.count("`") == 2 * (kinds.count("formula") + kinds.count("code"))
    assert "def " in claim.code
    assert claim.judge.func.__name__ in claim.code.splitlines()[-1]


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_what_does_not_hold_is_repaired(claim):
    if claim.judge().outcome in (CONDITIONAL, FAILS):
        assert claim.repair
