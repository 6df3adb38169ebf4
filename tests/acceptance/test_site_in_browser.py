"""The site as a reader meets it, in a real browser: search, the copy button, both schemes, a phone."""

import pytest

from tests.support.requirements import needs_browser, needs_sphinx

pytestmark = [needs_browser, needs_sphinx]
PAGES = (
    "index.html",
    "gallery.html",
    "bibliography.html",
    "glossary.html",
    "tutorials/derive-your-first-optimizer.html",
    "how-to/add-a-move.html",
    "how-to/audit-your-notes.html",
    "explanation/why-not.html",
    "lectures/from-mechanics-to-optimizers.html",
    "reference/analysis.html",
    "reference/commands.html",
)
SCREENS = {
    "desk": (1280, 900, "light"),
    "desk at night": (1280, 900, "dark"),
    "phone": (360, 740, "light"),
    "phone at night": (360, 740, "dark"),
}
# The lightness of the ground, and the contrast of the text with it, as WCAG 2 defines both.
CONTRAST = """() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = light(getComputedStyle(document.querySelector('article p')).color);
    const ground = light(getComputedStyle(document.body).backgroundColor);
    return [ground, (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)];
}"""


@pytest.fixture
def reader(browser, site):
    """Return a function that opens a page; at the end none must have asked for something or complained."""
    contexts, asked, complaints = [], [], []

    def opened(name, width=1280, height=900, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((site / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:"))] == []


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS.values(), ids=SCREENS)
def test_pages_fit_the_screen_and_are_read_in_both_schemes(reader, width, height, scheme):
    for name in PAGES:
        page = reader(name, width, height, scheme)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        ground, contrast = page.evaluate(CONTRAST)
        assert (ground < 0.1) is (scheme == "dark"), name
        assert contrast >= 4.5, name


@pytest.mark.parametrize("width", [1280, 390])
def test_the_start_page_shows_every_line_of_code_whole_and_one_picture(reader, width):
    page = reader("index.html", width)
    cut = "blocks => blocks.map(block => block.scrollWidth - block.clientWidth)"
    assert [wide for wide in page.eval_on_selector_all("article pre", cut) if wide > 0] == []
    assert page.locator("article img").count() == 1


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pendulum", "tutorials/state-your-own-system.html"),
        ("is_forward_invariant", "reference/analysis.html"),
        ("Schwartz", "bibliography.html"),
    ],
)
def test_a_word_that_is_typed_finds_its_page(reader, site, word, found):
    page = reader("index.html")
    page.fill("input.sidebar-search", word)
    page.press("input.sidebar-search", "Enter")
    page.wait_for_selector("ul.search li a")
    links = page.eval_on_selector_all(
        "ul.search li a", "links => links.map(link => link.href.split(/[?#]/)[0])"
    )
    assert (site / found).as_uri() in links
    page.click(f"ul.search li a[href*='{found}']")
    page.wait_for_load_state()
    assert page.url.startswith((site / found).as_uri())


def test_a_word_that_is_nowhere_finds_nothing(reader):
    page = reader("index.html")
    page.fill("input.sidebar-search", "qwertzuiop")
    page.press("input.sidebar-search", "Enter")
    page.wait_for_function("document.querySelector('#search-results p.search-summary')?.innerText.length > 0")
    assert page.locator("ul.search li").count() == 0


def test_the_copy_button_copies_code_without_prompts_and_output(reader):
    page = reader("index.html")
    block = page.locator("div.highlight", has_text="import physsym as ps").first
    block.hover()
    block.locator("button.copybtn").click()
    page.evaluate("document.body.prepend(Object.assign(document.createElement('textarea'), {id: 'pasted'}))")
    page.focus("#pasted")
    page.keyboard.press("Control+V")
    lines = page.input_value("#pasted").splitlines()
    assert lines[:2] == ["import physsym as ps", "from physsym.integrators import forward_euler"]
    assert not [line for line in lines if line.startswith((">>>", "...", "x <- "))]


def test_every_block_of_code_has_a_copy_button(reader):
    for name in PAGES:
        page = reader(name)
        assert page.locator("div.highlight > pre").count() == page.locator("button.copybtn").count(), name


def test_formulas_are_seen_and_have_words_for_a_screen_reader(reader):
    page = reader("lectures/from-mechanics-to-optimizers.html")
    sizes = page.eval_on_selector_all("math", "all => all.map(m => m.getBoundingClientRect().height)")
    assert len(sizes) > 30
    assert min(sizes) > 4
    assert page.locator("math[alttext]").count() > 20


def test_what_is_scrolled_is_reached_by_the_keyboard(reader):
    for name in PAGES:
        page = reader(name, 360, 740)
        lost = page.evaluate(
            """() => [...document.querySelectorAll('article *')].filter(e => e.scrollWidth > e.clientWidth + 1
                && /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex < 0
                && !e.querySelector('a, button, [tabindex]')).map(e => e.outerHTML.slice(0, 100))"""
        )
        assert lost == [], name


def test_pictures_of_the_gallery_are_seen(reader):
    page = reader("gallery.html")
    drawn = page.eval_on_selector_all(
        "img.drawn", "all => all.map(i => [i.complete, i.naturalWidth, i.alt.length])"
    )
    assert len(drawn) > 20
    assert all(complete and width > 100 and alt > 20 for complete, width, alt in drawn)
