"""The figures of a document as files, each drawn once for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from physsym.documents.plotting import image
from physsym.documents.tree import Document, Picture, blocks

Files: TypeAlias = Mapping[str, str | bytes]
Kind: TypeAlias = Literal["svg", "pdf", "png"]

FOLDER = "figures"


def figures(document: Document, kind: Kind) -> Files:
    """Return the figures of a document as files of one kind, `figures/NAME.KIND`."""
    pictures = (b for _, b in blocks(document) if isinstance(b, Picture))
    return {f"{FOLDER}/{p.name}.{kind}": drawn(p, kind) for p in pictures}


def drawn(picture: Picture, kind: Kind) -> bytes:
    """Return a figure as a file of one kind; ImportError, saying what to install, without matplotlib."""
    return _drawn(picture.draw, picture.size, kind)


@lru_cache(maxsize=256)
def _drawn(draw: tuple[Callable[[Any], object], ...], size: tuple[float, float], kind: Kind) -> bytes:
    return image(draw, kind, size)
