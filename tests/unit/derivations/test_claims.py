"""The audit: every claim of the source, its verdict, and a spoiled claim that must get another one."""

import re
from functools import partial

import pytest
from sympy import Integer, Rational, oo

from derivations import friction, gradient_descent, momentum, stale
from derivations.claims import claims, fundamental, overdamped, prologue, time_scale
from derivations.claims import descent as chapter_three
from physsym import (
    Claim,
    Hypothesis,
    Limit,
    Outcome,
    System,
    after,
    damped_particle,
    dot,
    hess,
    law,
    potential,
    rule,
)
from physsym.core.dimensions import MASS, ONE, TIME
from physsym.core.verdicts import Verdict
from physsym.documents.prose import sentence
from physsym.mechanics.claim import classify, judge_claim
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, lam, m, tau, u, v, x
from tests.support.later_claims import LATER, REPAIRS
from tests.support.quotations import digests, is_quoted, words

BY_ID = {claim.id: claim for claim in claims}
HOLDS, CONDITIONAL, FAILS = Outcome.HOLDS, Outcome.CONDITIONAL, Outcome.FAILS
APPROXIMATE, UNDECIDABLE = Outcome.APPROXIMATE, Outcome.UNDECIDABLE

w, s, T = prologue.w, overdamped.s, overdamped.T
uphill = System((w,), m * dot(w) ** 2 / 2 + potential(w), gamma * dot(w) ** 2 / 2)
names = BY_ID["C01"].judge.args[1]
descent = rule({x: x - eta * G})
ascent = rule({x: x + eta * G})
gentle = rule({x: x / 2})
by_square = law({m * dot(dot(x)): -G - gamma * dot(x) ** 2})
no_friction = law({tau * dot(dot(x)): -G / gamma})
number = overdamped.mass_over_square

# The outcome due, and the same judge on something else, which must come out otherwise: as told, or as it may.
EXPECTED = {
    "C01": (HOLDS, [(gradient_descent.derivation,), names, uphill], FAILS),
    "C02": (FAILS, [momentum.by_constants.rule, (m, gamma), {}], HOLDS),
    "C69": (CONDITIONAL, [prologue.n * dt], HOLDS),
    "C03": (HOLDS, [-fundamental.gg, fundamental.gg], FAILS),
    "C04": (HOLDS, [G], FAILS),
    "C05": (CONDITIONAL, [ascent, []], FAILS),
    "C06": (HOLDS, [law({dot(dot(x)): -G}), m], FAILS),
    "C07": (HOLDS, [momentum.derivation.lines[7], u, m], FAILS),
    "C08": (HOLDS, [gamma, fundamental.free, MASS / TIME**2], FAILS),
    "C09": (CONDITIONAL, [by_square, ONE / TIME], FAILS),
    "C10": (HOLDS, [fundamental.free, fundamental.coasting, m], FAILS),
    "C11": (HOLDS, [damped_particle, gamma * dot(x) ** 2], FAILS),
    "C12": (HOLDS, [law({m * dot(dot(x)): -G + gamma * dot(x)})], FAILS),
    "C13": (HOLDS, [law({dot(v): -G - gamma * v})], FAILS),
    "C14": (HOLDS, [tau, law({tau: gamma / m}), TIME], FAILS),
    "C15": (HOLDS, [{m: 1, gamma: 10}, Integer(10)], FAILS),
    "C16": (HOLDS, [m / (10 * gamma), Rational(1, 2)], FAILS),
    "C17": (FAILS, [time_scale.particle, m * lam / gamma**2, ()], HOLDS),
    "C18": (HOLDS, [10, Rational(1, 3)], FAILS),
    "C19": (CONDITIONAL, [time_scale.particle, (Limit(m), Limit(gamma, oo))], FAILS),
    "C20": (HOLDS, [time_scale.particle, gamma], FAILS),
    "C21": (CONDITIONAL, [time_scale.in_terms_of_tau, -2 * G / gamma, tau], FAILS),
    "C22": (HOLDS, [time_scale.particle, gamma, law({tau * dot(dot(x)): -G - dot(x)})], FAILS),
    "C23": (HOLDS, [time_scale.particle, m / gamma, Limit(m)], FAILS),
    "C24": (CONDITIONAL, [time_scale.particle, number, Limit(m)], HOLDS),
    "C25": (CONDITIONAL, [time_scale.particle, number, m / gamma**3, overdamped.both_vanish]),
    "C26": (HOLDS, [time_scale.in_terms_of_tau, law({dot(x): -2 * G / gamma})], FAILS),
    "C35": (CONDITIONAL, [no_friction, 2], FAILS),
    "C72": (HOLDS, [law({dot(x): -G / gamma - tau * hess(x) * G / gamma**2})], FAILS),
    "C73": (HOLDS, [fundamental.free, Limit(gamma), -oo], FAILS),
    "C74": (HOLDS, [chapter_three.velocity_law, Limit(m)], FAILS),
    "C75": (HOLDS, [fundamental.free, Limit(m, oo)], FAILS),
    "C76": (CONDITIONAL, [(friction.backward, friction.exponential)], HOLDS),
    "C27": (HOLDS, [chapter_three.velocity_law, rule({x: x - 2 * dt / gamma * G})], FAILS),
    "C28": (HOLDS, [(after(x) - x) / (2 * dt)], FAILS),
    "C29": (HOLDS, [chapter_three.euler_step, dt / m, TIME**2 / MASS], FAILS),
    "C77": (HOLDS, [gamma, chapter_three.velocity_law, chapter_three.euler_step], FAILS),
    "C30": (HOLDS, [chapter_three.euler_step, gamma, dt], FAILS),
    "C78": (HOLDS, [descent, eta**2 * G], FAILS),
    "C32": (CONDITIONAL, [ascent], FAILS),
    "C31": (CONDITIONAL, [Limit(m), chapter_three.euler_step, momentum.by_constants.rule], HOLDS),
    "C79": (HOLDS, [ascent], FAILS),
    "C33": (FAILS, [v, -G / gamma], HOLDS),
    "C81": (HOLDS, [stale.derivation.rule, 1], FAILS),
    "C80": (CONDITIONAL, [descent, 1 / lam], FAILS),
    "C34": (FAILS, [descent, x**2 / 4, 2], HOLDS),
    **LATER,
}
OF_THE_SOURCE = 99
DIGESTS = digests()
READ_TWICE: list[tuple[str, str]] = []
ORDER = """
    C01 C02 C69 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24
    C25 C26 C35 C72 C73 C74 C75 C76 C27 C28 C29 C77 C30 C78 C32 C31 C79 C33 C81 C80 C34 C82 C36 C39 C40
    C41 C42 C83 C84 C44 C85 C59 C86 C87 C45 C46 C88 C43a C43b C43c C37 C38 C89 C90 C91 C92 C93 C67 C51
    C52 C94 C53 C54 C55 C56 C63 C60 C62 C57 C95 C58a C58b C61 C64 C65 C68 C96 C66 C97 C98 C100 C101 C102
    C103
"""


def test_every_claim_has_an_id_of_its_own():
    assert len(BY_ID) == len(claims) == OF_THE_SOURCE
    assert set(EXPECTED) == set(BY_ID)


def test_the_claims_stand_in_the_order_of_the_source():
    assert [*BY_ID] == ORDER.split()


@pytest.mark.parametrize("id", EXPECTED)
def test_the_class_is_the_one_due(id):
    verdict = judge_claim(BY_ID[id]).verdict
    assert verdict.outcome is EXPECTED[id][0], str(verdict)
    assert verdict.evidence
    assert verdict.outcome is not CONDITIONAL or verdict.assumes


def judgement(claim, found):
    """Return the outcome of a finding, and the class that it gives the sentence."""
    of_sentence = classify(found, claim.quantifier, claim.leaves_open, claim.narrower)
    return found.outcome, of_sentence.outcome


@pytest.mark.parametrize("id", EXPECTED)
def test_something_spoiled_gets_another_finding(id):
    _, spoiled, *due = EXPECTED[id]
    claim, judge = BY_ID[id], BY_ID[id].judge
    assert isinstance(judge, partial)
    assert set(judge.keywords) <= {"what"}
    other = judge.func(*spoiled)
    assert isinstance(other, Verdict)
    assert judgement(claim, other) != judgement(claim, judge()), str(other)
    assert not due or [other.outcome] == due


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_a_claim_can_be_printed(claim):
    assert isinstance(claim, Claim)
    for text in (claim.where, claim.says, claim.formal):
        assert text
    for told in (claim.formal, claim.repair, claim.reading):
        kinds = [span.kind for span in sentence(told, STANDARD)]
        assert told.count("`") == 2 * (kinds.count("formula") + kinds.count("code"))
    assert "def " in claim.code
    assert f"\n{claim.judge.func.__name__}(" in claim.code
    if claim.repair_judge:
        assert f"\n{claim.repair_judge.func.__name__}(" in claim.code.partition("\n# The repair:\n")[2]


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_what_does_not_hold_is_repaired_and_the_repair_holds(claim):
    judged = judge_claim(claim)
    if judged.verdict.outcome in (CONDITIONAL, FAILS, APPROXIMATE):
        assert claim.repair
        assert judged.repair, str(judged.repair)
    else:
        assert (claim.repair, claim.repair_judge, judged.repair) == ("", None, None)


@pytest.mark.parametrize("id", [claim.id for claim in claims if claim.repair])
def test_a_spoiled_repair_does_not_hold(id):
    judge = BY_ID[id].repair_judge
    spoiled = judge.func(*REPAIRS[id])
    assert isinstance(spoiled, Verdict)
    assert not spoiled, str(spoiled)


def test_a_repair_is_spoiled_for_every_repair():
    assert set(REPAIRS) == {claim.id for claim in claims if claim.repair}


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_quotations_are_parts_of_the_source(claim):
    assert '"' in claim.says
    for fragment in claim.quotes:
        assert is_quoted(fragment, DIGESTS), fragment
    outside = re.sub(r'"[^"]*"', "", claim.says)
    assert not outside.replace("...", "").strip()


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_a_spoiled_quotation_is_no_part_of_the_source(claim):
    for fragment in claim.quotes:
        first, *rest = fragment.split(" ")
        for spoiled in (f"{fragment} indeed", f"surely {fragment}", " ".join([*rest, "not", first])):
            assert not is_quoted(spoiled, DIGESTS), spoiled


def test_no_quotation_is_judged_twice():
    assert len({claim.quotes for claim in claims}) == len(claims) - len(READ_TWICE)
    for first, second in READ_TWICE:
        assert BY_ID[first].reading != BY_ID[second].reading


def test_the_code_of_a_judge_without_a_file_is_said_not_to_be_at_hand():
    space = {}
    exec("def guess():\n    return None", space)
    assert Claim("C", "1", "It is so.", "so", space["guess"]).code == "# the source of guess is not at hand"


def test_code_is_called_with_what_is_claimed_by_name():
    assert BY_ID["C14"].code.endswith("has_unit(symbol=tau, where=tau = m/gamma, claimed=T)")
    assert "\n    at={m: 1, gamma: 10, dt: 1/100},\n" in BY_ID["C02"].code


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"“Mass” $m$ — large $m$ → gradual", "'Mass' `m` - large m -> gradual"),
        (r"$\eta = \Delta t / \gamma$ (finite)", "`eta = dt/gamma` (finite)"),
        (r"$\gamma \to \infty$, $1/e \approx 37\%$", "`gamma -> oo`, 1/e ~ 37%"),
        (r"$\mathbf{v}_{t+1} = \rho \mathbf{v}_t – \eta \nabla U(\mathbf{x}_t)$", "vₜ₊₁ = ρvₜ − η∇U(xₜ)"),
        (r"$m \frac{dv}{dt}$", "m dv/dt"),
        (r"$f(w_1) = \frac{1}{2}(20w_1^2)$", "f(w₁) = ½(20w₁²)"),
    ],
)
def test_the_writing_of_a_quotation_does_not_matter(latex, plain):
    assert words(latex) == words(plain)


def test_the_order_and_the_signs_of_a_quotation_matter():
    assert words("`1 - dt/tau`") != words("`1 + dt/tau`")
    assert words("`m -> 0`") != words("`0 -> m`")
    assert not is_quoted("", DIGESTS)


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_a_witness_lies_in_the_natural_range(claim):
    witness = judge_claim(claim).verdict.witness.replace("`", "")
    for name, value in re.findall(r"\b(\w+) = (-?\d+(?:/\d+)?)", witness):
        quantity = STANDARD.get(name)
        for condition in quantity.range if quantity else ():
            at = condition.expression.xreplace({quantity.symbol: Rational(value)})
            assert at >= 0 if condition.relation == ">= 0" else at > 0, witness


@pytest.mark.parametrize("claim", claims, ids=BY_ID)
def test_settings_that_a_judge_needs_are_those_that_the_sentence_leaves_open(claim):
    found = claim.judge()
    settings = {a for a in found.assumes if isinstance(a, Hypothesis)}
    if found.outcome is CONDITIONAL:
        assert settings <= set(claim.leaves_open)
    assert claim.leaves_open == () or found.outcome is CONDITIONAL
