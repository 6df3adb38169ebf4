"""Where a document comes from: what made it, of which scripts, and how to check it again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from urllib.parse import unquote

from physsym import __version__
from physsym.documents.photos import photos_in
from physsym.documents.tree import Facts, Sentence, Span
from physsym.loading import DocumentPart, Notes, Script, paths_to_reload

PACKAGES = ("sympy", "python-flint", "z3-solver", "numpy")


def provenance(scripts: Sequence[Script]) -> Facts:
    """Return the facts that end a document; the same each time, for the same scripts and programs.

    Parameters
    ----------
    scripts
        The scripts of the document.

    Returns
    -------
    Facts
        The versions, the digest of the scripts, and the command that checks them again. A date is among them
        only where the environment variable SOURCE_DATE_EPOCH gives one.
    """
    return Facts(tuple(_rows(scripts)))


def _rows(scripts: Sequence[Script]) -> Iterator[tuple[str, Sentence]]:
    yield "Made with", _text(f"physsym {__version__}, Python {python_version()}")
    yield "Engines", _text(", ".join(_installed()))
    if files := source_files(scripts):
        named = shlex.join(map(str, files)) if len(files) < 4 else f"{len(files)} files, one after the other"
        yield "Scripts", (*_text("sha256 "), Span("code", digest(files)), *_text(f" of {named}"))
    paths = paths_to_reload(scripts)
    if paths or any(s.path for s in scripts):
        yield "Check again with", (Span("code", shlex.join(["physsym", "check", *paths])),)
    if (given := os.environ.get("SOURCE_DATE_EPOCH", "")).isdecimal() and len(given) < 12:
        yield "Date", _text(datetime.fromtimestamp(int(given), UTC).date().isoformat())


def _text(text: str) -> Sentence:
    return (Span("text", text),)


@cache
def _installed() -> tuple[str, ...]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name}: not installed")
    return tuple(found)


def source_files(scripts: Sequence[Script]) -> tuple[Path, ...]:
    """Return the files of scripts in their order; of a package, all its modules by their paths."""
    found: list[Path] = []
    paths = [[s.path, *(file for part in s.parts for file in _files(part))] for s in scripts if s.path]
    for path in (Path(path) for own in paths for path in own):
        inside = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
        found += [file for file in inside if file.is_file()]
    return tuple(dict.fromkeys(found))


def _files(part: DocumentPart) -> Iterator[str]:
    """Yield the paths of what a part is made of; of a Markdown file, its scripts and its pictures."""
    yield from part.files
    if isinstance(part, Notes):
        yield from (str(Path(part.folder) / unquote(photo.address)) for photo in photos_in(part.text))


def digest(files: Sequence[Path]) -> str:
    """Return the SHA-256 of files put one after the other, as `cat FILE ... | sha256sum` prints it."""
    found = sha256()
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()
