"""The formats of a document, and the function that writes a document in some of them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from physsym.derivation import Derivation
from physsym.documents.build import Progress, document_of
from physsym.documents.drawing import Files, figures
from physsym.documents.html import html
from physsym.documents.markdown import markdown
from physsym.documents.markdown_dialects import MYST
from physsym.documents.notebook import notebook
from physsym.documents.pdf import compiled
from physsym.documents.sty import sty
from physsym.documents.tex import tex
from physsym.documents.tree import Document
from physsym.documents.write import write_all
from physsym.loading import Script

NAME = "derivations"


def _html(tree: Document) -> Files:
    return {f"{NAME}.html": html(tree)}


def _github(tree: Document) -> Files:
    return {f"{NAME}.md": markdown(tree), **figures(tree, "svg")}


def _myst(tree: Document) -> Files:
    return {f"{NAME}.myst.md": markdown(tree, MYST), **figures(tree, "svg")}


def _tex(tree: Document) -> Files:
    return {f"{NAME}.tex": tex(tree), **figures(tree, "pdf")}


def _pdf(tree: Document) -> Files:
    printed, _ = compiled(_tex(tree), f"{NAME}.tex")
    return {f"{NAME}.pdf": printed}


def _ipynb(tree: Document) -> Files:
    return {f"{NAME}.ipynb": notebook(tree)}


def _sty(tree: Document) -> Files:
    return {f"{NAME}.sty": sty(tree, NAME)}


# Each format gives its files, by their path within the folder of the document.
FORMATS: dict[str, Callable[[Document], Files]] = {
    "html": _html,
    "md": _github,
    "myst": _myst,
    "tex": _tex,
    "pdf": _pdf,
    "ipynb": _ipynb,
    "sty": _sty,
}


def document(
    derivations: Iterable[Derivation | Script],
    out: str | Path,
    formats: Iterable[str] = ("html", "md"),
    done: Progress = lambda what: None,
) -> list[Path]:
    """Write the document of derivations, or of whole scripts, to a folder; return the files written.

    `done` is told each time something was finished: `size_of` times, and once for each format. Raises
    ValueError for an unknown format or no derivation, OSError for pdf without TeX; nothing is written unless
    all formats can be.
    """
    wanted, sources = list(dict.fromkeys(formats)), list(derivations)
    unknown = [f for f in wanted if f not in FORMATS]
    if unknown or not wanted:
        raise ValueError(f"unknown format {', '.join(unknown) or '(none)'}; there are {', '.join(FORMATS)}")
    if not sources:
        raise ValueError("a document needs at least one derivation, given none")
    tree = document_of(sources, done)
    files: dict[Path, str | bytes] = {}
    for name in wanted:
        files |= {Path(out) / path: content for path, content in FORMATS[name](tree).items()}
        done(f"format {name}")
    return write_all(files)
