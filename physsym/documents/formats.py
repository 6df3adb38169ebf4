"""Documents written to files, in each of the formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, get_args

from physsym.derivation import Derivation
from physsym.documents.compute import Progress, compute
from physsym.documents.html import html
from physsym.documents.layout import lay_out
from physsym.documents.markdown import MYST, markdown
from physsym.documents.notebook import notebook
from physsym.documents.pdf import compile_tex
from physsym.documents.plotting import Files, figures
from physsym.documents.sty import sty
from physsym.documents.tex import tex
from physsym.documents.tree import FACES, Document, Evidence
from physsym.documents.write import write_all
from physsym.loading import Script
from physsym.vocabulary import Face

NAME = "derivations"


def _tex(tree: Document) -> Files:
    return {f"{NAME}.tex": tex(tree), **figures(tree, "pdf")}


# Each format gives its files, by their path within the folder of the document.
FORMATS: dict[str, Callable[[Document], Files]] = {
    "html": lambda tree: {f"{NAME}.html": html(tree)},
    "md": lambda tree: {f"{NAME}.md": markdown(tree), **figures(tree, "svg")},
    "myst": lambda tree: {f"{NAME}.myst.md": markdown(tree, MYST), **figures(tree, "svg")},
    "tex": _tex,
    "pdf": lambda tree: {f"{NAME}.pdf": compile_tex(_tex(tree), f"{NAME}.tex")[0]},
    "ipynb": lambda tree: {f"{NAME}.ipynb": notebook(tree)},
    "sty": lambda tree: {f"{NAME}.sty": sty(tree, NAME)},
}


def document_of(
    sources: Iterable[Derivation | Script],
    done: Progress = lambda what: None,
    title: str | None = None,
    faces: Iterable[Face] | Literal["physics", "learning", "both"] = FACES,
    evidence: Evidence = "folded",
) -> Document:
    """Make the document of derivations, or of whole scripts, as a tree of values.

    Parameters
    ----------
    sources
        Derivations or scripts, in reading order.
    done
        Called each time something was finished, with its name: `size_of(sources)` times.
    title, faces, evidence
        As for `document`.

    Returns
    -------
    Document
        The tree that every format writes: `html(tree)` of `physsym.documents.html`, for example.

    Raises
    ------
    ValueError
        For an unknown face or kind of evidence, or an empty title.

    Examples
    --------
    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> [section.anchor for section in document_of([derivation]).sections]
    ['gradient-descent', 'gradient-descent-gradient-descent']
    """
    if evidence not in get_args(Evidence):
        raise ValueError(f"evidence is one of {', '.join(get_args(Evidence))}, given {evidence!r}")
    if title is not None and not title.strip():
        raise ValueError("the title of a document is empty; give one, or none for that of the book")
    one_line = None if title is None else " ".join(title.split())
    shown = faces_of(faces)
    return lay_out(compute(sources, done), one_line, shown, evidence)


def faces_of(faces: Iterable[Face] | Literal["physics", "learning", "both"]) -> tuple[Face, ...]:
    """Return the faces that are named, each once; ValueError for a name that is none, or no face at all.

    >>> faces_of("both"), faces_of("learning")
    (('physics', 'learning'), ('learning',))
    """
    wanted = {"both": FACES, "physics": FACES[:1], "learning": FACES[1:]}
    named = wanted.get(faces, ()) if isinstance(faces, str) else tuple(dict.fromkeys(faces))
    if not named or not set(named) <= set(FACES):
        raise ValueError(f"the faces of a document are physics, learning or both, given {faces!r}")
    return named


def document(
    derivations: Iterable[Derivation | Script],
    out: str | Path,
    formats: Iterable[str] = ("html", "md"),
    done: Progress = lambda what: None,
    *,
    title: str | None = None,
    faces: Iterable[Face] | Literal["physics", "learning", "both"] = FACES,
    evidence: Evidence = "folded",
) -> list[Path]:
    """Write the document of derivations, or of whole scripts, to a folder.

    Nothing is written unless all formats can be.

    Parameters
    ----------
    derivations
        Derivations or scripts, in reading order.
    out
        The folder, which is made if it is not there.
    formats
        Some of html, md, myst, tex, pdf, ipynb and sty.
    done
        Called each time something was finished, with its name: `size_of(derivations)` times, and once for
        each format.
    title
        The title of the document; that of the book among the scripts, or a standard one, if not given.
    faces
        The faces on which formulas are shown: "physics", "learning" or "both", or a tuple of names in the
        order in which they are to stand. A formula, or a column of a table, that its author gave to one face
        only stays on it.
    evidence
        How much of a verdict is shown beside its outcome: "folded" shows all that was seen and assumed (in
        HTML it unfolds), "line" one line of it, "none" nothing.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        For an unknown format, face or kind of evidence, an empty title, or no derivation.
    OSError
        For pdf without TeX, or a folder that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (path,) = document([derivation], folder, ["md"], title="Lecture 4", faces="physics")
    ...     print(path.read_text().splitlines()[0])
    # Lecture 4
    """
    wanted, sources = list(dict.fromkeys(formats)), list(derivations)
    unknown = [f for f in wanted if f not in FORMATS]
    if unknown or not wanted:
        raise ValueError(f"unknown format {', '.join(unknown) or '(none)'}; there are {', '.join(FORMATS)}")
    if not sources:
        raise ValueError("a document needs at least one derivation, given none")
    tree = document_of(sources, done, title, faces, evidence)
    files: dict[Path, str | bytes] = {}
    for name in wanted:
        files |= {Path(out) / path: content for path, content in FORMATS[name](tree).items()}
        done(f"format {name}")
    return write_all(files)
