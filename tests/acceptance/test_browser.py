"""The page as a reader meets it: in a real browser, on a desk and on a phone, by day and by night."""

from collections import Counter

import pytest

from physsym.documents import document_of
from physsym.documents.html import html
from physsym.loading import scripts
from physsym.mechanics.claim import judge_claim
from tests.support.requirements import needs_browser
from tests.support.sample_book import SOURCES

pytestmark = needs_browser
SCREENS = {
    "desk": (1280, 900, "light"),
    "desk at night": (1280, 900, "dark"),
    "wide": (1600, 1000, "light"),
    "phone": (390, 844, "light"),
    "phone at night": (390, 844, "dark"),
    "small phone": (320, 568, "light"),
}
LIMIT = 1_650_000  # bytes


@pytest.fixture(scope="module", params=["sample", "shipped"])
def built(request, tmp_path_factory):
    """Return the file of a page, and how often each outcome is that of a claim."""
    sources = SOURCES if request.param == "sample" else scripts()
    document = request.getfixturevalue(f"{request.param}_document")
    file = tmp_path_factory.mktemp(request.param) / "page.html"
    file.write_text(html(document), encoding="utf-8")
    claims = {c.id: c for s in reversed(sources) for c in reversed(s.claims)}
    return file, Counter(judge_claim(claim).verdict.outcome.value for claim in claims.values())


@pytest.fixture(scope="module", params=SCREENS.values(), ids=SCREENS)
def opened(request, browser, built):
    """Return the page, opened; at the end it must have asked for nothing and complained of nothing."""
    width, height, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    asked, complaints = [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(built[0].as_uri())
    yield page
    page.close()
    assert not complaints
    assert [url for url in asked if not url.startswith("data:")] == [built[0].as_uri()]


OUTSIDE = """() => [...document.body.querySelectorAll('*')].filter(e => {
    if (e.closest('svg svg, svg > *')) return false; // what sticks out within a drawing is cut off
    const r = e.getBoundingClientRect();
    return r.width && (r.right > innerWidth + 1 || r.left < -1);
}).map(e => e.outerHTML.slice(0, 200))"""
WIDER = """() => [...document.querySelectorAll('math')].filter(m => {
    const room = m.closest('figure, td, dd, p, li, h2, h3, h4, summary, figcaption, .reason, body');
    return m.getBoundingClientRect().width > room.getBoundingClientRect().width + 1;
}).map(m => m.textContent)"""
FLAT = """() => [...document.querySelectorAll('math')].filter(m => {
    // A narrow list beside the text leaves its lower level out, a table on a phone its head.
    if (m.closest('.contents, thead')) return false;
    const closed = m.closest('details:not([open])');
    const r = m.getBoundingClientRect();
    return !(closed && !m.closest('summary')) && (r.height < 4 || r.width < 2);
}).map(m => m.textContent)"""
# Text that lies over other text: each badge beside what stands in its frame.
OVERLAID = """() => [...document.querySelectorAll('summary, p.badge > .chip')].filter(s => {
    const a = s.getBoundingClientRect(), frame = s.closest('article, .equation, section');
    return [...frame.querySelectorAll('summary, q, .reason, pre, .number')].some(o => {
        if (o === s || o.contains(s)) return false;
        return [...o.getClientRects()].some(b => b.height && a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 4 && b.top < a.bottom - 4);
    });
}).map(s => s.parentElement.parentElement.outerHTML.slice(0, 200))"""
FONTS = (
    """() => [...document.fonts].filter(f => f.status == 'loaded').map(f => f.family + f.style + f.weight)"""
)


def test_nothing_overflows_and_every_formula_is_seen(opened):
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.evaluate(OUTSIDE) == []
    assert opened.evaluate(WIDER) == []
    assert opened.evaluate(FLAT) == []
    assert opened.evaluate("document.querySelectorAll('math').length") > 50


def test_the_fonts_of_the_page_are_used(opened):
    loaded = opened.evaluate(FONTS)
    assert any("Physsym Math" in font for font in loaded)
    assert sum("Physsym Text" in font for font in loaded) == 3


def test_a_click_unfolds_the_evidence(opened):
    opened.evaluate("document.querySelectorAll('.middle').forEach(d => d.open = true)")
    badges = opened.locator("details.badge")
    for k in (0, badges.count() // 2, badges.count() - 1):
        badge = badges.nth(k)
        assert badge.locator("> ul").bounding_box() is None or not badge.evaluate("d => d.open")
        badge.locator("> summary").click()
        assert badge.evaluate("d => d.open")
        assert badge.locator("> ul").bounding_box()["height"] > 10


def test_with_every_badge_unfolded_nothing_overflows_either(opened):
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.evaluate(OUTSIDE) == []
    assert opened.evaluate(WIDER) == []
    assert opened.evaluate(FLAT) == []
    assert opened.evaluate(OVERLAID) == []


def test_the_screen_decides_the_colours(opened):
    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    brightness = sum(int(part) for part in ground[4:-1].split(","))
    assert brightness < 150 if dark else brightness > 700


def test_the_claims_are_counted_as_they_are_judged(opened, built):
    found = built[1]
    marks = opened.locator("#audit ~ .counts > .chip").all()
    assert {m.get_attribute("data-outcome"): int(m.get_attribute("data-count")) for m in marks} == found
    assert opened.locator(".audit tbody tr").count() == found.total()
    for outcome, count in found.items():
        assert opened.locator(f".audit .chip.{outcome}").count() == count
        assert opened.locator(f"article.claim > details.{outcome}").count() == count


def test_the_page_within_the_page_runs_where_it_is_unfolded(opened, built):
    opened.locator("details.embedded > summary").click()
    frame = opened.frames[1]
    if "sample" in str(built[0]):
        assert frame.locator("#ran").inner_text() == "It's still & 1"
    else:
        opened.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert frame.locator("#readings dd").first.inner_text() == "stable"
        assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert frame.locator("h1").is_hidden()
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    opened.locator("details.embedded > summary").click()


def test_the_page_is_no_larger_than_it_may_be(built):
    assert built[0].stat().st_size <= LIMIT


@pytest.mark.parametrize("evidence", ["line", "none"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_of_one_face_without_folds(browser, tmp_path, screen, evidence):
    file = tmp_path / "page.html"
    file.write_text(html(document_of(SOURCES, faces="learning", evidence=evidence)), encoding="utf-8")
    width, height, scheme = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for fault in (OUTSIDE, WIDER, FLAT, OVERLAID):
        assert page.evaluate(fault) == []
    assert page.locator(".faces .face:not(:only-child)").count() == 0
    assert page.locator(".faces .face:only-child").count() > 10
    for k in range(page.locator("p.badge > .chip").count()):
        assert page.locator("p.badge > .chip").nth(k).is_visible()
    page.close()


def test_an_overflow_would_be_seen(browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content(
        "<p><math><mspace width='900px' height='9px'/><annotation>a</annotation></math></p>"
        "<p><math><annotation>b</annotation></math></p>"
    )
    assert page.evaluate(WIDER) == ["a"]
    assert len(page.evaluate(OUTSIDE)) >= 1
    assert page.evaluate(FLAT) == ["b"]
    page.set_content(
        "<article><details><summary style='position:fixed;top:8px'>a</summary></details><q>b</q></article>"
    )
    assert len(page.evaluate(OVERLAID)) == 1
    page.close()
