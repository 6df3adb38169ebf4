"""Documents written to files, in each of the formats."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from physsym.core.arguments import named_arguments
from physsym.documents.compute import Progress, Sources, compute
from physsym.documents.html import html
from physsym.documents.layout import lay_out
from physsym.documents.markdown import MYST, markdown
from physsym.documents.notebook import notebook
from physsym.documents.notes import introduction
from physsym.documents.pdf import compile_tex
from physsym.documents.plotting import Files, Kind, figures
from physsym.documents.sty import sty
from physsym.documents.tex import tex
from physsym.documents.tree import FACES, Document, Evidence
from physsym.documents.write import write_all
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


# The kind of files in which figures are in a format.
DRAWN: dict[str, Kind] = {"html": "svg", "md": "svg", "myst": "svg", "tex": "pdf", "pdf": "pdf"}


def document_of(
    sources: Sources,
    done: Progress = lambda what: None,
    title: str | None = None,
    faces: Iterable[Face] | Literal["physics", "learning", "both"] = FACES,
    evidence: Evidence = "folded",
    intro: str | Path | None = None,
    css: str | Path | None = None,
) -> Document:
    """Make the document of derivations, or of whole scripts, as a tree of values.

    Parameters
    ----------
    sources
        Derivations or scripts, in reading order, or one of them.
    done
        Called each time something was finished, with its name: `size_of(sources)` times.
    title, faces, evidence, intro, css
        As for `document`.

    Returns
    -------
    Document
        The tree that every format writes: `html(tree)` of `physsym.documents.html`, for example.

    Raises
    ------
    ValueError
        For an unknown face or kind of evidence, an empty title, or no derivation.
    TypeError
        For what is neither a derivation nor a script, and a title that is no text.

    Examples
    --------
    >>> from physsym import script
    >>> derivation = script("gradient_descent").derivations[0]
    >>> [section.anchor for section in document_of([derivation]).sections]
    ['gradient-descent', 'gradient-descent-gradient-descent', 'how-the-machine-checks']
    """
    if evidence not in get_args(Evidence):
        raise ValueError(f"evidence is one of {', '.join(get_args(Evidence))}, given {evidence!r}")
    if title is not None and not isinstance(title, str):
        raise TypeError(f"the title of a document is text, given {title!r}")
    if title is not None and not title.strip():
        raise ValueError("the title of a document is empty; give one, or none for that of the book")
    one_line = None if title is None else " ".join(title.split())
    shown = faces_of(faces)
    front = None if intro is None else introduction(intro)
    theme = "" if css is None else style_of(css)
    return replace(lay_out(compute(sources, done), one_line, shown, evidence, front), css=theme)


_FROM_ELSEWHERE = re.compile(r"@import|url\(\s*[\"']?\s*(?!data:|#|[\"'\s])", re.IGNORECASE)


def refuse_style(css: str | Path | None, wanted: Iterable[str]) -> None:
    """Raise ValueError for a style sheet where none of the formats has one."""
    if css is not None and "html" not in wanted:
        raise ValueError(f"a style sheet is for html, given the formats {', '.join(wanted)}")


def style_of(css: str | Path) -> str:
    """Return a style sheet for a page: a text, or what the file of a path that ends with .css holds.

    Raises OSError for a file that is not there, ValueError for what would end the style sheet of the page, or
    ask for something from elsewhere.

    >>> style_of("main { max-width: 60rem }")
    'main { max-width: 60rem }\\n'
    """
    is_file = isinstance(css, Path) or (css.endswith(".css") and not re.search(r"\s", css))
    if is_file and not Path(css).is_file():
        raise FileNotFoundError(f"there is no style sheet {css}")
    text = Path(css).read_text(encoding="utf-8-sig") if is_file else str(css)
    if "</style" in text.lower() or "<!--" in text:
        raise ValueError("a style sheet holds neither </style nor <!--, which would end it within the page")
    if elsewhere := _FROM_ELSEWHERE.search(text):
        raise ValueError(
            f"a page needs nothing beside itself, but its style sheet has {elsewhere[0]!r}: put what it asks "
            "for into it, as url(data:...)"
        )
    return text if text.endswith("\n") else text + "\n"


def faces_of(faces: Iterable[Face] | Literal["physics", "learning", "both"]) -> tuple[Face, ...]:
    """Return the faces that are named, each once; ValueError for a name that is none, or no face at all.

    >>> faces_of("both"), faces_of("learning")
    (('physics', 'learning'), ('learning',))
    """
    wanted = {"both": FACES, "physics": FACES[:1], "learning": FACES[1:]}
    named = wanted.get(faces, ()) if isinstance(faces, str) or faces is None else tuple(faces)
    if not named or not all(face in FACES for face in named):
        raise ValueError(f"the faces of a document are physics, learning or both, given {faces!r}")
    return tuple(dict.fromkeys(named))


def formats_of(out: str | Path, formats: str | Iterable[str] | None = None) -> list[str]:
    """Return the formats of a document, each once: those named, else that of the file, else html and md.

    Raises ValueError for an unknown format, or none at all, where one file is to hold another format, and
    where the folder is a file.

    >>> formats_of("build"), formats_of("lecture.html"), formats_of("build", "tex,md")
    (['html', 'md'], ['html'], ['tex', 'md'])
    """
    file = _format_of_file(Path(out))
    folder = Path(out).parent if file else Path(out)
    if blocking := next((p for p in (folder, *folder.parents) if p.exists() and not p.is_dir()), None):
        raise ValueError(
            f"{blocking} is a file; name a folder to write to, or one file whose name ends with its format, "
            "such as lecture.html"
        )
    if formats is None:
        _refuse_ending(Path(out))
        return [file] if file else ["html", "md"]
    named = formats.split(",") if isinstance(formats, str) else formats
    wanted = [str(name).strip() for name in named]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise ValueError(f"unknown format {', '.join(unknown) or '(none)'}; there are {', '.join(FORMATS)}")
    if file and set(wanted) != {file}:
        raise ValueError(
            f"{out} is one file in the format {file}, given the formats {', '.join(wanted)}: name a folder"
        )
    return list(dict.fromkeys(wanted))


def _refuse_ending(out: Path) -> None:
    """Raise ValueError for what is named like a file of a format that there is not; v1.2 is a folder."""
    if not out.exists() and not _format_of_file(out) and re.fullmatch(r"\.[A-Za-z]{2,5}", out.suffix):
        raise ValueError(
            f"{out} ends with {out.suffix}, which is no format; a file ends with one of "
            f"{', '.join(f'.{name}' for name in FORMATS if name != 'sty')}; a folder "
            "of that name is made first"
        )


def _format_of_file(path: Path) -> str:
    """Return the format of a file by the end of its name; nothing for a folder."""
    ends = {f".{name}": name for name in FORMATS} | {".myst.md": "myst"}
    found = [name for end, name in ends.items() if path.name.endswith(end)]
    if not found or path.is_dir():
        return ""
    if found == ["sty"]:
        raise ValueError(f"{path}: a package for TeX is named {NAME}.sty; name the folder, and formats='sty'")
    return found[-1]


def _seen_from(folder: Path, script: str) -> str:
    """Return the path of a script for a notebook in a folder, which is run there; absolute ones stay."""
    return script if Path(script).is_absolute() else os.path.relpath(script, folder)


@named_arguments
def document(
    derivations: Sources,
    out: str | Path,
    formats: str | Iterable[str] | None = None,
    done: Progress = lambda what: None,
    *,
    title: str | None = None,
    faces: Iterable[Face] | Literal["physics", "learning", "both"] = FACES,
    evidence: Evidence = "folded",
    intro: str | Path | None = None,
    css: str | Path | None = None,
) -> list[Path]:
    """Write the document of derivations, or of whole scripts, to a folder or to one file.

    Nothing is written unless all formats can be.

    Parameters
    ----------
    derivations
        Derivations, chapters, scripts and paths of Markdown files, in reading order, or one of them. A line
        `<!-- derivation: pendulum.py -->` of such a file is replaced by the derivations of that script.
    out
        The folder, which is made if it is not there; or a file such as ``"lecture.html"``, whose name ends
        with the format. Figures that a format keeps apart are written beside it.
    formats
        Some of html, md, myst, tex, pdf, ipynb and sty, as names or as one text with commas. If not given,
        html and md, or the format of the file.
    done
        Called each time something was finished, with its name: `size_of(derivations)` times, and once for
        each format.
    title
        The title of the document. If not given, that of the introduction, of the book among the scripts, or
        of the one chapter, script or derivation that there is.
    faces
        The faces on which formulas are shown: "physics", "learning" or "both", or a tuple of names in the
        order in which they are to stand. A formula, or a column of a table, that its author gave to one face
        only stays on it; a derivation that learning has no names for has one column.
    evidence
        How much of a verdict is shown beside its outcome: "folded" shows all that was seen and assumed (in
        HTML it unfolds), "line" one line of it, "none" nothing.
    intro
        Markdown with formulas in backticks, to be put in front, or the path of a file of it. The
        standard opening is then left out.
    css
        A style sheet for the page in HTML, which comes after its own, or the path of one.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        For an unknown format, face or kind of evidence, an empty title, no derivation, or text with half of
        a surrogate pair.
    TypeError
        For what is neither a derivation nor a script, and a title that is no text.
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
    wanted = formats_of(out, formats)
    refuse_style(css, wanted)
    return write_tree(document_of(derivations, done, title, faces, evidence, intro, css), out, wanted, done)


def within(folder: Path, part: str) -> Path:
    """Return the path of a file of a folder; ValueError where it, or what it is a link to, lies elsewhere.

    >>> within(Path("build"), "figures/wave.svg").as_posix()
    'build/figures/wave.svg'
    """
    path = folder / part
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"{path} would be written to {path.resolve()}, out of {folder}: remove the link that leads "
            "there, or name that folder"
        )
    return path


def write_tree(
    tree: Document, out: str | Path, wanted: Iterable[str], done: Progress = lambda what: None
) -> list[Path]:
    """Write a document in formats that `formats_of` gives, to a folder or one file; return the paths."""
    path, one_file = Path(out), _format_of_file(Path(out))
    folder = path.parent if one_file else path
    sources = {Path(source).resolve() for source in tree.paths}
    tree = replace(tree, paths=tuple(_seen_from(folder, script) for script in tree.paths))
    files: dict[Path, str | bytes] = {}
    for name in wanted:
        for part, content in FORMATS[name](tree).items():
            own = one_file and part.startswith(f"{NAME}.")
            files[path if own else within(folder, part)] = content
        done(f"format {name}")
    if read := [str(file) for file in files if file.resolve() in sources]:
        raise ValueError(f"the document is made from {', '.join(read)}: write it elsewhere")
    return write_all(files)
