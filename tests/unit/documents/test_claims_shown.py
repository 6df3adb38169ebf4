"""A claim in a document: its quotation marks, the reading, how it is meant, and the badge of its repair."""

import pytest

from physsym import Claim, Hypothesis
from physsym.claims import Quantifier, fails, holds
from physsym.core.verdicts import Verdict
from physsym.documents.layout import _claim
from physsym.mechanics.claim import judge_claim
from physsym.vocabulary import eta


def shown(says="It is so.", **more):
    return _claim(judge_claim(Claim("C", "1", says, "it is so", holds, **more)))


def text(sentence):
    return "".join(str(span.content) for span in sentence)


@pytest.mark.parametrize(
    ("says", "printed"),
    [
        ("It is so.", "“It is so.”"),
        ('"It is" ... "so"', "“It is” … “so”"),
        ("\"'Mass' grows -> we're slow\"", "“‘Mass’ grows → we're slow”"),
        ('"`tau -> 0`"', "“tau -> 0”"),
    ],
)
def test_a_quotation_has_the_marks_of_print(says, printed):
    assert text(shown(says).says) == printed


def test_what_is_ours_is_said_to_be():
    assert text(shown('"So"', reading="it is").says) == "“So” In our reading: it is."


def test_how_a_sentence_is_meant_is_shown_where_it_is_not_for_every_value():
    calm = Hypothesis("the sea is calm")
    assert text(shown().formal) == "it is so"
    assert text(shown(quantifier=Quantifier.SOME).formal) == "it is so (for some value in its domain)"
    assert text(shown(leaves_open=(eta, calm)).formal) == "it is so; left open: eta, the sea is calm"


@pytest.mark.parametrize("judge", [holds, fails, None])
def test_a_repair_has_a_badge(judge):
    *words, badge = shown(repair="it is not", repair_judge=judge).repair
    assert text(words) == "it is not "
    assert isinstance(badge.content, Verdict)
    assert badge.content.outcome.value == {holds: "holds", fails: "fails", None: "unchecked"}[judge]
    assert shown().repair == ()
