"""The document as one self-contained HTML page: native MathML, no script, no request."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby

from physsym.documents.html_blocks import block_html, counts
from physsym.documents.html_text import sentence
from physsym.documents.tree import Audit, Contrast, Document, Judged, Section, Subheading, blocks
from physsym.printing.mathml_printer import NAMESPACE
from physsym.vocabulary import STANDARD

FONTS = (
    ("Physsym Text", "normal", 400, "physsym-text-regular"),
    ("Physsym Text", "italic", 400, "physsym-text-italic"),
    ("Physsym Text", "normal", 700, "physsym-text-bold"),
    ("Physsym Math", "normal", 400, "physsym-math"),
)

# HTML knows the elements of MathML without being told where they come from.
_NAMESPACE = f' xmlns="{NAMESPACE}"'


def html(document: Document) -> str:
    """Return the document as a page that needs nothing beside itself."""
    style = (files("physsym.documents") / "page.css").read_text(encoding="utf-8")
    body = "".join(map(_section, document.sections))
    main = f"{_front(document)}{_contents(document)}{body}".replace(_NAMESPACE, "")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{_fonts()}{style}</style>\n</head>\n<body>\n"
        f"<main>\n{main}</main>\n</body>\n</html>\n"
    )


def _fonts() -> str:
    """Return the faces of the page's fonts, each whole within the style sheet."""
    folder = files("physsym.documents") / "fonts"
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
        f'src: url(data:font/woff2;base64,{_encoded(folder / f"{file}.woff2")}) format("woff2"); }}\n'
        for family, style, weight, file in FONTS
    )


def _encoded(file: Traversable) -> str:
    return b64encode(file.read_bytes()).decode("ascii")


def _front(document: Document) -> str:
    subtitle = f'<p class="subtitle">{escape(document.subtitle)}</p>\n' if document.subtitle else ""
    opening = "".join(block_html(p, STANDARD) for p in document.opening)
    audit = "".join(counts(b) for _, b in blocks(document) if isinstance(b, Audit))
    title = f"<header>\n<h1>{escape(document.title)}</h1>\n{subtitle}</header>\n"
    return f"{title}{opening}{audit}{_findings(document)}"


def _findings(document: Document) -> str:
    found = [(s, b) for s, b in blocks(document) if isinstance(b, Contrast)]
    if not found:
        return ""
    items = "".join(
        f'<li><a href="#{b.anchor}">{sentence(b.title, s.vocabulary)}</a></li>\n' for s, b in found
    )
    label = "Where what follows is not what the source says"
    listed = f"<h2>{label}</h2>\n<ol>\n{items}</ol>\n"
    return f'<nav class="findings" aria-label="{label}">\n{listed}</nav>\n'


def _contents(document: Document) -> str:
    top = [s for s in document.sections if s.level == 2]
    items = "".join(f"<li>{_link(s)}{_inner(s, document)}</li>\n" for s in top)
    return f'<nav class="contents" aria-label="Contents">\n<h2>Contents</h2>\n<ol>\n{items}</ol>\n</nav>\n'


def _link(section: Section) -> str:
    short = section.label.removeprefix("Chapter ").removeprefix("Derivations ")
    label = f'<span class="label">{escape(short)}</span> ' if short else ""
    return f'<a href="#{section.anchor}">{label}{sentence(section.title, section.vocabulary)}</a>'


def _inner(section: Section, document: Document) -> str:
    parts = [
        f'<li><a href="#{b.anchor}">{sentence(b.title, section.vocabulary)}</a></li>'
        for b in section.blocks
        if isinstance(b, Subheading)
    ]
    return f"<ol>{''.join(parts)}</ol>" if parts else ""


def _section(section: Section) -> str:
    label = f'<span class="label">{escape(section.label)}</span> ' if section.label else ""
    title = sentence(section.title, section.vocabulary)
    heading = f'<h{section.level} id="{section.anchor}">{label}{title}</h{section.level}>\n'
    return f'<section class="level-{section.level}">\n{heading}{"".join(_grouped(section))}</section>\n'


def _grouped(section: Section) -> Iterator[str]:
    """Yield the blocks; claims that follow each other stand in one frame."""
    for claims, group in groupby(section.blocks, lambda block: isinstance(block, Judged)):
        told = "".join(block_html(block, section.vocabulary) for block in group)
        yield f'<div class="claims">\n{told}</div>\n' if claims else told
