"""The section on how the machine checks ends every document that shows evidence."""

from dataclasses import replace

import pytest
from sympy import Integer

import physsym as ps
from physsym import Claim, scripts
from physsym.claims import holds
from physsym.core.statements import Relation
from physsym.core.verdicts import Outcome
from physsym.documents.checking import ANCHOR, checking, occurring, reserved
from physsym.documents.compute import compute
from physsym.documents.content import Chapter
from physsym.documents.errors import DocumentError
from physsym.documents.html import html
from physsym.documents.layout import lay_out
from physsym.documents.tree import SIGNS, Line, Paragraph, Section, Span, Subheading
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
    for name in reserved() - {ANCHOR}:
        assert page.count(f' id="{name}"') == ("claims" not in name)


def titles_of(section):
    return ["".join(str(s.content) for s in b.title) for b in section.blocks if isinstance(b, Subheading)]


def test_how_claims_are_judged_is_said_where_there_are_claims():
    from derivations.gradient_descent import derivation

    without = compute(derivation)
    claim = judge_claim(Claim("C", "1", "It is so.", "it is so", holds))
    for computed, has_claims in ((without, False), (replace(without, claims=(claim,)), True)):
        titles = titles_of(lay_out(computed).sections[-1])
        assert ("Claims of a source" in titles) == has_claims
        assert titles[-1] == "What a badge does not say"


def said_by(section):
    return "".join(
        str(span.content)
        for block in section.blocks
        for spans in ([block.spans] if isinstance(block, Paragraph) else getattr(block, "items", ()))
        for span in spans
    )


ENGINES = ("Finite field", "Flint", "Exact points", "z3 decides", "Form stands", "Hurwitz", "Variation")


@pytest.mark.parametrize(
    ("engines", "explained"),
    [
        (("z3",), {"z3 decides"}),
        (("finite field", "flint"), {"Finite field", "Flint"}),
        (("balls",), {"Exact points"}),
        (("Hurwitz determinants", "variation"), {"Hurwitz", "Variation"}),
        ((), set()),
    ],
)
def test_it_explains_the_engines_that_were_consulted_and_no_others(engines, explained):
    shown = Section(
        (),
        "a",
        2,
        (Line("1", Relation((Integer(1), Integer(2)), ("<",)), verdict=holds("so", engines=engines)),),
    )
    section = checking(occurring((shown,), ()))
    assert {name for name in ENGINES if name in said_by(section)} == explained
    assert ("What the engines say" in titles_of(section)) == bool(engines)
    assert "Errors" not in titles_of(section)
    assert "How a step is checked" not in titles_of(section)


def test_it_explains_the_badges_moves_and_errors_that_occur():
    start = ps.law("m*v' = -grad(x) - gamma*v")
    divided = ps.Derivation("Divided", start, (ps.Step("Divide.", ps.Divide("gamma")),))
    section = lay_out(compute(divided)).sections[-1]
    said = said_by(section)
    assert "Holds (✓)" in said
    assert "After a division" in said
    for absent in (
        "After a definition",
        "Of a limit",
        "Of a time step",
        "Conditional (",
        "Fails (",
        "neglected",
    ):
        assert absent not in said
    assert "Errors" not in titles_of(section)
    limit = ps.Derivation("Limit", start, (ps.Step("No mass.", ps.Limit("m", 0)),))
    section = lay_out(compute(limit)).sections[-1]
    assert "Of a limit" in said_by(section)
    assert "After a division" not in said_by(section)
    assert "Errors" in titles_of(section)


def test_a_link_to_what_is_left_out_leads_nowhere():
    chapter = Chapter("T", ("See [how](#how-the-machine-checks).",))
    with pytest.raises(DocumentError, match="which is not there"):
        lay_out(compute(chapter))


def test_a_document_without_a_derivation_does_not_say_that_steps_were_checked():
    tree = lay_out(compute(Chapter("T", ("Only words.",))))
    (opening,) = tree.opening
    assert "no derivation here" in str(opening.spans[0].content)
    assert ANCHOR not in {section.anchor for section in tree.sections}
    false_number = lay_out(compute(Chapter("T", ("It is `1/2 > 2/3`.",))))
    assert titles_of(false_number.sections[-1])[0] == "What a badge says"
    assert "Every step" not in str(false_number.opening)
    assert any(
        isinstance(s, Span) and not s.content for b in false_number.sections[0].blocks for s in b.spans
    )
