"""The two phases of a document: what an author's functions give is computed once, then only laid out."""

from collections import Counter

import pytest

from derivations.gradient_descent import derivation
from physsym import Claim, Outcome, Verdict, rule
from physsym.core.verdicts import fails, holds
from physsym.documents.comparisons import Comparison, Comparisons
from physsym.documents.compute import compute, size_of
from physsym.documents.content import (
    Book,
    Chapter,
    Claims,
    Figure,
    Finding,
    NumberedEquation,
    Table,
)
from physsym.documents.html import html
from physsym.documents.layout import lay_out
from physsym.documents.markdown import markdown
from physsym.documents.tex import tex
from physsym.documents.tree import Audit, Facts, Grid, Judged, Listing, blocks
from physsym.loading import Script
from physsym.mechanics.claim import judge_claim
from physsym.vocabulary import G, eta, x

STEP = rule({x: x - eta * G})


def descend(w, grad, eta):
    """Take one step."""
    w_next = w - eta * grad(w)
    return (w_next,)


class Counting:
    """An author whose functions count how often they are called."""

    def __init__(self):
        self.calls = Counter()

    def once(self, name, value):
        def call(*given):
            self.calls[name] += 1
            return value

        return call

    def source(self):
        claim = Claim("C01", "1", "So", "so", self.once("judge", holds("seen")))
        chapter = Chapter(
            "One",
            (
                NumberedEquation("1.1", STEP, check=self.once("check", holds("seen"))),
                Finding(
                    "Wrong",
                    self.once("follows", "words"),
                    (self.once("source", STEP), "words"),
                    self.once("difference", eta),
                    check=self.once("finding", fails("seen")),
                ),
                Table("Cells", ("A", "B"), self.once("rows", ((self.once("cell", eta), claim),))),
                Figure("line", self.once("draw", None), self.once("caption", "It is."), "A line."),
                Claims((claim,)),
            ),
        )
        found = (Comparison(descend, (("w", x), ("eta", eta)), holds("proved"), 0.0, 7),)
        by_hand = Comparisons(self.once("compare", found))
        return Script("own", "Own.", (derivation,), (claim,), (Book("Own", (chapter,)), by_hand))


def test_what_an_author_wrote_as_functions_is_called_once_and_never_when_it_is_laid_out():
    author = Counting()
    computed = compute([author.source()])
    expected = dict.fromkeys(
        (
            "judge",
            "check",
            "follows",
            "source",
            "difference",
            "finding",
            "rows",
            "cell",
            "caption",
            "compare",
        ),
        1,
    )
    assert author.calls == expected
    for options in ({}, {"faces": ("physics",), "evidence": "line"}):
        tree = lay_out(computed, **options)
        texts = [write(tree) for write in (markdown, tex)]
        assert all("It is." in text for text in texts)
    assert author.calls == expected


def test_only_a_format_that_needs_the_picture_draws_it():
    author = Counting()
    tree = lay_out(compute([author.source()]))
    assert "draw" not in author.calls
    assert "<svg" in html(tree)
    assert author.calls["draw"] == 1


def test_progress_is_told_as_often_as_announced():
    author, finished = Counting(), []
    compute([author.source()], finished.append)
    assert len(finished) == size_of([author.source()])
    assert finished == ["claim C01", "table", "figure line", "chapter", "Gradient descent"]


def test_a_claim_is_shown_with_the_verdict_of_the_one_function_that_judges_claims():
    author = Counting()
    source = author.source()
    tree = lay_out(compute([source]))
    (judged,) = [b for _, b in blocks(tree) if isinstance(b, Judged)]
    (audit,) = [b for _, b in blocks(tree) if isinstance(b, Audit)]
    (grid,) = [b for _, b in blocks(tree) if isinstance(b, Grid)]
    verdict = judge_claim(source.claims[0]).verdict
    assert judged.verdict == audit.claims[0].verdict == grid.rows[0][1][2].content == verdict


def test_a_judge_must_return_a_verdict():
    with pytest.raises(ValueError, match="claim C01 returned None; a Verdict was expected"):
        judge_claim(Claim("C01", "1", "So", "so", lambda: None))


def test_a_chapter_may_place_a_claim_that_the_script_does_not_export():
    claim = Claim("C02", "1", "So", "so", lambda: fails("seen"))
    script = Script("own", "Own.", (), (), (Chapter("One", (Claims((claim,)),)),))
    assert [(c.claim.id, c.verdict.outcome) for c in compute([script]).claims] == [("C02", Outcome.FAILS)]


# ------------------------------------------------------------------ comparisons


def shown(comparison):
    script = Script("own", "Own.", (derivation,), (), (Comparisons(lambda of: (comparison,)),))
    tree = lay_out(compute([script]), evidence="none")
    listings = [b.heading for _, b in blocks(tree) if isinstance(b, Listing)]
    *_, facts = [b for _, b in blocks(tree) if isinstance(b, Facts)]
    ((name, spans),) = facts.rows
    return listings, name, "".join(str(span.content) for span in spans)


def test_a_comparison_that_holds_is_shown_with_its_source():
    listings, name, words = shown(Comparison(descend, (("w", x), ("eta", eta)), holds("proved"), 0.0, 7))
    assert listings == ["The rule as a program", "Written by hand: descend"]
    assert (name, words) == (
        "descend", "the same map, proved on symbols (w is x), and the same run of 7 steps bit for bit",
    )  # fmt: skip
    *_, words = shown(Comparison(descend, (), holds("proved"), 3e-15, 7))
    assert words.endswith("(name for name), and the same run of 7 steps to 3e-15 of the largest number met")
    *_, words = shown(Comparison(descend, (), holds("proved")))
    assert words == "the same map, proved on symbols (name for name)"


def test_another_method_is_named_with_the_reason():
    listings, _, words = shown(Comparison(descend, (), fails("the new values of x differ")))
    assert listings == ["The rule as a program"]
    assert words == "another method: the new values of x differ"


def test_a_script_without_comparisons_shows_none():
    tree = lay_out(compute([derivation]))
    assert [b.heading for _, b in blocks(tree) if isinstance(b, Listing)] == ["The rule as a program"]
    assert isinstance(compute([derivation]).scripts[0].derivations[0].verdicts[0], Verdict)
