"""The check of the built site finds links that lead nowhere and what is asked for from elsewhere."""

import pytest

from tests.support.site import faults, main

GOOD = '<a href="b.html#here">b</a><a href="https://example.org">x</a><img src="data:image/png;base64,">'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a.html").write_text(GOOD)
    (tmp_path / "b.html").write_text('<p id="here"></p><link rel="stylesheet" href="page.css">')
    (tmp_path / "page.css").write_text("body { background: url(a.html) }")
    return tmp_path


def test_a_good_site_has_no_faults(site, capsys):
    assert faults(site) == []
    assert main([str(site)]) == 0
    assert capsys.readouterr().out == "2 pages, in which all links lead somewhere\n"
    (site / "formulas.txt").write_text("3 formulas on 1 page\na: x (not read)\n")
    main([str(site)])
    assert capsys.readouterr().out.splitlines()[1:] == ["3 formulas on 1 page"]


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ('<a href="c.html">', "the link c.html leads nowhere"),
        ('<a href="b.html#there">', "b.html#there has no such anchor"),
        ('<a href="#here">', "#here has no such anchor"),
        ('<script src="https://example.org/a.js">', "asks for https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "asks for //example.org/a.css"),
        ('<img src="gone.png">', "gone.png is not there"),
    ],
)
def test_a_fault_is_found(site, added, found, capsys):
    (site / "a.html").write_text(GOOD + added)
    assert faults(site) == [f"a.html: {found}"]
    assert main([str(site)]) == 1


def test_a_style_sheet_that_asks_for_something_is_found(site):
    (site / "page.css").write_text('@import "https://example.org/font.css"; a { b: url( //example.org/c ) }')
    assert faults(site) == [
        "page.css: asks for https://example.org/font.css", "page.css: asks for //example.org/c",
    ]  # fmt: skip


def test_an_empty_site_is_none(tmp_path):
    assert faults(tmp_path) == [f"there is no page in {tmp_path}"]
