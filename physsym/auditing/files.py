"""Files with formulas: which there are below paths, and the text of each."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from physsym.auditing.formats.html import html_marks
from physsym.auditing.formats.markdown import markdown_marks
from physsym.auditing.formats.marks import Marks, text_of
from physsym.auditing.formats.notebook import notebook_text
from physsym.auditing.formats.python import python_marks
from physsym.auditing.formats.rst import rst_marks
from physsym.auditing.formats.tex import tex_marks
from physsym.auditing.texts import Text

_MARKS: dict[str, Callable[[str], Marks]] = {
    ".md": markdown_marks,
    ".markdown": markdown_marks,
    ".rmd": markdown_marks,
    ".qmd": markdown_marks,
    ".tex": tex_marks,
    ".rst": rst_marks,
    ".html": html_marks,
    ".htm": html_marks,
    ".py": python_marks,
}
SUFFIXES = (*_MARKS, ".ipynb")
_NAMED = (".txt", "")  # read as Markdown where they are named
_LEFT_OUT = {"node_modules", "site-packages", "__pycache__", "_build", "build", "dist", "env", "venv"}
LARGEST = 32_000_000  # bytes of a file


def files_of(paths: Sequence[str | Path]) -> list[Path]:
    """Return the files with formulas below paths: files, folders, and patterns such as `notes/**/*.md`.

    In folders hidden files, virtual environments and what is built are left out.

    Raises ValueError where a path is not there, or where nothing below it is of a known format.
    """
    files: dict[Path, Path] = {}
    for path in paths:
        found = list(_below(Path(path)))
        if not found:
            raise ValueError(f"{path}: no files with formulas in it; these are read: {', '.join(SUFFIXES)}")
        for file in found:
            files.setdefault(file.resolve(), file)
    return list(files.values())


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".")
                and name not in _LEFT_OUT
                and not (Path(folder) / name / "pyvenv.cfg").exists()
            )
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                    yield Path(folder) / name
    elif path.exists():
        if path.suffix.lower() not in (*SUFFIXES, *_NAMED):
            known = ", ".join(SUFFIXES)
            raise ValueError(f"{path}: files of the kind {path.suffix!r} are not read; these are: {known}")
        yield path
    elif glob.has_magic(str(path)):
        for name in sorted(glob.iglob(str(path), recursive=True)):  # noqa: PTH207 (of any root)
            yield from _below(Path(name))
    else:
        raise ValueError(f"{path}: no such file or folder")


def texts_of(path: str | Path) -> Text:
    """Return the formulas of a file with their positions, hints and sentences.

    Parameters
    ----------
    path
        A file of Markdown (`.md`, `.Rmd`, `.qmd`), LaTeX, reStructuredText, HTML, Python (its docstrings and
        comments) or a notebook (its Markdown cells).

    Returns
    -------
    Text

    Raises
    ------
    ValueError
        For a file that is no text, and for a wrong hint, with its line.
    OSError
        Where it cannot be read.
    """
    file = Path(path)
    source, remarks = _decoded(file)
    name, suffix = str(path), file.suffix.lower()
    if suffix == ".ipynb":
        text = notebook_text(name, source)
    elif suffix == ".py":
        text = text_of(name, source, python_marks(source, name))
    else:
        text = text_of(name, source, _MARKS.get(suffix, markdown_marks)(source))
    return Text(text.path, text.formulas, text.scoped, text.macros, (*remarks, *text.remarks))


def _decoded(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file with `\\n` at the ends of lines, and what is to be said of its encoding."""
    if not file.is_file():
        raise ValueError(f"{file}: no such file" if not file.exists() else f"{file}: not a file")
    if file.stat().st_size > LARGEST:
        raise ValueError(f"{file}: {file.stat().st_size} bytes are more than {LARGEST}: audit its parts")
    data = file.read_bytes()
    remarks: tuple[str, ...] = ()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"{file}: no text: {error}") from None
    elif b"\0" in data:
        raise ValueError(f"{file}: no text: byte 0 at offset {data.index(0)}")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            text = data.decode("utf-8-sig", errors="replace")
            line = data.count(b"\n", 0, error.start) + 1
            byte = f"byte {data[error.start]:#04x}"
            remarks = (f"line {line}: {byte} is not UTF-8: formulas with such bytes are not read",)
    return text.replace("\r\n", "\n").replace("\r", "\n"), remarks
