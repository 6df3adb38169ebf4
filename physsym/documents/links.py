"""Links within a document: each leads to an anchor that is there, be it named as its heading is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import unquote

from physsym.documents.errors import DocumentError
from physsym.documents.tree import Document, Span, Subheading, anchor, blocks, plain_text


def with_links(document: Document, known: Collection[str]) -> Document:
    """Return a document whose links lead to anchors of it.

    The anchor of a heading has the title of its chapter in front; an author who links to `#damping`, as other
    programs call the heading "Damping", need not know that.

    Parameters
    ----------
    document
        A document as it was laid out.
    known
        Its anchors.

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        For a link that leads nowhere.
    """
    titles = [(plain_text(s.title), s.anchor) for s in document.sections if s.title]
    titles += [(plain_text(b.title), b.anchor) for _, b in blocks(document) if isinstance(b, Subheading)]
    titles += [(document.title, document.sections[0].anchor)] if document.sections else []
    headings = {anchor(title): name for title, name in reversed(titles)}

    def linked(span: Span) -> Span:
        if not span.target or span.target in known:
            return span
        name = anchor(unquote(span.target))
        found = headings.get(name, name)
        if found not in known:
            there = ", ".join(f"#{heading}" for heading in sorted(headings)[:12])
            raise DocumentError(f"a link leads to #{span.target}, which is not there; headings are {there}")
        return replace(span, target=found)

    rebuilt: Document = _rebuilt(document, linked)
    return rebuilt


def _rebuilt(value: Any, change: Callable[[Span], Span]) -> Any:
    """Return a value of the tree with every piece of a sentence changed."""
    if isinstance(value, Span):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_rebuilt(v, change) for v in value)
    if is_dataclass(value) and type(value).__module__ == Span.__module__:
        new = {f.name: _rebuilt(getattr(value, f.name), change) for f in fields(value)}
        return replace(value, **new)  # type: ignore[type-var]
    return value
