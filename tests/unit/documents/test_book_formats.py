"""A book with every kind of block, in every format that is text."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from importlib.resources import files

import pytest

from physsym.core.verdicts import Outcome
from physsym.documents import document_of, size_of
from physsym.documents.html import html
from physsym.documents.markdown import GITHUB, MYST, NOTEBOOK, markdown
from physsym.documents.tex import tex
from physsym.documents.tree import Audit, Bullets, Contrast, Grid, Judged, Line, Picture, blocks
from physsym.printing import latex, mathml
from tests.support import sample_book
from tests.unit.documents.test_documents import Tags, on_the_page


@pytest.fixture(scope="module")
def tree(sample_document):
    return sample_document


@pytest.fixture(scope="module")
def page(tree):
    return html(tree)


def of(kind, tree):
    return [b for _, b in blocks(tree) if isinstance(b, kind)]


def test_the_numbers_are_the_sources(tree):
    numbers = [line.number for line in of(Line, tree) if line.number and not line.recalled]
    assert numbers == ["1.4", "2.2", "2.2'", "4.2a", "5.0", "4.4", "A.1", "A.2", "A.3", "A.4", "A.5"]


def test_a_derivation_continues_from_the_line_that_a_chapter_shows(tree):
    (recalled,) = [line for line in of(Line, tree) if line.recalled and line.number == "2.2"]
    assert recalled.statement == sample_book.descent.lines[2]
    again = [line for line in of(Line, tree) if line.number == "4.4"]
    assert [line.recalled for line in again] == [False, True]


def test_every_claim_is_judged_once_and_counted(tree):
    (audit,) = of(Audit, tree)
    assert [c.id for c in audit.claims] == ["C01", "C05", "C96"]
    counts = [(t.outcome, t.count) for t in tree.totals if t.of == "claim of the source"]
    assert counts == [(Outcome.HOLDS, 1), (Outcome.CONDITIONAL, 1), (Outcome.UNDECIDABLE, 1)]
    assert sorted(c.id for c in of(Judged, tree)) == ["C01", "C05", "C96"]


def test_a_build_tells_how_far_it_is():
    told = []
    document_of(sample_book.SOURCES, told.append)
    assert len(told) == size_of(sample_book.SOURCES) == 8
    assert "claim C05" in told
    assert "figure wave" in told


def test_cells_of_every_kind(tree, page):
    (grid,) = of(Grid, tree)
    text = ["".join(str(s.content) for s in cell) for row in grid.rows for cell in row]
    assert text[2:4] == ["M⁻¹ T²", "0.1235"]
    assert "computed eta" in text
    assert page.count("0.1235") == 1
    assert '<span class="in-physics"><math' in page


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert not tags.outside
    assert len(set(tags.anchors)) == len(tags.anchors)
    assert {link.removeprefix("#") for link in tags.links} <= set(tags.anchors)
    for anchor in ("eq-2.2", "eq-2.2-prime", "claim-c05", "finding-1", "audit", "table-1", "figure-wave"):
        assert anchor in tags.anchors
    assert {"#eq-2.2", "#claim-c05", "#finding-1"} <= set(tags.links)


def test_a_page_within_the_page_is_allowed_to_run_and_others_say_where_it_is(tree, page):
    (frame,) = re.findall(r"<iframe title=\"It runs\" loading=\"lazy\" srcdoc='([^']*)'></iframe>", page)
    assert unescape(frame) == sample_book.little_page()
    assert "<b>1" not in page
    (own,) = re.findall(r"<script>(.*?)</script>", sample_book.little_page())
    digest = b64encode(sha256(own.encode()).digest()).decode()
    (policy,) = re.findall(r"script-src ([^;]*);", page)
    assert f"'sha256-{digest}'" in policy.split()
    assert "<summary>It <em>runs</em></summary>" in page
    for write in (markdown, tex):
        assert "elsewhere" in write(tree)
        assert "still &" not in write(tree)
    assert "See elsewhere" not in page


def test_figures_share_no_identifiers_and_tell_no_date(tree):
    (picture,) = of(Picture, tree)
    page = html(tree)
    assert 'aria-label="A wave."' in page
    assert "<metadata>" not in page
    inside = re.findall(r'(?<= id=")[^"]*', page[page.index("<svg") : page.index("</svg>")])
    assert inside
    assert all(re.fullmatch(rf"{picture.name}-.+|_\d+", name) for name in inside)


def test_what_two_figures_share_is_defined_once(tree):
    (picture,) = of(Picture, tree)
    twice = (picture, replace(picture, name="again"))
    page = html(replace(tree, sections=(replace(tree.sections[0], blocks=twice),)))
    alone, again = re.findall("<svg.*?</svg>", page, re.DOTALL)
    assert len(re.findall(' id="_', alone)) > 5
    assert ' id="_' not in again
    names, used = re.findall(r' id="([^"]*)"', page), re.findall(r'(?:<use href="|url\()#([^")]*)', page)
    assert len(set(names)) == len(names)
    assert set(used) <= set(names)
    uses = lambda svg: len(re.findall("<use ", svg))
    assert uses(alone) == uses(again) > 5


@pytest.mark.parametrize("dialect", [GITHUB, MYST, NOTEBOOK], ids=lambda d: d.name)
def test_every_line_is_in_every_text_on_its_faces(tree, page, dialect):
    text = markdown(tree, dialect)
    for line in of(Line, tree):
        for face in line.faces:
            assert latex(line.statement, face) in text
            assert on_the_page(mathml(line.statement, face)) in page
    (one_face,) = [line for line in of(Line, tree) if line.number == "5.0"]
    assert one_face.faces == ("learning",)


def test_the_dialects_write_formulas_as_their_readers_need_them(tree):
    assert "$`\\gamma`$" in markdown(tree, GITHUB)
    assert "{math}`\\gamma`" in markdown(tree, MYST)
    assert "$\\gamma$" in markdown(tree, NOTEBOOK)
    assert "$" not in re.sub(r"```.*?```", "", markdown(tree, MYST), flags=re.DOTALL)
    assert markdown(tree, MYST).count("```{math}\n:label: eq-2.2\n") == 1
    assert '<a id="eq-2.2"></a>' in markdown(tree, GITHUB)


def test_lists_and_stray_marks(tree):
    assert [(len(b.items), b.numbered) for b in of(Bullets, tree)][:2] == [(2, False), (2, True)]
    (half,) = [c for c in of(Judged, tree) if c.id == "C05"]
    assert "".join(str(s.content) for s in half.formal).endswith(" and a ` stray mark")


def test_a_claim_is_shown_with_its_repair_and_its_code(tree, page):
    (half,) = [c for c in of(Judged, tree) if c.id == "C05"]
    assert "Outcome.CONDITIONAL" in half.code
    assert page.count("Repaired: it does for <math") == 1
    assert page.count("<summary>As code</summary>") == len(of(Judged, tree))
    assert "Outcome.CONDITIONAL" in page
    for text in (markdown(tree, MYST), markdown(tree, GITHUB)):
        assert text.count("Repaired: it does for ") == 1


def test_a_finding_cannot_be_missed(tree, page):
    (finding,) = of(Contrast, tree)
    assert finding.verdict.outcome is Outcome.FAILS
    assert [name for name, _ in finding.columns] == ["What follows", "What the source says", "The difference"]
    assert page.index('href="#finding-1"') < page.index('id="ii-the-time-scale-tau"')


# ------------------------------------------------------------------ colours


COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")


def colours():
    """Return the custom properties of the style sheet, for light and for dark screens."""
    text = (files("physsym.documents") / "page.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in re.split("@media screen", text)[:2]
    )
    return light, light | dark


def luminance(colour):
    """Return the relative luminance (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_it_should_be():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("screen", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(screen):
    palette = colours()[screen]
    for name in ("physics", "learning", "holds", "fails", "doubt", "open"):
        assert contrast(palette[name], palette[f"{name}-wash"]) >= 5, name
        assert contrast(palette[name], palette["paper"]) >= 5, name
    for wash in ("paper", "wash", "physics-wash", "learning-wash", "fails-wash"):
        assert contrast(palette["ink"], palette[wash]) >= 10, wash
    assert contrast(palette["quiet"], palette["paper"]) >= 5
    assert len(palette) == 19
