"""What the theme leaves out for a keyboard or a screen reader, put into the pages that are built."""

from __future__ import annotations

from pathlib import Path

# What is wider than a screen is scrolled, and must be reached by the keyboard for it; a heading says its
# level; two landmarks of one kind have names.
WRITTEN = {
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<div class="math-wrapper': '<div tabindex="0" class="math-wrapper',
    '<div class="formula"': '<div tabindex="0" class="formula"',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
}


def accessible(page: str) -> str:
    """Return a page of HTML with what is missing.

    >>> accessible('<p class="caption" role="heading">Tutorials</p><pre>x</pre>')
    '<p class="caption" role="heading" aria-level="2">Tutorials</p><pre tabindex="0">x</pre>'
    """
    for found, written in WRITTEN.items():
        page = page.replace(found, written)
    return page


def mend(folder: Path) -> None:
    """Put into all pages of the theme what is missing; a page of its own, such as the explorer, stays."""
    for file in folder.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if "sidebar-drawer" in text and (mended := accessible(text)) != text:
            file.write_text(mended, encoding="utf-8")
