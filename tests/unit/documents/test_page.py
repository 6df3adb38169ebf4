"""The page itself: formulas carry their LaTeX, lines have anchors, long derivations fold, one script."""

import re
from base64 import b64decode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html import unescape
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from physsym import Derivation, Divide, Multiply, Step, damped_particle, latex, mathml, script
from physsym.core.verdicts import Outcome
from physsym.documents import document_of
from physsym.documents.drawings import without_the_unseen
from physsym.documents.formulas import annotated
from physsym.documents.html import html
from physsym.documents.tree import Document, Line, Section
from physsym.vocabulary import gamma, m, x

MATH = re.compile("<math.*?</math>", re.DOTALL)
XMLNS = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


@pytest.fixture
def page(shipped_pages):
    return shipped_pages["derivations.html"]


def derivation(steps):
    """Return a derivation with so many steps."""
    moves = [Divide(gamma), Multiply(gamma)] * steps
    return Derivation("To and fro", damped_particle, tuple(Step("Scale.", move) for move in moves[:steps]))


# ------------------------------------------------------------------ formulas


def test_every_formula_carries_its_latex(page):
    formulas = MATH.findall(page)
    assert len(formulas) > 1000
    for text in formulas:
        (semantics,) = ElementTree.fromstring(text)
        shown, note = semantics
        assert (semantics.tag, note.tag, note.get("encoding")) == (
            "semantics",
            "annotation",
            "application/x-tex",
        )
        assert note.text.strip()
        assert shown.tag.startswith("m")
    assert "alttext" not in page


def test_the_latex_is_that_of_the_formula(page, shipped_document):
    notes = Counter(ElementTree.fromstring(text)[0][1].text for text in MATH.findall(page))
    expected = Counter(
        latex(line.statement, face, section.vocabulary)
        for section in shipped_document.sections
        for line in section.blocks
        if isinstance(line, Line)
        for face in line.faces
    )
    assert len(expected) > 50
    assert not expected - notes


@pytest.mark.parametrize("display", ["block", "inline"])
def test_a_formula_with_signs_that_html_reads_is_escaped(display):
    from physsym.core.statements import Relation

    text = annotated(mathml(Relation((x, m, gamma), ("<", "<=")), display=display))
    assert ElementTree.fromstring(text)[0][1].text == latex(Relation((x, m, gamma), ("<", "<=")))


def test_text_that_looks_like_a_formula_stays_text():
    title = '<math alttext="a">b</math><mo form="infix">'
    tree = Document(title, "", (), (Section((), "a", 2, ()),))
    page = html(tree)
    assert "<annotation" not in page[page.index("<main>") : page.index("<script>")]
    assert "&lt;mo form=&quot;infix&quot;&gt;" in page


# ------------------------------------------------------------------ anchors


def test_every_line_has_an_anchor_and_a_link_to_it(page, shipped_document):
    lines = [b for s in shipped_document.sections for b in s.blocks if isinstance(b, Line)]
    anchors = [line.anchor for line in lines]
    assert all(anchors)
    assert len(set(anchors)) == len(anchors)
    for name in anchors:
        equation = page[page.index(f' id="{name}"') :][:600]
        assert f'<a class="here" href="#{name}" aria-label="Link to this line">#</a>' in equation
    assert {"eq-2.2", "gradient-descent-gradient-descent-line-1"} <= set(anchors)


# ------------------------------------------------------------------ folding


@pytest.mark.parametrize(("steps", "folded"), [(1, 0), (3, 0), (4, 3), (6, 5)])
def test_the_middle_of_a_long_derivation_folds(steps, folded):
    long = html(
        document_of([derivation(steps), replace(derivation(1), title="Another", start=damped_particle)])
    )
    found = re.findall(r'<details class="middle">(.*?)\n</details>', long, re.DOTALL)
    assert len(found) == bool(folded)
    for inside in found:
        assert f"<b>{folded} lines between</b>, (A.2) to (A.{steps}): ✓&nbsp;all hold" in inside
        assert inside.count('<div class="equation') == folded
        assert ' id="eq-A.1"' not in inside
        assert f' id="eq-A.{steps + 1}"' not in inside


def test_a_page_of_one_derivation_shows_all_its_lines():
    assert '<details class="middle" open>' in html(document_of([derivation(5)]))
    assert '<details class="middle">' not in html(document_of([derivation(5)]))


def test_what_fails_within_a_folded_middle_is_said_on_it():
    steps = list(derivation(5).steps)
    steps[2] = replace(steps[2], gives=damped_particle.law())
    page = html(document_of([replace(derivation(5), steps=tuple(steps)), derivation(1)]))
    (summary,) = re.findall(r'<details class="middle"[^>]*><summary>(.*?)</summary>', page)
    assert "all hold" not in summary
    assert "✗&nbsp;1 fails" in summary


# ------------------------------------------------------------------ the script, and what it may do


def test_the_one_script_is_the_shipped_one_and_the_page_allows_no_other(page):
    (own,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (inner,) = re.findall(r"&lt;script>(.*?)&lt;/script>", page, re.DOTALL)  # that of the explorer
    assert own == (files("physsym.documents") / "page.js").read_text(encoding="utf-8")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    allowed = re.fullmatch(r"'sha256-([^']*)' 'sha256-([^']*)'", rules["script-src"]).groups()
    assert [*map(b64decode, allowed)] == [sha256(t.encode()).digest() for t in (own, unescape(inner))]
    assert set(rules) == {
        "default-src", "script-src", "style-src", "font-src", "img-src", "base-uri", "form-action",
    }  # fmt: skip
    assert not re.search(r"<[a-z][^>]* on[a-z]+=", page)
    assert '<link rel="icon" href="data:,">' in page  # else Firefox asks for one, where the page is served


def test_every_link_has_a_text(page):
    links = re.findall(r"<a [^>]*>(.*?)</a>", page, re.DOTALL)
    assert len(links) > 500
    assert [text for text in links if not re.sub(r"<[^>]*>|\s", "", text)] == []


def test_the_script_asks_for_nothing_and_makes_no_code():
    own = (files("physsym.documents") / "page.js").read_text(encoding="utf-8")
    for word in ("fetch", "XMLHttp", "import", "http", "eval", "Function(", "innerHTML =", "localStorage"):
        assert word not in own
    assert len(own) < 8000


# ------------------------------------------------------------------ drawings


def test_groups_that_say_nothing_go_and_others_stay():
    drawing = (
        f'<svg {XMLNS}>\n<g id="a">\n<g style="fill: red">\n<g>\n<path d="M0 0z"/>\n</g>\n'
        '<use xlink:href="#q" transform="translate(63.61 0)"/>\n'
        '<use xlink:href="#q" transform="translate(1 2) scale(0.7)"/>\n<use xlink:href="#q" x="1" y="2"/>\n'
        "</g>\n</g>\n</svg>"
    )
    assert without_the_unseen(drawing) == (
        '<svg><g style="fill: red"><path d="M0 0z"/><use href="#q" x="63.6"/>'
        '<use href="#q" transform="translate(1 2) scale(0.7)"/><use href="#q" x="1" y="2"/></g></svg>'
    )


def test_the_tags_of_every_drawing_are_balanced(page):
    drawings = re.findall("<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) > 3
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert all(e.attrib for e in root.iter("{http://www.w3.org/2000/svg}g"))


def test_the_outcomes_that_the_tests_spoil_are_ordinary_ones():
    assert all(v.outcome is Outcome.HOLDS for v in derivation(5).verdicts()[1:])
    assert script("momentum").derivations
