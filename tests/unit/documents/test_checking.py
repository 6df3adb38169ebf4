"""The section on how the machine checks ends every document that shows evidence."""

from dataclasses import replace

import pytest

from physsym import Claim, scripts
from physsym.claims import holds
from physsym.core.verdicts import Outcome
from physsym.documents.checking import ANCHOR, OF_CLAIMS, checking, reserved
from physsym.documents.compute import compute
from physsym.documents.html import html
from physsym.documents.layout import lay_out
from physsym.documents.tree import SIGNS, Paragraph, Subheading
from physsym.mechanics.claim import judge_claim
from physsym.verify.engines import flint, identity_test, interval, sampling, smt

TEXT = "".join(
    str(span.content)
    for block in checking().blocks
    for spans in ([block.spans] if isinstance(block, Paragraph) else getattr(block, "items", ()))
    for span in spans
)


@pytest.mark.parametrize("engine", [flint, identity_test, interval, sampling, smt])
def test_every_engine_that_evidence_names_is_explained(engine):
    assert engine.NAME.lower() in TEXT.lower()


@pytest.mark.parametrize("outcome", Outcome)
def test_every_badge_is_explained(outcome):
    assert f"{outcome.value.capitalize()} ({SIGNS[outcome]})" in TEXT


@pytest.mark.parametrize(("evidence", "last"), [("folded", True), ("line", True), ("none", False)])
def test_it_ends_a_document_that_shows_evidence(evidence, last):
    from derivations.gradient_descent import derivation

    tree = lay_out(compute(derivation), evidence=evidence)
    assert (tree.sections[-1].anchor == ANCHOR) == last


def test_the_book_refers_to_it():
    (book,) = [s for s in scripts() if s.name == "book"]
    assert f"#{ANCHOR}" in book.parts[0].opening


def test_its_parts_are_not_in_the_contents_of_a_page():
    from derivations.gradient_descent import derivation

    page = html(lay_out(compute(derivation)))
    contents = page[page.index('<nav class="contents"') :].partition("</nav>")[0]
    assert f'href="#{ANCHOR}"' in contents
    assert f'href="#{ANCHOR}-' not in contents
    assert len(reserved()) == 8
    without_claims = {b.anchor for b in checking(claims=False).blocks if isinstance(b, Subheading)}
    for name in reserved() - {ANCHOR}:
        assert page.count(f' id="{name}"') == (name in without_claims)


def titles_of(section):
    return ["".join(str(s.content) for s in b.title) for b in section.blocks if isinstance(b, Subheading)]


def test_how_claims_are_judged_is_said_where_there_are_claims():
    from derivations.gradient_descent import derivation

    without = compute(derivation)
    claim = judge_claim(Claim("C", "1", "It is so.", "it is so", holds))
    for computed, has_claims in ((without, False), (replace(without, claims=(claim,)), True)):
        titles = titles_of(lay_out(computed).sections[-1])
        assert (OF_CLAIMS in titles) == has_claims
        assert titles[-1] == "What a badge does not say"
