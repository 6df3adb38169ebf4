"""The derivation document: built once as a tree of values, printed in several formats."""

from collections.abc import Callable, Iterable
from pathlib import Path

from physsym.calling import called_as
from physsym.derivation import Derivation
from physsym.document.build import document_of
from physsym.document.html import html
from physsym.document.markdown import markdown
from physsym.document.tree import Document
from physsym.document.write import write_all
from physsym.scripts import Script

__all__ = ["FORMATS", "document", "document_of"]

FORMATS: dict[str, Callable[[Document], str]] = {"html": html, "md": markdown}
NAME = "derivations"


def document(
    derivations: Iterable[Derivation | Script], out: str | Path, formats: Iterable[str] = ("html", "md")
) -> list[Path]:
    """Write the document of derivations, or of whole scripts, to a folder; return the files written.

    Raises ValueError for an unknown format or no derivation; nothing is written unless all formats can be.
    """
    wanted, sources = list(dict.fromkeys(formats)), list(derivations)
    unknown = [f for f in wanted if f not in FORMATS]
    if unknown or not wanted:
        raise ValueError(f"unknown format {', '.join(unknown) or '(none)'}; there are {', '.join(FORMATS)}")
    if not sources:
        raise ValueError("a document needs at least one derivation, given none")
    tree = document_of(sources)
    return write_all({Path(out) / f"{NAME}.{f}": FORMATS[f](tree) for f in wanted})


called_as(__name__, document)
