"""The class of a sentence: by how it is quantified, what it leaves open, and how narrow its judge is."""

import pytest

from physsym import Claim, Condition, Hypothesis, Outcome
from physsym.core.verdicts import Verdict, fails, holds, undecided
from physsym.mechanics.claim import Quantifier, classify, judge_claim
from physsym.vocabulary import eta, lam, rho

EVERY, SOME, LIMIT = Quantifier.EVERY, Quantifier.SOME, Quantifier.LIMIT
HOLDS, FAILS, CONDITIONAL, UNDECIDABLE = (
    Outcome.HOLDS,
    Outcome.FAILS,
    Outcome.CONDITIONAL,
    Outcome.UNDECIDABLE,
)
short = Condition(2 - eta * lam, "> 0")
calm = Hypothesis("the sea is calm")
in_part = Verdict(CONDITIONAL, ("it holds at eta = 1",), (short,), ("z3",), "not at eta = 3")
enough = Verdict(CONDITIONAL, ("it follows",), (calm,))
near = "near a minimum"

CASES = [
    # for every value: a counterexample in the domain, unless it is about what is left open
    (holds("so"), EVERY, (), "", HOLDS),
    (fails("no"), EVERY, (), "", FAILS),
    (in_part, EVERY, (), "", FAILS),
    (in_part, EVERY, (rho,), "", FAILS),
    (in_part, EVERY, (eta,), "", CONDITIONAL),
    (in_part, LIMIT, (), "", FAILS),
    (in_part, LIMIT, (lam,), "", CONDITIONAL),
    # conditions that are enough, without a counterexample
    (enough, EVERY, (), "", CONDITIONAL),
    (enough, EVERY, (calm,), "", CONDITIONAL),
    (Verdict(CONDITIONAL, (), (calm, short), witness="w"), EVERY, (eta,), "", FAILS),
    (Verdict(CONDITIONAL, (), (calm, short), witness="w"), EVERY, (eta, calm), "", CONDITIONAL),
    # for some value
    (in_part, SOME, (), "", HOLDS),
    (enough, SOME, (), "", CONDITIONAL),
    (holds("so"), SOME, (), "", HOLDS),
    (fails("no"), SOME, (), "", FAILS),
    # a judge that is narrower than the sentence
    (holds("so"), EVERY, (), near, CONDITIONAL),
    (holds("so"), LIMIT, (), near, CONDITIONAL),
    (fails("no"), EVERY, (), near, FAILS),
    (in_part, EVERY, (), near, FAILS),
    (in_part, EVERY, (eta,), near, CONDITIONAL),
    (holds("so"), SOME, (), near, HOLDS),
    (in_part, SOME, (), near, HOLDS),
    (fails("no"), SOME, (), near, UNDECIDABLE),
    # what is neither
    *((Verdict(o, ("?",)), q, (eta,), n, o) for o in (Outcome.APPROXIMATE, UNDECIDABLE, Outcome.UNCHECKED)
      for q in Quantifier for n in ("", near)),
]  # fmt: skip


@pytest.mark.parametrize(("found", "quantifier", "leaves_open", "narrower", "due"), CASES)
def test_the_class_follows_from_how_a_sentence_is_meant(found, quantifier, leaves_open, narrower, due):
    verdict = classify(found, quantifier, leaves_open, narrower)
    assert verdict.outcome is due
    assert verdict.evidence[: len(found.evidence)] == found.evidence or due is UNDECIDABLE
    assert verdict.engines == found.engines


def test_a_sentence_that_fails_in_part_says_where_it_holds():
    verdict = classify(in_part)
    assert verdict.evidence[-1] == "it holds only where `-eta*lam + 2 > 0`"
    assert (verdict.witness, verdict.assumes) == ("not at eta = 3", ())


def test_what_a_judge_takes_for_granted_is_among_the_conditions():
    assert classify(holds("so"), narrower=near).assumes == (Hypothesis(near),)
    assert classify(in_part, leaves_open=(eta,), narrower=near).assumes == (short, Hypothesis(near))


def test_an_example_is_said_to_be_one():
    verdict = classify(in_part, SOME)
    assert verdict.evidence[-1] == "there is one, where `-eta*lam + 2 > 0`"
    assert (verdict.witness, verdict.assumes) == ("", ())


def claim(**more):
    return Claim("C", "1", '"It is" ... "so"', "it is so", holds, **more)


def test_a_claim_is_judged_with_its_repair():
    assert judge_claim(claim()).repair is None
    assert judge_claim(claim(repair="not so")).repair.outcome is Outcome.UNCHECKED
    assert judge_claim(claim(repair="not so", repair_judge=fails)).repair.outcome is FAILS
    assert judge_claim(claim(repair="not so", repair_judge=holds)).repair


@pytest.mark.parametrize(("judge", "says"), [
    (lambda: 1 / 0, "the judge of the repair of C failed at .*test_claim.py, line .*ZeroDivisionError"),
    (lambda: True, "the judge of the repair of C returned True; a Verdict was expected"),
])  # fmt: skip
def test_a_judge_of_a_repair_that_does_not_judge_is_refused(judge, says):
    with pytest.raises(ValueError, match=says):
        judge_claim(claim(repair="not so", repair_judge=judge))


def test_fragments_are_quoted_and_a_sentence_without_marks_as_a_whole():
    assert claim().quotes == ("It is", "so")
    assert Claim("C", "1", "It is so.", "so", holds).quotes == ("It is so.",)


def test_undecided_is_never_made_to_hold():
    for quantifier in Quantifier:
        assert not classify(undecided("?"), quantifier, (eta,))
