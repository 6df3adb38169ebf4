"""What a reader does with the page: copies, unfolds, follows links, prints; with scripts and without them."""

import re

import pytest

from physsym import latex, script
from physsym.documents import document_of
from physsym.documents.html import html
from physsym.documents.tree import Line
from tests.support.requirements import needs_browser

pytestmark = needs_browser
CLIPBOARD = ["clipboard-read", "clipboard-write"]
LIGHT = {"viewport": {"width": 1100, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
WITHOUT_CLIPBOARD = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
IN_SIGHT = """el => { const r = el.getBoundingClientRect();
    return r.top >= -1 && r.bottom <= innerHeight + 1 && r.left >= -1 && r.right <= innerWidth + 1; }"""


@pytest.fixture(scope="module")
def tree():
    return document_of([script("gradient_descent"), script("momentum")])


@pytest.fixture(scope="module")
def address(tree, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(html(tree), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def opened(browser, address):
    """Return a function that opens the page; it must complain of nothing and ask for nothing."""
    contexts, complaints = [], []

    def open_page(hash="", **options):
        context = browser.new_context(permissions=CLIPBOARD, **{**LIGHT, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("data:", address)) or complaints.append(r.url))
        page.goto(address + hash)
        return page

    open_page.complaints = complaints
    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def pasted(page):
    return page.evaluate("navigator.clipboard.readText()")


def first_line(tree):
    return next((s, b) for s in tree.sections for b in s.blocks if isinstance(b, Line))


# ------------------------------------------------------------------ copying


@pytest.mark.parametrize("way", ["click", "keyboard", "without a clipboard"])
def test_a_button_copies_the_latex_of_a_formula_and_says_so(opened, tree, way):
    page = opened()
    if way == "without a clipboard":
        page.evaluate(WITHOUT_CLIPBOARD)
    section, line = first_line(tree)
    for k, face in enumerate(line.faces):
        button = page.locator(".equation .copy").nth(k)
        assert button.get_attribute("aria-label").startswith(f"Copy the LaTeX of ({line.number}), ")
        button.focus()
        if way == "keyboard":
            page.keyboard.press("Enter")
        else:
            button.click()
        page.wait_for_function("b => b.textContent == 'copied'", arg=button.element_handle())
        assert page.locator("[role=status]").text_content().startswith("Copied the LaTeX of ")
        assert pasted(page) == latex(line.statement, face, section.vocabulary)


def test_a_page_that_may_not_copy_says_so(opened):
    page = opened()
    page.evaluate(WITHOUT_CLIPBOARD)
    page.evaluate("() => { document.execCommand = () => false; }")
    page.locator(".copy").first.click()
    page.wait_for_function("document.querySelector('.copy').textContent == 'not copied'")
    assert "does not let" in page.locator("[role=status]").text_content()


def test_a_selection_is_copied_with_latex_in_place_of_its_formulas(opened):
    page = opened()
    said = page.locator("p.says", has=page.locator("math")).first
    said.evaluate("p => { p.scrollIntoView(); getSelection().selectAllChildren(p); }")
    page.keyboard.press("Control+c")
    text = pasted(page)
    notes = said.locator("annotation").all_text_contents()
    assert notes
    assert re.sub(r"\$[^$]*\$", "", text).strip()  # the words between the formulas
    assert re.findall(r"\$([^$]*)\$", text) == notes
    # A selection that begins within a formula takes all of it, one without formulas is left alone.
    said.evaluate("""p => {
        const range = document.createRange();
        range.setStart(p.querySelector('mi').firstChild, 0);
        range.setEndAfter(p.lastChild);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
    }""")
    page.keyboard.press("Control+c")
    assert pasted(page).startswith(f"${notes[0]}$")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    page.keyboard.press("Control+c")
    assert pasted(page).strip() == page.locator("h1").text_content()


# ------------------------------------------------------------------ folding


def folded(page):
    """Return a line within a folded middle, by its anchor."""
    return page.locator("details.middle .equation[id]").first.get_attribute("id")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_derivation_folds_and_a_link_into_it_unfolds_it(opened, scripts):
    page = opened(java_script_enabled=scripts)
    name = folded(page)
    middle = page.locator("details.middle").first
    first, last = (middle.locator(f"xpath={side}-sibling::div[1]") for side in ("preceding", "following"))
    assert first.is_visible()
    assert last.is_visible()
    assert not page.locator(f'[id="{name}"]').is_visible()
    middle.locator("> summary").click()
    assert page.locator(f'[id="{name}"]').is_visible()
    direct = opened(f"#{name}", java_script_enabled=scripts)
    line = direct.locator(f'[id="{name}"]')
    line.wait_for(state="visible")
    assert line.evaluate(IN_SIGHT) if scripts else line.is_visible()


def test_a_link_on_the_page_unfolds_it_again_and_again(opened):
    page = opened()
    name = folded(page)
    page.evaluate(
        """name => {
            const link = document.createElement('a');
            Object.assign(link, { href: '#' + name, textContent: 'there' });
            document.querySelector('main').prepend(link);
        }""",
        name,
    )
    for _ in range(2):
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false); scrollTo(0, 0)")
        page.get_by_text("there", exact=True).click()
        page.locator(f'[id="{name}"]').wait_for(state="visible")


def test_each_line_has_a_link_to_it(opened):
    page = opened()
    links = page.locator(".equation:visible > .head > .here")
    assert links.count() > 5
    link = links.nth(3)
    assert link.is_visible()
    link.click()
    name = link.get_attribute("href").removeprefix("#")
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#{name}"
    assert page.locator(f'[id="{name}"]').evaluate(IN_SIGHT)


# ------------------------------------------------------------------ evidence


def test_evidence_is_in_words_and_the_engines_are_one_more_click_away(opened):
    page = opened()
    page.evaluate("document.querySelectorAll('.middle').forEach(d => d.open = true)")
    badge = page.locator("details.badge", has_text="multiplied back").first
    engines = badge.locator("details")
    assert not engines.locator("> summary").is_visible()
    badge.locator("> summary").click()
    assert badge.get_by_text("multiplied back, the two lines agree as polynomials").is_visible()
    assert not engines.get_by_text("what this means").is_visible()
    engines.locator("> summary").click()
    assert "error below 2⁻" in engines.inner_text()
    engines.get_by_text("what this means").click()
    assert page.locator("#how-the-machine-checks-engines").evaluate(IN_SIGHT)


# ------------------------------------------------------------------ what a link refers to


def reference(page):
    """Return a link to an equation elsewhere."""
    recalled = page.locator(".equation", has_text="continued from there").filter(visible=True)
    return recalled.first.locator("a.number")


@pytest.mark.parametrize("screen", [LIGHT, PHONE], ids=["desk", "phone at night"])
@pytest.mark.parametrize("way", ["pointer", "keyboard"])
def test_a_reference_shows_what_it_refers_to(opened, screen, way):
    page = opened(**screen)
    card = page.get_by_role("tooltip")
    link = reference(page)
    target = page.locator(f'[id="{link.get_attribute("href")[1:]}"]')
    assert not card.is_visible()
    link.scroll_into_view_if_needed()
    if way == "pointer":
        link.hover()
    else:
        link.focus()
    card.wait_for(state="visible")
    assert (
        card.locator("annotation").all_text_contents()
        == target.locator(".faces annotation").all_text_contents()
    )
    assert link.get_attribute("aria-describedby") == card.get_attribute("id")
    assert card.evaluate(IN_SIGHT)
    assert card.locator("button").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.keyboard.press("Escape")
    assert not card.is_visible()
    assert link.get_attribute("aria-describedby") is None


def test_the_card_stays_under_the_pointer_and_goes_with_it(opened):
    page = opened()
    card = page.get_by_role("tooltip")
    link = (
        page.locator(".equation", has_text="continued from there")
        .filter(visible=True)
        .first.locator("a.number")
    )
    link.scroll_into_view_if_needed()
    link.hover()
    card.wait_for(state="visible")
    card.hover()
    page.wait_for_timeout(400)
    assert card.is_visible()
    page.mouse.move(2, 2)
    card.wait_for(state="hidden")
    link.focus()
    card.wait_for(state="visible")
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    card.wait_for(state="hidden")


def test_a_link_to_a_line_itself_shows_nothing(opened):
    page = opened()
    page.locator(".equation:not(.middle *) > .head > .here").first.hover()
    page.wait_for_timeout(100)
    assert not page.get_by_role("tooltip").is_visible()


# ------------------------------------------------------------------ without scripts, and on paper


def test_everything_can_be_read_without_scripts(opened, tree):
    page = opened(java_script_enabled=False)
    assert page.locator(".copy").count() == 0
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    lines = sum(isinstance(b, Line) for s in tree.sections for b in s.blocks)
    assert page.locator(".equation:visible").count() == lines


@pytest.mark.parametrize("scripts", [True, False])
def test_a_folded_middle_is_printed(opened, scripts, tmp_path):
    page = opened(java_script_enabled=scripts)
    name = folded(page)
    assert not page.locator(f'[id="{name}"]').is_visible()
    page.emulate_media(media="print")
    line = page.locator(f'[id="{name}"]')
    assert line.bounding_box()["height"] > 20
    assert page.locator(".copy:visible, .card:visible, .middle > summary:visible").count() == 0
    whole = len(page.pdf())
    page.emulate_media(media="screen")
    assert not line.is_visible()
    assert whole > 10_000


def test_printing_leaves_the_page_as_it_was(opened):
    page = opened()
    middles = "[...document.querySelectorAll('.middle')].map(d => d.open)"
    before = page.evaluate(middles)
    assert not any(before)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.evaluate(middles))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(middles) == before


# ------------------------------------------------------------------ safety


def test_the_page_runs_no_other_script_and_asks_for_nothing(opened):
    page = opened()
    page.evaluate("""() => {
        const script = Object.assign(document.createElement('script'), { textContent: 'window.foreign = 1' });
        const image = Object.assign(new Image(), { src: 'https://example.org/x.png' });
        document.body.append(script, image);
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate("window.foreign") is None
    refused = [text for text in opened.complaints if "Content Security Policy" in text]
    assert len(refused) >= 2
    opened.complaints.clear()
