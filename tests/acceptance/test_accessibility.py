"""No serious fault by axe-core, on the explorer and on a document; a page with faults has them found.

The document is the one with every kind of block: on that of the shipped scripts axe-core takes minutes.
"""

import pytest

from physsym.cli.explorer import SHIPPED, entries_named
from physsym.documents.html import html
from physsym.explorer.page import page
from tests.support.accessibility import faults
from tests.support.requirements import needs_axe, needs_browser

pytestmark = [needs_browser, needs_axe]
SCREENS = {"desk": (1280, 900, "light"), "phone at night": (360, 740, "dark")}
COMPARED = "#rule=a-stale-gradient&other=gradient-descent&potential=own&formula=x%5E2%2By%5E2"


@pytest.fixture(scope="module")
def addresses(sample_document, tmp_path_factory):
    folder = tmp_path_factory.mktemp("accessible")
    texts = {
        "explorer": page([entry for name in (*SHIPPED, "known:adam") for entry in entries_named(name)]),
        "document": html(sample_document),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    found = {name: (folder / f"{name}.html").as_uri() for name in texts}
    return {**found, "explorer, compared": found["explorer"] + COMPARED}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", ["explorer", "explorer, compared", "document"])
def test_no_fault_is_serious(browser, addresses, name, screen):
    width, height, scheme = SCREENS[screen]
    tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    tab.goto(addresses[name])
    tab.wait_for_timeout(1000)  # what is said when the reader rests is written
    assert faults(tab) == []
    tab.close()


def test_a_serious_fault_would_be_found(browser):
    tab = browser.new_page()
    tab.set_content("<html lang='en'><title>t</title><main><h1>h</h1><a href='#h'> </a><input></main></html>")
    assert {name for name, *_ in faults(tab)} == {"link-name", "label"}
    tab.close()
