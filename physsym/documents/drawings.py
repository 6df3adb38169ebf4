"""Drawings within a page of HTML: SVG in few bytes, in which what several of them share is defined once."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What stands before the element, and the data on who made it when.
_AROUND = re.compile(r"\A.*?(?=<svg)|\s*<metadata>.*?</metadata>|<!--.*?-->\n", re.DOTALL)
_XLINK = ' xmlns:xlink="http://www.w3.org/1999/xlink"'
IDENTITY = re.compile(r'\b(id="|href="#|url\(#)')
_NAMED = re.compile(r' id="([^"]*)"')
_COORDINATES = re.compile(r'(?<= d=")[^"]*|translate\([^)]*\)')
_DIGITS = re.compile(r"(\.\d)\d+|(?<=[A-Z]) |\s*\n\s*")
# A group of marks in one style, which the group can have for all of them.
_MARKS = re.compile(
    r"""<g( clip-path="[^"]*")?>\n(<use [^>]*( style="[^"]*")/>\n(?:<use [^>]*\3/>\n)*)</g>"""
)

_MOVED = re.compile(r'(?<=<use )(href="[^"]*") transform="translate\(([-\d.]+) ([-\d.]+)\)"/>')
_GROUP = re.compile(r"(<g(?: [^>]*)?>\n?|</g>\n?)")


def without_the_unseen(drawing: str) -> str:
    """Return a drawing without its author, unused names, hundredths of a point, and what says nothing.

    Parameters
    ----------
    drawing
        A file of SVG as matplotlib writes it.

    Returns
    -------
    str
        An element that looks the same.
    """
    inside = _AROUND.sub("", drawing).replace(' xlink:href="', ' href="').replace(_XLINK, "")
    used = set(re.findall(r"#([\w-]+)", inside))
    named = _NAMED.sub(lambda name: name[0] if name[1] in used else "", inside)
    short = _COORDINATES.sub(lambda found: _DIGITS.sub(r"\1", found[0]), named)
    marks = _MARKS.sub(lambda g: f"<g{g[1] or ''}{g[3]}>\n{g[2].replace(g[3], '')}</g>", short)
    return "".join(_without_plain_groups(_MOVED.sub(_at, marks))).replace(">\n<", "><")


def _at(moved: re.Match[str]) -> str:
    """Return a translation as coordinates; those that are zero are left out."""
    moved_to = "".join(f' {axis}="{c}"' for axis, c in zip("xy", moved.groups()[1:], strict=True) if float(c))
    return f"{moved[1]}{moved_to}/>"


def _without_plain_groups(drawing: str) -> Iterator[str]:
    """Yield the pieces of a drawing without the tags of groups that say nothing."""
    plain: list[bool] = []
    for piece in _GROUP.split(drawing):
        if piece.startswith("<g"):
            plain.append(piece.startswith("<g>"))
        if not (piece.startswith(("<g", "</g>")) and plain[-1]):
            yield piece
        if piece.startswith("</g>"):
            plain.pop()


_DEFINED = re.compile(r'<path id="([^"]*)"([^>]*/>)')
_USED = re.compile(r'(?<=<use href="#)[^"]*')


def defined_once(page: str) -> str:
    """Return a page with each letter and mark of its drawings defined once, under a short name.

    >>> drawing = '<path id="{0}-m1" d="M0 1z"/><use href="#{0}-m1"/>'
    >>> print(defined_once(drawing.format("first") + drawing.format("second")))
    <path id="_0" d="M0 1z"/><use href="#_0"/><use href="#_0"/>
    """
    names: dict[str, str] = {}  # what is drawn: the name that it has from now on
    renamed: dict[str, str] = {}

    def define(found: re.Match[str]) -> str:
        is_new = found[2] not in names
        renamed[found[1]] = names.setdefault(found[2], f"_{len(names)}")
        return f'<path id="{names[found[2]]}"{found[2]}' if is_new else ""

    defined = _DEFINED.sub(define, page).replace("<defs></defs>", "")
    return _USED.sub(lambda found: renamed.get(found[0], found[0]), defined)
