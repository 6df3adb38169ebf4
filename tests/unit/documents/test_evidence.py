"""The formulas in the evidence of engines are marked, so that documents typeset them."""

import re

import pytest

from physsym import (
    Define,
    Divide,
    Integrate,
    Isolate,
    Limit,
    check,
    dot,
    law,
    rule,
    same_rule,
    script,
    scripts,
)
from physsym.core.verdicts import Outcome, Verdict, fails, holds
from physsym.documents import document_of
from physsym.documents.evidence import in_words, marked_formulas
from physsym.documents.html import html
from physsym.documents.markdown import markdown
from physsym.documents.prose import plain_sentence
from physsym.documents.reasons import checked
from physsym.documents.tex import tex
from physsym.documents.tree import blocks
from physsym.vocabulary import STANDARD, G, eta, rho, tau, u, v


def formulas(text):
    return [str(s.content) for s in plain_sentence(marked_formulas(text), STANDARD) if s.kind == "formula"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "both sides differ by -eta*rho*grad(x)",
            "both sides differ by `-eta*rho*grad(x)`",
        ),
        ("x' only after a layer of width O(tau)", "x' only after a layer of width `O(tau)`"),
        ("tau tends to 0 from above, within tau > 0", "`tau` tends to `0` from above, within `tau > 0`"),
        ("it holds at eta = 3/50, rho = 9/10", "it holds at `eta = 3/50`, `rho = 9/10`"),
        ("at x = 1: 2 against 3", "at `x = 1`: `2` against `3`"),
        ("marked `x` already differ by y", "marked `x` already differ by y"),
        ("the dimensions agree", "the dimensions agree"),
        ("m*x'' is negligible", "`m*x''` is negligible"),
    ],
)
def test_formulas_are_marked_and_words_are_not(text, expected):
    assert marked_formulas(text) == expected


def test_the_evidence_of_engines_is_typeset():
    wrong = same_rule(rule({u: rho * u - eta * G}), rule({u: rho * u - (1 - rho) * eta * G}))
    assert formulas(wrong.evidence[0]) == ["-eta*rho*grad(x)"]
    assert len(formulas(wrong.witness)) >= 4
    closes = check(Limit(tau, 0), law({tau * dot(v): -v - G}), law({0: -v - G}))
    assert any("`O(tau)`" in marked_formulas(e) for e in closes.evidence)


def test_what_cannot_be_read_stays_code():
    spans = plain_sentence(marked_formulas("both sides differ by x*f(u)"), STANDARD)
    assert [s.kind for s in spans if s.kind != "text"] == ["code"]
    assert "x*f(u)" in {s.content for s in spans}


# ------------------------------------------------------------------ in words


PROOF = "finite field: error below 2^-117 (degree at most 4, 2 points)"


@pytest.mark.parametrize(
    ("evidence", "words", "engines"),
    [
        (f"the two lines agree, {PROOF}, flint: exact", "the two lines agree as polynomials", True),
        (f"both sides agree, {PROOF}, balls: exact", "both sides agree", True),
        (f"order 1 was measured, {PROOF}, one engine only", "order 1 was measured, by one engine", True),
        (f"the gap closes like O(tau), {PROOF}, flint: exact", "the gap closes like O(tau)", True),
        ("no two solutions for v, one engine only", "no two solutions for v, one engine only", False),
        ("both rules are the same by form", "both rules are the same by form", False),
        ("x, y and z, exactly at 12 instants", "x, y and z, exactly at 12 instants", False),
        ("the lines: finite field: none; flint: none", "the lines: finite field: none; flint: none", False),
    ],
)  # fmt: skip
def test_words_stand_apart_from_what_engines_say(evidence, words, engines):
    told, lines = in_words(Verdict(Outcome.HOLDS, (evidence,), engines=("flint", "balls")))
    assert told == (words,)
    assert lines[-1] == "consulted: flint, balls"
    proof = evidence.partition("finite field")[2].replace("2^-117", "2⁻¹¹⁷")
    assert lines[:-1] == ((f"finite field{proof}",) if engines else ())


def test_how_a_step_was_checked_is_said_of_what_agrees_alone():
    agree = (f"the two lines agree, {PROOF}, flint: exact", "the dimensions agree")
    compared = "the two lines agree as polynomials"
    assert in_words(holds(*agree), "multiplied back")[0] == (f"multiplied back, {compared}", agree[1])
    assert in_words(fails(*agree), "multiplied back")[0] == (compared, agree[1])
    assert in_words(holds("order 1"), "multiplied back")[0] == ("order 1",)
    assert in_words(holds(), "multiplied back") == ((), ())


def test_proofs_of_several_pieces_are_told_apart():
    same, other = (f"{PROOF}, flint: exact".replace("117", bits) for bits in ("117", "99"))
    pieces = (f"the new values of u agree, {same}", f"the new values of x agree, {same}")
    first, second = same.replace("^-117", "⁻¹¹⁷"), other.replace("^-99", "⁻⁹⁹")
    assert in_words(holds(*pieces))[1] == (first,)
    assert in_words(holds(*pieces, f"the start agree, {other}"))[1] == (
        f"the new values of u, the new values of x: {first}",
        f"the start: {second}",
    )


def test_nothing_that_engines_said_is_lost(shipped_document):
    found = [b.verdict for _, b in blocks(shipped_document) if getattr(b, "verdict", None) is not None]
    proofs = 0
    for verdict in found:
        words, engines = in_words(verdict)
        assert len(words) == len(verdict.evidence)
        for text in verdict.evidence:
            bound = re.search(r"error below 2\^-\d+( \([^)]*\))", text)
            assert bound is None or any(f"{bound[1]}" in line for line in engines)
            proofs += bound is not None
        assert not any("error below" in text for text in words)
    assert proofs > 50


def test_each_move_is_said_to_be_checked_as_it_is():
    """The check of each of these moves changes one line and compares it with the other as a whole."""
    said = {type(step.move): checked(step.move) for s in scripts() for d in s.derivations for step in d.steps}
    assert said[Divide] == "multiplied back"
    assert said[Define] == "with the definition put back"
    assert said[Limit] == said[Integrate] == said[Isolate] == ""


@pytest.mark.parametrize("evidence", ["folded", "line", "none"])
def test_engines_are_one_more_click_away_on_a_page(evidence):
    page = html(document_of([script("gradient_descent")], evidence=evidence))
    main = page[: page.index('id="how-the-machine-checks"')] if evidence != "none" else page
    main = main[main.index("<main>") : main.index("</main>") if evidence == "none" else None]
    folded = re.findall(r"<details><summary>Engines</summary>(.*?)</details>", main, re.DOTALL)
    assert ("multiplied back, the two lines agree as polynomials" in main) == (evidence != "none")
    assert main.count("error below") == sum(text.count("error below") for text in folded)
    assert bool(folded) == (evidence == "folded")
    for text in folded:
        assert '<a href="#how-the-machine-checks-engines">what this means</a>' in text
    if evidence == "folded":
        assert page.count(' id="how-the-machine-checks-engines"') == 1


@pytest.mark.parametrize("written", [markdown, tex])
def test_other_formats_say_the_words_first(written):
    text = written(document_of([script("gradient_descent")])).replace("\\allowbreak{}", "")
    words = text.index("multiplied back, the two lines agree as polynomials")
    assert text.index("ngines: finite field", words) - words < 400
