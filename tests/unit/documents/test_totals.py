"""What holds is counted first, and what a page refutes on purpose carries a badge that says so."""

import re
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from physsym import Claim, Divide, damped_particle, script
from physsym.core.statements import Equation
from physsym.core.verdicts import Outcome, Verdict, fails, holds
from physsym.derivation import Derivation, Step
from physsym.documents import document_of
from physsym.documents.content import Chapter, Claims, Finding, NumberedEquation
from physsym.documents.html import html
from physsym.documents.markdown import markdown
from physsym.documents.tex import tex
from physsym.documents.totals import phrases, totals_of
from physsym.documents.tree import Contrast, Judged, Line, Total, blocks
from physsym.loading import Script
from physsym.vocabulary import G, gamma, x

wrong = Equation(gamma * x, G)
refuted = Claim("C1", "1", "It rises", "it rises", partial(fails, "it falls"), repair="it falls")
mistaken = replace(refuted, id="C2", repair="")


def document(*found, claims=()):
    """Return the document of one chapter that shows these blocks."""
    chapter = Chapter("One", (*found, *([Claims(claims)] if claims else [])), "I")
    return document_of([Script("one", "", (), claims, (chapter,))])


def shown(tree):
    return [(t.of, t.outcome, t.count, t.refuted) for t in tree.totals]


def test_a_page_that_refutes_the_source_says_first_what_holds():
    tree = document_of([script("momentum")])
    (source_claim,) = [b for _, b in blocks(tree) if isinstance(b, Judged)]
    assert source_claim.refuted
    steps = sum(len(d.steps) for d in script("momentum").derivations)
    expected = f"✓&nbsp;{steps} steps hold", "✗&nbsp;1 claim of the source is refuted on purpose"
    page = html(tree)
    marks = re.findall(r"<(?:li|summary|span)[^>]*>([✓✗◐≈?]&nbsp;[^<]*)<", page)
    assert tuple(marks[:2]) == expected
    assert marks.count("✗&nbsp;refuted, as stated") == 2  # beside the claim and in the table
    assert "✗&nbsp;fails" not in marks
    text = markdown(tree)
    assert text.index(f"✓ {steps} steps hold") < text.index("✗ 1 claim of the source is refuted on purpose")
    assert text.count("✗ refuted, as stated") == 2
    assert "✗ fails" not in text
    assert f"{steps} steps hold" in tex(tree)
    assert tex(tree).count("refuted, as stated") == 2


def test_what_fails_and_was_not_meant_to_is_no_refutation():
    tree = document(claims=(refuted, mistaken))
    assert shown(tree) == [
        ("claim of the source", Outcome.FAILS, 1, False),
        ("claim of the source", Outcome.FAILS, 1, True),
    ]
    assert [b.refuted for _, b in blocks(tree) if isinstance(b, Judged)] == [True, False]
    page = html(tree)
    assert "✗&nbsp;1 claim of the source fails" in page
    assert page.count("<summary>✗&nbsp;fails</summary>") == 1
    assert page.count("<summary>✗&nbsp;refuted, as stated</summary>") == 1


@pytest.mark.parametrize(("on_purpose", "verdict"), [(True, fails), (True, holds), (False, fails)])
def test_an_equation_is_refuted_if_it_fails_and_was_to(on_purpose, verdict):
    tree = document(NumberedEquation("1", wrong, check=partial(verdict, "seen"), refuted=on_purpose))
    (line,) = [b for _, b in blocks(tree) if isinstance(b, Line)]
    assert line.refuted == (on_purpose and verdict is fails)
    assert ("refuted, as stated" in html(tree)) == line.refuted


def test_of_a_finding_what_the_source_says_is_refuted_and_what_follows_is_not():
    wrong_line = NumberedEquation("2", wrong, check=partial(fails, "it is not"))
    tree = document(
        Finding("F", (replace(wrong_line, number="1"),), (wrong_line,), "a sign", partial(fails, "no"))
    )
    (finding,) = [b for _, b in blocks(tree) if isinstance(b, Contrast)]
    assert finding.refuted
    assert {b.number: b.refuted for _, b in blocks(tree) if isinstance(b, Line)} == {"1": False, "2": True}
    assert shown(tree) == [("equation", Outcome.FAILS, 1, False), ("equation", Outcome.FAILS, 1, True)]


def test_the_totals_of_the_claims_are_those_of_their_badges(shipped_document, shipped_pages):
    """Counted here on the page itself, badge by badge."""
    page = shipped_pages["derivations.html"]
    badge = r'<article class="claim".*?<summary>.&nbsp;([^<,]*)'
    found = Counter(re.findall(badge, page, re.DOTALL))
    rows = re.findall(r'<ul class="counts".*?</ul>', page, re.DOTALL)
    cover = next(row for row in rows if "claims of the source hold" in row)
    told = re.findall(r'data-outcome="(\w+)" data-count="(\d+)"', cover)
    found["fails"] = found.pop("refuted")
    assert {outcome: int(count) for outcome, count in told} == found
    steps = sum(len(s.outcomes[1:]) for s in shipped_document.sections)
    assert f"{steps} steps hold" in rows[0]


def test_each_chapter_has_totals_and_a_document_of_one_part_says_them_once(shipped_document):
    chapters = [s for s in shipped_document.sections if s.level == 2 and s.anchor != "how-the-machine-checks"]
    assert all(s.totals for s in chapters)
    assert not any(s.totals for s in shipped_document.sections if s not in chapters)
    one = Derivation("One", damped_particle, (Step("Divide.", Divide(gamma)),))
    assert html(document_of([one])).count("1 step holds") == 1


def test_nothing_is_said_of_what_is_not_there():
    assert totals_of(()) == ()
    assert list(phrases(())) == []


@pytest.mark.parametrize("outcome", Outcome)
def test_a_total_reads_as_a_sentence(outcome):
    word = outcome.value
    several = {"holds": "hold", "fails": "fail"}.get(word, f"are {word}")
    one = word if word in ("holds", "fails") else f"is {word}"
    assert next(phrases([Total("step", outcome, 1)]))[0][1] == f"1 step {one}"
    assert next(phrases([Total("step", outcome, 2)]))[0][1] == f"2 steps {several}"


def test_the_verdict_itself_stays_what_it_is():
    tree = document(claims=(refuted,))
    (claim,) = [b for _, b in blocks(tree) if isinstance(b, Judged)]
    assert claim.verdict == Verdict(Outcome.FAILS, ("it falls",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It falls to `exp(-1) ~ 0.37`.", [("number", Outcome.HOLDS, 1, False)]),
        ("It falls to `exp(-1) ~ 0.38`.", [("number", Outcome.FAILS, 1, False)]),
        ("Of these `1/2 > 2/3`, and `1/3 < 1/2`, and `1/5 > 1`.",
         [("number", Outcome.HOLDS, 1, False), ("number", Outcome.FAILS, 2, False)]),
        ("No number: `x > 2`, `eta`.", []),
    ],
)  # fmt: skip
def test_numbers_of_prose_are_counted_and_false_ones_marked(text, expected):
    tree = document(text)
    assert shown(tree) == expected
    false = sum(count for _, outcome, count, _ in expected if outcome is Outcome.FAILS)
    for written in (html(tree), markdown(tree), tex(tree)):
        body = written[written.index("One") :]
        assert len(re.findall(r"✗(?:&nbsp;| )fails|times\$~fails", body)) == false
        assert ("number fails" in written) == (false == 1)
        assert ("2 fail" in written) == (false == 2)


def test_numbers_of_an_introduction_count_and_are_named():
    one = Script("one", "", (), (), (Chapter("One", ("Text.",), "I"),))
    tree = document_of([one], intro="In a time `tau` it falls to `exp(-1) ~ 0.38`.")
    assert shown(tree) == [("number", Outcome.FAILS, 1, False)]
    assert [what.endswith("number exp(-1) ~ 0.38") for what in tree.failing] == [True]
    assert not document_of([one], intro="It falls to `exp(-1) ~ 0.37`.").failing


def test_a_false_number_in_a_title_leaves_the_outline_plain():
    tree = document_of([Script("one", "", (), (), (Chapter("Half `1/2 > 2/3`", ("Text.",), "I"),))])
    assert re.search(r"\\texorpdfstring{.*fails.*}{Chapter I: Half 1/2 .textgreater.. 2/3 *}", tex(tree))
