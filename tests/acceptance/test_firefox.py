"""Explorer and documents in Firefox, whose arithmetic, layout and policies are those of another engine."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from physsym.cli.explorer import SHIPPED, entries_named
from physsym.documents.html import html
from physsym.explorer.page import page
from tests.support.requirements import needs_firefox
from tests.support.trajectories import assert_same_trajectories

pytestmark = [needs_firefox, pytest.mark.slow]
RIGHT = "\ue014"  # the arrow, in the table of keys of WebDriver
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"


@pytest.fixture(scope="module")
def tab():
    from tests.support.firefox import firefox

    with firefox() as opened:
        yield opened


@pytest.fixture(scope="module")
def entries():
    return [entry for name in (*SHIPPED, "known:adam") for entry in entries_named(name)]


@pytest.fixture(scope="module")
def pages(entries, sample_document, tmp_path_factory):
    """Write the pages into a folder, from which they are opened as a reader does."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "explorer.html").write_text(page(entries), encoding="utf-8")
    (folder / "document.html").write_text(html(sample_document), encoding="utf-8")
    return folder


@pytest.fixture
def opened(tab, pages):
    """Return a function that opens a page and forgets what was asked for and said before."""

    def open_page(name):
        tab.asked.clear()
        tab.complaints.clear()
        tab.open((pages / f"{name}.html").as_uri())
        tab.evaluate(DRAWN)
        return tab

    return open_page


@pytest.mark.parametrize("name", ["explorer", "document"])
def test_a_page_asks_for_nothing_and_complains_of_nothing(name, opened):
    tab = opened(name)
    assert tab.evaluate("document.querySelectorAll('main, h1').length") > 1
    assert (tab.asked, tab.complaints) == ([], [])


def test_what_a_page_asks_for_and_complains_of_is_seen(opened, pages):
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        picture = f"http://127.0.0.1:{server.server_port}/picture.png"
        text = f"<!DOCTYPE html><img src={picture} alt=''><script>console.warn('broken'); wrong()</script>"
        (pages / "spoiled.html").write_text(text, encoding="utf-8")
        thread = Thread(target=server.handle_request)  # it answers once, that it does not know how to
        thread.start()
        tab = opened("spoiled")
        thread.join()
    assert tab.asked == [picture]
    assert tab.complaints[:2] == ["broken", "ReferenceError: wrong is not defined"]


def test_trajectories_are_those_of_python_bitwise(opened, entries):
    tab = opened("explorer")
    assert_same_trajectories(tab.evaluate, entries)
    assert tab.complaints == []


def test_a_slider_is_moved_by_keyboard(opened):
    tab = opened("explorer")
    slider = "[...document.querySelectorAll('input[type=range]')].find(e => e.checkVisibility())"
    tab.evaluate(f"{slider}.focus()")
    before = tab.evaluate("shown.own.path[2]"), tab.evaluate(f"{slider}.value")
    tab.press(*RIGHT * 5)
    tab.evaluate(DRAWN)
    assert tab.evaluate(f"{slider}.value") != before[1]
    assert tab.evaluate("shown.own.path[2]") != before[0]
